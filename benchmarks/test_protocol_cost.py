"""What the protocol adds to a place: alone, and with a journal that is written to.

The protocol is driven by hand, with an answer that is there already: no engine, no
network. The journal takes an order's intent, and its outcome with the next one's, as
``submission/idempotency.py`` and ``session/outcome_log.py`` do it.

    python -m pytest benchmarks/test_protocol_cost.py -o addopts=
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from fastorder import OrderRequest, Outcome, RetryPolicy
from fastorder._core.codec.price import TickGrid
from fastorder._core.codec.request import render_place
from fastorder._core.flow.protocol import Finish
from fastorder._core.transport.evidence import Evidence
from fastorder.gateway.server_clock import ServerClock
from fastorder.journal import Intent, Journal
from fastorder.placement.interlock import Interlock
from fastorder.placement.protocol import placement_of
from fastorder.runtime.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ACCOUNT = 12345678
CONTRACT = "CON.F.US.MNQ.Z26"
TAG = "fo1-aaaaaaaaaaaaaaaaa-00000001"
ANSWER = b'{"orderId":9056,"success":true,"errorCode":0,"errorMessage":null}'
ORDER = OrderRequest("MNQ", "BUY", 1, ACCOUNT)
BODY = render_place(ORDER, CONTRACT, TAG, TickGrid("0.25"))
PROOF = "the gateway answered with its number"


def protocol() -> Callable[[], Any]:
    """One order through the protocol: made, sent, answered; its result."""
    clock, interlock, policy = Clock(), Interlock(), RetryPolicy()
    server_clock = ServerClock(clock)
    evidence = Evidence(body=ANSWER, date=b"Tue, 24 Nov 2026 12:00:00 GMT")

    def place() -> Any:
        placement = placement_of(
            ORDER,
            TAG,
            CONTRACT,
            BODY,
            policy,
            clock,
            server_clock,
            clock.monotonic_ns(),
            interlock,
        )
        placement.start()
        finish = placement.on_evidence(evidence)
        assert isinstance(finish, Finish)
        return finish.value

    return place


def noted(journal: Journal) -> Callable[[], None]:
    """One order in the journal: its intent, with the outcome of the one before."""
    clock, numbers = Clock(), count()

    def note() -> None:
        number = next(numbers)
        tag = f"fo1-aaaaaaaaaaaaaaaaa-{number:08}"
        now_s = clock.wall_s()
        journal.intent(Intent(tag, None, ACCOUNT, CONTRACT, BODY, None, now_s))
        journal.resolve_later(tag, "ACCEPTED", number, PROOF, clock.wall_s())

    return note


@pytest.fixture(params=["process", "power"])
def journal(request: Any, tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "orders.db", request.param) as opened:
        yield opened


@pytest.mark.benchmark(group="protocol")
def test_the_protocol_alone(benchmark: Any) -> None:
    result = benchmark(protocol())
    assert (result.outcome, result.order_id) == (Outcome.ACCEPTED, 9056)


@pytest.mark.benchmark(group="protocol")
def test_the_journal_of_an_order(benchmark: Any, journal: Journal) -> None:
    """Tidied between the rounds, as an executor does while no order is on its way."""

    def tidied() -> None:
        journal.tidy()

    benchmark.pedantic(noted(journal), setup=tidied, rounds=2_000, warmup_rounds=200)
    assert len(journal.unresolved()) == 0
