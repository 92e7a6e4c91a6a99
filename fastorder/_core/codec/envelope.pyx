# cython: boundscheck=False, wraparound=False, cdivision=True
"""The gateway's envelope, where an answer holds nothing else.

Every answer to an order is so. What is not exactly that (another member, one twice, a
number that is not a plain one, a text with an escape) is left to the JSON library,
which reads it the same way, and much else.
"""

from libc.stdint cimport int64_t
from libc.string cimport memcmp

cdef enum:
    DIGITS = 18                 # a number of so many fits 64 bits

cdef enum Member:
    NONE = 0
    SUCCESS = 1
    ERROR_CODE = 2
    ERROR_MESSAGE = 4
    ORDER_ID = 8


cdef struct Cursor:
    const char* at
    const char* end


cdef bint read_envelope(
    const char* body, size_t size, Envelope* envelope
) noexcept nogil:
    """Read it; False where the body is, or may be, something else."""
    cdef Cursor cursor
    cdef int seen = 0
    cdef Member member
    cursor.at = body
    cursor.end = body + size
    envelope.order_id = 0
    envelope.message = NULL
    envelope.message_size = 0
    if not take(&cursor, c'{'):
        return False
    while True:
        member = read_name(&cursor)
        if member == NONE or seen & member or not take(&cursor, c':'):
            return False
        seen |= member
        if not read_value(&cursor, member, envelope):
            return False
        if not take(&cursor, c','):
            break
    if not take(&cursor, c'}'):
        return False
    skip_blanks(&cursor)
    return cursor.at == cursor.end and seen & (SUCCESS | ERROR_CODE) == (
        SUCCESS | ERROR_CODE)


cdef void skip_blanks(Cursor* cursor) noexcept nogil:
    while cursor.at < cursor.end and (
        cursor.at[0] == c' ' or cursor.at[0] == c'\n'
        or cursor.at[0] == c'\r' or cursor.at[0] == c'\t'
    ):
        cursor.at += 1


cdef bint take(Cursor* cursor, char letter) noexcept nogil:
    """Step over one letter and the blanks before it; False where it is another."""
    skip_blanks(cursor)
    if cursor.at == cursor.end or cursor.at[0] != letter:
        return False
    cursor.at += 1
    return True


cdef bint take_word(Cursor* cursor, const char* word, size_t size) noexcept nogil:
    if <size_t>(cursor.end - cursor.at) < size or memcmp(cursor.at, word, size) != 0:
        return False
    cursor.at += size
    return True


cdef Member read_name(Cursor* cursor) noexcept nogil:
    skip_blanks(cursor)
    if take_word(cursor, b'"orderId"', 9):
        return ORDER_ID
    if take_word(cursor, b'"success"', 9):
        return SUCCESS
    if take_word(cursor, b'"errorCode"', 11):
        return ERROR_CODE
    if take_word(cursor, b'"errorMessage"', 14):
        return ERROR_MESSAGE
    return NONE


cdef bint read_value(Cursor* cursor, Member member, Envelope* envelope) noexcept nogil:
    skip_blanks(cursor)
    if member == SUCCESS:
        envelope.success = take_word(cursor, b"true", 4)
        return envelope.success or take_word(cursor, b"false", 5)
    if member == ERROR_CODE:
        return read_number(cursor, &envelope.error_code)
    if take_word(cursor, b"null", 4):
        return True
    if member == ORDER_ID:
        return read_number(cursor, &envelope.order_id)
    return read_text(cursor, envelope)


cdef bint read_number(Cursor* cursor, int64_t* number) noexcept nogil:
    """Digits; what follows them is looked at by whoever reads on."""
    cdef const char* start = cursor.at
    number[0] = 0
    while cursor.at < cursor.end and c'0' <= cursor.at[0] <= c'9':
        if cursor.at - start == DIGITS:
            return False
        number[0] = 10 * number[0] + cursor.at[0] - c'0'
        cursor.at += 1
    if cursor.at == start:
        return False
    return start[0] != c'0' or cursor.at - start == 1


cdef bint read_text(Cursor* cursor, Envelope* envelope) noexcept nogil:
    """Printable ASCII without an escape, as it stands in the body."""
    if not take(cursor, c'"'):
        return False
    envelope.message = cursor.at
    while cursor.at < cursor.end and cursor.at[0] != c'"':
        if cursor.at[0] < c' ' or cursor.at[0] > c'~' or cursor.at[0] == c'\\':
            return False
        cursor.at += 1
    envelope.message_size = cursor.at - envelope.message
    return take(cursor, c'"')
