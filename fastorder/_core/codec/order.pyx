"""OrderRequest: an order, checked when it is made, its price already text."""

cimport cython
from cpython.object cimport PyObject_Call

from fastorder._core.codec.field_checks cimport (
    LARGEST_INT32, check_key, check_seconds, check_symbol, check_tag_text, plain_text,
    whole)
from fastorder._core.codec.price cimport price_bytes
from fastorder._core.codec.public_name cimport show_as

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
cdef object SELL = Side.SELL
cdef object TRAILING_STOP = OrderType.TRAILING_STOP

cdef enum:
    LIMIT_PRICE = 1
    STOP_PRICE = 2
    TRAIL_PRICE = 4

# What kinds of order have prices, by their names for people, and which.
cdef dict PRICED = {
    OrderType.LIMIT: ("a limit order", LIMIT_PRICE),
    OrderType.STOP: ("a stop order", STOP_PRICE),
    OrderType.STOP_LIMIT: ("a stop-limit order", STOP_PRICE | LIMIT_PRICE),
    OrderType.TRAILING_STOP: ("a trailing stop", TRAIL_PRICE),
}


@cython.freelist(8)
@cython.no_gc       # text, numbers, and members of enums
cdef class OrderRequest:
    """An order as it is asked for; it never changes. Its arguments are attributes too.

    Args:
        symbol: one that has a contract id.
        side: a Side, or "BUY" or "SELL".
        quantity: contracts, 1 to ``2**31 - 1``; an executor places no more than its
            ``max_quantity``, which is 100 where nothing else was given.
        account_id: the gateway's number of the account, 1 to ``2**31 - 1``.
        order_type: an OrderType, or its name.
        limit_price: of a limit and a stop-limit order: this price or a better one. Any
            price may be zero or below, as crude oil's can be. Where its contract has no
            such prices, the executor refuses the order when it is placed.
        stop_price: of a stop and a stop-limit order: it leaves once this price trades.
        trail_price: of a trailing stop, and no other: where the stop starts, an
            absolute price on the tick. The gateway takes its distance to the last
            price and keeps that; more than 1,000 ticks are rejected. Source: the
            gateway's documentation.
        stop_loss_ticks, take_profit_ticks: distances from the fill price in ticks,
            positive, at least 4, each on its own or both; the wire's signs follow from
            the side.
        trailing_stop_loss: the stop loss follows the price.
        custom_tag: 1 to 40 of ``[A-Za-z0-9._-]``, unique in the account for ever; a
            new one is made where it is not given.
        idempotency_key: 1 to 200 characters, the caller's own name of this order, such
            as "signal-42": the same key is the same order, and a repeat, now or after a
            restart, gets the first one's outcome.
        valid_for: seconds from the call in which bytes may leave; past them the order
            is only looked up, never sent. None for no end.
        despite: a DespiteUnknown, to trade on although an order of this account and
            contract is in doubt.

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
        if self.symbol is not None:
            raise TypeError(
                "an OrderRequest must stay as it is, replace() makes another")
        self.take_order(symbol, side, quantity, account_id, order_type)
        self.take_prices(limit_price, stop_price, trail_price)
        self.take_bracket(stop_loss_ticks, take_profit_ticks, trailing_stop_loss)
        self.take_terms(custom_tag, idempotency_key, valid_for, despite)
        self.symbol = plain_text(symbol)

    cdef int take_order(
        self, object symbol, object side, object quantity, object account_id,
        object order_type
    ) except -1:
        """What every order has; its symbol is kept last, once all of it is checked."""
        try:
            check_symbol(symbol)
            self.side = member("side", side, Side, SIDES)
        except (InvalidField, WrongFieldType) as error:
            raise swapped(error, symbol, side, quantity)
        self.sells = self.side is SELL
        self.quantity = whole("quantity", quantity, 1, LARGEST_INT32)
        self.account_id = whole("account_id", account_id, 1, LARGEST_INT32)
        self.order_type = member("order_type", order_type, OrderType, ORDER_TYPES)
        self.kind = self.order_type
        return 0

    cdef int take_prices(
        self, object limit_price, object stop_price, object trail_price
    ) except -1:
        """The prices that this kind of order has, and no others."""
        self.limit_price = limit_price
        self.stop_price = stop_price
        self.trail_price = trail_price
        priced = PRICED.get(self.order_type)
        cdef int wanted = 0 if priced is None else (<tuple>priced)[1]
        self.limit_text = price_of(
            self, "limit_price", limit_price, wanted, LIMIT_PRICE)
        self.stop_text = price_of(
            self, "stop_price", stop_price, wanted, STOP_PRICE)
        self.trail_text = price_of(
            self, "trail_price", trail_price, wanted, TRAIL_PRICE)
        return 0

    cdef int take_bracket(
        self, object stop_loss_ticks, object take_profit_ticks,
        object trailing_stop_loss
    ) except -1:
        """The legs, each of which it may have."""
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
        return 0

    cdef int take_terms(
        self, object custom_tag, object idempotency_key, object valid_for,
        object despite
    ) except -1:
        """What most orders do not have."""
        if custom_tag is not None:
            check_tag_text(custom_tag)
            custom_tag = plain_text(custom_tag)
        if idempotency_key is not None:
            check_key(idempotency_key)
            idempotency_key = plain_text(idempotency_key)
            if custom_tag is not None:
                raise InvalidField(
                    "idempotency_key", "must not come with a custom_tag, it gives one",
                    idempotency_key)
        if valid_for is not None:
            check_seconds("valid_for", valid_for)
        if despite is not None:
            check_despite(despite)
        self.custom_tag = custom_tag
        self.idempotency_key = idempotency_key
        self.valid_for = valid_for
        self.despite = despite
        return 0

    cdef tuple values(self):
        return tuple([getattr(self, name) for name in FIELDS])

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
show_as(
    OrderRequest, "fastorder.OrderRequest",
    b"(symbol, side, quantity, account_id, order_type='market', limit_price=None, "
    b"stop_price=None, trail_price=None, stop_loss_ticks=None, take_profit_ticks=None, "
    b"trailing_stop_loss=False, custom_tag=None, idempotency_key=None, valid_for=None, "
    b"despite=None)")
class_with_named_errors(OrderRequest, FIELDS, 4)


# What a verb takes by name alone; fastorder.verbs.options has their types.
OPTIONS = FIELDS[10:]


cpdef OrderRequest priced_order(
    object symbol, object side, object quantity, object account_id, object order_type,
    object limit_price=None, object stop_price=None, object trail_price=None
):
    """The first half of an OrderRequest, without matching arguments with names.

    Nobody but ``complete`` may see it as it is.
    """
    cdef OrderRequest order = OrderRequest.__new__(OrderRequest)
    order.take_order(symbol, side, quantity, account_id, order_type)
    order.take_prices(limit_price, stop_price, trail_price)
    order.symbol = plain_text(symbol)
    return order


cpdef int complete(
    OrderRequest order, object stop_loss_ticks, object take_profit_ticks, dict options
) except -1:
    """The second half: the legs, and what most orders do not have.

    Args:
        options: the rest of an OrderRequest's arguments, by name.

    Raises:
        TypeError: there is no such option.
    """
    if not options:
        order.take_bracket(stop_loss_ticks, take_profit_ticks, False)
    else:
        for name in options:
            if name not in OPTIONS:
                raise TypeError(f"got an unexpected keyword argument {name!r}")
        order.take_bracket(
            stop_loss_ticks, take_profit_ticks,
            options.get("trailing_stop_loss", False))
        order.take_terms(
            options.get("custom_tag"), options.get("idempotency_key"),
            options.get("valid_for"), options.get("despite"))
    return 0


cdef bytes price_of(
    OrderRequest order, str field, object price, int wanted, int which
):
    """The text of a price; None where this kind of order has no such price."""
    if not wanted & which:
        if price is not None:
            kinds = [what for what, prices in PRICED.values() if prices & which]
            raise InvalidField(
                field, f"must be given for {' or '.join(kinds)} only", price)
        return None
    if price is None:
        raise InvalidField(
            field, f"must be given for {PRICED[order.order_type][0]}", price)
    return price_bytes(field, price)


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
    raise InvalidField(field, f"must be one of {names_of(kind)}", value)


def side_from(value):
    """A Side, by itself or by its name in any letter case."""
    return member("side", value, Side, SIDES)


cdef object swapped(object error, object symbol, object side, object quantity):
    """An error, with the order of the arguments where two of them are swapped."""
    if is_side(symbol):
        error.hint = "the symbol comes first, then the side: are the two swapped?"
    elif is_side(quantity):
        error.hint = "the side comes before the quantity: are the two swapped?"
    else:
        return error
    error.args = (error.field, error.rule, error.value, error.hint)
    return error


cdef bint is_side(object value) except -1:
    if isinstance(value, str):
        return plain_text(value).upper() in SIDES
    return type(value) is Side


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
    loss = document.get("stopLossBracket") or {}
    profit = document.get("takeProfitBracket") or {}
    return OrderRequest(
        document["contractId"],
        Side(document["side"]),
        document["size"],
        document["accountId"],
        OrderType(document["type"]),
        document.get("limitPrice"),
        document.get("stopPrice"),
        document.get("trailPrice"),
        abs(loss["ticks"]) if loss else None,
        abs(profit["ticks"]) if profit else None,
        loss.get("type") == TRAILING_STOP,
        document["customTag"],
    )
