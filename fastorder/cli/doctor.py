"""``fastorder doctor``: looks at everything, changes nothing."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import pycurl  # type: ignore[import-untyped]

from fastorder import blocking
from fastorder import journal as journals
from fastorder._base.counted import counted
from fastorder.cli import shapes
from fastorder.cli.connection import account_from, own_journal
from fastorder.cli.exits import Exit
from fastorder.cli.options import AccountOption, JsonOption, ProfileOption
from fastorder.cli.output import Output
from fastorder.errors import FastOrderError
from fastorder.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastorder.settings import Settings

PINGS = 20
SKEW_S = 2.0
"""More than that between two clocks is worth a word."""


def doctor(
    account: AccountOption = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> Exit:
    """Look at settings, login, round trips, budgets, journal; nothing is changed."""
    rows = list(_findings(account, profile))
    Output(json).rows(shapes.FINDINGS, rows)
    return Exit.OK if all(row["well"] for row in rows) else Exit.FAILED


def _findings(account: str | None, profile: str | None) -> Iterator[dict[str, Any]]:
    """Each thing that was looked at; the first that fails is the last."""
    try:
        found = load(account=account_from(account), profile=profile)
        yield from _of_settings(found)
        yield from _of_libraries()
        yield from _of_journal(found)
        with blocking.Trader._of_settings(
            found, {}, journal=False, realtime=False
        ) as trader:
            yield from _of_gateway(trader)
    except FastOrderError as error:
        yield _finding("stopped", str(error), False, "mend this first")


def _of_settings(found: Settings) -> Iterator[dict[str, Any]]:
    for each in found.where:
        is_needed = each.name in ("user_name", "api_key")
        todo = f"set it: {_places(each)}" if is_needed and each.value is None else ""
        yield _finding(each.name, f"{each.shown} {each.source}".strip(), not todo, todo)


def _places(setting: Any) -> str:
    return "; ".join(f"{place} ({what})" for place, what in setting.looked)


def _of_libraries() -> Iterator[dict[str, Any]]:
    yield _finding("libcurl", pycurl.version.split()[1], True, "")


def _of_journal(found: Settings) -> Iterator[dict[str, Any]]:
    path = own_journal(found)
    if not path.exists():
        yield _finding("journal", f"none yet, would be {path}", True, "")
        return
    entries = journals.read(path)
    unresolved = [each.intent.tag for each in entries if not each.resolved]
    todo = f"fastorder resolve {unresolved[0]}" if unresolved else ""
    shown = f"{path}: {counted(len(entries), 'order')}, {len(unresolved)} open"
    yield _finding("journal", shown, not unresolved, todo)


def _of_gateway(trader: Any) -> Iterator[dict[str, Any]]:
    account = trader.account
    yield _finding("login", f"{account.name} ({account.id})", True, "")
    todo = "" if account.can_trade else "the platform says why"
    yield _finding("can trade", str(account.can_trade), account.can_trade, todo)
    token = trader.executor.session.current()
    yield _finding("token", f"revision {token.revision}", True, "")
    yield _round_trips(trader)
    left = trader.budgets
    yield _finding("budgets", "off" if left is None else repr(left), True, "")


def _round_trips(trader: Any) -> dict[str, Any]:
    took_ms = []
    for _ in range(PINGS):
        took_ms.append(trader.executor.ping() * 1e3)
        time.sleep(0.01)
    ordered = sorted(took_ms)
    middle, worst = statistics.median(ordered), ordered[-1]
    found = f"median {middle:.1f} ms, slowest {worst:.1f} ms of {PINGS}"
    return _finding("round trip", found, True, "")


def _finding(what: str, found: str, is_well: bool, todo: str) -> dict[str, Any]:
    return shapes.FINDINGS.row(what=what, found=found, well=is_well, todo=todo)
