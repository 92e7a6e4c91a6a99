"""Trader for code without an event loop: the same verbs, without await."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.blocking import OrderExecutor
from fastorder.trader.placed import Placed
from fastorder.trader.reading import LookVerbs
from fastorder.trader.record import WaitingRecord, kept_record
from fastorder.trader.trading import TradeVerbs

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from fastorder._core.codec.order import OrderRequest


class Trader(TradeVerbs[Placed], LookVerbs[Placed]):
    """A login, an account and an executor, for plain code: every verb waits.

    ``with Trader.from_env(account="PRAC") as trader`` logs in, finds the account and
    loads the first contracts; ``shutdown()`` ends it elsewhere: ``close`` is of a
    position.

    Args, Raises, Attributes: see ``fastorder.Trader``.
    """

    executor: OrderExecutor
    _record_kind = WaitingRecord

    @property
    def store(self) -> WaitingRecord:
        """The record of the accounts; see ``fastorder.store.Store``.

        Raises:
            ExecutorMisuse: the trader was made without ``store=``.
        """
        return kept_record(self._record, WaitingRecord)

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
        if self._record is not None:
            self._record._end()


Trader.__module__ = "fastorder.blocking"  # where it is imported from
