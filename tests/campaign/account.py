"""An account at the gateway with an order and a position, and reads of it that lag."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from campaign.model import EPOCH_S, SECOND
from fastorder.enums import OrderStatus

if TYPE_CHECKING:
    from random import Random

    from campaign.model import Ledger

ACCOUNT, ORDER_ID, CONTRACT = 5, 900, "CON.F.US.MNQ.Z26"
OTHER_CONTRACT = "CON.F.US.EP.Z26"


@dataclass(frozen=True)
class State:
    """What there was from a moment on.

    Attributes:
        status, size, price: of the order.
        held: contracts of the position, all of them bought.
    """

    status: OrderStatus
    size: int
    price: int
    held: int


class Trade(NamedTuple):
    """One fill; the side is 0 for bought, 1 for sold."""

    at_ns: int
    side: int
    size: int
    order_id: int


class Account:
    """An order and a position, and all that they have been.

    Args:
        random: chance.
        ledger: what happens is written here.
    """

    def __init__(self, random: Random, ledger: Ledger) -> None:
        self._random = random
        self._ledger = ledger
        self.states: list[tuple[int, State]] = []
        self.trades: list[Trade] = []
        self._later: list[tuple[int, int, Any]] = []
        self._opened_ns = -int(random.choice((1.2, 5.0, 600.0)) * SECOND)
        self._populate()

    def _populate(self) -> None:
        """A day so far: a round trip perhaps, an order, changed, and a position."""
        random = self._random
        if random.random() < 0.4:
            self._trade(self._opened_ns - 20 * SECOND, 0, 2)
            self._trade(self._opened_ns - 10 * SECOND, 1, 2)
        held = random.choice((0, 1, 2, 3))
        if held:
            self._trade(self._opened_ns, 0, held)
        price = random.choice((100, 101))
        first = State(OrderStatus.OPEN, random.choice((1, 2)), price, held)
        self.states = [
            (-3600 * SECOND, replace(first, held=0)),
            (self._opened_ns, first),
        ]
        if random.random() < 0.6:
            changed = replace(first, price=201 - price, size=3 - first.size)
            self.states.append((self._opened_ns // 2, changed))
        if random.random() < 0.3:
            self._later_on(random.uniform(-1, 40), self._fills)
        if random.random() < 0.3:
            self._later_on(random.uniform(-1, 40), self._stops_out)

    def _later_on(self, at_s: float, event: Any) -> None:
        heapq.heappush(self._later, (int(at_s * SECOND), len(self._later), event))

    def opens_later(self, now_ns: int) -> None:
        """The caller opens another position."""
        self._later_on(now_ns / SECOND + self._random.uniform(0, 5), self._opens)

    def _opens(self, at_ns: int) -> None:
        self._set(at_ns, held=self._now().held + 2)
        self._trade(at_ns, 0, 2)

    def at(self, at_ns: int) -> State:
        """What there was at a time."""
        return next(
            state for since_ns, state in reversed(self.states) if since_ns <= at_ns
        )

    def between(self, first_ns: int, last_ns: int) -> list[State]:
        """All that there was within a span of time."""
        since = [state for at_ns, state in self.states if first_ns < at_ns <= last_ns]
        return [self.at(first_ns), *since]

    def advance(self, to_ns: int) -> None:
        """Let happen what is due by then."""
        while self._later and self._later[0][0] <= to_ns:
            at_ns, _, event = heapq.heappop(self._later)
            event(at_ns)

    def take_late(self, at_ns: int, change: Any) -> None:
        """Take a request at a later time; nobody hears the answer."""
        heapq.heappush(self._later, (at_ns, len(self._later), change))

    @property
    def last_ns(self) -> int:
        """When the last thing is due; 0 where there is none."""
        return max((event[0] for event in self._later), default=0)

    # ------------------------------------------------------------ what happens

    def _now(self) -> State:
        return self.states[-1][1]

    def _set(self, at_ns: int, **values: Any) -> None:
        self.states.append((at_ns, replace(self._now(), **values)))

    def _trade(self, at_ns: int, side: int, size: int) -> None:
        self.trades.append(Trade(at_ns, side, size, 1000 + len(self.trades)))

    def _fills(self, at_ns: int) -> None:
        state = self._now()
        if state.status is OrderStatus.OPEN:
            self._set(at_ns, status=OrderStatus.FILLED, held=state.held + state.size)
            self._trade(at_ns, 0, state.size)

    def _stops_out(self, at_ns: int) -> None:
        """A stop of one contract fills."""
        if self._now().held:
            self._sell(at_ns, 1)

    def _sell(self, at_ns: int, size: int) -> None:
        self._set(at_ns, held=self._now().held - size)
        self._trade(at_ns, 1, size)

    # ------------------------------------------------------------ requests

    def cancel(self, at_ns: int) -> int:
        """The code of the answer."""
        self.advance(at_ns)
        if self._now().status is not OrderStatus.OPEN:
            return 2
        self._ledger.note("effect", at_ns)
        self._set(at_ns, status=OrderStatus.CANCELLED)
        return 0

    def modify(self, at_ns: int, size: int, price: int) -> int:
        """The same."""
        self.advance(at_ns)
        if self._now().status is not OrderStatus.OPEN:
            return 2
        self._ledger.note("effect", at_ns)
        self._set(at_ns, size=size, price=price)
        return 0

    def close(self, at_ns: int, size: int | None) -> int:
        """The same; None for all."""
        self.advance(at_ns)
        held = self._now().held
        if not held:
            return 2
        if size is not None and size > held:
            return 5
        self._ledger.note("effect", at_ns)
        self._sell(at_ns, size or held)
        return 0

    # ------------------------------------------------------------ reads

    def order_row(self, at_ns: int) -> dict[str, Any] | None:
        """The order as a copy of this time shows it."""
        if at_ns < self._opened_ns:
            return None
        state = self.at(at_ns)
        return {
            "id": ORDER_ID,
            "accountId": ACCOUNT,
            "contractId": CONTRACT,
            "status": int(state.status),
            "type": 1,
            "side": 0,
            "size": state.size,
            "limitPrice": state.price,
            "fillVolume": state.size if state.status is OrderStatus.FILLED else 0,
        }

    def position_rows(self, at_ns: int) -> list[dict[str, Any]]:
        """The positions; one of another contract is always there."""
        shown = [(OTHER_CONTRACT, 4), (CONTRACT, self.at(at_ns).held)]
        return [
            {"id": n, "accountId": ACCOUNT, "contractId": contract, "size": size}
            for n, (contract, size) in enumerate(shown, 1)
            if size
        ]

    def trade_rows(self, at_ns: int, clock_s: Any) -> list[dict[str, Any]]:
        """The trades."""
        return [
            {
                "id": trade.order_id,
                "orderId": trade.order_id,
                "accountId": ACCOUNT,
                "contractId": CONTRACT,
                "creationTimestamp": text(clock_s(trade.at_ns)),
                "side": trade.side,
                "size": trade.size,
                "voided": False,
            }
            for trade in sorted(self.trades)
            if trade.at_ns <= at_ns
        ]


def text(at_s: float) -> str:
    """A time as the gateway writes it."""
    return datetime.fromtimestamp(at_s, timezone.utc).isoformat()


def answer(code: int, **members: Any) -> bytes:
    """The gateway's envelope."""
    envelope = {"success": code == 0, "errorCode": code, "errorMessage": None}
    return orjson.dumps({**members, **envelope})


def clock_of(ahead_s: float) -> Any:
    """The gateway's clock."""
    return lambda at_ns: EPOCH_S + at_ns / SECOND + ahead_s
