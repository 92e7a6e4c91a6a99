"""Contracts counted by contract id, where two ids may stand for one contract.

The gateway may know a contract by a number and by a name, and which number is which
name is not known here: what is counted under the one says nothing of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.gateway.rows import same_contract

if TYPE_CHECKING:
    from collections.abc import Iterator


class ByContract:
    """Sums of contracts; a short one is below zero."""

    def __init__(self) -> None:
        self._sums: dict[str, int] = {}

    def __repr__(self) -> str:
        shown = ", ".join(f"{size:+d} {each}" for each, size in self)
        return f"<{shown or 'nothing'}>"

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Each contract id, as the gateway wrote it first, and its sum where not 0."""
        return ((each, size) for each, size in self._sums.items() if size)

    def add(self, contract_id: str, size: int) -> None:
        """So many more of a contract; an id in other letters is the same."""
        for known in self._sums:
            if same_contract(known, contract_id):
                self._sums[known] += size
                return
        self._sums[contract_id] = size

    def ids(self) -> list[str]:
        """The contracts whose sum is not 0."""
        return [each for each, _ in self]

    def unclear(self, contract_id: str) -> list[str]:
        """Those that may be this contract, and may be another one."""
        return [each for each in self.ids() if same_contract(each, contract_id) is None]

    def of(self, contract_id: str) -> int | None:
        """The sum of a contract; None where another id may stand for it too."""
        if self.unclear(contract_id):
            return None
        return sum(size for each, size in self if same_contract(each, contract_id))
