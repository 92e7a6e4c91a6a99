"""Ticks to bars, live and in bulk, and bars to longer bars."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import class_with_near_names, with_near_names
from fastorder.marketdata._bars import Machine
from fastorder.marketdata.bars import Bar, Bars, Tally
from fastorder.marketdata.columns import column_of, columns_of, side_by_side
from fastorder.marketdata.errors import BadTick, BarError, UnsortedTicks
from fastorder.marketdata.frames import Every, Timeframe, check_makes, read_every
from fastorder.marketdata.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.marketdata._columns import Column
    from fastorder.marketdata.sessions import Sessions

FOREVER = 2**63 - 1
SHORTEST_PIECE = 100_000
"""Ticks that a thread is worth."""


@class_with_near_names
class BarBuilder(Machine):
    """Makes bars from ticks as they come.

    Args:
        every: a timeframe (5m), or another rule ("500 ticks").
        prices: float64, or int64 where prices are counted in whole ticks.
        sides: keep the volumes of buyers and sellers.
        sessions: when the market is open; ticks at other times are left out.
        offset: how much later than usual time bars start; nanoseconds or a text.
        gaps: ``skip``, or ``flat`` for bars without trades at the last close.
        late: what happens to a tick older than the one before it. ``refuse`` raises,
            ``drop`` leaves it out, ``merge`` puts it into the bar in the making unless
            it is older than that; it never changes an open or a close. Both count.
        complete_from: nanoseconds since when the feed lacks no tick. Without it the
            first bar counts as partial unless its first tick is right at its open.

    Raises:
        UnknownTimeframe, BarError: a rule that there is not.
    """

    def __init__(
        self,
        every: str | Every = "1m",
        *,
        prices: str = "float64",
        sides: bool = False,
        sessions: Sessions | None = None,
        offset: str | int = 0,
        gaps: str = "skip",
        late: str = "refuse",
        complete_from: int | None = None,
    ) -> None:
        self.every = read_every(every, offset, sessions)
        _check_choice("prices", prices, ("float64", "int64"))
        _check_choice("gaps", gaps, ("skip", "flat"))
        _check_choice("late", late, ("refuse", "drop", "merge"))
        if not isinstance(self.every, Timeframe):
            if gaps == "flat":
                raise BarError(f"only time bars have gaps, these are of {self.every}")
            if late == "merge":
                raise BarError(f"late ticks go into time bars only, not {self.every}")
        super().__init__(
            **_rule(self.every, prices == "int64"),
            whole=prices == "int64",
            sides=sides,
            flat=gaps == "flat",
            late=late,
            complete_ns=FOREVER if complete_from is None else complete_from,
            make_bar=Bar,
        )

    def __repr__(self) -> str:
        try:
            closed = f"{counted(self.made, 'bar')} closed"
        except BarError:
            closed = "in use"
        return f"<BarBuilder of {self.every}, {closed}>"

    def update_many(
        self, time_ns: Any, price: Any, size: Any, side: Any = None
    ) -> Bars:
        """Take ticks; all of them, or none where one is refused.

        Args:
            time_ns: a column of int64 nanoseconds, or of time stamps.
            price: a column of float64, or of int64 for whole ticks.
            size: a column of int64.
            side: a column of int8: 1 buyer, -1 seller, 0 not known; for a builder
                that was made with sides=True.

        Returns:
            The bars that they close.

        Raises:
            BadTick, UnsortedTicks: with the index of the tick.
            BarError: sides are given, and the builder keeps none.
            WrongColumn: another type, or lengths that differ.
        """
        pieces = _pieces(_columns(time_ns, price, size, side))
        columns, first_partial, left_out = self._closed_by(pieces)
        return Bars(
            columns, self.every, first_partial=first_partial, tally=Tally(*left_out)
        )

    def finish(self, until: int | None = None) -> Bars:
        """Close the bar in the making, as after the last tick of all.

        Args:
            until: nanoseconds up to which all ticks were given; the bar counts as
                partial unless it is complete by then.

        Returns:
            That bar, or none.
        """
        return _finished(self, until, all_of_them=False)


@with_near_names
def aggregate_ticks(
    time_ns: Any,
    price: Any,
    size: Any,
    every: str | Every = "1m",
    *,
    side: Any = None,
    sessions: Sessions | None = None,
    offset: str | int = 0,
    gaps: str = "skip",
    late: str = "refuse",
    complete_from: int | None = None,
    until: int | None = None,
    threads: int = 1,
) -> Bars:
    """Bars of columns of ticks, oldest first.

    The arguments are those of `BarBuilder` and of its ``update_many`` and ``finish``.

    Args:
        threads: how many share the work on time bars; the result is the same.

    Returns:
        All bars, the one in the making too; ``last_partial`` says whether it is whole.

    Raises:
        BadTick, UnsortedTicks: with the index of the tick.
        WrongColumn: another type, or lengths that differ.
        UnknownTimeframe, BarError: a rule that there is not.
    """
    columns = _columns(time_ns, price, size, side)
    options: dict[str, Any] = {
        "prices": _dtype(columns[1]),
        "sides": side is not None,
        "sessions": sessions,
        "offset": offset,
        "gaps": gaps,
        "late": late,
        "complete_from": complete_from,
    }
    builder = BarBuilder(every, **options)
    if threads > 1 and _is_parallel(builder, columns, gaps, late):
        return _in_threads(every, columns, options, threads, until)
    builder._feed(_pieces(columns))
    return _finished(builder, until)


@with_near_names
def resample(
    bars: Bars,
    every: str | Every = "5m",
    *,
    sessions: Sessions | None = None,
    offset: str | int = 0,
    gaps: str = "skip",
    until: int | None = None,
) -> Bars:
    """Longer bars of shorter ones.

    Args:
        bars: time bars that know what they are (``bars.every``).
        every: the longer timeframe.
        sessions: when the market is open; bars at other times are left out.
        offset: how much later than usual the longer bars start.
        gaps: ``skip``, or ``flat`` for bars without trades at the last close.
        until: nanoseconds up to which all bars were given.

    Returns:
        Bars with the columns that the shorter ones have.

    Raises:
        UnknownTimeframe: a shorter bar may lie in two of the longer ones.
    """
    target = read_every(every, offset, sessions)
    check_makes(bars.every, target)
    return _resampled([bars], target, gaps, until)


@with_near_names
def merge(parts: Iterable[Bars], *, until: int | None = None) -> Bars:
    """One row of bars from pieces of it, in order of time.

    Where a piece ends within a bar and the next goes on with it, both halves are put
    together. The pieces come from ticks that were split anywhere.

    Args:
        parts: time bars of one timeframe.
        until: nanoseconds up to which all ticks were given.

    Raises:
        BarError: other timeframes, or pieces out of order.
    """
    pieces = [part for part in parts if len(part)]
    if not pieces:
        raise BarError("at least one bar is needed to merge")
    every = pieces[0].every
    for piece in pieces:
        check_makes(piece.every, pieces[0].every or "1m")  # type: ignore[arg-type]
        if piece.every != every or piece.names != pieces[0].names:
            raise BarError(f"pieces must be alike, were {every} and {piece.every}")
    assert every is not None
    return _resampled(pieces, every, "skip", until)


def _resampled(pieces: list[Bars], target: Every, gaps: str, until: int | None) -> Bars:
    prices = _dtype([pieces[0].columns()["open"]])
    builder = BarBuilder(target, prices=prices, gaps=gaps)
    for piece in pieces:
        _feed_bars(builder, piece)
    ended = until
    if ended is None and not pieces[-1].last_partial and len(pieces[-1]):
        ended = _end_of_last(pieces[-1])
    return _finished(builder, ended)


def _feed_bars(builder: BarBuilder, bars: Bars) -> None:
    try:
        builder._feed_bars(bars.columns(), bars.first_partial)
    except UnsortedTicks as error:
        raise BarError(
            f"bars must be in order of time, bar {error.index} is not"
        ) from None


def _end_of_last(bars: Bars) -> int | None:
    """When the last bar is complete; what follows was not seen."""
    last = bars.time_ns[-1]
    builder = BarBuilder(bars.every or "1m")
    return builder._end_of(last)


def _columns(time_ns: Any, price: Any, size: Any, side: Any) -> list[list[Column]]:
    given = {"time_ns": time_ns, "price": price, "size": size}
    if side is not None:
        given["side"] = side
    return [columns_of(thing, name) for name, thing in given.items()]


def _pieces(columns: list[list[Column]]) -> list[tuple[int, tuple[Column, ...]]]:
    """Ticks as the kernel takes them, in pieces where Arrow has chunks."""
    names = ["time_ns", "price", "size", "side"][: len(columns)]
    return list(side_by_side(columns, names))


def _finished(builder: BarBuilder, until: int | None, all_of_them: bool = True) -> Bars:
    """The bar in the making closed, and with it all others that nobody took."""
    columns, first_partial, left_out, end = builder._closed_at_end(all_of_them)
    return Bars(
        columns,
        builder.every,
        first_partial=first_partial,
        last_partial=end is not None and not _is_over(end, until),
        tally=Tally(*left_out),
    )


def _is_over(end: int, until: int | None) -> bool:
    return bool(end) and until is not None and until >= end


def _dtype(parts: list[Column]) -> str:
    return "int64" if parts and parts[0].dtype == "int64" else "float64"


def _rule(every: Every, whole: bool) -> dict[str, Any]:
    """The kernel's arguments for a rule."""
    if not isinstance(every, Timeframe):
        if whole and every.level % 1:
            raise BarError(f"{every._word} must be whole ticks, was {every.level}")
        return {"kind": every._kind, "level": every.level}
    if every._is_even:
        return {
            "kind": "even",
            "length_ns": every.length_ns,
            "offset_ns": every._start_ns,
        }
    table = tuple(column_of(part, "sessions") for part in every._table())
    return {"kind": "table", "length_ns": every._within_ns, "table": table}


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BarError(f"{name} must be one of {', '.join(choices)}, was {value!r}")


