"""``python -m fastorder.marketdata``: a file of ticks in, a file of bars out."""

from __future__ import annotations

import argparse
import sys
from collections import deque
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder.marketdata.bars import EPOCH, Bars
from fastorder.marketdata.columns import column_of
from fastorder.marketdata.errors import BarError, WrongColumn
from fastorder.marketdata.files import BarWriter, bars_of_file, read_ticks
from fastorder.marketdata.plot import MOST, picture_path, plot_bars
from fastorder.marketdata.round_times import zone_of
from fastorder.marketdata.sessions import Sessions, globex, regular_hours
from fastorder.marketdata.text import counted
from fastorder.marketdata.tick_columns import (
    SIDE_UNITS,
    TIME_UNITS,
    TickColumns,
    TickUnits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEK = timedelta(7)
SESSIONS = {"globex": globex, "regular": regular_hours}


def main(arguments: list[str] | None = None) -> int:
    """Make the bars; 0 then, 2 where that cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except (BarError, WrongColumn, OSError) as error:
        return _refuse(str(error))
    except ModuleNotFoundError as error:
        return _refuse(f"{error.name} is needed: pip install 'fastorder[marketdata]'")
    except KeyboardInterrupt:
        return _refuse("interrupted, nothing was written")
    return 0


def _run(options: argparse.Namespace) -> None:
    """Ticks to bars, chunk by chunk; the last bars are kept for the picture."""
    if Path(options.bars).resolve() == Path(options.ticks).resolve():
        raise BarError("the bars must go into another file than the ticks")
    if options.plot:
        picture_path(options.plot)
        zone_of(options.zone or "UTC")
    names = TickColumns(options.time, options.price, options.size, options.side)
    units = TickUnits(options.time_unit, options.price_unit, options.side_unit)
    settings = _settings(options, names, units)
    made = bars_of_file(options.ticks, columns=names, units=units, **settings)
    kept: deque[Bars] = deque()
    with BarWriter(options.bars) as writer:
        for bars in _shown(made, options):
            writer.write(bars.whole() if options.whole else bars)
            _keep(kept, bars, options.last)
    bars = Bars.joined(kept)
    if options.plot:
        plot_bars(
            bars.whole() if options.whole else bars,
            options.plot,
            most=options.last,
            symbol=options.symbol,
            zone=options.zone,
        )
    if not options.quiet:
        count = counted(writer.bars, "bar")
        print(f"{options.bars}: {count} of {bars.every}{_left_out(bars)}")


def _settings(
    options: argparse.Namespace, names: TickColumns, units: TickUnits
) -> dict[str, Any]:
    settings: dict[str, Any] = {"every": options.every, "late": options.late}
    settings["gaps"] = "flat" if options.flat else "skip"
    if options.offset:
        settings["offset"] = options.offset
    if options.sessions:
        settings["sessions"] = _sessions(options, names, units)
    return settings


def _sessions(
    options: argparse.Namespace, names: TickColumns, units: TickUnits
) -> Sessions | None:
    """Sessions from the first tick of the file up to some days from now."""
    for chunk in read_ticks(options.ticks, names, 1024, units):
        first_ns = memoryview(column_of(chunk.columns[0], "time_ns"))[0]
        first = EPOCH + timedelta(microseconds=first_ns // 1000)
        last = max(first, datetime.now(timezone.utc))
        make = SESSIONS[options.sessions]
        return make((first - WEEK).date(), (last + WEEK).date())
    return None


def _shown(
    made: Iterator[tuple[Bars, float]], options: argparse.Namespace
) -> Iterator[Bars]:
    """The bars, while a progress bar on the terminal follows the file."""
    if options.quiet or not sys.stderr.isatty():
        yield from (bars for bars, _ in made)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    layout = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*layout, Remaining(), console=Console(stderr=True)) as progress:
        task = progress.add_task(Path(options.ticks).name, total=1.0)
        for bars, read in made:
            progress.update(task, completed=read)
            yield bars


def _keep(kept: deque[Bars], bars: Bars, last: int) -> None:
    """Keep as few pieces as hold the last bars."""
    kept.append(bars)
    while len(kept) > 1 and sum(map(len, kept)) - len(kept[0]) > last:
        kept.popleft()


def _left_out(bars: Bars) -> str:
    tally = bars.tally
    found = (
        (tally.late_dropped, "late tick", "left out"),
        (tally.late_merged, "late tick", "merged"),
        (tally.outside, "tick", "outside the sessions"),
    )
    return "".join(
        f", {counted(count, noun)} {fate}" for count, noun, fate in found if count
    )


def _refuse(why: str) -> int:
    print(f"fastorder marketdata: {why}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fastorder.marketdata",
        description="Bars from a file of ticks, oldest first; .parquet or .csv.",
    )
    parser.add_argument("ticks", help="the file of ticks")
    parser.add_argument("bars", help="the file of bars, written anew")
    parser.add_argument(
        "--every",
        default="1m",
        metavar="E",
        help="30s, 5m, 1h, 1d, 1w, 1mo, or '500 ticks', '1e6 value', '4 renko' (1m)",
    )
    parser.add_argument("--offset", default="", metavar="T", help="such as 30m or -2h")
    parser.add_argument(
        "--sessions", choices=sorted(SESSIONS), help="leave out ticks at other times"
    )
    parser.add_argument("--flat", action="store_true", help="fill gaps with flat bars")
    parser.add_argument(
        "--late",
        choices=("refuse", "drop", "merge"),
        default="refuse",
        help="what happens to a tick older than the one before it (refuse)",
    )
    parser.add_argument(
        "--whole", action="store_true", help="without bars that may lack ticks"
    )
    for role in ("time", "price", "size", "side"):
        parser.add_argument(
            f"--{role}", metavar="C", help=f"the column of the {role}, where not known"
        )
    parser.add_argument(
        "--time-unit",
        choices=TIME_UNITS,
        help="what times that are whole numbers count; without it ns",
    )
    parser.add_argument(
        "--side-unit",
        choices=SIDE_UNITS,
        help="what sides that are numbers mean: sign, 1 a buyer, -1 a seller, 0 not "
        "known; or gateway, 0 a buyer, 1 a seller",
    )
    parser.add_argument(
        "--price-unit",
        metavar="U",
        help="'ticks' where prices are whole ticks, or what one is worth, such as 1e-9",
    )
    parser.add_argument("--plot", metavar="F", help="draw candles to a .png or .svg")
    parser.add_argument(
        "--last", type=_count, default=300, metavar="N", help="draw so many bars (300)"
    )
    parser.add_argument(
        "--symbol", default="", metavar="S", help="what the picture is of, such as MNQ"
    )
    parser.add_argument(
        "--zone",
        metavar="Z",
        help="whose clocks the picture shows, such as America/Chicago (that of the "
        "sessions, or UTC)",
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing")
    return parser


def _count(text: str) -> int:
    count = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= count <= MOST:
        raise argparse.ArgumentTypeError(f"1 to {MOST} was expected, was {text!r}")
    return count


if __name__ == "__main__":
    sys.exit(main())
