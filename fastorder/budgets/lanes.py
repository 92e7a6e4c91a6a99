"""The lanes of a budget: which request goes before which."""

from __future__ import annotations

from enum import IntEnum


class Lane(IntEnum):
    """What a request is for; where there is little room, a lower number goes first.

    Attributes:
        text: what is in it, for people.
    """

    LESSENING = 0, "closes, cancels, stop moves"
    LOOK_UPS = 1, "look-ups of orders in doubt"
    MODIFIES = 2, "modifies"
    PLACES = 3, "places"
    READS = 4, "reads"
    HISTORY = 5, "history"

    text: str

    def __new__(cls, number: int, text: str) -> Lane:
        """One lane."""
        lane = int.__new__(cls, number)
        lane._value_ = number
        lane.text = text
        return lane


LANES = tuple(Lane)

LaneNumber = int
"""A lane by its number alone; where a name is needed that Cython takes for no type."""
