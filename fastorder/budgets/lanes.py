"""The lanes of a budget: which request goes before which."""

from __future__ import annotations

from enum import IntEnum


class Lane(IntEnum):
    """What a request is for; where there is little room, a lower number goes first."""

    LESSENING = 0
    LOOK_UPS = 1
    MODIFIES = 2
    PLACES = 3
    READS = 4
    HISTORY = 5


TEXTS = {
    Lane.LESSENING: "closes, cancels, stop moves",
    Lane.LOOK_UPS: "look-ups of orders in doubt",
    Lane.MODIFIES: "modifies",
    Lane.PLACES: "places",
    Lane.READS: "reads",
    Lane.HISTORY: "history",
}
"""What is in each, for people."""

LANES = tuple(Lane)

LaneNumber = int
"""A lane by its number alone; where a name is needed that Cython takes for no type."""
