# cython: boundscheck=False, wraparound=False, cdivision=True
"""Scans quotes, trades and depth from a hub's record, without parsing JSON.

The records of one server all have the same shape: members in its order, no blanks,
plain numbers. What is exactly so is read here in one pass, without an allocation.
Whatever is not (an escape, an exponent, a blank, a member twice, a number of more than
18 digits) is left to a JSON library, which reads it the same way, and much else:
``market_json``.
"""

from libc.stdint cimport INT64_MIN, int64_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memcmp, memcpy

cdef enum:
    MOST_DIGITS = 18            # a number of so many fits 64 bits
    FIRST_ROWS = 16
    WORD = 8
    LONGEST_KEY = 16

cdef enum What:                 # what a member holds
    DECIMAL = 0
    INTEGER = 1
    TIME = 2
    NOTHING = 3                 # that anybody reads

cdef struct Member:
    const char* key             # the name, the end of its text and the colon
    int size
    uint64_t[2] words           # the key as it lies in memory
    uint64_t[2] masks           # its bytes of those
    What what
    int slot

cdef struct Table:
    const char* head            # of a record, up to the arguments
    int head_size
    int count
    Member members[13]

cdef int64_t NOT_GIVEN = INT64_MIN
cdef int64_t SECOND_NS = 1_000_000_000

cdef int64_t[10] POWERS
POWERS[:] = [10 ** i for i in range(10)]

cdef Table[4] tables

HEAD = '{"type":1,"target":"Gateway%s","arguments":["'

NAMES = {
    QUOTE: (
        ("lastPrice", DECIMAL, 0), ("bestBid", DECIMAL, 1), ("bestAsk", DECIMAL, 2),
        ("change", DECIMAL, 3), ("changePercent", DECIMAL, 4), ("open", DECIMAL, 5),
        ("high", DECIMAL, 6), ("low", DECIMAL, 7), ("volume", INTEGER, 0),
        ("lastUpdated", TIME, 0), ("timestamp", TIME, 1),
    ),
    TRADE: (
        ("price", DECIMAL, 0), ("timestamp", TIME, 1), ("type", INTEGER, 1),
        ("volume", INTEGER, 0),
    ),
    DEPTH: (
        ("timestamp", TIME, 1), ("type", INTEGER, 1), ("price", DECIMAL, 0),
        ("volume", INTEGER, 0), ("currentVolume", INTEGER, 2), ("index", INTEGER, 3),
    ),
}
"""The members of each kind, in the order that the gateway writes them."""

PASSED_OVER = {
    QUOTE: ("symbol", "contract"),
    TRADE: ("symbolId", "contractId"),
    DEPTH: ("contractId", "symbolId"),
}
"""What stands before them and behind them, and nobody reads."""

cdef list kept_alive = []       # the texts that the tables point to


cdef const char* lasting(str text):
    cdef bytes encoded = text.encode("ascii")
    kept_alive.append(encoded)
    return encoded


def _fill():
    cdef int kind, i
    for kind, target in ((QUOTE, "Quote"), (TRADE, "Trade"), (DEPTH, "Depth")):
        before, behind = PASSED_OVER[kind]
        members = ((before, NOTHING, 0), *NAMES[kind], (behind, NOTHING, 0))
        tables[kind].head = lasting(HEAD % target)
        tables[kind].head_size = len(HEAD % target)
        tables[kind].count = len(members)
        for i, (name, what, slot) in enumerate(members):
            _fill_member(&tables[kind].members[i], name + '":')
            tables[kind].members[i].what = what
            tables[kind].members[i].slot = slot


cdef int _fill_member(Member* member, str key) except -1:
    cdef const char* text = lasting(key)
    cdef bytes ones = b"\xff" * len(key)
    assert len(key) <= LONGEST_KEY
    member.key = text
    member.size = len(key)
    memcpy(&member.words, text, member.size)
    memcpy(&member.masks, <const char*>ones, member.size)
    return 0


_fill()

# ---------------------------------------------------------------- red: the record


