"""The verbs of the session: what connects with its token too, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._base.counted import counted
from fastorder.errors import Interlocked
from fastorder.session.token_view import Session
from fastorder.verbs.delivery import delivered
from fastorder.verbs.option_checks import check_type

if TYPE_CHECKING:
    from fastorder._core.flow.ticket import Ticket
    from fastorder.config import RetryPolicy
    from fastorder.session.dispatcher import Dispatcher


class SessionVerbs:
    """The session of an executor, and how it is ended."""

    _dispatcher: Dispatcher
    _policy: RetryPolicy

    @property
    def session(self) -> Session:
        """The token of now and its revision, and who hears of each new one."""
        return Session(self._dispatcher.tokens)

    @delivered
    def logout(self, *, force: bool = False) -> Ticket[None]:
        """End the session at the gateway; afterwards there is no token, and no renewal.

        The credentials are forgotten at once, the token when the gateway has answered,
        whatever it answers. A login or ``set_token`` begins another session.

        Args:
            force: log out although changes are under way or in doubt; nothing looks
                them up then, until there is another token.

        Returns:
            None. With an event loop, a Ticket to be awaited.

        Raises:
            WrongFieldType: ``force`` is neither True nor False.
            Interlocked: without ``force``, where a look-up may still need the token;
                everything is as it was.
            ExecutorClosed, ExecutorMisuse: everything is as it was.
            TokenMissing: there is no token; the credentials are forgotten.
            RequestFailed: the gateway has not confirmed it; the token is forgotten all
                the same. With an event loop, raised by the await.
        """
        check_type("force", force, bool, "must be True or False")
        self._dispatcher.engine.check()
        if not force:
            self._check_nothing_needs_the_token()
        return self._dispatcher.renewal.log_out(self._policy)

    def _check_nothing_needs_the_token(self) -> None:
        changes = self._dispatcher.unsettled()
        if not changes:
            return
        names = [each.tag or f"{each.kind} of {each.order_id}" for each in changes]
        raise Interlocked(
            f"a logout must have nothing under way or in doubt, there are "
            f"{counted(len(changes), 'change')}: {', '.join(names)} "
            "(await them, resolve(tag) looks one up; force=True logs out all the same)",
            tuple(each.tag for each in changes if each.tag),
        )
