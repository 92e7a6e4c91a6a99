"""A gateway with a user hub: what really happens to orders, and what is shown of it.

It remembers every version of every row, so that a read may show what was so a while
ago. It is written from the gateway's documentation, and imports nothing of the client.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from random import Random

SECOND = 1_000_000_000
EPOCH_S = 1_787_000_000
VOIDED_WITHIN = 12 * 3600 * SECOND
ACCOUNT = 5
CONTRACTS = ("CON.F.US.MNQ.Z26", "CON.F.US.EP.Z26")
OPEN, FILLED, CANCELLED, PENDING, SUSPENDED = 1, 2, 3, 6, 8
ENDED = (FILLED, CANCELLED)


@lru_cache(maxsize=1 << 15)  # a row is read many times
def stamp(at_ns: int, digits: int) -> str:
    """A time as the gateway writes it: reads have six digits, the hub seven."""
    seconds, rest = divmod(at_ns, SECOND)
    text = datetime.fromtimestamp(EPOCH_S + seconds, timezone.utc)
    return f"{text:%Y-%m-%dT%H:%M:%S}.{rest:09d}"[: 20 + digits] + "+00:00"


class Version(NamedTuple):
    """What was so from a time on."""

    at_ns: int
    row: dict[str, Any] | None


class Emitted(NamedTuple):
    """An event as it leaves the gateway."""

    target: str
    row: dict[str, Any]


class Venue:
    """One account at a gateway.

    Args:
        random: chance.

    Attributes:
        orders, positions, trades: all versions of each row, oldest first.
        events: those of the last step, in no order that can be relied on.
        voids_from_ns: no trade that is older is taken back.
    """

    def __init__(self, random: Random) -> None:
        self.orders: dict[int, list[Version]] = {}
        self.positions: dict[str, list[Version]] = {}
        self.trades: dict[int, list[Version]] = {}
        self.balance: list[Version] = []
        self.events: list[Emitted] = []
        self.voids_from_ns = 0
        self._random = random
        self._bumps = (
            random.random() < 0.5
        )  # whether the hub moves a filled order's time
        self._number = 3_400_000_000
        self._trade = 3_000_000_000
        self._position = 825_000_000
        self._cents = 5_000_000
        self._set_balance(0)
        self.events = []

    # ------------------------------------------------------------ steps

    def step(self, at_ns: int) -> list[Emitted]:
        """Something happens; its events."""
        self.events = []
        open_ = [row for row in self.now(self.orders) if row["status"] == OPEN]
        choice = self._random.random()
        if not open_ or choice < 0.4:
            self._place(at_ns)
        elif choice < 0.75:
            self._fill(self._random.choice(open_), at_ns)
        elif choice < 0.87:
            self._cancel(self._random.choice(open_), at_ns)
        elif choice < 0.97:
            self._modify(self._random.choice(open_), at_ns)
        else:
            self._void(at_ns)
        return self.events

    def _place(self, at_ns: int) -> None:
        random = self._random
        self._number += random.randrange(3, 9)
        market = random.random() < 0.5
        row = {
            "id": self._number,
            "accountId": ACCOUNT,
            "contractId": random.choice(CONTRACTS),
            "symbolId": "F.US.X",
            "creationTimestamp": at_ns,
            "updateTimestamp": at_ns,
            "status": PENDING if market else OPEN,
            "type": 2 if market else 1,
            "side": random.randrange(2),
            "size": random.randrange(1, 5),
            "limitPrice": None if market else random.randrange(100, 200),
            "stopPrice": None,
            "fillVolume": 0,
            "filledPrice": None,
            "customTag": f"tag-{self._number}" if random.random() < 0.8 else None,
        }
        self._set_order(row, at_ns)
        legs = random.random() < 0.3
        for i in range(1, 3 if legs else 0):
            tag = None if row["customTag"] is None else f"{row['customTag']}-{i}"
            leg = row | {
                "id": row["id"] + i,
                "status": SUSPENDED,
                "type": 4 if i == 1 else 1,
                "side": 1 - row["side"],
                "limitPrice": None,
                "customTag": tag,
                "parentOrderId": row["id"],
            }
            self._set_order(leg, at_ns)
        if market:
            self._fill(row, at_ns + 1000)

    def _fill(self, row: dict[str, Any], at_ns: int) -> None:
        """In whole, or in part; its legs come alive, or its sibling is cancelled."""
        left = row["size"] - row["fillVolume"]
        is_part = row["type"] != 2 and left > 1 and self._random.random() < 0.4
        size = self._random.randrange(1, left) if is_part else left
        price = self._random.randrange(100, 200)
        filled = row["fillVolume"] + size
        status = FILLED if filled == row["size"] else OPEN
        new = row | {"status": status, "fillVolume": filled, "filledPrice": price}
        self._set_order(new, at_ns, moves=False)
        self._trades(row, size, price, at_ns)
        if status != FILLED:
            return
        legs = [
            each
            for each in self.now(self.orders)
            if each.get("parentOrderId") == row["id"] and each["status"] == SUSPENDED
        ]
        for leg in legs:
            name = "stopPrice" if leg["type"] == 4 else "limitPrice"
            alive = {"status": OPEN, name: price, "updateTimestamp": at_ns + 5000}
            self._set_order(leg | alive, at_ns + 5000)
        if row.get("parentOrderId"):
            self._cancel_others(row, at_ns + 9000)

    def _cancel_others(self, row: dict[str, Any], at_ns: int) -> None:
        for other in self.now(self.orders):
            if other.get("parentOrderId") != row["parentOrderId"]:
                continue
            if other["id"] != row["id"] and other["status"] not in ENDED:
                self._cancel(other, at_ns)

    def _cancel(self, row: dict[str, Any], at_ns: int) -> None:
        self._set_order(row | {"status": CANCELLED, "updateTimestamp": at_ns}, at_ns)
        for leg in self.now(self.orders):
            if leg.get("parentOrderId") == row["id"] and leg["status"] == SUSPENDED:
                gone = {"status": CANCELLED, "updateTimestamp": at_ns}
                self._set_order(leg | gone, at_ns)

    def _modify(self, row: dict[str, Any], at_ns: int) -> None:
        name = "stopPrice" if row["type"] == 4 else "limitPrice"
        new = {name: self._random.randrange(100, 200), "updateTimestamp": at_ns}
        self._set_order(row | new, at_ns)

    def _void(self, at_ns: int) -> None:
        """A trade is taken back, and its position with it."""
        from_ns = max(self.voids_from_ns, at_ns - VOIDED_WITHIN)
        trades = [
            row
            for row in self.now(self.trades)
            if not row["voided"] and row["creationTimestamp"] >= from_ns
        ]
        if not trades:
            return
        row = self._random.choice(trades) | {"voided": True}
        self.trades[row["id"]].append(Version(at_ns, row))
        self.events.append(Emitted("GatewayUserTrade", hub(row)))
        signed = -row["size"] if row["side"] == 0 else row["size"]
        self._set_position(row["contractId"], signed, row["price"], at_ns)

    # ------------------------------------------------------------ rows

    def _set_order(
        self, row: dict[str, Any], at_ns: int, *, moves: bool = True
    ) -> None:
        self.orders.setdefault(row["id"], []).append(Version(at_ns, row))
        shown = row
        if not moves and self._bumps:
            shown = row | {"updateTimestamp": at_ns}
        self.events.append(Emitted("GatewayUserOrder", hub(shown)))

    def _trades(self, row: dict[str, Any], size: int, price: int, at_ns: int) -> None:
        while size:
            part = size if self._random.random() < 0.7 else 1
            self._trade += self._random.randrange(1, 5)
            at_ns += 1000
            trade = {
                "id": self._trade,
                "accountId": ACCOUNT,
                "contractId": row["contractId"],
                "creationTimestamp": at_ns,
                "price": price,
                "profitAndLoss": None if self._random.random() < 0.5 else 1.5,
                "fees": 0.36 * part,
                "side": row["side"],
                "size": part,
                "voided": False,
                "orderId": row["id"],
            }
            self.trades[self._trade] = [Version(at_ns, trade)]
            self.events.append(Emitted("GatewayUserTrade", hub(trade)))
            signed = -part if row["side"] else part
            self._set_position(row["contractId"], signed, price, at_ns)
            self._set_balance(at_ns)
            size -= part

    def _set_position(self, contract: str, signed: int, price: int, at_ns: int) -> None:
        versions = self.positions.setdefault(contract, [Version(-1, None)])
        last = versions[-1].row
        held = net(last) + signed
        if last is None:
            self._position += 1
        made_ns = at_ns if last is None else last["creationTimestamp"]
        row = {
            "id": self._position if last is None else last["id"],
            "accountId": ACCOUNT,
            "contractId": contract,
            "creationTimestamp": made_ns,
            "type": 0 if held == 0 else 1 if held > 0 else 2,
            "size": abs(held),
            "averagePrice": price + at_ns % 97,
        }
        versions.append(Version(at_ns, row if held else None))
        self.events.append(Emitted("GatewayUserPosition", hub(row)))

    def _set_balance(self, at_ns: int) -> None:
        self._cents -= 36
        row = {
            "id": ACCOUNT,
            "name": "PRAC-1",
            "balance": self._cents / 100,
            "canTrade": True,
            "isVisible": True,
            "simulated": True,
        }
        self.balance.append(Version(at_ns, row))
        self.events.append(Emitted("GatewayUserAccount", row))

    # ------------------------------------------------------------ what is shown

    def now(self, rows: dict[Any, list[Version]]) -> list[dict[str, Any]]:
        """The latest version of each row."""
        return [row for each in rows.values() if (row := each[-1].row) is not None]

    def shown(self, rows: dict[Any, list[Version]], at_ns: int) -> list[dict[str, Any]]:
        """What was so at a time, as a read writes it."""
        found = [was(each, at_ns) for each in rows.values()]
        return [rest(row) for row in found if row is not None]


def was(versions: list[Version], at_ns: int) -> dict[str, Any] | None:
    """The version of a row that held at a time."""
    at = bisect_right(versions, at_ns, key=lambda version: version.at_ns)
    return versions[at - 1].row if at else None


def net(row: dict[str, Any] | None) -> int:
    """Contracts of a position's row, below 0 where short."""
    if row is None:
        return 0
    return -row["size"] if row["type"] == 2 else int(row["size"])


def hub(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the hub writes it: members of no value are left out."""
    return {
        name: stamp(value, 7) if name.endswith("Timestamp") else value
        for name, value in row.items()
        if value is not None
    }


def rest(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a read writes it."""
    return {
        name: stamp(value, 6) if name.endswith("Timestamp") else value
        for name, value in row.items()
    }
