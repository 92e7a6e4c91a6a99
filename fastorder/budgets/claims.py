"""What is asked of the file that a budget is shared through, and what it gives."""

from __future__ import annotations

from typing import NamedTuple


class Claim(NamedTuple):
    """What is asked of the file in one go.

    Attributes:
        now_ns: the monotonic clock.
        want: how many rows, at most.
        most, span_ns: so many of all requests may count in so long a time.
        history_most, history_span_ns: the same of history; 0 where none is asked for.
        ends_by_ns: when a request of such a row has ended, at the latest.
        part: no more than one of so many parts of what is left, but one row at least.
    """

    now_ns: int
    want: int
    most: int
    span_ns: int
    history_most: int
    history_span_ns: int
    ends_by_ns: int
    part: int = 1


class Claimed(NamedTuple):
    """What the file has given.

    Attributes:
        numbers: of the rows.
        room_ns: when there is room for the next one; 0 where nothing is in its way.
        closed_ns, history_closed_ns: until when the gateway is to be left alone.
    """

    numbers: list[int]
    room_ns: int
    closed_ns: int
    history_closed_ns: int


class Unusable(Exception):
    """The file cannot be used now; the text says why."""
