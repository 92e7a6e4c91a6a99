# cython: boundscheck=False, wraparound=False, cdivision=True
"""One HTTP/1.1 answer, read from its bytes as they come, by RFC 9112.

What could be read in two ways is refused: a length that is given twice and differs, or
beside chunks; a transfer coding other than chunked; a folded header, a blank before a
header's colon; a line that ends without CR LF, a CR or another control letter within
one; bytes behind the answer. An answer that is refused decides nothing about the order
that it should have answered, and its connection is left.
"""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdint cimport int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memchr, memcmp, memcpy, memmove, memset

from fastorder._base.outside_text import from_outside

cdef enum:
    HEAD_LIMIT = 65536          # status line and headers, interim answers included
    LINE_LIMIT = 4096           # of a chunk's size and of a trailer
    FIRST_ROOM = 4096
    LEAST_ROOM = 1024           # free bytes that a read is offered at least
    KEPT_ROOM = 16384           # a larger buffer is not kept for the next answer
    BLOCK = 255                 # letters that one byte can count
    SAID_TWICE = -1             # the size of a value that is given in two ways

cdef int64_t LONGEST = <int64_t>1 << 62

FLAWS = (
    "",
    "it is not HTTP/1.1",
    "its headers cannot be read",
    "its length cannot be read",
    "its chunks cannot be read",
    "it is larger than {} bytes",
    "there is no memory for it",
    "it gives its length in two ways",
    "its transfer coding is {}, not chunked alone",
    "more came behind it",
    "it came before the request had left",
)
"""Why an answer was refused, for people; by Flaw."""


# ---------------------------------------------------------------- red: the buffer


cdef void answer_begin(Answer* answer, size_t limit) noexcept nogil:
    """Be ready for the next answer; the buffer is kept where it is small."""
    cdef char* kept = answer.bytes
    cdef size_t room = answer.room
    if room > KEPT_ROOM:
        free(kept)
        kept = NULL
        room = 0
    memset(answer, 0, sizeof(Answer))
    answer.bytes = kept
    answer.room = room
    answer.limit = limit
    answer.length = -1


cdef void answer_free(Answer* answer) noexcept nogil:
    free(answer.bytes)
    answer.bytes = NULL
    answer.room = 0


cdef bint answer_make_room(Answer* answer) noexcept nogil:
    """Have at least LEAST_ROOM bytes free."""
    cdef size_t wanted = answer.size + LEAST_ROOM
    cdef size_t room = answer.room if answer.room else FIRST_ROOM
    cdef char* grown
    if wanted <= answer.room:
        return True
    while room < wanted:
        room *= 2
    grown = <char*>realloc(answer.bytes, room)
    if grown is NULL:
        flawed(answer, NO_MEMORY)
        return False
    answer.bytes = grown
    answer.room = room
    return True


# ---------------------------------------------------------------- red: reading


cdef Stage answer_take(Answer* answer, size_t more) noexcept nogil:
    """Read what has come after what was there; where the answer stands then."""
    answer.size += more
    while True:
        if answer.stage == HEAD:
            if not read_head_line(answer):
                break
        elif answer.stage == BY_LENGTH or answer.stage == CHUNK:
            if not take_body(answer, answer.left):
                break
        elif answer.stage == TO_END:
            take_body(answer, LONGEST)
            break
        elif answer.stage == CHUNK_SIZE or answer.stage == TRAILER:
            if not read_chunk_line(answer):
                break
        elif answer.stage == CHUNK_END:
            if not read_chunk_end(answer):
                break
        else:
            break
    if answer.stage >= CHUNK_SIZE and answer.stage <= TRAILER:
        close_gap(answer)
    if answer.stage == WHOLE and answer.parsed < answer.size and answer.status != 101:
        flawed(answer, MORE_BEHIND)     # which of them is meant?
    return answer.stage


cdef Stage answer_end(Answer* answer) noexcept nogil:
    """The connection has ended."""
    answer.keeps_open = False
    if answer.stage == TO_END:
        answer.stage = WHOLE
    return answer.stage


