"""OrderRequest: an order, checked when it is made, its price already text."""

cimport cython
from cpython.object cimport PyObject_Call

from fastorder._core.codec.field_checks cimport (
    LARGEST_INT32, check_key, check_seconds, check_symbol, check_tag_text, plain_text,
    whole)
from fastorder._core.codec.price cimport price_bytes

from fastorder._core.codec.argument_errors import class_with_named_errors
from fastorder.enums import OrderType, Side
from fastorder.errors import InvalidField, WrongFieldType


cdef enum:
    LEAST_BRACKET_TICKS = 4

cdef dict by_name(kind):
    """An enum's members by their names, in upper case and in lower."""
    upper = {member.name: member for member in kind}
    return upper | {name.lower(): member for name, member in upper.items()}


cdef dict SIDES = by_name(Side)
cdef dict ORDER_TYPES = by_name(OrderType)
cdef object LIMIT = OrderType.LIMIT
cdef object STOP = OrderType.STOP
cdef object TRAILING_STOP = OrderType.TRAILING_STOP
cdef object SELL = Side.SELL


@cython.freelist(8)
@cython.no_gc       # text, numbers, and members of enums
cdef class OrderRequest:
    """An order as it is asked for; it never changes. Its arguments are attributes too.

    Args:
        symbol: one that has a contract id.
        side: a Side, or "BUY" or "SELL".
        quantity: contracts, 1 to ``2**31 - 1``.
        account_id: 1 to ``2**31 - 1``.
        order_type: an OrderType, or its name.
        limit_price: for a limit order, and no other.
        stop_price: for a stop order, and no other.
        trail_price: for a trailing stop, and no other; where it starts.
        stop_loss_ticks, take_profit_ticks: distances from the fill price, positive,
            at least 4 ticks; the wire's signs follow from the side.
        trailing_stop_loss: the stop loss follows the price.
        idempotency_key: 1 to 200 characters; the same key is the same order, now and
            after a restart.
        valid_for: seconds from the call in which bytes may leave; None for no end.
        despite: a DespiteUnknown, to trade on although an order is in doubt.
        custom_tag: 1 to 40 of ``[A-Za-z0-9._-]``, unique in the account for ever.

    Raises:
        InvalidField (a ValueError), WrongFieldType (a TypeError): with the field, the
            rule and the value.
    """

    def __init__(
        self, symbol, side, quantity, account_id, order_type=OrderType.MARKET,
        limit_price=None, stop_price=None, trail_price=None, stop_loss_ticks=None,
        take_profit_ticks=None, trailing_stop_loss=False, custom_tag=None,
        idempotency_key=None, valid_for=None, despite=None
    ):
        self.take(
            symbol, side, quantity, account_id, order_type, limit_price, stop_price,
            trail_price, stop_loss_ticks, take_profit_ticks, trailing_stop_loss,
            custom_tag, idempotency_key, valid_for, despite)

    cdef int take(
        self, object symbol, object side, object quantity, object account_id,
        object order_type, object limit_price, object stop_price, object trail_price,
        object stop_loss_ticks, object take_profit_ticks, object trailing_stop_loss,
        object custom_tag, object idempotency_key, object valid_for, object despite
    ) except -1:
        """Check the arguments, and keep them."""
        check_symbol(symbol)
        self.symbol = plain_text(symbol)
        self.side = member("side", side, Side, SIDES)
        self.sells = self.side is SELL
        self.quantity = whole("quantity", quantity, 1, LARGEST_INT32)
        self.account_id = whole("account_id", account_id, 1, LARGEST_INT32)
        self.order_type = member("order_type", order_type, OrderType, ORDER_TYPES)
        self.kind = self.order_type
        self.limit_price = limit_price
        self.stop_price = stop_price
        self.trail_price = trail_price
        self.take_price("limit_price", limit_price, LIMIT, "a limit order")
        self.take_price("stop_price", stop_price, STOP, "a stop order")
        self.take_price("trail_price", trail_price, TRAILING_STOP, "a trailing stop")
        self.stop_loss_ticks = stop_loss_ticks
        self.take_profit_ticks = take_profit_ticks
        self.loss_ticks = leg("stop_loss_ticks", stop_loss_ticks)
        self.profit_ticks = leg("take_profit_ticks", take_profit_ticks)
        if type(trailing_stop_loss) is not bool:
            raise WrongFieldType(
                "trailing_stop_loss", "must be True or False", trailing_stop_loss)
        if trailing_stop_loss and stop_loss_ticks is None:
            raise InvalidField(
                "trailing_stop_loss", "must come with stop_loss_ticks", True)
        self.trailing_stop_loss = trailing_stop_loss
        if custom_tag is not None:
            check_tag_text(custom_tag)
            custom_tag = plain_text(custom_tag)
        self.custom_tag = custom_tag
        if idempotency_key is not None or valid_for is not None or despite is not None:
            self.take_terms(idempotency_key, valid_for, despite)
        return 0

    cdef int take_price(
        self, str field, object price, object wanted, str what
    ) except -1:
        """Keep the text of the price that this kind of order has."""
        if self.order_type is not wanted:
            if price is not None:
                raise InvalidField(field, f"must be given for {what} only", price)
        elif price is None:
            raise InvalidField(field, f"must be given for {what}", price)
        else:
            self.price = price_bytes(field, price)
        return 0

    cdef int take_terms(
        self, object idempotency_key, object valid_for, object despite
    ) except -1:
        """What most orders do not have."""
        if idempotency_key is not None:
            check_key(idempotency_key)
            idempotency_key = plain_text(idempotency_key)
            if self.custom_tag is not None:
                raise InvalidField(
                    "idempotency_key", "must not come with a custom_tag, it gives one",
                    idempotency_key)
        if valid_for is not None:
            check_seconds("valid_for", valid_for)
        if despite is not None:
            check_despite(despite)
        self.idempotency_key = idempotency_key
        self.valid_for = valid_for
        self.despite = despite
        return 0

    cdef tuple values(self):
        return (
            self.symbol, self.side, self.quantity, self.account_id, self.order_type,
            self.limit_price, self.stop_price, self.trail_price,
            self.stop_loss_ticks, self.take_profit_ticks, self.trailing_stop_loss,
            self.custom_tag, self.idempotency_key, self.valid_for, self.despite,
        )

    def replace(self, **changes):
        """A new order with some fields changed."""
        fields = {**dict(zip(FIELDS, self.values())), **changes}
        return PyObject_Call(OrderRequest, (), fields)      # so that it is worded

    def __eq__(self, other):
        if not isinstance(other, OrderRequest):
            return NotImplemented
        return self.values() == (<OrderRequest>other).values()

    def __hash__(self):
        return hash(self.values())

    def __reduce__(self):
        return OrderRequest, self.values()

    def __repr__(self):
        given = zip(FIELDS, self.values())
        shown = ", ".join(f"{name}={value!r}" for name, value in given
                          if value is not None and value is not False)
        return f"OrderRequest({shown})"


