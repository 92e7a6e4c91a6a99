"""What may stand in a settings file: each key, its type and its rule."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder._base.near_names import near
from fastorder.budgets.limits import Budgets
from fastorder.config import RetryPolicy, Timeouts
from fastorder.errors import FastOrderError, SettingsError, looks_like_secret
from fastorder.risk.limits import RiskLimits
from fastorder.session.tls import checked_base_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECRET_WORDS = ("apikey", "password", "secret", "token", "jwt", "credential")
SECRET_KEYS = frozenset({"key", "pwd", "passwd"})
NOT_FOR_A_FILE = (
    "must not stand in a file: a secret belongs into FASTORDER_API_KEY or the "
    "system's key store"
)
LARGEST_QUANTITY = 2**31 - 1
SHORTEST_HIDDEN = 4
"""A shorter text is a word of the rule by chance."""

SECTIONS: dict[str, type[Any]] = {
    "budgets": Budgets,
    "retry": RetryPolicy,
    "risk": RiskLimits,
    "timeouts": Timeouts,
}
"""Tables, and what is made of each."""

PATHS = {("budgets", "path")}
"""Keys of tables that are paths of files."""


class FileKeys:
    """Checks the tables of one settings file.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._checks: dict[str, Callable[[str, Any], Any]] = {
            "account": self._account,
            "base_url": self._base_url,
            "ca_file": self._path_of,
            "durability": self._durability,
            "journal": self._path_of,
            "kill_file": self._path_of,
            "max_connections": lambda key, value: self._whole(key, value, 10_000),
            "max_quantity": lambda key, value: self._whole(
                key, value, LARGEST_QUANTITY
            ),
            "realtime": self._realtime,
            "user_name": self._text,
        }

    def checked(self, table: Mapping[str, Any], within: str = "") -> dict[str, Any]:
        """The values of a table, checked and made.

        Raises:
            SettingsError: the first that breaks a rule.
        """
        return {
            name: self._checked_one(name, value, f"{within}{name}")
            for name, value in table.items()
        }

    def wrong(self, key: str, rule: str, value: Any = "") -> SettingsError:
        """What is wrong with a key; a text that may be a secret is not shown."""
        return SettingsError(str(self._path), key, rule, shown(value))

    def unknown(self, name: str, key: str, known: list[str]) -> SettingsError:
        """What to say of a key that nobody knows."""
        key = f"{key.removesuffix(name)}{named(name)}"
        if is_secret_name(name):
            return self.wrong(key, NOT_FOR_A_FILE)
        meant = near(name, known)
        hint = (
            f"did you mean {' or '.join(meant)}?"
            if meant
            else "known: " + ", ".join(sorted(known))
        )
        return self.wrong(key, f"must be a key of a settings file ({hint})")

    def _checked_one(self, name: str, value: Any, key: str) -> Any:
        if name in SECTIONS:
            return self._section(name, value, key)
        check = self._checks.get(name)
        if check is None:
            raise self.unknown(name, key, [*self._checks, *SECTIONS])
        return check(key, value)

    def _section(self, name: str, value: Any, key: str) -> Any:
        """What a table makes: ``RiskLimits`` of [risk], say."""
        if not isinstance(value, dict):
            raise self.wrong(key, f"must be a table, [{key}]", value)
        known = [field.name for field in fields(SECTIONS[name])]
        given = dict(value)
        for inner in value:
            where = f"{key}.{inner}"
            if inner not in known:
                raise self.unknown(inner, where, known)
            if (name, inner) in PATHS:
                given[inner] = self._path_of(where, value[inner])
            elif any(map(looks_like_secret, texts_in(value[inner]))):
                raise self.wrong(where, f"looks like a secret: that {NOT_FOR_A_FILE}")
        try:
            return SECTIONS[name](**given)
        except (FastOrderError, TypeError, ValueError) as error:
            why = str(error).removeprefix(f"{name}.")
        raise self.wrong(key, f"cannot be used: {without_texts(why, value)}")

    def _text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            raise self.wrong(key, "must be text", value)
        if not value or value != value.strip():
            rule = "must be text without blanks around it, and not empty"
            raise self.wrong(key, rule, value)
        if looks_like_secret(value):
            raise self.wrong(key, f"looks like a secret: that {NOT_FOR_A_FILE}")
        return value

    def _account(self, key: str, value: Any) -> int | str:
        if type(value) is int:
            if value < 1:
                raise self.wrong(key, "must be at least 1", value)
            return value
        return self._text(key, value)

    def _base_url(self, key: str, value: Any) -> str:
        text = self._text(key, value)
        try:
            return checked_base_url(text)
        except FastOrderError as error:
            why = str(error).removeprefix("base_url ")
        raise self.wrong(key, why)

    def _realtime(self, key: str, value: Any) -> bool | str:
        return value if isinstance(value, bool) else self._base_url(key, value)

    def _path_of(self, key: str, value: Any) -> str:
        """An absolute path; one that is not begins in the folder of the file."""
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.wrong(key, "must be the path of a file", value)
        if looks_like_secret(value):
            raise self.wrong(key, f"looks like a secret: that {NOT_FOR_A_FILE}")
        return str(self._path.parent / Path(value).expanduser())

    def _durability(self, key: str, value: Any) -> str:
        if value not in ("process", "power"):
            raise self.wrong(key, 'must be "process" or "power"', value)
        return str(value)

    def _whole(self, key: str, value: Any, most: int) -> int:
        if type(value) is not int or not 1 <= value <= most:
            raise self.wrong(key, f"must be a whole number from 1 to {most}", value)
        return value


def named(name: str) -> str:
    """A key or a profile for an error text; what may be a secret is not shown."""
    if re.fullmatch(r"[A-Za-z_-][A-Za-z0-9_-]{0,23}", name):
        return name
    return f"(a name of {counted(len(name), 'character')})"


def texts_in(value: Any) -> list[str]:
    """Every text of a value of the file: its own, and those of what it holds."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [
            each for pair in value.items() for part in pair for each in texts_in(part)
        ]
    if isinstance(value, list):
        return [each for part in value for each in texts_in(part)]
    return []


def without_texts(why: str, table: Mapping[str, Any]) -> str:
    """What a table's maker says is wrong, without the texts that stand in the table."""
    texts = [text for value in table.values() for text in texts_in(value) if text]
    if any(text in why for text in texts):
        why = why.partition(", was ")[0]
    for text in sorted(texts, key=len, reverse=True):
        if len(text) >= SHORTEST_HIDDEN:
            why = why.replace(text, "...")
    return why


def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    return plain in SECRET_KEYS or any(word in plain for word in SECRET_WORDS)


def shown(value: Any) -> str:
    """A value for an error text; a text, which may be a secret, as its length alone."""
    if value == "" and isinstance(value, str):
        return ""
    if isinstance(value, str):
        return f"was a text of {counted(len(value), 'character')}"
    if isinstance(value, (bool, int, float)):
        return f"was {value!r}"
    return f"was a {type(value).__name__}"
