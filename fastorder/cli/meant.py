"""What may be meant by an option, or a command, that there is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

from fastorder._base.near_names import bare
from fastorder.cli import mistyped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OPTIONS = {
    "acct": ("--account",),
    "accountid": ("--account",),
    "accountname": ("--account",),
    "amount": ("--size", "QUANTITY"),
    "assumeyes": ("--yes",),
    "auxprice": ("--stop",),
    "clientorderid": ("--tag",),
    "config": ("--profile",),
    "contract": ("SYMBOL",),
    "contractid": ("SYMBOL",),
    "contracts": ("--size", "QUANTITY"),
    "count": ("--size", "QUANTITY"),
    "customtag": ("--tag",),
    "duration": ("--for",),
    "env": ("--profile",),
    "force": ("--yes",),
    "format": ("--json",),
    "from": ("--since", "--days"),
    "id": ("--order", "ORDER"),
    "instrument": ("SYMBOL",),
    "interval": ("--every", "EVERY"),
    "label": ("--tag",),
    "limitprice": ("--limit",),
    "lmt": ("--limit",),
    "lots": ("--size", "QUANTITY"),
    "n": ("--size", "QUANTITY"),
    "noconfirm": ("--yes",),
    "orderid": ("--order", "ORDER"),
    "output": ("--out", "--report", "--json"),
    "outfile": ("--out", "--report"),
    "preview": ("--dry-run",),
    "price": ("--limit", "PRICE"),
    "prod": ("--live",),
    "production": ("--live",),
    "profittarget": ("--bracket", "--limit"),
    "q": ("--size", "QUANTITY"),
    "qty": ("--size", "QUANTITY"),
    "quantity": ("--size", "QUANTITY"),
    "real": ("--live",),
    "refresh": ("--every",),
    "simulate": ("--dry-run",),
    "since": ("--days",),
    "size": ("--size", "QUANTITY"),
    "sl": ("--bracket", "--stop"),
    "stoploss": ("--bracket", "--stop"),
    "stoplossticks": ("--bracket",),
    "stopprice": ("--stop",),
    "symbol": ("SYMBOL",),
    "takeprofit": ("--bracket", "--limit"),
    "takeprofitticks": ("--bracket",),
    "target": ("--bracket", "--limit"),
    "test": ("--dry-run",),
    "ticker": ("SYMBOL",),
    "timeout": ("--deadline", "--patience"),
    "tp": ("--bracket", "--limit"),
    "trailing": ("--trail",),
    "trailingstop": ("--trail",),
    "trailticks": ("--trail",),
    "trigger": ("--stop",),
    "triggerprice": ("--stop",),
    "username": ("--user",),
    "volume": ("--size", "QUANTITY"),
    "wait": ("--deadline", "--patience"),
    "whatif": ("--dry-run",),
}
"""Words of other tools, without dashes, and what stands here for them.

