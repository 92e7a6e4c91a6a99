"""Symbols and their contracts, with the tick size where it is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastorder._base.hints import (
    MONTH_LETTERS,
    NEGATIVE_HINT,
    names_month,
    symbol_meant,
)
from fastorder._core.codec.field_checks import contract_id_from
from fastorder._core.codec.price import TickGrid
from fastorder.errors import InvalidField, UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from fastorder.models import Contract

IDS = "CON."
"""How the gateway's own contract ids begin."""

PRODUCT = r"(?=.*[A-Za-z])[A-Za-z0-9]{1,8}"
"""What is a symbol rather than a contract id: "MNQ", "MNQZ6"."""


CRUDE_OIL = frozenset({"CLE", "MCLE", "NQM"})
"""The gateway's products that settle at the price of CL.

It traded down to -37.63 on 20 April 2020. Source: CME Group, notices 20-160 and
20200403.
"""


class Listing:
    """A contract id as it goes on the wire, and what prices the contract has.

    Attributes:
        contract_id: the gateway's.
        grid: the multiples of its tick; None where that is not known.
        negative_prices: whether it has prices of zero and below.
    """

    __slots__ = ("contract_id", "grid", "negative_prices")

    def __init__(
        self,
        contract_id: str,
        grid: TickGrid | None,
        negative_prices: bool | None = None,
    ) -> None:
        self.contract_id = contract_id
        self.grid = grid
        if negative_prices is None:
            negative_prices = product_code(contract_id) in CRUDE_OIL
        self.negative_prices = negative_prices

    def check_sign(self, name: str, price: Any) -> None:
        """Refuse a price of zero or below where the contract has none.

        Raises:
            InvalidField: it is one.
        """
        if not self.may_cost(price):
            raise InvalidField(name, "must be positive", price, NEGATIVE_HINT)

    def may_cost(self, price: Any) -> bool:
        """Whether it may have a price of this sign."""
        return bool(self.negative_prices or price > 0)


