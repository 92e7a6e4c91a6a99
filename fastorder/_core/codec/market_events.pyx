# cython: boundscheck=False, wraparound=False, cdivision=True
"""Quotes, trades and depth as the market hub sends them, and their decoder.

A price is kept as digits and an exponent, so it is exactly what the hub wrote. Where
the contract's tick is known it is told in ticks too.
"""

from decimal import Decimal

cimport cython
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport INT64_MAX, int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset

from fastorder._core.codec.ticker cimport (
    DEPTH, INTS, NOT_GIVEN, NUMBERS, OTHER, PING, QUOTE, TIMES, TRADE,
    kind_of, row_begin, scan_event)

from fastorder._core.codec.ticker import NAMES

cdef enum:
    MOST_DIGITS = 18

cdef dict SLOTS = {
    kind: {name: (what, slot) for name, what, slot in members}
    for kind, members in NAMES.items()
}


cdef object exact_of(Number number):
    """A Decimal, whatever the context says; None where it was not given."""
    if number.digits == NOT_GIVEN:
        return None
    if number.exponent == 0:
        return Decimal(number.digits)
    return Decimal(f"{number.digits}E{number.exponent}")


cdef bint to_number(object value, Number* number):
    """Whether a Decimal fits; a zero more behind the point makes no difference."""
    sign, digits, exponent = value.as_tuple()
    if len(digits) > MOST_DIGITS:
        return False
    number.digits = int("".join(map(str, digits)) or "0") * (-1 if sign else 1)
    number.exponent = exponent
    return True


cdef class Instrument:
    """A contract whose events are decoded."""

    def __init__(self, str contract_id not None, tick_size=None):
        self.contract_id = contract_id
        self.name = contract_id.encode("utf-8")
        self.tick_size = tick_size
        self.tick.digits = 0
        if tick_size is not None and not to_number(tick_size, &self.tick):
            raise ValueError(f"tick_size must have at most 18 digits, was {tick_size}")


