# cython: annotation_typing=False
"""Ctrl-C, held back until it can be answered without losing anything."""

from __future__ import annotations

import os
import signal

# Those of signal turn numbers into enums and back: that costs more than an order.
from _signal import getsignal  # type: ignore[import-not-found]
from _signal import signal as set_handler
from functools import wraps
from threading import get_ident, main_thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder._core.transport.poll_engine import PollEngine
    from fastorder.submission.submitter import Submitter

T = TypeVar("T")

SIGINT = int(signal.SIGINT)
LONGEST_TURN_NS = 1_000_000_000

_main = main_thread().ident


def _forked() -> None:
    global _main
    _main = main_thread().ident


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def wait_for(ticket: Ticket[T], engine: PollEngine) -> T:
    """Drive the engine until the ticket is done; its outcome. Ctrl-C ends the wait."""
    if not ticket.done:
        sigint = DeferredSigint()
        try:
            sigint.defer()
            _wait(ticket, engine, sigint)
        except BaseException:
            ticket._left()
            raise
        finally:
            sigint.end()
    return ticket._value()


def started_and_waited_for(
    start: Callable[..., Ticket[T]],
    given: tuple[Any, ...],
    named: dict[str, Any],
    engine: PollEngine,
) -> T:
    """Start a ticket, and wait for it as ``wait_for`` does; its outcome.

    Ctrl-C is held back from the start on: what has begun is known to whoever waits.
    """
    ticket = None
    sigint = DeferredSigint()
    try:
        sigint.defer()
        ticket = start(*given, **named)
        _wait(ticket, engine, sigint)
    except BaseException:
        if ticket is not None:
            ticket._left()
        raise
    finally:
        sigint.end()
    return ticket._value()


def undisturbed(make: Callable[..., None]) -> Callable[..., None]:
    """A constructor that holds Ctrl-C back, and gives up what it has made before it.

    What is made must have an ``_abandon``, which takes no arguments.
    """

    @wraps(make)
    def construct(self: Any, *given: Any, **named: Any) -> None:
        sigint = DeferredSigint()
        try:
            try:
                sigint.defer()
                make(self, *given, **named)
            finally:
                sigint.end()
        except BaseException:
            self._abandon()
            raise

    return construct


class BlockingSubmitter:
    """Takes orders as an Submitter does, and gives their outcomes.

    Args:
        intake: places them.
        engine: brings their answers.
    """

    __slots__ = ("_engine", "_submitter")

    def __init__(self, intake: Submitter, engine: PollEngine) -> None:
        self._submitter = intake
        self._engine = engine

    def submit(self, order: OrderRequest, called_ns: int) -> OrderResult:
        """Place an order, and give its outcome. Ctrl-C ends the wait.

        It waits for the ticket: an order that is in the journal is in the book too.
        """
        sigint = DeferredSigint()
        try:
            sigint.defer()
            ticket = self._submitter.submit(order, called_ns)
            _wait(ticket, self._engine, sigint)
        finally:
            sigint.end()
        return ticket._value()


def _wait(ticket: Ticket[Any], engine: PollEngine, sigint: DeferredSigint) -> None:
    while not ticket.done:
        sigint.deliver()
        engine.turn(LONGEST_TURN_NS)


class DeferredSigint:
    """Ctrl-C's handler from ``hold`` to ``release``: it waits for ``deliver``.

    Python runs a signal's handler between any two steps; one that raises there could
    drop an answer that has just been read. So the program's own handler is called at a
    point that is safe, in its own place: it may put another there. Elsewhere than in
    the main thread nothing is held: signals do not come there.
    """

    __slots__ = ("_handler", "_held", "_noted")

    def __init__(self) -> None:
        self._handler: signal._HANDLER = None
        self._held = False
        self._noted = False

    def defer(self) -> None:
        """Take the handler's place."""
        if get_ident() == _main:
            handler = getsignal(SIGINT)
            if callable(handler):
                self._handler = handler
                set_handler(SIGINT, self)
                self._held = True

    def restore(self) -> None:
        """Put the handler back; it may still have to be let through.

        Where the program has set another one meanwhile, that one stays.
        """
        if self._held and getsignal(SIGINT) is self:
            try:
                set_handler(SIGINT, self._handler)
            except BaseException:  # another signal's handler came first, and raised
                self.restore()
                raise
        self._held = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """A Ctrl-C has come."""
        self._noted = True

    def deliver(self) -> None:
        """Call the program's handler where a Ctrl-C has come; it may raise."""
        if self._noted and callable(self._handler):
            goes_on = self._held
            self.restore()
            self._noted = False
            try:
                self._handler(signal.SIGINT, None)
                if isinstance(self._handler, DeferredSigint):  # of a verb around this
                    self._handler.deliver()
            finally:
                if goes_on:
                    self.defer()

    def end(self) -> None:
        """Hold no more; a Ctrl-C that has come is let through, and may raise."""
        self.restore()
        self.deliver()
