"""Whether the orders and the trades of an account say the same as its positions.

That no position is listed is not enough: the list may be behind. The trades have to add
up to none, each order's fills have to be among them, and every order that the gateway
took from this executor has to be listed, and none may work that the list of working
orders lacks.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fastorder._base.counted import counted
from fastorder.acts.looks import is_text, listed, may_fill, read
from fastorder.enums import Side
from fastorder.errors import RequestFailed
from fastorder.gateway.rows import side_of, size_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.acts.desk import Desk
    from fastorder.gateway.rows import Row, Rows
    from fastorder.session.ticket_group import Steps

BACK_S = 86_400
"""Every position is closed once a day. Source: the venue's rule of 15:10 Chicago."""


class Books:
    """What the trades and the orders of a day say of an account.

    Args:
        orders, trades: the rows.
        placed: the numbers of the orders that have to be listed.
    """

    def __init__(self, orders: Rows, trades: Rows, placed: frozenset[int]) -> None:
        self.unlisted = sorted(placed - {row["id"] for row in orders})
        self.net: Counter[str] = Counter()
        self._traded: Counter[int] = Counter()
        for row in trades:
            self._add(row)
        self._orders = orders

    def _add(self, row: Row) -> None:
        if row.get("voided", False) is True:
            return
        side, size = side_of(row), size_of(row)
        contract_id = row.get("contractId")
        if side is None or size is None or not is_text(contract_id):
            raise ValueError(f"a trade of order {row['orderId']} cannot be read")
        self.net[str(contract_id)] += size if side is Side.BUY else -size
        self._traded[row["orderId"]] += size

    def unlisted_doubt(self) -> str:
        """Which of this executor's orders are not listed; empty where all are."""
        numbers = ", ".join(map(str, self.unlisted))
        return f"order {numbers} of this executor is not listed yet" if numbers else ""

    def working_doubt(
        self, concerns: Callable[[str], bool], listed_ones: frozenset[int]
    ) -> str:
        """Which orders work and are not listed as such; empty where none is.

        Args:
            concerns: whether a contract is looked at.
            listed_ones: the orders that the list of working orders has shown.
        """
        hidden = [
            str(row["id"])
            for row in self._orders
            if row["id"] not in listed_ones
            and may_fill(row)
            and concerns(str(row.get("contractId")))
        ]
        if not hidden:
            return ""
        return f"order {', '.join(hidden)} works, and is not among the working orders"

    def trades_doubt(self, concerns: Callable[[str], bool]) -> str:
        """Why they do not show that nothing is held; empty where they do.

        Args:
            concerns: whether a contract is looked at.
        """
        for contract_id, net in self.net.items():
            if net and concerns(contract_id):
                what = counted(abs(net), "contract")
                return f"the trades of {contract_id} add up to {what}"
        for row in self._orders:
            if not concerns(str(row.get("contractId"))):
                continue
            if row.get("fillVolume", 0) != self._traded[row["id"]]:
                return f"the fills of order {row['id']} are not in the trades yet"
        return ""

    def new_net(self, contract_id: str, before: Books) -> int:
        """What has been bought of a contract since, less what has been sold."""
        return self.net[contract_id] - before.net[contract_id]


def audit(desk: Desk, until_ns: int) -> Steps[Books | str]:
    """Read the books; the text says why they could not be read."""
    placed = desk.placed_within(BACK_S)
    orders, trades = desk.read_orders(BACK_S), desk.read_trades(BACK_S)
    yield desk.wait([orders, trades], until_ns)
    try:
        return Books(
            listed(read(orders), "orders", desk.account_id),
            listed(read(trades), "trades", desk.account_id, "orderId"),
            placed,
        )
    except (RequestFailed, ValueError) as error:
        return str(error)
