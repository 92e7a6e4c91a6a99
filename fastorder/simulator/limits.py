"""The gateway's request budgets, as sliding windows for each token.

Source: 200 requests in 60 s, and 50 in 30 s for History/retrieveBars, are documented;
that the windows slide and count for each token is a choice.
"""

from __future__ import annotations

from collections import deque

BUDGETS = {"history": (50, 30.0), "general": (200, 60.0)}


class RateLimits:
    """Counts requests; says no when a budget is spent."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], deque[float]] = {}

    def allow(self, caller: str, endpoint: str, now_s: float) -> bool:
        """Count one request; False where it is one too many."""
        budget = "history" if endpoint.startswith("/api/history/") else "general"
        most, length_s = BUDGETS[budget]
        window = self._windows.setdefault((caller, budget), deque())
        while window and window[0] <= now_s - length_s:
            window.popleft()
        if len(window) >= most:
            return False
        window.append(now_s)
        return True
