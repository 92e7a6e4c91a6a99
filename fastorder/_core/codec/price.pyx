# cython: boundscheck=False, wraparound=False, cdivision=True
"""Exact prices: plain decimal text from any number, and whole ticks on a grid.

No price is ever computed with binary fractions: a float counts as its shortest text.
"""

from decimal import Decimal, InvalidOperation

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.float cimport PyFloat_Check
from cpython.long cimport PyLong_Check

from fastorder.errors import InvalidField, WrongFieldType

cdef enum:
    MOST_DIGITS = 18            # every such number fits 64 bits

cdef object float_text = float.__repr__
cdef object int_text = int.__repr__


cdef bytes price_bytes(str field, object price):
    """The plain decimal text of a price; whether its contract has one of its sign, its
    contract says: see ``above_zero``."""
    cdef bytes text
    if type(price) is float:
        text = (<str>float_text(price)).encode("ascii")
    elif PyLong_Check(price) and type(price) is not bool:
        text = whole_text(field, price)
    elif PyFloat_Check(price):
        text = (<str>float_text(price)).encode("ascii")
    elif isinstance(price, Decimal):
        text = decimal_text(field, price, price)
    else:
        text = index_text(field, price)
    if is_plain(text):
        return text
    return plain(field, price, text)


cdef bytes whole_text(str field, object price):
    """The digits of an int; one past 64 bits is no price, and slow to write."""
    if price.bit_length() > 64:
        raise InvalidField(field, f"must have at most {MOST_DIGITS} digits", price)
    return (<str>int_text(price)).encode("ascii")


cdef bytes decimal_text(str field, object price, object exact):
    """The digits of a Decimal; an error shows the price that it was made of."""
    if not exact.is_finite():
        raise InvalidField(field, "must be a finite number", price)
    if abs(exact.adjusted()) > MOST_DIGITS:
        raise InvalidField(field, f"must have at most {MOST_DIGITS} digits", price)
    return format(exact, "f").encode("ascii")


cdef bytes index_text(str field, object price):
    """The text of an integer that is not an int, such as NumPy's."""
    if not isinstance(price, bool) and hasattr(price, "__index__"):
        try:
            return whole_text(field, price.__index__())
        except TypeError:       # an array has it too
            pass
    raise WrongFieldType(field, "must be an int, a float or a Decimal", price)


cdef bint is_plain(bytes text) noexcept:
    """Digits with at most one point between them, not many; no minus before zeros."""
    cdef const char* letters = PyBytes_AS_STRING(text)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(text)
    cdef Py_ssize_t i
    cdef int digits = 0
    cdef int points = 0
    cdef Py_ssize_t start = 1 if size and letters[0] == c'-' else 0
    for i in range(start, size):
        if c'0' <= letters[i] <= c'9':
            digits += 1
        elif letters[i] == c'.' and start < i < size - 1:
            points += 1
        else:
            return False
    if start and not has_value(letters, size):
        return False
    return 0 < digits <= MOST_DIGITS and points <= 1


cdef bint has_value(const char* letters, Py_ssize_t size) noexcept:
    """Whether a digit is not zero."""
    cdef Py_ssize_t i
    for i in range(size):
        if c'1' <= letters[i] <= c'9':
            return True
    return False


cdef bint above_zero(bytes text) noexcept:
    """Whether a price that is plain text is more than zero."""
    cdef const char* letters = PyBytes_AS_STRING(text)
    return letters[0] != c'-' and has_value(letters, PyBytes_GET_SIZE(text))


cdef bytes plain(str field, object price, bytes text):
    """The same for a number whose own text is not plain; refuses what no price is."""
    try:
        exact = Decimal(text.decode("ascii"))
    except InvalidOperation:
        raise InvalidField(field, "must be a finite number", price) from None
    if exact == 0:
        return b"0"
    cdef bytes written = decimal_text(field, price, exact)
    if not is_plain(written):
        raise InvalidField(field, f"must have at most {MOST_DIGITS} digits", price)
    return written


def price_text(price, field="price"):
    """The exact decimal text of a price, never with an exponent.

    Args:
        price: int, float or Decimal; a float counts as its shortest text.
        field: the name that an error gives it.

    Raises:
        InvalidField: not finite, or more than 18 digits.
        WrongFieldType: not a number.
    """
    return price_bytes(field, price).decode("ascii")


