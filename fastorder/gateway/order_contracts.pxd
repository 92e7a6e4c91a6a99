"""The C side of order_contracts.py: where its attributes lie once it is compiled."""


cdef class OrderContracts:
    cdef dict _newer
    cdef dict _older

    cpdef object note(self, object order_id, str contract_id, object order_type)
    cpdef object note_read(self, object result)
    cpdef object forget(self, object order_id)
