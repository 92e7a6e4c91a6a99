"""A protocol without sockets: a clock that is moved by hand, and ready answers."""

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import formatdate
from types import SimpleNamespace

from fastorder import OrderRequest, RetryPolicy
from fastorder._core.flow.protocol import Pause, Send, Tell
from fastorder._core.transport.evidence import Evidence
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.server_clock import ServerClock
from fastorder.placement.interlock import Interlock
from fastorder.placement.protocol import Event, State, placement_of
from fastorder.requests.order_since import OrderSince
from fastorder.runtime.clock import FOREVER_NS, Clock

SECOND_NS = 1_000_000_000
TAG = "tag-1"
CONTRACT = "CON.F.US.MNQ.Z26"
BYTES = b"the bytes"
IN_USE = "Order rejected: custom tag is already in use."


@dataclass
class StillClock(Clock):
    """Both clocks of a machine; ``pass_s`` moves them together."""

    now_ns: int = 1_000_000_000
    wall: float = 1_787_168_965.0

    def monotonic_ns(self):
        return self.now_ns

    def wall_s(self):
        return self.wall

    def spread(self):
        return 0.0

    def date(self):
        """The Date of an answer that is made now."""
        return formatdate(self.wall, usegmt=True).encode()

    def pass_s(self, seconds):
        self.now_ns += round(seconds * SECOND_NS)
        self.wall += seconds

    def sleep_s(self, seconds):
        """The machine sleeps: its monotonic clock stands still."""
        self.wall += seconds


KNOWN = 3
"""An order of the account that the gateway has confirmed, in most tests."""


def knowing(order_id=KNOWN):
    """No order in doubt yet; this one of the account is known."""
    interlock = Interlock()
    interlock.known_order = lambda account_id: order_id
    return interlock


def told_the_time(clock):
    """What the gateway's clock is known by: an answer that has a Date, just now."""
    server_clock = ServerClock(clock)
    server_clock.note(clock.date(), clock.now_ns)
    return server_clock


def made(clock, policy=None, server_clock=None, interlock=None, **options):
    """A placement of one MNQ, bought in account 5, of CONTRACT."""
    valid_for = options.pop("valid_for", None)
    contract_id = options.pop("contract_id", CONTRACT)
    valid_until_ns = FOREVER_NS
    if valid_for is not None:
        valid_until_ns = clock.now_ns + round(valid_for * SECOND_NS)
    return placement_of(
        OrderRequest("MNQ", "BUY", 1, 5, valid_for=valid_for),
        TAG,
        contract_id,
        BYTES,
        policy or RetryPolicy(**options),
        clock,
        server_clock or told_the_time(clock),
        clock.now_ns,
        knowing() if interlock is None else interlock,
        valid_until_ns,
    )


# ---------------------------------------------------------------- what comes back


def answer(document=None, status=200, **more):
    """A whole answer with a JSON body."""
    return Evidence(http_status=status, body=json.dumps(document).encode(), **more)


def accepted(order_id=7):
    return answer(envelope(orderId=order_id))


def refused(code=2, text="Invalid limit price.", **more):
    return answer(envelope(code, text, **more))


def envelope(code=0, text=None, **more):
    return {"success": code == 0, "errorCode": code, "errorMessage": text, **more}


def status(number, **more):
    """An answer that is a status and nothing else."""
    return Evidence(http_status=number, body=b"", **more)


def no_answer(curl_code=28, starts=1):
    """The request left, and no answer came: by default it timed out."""
    return Evidence(
        curl_code=curl_code, starts=starts, http_status=0, curl_error="gone"
    )


def not_sent(curl_code=7):
    """It never left: by default the connection was refused."""
    return no_answer(curl_code, starts=0)


def held_back(why="the gate is shut: kill() was called"):
    return Evidence(curl_code=42, starts=0, http_status=0, held_back=why)


def listing(*rows, **more):
    """Order/search, read in full."""
    return answer(envelope(orders=list(rows)), **more)


def ours(**more):
    """A row of a look-up that shows the order."""
    row = {
        "id": 7,
        "accountId": 5,
        "contractId": CONTRACT,
        "status": 2,
        "type": 2,
        "side": 0,
        "size": 1,
        "fillVolume": 1,
        "customTag": TAG,
    }
    return {**row, **more}


def trades(*orders):
    """Trade/search, read in full: a trade of the contract by each of these orders."""
    rows = [{"id": 1, "orderId": order, "contractId": CONTRACT} for order in orders]
    return answer(envelope(trades=rows))


OLD = "2020-01-01T00:00:00+00:00"
YOUNG = "2100-01-01T00:00:00+00:00"


def shown(order_id=KNOWN, created=OLD, **more):
    """Order/searchById: an order of another tag."""
    row = {"id": order_id, "customTag": "x", "creationTimestamp": created, **more}
    return answer(envelope(order=row))


