"""Rules of the firm that no limit of an executor has: dated, with their sources."""

from __future__ import annotations

from decimal import Decimal

from fastorder.risk.venue_rules import HELP, READ_ON, Rule

PROFIT_TARGETS = {
    "combine-50k": Rule(Decimal(3_000), f"{HELP}8284197", READ_ON, "A"),
    "combine-100k": Rule(Decimal(6_000), f"{HELP}8284197", READ_ON, "A"),
    "combine-150k": Rule(Decimal(9_000), f"{HELP}8284197", READ_ON, "A"),
}
"""Dollars of profit with which a combine is passed."""

CONSISTENCY = Rule(
    Decimal("0.55"),
    f"{HELP}8284208 (it stood at 0.50 in July 2026; the denominator is of one example)",
    READ_ON,
    "B",
)
"""The largest share of all profit that the best day of a combine may have. What goes
beyond raises the target; nothing fails by it."""

FLAT_AT = Rule("15:10", f"{HELP}8284206", READ_ON, "A")
"""When no position may be open any more, in Chicago; the risk desk closes it."""

EARLY_CLOSE = Rule(15, f"{HELP}13350348", READ_ON, "A")
"""Minutes before an early close by which all must be flat."""
