"""The position of one contract by its fills, held against lists that may be behind.

What the gateway lists may be several seconds old. So a position is added up from the
fills that are known, each counted once, by its order's number. A list is a witness:

- It says the same: nothing changes.
- It lacks fills younger than ``LAG_NS``, or has what working orders may have filled:
  it may be behind, or ahead, of what was read of orders. It proves nothing.
- Anything else is a doubt: the position is taken to be either, whichever is worse, and
  all fills that the list may lack on top.

A close has no number of its own: while it is under way, and until its fill is seen or
every list has it, the position may be none as well, and what has filled since on top.

A doubt ends with a list that agrees, asked for ``LAG_NS`` after the last that did not.
Lists that differ by the same for that long are believed: there was a position before
the first fill that is known. An empty list is also what a gateway in trouble gives: it
takes three of them over a minute to end a doubt, or to be believed against the fills.

No clock is read here: times are given, in nanoseconds on the monotonic clock.
"""

from libc.stdint cimport int64_t

cdef int64_t LAG_NS = 12_000_000_000

cdef int64_t EMPTY_NS = 60_000_000_000
cdef int EMPTY_LISTS = 3

SECONDS_BEHIND = LAG_NS / 1e9
"""How far a list of the gateway is behind, at the most."""


cdef class Ledger:
    """What is held of one contract in one account."""

    def __cinit__(self):
        self.recent = []
        self.closes = []

    def __repr__(self):
        return f"<{self.net} by its fills, {self.low} to {self.high} by all>"

    cdef int filled(
        self, int64_t more, int64_t known_ns, bint is_old, bint may_be_close
    ) except -1:
        """So many contracts more are known to be bought; sold below zero.

        Args:
            is_old: the fill is so old that every list from now on has it.
            may_be_close: its order was not known before, and nobody has asked for it.
        """
        self.net += more
        if not is_old:
            self.recent.append((known_ns, more))
        if self.has_doubt:
            self.doubt_low += min(more, 0)
            self.doubt_high += max(more, 0)
        if self.closes:
            self.close_low += min(more, 0)
            self.close_high += max(more, 0)
            self.has_nobodys = self.has_nobodys or may_be_close
            self.look_for_close(abs(more) if may_be_close else 0)
        return self.settle()

    cdef int look_for_close(self, int size) except -1:
        """Where a fill ends one of the closes that were asked for, it counts no more.

        A whole close leaves nothing, a part is as large as was asked for; its order is
        nobody's.
        """
        if size and size in self.closes:
            self.closes.remove(size)
        elif self.has_nobodys and not self.net and 0 in self.closes:
            self.closes.remove(0)
        else:
            return 0
        self.has_nobodys = False
        return 0

    cdef int close_asked(self, int size) except -1:
        """A close of so many leaves, of all for 0."""
        if not self.closes:
            self.close_low = self.close_high = 0
            self.has_nobodys = False
        self.closes.append(size)
        self.closing += 1
        return self.settle()

    cdef int close_ended(self, int size, bint may_hold, int64_t now_ns) except -1:
        """It has ended; one that may hold counts until its fill is known."""
        self.closing -= 1
        if not may_hold and size in self.closes:
            self.closes.remove(size)
        self.closed_ns = now_ns if self.closes else 0
        return self.settle()

    cdef bint listed(
        self, int64_t size, int64_t buys, int64_t sells, int64_t begun_ns,
        int64_t ended_ns
    ) except -1:
        """A list shows this position; a short one is negative.

        Args:
            buys, sells: what orders may have filled beyond what is known.
            begun_ns, ended_ns: when it was asked for, and was there.

        Returns:
            Whether fills and list say the same now.
        """
        cdef int64_t shown_ns = begun_ns - LAG_NS   # it shows this moment, or a later
        cdef int64_t bought = 0, sold = 0
        self.recent = [each for each in self.recent if each[0] >= shown_ns]
        for _, more in self.recent:
            bought += max(more, 0)
            sold += max(-more, 0)
        if not self.closing and self.closed_ns < shown_ns:
            self.closes.clear()
        if size == self.net:
            self.agrees(size, begun_ns)
        elif -bought <= size - self.net <= sold or self.is_by_close(size):
            self.still_differs(size, begun_ns)       # it is behind
        elif not self.still_differs(size, begun_ns) and (
                -bought - sells <= size - self.net <= sold + buys):
            pass                                        # an order has filled since
        elif self.is_believed(size, bought + buys, sold + sells, begun_ns):
            self.net = size
            self.has_doubt = False
            self.differs_ns = 0
        else:
            self.doubt(size - sold, size + bought, shown_ns, ended_ns)
        self.settle()
        return size == self.net

    cdef int agrees(self, int64_t size, int64_t begun_ns) except -1:
        """Fills and list say the same; what another list said may end with that."""
        self.differs_ns = 0
        self.agree_count += 1
        if self.doubt_ns < begun_ns - LAG_NS and (
            size or self.is_repeated(self.agree_count, self.doubt_ns, begun_ns)
        ):
            self.has_doubt = False
        return 0

    cdef bint still_differs(self, int64_t size, int64_t begun_ns) except -1:
        """Count the lists that differ by the same.

        Returns:
            Whether they do for longer than a list is behind.
        """
        if not self.differs_ns or size - self.net != self.differs_by:
            self.differs_by = size - self.net
            self.differs_ns = begun_ns
            self.differs_count = 0
        self.differs_count += 1
        return self.differs_ns < begun_ns - LAG_NS

    cdef bint is_believed(
        self, int64_t size, int64_t buys, int64_t sells, int64_t begun_ns
    ) except -1:
        """Whether lists have said this for long, and no order can have done it."""
        if self.differs_ns >= begun_ns - LAG_NS:
            return False
        if -sells <= size - self.net <= buys:
            return False
        return bool(size) or self.is_repeated(
            self.differs_count, self.differs_ns, begun_ns)

    cdef int doubt(
        self, int64_t low, int64_t high, int64_t shown_ns, int64_t ended_ns
    ) except -1:
        """The position may be this; what other young lists have said may be so too."""
        if self.has_doubt and self.doubt_ns >= shown_ns:
            low, high = min(low, self.doubt_low), max(high, self.doubt_high)
        self.doubt_low, self.doubt_high = low, high
        self.doubt_ns = ended_ns
        self.agree_count = 0
        self.has_doubt = True
        return 0

    cdef bint is_repeated(self, int count, int64_t since_ns, int64_t now_ns) noexcept:
        """Whether so many empty lists since then are believed."""
        return count >= EMPTY_LISTS and now_ns - since_ns > EMPTY_NS

    cdef bint is_by_close(self, int64_t size) noexcept:
        """Whether a close that was asked for explains it."""
        if not self.closes:
            return False
        return min(self.close_low, self.net) <= size <= max(self.close_high, self.net)

    cdef int settle(self) except -1:
        """The range, from all that is known."""
        self.low = self.high = self.net
        if self.has_doubt:
            self.low = min(self.low, self.doubt_low)
            self.high = max(self.high, self.doubt_high)
        if self.closes:
            self.low = min(self.low, self.close_low)
            self.high = max(self.high, self.close_high)
        return 0
