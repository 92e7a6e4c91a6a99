# cython: boundscheck=False, wraparound=False, cdivision=True
"""Columns in and out without a copy: the buffer protocol and Arrow.

A column is int64, float64 or int8 numbers, one beside the other. NumPy arrays, array
and memoryview come in through the buffer protocol; Arrow arrays and the series of
Polars and pandas through Arrow's capsules. What does not lie in one piece is copied.
"""

cimport cython
from cpython.buffer cimport (
    PyBUF_FORMAT,
    PyBUF_ND,
    PyBUF_SIMPLE,
    PyBUF_WRITABLE,
    PyBuffer_FillInfo,
)
from cpython.memoryview cimport PyMemoryView_GET_BUFFER
from cpython.object cimport PyObject
from cpython.pycapsule cimport (
    PyCapsule_GetPointer,
    PyCapsule_New,
)
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport (
    int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t)
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset, strcmp, strlen, strncmp

import sys

from fastorder.marketdata.errors import BadTick, WrongColumn

cdef extern from "Python.h":
    object PyMemoryView_GetContiguous(object exporter, int kind, char order)

cdef extern from "memory.h" nogil:
    char* more_memory(char* memory, size_t used, size_t* size, size_t wanted) noexcept
    char* fitted(char* memory, size_t used, size_t* size) noexcept
    void give_back(char* memory, size_t size) noexcept

cdef extern from "arrow.h" nogil:
    struct ArrowSchema:
        const char* format
        const char* name
        const char* metadata
        int64_t flags
        int64_t n_children
        ArrowSchema** children
        ArrowSchema* dictionary
        void (*release)(ArrowSchema*) noexcept nogil
        void* private_data

    struct ArrowArray:
        int64_t length
        int64_t null_count
        int64_t offset
        int64_t n_buffers
        int64_t n_children
        const void** buffers
        ArrowArray** children
        ArrowArray* dictionary
        void (*release)(ArrowArray*) noexcept nogil
        void* private_data

    struct ArrowArrayStream:
        int (*get_schema)(ArrowArrayStream*, ArrowSchema*) noexcept nogil
        int (*get_next)(ArrowArrayStream*, ArrowArray*) noexcept nogil
        const char* (*get_last_error)(ArrowArrayStream*) noexcept nogil
        void (*release)(ArrowArrayStream*) noexcept nogil
        void* private_data

cdef int64_t LARGEST = 0x7FFFFFFFFFFFFFFF

cdef dict NAMES = {c"q": "int64", c"d": "float64", c"b": "int8"}
cdef tuple NATIVE = ("@", "=", "<" if sys.byteorder == "little" else ">")


@cython.no_gc_clear
cdef class Column:
    """Numbers of one type, side by side in memory."""

    def __dealloc__(self):
        if self.owns:
            give_back(self.data, self.room)

    def __len__(self):
        return self.size

    def __repr__(self):
        return f"Column({self.dtype}, {self.size})"

    @property
    def dtype(self):
        """The type of its numbers: int64, float64 or int8."""
        return NAMES[self.kind]

    def part(self, Py_ssize_t start, Py_ssize_t stop):
        """The numbers from start up to stop, in the same memory."""
        stop = min(max(stop, 0), self.size)
        start = min(max(start, 0), stop)
        return column_over(
            self.data + start * self.width(), stop - start, self.kind, self)

    cdef Py_ssize_t width(self) noexcept nogil:
        return 1 if self.kind == c"b" else 8

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        if flags & PyBUF_WRITABLE == PyBUF_WRITABLE:
            raise BufferError("a column cannot be written to")
        PyBuffer_FillInfo(
            buffer, self, self.data, self.size * self.width(), 1, PyBUF_SIMPLE)
        buffer.itemsize = self.width()
        buffer.ndim = 1
        buffer.format = format_of(self.kind) if flags & PyBUF_FORMAT else NULL
        buffer.shape = &self.size if flags & PyBUF_ND else NULL
        buffer.strides = &buffer.itemsize if flags & PyBUF_ND else NULL

    def __releasebuffer__(self, Py_buffer* buffer):
        pass


