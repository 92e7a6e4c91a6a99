"""Records of a stream of bytes, each ended by 0x1E."""

cdef enum:
    RECORD_LIMIT = 4194304      # bytes of one record

cdef enum Cut:
    NO_MORE = 0                 # what is left begins a record that is not whole
    RECORD = 1
    OVER_LIMIT = 2
    OUT_OF_MEMORY = 3

cdef struct Records:
    char* kept                  # owned; the begin of a record; NULL until the first
    size_t kept_size
    size_t kept_room
    size_t limit
    bint given                  # the record that is kept was handed out
    # what was found: borrowed, until the next call
    const char* record
    size_t record_size

cdef void records_begin(Records* records, size_t limit) noexcept nogil
cdef void records_free(Records* records) noexcept nogil
cdef Cut records_next(
    Records* records, const char* bytes, size_t size, size_t* used) noexcept nogil

cdef class RecordReader:
    cdef Records records
