# cython: boundscheck=False, wraparound=False
"""What a strategy sees of the market: bars, ticks, and series of closed bars."""

cimport cython
from libc.stdint cimport int64_t, uintptr_t

from fastorder._core.codec.public_name cimport show_as

from fastorder.strategy.errors import StrategyError
from fastorder.strategy.indicators import Columns, column_of, piece

CHUNK = 4096
NAMES = ("open", "high", "low", "close", "time_ns", "volume")


@cython.freelist(16)
cdef class Bar:
    """A closed bar; prices as the market quotes them.

    Args:
        symbol: of which contract.
        every: of which length.
        time_ns: when it opened, in nanoseconds since 1970 UTC.
        end_ns: when it ended: the first nanosecond after it.
        open, high, low, close: prices.
        volume: contracts.
    """

    def __init__(self, str symbol, str every, int64_t time_ns, int64_t end_ns,
                 double open, double high, double low, double close,
                 int64_t volume=0):
        self.symbol = symbol
        self.every = every
        self.time_ns = time_ns
        self.end_ns = end_ns
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume

    def __repr__(self):
        return (f"Bar({self.symbol} {self.every} at {self.time_ns}, open {self.open:g} "
                f"high {self.high:g} low {self.low:g} close {self.close:g} "
                f"volume {self.volume})")


@cython.freelist(16)
cdef class Tick:
    """A trade of the market.

    Args:
        symbol: of which contract.
        time_ns: when, in nanoseconds since 1970 UTC.
        price: as the market quotes it.
        size: contracts.
        side: 1 a buyer's, -1 a seller's, 0 not known.
    """

    def __init__(self, str symbol, int64_t time_ns, double price, int64_t size=1,
                 int side=0):
        self.symbol = symbol
        self.time_ns = time_ns
        self.price = price
        self.size = size
        self.side = side

    def __repr__(self):
        return (f"Tick({self.symbol} at {self.time_ns}, {self.size} at {self.price:g}, "
                f"side {self.side})")


cdef class Series:
    """The last closed bars of one length, as NumPy columns that cannot be written.

    A column that was taken stays as it is: bars that close later stand in new ones. The
    memory behind it holds no bar that has not closed.

    Args:
        symbol: of which contract.
        every: of which length.
        history: how many bars the columns hold at most.
    """

    def __init__(self, str symbol, str every, int64_t history):
        if history < 1:
            raise ValueError(f"history must be at least 1, was {history}")
        self.symbol = symbol
        self.every = every
        self.history = history
        self.columns = None
        self.indicators = []

    def __len__(self):
        return min(self.count, self.history)

    def __repr__(self):
        return f"<bars of {self.every} of {self.symbol}: {len(self)} of {self.history}>"

    @property
    def ready(self):
        """Whether as many bars have closed as the columns can hold."""
        return self.count >= self.history

    @property
    def open(self):
        """The prices at which the bars opened, oldest first."""
        return self.column(0)

    @property
    def high(self):
        """Their highest prices."""
        return self.column(1)

    @property
    def low(self):
        """Their lowest prices."""
        return self.column(2)

    @property
    def close(self):
        """The prices at which they closed."""
        return self.column(3)

    @property
    def time_ns(self):
        """When they opened, in nanoseconds since 1970 UTC."""
        return self.column(4)

    @property
    def volume(self):
        """Contracts."""
        return self.column(5)

    def indicator(self, function):
        """A value for each closed bar, made of these bars.

        Args:
            function: makes of ``Columns`` (``open``, ``high``, ``low``, ``close``,
                ``volume``, ``time_ns``) a column of as many values: TA-Lib, polars,
                NumPy. It must depend on nothing else, and keep nothing: where bars
                arrive it gets those up to one bar, at most ``history``; in a backtest
                many at once.

        Returns:
            An Indicator: ``[-1]`` is its value at the last closed bar.
        """
        made = Indicator(self, function)
        self.indicators.append(made)
        return made

    def take(self, Bar bar):
        """Add a bar that has closed."""
        self.append(bar)

    cdef column(self, int nth):
        if self.columns is None:
            self.grow()
        return self.columns[nth][max(0, self.filled - self.history):self.filled]

    cdef int append(self, Bar bar) except -1:
        if self.filled == self.room:
            self.grow()
        cdef int64_t at = self.filled
        self.prices[0][at] = bar.open
        self.prices[1][at] = bar.high
        self.prices[2][at] = bar.low
        self.prices[3][at] = bar.close
        self.wholes[0][at] = bar.time_ns
        self.wholes[1][at] = bar.volume
        self.filled = at + 1
        self.count += 1
        return 0

    cdef window(self, int64_t bar):
        """The bars that an indicator has at a bar, where bars arrive."""
        cdef int64_t end = self.filled - (self.count - 1 - bar)
        cdef int64_t first = max(0, end - self.history)
        return Columns(*(self.columns[nth][first:end] for nth in (0, 1, 2, 3, 5, 4)))

    cdef int grow(self) except -1:
        """New columns that begin with what the old ones end with."""
        import numpy as np

        cdef uintptr_t address
        kept = min(self.filled, 2 * self.history)   # as far back as an indicator looks
        room = kept + max(CHUNK, self.history)
        columns = []
        for nth in range(6):
            whole = nth >= 4
            empty, kind = (0, np.int64) if whole else (np.nan, np.float64)
            new = np.full(room, empty, kind)
            if kept:
                new[:kept] = self.columns[nth][self.filled - kept:self.filled]
            address = new.ctypes.data
            if whole:
                self.wholes[nth - 4] = <int64_t*>address
            else:
                self.prices[nth] = <double*>address
            new.flags.writeable = False
            columns.append(new)
        self.columns = columns
        self.room = room
        self.filled = kept
        return 0


