# cython: boundscheck=False, wraparound=False, cdivision=True
"""Answers of History/retrieveBars: their bytes straight into columns, in one pass.

It reads what the gateway writes and nothing else: bars with the six known members, in
any order of members, sorted by time, with prices that a double gives exactly rounded.
What is otherwise is left to a JSON library, with the same result where it has one.
"""

from cpython cimport array
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.string cimport memcmp

import array as arrays

cdef enum:
    ALL_MEMBERS = 63
    LEAST_BAR = 56              # {"t":"2026-08-19T20:51:00Z","o":1,"h":1,...}
    MOST_DIGITS = 15            # any such number is a double without rounding
    MOST_FRACTION = 22          # 10 ** 22 is the last power that is a double

cdef double[23] POWERS
cdef int _i
POWERS[0] = 1.0
for _i in range(1, 23):
    POWERS[_i] = POWERS[_i - 1] * 10.0

cdef int64_t SECOND_NS = 1000000000
cdef int64_t FULL = <int64_t>1000000 * 100000000     # 10 ** MOST_DIGITS / 10

cdef array.array WHOLE = arrays.array("q")
cdef array.array REAL = arrays.array("d")


cdef struct Text:
    const char* at
    const char* end
    const char* day             # the last date that was read, 10 letters; or NULL
    int64_t day_s


cdef struct Sheet:
    int64_t* time_ns
    double* open
    double* high
    double* low
    double* close
    int64_t* volume


def scan_bars(bytes answer not None):
    """The columns of an answer, oldest first; None where it is not as expected.

    Args:
        answer: the body of an answer that says success.

    Returns:
        Name to array: ``time_ns``, ``open``, ``high``, ``low``, ``close``, ``volume``.
    """
    cdef Py_ssize_t size = PyBytes_GET_SIZE(answer)
    cdef Py_ssize_t room = size // LEAST_BAR + 1
    cdef array.array times = array.clone(WHOLE, room, False)
    cdef array.array volumes = array.clone(WHOLE, room, False)
    cdef list prices = [array.clone(REAL, room, False) for _ in range(4)]
    cdef Sheet sheet
    cdef Text text
    sheet.time_ns = <int64_t*>times.data.as_longlongs
    sheet.volume = <int64_t*>volumes.data.as_longlongs
    sheet.open = (<array.array>prices[0]).data.as_doubles
    sheet.high = (<array.array>prices[1]).data.as_doubles
    sheet.low = (<array.array>prices[2]).data.as_doubles
    sheet.close = (<array.array>prices[3]).data.as_doubles
    text.at = PyBytes_AS_STRING(answer)
    text.end = text.at + size
    text.day = NULL
    text.day_s = 0
    cdef Py_ssize_t count = read_answer(&text, &sheet, room)
    if count < 0:
        return None
    cdef bint newest_first = count > 1 and sheet.time_ns[0] > sheet.time_ns[1]
    found = {"time_ns": times, "open": prices[0], "high": prices[1], "low": prices[2],
             "close": prices[3], "volume": volumes}
    for column in found.values():
        array.resize(column, count)         # where it lies now, the sheet knows not
        if newest_first:
            turn_around(column)
    return found


cdef int turn_around(array.array column) except -1:
    """The last number first: all are 64 bits wide."""
    cdef int64_t* cells = <int64_t*>column.data.as_longlongs
    cdef Py_ssize_t first = 0
    cdef Py_ssize_t last = len(column) - 1
    cdef int64_t kept
    while first < last:
        kept = cells[first]
        cells[first] = cells[last]
        cells[last] = kept
        first += 1
        last -= 1
    return 0


def holes(const int64_t[::1] times, int64_t length_ns):
    """Where more time than a bar's length lies between two bars that follow.

    Returns:
        The places of the bars behind such a hole.
    """
    cdef Py_ssize_t i
    cdef list found = []
    for i in range(1, times.shape[0]):
        if times[i] - times[i - 1] > length_ns:
            found.append(i)
    return found


# ---------------------------------------------------------------- the answer

cdef Py_ssize_t read_answer(
    Text* text, Sheet* sheet, Py_ssize_t room
) noexcept nogil:
    """How many bars there are; -1 where something is not as expected."""
    cdef Py_ssize_t count
    blanks(text)
    if not taken(text, c"{") or not word(text, b'"bars"', 6) or not taken(text, c":"):
        return -1
    count = read_rows(text, sheet, room)
    if count < 0 or not read_envelope(text):
        return -1
    return count if text.at == text.end else -1


