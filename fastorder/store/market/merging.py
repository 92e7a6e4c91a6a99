"""Ticks of several deliveries as one: what two of them bring counts once.

A tick of the gateway has no number of its own. Two that are alike in all they say are
two trades where one delivery brings both, and one trade where two deliveries bring it
each. So of ticks that are alike there are as many as the delivery has that brings the
most. It does not matter which comes first, nor how often one comes.

Ticks of one moment stay in the order in which they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Columns(NamedTuple):
    """Ticks as NumPy arrays of int64, the side of int8; all as long."""

    time_ns: Any
    price: Any
    """In ticks of the contract."""
    size: Any
    side: Any
    """1 where the buyer was the aggressor, -1 the seller, 0 not known."""

    def rows(self, at: Any) -> Columns:
        """Those rows: a slice, a mask or their places."""
        return Columns(*(column[at] for column in self))


class Merged(NamedTuple):
    """What came of it.

    Attributes:
        ticks: in order of time.
        added: those that the first part did not have.
        repeated: those that another delivery had brought already.
        unsorted: those that came behind a later one of their delivery.
    """

    ticks: Columns
    added: int
    repeated: int
    unsorted: int


def no_ticks() -> Columns:
    """Columns without a row."""
    return columns_from([], [], [], [])


def columns_from(time_ns: Any, price: Any, size: Any, side: Any) -> Columns:
    """Columns of the types that all others here have."""
    import numpy

    times, prices, sizes = (
        numpy.asarray(c, numpy.int64) for c in (time_ns, price, size)
    )
    return Columns(times, prices, sizes, numpy.asarray(side, numpy.int8))


def merged(parts: Sequence[Columns]) -> Merged:
    """The ticks of all parts; each part is one delivery."""
    import numpy

    full = [part for part in parts if len(part.time_ns)]
    unsorted = sum(behind_a_later(part.time_ns) for part in full)
    full = [in_order(part) for part in full]
    first = len(parts[0].time_ns) if parts else 0
    if not full:
        return Merged(no_ticks(), 0, 0, unsorted)
    given = sum(len(part.time_ns) for part in full)
    if len(full) == 1:
        return Merged(full[0], given - first, 0, unsorted)
    ticks = Columns(*(numpy.concatenate(column) for column in zip(*full, strict=True)))
    if not _follow_each_other(full):
        ticks = in_order(ticks.rows(_first_of_each(ticks, full)))
    count = len(ticks.time_ns)
    return Merged(ticks, count - first, given - count, unsorted)


def is_sorted(times: Any) -> bool:
    """Whether no time is before the one that stands before it."""
    return not bool((times[1:] < times[:-1]).any())


def repeats_within(ticks: Columns) -> int:
    """How many ticks of one delivery are alike another before them."""
    return int((_occurrence(ticks) > 0).sum())


def without_repeats(ticks: Columns) -> Columns:
    """One of each that are alike."""
    return ticks.rows(_occurrence(ticks) == 0)


def behind_a_later(times: Any) -> int:
    """How many times are before the latest one that stands before them."""
    import numpy

    if is_sorted(times):
        return 0
    return int((times < numpy.maximum.accumulate(times)).sum())


def in_order(ticks: Columns) -> Columns:
    """The same in order of time; those of one moment stay as they are."""
    import numpy

    if is_sorted(ticks.time_ns):
        return ticks
    return ticks.rows(numpy.argsort(ticks.time_ns, kind="stable"))


def _follow_each_other(parts: Sequence[Columns]) -> bool:
    """Whether each part starts later than the one before it ends."""
    ends = [int(part.time_ns[-1]) for part in parts]
    starts = [int(part.time_ns[0]) for part in parts]
    return all(end < start for end, start in zip(ends, starts[1:], strict=False))


def _occurrence(ticks: Columns) -> Any:
    """Of each tick, how many alike stand before it."""
    import numpy

    order = numpy.lexsort((ticks.side, ticks.size, ticks.price, ticks.time_ns))
    new = _changes(ticks, order)
    place = numpy.arange(len(order))
    rank = place - numpy.maximum.accumulate(numpy.where(new, place, 0))
    found = numpy.empty(len(order), numpy.int64)
    found[order] = rank
    return found


def _first_of_each(ticks: Columns, parts: Sequence[Columns]) -> Any:
    """Where each tick stands for the first time; the nth of its kind is one of its own.

    ``lexsort`` is stable: of rows that are alike, the first given comes first.
    """
    import numpy

    nth = numpy.concatenate([_occurrence(part) for part in parts])
    order = numpy.lexsort((nth, ticks.side, ticks.size, ticks.price, ticks.time_ns))
    new = _changes(ticks, order)
    new[1:] |= nth[order][1:] != nth[order][:-1]
    return numpy.sort(order[new])


def _changes(ticks: Columns, order: Any) -> Any:
    """Where a row, in that order, is another than the one before it."""
    import numpy

    new = numpy.zeros(len(order), bool)
    new[:1] = True
    for column in ticks:
        there = column[order]
        new[1:] |= there[1:] != there[:-1]
    return new
