# cython: boundscheck=False, wraparound=False, cdivision=True
"""The kernel of bars: ticks to bars and bars to longer bars, one at a time or in bulk.

There is one machine for both. It holds the rules, the bar in the making and the bars
that are closed; a tick, an array of ticks and an array of bars go through the same few
functions, so that live, bulk and chunked bars are the same to the bit.
"""

cimport cython
from cpython.long cimport PyLong_CheckExact
from cpython.number cimport PyNumber_Index
from cpython.object cimport PyObject
from libc.stdint cimport int8_t, int64_t

from fastorder.marketdata._columns cimport Column
from fastorder.marketdata._given cimport read_bars, read_ticks
from fastorder.marketdata._kinds cimport run_count, run_renko, run_sums
from fastorder.marketdata._longer cimport bars_t, run_bars
from fastorder.marketdata._part cimport (
    BAD_PRICE,
    BAD_SIDE,
    BAD_SIZE,
    FINE,
    LATE,
    NO_MEMORY,
    NO_SESSION,
    TOO_FAR,
    TOO_MANY_FLAT,
    TOO_MUCH,
    TOO_NEW,
    TOO_OLD,
    add_plain_tick,
    join_parts,
    one_tick,
    part_t,
    price_t,
)
from fastorder.marketdata._sheet cimport (
    BUY,
    COLUMNS,
    OPEN,
    SELL,
    TIME,
    cell,
    drop,
    emit,
    keep,
    sheet_t,
    tear,
)
from fastorder.marketdata._state cimport (
    COUNT,
    DROP,
    EVEN,
    LARGEST,
    MOST_FLAT,
    REFUSE,
    RENKO,
    TABLE,
    close_bar,
    fill_gap,
    locate,
    place_t,
    rules_t,
    state_t,
)
from fastorder.marketdata._ticks cimport price_at, side_at, ticks_t
from fastorder.marketdata._timed cimport run_time
from fastorder.marketdata._vectors cimport lanes_now

from fastorder.marketdata._sheet import NAMES
from fastorder.marketdata.errors import IN_USE, BadTick, BarError, UnsortedTicks

cdef tuple KINDS = (
    "even", "table", "count", "volume", "value", "range", "renko", "imbalance")
cdef tuple POLICIES = ("refuse", "drop", "merge")

# ------------------------------------------------------------------ any ticks

cdef int64_t run_ticks(const rules_t* rules, state_t* state, sheet_t* sheet,
                       const ticks_t* ticks, int64_t i, int* why) noexcept nogil:
    if rules.kind == EVEN or rules.kind == TABLE:
        return run_time(rules, state, sheet, ticks, i, why)
    if rules.kind == COUNT:
        return run_count(rules, state, sheet, ticks, i, why)
    if rules.kind == RENKO:
        return run_renko(rules, state, sheet, ticks, i, why)
    return run_sums(rules, state, sheet, ticks, i, why)


cdef int take_late(const rules_t* rules, state_t* state, const ticks_t* ticks,
                   int64_t i) noexcept nogil:
    """What the rules say of a late tick: refuse it, count it, or merge it."""
    cdef part_t one
    cdef part_t sum
    cdef int why
    if rules.late == REFUSE:
        return LATE
    if ticks.time[i] < 0:
        return TOO_OLD
    why = one_tick(&one, price_at(ticks, i), ticks.size[i], side_at(ticks, i),
                   rules.is_whole)
    if why:
        return why
    if rules.late == DROP or not state.is_open or ticks.time[i] < state.label:
        state.late_dropped += 1
        return FINE
    one.close = state.part.close
    sum = state.part
    if not join_parts(&sum, &one, rules.is_whole):
        return TOO_MUCH
    state.part = sum
    state.late_merged += 1
    return FINE


cdef int64_t run(const rules_t* rules, state_t* state, sheet_t* sheet,
                 const ticks_t* ticks, int* why) noexcept nogil:
    """All the ticks, the late ones too, up to the first that is refused."""
    cdef int64_t i = 0
    why[0] = FINE
    while i < ticks.n:
        i = run_ticks(rules, state, sheet, ticks, i, why)
        if why[0] == LATE:
            why[0] = take_late(rules, state, ticks, i)
            i += why[0] == FINE
        if why[0]:
            return i
    return i


# ------------------------------------------------------------------ the machine

cdef str NO_SIDES = "side is known: the builder must be made with sides=True"

