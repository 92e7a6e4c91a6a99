"""The plain body of an answer that came coded with gzip, as far as it may grow."""

from __future__ import annotations

import zlib

from fastorder._base.counted import counted

GZIP = 16 + zlib.MAX_WBITS
"""That zlib expects a gzip header and its checksum, and nothing else."""


def plain_body(body: bytes, coding: bytes | None, most: int) -> bytes:
    """A body as it was before it was coded.

    Args:
        body: as it came.
        coding: what it was coded with; None where it is plain.
        most: bytes that it may have; no more than that is ever made of it.

    Raises:
        ValueError: it is coded otherwise, cut, broken, or grows beyond that.
    """
    if coding is None:
        return body
    if coding.lower() not in (b"gzip", b"x-gzip"):
        raise ValueError("its coding must be gzip or none, was another")
    inflater = zlib.decompressobj(GZIP)
    try:
        plain = inflater.decompress(body, most + 1)
    except zlib.error:
        raise ValueError("its gzip data are broken") from None
    if len(plain) > most:
        raise ValueError(f"it must not be larger than {counted(most, 'byte')} unpacked")
    if not inflater.eof:
        raise ValueError("its gzip data are cut")
    if inflater.unused_data:
        raise ValueError("more came behind its gzip data")
    return plain