cdef char* format_of(char kind) noexcept:
    if kind == c"q":
        return "q"
    return "d" if kind == c"d" else "b"


cdef Column column_over(void* data, Py_ssize_t size, char kind, object owner):
    cdef Column column = Column.__new__(Column)
    column.data = <char*>data
    column.size = size
    column.kind = kind
    column.owner = owner
    column.owns = owner is None
    return column


cdef Column column_of_memory(char* memory, Py_ssize_t size, char kind, size_t room):
    """A column that owns memory of so many bytes."""
    cdef Column column = column_over(memory, size, kind, None)
    column.room = room
    return column


# ------------------------------------------------------------------ memory

cdef char* longer_memory(char* memory, size_t used, size_t* size,
                         size_t wanted) noexcept nogil:
    return more_memory(memory, used, size, wanted)


cdef char* fitted_memory(char* memory, size_t used, size_t* size) noexcept nogil:
    return fitted(memory, used, size)


cdef void give_memory_back(char* memory, size_t size) noexcept nogil:
    give_back(memory, size)


# ------------------------------------------------------------------ buffers

def buffer_column(thing, str name):
    """A column over a buffer; a copy where it does not lie in one piece.

    Raises:
        WrongColumn: more than one dimension, or another type of number.
    """
    view = memoryview(thing)
    if view.ndim != 1:
        raise WrongColumn(f"{name} must have one dimension, had {view.ndim}")
    cdef str format = view.format
    cdef char kind
    if format.startswith(NATIVE):
        format = format[1:]
    if format in ("q", "l") and view.itemsize == 8:
        kind = c"q"
    elif format == "d":
        kind = c"d"
    elif format == "b":
        kind = c"b"
    else:
        raise WrongColumn(
            f"{name} must hold int64, float64 or int8, was {typed(thing, view)}")
    if not view.c_contiguous:
        view = PyMemoryView_GetContiguous(view, 0x100, c"C")
    cdef Py_buffer* buffer = PyMemoryView_GET_BUFFER(view)
    return aligned(column_over(buffer.buf, view.shape[0], kind, view))


cdef Column aligned(Column column):
    """The column itself; a copy where its numbers lie across words."""
    cdef Py_ssize_t length = column.size * column.width()
    if <size_t>column.data % column.width() == 0:
        return column
    cdef char* copied = <char*>malloc(length + 1)
    if copied is NULL:
        raise MemoryError
    memcpy(copied, column.data, length)
    return column_over(copied, column.size, column.kind, None)


cdef str typed(object thing, object view):
    dtype = getattr(thing, "dtype", None)
    return str(dtype) if dtype is not None else f"format {view.format!r}"


def scaled(Column column, int64_t factor, str name):
    """Times in a longer unit as nanoseconds, in memory of their own.

    Raises:
        BadTick: a time that nanoseconds cannot tell, in 1677 or 2262.
    """
    cdef Py_ssize_t i
    cdef int64_t most = LARGEST // factor
    cdef int64_t* times = <int64_t*>column.data
    cdef int64_t* scaled_times = <int64_t*>malloc(8 * max(column.size, 1))
    if scaled_times is NULL:
        raise MemoryError
    cdef Column made = column_over(scaled_times, column.size, c"q", None)
    for i in range(column.size):
        if times[i] > most or times[i] < -most:
            raise BadTick(f"{name} must be from 1970 to 2261", i)
        scaled_times[i] = times[i] * factor
    return made


# ------------------------------------------------------------------ Arrow comes in

cdef class Imported:
    """An Arrow array, released once no column needs it."""

    cdef ArrowArray array

    def __cinit__(self):
        memset(&self.array, 0, sizeof(ArrowArray))

    def __dealloc__(self):
        if self.array.release is not NULL:
            self.array.release(&self.array)


