"""Small files in the forms that traders have, made here; and ticks to compare with."""

import struct
from decimal import Decimal

import numpy as np

from fastorder.store.market.merging import columns_from

QUARTER = Decimal("0.25")
MS = 1_000_000
T0 = 1_786_023_000_000 * MS
"""2026-08-06 13:30:00 UTC, 08:30 in Chicago, 09:30 in New York."""

TICKS = [
    (T0 + 125 * MS, 29500.25, 2, 1),
    (T0 + 125 * MS, 29500.25, 2, 1),
    (T0 + 300 * MS, 29500.00, 1, -1),
    (T0 + 1500 * MS, 29501.50, 5, 0),
]
BARS = [
    (T0, 29500.25, 29502.0, 29499.75, 29501.5, 120),
    (T0 + 60_000 * MS, 29501.5, 29503.25, 29501.0, 29503.0, 95),
]


def columns(ticks):
    """Rows of points as columns of ticks."""
    time_ns, price, size, side = zip(*ticks, strict=True)
    return columns_from(time_ns, [round(p * 4) for p in price], size, side)


def random_ticks(count, seed=1, start=T0, apart_ms=40):
    """Ticks of a busy market, several of them in one millisecond."""
    dice = np.random.default_rng(seed)
    steps = np.where(dice.random(count) < 0.4, 0, dice.geometric(1 / apart_ms, count))
    return columns_from(
        start + np.cumsum(steps) * MS,
        118_000 + np.cumsum(dice.choice([-1, 0, 0, 0, 1], count)),
        dice.geometric(0.5, count),
        dice.choice([-1, 1], count),
    )


# ------------------------------------------------------------ the forms

DATABENTO = """\
ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,\
ts_in_delta,sequence,symbol
{0},{0},0,1,42,T,B,0,29500250000000,2,0,1,7,MNQZ6
{0},{0},0,1,42,A,B,0,29500250000000,9,0,1,7,MNQZ6
{0},{0},0,1,42,T,B,0,29500250000000,2,0,1,8,MNQZ6
{1},{1},0,1,42,T,A,0,29500000000000,1,0,1,9,MNQZ6
{2},{2},0,1,42,T,N,0,29501500000000,5,0,1,10,MNQZ6
""".format(TICKS[0][0], TICKS[2][0], TICKS[3][0])

DATABENTO_PRETTY = """\
ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,symbol
2026-08-06T13:30:00.125000000Z,0,1,42,T,B,0,29500.250000000,2,MNQZ6
2026-08-06T13:30:00.125000000Z,0,1,42,T,B,0,29500.250000000,2,MNQZ6
2026-08-06T13:30:00.300000000Z,0,1,42,T,A,0,29500.000000000,1,MNQZ6
2026-08-06T13:30:01.500000000Z,0,1,42,T,N,0,29501.500000000,5,MNQZ6
"""

DATABENTO_BARS = """\
ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol
2026-08-06T13:30:00.000000000Z,33,1,42,29500.25,29502.0,29499.75,29501.5,120,MNQZ6
2026-08-06T13:31:00.000000000Z,33,1,42,29501.5,29503.25,29501.0,29503.0,95,MNQZ6
"""

NINJATRADER_TICKS = """\
20260806 133000 1250000;29500.25;2
20260806 133000 1250000;29500.25;2
20260806 133000 3000000;29500;1
20260806 133001 5000000;29501.5;5
"""

NINJATRADER_QUOTED = """\
20260806 133000 1250000;29500.25;29500;29500.25;2
20260806 133000 1250000;29500.25;29500;29500.25;2
20260806 133000 3000000;29500;29500;29500.25;1
20260806 133001 5000000;29501.5;29501;29501.5;5
"""

NINJATRADER_BARS = """\
20260806 133100;29500.25;29502;29499.75;29501.5;120
20260806 133200;29501.5;29503.25;29501;29503;95
"""

KIBOT_TICKS = """\
08/06/2026,09:30:00.125,29500.25,29500,29500.25,2
08/06/2026,09:30:00.125,29500.25,29500,29500.25,2
08/06/2026,09:30:00.300,29500,29500,29500.25,1
08/06/2026,09:30:01.500,29501.5,29501,29501.5,5
"""

KIBOT_BARS = """\
08/06/2026,09:30,29500.25,29502,29499.75,29501.5,120
08/06/2026,09:31,29501.5,29503.25,29501,29503,95
"""

SIERRA_BARS = """\
Date, Time, Open, High, Low, Last, Volume, NumberOfTrades, BidVolume, AskVolume
2026/8/6, 08:30:00, 29500.25, 29502.00, 29499.75, 29501.50, 120, 40, 60, 60
2026/8/6, 08:31:00, 29501.50, 29503.25, 29501.00, 29503.00, 95, 30, 45, 50
"""

SIERRA_TICKS = """\
Date, Time, Open, High, Low, Last, Volume, NumberOfTrades, BidVolume, AskVolume
2026/8/6, 08:30:00.125000, 0, 29500.25, 29500.00, 29500.25, 2, 1, 0, 2
2026/8/6, 08:30:00.125000, 0, 29500.25, 29500.00, 29500.25, 2, 1, 0, 2
2026/8/6, 08:30:00.300000, 0, 29500.25, 29500.00, 29500.00, 1, 1, 1, 0
2026/8/6, 08:30:01.500000, 0, 29501.50, 29501.00, 29501.50, 5, 1, 0, 0
"""

TRADINGVIEW = """\
time,open,high,low,close,Volume,Volume MA
1786023000,29500.25,29502,29499.75,29501.5,120,
1786023060,29501.5,29503.25,29501,29503,95,107.5
"""

TRADINGVIEW_ISO = """\
time,open,high,low,close,Volume
2026-08-06T08:30:00-05:00,29500.25,29502,29499.75,29501.5,120
2026-08-06T08:31:00-05:00,29501.5,29503.25,29501,29503,95
"""

GATEWAY = """\
{"bars":[{"t":"2026-08-06T13:31:00+00:00","o":29501.5,"h":29503.25,"l":29501,"c":29503,\
"v":95},{"t":"2026-08-06T13:30:00+00:00","o":29500.25,"h":29502,"l":29499.75,\
"c":29501.5,"v":120}],"success":true,"errorCode":0,"errorMessage":null}
"""

COMMAS = """\
datum;zeit;kurs;menge
06.08.2026;15:30:00,125;29500,25;2
06.08.2026;15:30:00,125;29500,25;2
06.08.2026;15:30:00,300;29500,0;1
06.08.2026;15:30:01,500;29501,5;5
"""


def scid(records):
    """A .scid file: a head of 56 bytes, 40 for each record."""
    head = struct.pack("<4sIIHHI36x", b"SCID", 56, 40, 1, 0, 0)
    epoch_us = 2_209_161_600_000_000
    rows = [
        struct.pack("<qffffIIII", time_ns // 1000 + epoch_us, *prices, *counts)
        for time_ns, prices, counts in records
    ]
    return head + b"".join(rows)


SCID_TICKS = scid(
    [
        (when, (mark, price + 0.25, price, price), (1, size, *sides))
        for (when, price, size, side), mark in zip(
            TICKS, (0.0, -1.99900095e37, -1.99900197e37, 0.0), strict=True
        )
        for sides in [((0, size), (0, 0), (size, 0))[{1: 0, 0: 1, -1: 2}[side]]]
    ]
)
SCID_BARS = scid([(t, (o, h, low, c), (40, v, 60, 60)) for t, o, h, low, c, v in BARS])
