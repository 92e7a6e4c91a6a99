"""Candles with volume, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import with_near_names
from fastorder.marketdata.errors import BarError
from fastorder.marketdata.frames import Timeframe
from fastorder.marketdata.round_times import moment, round_times, zone_of
from fastorder.marketdata.text import counted, exact

if TYPE_CHECKING:
    import os
    from datetime import tzinfo

    from fastorder.marketdata.bars import Bars

UP, DOWN, INK, GRID = "#16836f", "#c8473d", "#2b2f36", "#e4e6ea"
PALE = {UP: "#74b5a9", DOWN: "#de918b"}
MOST = 2_000
WIDTH = 0.7
"""Of a candle, where the distance to the next is 1."""
WIDEST = 1 / 50
"""Of a candle, of the whole axis."""


@with_near_names
def plot_bars(
    bars: Bars,
    path: str | os.PathLike[str],
    title: str = "",
    most: int = 300,
    *,
    symbol: str = "",
    zone: str | tzinfo | None = None,
) -> None:
    """Draw candles and their volume; the bars stand side by side, without gaps.

    Args:
        bars: at least one.
        path: ends in .png or .svg.
        title: what stands above; the symbol, the timeframe and the days where it is
            empty.
        most: draw the last so many.
        symbol: what was traded, such as MNQ.
        zone: whose clocks the times are of, such as America/Chicago; that of the bars'
            sessions where it is not given, UTC where they have none.

    Raises:
        BarError: no bars, another kind of file, or no such zone.
    """
    path = picture_path(path)
    clocks = zone_of(_zone_of_sessions(bars) if zone is None else zone)
    if not len(bars):
        raise BarError("at least one bar is needed to plot")
    if not 1 <= most <= MOST:
        raise BarError(f"from 1 to {MOST:,} bars can be drawn, was {most}")
    shown = bars[max(0, len(bars) - most) :]
    figure, above, below = _canvas()
    _candles(above, shown)
    _volumes(below, shown)
    _times(below, shown, clocks)
    above.set_title(
        title or _title(shown, symbol, clocks),
        loc="left",
        color=INK,
        fontsize=13,
        pad=12,
    )
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


def _zone_of_sessions(bars: Bars) -> str:
    every = bars.every
    if isinstance(every, Timeframe) and every.sessions is not None:
        return every.sessions.zone
    return "UTC"


def _width(count: int) -> float:
    """How wide a candle is: a few would be slabs if they shared the whole axis."""
    return min(WIDTH, count * WIDEST)


def _colours(bars: Bars) -> list[str]:
    return [UP if bar.close >= bar.open else DOWN for bar in bars]


def _candles(axes: Any, bars: Bars) -> None:
    places = range(len(bars))
    width = _width(len(bars))
    colours = _colours(bars)
    axes.vlines(places, list(bars.low), list(bars.high), colors=colours, linewidth=1)
    heights = [abs(bar.close - bar.open) for bar in bars]
    bottoms = [min(bar.open, bar.close) for bar in bars]
    axes.bar(places, heights, width, bottoms, color=colours, linewidth=0)
    # a candle without a body is a stroke
    flat = [i for i, height in enumerate(heights) if not height]
    axes.hlines(
        [bottoms[i] for i in flat],
        [i - width / 2 for i in flat],
        [i + width / 2 for i in flat],
        colors=[colours[i] for i in flat],
        linewidth=1.2,
    )
    axes.set_ylabel("price", color=INK, fontsize=9)
    axes.ticklabel_format(axis="y", useOffset=False, style="plain")
    axes.use_sticky_edges = False
    axes.margins(y=0.05)
    pad = 0.5 + 0.01 * len(bars)
    axes.set_xlim(-pad, len(bars) - 1 + pad)


def _volumes(axes: Any, bars: Bars) -> None:
    colours = [PALE[colour] for colour in _colours(bars)]
    width = _width(len(bars))
    axes.bar(range(len(bars)), list(bars.volume), width, color=colours)
    axes.set_ylabel("volume", color=INK, fontsize=9)
    axes.set_ylim(bottom=0)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.set_major_formatter(lambda value, _: _short(value))


def _short(number: float) -> str:
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{exact(number / size)}{letter}"
    return exact(number)


def _times(axes: Any, bars: Bars, zone: tzinfo) -> None:
    marks = round_times(bars.time_ns, zone)
    labels = [f"{mark.text}\n{mark.below}" for mark in marks]
    axes.set_xticks([mark.place for mark in marks], labels)
    axes.set_xlabel(str(zone).replace("_", " "), color=INK, fontsize=9)


def _title(bars: Bars, symbol: str, zone: tzinfo) -> str:
    first, last = moment(bars.time_ns[0], zone), moment(bars.time_ns[-1], zone)
    days = f"{first:%Y-%m-%d}"
    if last.date() != first.date():
        days += f" to {last:%Y-%m-%d}"
    what = f"{counted(len(bars), 'bar')} of {bars.every or 'any kind'}, {days}"
    return f"{symbol}, {what}" if symbol else what