def arrow_columns(thing, str name):
    """The columns of an Arrow array or stream, and the unit of its times.

    A dictionary is decoded. Other layouts that are not one number beside the other (run
    ends, views, bits) are refused by their type, as every other type is.

    Returns:
        A list of columns, and nanoseconds for each unit (None where they are no times).

    Raises:
        WrongColumn: another type.
        BadTick: a null, with its index in the whole.
    """
    if hasattr(thing, "__arrow_c_stream__"):
        return stream_columns(thing.__arrow_c_stream__(), name)
    schema_capsule, array_capsule = thing.__arrow_c_array__()
    cdef ArrowSchema* schema = <ArrowSchema*>PyCapsule_GetPointer(
        schema_capsule, "arrow_schema")
    cdef ArrowArray* array = <ArrowArray*>PyCapsule_GetPointer(
        array_capsule, "arrow_array")
    if schema.release is NULL or array.release is NULL:
        raise WrongColumn(f"{name}: its Arrow array was taken before")
    cdef Layout layout = layout_of(schema, name)
    cdef Imported imported = Imported()
    imported.array = array[0]
    array.release = NULL
    return [imported_column(imported, layout, name, 0)], layout.unit_ns


cdef object stream_columns(object capsule, str name):
    cdef ArrowArrayStream* stream = <ArrowArrayStream*>PyCapsule_GetPointer(
        capsule, "arrow_array_stream")
    cdef ArrowSchema schema
    cdef Imported imported
    cdef Layout layout
    cdef int64_t start = 0
    if stream.release is NULL:
        raise WrongColumn(f"{name}: its Arrow stream was taken before")
    if stream.get_schema(stream, &schema):
        raise WrongColumn(f"{name}: {last_error(stream)}")
    try:
        layout = layout_of(&schema, name)
    finally:
        if schema.release is not NULL:
            schema.release(&schema)
    columns = []
    while True:
        imported = Imported()
        if stream.get_next(stream, &imported.array):
            raise WrongColumn(f"{name}: {last_error(stream)}")
        if imported.array.release is NULL:
            return columns, layout.unit_ns
        columns.append(imported_column(imported, layout, name, start))
        start += imported.array.length


cdef str last_error(ArrowArrayStream* stream):
    cdef const char* text = stream.get_last_error(stream)
    return "its stream failed" if text is NULL else text.decode("utf-8", "replace")


# ------------------------------------------------------------------ Arrow's types

cdef class Layout:
    """How the numbers of an Arrow array lie: their kind, and a dictionary's indices."""

    cdef char kind              # of a column
    cdef object unit_ns         # None where they are no times
    cdef char index             # Arrow's format of the indices; 0 without a dictionary


cdef Layout layout_of(const ArrowSchema* schema, str name):
    """The layout that a schema tells.

    Raises:
        WrongColumn: it is none of numbers that a column can hold.
    """
    cdef Layout layout = Layout()
    cdef const ArrowSchema* words = schema.dictionary
    if is_extension(schema) or words is not NULL and is_extension(words):
        raise wrong_type(schema, name)
    if words is not NULL:
        if strlen(schema.format) != 1 or schema.format[0] not in b"cCsSiIlL":
            raise wrong_type(schema, name)
        if words.dictionary is not NULL:
            raise wrong_type(schema, name)
        layout.index = schema.format[0]
    kind_of_format(layout, schema if words is NULL else words)
    if layout.kind == 0:
        raise wrong_type(schema, name)
    return layout


cdef int kind_of_format(Layout layout, const ArrowSchema* schema) except -1:
    cdef const char* format = schema.format
    if strcmp(format, "l") == 0:
        layout.kind = c"q"
    elif strcmp(format, "g") == 0:
        layout.kind = c"d"
    elif strcmp(format, "c") == 0:
        layout.kind = c"b"
    elif strncmp(format, "ts", 2) == 0 and strlen(format) > 3 and format[3] == c":":
        layout.unit_ns = UNITS.get(<char>format[2])
        layout.kind = 0 if layout.unit_ns is None else c"q"
    return 0


