"""Orders that the gateway took from this program: their events have to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.realtime.state.account_rows import AccountRows


class Unheard:
    """Orders that were accepted, and of which no row is known so far.

    Args:
        rows: where they appear.
    """

    def __init__(self, rows: AccountRows) -> None:
        self._rows = rows
        self._since: dict[int, int] = {}

    def expect(self, numbers: Iterable[int], now_ns: int) -> None:
        """These were accepted."""
        for number in numbers:
            if number not in self._rows.orders:
                self._since.setdefault(number, now_ns)

    def known(self, number: int) -> None:
        """The gateway shows it; it may be over for so long that it is not kept."""
        self._since.pop(number, None)

    @property
    def since(self) -> dict[int, int]:
        """Those of which no row has come, by number: since when one is expected."""
        for number in list(self._since):
            if number in self._rows.orders:
                self._since.pop(number, None)
        return dict(self._since)
