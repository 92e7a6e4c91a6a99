"""Logs in: when asked, after an HTTP 401, and before a token ends.

A token has a number, drawn when it was asked for. A 401 to a request that left with an
older token than the present one asks for no login, and an older token never takes the
place of a newer one. However many requests get a 401, one login is on its way; those
that want to leave meanwhile wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fastorder._core.transport.evidence import Receiver
from fastorder.auth.login import Login
from fastorder.auth.logout import Logout
from fastorder.auth.token_expiry import lifetime_s
from fastorder.errors import (
    ExecutorClosed,
    LoginError,
    RequestFailed,
    ValidateError,
)
from fastorder.gateway.endpoints import Endpoint
from fastorder.requests.query import Query
from fastorder.runtime.clock import FOREVER_NS, FOREVER_S, SECOND_NS
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from fastorder._core.flow.protocol import Send
    from fastorder._core.flow.ticket import Ticket
    from fastorder._core.transport.evidence import Evidence
    from fastorder.auth.credentials import Credentials
    from fastorder.auth.token_store import TokenStore
    from fastorder.config import RetryPolicy
    from fastorder.requests.session_port import SessionPort

    class TokenSession(SessionPort, Protocol):
        """The session whose token is renewed."""

        @property
        def tokens(self) -> TokenStore:
            """The token that every request leaves with."""

        def token_changed(self) -> None:
            """There is another token."""

        def broken_off(self, ticket: Ticket[Any], error: Any) -> None:
            """An exception has stopped a ticket on its way out: end it if it must."""


APART_NS = 5 * SECOND_NS
"""The shortest time between two logins that nobody called for."""

AGAIN_NS = 60 * SECOND_NS
"""When a renewal that has failed is tried again, while the token still lasts."""

USED_SHARE = 0.9
"""The share of its time after which a token is renewed."""

LOOK_NS = 60 * SECOND_NS
"""How often the wall clock is looked at: the other one stands still in a sleep."""


class Renewal(Receiver):
    """Logs in for one executor.

    Args:
        session: sends the logins, and whatever waits for one.

    Attributes:
        holding: requests wait for the login that is on its way.
        checks_at_launch: the next launch has to look whether a token is to be renewed.
        runs_between_calls: whether the engine can be asked to wake this.
    """

    __slots__ = (
        "_credentials",
        "_due_ns",
        "_due_s",
        "_held",
        "_is_own",
        "_kept_number",
        "_login",
        "_logouts",
        "_not_before_ns",
        "_planned_number",
        "_refused_number",
        "_session",
        "_wakes_ns",
        "checks_at_launch",
        "holding",
        "runs_between_calls",
    )

    def __init__(self, session: TokenSession) -> None:
        self.holding = False
        self.checks_at_launch = False
        self.runs_between_calls = True
        self._session = session
        self._credentials: Credentials | None = None
        self._kept_number = 0  # of the login that the credentials are from
        self._planned_number = 0  # of the token that is renewed in time
        self._refused_number = 0  # of the token that requests do not leave with
        self._login: Ticket[None] | None = None  # the latest that is on its way
        self._is_own = False  # nobody called for it
        self._held: list[tuple[Send, Ticket[Any]]] = []
        self._not_before_ns = 0
        self._due_ns = FOREVER_NS
        self._due_s = FOREVER_S
        self._wakes_ns = 0
        self._logouts: dict[Ticket[None], int] = {}  # that are on their way

    def __repr__(self) -> str:
        kept = "no" if self._credentials is None else "kept"
        return f"<Renewal: {kept} credentials>"

    # ------------------------------------------------------------ logging in

    def log_in(
        self, credentials: Credentials, policy: RetryPolicy, renew: bool
    ) -> Ticket[None]:
        """Start a login; its token is used unless a newer one is there by then.

        Args:
            credentials: what to log in with.
            policy: when it is tried again.
            renew: keep the credentials, and log in again with them by itself.
        """
        return self._start(credentials, policy, credentials if renew else None)

    def _start(
        self,
        credentials: Credentials,
        policy: RetryPolicy,
        kept: Credentials | None,
        is_own: bool = False,
    ) -> Ticket[None]:
        session = self._session
        number = session.tokens.draw()

        def take(document: dict[str, Any]) -> None:
            self._take(document, kept, number)

        login = Login(credentials, policy, session.clock)
        ticket: Ticket[None] = session.read_ticket(login, take)
        before, was_own = self._login, self._is_own
        self._login, self._is_own = ticket, is_own
        try:
            return session.launch(ticket)
        except BaseException:
            self._login, self._is_own = before, was_own
            raise

    def _take(
        self, document: dict[str, Any], kept: Credentials | None, number: int
    ) -> None:
        lasts_s = self._use(document, "token", number)
        if lasts_s is None:
            raise RequestFailed("login: the answer must carry a token, it has none")
        if number < self._kept_number:
            return  # a later login says which credentials are kept
        self._kept_number = number
        self._credentials = kept
        if kept is not None:  # once it is replaced, it may still be repeated
            self._session.tokens.secrets.include(kept.secrets)
        if kept is not None and self._session.tokens.number == number:
            self._planned_number = number
            self._plan(int(lasts_s * USED_SHARE * SECOND_NS))

    def _use(self, document: dict[str, Any], name: str, number: int) -> float | None:
        """Use an answer's token; how long it lasts, or None where there is none."""
        token = document.pop(name, None)
        if not isinstance(token, str):
            return None
        error = self._session.tokens.put(token, number)
        lasts_s = lifetime_s(token, self._gateway_s())
        del token  # a traceback that shows local variables must not show it
        if error is not None:
            raise error
        return lasts_s

    # ------------------------------------------------------------ logging out

    def log_out(self, policy: RetryPolicy) -> Ticket[None]:
        """Ask the gateway to end the session; forget the credentials at once.

        Whatever it answers, the token is forgotten then, and so is one that a login
        from before has brought meanwhile.

        Args:
            policy: when it is tried again.
        """
        session = self._session
        number = session.tokens.draw()
        self._kept_number = number  # a login from before keeps nothing any more
        self._credentials = None
        self._rest()
        ticket: Ticket[None] = session.read_ticket(
            Logout(policy, session.clock), lambda document: None
        )
        self._logouts[ticket] = number
        try:
            return session.launch(ticket)
        except BaseException:
            self._logouts.pop(ticket, None)
            raise

    # ------------------------------------------------------------ asking about it

    def validate(self, policy: RetryPolicy) -> Ticket[None]:
        """Ask whether the token is good; one that is given for it is used from then on.

        Where the token is renewed by itself, the new one is too.

        Args:
            policy: when it is tried again.
        """
        session = self._session
        before, number = session.tokens.number, session.tokens.draw()

        def take(document: dict[str, Any]) -> None:
            lasts_s = self._use(document, "newToken", number)
            is_used = lasts_s is not None and session.tokens.number == number
            if lasts_s is not None and is_used and self._planned_number == before:
                self._planned_number = number
                self._plan(int(lasts_s * USED_SHARE * SECOND_NS))

        query = Query(Endpoint.VALIDATE, b"{}", ValidateError, policy, session.clock)
        return session.launch(session.read_ticket(query, take))

    def _gateway_s(self) -> float:
        ahead_s = self._session.server_clock.ahead_s()
        return self._session.clock.wall_s() + (ahead_s or 0.0)

    def ticket_ended(self, ticket: Ticket[Any]) -> None:
        """A read has ended; what waited for it leaves if it was the login."""
        if self._logouts:
            number = self._logouts.pop(ticket, None)
            if number is not None:
                self._session.tokens.clear(number)
        if ticket is not self._login:
            return
        self._login = None
        try:
            ticket._value()
        except Exception as error:
            if self._is_own and not self._session.engine.closed:
                self._note_failure(error)
        try:
            self._send_held()
        finally:
            self._session.token_changed()

    def _note_failure(self, error: Exception) -> None:
        if refuses_credentials(error):
            self._credentials = None
            log().error("no new token, and none is asked for any more: %s", error)
        else:
            log().warning("no new token for now: %s", error)

    # ------------------------------------------------------------ after a 401

    def refused(self, number: int) -> bool:
        """A request has got a 401; whether another token is there or on its way.

        Args:
            number: of the token that it left with.
        """
        if number < self._session.tokens.number:
            return True
        if self._login is None and not self._begin():
            return False
        self._refused_number = number
        self.holding = self._login is not None
        return True

    def _begin(self) -> bool:
        """Log in, if there is something to do it with and the last time is not near."""
        from fastorder.config import ONE_TRY  # loaded with the executor

        now_ns = self._session.clock.monotonic_ns()
        credentials = self._credentials
        if credentials is None or now_ns < self._not_before_ns:
            return False
        self._not_before_ns = now_ns + APART_NS
        try:  # requests wait for it, so it may not take long; the next 401 asks again
            self._start(credentials, ONE_TRY, credentials, is_own=True)
        except Exception as error:  # the answer that asked for it has to be heard
            log().warning("no new token for now: %s", error)
            return False
        return True

    def holds(self, command: Send, ticket: Ticket[Any]) -> bool:
        """Keep a request until the login has ended; False where it may leave now."""
        if self._session.tokens.number != self._refused_number:
            self._send_held()  # somebody has set another token meanwhile
            return False
        self._held.append((command, ticket))
        return True

    def keeps(self, ticket: Ticket[Any]) -> bool:
        """Whether it waits for a login."""
        return any(waiting is ticket for _, waiting in self._held)

    def _send_held(self) -> None:
        """Let all of them go on; one that is stopped, by Ctrl-C say, stops no other."""
        self.holding = False
        held, self._held = self._held, []
        stops: list[BaseException] = []
        for command, ticket in held:
            try:
                if not ticket.settled:
                    self._send_one(command, ticket)
            except BaseException as stop:
                stops.append(stop)
                self._session.broken_off(ticket, stop)
        if stops:
            raise stops[0]

    def _send_one(self, command: Send, ticket: Ticket[Any]) -> None:
        try:
            ticket._execute(ticket._protocol.after_hold(command))
        except ExecutorClosed:
            ticket._on_close(None)
        except Exception as error:
            ticket._on_error(error)

    # ------------------------------------------------------------ for others

    def ask(self) -> None:
        """Log in for what connects with the token too; no request waits for it."""
        if self._login is None:
            self._begin()

    @property
    def kept(self) -> Credentials | None:
        """What is logged in with again; None where nothing is kept."""
        return self._credentials

    # ------------------------------------------------------------ before its end

    def _on_timer(self) -> None:
        """Renew the token if it is time to; another token's time is not known.

        Time is up once either clock says so: the monotonic one stands still while the
        machine sleeps, and the wall clock may be set back.
        """
        clock = self._session.clock
        now_ns = clock.monotonic_ns()
        if now_ns < self._due_ns and clock.wall_s() < self._due_s:
            self._watch(now_ns)
            return
        self._rest()
        renews = self._planned_number == self._session.tokens.number
        if not renews or self._credentials is None:
            return
        self._plan(AGAIN_NS)  # unless this succeeds
        if self._login is None:
            self._begin()

    def _plan(self, pause_ns: int) -> None:
        """Renew after this pause, by whichever clock is through with it first."""
        clock = self._session.clock
        now_ns = clock.monotonic_ns()
        self._due_ns = now_ns + pause_ns
        self._due_s = clock.wall_s() + pause_ns / SECOND_NS
        self._wakes_ns = 0
        if self.runs_between_calls:
            self._watch(now_ns)
        else:
            self.checks_at_launch = True

    def _watch(self, now_ns: int) -> None:
        """Be woken when it is due, and before, to look at the wall clock."""
        if self._wakes_ns > now_ns or not self.runs_between_calls:
            return  # the wake-up of an earlier plan: the one of this plan is to come
        self._wakes_ns = min(self._due_ns, now_ns + LOOK_NS)
        self._session.engine.wake_at(self._wakes_ns, self)

    def _rest(self) -> None:
        """Plan nothing."""
        self._due_ns = self._wakes_ns = FOREVER_NS
        self._due_s = FOREVER_S
        self.checks_at_launch = False

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes: nothing to do."""

    def _on_error(self, error: Any) -> None:
        """Let the event loop report it."""
        raise error


def refuses_credentials(error: Exception) -> bool:
    """Whether a login failed in a way that the same credentials will fail again."""
    return (
        isinstance(error, RequestFailed)
        and error.error_code is not None
        and error.error_code != LoginError.UnknownError
    )
