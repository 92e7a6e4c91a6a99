"""Trader: a trading day from ``await``, on the running event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.flow.ticket import Ticket
from fastorder.executor import OrderExecutor
from fastorder.trader.placed import Placed, Placing
from fastorder.trader.reading import LookVerbs
from fastorder.trader.trading import TradeVerbs

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from fastorder._core.codec.order import OrderRequest


class Trader(TradeVerbs[Ticket[Placed]], LookVerbs[Ticket[Placed]]):
    """A login, an account and an executor: one object for a trading day.

    ``async with Trader.from_env(account="PRAC") as trader`` logs in, finds the account
    and loads the first contracts. Orders go through ``trader.executor``, an
    OrderExecutor, which is there for all that the trader does not show. A verb gives
    its result when awaited; what it sends has left before that.

    Args:
        base_url: the gateway.
        user_name, api_key: of the platform; the key is kept in memory, for renewals.
        account: whose orders; a number, a name, or a beginning of one, in any letter
            case. It may be left out where the user has one alone.
        symbols: contracts that are loaded at once; any other at its first use.
        journal: a file; without it one in the platform's folder for data, of this
            user at this gateway. False for none.
        budgets: how many requests may leave; the gateway's own limits where it is not
            given. False for none.
        risk: what orders have to keep to; where it is not given, orders of at most 50
            contracts, and 20 orders in a second. False for none. Limits that need it
            have the account read at the entry; what acts read, they hear of.
        on_breach: see ``OrderExecutor``; where ``risk`` says ``flatten_on_breach`` and
            none is given, the trader flattens.
        durability, ca_file, retry, timeouts, max_connections, max_quantity, kill_file,
            on_unknown, on_late_arrival: see ``OrderExecutor``.

    Raises:
        ConfigurationError, InvalidField, WrongFieldType: an argument is not usable.
        JournalError: the journal cannot be used; another trader may have it open.

    Attributes:
        executor: the OrderExecutor that all of it goes through.
    """

    executor: OrderExecutor

    def _make_executor(self, **options: Any) -> OrderExecutor:
        return OrderExecutor(**options)

    def _place(
        self, account_id: int, order: OrderRequest, called_ns: int
    ) -> Ticket[Placed]:
        return Placing(self, account_id, self.executor._submit(order, called_ns))

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self.aclose(drain=0)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self, drain: float | None = None) -> None:
        """Close; neither orders nor positions are touched. See ``OrderExecutor``."""
        await self.executor.aclose(drain)


Trader.__module__ = "fastorder"  # where it is imported from
