"""Does what the hub protocol wants done: connects, writes, wakes, tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.outside_text import from_outside
from fastorder._core.codec.market_events import MarketDecoder
from fastorder._core.codec.market_json import ROWS, market_events
from fastorder._core.flow.hub_feed import HubFeed
from fastorder._core.transport.channel import Channel, HubRoute
from fastorder._core.transport.evidence import Receiver
from fastorder._core.transport.request_head import Origin, Route
from fastorder.auth.token_expiry import remaining_s
from fastorder.errors import RealtimeProtocolError, TokenMissing
from fastorder.realtime import commands
from fastorder.realtime.commands import Failure
from fastorder.realtime.events import Event
from fastorder.realtime.listeners import Listeners
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS
from fastorder.runtime.log import log
from fastorder.runtime.retry_schedule import retry_after_s
from fastorder.session.tls import security_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.transport.engine import Engine
    from fastorder._core.transport.evidence import Evidence
    from fastorder.auth.token_store import TokenStore
    from fastorder.realtime.hub_protocol import HubProtocol
    from fastorder.runtime.clock import Clock

ANSWER_MS = 10_000
"""The longest time for a negotiation, and for an upgrade."""

SAME_TOKEN_S = 3600.0
"""How soon a connection is rolled again that got the same token as the one before it,
where no newer one comes."""

ASK_APART_NS = 60 * SECOND_NS
"""The shortest time between two tokens that a hub asks for."""

QUOTED = 200
"""Bytes of an answer that is no WebSocket, as they are shown."""


class Attempt(Receiver):
    """One request for a connection: a negotiation, or the upgrade itself."""

    def __init__(self, driver: HubDriver, generation: int, route: Route) -> None:
        self._driver = driver
        self._generation = generation
        self._route = route

    def _on_evidence(self, evidence: Evidence) -> None:
        self._driver.answered(self._generation, self._route, evidence)

    def _on_timer(self) -> None:
        """Nothing wakes it."""

    def _on_close(self, evidence: Evidence | None) -> None:
        """Whoever closed the engine knows."""

    def _on_error(self, error: BaseException) -> None:
        self._driver.failed(self._generation, Failure(from_outside(repr(error))))


class Repeated(Receiver):
    """Calls something again and again; what it raises is logged, and stops nothing."""

    def __init__(
        self, engine: Engine, clock: Clock, pause_ns: int, call: Callable[[], object]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._pause_ns = pause_ns
        self._call = call

    def arm(self) -> None:
        """Be called after the next pause."""
        if not self._engine.closed:
            self._engine.wake_at(self._clock.monotonic_ns() + self._pause_ns, self)

    def _on_evidence(self, evidence: Evidence) -> None:
        """It sends nothing."""

    def _on_timer(self) -> None:
        try:
            self._call()
        finally:
            self.arm()

    def _on_close(self, evidence: Evidence | None) -> None:
        """Whoever closed the engine knows."""

    def _on_error(self, error: BaseException) -> None:
        log().error("a hub's timer has failed: %s", from_outside(repr(error)))


class HubDriver(Receiver):
    """One hub on one engine.

    Args:
        engine: opens, reads and writes; it is driven by whoever made it.
        base_url: of the hubs.
        path: of the hub, ``/hubs/user`` say.
        ca_file: authorities to trust instead of the system's.
        tokens: the token of each moment.
        protocol: says what is to be done.
        clock: the protocol's.
        renew: gets another token, where that can be done.
    """

    def __init__(
        self,
        engine: Engine,
        base_url: str,
        path: str,
        ca_file: str | None,
        tokens: TokenStore,
        protocol: HubProtocol,
        clock: Clock,
        renew: Callable[[], object] | None = None,
    ) -> None:
        self.engine = engine
        self.protocol = protocol
        self.listeners = Listeners()
        self.decoder = MarketDecoder()
        self._path = path
        self._base_url = base_url
        self._ca_file = ca_file
        self._origins = {base_url: Origin(base_url, security_for(base_url, ca_file))}
        self._tokens = tokens
        self._clock = clock
        self._has_warned = False  # of binary messages
        self._renew = renew
        self._channels: dict[int, Channel] = {}
        self._feeds: dict[int, HubFeed] = {}
        self._token_number = -1
        self._ask_again_ns = 0
        self._armed_ns = FOREVER_NS
        self._running = False
        self._record = b""

    @property
    def has_channels(self) -> bool:
        """Whether a connection is open, or being opened."""
        return bool(self._channels)

    def heard_ns(self, generation: int) -> int | None:
        """When the last byte came over a connection; None where it is gone."""
        channel = self._channels.get(generation)
        return None if channel is None else channel.heard_ns

    def every(self, pause_ns: int, call: Callable[[], object]) -> None:
        """Call it again and again, until the engine is closed."""
        Repeated(self.engine, self._clock, pause_ns, call).arm()

    # ------------------------------------------------------------ out

    def run(self) -> None:
        """Do what the protocol wants done, until it wants nothing."""
        if self._running:
            return  # whoever runs it goes on
        self._running = True
        try:
            while self.protocol.commands:
                self._do(self.protocol.commands.pop(0))
        finally:
            self._running = False
        for feed in self._feeds.values():
            feed.overlap = self.protocol.overlap
        self._arm()

    def _do(self, command: commands.Command) -> None:
        if isinstance(command, commands.Tell):
            self._tell(command.event)
        elif isinstance(command, commands.Renew):
            self._ask_for_a_token()
        elif isinstance(command, (commands.Negotiate, commands.Connect)):
            try:
                self._connect(command)
            except TokenMissing as error:
                why = str(error)
                self.protocol.failed(command.generation, Failure(why), self._now_ns())
        else:
            self._do_on_channel(command)

    def _do_on_channel(
        self,
        command: commands.Write | commands.Probe | commands.Farewell | commands.Drop,
    ) -> None:
        channel = self._channels.get(command.generation)
        if channel is None:
            return
        if isinstance(command, commands.Write):
            channel.write(command.data)
        elif isinstance(command, commands.Probe):
            channel.ping()
        elif isinstance(command, commands.Farewell):
            channel.farewell(command.code)
        else:
            del self._channels[command.generation]
            self._feeds.pop(command.generation, None)
            channel.drop()

    def _connect(self, command: commands.Negotiate | commands.Connect) -> None:
        origin = self._origin(command.base_url or self._base_url)
        token = self._token(command.token)
        if isinstance(command, commands.Negotiate):
            path = f"{self._path}/negotiate?negotiateVersion=1"
            route = Route(origin, path, once=False, request_ms=ANSWER_MS)
        else:
            route = self._upgrade(origin, command)
        attempt = Attempt(self, command.generation, route)
        self.engine.submit(route, b"", token, attempt)

    def _upgrade(self, origin: Origin, command: commands.Connect) -> HubRoute:
        feed = HubFeed(command.generation, self.decoder, self, self.listeners.by_kind)
        channel = Channel(feed)
        self._feeds[command.generation] = feed
        self._channels[command.generation] = channel
        query = ""
        if command.connection_token is not None:
            from urllib.parse import quote

            query = f"id={quote(command.connection_token, safe='')}"
        return HubRoute(
            origin, self._path, channel=channel, query=query, request_ms=ANSWER_MS
        )

    def _origin(self, base_url: str) -> Origin:
        if base_url not in self._origins:
            security = security_for(base_url, self._ca_file)
            self._origins[base_url] = Origin(base_url, security)
        return self._origins[base_url]

    def _token(self, given: str | None) -> bytes:
        """The token of this moment; from then on it is known when it ends."""
        if given is not None:
            self._tokens.secrets.add(given)
            return given.encode("ascii", "replace")
        number, token = self._tokens.number, self._tokens.header()
        lasts_s = remaining_s(token.decode("ascii"), self._clock.wall_s())
        waits = self.protocol.current is not None and number == self._token_number
        if waits:
            lasts_s = max(lasts_s, SAME_TOKEN_S)
            self._ask_for_a_token()
        self._token_number = number
        self.protocol.token_lasts(lasts_s, self._now_ns(), waits=waits)
        return token

    def _ask_for_a_token(self) -> None:
        """Have it renewed, where that can be done; not much more than once a minute."""
        now_ns = self._now_ns()
        if self._renew is not None and now_ns >= self._ask_again_ns:
            self._ask_again_ns = now_ns + ASK_APART_NS
            self._renew()

    def _tell(self, event: Any) -> None:
        if type(event) is Event and event.target.lower() in ROWS:
            self._tell_market(event)
        else:
            self.listeners.tell(event, self._now_ns)

    def _tell_market(self, event: Event) -> None:
        """A market event whose record had not the usual shape."""
        try:
            for each in market_events(self._record, self.decoder):
                self.listeners.tell(each, self._now_ns)
        except RealtimeProtocolError as error:
            self.protocol.undecodable(event.generation, str(error), self._now_ns())

    # ------------------------------------------------------------ in

    def answered(self, generation: int, route: Route, evidence: Evidence) -> None:
        """A negotiation or an upgrade was answered, or was not."""
        if isinstance(route, HubRoute):
            self._upgraded(generation, route, evidence)
        elif evidence.complete and evidence.http_status == 200:
            self.protocol.negotiated(generation, evidence.body, self._now_ns())
        else:
            self.protocol.failed(generation, self._failure(evidence), self._now_ns())
        self.run()

    def _upgraded(self, generation: int, route: HubRoute, evidence: Evidence) -> None:
        if evidence.http_status != 101 or not evidence.complete:
            self.protocol.failed(generation, self._failure(evidence), self._now_ns())
            return
        if self._channels.get(generation) is not route.channel:
            route.channel.drop()  # it came too late
            return
        why = route.refusal(evidence.body)
        if why is None:
            self.protocol.opened(generation, self._now_ns())
        else:
            failure = Failure(f"the upgrade's answer was refused: {why}", 101)
            self.protocol.failed(generation, failure, self._now_ns())

    def _failure(self, evidence: Evidence) -> Failure:
        if not evidence.complete:
            return Failure(evidence.curl_error, 0)
        status = evidence.http_status
        text = evidence.body[:QUOTED].decode("utf-8", "replace")
        why = f"the server answered HTTP {status}"
        if text:
            why += f": {from_outside(text)}"
        asked_s = 0.0
        if evidence.retry_after:
            asked_s = retry_after_s(evidence.retry_after, evidence.date)
        return Failure(why, status, int(asked_s * SECOND_NS))

    def failed(self, generation: int, failure: Failure) -> None:
        """No evidence came at all."""
        self.protocol.failed(generation, failure, self._now_ns())
        self.run()

    def callback_failed(self, event: Any, error: BaseException) -> None:
        """One that was told of a market event has raised."""
        self.listeners.failed(event, error, self._now_ns())

    def record(self, generation: int, record: bytes) -> None:
        """A record that is no market event and no ping."""
        self._record = record
        self.protocol.record(generation, record, self._now_ns())
        self.run()
        feed = self._feeds.get(generation)
        if feed is not None:
            feed.greeted = self.protocol.is_greeted(generation)

    def ended(self, generation: int, why: str) -> None:
        """A WebSocket has ended."""
        channel = self._channels.pop(generation, None)
        self._feeds.pop(generation, None)
        if channel is not None:
            self.protocol.heard(generation, channel.heard_ns)
            whole = channel.read_whole
            self.protocol.lost(generation, why, self._now_ns(), whole=whole)
            self.run()

    def break_off(self, why: str) -> None:
        """End every connection at once: what was read of them may be untold."""
        for generation, channel in list(self._channels.items()):
            del self._channels[generation]
            self._feeds.pop(generation, None)
            channel.drop()
            self.protocol.lost(generation, why, self._now_ns(), whole=False)
        self.run()

    def batch(self, generation: int) -> None:
        """What could be read at once has been: a ping may be due."""
        if not self._has_warned:
            self._look_for_binary(generation)
        self._look_at_time()

    def _look_for_binary(self, generation: int) -> None:
        """JSON in binary messages is read like text; whoever runs the hub is told."""
        channel = self._channels.get(generation)
        if channel is not None and channel.binary_count:
            self._has_warned = True
            log().warning(
                "the %s hub sends binary messages, where text belongs; they are read",
                self._path.rpartition("/")[2],
            )

    # ------------------------------------------------------------ time

    def _now_ns(self) -> int:
        return self._clock.monotonic_ns()

    def _look_at_time(self) -> None:
        now_ns = self._now_ns()
        if now_ns < self.protocol.due_ns:
            return
        for generation, channel in self._channels.items():
            self.protocol.heard(generation, channel.heard_ns)
        if now_ns >= self.protocol.due_ns:
            self.protocol.time(now_ns)
        self.run()

    def _arm(self) -> None:
        """Be woken when something is due; an earlier wake-up that is set will do."""
        due_ns = self.protocol.due_ns
        if due_ns < self._armed_ns and not self.engine.closed:
            self._armed_ns = due_ns
            self.engine.wake_at(due_ns, self)

    def _on_timer(self) -> None:
        self._armed_ns = FOREVER_NS
        self._look_at_time()
        self._arm()

    def _on_evidence(self, evidence: Evidence) -> None:
        """Its requests have receivers of their own."""

    def _on_close(self, evidence: Evidence | None) -> None:
        """Whoever closed the engine knows."""

    def _on_error(self, error: BaseException) -> None:
        log().error("a hub's timer has failed: %s", from_outside(repr(error)))
