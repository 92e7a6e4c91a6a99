"""Each change as a span of OpenTelemetry, with the times that were measured anyway."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from opentelemetry import context, trace

from fastorder._base.near_names import class_with_near_names

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult

SCOPE = "fastorder"


@class_with_near_names
class OpenTelemetrySpans:
    """An observer that makes a span of each place, modify, cancel and close.

    A span begins with the call and ends with the result, and is a child of the span
    within which the verb was called. It is an error unless the change was accepted.

    Args:
        provider: of tracers; the program's own where it is not given.
    """

    def __init__(self, provider: trace.TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer(SCOPE, tracer_provider=provider)
        # weakly: a change that is refused at once never ends
        self._parents: WeakKeyDictionary[Any, context.Context] = WeakKeyDictionary()

    def change_began(self, ticket: Any) -> None:
        """Remember within which span the verb was called."""
        self._parents[ticket] = context.get_current()

    def change_ended(self, ticket: Any, result: OrderResult) -> None:
        """Make the span."""
        timing = result.timing
        to_wall_ns = time.time_ns() - time.monotonic_ns()
        span = self._tracer.start_span(
            f"fastorder {result.action}",
            context=self._parents.pop(ticket, None) or context.Context(),
            kind=trace.SpanKind.CLIENT,
            start_time=timing.called + to_wall_ns,
            attributes=attributes_of(ticket, result),
        )
        for name in ("written", "first_byte"):
            at_ns = getattr(timing, name)
            if at_ns is not None:
                span.add_event(name, timestamp=at_ns + to_wall_ns)
        if not result.success:
            span.set_status(trace.StatusCode.ERROR, result.message)
        span.end(end_time=timing.parsed + to_wall_ns)


def attributes_of(ticket: Any, result: OrderResult) -> dict[str, Any]:
    """What a span tells; nothing of it where it is not known."""
    known = {
        "action": result.action,
        "outcome": str(result.outcome),
        "tag": result.tag,
        "order_id": result.order_id,
        "account_id": ticket.account_id,
        "attempts": result.attempts,
        "error_name": result.error_name,
    }
    told = {f"fastorder.{name}": value for name, value in known.items() if value}
    if result.http_status:
        told["http.response.status_code"] = result.http_status
    return told


OpenTelemetrySpans.__module__ = "fastorder.telemetry"  # where it is imported from
