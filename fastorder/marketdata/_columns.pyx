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
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset, strcmp, strncmp

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
    cdef str format = view.format.lstrip("@=<")
    cdef char kind
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

    Returns:
        A list of columns, and nanoseconds for each unit (1 where they are no times).

    Raises:
        WrongColumn: another type, or nulls in it.
    """
    if hasattr(thing, "__arrow_c_stream__"):
        return stream_columns(thing.__arrow_c_stream__(), name)
    schema_capsule, array_capsule = thing.__arrow_c_array__()
    cdef ArrowSchema* schema = <ArrowSchema*>PyCapsule_GetPointer(
        schema_capsule, "arrow_schema")
    cdef ArrowArray* array = <ArrowArray*>PyCapsule_GetPointer(
        array_capsule, "arrow_array")
    kind, factor = arrow_type(schema.format, name)
    cdef Imported imported = Imported()
    imported.array = array[0]
    array.release = NULL
    return [imported_column(imported, kind, name)], factor


cdef object stream_columns(object capsule, str name):
    cdef ArrowArrayStream* stream = <ArrowArrayStream*>PyCapsule_GetPointer(
        capsule, "arrow_array_stream")
    cdef ArrowSchema schema
    cdef Imported imported
    if stream.get_schema(stream, &schema):
        raise WrongColumn(f"{name}: {last_error(stream)}")
    try:
        kind, factor = arrow_type(schema.format, name)
    finally:
        if schema.release is not NULL:
            schema.release(&schema)
    columns = []
    while True:
        imported = Imported()
        if stream.get_next(stream, &imported.array):
            raise WrongColumn(f"{name}: {last_error(stream)}")
        if imported.array.release is NULL:
            return columns, factor
        columns.append(imported_column(imported, kind, name))


cdef str last_error(ArrowArrayStream* stream):
    cdef const char* text = stream.get_last_error(stream)
    return "its stream failed" if text is NULL else text.decode("utf-8", "replace")


cdef object arrow_type(const char* format, str name):
    """The kind of number behind an Arrow format, and its unit of time."""
    if strcmp(format, "l") == 0:
        return "q", 1
    if strcmp(format, "g") == 0:
        return "d", 1
    if strcmp(format, "c") == 0:
        return "b", 1
    if strncmp(format, "ts", 2) == 0:
        units = {b"s": 1_000_000_000, b"m": 1_000_000, b"u": 1_000, b"n": 1}
        return "q", units[format[2:3]]
    raise WrongColumn(
        f"{name} must hold int64, float64, int8 or time stamps, "
        f"was Arrow's {format.decode('utf-8', 'replace')!r}")


cdef Column imported_column(Imported imported, str kind, str name):
    cdef ArrowArray* array = &imported.array
    cdef const unsigned char* valid = <const unsigned char*>array.buffers[0]
    cdef int64_t i
    if array.null_count != 0 and valid is not NULL:
        for i in range(array.offset, array.offset + array.length):
            if not valid[i >> 3] >> (i & 7) & 1:
                raise BadTick(f"{name} must not be null", i - array.offset)
    cdef Column column = column_over(
        <void*>array.buffers[1], array.length, <char>ord(kind), imported)
    column.data += array.offset * column.width()
    return aligned(column)


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
