"""Budgets and limits of a trader: which are on by default, and how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.budgets.limits import Budgets
from fastorder.errors import ConfigurationError
from fastorder.risk.limits import RiskLimits

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_RISK = RiskLimits(max_orders_per_second=20)
"""Against a loop gone wild; ``max_quantity`` is against a slip of the finger. An
account's own rules are not guessed from its name."""

FROM_READS = (
    "max_position",
    "max_lots",
    "max_open_orders",
    "max_daily_loss",
    "trailing_loss",
    "price_collar_ticks",
    "flat_by",
)
"""Limits that hold only where an account has been read; for the last two it has to be
known what lessens a position."""


def with_limits(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are given; budgets and limits are on unless they are False.

    Raises:
        ConfigurationError: one of these two is something else.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name, default in (("budgets", Budgets()), ("risk", DEFAULT_RISK)):
        if given.setdefault(name, default) in (False, None):
            del given[name]
        elif given[name] is True:
            given[name] = default
        elif not isinstance(given[name], type(default)):
            kind = type(default).__name__
            found = type(given[name]).__name__
            raise ConfigurationError(f"{name} must be {kind} or False, was {found}")
    return given


def needs_exposure(risk: Any) -> bool:
    """Whether a limit has to know what is held."""
    return any(getattr(risk, name, None) is not None for name in FROM_READS)


def limits_shown(executor: Any) -> str:
    """Which budgets and limits an executor has, for people."""
    left = executor.budgets
    budgets = "none"
    if left is not None:
        budgets = f"{left.used} of {left.requests} in {left.seconds:g} s used"
    if executor.risk is None:
        return f"budgets: {budgets}, risk: none"
    limits = executor.risk.limits
    shown = ", ".join(
        f"{name}={value}"
        for name, value in vars(limits).items()
        if value != getattr(type(limits), name, None)
    )
    state = executor.risk.state
    return f"budgets: {budgets}, risk: {state} ({shown or 'no limit'})"
