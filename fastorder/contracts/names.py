"""What a person writes for a contract: a product, a product and a month, or an id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from fastorder._base.hints import MONTH_LETTERS, symbol_meant
from fastorder.contracts.products import CODES, NAMES
from fastorder.errors import AmbiguousSymbol, InvalidField, UnknownSymbol
from fastorder.gateway.contracts import product

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fastorder.models import Contract

ID = rf"CON\.F\.[A-Z]+\.([A-Z0-9]+)\.([{MONTH_LETTERS}])([0-9]{{2}})"
EXPIRY = rf" ?([{MONTH_LETTERS}])([0-9]{{1,2}}|20[0-9]{{2}})"
WITH_MONTH = r"([A-Z0-9]+) (20[0-9]{2})-(0[1-9]|1[0-2])"
PRODUCT = r"(?:F\.[A-Z]+\.)?([A-Z0-9]{1,12})"

Month = tuple[int, int]
"""A year and a month, (2026, 12) say."""


class Wanted(NamedTuple):
    """What is meant.

    Attributes:
        written: by the caller, in capitals.
        contract_id: where an id was written.
        product: the exchange's name or the gateway's code, where there is no id.
        month: when it expires; None for the one that trades now.
    """

    written: str
    contract_id: str | None = None
    product: str | None = None
    month: Month | None = None

    @property
    def id(self) -> str | None:
        """The id that it has to have, where that can be told without the gateway."""
        if self.contract_id is not None or self.month is None:
            return self.contract_id
        code = CODES.get(self.product or "", self.product)
        if code not in NAMES:
            return None
        year, month = self.month
        return f"CON.F.US.{code}.{MONTH_LETTERS[month - 1]}{year % 100:02}"

    def fits(self, contract: Contract) -> bool:
        """Whether a contract is exactly what is meant."""
        if self.contract_id is not None:
            return contract.id == self.contract_id
        names = (product(contract), contract.symbol_id.rpartition(".")[2])
        if self.product not in names:
            return False
        if self.month is None:
            return contract.active
        return month_of(contract) == self.month


def wanted_from(written: str, year_now: int, known: Iterable[str] = NAMES) -> Wanted:
    """Read a name; letter case does not matter.

    A product whose name ends as a month does ("EU6") is the product. One digit is the
    year of that digit from four years ago to five years ahead.

    Args:
        written: "MNQ", "ENQ", "F.US.ENQ", "MNQZ6", "MNQZ26", "MNQ 2026-12", or an id.
        year_now: which year it is.
        known: all names of products.

    Raises:
        InvalidField: it is none of these.
    """
    text = written.upper()
    if re.fullmatch(ID, text):
        return Wanted(text, contract_id=text)
    known = frozenset(known)
    bare = re.fullmatch(PRODUCT, text)
    if bare and bare[1] in known:
        return Wanted(text, product=bare[1])
    if with_month := re.fullmatch(WITH_MONTH, text):
        month = (int(with_month[2]), int(with_month[3]))
        return Wanted(text, product=with_month[1], month=month)
    dated = _dated(text, known)
    if dated is not None:
        name, letter, digits = dated
        month = (_year(digits, year_now), MONTH_LETTERS.index(letter) + 1)
        return Wanted(text, product=name, month=month)
    if bare:
        return Wanted(text, product=bare[1])
    meant = symbol_meant(written)
    raise InvalidField(
        "symbol",
        "must be a product, a product and a month, or a contract id, such as MNQ, "
        "MNQZ26, MNQ 2026-12 or CON.F.US.MNQ.Z26",
        written,
        f"did you mean {meant}?" if meant else "",
    )


def month_of(contract: Contract) -> Month | None:
    """When a contract expires, by its id; None where that does not tell."""
    found = re.fullmatch(ID, contract.id)
    if found is None:
        return None
    return 2000 + int(found[3]), MONTH_LETTERS.index(found[2]) + 1


def names_of(contract: Contract, followed: str) -> set[str]:
    """What else a contract is called by, in capitals.

    Args:
        contract: of a symbol.
        followed: the symbol. Where it is a product's name, the product's other one
            goes with it: NQ and ENQ are one.
    """
    products = {product(contract), contract.symbol_id.rpartition(".")[2]} - {""}
    names = {contract.name.upper()}
    month = month_of(contract)
    if month is not None:
        year, number = month
        letter = MONTH_LETTERS[number - 1]
        for name in products:
            names |= {
                f"{name}{letter}{year % 10}",
                f"{name}{letter}{year % 100:02}",
                f"{name}{letter}{year}",
                f"{name} {year}-{number:02}",
            }
    followed_too = {*products, contract.symbol_id}
    return names | followed_too if followed in followed_too else names


def only_one(wanted: Wanted, contracts: Sequence[Contract]) -> Contract | None:
    """The one that is meant; None where none of them is.

    Raises:
        AmbiguousSymbol: several are; the text names all.
    """
    found = {contract.id: contract for contract in contracts if wanted.fits(contract)}
    if len(found) > 1:
        names = ", ".join(f"{each.name} ({each.id})" for each in found.values())
        raise AmbiguousSymbol(
            f"symbol must mean one contract, {wanted.written!r} fits {names}: "
            "name its month",
            tuple(found),
        )
    return next(iter(found.values()), None)


MOST_ALIKE = 15
"""Products that are named where none is meant."""


def unknown(wanted: Wanted, contracts: Sequence[Contract]) -> UnknownSymbol:
    """What to say where none is meant, and what there is instead."""
    text = wanted.written
    meant = None if wanted.month else symbol_meant(text)
    if meant:
        instead = f"did you mean {meant}?"
    else:
        instead = f"the gateway finds {_alike(text, contracts) or 'none'} for it"
    return UnknownSymbol(
        f"symbol must have an active contract, {text!r} has none ({instead})"
    )


def _alike(text: str, contracts: Sequence[Contract]) -> str:
    """The products that begin with it; else those that have it anywhere."""
    found = {
        product(contract)
        for contract in contracts
        if contract.active and text in f"{contract.name} {contract.description}".upper()
    }
    begin = {name for name in found if name.startswith(text)}
    nearest = sorted(begin or found, key=lambda name: (len(name), name))
    more = len(nearest) - MOST_ALIKE
    others = f" and {more} more" if more > 0 else ""
    return ", ".join(nearest[:MOST_ALIKE]) + others


def _dated(text: str, known: frozenset[str]) -> tuple[str, str, str] | None:
    """Product, month letter and year digits; a product that is known goes first."""
    readings = []
    for end in range(1, len(text)):
        rest = re.fullmatch(EXPIRY, text[end:])
        if rest and re.fullmatch(r"[A-Z0-9]+", text[:end]):
            readings.append((text[:end], rest[1], rest[2]))
    for reading in readings:
        if reading[0] in known:
            return reading
    return readings[0] if readings else None


def _year(digits: str, year_now: int) -> int:
    if len(digits) == 4:
        return int(digits)
    if len(digits) == 2:
        return 2000 + int(digits)
    first = year_now - 4
    return first + (int(digits) - first) % 10
