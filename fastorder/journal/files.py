"""The journal's file: where it lies, how it is made, whether it is ours.

Nothing here opens the file with ``open``: closing it would free SQLite's own locks on
it in the whole process (sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from fastorder.errors import (
    JournalDamaged,
    JournalError,
    JournalForeign,
    JournalTooNew,
    JournalUnavailable,
    looks_like_secret,
)
from fastorder.journal import wal_check

if TYPE_CHECKING:
    from collections.abc import Callable

APPLICATION_ID = 0x464F4A31  # "FOJ1"
SCHEMA_VERSION = 2
"""2 has notes beside the events of orders. A journal of 1 is read, and is one of 2 once
it was opened to be written."""
OLDEST_VERSION = 1
TABLE = """CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  previous INTEGER NOT NULL,
  kind TEXT NOT NULL,
  tag TEXT NOT NULL,
  at_s REAL NOT NULL,
  key TEXT,
  account_id INTEGER,
  contract_id TEXT,
  body BLOB,
  sha256 TEXT,
  valid_until_s REAL,
  number INTEGER,
  outcome TEXT,
  order_id INTEGER,
  proof TEXT,
  crc INTEGER NOT NULL
)"""
VIEW = """CREATE VIEW entry AS
SELECT i.id, i.tag, i.key, i.account_id, i.contract_id,
  datetime(i.at_s, 'unixepoch') AS created, CAST(i.body AS TEXT) AS body,
  (SELECT count(*) FROM event a WHERE a.tag = i.tag AND a.kind = 'attempt') AS attempts,
  o.outcome, o.order_id, o.proof, datetime(o.at_s, 'unixepoch') AS found
FROM event i LEFT JOIN event o ON o.id =
  (SELECT max(id) FROM event x WHERE x.tag = i.tag AND x.kind = 'outcome')
WHERE i.kind = 'intent'"""
SCHEMA = {("table", "event", TABLE), ("view", "entry", VIEW)}


def real_path(path: str | os.PathLike[str]) -> str:
    """The one name of a journal, without symbolic links.

    Raises:
        JournalUnavailable: it cannot be a file: a loop of links, no such folder.
    """
    given = os.fsdecode(path)
    if looks_like_secret(given):
        rule = "must be a file in a folder that exists"
        raise JournalUnavailable("(not shown)", rule, "its path looks like a secret")
    try:
        name = os.path.realpath(given)
        if os.path.islink(name):
            raise OSError("its symbolic links go in a circle")
        if not os.path.isdir(os.path.dirname(name)):
            raise OSError(f"there is no folder {os.path.dirname(name)}")
    except (OSError, ValueError) as error:
        raise JournalUnavailable(
            given, "must be a file in a folder that exists", str(error)
        ) from None
    return name


def exists(path: str) -> bool:
    """Whether there is a file that could be a journal.

    Raises:
        JournalUnavailable: it is no plain file, empty, or has a second name.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        _refuse_orphan(path)
        return False
    except (OSError, ValueError) as error:
        raise JournalUnavailable(path, "must be a file", str(error)) from None
    if not stat.S_ISREG(found.st_mode):
        kind = "a directory" if stat.S_ISDIR(found.st_mode) else "something else"
        raise JournalUnavailable(path, "must be a plain file", f"was {kind}")
    if found.st_nlink > 1:
        raise JournalUnavailable(
            path,
            "must have one name, for its newest records lie in a file named after it",
            f"had {found.st_nlink} hard links",
        )
    if found.st_size == 0:
        raise JournalForeign(path, "must be a journal, or not exist", "was empty")
    return True


def _refuse_orphan(path: str) -> None:
    if os.path.exists(f"{path}-wal") and os.path.getsize(f"{path}-wal"):
        raise JournalDamaged(
            path, "must lie beside its log", f"only {path}-wal is there"
        )


def refuse_lost(path: str) -> None:
    """Refuse to begin anew where a journal was: it may know of orders in doubt.

    Raises:
        JournalDamaged: always.
    """
    raise JournalDamaged(
        path,
        "must lie beside its lock file (put it back; or, to begin an empty one that "
        f"knows of no earlier order, remove {path}-lock too)",
        f"only {path}-lock is there: the journal was removed",
    )


