"""One stream through both exchanges, and every difference between them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from fastorder.matching import (
    Account,
    Contract,
    Exchange,
    Kind,
    Latencies,
    Reason,
    What,
)
from matching.oracle import ACCOUNTS, CONTRACTS, Oracle
from matching.streams import Stream

if TYPE_CHECKING:
    from decimal import Decimal

MICRO = 1_000_000
BRACKETS = "Brackets cannot be used with Position Brackets. You must enable Auto"

TEXTS = {
    Reason.TAG_IN_USE: "The custom tag '",
    Reason.INVALID_TYPE: "Invalid order type specified",
    Reason.INVALID_SIDE: "Invalid order side specified",
    Reason.INVALID_SIZE: "Invalid order size specified",
    Reason.LIMIT_NOT_SET: "Invalid limit price. Limit price not set.",
    Reason.LIMIT_NOT_ALIGNED: "Invalid limit price. Price is not aligned to tick size.",
    Reason.STOP_NOT_SET: "Invalid stop price",
    Reason.STOP_NOT_ALIGNED: "Invalid stop price. Price is not aligned to tick size.",
    Reason.STOP_ON_WRONG_SIDE: "Invalid stop price",
    Reason.TRAIL_NOT_SET: "Trail Distance not set.",
    Reason.TRAIL_NOT_ALIGNED: "Invalid trail price. Price is not aligned to tick size.",
    Reason.TRAIL_TOO_FAR: "Trail Distance exceeds maximum (1000)",
    Reason.BRACKETS_NOT_ENABLED: BRACKETS,
    Reason.INVALID_LEG_TYPE: "Invalid order type specified",
    Reason.STOP_LOSS_ON_WRONG_SIDE: "Invalid stop loss ticks (",
    Reason.TAKE_PROFIT_ON_WRONG_SIDE: "Invalid take profit ticks (",
    Reason.STOP_LOSS_TOO_NEAR: "Invalid stop loss ticks (",
    Reason.TAKE_PROFIT_TOO_NEAR: "Invalid take profit ticks (",
}
"""How the gateway's text of a broken rule begins; the others have none."""

ENDINGS = {
    Reason.STOP_LOSS_TOO_NEAR: "Price should be at least 4 ticks away.",
    Reason.TAKE_PROFIT_TOO_NEAR: "Price should be at least 4 ticks away.",
    Reason.STOP_LOSS_ON_WRONG_SIDE: ".",
    Reason.TAKE_PROFIT_ON_WRONG_SIDE: ".",
}
REFUSALS = {What.REJECTED, What.MODIFY_REFUSED, What.CANCEL_REFUSED, What.CLOSE_REFUSED}


def micros(dollars: Decimal) -> Fraction:
    return Fraction(dollars) * MICRO


def contract_of(row) -> Contract:
    """A contract of the oracle as the compiled exchange has it: no slippage."""
    return Contract(
        row.name,
        tick_value_micros=int(row.tick_value * MICRO),
        fee_micros=int(row.fee * MICRO),
        stop_slippage_ticks=0,
        negative_prices=row.negative_prices,
        tick_size=row.tick_size,
    )


def exchange(**changed) -> Exchange:
    """A compiled exchange with the oracle's settings: nothing takes time."""
    settings = {
        "contracts": [contract_of(row) for row in CONTRACTS],
        "accounts": [
            Account(int(a.balance * MICRO), True, a.auto_oco) for a in ACCOUNTS
        ],
        "latency": Latencies(entry=1, response=0, leg=0, oco=0),
        "stop_limits": True,
        **changed,
    }
    return Exchange(settings.pop("contracts"), settings.pop("accounts"), **settings)


