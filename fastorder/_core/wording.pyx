"""What is wrong with the arguments of a compiled call, in Python's own words.

Compiled code counts arguments and names none: "takes at least 5 positional arguments (3
given)". So where such a call is refused, a Python function of the same signature gets
the very same arguments, and what Python says to them is said.
"""

from cpython.exc cimport PyErr_Fetch, PyErr_Occurred, PyErr_Restore, PyErr_SetObject
from cpython.ref cimport PyObject, Py_TYPE, Py_XDECREF

from fastorder.signatures import twin_of

cdef extern from "Python.h":
    ctypedef PyObject* (*vectorcallfunc)(
        PyObject*, PyObject* const*, size_t, PyObject*) noexcept
    ctypedef struct PyTypeObject:
        Py_ssize_t tp_vectorcall_offset
    vectorcallfunc PyVectorcall_Function(PyObject* verb)
    object PyObject_Vectorcall(
        object verb, PyObject* const* given, size_t count, PyObject* names)

cdef vectorcallfunc compiled = NULL     # one for all that take keywords, in a module


def worded_by_python(verb):
    """The same function; a call that does not fit its signature is told by name.

    Args:
        verb: of the one module that uses this, with arguments that have names.

    Where the arguments fit, it costs one more call and two comparisons.
    """
    global compiled
    cdef vectorcallfunc own = PyVectorcall_Function(<PyObject*>verb)
    cdef char* lies_at = <char*><PyObject*>verb
    if compiled is NULL:
        compiled = own
    if own is not NULL and own is compiled:
        lies_at += (<PyTypeObject*>Py_TYPE(verb)).tp_vectorcall_offset
        (<vectorcallfunc*>lies_at)[0] = called
    return verb


cdef PyObject* called(
    PyObject* verb, PyObject* const* given, size_t count, PyObject* names
) noexcept:
    cdef PyObject* result = compiled(verb, given, count, names)
    if result is NULL and PyErr_Occurred() is <PyObject*>TypeError:
        reword(verb, given, count, names)
    return result


cdef void reword(
    PyObject* verb, PyObject* const* given, size_t count, PyObject* names
) noexcept:
    """Put Python's words in the place of the error that is raised, if it has any."""
    cdef PyObject* kind = NULL
    cdef PyObject* error = NULL
    cdef PyObject* trace = NULL
    found = None
    PyErr_Fetch(&kind, &error, &trace)
    try:
        twin = twin_of(<object>verb)
        try:
            PyObject_Vectorcall(twin, given, count, names)
        except TypeError as refusal:
            found = TypeError(str(refusal))
    except Exception:           # no room for a twin, say: the first error is told
        pass
    except BaseException as stop:           # Ctrl-C in between
        found = stop
    if found is None:           # the arguments fit: it was raised behind them
        PyErr_Restore(kind, error, trace)
    else:
        Py_XDECREF(kind)
        Py_XDECREF(error)
        Py_XDECREF(trace)
        PyErr_SetObject(type(found), found)
