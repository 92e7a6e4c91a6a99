"""What the doctor finds of what is kept on this machine; files are read alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from fastorder import journal as journals
from fastorder._base.counted import counted
from fastorder.cli.connection import own_journal
from fastorder.settings import data_folder

if TYPE_CHECKING:
    from fastorder.settings import Settings

    Found = tuple[str, str]
    """What was found, and what to do; "" where it is well."""


def of_journal(found: Settings) -> Found:
    """The command line's own journal, and the orders in it that have no end.

    Raises:
        JournalError: it cannot be read.
    """
    path = own_journal(found)
    if not path.exists():
        return f"none yet, would be {path}", ""
    entries = journals.read(path)
    unresolved = [each.intent.tag for each in entries if not each.resolved]
    todo = f"fastorder resolve {unresolved[0]}" if unresolved else ""
    shown = f"{path}: {counted(len(entries), 'order')}, {len(unresolved)} open"
    return shown, todo


def of_store() -> Found:
    """The store in this platform's folder.

    Raises:
        StoreError: it is there, and is none that can be used.
    """
    from fastorder.store.address import Address, default_path
    from fastorder.store.schema import VERSION
    from fastorder.store.sqlite import check

    if not data_folder().is_dir():  # asking for the store's path would make it
        return f"none yet, would be in {data_folder()}", ""
    path = default_path()
    if not path.exists():
        return f"none yet, would be {path}", ""
    version = check(Address(path))
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    shown = f"{path}: schema {version} of {VERSION}, {said}"
    return shown, "" if said == "ok" else "restore it from a copy"


def of_ticks() -> Found:
    """The ticks that ``ticks record`` keeps.

    Raises:
        MarketDataError: the folder cannot be read.
    """
    path = data_folder() / "market"
    if not path.is_dir():
        return f"none yet, would be in {path}", ""
    from fastorder.store import MarketData

    contracts = MarketData(path).contracts()
    return f"{path}: {counted(len(contracts), 'contract')}", ""
