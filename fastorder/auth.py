"""The token that every request carries; it can be swapped at any time."""

from __future__ import annotations

from fastorder._core.fields import header_token
from fastorder.errors import TokenMissing


class TokenStore:
    """One token, safe to set and to get from any thread.

    The checked bytes are one object that is swapped whole: a request that is being
    built has either the old token or the new one, and a request in flight keeps the
    one it left with.
    """

    __slots__ = ("_header",)

    def __init__(self) -> None:
        self._header: bytes | None = None

    def __repr__(self) -> str:
        return f"<TokenStore: {'empty' if self._header is None else 'a token'}>"

    def set(self, token: str) -> Exception | None:
        """Take a new token; the error, not raised, where it is not one.

        Raising here would put the token into the traceback's local variables.
        """
        try:
            self._header = header_token(token)
        except (TypeError, ValueError) as error:
            return error.with_traceback(None)
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
