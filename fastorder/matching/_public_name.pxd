"""What Exchange is called, and takes, as users see it."""

from cpython.ref cimport Py_INCREF

cdef extern from "Python.h":
    ctypedef struct PyTypeObject:
        const char* tp_name
        const char* tp_doc


cdef inline int show_as(object kind, const char* name, bytes arguments) except -1:
    """Show a class of the calling module under this name and with this signature.

    Args:
        name: the public one; what stands before the last dot is its module.
        arguments: of its constructor, for inspect and help; compiled, it tells none.

    A compiled class takes no attributes: it has all this from its C structure, where a
    signature goes before the docstring.
    """
    cdef PyTypeObject* slots = <PyTypeObject*>kind
    cdef bytes doc = kind.__name__.encode() + arguments + b"\n--\n\n" + slots.tp_doc
    Py_INCREF(doc)      # the class is there until the process ends
    slots.tp_name = name
    slots.tp_doc = doc
    return 0
