"""Requests and answers as ASP.NET binds and writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Answer(NamedTuple):
    """An HTTP answer before it is written."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"


class BindingError(Exception):
    """A body that does not bind; the answer is HTTP 400."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors


class Field(NamedTuple):
    """What a request's member has to be."""

    kind: type | tuple[type, ...]
    required: bool = True
    nullable: bool = False


INTEGER = (int,)
NUMBER = (int, float)


def envelope(code: int = 0, message: str | None = None, **payload: Any) -> Answer:
    """The gateway's envelope with HTTP 200."""
    document = {
        **payload,
        "success": code == 0,
        "errorCode": code,
        "errorMessage": message,
    }
    return Answer(200, json.dumps(document).encode())


def problem(error: BindingError) -> Answer:
    """HTTP 400 with a validation problem (RFC 9457)."""
    document = {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        "title": "One or more validation errors occurred.",
        "status": 400,
        "errors": error.errors,
        "traceId": "00-00000000000000000000000000000000-0000000000000000-00",
    }
    return Answer(
        400, json.dumps(document).encode(), "application/problem+json; charset=utf-8"
    )


def bound(body: bytes, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The members of a request; unknown ones are ignored, absent ones are None.

    Raises:
        BindingError: no JSON object, a member missing, null or of a wrong type.
    """
    try:
        document = json.loads(body) if body.strip() else {}
    except ValueError:
        raise BindingError({"$": ["The JSON value could not be read."]}) from None
    if not isinstance(document, dict):
        raise BindingError({"$": ["The JSON value could not be converted."]})
    found = {name: document.get(name) for name in fields}
    for name, rule in fields.items():
        _check(name, rule, name in document, found[name])
    return found


def _check(name: str, rule: Field, present: bool, value: Any) -> None:
    if value is None:
        if rule.required or (present and not rule.nullable):
            raise BindingError(
                {
                    "request": ["The request field is required."],
                    f"$.{name}": ["missing"],
                }
            )
        return
    kinds = rule.kind if isinstance(rule.kind, tuple) else (rule.kind,)
    wrong = not isinstance(value, kinds) or (
        isinstance(value, bool) and bool not in kinds
    )
    if wrong or (kinds == INTEGER and abs(value) >= 1 << 63):
        raise BindingError(
            {
                "request": ["The request field is required."],
                f"$.{name}": ["The JSON value could not be converted."],
            }
        )
