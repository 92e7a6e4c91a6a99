"""Tags of live orders: each names its strategy, and is never used again."""

from __future__ import annotations

import re
from typing import NamedTuple

from fastorder.strategy.errors import StrategyError

NAME = re.compile(r"[A-Za-z0-9_-]{1,20}")
TAG = re.compile(r"([A-Za-z0-9_-]{1,20})\.([0-9a-z]{1,9})\.([0-9a-z]{1,5})([ex])")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LETTERS = {"entry": "e", "exit": "x"}
ROLES = {letter: role for role, letter in LETTERS.items()}
LARGEST = 36**5
"""Of orders of a strategy: the number stands in the tag."""


class Tagged(NamedTuple):
    """What a tag tells: whose order it is, its number, and what it is for."""

    name: str
    number: int
    role: str


class Tags:
    """The tags of one strategy in one run.

    Args:
        name: of the strategy.
        begun_ms: when the run began; it makes the tags of two runs different.
    """

    def __init__(self, name: str, begun_ms: int) -> None:
        self._stem = f"{checked_name(name)}.{base36(begun_ms)}."

    def of(self, number: int, role: str) -> str:
        """The tag of an order."""
        return f"{self._stem}{base36(number)}{LETTERS[role]}"


def checked_name(name: object) -> str:
    """A name that fits into a tag.

    Raises:
        StrategyError: it does not.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise StrategyError(
            "a strategy's name must be 1 to 20 characters of [A-Za-z0-9_-], it stands "
            f"in the tags of its orders, was {name!r}: give live({{name: strategy}})"
        )
    return name


def tagged(tag: str | None) -> Tagged | None:
    """What a tag tells; None where it is of no strategy, or of a leg."""
    found = TAG.fullmatch(tag or "")
    if found is None:
        return None
    name, _, number, letter = found.groups()
    return Tagged(name, int(number, 36), ROLES[letter])


def base36(number: int) -> str:
    """A number in digits and small letters."""
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text
