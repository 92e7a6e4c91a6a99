"""The command ``backtest``: a strategy of a file over recorded data."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
import traceback
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastorder.cli import shapes
from fastorder.cli.contract_names import symbol_from
from fastorder.cli.exits import Ended, Exit
from fastorder.cli.extras import must_be_installed
from fastorder.cli.options import JsonOption, must_have_a_folder
from fastorder.cli.output import Output
from fastorder.cli.progress import progress_of
from fastorder.settings import data_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastorder.strategy import Result, Strategy

MODULE = "fastorder_user_strategy"


def kept_from(text: str) -> str:
    """A contract as it is printed, or as its folder is called."""
    found = re.fullmatch(r"(?:.*/)?contract=([^/]+)(?:/.*)?", text)
    return symbol_from(found[1] if found else text)


def backtest(
    strategy: Annotated[
        str, typer.Argument(help="A file, or FILE:CLASS.", metavar="FILE[:CLASS]")
    ],
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Ticks or bars in Parquet; of several contracts as MNQ=FILE.",
            metavar="[DATA...]",
        ),
    ] = None,
    kept: Annotated[
        str | None,
        typer.Option(
            "--kept",
            parser=kept_from,
            help="What ticks record has kept.",
            metavar="MNQZ26",
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where that is.")
    ] = None,
    firm: Annotated[
        str | None,
        typer.Option("--firm", help="The firm's rules.", metavar="combine-50k"),
    ] = None,
    capital: Annotated[
        float, typer.Option("--capital", min=1, help="Dollars, without rules.")
    ] = 50_000.0,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter.", metavar="NAME=VALUE"),
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="In ISO form.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Up to before.")] = None,
    fills: Annotated[
        str, typer.Option("--fills", metavar="touch|trade_through")
    ] = "trade_through",
    seed: Annotated[int, typer.Option("--seed", help="Of what is drawn.")] = 0,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing-days", help="Weekdays without data.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Into this HTML file.")
    ] = None,
    json: JsonOption = False,
) -> Exit:
    """Run a strategy over recorded data, on the compiled exchange; nothing is sent."""
    output = Output(json)
    must_have_a_folder("--report", report)
    must_be_installed("backtests need", "data", "numpy", "pyarrow")
    from fastorder.strategy import StrategyFailed
    from fastorder.strategy import backtest as run

    with contextlib.redirect_stdout(sys.stderr):  # what a strategy prints is no result
        kind = strategy_of(strategy)
        parameters = parameters_from(kind, given or [])
        rows = data_from(data or [], kept, folder, since, until)
        try:
            with progress_of(kind.__name__) as progress:
                result = run(
                    kind,
                    data=rows,
                    since=since if kept is None else None,
                    until=until if kept is None else None,
                    account=capital if firm is None else firm,
                    fills=fills,
                    seed=seed,
                    missing_days="allow" if allow_missing else "refuse",
                    parameters=parameters,
                    progress=progress,
                )
        except StrategyFailed as failed:
            output.say(where_of(failed.__cause__ or failed))
            raise
    output.record(shapes.BACKTEST, result_row(kind, result))
    if report is not None:
        result.report(report, title=kind.__name__)
        output.say(f"report in {report}")
    return Exit.OK


# ---------------------------------------------------------------- what was typed


def strategy_of(text: str) -> type[Strategy]:
    """The strategy of a file.

    Raises:
        typer.BadParameter: there is no such file, or class, or more than one.
        Ended: the file raises; where is said.
    """
    from fastorder.strategy import Strategy

    name, colon, wanted = text.rpartition(":")
    is_named = bool(colon) and wanted.isidentifier()
    path = Path(name if is_named else text)
    if not path.is_file():
        raise typer.BadParameter(f"a strategy's file must be there, {path} is not")
    module = _module_of(path)
    found = {
        each.__name__: each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Strategy)
        and each.__module__ == MODULE
    }
    names = ", ".join(found) or "none"
    if is_named:
        if wanted not in found:
            raise typer.BadParameter(f"{path} must have {wanted}, it has {names}")
        return found[wanted]
    if len(found) != 1:
        raise typer.BadParameter(
            f"{path} must have one strategy, or be named as {path}:CLASS, "
            f"it has {names}"
        )
    return next(iter(found.values()))


def _module_of(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None:
        raise typer.BadParameter(f"a strategy's file must end in .py, was {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    with _from_beside(path):
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            Output(False).say(where_of(error))
            raise Ended(Exit.BAD_INPUT) from None
    return module


@contextlib.contextmanager
def _from_beside(path: Path) -> Iterator[None]:
    """Its neighbours can be imported, as where it is run by itself."""
    sys.path.insert(0, str(path.resolve().parent))
    try:
        yield
    finally:
        del sys.path[0]


def where_of(error: BaseException) -> str:
    """An error of the user's code, with its line."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    said = f"{type(error).__name__}: {error}"
    return f"{frames[-1].filename}:{frames[-1].lineno}: {said}" if frames else said


