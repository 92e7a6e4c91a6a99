"""The position of one contract by its fills, held against lists that may be behind."""

from libc.stdint cimport int64_t


cdef int64_t LAG_NS


cdef class Ledger:
    cdef readonly int64_t net           # by all fills that are known
    cdef readonly int64_t low           # what it may be, at the least and at the most
    cdef readonly int64_t high
    cdef readonly int closing           # closes that are under way
    cdef list closes                    # sizes of those whose fill is not known; 0: all
    cdef int64_t closed_ns              # when the last of them was answered
    cdef int64_t close_low              # the position if they have all been filled
    cdef int64_t close_high
    cdef bint has_nobodys               # a fill since then may be that of a close
    cdef list recent                    # (when it was known, contracts) of young fills
    cdef bint has_doubt                 # a list has shown what no fill explains
    cdef int64_t doubt_low
    cdef int64_t doubt_high
    cdef int64_t doubt_ns               # when that list was there
    cdef int64_t differs_by             # lists less fills, the last time they differed
    cdef int64_t differs_ns             # since when; 0: they do not
    cdef int differs_count              # lists in a row
    cdef int agree_count                # lists since the doubt that agree

    cdef int filled(
        self, int64_t more, int64_t known_ns, bint is_old,
        bint may_be_close) except -1
    cdef int look_for_close(self, int size) except -1
    cdef int close_asked(self, int size) except -1
    cdef int close_ended(self, int size, bint may_hold, int64_t now_ns) except -1
    cdef bint listed(
        self, int64_t size, int64_t buys, int64_t sells, int64_t begun_ns,
        int64_t ended_ns) except -1
    cdef int agrees(self, int64_t size, int64_t begun_ns) except -1
    cdef bint still_differs(self, int64_t size, int64_t begun_ns) except -1
    cdef bint is_believed(
        self, int64_t size, int64_t buys, int64_t sells, int64_t begun_ns) except -1
    cdef int doubt(
        self, int64_t low, int64_t high, int64_t shown_ns, int64_t ended_ns) except -1
    cdef bint is_repeated(self, int count, int64_t since_ns, int64_t now_ns) noexcept
    cdef bint is_by_close(self, int64_t size) noexcept
    cdef int settle(self) except -1
