"""Keeping: what a live strategy knows after a restart, in one file of its own."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastorder._base.outside_text import from_outside
from fastorder.errors import looks_like_secret, was
from fastorder.settings import data_folder
from fastorder.strategy.errors import StrategyError

if TYPE_CHECKING:
    from collections.abc import Iterable

MEMORY = ":memory:"
VERSION = 1
DAY_NS = 86_400_000_000_000
KEPT_NS = 3 * DAY_NS
"""How long orders that have ended, and trades, are kept, before what was kept last."""

TOLD_NS = 2 * DAY_NS
"""What is over for so long, before what was kept last, was told: it is passed over."""

Row = tuple[str, str, Any]
"""A kind, a key, and a value that JSON can hold."""


class Kept:
    """The file of one strategy on one account; one process has it at a time.

    A save is whole or not there, and outlives the process once it has returned; a
    machine that loses its power may lose the last of them.

    Args:
        path: the file; ``MEMORY`` for none.

    Attributes:
        last_ns: when something was kept last, before this run; None for never.

    Raises:
        StrategyError: it cannot be used, or another run has it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = str(path)
        try:
            self._file = sqlite3.connect(
                self.path, isolation_level=None, timeout=0, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise StrategyError(_unusable(self.path, error)) from None
        try:
            self._open()
            self.last_ns: int | None = self._values("last").get("")
        except sqlite3.Error as error:
            self.close()
            raise unusable(self.path, error) from None
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        run = self._file.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run("BEGIN EXCLUSIVE")
        run(
            "CREATE TABLE IF NOT EXISTS kept (kind TEXT, key TEXT, value TEXT, "
            "PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        version = run("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            run("ROLLBACK")
            shown = from_outside(self.path)
            raise StrategyError(f"{shown} was written by a later version of this")
        run(f"PRAGMA user_version = {VERSION}")
        run("COMMIT")

    # ---------------------------------------------------------------- what is there

    @property
    def told_ns(self) -> int:
        """What had ended by then was told by an earlier run."""
        return (self.last_ns or 0) - TOLD_NS

    def _values(self, kind: str) -> dict[str, Any]:
        rows = self._file.execute("SELECT key, value FROM kept WHERE kind = ?", (kind,))
        return {key: json.loads(value) for key, value in rows}

    def state(self) -> dict[str, Any]:
        """The strategy's state."""
        found: dict[str, Any] = self._values("state").get("", {})
        return found

    def number(self) -> int:
        """Of the last order."""
        return int(self._values("number").get("", 0))

    def positions(self) -> dict[str, int]:
        """By symbol, as the trades that it was told come to."""
        return self._values("position")

    def orders(self) -> list[dict[str, Any]]:
        """Each as it was last, by its number."""
        return sorted(self._values("order").values(), key=lambda row: row["id"])

    def trades(self) -> set[int]:
        """The gateway's numbers of the trades that it was told."""
        rows = self._values("trade").items()
        return {int(key) for key, row in rows if not row["voided"]}

    # ---------------------------------------------------------------- keeping

    def save(self, rows: Iterable[Row], now_ns: int) -> None:
        """Keep what has changed, all of it at once."""
        put = "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)"
        run = self._file.execute
        run("BEGIN")
        try:
            for kind, key, value in (*rows, ("last", "", now_ns)):
                run(put, (kind, key, json.dumps(value)))
            run("COMMIT")
        except BaseException:
            run("ROLLBACK")
            raise

    def forget_old(self) -> None:
        """Let go of what is over for long, as seen from what was kept last."""
        before_ns = (self.last_ns or 0) - KEPT_NS
        gone = [
            (kind, key)
            for kind, name in (("order", "ended_ns"), ("trade", "time_ns"))
            for key, row in self._values(kind).items()
            if row.get(name) and row[name] < before_ns
        ]
        run = self._file.execute
        run("BEGIN")
        for kind, key in gone:
            run("DELETE FROM kept WHERE kind = ? AND key = ?", (kind, key))
        run("COMMIT")

    def close(self) -> None:
        """Let another run have it."""
        self._file.close()


def unusable(path: str, error: sqlite3.Error) -> StrategyError:
    """Why a file cannot be used."""
    if "locked" in str(error):
        return StrategyError(
            f"{from_outside(path)} is used by another run: a strategy must run once on "
            "an account"
        )
    if isinstance(error, sqlite3.OperationalError):
        return StrategyError(_unusable(path, error))
    why = f"{path} is no file of a strategy: {error}"
    return StrategyError(from_outside(why))


def _unusable(path: object, error: Exception) -> str:
    return from_outside(f"{path} cannot be used: {error}")


def check_place(name: str, place: Any) -> None:
    """Refuse a token or a key in the place of a path.

    Raises:
        StrategyError: it looks like one.
    """
    given = os.fspath(place) if isinstance(place, os.PathLike) else place
    if looks_like_secret(given):
        raise StrategyError(f"{name} must be a path, {was(given)}")


def kept_at(place: Any, base_url: str, account_id: int, name: str) -> Kept:
    """The file of a strategy.

    Args:
        place: a folder; None for the one in the platform's, False for none at all.
        base_url: the gateway.
        account_id, name: whose.

    Raises:
        StrategyError, ConfigurationError: it cannot be used, or looks like a key.
    """
    if place is False:
        return Kept(MEMORY)
    check_place("store", place)
    folder = data_folder() / "strategies" if place in (None, True) else Path(place)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StrategyError(_unusable(folder, error)) from None
    host = re.sub(r"[^A-Za-z0-9.]", "_", urlsplit(base_url).netloc)
    return Kept(folder / f"{host}-{account_id}-{name}.db")
