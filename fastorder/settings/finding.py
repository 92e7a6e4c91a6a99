"""Finds each setting: argument, environment, key store, file, in this order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import with_near_names
from fastorder.errors import (
    ConfigurationError,
    WrongFieldType,
    looks_like_secret,
    may_hold_secret,
)
from fastorder.gateway.accounts import check_wanted
from fastorder.session.tls import checked_base_url
from fastorder.settings import key_store
from fastorder.settings.file import read_settings_file
from fastorder.settings.found import Found, Hidden, Settings
from fastorder.settings.places import NOT_INSTALLED, has_platform_folders, settings_path

if TYPE_CHECKING:
    from fastorder.settings.file import FileSettings

VARIABLES = {
    "user_name": ("FASTORDER_USER", "PROJECT_X_USERNAME"),
    "api_key": ("FASTORDER_API_KEY", "PROJECT_X_API_KEY"),
    "account": ("FASTORDER_ACCOUNT",),
    "base_url": ("FASTORDER_BASE_URL",),
}
"""The variables of the environment, the first that is set counts."""


@with_near_names
def load(
    *,
    user_name: str | None = None,
    api_key: str | None = None,
    account: int | str | None = None,
    base_url: str | None = None,
    profile: str | None = None,
    file: str | os.PathLike[str] | None = None,
) -> Settings:
    """Find every setting; what is given here goes before all others.

    The key is looked for in the environment and the system's key store, never in a
    file. The user name is looked for in the key store last: that tells of any user.

    Args:
        user_name, api_key, account, base_url: what is not to be looked for.
        profile: the table ``[profile.NAME]`` of the file that is taken over the rest;
            the file's ``default_profile`` where it is not given.
        file: the settings file; where it is not given, the one of this user, which
            need not be there.

    Raises:
        SettingsError: the file breaks a rule, or is not there though it is asked for.
        ConfigurationError: a value of the environment or an argument cannot be used.
    """
    key = None if api_key is None else Hidden(api_key)
    del api_key  # a traceback with local variables must not show it
    _check_texts(user_name=user_name, base_url=base_url, profile=profile)
    if key is not None and not isinstance(key.reveal(), str):
        kind = type(key.reveal()).__name__
        raise ConfigurationError(f"api_key must be text, was {kind}")
    check_wanted(account)
    path, why_no_file = _file_path(file, profile)
    read = None if path is None else read_settings_file(path, profile)
    search = _Search(read, why_no_file)
    name = search.find("user_name", user_name)
    if name.value is None:
        name = search.in_key_store(name, *key_store.stored_user_name())
    elif may_hold_secret(name.value):
        raise ConfigurationError(
            f"user_name must be the name of a user, it looks like a key (from "
            f"{name.source}; are user_name and api_key swapped?)"
        )
    api = search.find("api_key", key)
    if api.value is None:
        api = search.in_key_store(api, *key_store.key_of(name.value))
    url = search.find("base_url", base_url)
    if url.value is not None:
        url = _checked_url(url)
    which = search.find("account", account)
    check_wanted(which.value)
    settings = [name, api, which, url]
    options = search.others()
    return Settings(
        (*settings, *options),
        None if read is None else read.profile,
        {option.name: option.value for option in options},
    )


class _Search:
    """Looks for one setting after the other.

    Args:
        file: what the file says; None where there is none.
        why_no_file: why there is none.
    """

    def __init__(self, file: FileSettings | None, why_no_file: str) -> None:
        self._file = file
        self._why_no_file = why_no_file

    def find(self, name: str, given: Any) -> Found:
        """One setting, but for the key store."""
        if given is not None:
            return Found(name, given, "argument")
        looked = [("argument", "not given")]
        for variable in VARIABLES[name]:
            value, what = _in_environment(variable, name)
            if value is not None:
                return Found(name, value, variable)
            looked.append((variable, what))
        if name != "api_key":
            if self._file is not None and name in self._file.values:
                value, source = self._file.values[name], self._file.source(name)
                return Found(name, value, source)
            looked.append(self._not_in_file())
        return Found(name, None, "", tuple(looked))

    def in_key_store(self, missing: Found, value: Any, what: str) -> Found:
        """The same with what the key store has said."""
        if value is not None:
            return Found(missing.name, value, key_store.PLACE)
        looked = (*missing.looked, (key_store.PLACE, what))
        return Found(missing.name, None, "", looked)

    def others(self) -> list[Found]:
        """Whatever else the file gives."""
        file = self._file
        if file is None:
            return []
        return [
            Found(name, value, file.source(name))
            for name, value in file.values.items()
            if name not in VARIABLES
        ]

    def _not_in_file(self) -> tuple[str, str]:
        if self._file is None:
            return "settings file", self._why_no_file
        return f"settings file {self._file.path}", "not in it"


def _in_environment(variable: str, name: str) -> tuple[Any, str]:
    """The value of a variable; None where it has none, and why."""
    value = os.environ.get(variable)
    if value is None:
        return None, "not set"
    if not value.strip():
        return None, "set, but empty"
    if name == "api_key":
        return Hidden(value), ""
    if value != value.strip():
        raise ConfigurationError(f"{variable} must have no blanks around it, it has")
    return value, ""


def _file_path(
    file: str | os.PathLike[str] | None, profile: str | None
) -> tuple[Path | None, str]:
    """The file to read; None where none has to be, and why."""
    if file is not None:
        return _given_path(file), ""
    if not has_platform_folders():
        if profile is not None:
            raise ConfigurationError(
                f"profile must come with a settings file: {NOT_INSTALLED}"
            )
        return None, f"not looked for: {NOT_INSTALLED}"
    path = settings_path()
    if path.exists() or profile is not None:
        return path, ""
    return None, f"{path} is not there"


def _given_path(file: object) -> Path:
    if not isinstance(file, (str, os.PathLike)) or not os.fspath(file):
        raise WrongFieldType("file", "must be the path of a settings file", file)
    if looks_like_secret(file):
        rule = "must be the path of a settings file, it looks like a secret"
        raise ConfigurationError(f"file {rule}")
    return Path(os.fsdecode(file)).expanduser()


def _check_texts(**given: Any) -> None:
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            kind = type(value).__name__
            raise ConfigurationError(f"{name} must be text, was {kind}")


def _checked_url(found: Found) -> Found:
    try:
        checked = checked_base_url(found.value)
    except ConfigurationError as error:
        why = f"{error} (from {found.source})"
    else:
        return Found(found.name, checked, found.source)
    raise ConfigurationError(why)
