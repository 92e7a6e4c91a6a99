"""A user name and an API key, kept for the next login and never shown."""

from __future__ import annotations

from typing import Any

from fastorder._base.kept_here import KeptHere
from fastorder._base.known_secrets import KnownSecrets
from fastorder.errors import (
    FastOrderError,
    InvalidField,
    Unshown,
    WrongFieldType,
    may_hold_secret,
)


class Credentials(KeptHere):
    """What a login takes; only ``request`` gives it away.

    While it is there, no text shows the key.

    Raises:
        WrongFieldType: one of them is no text.
        InvalidField: one of them is empty, or has blanks around it; the user name
            looks like a key.

    Attributes:
        hint: what a gateway that refuses them may want instead; "" where nothing is
            known of that.
        secrets: has the key.
    """

    __slots__ = ("_request", "hint", "secrets")

    def __init__(self, user_name: str, api_key: str) -> None:
        for name, value in (("user_name", user_name), ("api_key", api_key)):
            if not isinstance(value, str):
                raise WrongFieldType(name, "must be text", Unshown(value))
            if not value:
                raise InvalidField(name, "must not be empty", "")
            if value != value.strip():
                raise InvalidField(
                    name,
                    "must have no blanks or line ends around it",
                    Unshown(value),
                    "strip() takes them off",
                )
        if may_hold_secret(user_name):
            rule = "must be the name of a user, it looks like a key"
            hint = "are user_name and api_key swapped?"
            raise InvalidField("user_name", rule, Unshown(user_name), hint)
        import orjson  # loaded with the executor

        try:
            self._request = orjson.dumps({"userName": user_name, "apiKey": api_key})
        except TypeError:  # its text may show the key
            raise WrongFieldType(
                "user_name, api_key",
                "must be text that UTF-8 can write",
                Unshown(api_key),
            ) from None

        self.secrets = KnownSecrets()
        self.secrets.add(api_key)
        self.hint = (
            "the user name of the platform is wanted, not the e-mail address"
            if "@" in user_name
            else ""
        )

    def __repr__(self) -> str:
        return "<Credentials: kept>"

    def request(self) -> bytes:
        """The body of a login."""
        return self._request


def credentials_from(user_name: Any, api_key: Any) -> Credentials | FastOrderError:
    """Both kept for a login; the error, not raised, where they cannot be used.

    Raising it here would put the key into the traceback's local variables.
    """
    try:
        return Credentials(user_name, api_key)
    except FastOrderError as error:
        return error.with_traceback(None)
