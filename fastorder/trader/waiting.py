"""Trader for code without an event loop: the same verbs, without await."""

from __future__ import annotations

import time
from threading import Thread
from typing import TYPE_CHECKING, Any

from fastorder._base.hints import with_alone
from fastorder._base.near_names import class_with_near_names, known_as
from fastorder.blocking import OrderExecutor
from fastorder.errors import FastOrderError, RealtimeClosed
from fastorder.realtime.hubs import ThreadHubs
from fastorder.runtime.log import log
from fastorder.streams.stream import BlockingStream
from fastorder.trader.breach_thread import ThreadFlattens
from fastorder.trader.knowing import StateVerbs
from fastorder.trader.order_events import filled_in_thread
from fastorder.trader.placed import Placed
from fastorder.trader.reading import LookVerbs
from fastorder.trader.record import WaitingRecord, kept_record
from fastorder.trader.recording import RecordVerbs
from fastorder.trader.state_thread import ApartReader
from fastorder.trader.streaming import StreamVerbs
from fastorder.trader.trading import TradeVerbs
from fastorder.verbs.explained import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from fastorder._core.codec.market_events import Quote
    from fastorder._core.flow.result import OrderResult
    from fastorder.acts.report import Fill
    from fastorder.auth.credentials import Credentials
    from fastorder.marketdata.frames import Every
    from fastorder.marketdata.gateway import Comparison
    from fastorder.realtime.base import BaseHub
    from fastorder.streams.bar_stream import BlockingLiveBars
    from fastorder.streams.book import Book
    from fastorder.streams.stream import Source


@with_alone
@class_with_near_names
class Trader(
    TradeVerbs[Placed],
    LookVerbs[Placed],
    StreamVerbs[Placed],
    StateVerbs[Placed],
    RecordVerbs,
):
    """A login, an account and an executor, for plain code: every verb waits.

    ``with Trader.from_env(account="PRAC") as trader`` logs in, finds the account and
    loads the first contracts; ``shutdown()`` ends it elsewhere: ``close`` is of a
    position.

    Args, Raises: see ``fastorder.Trader``.

    Attributes:
        executor: the OrderExecutor that all of it goes through.
        realtime: both hubs, read by one thread, which ends with the trader; None where
            they are switched off. Callbacks run on that thread.
    """

    executor: OrderExecutor
    realtime: ThreadHubs | None
    _hubs_kind = ThreadHubs
    _record_kind = WaitingRecord

    def _set_up(self, *given: Any) -> None:
        super()._set_up(*given)
        if self.realtime is not None:
            self.realtime.at_end(self._hubs_ended)

    def _hubs_ended(self) -> None:
        """Nothing is heard any more: whoever waits for it ends, and is told."""
        if self.realtime is None or self.realtime.is_closed:
            return  # the close sees to it
        log().error("the hubs are not heard any more: the trader must be made anew")
        self.realtime.is_closed = True
        self._end_state()
        self._market.fail(
            RealtimeClosed("the hubs must be read, their thread has ended")
        )

    @property
    def store(self) -> WaitingRecord:
        """The record of the accounts; see ``fastorder.store.Store``.

        Raises:
            ExecutorMisuse: the trader was made without ``store=``.
        """
        return kept_record(self._record, WaitingRecord)

    def _make_executor(self, **options: Any) -> OrderExecutor:
        return OrderExecutor(**options)

    def __enter__(self) -> Self:
        self._check_entry()
        try:
            self.executor._wait(self._open())
            self._open_realtime()
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

    @explained()
    def shutdown(self, drain: float | None = None) -> None:
        """Close the trader; neither orders nor positions are touched.

        What is on its way may end first.

        Raises:
            ExecutorMisuse: it is another thread's; nothing of it was closed.
            InvalidField, WrongFieldType: ``drain`` is no such number; nothing of it was
                closed.
        """
        until = time.monotonic() + self.executor._check_close(drain)
        self._end_state()
        if self._flattens is not None:
            self._flattens.close()
        try:
            self.executor.close(drain)
        finally:
            if self._reader is not None:
                self._reader.close()
            if self.realtime is not None:
                self.realtime.close()
            self._end_streams()
            if self._record is not None:
                self._record._end()
            if self._flattens is not None:
                self._flattens.join(until)

    if TYPE_CHECKING:  # what each of them gives here

        def quotes(self, symbol: str) -> BlockingStream[Quote]:
            """See ``StreamVerbs``."""

        def market_trades(
            self, symbol: str, *, most: int = ..., gaps: bool = False
        ) -> BlockingStream[Any]:
            """See ``StreamVerbs``."""

        def depth(self, symbol: str) -> BlockingStream[Book]:
            """See ``StreamVerbs``."""

        def live_bars(
            self,
            symbol: str,
            every: str | Every | Sequence[str | Every],
            *,
            history: int = 0,
            check_minutes: float | None = None,
            on_check: Callable[[Comparison], object] | None = None,
        ) -> BlockingLiveBars:
            """See ``StreamVerbs``."""

    def _stream(self, source: Source[Any], symbol: str) -> BlockingStream[Any]:
        self._load_now(symbol)
        return BlockingStream(source)

    def _load_now(self, symbol: str) -> None:
        if self._listing(symbol) is None:
            self.executor._wait(self._load(symbol))

    def _filled(self, placed: OrderResult, account_id: int, timeout: float) -> Fill:
        return filled_in_thread(self, placed, account_id, timeout)

    def _make_flattens(self) -> ThreadFlattens:
        return ThreadFlattens(self.executor, self._ca_file, self._exposed.discard)

    def _make_reader(self, hub: BaseHub) -> ApartReader:
        return ApartReader(self.executor, hub, self._ca_file)

    def _bar_stream(self, symbol: str, *given: Any) -> BlockingLiveBars:
        from fastorder.streams.bar_stream import BlockingLiveBars

        stream = self._stream(given[0], symbol)
        wait = self.executor._wait
        read = lambda ask: wait(self._read_bars(symbol, ask))  # noqa: E731
        return BlockingLiveBars(stream, read, *given)

    def _renew_for_hubs(self) -> None:
        """Log in on a thread of its own: the executor's may be in no call for long."""
        renewal = self.executor._dispatcher.renewal
        Thread(
            target=log_in_apart,
            args=(self.executor, renewal.kept, self._ca_file),
            name="fastorder-login",
            daemon=True,
        ).start()


def log_in_apart(
    executor: OrderExecutor, credentials: Credentials | None, ca_file: str | None
) -> None:
    """Get a token for an executor that is used by another thread."""
    if credentials is None or executor.closed:
        return
    tokens = executor.session.tokens
    number = tokens.draw()
    try:
        with OrderExecutor(executor.base_url, ca_file=ca_file) as other:
            other._wait(other._login(credentials, False))
            token = other.get_token()
    except FastOrderError as error:
        log().warning("no new token for now: %s", error)
        return
    if token is not None:
        tokens.put(token, number)
        del token


Trader.__module__ = "fastorder.blocking"  # where it is imported from
known_as(Trader, "Trader")  # and called in errors
