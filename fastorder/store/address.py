"""Where a store is, in SQLite or in PostgreSQL; its password is never shown."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from fastorder._base.kept_here import KeptHere
from fastorder._base.known_secrets import KnownSecrets
from fastorder._base.outside_text import from_outside
from fastorder.errors import ConfigurationError, looks_like_secret, was
from fastorder.settings import data_folder

if TYPE_CHECKING:
    from pathlib import Path

SCHEMES = ("postgresql", "postgres")
SECRET_NAMES = ("password", "sslpassword", "passfile")
HIDDEN = "***"
TOLD_WITHIN = r":[^/@]*@"
"""How a password stands in a URL, whatever is wrong with its beginning."""


class Address(KeptHere):
    """Where a store is, as it may be shown.

    Attributes:
        path: of SQLite's file; "" for PostgreSQL.
        shown: for people.
    """

    __slots__ = ("_dsn", "_known", "_secrets", "path", "shown")

    def __init__(self, where: str | os.PathLike[str] | None) -> None:
        self._dsn = self.path = ""
        self._secrets: tuple[str, ...] = ()
        self._known = KnownSecrets()
        text = os.fspath(where) if where is not None else str(default_path())
        if not isinstance(text, str):
            kind = type(where).__name__
            raise ConfigurationError(f"store must be text or a path, was {kind}")
        scheme = text.partition("://")[0] if "://" in text else ""
        if scheme in SCHEMES:
            self._take_dsn(text)
        elif scheme in ("", "sqlite"):
            self.path = os.path.abspath(_file_of(text))
            self.shown = self.path
        else:
            raise ConfigurationError(
                "store must be a path, sqlite:///path or postgresql://..., "
                f"{was(f'{scheme}://')}"
            )

    def __repr__(self) -> str:
        return f"<Address {self.shown}>"

    @property
    def is_file(self) -> bool:
        """Whether it is SQLite."""
        return bool(self.path)

    def _take_dsn(self, dsn: str) -> None:
        try:
            parts = urlsplit(dsn)
            password, host, _ = parts.password, parts.hostname, parts.port
        except ValueError:  # its text would show the whole of it
            raise ConfigurationError(
                "store must be postgresql://user@host:port/database, was another URL"
            ) from None
        query = parse_qsl(parts.query)
        told = [value for name, value in query if _is_hidden(name, value)]
        told += [
            each
            for each in (parts.username, host, parts.path[1:])
            if each is not None and _looks_so(each)
        ]
        secrets = [unquote(password), password] if password else []
        self._secrets = tuple(dict.fromkeys(filter(None, [*secrets, *told])))
        for secret in self._secrets:
            self._known.add(secret)
        self._dsn = dsn
        user = f"{_masked(parts.username)}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
        plain = [(name, value) for name, value in query if not _is_hidden(name, value)]
        path = f"/{HIDDEN}" if _looks_so(parts.path[1:]) else parts.path
        shown = (parts.scheme, f"{user}{_masked(host or '')}{port}", path)
        self.shown = urlunsplit((*shown, urlencode(plain), ""))

    def dsn(self) -> str:
        """With its password: for the driver alone."""
        return self._dsn

    def without_secrets(self, error: object) -> str:
        """A text of the driver, fit to be shown, in one line."""
        text = str(error)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return from_outside(" ".join(text.split()))

    @property
    def spill_name(self) -> str:
        """What the file of rows that could not be written yet is called."""
        if self.is_file:
            return f"{self.path}-spill"
        from hashlib import sha256

        name = sha256(self.shown.encode()).hexdigest()[:16]
        return str(data_folder() / "stores" / f"{name}-spill")


def default_path() -> Path:
    """The store of this user, in the platform's folder for data.

    Raises:
        ConfigurationError: the platform's folders are not known here.
    """
    folder = data_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / "record.db"


def _looks_so(text: str | None) -> bool:
    return text is not None and looks_like_secret(unquote(text))


def _masked(text: str) -> str:
    return HIDDEN if _looks_so(text) else text


def _is_hidden(name: str, value: str) -> bool:
    """Whether a part of the query is a secret, by its name or by its looks."""
    return name in SECRET_NAMES or _looks_so(value)


def _file_of(text: str) -> Any:
    if text.startswith("sqlite://"):
        text = text.removeprefix("sqlite://").removeprefix("/")
    if not text:
        raise ConfigurationError("store must name a file, was empty")
    if looks_like_secret(text):
        raise ConfigurationError(f"store must name a file, {was(text)}")
    if not os.path.isabs(text) and re.search(TOLD_WITHIN, text):
        raise ConfigurationError(
            "store must be postgresql://user:password@host/database where it has a "
            "password, was another text with one"
        )
    return text