cdef object whole_ticks(Number number, Number tick):
    """How many ticks a price is; None where that is no whole number, or not known."""
    cdef int64_t digits = number.digits
    cdef int64_t unit = tick.digits
    cdef int shift = number.exponent - tick.exponent
    if digits == NOT_GIVEN or unit == 0:
        return None
    while shift > 0:
        if not -(INT64_MAX // 10) <= digits <= INT64_MAX // 10:
            return ticks_in_python(number, tick)
        digits *= 10
        shift -= 1
    while shift < 0:
        if digits % 10 == 0:
            digits //= 10
        elif unit <= INT64_MAX // 10:
            unit *= 10
        else:
            return ticks_in_python(number, tick)
        shift += 1
    return digits // unit if digits % unit == 0 else None


cdef object ticks_in_python(Number number, Number tick):
    """The same for what leaves 64 bits."""
    from fractions import Fraction
    count = Fraction(exact_of(number)) / Fraction(exact_of(tick))
    return count.numerator if count.denominator == 1 else None

# Rows are made by the million, and reach nothing that reaches them: no garbage
# collector has to follow them, and the memory of those that are gone is used again.


@cython.no_gc
@cython.freelist(16)
cdef class MarketRow:
    """What one row of a market event gives; a member that it does not give is None."""

    KIND = OTHER

    def __init__(self, str contract_id not None, *, tick_size=None, **members):
        self.instrument = Instrument(contract_id, tick_size)
        row_begin(&self.row)
        for name, value in members.items():
            if name not in SLOTS[self.KIND]:
                raise TypeError(f"{type(self).__name__} has no member {name!r}")
            if value is not None:
                self.put(name, value)

    def put(self, name, value):
        """Take a member's value, as ``market_json`` has checked it."""
        cdef int what, slot
        what, slot = SLOTS[self.KIND][name]
        if what == 1:
            self.row.ints[slot] = value
        elif what == 2:
            self.row.times[slot] = value
        elif not to_number(value, &self.row.numbers[slot]):
            if self.exact is None:
                self.exact = {}
            self.exact[slot] = value

    cdef object decimal(self, int slot):
        if self.exact is not None and slot in self.exact:
            return self.exact[slot]
        return exact_of(self.row.numbers[slot])

    cdef object ticks(self, int slot):
        if self.exact is not None and slot in self.exact:
            return None
        return whole_ticks(self.row.numbers[slot], self.instrument.tick)

    @property
    def contract_id(self):
        """The contract that it is of."""
        return self.instrument.contract_id

    def _told(self):
        """What it gives, by the hub's own names."""
        told = {}
        for name, (what, slot) in SLOTS[self.KIND].items():
            if what == 0:
                value = self.decimal(slot)
            else:
                value = given(
                    self.row.ints[slot] if what == 1 else self.row.times[slot])
            if value is not None:
                told[name] = value
        return told

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return self.contract_id == other.contract_id and self._told() == other._told()

    def __hash__(self):
        return hash((self.contract_id, *self._told().values()))

    def __repr__(self):
        told = ", ".join(f"{name}={value}" for name, value in self._told().items())
        return f"{type(self).__name__}({self.contract_id!r}, {told})"

    def __reduce__(self):
        return remade, (
            type(self), self.contract_id, self.instrument.tick_size, self._told())


def remade(kind, contract_id, tick_size, told):
    """A row that was pickled."""
    return kind(contract_id, tick_size=tick_size, **told)


cdef inline object given(int64_t value):
    return None if value == NOT_GIVEN else value


cdef dict exact_over(MarketRow newer, MarketRow older):
    """Decimals past 18 digits of both; a shorter one that is newer goes before."""
    cdef dict both = {
        slot: value for slot, value in (older.exact or {}).items()
        if newer.row.numbers[<int>slot].digits == NOT_GIVEN}
    both.update(newer.exact or {})
    return both or None


@cython.no_gc
cdef class Quote(MarketRow):
    """What has changed of a contract's quote: the hub sends nothing else.

    Attributes:
        contract_id: the contract that it is of.
        last_price, best_bid, best_ask, change, change_percent, open, high, low: exact
            Decimals; None where they have not changed.
        last_price_ticks, best_bid_ticks, best_ask_ticks: whole ticks; None too where
            the contract's tick is not known.
        volume: contracts of the day.
        updated_ns, time_ns: nanoseconds since the epoch; the first moves with the book
            too, the second may stand still.
    """

    KIND = QUOTE

    def over(self, Quote older):
        """The whole quote: what this one does not give is as it was before.

        Args:
            older: the whole quote so far; None for none.
        """
        cdef Quote whole = Quote.__new__(Quote)
        cdef int i
        whole.instrument = self.instrument
        whole.row = self.row
        whole.exact = self.exact
        if older is None:
            return whole
        if self.exact is not None or older.exact is not None:
            whole.exact = exact_over(self, older)
        for i in range(NUMBERS):
            if whole.row.numbers[i].digits == NOT_GIVEN:
                whole.row.numbers[i] = older.row.numbers[i]
        for i in range(INTS):
            if whole.row.ints[i] == NOT_GIVEN:
                whole.row.ints[i] = older.row.ints[i]
        for i in range(TIMES):
            if whole.row.times[i] == NOT_GIVEN:
                whole.row.times[i] = older.row.times[i]
        return whole

    @property
    def last_price(self):
        return self.decimal(0)

    @property
    def best_bid(self):
        return self.decimal(1)

    @property
    def best_ask(self):
        return self.decimal(2)

    @property
    def last_price_ticks(self):
        return self.ticks(0)

    @property
    def best_bid_ticks(self):
        return self.ticks(1)

    @property
    def best_ask_ticks(self):
        return self.ticks(2)

    @property
    def change(self):
        return self.decimal(3)

    @property
    def change_percent(self):
        return self.decimal(4)

    @property
    def open(self):
        return self.decimal(5)

    @property
    def high(self):
        return self.decimal(6)

    @property
    def low(self):
        return self.decimal(7)

    @property
    def volume(self):
        return given(self.row.ints[0])

    @property
    def updated_ns(self):
        return given(self.row.times[0])

    @property
    def time_ns(self):
        return given(self.row.times[1])


@cython.no_gc
cdef class MarketTrade(MarketRow):
    """One trade of the market.

    Attributes:
        contract_id: the contract that it is of.
        price: exact; a Decimal.
        price_ticks: whole ticks; None where the contract's tick is not known.
        volume: contracts.
        type: the gateway's TradeLogType: 0 buy, 1 sell.
        time_ns: nanoseconds since the epoch; the gateway gives milliseconds.
    """

    KIND = TRADE

    @property
    def price(self):
        return self.decimal(0)

    @property
    def price_ticks(self):
        return self.ticks(0)

    @property
    def volume(self):
        return given(self.row.ints[0])

    @property
    def type(self):
        return given(self.row.ints[1])

    @property
    def time_ns(self):
        return given(self.row.times[1])


@cython.no_gc
cdef class DepthRow(MarketRow):
    """One change of a contract's depth.

    Attributes:
        contract_id: the contract that it is of.
        price: exact; a Decimal.
        price_ticks: whole ticks; None where the contract's tick is not known.
        volume, current_volume: contracts, as the gateway calls them.
        type: the gateway's DomType; 6 clears the book.
        index: of the level, where the gateway gives one.
        time_ns: nanoseconds since the epoch.
    """

    KIND = DEPTH

    @property
    def price(self):
        return self.decimal(0)

    @property
    def price_ticks(self):
        return self.ticks(0)

    @property
    def volume(self):
        return given(self.row.ints[0])

    @property
    def current_volume(self):
        return given(self.row.ints[2])

    @property
    def type(self):
        return given(self.row.ints[1])

    @property
    def index(self):
        return given(self.row.ints[3])

    @property
    def time_ns(self):
        return given(self.row.times[1])


cdef class MarketRows:
    """The rows of one event, in its order; each is made when it is asked for."""

    ROW = MarketRow

    def __init__(self, str contract_id not None, rows=()):
        self.instrument = Instrument(contract_id)
        self.kind = self.ROW
        self.others = list(rows)
        for row in self.others:
            if type(row) is not self.kind:
                raise TypeError(f"a row must be a {self.kind.__name__}, was {row!r}")
        self.count = len(self.others)

    def __dealloc__(self):
        free(self.rows)

    @property
    def contract_id(self):
        """The contract that they are of."""
        return self.instrument.contract_id

    def __len__(self):
        return self.count

    def __iter__(self):
        cdef Py_ssize_t place
        for place in range(self.count):
            yield self[place]

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.count))]
        cdef Py_ssize_t place = index
        if place < 0:
            place += self.count
        if not 0 <= place < self.count:
            raise IndexError(f"index must be below {self.count}, was {index}")
        if self.others is not None:
            return self.others[place]
        return row_of(self.kind, self.instrument, &self.rows[place])

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return self.contract_id == other.contract_id and list(self) == list(other)

    def __hash__(self):
        return hash((self.contract_id, *self))

    def __repr__(self):
        return f"{type(self).__name__}({self.contract_id!r}, {list(self)!r})"

    def __reduce__(self):
        return type(self), (self.contract_id, list(self))


