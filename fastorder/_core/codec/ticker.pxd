"""Market events, scanned from a hub's record without parsing JSON."""

from libc.stdint cimport int64_t, uint32_t

cdef enum:
    NUMBERS = 8                 # decimals of one row
    INTS = 4
    TIMES = 2
    STAMP = 19                  # 2026-08-19T20:51:31

cdef int64_t NOT_GIVEN          # in place of an integer or a time

cdef enum Kind:
    OTHER = 0                   # some other record
    QUOTE = 1
    TRADE = 2
    DEPTH = 3
    PING = 4

cdef struct Number:             # digits * 10 ** exponent
    int64_t digits              # NOT_GIVEN where the row has none
    int exponent

cdef struct Row:                # which member stands where: ticker.pyx
    Number numbers[NUMBERS]
    int64_t ints[INTS]
    int64_t times[TIMES]        # nanoseconds since the epoch
    uint32_t seen               # members that were given, by place in the table

cdef struct Stamp:              # a date and a time, and what they are
    char text[STAMP]            # begins with 0 where there is none
    int64_t seconds

cdef struct Scan:               # one record, and where the reading stands
    const char* at
    const char* end
    const char* contract        # the first argument, borrowed
    size_t contract_size
    Row* rows                   # owned by the scan's owner; kept between records
    size_t row_room
    size_t row_count
    bint in_list
    Stamp stamps[TIMES]         # those that were read last

cdef Kind kind_of(const char* record, size_t size) noexcept nogil
cdef bint scan_event(
    Scan* scan, Kind kind, const char* record, size_t size) noexcept nogil
cdef void row_begin(Row* row) noexcept nogil
