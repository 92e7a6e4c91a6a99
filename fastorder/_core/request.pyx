# cython: boundscheck=False, wraparound=False, cdivision=True
"""Orders to bytes: every field checked, then written straight into the JSON text."""

import re

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.long cimport PyLong_Check
from cpython.object cimport PyObject_GenericSetAttr
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from fastorder._core.price cimport TickGrid, price_bytes

from fastorder.errors import InvalidField, InvalidToken, WrongFieldType

cdef enum:
    LIMIT = 1
    MARKET = 2
    STOP = 4
    TRAILING_STOP = 5
    SELL = 1
    LEAST_BRACKET_TICKS = 4
    STACK_ROOM = 768

cdef long long LARGEST_INT32 = 2147483647
cdef long long LARGEST_INT64 = 9223372036854775807

cdef object tag_matches = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII).fullmatch
cdef object contract_matches = re.compile(r"[!-~]{1,128}").fullmatch
cdef object token_matches = re.compile(r"[!-~]{1,16384}").fullmatch
cdef object digits_match = re.compile(r"[0-9]{1,19}", re.ASCII).fullmatch

# ---------------------------------------------------------------- checks


cdef long long whole(str field, object value, long long least, long long most) except? -1:
    """A whole number between two bounds."""
    cdef object number = value
    if type(value) is bool or not (PyLong_Check(value) or hasattr(value, "__index__")):
        raise WrongFieldType(field, "must be a whole number", value)
    if not PyLong_Check(value):
        number = value.__index__()
    if number < least:
        raise InvalidField(field, f"must be at least {least}", value)
    if number > most:
        raise InvalidField(field, f"must be at most {most}", value)
    return number


def check_order(order, dict sides, dict types):
    """Check every field of an OrderRequest; put enums in place of their names.

    Args:
        order: the OrderRequest that is being made.
        sides, types: the enum members by their upper-case names.

    Raises:
        InvalidField, WrongFieldType.
    """
    check_symbol(order.symbol)
    member(order, "side", order.side, sides, "Side")
    whole("quantity", order.quantity, 1, LARGEST_INT32)
    whole("account_id", order.account_id, 1, LARGEST_INT32)
    member(order, "order_type", order.order_type, types, "OrderType")
    cdef int kind = order.order_type
    check_price("limit_price", order.limit_price, kind == LIMIT, "a limit order")
    check_price("stop_price", order.stop_price, kind == STOP, "a stop order")
    check_price("trail_price", order.trail_price, kind == TRAILING_STOP, "a trailing stop")
    check_leg("stop_loss_ticks", order.stop_loss_ticks)
    check_leg("take_profit_ticks", order.take_profit_ticks)
    trailing = order.trailing_stop_loss
    if type(trailing) is not bool:
        raise WrongFieldType("trailing_stop_loss", "must be True or False", trailing)
    if trailing and order.stop_loss_ticks is None:
        raise InvalidField("trailing_stop_loss", "must come with stop_loss_ticks", trailing)
    if order.custom_tag is not None:
        check_tag(order.custom_tag)


cdef int check_symbol(object symbol) except -1:
    if not isinstance(symbol, str):
        raise WrongFieldType("symbol", "must be text", symbol)
    if not contract_matches(symbol):
        raise InvalidField("symbol", "must be 1 to 128 printable ASCII characters", symbol)
    return 0


cdef int member(
    object order, str field, object value, dict members, str enum_name
) except -1:
    """Accept a member of the enum, or put the member in place of its name."""
    found = None
    if type(value) is str:
        found = members.get(value)
        if found is None:
            found = members.get(value.upper())
    elif type(value).__name__ == enum_name and value in members.values():
        return 0
    if found is not None:
        PyObject_GenericSetAttr(order, field, found)
        return 0
    names = ", ".join(members)
    if type(value) is not str:
        raise WrongFieldType(field, f"must be of {enum_name} or one of {names}", value)
    if value.upper() in ("STOP_LIMIT", "STOPLIMIT"):
        names += " (the gateway's documentation leaves stop-limit out)"
    raise InvalidField(field, f"must be one of {names}", value)


