"""What an error shows of a value that may stand in the wrong place, and be a secret."""

from __future__ import annotations

import re

PLAIN = re.compile(r"[0-9:.,+-]{0,12}", re.ASCII)
"""A number or a time of day as text: too short and too poor to be a secret."""


def safely_shown(value: object) -> str:
    """A number as it is; of a text how long it is, of all else what it is."""
    if isinstance(value, int) and value.bit_length() > 1_000:  # Python may refuse it
        return f"a number of {value.bit_length()} bits"
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)[:32]
    if isinstance(value, str):
        if PLAIN.fullmatch(value):
            return repr(value)
        return f"a text of {len(value)} characters"
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