cdef class TickGrid:
    """The prices that a contract may have: the whole multiples of its tick.

    Args:
        size: the tick, as Decimal, int, float or decimal text.

    Raises:
        InvalidField, WrongFieldType: as for a price, and it has to be positive.
    """

    def __init__(self, size):
        if isinstance(size, str):
            try:
                size = Decimal(size)
            except InvalidOperation:
                raise InvalidField(
                    "tick_size", "must be a decimal number", size) from None
        cdef bytes text = price_bytes("tick_size", size)
        if not above_zero(text):
            raise InvalidField("tick_size", "must be positive", size)
        self.size = Decimal(text.decode("ascii"))
        self.scale = scale_of(text)
        self.step = units_of(text)

    def __repr__(self):
        return f"TickGrid({str(self.size)!r})"

    def ticks(self, price, field="price"):
        """How many ticks a price is.

        Raises:
            InvalidField: the price is off the grid.
        """
        cdef bytes text = price_bytes(field, price)
        self.check(field, text)
        return self.split(text)[0]

    def round(self, price, how, field="price"):
        """The ticks of the price on the grid that is meant by a price between two.

        Args:
            how: "down", "up" or "nearest"; half-way, the nearest is the upper one.
        """
        ticks, over, under = self.split(price_bytes(field, price))
        if not isinstance(how, str):
            raise InvalidField("how", 'must be "nearest", "down" or "up"', how)
        if how == "nearest":
            return ticks + (2 * over >= under)
        if how == "up":
            return ticks + (over > 0)
        if how == "down":
            return ticks
        raise InvalidField("how", 'must be "nearest", "down" or "up"', how)

    cdef tuple split(self, bytes text):
        """Whole ticks below a price, and the rest of a tick as a fraction: exact."""
        price_over, price_under = Decimal(text.decode("ascii")).as_integer_ratio()
        tick_over, tick_under = self.size.as_integer_ratio()
        under = price_under * tick_over
        ticks, over = divmod(price_over * tick_under, under)
        return ticks, over, under

    def text(self, ticks):
        """The exact decimal text of a number of ticks."""
        units = ticks * self.step
        if self.scale == 0:
            return str(units)
        digits = str(abs(units)).rjust(self.scale + 1, "0")
        sign = "-" if units < 0 else ""
        return f"{sign}{digits[:-self.scale]}.{digits[-self.scale:]}"

    cdef long long ticks_of(self, bytes text) except? -1:
        """How many ticks a price on the grid is; its text was checked before."""
        cdef int scale = scale_of(text)
        cdef long long units = units_of(text)
        if scale <= self.scale and lifted(&units, self.scale - scale):
            return units // self.step
        return int(Decimal(text.decode("ascii")) / self.size)

    cdef int check(self, str field, bytes text) except -1:
        """Refuse a price off the grid; its text was checked before."""
        cdef int scale = scale_of(text)
        cdef long long units = units_of(text)
        if scale <= self.scale and lifted(&units, self.scale - scale):
            if units % self.step == 0:
                return 0
        else:
            exact = Decimal(text.decode("ascii"))
            if is_multiple(exact, self.size):
                return 0
        price = Decimal(text.decode("ascii"))
        raise InvalidField(
            field, f"must be a multiple of the tick {self.size}", price,
            self.nearest(price))

    cdef str nearest(self, object price):
        """The two prices on the grid that an error shows; the lower one is no 0."""
        price_over, price_under = price.as_integer_ratio()
        tick_over, tick_under = self.size.as_integer_ratio()
        below = (price_over * tick_under) // (price_under * tick_over)
        if below == 0:
            return f"the nearest is {self.text(1)}"
        return f"the nearest are {self.text(below)} and {self.text(below + 1)}"


cdef bint is_multiple(object price, object tick) except -1:
    """Whether the quotient is whole, in whole numbers of any size."""
    price_over, price_under = price.as_integer_ratio()
    tick_over, tick_under = tick.as_integer_ratio()
    return (price_over * tick_under) % (price_under * tick_over) == 0


cdef bint lifted(long long* units, int places) noexcept:
    """Multiply by a power of ten; False where that does not fit 64 bits."""
    cdef int _place
    for _place in range(places):
        if not -922337203685477580 <= units[0] <= 922337203685477580:
            return False
        units[0] *= 10
    return True


cdef int scale_of(bytes text) noexcept:
    """The number of digits behind the point."""
    cdef const char* letters = PyBytes_AS_STRING(text)
    cdef int size = <int>PyBytes_GET_SIZE(text)
    cdef int i
    for i in range(size):
        if letters[i] == c'.':
            return size - i - 1
    return 0


cdef long long units_of(bytes text) noexcept:
    """The digits as one whole number, at most 18 of them, with their sign."""
    cdef const char* letters = PyBytes_AS_STRING(text)
    cdef Py_ssize_t i
    cdef long long units = 0
    for i in range(PyBytes_GET_SIZE(text)):
        if letters[i] >= c'0':
            units = 10 * units + (letters[i] - c'0')
    return -units if letters[0] == c'-' else units
