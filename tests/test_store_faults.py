"""The record through kills, a database that goes away, full disks and wrong places."""

import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import store_server
from store_scene import event, order_row, trade_row

from fastorder.errors import (
    ConfigurationError,
    StoreForeign,
    StoreTooNew,
    StoreUnavailable,
)
from fastorder.store import Store, writer
from fastorder.store.address import Address
from fastorder.store.spill import Spill

KILLS = int(os.environ.get("FASTORDER_STORE_KILLS", "5"))
TESTS = Path(__file__).parent


def waits_until(true, limit_s=60):
    until = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)


@pytest.fixture
def brisk(monkeypatch):
    """Failures are retried and spilled soon."""
    monkeypatch.setattr(writer, "PAUSES_S", (0.02,))
    monkeypatch.setattr(writer, "SPILL_AFTER_S", 0.1)


# ------------------------------------------------------------ killed


def killed_at_random(place, first, pause_s):
    """Start a writer, kill it after a while; the last number that was told as kept."""
    child = subprocess.Popen(
        [sys.executable, str(TESTS / "store_killed.py"), place, str(first)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout.readline() == "open\n"
    time.sleep(pause_s)
    child.send_signal(signal.SIGKILL)
    told = child.communicate(timeout=60)[0].split("\n")[:-1]  # a line may be torn
    return int(told[-1]) if told else first


def test_a_writer_that_is_killed_loses_nothing_that_was_told_as_kept(place):
    chance = random.Random(4711)
    last = 0
    for _ in range(KILLS):
        last = killed_at_random(place, last, chance.random() * 0.15)
        with Store(place) as store:
            numbers = [n for (n,) in store.rows("SELECT trade_id FROM fills")]
            assert len(numbers) == len(set(numbers))
            missing = set(range(1, last + 1)) - set(numbers)
            assert not missing
            assert len(store.discrepancies()) == 0
            orders = store.rows("SELECT count(*), count(DISTINCT order_id) FROM orders")
            assert orders[0][0] == orders[0][1] >= last
    assert last > 0


# ------------------------------------------------------------ the database goes away


def test_a_server_that_is_killed_under_load_gets_every_row_once(postgres, brisk):
    told = []
    with Store(postgres.database(), on_trouble=told.append) as store:
        stop = threading.Event()
        number = 0

        def hand_over():
            nonlocal number
            while not stop.is_set():
                number += 1
                store.listen(event("Trade", trade_row(number)))
                time.sleep(0.002)

        thread = threading.Thread(target=hand_over)
        thread.start()
        try:
            for _ in range(2):
                seen = store.state.written
                waits_until(lambda seen=seen: store.state.written > seen)
                postgres.kill()
                waits_until(lambda: store.state.failing)
                waits_until(lambda: store.state.spilled)
                with pytest.raises(StoreUnavailable):
                    store.fills()
                postgres.start()
                waits_until(lambda: not store.state.failing)
        finally:
            stop.set()
            thread.join()
        assert store.flush(60)
        assert store.rows("SELECT count(*) FROM fills") == [(number,)]
        assert store.state.dropped == store.state.discrepancies == 0
    assert told[0].failing
    assert not told[-1].failing


def test_rows_that_wait_at_the_end_are_written_at_the_next_start(postgres, brisk):
    place = postgres.database()
    store = Store(place)
    postgres.kill()
    try:
        store.listen(event("Trade", trade_row(1)))
        waits_until(lambda: store.state.failing)
        assert store.close()
    finally:
        postgres.start()
    with Store(place) as store:
        assert store.flush()
        assert len(store.fills()) == 1
        assert not os.path.exists(Address(place).spill_name)


def test_a_database_that_is_locked_for_long_gets_its_rows_afterwards(
    tmp_path, brisk, monkeypatch
):
    monkeypatch.setattr("fastorder.store.sqlite.BUSY_S", 0.01)
    path = tmp_path / "record.db"
    with Store(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.listen(event("Trade", trade_row(1)))
        waits_until(lambda: store.state.spilled)
        assert "locked" in store.state.failing
        assert not store.flush(0.05)
        store.listen(event("Trade", trade_row(2)))
        other.execute("ROLLBACK")
        other.close()
        assert store.flush()
        assert len(store.fills()) == 2
        assert (store.state.failing, store.state.waiting) == ("", 0)


FULL = """
import resource, signal, sys
from store_scene import event, trade_row
from fastorder.store import Store, writer
writer.PAUSES_S, writer.SPILL_AFTER_S = (0.02,), 0.1
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store(sys.argv[1])
store.listen(event("Trade", trade_row(1)))
assert store.flush()
import os
most = max(os.path.getsize(sys.argv[1] + end) for end in ("", "-wal")) + 200_000
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
for number in range(2, 20_001):
    store.listen(event("Trade", trade_row(number, padding="x" * 200)))
import time
until = time.monotonic() + 60
while not store.state.failing and time.monotonic() < until:
    time.sleep(0.01)
assert store.state.failing, store.state
assert store.fills(since=0) is not None
print(store.state.failing)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert store.flush(60), store.state
assert store.rows("SELECT count(*) FROM fills") == [(20_000,)], store.state
assert store.state.dropped == 0
assert store.close()
"""


def test_a_full_disk_stops_nothing_and_loses_nothing(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "record.db")],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert any(word in ran.stdout for word in ("full", "I/O"))


def test_what_nothing_can_keep_is_counted(tmp_path, brisk, monkeypatch):
    monkeypatch.setattr(writer, "MOST_HELD", 10)
    monkeypatch.setattr("fastorder.store.sqlite.BUSY_S", 0.01)

    def refused(*given):
        raise OSError(28, "no space left")

    monkeypatch.setattr(Spill, "append", refused)
    path = tmp_path / "record.db"
    store = Store(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for number in range(1, 101):
        store.listen(event("Trade", trade_row(number)))
    waits_until(lambda: store.state.dropped >= 90)
    other.execute("ROLLBACK")
    other.close()
    assert store.flush()
    assert len(store.fills()) == 10  # the newest
    assert not store.close()


def test_a_torn_spill_is_read_up_to_where_it_is_whole(tmp_path):
    from fastorder.store.sightings import Reader

    reader = Reader()
    rows = [reader.event(event("Trade", trade_row(n)), n)[0] for n in range(1, 4)]
    spill = Spill(str(tmp_path / "rows"))
    spill.append(rows)
    whole = Path(spill.path).read_bytes()
    for cut in range(0, len(whole), 7):
        Path(spill.path).write_bytes(whole[:cut])
        found = spill.rows()
        assert found == rows[: len(found)]
        spill.append([rows[2]])  # after the cut
        assert spill.rows() == [*found, rows[2]]
    assert os.stat(spill.path).st_mode & 0o077 == 0


def test_on_trouble_that_fails_stops_nothing(tmp_path, brisk, monkeypatch, caplog):
    monkeypatch.setattr("fastorder.store.sqlite.BUSY_S", 0.01)
    path = tmp_path / "record.db"

    def fails(state):
        raise RuntimeError("mine")

    with Store(path, on_trouble=fails) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.listen(event("Trade", trade_row(1)))
        waits_until(lambda: store.state.failing)
        other.execute("ROLLBACK")
        other.close()
        assert store.flush()
    assert "on_trouble has failed" in caplog.text
    assert "orders go on" in caplog.text


def test_a_clock_that_is_set_back_keeps_what_came_later_later(kept, monkeypatch):
    from store_scene import position_row

    times = iter([2 * 10**18, 10**18, 10**18 + 5])
    monkeypatch.setattr("fastorder.store.store.time_ns", lambda: next(times))
    for size in (1, 2, 3):
        kept.listen(event("Position", position_row(size)))
    monkeypatch.undo()
    assert kept.flush()
    sizes = kept.rows("SELECT size FROM positions ORDER BY at_ns")
    assert sizes == [(1,), (2,), (3,)]


# ------------------------------------------------------------ wrong places


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("mysql://host/db", "must be a path, sqlite:///path or postgresql://"),
        ("", "must name a file"),
        ("sqlite://", "must name a file"),
        ("postgresql://u:s3cret-word-99@host:port/db", "another URL"),
        (b"bytes", "must be text or a path"),
        (5, "expected str, bytes or os.PathLike"),
    ],
)
def test_what_is_no_place_is_refused(where, text):
    with pytest.raises((ConfigurationError, TypeError), match=text) as caught:
        Store(where)
    assert "s3cret" not in repr(caught.value)


def test_a_folder_in_the_place_of_a_store_and_a_store_that_is_not_there(tmp_path):
    with pytest.raises(StoreUnavailable, match="must be a file, is a folder"):
        Store(tmp_path)
    with pytest.raises(StoreUnavailable, match="must be a file, is not there"):
        Store(tmp_path / "none.db", read_only=True)


def test_a_folder_that_is_not_there_or_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(StoreUnavailable, match="there is no folder"):
        Store(tmp_path / "none" / "record.db")
    with pytest.raises(StoreUnavailable, match="must be"):
        Store(tmp_path)


READ_ONLY = """
import sys
from fastorder.errors import StoreUnavailable
from fastorder.store import Store
try:
    Store(sys.argv[1])
except StoreUnavailable as error:
    assert "read-only" in str(error), error
else:
    sys.exit(1)
with Store(sys.argv[1], read_only=True) as store:
    assert len(store.fills()) == 1
"""


def without_roots_rights():
    """The beginning of a command that may write only where the modes say so."""
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root may write anywhere, and setpriv is not there to change that")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search"]


