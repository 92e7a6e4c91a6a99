"""The one way in for text from outside, before a person or a file gets to see it."""

from __future__ import annotations

from fastorder._base.counted import counted
from fastorder._base.known_secrets import without_secrets

LONGEST = 500
"""Characters of a text that are shown; the rest is counted."""

MARGIN = 2_000
"""How much more is searched: what is hidden makes room for what comes after it."""


def from_outside(text: str) -> str:
    """A text of the gateway, or of what stands before it, fit to be shown.

    Secrets are hidden, what does not print is written as its escape (a line end would
    begin a new line of a log), and what is long is cut: then it says how long it was.
    """
    shown = without_secrets(text[: LONGEST + MARGIN])
    if not shown.isprintable():
        shown = "".join(map(_printable, shown))
    if len(shown) <= LONGEST and len(text) <= LONGEST + MARGIN:
        return shown
    return f"{shown[:LONGEST]}... ({counted(len(text), 'character')})"


def _printable(letter: str) -> str:
    if letter.isprintable():
        return letter
    return letter.encode("unicode_escape").decode("ascii")
