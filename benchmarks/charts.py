"""The charts of a run, each for a light page and for a dark one, as SVG and PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from results import kept

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, NullFormatter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

FOLDER = Path(__file__).parent.parent / "docs" / "charts"
LIGHT = {"page": "#ffffff", "ink": "#1f2328", "quiet": "#8b949e", "ours": "#0969da"}
DARK = {"page": "#0d1117", "ink": "#e6edf3", "quiet": "#7d8590", "ours": "#58a6ff"}
FLOOR = ("raw socket", "raw protocol")


def is_ours(name: str) -> bool:
    """Whether a row is the project's own."""
    return name.startswith("fastorder")


def number(value: float, _: object = None) -> str:
    """Microseconds as a reader says them."""
    size, unit = next(
        (each for each in ((1e6, "s"), (1e3, "ms")) if value >= each[0]), (1.0, "us")
    )
    shown = value / size
    return f"{shown:,.0f} {unit}" if shown >= 100 else f"{shown:.3g} {unit}"


def ladder(axes: Axes, colors: dict[str, str], scene: dict[str, Any]) -> None:
    """A bar to p50, a line to p99; the fastest on top, logarithmic."""
    rows = sorted(scene["contenders"].items(), key=lambda row: -row[1]["p50_us"])
    for at, (name, row) in enumerate(rows):
        color = colors["ours"] if is_ours(name) else colors["quiet"]
        filled = name not in FLOOR
        axes.barh(
            at,
            row["p50_us"],
            height=0.62,
            color=color if filled else "none",
            edgecolor=color,
            linewidth=1.2,
        )
        axes.plot([row["p50_us"], row["p99_us"]], [at, at], color=colors["ink"], lw=1.3)
        axes.plot([row["p99_us"]], [at], "|", color=colors["ink"], ms=7)
        times = row["ratio"][0]
        text = number(row["p50_us"])
        if name != scene["base"]:
            text += f"   {times:.2f}x" if times < 10 else f"   {times:.0f}x"
        axes.annotate(
            text,
            (row["p99_us"], at),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=colors["ours"] if is_ours(name) else colors["ink"],
        )
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    for label in axes.get_yticklabels():
        if is_ours(label.get_text()):
            label.set_color(colors["ours"])
            label.set_fontweight("bold")
    axes.set_xscale("log")
    axes.set_xlim(
        min(row["p50_us"] for _, row in rows) / 2,
        max(row["p99_us"] for _, row in rows) * 4,
    )
    axes.xaxis.set_major_formatter(FuncFormatter(number))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(
        "one order, logarithmic; bar: p50, line: to p99; numbers: p50, and its ratio "
        "to fastorder\nhollow: sends ready bytes and reads nothing, the floor",
        fontsize=8.5,
    )


def crowd(axes: Axes, colors: dict[str, str], scene: dict[str, Any]) -> None:
    """Orders per second with 100 in flight; the fastest on top."""
    rows = sorted(
        ((name, row["100"]) for name, row in scene["contenders"].items()),
        key=lambda row: row[1]["orders_per_second"],
    )
    for at, (name, row) in enumerate(rows):
        color = colors["ours"] if is_ours(name) else colors["quiet"]
        rate = row["orders_per_second"]
        axes.barh(at, rate, height=0.62, color=color)
        axes.annotate(
            f"{rate:,}   ({row['cpu_us_per_order']:,.0f} us of CPU each)",
            (rate, at),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=colors["ours"] if is_ours(name) else colors["ink"],
        )
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    for label in axes.get_yticklabels():
        if is_ours(label.get_text()):
            label.set_color(colors["ours"])
            label.set_fontweight("bold")
    axes.set_xlim(0, max(row["orders_per_second"] for _, row in rows) * 1.45)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel("orders per second, 100 in flight; longer is better", fontsize=8.5)


CHARTS = {"warm": ladder, "tls": ladder, "flood": ladder, "flight": crowd}


def drawn() -> Iterator[Path]:
    """Draw every chart; the files."""
    FOLDER.mkdir(exist_ok=True)
    mpl.rcParams.update({"svg.hashsalt": "fastorder", "font.size": 9.5})
    for name, draw in CHARTS.items():
        scene = kept(name)
        for page, colors in (("light", LIGHT), ("dark", DARK)):
            count = len(scene["contenders"])
            figure, axes = plt.subplots(figsize=(8.2, 1.2 + 0.3 * count))
            figure.patch.set_facecolor(colors["page"])
            axes.set_facecolor(colors["page"])
            draw(axes, colors, scene)
            axes.set_title(
                scene["title"], loc="left", color=colors["ink"], fontsize=11, pad=10
            )
            for side in ("top", "right", "left"):
                axes.spines[side].set_visible(False)
            axes.spines["bottom"].set_color(colors["quiet"])
            axes.tick_params(axis="y", length=0)
            axes.tick_params(axis="x", which="both", color=colors["quiet"])
            for label in (*axes.get_xticklabels(), axes.xaxis.label):
                label.set_color(colors["ink"])
            for label in axes.get_yticklabels():
                if not is_ours(label.get_text()):
                    label.set_color(colors["ink"])
            figure.tight_layout()
            for kind in ("svg", "png"):
                path = FOLDER / f"{name}-{page}.{kind}"
                metadata = {"Date": None} if kind == "svg" else {"Software": None}
                figure.savefig(path, dpi=110, metadata=metadata)
                yield path
            plt.close(figure)
