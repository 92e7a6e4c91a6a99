"""The life of one change: a cancel, a modify or a close, read back by lagging reads.

The judge knows nothing of the protocol but its promises: what is told to be done was
so at some moment since the call, what is told to be refused was never done, a part of a
position is closed once, and a whole one is not closed again unseen, nor after an order
that may have opened what is held then.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from still import order_since

from campaign.account import ACCOUNT, CONTRACT, ORDER_ID, Account, answer, clock_of
from campaign.model import (
    GARBAGE,
    LATEST_NS,
    REQUEST_NS,
    SECOND,
    WAITS,
    Ledger,
    MachineClock,
    World,
    http_date,
)
from fastorder._core.flow.protocol import Finish, Pause, Send, Tell
from fastorder._core.transport.evidence import Evidence
from fastorder.config import RetryPolicy
from fastorder.enums import OrderStatus, Outcome, Side
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.server_clock import ServerClock
from fastorder.requests.order_change import Cancellation, Modification
from fastorder.requests.position_close import PositionClose

if TYPE_CHECKING:
    from fastorder.requests.amendment import Amendment

KINDS = ("cancel", "modify", "close", "partial close")
WANTED = {"size": 2, "limitPrice": 101}
POLICY = RetryPolicy(jitter=0.1)
MOST_STEPS = 400
STATUSES = (300, 302, 307, 400, 401, 403, 404, 405, 408, 409, 413, 421, 425, 499)
FAILURES = (500, 500, 502, 503, 504, 520)
CHANGES = frozenset(
    {
        Endpoint.CANCEL,
        Endpoint.MODIFY,
        Endpoint.CLOSE_POSITION,
        Endpoint.PARTIAL_CLOSE,
    }
)
FAULTS = (
    "no connection",
    "lost",
    "lost",
    "before",
    "before",
    "late",
    "limited",
    "status before",
    "status before",
    "status after",
    "garbled",
)
"""What may become of a change; twice, because the likely ones are."""

DAMAGE = {
    "order": ("status", "id", "limitPrice", "size", "accountId"),
    "positions": ("size", "contractId", "id", "accountId"),
    "trades": ("side", "size", "creationTimestamp", "contractId", "orderId", "voided"),
}
ENDED = (OrderStatus.CANCELLED, OrderStatus.FILLED)
"""Some gateways show no order by its number once it has ended."""

COMES_TO = (None, *Outcome)
"""What is known of an order that was sent after a close."""

NO_VALUE = (None, "", "7", -1, True, 1.5, 1 << 63, [])
NO_PRICE = (None, "", "7", True, [])


class Told(NamedTuple):
    """What the client said."""

    outcome: Outcome
    proof: str | None
    last: bool


class Change:
    """One change, from the call to the last thing that can happen to it.

    Args:
        seed: everything else follows from it.
        faults: the share of the exchanges in which something goes wrong.
    """

    def __init__(self, seed: int, faults: float) -> None:
        self.ledger = Ledger()
        self.kind = KINDS[seed % len(KINDS)]
        self.account: Account
        self._random = random = Random(seed)
        self._faults = faults
        self._world = World()
        self._clock = MachineClock(
            self._world,
            random,
            random.randrange(1, 10**6) * SECOND,
            random.choice((0, 0, -5, 600, -7200)) * random.random(),
        )
        self.account = Account(random, self.ledger)
        self._gateway_s = clock_of(random.choice((0, 0, -40, 600)) * random.random())
        self._cached_until_ns = 0
        self._cached_ns = -int(random.choice((0.5, 3.0, 30.0)) * SECOND)
        if random.random() < 0.1:
            self._cached_until_ns = int(random.uniform(5, 90) * SECOND)
        self._server_clock = ServerClock(self._clock)
        self._hides_ended = seed % 5 == 2
        self._part = random.choice((1, 2))
        self._steps = 0
        self._timers: list[int] = []
        self._protocol = self._made()

    def _made(self) -> Amendment:
        clock, called_ns = self._clock, self._clock.monotonic_ns()
        common: tuple[Any, ...] = (POLICY, clock, called_ns)
        if self.kind == "cancel":
            return Cancellation(ACCOUNT, ORDER_ID, b"cancel", *common)
        if self.kind == "modify":
            return Modification(
                ACCOUNT, ORDER_ID, b"modify", *common, wanted=dict(WANTED)
            )
        part = None if self.kind == "close" else self._part
        server_clock = self._server_clock
        return PositionClose(
            ACCOUNT, CONTRACT, part, *common, server_clock=server_clock
        )

    def run(self) -> None:
        """Live it."""
        command: Any = self._protocol.start()
        while command is not None:
            self._steps += 1
            if self._steps > MOST_STEPS:
                self._note("endless")
                break
            command = self._obey(command)
        end_ns = max(self._world.now_ns, self.account.last_ns) + SECOND
        self._pass(end_ns)

    def _obey(self, command: Any) -> Any:
        if type(command) is Send:
            return self._exchange(command)
        if type(command) is Pause:
            return self._wait(command.due_ns)
        if type(command) is Tell:
            self._tell(command.value, last=False)
            return command.then
        assert type(command) is Finish
        self._tell(command.value, last=True)
        return None

    def _wait(self, due_ns: int) -> Any:
        """A pause; a new token may cut it short, and its timer comes all the same."""
        if self._random.random() < 0.05:
            command = self._protocol.on_new_token()
            if command is not None:
                self._timers.append(due_ns)
                return command
        self._order_now_and_then()
        self._run_timers(due_ns)
        self._pass(max(self._clock.true_ns(due_ns), self._world.now_ns))
        return self._protocol.on_time()

    def _run_timers(self, until_ns: int) -> None:
        for due_ns in sorted(due for due in self._timers if due < until_ns):
            self._timers.remove(due_ns)
            self._pass(max(self._clock.true_ns(due_ns), self._world.now_ns))
            if self._protocol.on_time() is not None:
                self._note("astray")

    def _tell(self, result: Any, *, last: bool) -> None:
        self._note("told", Told(result.outcome, result.proof, last))
        if not last and self._random.random() < 0.3:
            self.account.opens_later(self._world.now_ns)

    def _exchange(self, send: Send) -> Any:
        if self._random.random() < 0.01:
            return self._protocol.on_stop(None)
        if send.endpoint in CHANGES:
            evidence, took_ns = self._change(send)
        else:
            evidence, took_ns = self._read(send)
        self._pass(self._world.now_ns + took_ns)
        self._order_now_and_then()
        self._run_timers(self._clock.monotonic_ns())
        self._server_clock.note(evidence.date, self._clock.monotonic_ns())
        return self._protocol.on_evidence(evidence)

    def _order_now_and_then(self) -> None:
        """An order of the contract is sent after the close, and may come to nothing."""
        random = self._random
        if not isinstance(self._protocol, PositionClose) or random.random() > 0.03:
            return
        kind, outcome = random.choice(("MARKET", "STOP")), random.choice(COMES_TO)
        order = order_since(kind, random.choice(list(Side)), outcome)
        self._protocol.orders_since.append(order)
        if kind == "MARKET" and outcome not in (Outcome.REJECTED, Outcome.NOT_SENT):
            self._note("ordered")

    # ------------------------------------------------------------ the change

    def _change(self, send: Send) -> tuple[Evidence, int]:
        random, now_ns = self._random, self._world.now_ns
        kind = random.choice(FAULTS) if self._is_faulty() else "done"
        if kind == "no connection":
            return Evidence(curl_code=7, starts=0, http_status=0), SECOND // 10
        self._note("sent")
        if kind == "done":
            return self._done(now_ns)
        if kind == "limited":
            self._note("seen")
            return self._status(429)
        if kind == "late":
            self._note("seen")
            late_ns = now_ns + REQUEST_NS + int(random.random() * LATEST_NS)
            self.account.take_late(late_ns, self._apply)
            return self._silence()
        if kind in ("before", "status before"):
            self._note("seen")
        else:
            self._apply(now_ns + SECOND // 50)
        if kind == "garbled":
            return self._answered(random.choice(GARBAGE))
        if kind.startswith("status"):
            return self._status(random.choice(STATUSES + FAILURES))
        return self._silence()

    def _done(self, at_ns: int) -> tuple[Evidence, int]:
        return self._answered(answer(self._apply(at_ns + SECOND // 50)))

    def _apply(self, at_ns: int) -> int:
        self._note("seen")
        if self.kind == "cancel":
            return self.account.cancel(at_ns)
        if self.kind == "modify":
            return self.account.modify(at_ns, WANTED["size"], WANTED["limitPrice"])
        return self.account.close(at_ns, None if self.kind == "close" else self._part)

    # ------------------------------------------------------------ what is read

    def _read(self, send: Send) -> tuple[Evidence, int]:
        random = self._random
        if not self._is_faulty():
            return self._shown(send, int(min(random.expovariate(10), 9) * SECOND))
        kind = random.choice(
            ("behind",) * 5 + ("old date", "damaged", "damaged", "none")
        )
        if kind == "behind":
            return self._shown(send, int(random.uniform(1, 9) * SECOND))
        if kind == "old date":
            age_s = random.choice((10, 300, 90_000)) * random.random()
            return self._shown(send, SECOND // 10, age_s)
        if kind == "damaged":
            return self._shown(send, SECOND // 10, damaged=True)
        return random.choice(
            (
                lambda: self._status(random.choice((*FAILURES, 401, 403, 429))),
                lambda: self._answered(random.choice(GARBAGE)),
                lambda: self._answered(b'{"success":true,"errorCode":0}'),
                self._silence,
            )
        )()

    def _shown(
        self, send: Send, lag_ns: int, age_s: float = 0.0, *, damaged: bool = False
    ) -> tuple[Evidence, int]:
        """What a copy that is behind shows; a cache's is from before all of it."""
        at_ns = self._world.now_ns - lag_ns
        if self._world.now_ns < self._cached_until_ns:
            at_ns = self._cached_ns
            age_s = (self._world.now_ns - at_ns) / SECOND
        self.account.advance(self._world.now_ns)
        name, shown = self._rows(send.endpoint, at_ns)
        rows = shown if isinstance(shown, list) else [shown] if shown else []
        if damaged and rows:
            row, member = self._random.choice(rows), self._random.choice(DAMAGE[name])
            values = NO_PRICE if member == "limitPrice" else NO_VALUE
            row[member] = self._random.choice(values)
        if name == "positions":
            ours = [row for row in rows if row["contractId"] == CONTRACT]
            is_read = any(type(row["size"]) is int and row["size"] > 0 for row in ours)
            self._note("looked", is_read)
        if shown is None:
            return self._answered(answer(1, order=None), age_s)
        return self._answered(answer(0, **{name: shown}), age_s)

    def _rows(self, endpoint: Endpoint, at_ns: int) -> tuple[str, Any]:
        if endpoint is Endpoint.ORDER_BY_ID:
            row = self.account.order_row(at_ns)
            is_hidden = self._hides_ended and row and row["status"] in ENDED
            return "order", None if is_hidden else row
        if endpoint is Endpoint.SEARCH_POSITIONS:
            return "positions", self.account.position_rows(at_ns)
        return "trades", self.account.trade_rows(at_ns, self._gateway_s)

    # ------------------------------------------------------------ evidence

    def _is_faulty(self) -> bool:
        return self._random.random() < self._faults

    def _answered(self, body: bytes, age_s: float = 0.0) -> tuple[Evidence, int]:
        return self._whole(200, body, age_s)

    def _status(self, number: int) -> tuple[Evidence, int]:
        return self._whole(number, b"", 0.0)

    def _whole(self, status: int, body: bytes, age_s: float) -> tuple[Evidence, int]:
        took_ns = int(self._random.uniform(0.01, 0.1) * SECOND)
        date = http_date(int(self._gateway_s(self._world.now_ns) - age_s))
        if self._random.random() < 0.1:
            date = b""
        wait = self._random.choice(WAITS) if status in (429, 503) else b""
        return (
            Evidence(http_status=status, body=body, date=date, retry_after=wait),
            took_ns,
        )

    def _silence(self) -> tuple[Evidence, int]:
        return Evidence(curl_code=28, http_status=0, curl_error="gone"), REQUEST_NS

    def _note(self, what: str, value: Any = None) -> None:
        self.ledger.note(what, self._world.now_ns, value)

    def _pass(self, to_ns: int) -> None:
        self.account.advance(to_ns)
        self._world.now_ns = to_ns


