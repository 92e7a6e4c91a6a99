"""The gateway's rules for a place and a modify."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport contract_t, order_t, request_t, venue_t

cdef int check_place(const venue_t* venue, const contract_t* contract,
                     const request_t* request, order_t* order) noexcept nogil
cdef int check_modify(const contract_t* contract, const request_t* request,
                      order_t* order) noexcept nogil
