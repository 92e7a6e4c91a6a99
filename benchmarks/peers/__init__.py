"""The contenders, one file each: how somebody who reads its manual would send an order.

Each file has a class ``Client``. Opened, it sends an order, a change or a cancellation,
and hands back what its library makes of the answer. The worker takes the time around
that one call; what ``succeeded`` and ``nanoseconds`` do is outside the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from order import CANCEL, CANCELLATION, CHANGE, MODIFY, ORDER, PLACE, TOKEN


@dataclass(frozen=True)
class Target:
    """Where the server is."""

    url: str
    host: str
    port: int
    ca_file: str | None  # None: plain HTTP
    http2: bool = False


class Contender:
    """One client of one library.

    A subclass has ``open``, ``place`` and ``close``; where ``awaited`` is true they are
    awaited.
    """

    awaited = True

    def __init__(self, target: Target, **options: Any) -> None:
        self.target = target
        self.options = options

    def succeeded(self, answer: Any) -> bool:
        """Whether the library has understood that all is well."""
        return answer["success"] is True

    def nanoseconds(self, answer: Any, spent: int) -> int:
        """The time that counts; ``spent`` is that around the call."""
        return spent


class HttpContender(Contender):
    """One that knows HTTP and no orders: the JSON is put together by its user."""

    headers = {  # noqa: RUF012
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
    }

    def post(self, path: str, value: dict[str, Any]) -> Any:
        """Send; the parsed answer, or an awaitable of it."""
        raise NotImplementedError

    def place(self) -> Any:
        return self.post(PLACE, ORDER)

    def modify(self) -> Any:
        return self.post(MODIFY, CHANGE)

    def cancel(self) -> Any:
        return self.post(CANCEL, CANCELLATION)