cdef int check_price(str field, object price, bint needed, str what) except -1:
    if price is None:
        if needed:
            raise InvalidField(field, f"must be given for {what}", price)
        return 0
    if not needed:
        raise InvalidField(field, f"must be given for {what} only", price)
    price_bytes(field, price)
    return 0


cdef int check_leg(str field, object ticks) except -1:
    if ticks is None:
        return 0
    cdef long long distance = whole(field, ticks, -LARGEST_INT32, LARGEST_INT32)
    if distance < 0:
        raise InvalidField(
            field,
            "must be a positive distance (its side of the entry follows from the "
            "order's side)", ticks)
    if distance < LEAST_BRACKET_TICKS:
        raise InvalidField(field, f"must be at least {LEAST_BRACKET_TICKS} ticks", ticks)
    return 0


def check_tag(tag):
    """Refuse what is no tag: it is 1 to 40 of ``[A-Za-z0-9._-]``."""
    if not isinstance(tag, str):
        raise WrongFieldType("custom_tag", "must be text", tag)
    if not tag_matches(tag):
        raise InvalidField(
            "custom_tag", "must be 1 to 40 characters of [A-Za-z0-9._-]", tag)


def order_id_from(value):
    """An order id: a number from 1 to 2**63 - 1, or its decimal text."""
    if isinstance(value, str):
        if not digits_match(value):
            raise InvalidField("order_id", "must be a number or its decimal text", value)
        value = int(value)
    return whole("order_id", value, 1, LARGEST_INT64)


def account_id_from(value):
    """An account id: a number from 1 to 2**31 - 1."""
    return whole("account_id", value, 1, LARGEST_INT32)


def contract_id_from(value):
    """A contract id as it goes on the wire; a number becomes its decimal text."""
    if isinstance(value, str):
        if not contract_matches(value):
            raise InvalidField(
                "contract_id", "must be 1 to 128 printable ASCII characters", value)
        return value
    return str(whole("contract_id", value, 0, LARGEST_INT64))


def header_token(token):
    """A token's bytes, once they are known to be safe in a header.

    Raises:
        InvalidToken: never with the token in its text.
    """
    if not isinstance(token, str):
        raise InvalidToken(f"a token must be text, was {type(token).__name__}")
    if not token_matches(token):
        raise InvalidToken(
            "a token must be 1 to 16384 printable ASCII characters without blanks, "
            f"was {len(token)} characters with others among them"
            if token else "a token must be 1 to 16384 characters, was empty")
    return token.encode("ascii")


# ---------------------------------------------------------------- the writer

cdef struct Writer:
    char stack[STACK_ROOM]      # enough for every order; longer text moves to the heap
    char* text                  # stack, or heap once grown
    size_t size
    size_t room


cdef inline void open_writer(Writer* out) noexcept nogil:
    out.text = out.stack
    out.size = 0
    out.room = STACK_ROOM


cdef inline void close_writer(Writer* out) noexcept nogil:
    if out.text != out.stack:
        free(out.text)


cdef int reserve(Writer* out, size_t more) except -1:
    """Make room for more bytes."""
    cdef size_t room
    cdef char* grown
    if out.size + more <= out.room:
        return 0
    room = 2 * (out.size + more)
    grown = <char*>malloc(room)
    if grown is NULL:
        raise MemoryError
    memcpy(grown, out.text, out.size)
    close_writer(out)
    out.text = grown
    out.room = room
    return 0


cdef int put(Writer* out, const char* text, size_t size) except -1:
    reserve(out, size)
    memcpy(out.text + out.size, text, size)
    out.size += size
    return 0


