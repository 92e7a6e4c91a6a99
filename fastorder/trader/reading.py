"""What a trader reads: positions, orders, trades; of the account that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import class_with_near_names
from fastorder.errors import ExecutorMisuse, UnknownAccount
from fastorder.executor import OrderExecutor
from fastorder.trader.base import BaseTrader, PlacedT
from fastorder.trader.delivery import verb
from fastorder.verbs.base import BaseExecutor
from fastorder.verbs.contracts import ContractVerbs
from fastorder.verbs.explained import (
    ENTERED,
    FOUND_BY_TRADER,
    OF_TRADER,
    READS,
    explained,
)
from fastorder.verbs.history import HistoryVerbs
from fastorder.verbs.reads import ReadVerbs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.ticket import Ticket
    from fastorder.enums import OrderStatus
    from fastorder.marketdata import Bars
    from fastorder.marketdata.frames import Every
    from fastorder.models import Account, Contract, Order, Position, Trade
    from fastorder.risk.denials import Denial


@class_with_near_names
class LookVerbs(BaseTrader[PlacedT]):
    """The verbs that read; each takes ``account=`` for another one."""

    @verb
    @explained(READS)
    def accounts(self) -> Ticket[list[Account]]:
        """The accounts of the user that are active.

        Returns:
            A list of Accounts.
        """
        return ReadVerbs.accounts.ticket(self.executor)

    @verb
    @explained(FOUND_BY_TRADER, like=BaseExecutor.contract)
    def contract(self, symbol: str) -> Ticket[Contract]:
        """The contract of a symbol, which orders find by it from now on."""
        return self._load(symbol)

    @verb
    @explained(like=ContractVerbs.contracts)
    def contracts(
        self, text: str | None = None, *, live: bool = False
    ) -> Ticket[list[Contract]]:
        """All contracts that the gateway lists now, in its order."""
        return ContractVerbs.contracts.ticket(self.executor, text, live=live)

    @verb
    @explained(like=ReadVerbs.ping)
    def ping(self) -> Ticket[float]:
        """Whether the gateway answers, and how fast: seconds, question to answer."""
        return ReadVerbs.ping.ticket(self.executor)

    @explained(like=BaseExecutor.check)
    def check(self, order: OrderRequest) -> tuple[Denial, ...]:
        """All that the limits refuse an order for now, without sending it."""
        denials: tuple[Denial, ...] = self.executor.check(order)
        return denials

    @verb
    @explained(OF_TRADER, like=ReadVerbs.positions)
    def positions(self, *, account: int | str | None = None) -> Ticket[list[Position]]:
        """The account's open positions: one for each contract, none if it is flat."""
        return self._read("positions", account)

    @verb
    @explained(OF_TRADER, like=ReadVerbs.open_orders)
    def open_orders(self, *, account: int | str | None = None) -> Ticket[list[Order]]:
        """The account's orders that can still trade, oldest first."""
        return self._read("open_orders", account)

    @verb
    @explained(OF_TRADER, like=ReadVerbs.orders)
    def orders(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        account: int | str | None = None,
    ) -> Ticket[list[Order]]:
        """The account's orders of every status that were made in a time span."""
        return self._read("orders", account, since, until)

    @verb
    @explained(OF_TRADER, like=ReadVerbs.order)
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
    @explained(OF_TRADER, like=ReadVerbs.trades)
    def trades(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        account: int | str | None = None,
    ) -> Ticket[list[Trade]]:
        """The account's fills in a time span, newest first."""
        return self._read("trades", account, since, until)

    @verb
    @explained(FOUND_BY_TRADER, ENTERED, like=HistoryVerbs.bars)
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
        """The bars of a contract, oldest first, as columns."""
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

    @explained(like=OrderExecutor.query_orders)
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
        """The account's orders that fit, oldest first, read a page at a time.

        Args:
            account: another account than the trader's own: its number, or a name that
                was used in another call before.

        Returns:
            ``for`` over it gives orders; over its ``pages()``, lists of them. With an
            event loop, it is ``async for``.

        Raises:
            ExecutorMisuse: the trader was not entered yet, or the account's name is not
                known yet.
            UnknownAccount: the number is none of the user's.
        """
        number = self._number(account)
        if type(account) is int and number is None:
            known = ", ".join(map(str, sorted(self._users)))
            raise UnknownAccount(
                f"account must be one of the user's, {account} is none of {known}"
            )
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