cdef Kind kind_of(const char* record, size_t size) noexcept nogil:
    """What a record is, told from its begin; OTHER where that does not tell."""
    cdef int kind
    if size == 10 and memcmp(record, b'{"type":6}', 10) == 0:
        return PING
    for kind in range(QUOTE, PING):
        if <size_t>tables[kind].head_size < size and memcmp(
            record, tables[kind].head, tables[kind].head_size
        ) == 0:
            return <Kind>kind
    return OTHER


cdef bint scan_event(
    Scan* scan, Kind kind, const char* record, size_t size
) noexcept nogil:
    """Read a record of a kind; False where it has to be read by the JSON library."""
    scan.at = record + tables[<int>kind].head_size
    scan.end = record + size
    scan.row_count = 0
    scan.contract = scan.at
    if not pass_text(scan):
        return False
    scan.contract_size = scan.at - 1 - scan.contract
    if not passed(scan, c','):
        return False
    scan.in_list = passed(scan, c'[')
    if scan.in_list:
        if kind == QUOTE or not read_list(scan, &tables[<int>kind]):
            return False
    elif not read_row(scan, &tables[<int>kind]):
        return False
    return scan.end - scan.at == 2 and memcmp(scan.at, b"]}", 2) == 0


cdef bint read_list(Scan* scan, Table* table) noexcept nogil:
    """Rows between brackets; a null stands for none."""
    if passed(scan, c']'):
        return True
    while True:
        if not passed_word(scan, b"null", 4) and not read_row(scan, table):
            return False
        if passed(scan, c']'):
            return True
        if not passed(scan, c','):
            return False


cdef bint read_row(Scan* scan, Table* table) noexcept nogil:
    """One object: each of its members once, in any order, others passed over."""
    cdef Row* row = next_row(scan)
    cdef int guess = 0
    cdef int place
    if row is NULL or not passed(scan, c'{'):
        return False
    if passed(scan, c'}'):
        return True
    while True:
        if not passed(scan, c'"'):
            return False
        place = member_at(scan, table, guess)
        if place < 0:
            return False
        if place == table.count:
            if not pass_value(scan):
                return False
        else:
            guess = place + 1
            if row.seen & (<uint32_t>1 << place):
                return False
            row.seen |= <uint32_t>1 << place
            if not read_value(scan, &table.members[place], row):
                return False
        if passed(scan, c'}'):
            return True
        if not passed(scan, c','):
            return False


cdef void row_begin(Row* row) noexcept nogil:
    """A row that was given nothing."""
    cdef int i
    row.seen = 0
    for i in range(NUMBERS):
        row.numbers[i].digits = NOT_GIVEN
        row.numbers[i].exponent = 0
    for i in range(INTS):
        row.ints[i] = NOT_GIVEN
    for i in range(TIMES):
        row.times[i] = NOT_GIVEN


cdef Row* next_row(Scan* scan) noexcept nogil:
    """Room for one more row; NULL where there is no memory."""
    cdef size_t room = scan.row_room
    cdef Row* grown
    if scan.row_count == room:
        room = 2 * room if room else FIRST_ROWS
        grown = <Row*>realloc(scan.rows, room * sizeof(Row))
        if grown is NULL:
            return NULL
        scan.rows = grown
        scan.row_room = room
    row_begin(&scan.rows[scan.row_count])
    scan.row_count += 1
    return &scan.rows[scan.row_count - 1]


cdef inline int member_at(Scan* scan, Table* table, int guess) noexcept nogil:
    """Which member is next, its name and the colon passed; the count for any other, -1
    for none. They come in the table's order as a rule, some of them left out."""
    cdef const char* at = scan.at
    cdef Member* member
    cdef uint64_t[2] words
    cdef int place
    if scan.end - at < LONGEST_KEY:
        return member_by_name(scan, table)
    memcpy(&words, at, LONGEST_KEY)
    for place in range(guess, table.count):
        member = &table.members[place]
        if (
            words[0] & member.masks[0] == member.words[0]
            and words[1] & member.masks[1] == member.words[1]
        ):
            scan.at = at + member.size
            return place
    return member_by_name(scan, table)


cdef int member_by_name(Scan* scan, Table* table) noexcept nogil:
    """The same, wherever in the table it is."""
    cdef const char* name = scan.at
    cdef Member* member
    cdef int size, place
    if not pass_text(scan):
        return -1
    size = <int>(scan.at - name)
    if not passed(scan, c':'):
        return -1
    for place in range(table.count):
        member = &table.members[place]
        if member.size == size + 1 and memcmp(member.key, name, size) == 0:
            return place
    return table.count


