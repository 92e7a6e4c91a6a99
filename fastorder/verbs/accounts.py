"""The verb that finds an account by what a person calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.gateway.accounts import check_wanted, chosen_account
from fastorder.gateway.endpoints import Endpoint
from fastorder.verbs.answers import rows_of
from fastorder.verbs.delivery import delivered
from fastorder.verbs.explained import READS, explained
from fastorder.verbs.reads import ReadVerbs

if TYPE_CHECKING:
    from fastorder._core.flow.ticket import Ticket
    from fastorder.models import Account


class AccountVerbs(ReadVerbs):
    """Which account is meant."""

    @delivered
    @explained(READS)
    def account(self, account: int | str | None = None) -> Ticket[Account]:
        """The one account of the token's user that is meant.

        Args:
            account: its number, its name, or a beginning of its name ("PRAC"), in
                letters of any case; None for the only one that there is. One that
                cannot trade is found too: look at its ``can_trade``.

        Returns:
            An Account.

        Raises:
            AmbiguousAccount, UnknownAccount: several are meant, or none; the text
                names them. With an event loop, raised by the await.
        """
        from fastorder.models import Account  # loaded with the executor

        check_wanted(account)
        listed = rows_of(Account)

        def take(document: dict[str, Any]) -> Account:
            return chosen_account(account, listed(document))

        request = {"onlyActiveAccounts": False}
        return self._reads.read(Endpoint.SEARCH_ACCOUNTS, request, take)
