"""project-x-py's ``get_bars``, timed once for each line that comes; see history.py."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from datetime import datetime, timedelta

from project_x_py import ProjectX
from project_x_py.models import Account, Instrument, ProjectXConfig
from project_x_py.utils.async_rate_limiter import RateLimiter

CONTRACT = "CON.F.US.MNQ.Z26"


async def main() -> None:
    """Read for each line until there are no more."""
    url, token, until, count = sys.argv[1:]
    end = datetime.fromisoformat(until)
    start = end - timedelta(minutes=int(count) - 1)
    logging.disable(logging.CRITICAL)
    config = ProjectXConfig(api_url=f"{url}/api")
    async with ProjectX("nobody", "no key", config=config) as client:
        client.session_token = token
        client.account_info = Account(
            id=12345678,
            name="PRACTICE",
            balance=50_000.0,
            canTrade=True,
            isVisible=True,
            simulated=True,
        )
        client.rate_limiter = RateLimiter(10**9, window_seconds=0.05)
        instrument = Instrument(
            id=CONTRACT,
            name="MNQZ6",
            description="Micro E-mini Nasdaq-100",
            tickSize=0.25,
            tickValue=0.5,
            activeContract=True,
            symbolId="F.US.MNQ",
        )

        async def known(*given: object, **named: object) -> Instrument:
            return instrument  # the look-up of the contract is not timed

        async def logged_in() -> None:
            """The token is given."""

        client._ensure_authenticated = logged_in
        client.get_instrument = known
        client.get_cached_market_data = lambda key: None  # it would not ask again
        for _ in sys.stdin:
            begun = time.perf_counter()
            bars = await client.get_bars(
                CONTRACT,
                interval=1,
                unit=2,
                limit=int(count),
                start_time=start,
                end_time=end,
            )
            seconds = time.perf_counter() - begun
            print(json.dumps({"seconds": seconds, "bars": len(bars)}), flush=True)


asyncio.run(main())
