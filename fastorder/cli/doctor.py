"""``fastorder doctor``: looks at everything, changes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pycurl  # type: ignore[import-untyped]

from fastorder import blocking
from fastorder.auth.token_expiry import remaining_s
from fastorder.cli import doctor_kept, doctor_network, shapes
from fastorder.cli.advisories import KNOWN_ON, advisories_of
from fastorder.cli.connection import account_from
from fastorder.cli.exits import Exit
from fastorder.cli.options import AccountOption, JsonOption, ProfileOption
from fastorder.cli.output import Output
from fastorder.cli.today import ago
from fastorder.errors import FastOrderError
from fastorder.settings import load
from fastorder.verbs.base import BASE_URL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastorder.settings import Settings

    Row = dict[str, Any]

SKEW_S = 2.0
"""More than that between two clocks is worth a word."""

LEGS_DAYS = 7
"""How far back orders are looked at for legs of brackets."""


def doctor(
    account: AccountOption = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> Exit:
    """Look at settings, files, the way to the gateway, login, hubs; change nothing."""
    output = Output(json)
    rows = list(_findings(account, profile))
    if json or not output.is_piped:
        output.rows(shapes.FINDINGS, rows)
    else:
        for row in rows:
            output.line(in_a_line(row))
    return Exit.OK if all(row["well"] for row in rows) else Exit.FAILED


def _findings(account: str | None, profile: str | None) -> Iterator[Row]:
    """Each thing that was looked at; one that fails does not end the others."""
    try:
        found = load(account=account_from(account), profile=profile)
    except FastOrderError as error:
        yield finding("settings", str(error), "mend them first")
        return
    yield from _of_settings(found)
    yield _of_libcurl()
    yield from tried("journal", lambda: [doctor_kept.of_journal(found)])
    yield from tried("store", lambda: [doctor_kept.of_store()])
    yield from tried("ticks", lambda: [doctor_kept.of_ticks()])
    yield from _of_line(found)
    yield from _of_trader(found)


def _of_settings(found: Settings) -> Iterator[Row]:
    for each in found.where:
        is_needed = each.name in ("user_name", "api_key")
        todo = f"set it: {_places(each)}" if is_needed and each.value is None else ""
        yield finding(each.name, f"{each.shown} {each.source}".strip(), todo)


def _places(setting: Any) -> str:
    return "; ".join(f"{place} ({what})" for place, what in setting.looked)


def _of_libcurl() -> Row:
    """Its version, and the advisories on it that are known here."""
    built = pycurl.version
    names = ", ".join(f"{each.name} ({each.what})" for each in advisories_of(built))
    version = built.split()[1]
    told = names or f"no advisory known in {KNOWN_ON}"
    return finding("libcurl", f"{version}: {told}", names and "pip install -U pycurl")


def _of_line(found: Settings) -> Iterator[Row]:
    base_url = found.base_url or BASE_URL
    try:
        for row in doctor_network.of_line(base_url, found.options.get("ca_file")):
            yield finding(*row)
    except (FastOrderError, OSError) as error:
        yield finding("connection", f"{base_url}: {error}", "is there a network?")


def _of_trader(found: Settings) -> Iterator[Row]:
    try:
        with blocking.Trader._of_settings(found, {}, journal=False) as trader:
            yield from _of_login(trader)
            yield from tried("round trip", lambda: [_round_trips(trader)])
            yield from tried("brackets", lambda: [_brackets(trader)])
            yield from _of_hubs(trader)
    except (FastOrderError, OSError) as error:
        yield finding("login", str(error), "mend this first")


def _of_login(trader: Any) -> Iterator[Row]:
    account = trader.account
    yield finding("login", f"{account.name} ({account.id})")
    todo = "" if account.can_trade else "the platform says why"
    yield finding("can trade", "yes" if account.can_trade else "no", todo)
    left_s = remaining_s(trader.executor.session.current().reveal(), time.time())
    yield finding("token", f"ends in {left_s / 3600:.1f} h; it is renewed before")
    yield _of_clock(trader.executor._dispatcher.server_clock.ahead_s())
    left = trader.budgets
    yield finding("budgets", "off" if left is None else str(left).strip("<>"))


def _of_clock(ahead_s: float | None) -> Row:
    """The gateway's clock, which shows whole seconds, beside that of this machine."""
    if ahead_s is None:
        return finding("clock", "the gateway's answers tell no time")
    todo = "" if abs(ahead_s) <= SKEW_S else "set this machine's clock by NTP"
    return finding("clock", f"the gateway's is {ahead_s:+.1f} s ahead", todo)


def _round_trips(trader: Any) -> tuple[str, str]:
    return doctor_network.round_trips(trader.executor.ping), ""


def _brackets(trader: Any) -> tuple[str, str]:
    """The gateway does not tell the mode; legs of orders show it."""
    legs = [each for each in trader.orders(ago(LEGS_DAYS)) if each.parent_id]
    if legs:
        return f"Auto OCO: an order of the last {LEGS_DAYS} days has legs", ""
    return f"not shown: no order of the last {LEGS_DAYS} days has legs", ""


def _of_hubs(trader: Any) -> Iterator[Row]:
    if trader.realtime is None:
        yield finding("hubs", "realtime is switched off in the settings")
        return
    for name, hub in (
        ("user hub", trader.realtime.user),
        ("market hub", trader.realtime.open_market()),
    ):
        is_live, told = doctor_network.hub_is_live(hub)
        yield finding(name, told, "" if is_live else "are WebSockets let through?")


def tried(what: str, look: Callable[[], list[tuple[str, str]]]) -> list[Row]:
    """What a look finds; its failure is a finding too."""
    try:
        return [finding(what, found, todo) for found, todo in look()]
    except ModuleNotFoundError as missing:
        return [finding(what, f"not looked at: {missing.name} is not installed")]
    except (FastOrderError, OSError) as error:
        return [finding(what, str(error), "see what it says")]


def finding(what: str, found: str, todo: str = "") -> Row:
    """A row; it is well where there is nothing to do."""
    return shapes.FINDINGS.row(what=what, found=found, well=not todo, todo=todo)


def in_a_line(row: Row) -> str:
    """A finding for what reads lines: its name, whether it is well, what was found."""
    found = " ".join(f"{row['found']}".split())
    status = "well" if row["well"] else f"not well ({row['todo']})"
    return f"{row['what']}: {status}: {found}"
