"""What reads show, told to the limits: orders, positions, trades, balances, contracts.

Each read gives what it was asked for and when; an answer that was asked for before a
newer one changes nothing that the newer one has shown.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from fastorder._base.timestamps import time_from
from fastorder.enums import OrderStatus, OrderType
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.rows import ENDED
from fastorder.risk.trading_day import trading_day

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from fastorder.models import Account, Contract, Order, Position, Trade
    from fastorder.risk.control import Risk
    from fastorder.risk.trading_day import TradingDay

    Fill = tuple[int, int, str, bool, int, bool]

OLD_S = 60.0
"""What changed before that is in every list; both clocks may differ by most of it."""


class Sightings:
    """Hears of the reads of one executor.

    Args:
        risk: its limits.
    """

    def __init__(self, risk: Risk) -> None:
        self._risk = risk
        self._hearers: dict[Endpoint, Callable[[Any, dict[str, Any], int], Any]] = {
            Endpoint.SEARCH_ORDERS: self._orders,
            Endpoint.ORDER_BY_ID: self._order,
            Endpoint.SEARCH_POSITIONS: self._positions,
            Endpoint.SEARCH_TRADES: self._trades,
            Endpoint.SEARCH_ACCOUNTS: self._balances,
        }
        self._fill_prices: dict[str, datetime] = {}  # of the fills taken as prices

    def watching(
        self,
        endpoint: Endpoint,
        request: dict[str, Any],
        convert: Callable[[dict[str, Any]], Any],
    ) -> Callable[[dict[str, Any]], Any]:
        """The same conversion of an answer, which is heard of here too."""
        hearer = self._hearers.get(endpoint)
        if hearer is None:
            return convert
        begun_ns = self._now_ns()

        def heard(document: dict[str, Any]) -> Any:
            found = convert(document)
            hearer(found, request, begun_ns)
            return found

        return heard

    def watching_pages(
        self,
        account_id: int,
        is_whole_list: bool,
        convert: Callable[[dict[str, Any]], Any],
    ) -> Callable[[dict[str, Any]], Any]:
        """The same for a list of orders that is read page by page.

        Args:
            is_whole_list: it is of all orders that can still trade.
        """
        begun_ns = self._now_ns()

        def heard(document: dict[str, Any]) -> Any:
            found = convert(document)
            self._orders(found, {}, begun_ns)
            if is_whole_list:
                self._risk._exposure.orders_listed(account_id, begun_ns)
            return found

        return heard

    def _now_ns(self) -> int:
        return self._risk._clock.monotonic_ns()

    # ------------------------------------------------------------ what is heard

    def _orders(self, orders: list[Order], request: Any, begun_ns: int) -> None:
        """As they were made, and entries before the legs of their brackets."""
        for order in sorted(orders, key=lambda each: (bool(each.parent_id), each.id)):
            self._order(order, request, begun_ns)

    def _order(self, order: Order, request: Any, begun_ns: int) -> None:
        ended = order.status in ENDED
        whole = order.status is OrderStatus.FILLED
        filled = max(order.fill_volume, order.size) if whole else order.fill_volume
        created, updated = seconds_of(order.created), seconds_of(order.updated)
        self._begin_day(order.account_id)
        self._risk._exposure.order_seen(
            order.account_id,
            order.contract_id,
            order.id,
            order.custom_tag,
            order.parent_id or None,
            bool(int(order.side)),
            order.size,
            filled,
            ended,
            # an end with a price and no volume does not tell how much was filled
            ended and (filled > 0 or order.filled_price is None),
            order.type is not OrderType.MARKET,
            created,
            updated or created,
            self._is_old(updated),
            begun_ns,
            self._now_ns(),
        )

    def _positions(
        self, positions: list[Position], request: dict[str, Any], begun_ns: int
    ) -> None:
        account_id = request["accountId"]
        sizes: dict[str, int] = {}
        try:
            for position in positions:
                was = sizes.get(position.contract_id, 0)
                sizes[position.contract_id] = was + position.net
        except ValueError:  # neither long nor short
            self._risk._exposure.forget_positions(account_id)
            return
        self._begin_day(account_id)
        exposure = self._risk._exposure
        if exposure.positions_seen(account_id, sizes, begun_ns, self._now_ns()):
            self._risk._losses.positions_seen(account_id, positions, begun_ns)
            self._risk._look_at_loss(account_id)

    def _trades(
        self, trades: list[Trade], request: dict[str, Any], begun_ns: int
    ) -> None:
        account_id, now_ns = request["accountId"], self._now_ns()
        day = self._begin_day(account_id)
        since_s = seconds_of(time_from(request.get("startTimestamp"))) or float("inf")
        is_open_ended = "endTimestamp" not in request
        self._risk._exposure.trades_seen(
            account_id,
            self._fills(trades, day),
            is_open_ended and since_s <= day.start_s,
            begun_ns,
            now_ns,
        )
        self._risk._losses.trades_seen(
            account_id, trades, since_s, begun_ns, now_ns, is_open_ended
        )
        self._prices_of(trades, begun_ns)
        self._risk._look_at_loss(account_id)

    def _fills(self, trades: list[Trade], day: TradingDay) -> list[Fill]:
        """What counts of these: the fills of the day, as they were."""
        return [
            (
                trade.id,
                trade.order_id,
                trade.contract_id,
                bool(int(trade.side)),
                trade.size,
                self._is_old(seconds_of(trade.created)),
            )
            for trade in trades
            if not trade.voided
            and (trade.created is None or trade.created.timestamp() >= day.start_s)
        ]

    def _begin_day(self, account_id: int) -> TradingDay:
        """The day of now, which the exposure is told of."""
        day = trading_day(self._risk._clock.wall_s())
        self._risk._exposure.day_is(account_id, day.start_s)
        return day

    def _is_old(self, at_s: float) -> bool:
        """Whether every list that is asked for from now on shows what was then."""
        return 0 < at_s < self._risk._clock.wall_s() - OLD_S

    def _prices_of(self, trades: list[Trade], begun_ns: int) -> None:
        """The newest fill of each contract is a price, where none is newer.

        It is taken once, and as no younger than the question that it answers: by the
        gateway's clock alone it could be of later than now, read after read.
        """
        dated = [(each.created, each) for each in trades if each.created is not None]
        for created, trade in sorted(dated, key=itemgetter(0), reverse=True):
            told = self._fill_prices.get(trade.contract_id)
            if told is None or created > told:
                self._fill_prices[trade.contract_id] = created
                self._risk._traded_at(
                    trade.contract_id, trade.price, created.timestamp(), begun_ns
                )

    def _balances(
        self, found: Account | list[Account], request: Any, begun_ns: int
    ) -> None:
        for account in found if isinstance(found, list) else [found]:
            self._risk._losses.balance_seen(account, begun_ns, self._now_ns())

    def contracts(self, found: Sequence[Contract]) -> None:
        """Hear what a tick of each contract is worth; a loss may be known by it."""
        for contract in found:
            self._risk._losses.contract_seen(contract)
        for contract in found:
            self._risk._look_at_holders(contract.id)


def seconds_of(moment: datetime | None) -> float:
    """Seconds since the epoch; 0 where no time is given."""
    return 0.0 if moment is None else moment.timestamp()