FIELDS = (
    "symbol", "side", "quantity", "account_id", "order_type", "limit_price",
    "stop_price", "trail_price", "stop_loss_ticks", "take_profit_ticks",
    "trailing_stop_loss", "custom_tag", "idempotency_key", "valid_for", "despite",
)
class_with_named_errors(OrderRequest, FIELDS, 4)


cpdef OrderRequest order_of(
    symbol, side, quantity, account_id, order_type, limit_price, stop_price,
    trail_price, stop_loss_ticks, take_profit_ticks, trailing_stop_loss, custom_tag,
    idempotency_key, valid_for, despite
):
    """An OrderRequest, without the time it takes to match arguments with names."""
    cdef OrderRequest order = OrderRequest.__new__(OrderRequest)
    order.take(
        symbol, side, quantity, account_id, order_type, limit_price, stop_price,
        trail_price, stop_loss_ticks, take_profit_ticks, trailing_stop_loss,
        custom_tag, idempotency_key, valid_for, despite)
    return order


cdef object member(str field, object value, object kind, dict members):
    """A member of the enum, by itself or by its name."""
    if type(value) is kind:
        return value
    if type(value) is str:
        found = members.get(value)
        if found is not None:
            return found
    return member_by_text(field, value, kind, members)


cdef str names_of(object kind):
    return ", ".join([member.name for member in kind])


cdef object member_by_text(str field, object value, object kind, dict members):
    """The same by a name in mixed letter case, and by text that is no plain str."""
    if not isinstance(value, str):
        raise WrongFieldType(
            field, f"must be of {kind.__name__} or one of {names_of(kind)}", value)
    name = plain_text(value).upper()
    if name in members and value.isascii():     # others have ASCII in upper case too
        return members[name]
    names = names_of(kind)
    if name.replace("_", "") == "STOPLIMIT":
        names += " (the gateway's documentation leaves stop-limit out)"
    raise InvalidField(field, f"must be one of {names}", value)


def side_from(value):
    """A Side, by itself or by its name in any letter case."""
    return member("side", value, Side, SIDES)


cdef int leg(str field, object ticks) except -1:
    """A bracket leg's distance in ticks; 0 where there is no leg."""
    if ticks is None:
        return 0
    cdef long long distance = whole(field, ticks, -LARGEST_INT32, LARGEST_INT32)
    if distance < 0:
        raise InvalidField(
            field,
            "must be a positive distance (its side of the entry follows from the "
            "order's side)", ticks)
    if distance < LEAST_BRACKET_TICKS:
        raise InvalidField(
            field, f"must be at least {LEAST_BRACKET_TICKS} ticks", ticks)
    return <int>distance


cdef int check_despite(object despite) except -1:
    # whoever made one has loaded it
    from fastorder._base.interlock_override import DespiteUnknown

    if not isinstance(despite, DespiteUnknown):
        raise WrongFieldType("despite", "must be a DespiteUnknown", despite)
    return 0


def order_from_body(bytes body):
    """The order that was rendered into this body of Order/place."""
    from orjson import loads  # loaded with the executor

    document = loads(body)
    loss, profit = document.get("stopLossBracket"), document.get("takeProfitBracket")
    return OrderRequest(
        document["contractId"],
        Side(document["side"]),
        document["size"],
        document["accountId"],
        OrderType(document["type"]),
        document.get("limitPrice"),
        document.get("stopPrice"),
        document.get("trailPrice"),
        None if loss is None else abs(loss["ticks"]),
        None if profit is None else abs(profit["ticks"]),
        loss is not None and loss["type"] == TRAILING_STOP,
        document["customTag"],
    )
