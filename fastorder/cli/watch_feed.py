"""Reads an account again and again; what failed is told, and the last look kept."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder.cli.today import start_of_day
from fastorder.cli.watch_board import Board
from fastorder.errors import FastOrderError

if TYPE_CHECKING:
    from fastorder import Contract, Trader

EVERY_S = 3.0
"""Between two looks: 4 reads each, 80 of the 200 requests of a minute."""


class Feed:
    """One account's board, as of the last look.

    Args:
        trader: entered already.
    """

    def __init__(self, trader: Trader) -> None:
        self._trader = trader
        self._contracts: dict[str, Contract] = {}
        self.board = Board(trader.account, why_old="not read yet")

    async def look(self) -> Board:
        """Read everything once; where that fails the old board says so."""
        try:
            self.board = await self._read()
        except FastOrderError as error:
            self.board = replace(self.board, why_old=str(error))
        return self.board

    async def _read(self) -> Board:
        trader = self._trader
        began = time.monotonic()
        positions, orders = trader.positions(), trader.open_orders()
        trades = trader.trades(start_of_day())
        held, working, fills = await positions, await orders, await trades
        took_ms = (time.monotonic() - began) * 1e3
        risk, left = trader.risk, trader.budgets
        return Board(
            account=trader.account,
            positions=held,
            orders=working,
            fills=sorted(fills, key=lambda each: each.created_ns or 0),
            contracts=await self._known({each.contract_id for each in held}),
            last=await self._last({each.contract_id for each in held}),
            state="" if risk is None else str(risk.state),
            left="" if left is None else left_in_words(left),
            took_ms=took_ms,
            read_at=time.monotonic(),
        )

    async def _known(self, wanted: set[str]) -> dict[str, Contract]:
        for contract_id in wanted - self._contracts.keys():
            self._contracts[contract_id] = await self._trader.contract(contract_id)
        return dict(self._contracts)

    async def _last(self, wanted: set[str]) -> dict[str, Decimal]:
        """The last price of each, from the newest bar of a second or a minute."""
        found = {}
        for contract_id in wanted:
            bars = await self._trader.bars(
                contract_id, "1m", days=1 / 24, limit=1, partial=True
            )
            if len(bars):
                found[contract_id] = Decimal(str(bars.close[-1]))
        return found


def left_in_words(left: Any) -> str:
    """How many requests of the window are used."""
    return str(left).strip("<>").partition(",")[0].removeprefix("budgets: ")