cdef dict UNITS = {c"s": 1_000_000_000, c"m": 1_000_000, c"u": 1_000, c"n": 1}


cdef bint is_extension(const ArrowSchema* schema) except -1:
    """Whether the numbers stand for something else: a period, a boolean, an address."""
    return schema.metadata is not NULL and b"ARROW:extension:name" in keys_of(schema)


cdef list keys_of(const ArrowSchema* schema):
    """The keys of a schema's metadata: a count, then each key and value by length."""
    cdef const char* at = schema.metadata
    cdef int32_t count, length
    cdef int i
    found = []
    memcpy(&count, at, 4)
    at += 4
    for i in range(2 * count):
        memcpy(&length, at, 4)
        if i % 2 == 0:
            found.append(at[4:4 + length])
        at += 4 + length
    return found


cdef object wrong_type(const ArrowSchema* schema, str name):
    what = (<bytes>schema.format).decode("utf-8", "replace")
    kind = "Arrow's"
    if is_extension(schema):
        kind = "an extension of Arrow's"
    elif schema.dictionary is not NULL:
        kind = "a dictionary of Arrow's"
        what = (<bytes>schema.dictionary.format).decode("utf-8", "replace")
    return WrongColumn(
        f"{name} must hold int64, float64, int8 or time stamps, was {kind} {what!r}")


# ------------------------------------------------------------------ Arrow's memory

cdef Column imported_column(Imported imported, Layout layout, str name, int64_t start):
    """The numbers of an array, of which the first is the start-th of the whole."""
    cdef ArrowArray* array = &imported.array
    check_buffers(array, name)
    if layout.index:
        return decoded(array, layout, name, start)
    check_nulls(array, name, start)
    cdef Column column = column_over(
        <void*>array.buffers[1], array.length, layout.kind, imported)
    column.data += array.offset * column.width()
    return aligned(column)


cdef int check_buffers(const ArrowArray* array, str name) except -1:
    if array.n_buffers != 2 or (array.length and array.buffers[1] is NULL):
        raise WrongColumn(f"{name}: an Arrow array must have two buffers, "
                          f"had {array.n_buffers}")
    return 0


cdef int check_nulls(const ArrowArray* array, str name, int64_t start) except -1:
    cdef int64_t i
    if array.null_count == 0 or array.buffers[0] is NULL:
        return 0
    for i in range(array.length):
        if is_null(array, i):
            raise BadTick(f"{name} must not be null", start + i)
    return 0


cdef inline bint is_null(const ArrowArray* array, int64_t i) noexcept nogil:
    cdef const uint8_t* valid = <const uint8_t*>array.buffers[0]
    if array.null_count == 0 or valid is NULL:
        return False
    i += array.offset
    return not valid[i >> 3] >> (i & 7) & 1


cdef Column decoded(const ArrowArray* array, Layout layout, str name, int64_t start):
    """The numbers that the indices of a dictionary stand for."""
    cdef const ArrowArray* words = array.dictionary
    if words is NULL:
        raise WrongColumn(f"{name}: an Arrow dictionary must come with its values")
    check_buffers(words, name)
    cdef size_t width = 1 if layout.kind == c"b" else 8
    cdef char* made = <char*>malloc(array.length * width + 1)
    if made is NULL:
        raise MemoryError
    cdef Column column = column_over(made, array.length, layout.kind, None)
    cdef const char* values = <const char*>words.buffers[1] + words.offset * width
    cdef int64_t i, at
    for i in range(array.length):
        if is_null(array, i):
            raise BadTick(f"{name} must not be null", start + i)
        at = index_at(array.buffers[1], layout.index, array.offset + i)
        if not 0 <= at < words.length:
            raise WrongColumn(f"{name}: an index of its Arrow dictionary must be below "
                              f"{words.length}, one was {at}")
        if is_null(words, at):
            raise BadTick(f"{name} must not be null", start + i)
        memcpy(made + i * width, values + at * width, width)
    return column


