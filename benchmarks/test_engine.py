"""The engine alone: bytes out, evidence in, without orders around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from order import BODY

from fastorder._core.transport.evidence import Evidence, Receiver
from fastorder._core.transport.poll_engine import PollEngine
from fastorder._core.transport.request_head import Origin, Route, Security
from fastorder._core.transport.timer_heap import TimerHeap

if TYPE_CHECKING:
    from server import Server


class Sink(Receiver):
    """Keeps the evidence that it is given."""

    def __init__(self) -> None:
        self.heard: list[Evidence] = []

    def _on_evidence(self, evidence: Evidence) -> None:
        """An exchange has ended."""
        self.heard.append(evidence)


@pytest.mark.parametrize("in_flight", [1, 10, 100])
@pytest.mark.benchmark(group="engine, exchanges until all have ended")
def test_exchanges(benchmark: Any, server: Server, in_flight: int) -> None:
    origin = Origin(server.url, Security(protocols="http"))
    route = Route(origin, "/api/Order/place", once=True)
    engine = PollEngine(max_connections=128)

    def exchange() -> None:
        sink = Sink()
        for _ in range(in_flight):
            engine.submit(route, BODY, b"abc", sink)
        while len(sink.heard) < in_flight:
            engine.turn(1_000_000_000)
        assert sink.heard[-1].http_status == 200

    benchmark(exchange)
    engine.close()


@pytest.mark.benchmark(group="engine, 1,000 wake-ups put in and taken out")
def test_wake_ups(benchmark: Any) -> None:
    times = [(7919 * turn) % 1000 for turn in range(1000)]

    def fill_and_empty() -> None:
        queue = TimerHeap()
        for time in times:
            queue.add(time, queue)
        while queue.take_due(1000) is not None:
            pass

    benchmark(fill_and_empty)