# ---------------------------------------------------------------- red: values


cdef inline bint passed(Scan* scan, char letter) noexcept nogil:
    if scan.at == scan.end or scan.at[0] != letter:
        return False
    scan.at += 1
    return True


cdef inline bint passed_word(Scan* scan, const char* word, int size) noexcept nogil:
    if scan.end - scan.at < size or memcmp(scan.at, word, size) != 0:
        return False
    scan.at += size
    return True


cdef bint pass_text(Scan* scan) noexcept nogil:
    """Go behind the end of a string of plain ASCII; False where it is not that."""
    cdef const char* at = scan.at
    cdef const char* end = scan.end
    cdef uint64_t word
    while end - at >= WORD:
        memcpy(&word, at, WORD)
        if not is_plain(word):
            break
        at += WORD
    while at < end and at[0] != c'"':
        if at[0] < 32 or at[0] == c'\\':
            return False                # a byte above 127 is below 0 here
        at += 1
    if at == end:
        return False
    scan.at = at + 1
    return True


cdef inline bint is_plain(uint64_t word) noexcept nogil:
    """Whether eight bytes of a text are ASCII, none of which ends or escapes it.

    A byte less than what is subtracted from it borrows, and sets its highest bit. What
    a borrow does to the bytes above it may only make a plain byte look like another,
    and then they are looked at one by one.
    """
    cdef uint64_t ones = 0x0101010101010101
    cdef uint64_t quotes = word ^ (ones * c'"')
    cdef uint64_t escapes = word ^ (ones * c'\\')
    return not (
        (word | (word - ones * 32) | (quotes - ones) | (escapes - ones)) & (ones << 7))


cdef bint pass_value(Scan* scan) noexcept nogil:
    """Go behind a value that nobody reads; False for an object and a list."""
    cdef Number number
    if passed(scan, c'"'):
        return pass_text(scan)
    if (
        passed_word(scan, b"null", 4) or passed_word(scan, b"true", 4)
        or passed_word(scan, b"false", 5)
    ):
        return True
    return read_number(scan, &number)


cdef bint read_value(Scan* scan, Member* member, Row* row) noexcept nogil:
    cdef Number number
    if member.what == NOTHING:
        return pass_value(scan)
    if scan.at < scan.end and scan.at[0] == c'n':
        return passed_word(scan, b"null", 4)
    if member.what == TIME:
        return passed(scan, c'"') and read_time(
            scan, &scan.stamps[member.slot], &row.times[member.slot])
    if member.what == DECIMAL:
        return read_number(scan, &row.numbers[member.slot])
    if not read_number(scan, &number):
        return False
    row.ints[member.slot] = number.digits
    return number.exponent == 0


cdef bint read_number(Scan* scan, Number* number) noexcept nogil:
    """A number as JSON has it, without an exponent; at most MOST_DIGITS digits."""
    cdef const char* at = scan.at
    cdef const char* end = scan.end
    cdef const char* start
    cdef int64_t digits = 0
    cdef int64_t count
    cdef int64_t behind = 0
    cdef bint negative = at < end and at[0] == c'-'
    at += negative
    start = at
    at = past_digits(at, end, &digits)
    count = at - start
    if count == 0 or (start[0] == c'0' and count > 1):
        return False
    if at < end and at[0] == c'.':
        start = at + 1
        at = past_digits(start, end, &digits)
        behind = at - start
        if behind == 0:
            return False
    if count + behind > MOST_DIGITS:
        return False
    if at < end and (at[0] | 32) == c'e':
        return False
    number.digits = -digits if negative else digits
    number.exponent = <int>-behind
    scan.at = at
    return True


cdef inline const char* past_digits(
    const char* at, const char* end, int64_t* digits
) noexcept nogil:
    """Read digits behind others, up to their end, or past MOST_DIGITS of them."""
    cdef const char* most = at + MOST_DIGITS + 1
    cdef uint64_t value = <uint64_t>digits[0]
    cdef unsigned int digit
    if end > most:
        end = most
    while at < end:
        digit = <unsigned int>(at[0] - c'0')
        if digit > 9:
            break
        value = value * 10 + digit
        at += 1
    digits[0] = <int64_t>value
    return at


