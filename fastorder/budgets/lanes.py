"""The lanes of a budget: which request goes before which."""

from __future__ import annotations

from fastorder.errors import NamedNumber


class Lane(NamedNumber):
    """What a request is for; where there is little room, a lower number goes first.

    One prints as its name, ``READS`` say; in JSON it is the number.
    """

    LESSENING = 0
    ACT_LOOKS = 1
    LOOK_UPS = 2
    MODIFIES = 3
    PLACES = 4
    READS = 5
    HISTORY = 6


TEXTS = {
    Lane.LESSENING: "closes, cancels, stop moves",
    Lane.ACT_LOOKS: "looks of flatten, close, cancel_all, move_stop",
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