def parameters_from(kind: type[Strategy], given: Sequence[str]) -> dict[str, Any]:
    """Typed values; what is not a parameter is left to the strategy to refuse.

    Raises:
        typer.BadParameter: a value is not of its parameter's type.
    """
    from fastorder.strategy import Strategy
    from fastorder.strategy.parameters import parameters_of

    known = parameters_of(kind, Strategy)
    values: dict[str, Any] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals:
            raise typer.BadParameter(f"--set must be NAME=VALUE, was {each!r}")
        wanted = known[name].kind if name in known else str
        try:
            values[name] = _typed(wanted, text)
        except (ValueError, KeyError):
            rule = f"{name} must be {wanted.__name__}"
            raise typer.BadParameter(f"{rule}, was {text!r}") from None
    return values


def _typed(kind: Any, text: str) -> Any:
    if kind is bool:
        return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
    if issubclass(kind, Enum):
        return kind[text]
    return kind(text)


def data_from(
    given: Sequence[str],
    kept: str | None,
    folder: Path | None,
    since: str | None,
    until: str | None,
) -> Any:
    """What ``strategy.backtest`` takes as its data.

    Raises:
        typer.BadParameter: none is given, or both kinds.
    """
    if (kept is None) == (not given):
        raise typer.BadParameter("data must be given: files, or --kept CONTRACT")
    if kept is not None:
        return _kept(kept, folder, since, until)
    by_symbol: dict[str, list[str]] = {}
    for each in given:
        symbol, path = _symbol_and_path(each)
        by_symbol.setdefault(symbol, []).append(path)
    if "" in by_symbol and len(by_symbol) > 1:
        raise typer.BadParameter("data must all be FILE, or all be SYMBOL=FILE")
    return by_symbol.get("") or by_symbol


def _symbol_and_path(text: str) -> tuple[str, str]:
    """Of SYMBOL=FILE; no symbol where the file's own path has the sign."""
    symbol, equals, path = text.partition("=")
    is_path = not equals or "/" in symbol or Path(text).exists()
    return ("", text) if is_path else (symbol, path)


def _kept(
    contract: str, folder: Path | None, since: str | None, until: str | None
) -> Any:
    from fastorder.store import MarketData
    from fastorder.strategy import Ticks

    place = data_folder() / "market" if folder is None else folder
    if not place.is_dir():
        raise typer.BadParameter(f"--folder must be there, {place} is not")
    found = MarketData(place).ticks(contract, _moment(since), _moment(until))
    return Ticks(found.time_ns, found.price, found.size, found.side)


def _moment(text: str | None) -> Any:
    """A trading day, or a time with its zone."""
    from datetime import date, datetime

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        rule = "--since and --until must be in ISO form"
        raise typer.BadParameter(f"{rule}, was {text!r}") from None


# ---------------------------------------------------------------- what came of it


def result_row(kind: type[Strategy], result: Result) -> dict[str, Any]:
    """A result, in a row."""
    summary = result.summary
    verdict = result.verdict
    named = {
        name: _number(summary[name])
        for name in ("won", "profit_factor", "average", "sharpe", "max_drawdown")
    }
    return shapes.BACKTEST.row(
        strategy=kind.__name__,
        parameters=[f"{name} {value}" for name, value in result.parameters[0].items()],
        trades=int(summary["trades"]),
        net=_number(summary["net"]),
        costs=_number(summary["costs"]),
        **named,
        ambiguous=result.ambiguous,
        throttled=result.throttled,
        verdict=None if verdict is None else str(verdict.state),
        fingerprint=result.fingerprint,
    )


def _number(value: float) -> str | None:
    """With two digits; None where there is no such number."""
    return f"{value:.2f}" if value == value and abs(value) != float("inf") else None
