"""The time span of a read, checked before it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.hints import moment_hint
from fastorder.errors import InvalidField
from fastorder.verbs.option_checks import check_type

if TYPE_CHECKING:
    from datetime import datetime

    from fastorder.session.dispatcher import Dispatcher

YEAR_10000_S = 253_402_300_800
"""Seconds from 1970 to the first moment that a text of the wire does not hold."""

AWARE = "must be aware of its time zone"


def checked_span(
    dispatcher: Dispatcher, since: Any, until: Any
) -> tuple[datetime | None, datetime | None]:
    """Both in UTC; None stays None.

    Raises:
        WrongFieldType, InvalidField: one is no time, or no aware one, or before 1970,
            ``since`` is still to come, or not before ``until``.
    """
    start = None if since is None else _checked_since(dispatcher, since)
    end = None if until is None else checked_moment("until", until)
    if start is not None and end is not None and start >= end:
        raise InvalidField("since", f"must be before until ({until})", since)
    return start, end


def _checked_since(dispatcher: Dispatcher, since: Any) -> datetime:
    start = checked_moment("since", since)
    if start.timestamp() > latest_s(dispatcher):
        raise InvalidField("since", "must not be in the future", since)
    return start


def latest_s(dispatcher: Dispatcher) -> float:
    """The time now in seconds since the epoch: the later of both sides' clocks."""
    ahead_s = dispatcher.server_clock.ahead_s()
    return dispatcher.clock.wall_s() + max(0.0, (ahead_s or 0.0) + 1.0)


def earliest_s(dispatcher: Dispatcher) -> float:
    """The time now in seconds since the epoch: the earlier of both sides' clocks."""
    ahead_s = dispatcher.server_clock.ahead_s()
    return dispatcher.clock.wall_s() + min(0.0, ahead_s or 0.0)


def checked_moment(field: str, moment: Any) -> datetime:
    """A time in UTC.

    Raises:
        WrongFieldType, InvalidField: it is none, or no aware one, or before 1970.
    """
    from datetime import datetime, timezone  # loaded with the executor

    check_type(field, moment, datetime, "must be a datetime", moment_hint(moment))
    if moment.utcoffset() is None:
        hint = "its astimezone() is, for local time"
        raise InvalidField(field, AWARE, moment, hint)
    seconds = moment.timestamp()
    if seconds < 0:
        raise InvalidField(field, "must not be before 1970", moment)
    if seconds >= YEAR_10000_S:
        raise InvalidField(field, "must be in UTC not after 9999", moment)
    in_utc: datetime = moment.astimezone(timezone.utc)
    return in_utc


def wire_text(moment: datetime) -> str:
    """A time in UTC as it goes on the wire."""
    return moment.isoformat().replace("+00:00", "Z")
