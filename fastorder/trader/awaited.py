"""Trader: a trading day from ``await``, on the running event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastorder._base.near_names import with_near_names
from fastorder._core.flow.ticket import Ticket
from fastorder.auth.credentials import credentials_from
from fastorder.executor import OrderExecutor
from fastorder.trader.base import kept_credentials
from fastorder.trader.placed import Placed, Placing
from fastorder.trader.reading import LookVerbs
from fastorder.trader.trading import TradeVerbs
from fastorder.verbs.base import BASE_URL

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from typing_extensions import Self

    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.result import OrderResult
    from fastorder.budgets.limits import Budgets
    from fastorder.config import RetryPolicy, Timeouts
    from fastorder.risk.denials import Denied
    from fastorder.risk.limits import RiskLimits


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
            have the account read at the entry, and after each act.
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

    @with_near_names
    def __init__(
        self,
        base_url: str = BASE_URL,
        *,
        user_name: str,
        api_key: str,
        account: int | str | None = None,
        symbols: Iterable[str] = (),
        journal: str | os.PathLike[str] | bool | None = None,
        durability: Literal["process", "power"] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        max_connections: int | None = None,
        max_quantity: int | None = None,
        kill_file: str | os.PathLike[str] | None = None,
        budgets: Budgets | Literal[False] | None = None,
        risk: RiskLimits | Literal[False] | None = None,
        on_breach: Callable[[Denied, int, str], Any] | None = None,
        on_unknown: Callable[[OrderResult], Any] | None = None,
        on_late_arrival: Callable[[OrderResult], Any] | None = None,
    ) -> None:
        credentials = credentials_from(user_name, api_key)
        del api_key  # a traceback with local variables must not show it
        self._set_up(
            kept_credentials(credentials),
            user_name,
            base_url,
            account,
            symbols,
            journal,
            {
                "durability": durability,
                "ca_file": ca_file,
                "retry": retry,
                "timeouts": timeouts,
                "max_connections": max_connections,
                "max_quantity": max_quantity,
                "kill_file": kill_file,
                "budgets": budgets,
                "risk": risk,
                "on_breach": on_breach,
                "on_unknown": on_unknown,
                "on_late_arrival": on_late_arrival,
            },
        )

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
