"""What others may see of an executor's session: its token, and each new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.errors import WrongFieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.auth.session_token import SessionToken
    from fastorder.auth.token_store import TokenStore


class Session:
    """The session of an executor, for what connects with the same token.

    Safe from any thread.

    Attributes:
        tokens: where the executor keeps it, for the package's own connections.
    """

    __slots__ = ("tokens",)

    def __init__(self, tokens: TokenStore) -> None:
        self.tokens = tokens

    def __repr__(self) -> str:
        return f"<Session: {self.current() or 'no token'}>"

    def current(self) -> SessionToken | None:
        """The token of now, with its revision; None where there is none."""
        return self.tokens.state()[1]

    def listen(
        self, listener: Callable[[SessionToken | None], Any]
    ) -> Callable[[], None]:
        """Call it with each new token, and with None once there is none any more.

        It is called in the thread that has changed the token, the event loop's for a
        login, and one call at a time; an older token never comes after a newer one.
        An error of it is logged.

        Returns:
            What ends it: call that to hear no more.

        Raises:
            WrongFieldType: it cannot be called.
        """
        if not callable(listener):
            rule = "must be callable with a token or None"
            raise WrongFieldType("listener", rule, listener)
        return self.tokens.listeners.add(listener)
