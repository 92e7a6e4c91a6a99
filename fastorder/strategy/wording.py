"""Why the exchange refuses something, in words."""

from __future__ import annotations

from fastorder.matching import Reason


def reason_text(reason: int) -> str:
    """A reason as a person reads it; empty for none."""
    if reason == Reason.NONE:
        return ""
    return Reason(reason).name.lower().replace("_", " ")
