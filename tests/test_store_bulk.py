"""Many rows at once into PostgreSQL, and each of them once."""

import time

import numpy as np
import pytest
from store_scene import event, trade_row

from fastorder.errors import ConfigurationError, InvalidField
from fastorder.store import Store
from fastorder.store.bulk import Bulk
from fastorder.store.sightings import Reader


def columns(rows, first=0):
    number = np.arange(first, first + rows, dtype=np.int64)
    return {
        "account_id": np.full(rows, 7),
        "at_ns": number * 1000,
        "trading_day": np.full(rows, 20261130),
        "month": np.full(rows, 202611),
        "balance_u": number - 5,
        "open_u": -number,
        "sources": np.full(rows, 8),
    }


def test_rows_are_copied_once_whatever_is_there_already(postgres):
    place = postgres.database()
    with Store(place) as store, Bulk(place, "equity") as bulk:
        assert bulk.copy(columns(70_000)) == 70_000
        assert bulk.copy(columns(70_000, first=69_990)) == 69_990
        ((count, low, high),) = store.rows(
            "SELECT count(*), min(balance_u), min(open_u) FROM equity"
        )
        assert (count, low, high) == (139_990, -5, -139_989)
        wrong = "balance_u <> at_ns / 1000 - 5 OR open_u <> -at_ns / 1000"
        assert store.rows(f"SELECT count(*) FROM equity WHERE {wrong}") == [(0,)]


def test_what_cannot_be_copied_is_refused(postgres, tmp_path):
    place = postgres.database()
    Store(place).close()
    with pytest.raises(ConfigurationError, match="was a file"):
        Bulk(str(tmp_path / "record.db"), "equity")
    with pytest.raises(InvalidField, match="table must be one of integers alone"):
        Bulk(place, "fills")
    with Bulk(place, "equity") as bulk:
        for given in (
            columns(3) | {"mood": np.zeros(3)},
            {name: column for name, column in columns(3).items() if name != "month"},
            columns(3) | {"open_u": np.zeros(2)},
        ):
            with pytest.raises(InvalidField, match="columns must be"):
                bulk.copy(given)


def test_a_batch_reads_no_more_of_a_table_the_more_it_has(postgres):
    place, reader = postgres.database(), Reader()

    def fills(first, end):
        rows = (event("Trade", trade_row(n)) for n in range(first, end))
        return [sight for row in rows for sight in reader.event(row, 1)]

    with Store(place) as store:
        engine = store._made_engine()
        for sight in fills(1, 300):
            engine.write([sight])
        for first in range(300, 940, 32):
            engine.write(fills(first, first + 32))
        engine.write(fills(1, 33))  # these are found
        engine.close()  # soon after, the server counts what was read
        count = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = ?"
        until, read = time.monotonic() + 60, 0
        while read < 32 and time.monotonic() < until:
            ((read,),) = store.rows(count, ["fills_202611"])
    assert 32 <= read < 1000  # a plan that reads the table reads some 12,000