cdef int64_t index_at(const void* indices, char format, int64_t i) noexcept nogil:
    """An index of a dictionary, wherever it lies; 64 bits without a sign may turn
    negative, which no dictionary has either."""
    cdef int16_t short
    cdef int32_t middle
    cdef int64_t longest
    if format == c"c":
        return (<const int8_t*>indices)[i]
    if format == c"C":
        return (<const uint8_t*>indices)[i]
    if format == c"s" or format == c"S":
        memcpy(&short, <const char*>indices + 2 * i, 2)
        return short if format == c"s" else <uint16_t>short
    if format == c"i" or format == c"I":
        memcpy(&middle, <const char*>indices + 4 * i, 4)
        return middle if format == c"i" else <uint32_t>middle
    memcpy(&longest, <const char*>indices + 8 * i, 8)
    return longest


# ------------------------------------------------------------------ Arrow goes out

cdef struct Sent:
    PyObject* owner             # owned: what keeps the memory alive
    const void* buffers[2]


cdef void release_array(ArrowArray* array) noexcept with gil:
    cdef int64_t i
    for i in range(array.n_children):
        if array.children[i].release is not NULL:
            array.children[i].release(array.children[i])
        free(array.children[i])
    free(array.children)
    cdef Sent* sent = <Sent*>array.private_data
    if sent.owner is not NULL:
        Py_DECREF(<object>sent.owner)
    free(sent)
    array.release = NULL


cdef void release_schema(ArrowSchema* schema) noexcept nogil:
    cdef int64_t i
    for i in range(schema.n_children):
        if schema.children[i].release is not NULL:
            schema.children[i].release(schema.children[i])
        free(schema.children[i])
    free(schema.children)
    free(schema.private_data)
    schema.release = NULL


cdef int fill_array(ArrowArray* array, int64_t length, Column column, int children,
                    ) except -1:
    """One array, or a table's own where there is no column."""
    memset(array, 0, sizeof(ArrowArray))
    cdef Sent* sent = <Sent*>calloc(1, sizeof(Sent))
    if sent is NULL:
        raise MemoryError
    array.length = length
    array.n_buffers = 1 if column is None else 2
    array.buffers = sent.buffers
    array.private_data = sent
    array.release = &release_array
    if column is not None:
        sent.buffers[1] = column.data
        sent.owner = <PyObject*>column
        Py_INCREF(column)
    if children:
        array.children = <ArrowArray**>calloc(children, sizeof(ArrowArray*))
        if array.children is NULL:
            raise MemoryError
    return 0


cdef int fill_schema(ArrowSchema* schema, bytes name, bytes format, int children,
                     ) except -1:
    cdef Py_ssize_t first = len(name) + 1
    cdef Py_ssize_t second = len(format) + 1
    memset(schema, 0, sizeof(ArrowSchema))
    cdef char* text = <char*>malloc(first + second)
    if text is NULL:
        raise MemoryError
    memcpy(text, <const char*>name, first)
    memcpy(text + first, <const char*>format, second)
    schema.name = text
    schema.format = text + first
    schema.private_data = text
    schema.release = &release_schema
    if children:
        schema.children = <ArrowSchema**>calloc(children, sizeof(ArrowSchema*))
        if schema.children is NULL:
            raise MemoryError
    return 0


cdef void drop_schema(object capsule) noexcept:
    cdef ArrowSchema* schema = <ArrowSchema*>PyCapsule_GetPointer(
        capsule, "arrow_schema")
    if schema.release is not NULL:
        schema.release(schema)
    free(schema)


cdef void drop_array(object capsule) noexcept:
    cdef ArrowArray* array = <ArrowArray*>PyCapsule_GetPointer(capsule, "arrow_array")
    if array.release is not NULL:
        array.release(array)
    free(array)


