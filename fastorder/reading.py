"""What one exchange shows: evidence and reply, read into one sign."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from fastorder._core.response import Reply, read_reply

if TYPE_CHECKING:
    from fastorder._core.transfer import Evidence
    from fastorder.config import RetryPolicy


class Sign(Enum):
    """What one exchange shows, before anything else is known."""

    NOT_SENT = "not sent"  # proved: the request never began
    SILENCE = "silence"  # it began, and no whole and readable answer came
    BUSY = "busy"  # an HTTP status that may pass: 500, 502, 503, 504
    LIMITED = "limited"  # HTTP 429
    TURNED_AWAY = "turned away"  # another HTTP status than 200
    ACCEPTED = "accepted"  # 200, success, code 0
    REFUSED = "refused"  # 200, no success, another code


class Reading(NamedTuple):
    """A sign, the reply it was read from, and a reason for people.

    ``reply`` is None where no whole answer came; ``reason`` is empty where the gateway
    accepted.
    """

    sign: Sign
    reply: Reply | None
    reason: str


def read(evidence: Evidence, policy: RetryPolicy) -> Reading:
    """Read the evidence of one exchange."""
    if not evidence.complete:
        return _incomplete(evidence)
    reply = read_reply(evidence.http_status, evidence.body)
    if evidence.http_status != 200:
        return Reading(_status_sign(reply, policy), reply, _status_reason(reply))
    if reply.success is None:
        return Reading(Sign.SILENCE, reply, f"unreadable answer: {reply.reason}")
    if not reply.consistent:
        odds = f"success {reply.success} and errorCode {reply.error_code} are at odds"
        return Reading(Sign.SILENCE, reply, odds)
    if reply.success:
        return Reading(Sign.ACCEPTED, reply, "")
    return Reading(Sign.REFUSED, reply, reply.error_message or "")


def _incomplete(evidence: Evidence) -> Reading:
    if evidence.starts == 0:
        return Reading(Sign.NOT_SENT, None, evidence.curl_error)
    if evidence.resend_blocked:
        reason = "the connection ended without an answer"
    elif evidence.http_status:
        reason = f"HTTP {evidence.http_status}, then {evidence.curl_error}"
    else:
        reason = f"no answer: {evidence.curl_error}"
    return Reading(Sign.SILENCE, None, reason)


def _status_sign(reply: Reply, policy: RetryPolicy) -> Sign:
    status = reply.http_status
    if status in policy.statuses:
        return Sign.BUSY
    if status == 429:
        return Sign.LIMITED
    if 300 <= status < 500:
        return Sign.TURNED_AWAY
    return Sign.SILENCE


def _status_reason(reply: Reply) -> str:
    text = reply.reason or reply.error_message
    return f"HTTP {reply.http_status}: {text}" if text else f"HTTP {reply.http_status}"
