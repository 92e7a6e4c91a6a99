"""Records ticks until it is killed, and says which of them are kept.

    python killed_recorder.py FOLDER FIRST COUNT

Tick n has the time and the price of its number, so what is there can be told later.
Each restart begins some ticks before the first that was not told as kept, as a feed
that repeats does.
"""

import sys
from decimal import Decimal

from market_files import T0

from fastorder.store import MarketData

CONTRACT = "CON.F.US.MNQ.Z26"
APART_NS = 600_000_000_000
"""Ten minutes: some hundred ticks are several trading days, which are sealed."""


def time_of(number):
    return T0 + number * APART_NS


def main():
    folder, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    recorder = MarketData(folder).record({CONTRACT: Decimal("0.25")}, every_s=60)
    recorder._streams[CONTRACT].ended = ended(recorder._streams[CONTRACT])
    print("ready", flush=True)
    for number in range(first, count):
        recorder.on_tick(CONTRACT, time_of(number), number, 1 + number % 7, 1)
        if number % 3 == 0:
            recorder.flush()
            print("kept", number, flush=True)
        if number % 50 == 0:
            recorder._seal_ended()
    recorder.close()
    print("closed", flush=True)


def ended(streams):
    """Days that have a later one have ended: nothing here is late."""
    return lambda ended_s, quiet_s: streams.days()[:-1]


if __name__ == "__main__":
    main()
