"""How long a token lasts, read from the token itself."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Any

DAY_S = 86_400.0
"""The gateway's documentation gives a token 24 hours."""

LONGEST_S = 30 * DAY_S


def lifetime_s(token: str, now_s: float) -> float:
    """Seconds from now that a new token lasts; a day where it does not say.

    It is a JWT: the middle part holds when it ends (``exp``) and when it was made
    (``iat``), in seconds since the epoch. Their difference needs no clock of this
    machine. Nothing is verified: it only says when to ask for the next one.

    Args:
        token: as the gateway gave it, just now.
        now_s: seconds since the epoch, for a token without ``iat``.

    Source: RFC 7519, section 4.1.
    """
    claims = _claims(token)
    ends_s, made_s = _number(claims.get("exp")), _number(claims.get("iat"))
    if ends_s is None:
        return DAY_S
    seconds = ends_s - (now_s if made_s is None else made_s)
    return min(seconds, LONGEST_S) if seconds > 0 else DAY_S


def _claims(token: str) -> dict[str, Any]:
    import orjson  # loaded with the executor

    parts = token.split(".")
    if len(parts) != 3:
        return {}
    padding = "=" * (-len(parts[1]) % 4)
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + padding))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _number(value: Any) -> float | None:
    return value if type(value) in (int, float) else None


def remaining_s(token: str, now_s: float) -> float:
    """Seconds from now that a token still lasts, as this machine's clock sees it."""
    whole_s = lifetime_s(token, now_s)
    ends_s = _number(_claims(token).get("exp"))
    return whole_s if ends_s is None else min(whole_s, max(ends_s - now_s, 0.0))
