"""Write fastorder/marketdata/globex_days.py: Globex's holidays and early closes.

They come from exchange_calendars, which loads pandas; what is written loads nothing.

    python tools/globex_days.py 2024-01-01 2032-12-31
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import exchange_calendars

from fastorder.marketdata.sessions import CHICAGO, globex, weekdays

TARGET = Path(__file__).parent.parent / "fastorder" / "marketdata" / "globex_days.py"
TEXT = '''"""Globex's holidays and early closes, of exchange_calendars {version}.

Written by tools/globex_days.py.
"""

MADE_WITH = "{version}"
"""The version of exchange_calendars."""

FIRST, LAST = "{first}", "{last}"
"""The trading days that are known; what comes after them is taken for weekdays."""

HOLIDAYS = """
{holidays}
"""

EARLY = {{
{early}
}}
"""Days that close early, by the time in Chicago at which they do."""
'''


def differences(first: str, last: str) -> tuple[list[date], dict[str, list[date]]]:
    """Weekdays that are no trading days, and those that close early, by their close."""
    known = globex(first, last)
    closes = dict(zip(known.days, known.closes, strict=True))
    usual = weekdays(first, last)
    holidays, early = [], {}
    for day, usual_ns in zip(usual.days, usual.closes, strict=True):
        if day not in closes:
            holidays.append(day)
        elif closes[day] != usual_ns:
            at = datetime.fromtimestamp(closes[day] // 10**9, ZoneInfo(CHICAGO))
            early.setdefault(at.strftime("%H:%M"), []).append(day)
    return holidays, early


def by_year(days: list[date], indent: str = "") -> str:
    """Days as text, a year a line or two."""
    rows: dict[tuple[int, bool], list[str]] = {}
    for day in days:
        rows.setdefault((day.year, day.month > 6), []).append(str(day))
    return "\n".join(indent + " ".join(row) for row in rows.values())


def text(first: str, last: str) -> str:
    """The module."""
    holidays, early = differences(first, last)
    return TEXT.format(
        version=exchange_calendars.__version__,
        first=first,
        last=last,
        holidays=by_year(holidays),
        early="\n".join(
            f'    "{at}": """\n{by_year(days, "    ")}\n    """,'
            for at, days in sorted(early.items())
        ),
    )


def main() -> None:
    """Write it."""
    TARGET.write_text(text(*sys.argv[1:3]))


if __name__ == "__main__":
    main()