cdef class MarketTrades(MarketRows):
    """Trades that came together: a sequence of MarketTrade, oldest first."""

    ROW = MarketTrade


cdef class DepthRows(MarketRows):
    """Changes of the depth that came together: a sequence of DepthRow."""

    ROW = DepthRow


cdef tuple NO_ARGUMENTS = ()


cdef inline object blank(type kind):
    """A new one, without a look for its ``__new__``."""
    return (<PyTypeObject*>kind).tp_new(kind, <PyObject*>NO_ARGUMENTS, NULL)


cdef MarketRow row_of(type kind, Instrument instrument, Row* row):
    cdef MarketRow made = blank(kind)
    made.instrument = instrument
    made.row = row[0]
    return made


cdef MarketRows rows_of(type kind, type row_kind, Instrument instrument, Scan* scan):
    cdef MarketRows made = blank(kind)
    cdef size_t size = scan.row_count * sizeof(Row)
    made.instrument = instrument
    made.kind = row_kind
    if size:
        made.rows = <Row*>malloc(size)
        if made.rows is NULL:
            raise MemoryError
        memcpy(made.rows, scan.rows, size)
    made.count = scan.row_count
    return made


cdef class MarketDecoder:
    """Decodes the market hub's records, as far as they have their usual shape."""

    def __cinit__(self):
        memset(&self.scan, 0, sizeof(Scan))
        self.instruments = {}

    def __dealloc__(self):
        free(self.scan.rows)

    def set_tick(self, str contract_id not None, tick_size):
        """Tell prices of a contract in ticks too, from now on.

        Args:
            tick_size: a Decimal above 0.
        """
        if not tick_size > 0:
            raise ValueError(f"tick_size must be above 0, was {tick_size}")
        instrument = Instrument(contract_id, tick_size)
        self.instruments[instrument.name] = instrument
        self.latest = None

    def tick_of(self, str contract_id not None):
        """A contract's tick as a Decimal; None where it is not known."""
        cdef Instrument known = self.instruments.get(contract_id.encode("utf-8"))
        return None if known is None else known.tick_size

    cdef Instrument instrument(self, const char* name, size_t size):
        """The contract of that name; most often it is the one before."""
        cdef Instrument latest = self.latest
        cdef bytes key
        if (
            latest is not None
            and <size_t>PyBytes_GET_SIZE(latest.name) == size
            and memcmp(PyBytes_AS_STRING(latest.name), name, size) == 0
        ):
            return latest
        key = PyBytes_FromStringAndSize(name, size)
        latest = self.instruments.get(key)
        if latest is None:              # not kept: a hub must not fill memory
            latest = Instrument(key.decode("ascii"))
        self.latest = latest
        return latest

    cdef object event(self, Kind kind, const char* record, size_t size):
        """The event; None where the JSON library has to read it."""
        cdef Instrument instrument
        if not scan_event(&self.scan, kind, record, size):
            return None
        instrument = self.instrument(self.scan.contract, self.scan.contract_size)
        if kind == QUOTE:
            return row_of(Quote, instrument, &self.scan.rows[0])
        if kind == TRADE:
            return rows_of(MarketTrades, MarketTrade, instrument, &self.scan)
        return rows_of(DepthRows, DepthRow, instrument, &self.scan)

    def scanned(self, bytes record not None):
        """The event of a record without its separator.

        None where it is none of the market's, or has to be read by the JSON library.
        """
        cdef const char* at = PyBytes_AS_STRING(record)
        cdef Kind kind = kind_of(at, PyBytes_GET_SIZE(record))
        if kind == OTHER or kind == PING:
            return None
        return self.event(kind, at, PyBytes_GET_SIZE(record))
