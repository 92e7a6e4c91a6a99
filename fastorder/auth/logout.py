"""The protocol of a logout: a query that a token which is not taken fulfils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.flow.classify import classify
from fastorder.errors import LogoutError, RequestFailed
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.responses import unauthorized
from fastorder.requests.query import Query

if TYPE_CHECKING:
    from fastorder._core.flow.classify import Answer
    from fastorder._core.flow.protocol import Command
    from fastorder._core.transport.evidence import Evidence
    from fastorder.config import RetryPolicy
    from fastorder.runtime.clock import Clock


class Logout(Query):
    """One logout on its way; a token that has ended already has nothing to end."""

    __slots__ = ()

    def __init__(self, policy: RetryPolicy, clock: Clock) -> None:
        super().__init__(Endpoint.LOGOUT, b"{}", LogoutError, policy, clock)

    def on_evidence(
        self, evidence: Evidence
    ) -> Command[dict[str, Any] | RequestFailed]:
        """An exchange has ended."""
        if unauthorized(evidence, classify(evidence, self._policy)):
            return self._finish({})
        return super().on_evidence(evidence)

    def _failure(self, evidence: Evidence, answer: Answer) -> RequestFailed:
        failure = super()._failure(evidence, answer)
        return RequestFailed(
            f"{failure} (the token is forgotten here; the gateway may still take it)",
            failure.http_status,
            failure.error_code,
            failure.error_name,
        )
