"""The folder that market data is kept in: each file is complete, or not there.

A file is written beside its place under another name, synced, read again, and renamed.
What is found under such a name later is of a writer that was ended, and counts for
nothing.
"""

from __future__ import annotations

import os
import posixpath
import uuid
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fastorder._base.outside_text import from_outside
from fastorder.errors import looks_like_secret, was
from fastorder.store.market.errors import MarketDataError, TornFile
from fastorder.store.market.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

DRAFT = ".part"
"""How the name of a file ends that is being written."""

WAIT_S = 30.0
"""How long a write waits for another of the same folder."""


class Folder(Protocol):
    """A tree of files: on a disk, or wherever fsspec can put them."""

    root: str
    """Where it is, for people."""

    def write(self, path: str, data: bytes) -> None:
        """Put a file in its place, whole; one that is there is replaced.

        Raises:
            OSError: it cannot be written; what was there before stays.
            TornFile: it does not read as it was written; the same.
        """

    def source(self, path: str) -> AbstractContextManager[Any]:
        """What pyarrow reads a file from."""

    def names(self, path: str = "") -> list[str]:
        """What lies in a folder, in order; nothing where there is none."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""

    def remove(self, path: str) -> None:
        """Remove a file."""

    def writing(self) -> AbstractContextManager[object]:
        """The right to read files, change and write them, until the block ends."""


def folder_at(root: str | os.PathLike[str]) -> Folder:
    """The folder of a path, or of a URL that fsspec knows (s3://, memory://).

    Raises:
        MarketDataError: fsspec is not installed, or does not know it.
    """
    text = os.fspath(root)
    if looks_like_secret(text) or looks_like_secret(text.partition("://")[2]):
        raise MarketDataError(f"folder must be the path of a folder, {was(text)}")
    if "://" not in text:
        return LocalFolder(text)
    try:
        import fsspec
    except ImportError:
        raise MarketDataError(
            f"folder must be on a disk where fsspec is not installed, {was(text)} "
            "(pip install fsspec)"
        ) from None
    try:
        filesystem, path = fsspec.core.url_to_fs(text)
    except (ImportError, ValueError) as error:
        raise MarketDataError(
            f"folder must be known to fsspec, {was(text)}: {from_outside(str(error))}"
        ) from None
    return RemoteFolder(filesystem, path)


def _shown(root: str) -> str:
    """Where a folder is, without a user's password, and without what a URL asks."""
    scheme, mark, rest = root.partition("://")
    if not mark:
        return from_outside(root)
    host, slash, path = rest.partition("?")[0].partition("#")[0].partition("/")
    return from_outside(f"{scheme}://{host.rpartition('@')[2]}{slash}{path}")


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.path = Path(root).absolute()
        self.root = str(self.path)

    def write(self, path: str, data: bytes) -> None:
        """See ``Folder``."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}{DRAFT}")
        try:
            _write_synced(draft, data)
            _check_same(draft, data)
            os.replace(draft, target)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
        _sync_folder(target.parent)

    @contextmanager
    def source(self, path: str) -> Iterator[Any]:
        """See ``Folder``."""
        import pyarrow

        with pyarrow.memory_map(str(self.path / path)) as mapped:
            yield mapped

    def names(self, path: str = "") -> list[str]:
        """See ``Folder``."""
        try:
            return sorted(os.listdir(self.path / path))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def exists(self, path: str) -> bool:
        """See ``Folder``."""
        return (self.path / path).is_file()

    def remove(self, path: str) -> None:
        """See ``Folder``."""
        (self.path / path).unlink(missing_ok=True)

    def writing(self) -> AbstractContextManager[object]:
        """See ``Folder``.

        Raises:
            FolderInUse: another write does not end.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        return Lock(self.path / ".writing", "write", WAIT_S)


class RemoteFolder:
    """A folder of a file system that fsspec knows; it has one writer, by agreement."""

    def __init__(self, filesystem: Any, root: str) -> None:
        self._files = filesystem
        self._root = root
        self.root = _shown(root)

    def _at(self, path: str) -> str:
        return posixpath.join(self._root, path) if path else self._root

    def write(self, path: str, data: bytes) -> None:
        """See ``Folder``."""
        target = self._at(path)
        self._files.makedirs(posixpath.dirname(target), exist_ok=True)
        draft = f"{target}.{uuid.uuid4().hex}{DRAFT}"
        try:
            self._files.pipe_file(draft, data)
            if self._files.cat_file(draft) != data:
                raise TornFile(f"{path} must read as it was written, does not")
            self._files.mv(draft, target)
        except BaseException:
            with suppress(Exception):
                self._files.rm_file(draft)
            raise

    @contextmanager
    def source(self, path: str) -> Iterator[Any]:
        """See ``Folder``."""
        with self._files.open(self._at(path), "rb") as file:
            yield file

    def names(self, path: str = "") -> list[str]:
        """See ``Folder``."""
        try:
            found = self._files.ls(self._at(path), detail=False, refresh=True)
        except TypeError:
            found = self._files.ls(self._at(path), detail=False)
        except FileNotFoundError:
            return []
        return sorted(posixpath.basename(name.rstrip("/")) for name in found)

    def exists(self, path: str) -> bool:
        """See ``Folder``."""
        return bool(self._files.isfile(self._at(path)))

    def remove(self, path: str) -> None:
        """See ``Folder``."""
        with suppress(FileNotFoundError):
            self._files.rm_file(self._at(path))

    def writing(self) -> AbstractContextManager[object]:
        """See ``Folder``."""
        return nullcontext()


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _check_same(path: Path, data: bytes) -> None:
    if path.read_bytes() != data:
        raise TornFile(f"{path} must read as it was written, does not")


def _sync_folder(path: Path) -> None:
    """The name is on the disk too; Windows has no such thing."""
    if os.name == "nt":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
