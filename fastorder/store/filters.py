"""Which rows a query is about: checked arguments as conditions of SQL."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any, NamedTuple

from fastorder.errors import InvalidField, WrongFieldType

SECOND = 1_000_000_000


class Wanted(NamedTuple):
    """What a query is about; None where it does not matter."""

    account: int | None = None
    contract: str | None = None
    since: datetime | date | int | None = None
    until: datetime | date | int | None = None
    strategy: str | None = None

    def conditions(self, time_column: str = "x.at_ns") -> tuple[str, list[Any]]:
        """A WHERE of the table ``x``, and its values.

        Args:
            time_column: what ``since`` and ``until`` are about; a date is about
                ``x.trading_day``.

        Raises:
            InvalidField, WrongFieldType: an argument is not usable.
        """
        parts: list[str] = []
        values: list[Any] = []
        if self.account is not None:
            parts.append("x.account_id = ?")
            values.append(account_from(self.account))
        if self.contract is not None:
            name = contract_from(self.contract)
            parts.append(
                "(x.contract_id = ? OR x.contract_id LIKE ? OR x.contract_id IN "
                "(SELECT contract_id FROM contracts WHERE name = ? OR symbol_id = ?))"
            )
            values += [name, f"CON.F.US.{name}.%", name, name]
        for name, sign in (("since", ">="), ("until", "<")):
            given = getattr(self, name)
            if given is None:
                continue
            day = day_from(given)
            if day is None:
                parts.append(f"{time_column} {sign} ?")
                values.append(ns_from(given, name))
            else:  # a whole day is meant: until is the last one
                parts.append(f"x.trading_day {'>=' if name == 'since' else '<='} ?")
                values.append(day)
        return " AND ".join(parts) or "1 = 1", values


def day_from(given: Any) -> int | None:
    """A date as yyyymmdd; None for what is no date."""
    if isinstance(given, date) and not isinstance(given, datetime):
        return given.year * 10_000 + given.month * 100 + given.day
    return None


def ns_from(given: Any, name: str) -> int:
    """A moment as nanoseconds since 1970.

    Raises:
        InvalidField, WrongFieldType: it is none, or a time without its zone.
    """
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise InvalidField(name, "must be an aware time", given)
        since = given.astimezone(timezone.utc) - datetime(
            1970, 1, 1, tzinfo=timezone.utc
        )
        return (
            since.days * 86_400 + since.seconds
        ) * SECOND + since.microseconds * 1000
    if type(given) is not int:
        raise WrongFieldType(
            name, "must be an aware time, a date or nanoseconds", given
        )
    if abs(given) >= 2**63:
        raise InvalidField(name, "must fit into 64 bits", given)
    return given


def account_from(given: Any) -> int:
    """An account's number.

    Raises:
        WrongFieldType, InvalidField: it is none.
    """
    if type(given) is not int:
        raise WrongFieldType("account", "must be an account's number", given)
    if not 0 < given < 2**63:
        raise InvalidField("account", "must be above 0, of 64 bits", given)
    return given


def contract_from(given: Any) -> str:
    """A contract's id, its name or its product.

    Raises:
        WrongFieldType, InvalidField: it is none.
    """
    if type(given) is not str:
        raise WrongFieldType("contract", "must be text", given)
    if not given.isascii() or not given.replace(".", "").isalnum():
        raise InvalidField("contract", "must be letters, digits and points", given)
    return given
