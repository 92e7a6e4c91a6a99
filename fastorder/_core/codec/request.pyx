# cython: boundscheck=False, wraparound=False, cdivision=True
"""Orders to bytes: every field checked, then written straight into the JSON text."""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from fastorder._core.codec.field_checks cimport LARGEST_INT32, whole
from fastorder._core.codec.order cimport OrderRequest
from fastorder._core.codec.price cimport TickGrid, above_zero, price_bytes

from decimal import Decimal

from fastorder._base.hints import NEGATIVE_HINT
from fastorder.errors import InvalidField

cdef enum:
    LIMIT = 1
    STOP = 4
    TRAILING_STOP = 5
    STACK_ROOM = 768


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


cdef inline int reserve(Writer* out, size_t more) except -1:
    """Make room for more bytes."""
    return 0 if out.size + more <= out.room else grow(out, more)


cdef int grow(Writer* out, size_t more) except -1:
    cdef size_t room = 2 * (out.size + more)
    cdef char* grown = <char*>malloc(room)
    if grown is NULL:
        raise MemoryError
    memcpy(grown, out.text, out.size)
    close_writer(out)
    out.text = grown
    out.room = room
    return 0


cdef inline int put(Writer* out, const char* text, size_t size) except -1:
    """Inline: of a size that is known where it is called, the copy is a move or two."""
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
    if 0 <= number < 10:                # as most numbers of an order
        digits[0] = <char>(c'0' + number)
        return put(out, digits, 1)
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


cdef inline bint is_special(unsigned char letter) noexcept nogil:
    return (letter < 32) | (letter == c'"') | (letter == c'\\')


cdef int put_text(Writer* out, str text) except -1:
    """A JSON string: UTF-8, with quotes, backslashes and control characters escaped."""
    cdef Py_ssize_t size = 0
    cdef const char* letters = PyUnicode_AsUTF8AndSize(text, &size)
    cdef unsigned char special = 0
    cdef Py_ssize_t i
    for i in range(size):
        special |= is_special(letters[i])
    put(out, b'"', 1)
    if special:
        put_escaped(out, letters, size)
    else:
        put(out, letters, size)
    return put(out, b'"', 1)


cdef int put_escaped(Writer* out, const char* letters, Py_ssize_t size) except -1:
    cdef const char* hexadecimal = b"0123456789abcdef"
    cdef unsigned char letter
    cdef Py_ssize_t i
    for i in range(size):
        letter = <unsigned char>letters[i]
        if letter < 32:
            put(out, b"\\u00", 4)
            put(out, hexadecimal + (letter >> 4), 1)
            put(out, hexadecimal + (letter & 15), 1)
            continue
        if is_special(letter):
            put(out, b"\\", 1)
        put(out, letters + i, 1)
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


cpdef bytes render_place(
    OrderRequest order, str contract_id, str tag, TickGrid grid,
    bint negative_prices=False
):
    """The body of Order/place, from a checked OrderRequest.

    Args:
        order: the OrderRequest.
        contract_id, tag: as they go on the wire.
        grid: the contract's ticks; None where they are not known.
        negative_prices: whether the contract has prices of zero and below.

    Raises:
        InvalidField: a price is off the grid, or one that the contract does not have.
    """
    cdef Writer out
    open_writer(&out)
    try:
        put_place(&out, order, contract_id, tag, grid, negative_prices)
        return taken(&out)
    finally:
        close_writer(&out)


cdef int put_place(
    Writer* out, OrderRequest order, str contract_id, str tag, TickGrid grid,
    bint negative
) except -1:
    put_account(out, order.account_id)
    put(out, b',"contractId":', 14)
    put_text(out, contract_id)
    put(out, b',"type":', 8)
    put_number(out, order.kind)
    put(out, b',"side":', 8)
    put_number(out, order.sells)
    put(out, b',"size":', 8)
    put_number(out, order.quantity)
    if order.limit_text is not None:
        put_price(
            out, b',"limitPrice":', "limit_price", order.limit_text, grid, negative)
    if order.stop_text is not None:
        put_price(
            out, b',"stopPrice":', "stop_price", order.stop_text, grid, negative)
    if order.trail_text is not None:
        put_price(
            out, b',"trailPrice":', "trail_price", order.trail_text, grid, negative)
    put(out, b',"customTag":', 13)
    put_text(out, tag)
    put_bracket(out, order)
    return put(out, b"}", 1)


cdef int put_price(
    Writer* out, bytes name, str field, bytes text, TickGrid grid, bint negative
) except -1:
    if not negative and not above_zero(text):
        raise InvalidField(
            field, "must be positive", Decimal(text.decode("ascii")), NEGATIVE_HINT)
    if grid is not None:
        grid.check(field, text)
    put_bytes(out, name)
    return put_bytes(out, text)


cdef int put_bracket(Writer* out, OrderRequest order) except -1:
    """The legs, as signed offsets from the fill price: a loss lies below a long."""
    cdef int sign = -1 if order.sells else 1
    cdef int kind = TRAILING_STOP if order.trailing_stop_loss else STOP
    if order.loss_ticks:
        put(out, b',"stopLossBracket":{"ticks":', 28)
        put_leg(out, -sign * order.loss_ticks, kind)
    if order.profit_ticks:
        put(out, b',"takeProfitBracket":{"ticks":', 30)
        put_leg(out, sign * order.profit_ticks, LIMIT)
    return 0


cdef int put_leg(Writer* out, int64_t ticks, int kind) except -1:
    put_number(out, ticks)
    put(out, b',"type":', 8)
    put_number(out, kind)
    return put(out, b"}", 1)


cdef int put_new_price(
    Writer* out, bytes name, str field, object price, bint negative
) except -1:
    if price is None:
        return 0
    return put_price(out, name, field, price_bytes(field, price), None, negative)


def render_modify(
    account_id, order_id, quantity=None, limit_price=None, stop_price=None,
    trail_price=None, bint negative_prices=False
):
    """The body of Order/modify: what is changed, and nothing else.

    Args:
        negative_prices: whether the order's contract may have prices of zero and below.

    Raises:
        InvalidField, WrongFieldType: a value is wrong, or none is given.
    """
    cdef Writer out
    open_writer(&out)
    given = (quantity, limit_price, stop_price, trail_price)
    if given == (None, None, None, None):
        raise InvalidField(
            "modify_order", "must be given a quantity or a price to change", None)
    put_order(&out, account_id, order_id)
    if quantity is not None:
        put(&out, b',"size":', 8)
        put_number(&out, whole("quantity", quantity, 1, LARGEST_INT32))
    put_new_price(&out, b',"limitPrice":', "limit_price", limit_price, negative_prices)
    put_new_price(&out, b',"stopPrice":', "stop_price", stop_price, negative_prices)
    put_new_price(&out, b',"trailPrice":', "trail_price", trail_price, negative_prices)
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


cpdef bytes render_search_since(object account_id, int64_t start_s):
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
