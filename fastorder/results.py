"""An order's result, made from the outcome and the evidence of its last send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.models import OrderResult, Outcome, Timing

if TYPE_CHECKING:
    from fastorder._core.transfer import Evidence


def result_of(
    outcome: Outcome,
    action: str,
    evidence: Evidence | None,
    *,
    called_ns: int,
    parsed_ns: int,
    attempts: int,
    order_id: int | None = None,
    error: str | None = None,
    error_code: int | None = None,
    error_name: str | None = None,
    tag: str | None = None,
) -> OrderResult:
    """The result; what did not happen is None in it."""
    if evidence is None:
        timing, status = Timing(called_ns, None, None, parsed_ns), None
    else:
        timing = Timing(
            called_ns,
            evidence.written_ns or None,
            evidence.first_byte_ns or None,
            parsed_ns,
        )
        status = evidence.http_status or None
    return OrderResult(
        outcome=outcome,
        action=action,
        order_id=order_id,
        error=error,
        error_code=error_code,
        error_name=error_name,
        tag=tag,
        attempts=attempts,
        http_status=status,
        timing=timing,
    )
