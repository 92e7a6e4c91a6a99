"""Whether a list that misses an order can be believed.

A list that leaves an order out looks like one that has nothing to show, and a copy
that has stopped hours ago answers as fast as one that has not. So before absence is
proved, every trade of the contract has to match an order that is known, and what
answers has to give a sign of life. See "The proof of absence" in
docs/internals/placement.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.gateway.rows import created_s, same_contract
from fastorder.requests.repeated_looks import AnswerDates

if TYPE_CHECKING:
    from fastorder.gateway.rows import Row, Rows


class ListAudit:
    """What is known besides the look-ups that miss an order.

    Args:
        contract_id: whose trades have to match an order that is known.
        newer_than_s: what the gateway's clock showed once the last send was over; None
            where it is not known.

    Attributes:
        alive: the sign of life, for people; empty until there was one.
    """

    __slots__ = (
        "_contract_id",
        "_dates",
        "_has_list",
        "_known_ids",
        "_newer_than_s",
        "_traded",
        "alive",
    )

    def __init__(self, contract_id: str, newer_than_s: float | None) -> None:
        self._contract_id = contract_id
        self._newer_than_s = newer_than_s
        self._known_ids: set[int] = set()
        self._has_list = False
        self._traded: set[int] = set()
        self._dates = AnswerDates()
        self.alive = ""

    def begin_anew(self, newer_than_s: float | None) -> None:
        """It was sent once more: what is known stays, the signs of life do not."""
        self._newer_than_s = newer_than_s
        self._has_list = False
        self._dates.clear()
        self.alive = ""

    def lookup_ended(self, rows: Rows, date: bytes, now_ns: int, in_a_row: int) -> None:
        """A look-up was read in full; so many in a row have counted with it."""
        if in_a_row <= 1:
            self._dates.clear()
        self._dates.note(now_ns, date)
        if rows and not self._known_ids:
            self.alive = ""  # it rested on there being no order that could be asked for
        newer = next((row for row in rows if self._is_newer(row)), None)
        if newer is not None and in_a_row:
            self.alive = f"order {newer['id']}, which is newer, is listed"
        self._known_ids.update(row["id"] for row in rows)
        self._has_list = True

    def _is_newer(self, row: Row) -> bool:
        """Both by its own time and by not having been listed before: a clock errs."""
        since_s = self._newer_than_s
        if since_s is None or not self._has_list or row["id"] in self._known_ids:
            return False
        made_s = created_s(row)
        return made_s is not None and made_s > since_s + 1

    def trades_ended(self, rows: Rows) -> None:
        """The account's trades were read in full; the answers before it still count.

        One whose contract cannot be told may be of this one.
        """
        self._traded.update(
            row["orderId"]
            for row in rows
            if same_contract(row.get("contractId"), self._contract_id) is not False
        )

    @property
    def suspect(self) -> int | None:
        """An order of the contract that has traded and that is not known."""
        return min(self._traded - self._known_ids, default=None)

    @property
    def listed_order(self) -> int | None:
        """An order of the account that is known to be there."""
        return max(self._known_ids, default=None)

    def is_listed(self, order_id: int) -> bool:
        """Whether some look-up has listed it."""
        return order_id in self._known_ids

    def shown(self, order_id: int) -> None:
        """The gateway has shown an order by its number: that is a sign of life."""
        self._known_ids.add(order_id)
        self.alive = f"Order/searchById shows order {order_id}"

    @property
    def is_stale(self) -> bool:
        """Whether the Dates stand still, as those of answers out of a cache do."""
        return self._dates.move_on is False

    def judge_dates(self) -> None:
        """Where no order is known that could be asked for: the Dates have to move on.

        An account that has no order but, perhaps, the one in doubt has nothing that an
        old copy could fail to show. What can still be old is the answer itself, out of
        some cache; then its Date stands still while this machine's clock goes on.
        """
        if self._dates.move_on:
            self.alive = "no other order is known, and the answers' Dates move on"

    @property
    def text(self) -> str:
        """What speaks for the look-ups, for people."""
        return (
            "Trade/search lists no trade of the contract whose order is not known; "
            f"{self.alive}"
        )
