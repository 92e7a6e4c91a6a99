"""Tables in Markdown, and the numbers in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

HOW_BUSY = "**Other programs kept the machine busy: a provisional run.**\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = tuple(head)
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def micro(value: float) -> str:
    """Microseconds, or milliseconds from a thousand on."""
    return f"{value / 1000:,.2f} ms" if value >= 1000 else f"{value:,.1f} us"


def times(ratio: list[float]) -> str:
    """A ratio with its least and most."""
    middle, least, most = ratio
    return f"{middle:.2f} ({least:.2f} to {most:.2f})"


def inverse(ratio: list[float]) -> list[float]:
    """The other way round."""
    middle, least, most = ratio
    return [1 / middle, 1 / most, 1 / least]


def verdict(what: str, target: str, reached: str, met: bool) -> list[str]:
    """A row of the targets."""
    return [what, target, reached, "yes" if met else "**no**"]


def is_busy(load: float, where: dict[str, Any]) -> bool:
    """Whether others have used the machine while it was measured."""
    return load > 2 * int(where["cores"])