cdef int put_bytes(Writer* out, bytes text) except -1:
    return put(out, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


cdef int put_number(Writer* out, int64_t number) except -1:
    cdef char digits[20]
    cdef int i = 20
    cdef unsigned long long rest = <unsigned long long>number
    if number < 0:
        put(out, b"-", 1)
        rest = 0 - rest
    while True:
        i -= 1
        digits[i] = <char>(c'0' + rest % 10)
        rest //= 10
        if rest == 0:
            break
    return put(out, digits + i, 20 - i)


cdef int put_text(Writer* out, str text) except -1:
    """A JSON string: UTF-8, with quotes, backslashes and control characters escaped."""
    cdef Py_ssize_t size = 0
    cdef const char* letters = PyUnicode_AsUTF8AndSize(text, &size)
    cdef const char* hexadecimal = b"0123456789abcdef"
    cdef unsigned char letter
    cdef Py_ssize_t i
    reserve(out, 6 * size + 2)
    out.text[out.size] = c'"'
    out.size += 1
    for i in range(size):
        letter = <unsigned char>letters[i]
        if letter == c'"' or letter == c'\\':
            out.text[out.size] = c'\\'
            out.text[out.size + 1] = <char>letter
            out.size += 2
        elif letter < 32:
            memcpy(out.text + out.size, b"\\u00", 4)
            out.text[out.size + 4] = hexadecimal[letter >> 4]
            out.text[out.size + 5] = hexadecimal[letter & 15]
            out.size += 6
        else:
            out.text[out.size] = <char>letter
            out.size += 1
    out.text[out.size] = c'"'
    out.size += 1
    return 0


cdef bytes taken(Writer* out):
    return PyBytes_FromStringAndSize(out.text, out.size)


cdef int put_account(Writer* out, int64_t account_id) except -1:
    put(out, b'{"accountId":', 13)
    return put_number(out, account_id)


# ---------------------------------------------------------------- the requests


def json_text(str text):
    """A text as the writer puts it, quotes included."""
    cdef Writer out
    open_writer(&out)
    try:
        put_text(&out, text)
        return taken(&out)
    finally:
        close_writer(&out)


def render_place(order, str contract_id, str tag, TickGrid grid):
    """The body of Order/place, from a checked OrderRequest.

    Args:
        order: the OrderRequest.
        contract_id, tag: as they go on the wire.
        grid: the contract's ticks; None where they are not known.

    Raises:
        InvalidField: a price is off the grid.
    """
    cdef Writer out
    open_writer(&out)
    try:
        put_place(&out, order, contract_id, tag, grid)
        return taken(&out)
    finally:
        close_writer(&out)


cdef int put_place(
    Writer* out, object order, str contract_id, str tag, TickGrid grid
) except -1:
    cdef int kind = order.order_type
    put_account(out, order.account_id)
    put(out, b',"contractId":', 14)
    put_text(out, contract_id)
    put(out, b',"type":', 8)
    put_number(out, kind)
    put(out, b',"side":', 8)
    put_number(out, order.side)
    put(out, b',"size":', 8)
    put_number(out, order.quantity)
    if kind == LIMIT:
        put_price(out, b',"limitPrice":', "limit_price", order.limit_price, grid)
    elif kind == STOP:
        put_price(out, b',"stopPrice":', "stop_price", order.stop_price, grid)
    elif kind == TRAILING_STOP:
        put_price(out, b',"trailPrice":', "trail_price", order.trail_price, grid)
    put(out, b',"customTag":', 13)
    put_text(out, tag)
    put_bracket(out, order)
    return put(out, b"}", 1)


cdef int put_price(
    Writer* out, bytes name, str field, object price, TickGrid grid
) except -1:
    cdef bytes text = price_bytes(field, price)
    if grid is not None:
        grid.check(field, text)
    put_bytes(out, name)
    return put_bytes(out, text)


cdef int put_bracket(Writer* out, object order) except -1:
    """The legs, as signed offsets from the fill price: a loss lies below a long."""
    cdef object loss = order.stop_loss_ticks
    cdef object profit = order.take_profit_ticks
    cdef int64_t sign
    cdef int loss_type
    if loss is None and profit is None:
        return 0
    sign = -1 if order.side == SELL else 1
    if loss is not None:
        loss_type = TRAILING_STOP if order.trailing_stop_loss else STOP
        put_leg(out, b',"stopLossBracket":{"ticks":', -sign * <int64_t>loss, loss_type)
    if profit is not None:
        put_leg(out, b',"takeProfitBracket":{"ticks":', sign * <int64_t>profit, LIMIT)
    return 0


cdef int put_leg(Writer* out, bytes name, int64_t ticks, int kind) except -1:
    put_bytes(out, name)
    put_number(out, ticks)
    put(out, b',"type":', 8)
    put_number(out, kind)
    return put(out, b"}", 1)


def render_modify(
    account_id, order_id, quantity=None, limit_price=None, stop_price=None,
    trail_price=None
):
    """The body of Order/modify: what is changed, and nothing else.

    Raises:
        InvalidField, WrongFieldType: a value is wrong, or none is given.
    """
    cdef Writer out
    open_writer(&out)
    if quantity is None and limit_price is None and stop_price is None and trail_price is None:
        raise InvalidField(
            "modify_order", "must be given a quantity or a price to change", None)
    put_order(&out, account_id, order_id)
    if quantity is not None:
        put(&out, b',"size":', 8)
        put_number(&out, whole("quantity", quantity, 1, LARGEST_INT32))
    if limit_price is not None:
        put_price(&out, b',"limitPrice":', "limit_price", limit_price, None)
    if stop_price is not None:
        put_price(&out, b',"stopPrice":', "stop_price", stop_price, None)
    if trail_price is not None:
        put_price(&out, b',"trailPrice":', "trail_price", trail_price, None)
    put(&out, b"}", 1)
    return taken(&out)


def render_cancel(account_id, order_id):
    """The body of Order/cancel."""
    return render_order_by_id(account_id, order_id)


def render_order_by_id(account_id, order_id):
    """The body of Order/searchById."""
    cdef Writer out
    open_writer(&out)
    put_order(&out, account_id, order_id)
    put(&out, b"}", 1)
    return taken(&out)


cdef int put_order(Writer* out, object account_id, object order_id) except -1:
    put_account(out, account_id)
    put(out, b',"orderId":', 11)
    return put_number(out, order_id)


def render_order_search(account_id, int64_t start_s):
    """The body of Order/search, from a time in seconds since the epoch (UTC)."""
    cdef Writer out
    open_writer(&out)
    put_account(&out, account_id)
    put(&out, b',"startTimestamp":"', 19)
    put_time(&out, start_s)
    put(&out, b'"}', 2)
    return taken(&out)


cdef int put_time(Writer* out, int64_t seconds) except -1:
    """``2026-08-16T00:00:00Z``, from seconds since 1970, years 1970 to 9999.

    Days to a date by the era of 400 years that begins in March: H. Hinnant,
    "chrono-Compatible Low-Level Date Algorithms".
    """
    if not 0 <= seconds < 253402300800:
        raise InvalidField("time", "must be in the years 1970 to 9999", seconds)
    cdef int64_t days = seconds // 86400 + 719468
    cdef int64_t second = seconds % 86400
    cdef int64_t era = days // 146097
    cdef int64_t day_of_era = days - era * 146097
    cdef int64_t year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096
    ) // 365
    cdef int64_t day_of_year = day_of_era - (
        365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    cdef int64_t shifted = (5 * day_of_year + 2) // 153
    cdef int64_t month = shifted + 3 if shifted < 10 else shifted - 9
    put_padded(out, year_of_era + era * 400 + (1 if month <= 2 else 0), 4)
    put(out, b"-", 1)
    put_padded(out, month, 2)
    put(out, b"-", 1)
    put_padded(out, day_of_year - (153 * shifted + 2) // 5 + 1, 2)
    put(out, b"T", 1)
    put_padded(out, second // 3600, 2)
    put(out, b":", 1)
    put_padded(out, second // 60 % 60, 2)
    put(out, b":", 1)
    put_padded(out, second % 60, 2)
    return put(out, b"Z", 1)


cdef int put_padded(Writer* out, int64_t number, int width) except -1:
    cdef char digits[8]
    cdef int i
    for i in range(width - 1, -1, -1):
        digits[i] = <char>(c'0' + number % 10)
        number //= 10
    return put(out, digits, width)
