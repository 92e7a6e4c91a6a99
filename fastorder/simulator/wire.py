"""Requests and answers as ASP.NET binds and writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.simulator.clock import seconds_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Answer(NamedTuple):
    """An HTTP answer before it is written."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"


class LongAnswer(NamedTuple):
    """An answer of rows that take long: others are answered while they are made.

    Attributes:
        rows: made one by one; what changes meanwhile does not change them.
        answer: of the rows, once all are there.
    """

    rows: Iterator[dict[str, Any]]
    answer: Callable[[list[dict[str, Any]]], Answer]


class BindingError(Exception):
    """A body that does not bind; the answer is HTTP 400.

    Attributes:
        errors: texts by member, as ASP.NET names them.
        missing: the member that is not there, where that is the error.
    """

    def __init__(
        self, errors: dict[str, list[str]], missing: str | None = None
    ) -> None:
        super().__init__(errors)
        self.errors = errors
        self.missing = missing


class Field(NamedTuple):
    """What a request's member has to be; ``fits`` judges a value."""

    fits: Callable[[Any], bool]
    required: bool = True
    nullable: bool = False


MOST_DECIMAL = 79228162514264337593543950335  # of a .NET decimal


def text(value: Any) -> bool:
    """A string."""
    return isinstance(value, str)


def flag(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def structure(value: Any) -> bool:
    """An object."""
    return isinstance(value, dict)


def int32(value: Any) -> bool:
    """A whole number of 32 bits."""
    return type(value) is int and -(1 << 31) <= value < 1 << 31


def int64(value: Any) -> bool:
    """A whole number of 64 bits."""
    return type(value) is int and -(1 << 63) <= value < 1 << 63


def int32s(value: Any) -> bool:
    """A list of whole numbers."""
    return isinstance(value, list) and all(int32(item) for item in value)


def decimal(value: Any) -> bool:
    """A number that a decimal can hold."""
    return type(value) in (int, float) and abs(value) <= MOST_DECIMAL


def moment(value: Any) -> bool:
    """A timestamp."""
    try:
        seconds_from(value)
    except (TypeError, AttributeError, ValueError):
        return False
    return True


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


def query_problem(error: BindingError) -> Answer:
    """HTTP 400 of Order/v2/query: a problem without the list of errors."""
    detail = "The JSON value could not be converted."
    if error.missing is not None:
        detail = (
            "SearchOrdersQueryRequest was missing required properties including: "
            f"'{error.missing}'"
        )
    document = {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        "title": "Bad Request",
        "status": 400,
        "detail": detail,
        "instance": "/api/Order/v2/query",
    }
    return Answer(
        400, json.dumps(document).encode(), "application/problem+json; charset=utf-8"
    )


def document_of(body: bytes) -> Any:
    """The JSON of a body.

    Raises:
        ValueError: it is none.
    """
    try:
        return json.loads(body, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def bound(body: bytes, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The members of a request; no body is an empty object.

    Raises:
        BindingError: no JSON object, a member missing, null or of a wrong type.
    """
    try:
        document = document_of(body) if body.strip() else {}
    except ValueError:
        raise BindingError({"$": ["The JSON value could not be read."]}) from None
    if not isinstance(document, dict):
        raise BindingError({"$": ["The JSON value could not be converted."]})
    return members_of(document, fields)


def members_of(
    document: dict[str, Any], fields: Mapping[str, Field], under: str = "$"
) -> dict[str, Any]:
    """The members of an object; unknown ones are ignored, absent ones are None.

    Raises:
        BindingError: a member is missing, null or of a wrong type.
    """
    for name, rule in fields.items():
        _check(name, rule, document, f"{under}.{name}")
    return {name: document.get(name) for name in fields}


def _check(name: str, rule: Field, document: dict[str, Any], path: str) -> None:
    value = document.get(name)
    if value is not None:
        if not rule.fits(value):
            raise _wrong(path, "The JSON value could not be converted.")
    elif name not in document:
        if rule.required:
            raise _wrong(path, "missing", name)
    elif not rule.nullable:
        raise _wrong(path, "The JSON value could not be converted.")


def _wrong(path: str, why: str, missing: str | None = None) -> BindingError:
    request = ["The request field is required."]
    return BindingError({"request": request, path: [why]}, missing)


def _no_number(name: str) -> None:
    raise ValueError(f"JSON has no {name}")
