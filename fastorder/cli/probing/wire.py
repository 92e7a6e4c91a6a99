"""A plain connection to a gateway: what was asked and answered, with nothing between.

The library's own connections repeat, renew and refuse; a probe needs the bare answer.
"""

from __future__ import annotations

import http.client
import json
import select
import ssl
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from fastorder._base.outside_text import from_outside
from fastorder.session.tls import checked_base_url, security_for

if TYPE_CHECKING:
    import socket

    from fastorder.auth.session_token import SessionToken

ANSWER_S = 30.0
MOST_BYTES = 4 << 20


class Place(NamedTuple):
    """Where a gateway is.

    Attributes:
        context: of TLS; None over loopback without it.
    """

    host: str
    port: int
    context: ssl.SSLContext | None


def place_of(base_url: str, ca_file: str | None) -> Place:
    """The place of a URL.

    Raises:
        ConfigurationError: of the URL, or of the authorities to trust.
    """
    parts = urlsplit(checked_base_url(base_url))
    context = None
    if parts.scheme == "https":
        trusted = security_for(base_url, ca_file).ca_file
        context = ssl.create_default_context(cafile=trusted or None)
    port = parts.port or (80 if context is None else 443)
    return Place(parts.hostname or "", port, context)


class Reply(NamedTuple):
    """An answer.

    Attributes:
        status: of HTTP.
        headers: by name, in lower case.
        text: the body.
        at_s: when it was there, on the monotonic clock.
    """

    status: int
    headers: dict[str, str]
    text: str
    at_s: float

    @property
    def members(self) -> dict[str, Any]:
        """Of its JSON object; empty where it is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def shown(self) -> str:
        """For a report: the status and the body; secrets are hidden."""
        return f"HTTP {self.status} {from_outside(self.text)}".strip()


class Line:
    """One connection, opened by the first request.

    Args:
        place: where to.
        token: of the session; it stands in the header alone.
    """

    def __init__(self, place: Place, token: SessionToken) -> None:
        self._token = token
        if place.context is None:
            self._http = http.client.HTTPConnection(
                place.host, place.port, timeout=ANSWER_S
            )
        else:
            self._http = http.client.HTTPSConnection(
                place.host, place.port, timeout=ANSWER_S, context=place.context
            )

    def __repr__(self) -> str:
        return f"<Line to {self._http.host}>"

    def open(self) -> None:
        """Connect, before there is something to send."""
        if self._http.sock is None:
            self._http.connect()

    def send(
        self, path: str, members: dict[str, Any], token: str | None = None
    ) -> None:
        """Send a request, and wait for nothing.

        Raises:
            OSError: the connection has failed.
        """
        body = json.dumps(members)
        try:
            self._http.request("POST", path, body, self._headers(token))
        except http.client.HTTPException as error:
            raise ConnectionError(type(error).__name__) from None

    def _headers(self, token: str | None) -> dict[str, str]:
        shown = self._token.reveal() if token is None else token
        return {
            "Authorization": f"Bearer {shown}",
            "Content-Type": "application/json",
        }

    def read(self) -> Reply:
        """The answer to what was sent.

        Raises:
            OSError: the connection has failed, or there was none in time.
        """
        try:
            answer = self._http.getresponse()
            body = answer.read(MOST_BYTES)
        except http.client.HTTPException as error:
            raise ConnectionError(type(error).__name__) from None
        at_s = time.monotonic()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, headers, body.decode("utf-8", "replace"), at_s)

    def ask(
        self, path: str, members: dict[str, Any], token: str | None = None
    ) -> Reply:
        """Send a request; its answer. It is never sent again.

        Raises:
            OSError: see above.
        """
        self.send(path, members, token)
        return self.read()

    def ends_within(self, seconds: float) -> bool:
        """Whether the gateway ends an idle connection in that time."""
        sock: socket.socket | None = self._http.sock
        return sock is None or bool(select.select([sock], [], [], seconds)[0])

    def close(self) -> None:
        """End it, whatever is under way."""
        self._http.close()


def offers_h2(place: Place) -> str:
    """Which protocol a server picks where HTTP/2 is offered; "" for none.

    Raises:
        OSError: no connection.
    """
    import socket

    if place.context is None:
        return ""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: only the choice is read
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(place[:2], ANSWER_S) as plain,
        context.wrap_socket(plain, server_hostname=place.host) as secured,
    ):
        return secured.selected_alpn_protocol() or ""
