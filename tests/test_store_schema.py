"""Schemas: an old one is brought up in one step, with a copy; the page shows this."""

import importlib.util
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from store_scene import contents, event, trade_row

from fastorder.errors import StoreTooNew, StoreUnavailable
from fastorder.store import Store, migrations, postgres, schema, sqlite
from fastorder.store import postgres as postgres_store
from fastorder.store.ddl import partition_statement, statements

ROOT = Path(__file__).parent.parent
STORES = Path(__file__).parent / "stores"
VERSIONS = range(1, schema.VERSION + 1)
NEXT = schema.VERSION + 1
STEP = ["ALTER TABLE orders ADD COLUMN mood TEXT", "UPDATE orders SET mood = 'calm'"]


def old_file(path, version=1):
    script = (STORES / f"schema{version}-sqlite.sql").read_text(encoding="utf-8")
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()
    return str(path)


def old_database(server, version=1):
    import psycopg

    place = server.database()
    script = (STORES / f"schema{version}-postgresql.sql").read_text(encoding="utf-8")
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute(script)
    return place


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request, tmp_path):
    """Makes a filled store of an older version, of both kinds."""
    if request.param == "sqlite":
        return lambda version: old_file(tmp_path / "old.db", version)
    server = request.getfixturevalue("postgres")
    return lambda version: old_database(server, version)


@pytest.fixture
def newer(monkeypatch):
    """The next version of the schema, as it may come."""
    both = {"sqlite": STEP, "postgresql": STEP}
    monkeypatch.setitem(migrations.STEPS, schema.VERSION, both)
    for module in (sqlite, postgres):
        monkeypatch.setattr(module, "VERSION", NEXT)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_store_of_every_version_is_read_and_written(old, version):
    with Store(old(version)) as store:
        (day,) = store.daily()
        assert day.trading_day == date(2026, 11, 30)
        assert (day.gross, day.fees) == (Decimal(4), Decimal("0.97"))
        assert store.orders()[0].strategy == "breakout"
        assert len(store.discrepancies()) == 1
        assert all(contents(store).values())  # there is a row in every table
        store.listen(event("Trade", trade_row(50)))
        assert store.flush()
        assert len(store.fills()) == 3


def test_an_older_store_is_brought_up_and_keeps_its_rows(old, newer):
    place = old(1)
    with Store(place) as store:
        assert store.rows("SELECT DISTINCT mood FROM orders") == [("calm",)]
        assert len(store.fills(voided=True)) == 3
        store.listen(event("Trade", trade_row(50)))
        assert store.flush()
    with Store(place) as store:  # and only once
        assert len(store.fills(voided=True)) == 4


def test_a_copy_of_the_file_is_made_before(tmp_path, newer):
    place = old_file(tmp_path / "old.db")
    Store(place).close()
    copy = sqlite3.connect(f"{place}-schema1")
    assert copy.execute("PRAGMA user_version").fetchone() == (1,)
    assert copy.execute("SELECT count(*) FROM fills").fetchone() == (3,)
    copy.close()
    assert os.stat(f"{place}-schema1").st_mode & 0o077 == 0


def test_a_copy_of_the_schema_is_made_before_and_is_a_store(
    postgres, monkeypatch, caplog
):
    import psycopg

    place = old_database(postgres)
    with monkeypatch.context() as patched:
        patched.setitem(migrations.STEPS, schema.VERSION, {"postgresql": STEP})
        patched.setattr(postgres_store, "VERSION", NEXT)
        Store(place).close()
    assert "as it was, it stands in the schema fastorder_schema1" in caplog.text
    with pytest.raises(StoreTooNew):
        Store(place)
    with psycopg.connect(place) as connection:  # as the guide has it
        connection.execute("ALTER SCHEMA fastorder RENAME TO newer")
        connection.execute("ALTER SCHEMA fastorder_schema1 RENAME TO fastorder")
    with Store(place) as store:
        assert len(store.fills(voided=True)) == 3
        store.listen(event("Trade", trade_row(50)))
        assert store.flush()
        assert not store.state.failing
        assert len(store.rows("SELECT * FROM fills_in_dollars")) > 0


