"""What a hub's protocol wants done, and what it is told of a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    from fastorder.realtime.events import (
        ConnectFailed,
        Event,
        Gap,
        Live,
        Refused,
        Rolled,
        Undecodable,
    )


class Negotiate(NamedTuple):
    """Ask how to connect; the answer goes to ``negotiated``."""

    generation: int
    base_url: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Negotiate(generation={self.generation})"


class Connect(NamedTuple):
    """Open a WebSocket with the token of this moment, or the one given."""

    generation: int
    connection_token: str | None = None
    base_url: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Connect(generation={self.generation})"


class Write(NamedTuple):
    """Put bytes on the wire."""

    generation: int
    data: bytes


class Probe(NamedTuple):
    """Send a WebSocket ping: whoever is there answers at once."""

    generation: int


class Farewell(NamedTuple):
    """Send a WebSocket close; the connection still reads."""

    generation: int
    code: int


class Drop(NamedTuple):
    """End the connection, whatever state it is in."""

    generation: int


class Renew(NamedTuple):
    """The hub did not take the token: get another one, if that can be done."""


class Tell(NamedTuple):
    """Tell the program."""

    event: Told


class Failure(NamedTuple):
    """Why a connection did not come to be.

    Attributes:
        status: the HTTP status of the answer; 0 where there was none.
        retry_ns: what its Retry-After asks for.
    """

    why: str
    status: int = 0
    retry_ns: int = 0


Told: TypeAlias = "Live | Rolled | Gap | Refused | ConnectFailed | Event | Undecodable"

Command: TypeAlias = (
    "Negotiate | Connect | Write | Probe | Farewell | Drop | Renew | Tell"
)
