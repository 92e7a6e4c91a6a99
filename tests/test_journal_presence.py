"""A journal that is gone, or comes out of a backup."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import blocking, errors
from fastorder.journal import Intent, Journal, read

PLACE = "/api/Order/place"


def intent(number, key=None):
    return Intent(f"t{number}", key, 5, "C", b"{}", None, 1000.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "orders.db"


@pytest.fixture(autouse=True)
def folder(path):
    path.parent.mkdir()


# ---------------------------------------------------------------- gone while open


def all_of_it(path):
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def the_file(path):
    path.unlink()


def the_log(path):
    path.with_name(f"{path.name}-wal").unlink()


def renamed(path):
    path.rename(path.with_name("old.db"))


def the_log_renamed(path):
    path.with_name(f"{path.name}-wal").rename(path.with_name("old.db-wal"))


def replaced(path):
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.replace(path)


def the_folder(path):
    shutil.rmtree(path.parent)


def the_folder_renamed(path):
    path.parent.rename(path.parent.with_name("other"))


WAYS = [
    all_of_it,
    the_file,
    the_log,
    renamed,
    the_log_renamed,
    replaced,
    the_folder,
    the_folder_renamed,
]


def the_log_emptied(path):
    os.truncate(f"{path}-wal", 0)


def the_log_cut_to_its_header(path):
    os.truncate(f"{path}-wal", 32)


def the_log_cut_by_a_frame(path):
    os.truncate(f"{path}-wal", os.path.getsize(f"{path}-wal") - 4096 - 24)


def the_log_cut_by_a_byte(path):
    os.truncate(f"{path}-wal", os.path.getsize(f"{path}-wal") - 1)


def the_file_emptied(path):
    os.truncate(path, 0)


def the_file_cut(path):
    os.truncate(path, path.stat().st_size // 2)


def written_over(path, at, letters):
    time.sleep(0.02)  # the clock of a file's times goes in steps
    with path.open("r+b") as file:
        file.seek(at)
        file.write(letters)


def the_header_written_over(path):
    written_over(path, 0, bytes(100))


def another_page_written_over(path):
    written_over(path, 4096, b"x")


DAMAGES = [
    the_log_emptied,
    the_log_cut_to_its_header,
    the_log_cut_by_a_frame,
    the_log_cut_by_a_byte,
    the_file_emptied,
    the_file_cut,
    the_header_written_over,
    another_page_written_over,
]
WRITES = {
    "intent": lambda journal: journal.intent(intent(2)),
    "attempt": lambda journal: journal.attempt("t1", 2, 1001.0),
    "resolve": lambda journal: journal.resolve("t1", "ACCEPTED", 7, "shown", 1001.0),
    "commit": lambda journal: journal.commit(),
    "close": lambda journal: journal.close(),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("go", WAYS, ids=lambda way: way.__name__)
def test_whatever_is_written_next_says_that_it_is_gone(path, go, write):
    journal = Journal(path)
    journal.intent(intent(1))
    if write == "commit":
        journal.resolve_later("t1", "ACCEPTED", 7, "shown", 1001.0)
    go(path)
    said = r"orders.db(-wal)? was removed, renamed or replaced while it was open"
    with pytest.raises(errors.JournalFailed, match=said):
        WRITES[write](journal)
    if write != "close":
        with pytest.raises(errors.JournalFailed, match=said):
            journal.intent(intent(3))
    journal.close()


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda way: way.__name__)
def test_whatever_is_written_next_says_that_it_was_cut_or_changed(path, damage, write):
    journal = Journal(path)
    journal.intent(intent(1))
    if write == "commit":
        journal.resolve_later("t1", "ACCEPTED", 7, "shown", 1001.0)
    damage(path)
    said = r"orders.db(-wal)? was (written to or )?cut short while it was open"
    with pytest.raises(errors.JournalFailed, match=said):
        WRITES[write](journal)
    if write != "close":
        with pytest.raises(errors.JournalFailed, match=said):
            journal.intent(intent(3))
    journal.close()


def test_a_log_that_is_emptied_by_its_own_journal_halts_nothing(path, monkeypatch):
    monkeypatch.setattr("fastorder.journal.store.TIDY_AFTER", 1)
    with Journal(path) as journal:
        for number in range(1, 60):
            journal.intent(intent(number))
            assert number % 7 or journal.tidy()
        assert journal.failure is None
    assert len(read(path)) == 59


@pytest.mark.parametrize("damage", DAMAGES[:1] + DAMAGES[4:5] + DAMAGES[6:7])
def test_no_order_leaves_once_the_journal_was_damaged(gateway, path, damage):
    with blocking.OrderExecutor(gateway.base_url, journal=path) as executor:
        prepared(executor, gateway)
        assert placed(executor, "first").success
        damage(path)
        with pytest.raises((errors.JournalFailed, errors.Halted), match="cut short"):
            placed(executor, "second")
        assert "cut short" in executor.halted
    assert len(gateway.ledger.requests(PLACE)) == 1


@pytest.mark.parametrize("kind", ["asyncio", "blocking"])
def test_no_order_leaves_once_the_journal_is_gone(connect, gateway, path, run, kind):
    def check(executor, place):
        all_of_it(path)
        with pytest.raises((errors.JournalFailed, errors.Halted), match="was removed"):
            place("second")
        assert "was removed" in executor.halted
        with pytest.raises(errors.Halted, match="was removed"):
            place("third")

    async def on_loop():
        async with connect(journal=path) as executor:
            assert (await placed(executor, "first")).success
            check(executor, lambda key: placed(executor, key))

    if kind == "asyncio":
        run(on_loop())
    else:
        with blocking.OrderExecutor(gateway.base_url, journal=path) as executor:
            prepared(executor, gateway)
            assert placed(executor, "first").success
            check(executor, lambda key: placed(executor, key))
    assert len(gateway.ledger.requests(PLACE)) == 1
    assert not path.exists()


def placed(executor, key):
    return executor.place_limit_order(
        "MNQ", "BUY", 1, ACCOUNT, 25_000, idempotency_key=key
    )


@pytest.mark.parametrize("go", [all_of_it, the_file], ids=lambda way: way.__name__)
def test_the_next_start_does_not_begin_with_an_empty_one(path, go):
    journal = Journal(path)
    journal.intent(intent(1, "signal-1"))
    go(path)
    with pytest.raises(errors.JournalFailed):
        journal.close()
    for _ in range(2):
        with pytest.raises(errors.JournalDamaged) as raised:
            Journal(path)
        if path.with_name(f"{path.name}-wal").exists():
            assert "only" in str(raised.value)
        else:
            assert "the journal was removed" in str(raised.value)
            assert f"remove {path}-lock too" in str(raised.value)
    assert not path.exists()


def test_one_that_was_removed_after_its_close_is_missed_at_the_start(path):
    with Journal(path) as journal:
        journal.intent(intent(1))
    path.unlink()
    with pytest.raises(errors.JournalDamaged, match="the journal was removed"):
        Journal(path)
    os.unlink(f"{path}-lock")
    with Journal(path) as journal:
        assert journal.unresolved() == []


def test_one_that_is_put_back_is_read(path, tmp_path):
    with Journal(path) as journal:
        journal.intent(intent(1))
    path.rename(tmp_path / "kept.db")
    with pytest.raises(errors.JournalDamaged):
        Journal(path)
    (tmp_path / "kept.db").rename(path)
    with Journal(path) as journal:
        assert [entry.intent.tag for entry in journal.unresolved()] == ["t1"]


def test_after_a_kill_the_lock_file_still_tells_of_it(path):
    program = (
        "import os, sys; from fastorder.journal import *\n"
        "journal = Journal(sys.argv[1])\n"
        "journal.intent(Intent('x', None, 7, 'MNQ', b'', None, 1.0))\n"
        "os.unlink(sys.argv[1]); os.unlink(sys.argv[1] + '-wal'); os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path], check=False)
    assert done.returncode == 9
    with pytest.raises(errors.JournalDamaged, match="the journal was removed"):
        Journal(path)


def test_a_start_that_was_broken_off_left_none_to_miss(path):
    os.close(os.open(f"{path}-lock", os.O_CREAT | os.O_WRONLY, 0o600))
    with Journal(path) as journal:
        assert journal.unresolved() == []


def test_what_has_taken_its_place_is_left_alone(path):
    """Another process may hold a new journal of the same name by now."""
    journal = Journal(path)
    journal.intent(intent(1))
    all_of_it(path)
    with Journal(path) as other:
        other.intent(intent(8))
        with pytest.raises(errors.JournalFailed, match="was removed"):
            journal.intent(intent(2))
        journal.close()
        other.intent(intent(9))
        assert [entry.intent.tag for entry in other.unresolved()] == ["t8", "t9"]
    assert [entry.intent.tag for entry in read(path)] == ["t8", "t9"]


# ---------------------------------------------------------------- a whole backup


def vacuumed(path, copy):
    with sqlite3.connect(path) as connection:
        connection.execute(f"VACUUM INTO '{copy}'")
    connection.close()


def backed_up(path, copy):
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()


def in_pages_of(size):
    def copied(path, copy):
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(f"PRAGMA page_size = {size}")
        connection.execute(f"VACUUM INTO '{copy}'")
        connection.close()

    copied.__name__ = f"in pages of {size}"
    return copied


def in_mode(mode):
    def copied(path, copy):
        backed_up(path, copy)
        connection = sqlite3.connect(copy, isolation_level=None)
        assert connection.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode,)
        connection.close()

    copied.__name__ = f"in mode {mode}"
    return copied


BACKUPS = [
    vacuumed,
    backed_up,
    in_pages_of(1024),
    in_pages_of(65536),
    *map(in_mode, ["delete", "truncate", "persist", "memory", "off", "wal"]),
]


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("back_up", BACKUPS, ids=lambda way: way.__name__)
def test_a_whole_backup_is_read_and_written_on(path, tmp_path, back_up, is_open):
    copy = tmp_path / "copy.db"
    with Journal(path) as journal:
        journal.intent(intent(1, "signal-1"))
        journal.resolve("t1", "ACCEPTED", 7, "shown", 1001.0)
        journal.intent(intent(2, "signal-2"))
        if is_open:
            back_up(path, copy)
        before = read(path)
    if not is_open:
        back_up(path, copy)
    copy.chmod(0o600)
    assert read(copy) == before
    with Journal(copy) as again:
        assert [entry.intent.tag for entry in again.unresolved()] == ["t2"]
        assert again.by_key(5, "signal-1") == before[0]
        again.intent(intent(3))
        assert len(read(copy)) == 3
    with Journal(copy) as again:
        assert len(again.unresolved()) == 2


def test_a_log_beside_another_file_is_right_or_damage(path, tmp_path):
    copy = tmp_path / "copy.db"
    with Journal(path) as journal:
        journal.intent(intent(1))
        vacuumed(path, copy)
        journal.intent(intent(2))
        shutil.copy(f"{path}-wal", f"{copy}-wal")
        known = read(path)
    try:
        assert read(copy) == known
    except errors.JournalDamaged as error:
        assert str(copy) in str(error)


def test_an_executor_finds_its_orders_in_a_backup(gateway, path, tmp_path):
    with blocking.OrderExecutor(
        gateway.base_url, journal=path, retry=QUICK
    ) as executor:
        first = placed(prepared(executor, gateway), "signal-1")
        vacuumed(path, tmp_path / "copy.db")
    with blocking.OrderExecutor(
        gateway.base_url, journal=tmp_path / "copy.db", retry=QUICK
    ) as executor:
        again = placed(prepared(executor, gateway), "signal-1")
    assert again.order_id == first.order_id
    assert again.outcome is fastorder.Outcome.ACCEPTED
    assert len(gateway.ledger.requests(PLACE)) == 1
