"""Ctrl-C, held back until it can be answered without losing anything."""

from __future__ import annotations

import signal
import threading

# Those of signal turn numbers into enums and back: that costs more than an order.
from _signal import getsignal  # type: ignore[import-not-found]
from _signal import signal as set_handler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from typing_extensions import Self

SIGINT = int(signal.SIGINT)


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
        if threading.get_ident() == threading.main_thread().ident:
            handler = getsignal(SIGINT)
            if callable(handler):
                self._handler = handler
                set_handler(SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._handler is not None:
            set_handler(SIGINT, self._handler)
        if error is None:
            self.let_through()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted = True

    def let_through(self) -> None:
        """Call the program's handler where a Ctrl-C has come; it may raise."""
        if self._noted and callable(self._handler):
            self._noted = False
            self._handler(signal.SIGINT, None)
