"""The C side of writer.py: where its attributes lie once it is compiled."""

from fastorder.journal.index cimport Index
from fastorder.journal.presence cimport Presence
from fastorder.journal.rows cimport Intent, attempt_row, insertion, intent_row
from fastorder.journal.rows cimport insertion_of_many, outcome_row


cdef class Writer:
    cdef public object run
    cdef public Index index
    cdef readonly str failure
    cdef readonly int untidy
    cdef public bint closed
    cdef object _pid
    cdef str _path
    cdef object _connection
    cdef bint _flushes
    cdef bint _flushed
    cdef Presence _presence
    cdef list _put_off
    cdef bint _writing
    cdef bint _moving
    cdef tuple _new
    cdef Intent _newest

    cpdef object intent(self, Intent intent)
    cpdef object attempt(self, object tag, object number, object at_s)
    cpdef object outcome(
        self, object tag, object outcome, object order_id, object proof,
        object at_s, bint later)
    cpdef bint commit(self)
    cpdef object check_usable(self)
    cpdef object check(self)
    cpdef object check_turn(self)
    cpdef bint holds(self, Intent intent)
    cdef object _check_open(self)
    cdef object _note_commit(self)
    cdef object _find_out(self)
    cdef object _look_at_the_log(self)
    cdef object _look_at_the_files(self)
    cdef long long _previous(self, object tag) except -1
    cdef object _write(self, tuple row, bint flush)

    cdef object _commit(self, tuple new)
