"""The protocol of a login: a query that takes its body from the credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._core.flow.protocol import Send
from fastorder.errors import LoginError
from fastorder.gateway.endpoints import Endpoint
from fastorder.requests.query import Query

if TYPE_CHECKING:
    from fastorder.auth.credentials import Credentials
    from fastorder.config import RetryPolicy
    from fastorder.runtime.clock import Clock


class Login(Query):
    """One login on its way; it ends with the answer that holds the token."""

    __slots__ = ("_credentials",)

    def __init__(
        self, credentials: Credentials, policy: RetryPolicy, clock: Clock
    ) -> None:
        super().__init__(Endpoint.LOGIN, b"", LoginError, policy, clock)
        self._credentials = credentials

    def start(self) -> Send:
        """Send it; the body is not kept here, where something might show it."""
        super().start()
        return Send(Endpoint.LOGIN, self._credentials.request())
