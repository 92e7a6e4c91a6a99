"""Many seeds in parts, on several processes."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Part = TypeVar("Part")


def in_parts(
    tally: Callable[[range], Part], first: int, count: int, chunk: int, processes: int
) -> Iterator[Part]:
    """What each part of the seeds comes to, as they end.

    Args:
        tally: lives the seeds of one part; other processes have to find it by name.
        first, count: which seeds.
        chunk: how many of them are a part.
        processes: 1 for this one alone.
    """
    starts = range(first, first + count, chunk)
    parts = [range(start, min(start + chunk, first + count)) for start in starts]
    if processes == 1:
        yield from map(tally, parts)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(tally, parts)
