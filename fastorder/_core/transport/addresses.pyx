# cython: boundscheck=False, wraparound=False, cdivision=True
"""The addresses of a host: what gave no connection is passed over for a while.

libcurl takes a host's addresses in the same order each time, and tries the next one
where TCP fails. Where TCP answers and what is behind it does not (a balancer whose
machine is gone), each try would end at the same address. libcurl asks for a socket for
each address, and goes on to the next where it gets none.
"""

from libc.string cimport memcmp, memset

from fastorder._core.transport.clock cimport monotonic_ns
from fastorder._core.transport.libcurl cimport BAD_SOCKET

cdef extern from "addresses.h":
    ctypedef struct SockAddr "fastorder_sockaddr":
        unsigned int addrlen
    socket_t new_socket "fastorder_open_socket"(const SockAddr* to) noexcept nogil
    unsigned int peer "fastorder_peer"(
        socket_t fd, char* into, unsigned int room) noexcept nogil
    unsigned int copied "fastorder_address"(
        const SockAddr* address, char* into, unsigned int room) noexcept nogil
    bint takes_bytes "fastorder_has_room"(socket_t fd) noexcept nogil
    void end_both_ways "fastorder_cut"(socket_t fd) noexcept nogil

cdef int64_t SHUNNED_NS = 60_000_000_000


cdef socket_t open_socket(void* data, int purpose, void* address) noexcept nogil:
    """libcurl's callback: a socket for this address, none where it is shunned."""
    cdef Tries* tries = <Tries*>data
    cdef Address tried
    memset(&tried, 0, sizeof(Address))
    tried.size = copied(<SockAddr*>address, tried.bytes, ADDRESS_ROOM)
    if is_shunned(tries.shunned, &tried):
        tries.passed_over += 1
        return BAD_SOCKET
    if tried.size and tries.count < MOST:
        tries.addresses[tries.count] = tried
        tries.count += 1
    return new_socket(<SockAddr*>address)


cdef bint is_shunned(Shunned* shunned, Address* address) noexcept nogil:
    cdef int i
    cdef int64_t now = 0
    for i in range(MOST):
        if shunned.until_ns[i] and same(&shunned.addresses[i], address):
            if now == 0:
                now = monotonic_ns()
            return now < shunned.until_ns[i]
    return False


cdef bint same(Address* one, Address* other) noexcept nogil:
    return one.size == other.size and memcmp(one.bytes, other.bytes, one.size) == 0


cdef void shun(Shunned* shunned, Address* address) noexcept nogil:
    """Pass it over from now on; of more than MOST the oldest is forgotten."""
    cdef int i
    cdef int place = -1
    for i in range(MOST):
        if shunned.until_ns[i] and same(&shunned.addresses[i], address):
            place = i
    if place < 0:
        place = shunned.next
        shunned.next = (place + 1) % MOST
    shunned.addresses[place] = address[0]
    shunned.until_ns[place] = monotonic_ns() + SHUNNED_NS


cdef void shun_tried(Tries* tries) noexcept nogil:
    """None of the addresses that were tried gave a connection."""
    cdef int i
    for i in range(tries.count):
        shun(tries.shunned, &tries.addresses[i])


cdef void shun_peer(Shunned* shunned, socket_t fd) noexcept nogil:
    """What is behind this open connection does not answer."""
    cdef Address address
    memset(&address, 0, sizeof(Address))
    address.size = peer(fd, address.bytes, ADDRESS_ROOM)
    if address.size:
        shun(shunned, &address)


cdef void forgive(Shunned* shunned) noexcept nogil:
    """There is no other address: all may be tried again."""
    memset(shunned, 0, sizeof(Shunned))


cdef bint has_room(socket_t fd) noexcept nogil:
    """Whether a socket takes bytes now."""
    return takes_bytes(fd)


cdef void cut(socket_t fd) noexcept nogil:
    """End both ways of a connection: nothing that TLS still holds can follow."""
    end_both_ways(fd)
