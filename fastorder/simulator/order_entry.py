"""Order/place, modify and cancel: the gateway's checks, codes and texts."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from fastorder.simulator.book import Account, Kind, Order, Status
from fastorder.simulator.exchange import BUY, SELL
from fastorder.simulator.personality import Personality
from fastorder.simulator.wire import Answer, envelope

if TYPE_CHECKING:
    from fastorder.simulator.clock import Clock
    from fastorder.simulator.contracts import Contract
    from fastorder.simulator.exchange import Exchange

LEAST_TICKS = 4
MOST_TRAIL_TICKS = 1000
REJECTED = 2
CLOSED = (
    "Trading is currently unavailable. "
    "The instrument is not in an active trading status."
)
_LOSS_KINDS = (Kind.STOP, Kind.TRAILING_STOP)
_PROFIT_KINDS = (Kind.LIMIT,)
_LIMITS = (Kind.LIMIT, Kind.STOP_LIMIT, Kind.JOIN_BID, Kind.JOIN_ASK)
_STOPS = (Kind.STOP, Kind.STOP_LIMIT)


class Refusal(Exception):
    """A rule that a request breaks: the code and the text."""

    def __init__(self, code: int, message: str | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class TagRefusal(Refusal):
    """A tag that cannot be taken: no order is kept.

    Attributes:
        order_id: of the order that has the tag, where it is told.
    """

    def __init__(self, message: str, order_id: int | None = None) -> None:
        super().__init__(REJECTED, message)
        self.order_id = order_id


class OrderEntry:
    """Takes orders in for the exchange.

    Attributes:
        kinds: the order types that it takes; a test may add STOP_LIMIT.
        closed_code: what refuses an order while the market is closed: 2 is what was
            seen, 5 what is documented.
        personality: how it takes tags.
    """

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self.kinds = {*Kind} - {Kind.STOP_LIMIT}
        self.closed_code = REJECTED
        self.personality = Personality()
        self._exchange = exchange
        self._clock = clock

    # ------------------------------------------------------------ place

    def place(
        self, account: Account, contract: Contract, fields: dict[str, Any]
    ) -> Answer:
        """Book an order, or keep it as a rejected one."""
        order = self._order(account, contract, fields)
        try:
            self._check_tag(account, order)
            self._check_kind(order, fields)
            if not account.can_trade:
                raise Refusal(4)
            if not self._exchange.is_open:
                raise Refusal(
                    self.closed_code, CLOSED if self.closed_code == 2 else None
                )
            self._check_prices(order, fields)
            legs = self._legs(account, order, fields)
        except Refusal as refusal:
            if isinstance(refusal, TagRefusal):
                return envelope(refusal.code, refusal.message, orderId=refusal.order_id)
            self._exchange.reject(account, order)
            if not self.personality.burns_tags:
                account.tags.pop(order.custom_tag or "", None)
            return envelope(refusal.code, refusal.message, orderId=order.id)
        self._exchange.book(account, order, legs)
        return envelope(orderId=order.id)

    def _order(
        self, account: Account, contract: Contract, fields: dict[str, Any]
    ) -> Order:
        now_s = self._clock.now_s()
        kinds = {int(kind): kind for kind in Kind}
        return Order(
            id=self._exchange.next_order_id(),
            account_id=account.id,
            contract=contract,
            contract_id=fields["contractId"],
            kind=kinds.get(fields["type"], Kind.MARKET),
            side=fields["side"],
            size=fields["size"],
            created_s=now_s,
            updated_s=now_s,
            custom_tag=fields["customTag"],
        )

    def _check_kind(self, order: Order, fields: dict[str, Any]) -> None:
        if fields["type"] not in self.kinds:
            raise Refusal(REJECTED, "Invalid order type specified")
        if order.side not in (BUY, SELL):
            raise Refusal(REJECTED, "Invalid order side specified")
        if order.size <= 0:
            raise Refusal(REJECTED, "Invalid order size specified")

    def _check_tag(self, account: Account, order: Order) -> None:
        tag, most = order.custom_tag, self.personality.longest_tag
        if tag is None:
            return
        if most is not None and len(tag) > most:
            raise TagRefusal(f"The custom tag must have at most {most} characters.")
        holder = self._holder(account, tag)
        if holder is not None:
            shown = holder.id if self.personality.duplicate_has_order else None
            raise TagRefusal(f"The custom tag '{tag}' is already in use.", shown)

    def _holder(self, account: Account, tag: str) -> Order | None:
        """The order that a tag belongs to, as far as the check sees it by now."""
        holder = account.tags.get(tag)
        if holder is None and not self.personality.tag_case:
            lowered = {used.lower(): order for used, order in account.tags.items()}
            holder = lowered.get(tag.lower())
        if holder is None or self.personality.tag_race_s == 0:
            return holder
        age_s = self._clock.now_s() - holder.created_s
        return None if age_s < self.personality.tag_race_s else holder

    def _check_prices(self, order: Order, fields: dict[str, Any]) -> None:
        exchange, contract = self._exchange, order.contract
        if order.kind in (Kind.LIMIT, Kind.STOP_LIMIT):
            if fields["limitPrice"] is None:
                raise Refusal(REJECTED, "Invalid limit price. Limit price not set.")
            order.limit_price = aligned("limit", fields["limitPrice"], contract)
        if order.kind in _STOPS:
            if fields["stopPrice"] is None:
                raise Refusal(REJECTED, "Invalid stop price")
            order.stop_price = aligned("stop", fields["stopPrice"], contract)
            self._check_stop_side(order, order.stop_price)
        elif order.kind is Kind.TRAILING_STOP:
            self._set_trail(order, fields["trailPrice"], MOST_TRAIL_TICKS)
        elif order.kind is Kind.JOIN_BID:
            order.limit_price = exchange.bid(contract)
        elif order.kind is Kind.JOIN_ASK:
            order.limit_price = exchange.ask(contract)

    def _check_stop_side(self, order: Order, stop: Decimal) -> None:
        last = self._exchange.last(order.contract)
        if stop <= last if order.side == BUY else stop >= last:
            raise Refusal(REJECTED, "Invalid stop price")

    def _set_trail(self, order: Order, price: float | None, most: int | None) -> None:
        """An absolute price in; its distance to the last price is kept."""
        if price is None:
            raise Refusal(REJECTED, "Trail Distance not set.")
        where = aligned("trail", price, order.contract)
        last = self._exchange.last(order.contract)
        ticks = int(abs(last - where) / order.contract.tick_size)
        if most is not None and ticks > most:
            raise Refusal(REJECTED, f"Trail Distance exceeds maximum ({most})")
        order.trail_ticks = ticks
        order.stop_price = None

    # ------------------------------------------------------------ brackets

    def _legs(
        self, account: Account, entry: Order, fields: dict[str, Any]
    ) -> list[Order]:
        loss, profit = fields["stopLossBracket"], fields["takeProfitBracket"]
        if loss is None and profit is None:
            return []
        if not account.auto_oco:
            raise Refusal(
                REJECTED,
                "Brackets cannot be used with Position Brackets. "
                "You must enable Auto OCO Brackets.",
            )
        legs = []
        way = 1 if entry.side == BUY else -1
        if loss is not None:
            check_leg("stop loss", loss, -way, entry.side, _LOSS_KINDS)
            kind = Kind.TRAILING_STOP if loss["type"] == 5 else Kind.STOP
            legs.append(self._leg(entry, kind, loss["ticks"], "-SL"))
        if profit is not None:
            check_leg("take profit", profit, way, entry.side, _PROFIT_KINDS)
            leg = self._leg(entry, Kind.LIMIT, profit["ticks"], "-TP")
            leg.linked_id = legs[0].id if legs else None
            legs.append(leg)
        return legs

    def _leg(self, entry: Order, kind: Kind, ticks: int, ending: str) -> Order:
        trails = kind is Kind.TRAILING_STOP
        return Order(
            id=self._exchange.next_order_id(),
            account_id=entry.account_id,
            contract=entry.contract,
            contract_id=entry.contract_id,
            kind=kind,
            side=SELL if entry.side == BUY else BUY,
            size=entry.size,
            created_s=entry.created_s,
            updated_s=entry.created_s,
            status=Status.SUSPENDED,
            trail_ticks=ticks if trails else None,
            custom_tag=f"{entry.custom_tag}{ending}" if entry.custom_tag else None,
            parent_id=entry.id,
            offset_ticks=ticks,
        )

    # ------------------------------------------------------------ modify, cancel

    def modify(self, account: Account, order: Order, fields: dict[str, Any]) -> Answer:
        """Change what is given and what the order's type has; the rest stays."""
        try:
            self._change(order, fields)
        except Refusal as refusal:
            return envelope(3, refusal.message)
        self._exchange.modified(account, order)
        return envelope()

    def _change(self, order: Order, fields: dict[str, Any]) -> None:
        size = fields["size"]
        if size is not None and size <= 0:
            raise Refusal(REJECTED, "Invalid order size specified")
        limit, stop = fields["limitPrice"], fields["stopPrice"]
        if order.kind in _STOPS and stop is not None:
            price = aligned("stop", stop, order.contract)
            if order.working:
                self._check_stop_side(order, price)
            order.stop_price = price
        elif order.kind is Kind.TRAILING_STOP and fields["trailPrice"] is not None:
            self._set_trail(order, fields["trailPrice"], None)
        if order.kind in _LIMITS and limit is not None:
            order.limit_price = aligned("limit", limit, order.contract)
        order.size = size or order.size


