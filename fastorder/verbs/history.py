"""The verb that reads bars: what is asked for is checked, what comes is columns."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fastorder._core.codec.field_checks import symbol_from
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.requests.bar_pages import BarPages, time_text
from fastorder.runtime.clock import SECOND_NS
from fastorder.verbs.delivery import delivered
from fastorder.verbs.explained import OF_CONTRACT, READS, explained
from fastorder.verbs.option_checks import check_type
from fastorder.verbs.time_span import checked_span, earliest_s, latest_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.ticket import Ticket
    from fastorder.config import RetryPolicy
    from fastorder.gateway.contracts import ContractCache
    from fastorder.marketdata import Bars
    from fastorder.marketdata.frames import Every
    from fastorder.session.dispatcher import Dispatcher

UNITS = {"s": 1, "m": 2, "h": 3, "d": 4, "w": 5, "mo": 6}
TICKS = 7
DAY_NS = 86_400 * SECOND_NS

MOST_LIMIT = 10_000_000
"""Bars that one call may ask for; they take half a gigabyte."""

UNITS_RULE = "must be of seconds to months or of ticks, such as 30s, 5m, 1d or 50 ticks"


class HistoryVerbs:
    """Bars of the past."""

    _dispatcher: Dispatcher
    _contracts: ContractCache
    _policy: RetryPolicy

    @delivered
    @explained(OF_CONTRACT, READS)
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
        """The bars of a contract, oldest first, as columns.

        More than the gateway gives at once is read page by page. Times without bars
        are told by ``gaps`` of the result: where nothing was traded the gateway has no
        bar either.

        Args:
            every: such as "30s", "5m", "1h", "1d", "1w", "1mo", or "50 ticks".
            since, until: aware datetimes, 1970 or later: the bars that open in this
                time span. It ends now where no ``until`` is given. One of ``since``,
                ``days`` and ``limit`` has to be given.
            days: so many days up to the end of the time span, instead of ``since``;
                above 0, at most 36,525.
            limit: the newest bars of the time span, so many at most; 1 to 10,000,000.
            partial: with the bar that has not ended yet, as ``last_partial``.
            progress: called after each page with the number of bars so far, and the
                time at which the oldest of them opens.

        Returns:
            Bars: columns of equal length.
        """
        from fastorder.marketdata.history import HistoryPages, with_gaps

        frame, unit = checked_every(every)
        symbol = symbol_from(symbol)
        self._dispatcher.engine.check()
        contract_id = self._contracts.find(symbol).contract_id
        limit = _checked_limit(limit)
        for name, flag in (("partial", partial), ("live", live)):
            check_type(name, flag, bool, "must be True or False")
        if progress is not None and not callable(progress):
            raise WrongFieldType("progress", "must be callable", progress)
        since_ns, until_ns = self._window(frame, since, until, days, limit)
        pages = HistoryPages(frame)
        request = {
            "contractId": contract_id,
            "live": live,
            "startTime": time_text(since_ns),
            "endTime": time_text(until_ns),
            "unit": unit[0],
            "unitNumber": unit[1],
            "limit": limit or MOST_LIMIT,
            "includePartialBar": partial,
        }
        clock = self._dispatcher.clock
        reach_ns = since_ns + _step_ns(frame)
        query = BarPages(request, pages, reach_ns, self._policy, clock, progress)

        def made(_: Any) -> Bars:
            bars = pages.bars(since_ns, until_ns, limit)
            start_ns = since_ns
            if limit is not None and len(bars) == limit:
                start_ns = bars.time_ns[0]  # what lies before it was not asked for
            now_ns = int(earliest_s(self._dispatcher) * SECOND_NS)
            return with_gaps(bars, start_ns, until_ns, now_ns)

        return self._dispatcher.launch(self._dispatcher.read_ticket(query, made))

    def _window(
        self,
        frame: Every,
        since: datetime | None,
        until: datetime | None,
        days: float | None,
        limit: int | None,
    ) -> tuple[int, int]:
        """The begin and the end of the time span, in nanoseconds since 1970."""
        if since is not None and days is not None:
            raise InvalidField("days", "must not be given beside since", days)
        start, end = checked_span(self._dispatcher, since, until)
        now_ns = int(latest_s(self._dispatcher) * SECOND_NS)
        until_ns = now_ns if end is None else _time_ns(end)
        if start is not None:
            return _time_ns(start), until_ns
        if days is not None:
            back_ns = int(_checked_days(days) * DAY_NS)
        elif limit is not None:
            back_ns = 14 * DAY_NS + 4 * limit * _length_ns(frame)  # nights, weekends
        else:
            raise InvalidField("since", "must be given, or days, or limit", None)
        return max(until_ns - back_ns, 0), until_ns


def checked_every(every: Any) -> tuple[Every, tuple[int, int]]:
    """What closes a bar, and the gateway's unit with its number.

    Raises:
        InvalidField, WrongFieldType: the gateway has no such bars.
    """
    from fastorder.marketdata.errors import BarError
    from fastorder.marketdata.frames import TickCount, Timeframe, read_every

    if not isinstance(every, (str, Timeframe, TickCount)):
        raise WrongFieldType("every", UNITS_RULE, every)
    try:
        frame = read_every(every)
    except BarError:
        raise InvalidField("every", UNITS_RULE, every) from None
    if isinstance(frame, TickCount):
        return frame, (TICKS, int(frame.level))
    if not isinstance(frame, Timeframe) or frame.sessions or frame.offset_ns:
        raise InvalidField("every", UNITS_RULE, str(every))
    return frame, (UNITS[frame.unit], frame.count)


def _length_ns(frame: Every) -> int:
    """How long a bar is at most; of ticks, a second."""
    length: int = getattr(frame, "length_ns", SECOND_NS)
    return length


def _step_ns(frame: Every) -> int:
    """How far apart bars are at least; 1 where that is not known."""
    return _length_ns(frame) if getattr(frame, "unit", "") in ("s", "m", "h") else 1


def _time_ns(moment: datetime) -> int:
    epoch = datetime(1970, 1, 1, tzinfo=moment.tzinfo)
    return (moment - epoch) // timedelta(microseconds=1) * 1000


def _checked_limit(limit: Any) -> int | None:
    if limit is None:
        return None
    if type(limit) is not int:
        raise WrongFieldType("limit", "must be a whole number", limit)
    if not 1 <= limit <= MOST_LIMIT:
        raise InvalidField("limit", f"must be from 1 to {MOST_LIMIT}", limit)
    return limit


def _checked_days(days: Any) -> float:
    if isinstance(days, bool) or not isinstance(days, (int, float)):
        raise WrongFieldType("days", "must be a number of days", days)
    if not 0 < days <= 36_525:
        raise InvalidField("days", "must be above 0 and at most 36525", days)
    return days