def secure(path: str) -> None:
    """Give the files of a journal the mode 0600.

    Raises:
        JournalUnavailable: it is read-only, or its mode cannot be changed.
    """
    if not os.stat(path).st_mode & stat.S_IWUSR:
        raise JournalUnavailable(path, "must be writable", "was read-only")
    for name in (path, f"{path}-wal", f"{path}-shm"):
        try:
            if os.path.exists(name) and os.stat(name).st_mode & 0o077:
                os.chmod(name, 0o600)
        except OSError as error:
            raise JournalUnavailable(path, "must be mode 0600", str(error)) from None


def make(path: str) -> None:
    """Make an empty journal; it appears under its name once it is whole."""
    draft = f"{path}-new"
    try:
        for name in (draft, f"{draft}-journal", f"{draft}-wal", f"{draft}-shm"):
            if os.path.lexists(name):
                os.unlink(name)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        os.chmod(draft, 0o600)
        with closing(connect(draft, "rw")) as connection:
            _fill(connection)
        os.rename(draft, path)
        _sync_folder(path)
    except (OSError, sqlite3.Error) as error:
        raise JournalUnavailable(path, "must be made", str(error)) from error


def _fill(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute(TABLE)
    connection.execute(VIEW)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")


def _sync_folder(path: str) -> None:
    if os.name == "posix":
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def connect(path: str, mode: str) -> sqlite3.Connection:
    """A connection to a file that exists, "ro" or "rw", each statement on its own."""
    return sqlite3.connect(
        f"{Path(path).as_uri()}?mode={mode}",
        uri=True,
        timeout=0.25,
        isolation_level=None,
        check_same_thread=False,
    )


def verified(
    path: str, use: Callable[[sqlite3.Connection], None], *, whole: bool = True
) -> None:
    """Check that a file is a whole journal and hand a reading connection to ``use``.

    Args:
        whole: look at each of its pages; otherwise at what it is and at its log alone.

    Raises:
        JournalError: of the kind that says what is wrong.
    """
    _refuse_damaged_log(path)
    try:
        with closing(connect(path, "ro")) as connection:
            connection.execute("BEGIN")
            _refuse_others(path, connection, whole=whole)
            use(connection)
    except sqlite3.Error as error:
        raise _reading_error(path, error) from error
    except JournalError:
        raise
    except (ValueError, TypeError, OverflowError) as error:
        raise damaged(path, f"a value in it cannot be: {error}") from error


def damaged(path: str, found: str) -> JournalDamaged:
    """The error for contents that were not written so."""
    return JournalDamaged(path, "must be as it was written", found)


def _refuse_damaged_log(path: str) -> None:
    """A verdict counts once the same bytes give it twice: a writer may be at it."""
    before = b""
    for _ in range(10):
        log = _bytes_of(f"{path}-wal")
        found = wal_check.damage(log)
        if found is None:
            return
        if log == before:
            raise damaged(path, found)
        before = log


def _bytes_of(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _refuse_others(path: str, connection: sqlite3.Connection, *, whole: bool) -> None:
    def pragma(name: str) -> object:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    connection.execute("PRAGMA trusted_schema = OFF")
    owner, version = pragma("application_id"), pragma("user_version")
    if owner != APPLICATION_ID:
        raise JournalForeign(
            path,
            f"must be a journal of fastorder (application_id {APPLICATION_ID:#x})",
            f"had the application_id {owner:#x}",
        )
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise JournalTooNew(
            path,
            f"must have the schema {SCHEMA_VERSION} or older",
            f"had {version}: a later fastorder wrote it",
        )
    schema = set(connection.execute("SELECT type, name, sql FROM sqlite_master"))
    known = range(OLDEST_VERSION, SCHEMA_VERSION + 1)
    if version not in known or schema != SCHEMA:
        raise damaged(path, f"its schema {version} has other tables")
    if pragma("journal_mode") != "wal" and _bytes_of(f"{path}-wal"):
        raise damaged(path, "it is not in WAL mode, but its log lies beside it")
    problem = pragma("quick_check") if whole else "ok"
    if problem != "ok":
        raise damaged(path, str(problem))


def _reading_error(path: str, error: sqlite3.Error) -> JournalError:
    found = str(error)
    if "not a database" in found:
        return JournalForeign(path, "must be a journal", found)
    if any(words in found for words in ("unable to open", "readonly", "locked")):
        return JournalUnavailable(path, "must be readable", found)
    return damaged(path, found)
