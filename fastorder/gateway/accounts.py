"""Which account is meant by a number, a name, or the beginning of a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._base.counted import counted
from fastorder.errors import (
    AmbiguousAccount,
    InvalidField,
    UnknownAccount,
    WrongFieldType,
    may_hold_secret,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastorder.models import Account


def check_wanted(wanted: object) -> None:
    """Refuse what can mean no account, before anything is asked.

    Raises:
        WrongFieldType: it is no number, no text and not None.
        InvalidField: it is empty, has blanks around it, is below 1, or looks like a
            key.
    """
    if wanted is None:
        return
    if isinstance(wanted, bool) or not isinstance(wanted, (int, str)):
        rule = "must be an account's number, its name, or a beginning of that"
        raise WrongFieldType("account", rule, wanted)
    if isinstance(wanted, int):
        if wanted < 1:
            raise InvalidField("account", "must be at least 1", wanted)
    elif not wanted or wanted != wanted.strip():
        raise InvalidField("account", "must be text without blanks around it", wanted)
    elif may_hold_secret(wanted):
        raise InvalidField("account", "must be no key and no token", wanted)


def chosen_account(wanted: int | str | None, accounts: Sequence[Account]) -> Account:
    """The one account that is meant.

    A number is an account's id. A text is an id, else a whole name, else a beginning
    of one, whatever the case of its letters. Accounts that the platform hides are
    meant only where none that it shows is. Whether an account can trade decides
    nothing: one that is barred does not make room for another that begins alike.

    Args:
        wanted: None for the only one that the platform shows.
        accounts: all of the user, those that cannot trade too.

    Raises:
        AmbiguousAccount: several are meant; the text names them all.
        UnknownAccount: none is; the text names all that there are.
    """
    check_wanted(wanted)
    for fits in (_with_id, _with_name, _beginning_with):
        for group in _shown_first(accounts):
            found = [account for account in group if fits(account, wanted)]
            if len(found) > 1:
                raise AmbiguousAccount(
                    f"account must mean one account, {_said(wanted)} fits "
                    f"{_listed(found)}",
                    tuple(account.id for account in found),
                )
            if found:
                return found[0]
    there = _listed(accounts) if accounts else "the user has none"
    raise UnknownAccount(
        f"account must be one of the user's, {_said(wanted)} fits none: {there}"
    )


def described(account: Account) -> str:
    """An account for people: its name, its number, and what bars it."""
    bars = [] if account.can_trade else ["cannot trade"]
    if not account.visible:
        bars.append("hidden")
    return f"{account.name} ({', '.join([str(account.id), *bars])})"


def _shown_first(accounts: Sequence[Account]) -> tuple[list[Account], list[Account]]:
    shown = [account for account in accounts if account.visible]
    hidden = [account for account in accounts if not account.visible]
    return shown, hidden


def _with_id(account: Account, wanted: int | str | None) -> bool:
    return wanted is not None and str(account.id) == str(wanted)


def _with_name(account: Account, wanted: int | str | None) -> bool:
    return isinstance(wanted, str) and account.name.lower() == wanted.lower()


def _beginning_with(account: Account, wanted: int | str | None) -> bool:
    if wanted is None:
        return True
    return isinstance(wanted, str) and account.name.lower().startswith(wanted.lower())


def _said(wanted: int | str | None) -> str:
    return "no choice" if wanted is None else repr(wanted)


def _listed(accounts: Sequence[Account]) -> str:
    names = ", ".join(described(account) for account in accounts)
    return f"{counted(len(accounts), 'account')}: {names}"
