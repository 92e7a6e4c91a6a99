"""One bar of a live row, with its timeframe and where it is from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastorder.marketdata.bars import Bar

if TYPE_CHECKING:
    from typing import TypeAlias

    From: TypeAlias = Literal["history", "ticks", "repair"]


class LiveBar(Bar):
    """A Bar, its timeframe, and where it is from.

    Attributes:
        every: its timeframe, such as "5m".
        source: "ticks", made here of every trade; "history", from before the first
            trade that was heard; "repair", from history too, since trades may have been
            missed. One that is ``partial`` may lack trades, and history had none.
    """

    every: str
    source: From

    def __repr__(self) -> str:
        return (
            f"{super().__repr__()[:-1]}, every={self.every!r}, source={self.source!r})"
        )


def live_bar(bar: Bar, every: str, source: From, *, partial: bool = False) -> LiveBar:
    """A bar of this timeframe and source."""
    made = LiveBar(*bar[:-1], partial)
    made.every = every
    made.source = source
    return made
