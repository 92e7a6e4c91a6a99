"""Ticks recorded, backtests and times, from the command line."""

import json
import os
import re
import signal
import threading
import time

import pytest
from plain_http import MNQ
from realtime_scene import until
from test_cli import KINDS

from fastorder.cli.program import run
from fastorder.cli.shapes import COMMANDS
from fastorder.store import MarketData
from fastorder.store.market import MarketDataError

pytest.importorskip("typer")
pytest.importorskip("pyarrow")

import strategy_scenes
from pyarrow import parquet, table

from fastorder import strategy

FIRST_NS = 1_788_134_400_000_000_000
STRATEGY = """
from fastorder.strategy import Strategy


class Breakout(Strategy):
    symbol = "MNQ"
    length: int = 5
    bold: bool = False

    def start(self):
        print("a strategy may print")
        self.bars = self.subscribe(self.symbol, "1m", history=self.length)
        self.top = None

    def on_bar(self, bar):
        if self.flat and self.top is not None and bar.close > self.top:
            self.buy(1, stop_loss_ticks=40, take_profit_ticks=80)
        self.top = self.bars.high.max()
"""


@pytest.fixture
def home(shell, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(shell)
    return shell


@pytest.fixture
def typed(home, capsys):
    def go(line):
        code = run(line.split())
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


def shaped(name, out):
    """The one member of a document, each value of its kind."""
    shape = COMMANDS[name]
    found = json.loads(out)[shape.name]
    for row in found if shape.is_list else [found]:
        assert list(row) == [column.name for column in shape.columns]
        for column in shape.columns:
            value = row[column.name]
            assert value is None or type(value) is KINDS[column.kind], column
    return found


# ---------------------------------------------------------------- ticks record


class Trades(threading.Thread):
    """Trades of a market once it is subscribed; Ctrl-C once all of them are kept."""

    def __init__(self, gateway, folder, count):
        super().__init__()
        self.gateway, self.folder, self.count = gateway, folder, count

    def run(self):
        try:
            group = ("ContractTrades", MNQ)
            hubs = self.gateway.hubs
            until(lambda: any(group in each.groups for each in list(hubs.connections)))
            rows = [
                {"price": 100.25, "volume": 1 + n % 3, "type": n % 2, "timestamp": at}
                for n, at in enumerate(moments(self.count))
            ]
            self.gateway.call(lambda: hubs.trades(MNQ, rows))
            until(lambda: len(kept(self.folder)) == self.count)
        finally:
            os.kill(os.getpid(), signal.SIGINT)


def moments(count):
    now_s = time.time()
    return [
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_s)) + f".{n:03d}Z"
        for n in range(count)
    ]


def kept(folder):
    if not folder.is_dir():
        return ()
    try:
        return MarketData(folder).ticks("MNQZ26")
    except MarketDataError:  # none of them yet
        return ()


def test_ticks_are_recorded_until_ctrl_c(typed, gateway, home):
    folder = home / "ticks"
    trades = Trades(gateway, folder, 50)
    trades.start()
    code, out, err = typed(f"ticks record MNQ --folder {folder} --json")
    trades.join()
    assert code == 0, err
    assert "recording MNQ into" in err
    found = shaped("ticks record", out)
    assert (found["kept"], found["lost"], found["strange"]) == (50, 0, 0)
    ticks = kept(folder)
    assert [int(size) for size in ticks.size[:3]] == [1, 2, 3]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("ticks record NOPE --for 1", "NOPE"),
        ("ticks record", "SYMBOL"),
        ("ticks recrod MNQ", "record"),
        ("ticks record MNQ --for 0", "0.1"),
        ("ticks record MNQ --folder a-file --for 1", "a-file"),
    ],
)
def test_what_cannot_be_recorded_is_said(typed, home, line, word):
    (home / "a-file").write_text("no folder")
    code, out, err = typed(line)
    assert code in (1, 2)
    assert out == ""
    assert word in err
    assert "Traceback" not in err


# ---------------------------------------------------------------- backtest


@pytest.fixture
def scene(home):
    (home / "breakout.py").write_text(STRATEGY)
    made = strategy_scenes.random_bars(3_000)
    names = ("time_ns", "open", "high", "low", "close", "volume")
    parquet.write_table(
        table({name: getattr(made, name) for name in names}), home / "bars.parquet"
    )
    return home


