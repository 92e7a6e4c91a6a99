"""The charts of a run, each for a light page and for a dark one, as SVG and PNG."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
from besides import missing
from results import kept

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLDER = Path(__file__).parent.parent / "docs" / "charts"
LIGHT = {
    "page": "#ffffff",
    "ink": "#1f2328",
    "other": "#6e7781",
    "grid": "#e4e7eb",
    "ours": "#0969da",
}
DARK = {
    "page": "#0d1117",
    "ink": "#e6edf3",
    "other": "#9198a1",
    "grid": "#21262d",
    "ours": "#58a6ff",
}
PAGES = (("light", LIGHT), ("dark", DARK))
BARE = ("raw socket", "raw protocol")
DOT = 8
SMALL = 8.5


class Row(NamedTuple):
    """A dot with a line beside its name."""

    name: str
    dot: float
    least: float
    most: float
    text: str
    is_hollow: bool = False
    """Whether it is a yardstick, and not one of those that are compared."""


def is_ours(name: str) -> bool:
    """Whether a row is the project's own."""
    return name.startswith("fastorder")


def number(value: float) -> str:
    """Microseconds as a reader says them, in three digits."""
    size, unit = unit_of(value)
    shown = value / size
    return f"{shown:,.0f} {unit}" if shown >= 100 else f"{shown:#.3g} {unit}"


def mark(value: float, _: object = None) -> str:
    """A round number of microseconds on the axis."""
    size, unit = unit_of(value)
    return f"{value / size:g} {unit}"


def unit_of(value: float) -> tuple[float, str]:
    """The unit of a number of microseconds, and how many of them it has."""
    units = ((1e6, "s"), (1e3, "ms"), (1.0, "us"))
    return next((each for each in units if value >= each[0]), (1e-3, "ns"))


def times(ratio: float) -> str:
    """How many times."""
    return f"{ratio:.2f}x" if ratio < 10 else f"{ratio:.0f}x"


def ladder(axes: Axes, colors: dict[str, str], scene: dict[str, Any]) -> None:
    """A dot at p50, a line to p99; the fastest on top."""
    rows = []
    for name, row in scene["contenders"].items():
        text = number(row["p50_us"])
        if name != scene["base"]:
            text += f"   {times(row['ratio'][0])}"
        is_bare = name.startswith(BARE)
        rows.append(
            Row(name, row["p50_us"], row["p50_us"], row["p99_us"], text, is_bare)
        )
    dots(axes, colors, rows, mark)
    axes.set_xlabel(
        "one order, logarithmic; dot: p50, line: to p99; numbers: p50, and the median "
        "of the rounds'\nratios to fastorder; hollow: no client, ready bytes and an "
        "answer that nobody reads",
        fontsize=SMALL,
    )


def engines(axes: Axes, colors: dict[str, str], scene: dict[str, Any]) -> None:
    """A dot at the median of the time that an engine takes for a row of a task."""
    rows = [
        Row(name, *row["us"], f"{number(row['us'][0])}   {times(row['ratio'][0])}")
        for name, row in scene["contenders"].items()
    ]
    dots(axes, colors, rows, mark)
    axes.set_xlabel(
        "a bar or a tick, logarithmic; dot: median, line: the rounds' least to most;\n"
        "numbers: the median, and that of the rounds' ratios to fastorder",
        fontsize=SMALL,
    )


def dots(
    axes: Axes,
    colors: dict[str, str],
    rows: list[Row],
    unit: Callable[[float, object], str],
) -> None:
    """Dots with lines on a logarithmic axis, the least on top.

    Such an axis has no zero, so a bar would have a length that means nothing.
    """
    rows = sorted(rows, key=lambda row: -row.dot)
    for at, row in enumerate(rows):
        color = colors["ours"] if is_ours(row.name) else colors["other"]
        ink = colors["ours"] if is_ours(row.name) else colors["ink"]
        axes.axhline(at, color=colors["grid"], lw=0.8, zorder=0)
        axes.plot([row.least, row.most], [at, at], color=color, lw=1.6, zorder=2)
        ends = [end for end in (row.least, row.most) if end != row.dot]
        axes.plot(ends, [at] * len(ends), "|", color=color, ms=8, mew=1.6, zorder=2)
        axes.plot(
            [row.dot],
            [at],
            "o",
            ms=DOT,
            mew=1.6,
            color=color,
            mfc=colors["page"] if row.is_hollow else color,
            zorder=3,
        )
        beside(axes, row.text, row.most, at, ink, colors["page"])
    named(axes, colors, [row.name for row in rows])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xscale("log")
    least = min(row.least for row in rows)
    most = max(row.most for row in rows)
    # a part of the axis on the left, and room for the text on the right
    width = (most / least) ** 1.3
    axes.set_xlim(least / width**0.04, least * width)
    steps = (1, 2, 5) if width < 3e3 else (1, 3) if width < 3e5 else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(unit))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", color=colors["grid"], lw=0.8)
    axes.set_axisbelow(True)


