"""What one exchange shows, before anybody judges it."""

from __future__ import annotations

from enum import Enum


class AnswerKind(Enum):
    """What one exchange shows, before anything else is known."""

    NOT_SENT = "not sent"  # proved: the request never began
    SILENCE = "silence"  # it began, and no whole and readable answer came
    BUSY = "busy"  # an HTTP status that may pass: 500, 502, 503, 504
    LIMITED = "limited"  # HTTP 429
    TURNED_AWAY = "turned away"  # another HTTP status than 200
    ACCEPTED = "accepted"  # 200, success, code 0
    REFUSED = "refused"  # 200, no success, another code
