# cython: boundscheck=False, wraparound=False, cdivision=True
"""Whether a JSON text gives a member of an object twice.

A JSON library keeps the last of them; another reader takes the first. What the text has
and the library has not kept was given twice: in a JSON text each member has one colon
outside of strings.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE


cdef bint is_ambiguous(bytes text, dict document):
    """Whether a member stands twice in any object, or twice at the top but for case.

    Args:
        text: a JSON text that was read.
        document: what was read from it.
    """
    if len({name.lower() for name in document}) != len(document):
        return True
    return colons(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text)) != members(document)


cdef Py_ssize_t colons(const char* text, Py_ssize_t size) noexcept nogil:
    """How many colons stand outside of strings."""
    cdef Py_ssize_t count = 0
    cdef Py_ssize_t i = 0
    cdef bint in_string = False
    while i < size:
        if text[i] == c'"':
            in_string = not in_string
        elif in_string:
            if text[i] == c'\\':
                i += 1
        elif text[i] == c':':
            count += 1
        i += 1
    return count


cdef Py_ssize_t members(object value):
    """How many members all the objects in a value have."""
    cdef Py_ssize_t count = 0
    if type(value) is dict:
        count = len(<dict>value)
        for part in (<dict>value).values():
            if type(part) is dict or type(part) is list:
                count += members(part)
    else:
        for part in <list>value:
            if type(part) is dict or type(part) is list:
                count += members(part)
    return count
