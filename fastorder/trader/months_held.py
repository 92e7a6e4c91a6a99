"""Another month that is held, where an order by the product's name opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.acts.other_months import OtherMonths
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Iterator


class MonthsHeld:
    """Warns of an order by "MNQ" while another month than its own is held.

    It asks the gateway nothing: it goes by what the limits know for sure, and by the
    account's state where no event was missed. Each held contract is told of once.

    Args:
        trader: whose orders they are.
    """

    def __init__(self, trader: Any) -> None:
        self._trader = trader
        self._meant: dict[tuple[str, str], OtherMonths] = {}
        self._told: set[tuple[int, str]] = set()

    def look(self, account_id: int, symbol: str) -> None:
        """An order by this symbol has left; whatever goes wrong here, it is told."""
        try:
            self._look(account_id, symbol)
        except Exception:
            log().exception("what is held of other months was not looked at")

    def _look(self, account_id: int, symbol: str) -> None:
        listing = self._trader.executor._contracts.loaded(symbol)
        if listing is None:
            return
        own, months = listing.contract_id, None
        for contract_id, size in self._held(account_id):
            if contract_id == own or (account_id, contract_id) in self._told:
                continue
            months = months or self._months(symbol, own)
            other = months.held(contract_id, size)
            if other:
                self._told.add((account_id, contract_id))
                log().warning(
                    "account %s: an order by %s has left while another month is held: "
                    "%s", account_id, symbol.upper(), other,
                )  # fmt: skip

    def _months(self, symbol: str, contract_id: str) -> OtherMonths:
        found = self._meant.get((symbol, contract_id))
        if found is None:
            found = OtherMonths(symbol, contract_id)
            self._meant[symbol, contract_id] = found
        return found

    def _held(self, account_id: int) -> Iterator[tuple[str, int]]:
        """The contracts of which something is held for sure; long is above zero."""
        state, risk = self._trader._state, self._trader.executor.risk
        if (
            state is not None
            and state.account_id == account_id
            and state.misses_nothing
        ):
            for contract_id, held in list(state.rows.positions.items()):
                if held.row is not None and held.row.size:
                    yield contract_id, held.row.net
        if risk is not None:
            account = risk._exposure.account_of(account_id)
            for contract in list(account.contracts.values()) if account.known else ():
                least, most = contract.held.low, contract.held.high
                if least > 0 or most < 0:
                    yield contract.contract_id, least if least > 0 else most
