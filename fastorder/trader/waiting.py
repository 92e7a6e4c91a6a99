"""Trader for code without an event loop: the same verbs, without await."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastorder._base.near_names import with_near_names
from fastorder.auth.credentials import credentials_from
from fastorder.blocking import OrderExecutor
from fastorder.trader.base import kept_credentials
from fastorder.trader.placed import Placed
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


class Trader(TradeVerbs[Placed], LookVerbs[Placed]):
    """A login, an account and an executor, for plain code: every verb waits.

    ``with Trader.from_env(account="PRAC") as trader`` logs in, finds the account and
    loads the first contracts; ``shutdown()`` ends it elsewhere: ``close`` is of a
    position.

    Args, Raises, Attributes: see ``fastorder.Trader``.
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

    def _place(self, account_id: int, order: OrderRequest, called_ns: int) -> Placed:
        return Placed(self, account_id, self.executor._submit(order, called_ns))

    def __enter__(self) -> Self:
        try:
            self.executor._wait(self._open())
        except BaseException:
            self.shutdown(drain=0)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()

    def shutdown(self, drain: float | None = None) -> None:
        """Close; neither orders nor positions are touched. See ``OrderExecutor``."""
        self.executor.close(drain)


Trader.__module__ = "fastorder.blocking"  # where it is imported from
