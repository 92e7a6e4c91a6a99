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
WRAP = 0xFFFFFFFF

Sums = tuple[int, int]


def damage(log: bytes) -> str | None:
    """What is wrong with a log; None where it is whole, torn at its end or empty."""
    if len(log) <= HEADER:
        return None
    magic, _, page_size, _, *salts, first, second = struct.unpack(">8I", log[:HEADER])
    order = MAGIC.get(magic)
    if order is None or _sums(order, log[:24], (0, 0)) != (first, second):
        return "the header of its log does not fit its checksum"
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
    sums = _sums(order, log[at : at + 8], sums)
    return _sums(order, log[at + FRAME_HEADER : at + step], sums)


def _sums(order: str, data: bytes, sums: Sums) -> Sums:
    first, second = sums
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for even, odd in zip(words, words, strict=True):
        first = (first + even + second) & WRAP
        second = (second + odd + first) & WRAP
    return first, second
