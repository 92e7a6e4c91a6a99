"""What is wrong with the arguments of a compiled call, in Python's own words.

Compiled code counts arguments and names none: "takes at least 5 positional arguments (3
given)". So where such a call is refused, a Python function of the same signature gets
the very same arguments, and what Python says to them is said, with the name that may
have been meant.
"""

from cpython.exc cimport PyErr_Fetch, PyErr_Occurred, PyErr_Restore, PyErr_SetObject
from cpython.ref cimport PyObject, Py_TYPE, Py_XDECREF
from cpython.type cimport PyType_Check

from fastorder._base.near_names import with_hint
from fastorder._core.codec.signatures import taking, twin_of

cdef extern from "Python.h":
    ctypedef PyObject* (*vectorcallfunc)(
        PyObject*, PyObject* const*, size_t, PyObject*) noexcept
    ctypedef struct PyTypeObject:
        Py_ssize_t tp_vectorcall_offset
        vectorcallfunc tp_vectorcall
    vectorcallfunc PyVectorcall_Function(PyObject* verb)
    object PyObject_Vectorcall(
        object verb, PyObject* const* given, size_t count, PyObject* names)

cdef vectorcallfunc compiled = NULL     # one for all that take keywords, in a module
cdef vectorcallfunc making = NULL       # that of the one class
cdef object class_twin = None


def with_named_errors(verb):
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


def class_with_named_errors(kind, tuple names, int needed):
    """Have a call of a class that does not fit its arguments told by name.

    Args:
        kind: the one class that uses this.
        names: of its arguments; compiled, it does not know them itself.
        needed: how many of them, the first ones, may not be left out.

    Where the arguments fit, it costs one more call and a comparison. What makes one
    without a vectorcall, as a subclass does, is told what the compiled class says.
    """
    global making, class_twin
    cdef PyTypeObject* slots = <PyTypeObject*>kind
    if making is not NULL:
        raise RuntimeError(f"{kind.__name__} must be the only class, there is another")
    if slots.tp_vectorcall is not NULL:
        class_twin = taking(kind.__name__, names, needed)
        making = slots.tp_vectorcall
        slots.tp_vectorcall = made


cdef PyObject* made(
    PyObject* kind, PyObject* const* given, size_t count, PyObject* names
) noexcept:
    return worded(making(kind, given, count, names), kind, given, count, names)


cdef PyObject* called(
    PyObject* verb, PyObject* const* given, size_t count, PyObject* names
) noexcept:
    return worded(compiled(verb, given, count, names), verb, given, count, names)


cdef inline PyObject* worded(
    PyObject* result, PyObject* verb, PyObject* const* given, size_t count,
    PyObject* names
) noexcept:
    """What a call came to; a TypeError of it in Python's words, if it has any."""
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
        twin = class_twin if PyType_Check(<object>verb) else twin_of(<object>verb)
        try:
            PyObject_Vectorcall(twin, given, count, names)
        except TypeError as refusal:
            found = TypeError(with_hint(str(refusal), twin.__code__))
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