cdef void drop_stream(object capsule) noexcept:
    cdef ArrowArrayStream* stream = <ArrowArrayStream*>PyCapsule_GetPointer(
        capsule, "arrow_array_stream")
    if stream.release is not NULL:
        stream.release(stream)
    free(stream)


cdef bytes format_in_arrow(str name, Column column):
    if name == "time_ns":
        return b"tsn:UTC"
    if column.kind == c"q":
        return b"l"
    return b"g" if column.kind == c"d" else b"c"


cdef int write_schema(ArrowSchema* schema, dict columns) except -1:
    cdef ArrowSchema* child
    fill_schema(schema, b"", b"+s", len(columns))
    for name, column in columns.items():
        child = <ArrowSchema*>calloc(1, sizeof(ArrowSchema))
        if child is NULL:
            raise MemoryError
        schema.children[schema.n_children] = child
        schema.n_children += 1
        fill_schema(child, name.encode(), format_in_arrow(name, column), 0)
    return 0


cdef int write_array(ArrowArray* array, dict columns, int64_t length) except -1:
    cdef ArrowArray* child
    fill_array(array, length, None, len(columns))
    for column in columns.values():
        child = <ArrowArray*>calloc(1, sizeof(ArrowArray))
        if child is NULL:
            raise MemoryError
        array.children[array.n_children] = child
        array.n_children += 1
        fill_array(child, length, column, 0)
    return 0


def schema_capsule(dict columns):
    """Arrow's schema of a table."""
    cdef ArrowSchema* schema = <ArrowSchema*>calloc(1, sizeof(ArrowSchema))
    if schema is NULL:
        raise MemoryError
    capsule = PyCapsule_New(schema, "arrow_schema", &drop_schema)
    write_schema(schema, columns)
    return capsule


def array_capsules(dict columns, int64_t length):
    """Arrow's schema and array of a table, over the columns' own memory."""
    schema = schema_capsule(columns)
    cdef ArrowArray* array = <ArrowArray*>calloc(1, sizeof(ArrowArray))
    if array is NULL:
        raise MemoryError
    capsule = PyCapsule_New(array, "arrow_array", &drop_array)
    write_array(array, columns, length)
    return schema, capsule


cdef class Table:
    """What a stream sends: one batch, then its end."""

    cdef dict columns
    cdef int64_t length
    cdef bint sent


cdef int stream_schema(ArrowArrayStream* stream, ArrowSchema* schema) noexcept with gil:
    try:
        write_schema(schema, (<Table>stream.private_data).columns)
    except MemoryError:
        return 12               # ENOMEM
    return 0


cdef int stream_next(ArrowArrayStream* stream, ArrowArray* array) noexcept with gil:
    cdef Table table = <Table>stream.private_data
    memset(array, 0, sizeof(ArrowArray))
    if table.sent:
        return 0
    table.sent = True
    try:
        write_array(array, table.columns, table.length)
    except MemoryError:
        return 12
    return 0


cdef const char* stream_error(ArrowArrayStream* stream) noexcept nogil:
    return NULL


cdef void release_stream(ArrowArrayStream* stream) noexcept with gil:
    Py_DECREF(<object>stream.private_data)
    stream.release = NULL


def stream_capsule(dict columns, int64_t length):
    """A table as Arrow's stream of one batch."""
    cdef ArrowArrayStream* stream = <ArrowArrayStream*>calloc(
        1, sizeof(ArrowArrayStream))
    if stream is NULL:
        raise MemoryError
    capsule = PyCapsule_New(stream, "arrow_array_stream", &drop_stream)
    cdef Table table = Table()
    table.columns = columns
    table.length = length
    Py_INCREF(table)
    stream.get_schema = &stream_schema
    stream.get_next = &stream_next
    stream.get_last_error = &stream_error
    stream.release = &release_stream
    stream.private_data = <void*>table
    return capsule
