"""Budgets and limits of a trader: which are on by default, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from fastorder._base.counted import counted
from fastorder.budgets.limits import Budgets
from fastorder.errors import ConfigurationError
from fastorder.risk.limits import RiskLimits

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
    """Which budgets and limits an executor has, for people; nothing is read for it."""
    budgets, risk = executor._budgets, executor.risk
    counted_within = "none"
    if budgets is not None:
        requests = counted(budgets.requests, "request")
        counted_within = f"{requests} in {budgets.seconds:g} s"
    limits = [f"max_quantity={executor._max_quantity}"]
    if risk is not None:
        limits += [
            f"{field.name}={_shown(getattr(risk.limits, field.name))}"
            for field in fields(risk.limits)
            if getattr(risk.limits, field.name) != field.default
        ]
        limits.append(f"risk {risk.state}")
    return f"budgets: {counted_within}, limits: {', '.join(limits)}"


def _shown(value: object) -> str:
    """A limit as it is written, for people."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(map(str, sorted(value))) + "}"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{name}: {each}" for name, each in value.items())
        return "{" + inner + "}"
    return str(value)
