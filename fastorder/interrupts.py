"""Ctrl-C, held back until it can be answered without losing anything."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from typing_extensions import Self


class HeldInterrupts:
    """Within it, Ctrl-C waits for ``let_through``.

    Python runs a signal's handler between any two steps; one that raises there could
    drop an answer that has just been read. So the program's own handler is called at a
    point that is safe. Elsewhere than in the main thread nothing is held: signals do
    not come there.
    """

    __slots__ = ("_handler", "_noted")

    def __init__(self) -> None:
        self._handler: signal._HANDLER = None
        self._noted = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(signal.SIGINT)
            if callable(handler):
                self._handler = handler
                signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
        if error is None:
            self.let_through()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted = True

    def let_through(self) -> None:
        """Call the program's handler where a Ctrl-C has come; it may raise."""
        if self._noted and callable(self._handler):
            self._noted = False
            self._handler(signal.SIGINT, None)
