# cython: boundscheck=False, wraparound=False, cdivision=True
"""The loop of a backtest: data to the exchange, what is seen to the strategies.

At one instant: what the exchange has due, what is seen of it, timers, bars that end,
the short before the long, then the datum: to the exchange, what is seen of it, and its
handler.

Bars of one contract are walked one after the other; those of several side by side, so
that none is ahead of the others. Of two that begin together, the one that stands first
in the sources does.
"""

from libc.math cimport llrint
from libc.stdint cimport int8_t, int64_t
from libc.string cimport memset

from fastorder.matching._beside cimport first_end, start_bar, walk_to
from fastorder.matching._feed cimport LATE, columns_t, feed_ticks
from fastorder.matching._log cimport next_seen
from fastorder.matching._state cimport MOST, contract_t, venue_t
from fastorder.matching._walk cimport bars_t, feed_bars
from fastorder.matching.exchange cimport Exchange, event_row
from fastorder.strategy._data cimport Bar, Series, Tick

from fastorder.matching.errors import BadDatum, UnsortedData

NEVER = MOST


cdef class Source:
    """The data of one contract: columns of ticks, or of bars, and how far they are fed.

    Args:
        symbol: what it is called.
        number: of its contract, at the exchange.
        grid: the tick as a fraction, its numerator and its denominator.
        time_ns: ascending; of bars, when they open.
        prices: of ticks the price in whole ticks, of bars open, high, low and close.
        size: contracts, or None.
        side: of ticks, as int8, or None.
        quotes: of ticks, bid and ask in whole ticks, or none.
        length_ns: of bars; 0 for ticks.
    """

    cdef readonly str symbol
    cdef readonly int number
    cdef readonly int64_t n
    cdef readonly int64_t fed
    cdef int64_t length_ns
    cdef double numerator
    cdef double denominator
    cdef list kept
    cdef const int64_t* time
    cdef const int64_t* size
    cdef const int8_t* side
    cdef const int64_t* price
    cdef const int64_t* bid
    cdef const int64_t* ask
    cdef const double* bars[4]
    cdef tuple on_tick

    def __init__(self, str symbol, int number, grid, time_ns, prices, size=None,
                 side=None, quotes=(), int64_t length_ns=0):
        self.symbol = symbol
        self.number = number
        self.numerator, self.denominator = grid
        self.kept = []
        self.n = len(time_ns)
        self.length_ns = length_ns
        self.on_tick = ()
        self.time = self.wholes(time_ns)
        if size is not None:
            self.size = self.wholes(size)
        if length_ns:
            for nth in range(4):
                self.bars[nth] = doubles(self, prices[nth])
        else:
            self.price = self.wholes(prices)
            if quotes:
                self.bid, self.ask = self.wholes(quotes[0]), self.wholes(quotes[1])
            if side is not None:
                self.side = self.sides(side)

    cdef const int64_t* wholes(self, column) except? NULL:
        cdef const int64_t[::1] view = column
        self.kept.append(view)
        return &view[0] if view.shape[0] else NULL

    cdef const int8_t* sides(self, column) except? NULL:
        cdef const int8_t[::1] view = column
        self.kept.append(view)
        return &view[0] if view.shape[0] else NULL

    def watch(self, on_tick):
        """Who wants to see each tick."""
        self.on_tick += (on_tick,)

    def renew(self, bint is_there):
        """Begin the columns anew, once their first row was written, or with no row."""
        self.n, self.fed = is_there, 0

    cdef int64_t next_ns(self) noexcept:
        return self.time[self.fed] if self.fed < self.n else MOST

    cdef int64_t ticks_of(self, double price) noexcept:
        return llrint(price * self.denominator / self.numerator)

    cdef int64_t first_from(self, int64_t time_ns) noexcept:
        """The first row, from what is fed on, at a time or later."""
        cdef int64_t low = self.fed, high = self.n, middle, stride = 1
        while low + stride < self.n and self.time[low + stride] < time_ns:
            low += stride
            stride *= 2
        high = min(self.n, low + stride)
        while low < high:
            middle = (low + high) // 2
            if self.time[middle] < time_ns:
                low = middle + 1
            else:
                high = middle
        return low


cdef const double* doubles(Source source, column) except? NULL:
    cdef const double[::1] view = column
    source.kept.append(view)
    return &view[0] if view.shape[0] else NULL


