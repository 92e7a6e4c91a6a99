"""Changes as metrics of Prometheus: how many, how they ended, how long they took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from fastorder._base.near_names import class_with_near_names

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult

SECONDS = (
    *(0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02),
    *(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
"""Bounds of the histograms: from a request that leaves at once to one in doubt."""


@class_with_near_names
class PrometheusMetrics:
    """An observer that counts each place, modify, cancel and close.

    ``fastorder_changes_total{action, outcome}``, ``fastorder_sends_total{action}``,
    ``fastorder_changes_open``, and the histograms ``fastorder_written_seconds{action}``
    and ``fastorder_result_seconds{action}``, both from the call on. No label holds a
    tag, an order or an account.

    Args:
        registry: where they are kept; the program's own where it is not given. One
            object serves any number of executors.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._changes = Counter(
            "fastorder_changes",
            "Changes that have ended",
            ("action", "outcome"),
            registry=registry,
        )
        self._sends = Counter(
            "fastorder_sends", "Requests that left", ("action",), registry=registry
        )
        under_way = Gauge(
            "fastorder_changes_open", "Changes on their way", registry=registry
        )
        self._written, self._result = (
            Histogram(name, text, ("action",), buckets=SECONDS, registry=registry)
            for name, text in (
                ("fastorder_written_seconds", "From the call until it had left"),
                ("fastorder_result_seconds", "From the call until its result"),
            )
        )
        # weakly: a change that is refused at once never ends
        self._under_way: WeakSet[Any] = WeakSet()
        under_way.set_function(lambda: len(self._under_way))

    def change_began(self, ticket: Any) -> None:
        """One more is on its way."""
        self._under_way.add(ticket)

    def change_ended(self, ticket: Any, result: OrderResult) -> None:
        """Count it."""
        self._under_way.discard(ticket)
        action, timing = result.action, result.timing
        self._changes.labels(action, str(result.outcome)).inc()
        self._sends.labels(action).inc(result.attempts)
        if timing.call_to_written is not None:
            self._written.labels(action).observe(timing.call_to_written / 1e9)
        self._result.labels(action).observe(timing.call_to_result / 1e9)


PrometheusMetrics.__module__ = "fastorder.telemetry"  # where it is imported from
