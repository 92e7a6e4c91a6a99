"""Faults on demand: what a gateway, or the line to it, can do to a request.

A fault has two independent sides. ``effect`` says whether the request is carried out:

    "now"   as usual
    "none"  not at all
    "late"  after ``delay_s``, once the connection has been dealt with

``reply`` says what comes back:

    "answer"   the true answer (after ``delay_s``, where the effect is not late)
    "hang_up"  nothing; the connection is closed
    "reset"    nothing; the connection is reset
    "stall"    nothing; the connection stays open
    "status"   HTTP ``status``, with ``headers``, ``body`` and ``retry_after``
    "body"     HTTP 200 with ``body`` in place of the answer
    "code"     an envelope with ``error_code``, ``message`` and ``success``
    "cut"      the answer's first ``cut_at`` bytes, headers included; then the
               connection is closed, or reset where ``reset`` is true
    "trickle"  the answer, a byte every ``delay_s``
    "chunked"  the answer in chunks of 7 bytes

Everything but a ping is struck by the endpoint "*": how often a client pings has no say
in which of its orders meets a fault. A ping is struck by its own path.

Two replies concern more than one request: "refuse" closes every connection and stops
listening for ``delay_s``; "lag" hides orders younger than ``delay_s`` from
Order/search.
"""

from __future__ import annotations

import json
import math
import threading
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder.simulator.endpoints import PATHS, PING
from fastorder.simulator.near_names import class_with_near_names

if TYPE_CHECKING:
    from collections.abc import Callable

EFFECTS = ("now", "none", "late")
REPLIES = (
    "answer",
    "hang_up",
    "reset",
    "stall",
    "status",
    "body",
    "code",
    "cut",
    "trickle",
    "chunked",
    "refuse",
    "lag",
)


class FaultError(ValueError):
    """A fault that cannot be understood."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


@class_with_near_names
@dataclass(frozen=True)
class Fault:
    """One fault: where, how often, and what.

    Attributes:
        endpoint: the path that it strikes, in any letter case; "*" for every one but a
            ping. One that the gateway does not have is refused: it would never strike.
        reply, effect: see the module.
        times: how many requests it strikes; None for all to come.
        after: how many matching requests it lets pass first.
        delay_s: seconds, where the reply or the effect has a delay.
        status, headers, body, retry_after: of a "status"; ``body`` of a "body" too,
            bytes, or a text, which is kept as its UTF-8.
        cut_at, reset: of a "cut".
        error_code, message, success: of a "code".
    """

    endpoint: str
    reply: str = "answer"
    effect: str = "now"
    times: int | None = 1
    after: int = 0
    delay_s: float = 0.0
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | str = b""
    retry_after: str | None = None
    cut_at: int = 0
    reset: bool = False
    error_code: int = 7
    message: str | None = None
    success: bool = False

    def __post_init__(self) -> None:
        for name, (holds, expected) in _RULES.items():
            value = getattr(self, name)
            if not holds(value):
                raise FaultError(f"{name} must be {expected}, was {value!r}")
        if isinstance(self.body, str):
            object.__setattr__(self, "body", self.body.encode("utf-8"))


def _is_endpoint(value: Any) -> bool:
    return isinstance(value, str) and (value == "*" or value.lower() in PATHS)


def _is_whole(value: Any, least: int, most: float = math.inf) -> bool:
    return type(value) is int and least <= value <= most


def _is_duration(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < math.inf


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and not set(value) & set("\r\n\0")


def _is_body(value: Any) -> bool:
    if not isinstance(value, str):
        return isinstance(value, bytes)
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _are_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _is_line(name) and _is_line(text) for name, text in value.items()
    )


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "endpoint": (_is_endpoint, f"* or one of {', '.join(PATHS)}"),
    "reply": (lambda value: value in REPLIES, f"one of {', '.join(REPLIES)}"),
    "effect": (lambda value: value in EFFECTS, f"one of {', '.join(EFFECTS)}"),
    "times": (lambda value: value is None or _is_whole(value, 1), ">= 1 or null"),
    "after": (lambda value: _is_whole(value, 0), ">= 0"),
    "delay_s": (_is_duration, "seconds, 0 or more"),
    "status": (lambda value: _is_whole(value, 200, 999), "from 200 to 999"),
    "headers": (_are_headers, "texts by name"),
    "body": (_is_body, "a text that UTF-8 can write, or bytes"),
    "retry_after": (lambda value: value is None or _is_line(value), "a text or null"),
    "cut_at": (lambda value: _is_whole(value, 0), ">= 0"),
    "reset": (lambda value: isinstance(value, bool), "true or false"),
    "error_code": (lambda value: _is_whole(value, 0), ">= 0"),
    "message": (lambda value: value is None or isinstance(value, str), "a text"),
    "success": (lambda value: isinstance(value, bool), "true or false"),
}


class FaultPlan:
    """The faults that are still to strike, in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def add(self, *faults: Fault) -> None:
        """Arm faults; safe from any thread."""
        with self._lock:
            self._armed += [_Armed(fault) for fault in faults]

    def clear(self) -> None:
        """Disarm all; safe from any thread."""
        with self._lock:
            self._armed.clear()

    def strike(self, endpoint: str) -> Fault | None:
        """The fault that this request meets; None for none."""
        if not self._armed:
            return None
        with self._lock:
            for armed in self._armed:
                if armed.meets(endpoint):
                    self._armed = [a for a in self._armed if not a.spent]
                    return armed.fault
        return None


class _Armed:
    """A fault and what is left of it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._endpoint = fault.endpoint.lower()
        self._passing = fault.after
        self._left = fault.times

    @property
    def spent(self) -> bool:
        return self._left == 0

    def meets(self, endpoint: str) -> bool:
        if self._endpoint != endpoint and (self._endpoint != "*" or endpoint == PING):
            return False
        if self._passing:
            self._passing -= 1
            return False
        if self._left is not None:
            self._left -= 1
        return True


def load_faults(path: str | Path) -> list[Fault]:
    """Faults from a JSON file: a list of objects with the fields of ``Fault``.

    Raises:
        FaultError: which entry is wrong, what was expected, what was found.
    """
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FaultError(f"{path}: a JSON file was expected: {error}") from None
    if not isinstance(entries, list):
        raise FaultError(f"{path}: a list was expected, found {type(entries).__name__}")
    return [_loaded(entry, f"{path}: entry {i}") for i, entry in enumerate(entries)]


def _loaded(entry: Any, where: str) -> Fault:
    if not isinstance(entry, dict) or "endpoint" not in entry:
        raise FaultError(f"{where}: an object with an endpoint was expected")
    known = {f.name for f in fields(Fault)}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise FaultError(
            f"{where}: unknown {', '.join(unknown)}; "
            f"known are {', '.join(sorted(known))}"
        )
    try:
        return Fault(**entry)
    except FaultError as error:
        raise FaultError(f"{where}: {error}") from None