cdef bint flawed(Answer* answer, Flaw flaw) noexcept nogil:
    answer.stage = FLAWED
    answer.flaw = flaw
    answer.keeps_open = False
    return False


cdef const char* next_line(Answer* answer, size_t* size) noexcept nogil:
    """The next whole line without its end, taken; NULL where it is not there yet.

    A line feed alone ends a line for some and not for others: it is refused.
    """
    cdef const char* line = answer.bytes + answer.parsed
    cdef const char* end = <const char*>memchr(
        line, c'\n', answer.size - answer.parsed)
    if end is NULL:
        return NULL
    answer.parsed += end - line + 1
    if end == line or (end - 1)[0] != c'\r':
        flawed(answer, BAD_HEAD if answer.stage == HEAD else BAD_CHUNK)
        return NULL
    size[0] = end - line - 1
    return line


cdef bint read_head_line(Answer* answer) noexcept nogil:
    cdef size_t size = 0
    cdef const char* line
    if answer.status == 0 and not looks_like_http(answer):
        return flawed(answer, NOT_HTTP)
    line = next_line(answer, &size)
    if answer.parsed > HEAD_LIMIT or (
        line is NULL and answer.size - answer.parsed > HEAD_LIMIT
    ):
        return flawed(answer, BAD_HEAD)
    if line is NULL:
        return False
    answer.head_lines += 1
    if answer.status == 0:
        return read_status(answer, line, size)
    if size:
        return read_header(answer, line, size)
    return end_head(answer)


cdef bint looks_like_http(Answer* answer) noexcept nogil:
    """Whether what has come so far can be the begin of a status line."""
    cdef size_t size = answer.size - answer.parsed
    if size > 7:
        size = 7
    return memcmp(answer.bytes + answer.parsed, b"HTTP/1.", size) == 0


cdef bint is_digit(char letter) noexcept nogil:
    return c'0' <= letter <= c'9'


cdef bint read_status(Answer* answer, const char* line, size_t size) noexcept nogil:
    cdef int i
    if size < 12 or line[8] != c' ' or (line[7] != c'1' and line[7] != c'0'):
        return flawed(answer, NOT_HTTP)
    if size > 12 and line[12] != c' ':
        return flawed(answer, NOT_HTTP)
    for i in range(9, 12):
        if not is_digit(line[i]):
            return flawed(answer, NOT_HTTP)
        answer.status = 10 * answer.status + line[i] - c'0'
    if answer.status < 100:
        return flawed(answer, NOT_HTTP)
    answer.keeps_open = line[7] == c'1'
    answer.is_old = line[7] == c'0'
    answer.date_size = 0
    answer.retry_after_size = 0
    answer.coding_size = 0
    return True


cdef char lower(char letter) noexcept nogil:
    return letter + 32 if c'A' <= letter <= c'Z' else letter


cdef bint same(const char* text, const char* lowered, size_t size) noexcept nogil:
    cdef size_t i
    for i in range(size):
        if lower(text[i]) != lowered[i]:
            return False
    return True


cdef size_t name_size(const char* line, size_t size) noexcept nogil:
    """How long the name of a header is; 0 where the line is none."""
    cdef const char* colon = <const char*>memchr(line, c':', size)
    if colon is NULL or colon is line or is_blank(line[0]) or is_blank((colon - 1)[0]):
        return 0
    return colon - line


