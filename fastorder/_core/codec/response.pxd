"""What one answer says."""

cdef class Reply:
    cdef readonly int http_status
    cdef readonly dict document
    cdef readonly object success
    cdef readonly object error_code
    cdef readonly bint consistent
    cdef readonly str error_message
    cdef readonly object order_id
    cdef readonly str reason

cdef Reply reply_from(int http_status, bytes body)
cdef Reply coded_reply(int http_status, bytes coding)