class Pair:
    """Both exchanges, and what they disagree about.

    Attributes:
        wrong: each difference, in words.
    """

    def __init__(self, compiled: Exchange, oracle: Oracle) -> None:
        self.compiled = compiled
        self.oracle = oracle
        self.now_ns = 1_000
        self.wrong: list[str] = []
        self.booked: list[Any] = []  # trades that are not compared yet
        self.made: list[tuple[int, int | None]] = []  # ids here and there
        self.known: dict[int, int] = {}
        self.trades = {account.id: 0 for account in ACCOUNTS}
        self.closings = [[0, 0], [0, 0]]  # of each position since it was flat

    def run(self, stream: Stream) -> list[str]:
        for number, step in enumerate(stream):
            getattr(self, step.what)(**step.given)
            self.compare()
            if self.wrong:
                return [f"step {number}, {step}: {text}" for text in self.wrong]
        return []

    # ------------------------------------------------------------ steps

    def price(self, contract: int, price: int) -> None:
        row = CONTRACTS[contract]
        self.oracle.set_price(row.id, price * row.tick_size)
        self.now_ns += 10
        self.compiled.tick(contract, self.now_ns, price, bid=price, ask=price + 1)

    def place(self, account, contract, kind, side, size, limit, stop, trail, tag,
              stop_loss, take_profit):  # fmt: skip
        row = CONTRACTS[contract]
        reply = self.oracle.ask(
            self.oracle._place,
            **self.wire(account, row, limit, stop, trail),
            contractId=row.id,
            type=kind,
            side=side,
            size=size,
            customTag=tag,
            stopLossBracket=leg(stop_loss),
            takeProfitBracket=leg(take_profit),
        )
        ours = self.compiled.place(
            account, contract, kind, side, size, limit=limit, stop=stop, trail=trail,
            tag=tag, stop_loss=stop_loss, take_profit=take_profit,
        )  # fmt: skip
        self.made.append((ours, reply[2]))
        legs = (stop_loss is not None) + (take_profit is not None)
        for nth in range(1 + legs if reply[0] == 0 else 0):
            self.known[ours + nth] = reply[2] + nth
        self.arrive(reply)

    def modify(self, account, order, size, limit, stop, trail):
        ours, theirs, contract = self.ids(order)
        row = CONTRACTS[contract]
        members = self.wire(account, row, limit, stop, trail)
        reply = self.oracle.ask(
            self.oracle._modify, **members, orderId=theirs, size=size
        )
        self.compiled.modify(
            account, ours, size=size, limit=limit, stop=stop, trail=trail
        )
        self.arrive(reply)

    def cancel(self, account, order):
        ours, theirs, _ = self.ids(order)
        members = {"accountId": ACCOUNTS[account].id, "orderId": theirs}
        reply = self.oracle.ask(self.oracle._cancel, **members)
        self.compiled.cancel(account, ours)
        self.arrive(reply)

    def close(self, account, contract, size):
        account_id, row = ACCOUNTS[account].id, CONTRACTS[contract]
        members = {"accountId": account_id, "contractId": row.id}
        if size is not None:
            members["size"] = size
        reply = self.oracle.ask(self.oracle._close, **members)
        ours = self.compiled.close(account, contract, size)
        theirs = self.oracle.exchange.accounts[account_id].orders
        self.made.append((ours, theirs[-1].id if reply[0] == 0 else None))
        if reply[0] == 0:
            self.known[ours] = theirs[-1].id
        self.arrive(reply)

    def wire(self, account, row, limit, stop, trail):
        prices = {"limitPrice": limit, "stopPrice": stop, "trailPrice": trail}
        for name, ticks in prices.items():
            prices[name] = None if ticks is None else float(ticks * row.tick_size)
        return {"accountId": ACCOUNTS[account].id, **prices}

    def ids(self, number: int):
        """An order in both, or one of its legs; and its contract."""
        ours, theirs = (
            self.made[number // 2] if number // 2 < len(self.made) else (0, 0)
        )
        nth = number % 2
        if ours + nth in self.known:
            ours, theirs = ours + nth, self.known[ours + nth]
        row = next((o for o in self.oracle.all_orders() if o.id == theirs), None)
        contract = 0 if row is None else CONTRACTS.index(row.contract)
        return ours, theirs or 1, contract

    def arrive(self, reply) -> None:
        """Let a request arrive, and compare the answers."""
        self.now_ns += 10
        self.compiled.advance(self.now_ns)
        code, text, _ = reply
        self.events = self.compiled.take_events()
        refused = [row for row in self.events if row["kind"] in REFUSALS]
        ours = int(refused[0]["code"]) if refused else 0
        if ours != code:
            self.wrong.append(f"code {code} {text!r}, was {ours}")
        elif code:
            reason = Reason(int(refused[0]["reason"]))
            start, end = TEXTS.get(reason), ENDINGS.get(reason, "")
            fits = text is None if start is None else (text or "").startswith(start)
            if not (fits and (text or "").endswith(end)):
                self.wrong.append(f"text {text!r}, was {reason!r}")
        self.book(self.events)

    # ------------------------------------------------------------ comparing

    def compare(self) -> None:
        self.book(self.compiled.take_events())
        for number, account in enumerate(ACCOUNTS):
            theirs = self.oracle.exchange.accounts[account.id]
            self.compare_orders(number, account.id)
            slack = 0
            for contract, row in enumerate(CONTRACTS):
                held = theirs.positions.get(row.id)
                ours = self.compiled.position(number, contract)
                size = held.size if held else 0
                if size == 0:
                    self.closings[number][contract] = 0
                slack += self.closings[number][contract]
                if ours.size != size:
                    self.wrong.append(f"position {size}, was {ours.size}")
                elif held:
                    cost = Fraction(held.average / row.tick_size) * abs(size)
                    cost *= ours.tick_value_micros
                    if (
                        abs(cost - ours.cost_micros)
                        > 1 + self.closings[number][contract]
                    ):
                        self.wrong.append(f"cost {cost}, was {ours.cost_micros}")
            away = abs(round(micros(theirs.balance), 6) - self.compiled.balance(number))
            if away > slack:
                self.wrong.append(
                    f"balance {theirs.balance}, was {self.compiled.balance(number)}"
                )
            self.compare_ends(number, theirs)

    def compare_ends(self, number, theirs) -> None:
        """The same trades in the same order: price, size, side, fees."""
        rows = theirs.trades[self.trades[theirs.id] :]
        self.trades[theirs.id] = len(theirs.trades)
        ours = [row for row in self.booked if row["account"] == number]
        expected = [
            (
                int(row.price / row.contract.tick_size),
                row.size,
                1 if row.side == 0 else -1,
                int(row.fees * MICRO),
                row.profit is None,
                row.order_id,
            )
            for row in rows
        ]
        found = [
            (
                int(row["price_ticks"]),
                int(row["size"]),
                int(row["side"]),
                int(row["fees_micros"]),
                bool(row["flags"] & 2),
                self.known.get(int(row["order_id"])),
            )
            for row in ours
        ]
        if expected != found:
            self.wrong.append(f"trades {expected}, were {found}")
        if number == len(ACCOUNTS) - 1:
            self.booked = []

    def book(self, events) -> None:
        for row in events[events["kind"] == What.TRADE]:
            self.booked = [*self.booked, row]
            if not row["flags"] & 2:
                self.closings[row["account"]][row["contract"]] += 1

    def compare_orders(self, number: int, account_id: int) -> None:
        theirs = [theirs_as_row(order) for order in self.oracle.working(account_id)]
        live = sorted(self.compiled.orders(number), key=lambda row: row.id)
        ours = [self.ours_as_row(row) for row in live]
        if theirs != ours:
            self.wrong.append(f"orders {theirs}, were {ours}")

    def ours_as_row(self, row):
        asleep = row.status == 8
        is_limit = row.kind in (
            Kind.LIMIT,
            Kind.STOP_LIMIT,
            Kind.JOIN_BID,
            Kind.JOIN_ASK,
        )
        return (
            self.known.get(row.id),
            int(row.kind),
            int(row.side),
            int(row.status),
            row.size,
            row.limit if is_limit and not asleep else None,
            row.stop if not is_limit and not asleep else None,
            abs(row.trail_ticks) if row.trail_ticks is not None else None,
            self.known.get(row.parent_id or 0),
        )


def theirs_as_row(order):
    tick = order.contract.tick_size
    asleep = order.status == 8
    limit, stop = order.limit_price, order.stop_price
    is_limit = order.kind in (Kind.LIMIT, Kind.STOP_LIMIT, Kind.JOIN_BID, Kind.JOIN_ASK)
    return (
        order.id,
        int(order.kind),
        order.side,
        int(order.status),
        order.size,
        None if limit is None or asleep or not is_limit else int(limit / tick),
        None if stop is None or asleep or is_limit else int(stop / tick),
        None if order.trail_ticks is None else abs(order.trail_ticks),
        order.parent_id,
    )


def leg(given):
    return None if given is None else {"ticks": given[0], "type": given[1]}


def differences(seed: int, steps: int = 60, compiled=None, oracle=None) -> list[str]:
    """What differs in one stream; every fourth moves by single ticks alone."""
    pair = Pair(compiled or exchange(), oracle or Oracle())
    return pair.run(Stream(seed, steps, jumps=seed % 4 != 0))
