"""A contract's id as short as it can be read."""

PREFIX = "CON.F.US."
"""What the id of every contract of the exchange begins with."""


def short(text: str) -> str:
    """MNQ.Z26; a text that is no such id stays as it is."""
    return text.removeprefix(PREFIX)
