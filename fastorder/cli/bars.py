"""The command ``bars``: a contract's history, in a table, a file or a picture."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fastorder._base.counted import counted
from fastorder.cli import shapes
from fastorder.cli.connection import looking
from fastorder.cli.extras import must_be_installed
from fastorder.cli.options import (
    DaysOption,
    JsonOption,
    ProfileOption,
    SymbolArgument,
    must_have_a_folder,
)
from fastorder.cli.output import Output
from fastorder.cli.progress import progress_of
from fastorder.cli.rows import bar_rows
from fastorder.cli.today import ago

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from fastorder.marketdata import Bars

FILES = (".parquet", ".csv")


def bars(
    symbol: SymbolArgument,
    every: Annotated[str, typer.Argument(help="Such as 1m, 5m, 1h.", metavar="EVERY")],
    days: DaysOption = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Into this .parquet or .csv file.")
    ] = None,
    plot: Annotated[
        bool,
        typer.Option(
            "--plot", help="Draw candles, as a .png beside --out, or here without it."
        ),
    ] = False,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """Read a contract's bars, oldest first."""
    output = Output(json)
    _check(out, plot)
    with looking(profile) as executor:
        contract = executor.contract(symbol)
        with progress_of(f"{contract.name} {every}") as progress:
            found = executor.bars(
                symbol, every, days=days, progress=_as_share(days, progress)
            )
    if out is not None:
        _save(found, out)
        output.say(f"{counted(len(found), 'bar')} in {out}")
    if plot:
        picture = Path(f"{contract.name}-{every}") if out is None else out
        _draw(found, contract.name, picture.with_suffix(".png"), output)
    if out is None and not plot:
        output.rows(shapes.BARS, bar_rows(found))


def _check(out: Path | None, plot: bool) -> None:
    """Refuse what could not be written, before anything is read."""
    if out is not None:
        if out.suffix not in FILES:
            raise typer.BadParameter(f"--out must end in .parquet or .csv, was {out}")
        must_have_a_folder("--out", out)
        must_be_installed("bars in a file need", "marketdata", "pyarrow")
    if plot:
        must_be_installed("pictures need", "marketdata", "matplotlib")


def _as_share(
    days: float, progress: Callable[[float], None]
) -> Callable[[int, datetime], None]:
    """What tells of pages, newest first, as a share of the days."""
    since, until = ago(days), ago(0)
    return lambda count, oldest: progress((until - oldest) / (until - since))


def _save(found: Bars, path: Path) -> None:
    """Bars as a file."""
    import pyarrow  # an extra

    table = pyarrow.table(found)
    with _whole(path) as beside:
        if path.suffix == ".parquet":
            from pyarrow import parquet  # an extra

            parquet.write_table(table, beside)
        else:
            from pyarrow import csv  # an extra

            csv.write_csv(table, beside)


def _draw(found: Bars, name: str, path: Path, output: Output) -> None:
    """Bars as a picture; where there are none, none."""
    if not len(found):
        output.say("no bars, so no picture")
        return
    from fastorder.marketdata.plot import MOST, plot_bars

    with _whole(path) as beside:
        plot_bars(found, beside, most=MOST, symbol=name)
    last = f"the last {MOST:,} bars" if len(found) > MOST else "the bars"
    output.say(f"{last} are drawn in {path}")


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Where to write a file, so that it is there whole or not at all."""
    beside = path.with_name(f".part-{path.name}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
