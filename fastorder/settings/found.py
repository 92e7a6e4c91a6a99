"""What was found of each setting, and where; the key is never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastorder._base.kept_here import KeptHere
from fastorder._base.near_names import for_users
from fastorder.auth.credentials import Credentials, credentials_from
from fastorder.errors import ConfigurationError, MissingSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN = "set, not shown"


class Hidden(KeptHere):
    """A text that no repr shows."""

    __slots__ = ("_text",)

    def __init__(self, text: Any) -> None:
        self._text = text

    def __repr__(self) -> str:
        return f"<{HIDDEN}>"

    def reveal(self) -> Any:
        """The text."""
        return self._text


@dataclass(frozen=True, slots=True)
class Found:
    """One setting.

    Attributes:
        name: of the setting.
        value: what it is; None where it was found nowhere. That of the key is hidden.
        source: where it is from: "argument", "FASTORDER_USER", "keyring", a file with
            its table, "default"; "" where it was found nowhere.
        looked: each place that was looked at, and what was found there.
    """

    name: str
    value: Any
    source: str
    looked: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def shown(self) -> str:
        """The value for people."""
        if self.value is None:
            return "not set"
        return HIDDEN if isinstance(self.value, Hidden) else str(self.value)


class Settings:
    """All settings of one trader, each with its source; no text of it shows the key.

    Attributes:
        profile: whose table of the file was taken; None where none was.
        where: each setting with its source, in order.
        options: what else the file gives, by name: "journal", "timeouts", ...
    """

    __dir__ = for_users

    __slots__ = ("_found", "options", "profile", "where")

    def __init__(
        self, found: tuple[Found, ...], profile: str | None, options: Mapping[str, Any]
    ) -> None:
        self.where = found
        self.profile = profile
        self.options = dict(options)
        self._found = {each.name: each for each in found}

    def __repr__(self) -> str:
        shown = ", ".join(f"{each.name}: {each.shown}" for each in self.where)
        return f"<Settings {shown or 'none'}>"

    @property
    def user_name(self) -> str | None:
        """Of the platform; None where it was found nowhere."""
        name: str | None = self._found["user_name"].value
        return name

    @property
    def account(self) -> int | str | None:
        """A number, a name, or a beginning of one; None where it was found nowhere."""
        account: int | str | None = self._found["account"].value
        return account

    @property
    def base_url(self) -> str | None:
        """Of the gateway; None where it was found nowhere: the executor's default."""
        base_url: str | None = self._found["base_url"].value
        return base_url

    def credentials(self) -> Credentials:
        """What a login takes.

        Raises:
            MissingSetting: the name or the key was found nowhere, or neither; the text
                says where each was looked for.
            ConfigurationError: they were found, and cannot be used.
        """
        name, key = self._found["user_name"], self._found["api_key"]
        missing = [(x.name, x.looked) for x in (name, key) if x.value is None]
        if missing:
            raise MissingSetting(*missing[0], tuple(missing[1:]))
        kept = credentials_from(name.value, key.value.reveal())
        if isinstance(kept, Credentials):
            return kept
        raise ConfigurationError(f"{kept} (from {name.source} and {key.source})")

    def report(self) -> str:
        """The settings and where each is from, a line each; the key is not shown."""
        rows = [(each.name, each.shown, each.source) for each in self.where]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        return "\n".join(
            f"{name:{widths[0]}}  {shown:{widths[1]}}  {source}".rstrip()
            for name, shown, source in rows
        )