cdef dict REASONS = {
    BAD_SIZE: "size must be at least 1",
    BAD_PRICE: "price must be a finite number",
    BAD_SIDE: "side must be 1 (buyer), -1 (seller) or 0 (not known)",
    TOO_MUCH: "the volume of a bar must be below 2**63",
    TOO_OLD: "time_ns must not be before 1970",
    TOO_NEW: "time_ns must be before 2262",
    NO_SESSION: "time_ns must be within the sessions that were given",
    TOO_MANY_FLAT: f"a gap must be at most {MOST_FLAT:,} bars",
    TOO_FAR: "price must be below 2**52 bricks",
}


cdef class Machine:
    """Turns ticks into bars by one rule; the facade checks what it is given.

    Args:
        kind: what closes a bar: one of even, table, count, volume, value, range, renko
            and imbalance.
        whole: prices are int64 ticks instead of float64.
        sides: keep the volumes of buyers and sellers.
        length_ns, offset_ns: of even bars; the length within a session of a table.
        table: opens, closes, labels and ends of sessions, each a column of int64.
        level: the threshold of the other kinds.
        flat: gaps make flat bars.
        late: refuse, drop or merge.
        complete_ns: all ticks from here on are given.
    """

    cdef bint ready             # __init__ has made the rules
    cdef bint busy              # a call is under way; see begin
    cdef bint sides
    cdef rules_t rules
    cdef state_t state
    cdef state_t saved          # by mark
    cdef sheet_t sheet
    cdef tuple table            # kept alive for the rules
    cdef object make_bar

    def __init__(self, str kind, *, bint whole=False, bint sides=False,
                 length_ns=0, offset_ns=0, tuple table=None,
                 level=0, bint flat=False, str late="refuse",
                 complete_ns=0x7FFFFFFFFFFFFFFF, make_bar=None):
        if self.ready:
            raise BarError("a builder is made once: make another one")
        self.rules.kind = KINDS.index(kind)
        self.rules.is_whole = whole
        self.rules.late = POLICIES.index(late)
        self.rules.flat = flat
        self.rules.length = whole_number(length_ns)
        self.rules.offset = whole_number(offset_ns)
        self.rules.complete_ns = whole_number(complete_ns)
        self.rules.level = level
        if kind in ("count", "volume", "imbalance") or whole:
            self.rules.threshold = int(level)
        if table is not None:
            self.set_table(table)
        self.sides = sides
        cdef int column
        for column in range(COLUMNS):
            keep(&self.sheet, column, sides or column not in (BUY, SELL))
        self.state.guess = 1
        self.make_bar = make_bar
        self.ready = True

    def __dealloc__(self):
        drop(&self.sheet)

    cdef int set_table(self, tuple table) except -1:
        cdef Column opens, closes, labels, ends
        opens, closes, labels, ends = table
        self.table = table
        self.rules.opens = <const int64_t*>opens.data
        self.rules.closes = <const int64_t*>closes.data
        self.rules.labels = <const int64_t*>labels.data
        self.rules.ends = <const int64_t*>ends.data
        self.rules.rows = opens.size
        return 0

    # ------------------------------------------------------------ one call at a time

    cdef int begin(self) except -1:
        """Have the machine for one call; whoever comes meanwhile is refused.

        Feeding releases the GIL, and making a bar runs Python code: both let other
        threads in, and a signal's handler. Arguments are converted before this, since
        that runs Python code too. The reads of a number ask for it as well: what a feed
        has done so far may still be taken back.
        """
        self.check_free()
        self.busy = True
        return 0

    cdef inline int check_free(self) except -1:
        if self.busy:
            raise BarError(IN_USE)
        if not self.ready:
            raise BarError("a builder must be made by a call of its class")
        return 0

    # ------------------------------------------------------------ ticks in bulk

    def _feed(self, list pieces):
        """Take pieces of ticks; all of them, or none where one is refused.

        Args:
            pieces: where each starts in the whole, and its columns.

        Raises:
            BadTick, UnsortedTicks: with the index of the tick in the whole.
        """
        self.begin()
        try:
            self.feed_all(pieces)
        finally:
            self.busy = False

    def _closed_by(self, list pieces):
        """Take pieces of ticks as ``_feed`` does, and give the bars that they close.

        Returns:
            The columns, whether the first bar may lack ticks, and what was left out.
        """
        self.begin()
        cdef state_t before = self.state
        try:
            self.sheet.size = 0
            self.feed_all(pieces)
            return (self.take(), before.made == 0 and bool(self.state.first_partial),
                    self.left_out())
        except BaseException:
            self.state = before
            raise
        finally:
            self.busy = False

    def _closed_at_end(self, bint all_of_them=False):
        """Close the bar in the making, and give it.

        Args:
            all_of_them: give all bars since the start, none of which was taken.

        Returns:
            The columns, whether the first bar may lack ticks, what was left out, and
            when the last bar is complete (see ``_close_last``).
        """
        self.begin()
        cdef state_t before = self.state
        try:
            if not all_of_them:
                self.sheet.size = 0
            end = self.close_last()
            is_first = all_of_them or before.made == 0
            return (self.take(), is_first and bool(self.state.first_partial),
                    self.left_out(), end)
        except BaseException:
            self.state = before
            raise
        finally:
            self.busy = False

    cdef int feed_all(self, list pieces) except -1:
        cdef state_t before = self.state
        cdef Py_ssize_t written = self.sheet.size
        try:
            for start, columns in pieces:
                self.feed_piece(start, columns)
        except BaseException:
            self.state = before
            self.sheet.size = written
            raise
        return 0

    cdef int feed_piece(self, int64_t start, tuple columns) except -1:
        cdef ticks_t ticks
        cdef int why
        cdef int64_t reached
        if len(columns) > 3 and not self.sides:
            raise BarError(NO_SIDES)
        time, price, size = columns[:3]
        read_ticks(&ticks, time, price, size, columns[3] if len(columns) > 3 else None,
                   self.rules.is_whole)
        with nogil:
            reached = run(&self.rules, &self.state, &self.sheet, &ticks, &why)
        if why != FINE:
            refuse(why, start + reached, ticks.time[reached])
        return 0

    # ------------------------------------------------------------ shorter bars

    def _feed_bars(self, dict columns, bint partial=False):
        """Take shorter bars; all of them, or none.

        Args:
            columns: name to column; those of ticks, sides and value may be missing.
            partial: the first of them was not seen whole.
        """
        self.begin()
        cdef state_t before = self.state
        cdef Py_ssize_t written = self.sheet.size
        try:
            self.feed_bars(columns)
        except BaseException:
            self.state = before
            self.sheet.size = written
            raise
        finally:
            self.busy = False
        if partial and before.made == 0 and not before.is_open:
            self.state.first_partial = True

    cdef int feed_bars(self, dict columns) except -1:
        cdef bars_t bars
        cdef int column, why
        cdef int64_t reached
        read_bars(&bars, columns, self.rules.is_whole)
        if self.sheet.size == 0 and not self.state.is_open:
            for column in range(COLUMNS):
                keep(&self.sheet, column, NAMES[column] in columns)
        with nogil:
            reached = run_bars(&self.rules, &self.state, &self.sheet, &bars, &why)
        if why != FINE:
            refuse(why, reached, bars.time[reached])
        return 0

    # ------------------------------------------------------------ one tick

    # a method of C: the interpreter calls it without a bound Python function between
    @cython.binding(False)
    @cython.embedsignature(True)
    @cython.embedsignature.format("clinic")
    def update(self, time_ns, price, size, side=0):
        """Take one tick.

        Args:
            time_ns: when it was traded, in nanoseconds since 1970 UTC.
            price: a float, or an int where the builder counts whole ticks.
            size: how many contracts.
            side: 1 where the buyer was the aggressor, -1 the seller, 0 not known.

        Returns:
            The bar that it closes, mostly None. Where it closes several (flat bars,
            renko), the first; ``closed`` has all of them.

        Raises:
            BadTick, UnsortedTicks: the tick is refused, and nothing is changed.
        """
        cdef price_t exact
        cdef int64_t when = whole_number(time_ns)
        cdef int64_t count = whole_number(size)
        cdef int64_t aggressor = whole_number(side)
        if self.rules.is_whole:
            exact.whole = whole_number(price)
        else:
            exact.real = price
        if aggressor and not self.sides:
            raise BarError(NO_SIDES)
        if not -1 <= aggressor <= 1:
            refuse(BAD_SIDE, 0, when)
        self.begin()
        try:
            self.sheet.size = 0
            if self.takes_plainly(
                    when, exact, count, <int>aggressor, self.rules.is_whole):
                return None
            return self.update_slowly(when, exact, count, <int8_t>aggressor)
        finally:
            self.busy = False

    cdef inline bint takes_plainly(self, int64_t when, price_t price, int64_t size,
                                   int side, int is_whole) noexcept:
        """Whether a tick lies within the time bar in the making; then it is taken."""
        cdef state_t* state = &self.state
        if (self.rules.kind <= TABLE and state.is_open and state.inside
                and state.last_ns <= when and when < state.end
                and add_plain_tick(&state.part, price, size, side, is_whole)):
            state.last_ns = when
            return True
        return False

    cdef object update_slowly(self, int64_t time_ns, price_t price, int64_t size,
                              int8_t side):
        cdef ticks_t ticks
        cdef state_t before = self.state
        cdef int why
        ticks.time = &time_ns
        ticks.price = &price
        ticks.size = &size
        ticks.side = &side
        ticks.n = 1
        ticks.is_whole = self.rules.is_whole
        ticks.lanes = lanes_now()
        try:
            run(&self.rules, &self.state, &self.sheet, &ticks, &why)
            if why != FINE:
                refuse(why, 0, time_ns)
            return self.bar_at(0) if self.sheet.size else None
        except BaseException:
            self.state = before
            self.sheet.size = 0
            raise

    def advance(self, time_ns):
        """Say what time it is: a bar that is complete by then is closed.

        Returns:
            The bars that this closes, flat ones too where gaps make such.
        """
        cdef int64_t now = whole_number(time_ns)
        self.begin()
        cdef state_t before = self.state
        try:
            self.sheet.size = 0
            self.pass_time(now)
            return self.bars_closed()
        except BaseException:
            self.state = before
            self.sheet.size = 0
            raise
        finally:
            self.busy = False

    cdef int pass_time(self, int64_t time_ns) except -1:
        cdef state_t* state = &self.state
        cdef int why = FINE
        if self.rules.kind > TABLE:
            return 0
        if state.is_open and time_ns >= state.complete_end:
            why = close_bar(state, &self.sheet)
            state.last_ns = max(state.last_ns, state.complete_end)
        if why == FINE and not state.is_open:
            why = fill_gap(&self.rules, state, &self.sheet, LARGEST, time_ns)
        if why:
            refuse(why, 0, time_ns)
        return 0

    # ------------------------------------------------------------ bars

    @property
    def closed(self):
        """The bars that the last call closed, as a list."""
        self.begin()
        try:
            return self.bars_closed()
        finally:
            self.busy = False

    def snapshot(self):
        """The bar in the making, marked partial; None where there is none."""
        self.begin()
        try:
            if not self.state.is_open:
                return None
            return self.bar_of(self.state.label, &self.state.part, True)
        finally:
            self.busy = False

    cdef list bars_closed(self):
        cdef Py_ssize_t i
        return [self.bar_at(i) for i in range(self.sheet.size)]

    cdef object bar_at(self, Py_ssize_t i):
        cdef int64_t label = (<int64_t*>self.sheet.columns[TIME])[i]
        cdef bint partial = (
            self.state.first_partial and self.state.made == self.sheet.size and i == 0)
        return self.make_bar(
            label, *self.cells(i), partial)

    cdef list cells(self, Py_ssize_t i):
        return [cell(&self.sheet, column, i, self.rules.is_whole)
                for column in range(OPEN, COLUMNS)]

    cdef object bar_of(self, int64_t label, const part_t* part, bint partial):
        """A bar that is not on the sheet: written behind its end, and read back."""
        if emit(&self.sheet, label, part):
            raise MemoryError
        self.sheet.size -= 1
        return self.make_bar(
            label, *self.cells(self.sheet.size), partial)

    def _take(self):
        """The closed bars since the last call, name to column."""
        self.begin()
        try:
            return self.take()
        finally:
            self.busy = False

    cdef dict take(self):
        cdef dict taken = {}
        cdef int column
        try:
            for column in range(COLUMNS):
                if self.sheet.keeps[column]:
                    taken[NAMES[column]] = tear(
                        &self.sheet, column, self.rules.is_whole)
        finally:
            drop(&self.sheet)
        return taken

    # ------------------------------------------------------------ there and back

    def _mark(self):
        """Remember how things are, with no closed bars in hand."""
        self.check_free()
        self.saved = self.state
        self.sheet.size = 0

    def _rollback(self):
        """Be as at the last mark."""
        self.check_free()
        self.state = self.saved
        self.sheet.size = 0

    def _end_of(self, time_ns):
        """When the time bar that a time belongs to is complete; None outside of all."""
        cdef place_t place
        cdef int64_t when = whole_number(time_ns)
        self.check_free()
        if self.rules.kind > TABLE or locate(&self.rules, 0, when, &place):
            return None
        return place.complete_end

    def _close_last(self):
        """Close the bar in the making; whether there was one, and when it is complete.

        Returns:
            None, or the time in nanoseconds (0 for bars that no time completes).
        """
        self.check_free()
        return self.close_last()

    cdef object close_last(self):
        if not self.state.is_open:
            return None
        cdef int64_t end = (
            self.state.complete_end if self.rules.kind <= TABLE else 0)
        if close_bar(&self.state, &self.sheet):
            raise MemoryError
        return end

    # ------------------------------------------------------------ what was counted

    cdef tuple left_out(self):
        return self.state.late_dropped, self.state.late_merged, self.state.outside

    @property
    def made(self):
        """How many bars it has closed so far."""
        self.check_free()
        return self.state.made

    @property
    def first_partial(self):
        """Whether the first bar of all may lack ticks from before the start."""
        self.check_free()
        return bool(self.state.first_partial)

    @property
    def late_dropped(self):
        """Late ticks that were left out."""
        self.check_free()
        return self.state.late_dropped

    @property
    def late_merged(self):
        """Late ticks that went into the bar in the making."""
        self.check_free()
        return self.state.late_merged

    @property
    def outside(self):
        """Ticks or bars outside every session, which were left out."""
        self.check_free()
        return self.state.outside

    @property
    def last_ns(self):
        """No tick may be older than this."""
        self.check_free()
        return self.state.last_ns


