"""Rows that no database takes for a while, in a file beside; a torn end is cut off."""

from __future__ import annotations

import os
from struct import Struct
from typing import TYPE_CHECKING, Any
from zlib import crc32

import orjson

from fastorder.store.sightings import Sight

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = Struct("<II")
"""The length of what follows and its CRC-32."""


class Spill:
    """One file of rows; it is there only while there are some.

    Args:
        path: of the file; each process appends to its own.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def append(self, sights: Sequence[Sight]) -> None:
        """Keep rows, on the disk when this returns.

        Raises:
            OSError: it cannot be; what was there before still is.
        """
        block = b"".join(_packed(sight) for sight in sights)
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        file = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            end = _whole_end(_content(file))
            os.ftruncate(file, end)
            os.lseek(file, end, os.SEEK_SET)
            _write_all(file, block)
            os.fsync(file)
        finally:
            os.close(file)

    def rows(self) -> list[Sight]:
        """What it holds; nothing where it is not there."""
        try:
            with open(self.path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return []
        return [_unpacked(block) for block in _blocks(content)]

    def remove(self) -> None:
        """Drop it: its rows are in the database."""
        if os.path.exists(self.path):
            os.unlink(self.path)


def _packed(sight: Sight) -> bytes:
    body = orjson.dumps([sight.table, *sight.row])
    return HEAD.pack(len(body), crc32(body)) + body


def _unpacked(body: bytes) -> Sight:
    name, *row = orjson.loads(body)
    return Sight(name, tuple(row))


def _blocks(content: bytes) -> list[bytes]:
    """The whole ones from the front, up to the first that is not."""
    found, at = [], 0
    while at + HEAD.size <= len(content):
        length, crc = HEAD.unpack_from(content, at)
        body = content[at + HEAD.size : at + HEAD.size + length]
        if len(body) < length or crc32(body) != crc:
            break
        found.append(body)
        at += HEAD.size + length
    return found


def _whole_end(content: bytes) -> int:
    return sum(HEAD.size + len(body) for body in _blocks(content))


def _content(file: int) -> bytes:
    parts: list[bytes] = []
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _write_all(file: int, block: bytes) -> None:
    view: Any = memoryview(block)
    while view:
        view = view[os.write(file, view) :]
