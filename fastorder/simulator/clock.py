"""Time of the simulated day: the machine's, or one that a test moves by hand."""

from __future__ import annotations

import time
from datetime import datetime, timezone

from fastorder.simulator.near_names import class_with_near_names


class Clock:
    """Seconds since the epoch, as the machine shows them."""

    def now_s(self) -> float:
        """The time, in whole microseconds: a timestamp loses nothing of it."""
        return round(time.time(), 6)


@class_with_near_names
class ManualClock(Clock):
    """A clock that stands until it is moved.

    Args:
        start_s: seconds since the epoch; a Wednesday afternoon in Chicago by default.
    """

    def __init__(self, start_s: float = 1_787_168_965.0) -> None:
        self._now_s = start_s

    def now_s(self) -> float:
        """The time."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move forward."""
        if seconds < 0:
            raise ValueError(f"a clock moves forward, was moved by {seconds}")
        self._now_s += seconds


def stamp(now_s: float) -> str:
    """The gateway's timestamp: UTC, up to 6 digits, without trailing zeros."""
    moment = datetime.fromtimestamp(now_s, timezone.utc)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{moment.microsecond:06d}".rstrip("0")
    return f"{text}.{fraction}+00:00" if fraction else f"{text}+00:00"


def seconds_from(text: str) -> float:
    """Seconds since the epoch of a timestamp in a request; no offset means UTC.

    Raises:
        ValueError: it is not one.
    """
    body = text[:-1] + "+00:00" if text[-1:] in "Zz" else text
    head, dot, rest = body.partition(".")
    if dot:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        body = f"{head}.{digits[:6].ljust(6, '0')}{rest[len(digits) :]}"
    moment = datetime.fromisoformat(body)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()
