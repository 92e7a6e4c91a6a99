"""What the venue allows, as dated data: each rule with its source and how sure it is.

The venue changes its rules month by month. Nothing here is read from it: what counts is
its own page, and the dashboard of the account.

How sure: "A" is quoted from a page of the venue and was met twice, "B" is its own but
read from a picture or met once, "C" is second hand.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Any, NamedTuple

from fastorder._base.shown import safely_shown
from fastorder.errors import ConfigurationError

HELP = "https://help.topstep.com/en/articles/"
READ_ON = "2026-09-13"

DAY_ENDS = time(17)
"""In Chicago. Source: Topstep's help centre, article 8284206; its day is that of CME
Globex."""


class Rule(NamedTuple):
    """One rule.

    Attributes:
        value: what it says, in contracts, lots, dollars or Chicago time.
        source: where it stands.
        read_on: when that was read, as an ISO date.
        sure: "A", "B" or "C".
    """

    value: Any
    source: str
    read_on: str
    sure: str


MICRO_PRODUCTS = Rule(
    frozenset(["M2K", "M6A", "M6B", "M6E", "MCLE", "MES", "MGC", "MHG", "MNQ", "MYM"]),
    f"{HELP}9221977 (ten micros are one lot; SIL, MBT and MET weigh otherwise)",
    READ_ON,
    "A",
)
"""The gateway's codes of products of which ten are a lot. One that is missing here
counts as a whole lot, so that nothing is understated."""

COMMISSIONS = Rule(
    {"MNQ": Decimal("0.25"), "MES": Decimal("0.25"), "MCLE": Decimal("0.25")},
    f"{HELP}8284213 (1.22 a round turn of MNQ, of which the fees are 0.72)",
    READ_ON,
    "A",
)
"""Dollars for each contract and side, for answers that give no commission."""

MOST_COMMISSION = Decimal("2.50")
"""Dollars for each contract and side of a product that is not in that table: ten times
the largest one in it. No rule of the venue, but a bound that makes a loss too large
rather than too small, so that a limit acts too early rather than too late."""


def _account(lots: int, loss: int, daily: int, start: int) -> dict[str, Rule]:
    return {
        "max_lots": Rule(lots, f"{HELP}8284197", READ_ON, "A"),
        "trailing_loss": Rule(Decimal(loss), f"{HELP}8284204", READ_ON, "A"),
        "trailing_stops_at": Rule(Decimal(start), f"{HELP}8284204", READ_ON, "A"),
        "max_daily_loss": Rule(
            Decimal(daily), f"{HELP}10490293 (optional)", READ_ON, "A"
        ),
        "flat_by": Rule("15:08", f"{HELP}8284206", READ_ON, "A"),
    }


ACCOUNT_KINDS: dict[str, dict[str, Rule]] = {
    "combine-50k": _account(5, 2_000, 1_000, 50_000),
    "combine-100k": _account(10, 3_000, 2_000, 100_000),
    "combine-150k": _account(15, 4_500, 3_000, 150_000),
    "funded-50k": _account(5, 2_000, 1_000, 0),
    "funded-100k": _account(10, 3_000, 2_000, 0),
    "funded-150k": _account(15, 4_500, 3_000, 0),
}
"""The limits of each kind of account, by the names of ``RiskLimits``."""

SCALING_PLAN: dict[str, Rule] = {
    kind: Rule(steps, f"{HELP}8284223 (a picture)", READ_ON, "B")
    for kind, steps in {
        "funded-50k": ((1_500, 2), (2_000, 3), (None, 5)),
        "funded-100k": ((1_500, 3), (2_000, 4), (3_000, 5), (None, 10)),
        "funded-150k": ((1_500, 3), (2_000, 4), (3_000, 5), (4_500, 10), (None, 15)),
    }.items()
}
"""Lots of a funded account by its balance at the end of the last day: up to that
balance, so many. It takes effect with the next session."""


def lots_by_balance(kind: str, balance: int | float | Decimal | None) -> int:
    """The lots that the scaling plan gives; the fewest where no balance is known.

    Raises:
        ConfigurationError: the balance is no finite number.
    """
    steps = SCALING_PLAN[kind].value
    if balance is None:
        return int(steps[0][1])
    is_number = isinstance(balance, (int, float, Decimal))
    if isinstance(balance, bool) or not is_number or not Decimal(balance).is_finite():
        found = balance if isinstance(balance, Decimal) else safely_shown(balance)
        raise ConfigurationError(f"balance must be a number of dollars, was {found}")
    exact = Decimal(balance)
    for below, lots in steps[:-1]:
        if exact < below or (exact == below and below != steps[0][0]):
            return int(lots)
    return int(steps[-1][1])