def test_a_backtest_is_that_of_python(typed, scene):
    line = "backtest breakout.py bars.parquet --set length=7 --firm combine-50k --json"
    code, out, err = typed(line)
    assert code == 0, err
    found = shaped("backtest", out)
    assert "a strategy may print" in err
    names = {"__name__": "breakout"}
    exec(STRATEGY, names)
    result = strategy.backtest(
        names["Breakout"],
        data="bars.parquet",
        account="combine-50k",
        parameters={"length": 7},
    )
    assert found["fingerprint"] == result.fingerprint
    assert found["parameters"] == ["length 7", "bold False"]
    assert found["trades"] == len(result.trades["net"]) > 0
    assert found["verdict"] == str(result.verdict.state)


def test_a_report_and_a_contract_by_name(typed, scene):
    pytest.importorskip("plotly")
    line = "backtest breakout.py:Breakout MNQ=bars.parquet --report out.html"
    code, out, _ = typed(line)
    assert code == 0
    assert "Breakout" in out
    assert (scene / "out.html").stat().st_size > 1000


FOLDER = "ticks/contract=MNQZ26"
WRITTEN = ("MNQZ26", "MNQ.Z26", "mnqz26", MNQ, "contract=MNQZ26", f"{FOLDER}/")
"""A kept contract, as it is called, printed and listed, and as its folder."""


@pytest.mark.parametrize("written", WRITTEN)
def test_what_was_kept_can_be_run(typed, scene, written):
    with MarketData("kept").record({MNQ: "0.25"}) as recorder:
        for n in range(3_000):
            recorder.on_tick(MNQ, FIRST_NS + n * 10**9, 80_000 + n % 41, 1, 1)
    code, out, err = typed(
        f"backtest breakout.py --kept {written} --folder kept --json"
    )
    assert code == 0, err
    assert shaped("backtest", out)["strategy"] == "Breakout"
    (file,) = (scene / "kept" / FOLDER).rglob("*.parquet")
    for data in (file, f"MNQ={file}"):  # its own path has the sign too
        of_file = typed(f"backtest breakout.py {data} --json")
        assert of_file[:2] == (0, out), of_file[2]


BAD = [
    ("backtest nothing.py bars.parquet", "nothing.py is not"),
    ("backtest breakout.py", "data must be given"),
    ("backtest breakout.py bars.parquet --report no/r.html", "a folder that is there"),
    ("backtest breakout.py bars.parquet --kept MNQZ26", "data must be given"),
    ("backtest breakout.py no.parquet", "no.parquet"),
    ("backtest breakout.py:None bars.parquet", "it has Breakout"),
    ("backtest two.py bars.parquet", "two.py:CLASS"),
    ("backtest breakout.py bars.parquet --set length=x", "length must be int"),
    ("backtest breakout.py bars.parquet --set bold=maybe", "bold must be bool"),
    ("backtest breakout.py bars.parquet --set length", "NAME=VALUE"),
    ("backtest breakout.py bars.parquet --set size=3", "no parameter size"),
    ("backtest breakout.py bars.parquet --firm combine", "combine-50k"),
    ("backtest breakout.py bars.parquet --since yesterday", "since"),
    ("backtest breakout.py a.parquet MNQ=bars.parquet", "all be SYMBOL=FILE"),
    ("backtest breakout.py --kept MNQZ26 --folder nowhere", "nowhere is not"),
    ("backtest broken.py bars.parquet", "broken.py:3: ZeroDivisionError"),
    ("backtest wrong.py bars.parquet", "wrong.py:2: SyntaxError"),
]


@pytest.mark.parametrize(("line", "word"), BAD)
def test_what_cannot_be_run_is_said_in_a_line(typed, scene, line, word):
    (scene / "broken.py").write_text("\n\n1 / 0\n")
    (scene / "wrong.py").write_text("\ndef\n")
    (scene / "two.py").write_text(STRATEGY + "\n\nclass Other(Breakout):\n    pass\n")
    code, out, err = typed(line)
    assert (code, out) == (2, ""), err
    assert word in re.sub(r"\s*│?\n│?\s*", " ", err)
    assert "Traceback" not in err


def test_a_strategy_that_raises_is_told_with_its_line(typed, scene):
    (scene / "raises.py").write_text(
        STRATEGY.replace("if self.flat", "1 / 0\n        if self.flat")
    )
    code, _, err = typed("backtest raises.py bars.parquet")
    assert code == 1
    assert re.search(r"raises\.py:\d+: ZeroDivisionError", err)


# ---------------------------------------------------------------- bench


def test_a_bench_times_each_kind_of_request(typed):
    code, out, err = typed("bench --orders 10 --json")
    assert code == 0, err
    found = shaped("bench", out)
    assert [row["what"] for row in found] == ["place", "modify", "cancel"]
    for row in found:
        assert row["count"] == 10
        assert 0 < float(row["median_ms"]) <= float(row["p95_ms"])
        assert float(row["p95_ms"]) <= float(row["slowest_ms"])
