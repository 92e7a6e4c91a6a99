"""A random walk on the tick grid that can be asked for any moment, past or to come.

The walk is the sum of linear noises whose lengths double and whose heights grow with
the root of the length, as in a random walk. Each corner is a hash of the seed and its
place, so that any moment costs the same and the same seed gives the same day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from decimal import Decimal

    from fastorder.simulator.contracts import Contract

STEP_S = 0.25
_OCTAVES = 20
_HEIGHTS = tuple(2 ** (octave / 2) for octave in range(_OCTAVES))
_MASK = (1 << 64) - 1


def _mixed(number: int) -> int:
    """A well-mixed 64-bit hash (the finaliser of SplitMix64)."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


class Walk:
    """The last price of one contract over time.

    Args:
        contract: its grid and the price it walks around.
        seed: the day's.
    """

    def __init__(self, contract: Contract, seed: int) -> None:
        self._tick = contract.tick_size
        self._start = int(contract.start_price / contract.tick_size)
        self._goes_below = contract.negative_prices
        self._seed = _mixed(seed ^ crc32(contract.id.encode()))
        self._shift = 0
        self._cached = (-1, 0)
        self._edges = [(-1, 0.0, 0.0)] * _OCTAVES  # the corners that were used last

    def __copy__(self) -> Walk:
        """The same walk; whoever moves this one does not move that."""
        other = Walk.__new__(Walk)
        other.__dict__.update(self.__dict__, _edges=self._edges[:])
        return other

    def ticks(self, step: int) -> int:
        """The last price in ticks at a step."""
        price = self._unbounded(step)
        return price if self._goes_below else max(1, price)

    def _unbounded(self, step: int) -> int:
        """The same; one below the lowest price that the contract has is told too."""
        if self._cached[0] != step:
            self._cached = (step, self._noise(step))
        return self._start + self._shift + self._cached[1]

    def price(self, step: int) -> Decimal:
        """The last price at a step."""
        return self.ticks(step) * self._tick

    def shift_to(self, step: int, price: Decimal) -> None:
        """Move the whole walk so that it has this price at this step."""
        self._shift += int(price / self._tick) - self._unbounded(step)

    def _corner(self, octave: int, place: int) -> float:
        number = _mixed(self._seed ^ _mixed((place << 6) | octave))
        return number / (1 << 63) - 1.0

    def _noise(self, step: int) -> int:
        total = 0.0
        for octave in range(_OCTAVES):
            place, rest = divmod(step, 1 << octave)
            if self._edges[octave][0] != place:
                corners = self._corner(octave, place), self._corner(octave, place + 1)
                self._edges[octave] = (place, *corners)
            _, left, right = self._edges[octave]
            share = rest / (1 << octave)
            total += (left + (right - left) * share) * _HEIGHTS[octave]
        return round(total)


def step_of(now_s: float) -> int:
    """The step that a time lies in."""
    return int(now_s / STEP_S)