cdef bint read_header(Answer* answer, const char* line, size_t size) noexcept nogil:
    """Keep what a header says, where it is one of those that matter."""
    cdef size_t name = name_size(line, size)
    if name == 0:
        return flawed(answer, BAD_HEAD)
    cdef const char* value = line + name + 1
    cdef const char* end = line + size
    while value < end and is_blank(value[0]):
        value += 1
    while end > value and is_blank((end - 1)[0]):
        end -= 1
    size = end - value
    if name == 4 and same(line, b"date", name):
        answer.date_size = kept(answer.date, answer.date_size, value, size)
    elif name == 10 and same(line, b"connection", name):
        read_connection(answer, value, size)
    elif name == 11 and same(line, b"retry-after", name):
        answer.retry_after_size = kept(
            answer.retry_after, answer.retry_after_size, value, size)
    elif name == 14 and same(line, b"content-length", name):
        return read_length(answer, value, size)
    elif name == 16 and same(line, b"content-encoding", name):
        if size and not (size == 8 and same(value, b"identity", size)):
            keep_coding(answer, value, size)
    elif name == 17 and same(line, b"transfer-encoding", name):
        if answer.chunked or size != 7 or not same(value, b"chunked", size):
            keep_coding(answer, value, size)
            return flawed(answer, BAD_CODING)
        answer.chunked = True
    return True


cdef bint is_blank(char letter) noexcept nogil:
    return letter == c' ' or letter == c'\t'


cdef int kept(
    char* into, int before, const char* value, size_t size
) noexcept nogil:
    """Keep a value; how long it is, SAID_TWICE where another one was there."""
    if size > HEADER_TEXT:
        return 0
    if before != 0 and (
        <size_t>before != size or memcmp(into, value, size) != 0
    ):
        return SAID_TWICE
    memcpy(into, value, size)
    return <int>size


cdef void keep_coding(Answer* answer, const char* value, size_t size) noexcept nogil:
    """Keep what a coding is called, or the begin of it."""
    if size > HEADER_TEXT:
        size = HEADER_TEXT
    memcpy(answer.coding, value, size)
    answer.coding_size = <int>size


cdef void read_connection(
    Answer* answer, const char* value, size_t size
) noexcept nogil:
    """A list of words; "close" ends the connection, "keep-alive" keeps one of 1.0."""
    cdef size_t start = 0
    cdef size_t end
    while start < size:
        end = start
        while end < size and value[end] != c',' and not is_blank(value[end]):
            end += 1
        if end - start == 5 and same(value + start, b"close", 5):
            answer.closes = True
        if end - start == 10 and same(value + start, b"keep-alive", 10):
            answer.keeps_open = True
        start = end + 1


cdef bint read_length(Answer* answer, const char* value, size_t size) noexcept nogil:
    cdef int64_t length = 0
    cdef size_t i
    if size == 0 or size > 18:
        return flawed(answer, BAD_LENGTH)
    for i in range(size):
        if not is_digit(value[i]):
            return flawed(answer, BAD_LENGTH)
        length = 10 * length + value[i] - c'0'
    if answer.length >= 0 and answer.length != length:
        return flawed(answer, TWO_LENGTHS)
    answer.length = length
    return True


cdef bint end_head(Answer* answer) noexcept nogil:
    """The headers are over: what follows them?"""
    answer.body = answer.parsed
    if not is_clean(answer):
        return flawed(answer, BAD_HEAD)
    if answer.closes:
        answer.keeps_open = False
    if answer.date_size == SAID_TWICE:
        answer.date_size = 0
    if answer.retry_after_size == SAID_TWICE:
        answer.retry_after_size = 0
    if answer.chunked:
        if answer.length >= 0:
            return flawed(answer, TWO_LENGTHS)
        if answer.is_old:
            return flawed(answer, BAD_LENGTH)
    if (answer.status < 200 or answer.status == 204) and (
        answer.chunked or answer.length > 0
    ):
        return flawed(answer, BAD_LENGTH)   # it has no body, and says how long it is
    if answer.status < 200:
        if answer.status == 101:
            if not answer.upgrades or answer.is_old:
                return flawed(answer, BAD_HEAD)
            answer.stage = WHOLE
            return True
        answer.status = 0               # an interim answer; the real one follows
        answer.length = -1
        return True
    if answer.status == 204 or answer.status == 304:
        answer.stage = WHOLE
    elif answer.chunked:
        answer.stage = CHUNK_SIZE
    elif answer.length < 0:
        answer.stage = TO_END
        answer.keeps_open = False
    elif <size_t>answer.length > answer.limit:
        return flawed(answer, TOO_LARGE)
    elif answer.length == 0:
        answer.stage = WHOLE
    else:
        answer.left = answer.length
        answer.stage = BY_LENGTH
    return True


