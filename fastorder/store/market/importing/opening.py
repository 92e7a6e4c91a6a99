"""A file's content, whatever it is packed in: plain, gzip or zstd."""

from __future__ import annotations

from codecs import getincrementaldecoder
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fastorder.store.market.errors import ImportRefused

if TYPE_CHECKING:
    import os

PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
"""How packed files begin. Sources: RFC 1952, 2.3.1; RFC 8878, 3.1.1."""

BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


PIECE_BYTES = 1 << 20
"""How much of a text is looked at in one go."""


class Content(NamedTuple):
    """What a file holds.

    Attributes:
        path: for errors.
        data: unpacked.
        kind: parquet, scid, json or text.
    """

    path: str
    data: bytes
    kind: str


def opened(path: str | os.PathLike[str]) -> Content:
    """Read and unpack a file.

    Raises:
        ImportRefused: there is none, it is empty, or its packing is not whole.
    """
    name = str(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ImportRefused(name, f"must be a file that can be read: {error}") from None
    for magic, packing in PACKED.items():
        if data.startswith(magic):
            data = _unpacked(data, packing, name)
    if not data or data.isspace():
        raise ImportRefused(name, "must hold data, is empty")
    return Content(name, data, _kind(data))


def _kind(data: bytes) -> str:
    if data[:4] == b"PAR1":
        return "parquet"
    if data[:4] == b"SCID":
        return "scid"
    return "json" if data.lstrip()[:1] in (b"{", b"[") else "text"


def _unpacked(data: bytes, packing: str, name: str) -> bytes:
    import pyarrow

    try:
        with pyarrow.input_stream(pyarrow.py_buffer(data), compression=packing) as file:
            found: bytes = file.read()
    except (pyarrow.ArrowException, OSError) as error:
        raise ImportRefused(name, f"must be whole {packing}: {error}") from None
    return found


def text_of(content: Content) -> bytes:
    """The text of a file as UTF-8, without a mark of its byte order.

    A file in UTF-8 is looked at a piece at a time: no second copy of it is made.

    Raises:
        ImportRefused: it is no text.
    """
    data = content.data
    coding = next((c for bom, c in BOMS.items() if data.startswith(bom)), "utf-8")
    try:
        if coding == "utf-8":
            _check_utf8(data)
        else:
            data = data.decode(coding).encode()
    except UnicodeDecodeError as error:
        raise ImportRefused(content.path, f"must be text in UTF-8: {error}") from None
    if b"\0" in data:
        raise ImportRefused(content.path, "must be text, Parquet or .scid, has zeros")
    return data


def _check_utf8(data: bytes) -> None:
    decoder = getincrementaldecoder("utf-8")()
    view = memoryview(data)
    for start in range(0, len(data), PIECE_BYTES):
        decoder.decode(view[start : start + PIECE_BYTES])
    decoder.decode(b"", final=True)
