"""Checks of single fields, shared by orders and requests."""

cdef long long LARGEST_INT32
cdef long long LARGEST_INT64

cdef long long whole(
    str field, object value, long long least, long long most) except? -1
cdef str plain_text(object text)
cdef int check_tag_text(object tag) except -1
cdef int check_symbol(object symbol) except -1
cdef int check_key(object key) except -1
cdef int check_seconds(str field, object seconds) except -1
