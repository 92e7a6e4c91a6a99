"""One hub over all its connections: wanted, acknowledged, lost, rolled; no I/O.

Inputs are calls with the time; what is to be done stands in ``commands`` afterwards.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from fastorder.errors import RealtimeUnavailable
from fastorder.realtime.commands import (
    Connect,
    Drop,
    Failure,
    Farewell,
    Negotiate,
    Probe,
    Renew,
    Tell,
    Write,
)
from fastorder.realtime.events import (
    ConnectFailed,
    Event,
    Gap,
    Live,
    Refused,
    Rolled,
    Subscription,
    Undecodable,
)
from fastorder.realtime.link import Call, End, Link, LinkState
from fastorder.realtime.negotiation import Agreed, read_answer
from fastorder.realtime.overlap import Overlap
from fastorder.realtime.reconnect import Reconnect
from fastorder.realtime.wanted import Wanted
from fastorder.runtime.clock import FOREVER_NS as NEVER_NS
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.realtime.commands import Command, Told
    from fastorder.runtime.clock import Clock

JUMP_NS = 5 * SECOND_NS
"""More than this between wall clock and monotonic clock: the machine has slept."""

ROLL_SHARE = 0.95
"""The share of a token's time after which a new connection takes over.

The token itself is renewed after nine tenths of it."""

OVERLAP_NS = 5 * SECOND_NS
"""How long the newer connection may be behind the one that ended."""


class HubProtocol:
    """One hub.

    Args:
        clock: monotonic time, wall time and randomness.
        negotiate: ask the server how to connect; otherwise the WebSocket comes first.
        base_url: where the hub is, without its path.
        undecodable_is_gap: a record that cannot be read may be a fill: told as a gap.

    Attributes:
        commands: what is to be done, in this order; whoever does it empties the list.
        current: the connection whose events count; None while there is none.
        overlap: both connections bring events; None as a rule.
        counts: what was passed over, by its name.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        negotiate: bool = False,
        base_url: str = "",
        undecodable_is_gap: bool = False,
    ) -> None:
        self.commands: list[Command] = []
        self.current: Link | None = None
        self.overlap: Overlap | None = None
        self.counts: Counter[str] = Counter()
        self.generation = 0
        self.stopped = True
        self._clock = clock
        self._base_url = base_url
        self._negotiates = negotiate
        self._undecodable_is_gap = undecodable_is_gap
        self._coming: Link | None = None
        self._leaving: Link | None = None
        self._id_given = False
        self._hops = 0
        self._overlap_until_ns = NEVER_NS
        self._reconnect = Reconnect(clock)
        self._renewed = False
        self._connect_ns = NEVER_NS
        self._roll_ns = NEVER_NS
        self._roll_waits = False
        self._has_newer_token = False  # than that of the connect under way
        self._wanted = Wanted()
        self._sent_on: tuple[str | None, str | None] = (None, None)
        self._ahead_ns = self._wall_ahead_ns()

    # ------------------------------------------------------------ what is wanted

    def start(self, now_ns: int) -> None:
        """Connect, and stay connected until the stop."""
        if self.stopped:
            self.stopped = False
            self._connect(now_ns)

    def stop(self, now_ns: int) -> None:
        """End every connection; nothing is told after it. It may be called twice."""
        if self.stopped:
            return
        self.stopped = True
        self._connect_ns = self._roll_ns = NEVER_NS
        for link in self._links():
            if link.state is LinkState.OPENING:
                self._drop(link, "the client closed")
            elif link.state is not LinkState.CLOSING:
                self._say_farewell(link, now_ns)

    def subscribe(self, subscription: Subscription, now_ns: int) -> None:
        """Want something, on this connection and on all that follow."""
        if not self._wanted.add(subscription):
            return
        for link in (self.current, self._coming):
            if link is not None and link.state is LinkState.OPEN:
                self._ask(link, subscription, now_ns)

    def unsubscribe(self, subscription: Subscription, now_ns: int) -> None:
        """Want it no more."""
        if not self._wanted.remove(subscription):
            return
        for link in (self.current, self._coming):
            if link is not None and link.state is LinkState.OPEN:
                link.tell(subscription.undone, subscription.arguments, now_ns)
        self._look_whether_live(now_ns)

    def give_up(self, why: str, now_ns: int) -> None:
        """End the connection of now, whose feed is frozen, and open another."""
        if self.current is not None and not self.stopped:
            self._end(self.current, End(why, again=True), now_ns)

    def invoke(
        self,
        target: str,
        arguments: tuple[Any, ...],
        on_answer: Callable[[Any, str | None, bool], None],
        now_ns: int,
    ) -> None:
        """Call a method once; it is not repeated, whatever happens."""
        link = self.current
        if link is None or link.state is not LinkState.OPEN:
            on_answer(None, "there is no connection", False)
            return
        link.call(Call(target, arguments, on_answer, once=True), now_ns)

    def token_lasts(self, seconds: float, now_ns: int, *, waits: bool = False) -> None:
        """The token that connections are made with now lasts so long.

        Args:
            waits: a roll has found no newer one: it is rolled again once there is one.
        """
        self._roll_ns = now_ns + int(seconds * ROLL_SHARE * SECOND_NS)
        self._roll_waits = waits

    def token_changed(self, now_ns: int) -> None:
        """There is a newer token: a pause ends, and a roll that waited is due."""
        self._has_newer_token = True
        if self._connect_ns != NEVER_NS:
            self._connect_ns = now_ns
        if self._roll_waits:
            self._roll_waits = False
            self._roll_ns = now_ns

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What was subscribed, in that order."""
        return self._wanted.all

    @property
    def acknowledged(self) -> tuple[Subscription, ...]:
        """What the hub has acknowledged on the connection of now."""
        return self._wanted.acknowledged

    # ------------------------------------------------------------ connecting

    def negotiated(self, generation: int, body: bytes, now_ns: int) -> None:
        """The negotiation was answered with HTTP 200."""
        link = self._coming
        if link is None or link.generation != generation:
            return
        try:
            answer = read_answer(body, self._base_url, self._hops)
        except RealtimeUnavailable as error:
            self._failed(link, Failure(str(error)), now_ns, slow=True)
            return
        if isinstance(answer, Agreed):
            self._id_given = True
            self._do(Connect(generation, answer.connection_token, *self._sent_on))
            return
        self._hops += 1
        self._base_url = answer.url
        self._sent_on = (answer.url, answer.token)
        self._do(Negotiate(generation, answer.url, answer.token))

    def opened(self, generation: int, now_ns: int) -> None:
        """The WebSocket of a Connect is there."""
        link = self._coming
        if link is not None and link.generation == generation:
            link.opened(now_ns)

    def failed(self, generation: int, failure: Failure, now_ns: int) -> None:
        """There is no answer to a Negotiate, or no WebSocket after a Connect."""
        link = self._coming
        if link is None or link.generation != generation:
            return
        is_token = failure.status in (401, 403)
        if is_token and self._has_newer_token:
            self._try_at_once(link, now_ns)
        elif is_token and not self._renewed:
            self._renewed = True
            self._do(Renew())
            self._try_at_once(link, now_ns)
        elif failure.status == 404 and self._id_given:
            self._try_at_once(link, now_ns)  # the id is gone: negotiate anew
        else:
            slow = 200 <= failure.status < 500 and failure.status not in (408, 429)
            self._failed(link, failure, now_ns, slow=slow)

    def _connect(self, now_ns: int) -> None:
        """Open the next connection."""
        self._connect_ns = NEVER_NS
        self.generation += 1
        self._coming = Link(self.generation, self._write)
        self._wanted.begin()
        self._hops = 0
        self._id_given = False
        self._has_newer_token = False
        self._sent_on = (None, None)
        if self._negotiates:
            self._do(Negotiate(self.generation))
        else:
            self._do(Connect(self.generation))

    def _try_at_once(self, link: Link, now_ns: int) -> None:
        self._drop(link, "it was not taken")
        self._connect(now_ns)
        self._id_given = False

    def _failed(
        self, link: Link, failure: Failure, now_ns: int, *, slow: bool = False
    ) -> None:
        self._drop(link, failure.why)
        pause_ns = self._reconnect.pause_ns(slow=slow, asked_ns=failure.retry_ns)
        self._renewed = False
        self._connect_ns = now_ns + pause_ns
        self._tell(ConnectFailed(failure.why, failure.status, self._connect_ns))

    # ------------------------------------------------------------ connected

    def record(self, generation: int, record: bytes, now_ns: int) -> None:
        """A record has come that is no market event and no ping."""
        link = self._link(generation)
        if link is None:
            self.counts["of an old connection"] += 1
            return
        was = link.state
        found = link.record(record, now_ns)
        if was is LinkState.HANDSHAKE and link.state is LinkState.OPEN:
            self._greeted(link, now_ns)
        if isinstance(found, End):
            self._end(link, found, now_ns, whole=True)
        elif isinstance(found, Undecodable):
            self.undecodable(generation, found.why, now_ns)
        elif isinstance(found, Event) and self._is_new(generation, record):
            self._tell(found)

    def _is_new(self, generation: int, record: bytes) -> bool:
        """Whether no other connection has brought the same."""
        return self.overlap is None or self.overlap.passes(generation, record)

    def undecodable(self, generation: int, why: str, now_ns: int) -> None:
        """A record cannot be read: on the user hub that may have been a fill."""
        self.counts["undecodable"] += 1
        self._tell(Undecodable(why, generation))
        link = self._link(generation)
        if self._undecodable_is_gap and link is not None:
            self._missed(link, now_ns, f"a record could not be read: {why}")

    def _missed(self, link: Link, since_ns: int, why: str) -> None:
        """An event may be missing that no other connection brings."""
        if self.current is not None and link in (self.current, self._leaving):
            self._tell(Gap(self.current.generation, since_ns, why))
            self._tell(Live(self.current.generation, self._wanted.refused))

    def is_greeted(self, generation: int) -> bool:
        """Whether events may come over a connection: its handshake is done."""
        link = self._link(generation)
        return link is not None and link.state is not LinkState.HANDSHAKE

    def heard(self, generation: int, heard_ns: int) -> None:
        """A byte of any kind has come."""
        link = self._link(generation)
        if link is not None and heard_ns > link.heard_ns:
            link.heard_ns = heard_ns

    def lost(
        self, generation: int, why: str, now_ns: int, *, whole: bool = False
    ) -> None:
        """A WebSocket has ended: closed, cut off, or against the rules.

        Args:
            whole: all that the server has sent was read.
        """
        link = self._link(generation)
        if link is not None:
            self._end(link, End(why), now_ns, gone=True, whole=whole)

    def _greeted(self, link: Link, now_ns: int) -> None:
        """The handshake is done: ask for everything that is wanted."""
        if self.current is not None and link is self._coming:
            self.overlap = Overlap(self.current.generation, link.generation)
            self._overlap_until_ns = NEVER_NS
        for subscription in self._wanted.all:
            self._ask(link, subscription, now_ns)
        self._look_whether_live(now_ns)

    def _ask(self, link: Link, subscription: Subscription, now_ns: int) -> None:
        wanted = self._wanted
        wish = wanted.wish(subscription)
        answers = wanted.answers(is_coming=link is self._coming)

        def answered(result: Any, why: str | None, sent: bool) -> None:
            if link.state is LinkState.ENDED:
                return
            is_refused = why is not None
            if wanted.settle(subscription, wish, answers, is_refused=is_refused):
                if why is not None:
                    self._tell(Refused(subscription, why))
                self._look_whether_live(self._clock.monotonic_ns())

        link.call(Call(subscription.target, subscription.arguments, answered), now_ns)

    def _look_whether_live(self, now_ns: int) -> None:
        """The coming connection takes over once all that is wanted is answered."""
        link = self._coming
        if link is None or link.state is not LinkState.OPEN:
            return
        if not self._wanted.is_answered:
            return
        before, self.current, self._coming = self.current, link, None
        self._wanted.take_over()
        self._renewed = False
        link.live_ns = now_ns
        if before is None:
            self._tell(Live(link.generation, self._wanted.refused))
            return
        self._leaving = before
        self._say_farewell(before, now_ns)
        self._tell(Rolled(link.generation))

    # ------------------------------------------------------------ ends

    def _end(
        self,
        link: Link,
        end: End,
        now_ns: int,
        *,
        gone: bool = False,
        whole: bool = False,
    ) -> None:
        was_current = link is self.current
        if not gone and link.state is not LinkState.CLOSING:
            self._do(Farewell(link.generation, 1000))
        self._drop(link, end.why)
        if self.overlap is not None and self._overlap_until_ns == NEVER_NS:
            self._overlap_until_ns = now_ns + OVERLAP_NS
        if self.stopped:
            return
        if link is self._leaving and not whole:
            self._missed(link, link.heard_ns, f"a connection was left: {end.why}")
        if was_current:
            self._reconnect.healthy(now_ns - link.live_ns)
            self._tell(Gap(link.generation, link.heard_ns, end.why))
        elif link is not self._leaving and self._connect_ns == NEVER_NS:
            self._schedule_next(end, now_ns)
            self._tell(ConnectFailed(end.why, 0, self._connect_ns))
            return
        if was_current and self._coming is None and self._connect_ns == NEVER_NS:
            self._schedule_next(end, now_ns)

    def _schedule_next(self, end: End, now_ns: int) -> None:
        if self._coming is not None:
            return
        at_once = end.again is True and self._reconnect.tries == 0
        pause_ns = self._reconnect.pause_ns(slow=end.again is False)
        self._connect_ns = now_ns + (0 if at_once else pause_ns)

    def _say_farewell(self, link: Link, now_ns: int) -> None:
        link.close(now_ns)
        self._do(Farewell(link.generation, 1000))

    def _drop(self, link: Link, why: str) -> None:
        self._do(Drop(link.generation))
        if link is self.current:
            self.current = None
        if link is self._coming:
            self._coming = None
        link.ended(why)

    # ------------------------------------------------------------ time

    @property
    def due_ns(self) -> int:
        """When ``time`` has to be called next."""
        due = [self._connect_ns, self._overlap_until_ns]
        due += [link.due_ns for link in self._links()]
        if self._may_roll():
            due.append(self._roll_ns)
        return min(due)

    def _may_roll(self) -> bool:
        """Whether there is a connection, and no other under way, planned or leaving.

        One that leaves may bring events that no other does, and some that the newer one
        brings too: until both are told a third would be one too many.
        """
        if self.current is None or self._coming or self.overlap is not None:
            return False
        return self._connect_ns == NEVER_NS

    def time(self, now_ns: int) -> None:
        """Its time has come: pings, time-outs, the next connection, a roll."""
        self._look_whether_slept(now_ns)
        for link in self._links():
            end = link.time(now_ns)
            if end is not None:
                self._end(link, end, now_ns)
        if now_ns >= self._overlap_until_ns:
            self.overlap, self._overlap_until_ns = None, NEVER_NS
            self._leaving = None
        if self.stopped:
            return
        if now_ns >= self._connect_ns and self._coming is None:
            self._connect(now_ns)
        elif now_ns >= self._roll_ns and self._may_roll():
            self._roll_ns = NEVER_NS
            self._connect(now_ns)

    def _look_whether_slept(self, now_ns: int) -> None:
        ahead_ns = self._wall_ahead_ns()
        if abs(ahead_ns - self._ahead_ns) > JUMP_NS:
            for link in self._links():
                link.probe(now_ns)
                if link.state is LinkState.OPEN:
                    self._do(Probe(link.generation))
        self._ahead_ns = ahead_ns

    def _wall_ahead_ns(self) -> int:
        return int(self._clock.wall_s() * SECOND_NS) - self._clock.monotonic_ns()

    # ------------------------------------------------------------ inner

    def _links(self) -> list[Link]:
        links = (self.current, self._coming, self._leaving)
        return [link for link in links if link and link.state is not LinkState.ENDED]

    def _link(self, generation: int) -> Link | None:
        for link in self._links():
            if link.generation == generation:
                return link
        return None

    def _write(self, generation: int, data: bytes) -> None:
        self._do(Write(generation, data))

    def _do(self, command: Command) -> None:
        self.commands.append(command)

    def _tell(self, event: Told) -> None:
        if not self.stopped:
            self._do(Tell(event))
