# cython: annotation_typing=False
"""Finds damage in the write-ahead log that SQLite takes for the log's end.

SQLite reads a log up to the first frame that does not fit and forgets the rest. That
is right for a tail that was torn while it was written. It is wrong for a byte that went
bad in the middle: records that were committed would be gone without a word. A whole
frame behind one that does not fit tells the two apart. The format is described in
sqlite.org/fileformat2.html#walformat.
"""

from __future__ import annotations

import struct

HEADER, FRAME_HEADER = 32, 24
MAGIC = {0x377F0682: "<", 0x377F0683: ">"}

Sums = tuple[int, int]


def damage(log: bytes) -> str | None:
    """What is wrong with a log; None where it is whole, torn at its end or empty."""
    if len(log) <= HEADER:
        return None
    magic, _, page_size, _, *salts, first, second = struct.unpack(">8I", log[:HEADER])
    order = MAGIC.get(magic)
    if order is None or _sums(order, log, 0, 24, (0, 0)) != (first, second):
        return "the header of its log does not fit its checksum"
    if page_size % 8:
        return f"its log has the page size {page_size}"
    return _gap(log, order, page_size + FRAME_HEADER, tuple(salts), (first, second))


def _gap(
    log: bytes, order: str, step: int, salts: tuple[int, ...], start: Sums
) -> str | None:
    broken = None
    before = {start}  # what the frame before sums up to, as it says and as it is
    for number, at in enumerate(range(HEADER, len(log) - step + 1, step), 1):
        _, _, *salt, first, second = struct.unpack_from(">6I", log, at)
        stored = first, second
        sums = [_frame_sums(order, log, at, step, seed) for seed in before]
        fits = tuple(salt) == salts and stored in sums
        if fits and broken is not None:
            return f"frame {broken} of its log does not fit its checksum"
        if not fits and broken is None:
            broken = number
        before = {stored, *sums} if number == broken else {stored}
    return None


def _frame_sums(order: str, log: bytes, at: int, step: int, sums: Sums) -> Sums:
    sums = _sums(order, log, at, at + 8, sums)
    return _sums(order, log, at + FRAME_HEADER, at + step, sums)


def _sums(order: str, log: bytes, start: int, end: int, sums: Sums) -> Sums:
    """The sums of some bytes, a whole number of pairs of words."""
    return added_up(order == ">", log, start, end, sums[0], sums[1])


def added_up(big: bool, log: bytes, at: int, end: int, first: int, second: int) -> Sums:
    """The loop of it, which is C once it is compiled: a log may be long."""
    while at < end:
        if big:
            even = log[at] << 24 | log[at + 1] << 16 | log[at + 2] << 8 | log[at + 3]
            odd = log[at + 4] << 24 | log[at + 5] << 16 | log[at + 6] << 8 | log[at + 7]
        else:
            even = log[at + 3] << 24 | log[at + 2] << 16 | log[at + 1] << 8 | log[at]
            odd = log[at + 7] << 24 | log[at + 6] << 16 | log[at + 5] << 8 | log[at + 4]
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
        at += 8
    return first, second
