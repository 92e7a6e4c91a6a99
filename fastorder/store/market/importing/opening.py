"""A file's content, whatever it is packed in: plain, gzip or zstd.

No file is held in memory: what is unpacked, or written in another coding, stands in a
file of its own until it was read.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, NamedTuple

from fastorder.store.market.errors import ImportRefused

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
"""How packed files begin. Sources: RFC 1952, 2.3.1; RFC 8878, 3.1.1."""

BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


PIECE_BYTES = 1 << 20
"""How much of a text is looked at in one go."""


class Content(NamedTuple):
    """What a file holds.

    Attributes:
        path: for errors.
        file: it unpacked, text in UTF-8, at its begin; whoever opened it closes it.
        kind: parquet, scid, json or text.
        size: in bytes.
    """

    path: str
    file: IO[bytes]
    kind: str
    size: int


def opened(path: str | os.PathLike[str]) -> Content:
    """Open and unpack a file.

    Raises:
        ImportRefused: there is none, it is empty, its packing is not whole, or it is
        no text where it should be one.
    """
    name = str(path)
    try:
        file: IO[bytes] = Path(path).open("rb")  # noqa: SIM115 - it is handed over
    except OSError as error:
        raise ImportRefused(name, f"must be a file that can be read: {error}") from None
    try:
        begin = _begin(file)
        for magic, packing in PACKED.items():
            if begin.startswith(magic):
                file = _unpacked(file, packing, name)
                begin = _begin(file)
        at = _first_there(file)
        if at is None:
            raise ImportRefused(name, "must hold data, is empty")
        kind = _kind(begin, _begin(file, at))
        if kind == "text":
            file = _as_utf8(file, begin, name)
            file.seek(_first_there(file) or 0)
        return Content(name, file, kind, _size(file))
    except BaseException:
        file.close()
        raise


def _begin(file: IO[bytes], at: int = 0) -> bytes:
    file.seek(at)
    found = file.read(4)
    file.seek(at)
    return found


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        yield piece


def _first_there(file: IO[bytes]) -> int | None:
    """Where the first byte is that is no space; None without one."""
    before = 0
    for piece in _pieces(file):
        left = len(piece.lstrip())
        if left:
            return before + len(piece) - left
        before += len(piece)
    return None


def _size(file: IO[bytes]) -> int:
    at = file.tell()
    size = file.seek(0, 2)
    file.seek(at)
    return size


def _kind(begin: bytes, first: bytes) -> str:
    if begin == b"PAR1":
        return "parquet"
    if begin == b"SCID":
        return "scid"
    return "json" if first[:1] in (b"{", b"[") else "text"


def _unpacked(file: IO[bytes], packing: str, name: str) -> IO[bytes]:
    import pyarrow

    unpacked: IO[bytes] = TemporaryFile()  # noqa: SIM115 - it is handed over
    try:
        with (
            file,
            pyarrow.input_stream(pyarrow.PythonFile(file), packing) as stream,
        ):
            while piece := stream.read(PIECE_BYTES):
                unpacked.write(piece)
    except (pyarrow.ArrowException, OSError) as error:
        unpacked.close()
        raise ImportRefused(name, f"must be whole {packing}: {error}") from None
    return unpacked


def _as_utf8(file: IO[bytes], begin: bytes, name: str) -> IO[bytes]:
    """The text as UTF-8, without a mark of its byte order, and looked at.

    Raises:
        ImportRefused: it is no text.
    """
    coding = next((c for bom, c in BOMS.items() if begin.startswith(bom)), None)
    decoder = getincrementaldecoder(coding or "utf-8")()
    copy: IO[bytes] | None = TemporaryFile() if coding else None  # noqa: SIM115
    try:
        for piece in _pieces(file):
            text = decoder.decode(piece)
            if "\0" in text:
                rule = "must be text, Parquet or .scid, has zeros"
                raise ImportRefused(name, rule)
            if copy is not None:
                copy.write(text.encode())
        decoder.decode(b"", final=True)
    except BaseException as error:
        if copy is not None:
            copy.close()
        if isinstance(error, UnicodeDecodeError):
            raise ImportRefused(name, f"must be text in UTF-8: {error}") from None
        raise
    if copy is None:
        return file
    file.close()
    return copy