ABSENT = listing()
WHOLE = {
    Endpoint.SEARCH_ORDERS: ABSENT,
    Endpoint.SEARCH_TRADES: trades(),
    Endpoint.ORDER_BY_ID: shown(),
}
"""What a gateway that is alive says where the order is not there."""


def audited(placement, command):
    """Answer the questions that follow a look-up; the command after them."""
    while isinstance(command, Send) and command.endpoint in AUDITS:
        command = placement.on_evidence(WHOLE[command.endpoint])
    return command


AUDITS = (Endpoint.SEARCH_TRADES, Endpoint.ORDER_BY_ID)
REJECTED_ROW = ours(status=5, fillVolume=0)


# ---------------------------------------------------------------- running it


def due(command):
    """When the pause ends that a command asks for; a Tell may come before it."""
    while isinstance(command, Tell):
        command = command.then
    assert isinstance(command, Pause), command
    return command.due_ns


def wait(placement, clock, command):
    """Let a pause pass; the next command."""
    clock.pass_s(max(0, due(command) - clock.now_ns) / SECOND_NS)
    return placement.on_time()


def told(command):
    """The result that whoever waits is told."""
    assert isinstance(command, Tell), command
    return command.value


# ---------------------------------------------------------------- every event


def found(placement, row):
    """A row in the answer that is waited for."""
    if placement.state is State.PROBING:
        return answer(envelope(order={**row, "id": placement.probed}))
    return listing(row)


def event_row(clock, **more):
    """The order as an event of the hub shows it, made now."""
    made = datetime.fromtimestamp(clock.wall, timezone.utc).isoformat()
    return {**ours(creationTimestamp=made), **more}


INPUTS = {
    Event.START: lambda p, clock: p.start(),
    Event.RESUME: lambda p, clock: p.resume(clock.wall - 60),
    Event.ACCEPTED: lambda p, clock: p.on_evidence(accepted()),
    Event.REFUSED: lambda p, clock: p.on_evidence(refused(2)),
    Event.TAG_IN_USE: lambda p, clock: p.on_evidence(refused(2, IN_USE)),
    Event.CLIENT_ERROR: lambda p, clock: p.on_evidence(status(400)),
    Event.UNAUTHORIZED: lambda p, clock: p.on_evidence(status(401)),
    Event.UNANSWERED: lambda p, clock: p.on_evidence(no_answer()),
    Event.NOT_SENT: lambda p, clock: p.on_evidence(not_sent()),
    Event.GATE_CLOSED: lambda p, clock: p.on_evidence(held_back()),
    Event.FOUND: lambda p, clock: p.on_evidence(found(p, ours())),
    Event.FOUND_REJECTED: lambda p, clock: p.on_evidence(found(p, REJECTED_ROW)),
    Event.MISMATCH: lambda p, clock: p.on_evidence(found(p, ours(side=1))),
    Event.DUPLICATE: lambda p, clock: p.on_evidence(listing(ours(), ours(id=8))),
    Event.ABSENT: lambda p, clock: p.on_evidence(listing(date=clock.date())),
    Event.INCONCLUSIVE: lambda p, clock: p.on_evidence(status(500)),
    Event.MATCHED: lambda p, clock: p.on_evidence(trades()),
    Event.UNMATCHED: lambda p, clock: p.on_evidence(trades(8, 9)),
    Event.KNOWN: lambda p, clock: p.on_evidence(shown(p.probed)),
    Event.UNLISTED: lambda p, clock: p.on_evidence(shown(p.probed, YOUNG)),
    Event.WITNESSED: lambda p, clock: p.on_witness(event_row(clock)),
    Event.TIME: lambda p, clock: (clock.pass_s(60), p.on_time())[1],
    Event.RESOLVE: lambda p, clock: p.on_resolve(),
    Event.FAILURE: lambda p, clock: p.on_failure("a bug"),
    Event.STOP: lambda p, clock: p.on_stop(None),
}
"""How each event comes in from outside."""


def order_since(kind="MARKET", side="BUY", outcome=None, left=True, held=False):
    """An order that was asked for after a close, as far as a close asks."""
    price = {
        "LIMIT": {"limit_price": 29000},
        "STOP": {"stop_price": 29000},
        "STOP_LIMIT": {"stop_price": 29000, "limit_price": 29000},
        "TRAILING_STOP": {"trail_price": 29000},
    }.get(kind, {})
    order = OrderRequest("MNQ", side, 1, 1, order_type=kind, **price)
    placing = SimpleNamespace(order=order, attempts=0, may_have_left=left)
    result = None if outcome is None else SimpleNamespace(outcome=outcome)
    ticket = SimpleNamespace(_protocol=placing, result=result)
    return OrderSince(ticket, lambda one: held)
