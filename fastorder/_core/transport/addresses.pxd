"""The addresses of a host: what gave no connection is passed over for a while."""

from libc.stdint cimport int64_t

from fastorder._core.transport.libcurl cimport socket_t

cdef enum:
    ADDRESS_ROOM = 28           # of an IPv6 address with its port and scope
    MOST = 8                    # addresses that are kept in mind

cdef struct Address:
    unsigned int size
    char bytes[ADDRESS_ROOM]

cdef struct Shunned:            # of one origin
    Address addresses[MOST]
    int64_t until_ns[MOST]      # monotonic; 0 where there is none
    int next                    # the place of the next one

cdef struct Tries:              # of one connection that is opened
    Shunned* shunned            # borrowed from its origin
    Address addresses[MOST]     # that were tried
    int count
    int passed_over

cdef socket_t open_socket(void* data, int purpose, void* address) noexcept nogil
cdef void shun_tried(Tries* tries) noexcept nogil
cdef void shun_peer(Shunned* shunned, socket_t fd) noexcept nogil
cdef void forgive(Shunned* shunned) noexcept nogil
cdef bint has_room(socket_t fd) noexcept nogil
cdef void cut(socket_t fd) noexcept nogil
