"""The C side of rows.py: where its attributes lie once it is compiled."""

cimport cython

from fastorder._core.codec.public_name cimport show_as

cdef class Intent:
    cdef readonly str tag
    cdef readonly str key
    cdef readonly object account_id
    cdef readonly str contract_id
    cdef readonly bytes body
    cdef readonly object valid_until_s
    cdef readonly object created_s

    cpdef tuple _values(self)


cpdef object text(str field, object value)
cpdef object whole(str field, object value)
cpdef object seconds(str field, object value)


@cython.locals(tag=str, key=str, contract_id=str, digest=str)
cpdef tuple intent_row(long long event, Intent intent)


cpdef tuple attempt_row(
    long long event, long long previous, str tag, object number, object at_s)
cpdef tuple outcome_row(
    long long event, long long previous, str tag, object outcome, object order_id,
    object proof, object at_s)


@cython.locals(given=list, marks=tuple)
cpdef tuple insertion(tuple first, tuple second=*)


@cython.locals(given=list, row=tuple)
cpdef tuple insertion_of_many(list rows)


@cython.locals(bits=cython.int, bit=cython.int)
cdef int _given(tuple row, list given) except -1


cpdef double as_stored(object number) except? -1
cpdef object checksum(tuple row)
cpdef object crc_of(str line)
