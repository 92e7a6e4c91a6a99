"""The kinds of answers that one exchange can give."""

from __future__ import annotations

from enum import Enum


class AnswerKind(Enum):
    """What one exchange shows, before anything else is known."""

    NOT_SENT = "not sent"  # proved: the request never began
    NO_ANSWER = "no answer"  # it began, and no whole and readable answer came
    TRANSIENT_ERROR = "transient error"  # an HTTP status that may pass: 500, 502, ...
    RATE_LIMITED = "rate limited"  # HTTP 429
    CLIENT_ERROR = "client error"  # another HTTP 3xx or 4xx
    ACCEPTED = "accepted"  # 200, success, code 0
    REFUSED = "refused"  # 200, no success, another code
