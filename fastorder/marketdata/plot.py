"""Candles with volume, as a picture."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder.marketdata.errors import BarError

if TYPE_CHECKING:
    import os

    from fastorder.marketdata.bars import Bars

UP, DOWN, INK, GRID = "#16836f", "#c8473d", "#2b2f36", "#e4e6ea"
PALE = {UP: "#74b5a9", DOWN: "#de918b"}
MOST = 2_000
LABELS = 8


def plot_bars(
    bars: Bars, path: str | os.PathLike[str], title: str = "", most: int = 300
) -> None:
    """Draw candles and their volume; the bars stand side by side, without gaps.

    Args:
        bars: at least one.
        path: ends in .png or .svg.
        title: what stands above; the timeframe and the days where it is empty.
        most: draw the last so many.

    Raises:
        BarError: no bars, or another kind of file.
    """
    path = picture_path(path)
    if not len(bars):
        raise BarError("at least one bar is needed to plot")
    if not 1 <= most <= MOST:
        raise BarError(f"from 1 to {MOST:,} bars can be drawn, was {most}")
    shown = bars[max(0, len(bars) - most) :]
    figure, above, below = _canvas()
    _candles(above, shown)
    _volumes(below, shown)
    _times(below, shown)
    above.set_title(title or _title(shown), loc="left", color=INK, fontsize=13, pad=12)
    figure.savefig(path, dpi=144)


def picture_path(path: str | os.PathLike[str]) -> Path:
    """A path that says which kind of picture it is to be.

    Raises:
        BarError: it ends in neither .png nor .svg.
    """
    path = Path(path)
    if path.suffix not in (".png", ".svg"):
        raise BarError(f"a picture must be .png or .svg, was {path}")
    return path


def _canvas() -> tuple[Any, Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    for axes in (above, below):
        axes.set_axisbelow(True)
        axes.grid(color=GRID, linewidth=0.8)
        axes.yaxis.tick_right()
        axes.yaxis.set_label_position("right")
        axes.tick_params(colors=INK, length=0, labelsize=9)
        for side in ("top", "left", "right", "bottom"):
            axes.spines[side].set_color(GRID)
    return figure, above, below


def _colours(bars: Bars) -> list[str]:
    return [UP if bar.close >= bar.open else DOWN for bar in bars]


def _candles(axes: Any, bars: Bars) -> None:
    places = range(len(bars))
    colours = _colours(bars)
    axes.vlines(places, list(bars.low), list(bars.high), colors=colours, linewidth=1)
    heights = [abs(bar.close - bar.open) for bar in bars]
    bottoms = [min(bar.open, bar.close) for bar in bars]
    axes.bar(places, heights, 0.7, bottoms, color=colours, linewidth=0)
    # a candle without a body is a stroke
    flat = [i for i, height in enumerate(heights) if not height]
    axes.hlines(
        [bottoms[i] for i in flat],
        [i - 0.35 for i in flat],
        [i + 0.35 for i in flat],
        colors=[colours[i] for i in flat],
        linewidth=1.2,
    )
    axes.set_ylabel("price", color=INK, fontsize=9)
    axes.ticklabel_format(axis="y", useOffset=False, style="plain")
    axes.use_sticky_edges = False
    axes.margins(x=0.01, y=0.05)


def _volumes(axes: Any, bars: Bars) -> None:
    colours = [PALE[colour] for colour in _colours(bars)]
    axes.bar(range(len(bars)), list(bars.volume), 0.7, color=colours)
    axes.set_ylabel("volume", color=INK, fontsize=9)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: _short(value))


def _short(number: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def _times(axes: Any, bars: Bars) -> None:
    count = len(bars)
    places = sorted({round(i * (count - 1) / (LABELS - 1)) for i in range(LABELS)})
    moments = [_moment(bars.time_ns[place]) for place in places]
    labels = []
    for i, moment in enumerate(moments):
        is_new_day = i == 0 or moment.date() != moments[i - 1].date()
        clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
        labels.append(f"{clock}\n{moment:%b %d %Y}" if is_new_day else clock)
    axes.set_xticks(places, labels)
    axes.set_xlabel("UTC", color=INK, fontsize=9)


def _moment(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns // 1_000_000_000, timezone.utc)


def _title(bars: Bars) -> str:
    first, last = _moment(bars.time_ns[0]), _moment(bars.time_ns[-1])
    days = f"{first:%Y-%m-%d}"
    if last.date() != first.date():
        days += f" to {last:%Y-%m-%d}"
    return f"{len(bars)} bars of {bars.every or 'any kind'}, {days}"