The first that a command has is meant; what is in capitals is given without an option.
"""

ELSEWHERE = {
    "action": "the commands buy and sell say it",
    "apikey": "a key is never an option: fastorder login, or FASTORDER_API_KEY",
    "baseurl": "FASTORDER_BASE_URL or base_url in the settings file says it",
    "gtc": "the gateway knows no time in force",
    "key": "a key is never an option: fastorder login, or FASTORDER_API_KEY",
    "market": "an order without a price is at the market",
    "ordertype": "--limit, --stop, --trail or --join says it; without, at the market",
    "password": "a key is never an option: fastorder login, or FASTORDER_API_KEY",
    "side": "the commands buy and sell say it",
    "tif": "the gateway knows no time in force",
    "timeinforce": "the gateway knows no time in force",
    "token": "a key is never an option: fastorder login, or FASTORDER_API_KEY",
    "type": "--limit, --stop, --trail or --join says it; without, at the market",
    "url": "FASTORDER_BASE_URL or base_url in the settings file says it",
}
"""What is said where no option of any command takes it."""

NOTES = {
    "--bracket": "--bracket STOP:TARGET, in ticks from the fill",
    "--json": "--json, one document",
}

COMMANDS = {
    "account": "accounts",
    "balance": "accounts",
    "candles": "bars",
    "check": "doctor",
    "exit": "close",
    "fills": "trades",
    "history": "bars",
    "liquidate": "flatten",
    "long": "buy",
    "order": "orders",
    "pos": "positions",
    "profit": "pnl",
    "replace": "modify",
    "short": "sell",
    "sim": "simulate",
    "simulator": "simulate",
    "status": "doctor",
    "symbols": "contracts",
    "unkill": "resume",
}
"""Words of other tools for commands."""

PROGRAM_OPTIONS = ("help", "version")
"""What is an option of the program, and no command."""

LEAST_LIKENESS = 0.8
"""Of two words, by difflib; of short ones, a letter too many, too few or changed."""

SHORTEST_BEGINNING = 3


def hint_for(option: str, options: Iterable[str], arguments: Iterable[str]) -> str:
    """What may be meant by an option that a command has not; "" for nothing.

    Args:
        option: as it was typed.
        options: of the command.
        arguments: of the command, as its usage names them.
    """
    if re.match(r"-[0-9.]", option):
        return "a value below zero stands behind --, as in: move-stop -- CL -37.5"
    word, known = plain(option), [each for each in options if each[:2] == "--"]
    there = [*known, *arguments]
    for each in OPTIONS.get(word, ()):
        if each in there:
            return meant(each)
    if word in ELSEWHERE:
        return ELSEWHERE[word]
    near = nearest(word, {plain(each): each for each in known})
    return meant(near) if near else ""


def meant(name: str) -> str:
    """An option, or an argument, that may be meant."""
    if name.startswith("--"):
        return f"did you mean {NOTES.get(name, name)}?"
    return f"{name} is given by its place, without an option"


def nearest(word: str, known: dict[str, str]) -> str | None:
    """The name that a word is a slip of, or a beginning; None where none is close."""
    if word in known:
        return known[word]
    begun = [each for each in known if each.startswith(word)]
    if len(word) >= SHORTEST_BEGINNING and len(begun) == 1:
        return known[begun[0]]
    from difflib import get_close_matches  # only what is wrong needs it

    for each in get_close_matches(word, known, n=1, cutoff=LEAST_LIKENESS):
        return known[each]
    for each in known:
        if sorted(each) == sorted(word) and len(word) >= SHORTEST_BEGINNING:
            return known[each]  # two letters in the wrong order
    return None


def plain(option: str) -> str:
    """Without dashes, in small letters."""
    return bare(option.partition("=")[0].replace("-", ""))


class Command(TyperCommand):
    """A command that tells what was meant by what does not fit it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read them."""
        typed = mistyped.typed_in(self, ctx, args)
        try:
            rest = super().parse_args(ctx, args)
        except Exception as error:
            names = _names_of(self)
            _tell(error, lambda option: hint_for(option, *names))
            mistyped.tell(error, self, typed)
            raise
        wrong = mistyped.not_meant(self, typed)
        if wrong and not ctx.resilient_parsing:  # as it is where a shell completes
            ctx.fail(wrong)
        return rest


class Group(TyperGroup):
    """The same of all commands, and of a command that there is not."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what stands before the command."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            own, _ = _names_of(self)
            _tell(error, lambda option: self._hint(option, own))
            raise

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find it."""
        word = args[0].lower()
        if word in PROGRAM_OPTIONS and args[0] not in self.commands:
            ctx.fail(f"No such command '{args[0]}'. Did you mean '--{word}'?")
        name = COMMANDS.get(word) or nearest(
            plain(word), {plain(each): each for each in self.commands}
        )
        if args[0] in self.commands or name not in self.commands:
            return super().resolve_command(ctx, args)
        return ctx.fail(f"No such command '{args[0]}'. Did you mean '{name}'?")

    def _hint(self, option: str, own: list[str]) -> str:
        """An option of a command stands behind the command's name."""
        every = [_names_of(each)[0] for each in self.commands.values()]
        if option not in own and any(option in options for options in every):
            return f"it stands behind the command: fastorder COMMAND {option}"
        return hint_for(option, own, ())


def _names_of(command: Any) -> tuple[list[str], list[str]]:
    """The options of a command, and its arguments."""
    options = [name for each in command.params for name in each.opts if name[0] == "-"]
    arguments = [
        str(each.metavar or each.name).strip("[]").upper()
        for each in command.params
        if each.param_type_name == "argument"
    ]
    return options, arguments


def _tell(error: Any, hint_of: Callable[[str], str]) -> None:
    """Put a hint into the error, where it is of an option that there is not.

    Its class is click's, or typer's own; both have these attributes.
    """
    if not hasattr(error, "possibilities") or not hasattr(error, "option_name"):
        return
    error.possibilities = None
    hint = hint_of(str(error.option_name))
    if hint:
        error.message = f"No such option: {error.option_name} ({hint})"
