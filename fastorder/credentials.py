"""A user name and an API key, kept for another login and shown to nobody."""

from __future__ import annotations

from typing import NoReturn

from fastorder.errors import InvalidField, WrongFieldType


class Credentials:
    """What a login takes; only ``request`` gives it away.

    Raises:
        WrongFieldType: one of them is no text.
        InvalidField: the key is empty.
    """

    __slots__ = ("_request",)

    def __init__(self, user_name: str, api_key: str) -> None:
        for name, value in (("user_name", user_name), ("api_key", api_key)):
            if not isinstance(value, str):
                raise WrongFieldType(name, "must be text", type(value))
        if not api_key:
            raise InvalidField("api_key", "must not be empty", api_key)
        import orjson  # loaded with the executor

        try:
            self._request = orjson.dumps({"userName": user_name, "apiKey": api_key})
        except TypeError:  # its text may show the key
            raise WrongFieldType(
                "user_name, api_key", "must be text that UTF-8 can write", str
            ) from None

    def __repr__(self) -> str:
        return "<Credentials: kept>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refused: a pickle or a copy would carry the key away."""
        raise TypeError("credentials must stay where they are, not be copied")

    def __getstate__(self) -> NoReturn:
        """Refused, for the same reason."""
        raise TypeError("credentials must stay where they are, not be copied")

    def request(self) -> bytes:
        """The body of a login."""
        return self._request
