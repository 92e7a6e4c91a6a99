"""``fastorder login``: tries a key, and keeps it in the system's key store."""

from __future__ import annotations

from typing import Annotated

import typer

from fastorder import blocking
from fastorder.cli.asking import asked_for
from fastorder.cli.exits import Exit
from fastorder.cli.streams import complain
from fastorder.settings import load
from fastorder.settings.key_store import (
    NO_BACKEND,
    NOT_INSTALLED,
    SERVICE,
    available,
)
from fastorder.verbs.base import BASE_URL

ELSEWHERE = "set FASTORDER_USER and FASTORDER_API_KEY, with them no login is needed"
NOT_KEPT = {
    NOT_INSTALLED: (
        "without the package keyring a key is kept nowhere: pip install "
        f"'fastorder[keyring]', or {ELSEWHERE}"
    ),
    NO_BACKEND: (
        "the package keyring finds no key store on this machine, the key is kept "
        f"nowhere: have one run, such as GNOME Keyring or KWallet, or {ELSEWHERE}"
    ),
}
"""What is said where there is no key store, by what the settings say of it."""
USER_INSTEAD = "give the user name with --user NAME"
KEY_INSTEAD = f"type the API key at a terminal or pipe it in, or {ELSEWHERE}"


def login(
    user: Annotated[
        str | None, typer.Option("--user", help="Of the platform; asked for otherwise.")
    ] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", hidden=True)] = None,
) -> Exit:
    """Ask for the API key, try it, and keep it in the system's key store."""
    if user is None:
        user = asked_for("User name", USER_INSTEAD)
    key = asked_for("API key", KEY_INSTEAD, is_secret=True)
    where = load(user_name=user, base_url=base_url).base_url or BASE_URL
    with blocking.OrderExecutor(where) as executor:
        executor.login(user, key)
        names = [account.name for account in executor.accounts()]
    print(f"logged in as {user}: {', '.join(names) or 'no account'}")
    return _keep(user, key)


def _keep(user: str, key: str) -> Exit:
    store, why = available()
    if store is None:
        complain(NOT_KEPT[why])
        return Exit.FAILED
    try:
        store.set_password(SERVICE, user, key)
    except Exception as error:  # each backend has its own; it never holds the key
        complain(f"the key store took nothing ({type(error).__name__}); {ELSEWHERE}")
        return Exit.FAILED
    print("the key is kept in the system's key store")
    return Exit.OK
