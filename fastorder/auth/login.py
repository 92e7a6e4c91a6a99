"""The protocol of a login: a query that takes its body from the credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._core.flow.protocol import Send
from fastorder.errors import LoginError, RequestFailed
from fastorder.gateway.endpoints import Endpoint
from fastorder.requests.query import Query

if TYPE_CHECKING:
    from fastorder._core.flow.classify import Answer
    from fastorder._core.transport.evidence import Evidence
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

    def _failure(self, evidence: Evidence, answer: Answer) -> RequestFailed:
        """Why it failed; with a hint where the gateway refuses what it was given."""
        failure = super()._failure(evidence, answer)
        hint = self._credentials.hint
        if failure.error_code is None or not hint:
            return failure
        return RequestFailed(
            f"{failure} ({hint})",
            failure.http_status,
            failure.error_code,
            failure.error_name,
        )
