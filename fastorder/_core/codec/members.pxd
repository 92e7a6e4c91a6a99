"""Whether a JSON text gives a member of an object twice."""

cdef bint is_ambiguous(bytes text, dict document)