# ---------------------------------------------------------------------------- threads


def _is_parallel(
    builder: BarBuilder, columns: list[list[Column]], gaps: str, late: str
) -> bool:
    return (
        isinstance(builder.every, Timeframe)
        and gaps == "skip"
        and late == "refuse"
        and all(len(parts) == 1 for parts in columns)
        and len({len(parts[0]) for parts in columns}) == 1
        and len(columns[0][0]) >= 2 * SHORTEST_PIECE
    )


def _in_threads(
    every: str | Every,
    columns: list[list[Column]],
    options: dict[str, Any],
    threads: int,
    until: int | None,
) -> Bars:
    """Each thread takes a run of ticks; bars that two runs share are put together."""
    length = len(columns[0][0])
    count = min(threads, length // SHORTEST_PIECE)
    edges = [length * i // count for i in range(count + 1)]

    def piece(i: int) -> Bars:
        builder = BarBuilder(every, **options)
        run = [[parts[0].part(edges[i], edges[i + 1])] for parts in columns]
        try:
            builder._feed(_pieces(run))
        except BadTick as error:
            raise type(error)(error.why, error.index + edges[i]) from None
        return _finished(builder, None)

    times = memoryview(columns[0][0])
    with ThreadPoolExecutor(count) as pool:
        jobs = [pool.submit(piece, i) for i in range(count)]
        made = []
        for i, job in enumerate(jobs):
            if i and times[edges[i]] < times[edges[i] - 1]:
                raise UnsortedTicks(
                    "time_ns must not be before the tick before it, "
                    f"was {times[edges[i]]}",
                    edges[i],
                )
            made.append(job.result())
    return _joined(made, until)


def _joined(made: list[Bars], until: int | None) -> Bars:
    outside = sum(part.tally.outside for part in made)
    full = [part for part in made if len(part)]
    if not full:
        return made[0]
    every = full[0].every
    assert every is not None
    joined = _resampled(full, every, "skip", until)
    end = BarBuilder(every)._end_of(joined.time_ns[-1])
    return Bars(
        joined.columns(),
        every,
        first_partial=full[0].first_partial,
        last_partial=not _is_over(end or 0, until),
        tally=Tally(outside=outside),
    )
