"""A command's trader: made of the settings, and what is said where that fails."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastorder import blocking
from fastorder.cli.exits import Ended, Exit
from fastorder.settings import load
from fastorder.trader.journal_place import journal_path
from fastorder.verbs.base import BASE_URL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastorder.cli.output import Output
    from fastorder.settings import Settings

PRACTICE = "PRAC"
PLAIN = ("ca_file", "timeouts", "budgets")
"""What of the settings a login takes."""


@contextmanager
def looking(profile: str | None) -> Iterator[blocking.OrderExecutor]:
    """A login alone, for what belongs to no account."""
    found = load(profile=profile)
    credentials = found.credentials()
    given = {name: found.options[name] for name in PLAIN if name in found.options}
    with blocking.OrderExecutor(found.base_url or BASE_URL, **given) as executor:
        executor._wait(executor._login(credentials, True))
        yield executor


@contextmanager
def reading(account: str | None, profile: str | None) -> Iterator[Any]:
    """A trader that only reads; it keeps no journal, so a bot may run beside it."""
    with blocking.Trader.from_env(
        account=account_from(account), profile=profile, journal=False, realtime=False
    ) as trader:
        yield trader


@contextmanager
def ordering(
    account: str | None, profile: str | None, is_live: bool, output: Output
) -> Iterator[Any]:
    """A trader that may order, with the command line's own journal.

    A bot that runs beside it keeps its journal to itself.

    Raises:
        Ended: the account is no practice account, and ``--live`` was not given.
    """
    found = load(account=account_from(account), profile=profile)
    journal = own_journal(found)
    with blocking.Trader._of_settings(
        found, {}, journal=journal, realtime=False
    ) as trader:
        if not is_live and not trader.account.name.startswith(PRACTICE):
            output.say(
                f"account {trader.account.name} is no practice account: nothing was "
                "sent; --live allows it"
            )
            raise Ended(Exit.BAD_INPUT)
        yield trader


def own_journal(found: Settings) -> Path:
    """The file that the command line keeps its orders in."""
    return journal_path(found.base_url or BASE_URL, f"{found.user_name or ''} cli")


def account_from(text: str | None) -> int | str | None:
    """A number where it is one; a name otherwise."""
    if text is not None and text.isascii() and text.isdigit():
        return int(text)
    return text