cdef bint read_envelope(Text* text) noexcept nogil:
    """Whether the rest says success and nothing else."""
    cdef int seen = 0
    cdef int member
    while taken(text, c","):
        if word(text, b'"success"', 9) and taken(text, c":"):
            member = 1 if word(text, b"true", 4) else 0
        elif word(text, b'"errorCode"', 11) and taken(text, c":"):
            member = 2 if word(text, b"0", 1) else 0
        elif word(text, b'"errorMessage"', 14) and taken(text, c":"):
            member = 4 if word(text, b"null", 4) else 0
        else:
            return False
        if member == 0 or seen & member:
            return False
        seen |= member
    return seen & 3 == 3 and taken(text, c"}")


cdef Py_ssize_t read_rows(Text* text, Sheet* sheet, Py_ssize_t room) noexcept nogil:
    cdef Py_ssize_t count = 0
    cdef int64_t way = 0
    if not taken(text, c"["):
        return -1
    if taken(text, c"]"):
        return 0
    while True:
        if count == room or not read_row(text, sheet, count):
            return -1
        if count and not in_order(sheet.time_ns, count, &way):
            return -1
        count += 1
        if taken(text, c"]"):
            return count
        if not taken(text, c","):
            return -1


cdef bint in_order(
    const int64_t* times, Py_ssize_t at, int64_t* way
) noexcept nogil:
    """Whether a time goes on in the same way as those before it."""
    cdef int64_t step = 1 if times[at] > times[at - 1] else -1
    if times[at] == times[at - 1] or (way[0] and way[0] != step):
        return False
    way[0] = step
    return True


cdef bint read_row(Text* text, Sheet* sheet, Py_ssize_t at) noexcept nogil:
    cdef int seen = 0
    cdef int member
    if not taken(text, c"{"):
        return False
    while True:
        member = read_member(text, sheet, at)
        if member == 0 or seen & member:
            return False
        seen |= member
        if taken(text, c"}"):
            return seen == ALL_MEMBERS
        if not taken(text, c","):
            return False


cdef int read_member(Text* text, Sheet* sheet, Py_ssize_t at) noexcept nogil:
    """The bit of the member that was read; 0 where it is not as expected."""
    cdef char name
    if text.end - text.at < 4 or text.at[0] != c'"' or text.at[2] != c'"':
        return 0
    name = text.at[1]
    text.at += 3
    if not taken(text, c":"):
        return 0
    if name == c"t":
        return 1 if read_time(text, sheet.time_ns + at) else 0
    if name == c"o":
        return 2 if read_price(text, sheet.open + at) else 0
    if name == c"h":
        return 4 if read_price(text, sheet.high + at) else 0
    if name == c"l":
        return 8 if read_price(text, sheet.low + at) else 0
    if name == c"c":
        return 16 if read_price(text, sheet.close + at) else 0
    if name == c"v":
        return 32 if read_count(text, sheet.volume + at) else 0
    return 0


# ---------------------------------------------------------------- letters

cdef inline void blanks(Text* text) noexcept nogil:
    while text.at < text.end and (
        text.at[0] == c" " or text.at[0] == c"\n" or text.at[0] == c"\r"
        or text.at[0] == c"\t"
    ):
        text.at += 1


cdef inline bint taken(Text* text, char letter) noexcept nogil:
    """Take a letter, and the blanks around it."""
    blanks(text)
    if text.at == text.end or text.at[0] != letter:
        return False
    text.at += 1
    blanks(text)
    return True


cdef inline bint word(Text* text, const char* wanted, Py_ssize_t size) noexcept nogil:
    """Take a word, where it is there; what ends it is looked for next."""
    if text.end - text.at < size or memcmp(text.at, wanted, size) != 0:
        return False
    text.at += size
    return True


cdef inline bint is_digit(char letter) noexcept nogil:
    return c"0" <= letter <= c"9"


cdef inline int pair(const char* digits) noexcept nogil:
    """A number of two digits; -1 where they are none."""
    if not is_digit(digits[0]) or not is_digit(digits[1]):
        return -1
    return 10 * (digits[0] - c"0") + digits[1] - c"0"


# ---------------------------------------------------------------- numbers

