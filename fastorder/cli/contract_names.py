"""A contract's id as short as it can be read, and back from that."""

import re

PREFIX = "CON.F.US."
"""What the id of every contract of the exchange begins with."""


def short(text: str) -> str:
    """MNQ.Z26; a text that is no such id stays as it is."""
    return text.removeprefix(PREFIX)


def symbol_from(text: str) -> str:
    """What was typed for a contract; MNQ.Z26, as it is printed, is its whole id."""
    is_short = re.fullmatch(r"[A-Z0-9]+\.[FGHJKMNQUVXZ][0-9]{2}", text.upper())
    return f"{PREFIX}{text.upper()}" if is_short else text
