"""The report: one file, no network, all of the result; in a browser if there is one."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from strategy_scenes import planned, random_bars, ticks

from fastorder.strategy import Strategy, StrategyError, backtest
from fastorder.strategy import report as report_module

pytest.importorskip("plotly")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


class Churns(Strategy):
    """</script><b>"""

    symbol = "MNQ"
    name: str = "</script><script>alert(1)</script>"

    def start(self):
        self.subscribe(every="1m")

    def on_bar(self, bar):
        if self.flat:
            self.buy(1, stop_loss_ticks=12, take_profit_ticks=9)


@pytest.fixture(scope="module")
def result():
    return backtest(Churns, data=random_bars(3_000), account="combine-50k")


@pytest.fixture(scope="module")
def page(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    result.report(path, title="A <day> & more")
    return path


def data_of(page):
    text = page.read_text(encoding="utf-8")
    (found,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', text, re.S
    )
    return json.loads(found)


def test_it_holds_what_the_result_holds(result, page):
    data = data_of(page)
    assert data["trades"]["net"] == pytest.approx(result.trades["net"].tolist())
    assert data["trades"]["stop"] == pytest.approx(result.trades["stop_price"].tolist())
    assert data["summary"]["net"] == pytest.approx(result.summary["net"])
    assert data["equity"]["equity"][-1] == pytest.approx(result.equity["equity"][-1])
    assert min(data["equity"]["drawdown"]) == pytest.approx(
        result.equity["drawdown"].min()
    )
    assert data["verdict"].startswith(f"combine-50k: {result.verdict.state}")
    assert sum(row[1] for row in data["parts"]["exit_kind"]) == len(
        result.trades["net"]
    )
    assert len(data["bars"]["MNQ"]["time"]) == len(data["bars"]["MNQ"]["close"]) > 100


def test_it_asks_the_network_for_nothing_and_takes_text_as_text(page):
    text = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    own = text.replace(report_module.bundle(), "")
    assert not re.findall(r"(?:src|href)\s*=|https?://|@import|url\(", own)
    assert "<title>A &lt;day&gt; &amp; more</title>" in own
    assert "alert(1)</script>" not in own
    assert own.count("</script>") == 3


@pytest.mark.parametrize("data", [ticks(4_000), random_bars(50)])
def test_runs_without_trades_and_without_rules_have_one_too(data, tmp_path):
    backtest(planned({}), data=data).report(tmp_path / "r.html")
    assert data_of(tmp_path / "r.html")["trades"]["net"] == []


def test_a_long_run_is_shown_in_longer_bars_and_fewer_points():
    data = random_bars(60_000)
    found = report_module.page_data(backtest(Churns, data=data, missing_days="allow"))
    assert len(found["bars"]["MNQ"]["time"]) <= report_module.MOST_BARS
    assert found["bars"]["MNQ"]["every"] == 300_000
    assert len(found["equity"]["time"]) <= report_module.MOST_POINTS
    assert found["bars"]["MNQ"]["high"] == pytest.approx(
        np.asarray(data.high).reshape(-1, 5).max(axis=1).tolist()
    )


def test_without_plotly_it_says_what_to_install(result, tmp_path, monkeypatch):
    monkeypatch.setattr(report_module, "find_spec", lambda name: None)
    with pytest.raises(StrategyError, match=r"pip install 'fastorder\[report\]'"):
        result.report(tmp_path / "r.html")


CLICK = """
<script>
addEventListener("load", () => setTimeout(() => {
  const seen = [document.body.dataset.ready];
  seen.push(document.querySelectorAll("#trades tbody tr").length);
  seen.push(document.querySelectorAll("#candles .cartesianlayer").length > 0);
  document.querySelector('#trades tr[data-i="7"]').click();
  seen.push(document.querySelector("#trades tr.on").dataset.i);
  const [from, until] = document.getElementById("candles")._fullLayout.xaxis.range;
  const text = (x) => String(x).replace(" ", "T") + "Z";
  const ms = (x) => typeof x === "number" ? x : Date.parse(text(x));
  seen.push(ms(from) <= D.trades.entry[7] && D.trades.exit[7] <= ms(until));
  const before = getComputedStyle(document.body).backgroundColor;
  document.getElementById("theme").click();
  seen.push(getComputedStyle(document.body).backgroundColor !== before);
  document.body.dataset.seen = JSON.stringify(seen);
}, 50));
</script>
"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
def test_in_a_browser_a_trade_jumps_to_its_place(result, page, tmp_path):
    text = page.read_text(encoding="utf-8")
    clicked = tmp_path / "clicked.html"
    clicked.write_text(text.replace("</body>", CLICK + "</body>"), encoding="utf-8")
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu",
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=20000", "--dump-dom", clicked.as_uri(),
    ]  # fmt: skip
    shown = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True
    )
    (seen,) = re.findall(r'data-seen="([^"]*)"', shown.stdout)
    found = json.loads(seen.replace("&quot;", '"'))
    assert found == ["yes", len(result.trades["net"]), True, "7", True, True]
