"""What a contract is called in the folder: MNQZ26, whatever a person writes for it."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from typing import NamedTuple

from fastorder._base.hints import MONTH_LETTERS
from fastorder.contracts.names import wanted_from
from fastorder.contracts.products import CODES
from fastorder.errors import InvalidField

EXCHANGE_NAMES = {code: name for name, code in CODES.items()}
"""The exchange's name of each product, by the gateway's code of it: EP is ES."""

KEPT = re.compile(rf"([A-Z0-9]+?)([{MONTH_LETTERS}])(\d\d)")
GATEWAY_ID = re.compile(rf"CON\.F\.[A-Z]+\.([A-Z0-9]+)\.([{MONTH_LETTERS}])(\d\d)")


class Named(NamedTuple):
    """A product, and the month of a contract of it; None for the product itself."""

    product: str
    month: tuple[int, int] | None

    @property
    def contract(self) -> str:
        """The contract's name, MNQZ26 say."""
        assert self.month is not None
        year, month = self.month
        return f"{self.product}{MONTH_LETTERS[month - 1]}{year % 100:02}"


def named(written: str, year: int | None = None) -> Named:
    """What a person means: a product, a product and a month, or a gateway's id.

    Args:
        written: "MNQ", "MNQZ6", "MNQZ26", "MNQ 2026-12", "CON.F.US.MNQ.Z26".
        year: to read one digit by; without it, this one.

    Raises:
        InvalidField: it is none of these.
    """
    if not isinstance(written, str):
        raise InvalidField("contract", "must be a text such as MNQZ26", written)
    if year is None:
        year = datetime.now(timezone.utc).year
    wanted = wanted_from(written, year)
    if wanted.contract_id is not None:
        found = GATEWAY_ID.fullmatch(wanted.contract_id)
        assert found is not None  # it is one, or it would have been refused
        month = (2000 + int(found[3]), MONTH_LETTERS.index(found[2]) + 1)
        return Named(EXCHANGE_NAMES.get(found[1], found[1]), month)
    product = wanted.product or ""
    return Named(EXCHANGE_NAMES.get(product, product), wanted.month)


def contract_name(written: str, year: int | None = None) -> str:
    """The name of one contract.

    Raises:
        InvalidField: it names none, or a product without its month.
    """
    found = named(written, year)
    if found.month is None:
        raise InvalidField("contract", "must name its month, such as MNQZ26", written)
    return found.contract


def is_product(written: str) -> bool:
    """Whether it names a product, MNQ say, and no month of it.

    Raises:
        InvalidField: it names nothing.
    """
    return named(written).month is None


def kept_name(folder: str) -> Named | None:
    """What a folder's name says; None where it is no contract's."""
    found = KEPT.fullmatch(folder)
    if found is None:
        return None
    return Named(found[1], (2000 + int(found[3]), MONTH_LETTERS.index(found[2]) + 1))


def third(weekday: int, month: tuple[int, int]) -> date:
    """The third such weekday of a month; Monday is 0."""
    first = date(*month, 1)
    return date(*month, 15 + (weekday - first.weekday()) % 7)