# ---------------------------------------------------------------- the judge


def complaints(change: Change) -> list[str]:
    """What is wrong with a life; nothing, where nothing is."""
    found = ["endless" for fact in change.ledger if fact.what == "endless"]
    found += ["astray: an old timer led to something"] * noted(change, "astray")
    found += sends(change)
    told = [fact for fact in change.ledger if fact.what == "told"]
    effects = [fact.at_ns for fact in change.ledger if fact.what == "effect"]
    if not told or not told[-1].value.last:
        found.append("silent: there is no last word")
    for fact in told:
        outcome, proof, last = fact.value
        if outcome is Outcome.ACCEPTED and not was_done(change, fact.at_ns):
            found.append("phantom: told ACCEPTED, it was never so")
        if outcome in (Outcome.REJECTED, Outcome.NOT_SENT) and effects:
            found.append(f"wrong: told {outcome.name}, it was done")
        if outcome is Outcome.NOT_SENT and seen(change):
            found.append("bytes seen: told NOT_SENT, they reached the gateway")
        if last and outcome is not Outcome.UNKNOWN and not proof:
            found.append("proof: there is none")
    return found


def noted(change: Change, what: str) -> int:
    """How often this was noted."""
    return sum(fact.what == what for fact in change.ledger)


def sends(change: Change) -> list[str]:
    """Nothing is sent once told; a close not unseen, a part of one only once."""
    is_told = sent = shown = is_ordered = False
    for fact in change.ledger:
        if fact.what == "told":
            is_told = True
        elif fact.what == "looked":
            shown = fact.value is True
        elif fact.what == "ordered":
            is_ordered = True
        elif fact.what == "sent":
            if is_told:
                return ["surprise: sent once it was told"]
            if is_ordered:
                return ["overtaken: closed what an order since may have opened"]
            if sent and change.kind == "close" and not shown:
                return ["blind: closed again unseen"]
            if sent and change.kind == "partial close" and noted(change, "seen"):
                return ["twice: a part was sent again"]
            sent, shown = True, False
    return []


def seen(change: Change) -> bool:
    """Whether the gateway has seen anything of it."""
    return any(fact.what == "seen" for fact in change.ledger)


def was_done(change: Change, told_ns: int) -> bool:
    """Whether what it wants was so at some moment from the call to the word."""
    if any(fact.what == "effect" for fact in change.ledger):
        return True
    states = change.account.between(0, told_ns)
    if change.kind == "cancel":
        return any(state.status is OrderStatus.CANCELLED for state in states)
    if change.kind == "modify":
        wanted = (WANTED["size"], WANTED["limitPrice"])
        return any((state.size, state.price) == wanted for state in states)
    return any(not state.held for state in states)


def lived(seed: int, faults: float = 0.55) -> Change:
    """The change with this seed, lived."""
    change = Change(seed, faults)
    change.run()
    return change
