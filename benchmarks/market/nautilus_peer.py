"""Bars into nautilus' catalog and back; run by its own Python, prints JSON.

    python nautilus_peer.py ROWS

Its objects are made before the clock starts: only the catalog is timed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.persistence.catalog import ParquetDataCatalog

START_NS = 1_767_225_600_000_000_000


def main() -> None:
    """Write, read, and tell."""
    rows = int(sys.argv[1])
    kind = BarType.from_str("MNQZ6.XCME-1-MINUTE-LAST-EXTERNAL")
    bars = []
    for at in range(rows):
        price = 29_500 + (at * 7 % 41) * 0.25
        opened, high, low = (Price(price + by, 2) for by in (0, 1, -1))
        when = START_NS + at * 60_000_000_000
        bars.append(
            Bar(kind, opened, high, low, opened, Quantity(at % 99 + 1, 0), when, when)
        )
    with tempfile.TemporaryDirectory() as folder:
        catalog = ParquetDataCatalog(folder)
        begun = time.perf_counter()
        catalog.write_data(bars)
        written = time.perf_counter()
        found = catalog.bars([str(kind)])
        read = time.perf_counter()
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    assert len(found) == rows
    told = {"write": written - begun, "read": read - written, "bytes": size / rows}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