def test_a_step_that_fails_leaves_everything_as_it_was(old, newer, monkeypatch):
    place = old(1)
    both = {name: [*STEP, "SELECT * FROM nothing"] for name in ("sqlite", "postgresql")}
    monkeypatch.setitem(migrations.STEPS, schema.VERSION, both)
    with pytest.raises(StoreUnavailable, match="nothing"):
        Store(place)
    monkeypatch.undo()
    with Store(place) as store:
        assert len(store.fills(voided=True)) == 3
        with pytest.raises(StoreUnavailable):
            store.rows("SELECT mood FROM orders")


MIGRATION = """
import sys
from fastorder.store import Store, migrations, sqlite
steps = ["ALTER TABLE orders ADD COLUMN mood TEXT"]
steps += [f"UPDATE fills SET sources = sources WHERE {n} = {n}" for n in range(3000)]
migrations.STEPS[1] = {"sqlite": steps}
sqlite.VERSION = 2
print("go", flush=True)
Store(sys.argv[1]).close()
"""


def test_a_migration_that_is_killed_leaves_the_old_store_or_the_new(tmp_path):
    chance = random.Random(5)
    for number in range(int(os.environ.get("FASTORDER_STORE_KILLS", "12")) // 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = old_file(folder / "old.db")
        child = subprocess.Popen(
            [sys.executable, "-c", MIGRATION, place],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert child.stdout.readline() == "go\n"
        time.sleep(chance.random() * 0.08)
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=60)
        connection = sqlite3.connect(place)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        columns = {row[1] for row in connection.execute("PRAGMA table_info(orders)")}
        assert ("mood" in columns) == (version == 2)
        assert connection.execute("SELECT count(*) FROM fills").fetchone() == (3,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        if os.path.exists(f"{place}-schema1"):
            shutil.copy(f"{place}-schema1", folder / "copy.db")
            with Store(folder / "copy.db") as store:
                assert len(store.fills(voided=True)) == 3


def test_both_databases_have_the_same_tables_and_columns(tmp_path, postgres):
    with Store(tmp_path / "a.db") as one, Store(postgres.database()) as two:
        for table in schema.TABLES:
            for store in (one, two):
                names = ", ".join(table.names)
                assert store.rows(f"SELECT {names} FROM {table.name}") == []
        kept_by_month = two.rows(
            "SELECT relname FROM pg_class WHERE relkind = 'p' ORDER BY relname"
        )
        assert kept_by_month == [("equity",), ("fills",)]


def test_rows_of_a_month_lie_in_its_partition(postgres):
    with Store(postgres.database()) as store:
        for number, at in enumerate(("2026-11-30", "2026-12-31", "2027-01-04"), 1):
            stamp = f"{at}T15:00:00.1234567+00:00"
            store.listen(event("Trade", trade_row(number, creationTimestamp=stamp)))
        assert store.flush()
        for month in (202611, 202612, 202701):
            rows = store.rows(f"SELECT count(*) FROM fills_{month}")
            assert rows == [(1,)]
    assert "TO (202701)" in partition_statement("fills", 202612)


def test_keys_stand_first_and_every_table_has_one():
    for table in schema.TABLES:
        assert table.keys == table.names[: len(table.keys)]
        assert table.keys
    assert len(statements("sqlite")) == len(statements("postgresql"))


def test_the_page_shows_the_schema_as_it_is():
    tool = ROOT / "tools" / "store_schema.py"
    if not tool.exists():
        pytest.skip("not in a checkout")
    spec = importlib.util.spec_from_file_location("store_schema", tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "internals" / "store.md").read_text(encoding="utf-8")
    assert module.put_into(page) == page
    assert module.shown() in page