def beside(axes: Axes, text: str, value: float, at: int, color: str, page: str) -> None:
    """The numbers of a row, to the right of it; no line of the grid runs through."""
    axes.annotate(
        text,
        (value, at),
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        color=color,
        bbox={"facecolor": page, "edgecolor": "none", "pad": 1.5},
    )


def named(axes: Axes, colors: dict[str, str], names: list[str]) -> None:
    """The names of the rows; ours stand out."""
    axes.set_yticks(range(len(names)), names)
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_color(colors["ours"] if is_ours(name) else colors["ink"])
        label.set_fontweight("bold" if is_ours(name) else "normal")


def crowd(axes: Axes, colors: dict[str, str], scene: dict[str, Any]) -> None:
    """Orders per second with 100 in flight, from zero; the fastest on top."""
    rows = sorted(
        ((name, row["100"]) for name, row in scene["contenders"].items()),
        key=lambda row: row[1]["orders_per_second"],
    )
    for at, (name, row) in enumerate(rows):
        color = colors["ours"] if is_ours(name) else colors["other"]
        ink = colors["ours"] if is_ours(name) else colors["ink"]
        rate = row["orders_per_second"]
        text = f"{rate:,}   ({row['cpu_us_per_order']:,.0f} us of CPU each)"
        axes.barh(at, rate, height=0.62, color=color)
        beside(axes, text, rate, at, ink, colors["page"])
    named(axes, colors, [name for name, _ in rows])
    axes.set_xlim(0, max(row["orders_per_second"] for _, row in rows) * 1.45)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel(
        "orders per second, 100 in flight; longer is better", fontsize=SMALL
    )


CHARTS = {
    "warm": ladder,
    "tls": ladder,
    "flood": ladder,
    "flight": crowd,
    "strategies": engines,
}


def chart(
    title: str, count: int, colors: dict[str, str], draw: Callable[[Axes], None]
) -> Figure:
    """A chart of so many rows on a page of its colours."""
    mpl.rcParams.update({"svg.hashsalt": "fastorder", "font.size": 9.5})
    figure, axes = plt.subplots(figsize=(8.2, 1.3 + 0.3 * count))
    figure.patch.set_facecolor(colors["page"])
    axes.set_facecolor(colors["page"])
    draw(axes)
    axes.set_title(title, loc="left", color=colors["ink"], fontsize=11, pad=10)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(colors["other"])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", which="both", color=colors["other"])
    for label in (*axes.get_xticklabels(), axes.xaxis.label):
        label.set_color(colors["ink"])
    figure.tight_layout()
    return figure


def charts_of_runs() -> dict[str, Callable[..., None]]:
    """The charts of all that was run."""
    return {name: draw for name, draw in CHARTS.items() if not missing(name)}


def drawn() -> Iterator[Path]:
    """Draw every chart; the files."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in charts_of_runs().items():
        scene = kept(name)
        for page, colors in PAGES:
            figure = chart(
                scene["title"],
                len(scene["contenders"]),
                colors,
                partial(draw, colors=colors, scene=scene),
            )
            for kind in ("svg", "png"):
                path = FOLDER / f"{name}-{page}.{kind}"
                saved(figure, path)
                yield path
            plt.close(figure)


def saved(figure: Figure, path: Path) -> None:
    """Write a picture without the day and the program that it was made with."""
    metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    figure.savefig(path, dpi=110, metadata=metadata)
