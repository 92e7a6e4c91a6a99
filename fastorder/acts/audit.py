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
from fastorder.acts.by_contract import ByContract
from fastorder.acts.looks import is_text, may_fill, read
from fastorder.errors import RequestFailed
from fastorder.gateway.rows import created_s, same_contract, traded
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.acts.desk import Desk
    from fastorder.acts.looks import Sight
    from fastorder.gateway.rows import Row, Rows
    from fastorder.session.ticket_group import Steps

BACK_S = 86_400
"""Every position is closed once a day. Source: the venue's rule of 15:10 Chicago."""

TOLD_NS = SECOND_NS // 2
"""So long a report waits at most until the limits have heard of what it says."""


class Books:
    """What the trades and the orders of a day say of an account.

    Args:
        orders, trades: the rows.
        placed: the numbers of the orders that have to be listed.
    """

    def __init__(self, orders: Rows, trades: Rows, placed: frozenset[int]) -> None:
        self.unlisted = sorted(placed - {row["id"] for row in orders})
        self.net = ByContract()
        self._traded: Counter[int] = Counter()
        for row in trades:
            self._add(row)
        self._orders, self._trades = orders, trades

    def _add(self, row: Row) -> None:
        bought, contract_id = traded(row), row.get("contractId")
        if bought and not is_text(contract_id):
            raise ValueError(f"a trade of order {row['orderId']} cannot be read")
        self.net.add(str(contract_id), bought)
        self._traded[row["orderId"]] += abs(bought)

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

    def orders_doubt(self, contract_id: str, sight: Sight) -> str:
        """Why a look may lack orders of a contract; empty where nothing speaks for it.

        A leg that protects what is held must not pass for absent because one list is
        behind.
        """
        numbers = frozenset(order.id for order in sight.orders)
        for order in sight.orders:
            if same_contract(order.contract_id, contract_id) is None:
                return f"order {order.id} of {order.contract_id} may be of it"
        return self.unlisted_doubt() or self.working_doubt(
            lambda each: same_contract(each, contract_id) is not False, numbers
        )

    def trades_doubt(self, concerns: Callable[[str], bool]) -> str:
        """Why they do not show that nothing is held; empty where they do.

        Args:
            concerns: whether a contract is looked at.
        """
        for contract_id, net in self.net:
            if concerns(contract_id):
                what = counted(abs(net), "contract")
                return f"the trades of {contract_id} add up to {what}"
        for row in self._orders:
            if not concerns(str(row.get("contractId"))):
                continue
            if row.get("fillVolume", 0) != self._traded[row["id"]]:
                return f"the fills of order {row['id']} are not in the trades yet"
        return ""

    def since(self, contract_id: str, at_s: float) -> tuple[int, int]:
        """How many contracts were bought, and sold, since a time of the gateway."""
        sizes = [
            traded(row)
            for row in self._trades
            if same_contract(row.get("contractId"), contract_id)
            and (created_s(row) or 0) >= at_s
        ]
        return sum(size for size in sizes if size > 0), -sum(
            size for size in sizes if size < 0
        )

    def new_net(self, contract_id: str, before: Books) -> int | None:
        """What has been bought of a contract since, less what has been sold.

        None where another id may stand for it too.
        """
        net, net_before = self.net.of(contract_id), before.net.of(contract_id)
        return None if net is None or net_before is None else net - net_before


def audit(desk: Desk, until_ns: int) -> Steps[Books | str]:
    """Read the books; the text says why they could not be read."""
    placed = desk.placed_within(BACK_S)
    orders, trades = desk.read_orders(BACK_S), desk.read_trades(BACK_S)
    yield desk.wait([orders, trades], until_ns)
    try:
        return Books(read(orders), read(trades), placed)
    except (RequestFailed, ValueError) as error:
        return str(error)


def tell_limits(desk: Desk, until_ns: int) -> Steps[None]:
    """Read the positions once more, where limits want to know.

    An order that the books have shown to have ended is counted beside the positions
    until a list of them is asked for after that.
    """
    if desk.has_limits:
        until_ns = min(until_ns, desk.now_ns() + TOLD_NS)
        yield desk.wait([desk.read_positions()], until_ns)
