"""Options of an executor, and arguments of its verbs, checked before they are used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fastorder.errors import (
    ConfigurationError,
    WrongFieldType,
    looks_like_secret,
    was,
)

if TYPE_CHECKING:
    from fastorder.config import RetryPolicy, Timeouts


LARGEST_QUANTITY = 2**31 - 1
"""What the gateway's field holds."""


def policies_from(retry: Any, timeouts: Any) -> tuple[RetryPolicy, Timeouts]:
    """Both checked, with what else is loaded for the first executor.

    These take longer to load than all the rest. From here on nothing has to be: what
    is needed once something has gone wrong is there before.
    """
    import datetime  # noqa: F401
    import hashlib  # noqa: F401
    import logging  # noqa: F401

    import orjson  # noqa: F401

    from fastorder import models  # noqa: F401
    from fastorder.config import RetryPolicy, Timeouts

    return (
        _of_kind("retry", retry, RetryPolicy, "max_retries"),
        _of_kind("timeouts", timeouts, Timeouts, "request"),
    )


def _of_kind(name: str, value: Any, kind: type[Any], field: str) -> Any:
    if value is None:
        return kind()
    if not isinstance(value, kind):
        number = type(value) in (int, float)
        hint = f" (write {kind.__name__}({field}={value}))" if number else ""
        raise ConfigurationError(
            f"{name} must be a {kind.__name__}, was {type(value).__name__}{hint}"
        )
    return value


def check_limits(limits: Any, on_breach: Any, max_quantity: int) -> None:
    """Refuse what are no limits, what would never hold, a hook that nothing calls."""
    if limits is None:
        if on_breach is not None:
            raise ConfigurationError("on_breach must come with risk, was without")
        return
    from fastorder.risk.limits import RiskLimits  # whoever gives some has loaded it

    if not isinstance(limits, RiskLimits):
        kind = type(limits).__name__
        raise ConfigurationError(f"risk must be a RiskLimits, was {kind}")
    largest = limits.max_order_size
    if largest is not None and largest > max_quantity:
        raise ConfigurationError(
            "max_order_size must be at most the executor's max_quantity, which is "
            f"{max_quantity}, was {largest}"
        )


def connections_limit(most: Any) -> int:
    """How many connections may be open at once."""
    if type(most) is int and 1 <= most <= 10_000:
        return most
    raise ConfigurationError(
        f"max_connections must be a whole number from 1 to 10000, {was(most)}"
    )


def quantity_limit(most: Any) -> int:
    """The largest quantity of an order."""
    if type(most) is int and 1 <= most <= LARGEST_QUANTITY:
        return most
    raise ConfigurationError(
        f"max_quantity must be a whole number from 1 to {LARGEST_QUANTITY}, {was(most)}"
    )


def path_from(name: str, path: Any) -> str | None:
    """The path of a file; None where there is to be none."""
    if path is None:
        return None
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise ConfigurationError(
            f"{name} must be a path, was {type(path).__name__}"
        ) from None
    if not text or "\0" in text or looks_like_secret(text):
        raise ConfigurationError(f"{name} must be the path of a file, {was(text)}")
    return text


def check_budgets(budgets: Any) -> None:
    """Refuse what is no Budgets; None stands for no limit."""
    from fastorder.budgets.limits import Budgets  # loaded with the executor

    if budgets is None or isinstance(budgets, Budgets):
        return
    hint = " (write Budgets())" if budgets is True else ""
    raise ConfigurationError(
        f"budgets must be Budgets or None, was {type(budgets).__name__}{hint}"
    )


def check_hook(name: str, hook: Any, given: str = "an OrderResult") -> None:
    """Refuse what cannot be called; None stands for no hook."""
    if hook is not None and not callable(hook):
        raise ConfigurationError(
            f"{name} must be callable with {given}, was {type(hook).__name__}"
        )


def check_type(
    field: str, value: object, kind: type, rule: str, hint: str = ""
) -> None:
    """Refuse an argument that is not of this type.

    Raises:
        WrongFieldType: it is not.
    """
    if not isinstance(value, kind):
        raise WrongFieldType(field, rule, value, hint)
