"""One connection to a hub, from its handshake to its end; no I/O."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.outside_text import from_outside
from fastorder.errors import RealtimeProtocolError
from fastorder.realtime import messages
from fastorder.realtime.events import Event, Undecodable
from fastorder.runtime.clock import FOREVER_NS as NEVER_NS
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

HANDSHAKE_NS = 10 * SECOND_NS
PING_NS = 10 * SECOND_NS
DEAD_NS = 30 * SECOND_NS
ANSWER_NS = 10 * SECOND_NS
PROBE_NS = 5 * SECOND_NS
CLOSE_NS = 2 * SECOND_NS


class LinkState(Enum):
    """Where a connection stands."""

    OPENING = "negotiating, connecting, upgrading"
    HANDSHAKE = "the handshake waits for its answer"
    OPEN = "calls and events go over it"
    CLOSING = "this side has said that it ends"
    ENDED = "over"

    __hash__ = object.__hash__


class End(NamedTuple):
    """A connection has to be given up.

    Attributes:
        why: for people.
        again: True at once, None by the schedule, False slowly.
    """

    why: str
    again: bool | None = None


class Call:
    """A call of a hub's method that waits for its answer.

    Attributes:
        target, arguments: the method, and what it is called with.
        on_answer: called once with the result, and why it failed (None where it did
            not), and whether it may have been carried out.
        once: it is not repeated; a subscription may be, where no answer comes.
        sends: how often it was sent.
    """

    __slots__ = ("arguments", "on_answer", "once", "sends", "sent_ns", "target")

    def __init__(
        self,
        target: str,
        arguments: tuple[Any, ...],
        on_answer: Callable[[Any, str | None, bool], None],
        *,
        once: bool = False,
    ) -> None:
        self.once = once
        self.target = target
        self.arguments = arguments
        self.on_answer = on_answer
        self.sends = 0
        self.sent_ns = 0


class Link:
    """One connection.

    Args:
        generation: its number.
        write: puts bytes on the wire.

    Attributes:
        state: where it stands.
        heard_ns: when the last byte came.
        live_ns: since when every subscription is answered; 0 before.
    """

    def __init__(self, generation: int, write: Callable[[int, bytes], None]) -> None:
        self.generation = generation
        self.state = LinkState.OPENING
        self.heard_ns = 0
        self.live_ns = 0
        self._write = write
        self._sent_ns = 0
        self._until_ns = NEVER_NS  # the handshake's answer, the close
        self._probed_ns = 0
        self._calls: dict[str, Call] = {}
        self._answered_ns = 0
        self._number = 0

    # ------------------------------------------------------------ in

    def opened(self, now_ns: int) -> None:
        """The WebSocket is there: nothing goes before the handshake."""
        self.state = LinkState.HANDSHAKE
        self.heard_ns = now_ns
        self._until_ns = now_ns + HANDSHAKE_NS
        self._send(messages.HANDSHAKE, now_ns)

    def record(self, record: bytes, now_ns: int) -> Event | Undecodable | End | None:
        """A record without its separator; what follows from it."""
        self.heard_ns = max(self.heard_ns, now_ns)
        if self.state is LinkState.HANDSHAKE:
            return self._handshake(record)
        if self.state not in (LinkState.OPEN, LinkState.CLOSING):
            return None
        try:
            message = messages.document(record)
        except RealtimeProtocolError as error:
            return Undecodable(str(error), self.generation)
        return self._message(message, now_ns)

    def _handshake(self, record: bytes) -> End | None:
        try:
            error = messages.handshake_error(record)
        except RealtimeProtocolError as broken:
            return End(f"the handshake's answer cannot be read: {broken}")
        if error is not None:
            return End(f"the handshake was refused: {error}", again=False)
        self.state = LinkState.OPEN
        self._until_ns = NEVER_NS
        return None

    def _message(
        self, message: dict[str, Any], now_ns: int
    ) -> Event | Undecodable | End | None:
        kind = message.get("type")
        if kind == messages.INVOCATION:
            return self._invoked(message, now_ns)
        if kind == messages.COMPLETION:
            return self._completed(message, now_ns)
        if kind == messages.CLOSE_TYPE:
            return self._closed(message)
        return None

    def _invoked(
        self, message: dict[str, Any], now_ns: int
    ) -> Event | Undecodable | None:
        target, arguments = message.get("target"), message.get("arguments")
        if message.get("invocationId") is not None and self.state is LinkState.OPEN:
            self._send(messages.no_result(message["invocationId"]), now_ns)
        if type(target) is not str or type(arguments) is not list:
            why = "an invocation must have a target and arguments"
            return Undecodable(why, self.generation)
        return Event(target, arguments, self.generation)

    def _completed(self, message: dict[str, Any], now_ns: int) -> End | None:
        result, error = message.get("result"), message.get("error")
        if result is not None and error is not None:
            return End("a completion must have a result or an error, it had both")
        call = self._calls.pop(str(message.get("invocationId")), None)
        if call is None:
            return None
        self._answered_ns = now_ns
        why = None if error is None else from_outside(str(error))
        call.on_answer(result, why, error is not None)
        return None

    def _closed(self, message: dict[str, Any]) -> End:
        error = message.get("error")
        why = "the server closed" if error is None else from_outside(str(error))
        return End(why, again=message.get("allowReconnect") is True)

    # ------------------------------------------------------------ out

    def call(self, call: Call, now_ns: int) -> None:
        """Send a call, and wait for its answer."""
        self._number += 1
        call.sends += 1
        call.sent_ns = now_ns
        self._calls[str(self._number)] = call
        number = str(self._number)
        self._send(messages.invocation(number, call.target, call.arguments), now_ns)

    def tell(self, target: str, arguments: tuple[Any, ...], now_ns: int) -> None:
        """Send a call that is not answered."""
        self._send(messages.invocation(None, target, arguments), now_ns)

    def close(self, now_ns: int) -> None:
        """Say that this side ends; the other one has a moment for it."""
        if self.state in (LinkState.HANDSHAKE, LinkState.OPEN):
            self._send(messages.CLOSE, now_ns)
        self.state = LinkState.CLOSING
        self._until_ns = now_ns + CLOSE_NS

    def ended(self, why: str) -> None:
        """It is over: what waits for an answer will not get one."""
        self.state = LinkState.ENDED
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.on_answer(None, f"{why}, before it was answered", True)

    def probe(self, now_ns: int) -> None:
        """The machine may have slept: the other side has to be heard soon."""
        if self.state is LinkState.OPEN:
            self._probed_ns = now_ns

    def _send(self, data: bytes, now_ns: int) -> None:
        self._sent_ns = now_ns
        self._write(self.generation, data)

    # ------------------------------------------------------------ time

    @property
    def due_ns(self) -> int:
        """When it has something to do by itself."""
        due_ns = self._until_ns
        if self.state in (LinkState.HANDSHAKE, LinkState.OPEN):
            due_ns = min(due_ns, self.heard_ns + DEAD_NS)
        if self.state is LinkState.OPEN:
            due_ns = min(due_ns, self._sent_ns + PING_NS, self._answer_due_ns())
        if self._probed_ns:
            due_ns = min(due_ns, self._probed_ns + PROBE_NS)
        return due_ns

    def time(self, now_ns: int) -> End | None:
        """Its time has come; what follows from it."""
        if self.state in (LinkState.OPENING, LinkState.ENDED):
            return None
        if now_ns >= self._until_ns:
            closing = self.state is LinkState.CLOSING
            what = "its close" if closing else "the handshake"
            return End(f"no answer to {what} in time")
        if self.state is LinkState.CLOSING:
            return None
        if now_ns - self.heard_ns >= DEAD_NS:
            return End(f"nothing came for {DEAD_NS // SECOND_NS} s")
        if self._probed_ns and self.heard_ns > self._probed_ns:
            self._probed_ns = 0
        if self._probed_ns and now_ns - self._probed_ns >= PROBE_NS:
            return End("nothing came after the machine had slept")
        if self.state is LinkState.OPEN:
            return self._time_open(now_ns)
        return None

    def _time_open(self, now_ns: int) -> End | None:
        if now_ns >= self._answer_due_ns():
            number, call = next(iter(self._calls.items()))
            if call.sends > 1:
                return End(f"{call.target} was not answered")
            del self._calls[number]
            self._answered_ns = now_ns
            if call.once:
                call.on_answer(None, "it was not answered in time", True)
            else:
                self.call(call, now_ns)
        if now_ns - self._sent_ns >= PING_NS:
            self._send(messages.PING, now_ns)
        return None

    def _answer_due_ns(self) -> int:
        """The server answers calls one after the other, so the oldest one counts."""
        for call in self._calls.values():
            return max(call.sent_ns, self._answered_ns) + ANSWER_NS
        return NEVER_NS