cdef class Frame:
    """Closed bars of one length, and who wants to see them.

    Args:
        symbol, every: of which contract and length.
        rank: of two that end together, the lower one comes first.
        time_ns, end_ns: when they open and end; end_ns may be their length.
        prices: open, high, low, close, as float64.
        volume: contracts.
    """

    cdef readonly str symbol
    cdef readonly str every
    cdef readonly int64_t rank
    cdef int64_t n
    cdef int64_t shown
    cdef int64_t length_ns
    cdef int64_t ends_ns        # when the next one does
    cdef list kept
    cdef const int64_t* time
    cdef const int64_t* end
    cdef const int64_t* volume
    cdef const double* prices[4]
    cdef readonly list series
    cdef list handlers

    def __init__(self, str symbol, str every, int64_t rank, time_ns, end_ns, prices,
                 volume, int64_t n):
        cdef const double[::1] view
        cdef const int64_t[::1] whole = time_ns
        self.symbol, self.every, self.rank = symbol, every, rank
        self.n = n
        self.kept = [whole]
        self.time = &whole[0] if n else NULL
        self.volume = NULL
        if volume is not None:
            whole = volume
            self.kept.append(whole)
            self.volume = &whole[0] if n else NULL
        if isinstance(end_ns, int):
            self.length_ns = end_ns
        else:
            whole = end_ns
            self.kept.append(whole)
            self.end = &whole[0] if n else NULL
        for nth in range(4):
            view = prices[nth]
            self.kept.append(view)
            self.prices[nth] = &view[0] if n else NULL
        self.series, self.handlers = [], []
        self.set_end()

    def add(self, Series series, on_bar):
        """A series that takes its bars, and who is called with them."""
        self.series.append(series)
        self.handlers.append(on_bar)

    def renew(self, bint is_there):
        """Begin the columns anew, once their first row was written, or with no row."""
        self.n, self.shown = is_there, 0
        self.set_end()

    cdef int64_t end_of(self, int64_t at) noexcept:
        return self.end[at] if self.end is not NULL else self.time[at] + self.length_ns

    cdef void set_end(self) noexcept:
        self.ends_ns = self.end_of(self.shown) if self.shown < self.n else MOST

    cdef int deliver(self) except -1:
        cdef int64_t at = self.shown
        cdef Bar bar = Bar.__new__(Bar)
        cdef Series series
        bar.symbol, bar.every = self.symbol, self.every
        bar.time_ns = self.time[at]
        bar.end_ns = self.ends_ns
        bar.open = self.prices[0][at]
        bar.high = self.prices[1][at]
        bar.low = self.prices[2][at]
        bar.close = self.prices[3][at]
        if self.volume is not NULL:
            bar.volume = self.volume[at]
        self.shown = at + 1
        self.set_end()
        for series in self.series:
            series.append(bar)
        for on_bar in self.handlers:
            if on_bar is not None:
                on_bar(bar)
        return 0


