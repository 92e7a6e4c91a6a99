"""What a trader reads: positions, orders, trades; of the account that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.errors import ExecutorMisuse
from fastorder.trader.base import BaseTrader, PlacedT
from fastorder.trader.delivery import verb
from fastorder.verbs.history import HistoryVerbs
from fastorder.verbs.reads import ReadVerbs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from fastorder._core.flow.ticket import Ticket
    from fastorder.enums import OrderStatus
    from fastorder.marketdata import Bars
    from fastorder.marketdata.frames import Every
    from fastorder.models import Account, Contract, Order, Position, Trade


class LookVerbs(BaseTrader[PlacedT]):
    """The verbs that read; each takes ``account=`` for another one."""

    @verb
    def accounts(self) -> Ticket[list[Account]]:
        """The user's active accounts."""
        return ReadVerbs.accounts.ticket(self.executor)

    @verb
    def contract(self, symbol: str) -> Ticket[Contract]:
        """The contract of a symbol, with its tick, and loaded."""
        return self._load(symbol)

    @verb
    def positions(self, *, account: int | str | None = None) -> Ticket[list[Position]]:
        """The open positions; see ``OrderExecutor.positions``."""
        return self._read("positions", account)

    @verb
    def open_orders(self, *, account: int | str | None = None) -> Ticket[list[Order]]:
        """The orders that can still trade; see ``OrderExecutor.open_orders``."""
        return self._read("open_orders", account)

    @verb
    def orders(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        account: int | str | None = None,
    ) -> Ticket[list[Order]]:
        """The orders of a time span; see ``OrderExecutor.orders``."""
        return self._read("orders", account, since, until)

    @verb
    def order(
        self, order_id: int | str, *, account: int | str | None = None
    ) -> Ticket[Order]:
        """One order by its number."""
        return self._do(
            "order",
            account,
            None,
            lambda number: ReadVerbs.order.ticket(self.executor, order_id, number),
            changes=False,
        )

    @verb
    def trades(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        account: int | str | None = None,
    ) -> Ticket[list[Trade]]:
        """The fills of a time span; see ``OrderExecutor.trades``."""
        return self._read("trades", account, since, until)

    @verb
    def bars(
        self,
        symbol: str,
        every: str | Every,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        days: float | None = None,
        limit: int | None = None,
        partial: bool = False,
        live: bool = False,
        progress: Callable[[int, datetime], object] | None = None,
    ) -> Ticket[Bars]:
        """The bars of a contract, oldest first; see ``OrderExecutor.bars``."""
        return self._do(
            "bars",
            None,
            symbol,
            lambda _: HistoryVerbs.bars.ticket(
                self.executor,
                symbol,
                every,
                since=since,
                until=until,
                days=days,
                limit=limit,
                partial=partial,
                live=live,
                progress=progress,
            ),
            changes=False,
        )

    def query_orders(
        self,
        *,
        statuses: Iterable[OrderStatus | int] | None = None,
        symbol: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
        page_size: int = 100,
        account: int | str | None = None,
    ) -> Any:
        """The orders that fit, page by page; see ``OrderExecutor.query_orders``.

        Args:
            account: a number, or a name that was used before.

        Raises:
            ExecutorMisuse: the account's name is not known yet.
        """
        number = self._number(account)
        if number is None:
            raise ExecutorMisuse(
                f"account must be known here, {account!r} was not used yet: "
                "trader.executor.account(...) finds it"
            )
        return self.executor.query_orders(
            number,
            statuses=statuses,
            symbol=symbol,
            since=since,
            until=until,
            newest_first=newest_first,
            page_size=page_size,
        )

    def _read(self, name: str, account: int | str | None, *given: Any) -> Ticket[Any]:
        start = getattr(ReadVerbs, name).ticket
        return self._do(
            name,
            account,
            None,
            lambda number: start(self.executor, number, *given),
            changes=False,
        )