cdef class Indicator:
    """What a function makes of closed bars: a value for each; see ``Series.indicator``.

    ``[-1]`` is its value at the last closed bar, ``[-2]`` the one before, as far back
    as the series has history. NaN is what the function has no value for.

    Attributes:
        series: the bars that it is of.
        function: what computes it.
    """

    def __cinit__(self, Series series not None, function):
        if not callable(function):
            raise TypeError(f"function must be one of columns, was {function!r}")
        self.series, self.function = series, function
        self.known = {}

    def __len__(self):
        return min(self.series.count, self.series.history)

    def __repr__(self):
        return f"<{self.name}>"

    def __getitem__(self, at):
        if type(at) is not int:
            raise TypeError(
                f"an indicator's bar must be a number from -1 back, was {at!r}")
        cdef int64_t back = at, count = self.series.count
        if not -min(count, self.series.history) <= back <= -1:
            raise IndexError(
                f"an indicator's bar must be from -1 back to {-len(self)}, was {at}"
                if count else "an indicator has no value before a bar has closed")
        if self.bars is None:
            return self.at(count + back)
        back += count - self.first
        if not 0 <= back < self.values.shape[0]:
            self.extend()
            back = at + count - self.first
            if not 0 <= back < self.values.shape[0]:
                raise StrategyError(f"{self.name}: the data have fewer bars than that")
        return self.values[back]

    @property
    def name(self):
        """What it is called in errors."""
        function = getattr(self.function, "__qualname__", repr(self.function))
        return f"indicator {function} of {self.series.every} of {self.series.symbol}"

    @property
    def history(self):
        """How many bars it is computed of, at most, where they arrive."""
        return self.series.history

    @property
    def last(self):
        """Its values at the bars that the series has, oldest first, as float64."""
        import numpy as np

        return np.array([self[back] for back in range(-len(self), 0)], np.float64)

    def see(self, bars):
        """Take all bars of a backtest; the first of them is to close.

        Raises:
            StrategyError: what it comes to is not what it would be live.
        """
        self.bars = bars
        self.extend()

    cdef at(self, int64_t bar):
        """Its value at a bar, where bars arrive: computed when it is asked for."""
        found = self.known.get(bar)
        if found is not None:
            return found
        self.begin()
        try:
            values = column_of(self, self.series.window(bar))
            found = float(values[len(values) - 1])
        finally:
            self.is_computing = False
        if len(self.known) > 2 * self.series.history:
            oldest = self.series.count - self.series.history
            self.known = {nth: value for nth, value in self.known.items()
                          if nth >= oldest}
        self.known[bar] = found
        return found

    cdef int begin(self) except -1:
        """Its function is called from here on."""
        if self.is_computing:
            raise StrategyError(f"{self.name} is asked for by its own function")
        self.is_computing = True
        return 0

    cdef int extend(self) except -1:
        """The values of the next piece of a backtest, behind those still asked for."""
        import numpy as np

        cdef int64_t end = self.first
        cdef int64_t oldest = max(0, self.series.count - self.series.history)
        kept = ()
        if self.column is not None:
            end += len(self.column)
            kept = self.column[-self.series.history:] if oldest < end else ()
        start = max(end, oldest)
        self.begin()
        try:
            more = piece(self, self.bars, start)
        finally:
            self.is_computing = False
        self.first = start - len(kept)
        self.column = np.concatenate([kept, more], dtype=np.float64)
        self.values = self.column
        return 0


show_as(
    Bar, b"fastorder.strategy.Bar",
    b"(symbol, every, time_ns, end_ns, open, high, low, close, volume=0)")
show_as(Tick, b"fastorder.strategy.Tick", b"(symbol, time_ns, price, size=1, side=0)")
show_as(Series, b"fastorder.strategy.Series", b"(symbol, every, history)")
show_as(Indicator, b"fastorder.strategy.Indicator", b"(series, function)")
