/* A method of a compiled class whose calls a function of C takes, and its arguments.
 *
 * The interpreter calls such a function with borrowed arguments, as they lie on its
 * stack. The method keeps its name, its docstring and its place in the class.
 */
#ifndef FASTORDER_SHORTCUT_H
#define FASTORDER_SHORTCUT_H

#include <Python.h>
#include <stdint.h>

typedef PyObject *(*call_t)(PyObject *self, PyObject *const *arguments, Py_ssize_t count,
                            PyObject *names);

/* Let the shortcut be called from now on; ``before`` gets what was called until now. A
 * method that is called in another way stays as it is. */
static void call_instead(PyObject *method, call_t shortcut, call_t *before) {
    PyMethodDef *entry;
    if (Py_TYPE(method) != &PyMethodDescr_Type) return;
    entry = ((PyMethodDescrObject *)method)->d_method;
    if (entry->ml_flags != (METH_FASTCALL | METH_KEYWORDS)) return;
    if (entry->ml_meth == (PyCFunction)(void (*)(void))shortcut) return;
    *before = (call_t)(void (*)(void))entry->ml_meth;
    entry->ml_meth = (PyCFunction)(void (*)(void))shortcut;
}

/* An int of up to 63 bits and no class of its own; 0 where it is another thing.
 * Nanoseconds since 1970 have three digits of 30 bits, for which the interpreter's own
 * conversion goes from digit to digit. */
static inline int read_whole(PyObject *number, int64_t *whole) {
#if PyLong_SHIFT == 30
    if (!PyLong_CheckExact(number)) return 0;
#if PY_VERSION_HEX < 0x030C0000
    const digit *digits = ((PyLongObject *)number)->ob_digit;
    Py_ssize_t count = Py_SIZE(number);
#else
    const digit *digits = ((PyLongObject *)number)->long_value.ob_digit;
    uintptr_t tag = ((PyLongObject *)number)->long_value.lv_tag;
    Py_ssize_t count = (Py_ssize_t)(tag >> 3) * (1 - (Py_ssize_t)(tag & 3));
#endif
    if (__builtin_expect(count == 1, 1)) return *whole = digits[0], 1;
    if (__builtin_expect(count == 3, 1)) {
        if (digits[2] >= 8) return 0;
        *whole = (int64_t)digits[2] << 60 | (int64_t)digits[1] << 30 | digits[0];
        return 1;
    }
    if (count == 2) return *whole = (int64_t)digits[1] << 30 | digits[0], 1;
    if (count == 0) return *whole = 0, 1;
    if (count == -1) return *whole = -(int64_t)digits[0], 1;
#endif
    (void)number, (void)whole;
    return 0;
}

/* A float, and no class of its own; 0 where it is another thing. */
static inline int read_real(PyObject *number, double *real) {
    if (!PyFloat_CheckExact(number)) return 0;
    *real = PyFloat_AS_DOUBLE(number);
    return 1;
}

#endif
