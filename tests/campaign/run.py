"""The whole life of one order: sends, answers, deaths of the process and restarts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from campaign.hub import Hub
from campaign.model import (
    OLD_NS,
    SECOND,
    Ending,
    Fact,
    Gateway,
    Ledger,
    MachineClock,
    Network,
    Question,
    Row,
    World,
)
from fastorder import OrderRequest, Outcome, RetryPolicy
from fastorder._core.codec.request import render_place
from fastorder._core.flow.protocol import Finish, Halt, Pause, Send, Tell
from fastorder._core.transport.evidence import Evidence
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.order_tags import tag_of
from fastorder.gateway.server_clock import ServerClock
from fastorder.placement.interlock import Interlock
from fastorder.placement.protocol import Placement, State, placement_of
from fastorder.runtime.clock import FOREVER_NS

if TYPE_CHECKING:
    from collections.abc import Callable

CONTRACT = "CON.F.US.MNQ.Z26"
ACCOUNT = 5
RESENDS = ("lookup_first", "after_quiet", "never")
POLICIES = {
    (resend, jitter): RetryPolicy(resend=resend, jitter=jitter)
    for resend in RESENDS
    for jitter in (0.0, 0.1)
}
FAULTS = 0.6
MOST_DEATHS = 3
CALM_LOOKS = 16
"""How often somebody looks, in calm weather, for an order that is stuck."""

MOST_STEPS = 5_000
"""Commands in one life; a life with more would never end."""

CLOSED = 42
READS = {
    Endpoint.SEARCH_ORDERS: "looked",
    Endpoint.SEARCH_TRADES: "traded",
    Endpoint.ORDER_BY_ID: "probed",
}
"""What the ledger calls the reads."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What is asked of a campaign.

    Attributes:
        faults: the share of exchanges in which something goes wrong.
        resend: the mode of every order; None for a mix of all.
        racy: the gateway's tag check does not see an order of the last 200 ms.
    """

    faults: float = FAULTS
    resend: str | None = None
    racy: bool = False


class Intent(NamedTuple):
    """What was written down before the first byte could leave."""

    tag: str
    body: bytes
    resend: str
    valid_until_ns: int | None
    quiet_ns: int


class Looked(NamedTuple):
    """A read that has ended: when it began, and the rows of a whole answer."""

    begun_ns: int
    rows: tuple[Row, ...] | None

    @property
    def tags(self) -> set[str]:
        """The tags of the orders in it."""
        return {row.tag for row in self.rows or ()}


class Told(NamedTuple):
    """What the client said of the order; whether it was its last word."""

    outcome: Outcome
    order_id: int | None
    last: bool
    proof: str | None


class Ended(Exception):
    """The process has ended: it was killed, or its executor was closed."""


class Life:
    """One order, from the intent to the last thing that can happen to it.

    Args:
        seed: everything else follows from it.
        weather: what may go wrong.

    Attributes:
        ledger: what really happened.
    """

    def __init__(self, seed: int, weather: Weather) -> None:
        self.ledger = Ledger()
        self._random = random = Random(seed)
        self._world = World()
        self._resend = weather.resend or random.choice(RESENDS)
        self._policy = POLICIES[self._resend, random.choice((0.0, 0.1))]
        refusing = random.choice((0, 0, 0, 0, 0, 0.3, 1.0))
        self._gateway = Gateway(random, self.ledger, weather.racy, refusing)
        self.network = Network(
            self._gateway, random, self.ledger, weather.faults, weather.racy
        )
        self._sleepy = random.random() < 0.2
        self._journals = weather.racy or random.random() < 0.85
        self._known: Told | None = (
            None  # what the key stands for; gone with the process
        )
        self._kept: Intent | None = None  # in the journal
        self._created_s = 0.0
        self._resolved = False
        self._repeated = False
        self._calm = False
        self._steps = 0
        self._deaths = 0
        self._boot()
        side = random.choice(("BUY", "SELL"))
        valid_for = random.choice((None, None, None, 0.5, 2.0, 10.0))
        self._order = OrderRequest(
            "MNQ",
            side,
            1,
            ACCOUNT,
            idempotency_key=f"signal-{seed}",
            valid_for=valid_for,
        )
        self._tag = tag_of(ACCOUNT, f"signal-{seed}")
        self._body = render_place(self._order, CONTRACT, self._tag, None)
        if random.random() < 0.01:
            self._gateway.add(self._foreign_row())
            self._note("owned", None)
        self._populate()
        self._hub = Hub(random, self._gateway) if random.random() < 0.5 else None

    def run(self) -> Ledger:
        """Live it, to the end of what may still be applied."""
        steps: Callable[[], None] | None = self._begin
        while steps is not None:
            try:
                steps()
                steps = self._repeat()
            except Ended:
                steps = self._after_the_end()
        self._pass(max(self._world.now_ns, self._gateway.last_ns) + SECOND)
        return self.ledger

    # ------------------------------------------------------------ processes

    def _boot(self) -> None:
        """A process starts, on a machine whose wall clock may be wrong."""
        error_s = self._random.choice((0, 0, 0, 0, 0.3, -5, 600, -600, 7200, -7200))
        self._clock = MachineClock(
            self._world,
            self._random,
            self._random.randrange(1, 10**6) * SECOND,
            error_s * self._random.random(),
        )
        self._server_clock = ServerClock(self._clock)
        self._interlock = Interlock()
        self._interlock.known_order = self._gateway.known
        self._shut = False
        self._timers: list[int] = []

    def _begin(self) -> None:
        """The caller asks for the order."""
        clock = self._clock
        called_ns, valid_until_ns, until_ns = clock.monotonic_ns(), FOREVER_NS, None
        if self._order.valid_for is not None:
            valid_ns = int(self._order.valid_for * SECOND)
            valid_until_ns = called_ns + valid_ns
            until_ns = self._world.now_ns + valid_ns
        quiet_ns = int(self._policy.quiet * SECOND)
        intent = Intent(self._tag, self._body, self._resend, until_ns, quiet_ns)
        self._created_s = clock.wall_s()
        self._note("intent", intent)
        if self._journals:
            self._kept = intent
        self._placement = self._placed(called_ns, valid_until_ns)
        self._may_die(0.02)
        self._follow(self._placement.start())

    def _recover(self) -> None:
        """A new process finds the intent in the journal."""
        self._placement = self._placed(self._clock.monotonic_ns(), FOREVER_NS)
        self._follow(self._placement.resume(self._created_s))

    def _placed(self, called_ns: int, valid_until_ns: int) -> Placement:
        return placement_of(
            self._order,
            self._tag,
            CONTRACT,
            self._body,
            self._policy,
            self._clock,
            self._server_clock,
            called_ns,
            self._interlock,
            valid_until_ns,
        )

    def _after_the_end(self) -> Callable[[], None] | None:
        """What the next process does about it; None for nothing."""
        pause_s = self._random.choice((0.1, 3.0, 60.0, 5000.0)) * self._random.random()
        self._pass(self._world.now_ns + int(pause_s * SECOND))
        self._boot()
        self._note("restarted")
        if self._kept is None:
            self._known = None
        elif not self._resolved:
            return self._recover
        return self._repeat()

    def _repeat(self) -> Callable[[], None] | None:
        """The caller asks once more, with the same key, where it was not accepted."""
        known = self._known
        if self._repeated or (known is not None and known.outcome is Outcome.ACCEPTED):
            return None
        self._repeated = True
        if known is None:
            return self._begin
        self._note("repeated", known)
        return None

    # ------------------------------------------------------------ commands

    def _follow(self, command: Any) -> None:
        """Do what the protocol asks for, until it asks for nothing more."""
        looks = 0
        while command is not None:
            while command is not None:
                command = self._obey(command)
            if self._placement.state is State.STUCK and looks < CALM_LOOKS:
                looks += 1
                self._calm, self.network.faults = True, 0.0
                self._gateway.heal()
                self._pass(self._world.now_ns + 3 * SECOND)
                command = self._placement.on_resolve()
        if self._placement.state not in (State.DONE, State.STUCK):
            self._note("idle", self._placement.state)

    def _obey(self, command: Any) -> Any:
        self._steps += 1
        if self._steps > MOST_STEPS:
            self._note("endless", command)
            return None
        if type(command) is Send:
            return self._exchange(command)
        if type(command) is Pause:
            return self._wait(command.due_ns)
        if type(command) is Finish:
            return self._finish(command.value)
        if type(command) is Halt:
            self._note("halted", command.reason)
        else:
            assert type(command) is Tell
            self._tell(command.value, False)
        return command.then

    def _tell(self, result: Any, last: bool) -> None:
        self._known = Told(result.outcome, result.order_id, last, result.proof)
        self._note("told", self._known)

    def _finish(self, result: Any) -> None:
        self._may_die(0.02)
        self._tell(result, True)
        self._may_die(0.02)
        self._resolved = True

    # ------------------------------------------------------------ exchanges

    def _exchange(self, send: Send) -> Any:
        places = send.endpoint is Endpoint.PLACE
        if places:
            self._note("asked", self._placement.state)
        start_ns = self._world.now_ns + int(self._random.random() * 0.03 * SECOND)
        if self._random.random() < 0.02 and (
            command := self._disturb(start_ns, Evidence(starts=0, curl_code=CLOSED))
        ):
            return command
        self._pass(max(start_ns, self._world.now_ns))
        begun_ns = self._world.now_ns
        ending = self._place(send) if places else self._read(send)
        if command := self._hear_events(ending.at_ns):
            return command
        if self._random.random() < 0.06 and (
            command := self._disturb(ending.at_ns, Evidence(curl_code=CLOSED))
        ):
            return command
        self._pass(max(ending.at_ns, self._world.now_ns))
        if not places:
            self._note(READS[send.endpoint], Looked(begun_ns, ending.shows))
        return self._hear(ending.evidence)

    def _place(self, send: Send) -> Ending:
        held_back = None
        if self._clock.monotonic_ns() >= send.valid_until_ns:
            held_back = "its time was over before it could leave"
        elif self._shut and send.gated:
            held_back = "the gate is shut: kill() was called"
        if held_back is None:
            return self.network.place(send.body, self._world.now_ns)
        evidence = Evidence(
            curl_code=CLOSED, starts=0, http_status=0, held_back=held_back
        )
        return Ending(self._world.now_ns, evidence)

    def _read(self, send: Send) -> Ending:
        question = asked(send.endpoint, send.body)
        return self.network.read(question, self._world.now_ns)

    def _hear(self, evidence: Evidence) -> Any:
        """What the dispatcher does once an exchange has ended."""
        self._run_timers(self._clock.monotonic_ns())
        self._server_clock.note(evidence.date, self._clock.monotonic_ns())
        return self._placement.on_evidence(evidence)

    def _hear_events(self, until_ns: int) -> Any:
        """What the user hub tells meanwhile; a new command, or None."""
        while self._hub is not None and (event := self._hub.next(until_ns)):
            self._pass(max(event.at_ns, self._world.now_ns))
            command = self._placement.on_witness(event.row)
            if command is not None:
                self._note("witnessed", event.row["id"])
                return command
        return None

    # ------------------------------------------------------------ pauses

    def _wait(self, due_ns: int) -> Any:
        self._note("paused", self._clock.true_ns(due_ns))
        if command := self._hear_events(self._clock.true_ns(due_ns)):
            self._timers.append(due_ns)
            return command
        if self._random.random() < 0.06:
            command = self._disturb(self._clock.true_ns(due_ns), None)
            if command is not None:
                self._timers.append(due_ns)  # the engine does not forget it
                return command
        self._run_timers(due_ns)
        self._pass_to(due_ns)
        return self._placement.on_time()

    def _run_timers(self, until_ns: int) -> None:
        """Pauses that were cut short still end; that must change nothing."""
        if not self._timers:
            return
        for due_ns in sorted(due_ns for due_ns in self._timers if due_ns < until_ns):
            self._timers.remove(due_ns)
            self._pass_to(due_ns)
            command = self._placement.on_time()
            if command is not None:
                self._note("astray", command)

    def _pass_to(self, due_ns: int) -> None:
        """Until the monotonic clock shows this, unless it does already."""
        self._pass(max(self._clock.true_ns(due_ns), self._world.now_ns))

    # ------------------------------------------------------------ disturbances

    def _disturb(self, until_ns: int, evidence: Evidence | None) -> Any:
        """Something happens within a pause or an exchange; a new command, or None."""
        if self._calm:
            return None
        left_ns = max(until_ns - self._world.now_ns, 0)
        self._pass(self._world.now_ns + int(self._random.random() * left_ns))
        kind = self._random.choice(("die", "close", "look", "fail", "clock", "shut"))
        if kind == "die":
            self._may_die(1.0)
        elif kind == "close":
            self._close(evidence)
        elif kind == "look":
            self._note("somebody looks")
            return self._placement.on_resolve()
        elif kind == "fail":
            return self._placement.on_failure("out of memory")
        elif kind == "clock":
            self._disturb_clock(evidence)
        else:
            self._shut = not self._shut
        return None

    def _disturb_clock(self, evidence: Evidence | None) -> None:
        """The wall clock is set, or the machine sleeps, but not while it connects."""
        if not self._sleepy:
            self._clock.wall_error_s += self._random.choice(
                (-7200, -90, -2, 2, 90, 7200)
            )
        elif evidence is None or evidence.starts:
            asleep_ns = self._random.choice((2, 60, 5000)) * SECOND
            self._pass(self._world.now_ns + asleep_ns)
            self._clock.slept(asleep_ns)

    def _may_die(self, chance: float) -> None:
        if self._deaths < MOST_DEATHS and self._random.random() < chance:
            self._deaths += 1
            self._note("died")
            raise Ended

    def _close(self, evidence: Evidence | None) -> None:
        if self._deaths == MOST_DEATHS:
            return
        self._deaths += 1
        result = self._placement.on_stop(evidence).value
        self._tell(result, result.outcome is not Outcome.UNKNOWN)
        self._resolved = result.outcome is not Outcome.UNKNOWN
        self._note("died")
        raise Ended

    # ------------------------------------------------------------ the rest

    def _note(self, what: str, value: Any = None) -> None:
        self.ledger.append(Fact(what, self._world.now_ns, value))

    def _pass(self, to_ns: int) -> None:
        """Time passes; what is late is applied."""
        self._gateway.advance(to_ns)
        self._world.now_ns = to_ns

    def _populate(self) -> None:
        """Other orders of the account, and a gateway that does not show all it has."""
        random, gateway = self._random, self._gateway
        self._note("contract", CONTRACT)
        if random.random() < 0.5:
            gateway.known_order = 501
            self._note("knows", 501)
            gateway.add(Row(501, "old", CONTRACT, 0, random.choice((1, 2)), OLD_NS))
        if random.random() < 0.2:
            for number in range(600, 600 + random.randrange(1, 5)):
                at_ns = int(random.uniform(-300, 90) * SECOND)
                contract = random.choice((CONTRACT, "CON.F.US.EP.Z26"))
                status = random.choice((1, 2))
                gateway.add(Row(number, f"other-{number}", contract, 0, status, at_ns))
        if random.random() < 0.05:
            gateway.hollow_ns = int(random.uniform(20, 150) * SECOND)
        if random.random() < 0.03:
            gateway.dead_until_ns = int(random.uniform(20, 150) * SECOND)

    def _foreign_row(self) -> Row:
        """Another order has had the tag before."""
        age_s = self._random.choice((200, 4000, 90_000, 2_000_000))
        other = 1 - self._order.side
        return Row(77, self._tag, CONTRACT, other, 2, -age_s * SECOND)


@lru_cache(maxsize=1 << 12)  # many a look-up asks what others have asked
def asked(endpoint: Endpoint, body: bytes) -> Question:
    """What a read asks for."""
    members = orjson.loads(body)
    if endpoint is Endpoint.ORDER_BY_ID:
        return Question(endpoint, 0.0, members["orderId"])
    since = members["startTimestamp"].replace("Z", "+00:00")
    return Question(endpoint, datetime.fromisoformat(since).timestamp())


def live(seed: int, weather: Weather) -> Life:
    """The life of the order with this seed."""
    life = Life(seed, weather)
    life.run()
    return life
