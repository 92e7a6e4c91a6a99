"""Timeouts and RetryPolicy, checked when they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fastorder._base.hints import milliseconds_hint
from fastorder._base.near_names import class_with_near_names
from fastorder.errors import ConfigurationError, was

SECOND_NS = 1_000_000_000

RESENDS = ("lookup_first", "after_quiet", "never")


@class_with_near_names
@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one request may take.

    Attributes:
        connect: seconds for DNS, TCP and TLS together, at most 300.
        request: seconds for the whole request, connecting included, at most 300.
    """

    connect: float = 2.0
    request: float = 5.0

    def __post_init__(self) -> None:
        _check_seconds("connect", self.connect, 0.001, 300.0)
        _check_seconds("request", self.request, 0.001, 300.0)

    @property
    def _connect_ms(self) -> int:
        """The same in whole milliseconds."""
        return math.ceil(self.connect * 1000)

    @property
    def _request_ms(self) -> int:
        """The same in whole milliseconds."""
        return math.ceil(self.request * 1000)


@class_with_near_names
@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a request is tried again: 750, 1500 and 3000 ms after a failure.

    Attributes:
        max_retries: tries after the first, 0 to 10.
        base_delay: seconds before the first of them, at most 60.
        multiplier: each delay is the one before times this, at least 1.
        max_delay: the longest delay, in seconds.
        jitter: the share by which a delay may be longer, at random, 0 to 0.1.
        statuses: the HTTP statuses that are tried again, 500 to 599.
        max_retry_after: the longest Retry-After that it waits for, in seconds.
        resend: when an order of unknown outcome is sent again: "lookup_first", once a
            look-up in full does not list it; "after_quiet", once it is proved that it
            was not placed; "never".
        quiet: seconds after the last send until a look-up can prove that an order was
            not placed; longer than the gateway takes to book or to drop one.
        watch: seconds after which an unknown order is looked up only when you ask.
    """

    max_retries: int = 3
    base_delay: float = 0.75
    multiplier: float = 2.0
    max_delay: float = 30.0
    jitter: float = 0.0
    statuses: frozenset[int] = frozenset({500, 502, 503, 504})
    max_retry_after: float = 60.0
    resend: str = "lookup_first"
    quiet: float = 30.0
    watch: float = 300.0

    def __post_init__(self) -> None:
        if type(self.max_retries) is not int or not 0 <= self.max_retries <= 10:
            raise ConfigurationError(
                f"max_retries must be a whole number from 0 to 10, "
                f"{was(self.max_retries)}"
            )
        _check_seconds("base_delay", self.base_delay, 0.0, 60.0)
        _check_number("multiplier", self.multiplier, 1.0, 100.0)
        _check_seconds("max_delay", self.max_delay, 0.0, 3600.0)
        _check_number("jitter", self.jitter, 0.0, 0.1)
        _check_seconds("max_retry_after", self.max_retry_after, 0.0, 86_400.0)
        _check_seconds("quiet", self.quiet, 0.0, 3600.0)
        _check_seconds("watch", self.watch, 0.0, 86_400.0)
        if self.resend not in RESENDS:
            raise ConfigurationError(
                f"resend must be one of {', '.join(RESENDS)}, {was(self.resend)}"
            )
        object.__setattr__(self, "statuses", _statuses(self.statuses))

    def _delay_ns(self, index: int, spread: float = 0.0) -> int:
        """The delay before retry ``index`` (from 0), in nanoseconds.

        Args:
            index: 0 for the first retry.
            spread: chance, from 0 up to 1; how much of the jitter is used.
        """
        delay = min(self.base_delay * self.multiplier**index, self.max_delay)
        return int(delay * (1.0 + self.jitter * spread) * SECOND_NS)

    @property
    def _watch_ns(self) -> int:
        """``watch`` in nanoseconds."""
        return int(self.watch * SECOND_NS)

    @property
    def delays_ns(self) -> tuple[int, ...]:
        """Every delay without jitter, in nanoseconds."""
        return tuple(self._delay_ns(index) for index in range(self.max_retries))


def _check_seconds(name: str, value: float, least: float, most: float) -> None:
    """Refuse what is no number of seconds; milliseconds are often too many."""
    _check_number(name, value, least, most, " seconds")


def _check_number(
    name: str, value: float, least: float, most: float, unit: str = ""
) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        of = f" of{unit}" if unit else ""
        raise ConfigurationError(
            f"{name} must be a number{of}, was {type(value).__name__}"
        )
    if not least <= value <= most:  # false for NaN as well
        meant = milliseconds_hint(value, most) if unit else ""
        raise ConfigurationError(
            f"{name} must be {least} to {most}{unit}, {was(value)}"
            + (f" ({meant})" if meant else "")
        )


def _statuses(statuses: object) -> frozenset[int]:
    if isinstance(statuses, (frozenset, set, tuple, list)) and all(
        type(status) is int and 500 <= status <= 599 for status in statuses
    ):
        return frozenset(statuses)
    raise ConfigurationError(
        f"statuses must be a set of HTTP statuses from 500 to 599, {was(statuses)}"
        + _why_not(statuses)
    )


def _why_not(statuses: object) -> str:
    """A hint where one that is handled elsewhere is among them."""
    if isinstance(statuses, int):
        return f" (one alone is {{{statuses}}})"
    if isinstance(statuses, (frozenset, set, tuple, list)) and 429 in statuses:
        return " (429 is always waited for)"
    return ""


ONE_TRY = RetryPolicy(max_retries=0)
"""For what a later request asks anew."""

for _kind in (Timeouts, RetryPolicy):
    _kind.__module__ = "fastorder"  # where they are imported from
