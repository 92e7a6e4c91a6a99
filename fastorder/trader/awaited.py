"""Trader: a trading day from ``await``, on the running event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.hints import async_with_alone
from fastorder._base.near_names import class_with_near_names, known_as
from fastorder._core.flow.ticket import Ticket
from fastorder.executor import OrderExecutor
from fastorder.realtime.hubs import LoopHubs
from fastorder.streams.stream import Stream
from fastorder.trader.breach_loop import LoopFlattens
from fastorder.trader.knowing import StateVerbs
from fastorder.trader.order_events import filled_ticket
from fastorder.trader.placed import Placed
from fastorder.trader.reading import LookVerbs
from fastorder.trader.record import AwaitedRecord, kept_record
from fastorder.trader.recording import RecordVerbs
from fastorder.trader.state_reads import LookReader
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
    from fastorder.marketdata.frames import Every
    from fastorder.marketdata.gateway import Comparison
    from fastorder.realtime.base import BaseHub
    from fastorder.streams.bar_stream import LiveBars
    from fastorder.streams.book import Book
    from fastorder.streams.stream import Source


@async_with_alone
@class_with_near_names
class Trader(
    TradeVerbs[Ticket[Placed]],
    LookVerbs[Ticket[Placed]],
    StreamVerbs[Ticket[Placed]],
    RecordVerbs,
    StateVerbs[Ticket[Placed]],
):
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
        risk: what orders have to keep to; where it is not given, orders of at most 100
            contracts, and 20 orders in a second. False for none. Limits that need it
            have the account read at the entry; what acts read, they hear of.
        on_breach: see ``OrderExecutor``; where ``risk`` says ``flatten_on_breach`` and
            none is given, the trader flattens, until it is verified.
        store: a ``fastorder.store.Store`` that keeps what happens; or where one is,
            True for the one in the platform's folder: then the trader closes it.
        realtime: whether the hubs are heard: the user hub from the entry on, the market
            hub from the first that is asked of it. A text is the hubs' URL; otherwise
            rtc.x is taken for api.x, and the gateway's own address for any other.
        durability, ca_file, retry, timeouts, max_connections, max_quantity, kill_file,
            on_unknown, on_late_arrival: see ``OrderExecutor``.

    Raises:
        ConfigurationError, InvalidField, WrongFieldType: an argument is not usable.
        JournalError: the journal cannot be used; another trader may have it open.

    Attributes:
        executor: the OrderExecutor that all of it goes through.
        realtime: both hubs; None where they are switched off.
    """

    executor: OrderExecutor
    realtime: LoopHubs | None
    _hubs_kind = LoopHubs
    _record_kind = AwaitedRecord

    @property
    def store(self) -> AwaitedRecord:
        """The record of the accounts; see ``fastorder.store.Store``.

        Raises:
            ExecutorMisuse: the trader was made without ``store=``.
        """
        return kept_record(self._record, AwaitedRecord)

    def _make_executor(self, **options: Any) -> OrderExecutor:
        return OrderExecutor(**options)

    async def __aenter__(self) -> Self:
        self._check_entry()
        if self._flattens is not None:
            self._flattens.bind()
        try:
            await self._open()
            self._open_realtime()
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

    @explained()
    async def aclose(self, drain: float | None = None) -> None:
        """Close the trader; neither orders nor positions are touched.

        What is on its way may end first.

        Raises:
            ExecutorMisuse: it is another loop's or thread's; nothing of it was closed.
            InvalidField, WrongFieldType: ``drain`` is no such number; nothing of it was
                closed.
        """
        self.executor._check_close(drain)
        self._end_state()
        if self._flattens is not None:
            self._flattens.close()
        try:
            await self.executor.aclose(drain)
        finally:
            if self.realtime is not None:
                await self.realtime.aclose()
            self._end_streams()
            if self._record is not None:
                await self._record_ended()

    async def _record_ended(self) -> None:
        import asyncio  # this runs in a loop: it is loaded

        assert self._record is not None
        await asyncio.to_thread(self._record._end)

    if TYPE_CHECKING:  # what each of them gives here

        def quotes(self, symbol: str) -> Stream[Quote]:
            """See ``StreamVerbs``."""

        def market_trades(
            self, symbol: str, *, most: int = ..., gaps: bool = False
        ) -> Stream[Any]:
            """See ``StreamVerbs``."""

        def depth(self, symbol: str) -> Stream[Book]:
            """See ``StreamVerbs``."""

        def live_bars(
            self,
            symbol: str,
            every: str | Every | Sequence[str | Every],
            *,
            history: int = 0,
            check_minutes: float | None = None,
            on_check: Callable[[Comparison], object] | None = None,
        ) -> LiveBars:
            """See ``StreamVerbs``."""

    def _stream(self, source: Source[Any], symbol: str) -> Stream[Any]:
        if self._listing(symbol) is not None:
            return Stream(source)
        return Stream(source, lambda: self._load(symbol))

    def _filled(
        self, placed: OrderResult, account_id: int, timeout: float
    ) -> Ticket[Fill]:
        return filled_ticket(self, placed, account_id, timeout)

    def _make_flattens(self) -> LoopFlattens:
        return LoopFlattens(self.executor)

    def _make_reader(self, hub: BaseHub) -> LookReader:
        return LookReader(self.executor)

    def _bar_stream(self, symbol: str, *given: Any) -> LiveBars:
        from fastorder.streams.bar_stream import LiveBars

        prepare = None
        if self._listing(symbol) is None:
            prepare = lambda: self._load(symbol)  # noqa: E731
        read = lambda ask: self._read_bars(symbol, ask)  # noqa: E731
        return LiveBars(prepare, read, *given)

    def _renew_for_hubs(self) -> None:
        if not self.executor.closed:
            self.executor._dispatcher.renewal.ask()


Trader.__module__ = "fastorder"  # where it is imported from
known_as(Trader, "Trader")  # and called in errors
