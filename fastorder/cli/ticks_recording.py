"""The command ``ticks record``: what is traded goes into a folder, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastorder import blocking
from fastorder._base.counted import counted
from fastorder.cli import shapes
from fastorder.cli.connection import account_from
from fastorder.cli.contract_names import symbol_from
from fastorder.cli.exits import Exit
from fastorder.cli.extras import must_be_installed
from fastorder.cli.options import AccountOption, JsonOption, ProfileOption
from fastorder.cli.output import Output
from fastorder.settings import data_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastorder.store import Recorder

LOOK_S = 1.0
"""Between two looks at how it does."""

Symbols = Annotated[
    list[str],
    typer.Argument(
        parser=symbol_from, help="Such as MNQ, or MNQZ26.", metavar="SYMBOL..."
    ),
]


def ticks_record(
    symbols: Symbols,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Without it, this platform's data folder."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--for", min=0.1, help="Seconds; without it, until Ctrl-C."),
    ] = None,
    account: AccountOption = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> Exit:
    """Record what is traded of contracts, half a second behind at most."""
    output = Output(json)
    must_be_installed("ticks that are kept need", "data", "pyarrow")
    place = data_folder() / "market" if folder is None else folder
    with ended_by_signals() as ended:
        began_s = time.monotonic()
        with (
            blocking.Trader.from_env(
                account=account_from(account), profile=profile, journal=False
            ) as trader,
            heard(trader, symbols, place) as recorder,
        ):
            output.say(f"recording {', '.join(symbols)} into {place}; Ctrl-C ends it")
            _wait(ended, seconds, lambda: _show(recorder, trader))
        took_s = time.monotonic() - began_s
    state = recorder.state
    output.record(shapes.RECORDING, recording_row(symbols, place, state, took_s))
    return Exit.FAILED if state.failure or state.lost else Exit.OK


@contextmanager
def heard(trader: Any, symbols: list[str], place: Path) -> Iterator[Recorder]:
    """A recorder of contracts; it is closed at the end, what it took is kept.

    Raises:
        FolderInUse, UnknownSymbol, RealtimeUnavailable, OSError: it cannot begin.
    """
    for symbol in symbols:
        trader.contract(symbol)
    with trader.record(*symbols, folder=place) as recorder:
        yield recorder


@contextmanager
def ended_by_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set: that is how a recording ends."""
    ended = threading.Event()
    before = {
        each: signal.signal(each, lambda number, frame: ended.set())
        for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield ended
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _wait(
    ended: threading.Event, seconds: float | None, look: Callable[[], object]
) -> None:
    until_s = float("inf") if seconds is None else time.monotonic() + seconds
    is_seen = sys.stderr.isatty()
    while (left_s := until_s - time.monotonic()) > 0:
        if ended.wait(min(LOOK_S, left_s)):
            break
        if is_seen:
            look()
    if is_seen:
        print(file=sys.stderr)


def _show(recorder: Recorder, trader: Any) -> None:
    """One line of the terminal, over the one before."""
    state = recorder.state
    live = "live" if trader.realtime.market.is_live else "NOT CONNECTED"
    parts = [
        live,
        counted(state.kept + state.waiting, "tick"),
        counted(state.gaps, "gap"),
    ]
    if state.failure:
        parts.append(state.failure)
    print(f"\r\x1b[K{', '.join(parts)}", end="", file=sys.stderr, flush=True)


def recording_row(
    symbols: list[str], place: Path, state: Any, took_s: float
) -> dict[str, Any]:
    """How a recording has ended."""
    return shapes.RECORDING.row(
        symbols=list(symbols),
        folder=str(place),
        kept=state.kept,
        lost=state.lost + state.waiting,
        strange=state.strange,
        gaps=state.gaps,
        failure=state.failure or None,
        took_s=f"{took_s:.1f}",
    )