cdef bint is_clean(Answer* answer) noexcept nogil:
    """Whether the head's only control letters are the ends of its lines, and tabs."""
    cdef size_t found = control_letters(answer.bytes, answer.parsed)
    cdef size_t i
    if found == 2 * answer.head_lines:
        return True
    for i in range(answer.parsed):
        if answer.bytes[i] == c'\t':
            found -= 1
    return found == 2 * answer.head_lines


cdef size_t control_letters(const char* text, size_t size) noexcept nogil:
    """How many letters are below a blank; the compiler makes vectors of it."""
    cdef size_t count = 0
    cdef size_t i = 0
    while i < size:
        count += low_letters(<const unsigned char*>text + i, min(size - i, BLOCK))
        i += BLOCK
    return count


cdef inline size_t low_letters(const unsigned char* text, size_t size) noexcept nogil:
    """The same of a block, whose count fits the type that it is added up in."""
    cdef unsigned char count = 0
    cdef size_t i
    for i in range(size):
        count += text[i] < 32
    return count


cdef bint take_body(Answer* answer, int64_t most) noexcept nogil:
    """Take up to so many bytes as body; False where more of them have to come."""
    cdef size_t there = answer.size - answer.parsed
    cdef size_t taken = there if <int64_t>there < most else <size_t>most
    cdef char* end = answer.bytes + answer.body + answer.body_size
    if answer.body_size + taken > answer.limit:
        return flawed(answer, TOO_LARGE)
    if end != answer.bytes + answer.parsed:
        memmove(end, answer.bytes + answer.parsed, taken)
    answer.body_size += taken
    answer.parsed += taken
    if answer.stage == TO_END:
        return False
    answer.left -= taken
    if answer.left:
        return False
    answer.stage = CHUNK_END if answer.stage == CHUNK else WHOLE
    return True


cdef bint read_chunk_line(Answer* answer) noexcept nogil:
    cdef size_t size = 0
    cdef const char* line = next_line(answer, &size)
    if size > LINE_LIMIT or (
        line is NULL and answer.size - answer.parsed > LINE_LIMIT
    ):
        return flawed(answer, BAD_CHUNK)
    if line is NULL:
        return False
    if answer.stage == CHUNK_SIZE:
        return read_chunk_size(answer, line, size)
    if has_control_letter(line, size):
        return flawed(answer, BAD_CHUNK)
    answer.trailer_size += size + 2
    if answer.trailer_size > HEAD_LIMIT:
        return flawed(answer, BAD_CHUNK)
    if size == 0:
        answer.stage = WHOLE
        return True
    return read_trailer(answer, line, size)


cdef bint has_control_letter(const char* line, size_t size) noexcept nogil:
    cdef size_t i
    for i in range(size):
        if 0 <= line[i] < 32 and line[i] != c'\t':
            return True
    return False


cdef bint read_trailer(Answer* answer, const char* line, size_t size) noexcept nogil:
    """A header behind the chunks: it counts for nothing, and may say no length."""
    cdef size_t name = name_size(line, size)
    if name == 0:
        return flawed(answer, BAD_CHUNK)
    if (
        name == 14 and same(line, b"content-length", name)
        or name == 16 and same(line, b"content-encoding", name)
        or name == 17 and same(line, b"transfer-encoding", name)
    ):
        return flawed(answer, TWO_LENGTHS)
    return True


cdef int hex_digit(char letter) noexcept nogil:
    if is_digit(letter):
        return letter - c'0'
    letter = lower(letter)
    return letter - c'a' + 10 if c'a' <= letter <= c'f' else -1


