"""The tag that an idempotency key gives an order."""

from __future__ import annotations

from base64 import b32encode


def tag_of(account_id: int, key: str) -> str:
    """The tag that an idempotency key always gives in an account.

    30 characters of ``[a-z0-9-]``: the same in this process, in another, and after a
    restart, so that the gateway itself knows a repeat.
    """
    from hashlib import blake2s  # loaded with the executor

    digest = blake2s(f"{account_id}\n{key}".encode(), digest_size=20).digest()
    return "fo1-" + b32encode(digest).decode("ascii").lower()[:26]
