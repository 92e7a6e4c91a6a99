# cython: boundscheck=False, wraparound=False
"""What a strategy sees of the market: bars, ticks, and series of closed bars."""

cimport cython
from libc.stdint cimport int64_t, uintptr_t

from fastorder._core.codec.public_name cimport show_as

from fastorder.strategy.indicators import Columns, column_of, piece

CHUNK = 4096
cdef int64_t MOST = 0x7FFFFFFFFFFFFFFF
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
        self.computed = MOST

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
        """Have a value computed for each closed bar, of these bars.

        Args:
            function: makes of ``Columns`` (``open``, ``high``, ``low``, ``close``,
                ``volume``, ``time_ns``) a column of as many values: TA-Lib, polars,
                NumPy. It is called with at most ``history`` bars where they arrive, and
                with all at once in a backtest, where it has to come to the same.

        Returns:
            An Indicator: ``[-1]`` is its value at the last closed bar.

        Raises:
            StrategyError: it makes something else.
        """
        made = Indicator(self, function)
        self.indicators.append(made)
        self.follow()
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
        if self.count > self.computed:
            self.follow()
        return 0

    cdef int follow(self) except -1:
        """Have the indicators computed that have no value for the last bar."""
        cdef Indicator each
        cdef int64_t computed = MOST
        for each in self.indicators:
            if each.computed < self.count:
                each.compute()
            computed = min(computed, each.computed)
        self.computed = computed
        return 0

    cdef int grow(self) except -1:
        """New columns that begin with what the old ones end with."""
        import numpy as np

        cdef uintptr_t address
        kept = min(self.filled, self.history)
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

    def __init__(self, Series series, function):
        if not callable(function):
            raise TypeError(f"function must be one of columns, was {function!r}")
        self.series, self.function = series, function
        self.hold([])

    def __len__(self):
        return min(self.known(), self.series.history)

    def __repr__(self):
        last = f"{self[-1]:g}" if len(self) else "no bar has closed"
        return f"<indicator of {self.series.every} of {self.series.symbol}: {last}>"

    def __getitem__(self, at):
        if type(at) is not int:
            raise TypeError(
                f"an indicator's bar must be a number from -1 back, was {at!r}")
        cdef int64_t back = at, known = self.known()
        if not -min(known, self.series.history) <= back <= -1:
            raise IndexError(
                f"an indicator's bar must be from -1 back to {-len(self)}, was {at}"
                if len(self) else "an indicator has no value before a bar has closed")
        return self.values[known + back]

    @property
    def name(self):
        """What it is called in errors."""
        return f"an indicator of {self.series.every} of {self.series.symbol}"

    @property
    def history(self):
        """How many bars it is computed of, at most, where they arrive."""
        return self.series.history

    @property
    def last(self):
        """Its values at the bars that the series has, oldest first, as float64."""
        known = self.known()
        return self.column[known - len(self):known].copy()

    def see(self, bars):
        """Take all bars of a backtest; the first of them is to close.

        Raises:
            StrategyError: what it comes to is not what it would be live.
        """
        self.bars = bars
        self.compute()
        self.series.follow()

    cdef int64_t known(self) noexcept:
        """How many of the values are of bars that have closed."""
        return self.values.shape[0] - (self.computed - self.series.count)

    cdef int compute(self) except -1:
        """Have values for more bars: all that are quick at once, or the last one."""
        cdef Series bars = self.series
        if self.bars is not None:
            more = piece(self, self.bars, self.computed)
            self.computed += len(more)
        else:
            columns = Columns(*(bars.column(nth) for nth in (0, 1, 2, 3, 5, 4)))
            more = column_of(self.name, self.function, columns)[-1:]
            self.computed = bars.count
        self.hold(more)
        return 0

    cdef int hold(self, more) except -1:
        """Keep values, and as many of the earlier ones as may be asked for."""
        import numpy as np

        kept = () if self.column is None else self.column[-self.series.history:]
        self.column = np.concatenate([kept, more], dtype=np.float64)
        self.values = self.column
        return 0


show_as(
    Bar, b"fastorder.strategy.Bar",
    b"(symbol, every, time_ns, end_ns, open, high, low, close, volume=0)")
show_as(Tick, b"fastorder.strategy.Tick", b"(symbol, time_ns, price, size=1, side=0)")
show_as(Series, b"fastorder.strategy.Series", b"(symbol, every, history)")
show_as(Indicator, b"fastorder.strategy.Indicator", b"(series, function)")