cdef bint read_chunk_size(
    Answer* answer, const char* line, size_t size
) noexcept nogil:
    cdef int64_t length = 0
    cdef size_t i = 0
    while i < size and hex_digit(line[i]) >= 0:
        length = 16 * length + hex_digit(line[i])
        i += 1
        if i > 15:
            return flawed(answer, BAD_CHUNK)
    if i == 0 or has_control_letter(line, size):
        return flawed(answer, BAD_CHUNK)
    while i < size and is_blank(line[i]):
        i += 1
    if i < size and line[i] != c';':
        return flawed(answer, BAD_CHUNK)
    if <size_t>length > answer.limit:
        return flawed(answer, TOO_LARGE)
    answer.left = length
    answer.stage = CHUNK if length else TRAILER
    return True


cdef bint read_chunk_end(Answer* answer) noexcept nogil:
    """The line end behind a chunk's bytes."""
    cdef const char* next_ = answer.bytes + answer.parsed
    cdef size_t there = answer.size - answer.parsed
    if there > 1 and next_[0] == c'\r' and next_[1] == c'\n':
        answer.parsed += 2
    elif there == 0 or (there == 1 and next_[0] == c'\r'):
        return False
    else:
        return flawed(answer, BAD_CHUNK)
    answer.stage = CHUNK_SIZE
    return True


cdef void close_gap(Answer* answer) noexcept nogil:
    """Move what is not read yet down to the body's end: sizes of chunks take no room.
    """
    cdef size_t end = answer.body + answer.body_size
    cdef size_t unread = answer.size - answer.parsed
    if end != answer.parsed:
        memmove(answer.bytes + end, answer.bytes + answer.parsed, unread)
        answer.parsed = end
        answer.size = end + unread


# ---------------------------------------------------------------- amber: a door


cdef class AnswerReader:
    """Reads one answer from bytes, without a connection.

    Args:
        limit: the largest body that is taken, in bytes.
    """

    def __cinit__(self, size_t limit=1 << 20):
        memset(&self.answer, 0, sizeof(Answer))
        answer_begin(&self.answer, limit)

    def __dealloc__(self):
        answer_free(&self.answer)

    def take(self, bytes more not None):
        """Read on; whether the answer is whole now.

        Raises:
            ValueError: it is refused; the text says why.
        """
        cdef size_t size = PyBytes_GET_SIZE(more)
        cdef size_t offset = 0
        cdef size_t taken
        while offset < size and self.answer.stage < WHOLE:
            if not answer_make_room(&self.answer):
                raise MemoryError
            taken = min(size - offset, self.answer.room - self.answer.size)
            memcpy(
                self.answer.bytes + self.answer.size,
                PyBytes_AS_STRING(more) + offset, taken)
            answer_take(&self.answer, taken)
            offset += taken
        if self.answer.stage == WHOLE and offset < size:
            flawed(&self.answer, MORE_BEHIND)
        if self.answer.stage == FLAWED:
            raise ValueError(flaw_text(&self.answer))
        return self.answer.stage == WHOLE

    def end(self):
        """The connection has ended; whether the answer is whole."""
        return answer_end(&self.answer) == WHOLE

    @property
    def status(self):
        """The HTTP status; 0 until it is known."""
        return self.answer.status

    @property
    def keeps_open(self):
        """Whether the connection may carry another request after a whole answer."""
        return bool(self.answer.keeps_open)

    @property
    def body(self):
        """The body so far."""
        return PyBytes_FromStringAndSize(
            self.answer.bytes + self.answer.body, self.answer.body_size)

    @property
    def date(self):
        """The header Date; empty where there was none."""
        return PyBytes_FromStringAndSize(self.answer.date, self.answer.date_size)

    @property
    def retry_after(self):
        """The header Retry-After; empty where there was none."""
        return PyBytes_FromStringAndSize(
            self.answer.retry_after, self.answer.retry_after_size)

    @property
    def coding(self):
        """The body's coding; empty where it has none."""
        return PyBytes_FromStringAndSize(self.answer.coding, self.answer.coding_size)


cdef str flaw_text(Answer* answer):
    if answer.flaw == BAD_CODING:
        coding = answer.coding[:answer.coding_size].decode("latin-1")
        return FLAWS[<int>answer.flaw].format(from_outside(coding) or "empty")
    return FLAWS[<int>answer.flaw].format(answer.limit)
