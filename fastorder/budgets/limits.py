"""Budgets: how many requests may leave, checked when it is made."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from fastorder._base.near_names import class_with_near_names
from fastorder._base.shown import safely_shown
from fastorder.budgets.lanes import LANES, Lane
from fastorder.errors import ConfigurationError, looks_like_secret, was

# Source: the gateway's documentation, "Rate Limits": 50 requests in 30 s for
# History/retrieveBars, 200 in 60 s for all other endpoints, more are answered by 429.
# It does not say whether the windows roll, nor whether a request of history counts in
# both: here they do, and it does, so that it is right either way.
VENUE_REQUESTS, VENUE_SECONDS = 200, 60.0
VENUE_HISTORY_REQUESTS, VENUE_HISTORY_SECONDS = 50, 30.0

MOST_REQUESTS = 100_000
LONGEST_SECONDS = 600.0
LONGEST_WAIT_S = 86_400.0


@class_with_near_names
@dataclass(frozen=True, slots=True)
class Budgets:
    """How many requests may leave in any window of time; the gateway's own limits.

    Attributes:
        requests, seconds: so many requests of all kinds in any so many seconds.
        history_requests, history_seconds: the same for history alone, which counts in
            both.
        kept: the share that is kept for closes, cancels, stop moves, what these look
            at, and look-ups of orders in doubt, 0 up to 1.
        kept_for_orders: the share that reads and history leave to orders besides.
        longest_wait: seconds that a request waits for room before it ends unsent.
        shared: count with every process of this machine and user that shares too.
        path: the file that it is shared through; where not given, one for each gateway
            in the folder where programs keep their state.

    Raises:
        ConfigurationError: a value is not usable, or two contradict each other.
    """

    requests: int = VENUE_REQUESTS
    seconds: float = VENUE_SECONDS
    history_requests: int = VENUE_HISTORY_REQUESTS
    history_seconds: float = VENUE_HISTORY_SECONDS
    kept: float = 0.2
    kept_for_orders: float = 0.1
    longest_wait: float = 120.0
    shared: bool = False
    path: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        _check_count("requests", self.requests)
        _check_number("seconds", self.seconds, 0.1, LONGEST_SECONDS)
        _check_count("history_requests", self.history_requests)
        _check_number("history_seconds", self.history_seconds, 0.1, LONGEST_SECONDS)
        _check_number("kept", self.kept, 0.0, 1.0)
        _check_number("kept_for_orders", self.kept_for_orders, 0.0, 1.0)
        _check_number("longest_wait", self.longest_wait, 0.0, LONGEST_WAIT_S)
        if not isinstance(self.shared, bool):
            raise ConfigurationError(
                f"shared must be True or False, was {safely_shown(self.shared)}"
            )
        self._check_path()
        self._check_together()

    def _check_path(self) -> None:
        if self.path is None:
            return
        if not isinstance(self.path, (str, os.PathLike)):
            raise ConfigurationError(
                f"path must be a path, was {type(self.path).__name__}"
            )
        text = os.fsdecode(self.path)
        if not text or "\0" in text or looks_like_secret(text):
            raise ConfigurationError(
                f"path must be the path of a file, was {safely_shown(text)}"
            )
        if not self.shared:
            raise ConfigurationError(
                f"path must come with shared=True, {was(text)} without it"
            )

    def _check_together(self) -> None:
        if self.history_requests > self.requests:
            raise ConfigurationError(
                "history_requests must be at most requests, as history counts in both, "
                f"was {self.history_requests} of {self.requests}"
            )
        if self._most(Lane.READS) < 1:
            raise ConfigurationError(
                "kept and kept_for_orders must leave at least 1 request to reads, were "
                f"{self.kept} and {self.kept_for_orders} of {self.requests}"
            )

    @property
    def _kept_count(self) -> int:
        """How many are kept for the first three lanes."""
        return _share(self.kept, self.requests)

    def _most(self, lane: Lane) -> int:
        """Up to how many requests, of all lanes together, one of this lane may be.

        Half of what is kept is for the first lane alone: thousands of look-ups after a
        restart take no close its room. What an act looks at may use most of that half,
        and leaves a quarter of it: an act that looks and looks takes none either.
        """
        if lane is Lane.LESSENING:
            return self.requests
        half = self._kept_count // 2
        if lane is Lane.ACT_LOOKS:
            return self.requests - -(-half // 4)
        if lane is Lane.LOOK_UPS:
            return self.requests - half
        if lane in (Lane.MODIFIES, Lane.PLACES):
            return self.requests - self._kept_count
        for_orders = _share(self.kept_for_orders, self.requests)
        return self.requests - self._kept_count - for_orders

    @property
    def _most_by_lane(self) -> tuple[int, ...]:
        return tuple(self._most(lane) for lane in LANES)


def _share(share: float, of: int) -> int:
    return int(share * of + 1e-9)


def _check_count(name: str, value: Any) -> None:
    if type(value) is not int or not 1 <= value <= MOST_REQUESTS:
        raise ConfigurationError(
            f"{name} must be a whole number from 1 to {MOST_REQUESTS}, "
            f"was {safely_shown(value)}"
        )


def _check_number(name: str, value: Any, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigurationError(f"{name} must be a number, was {type(value).__name__}")
    if not least <= value <= most:  # false for NaN as well
        raise ConfigurationError(
            f"{name} must be {least:g} to {most:g}, was {safely_shown(value)}"
        )


Budgets.__module__ = "fastorder"  # where it is imported from; os is not known there
Budgets.__annotations__["path"] = str | os.PathLike[str] | None
