"""Many rows at once into PostgreSQL, and each of them once."""

import numpy as np
import pytest

from fastorder.errors import ConfigurationError, InvalidField
from fastorder.store import Store
from fastorder.store.bulk import Bulk


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
