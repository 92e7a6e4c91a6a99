"""Prices and counts as people read them: no digit lost, no "1 bars"."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SMALLEST = 1e-12
"""Below that, zeros behind the point say less than an exponent."""


def counted(count: int, noun: str) -> str:
    """A count with its noun: 1 bar, 2,000 bars."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def exact(number: float) -> str:
    """The shortest text that reads back as this very number: 29383.25, 0.00005, 7."""
    if isinstance(number, int):
        return str(number)
    text = float.__repr__(number)
    if "e-" in text and abs(number) >= SMALLEST:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def aligned(numbers: Iterable[float]) -> list[str]:
    """The same for numbers that belong together: all with the decimals of the longest.

    The zeros are put behind the shortest text, so none of them is rounded. Where one is
    no plain number (nan, 1e+16), all stay as they are.
    """
    texts = [exact(number) for number in numbers]
    if any("e" in text or "n" in text for text in texts):
        return texts
    most = max((len(text.partition(".")[2]) for text in texts), default=0)
    return [_filled(text, most) for text in texts]


def _filled(text: str, decimals: int) -> str:
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest:0<{decimals}}" if decimals else whole
