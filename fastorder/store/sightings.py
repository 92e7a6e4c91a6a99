"""What is heard, read and found in a journal, as rows of the store.

Nothing here raises for what the gateway says: a row that cannot be read becomes a
discrepancy with its text.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.outside_text import from_outside
from fastorder.models import Account, Contract, Order, Position, Trade
from fastorder.store.merging import as_json
from fastorder.store.numbers import E9, U, scaled, within
from fastorder.store.trading_days import TradingDays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fastorder.journal import Entry
    from fastorder.store.merging import Row

HUB, READ, JOURNAL, CALLER = 1, 2, 4, 8
"""Who told."""


class Sight(NamedTuple):
    """One row of one table, as it was seen once."""

    table: str
    row: Row


class Reader:
    """Makes rows of what it is given; it knows no database."""

    def __init__(self) -> None:
        self._days = TradingDays()
        self._of_model: dict[type, Callable[[Any, int, int], Iterator[Sight]]] = {
            Order: self.order,
            Trade: self.fill,
            Position: self.position,
            Account: self.account,
            Contract: self.contract,
        }
        self._of_event: dict[str, Callable[[dict[str, Any], int], Iterator[Sight]]] = {
            "GatewayUserOrder": self._order_heard,
            "GatewayUserTrade": self._trade_heard,
            "GatewayUserPosition": self._position_heard,
            "GatewayUserAccount": self._account_heard,
        }

    def event(self, event: Any, seen_ns: int) -> list[Sight]:
        """The rows of an event of the user hub."""
        read = self._of_event.get(event.target)
        if read is None:
            return []
        sights: list[Sight] = []
        for _, row in event.rows:
            try:
                sights.extend(read(row, seen_ns))
            except (ValueError, TypeError, KeyError, OverflowError) as error:
                sights.append(unreadable(event.target, row, error, seen_ns))
        return sights

    def model(self, model: Any, source: int, seen_ns: int) -> list[Sight]:
        """The rows of an order, a trade, a position, an account or a contract."""
        try:
            return list(self._of_model[type(model)](model, source, seen_ns))
        except (ValueError, TypeError, OverflowError) as error:
            name = type(model).__name__
            return [unreadable(name, {"given": repr(model)}, error, seen_ns)]

    # ------------------------------------------------------------ heard

    def _order_heard(self, row: dict[str, Any], seen_ns: int) -> Iterator[Sight]:
        return self.order(Order.from_wire(row), HUB, seen_ns)

    def _trade_heard(self, row: dict[str, Any], seen_ns: int) -> Iterator[Sight]:
        """The hub leaves out what is null: of an opening fill, the profit."""
        trade = Trade.from_wire({"profitAndLoss": None, "fees": 0, **row})
        return self.fill(trade, HUB, seen_ns, has_fees="fees" in row)

    def _position_heard(self, row: dict[str, Any], seen_ns: int) -> Iterator[Sight]:
        return self.position(Position.from_wire(row), HUB, seen_ns)

    def _account_heard(self, row: dict[str, Any], seen_ns: int) -> Iterator[Sight]:
        return self.account(Account.from_wire(row), HUB, seen_ns)

    # ------------------------------------------------------------ models

    def order(self, order: Order, source: int, seen_ns: int) -> Iterator[Sight]:
        """The order as it stands, and its state as one of those that were seen."""
        rest = dict(order.extra)
        created = order.created_ns
        now = (
            int(order.status),
            within(order.size, "size"),
            within(order.fill_volume, "fillVolume"),
            scaled(order.limit_price, E9, "limitPrice", rest),
            scaled(order.stop_price, E9, "stopPrice", rest),
            order.trail_distance,
            scaled(order.filled_price, E9, "filledPrice", rest),
            order.updated_ns if order.updated_ns is not None else created,
        )
        ids = (
            within(order.account_id, "accountId"),
            within(order.id, "id"),
        )
        told = {"symbolId": order.symbol_id, "trailPrice": order.trail_price}
        rest |= {name: value for name, value in told.items() if value is not None}
        yield Sight(
            "orders",
            (
                *ids,
                order.contract_id,
                int(order.side),
                int(order.type),
                order.custom_tag,
                order.parent_id,
                order.linked_id,
                created,
                None if created is None else self._days.of(created),
                *now,
                source,
                seen_ns,
                as_json(rest),
            ),
        )
        yield Sight("order_states", (*ids, digest(now), *now, source, seen_ns))

    def fill(
        self, trade: Trade, source: int, seen_ns: int, *, has_fees: bool = True
    ) -> Iterator[Sight]:
        """One row of fills."""
        rest = dict(trade.extra)
        at_ns = seen_ns if trade.created_ns is None else trade.created_ns
        day = self._days.of(at_ns)
        yield Sight(
            "fills",
            (
                within(trade.account_id, "accountId"),
                within(trade.id, "id"),
                within(trade.order_id, "orderId"),
                trade.contract_id,
                int(trade.side),
                within(trade.size, "size"),
                scaled(trade.price, E9, "price", rest),
                at_ns,
                day,
                day // 100,
                scaled(trade.profit_and_loss, U, "profitAndLoss", rest),
                scaled(trade.fees, U, "fees", rest) if has_fees else None,
                scaled(trade.commissions, U, "commissions", rest),
                int(trade.voided),
                source,
                seen_ns,
                as_json(rest),
            ),
        )

    def position(
        self, position: Position, source: int, seen_ns: int
    ) -> Iterator[Sight]:
        """How it was at this time."""
        rest = dict(position.extra)
        yield Sight(
            "positions",
            (
                within(position.account_id, "accountId"),
                position.contract_id,
                seen_ns,
                position.net,
                scaled(position.average_price, E9, "averagePrice", rest),
                position.id,
                position.created_ns,
                source,
                as_json(rest),
            ),
        )

    def account(self, account: Account, source: int, seen_ns: int) -> Iterator[Sight]:
        """The account, and its balance at this time."""
        rest = dict(account.extra)
        number = within(account.id, "id")
        balance = scaled(account.balance, U, "balance", rest)
        simulated = None if account.simulated is None else int(account.simulated)
        yield Sight(
            "accounts",
            (
                number,
                account.name,
                int(account.can_trade),
                int(account.visible),
                simulated,
                seen_ns,
                as_json(rest),
            ),
        )
        yield Sight("balances", (number, seen_ns, balance, source))

    def contract(
        self, contract: Contract, source: int, seen_ns: int
    ) -> Iterator[Sight]:
        """The contract as it is listed."""
        rest = dict(contract.extra)
        yield Sight(
            "contracts",
            (
                contract.id,
                contract.name,
                contract.symbol_id,
                contract.description,
                scaled(contract.tick_size, E9, "tickSize", rest),
                scaled(contract.tick_value, U, "tickValue", rest),
                int(contract.active),
                seen_ns,
                as_json(rest),
            ),
        )

    # ------------------------------------------------------------ no models

    def equity(
        self, account_id: int, at_ns: int, balance_u: int, open_u: int
    ) -> list[Sight]:
        """What an account was worth."""
        day = self._days.of(at_ns)
        row = (account_id, at_ns, day, day // 100, balance_u, open_u, CALLER)
        return [Sight("equity", row)]


def intent(entry: Entry) -> Sight:
    """What a journal says of one order."""
    sent = entry.intent
    last = entry.verdicts[-1] if entry.verdicts else None
    return Sight(
        "intents",
        (
            sent.account_id,
            sent.tag,
            sent.key,
            sent.contract_id,
            from_outside(sent.body.decode("utf-8", "replace")),
            _ns(sent.created_s),
            1 + len(entry.attempts) + len(entry.verdicts),
            entry.sends,
            None if last is None else last.outcome,
            None if last is None else last.order_id,
            None if last is None else from_outside(last.proof),
            None if last is None else _ns(last.at_s),
        ),
    )


def discrepancy(
    kind: str, account_id: int, item: str, ours: Any, theirs: Any, seen_ns: int
) -> Sight:
    """What stands here and what was told instead."""
    both = (as_json(ours), as_json(theirs))
    row = (kind, account_id, item, digest(both), *both, seen_ns)
    return Sight("discrepancies", row)


def unreadable(
    name: str, given: Mapping[str, Any], error: Exception, seen_ns: int
) -> Sight:
    """What could not be read, with why; nothing is passed over in silence."""
    account = given.get("accountId")
    number = account if type(account) is int and abs(account) < 2**63 else 0
    item = from_outside(str(given.get("id", "")))[:64]
    told = {"why": from_outside(str(error)), "row": from_outside(repr(dict(given)))}
    return discrepancy(f"unreadable {name}", number, item, None, told, seen_ns)


def unwritable(sight: Sight, why: str) -> Sight:
    """A row that no database can hold, in the words of why."""
    told = {"why": why, "row": from_outside(repr(sight.row))}
    return discrepancy(f"unwritable {sight.table}", 0, "", None, told, 0)


def digest(value: Any) -> int:
    """64 bits of a value; the same for the same value, on every machine."""
    made = blake2b(repr(value).encode(), digest_size=8).digest()
    return int.from_bytes(made, "big", signed=True)


def _ns(seconds: float) -> int:
    """Nanoseconds of a time in seconds, which a float tells to the microsecond."""
    return round(seconds * 1_000_000) * 1000
