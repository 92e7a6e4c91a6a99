# cython: annotation_typing=False
"""The token that every request carries; it can be swapped at any time."""

from __future__ import annotations

from threading import Lock
from typing import NoReturn

from fastorder._base.known_secrets import KnownSecrets
from fastorder._core.codec.field_checks import header_token
from fastorder.auth.session_token import SessionToken
from fastorder.auth.token_listeners import TokenListeners
from fastorder.errors import TokenMissing


class TokenStore:
    """One token, safe to set and to get from any thread.

    The checked bytes are one object that is swapped whole: a request that is being
    built has either the old token or the new one, and a request in flight keeps the
    one it left with.

    Attributes:
        listeners: hear of each change; the newest state is told last, always.
        number: of the token, drawn when it was asked for; 0 where there is none. It is
            swapped after the token, so whoever reads the number first and the token
            then takes a token for an older one at worst, never for a newer one.
        secrets: every token that came here, so that no text shows it.
    """

    __slots__ = (
        "_drawn",
        "_header",
        "_lock",
        "_newest",
        "listeners",
        "number",
        "secrets",
    )

    def __init__(self) -> None:
        self._lock = Lock()
        self._drawn = 0
        self._header: bytes | None = None
        self._newest = 0  # the number of what was done last: a token, or its end
        self.number = 0
        self.secrets = KnownSecrets()
        self.listeners = TokenListeners(self.state)

    def __repr__(self) -> str:
        return f"<TokenStore: {'empty' if self._header is None else 'a token'}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refused: a pickle or a copy would carry the token away."""
        raise TypeError("a token must stay in its process, not be copied or pickled")

    def __getstate__(self) -> NoReturn:
        """Refused, for the same reason."""
        raise TypeError("a token must stay in its process, not be copied or pickled")

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
            is_newer = number > self._newest
            if is_newer:
                self._newest = number
                self._header = header
                self.number = number
        if is_newer:
            self.listeners.tell()
        return None

    def clear(self, number: int) -> None:
        """Have no token from now on, unless one newer than this number is there."""
        with self._lock:
            is_newer = number > self._newest
            if is_newer:
                self._newest = number
                self.number = 0
                self._header = None
        if is_newer:
            self.listeners.tell()

    def state(self) -> tuple[int, SessionToken | None]:
        """The number of what was done last, and the token that it has left."""
        with self._lock:
            if self._header is None:
                return self._newest, None
            text = self._header.decode("ascii")
            return self._newest, SessionToken(text, self.number)

    def get(self) -> str | None:
        """The token; None where there is none."""
        header = self._header  # another thread may clear it meanwhile
        return None if header is None else header.decode("ascii")

    def header(self) -> bytes:
        """The token as it goes on the wire.

        Raises:
            TokenMissing: no token was set.
        """
        header = self._header
        if header is None:
            raise TokenMissing("a token must be set before a request, there is none")
        return header
