"""Sweeps: the same rows on every way, resumed, with a worker that dies."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from local_cluster import local_cluster
from strategy_scenes import random_bars

from fastorder.strategy import (
    BadParameter,
    Strategy,
    StrategyError,
    backtest,
    sweep,
    walk_forward,
)
from fastorder.strategy.sweeping import Bench, Task, run_task

GRID = {"length": [3, 5, 8, 13], "way": [1, -1]}
MORE = {"missing_days": "allow", "account": 1e6}


class Follows(Strategy):
    symbol = "MNQ"
    length: int = 5
    way: int = 1

    def start(self):
        self.bars = self.subscribe(every="1m", history=self.length)

    def on_bar(self, bar):
        if not self.bars.ready:
            return
        way = self.way if bar.close > self.bars.close[0] else -self.way
        if self.position * way <= 0:
            size = 1 + abs(self.position)
            _ = self.buy(size) if way > 0 else self.sell(size)


class Dies(Follows):
    """Kills its worker: with one set always, with another the first time."""

    folder: str = ""

    def start(self):
        super().start()
        mark = Path(self.folder, "died")
        if self.length == 8 and (self.way == -1 or not mark.exists()):
            if self.way == 1:
                mark.touch()
            os._exit(9)


class Raises(Follows):
    def on_bar(self, bar):
        if self.length == 5:
            raise ZeroDivisionError("planted")
        super().on_bar(bar)


@pytest.fixture(scope="module")
def data():
    return random_bars(6_000)


def plain(data):
    """The rows of one process, one after the other."""
    bench = Bench(Follows, data, MORE, 1, None, None)
    return [
        run_task(Follows, bench.feeds, MORE, Task({"length": n, "way": w}, 0.0, 0.7))
        for n in GRID["length"]
        for w in GRID["way"]
    ]


def test_processes_bring_what_one_after_the_other_brings(data):
    found = sweep(Follows, grid=GRID, data=data, workers=2, **MORE)
    assert [row["fingerprint"] for row in found.rows] == [
        row["fingerprint"] for row in plain(data)
    ]
    assert found.arrow().num_rows == 8
    assert found.arrow("best").column("length").to_pylist()[0] in GRID["length"]
    best = found.best[0]
    ranked = sorted((row["sharpe"] for row in found.rows), reverse=True)
    assert [row["sharpe"] for row in found.best] == ranked
    feeds = Bench(Follows, data, MORE, 1, None, None).feeds
    later = backtest(
        Follows, parameters={"length": best["length"], "way": best["way"]},
        data={"MNQ": feeds["MNQ"].part(4_200, 6_000)},
        **MORE,
    )  # fmt: skip
    assert best["out_fingerprint"] == later.fingerprint
    assert "Tried were 8 sets of parameters" in found.warning
    assert math.isnan(best["deflated"]) or 0 <= best["deflated"] <= 1


def test_a_sweep_goes_on_where_it_was_stopped(data, tmp_path):
    file = tmp_path / "rows.jsonl"
    whole = sweep(Follows, grid=GRID, data=data, workers=1, file=file, **MORE)
    lines = file.read_text().splitlines()
    assert len(lines) == 16
    file.write_text("\n".join(lines[:5]) + "\n" + lines[5][:40])  # cut in the sixth
    again = sweep(Follows, grid=GRID, data=data, workers=1, file=file, **MORE)
    assert [row["fingerprint"] for row in again.rows] == [
        row["fingerprint"] for row in whole.rows
    ]
    after = file.read_text().splitlines()
    assert after[:5] == lines[:5]
    assert len(after) == 17  # five, the one that was cut, eleven
    before = file.stat().st_mtime_ns
    sweep(Follows, grid=GRID, data=data, workers=1, file=file, **MORE)
    assert file.stat().st_mtime_ns == before
    other = sweep(
        Follows,
        grid={"length": [3]},
        data=random_bars(3_000, 9),
        workers=1,
        file=file,
        **MORE,
    )
    assert other.rows[0]["fingerprint"] != whole.rows[0]["fingerprint"]


def test_a_killed_worker_loses_its_task_only(data, tmp_path):
    grid = GRID | {"folder": [str(tmp_path)]}
    found = sweep(Dies, grid=grid, data=data, workers=2, **MORE)
    errors = [row.get("error") for row in found.rows]
    assert errors == [None] * 5 + ["its worker has died 3 times"] + [None] * 2
    expected = [row["net"] for row in plain(data)]
    assert [row.get("net", expected[5]) for row in found.rows] == expected


def test_a_strategy_that_raises_is_a_row_that_says_so(data):
    found = sweep(Raises, grid={"length": [3, 5]}, data=data, workers=1, **MORE)
    assert (
        "StrategyFailed: Raises.on_bar raised ZeroDivisionError"
        in found.rows[1]["error"]
    )
    assert len(found.best) == 1


def test_a_walk_forward_chooses_by_what_came_before(data):
    grid = {"length": [3, 8], "way": [1, -1]}
    folds = walk_forward(Follows, grid=grid, data=data, folds=2, workers=2, **MORE)
    assert len(folds) == 2
    feeds = Bench(Follows, data, MORE, 1, None, None).feeds
    for nth, fold in enumerate(folds):
        rows = [
            run_task(
                Follows,
                feeds,
                MORE,
                Task({"length": n, "way": w}, nth / 3, (nth + 1) / 3),
            )
            for n in grid["length"]
            for w in grid["way"]
        ]
        ratios = [row["sharpe"] for row in rows if math.isfinite(row["sharpe"])]
        if ratios:
            assert fold.inside["sharpe"] == max(ratios)
        out = run_task(
            Follows, feeds, MORE, Task(fold.parameters, (nth + 1) / 3, (nth + 2) / 3)
        )
        assert fold.outside["fingerprint"] == out["fingerprint"]


def test_a_cluster_brings_the_same(data):
    with local_cluster(workers=1, processes=False) as client:
        found = sweep(Follows, grid=GRID, data=data, client=client, **MORE)
    assert [row["fingerprint"] for row in found.rows] == [
        row["fingerprint"] for row in plain(data)
    ]


@pytest.mark.parametrize(
    ("more", "error", "why"),
    [
        ({"grid": {"lenght": [1]}}, BadParameter, "has no parameter lenght"),
        ({"grid": {"length": ["3"]}}, BadParameter, "must be int, was '3'"),
        ({"grid": {"length": []}}, StrategyError, "must be values"),
        ({"grid": {"length": "3"}}, StrategyError, "must be values"),
        ({"out_of_sample": 1}, StrategyError, "out_of_sample must be from 0 to 1"),
    ],
)
def test_bad_input_is_refused_before_anything_is_run(data, more, error, why):
    with pytest.raises(error, match=why):
        sweep(Follows, **({"grid": GRID, "data": data} | more))
    with pytest.raises(StrategyError, match="folds must be at least 1"):
        walk_forward(Follows, grid=GRID, data=data, folds=0)


def test_rows_are_json(data):
    (row,) = plain(data)[:1]
    assert json.loads(json.dumps(row)).keys() == row.keys()
    assert np.isfinite(row["net"])
