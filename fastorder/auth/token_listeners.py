"""Tells whoever listens of each change of the token, the newest last."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from fastorder._base.outside_text import from_outside
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.auth.session_token import SessionToken


class _Listener:
    """One of them, and the revision that it was told last."""

    __slots__ = ("call", "told")

    def __init__(self, call: Callable[[SessionToken | None], Any], told: int) -> None:
        self.call = call
        self.told = told


class TokenListeners:
    """Calls listeners in the thread that has changed the token, one call at a time.

    Where two threads change it at once, the one that came first tells of both: no
    listener is called while another call of it is under way, none hears of an older
    token after a newer one, and no lock is held meanwhile.

    Args:
        state: gives the number of what was done last, and the token, or None.
    """

    __slots__ = ("_has_news", "_is_telling", "_listeners", "_lock", "_state")

    def __init__(self, state: Callable[[], tuple[int, SessionToken | None]]) -> None:
        self._state = state
        self._lock = Lock()
        self._listeners: tuple[_Listener, ...] = ()
        self._has_news = False
        self._is_telling = False

    def __repr__(self) -> str:
        return f"<TokenListeners: {len(self._listeners)}>"

    def add(self, call: Callable[[SessionToken | None], Any]) -> Callable[[], None]:
        """Call it from the next change on; what is returned ends that."""
        listener = _Listener(call, self._state()[0])
        with self._lock:
            self._listeners += (listener,)

        def stop() -> None:
            with self._lock:
                others = (each for each in self._listeners if each is not listener)
                self._listeners = tuple(others)

        return stop

    def tell(self) -> None:
        """There has been a change; one that is told already is not told again."""
        with self._lock:
            self._has_news = bool(self._listeners)
            if not self._has_news or self._is_telling:
                return  # whoever tells goes on with it
            self._is_telling = True
        try:
            while self._take_news():
                for listener in self._listeners:
                    self._tell_one(listener)
        except BaseException:  # Ctrl-C in a listener
            self._is_telling = False
            raise

    def _take_news(self) -> bool:
        with self._lock:
            self._is_telling = had_news = self._has_news
            self._has_news = False
            return had_news

    def _tell_one(self, listener: _Listener) -> None:
        number, token = self._state()
        if number <= listener.told:
            return
        listener.told = number
        try:
            listener.call(token)
        except Exception as error:  # its text may show the token
            why = from_outside(repr(error))
            log().error("a listener of the token has failed: %s", why)
