"""What was traded of a contract at the hubs, as history shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.simulator.book import number
from fastorder.simulator.clock import stamp

if TYPE_CHECKING:
    from decimal import Decimal


class Tape:
    """The trades of one contract, as they were sent.

    Attributes:
        begin_s: when the first of them was.
    """

    def __init__(self, begin_s: float) -> None:
        self.begin_s = begin_s
        self._rows: list[tuple[float, Decimal, int]] = []

    def add(self, time_s: float, price: Decimal, volume: int) -> None:
        """A trade; not before the last one."""
        self._rows.append((time_s, price, volume))

    def __len__(self) -> int:
        return len(self._rows)

    def bars(
        self, since_s: float, until_s: float, length_s: int, now_s: float, partial: bool
    ) -> list[dict[str, Any]]:
        """Bars that open in a time span, newest first; of times with trades alone."""
        made: dict[int, list[tuple[float, Decimal, int]]] = {}
        for row in self._rows:
            made.setdefault(int(row[0] // length_s) * length_s, []).append(row)
        return [
            {
                "t": stamp(open_s),
                "o": number(rows[0][1]),
                "h": number(max(row[1] for row in rows)),
                "l": number(min(row[1] for row in rows)),
                "c": number(rows[-1][1]),
                "v": sum(row[2] for row in rows),
            }
            for open_s, rows in sorted(made.items(), reverse=True)
            if since_s <= open_s <= until_s and (partial or open_s + length_s <= now_s)
        ]
