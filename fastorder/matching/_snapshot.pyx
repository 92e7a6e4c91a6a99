# cython: boundscheck=False, wraparound=False, cdivision=True
"""The state of an exchange as bytes, and back.

The structs are written as they are, in blocks that follow each other; where each ends
is known from the first. Pointers are written as none. The bytes are of this machine's
order and of one version of the structs; the exchange writes a header that says so.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from fastorder.matching._due cimport set_next
from fastorder.matching._memory cimport copied
from fastorder.matching._state cimport (
    account_t,
    contract_t,
    doubt_t,
    due_t,
    event_t,
    order_t,
    position_t,
    venue_t,
)

from fastorder.matching.errors import BadSnapshot


cdef bytes block(const void* source, size_t size):
    return PyBytes_FromStringAndSize(<const char*>source, size) if size else b""


cdef bytes packed(const venue_t* venue):
    """The state, in blocks."""
    cdef venue_t plain = venue[0]
    cdef contract_t contract
    cdef int64_t n = venue.n_contracts
    cdef int i
    plain.contracts = NULL
    plain.accounts = NULL
    plain.positions = NULL
    plain.due = NULL
    plain.events = NULL
    plain.doubtful = NULL
    plain.burned = NULL
    plain.due_room = plain.events_room = plain.doubtful_room = 0
    plain.watched = 0
    memset(plain.latency, 0, sizeof(plain.latency))
    blocks = [
        block(&plain, sizeof(venue_t)),
        block(venue.accounts, venue.n_accounts * sizeof(account_t)),
        block(venue.positions, n * venue.n_accounts * sizeof(position_t)),
        block(venue.due, venue.n_due * sizeof(due_t)),
        block(venue.events, venue.n_events * sizeof(event_t)),
        block(venue.doubtful, venue.n_doubtful * sizeof(doubt_t)),
        block(venue.burned, venue.n_burned),
    ]
    for i in range(venue.n_contracts):
        contract = venue.contracts[i]
        contract.room = 0
        contract.orders = NULL
        contract.opens = contract.closes = NULL
        blocks.append(block(&contract, sizeof(contract_t)))
        blocks.append(block(venue.contracts[i].orders,
                            venue.contracts[i].count * sizeof(order_t)))
    return b"".join(blocks)

# ------------------------------------------------------------------ back


cdef class Blocks:
    """What is left of the bytes, from the front."""

    cdef bytes text
    cdef size_t place

    def __cinit__(self, bytes text):
        self.text = text

    cdef const char* take(self, size_t size) except NULL:
        if size > <size_t>len(self.text) - self.place:
            raise BadSnapshot("a snapshot must be whole, was cut")
        cdef const char* found = PyBytes_AS_STRING(self.text) + self.place
        self.place += size
        return found

    cdef void* copy(self, int64_t count, size_t each) except? NULL:
        cdef int failed = False
        if count < 0 or count > <int64_t>(len(self.text) // <Py_ssize_t>each):
            raise BadSnapshot("a snapshot must be whole, was cut")
        cdef void* found = copied(self.take(count * each), count * each, &failed)
        if failed:
            raise MemoryError
        return found


cdef int unpack(venue_t* venue, bytes text) except -1:
    """Put a state in the place of the one that an exchange has.

    Raises:
        BadSnapshot: it does not add up; the exchange is as it was.
    """
    cdef venue_t found
    cdef Blocks blocks = Blocks(text)
    memcpy(&found, blocks.take(sizeof(venue_t)), sizeof(venue_t))
    if (found.n_contracts != venue.n_contracts or found.n_accounts != venue.n_accounts
            or not 0 <= found.shown <= found.n_events):
        raise BadSnapshot("a snapshot must be of an exchange made like this one")
    found.contracts = NULL
    found.accounts = NULL
    found.positions = NULL
    found.due = NULL
    found.events = NULL
    found.doubtful = NULL
    found.burned = NULL
    try:
        read_blocks(&found, blocks)
        read_contracts(&found, venue, blocks)
    except BaseException:
        free_all(&found)
        raise
    found.watched = venue.watched
    memcpy(found.latency, venue.latency, sizeof(found.latency))
    free_all(venue)
    venue[0] = found
    set_next(venue)
    return 0


cdef int read_blocks(venue_t* found, Blocks blocks) except -1:
    cdef int64_t n = found.n_contracts
    found.accounts = <account_t*>blocks.copy(found.n_accounts, sizeof(account_t))
    found.positions = <position_t*>blocks.copy(n * found.n_accounts, sizeof(position_t))
    found.due = <due_t*>blocks.copy(found.n_due, sizeof(due_t))
    found.due_room = found.n_due
    found.events = <event_t*>blocks.copy(found.n_events, sizeof(event_t))
    found.events_room = found.n_events
    found.doubtful = <doubt_t*>blocks.copy(found.n_doubtful, sizeof(doubt_t))
    found.doubtful_room = found.n_doubtful
    found.burned = <unsigned char*>blocks.copy(found.n_burned, 1)
    return 0


cdef int read_contracts(venue_t* found, const venue_t* venue, Blocks blocks) except -1:
    cdef contract_t* contract
    cdef int failed = False
    cdef int i
    found.contracts = <contract_t*>copied(
        venue.contracts, venue.n_contracts * sizeof(contract_t), &failed)
    if failed:
        raise MemoryError
    for i in range(venue.n_contracts):
        found.contracts[i].orders = NULL
    for i in range(venue.n_contracts):
        contract = &found.contracts[i]
        memcpy(contract, blocks.take(sizeof(contract_t)), sizeof(contract_t))
        contract.opens = venue.contracts[i].opens
        contract.closes = venue.contracts[i].closes
        contract.orders = NULL
        contract.orders = <order_t*>blocks.copy(contract.count, sizeof(order_t))
        contract.room = contract.count
    if blocks.place != <size_t>len(blocks.text):
        raise BadSnapshot("a snapshot must end with its last block")
    return 0


cdef void free_all(venue_t* venue) noexcept:
    cdef int i
    if venue.contracts is not NULL:
        for i in range(venue.n_contracts):
            free(venue.contracts[i].orders)
    free(venue.contracts)
    free(venue.accounts)
    free(venue.positions)
    free(venue.due)
    free(venue.events)
    free(venue.doubtful)
    free(venue.burned)