def test_a_read_only_folder_is_refused_for_writing_and_read(tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    path = folder / "record.db"
    with Store(path) as store:
        store.listen(event("Trade", trade_row(1)))
    path.chmod(0o444)
    folder.chmod(0o555)
    try:
        ran = subprocess.run(
            [*without_roots_rights(), sys.executable, "-c", READ_ONLY, str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
    finally:
        folder.chmod(0o755)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_a_database_of_something_else_is_left_as_it_was(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE orders (id INTEGER)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreForeign, match="must be a store of fastorder"):
        Store(path)
    assert path.read_bytes() == before
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreForeign, match="not a database"):
        Store(path)


def test_tables_of_something_else_in_postgresql_are_left_as_they_were(postgres):
    import psycopg

    place = postgres.database()
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA fastorder")
        connection.execute("CREATE TABLE fastorder.orders (id int)")
        with pytest.raises(StoreForeign, match="had orders"):
            Store(place)
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'fastorder'"
        ).fetchone()
        assert tables == (1,)


def test_a_newer_schema_is_refused_and_left_as_it_was(tmp_path, postgres):
    path = tmp_path / "record.db"
    Store(path).close()
    with sqlite3.connect(path) as later:
        later.execute("PRAGMA user_version = 99")
    later.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(StoreTooNew, match="a later fastorder"):
            Store(path, read_only=read_only)
    assert path.read_bytes() == before

    import psycopg

    place = postgres.database()
    Store(place).close()
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute("UPDATE fastorder.store_info SET schema = 99")
    for read_only in (False, True):
        with pytest.raises(StoreTooNew, match="a later fastorder"):
            Store(place, read_only=read_only)


# ------------------------------------------------------------ the password


def test_a_password_is_shown_nowhere(postgres, caplog, capfd, brisk):
    caplog.set_level(logging.DEBUG)
    place = postgres.database()
    secret = store_server.PASSWORD
    shown = []
    with Store(place, on_trouble=lambda state: shown.append(repr(state))) as store:
        shown += [repr(store), store.where, repr(store.state), repr(store._address)]
        postgres.kill()
        try:
            store.listen(event("Order", order_row(101)))
            waits_until(lambda: store.state.failing)
            with pytest.raises(StoreUnavailable) as caught:
                store.orders()
            shown += [repr(caught.value), str(caught.value)]
        finally:
            postgres.start()
        assert store.flush(60)
    for wrong in (
        place.replace(secret, "wrong-" + secret),
        place.replace("127.0.0.1", "no.such.host.invalid"),
        place + "none",
    ):
        with pytest.raises(StoreUnavailable) as caught:
            Store(wrong)
        shown += [repr(caught.value), str(caught.value), str(caught.value.__context__)]
    shown += [caplog.text, *capfd.readouterr()]
    assert secret not in "".join(shown)
    assert "trader@127.0.0.1" in "".join(shown)
    with pytest.raises(TypeError, match="secret"):
        __import__("pickle").dumps(store)


def test_no_token_and_no_password_gets_into_a_row_or_a_file(tmp_path, gateway):
    from fastorder._base.known_secrets import KnownSecrets

    known = KnownSecrets()
    known.add(gateway.token)
    path = tmp_path / "record.db"
    with Store(path) as store:
        store.listen(event("Trade", trade_row(1, note=f"Bearer {gateway.token}")))
        store.listen(event("Order", order_row(101, customTag=gateway.token[:60])))
        store.listen(event("Account", {"id": 1, "name": gateway.token}))
        store.note_risk(1, "CODE", f"because of {gateway.token}")
        assert store.flush()
    for each in tmp_path.iterdir():
        content = each.read_bytes()
        assert gateway.token.encode() not in content
        assert gateway.token[:40].encode() not in content
        assert each.stat().st_mode & 0o077 == 0
