"""The pictures of docs/guide/bars.md: the speeds that its table has, and candles.

python benchmarks/marketdata/pictures.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).parent.parent))

import numpy as np
from charts import DARK, LIGHT, SMALL, Row, chart, dots, plt, saved

from fastorder.marketdata import Bars, aggregate_ticks, plot_bars, weekdays

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
HEAD = "million a second"
SECOND_NS = 1_000_000_000


class Speed(NamedTuple):
    """A row of the table of ticks to bars."""

    name: str
    speed: float
    """Million ticks a second."""
    ratio: float
    """Its time where ours is 1: the median of the rounds, the least and the most."""
    least: float
    most: float
    is_sum: bool
    """Whether it only adds up the columns."""


def speeds_of_page(text: str) -> tuple[str, list[Speed]]:
    """What the first table says that has speeds: its title, and its rows."""
    lines = iter(text.splitlines())
    title = next(cells(line)[0] for line in lines if HEAD in line)
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        name, speed, ratio, spread = cells(line)
        least, _, most = (spread or f"{ratio} to {ratio}").partition(" to ")
        numbers = (float(each.replace(",", "")) for each in (speed, ratio, least, most))
        short = re.sub("`", "", name.partition(",")[0])
        rows.append(Speed(short, *numbers, is_sum=short.startswith("NumPy sum")))
    return title, rows


def cells(line: str) -> list[str]:
    """The cells of a row of a table in Markdown."""
    return [cell.strip() for cell in line.strip("|").split("|")]


def draw_speeds(speeds: list[Speed], path: Path, title: str) -> list[Path]:
    """Draw to PATH.svg, and to PATH-dark.svg for a dark page."""
    rows = [
        Row(
            each.name,
            each.ratio,
            each.least,
            each.most,
            f"{each.speed:,.0f} M/s" + f"   {each.ratio:.3g}x" * (each.ratio != 1),
            each.is_sum,
        )
        for each in speeds
    ]

    def draw(axes, colors) -> None:
        dots(axes, colors, rows, lambda value, _: f"{value:g}x")
        axes.set_xlabel(
            "time for the same ticks, fastorder is 1, logarithmic; dot: median of the "
            "rounds, line: least to most;\nnumbers: million ticks a second, and the "
            "time; hollow: makes no bars, adds up each of the columns",
            fontsize=SMALL,
        )

    made = []
    for end, colors in (("", LIGHT), ("-dark", DARK)):
        figure = chart(title, len(rows), colors, lambda axes, c=colors: draw(axes, c))
        made.append(path.with_name(f"{path.name}{end}.svg"))
        saved(figure, made[-1])
        plt.close(figure)
    return made


def session() -> Bars:
    """Bars of five minutes of ticks that wander at random, busier by day than by night.

    They reach over the hour in which the market is closed.
    """
    chance = np.random.default_rng(26)
    minutes = 60 * 12
    opens = 1_786_014_000 * SECOND_NS  # 2026-08-06 06:00 in Chicago
    hour = 6 + np.arange(minutes) / 60
    busy = 40 + 260 * np.exp(-((hour - 8.8) ** 2)) + 120 * np.exp(-((hour - 14.8) ** 2))
    counts = chance.poisson(busy)
    starts = np.repeat(np.arange(minutes), counts)
    when = (
        opens
        + starts * 60 * SECOND_NS
        + chance.integers(0, 60 * SECOND_NS, len(starts))
    )
    price = 23_400 + np.cumsum(chance.integers(-2, 3, len(starts))) * 0.25
    days = weekdays("2026-08-03", "2026-08-14")
    size = chance.integers(1, 6, len(starts))
    return aggregate_ticks(np.sort(when), price, size, "5m", sessions=days)


def main() -> None:
    title, speeds = speeds_of_page((GUIDE / "bars.md").read_text())
    for path in draw_speeds(speeds, GUIDE / "bars-speed", f"{title}, one core"):
        print(path)
    plot_bars(session(), GUIDE / "candles.png", symbol="MNQ (random ticks)")
    print(GUIDE / "candles.png")


if __name__ == "__main__":
    main()