# ------------------------------------------------------------------ a tick from Python

cdef extern from "shortcut.h":
    ctypedef object (*call_t)(PyObject* self, PyObject* const* arguments,
                              Py_ssize_t count, PyObject* names)

    void call_instead(object method, call_t shortcut, call_t* before) noexcept
    bint read_whole(PyObject* number, int64_t* whole) noexcept
    bint read_real(PyObject* number, double* real) noexcept

cdef call_t update_any


cdef object update_plain(Machine self, PyObject* const* arguments, Py_ssize_t count,
                         PyObject* names):
    """What ``update`` does where that is plain: arguments by position and of the very
    types, a tick within the time bar in the making. All else goes the long way.

    To parse and hold arguments of any kind takes longer than to add a tick.
    """
    cdef int64_t side = 0
    cdef bint taken = False
    if names is NULL and not self.busy:
        # each with a constant, so that the choice is made once
        if count == 3:
            taken = takes_arguments(self, arguments, 0)
        elif (count == 4 and read_whole(arguments[3], &side) and -1 <= side <= 1
                and (self.sides or side == 0)):
            taken = takes_arguments(self, arguments, <int>side)
    if taken:
        self.sheet.size = 0
        return None
    return update_any(<PyObject*>self, arguments, count, names)


cdef inline bint takes_arguments(Machine self, PyObject* const* arguments,
                                 int side) noexcept:
    cdef int64_t when, size
    cdef price_t price
    if not (read_whole(arguments[0], &when) and read_whole(arguments[2], &size)):
        return False
    if self.rules.is_whole:
        return (read_whole(arguments[1], &price.whole)
                and self.takes_plainly(when, price, size, side, True))
    return (read_real(arguments[1], &price.real)
            and self.takes_plainly(when, price, size, side, False))


call_instead(Machine.update, <call_t><void*>update_plain, &update_any)


cdef inline int64_t whole_number(object number) except? -1:
    """An int as 64 bits; a float is refused, even a whole one.

    Where an argument is declared as a C integer, Cython takes a float and cuts it.
    """
    return number if PyLong_CheckExact(number) else PyNumber_Index(number)


cdef int refuse(int why, int64_t index, int64_t time_ns) except -1:
    if why == NO_MEMORY:
        raise MemoryError
    if why == LATE and time_ns >= 0:
        raise UnsortedTicks(
            f"time_ns must not be before the tick before it, was {time_ns}", index)
    raise BadTick(REASONS[TOO_OLD if why == LATE else why], index)
