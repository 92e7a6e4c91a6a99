"""Reads a settings file: TOML, checked whole, nothing in it passed over."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Any

from fastorder.errors import SettingsError
from fastorder.settings.file_keys import FileKeys, named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST = 1 << 20
"""Bytes; a settings file of a megabyte is something else."""


class FileSettings:
    """What a file says, for one profile.

    Attributes:
        path: of the file.
        profile: whose table was taken over the rest; None where none was.
        values: each setting by its name.
        tables: the table that each is from: "" for the top of the file.
    """

    __slots__ = ("path", "profile", "tables", "values")

    def __init__(self, path: Path, profile: str | None) -> None:
        self.path = path
        self.profile = profile
        self.values: dict[str, Any] = {}
        self.tables: dict[str, str] = {}

    def take(self, values: Mapping[str, Any], table: str) -> None:
        """Take a table's values over what was taken before."""
        self.values.update(values)
        self.tables.update(dict.fromkeys(values, table))

    def source(self, name: str) -> str:
        """The file and the table that a setting is from."""
        table = self.tables[name]
        return f"{self.path}, [{table}]" if table else str(self.path)


def read_settings_file(path: Path, profile: str | None) -> FileSettings:
    """Read one; every table of it is checked, whichever profile is wanted.

    Raises:
        SettingsError: it cannot be read, or something in it breaks a rule. No text
            and no local variable of its traceback shows what may be a secret.
    """
    found = _read(path, profile)
    if isinstance(found, SettingsError):
        raise found
    return found


def _read(path: Path, profile: str | None) -> FileSettings | SettingsError:
    """The settings; the error, not raised: a frame here holds the whole file."""
    try:
        keys = FileKeys(path)
        return _settings(path, profile, keys, _document(path))
    except SettingsError as error:
        error.__context__ = None
        return error.with_traceback(None)


def _settings(
    path: Path, profile: str | None, keys: FileKeys, document: dict[str, Any]
) -> FileSettings:
    profiles = document.pop("profile", {})
    default = document.pop("default_profile", None)
    if not isinstance(profiles, dict) or not all(
        isinstance(table, dict) for table in profiles.values()
    ):
        raise keys.wrong("profile", "must be tables, [profile.NAME] each")
    if default is not None and not isinstance(default, str):
        raise keys.wrong("default_profile", "must be text", default)
    checked = {
        name: keys.checked(table, f"profile.{named(name)}.")
        for name, table in profiles.items()
    }
    for key, name in (("default_profile", default), ("", profile)):
        if name is not None and name not in profiles:
            there = ", ".join(sorted(map(named, profiles))) or "none"
            rule = f"must have a table [profile.{named(name)}], has {there}"
            raise keys.wrong("", f"{key} {rule}".strip())
    settings = FileSettings(path, profile or default)
    settings.take(keys.checked(document), "")
    _check_together(keys, settings.values, "")
    for name, values in checked.items():
        within = f"profile.{named(name)}."
        _check_together(keys, settings.values | values, within)
    if settings.profile is not None:
        settings.take(checked[settings.profile], f"profile.{named(settings.profile)}")
    return settings


def _check_together(keys: FileKeys, values: dict[str, Any], within: str) -> None:
    """Refuse what contradicts something else."""
    journal, kill_file = values.get("journal"), values.get("kill_file")
    if values.get("durability") == "power" and journal is None:
        rule = "must come with a journal, there is none"
        raise keys.wrong(f"{within}durability", rule)
    if journal is not None and journal == kill_file:
        rule = "must be another file than the journal, both are one"
        raise keys.wrong(f"{within}kill_file", rule)
    timeouts = values.get("timeouts")
    if timeouts is not None and timeouts.connect > timeouts.request:
        rule = f"must be at most timeouts.request, {timeouts.request:g}"
        raise keys.wrong(f"{within}timeouts.connect", rule, timeouts.connect)
    retry = values.get("retry")
    if retry is not None and retry.base_delay > retry.max_delay:
        rule = f"must be at most retry.max_delay, {retry.max_delay:g}"
        raise keys.wrong(f"{within}retry.base_delay", rule, retry.base_delay)


def _document(path: Path) -> dict[str, Any]:
    """The whole file as TOML."""
    toml = _toml(path)
    try:
        with path.open("rb") as file:
            _check_file(path, os.fstat(file.fileno()))
            content = file.read(LARGEST + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError(str(path), "", "must be readable", why) from None
    try:
        document: dict[str, Any] = toml.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        found = f"byte {error.start} is not"
        raise SettingsError(str(path), "", "must be UTF-8", found) from None
    except ValueError as error:  # TOMLDecodeError; it quotes no value
        raise SettingsError(str(path), "", "must be TOML", _place(error)) from None
    return document


def _place(error: ValueError) -> str:
    """Where in the file it is wrong; what stands there may be a secret."""
    text = str(error)
    at = text.rfind("(at ")
    return text[at + 1 : -1] if at >= 0 and text.endswith(")") else "it is not"


def _check_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SettingsError(str(path), "", "must be a plain file, it is not")
    if status.st_size > LARGEST:
        found = f"is {status.st_size}"
        raise SettingsError(str(path), "", f"must be at most {LARGEST} bytes", found)
    if os.name == "posix" and status.st_mode & stat.S_IWOTH:
        rule = "must not be writable by everybody: it says where the key is sent"
        raise SettingsError(str(path), "", rule, f"mode {status.st_mode & 0o777:o}")


def _toml(path: Path) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib

        return tomllib
    try:
        import tomli  # an extra, for this Python
    except ImportError:
        rule = "needs the package tomli on Python 3.10: pip install 'fastorder[trader]'"
        raise SettingsError(str(path), "", rule) from None
    return tomli