def aligned(which: str, price: float, contract: Contract) -> Decimal:
    """A price on the tick, exact.

    Raises:
        Refusal: it lies between two ticks, or the contract has none of its sign.
    """
    exact = Decimal(repr(price))
    with localcontext() as context:
        context.prec = 60
        between = exact % contract.tick_size
    if between or (exact <= 0 and not contract.negative_prices):
        raise Refusal(
            REJECTED, f"Invalid {which} price. Price is not aligned to tick size."
        )
    return exact


def check_leg(
    name: str, leg: dict[str, int], way: int, side: int, kinds: tuple[Kind, ...]
) -> None:
    """A bracket leg lies on its side of the entry, far enough, and is of a kind.

    Raises:
        Refusal: it does not.
    """
    ticks = leg["ticks"]
    if leg["type"] not in kinds:
        raise Refusal(REJECTED, "Invalid order type specified")
    if ticks * way < 0:
        sign = "less" if way < 0 else "greater"
        doing = "longing" if side == BUY else "going short"
        raise Refusal(
            REJECTED,
            f"Invalid {name} ticks ({ticks}). "
            f"Ticks should be {sign} than zero when {doing}.",
        )
    if abs(ticks) < LEAST_TICKS:
        raise Refusal(
            REJECTED,
            f"Invalid {name} ticks ({ticks}). Price should be at least 4 ticks away.",
        )
