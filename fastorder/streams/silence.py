"""Whether a feed that says nothing is frozen, or its market is quiet; no I/O.

How long a contract's quotes may be apart is learnt from the contract itself. A pause
longer than that counts only while the market is open, and while no other contract of
the feed is heard: if others are, the feed works, and this one has six times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder.marketdata.sessions import Sessions

LEAST_NS = 5 * SECOND_NS
MOST_NS = 600 * SECOND_NS
TIMES_MEAN = 20
TIMES_LONGEST = 3
MORE_ALONE = 6
TELLS_NS = 4 * 86_400 * SECOND_NS
"""How far sessions tell beyond their ends: a market is closed no longer than that."""

FORGETS = 1 / 256
"""The share by which the longest pause is forgotten with each quote."""


class Rhythm:
    """How often one contract is heard.

    Attributes:
        heard_ns: when it was heard last, or when listening began; monotonic.
        count: quotes so far.
    """

    __slots__ = ("_longest_ns", "_mean_ns", "count", "heard_ns")

    def __init__(self, now_ns: int) -> None:
        self.heard_ns = now_ns
        self.count = 0
        self._mean_ns = 0.0
        self._longest_ns = 0.0

    def heard(self, now_ns: int) -> None:
        """A quote has come."""
        pause_ns = now_ns - self.heard_ns
        self.heard_ns = now_ns
        self.count += 1
        self._mean_ns += (pause_ns - self._mean_ns) / min(self.count, 256)
        longest_ns = self._longest_ns * (1 - FORGETS)
        self._longest_ns = pause_ns if pause_ns > longest_ns else longest_ns

    def begin_anew(self, now_ns: int) -> None:
        """The pause until now tells nothing: a new connection, or a closed market."""
        self.heard_ns = now_ns

    @property
    def limit_ns(self) -> int:
        """How long it may be silent."""
        learnt = max(TIMES_MEAN * self._mean_ns, TIMES_LONGEST * self._longest_ns)
        return int(min(max(learnt, LEAST_NS), MOST_NS))


class Silence:
    """The contracts of one feed.

    Args:
        sessions: when the market is open; None where only the feed itself tells.
    """

    def __init__(self, sessions: Sessions | None = None) -> None:
        self.sessions = sessions
        self._rhythms: dict[str, Rhythm] = {}

    def watch(self, contract_id: str, now_ns: int) -> Rhythm:
        """Watch a contract; its rhythm, which has to be told of each quote."""
        return self._rhythms.setdefault(contract_id, Rhythm(now_ns))

    def forget(self, contract_id: str) -> None:
        """Watch it no more."""
        self._rhythms.pop(contract_id, None)

    def begin_anew(self, now_ns: int) -> None:
        """A new connection, or a closed market: all have their whole time again."""
        for rhythm in self._rhythms.values():
            rhythm.begin_anew(now_ns)

    def why_stale(self, contract_id: str, now_ns: int, wall_ns: int) -> str | None:
        """Why a contract's quotes are stale; None where they are not, or it is quiet.

        Args:
            now_ns: on the monotonic clock.
            wall_ns: nanoseconds since the epoch.
        """
        rhythm = self._rhythms[contract_id]
        silent_ns = now_ns - rhythm.heard_ns
        if silent_ns <= rhythm.limit_ns or not self.is_open(wall_ns):
            return None
        if not self._hears_others(contract_id, now_ns):
            return "no contract is heard, and the market is open"
        if silent_ns <= MORE_ALONE * rhythm.limit_ns:
            return None
        return "others are heard, this one is not"

    def is_open(self, wall_ns: int) -> bool:
        """Whether the market is open; where no session tells, it always may be."""
        if self.sessions is None:
            return True
        from bisect import bisect_right

        opens, closes = self.sessions.opens, self.sessions.closes
        if not opens[0] - TELLS_NS <= wall_ns < closes[-1] + TELLS_NS:
            return True
        place = bisect_right(opens, wall_ns) - 1
        return place >= 0 and wall_ns < closes[place]

    def _hears_others(self, contract_id: str, now_ns: int) -> bool:
        return any(
            rhythm.count and now_ns - rhythm.heard_ns <= rhythm.limit_ns
            for other, rhythm in self._rhythms.items()
            if other != contract_id
        )
