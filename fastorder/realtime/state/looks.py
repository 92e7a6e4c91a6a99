"""What is asked of the gateway for the state, and what came of it: a reader's port."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Look:
    """Reads that belong together; all of them leave at once.

    Attributes:
        account_id: whose rows.
        back_s: how far back orders are listed; 0 where no list is asked for.
        trades_back_s: how far back trades are: one that is old may be taken back.
        whole: read the accounts, the positions, the working orders, and the lists.
        by_id: orders that are asked for by their numbers.
    """

    account_id: int
    back_s: float = 0.0
    trades_back_s: float = 0.0
    whole: bool = True
    by_id: tuple[int, ...] = ()


@dataclass
class Looked:
    """What a look has shown; a list that was not asked for is None.

    Attributes:
        begun_ns: when it left, on the monotonic clock.
        why: why it was not read in full; nothing of it is believed then.
        by_id: rows by their numbers; None for an order that the gateway does not know.
    """

    begun_ns: int
    why: str = ""
    accounts: Rows | None = None
    positions: Rows | None = None
    working: Rows | None = None
    orders: Rows | None = None
    trades: Rows | None = None
    by_id: dict[int, dict[str, Any] | None] = field(default_factory=dict)


class Reader(Protocol):
    """Reads for the state; the requests stand with the look-ups in the budget."""

    def ask(self, look: Look, answered: Callable[[Looked], None]) -> None:
        """Start a look; ``answered`` is called once with what came of it."""
