"""Negotiation: what the server answers before the WebSocket, and what follows from it.

Source: the TransportProtocols.md of ASP.NET Core.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fastorder._base.outside_text import from_outside
from fastorder.errors import RealtimeProtocolError, RealtimeUnavailable
from fastorder.realtime.messages import document

MOST_HOPS = 5


class Agreed(NamedTuple):
    """The server waits for a WebSocket with this id."""

    connection_token: str


class Redirect(NamedTuple):
    """The server sends us on, perhaps with another token, which is a secret."""

    url: str
    token: str | None

    def __repr__(self) -> str:
        return f"Redirect(url={urlsplit(self.url).netloc!r})"


def read_answer(body: bytes, base_url: str, hops: int) -> Agreed | Redirect:
    """What an answer with HTTP 200 says.

    Args:
        base_url: where it was asked for, without the hub's path.
        hops: how often it was sent on before.

    Raises:
        RealtimeUnavailable: there is no way on; the text says why.
    """
    try:
        answer = document(body)
    except RealtimeProtocolError as error:
        raise RealtimeUnavailable(f"negotiation failed: {error}") from None
    if answer.get("error"):
        why = from_outside(str(answer["error"]))
        raise RealtimeUnavailable(f"the server refused to negotiate: {why}")
    if "ProtocolVersion" in answer:
        raise RealtimeUnavailable(
            "the server must speak ASP.NET Core SignalR, it speaks an older one"
        )
    if answer.get("url"):
        return _redirect(answer, base_url, hops)
    return _agreed(answer)


def _agreed(answer: dict[str, Any]) -> Agreed:
    transports = answer.get("availableTransports")
    offered = [
        each.get("transport")
        for each in (transports if type(transports) is list else [])
        if type(each) is dict
    ]
    if "WebSockets" not in offered:
        raise RealtimeUnavailable(
            "the server must offer WebSockets, it offers "
            + from_outside(", ".join(map(str, offered)) or "nothing")
        )
    version = answer.get("negotiateVersion", 0)
    name = "connectionToken" if version == 1 else "connectionId"
    token = answer.get(name)
    if type(token) is not str or not token or not token.isascii():
        raise RealtimeUnavailable(f"a negotiation must give a {name}, it gave none")
    return Agreed(token)


def _redirect(answer: dict[str, Any], base_url: str, hops: int) -> Redirect:
    """Only over TLS, and only to the same site: a token goes with it."""
    url, token = answer["url"], answer.get("accessToken")
    if hops >= MOST_HOPS:
        raise RealtimeUnavailable(f"a server must redirect at most {MOST_HOPS} times")
    try:
        asked, before = urlsplit(str(url)), urlsplit(base_url)
    except ValueError:
        raise RealtimeUnavailable("a redirect must be to a URL") from None
    same = asked.scheme == "https" and _site(asked.hostname) == _site(before.hostname)
    if not same and asked[:2] != before[:2]:
        raise RealtimeUnavailable(
            "a redirect must be https and stay on the same site, it was to "
            + from_outside(asked.netloc)
        )
    return Redirect(
        f"{asked.scheme}://{asked.netloc}", token if type(token) is str else None
    )


def _site(host: str | None) -> str:
    """The last two names of a host; an address is a site of its own."""
    names = (host or "").lower().split(".")
    return ".".join(names if names[-1].isdigit() else names[-2:])
