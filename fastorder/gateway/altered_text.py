"""Whether a tag or an id was altered on its way: escaped, quoted, padded, cut.

Ours are of ``[A-Za-z0-9._-]`` alone. So whatever else stands in a text that comes back
was put there by somebody else, and two of ours never become one by leaving it out.
"""

from __future__ import annotations

import re

PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_FOREIGN = re.compile(r"[^a-z0-9._-]+")
_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212, 0xFE63, 0xFF0D, 0xAD], "-")
_ESCAPED = re.compile(r"\\(?:u00|x)([0-9A-Fa-f]{2})")
MOST_LAYERS = 3
"""How often a text may have been escaped."""

SHORTEST_CUT = 4
"""What is shorter was not cut to that: all tags of ours would be one."""


def is_altered(shown: str, text: str) -> bool:
    """Whether they are one text but for letter case, blanks, quotes and escapes.

    A text with nothing in it that can be read may be any.
    """
    ours = text.casefold()
    if PLAIN.fullmatch(shown):
        return shown.casefold() == ours
    return any(_bare(reading) in ("", _bare(ours)) for reading in _readings(shown))


def is_cut(shown: str, text: str, longest: int = 0) -> bool:
    """Whether it may be the beginning of a text that was cut, with dots or without.

    Args:
        longest: of the plain texts beside it: where one is longer, none was cut there.
    """
    ours = _bare(text.casefold())
    return any(
        max(SHORTEST_CUT, longest) <= len(cut) < len(ours) and ours.startswith(cut)
        for cut in map(_beginning, _readings(shown))
    )


def plain_form(shown: str) -> str:
    """What stands in it without what a way may have added; for a dict of texts."""
    if PLAIN.fullmatch(shown):
        return shown.casefold()
    *_, last = _readings(shown)
    return _bare(last)


def _beginning(shown: str) -> str:
    bare = _bare(shown)
    return bare[:-3] if bare.endswith("...") else bare


def _readings(shown: str) -> list[str]:
    """The text as it stands, and with one layer of escapes after the other undone."""
    readings = [shown]
    while not PLAIN.fullmatch(shown) and len(readings) <= MOST_LAYERS:
        shown = _undone(shown)
        if shown == readings[-1]:
            break
        readings.append(shown)
    return readings


def _undone(shown: str) -> str:
    from html import unescape  # loaded where a text is not plain: hardly ever
    from urllib.parse import unquote

    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), unescape(shown))
    return unquote(text)


def _bare(text: str) -> str:
    """In small letters, one form of each, and without what is foreign to our own."""
    if PLAIN.fullmatch(text):
        return text.casefold()
    from unicodedata import normalize  # as above

    one_form = normalize("NFKC", text.translate(_DASHES))
    return _FOREIGN.sub("", one_form.casefold())