cdef inline bint read_whole(Text* text, int64_t* value, int* digits) noexcept nogil:
    """Digits, at most 18, without a zero ahead of others."""
    cdef const char* start = text.at
    cdef int64_t number = 0
    while text.at < text.end and is_digit(text.at[0]):
        number = 10 * number + text.at[0] - c"0"
        text.at += 1
        if text.at - start > 18:
            return False
    digits[0] = <int>(text.at - start)
    value[0] = number
    return digits[0] > 0 and (digits[0] == 1 or start[0] != c"0")


cdef inline bint is_number_over(Text* text) noexcept nogil:
    return text.at < text.end and text.at[0] not in (c".", c"e", c"E")


cdef inline bint read_count(Text* text, int64_t* count) noexcept nogil:
    cdef int digits = 0
    return read_whole(text, count, &digits) and is_number_over(text)


cdef inline bint read_price(Text* text, double* price) noexcept nogil:
    cdef bint negative = text.at < text.end and text.at[0] == c"-"
    cdef int64_t number = 0
    cdef int digits = 0
    cdef int fraction = 0
    cdef const char* start
    text.at += negative
    if not read_whole(text, &number, &digits) or digits > MOST_DIGITS:
        return False
    if text.at < text.end and text.at[0] == c".":
        text.at += 1
        start = text.at
        while text.at < text.end and is_digit(text.at[0]):
            if number < FULL:               # one more digit fits
                number = 10 * number + text.at[0] - c"0"
                fraction += 1
            elif text.at[0] != c"0":            # zeros at the end say nothing
                return False
            text.at += 1
        if text.at == start or fraction > MOST_FRACTION:
            return False
    if not is_number_over(text) or (negative and number == 0):
        return False
    price[0] = <double>number / POWERS[fraction]
    if negative:
        price[0] = -price[0]
    return True


# ---------------------------------------------------------------- times

cdef bint read_time(Text* text, int64_t* time_ns) noexcept nogil:
    """``2026-08-19T20:51:00.1234567+00:00``, in quotes."""
    cdef const char* at = text.at
    cdef int64_t seconds
    cdef int64_t fraction = 0
    cdef int64_t unit = SECOND_NS
    cdef int hour, minute, second, sign
    if text.end - at < 22 or at[0] != c'"' or not read_day(text, at + 1):
        return False
    hour, minute, second = pair(at + 12), pair(at + 15), pair(at + 18)
    if (at[11] != c"T" or at[14] != c":" or at[17] != c":" or not 0 <= hour < 24
            or not 0 <= minute < 60 or not 0 <= second < 60):
        return False
    seconds = text.day_s + 3600 * hour + 60 * minute + second
    at += 20
    if at[0] == c".":
        at += 1
        while at < text.end and is_digit(at[0]):
            unit //= 10
            if unit == 0:
                return False
            fraction += unit * (at[0] - c"0")
            at += 1
        if unit == SECOND_NS:
            return False
    if text.end - at < 8:
        return False
    if at[0] == c"Z":
        at += 1
    else:
        sign = 1 if at[0] == c"+" else -1
        hour, minute = pair(at + 1), pair(at + 4)
        if ((at[0] != c"+" and at[0] != c"-") or at[3] != c":"
                or not 0 <= hour < 24 or not 0 <= minute < 60):
            return False
        seconds -= sign * (3600 * hour + 60 * minute)
        at += 6
    if at[0] != c'"':
        return False
    text.at = at + 1
    time_ns[0] = seconds * SECOND_NS + fraction
    return True


cdef bint read_day(Text* text, const char* day) noexcept nogil:
    """Seconds to the begin of a date, 1970 to 2261; the last one is remembered.

    Days to a date by the era of 400 years that begins in March: H. Hinnant,
    "chrono-Compatible Low-Level Date Algorithms".
    """
    cdef int high, low, month, number
    cdef int64_t year, era, of_era, of_year
    if text.day is not NULL and memcmp(day, text.day, 10) == 0:
        return True
    high, low, month, number = pair(day), pair(day + 2), pair(day + 5), pair(day + 8)
    if high < 0 or low < 0 or day[4] != c"-" or day[7] != c"-":
        return False
    year = 100 * high + low
    if not 1970 <= year < 2262 or not 1 <= month <= 12:
        return False
    if not 1 <= number <= days_of(year, month):
        return False
    if month <= 2:
        year -= 1
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + number - 1
    text.day_s = 86400 * (
        era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468)
    text.day = day
    return True


cdef inline int days_of(int64_t year, int month) noexcept nogil:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