class ContractCache:
    """Contract ids by symbol, safe to set and to get from any thread.

    A listing is one immutable object that is swapped whole.

    Args:
        awaited: whether the executor's verbs are, for the texts of errors.
    """

    __slots__ = ("_by_id", "_listings", "_load", "_names", "_or_set")

    def __init__(self, *, awaited: bool = False) -> None:
        self._listings: dict[str, Listing] = {}
        self._by_id: dict[str, Listing] = {}
        self._names: dict[str, str] = {}  # more names of contracts: their ids
        self._load = "await load_contract" if awaited else "load_contract"
        self._or_set = " or set_contract_id"

    def loaded_with(self, verb: str) -> None:
        """Name another verb, alone, in the texts of errors: that of what is above."""
        self._load = verb
        self._or_set = ""

    def set(
        self,
        symbol: str,
        contract_id: int | str,
        tick_size: Decimal | float | str | None = None,
        negative_prices: bool | None = None,
        names: Iterable[str] = (),
    ) -> None:
        """List a contract under a symbol; letter case does not matter.

        What is not given stays as it is known of the contract. All symbols of one
        contract have the same listing, whichever of them was set last.

        Args:
            symbol: what orders find it by.
            contract_id: the gateway's.
            tick_size, negative_prices: of its prices.
            names: find it too, where they are no symbols of their own.

        Raises:
            InvalidField: the two are swapped, or one of them breaks a rule.
        """
        if symbol.upper().startswith(IDS) and _is_symbol(contract_id):
            raise InvalidField(
                "contract_id",
                "must be the gateway's id of the contract",
                contract_id,
                f"{symbol!r} is one: are the two swapped?",
            )
        text = contract_id_from(contract_id)
        grid = None if tick_size is None else TickGrid(tick_size)
        known = self._by_id.get(text)
        if known is not None:
            grid = known.grid if grid is None else grid
            if negative_prices is None:
                negative_prices = known.negative_prices
        listing = Listing(text, grid, negative_prices)
        self._by_id[text] = listing
        self._listings[symbol.upper()] = listing
        for other, listed in list(self._listings.items()):  # another thread may set one
            if listed.contract_id == text:
                self._listings[other] = listing
        self._names.update(dict.fromkeys(names, text))

    def know(self, contract_id: str, tick_size: Decimal) -> None:
        """Know the ticks of a contract, which is no symbol's yet, by its id."""
        known = self._by_id.get(contract_id)
        if known is None:
            self._by_id[contract_id] = Listing(contract_id, TickGrid(tick_size))
        elif known.grid is None:
            self.set(contract_id, contract_id, tick_size)

    def listed(self, symbol: str) -> str | None:
        """The contract id that a symbol stands for; None where it has none."""
        listing = self._listings.get(symbol.upper())
        return None if listing is None else listing.contract_id

    def loaded(self, symbol: str) -> Listing | None:
        """The listing of a symbol, a name or an id; None where it is not known yet."""
        name = symbol.upper()
        listing = self._listings.get(name)
        if listing is None:
            listing = self._by_id.get(self._names.get(name, name))
        return listing

    def check_prices(
        self, contract_id: str | None, prices: Iterable[tuple[str, Any]]
    ) -> bool:
        """Refuse a price off the tick; whether prices of zero and below are taken.

        Args:
            contract_id: of the order that the prices are for; None where it is not
                known: nothing is refused then that some contract may have.
            prices: each with its name; None where it is not given.

        Raises:
            InvalidField, WrongFieldType: a price lies between two ticks, or is none.
        """
        listing = self._by_id.get(contract_id or "")
        if listing is None:
            return self.any_negative
        if listing.grid is not None:
            for name, price in prices:
                if price is not None:
                    listing.grid.ticks(price, name)
        return listing.negative_prices

    @property
    def any_negative(self) -> bool:
        """Whether one of them has prices of zero and below."""
        listings = list(self._listings.values())  # another thread may set one
        return any(listing.negative_prices for listing in listings)

    def may_cost(self, contract_id: str, price: Decimal) -> bool:
        """Whether a contract may have a price of this sign, listed here or not."""
        return self.listed_or_plain(contract_id).may_cost(price)

    def listed_or_plain(self, contract_id: str) -> Listing:
        """The listing of a contract id; where there is none, one that knows no more."""
        return self._by_id.get(contract_id) or Listing(contract_id, None)

    def by_id(self, contract_id: str) -> Listing | None:
        """The listing of a contract id, whatever its symbol; None where none is."""
        return self._by_id.get(contract_id)

    def find(self, symbol: str) -> Listing:
        """The listing of a symbol. A contract id is its own symbol.

        Raises:
            UnknownSymbol: no contract was set for it.
        """
        listing = self._listings.get(symbol) or self.loaded(symbol)
        if listing is not None:
            return listing
        if symbol.startswith(IDS):
            return Listing(contract_id_from(symbol), None)
        raise UnknownSymbol(
            f"symbol must have a contract id, {symbol!r} has none "
            f"({self._how_to_know(symbol)})"
        )

    def _how_to_know(self, symbol: str) -> str:
        """What gives a symbol its contract, and the symbol that may have been meant.

        One that is merely alike is not suggested: NQ and MNQ are both traded, and so
        is each month.
        """
        wanted = symbol.upper()
        meant = symbol_meant(symbol) or self._transposed(wanted)
        if meant is not None and (meant.startswith(IDS) or self.loaded(meant)):
            return f"did you mean {meant}?"
        instead = f"did you mean {meant}? " if meant else ""
        load = self.how_to_load(meant or wanted)
        if names_month(meant or wanted):
            return f"{instead}it is not loaded: {load} loads it"
        known = ", ".join(sorted(self._listings)) or "none"
        return f"{instead}{load}{self._or_set} gives it one; known: {known}"

    def how_to_load(self, symbol: str) -> str:
        """The call that reads a symbol's contract, and its ticks."""
        return f"{self._load}({symbol!r})"

    def _transposed(self, wanted: str) -> str | None:
        """The symbol with the same letters; those of another month may be the same."""
        for known in self._listings:
            if sorted(known) == sorted(wanted):
                return None if names_month(wanted) or names_month(known) else known
        return None


def _is_symbol(contract_id: object) -> bool:
    """Whether it is short and has a letter; the gateway's ids are long, or numbers."""
    return isinstance(contract_id, str) and bool(re.fullmatch(PRODUCT, contract_id))


def product_code(contract_id: str) -> str:
    """The gateway's code of the product: CLE of CON.F.US.CLE.Z26; "" for no such id."""
    parts = contract_id.split(".")
    return parts[3] if len(parts) == 5 else ""


def product(contract: Contract) -> str:
    """The exchange's product code: a contract's name less its month and year."""
    name = contract.name.rstrip("0123456789")
    return name[:-1] if name[-1:] in MONTH_LETTERS else name
