"""What a protocol asks for next: a request sent, a pause, or the end.

A protocol is a plain object that does no I/O. It is told of events and answers each
with one of these commands, so that it can be run on any engine, and in tests on none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from fastorder.endpoints import Endpoint

T = TypeVar("T")


class Send(NamedTuple):
    """Send this body to this endpoint; ``on_evidence`` follows."""

    endpoint: Endpoint
    body: bytes


class Pause(NamedTuple):
    """Do nothing until the monotonic clock shows this time; ``on_time`` follows."""

    due_ns: int


class Finish(NamedTuple, Generic[T]):
    """The protocol has ended with this value."""

    value: T


Command: TypeAlias = Send | Pause | Finish[T]
