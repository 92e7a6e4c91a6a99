"""One HTTP/1.1 answer, read from its bytes as they come."""

from libc.stdint cimport int64_t

cdef enum:
    HEADER_TEXT = 64

cdef enum Stage:
    HEAD = 0                    # the status line or a header is next
    BY_LENGTH = 1               # a body of known length
    CHUNK_SIZE = 2
    CHUNK = 3
    CHUNK_END = 4
    TRAILER = 5
    TO_END = 6                  # a body that ends with the connection
    WHOLE = 7
    FLAWED = 8

cdef enum Flaw:
    NO_FLAW = 0
    NOT_HTTP = 1
    BAD_HEAD = 2
    BAD_LENGTH = 3
    BAD_CHUNK = 4
    TOO_LARGE = 5
    NO_MEMORY = 6
    TWO_LENGTHS = 7
    BAD_CODING = 8
    MORE_BEHIND = 9
    TOO_EARLY = 10

cdef struct Answer:
    char* bytes                 # owned; kept between answers; NULL until the first
    size_t room
    size_t size                 # bytes that have come
    size_t parsed               # of them read; the body's begin is moved down to here
    size_t limit                # the largest body that is taken
    Stage stage
    Flaw flaw
    int status                  # 0 until the status line was read
    bint keeps_open             # the connection may carry another request
    bint closes                 # a header says that it may not
    bint chunked
    bint is_old                 # it is HTTP/1.0
    bint upgrades               # 101 ends it; what follows is another protocol's
    size_t head_lines           # whole lines of the head so far
    int64_t length              # as Content-Length says it; -1 where it does not
    int64_t left                # of the body, or of the chunk
    size_t body                 # where the body begins
    size_t body_size
    size_t trailer_size
    char date[HEADER_TEXT]
    int date_size
    char retry_after[HEADER_TEXT]
    int retry_after_size
    char coding[HEADER_TEXT]    # of the body, or of the transfer, where it has one
    int coding_size

cdef void answer_begin(Answer* answer, size_t limit) noexcept nogil
cdef bint answer_make_room(Answer* answer) noexcept nogil
cdef Stage answer_take(Answer* answer, size_t more) noexcept nogil
cdef bint flawed(Answer* answer, Flaw flaw) noexcept nogil
cdef Stage answer_end(Answer* answer) noexcept nogil
cdef void answer_free(Answer* answer) noexcept nogil
cdef str flaw_text(Answer* answer)

cdef class AnswerReader:
    cdef Answer answer