cdef inline int two_digits(const char* at) noexcept nogil:
    """The number of two digits; -1 where they are none."""
    cdef unsigned int tens = <unsigned int>(at[0] - c'0')
    cdef unsigned int ones = <unsigned int>(at[1] - c'0')
    return <int>(10 * tens + ones) if tens <= 9 and ones <= 9 else -1


cdef bint read_time(Scan* scan, Stamp* stamp, int64_t* time_ns) noexcept nogil:
    """2026-08-19T20:51:31.4347534+00:00, of 0 to 9 fractional digits, or with a Z."""
    cdef const char* at = scan.at
    cdef const char* start
    cdef int64_t seconds
    cdef int64_t fraction = 0
    if scan.end - at < 21 or not read_seconds(stamp, at, &seconds):
        return False
    at += STAMP
    if at[0] == c'.':
        start = at + 1
        at = past_digits(start, scan.end, &fraction)
        if not 0 < at - start <= 9:
            return False
        fraction *= POWERS[9 - (at - start)]
    scan.at = at
    if not read_offset(scan, &seconds):
        return False
    time_ns[0] = seconds * SECOND_NS + fraction
    return passed(scan, c'"')


cdef inline bint read_seconds(
    Stamp* stamp, const char* at, int64_t* seconds
) noexcept nogil:
    """A date and a time; most often they are those of the event before."""
    if stamp.text[0] and memcmp(stamp.text, at, STAMP) == 0:
        seconds[0] = stamp.seconds
        return True
    if not (
        at[4] == c'-' and at[7] == c'-' and at[10] == c'T'
        and at[13] == c':' and at[16] == c':'
    ):
        return False
    seconds[0] = seconds_of(at)
    if seconds[0] < 0:
        return False
    memcpy(stamp.text, at, STAMP)
    stamp.seconds = seconds[0]
    return True


cdef int64_t seconds_of(const char* at) noexcept nogil:
    """Seconds since the epoch of a date and a time; -1 where they are none, or not
    of the years 1971 to 2261."""
    cdef int century = two_digits(at)
    cdef int year = two_digits(at + 2)
    cdef int month = two_digits(at + 5)
    cdef int day = two_digits(at + 8)
    cdef int hour = two_digits(at + 11)
    cdef int minute = two_digits(at + 14)
    cdef int second = two_digits(at + 17)
    if century < 0 or year < 0 or hour < 0 or minute < 0 or second < 0:
        return -1
    year += 100 * century
    if not 1970 < year < 2262 or not 1 <= month <= 12 or hour > 23:
        return -1
    if not 1 <= day <= days_in(year, month) or minute > 59 or second > 59:
        return -1
    return ((days_to(year, month, day) * 24 + hour) * 60 + minute) * 60 + second


cdef inline int days_in(int year, int month) noexcept nogil:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


cdef inline int64_t days_to(int year, int month, int day) noexcept nogil:
    """Days since the epoch. The year is taken to begin in March, so that the day that
    not every year has stands at its end."""
    cdef int y = year if month > 2 else year - 1
    cdef int m = month - 3 if month > 2 else month + 9
    return (
        <int64_t>365 * y + y // 4 - y // 100 + y // 400 + (153 * m + 2) // 5 + day
        - 719469)


cdef bint read_offset(Scan* scan, int64_t* seconds) noexcept nogil:
    """Z, or the hours and minutes that a clock is ahead of UTC."""
    cdef int sign, hours, minutes
    if passed_word(scan, b"+00:00", 6) or passed(scan, c'Z'):
        return True
    if scan.end - scan.at < 6 or scan.at[3] != c':':
        return False
    sign = 1 if scan.at[0] == c'+' else -1 if scan.at[0] == c'-' else 0
    hours = two_digits(scan.at + 1)
    minutes = two_digits(scan.at + 4)
    if sign == 0 or not 0 <= hours <= 23 or not 0 <= minutes <= 59:
        return False
    seconds[0] -= sign * (hours * 60 + minutes) * 60
    scan.at += 6
    return True
