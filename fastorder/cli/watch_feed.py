"""An account's board: by events where they can be relied on, by reads where not."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder.cli.today import start_of_day
from fastorder.cli.watch_board import Board
from fastorder.errors import FastOrderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastorder import Contract, Position, Trader
    from fastorder._core.codec.market_events import Quote

EVERY_S = 3.0
"""Between two looks: 4 reads each, 80 of the 200 requests of a minute; none of them
where the account is heard."""


class Feed:
    """One account's board, as of the last look.

    Args:
        trader: entered already.

    Attributes:
        board: what was seen last.
        has_news: whether something was heard since then.
    """

    def __init__(self, trader: Trader) -> None:
        self._trader = trader
        self._contracts: dict[str, Contract] = {}
        self._last: dict[str, Decimal] = {}
        self._stops: dict[str, Callable[[], None]] = {}
        self.board = Board(trader.account, why_old="not read yet")
        self.has_news = False
        if self._can_hear:
            trader.state.watch(self._news)

    @property
    def _can_hear(self) -> bool:
        return self._trader.realtime is not None

    @property
    def hears(self) -> bool:
        """Whether a look asks nothing: no event was missed.

        Within a fill a position is a moment behind its trades: no reason to read.
        """
        return self._can_hear and self._trader.state.misses_nothing

    def _news(self) -> None:
        self.has_news = True

    async def look(self) -> Board:
        """See everything once; where that fails the old board says so."""
        self.has_news = False
        try:
            if self.hears:
                self.board = await self._heard()
            else:
                self.board = await self._read()
        except FastOrderError as error:
            self.board = replace(self.board, why_old=str(error))
        return self.board

    async def _heard(self) -> Board:
        """What the account's events have told; nothing is asked, unless it is new."""
        state = self._trader.state
        held = list(state.positions.values())
        began_ns = start_of_day().timestamp() * 1e9
        fills = [each for each in state.trades if (each.created_ns or 0) >= began_ns]
        contracts = await self._known(each.contract_id for each in held)
        self._follow({each.contract_id for each in held})
        return Board(
            account=state.account or self._trader.account,
            positions=held,
            orders=state.working,
            fills=fills,
            contracts=contracts,
            last=await self._prices(held),
            line=f"by events, {self._hub_in_words()}",
            read_at=time.monotonic(),
            **self._limits(),
        )

    async def _read(self) -> Board:
        trader = self._trader
        began = time.monotonic()
        positions, orders = trader.positions(), trader.open_orders()
        trades = trader.trades(start_of_day())
        held, working, fills = await positions, await orders, await trades
        took_ms = (time.monotonic() - began) * 1e3
        self._last.clear()
        return Board(
            account=trader.account,
            positions=held,
            orders=working,
            fills=sorted(fills, key=lambda each: each.created_ns or 0),
            contracts=await self._known(each.contract_id for each in held),
            last=await self._prices(held),
            line=f"{self._why_read()}, {took_ms:.0f} ms",
            read_at=time.monotonic(),
            **self._limits(),
        )

    def _limits(self) -> dict[str, str]:
        risk, left = self._trader.risk, self._trader.budgets
        return {
            "state": "" if risk is None else str(risk.state),
            "left": "" if left is None else left_in_words(left),
        }

    def _why_read(self) -> str:
        if not self._can_hear:
            return "by reads"
        doubt = self._trader.state.unproven
        return "by reads" if doubt is None else f"by reads ({doubt.why})"

    def _hub_in_words(self) -> str:
        hubs = self._trader.realtime
        heard_ns = None if hubs is None else hubs.user.heard_ns
        if heard_ns is None:
            return "user hub not connected"
        return f"hub heard {(time.monotonic_ns() - heard_ns) / 1e9:.0f} s before"

    # ------------------------------------------------------------ contracts, prices

    async def _known(self, wanted: Iterable[str]) -> dict[str, Contract]:
        for contract_id in set(wanted) - self._contracts.keys():
            self._contracts[contract_id] = await self._trader.contract(contract_id)
        return dict(self._contracts)

    def _follow(self, wanted: set[str]) -> None:
        """Hear the quotes of what is held, and of nothing else."""
        for contract_id in self._stops.keys() - wanted:
            self._stops.pop(contract_id)()
            self._last.pop(contract_id, None)
        for contract_id in wanted - self._stops.keys():
            self._stops[contract_id] = self._trader.on(
                "quote", self._quoted, symbol=contract_id
            )

    def _quoted(self, quote: Quote) -> None:
        if quote.last_price is not None:
            self._last[quote.contract_id] = quote.last_price
            self._news()

    async def _prices(self, held: Iterable[Position]) -> dict[str, Decimal]:
        """The last price of each: as quoted, or of the newest bar."""
        for contract_id in {each.contract_id for each in held} - self._last.keys():
            bars = await self._trader.bars(
                contract_id, "1m", days=1 / 24, limit=1, partial=True
            )
            if len(bars):
                self._last.setdefault(contract_id, Decimal(str(bars.close[-1])))
        return dict(self._last)


def left_in_words(left: Any) -> str:
    """How many requests of the window are used."""
    return str(left).strip("<>").partition(",")[0].removeprefix("budgets: ")
