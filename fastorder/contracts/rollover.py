"""The news that a symbol has another front month than the contract it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastorder.models import Contract


@dataclass(frozen=True, slots=True)
class Rollover:
    """The front month of a symbol has changed.

    Attributes:
        symbol: such as "MNQ".
        before: the contract that it stood for.
        after: the contract that is in front now.
        switched: whether the symbol stands for it from now on; where it does not, what
            is held of the earlier one can still be closed by the symbol.
        reason: why it was switched or was not, for people.
    """

    symbol: str
    before: Contract
    after: Contract
    switched: bool
    reason: str

    def __str__(self) -> str:
        stays = self.after if self.switched else self.before
        return (
            f"the front month of {self.symbol} is {self.after.name} now, it was "
            f"{self.before.name}; the symbol stands for {stays.name}: {self.reason}"
        )
