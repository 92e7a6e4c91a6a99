"""Order tags: one of its own for each order."""

from __future__ import annotations

import os
from base64 import b32encode

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def tag_of(account_id: int, key: str) -> str:
    """The tag that an idempotency key always gives in an account.

    30 characters of ``[a-z0-9-]``: the same in this process, in another, and after a
    restart, so that the gateway itself knows a repeat.
    """
    from hashlib import blake2s  # loaded with the executor

    digest = blake2s(f"{account_id}\n{key}".encode(), digest_size=20).digest()
    return "fo1-" + b32encode(digest).decode("ascii").lower()[:26]


class TagSeries:
    """Tags that no other executor makes: a random series, then a running number.

    A tag is 30 characters of ``[a-z0-9-]``, so that the gateway's own endings for
    the legs of a bracket still fit.
    """

    __slots__ = ("_number", "_series")

    def __init__(self) -> None:
        self._series = "fo1-" + "".join(LETTERS[byte % 32] for byte in os.urandom(17))
        self._number = 0

    def next(self) -> str:
        """The next tag."""
        self._number += 1
        return f"{self._series}-{self._number:08x}"