cdef class Engine:
    """Feeds an exchange from its sources, and shows strategies what they may see.

    Args:
        exchange: one without on_event.
        sources: each a Source.
        frames: each a Frame; the short before the long.
        on_event: called with each event of the exchange once it is seen, as a tuple.
        on_time: called at the time that ``wake_at`` has set.
    """

    cdef Exchange exchange
    cdef list sources
    cdef list frames
    cdef Source only_source     # where there is one: most runs have
    cdef Frame only_frame
    cdef object on_event
    cdef object on_time
    cdef bint beside        # bars of several contracts
    cdef readonly bint halted
    cdef int64_t wake_ns
    cdef int64_t time_ns

    def __init__(self, Exchange exchange, sources, frames, on_event, on_time):
        self.exchange = exchange
        self.sources = list(sources)
        self.frames = sorted(frames, key=lambda frame: frame.rank)
        self.only_source = self.sources[0] if len(self.sources) == 1 else None
        self.only_frame = self.frames[0] if len(self.frames) == 1 else None
        self.on_event = on_event
        self.on_time = on_time
        self.wake_ns = MOST
        cdef Source source
        self.beside = False
        for source in self.sources:
            self.beside = self.beside or (source.length_ns and len(self.sources) > 1)

    @property
    def now_ns(self):
        """The time that the strategies are at."""
        return max(self.time_ns, self.exchange.venue.now_ns)

    def wake_at(self, int64_t time_ns):
        """Set when on_time is called next; NEVER for not at all."""
        self.wake_ns = time_ns

    def halt(self):
        """End the run after what is being done."""
        self.halted = True

    def last_ticks(self, int number):
        """The last print of a contract that is known, in ticks; None before the first.

        Where bars are walked side by side, one that is under way tells its open, and
        where it has filled orders: where it is between would show where it goes.
        """
        cdef const contract_t* contract = &self.exchange.venue.contracts[number]
        if not contract.has_last:
            return None
        if self.beside and contract.walk.stretch:
            return contract.walk.known
        return contract.last

    def run(self):
        """Go through all data.

        Raises:
            BadDatum: a datum breaks a rule of the exchange.
        """
        self.open()
        self.go_on()

    def open(self):
        """Get ready, where data come bit by bit."""
        self.exchange.check_ready()
        self.exchange.venue.watched = True

    def go_on(self):
        """Go through what the sources and the frames hold now.

        Raises:
            BadDatum: a datum breaks a rule of the exchange.
        """
        while not self.halted and self.step():
            pass
        self.exchange.check_failed()

    def pass_time(self, int64_t time_ns):
        """Do and show what is due up to a time, timers too; without data."""
        self.go_on()
        while not self.halted and self.wake_ns <= time_ns:
            self.stop_at(self.wake_ns, MOST)
        while not self.halted and not self.reach(time_ns):
            while not self.halted and self.wake_ns <= time_ns:
                self.stop_at(self.wake_ns, MOST)
        self.time_ns = max(self.time_ns, time_ns)

    cdef bint step(self) except -1:
        cdef Source one, first = None
        cdef Frame frame
        cdef int64_t data_ns = MOST, other_ns = MOST, next_ns, bars_ns = MOST
        if self.only_frame is not None:
            bars_ns = self.only_frame.ends_ns
        else:
            for frame in self.frames:
                bars_ns = min(bars_ns, frame.ends_ns)
        if self.only_source is not None:
            data_ns = self.only_source.next_ns()
            first = self.only_source if data_ns < MOST else None
        else:
            for one in self.sources:
                next_ns = one.next_ns()
                if next_ns < data_ns:
                    other_ns, data_ns, first = data_ns, next_ns, one
                else:
                    other_ns = min(other_ns, next_ns)
        if self.exchange.venue.walking and self.walk(min(bars_ns, data_ns)):
            return True
        if first is None and bars_ns == MOST:
            return False
        if min(bars_ns, self.wake_ns) <= data_ns:
            self.stop_at(min(bars_ns, self.wake_ns), bars_ns)
        elif first.length_ns:
            self.feed_bar(first)
            if self.is_next(bars_ns):
                self.stop_at(bars_ns, bars_ns)
        elif first.on_tick:
            self.feed_each(first, min(bars_ns, other_ns))
        else:
            self.feed_many(first, min(min(bars_ns, self.wake_ns), other_ns))
        return True

    cdef bint is_next(self, int64_t bars_ns) noexcept:
        """Whether bars end before anything else, where there is one contract."""
        return (self.only_source is not None and not self.halted and bars_ns < MOST
                and bars_ns < self.wake_ns and bars_ns <= self.only_source.next_ns())

    # -------------------------------------------------------------- between data

    cdef bint walk(self, int64_t until_ns) except -1:
        """Walk the bars that are under way, up to where something else comes.

        That is the end of one of them, or the time that is given. Timers within come
        then, as they come at the end of a bar that is walked alone.

        Returns:
            False where they are there already.
        """
        cdef venue_t* venue = &self.exchange.venue
        cdef int64_t last_ns = min(until_ns, first_end(venue)) - 1
        if venue.now_ns >= last_ns:
            return False
        while not self.halted:
            if walk_to(venue, last_ns) and next_seen(venue) > last_ns:
                self.exchange.check_failed()
                break
            self.exchange.check_failed()
            self.show()
        self.time_ns = max(self.time_ns, venue.now_ns)
        return True

    cdef int stop_at(self, int64_t time_ns, int64_t bars_ns) except -1:
        """Time goes on to a timer, or to the end of bars."""
        cdef Frame frame
        cdef int64_t wake_ns = self.wake_ns
        if not self.reach(time_ns):
            return 0
        self.time_ns = time_ns
        if wake_ns <= time_ns:
            self.wake_ns = MOST
            self.on_time(time_ns)
            return 0
        for frame in self.frames:
            if frame.ends_ns == time_ns and not self.halted:
                frame.deliver()
        return 0

    cdef bint reach(self, int64_t time_ns) except -1:
        """Do and show what is due up to a time; False where a timer is before it."""
        cdef venue_t* venue = &self.exchange.venue
        cdef int64_t wake_ns = self.wake_ns
        time_ns = max(time_ns, venue.now_ns)
        if (venue.shown == venue.n_events and venue.next_ns > time_ns
                and not venue.walking):     # nothing is: most bars end like that
            venue.now_ns = time_ns
            return True
        while True:
            if walk_to(venue, time_ns) and next_seen(venue) > time_ns:
                self.exchange.check_failed()
                return True
            self.exchange.check_failed()
            self.show()
            if self.halted or self.wake_ns < min(time_ns, wake_ns):
                return False

    cdef int show(self) except -1:
        """Show what is seen first, and all that is seen at the same time."""
        cdef venue_t* venue = &self.exchange.venue
        cdef int64_t seen_ns = next_seen(venue)
        if seen_ns == MOST:
            return 0
        venue.now_ns = max(venue.now_ns, seen_ns)
        self.time_ns = venue.now_ns
        while next_seen(venue) == seen_ns:
            venue.shown += 1
            self.on_event(event_row(&venue.events[venue.shown - 1]))
        return 0

    # -------------------------------------------------------------- data

    cdef int feed_bar(self, Source source) except -1:
        cdef bars_t bars
        cdef int64_t row = source.fed, start, end, opening, high, low, close
        cdef int why = 0
        start = source.time[row]
        end = start + source.length_ns
        opening = source.ticks_of(source.bars[0][row])
        high = source.ticks_of(source.bars[1][row])
        low = source.ticks_of(source.bars[2][row])
        close = source.ticks_of(source.bars[3][row])
        bars.starts, bars.ends = &start, &end
        bars.opens, bars.highs = &opening, &high
        bars.lows, bars.closes = &low, &close
        bars.n = 1
        while not self.take_bar(source.number, &bars, &why):
            self.check(why, row)
            self.show()
            if self.halted:
                return 0
        self.check(why, row)
        source.fed = row + 1
        return 0

    cdef bint take_bar(self, int number, const bars_t* bars, int* why) noexcept:
        if self.beside:
            return start_bar(&self.exchange.venue, number, bars, why)
        return feed_bars(&self.exchange.venue, number, bars, why) != 0

    cdef int feed_many(self, Source source, int64_t until_ns) except -1:
        """Ticks up to a time, or to the first one before which something is seen."""
        cdef columns_t columns
        cdef int64_t last = source.first_from(until_ns), taken
        cdef int why = 0
        set_columns(source, source.fed, max(last, source.fed + 1), &columns)
        taken = feed_ticks(&self.exchange.venue, source.number, &columns, &why)
        self.check(why, source.fed + taken)
        source.fed += taken
        self.time_ns = self.exchange.venue.now_ns
        if taken < columns.n:
            self.show()
        return 0

    cdef int feed_each(self, Source source, int64_t until_ns) except -1:
        """Ticks up to a time, each shown once the exchange has had it."""
        cdef columns_t columns
        cdef int why = 0
        cdef int64_t row = source.fed, wake_ns = self.wake_ns, time_ns
        while row < source.n and not self.halted:
            time_ns = source.time[row]
            if time_ns >= until_ns or time_ns >= self.wake_ns:
                return 0
            set_columns(source, row, row + 1, &columns)
            while feed_ticks(&self.exchange.venue, source.number, &columns, &why) == 0:
                self.check(why, row)
                self.show()
                if self.halted or self.wake_ns < min(wake_ns, time_ns):
                    return 0
            self.check(why, row)
            row += 1
            source.fed = row
            self.time_ns = time_ns
            while next_seen(&self.exchange.venue) <= time_ns:
                self.show()
            show_tick(source, row - 1)
        return 0

    cdef inline int check(self, int why, int64_t row) except -1:
        if why or self.exchange.venue.failed:
            self.complain(why, row)
        return 0

    cdef int complain(self, int why, int64_t row) except -1:
        self.exchange.check_failed()
        if why:
            kind = UnsortedData if why == LATE else BadDatum
            raise kind("a datum breaks a rule of the exchange", row)
        return 0


cdef int show_tick(Source source, int64_t row) except -1:
    cdef Tick tick = Tick.__new__(Tick)
    tick.symbol = source.symbol
    tick.time_ns = source.time[row]
    tick.price = <double>source.price[row] * source.numerator / source.denominator
    tick.size = source.size[row] if source.size is not NULL else 1
    tick.side = source.side[row] if source.side is not NULL else 0
    for on_tick in source.on_tick:
        on_tick(tick)
    return 0


cdef inline void set_columns(Source source, int64_t first, int64_t last,
                             columns_t* columns) noexcept:
    memset(columns, 0, sizeof(columns_t))
    columns.n = last - first
    columns.time = source.time + first
    columns.price = source.price + first
    if source.size is not NULL:
        columns.size = source.size + first
    if source.side is not NULL:
        columns.side = source.side + first
    if source.bid is not NULL:
        columns.bid = source.bid + first
        columns.ask = source.ask + first
