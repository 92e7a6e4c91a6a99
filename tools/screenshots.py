"""Makes the pictures of the guide: the screen of ``watch``, and a backtest's report.

python tools/screenshots.py docs/guide

The screen is drawn by textual, on the simulator; the report by Chromium, where it is
installed: without it, that picture stays as it is.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import fastorder
from fastorder.cli.watch_screen import Watch
from fastorder.simulator import run_in_thread
from fastorder.strategy import Strategy, Ticks, backtest

SIZE = (104, 30)
PAGE = (1180, 1500)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FONT = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
"""Textual's pictures ask a server for their font; those of a page must not."""

MONDAY = 1_788_134_400_000_000_000


def main() -> int:
    """Make both; 0."""
    place = Path(sys.argv[1])
    (place / "watch.svg").write_text(watch(), encoding="utf-8")
    print(place / "watch.svg")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"no picture of a report: none of {', '.join(BROWSERS)} is installed")
        return 0
    report(browser, place / "report.png")
    print(place / "report.png")
    return 0


# ---------------------------------------------------------------- the screen


def watch() -> str:
    """The screen with a position, its legs and some fills, as SVG."""
    with run_in_thread(rate_limit=False) as gateway:
        return asyncio.run(screen_of(gateway.base_url))


async def screen_of(base_url: str) -> str:
    """The screen of an account of a gateway, once it has traded."""
    trader = fastorder.Trader(
        base_url, user_name="trader1", api_key="key", account="PRAC", journal=False
    )
    trader.settle_s = 0.2
    async with trader:
        screen = Watch(trader)
        async with screen.run_test(size=SIZE) as pilot:
            await traded(trader)
            await screen.action_look()
            await until(pilot, lambda: "by events" in screen.feed.board.status())
            await until(pilot, lambda: len(screen.feed.board.orders) == 3)
            await pilot.pause(0.2)
            return FONT.sub("", screen.export_screenshot(title="fastorder watch"))


async def traded(trader: Any) -> None:
    """A small day."""
    await trader.buy("MES", 1)
    await trader.close("MES")
    await trader.buy("MNQ", 2, stop_loss_ticks=400, take_profit_ticks=800)
    await trader.sell("MGC", 1, limit=4000)


async def until(pilot: Any, holds: Any) -> None:
    """Wait until the screen shows something.

    Raises:
        TimeoutError: it does not.
    """
    ends_s = time.monotonic() + 30
    while not holds():
        if time.monotonic() > ends_s:
            raise TimeoutError("the screen did not show it")
        await pilot.pause(0.05)


# ---------------------------------------------------------------- the report


class Breakout(Strategy):
    """Buys where a bar closes above those before it."""

    symbol = "MNQ"
    length: int = 20

    def start(self) -> None:
        """Subscribe."""
        self.bars = self.subscribe(self.symbol, "5m", history=self.length)
        self.top: float | None = None

    def on_bar(self, bar: Any) -> None:
        """Look at each bar."""
        if self.flat and self.top is not None and bar.close > self.top:
            self.buy(1, stop_loss_ticks=60, take_profit_ticks=120)
        self.top = self.bars.high.max()


def report(browser: str, path: Path) -> None:
    """A report of two weeks of made-up ticks, as a browser shows it."""
    rng = np.random.default_rng(11)
    count = 120_000
    ticks = Ticks(
        MONDAY + np.cumsum(rng.integers(1, 14_000_000_000, count)),
        20_000 + np.cumsum(rng.integers(-2, 3, count)) * 0.25,
    )
    result = backtest(Breakout, data=ticks, account="combine-50k", missing_days="allow")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        result.report(page, title="Breakout")
        subprocess.run(  # noqa: S603 (a browser of this machine)
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu",
                "--hide-scrollbars", "--virtual-time-budget=10000",
                f"--user-data-dir={folder}/profile",
                "--window-size={},{}".format(*PAGE),
                f"--screenshot={path.resolve()}", page.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
