"""Symbols and their contracts, with the tick size where it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._core.codec.field_checks import contract_id_from
from fastorder._core.codec.price import TickGrid
from fastorder.errors import UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from fastorder.models import Contract

MONTH_LETTERS = "FGHJKMNQUVXZ"


class Listing:
    """A contract id as it goes on the wire, and its price grid where it is known."""

    __slots__ = ("contract_id", "grid")

    def __init__(self, contract_id: str, grid: TickGrid | None) -> None:
        self.contract_id = contract_id
        self.grid = grid


class ContractCache:
    """Contract ids by symbol, safe to set and to get from any thread.

    A listing is one immutable object that is swapped whole.
    """

    __slots__ = ("_listings",)

    def __init__(self) -> None:
        self._listings: dict[str, Listing] = {}

    def set(
        self,
        symbol: str,
        contract_id: int | str,
        tick_size: Decimal | float | str | None = None,
    ) -> None:
        """List a contract under a symbol; letter case does not matter."""
        grid = None if tick_size is None else TickGrid(tick_size)
        self._listings[symbol.upper()] = Listing(contract_id_from(contract_id), grid)

    def find(self, symbol: str) -> Listing:
        """The listing of a symbol. A contract id is its own symbol.

        Raises:
            UnknownSymbol: no contract was set for it.
        """
        listing = self._listings.get(symbol) or self._listings.get(symbol.upper())
        if listing is not None:
            return listing
        if symbol.startswith("CON."):
            return Listing(contract_id_from(symbol), None)
        known = ", ".join(sorted(self._listings)) or "none"
        raise UnknownSymbol(
            f"symbol must have a contract id, {symbol!r} has none "
            f"(set_contract_id gives it one; known: {known})"
        )


def front_contract(symbol: str, contracts: Iterable[Contract]) -> Contract:
    """The active contract of a symbol, out of the gateway's fuzzy search.

    A search for ES finds MES and more; only the exact product counts: "NQ" is NQZ6,
    and by the gateway's own product code "ENQ" is the same.

    Raises:
        UnknownSymbol: none of them is it.
    """
    wanted = symbol.upper()
    for contract in contracts:
        if contract.active and wanted in (product(contract), contract.symbol_id[5:]):
            return contract
    raise UnknownSymbol(f"symbol must have an active contract, {symbol!r} has none")


def product(contract: Contract) -> str:
    """The exchange's product code: a contract's name less its month and year."""
    name = contract.name.rstrip("0123456789")
    return name[:-1] if name[-1:] in MONTH_LETTERS else name
