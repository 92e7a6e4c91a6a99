"""Which vectors the inner loops run with: the choice is made once, at import."""

import os

cdef extern from "dispatch.h" nogil:
    const char* lanes_name(int rank) noexcept
    const lanes_t* lanes_of(const char* name) noexcept

cdef const lanes_t* lanes = NULL        # static in dispatch.h
cdef str chosen = None


cdef const lanes_t* lanes_now() noexcept nogil:
    """The loops of the vectors that are chosen."""
    return lanes


def vector_paths():
    """The names of the vector paths that this machine may have, widest first."""
    names = []
    cdef int rank = 0
    while lanes_name(rank) is not NULL:
        names.append(lanes_name(rank).decode())
        rank += 1
    return names


def use_vector_path(str name):
    """Run the inner loops with vectors of one kind; False where the machine cannot."""
    global lanes, chosen
    cdef const lanes_t* found = lanes_of(name.encode())
    if found is NULL:
        return False
    lanes = found
    chosen = name
    return True


def vector_path():
    """The name of the vectors that the inner loops run with."""
    return chosen


# the widest that there is, unless the environment names another
for _name in [os.environ.get("FASTORDER_VECTORS", ""), *vector_paths()]:
    if _name and use_vector_path(_name):
        break
