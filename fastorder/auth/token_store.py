# cython: annotation_typing=False
"""The token that every request carries; it can be swapped at any time."""

from __future__ import annotations

from threading import Lock

from fastorder._base.known_secrets import KnownSecrets
from fastorder._core.codec.field_checks import header_token
from fastorder.errors import TokenMissing


class TokenStore:
    """One token, safe to set and to get from any thread.

    The checked bytes are one object that is swapped whole: a request that is being
    built has either the old token or the new one, and a request in flight keeps the
    one it left with.

    Attributes:
        number: of the token, drawn when it was asked for; 0 where there is none. It is
            swapped after the token, so whoever reads the number first and the token
            then takes a token for an older one at worst, never for a newer one.
        secrets: every token that came here, so that no text shows it.
    """

    __slots__ = ("_drawn", "_header", "_lock", "number", "secrets")

    def __init__(self) -> None:
        self._lock = Lock()
        self._drawn = 0
        self._header: bytes | None = None
        self.number = 0
        self.secrets = KnownSecrets()

    def __repr__(self) -> str:
        return f"<TokenStore: {'empty' if self._header is None else 'a token'}>"

    def draw(self) -> int:
        """The number of a token that is asked for now."""
        with self._lock:
            self._drawn += 1
            return self._drawn

    def set(self, token: str) -> Exception | None:
        """Take a new token; see ``put``."""
        return self.put(token, self.draw())

    def put(self, token: str, number: int) -> Exception | None:
        """Take a token unless a newer one is there; the error, not raised, if any.

        Raising here would put the token into the traceback's local variables.
        """
        try:
            header = header_token(token)
        except (TypeError, ValueError) as error:
            return error.with_traceback(None)
        self.secrets.add(token)
        with self._lock:
            if number > self.number:
                self._header = header
                self.number = number
        return None

    def get(self) -> str | None:
        """The token; None where there is none."""
        return None if self._header is None else self._header.decode("ascii")

    def header(self) -> bytes:
        """The token as it goes on the wire.

        Raises:
            TokenMissing: no token was set.
        """
        if self._header is None:
            raise TokenMissing("a token must be set before a request, there is none")
        return self._header
