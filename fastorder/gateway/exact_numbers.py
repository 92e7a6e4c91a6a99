"""Numbers of an answer with all their digits, where a float does not keep them."""

from __future__ import annotations

import re
from typing import Any

LONG_NUMBER = re.compile(rb"\d[\d.]{15}")
"""Digits that may be more than 15, which is what any float keeps."""


def with_all_digits(body: bytes, document: dict[str, Any]) -> dict[str, Any]:
    """The document of an answer, its numbers as Decimals where digits would be lost.

    Args:
        body: the answer as it came.
        document: what a JSON library with floats has made of it.

    Raises:
        ArithmeticError, ValueError: a number is longer than Python reads.
    """
    if LONG_NUMBER.search(body) is None:
        return document
    import json  # none but such an answer needs it
    from decimal import Decimal

    exact: dict[str, Any] = json.loads(body, parse_float=Decimal)
    return exact
