"""Users, their keys, and tokens that look like the gateway's: 24 hours each."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastorder.simulator.clock import Clock

LIFETIME_S = 86_400


class Tokens:
    """Gives tokens and knows which are valid.

    Args:
        clock: the day's.
        seed: makes the tokens of a day repeatable.
        accepted: tokens that are valid without a login, for ever.
    """

    def __init__(self, clock: Clock, seed: int, accepted: tuple[str, ...]) -> None:
        self._clock = clock
        self._seed = seed
        self._given = 0
        self._until: dict[str, float] = dict.fromkeys(accepted, float("inf"))
        self.keys = {"trader1": "key"}
        self.lifetime_s: int | None = None  # a day where it is not set
        self._uses_left: int | None = None

    def login(self, user_name: str, api_key: str) -> str | None:
        """A new token, or None for wrong credentials."""
        if self.keys.get(user_name.lower()) != api_key:
            return None
        return self.give(user_name.lower())

    def give(self, user_name: str) -> str:
        """A new token for a user."""
        self._given += 1
        now_s = self._clock.now_s()
        lifetime_s = LIFETIME_S if self.lifetime_s is None else self.lifetime_s
        claims = {
            "name": user_name,
            "jti": self._given,
            "iat": int(now_s),
            "exp": int(now_s) + lifetime_s,
        }
        head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        body = _encoded(json.dumps(claims).encode())
        digest = hashlib.sha256(f"{self._seed}.{head}.{body}".encode()).digest()
        token = f"{head}.{body}.{_encoded(digest)}"
        self._until[token] = now_s + lifetime_s
        return token

    def revoke(self, token: str) -> None:
        """Make a token invalid."""
        self._until.pop(token, None)

    def expire_after(self, uses: int) -> None:
        """End all tokens of now once so many requests more have been answered."""
        self._uses_left = uses

    def use(self, token: str) -> bool:
        """Whether a token is valid for the request that it came with."""
        if self._uses_left is not None:
            if self._uses_left == 0:
                self._until.clear()
                self._uses_left = None
            else:
                self._uses_left -= 1
        return self.valid(token)

    def valid(self, token: str) -> bool:
        """Whether a token is valid now."""
        return self._clock.now_s() < self._until.get(token, 0.0)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
