"""The command line of the campaign: so many events over so many gaps."""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import partial

from campaign.parts import in_parts

from state_campaign.life import COUNTED, Tally, lived

GAPS = 20


def main() -> int:
    """Run it; the exit status is 1 where something was wrong."""
    parser = argparse.ArgumentParser(prog="state_campaign", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--gaps", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--chunk", type=int, default=50, help="lives at a time, each")
    options = parser.parse_args()
    begun, counted, seed = time.monotonic(), Tally(), options.seed
    one = partial(lived, gaps=GAPS)
    while counted.events < options.events or counted.gaps < options.gaps:
        lives = options.chunk * options.processes
        for part in in_parts(one, seed, lives, options.chunk, options.processes):
            counted.add(part)
        seed += lives
        if sys.stderr.isatty():
            print(f"\r{counted.events:,} events", end="", file=sys.stderr, flush=True)
        if counted.failures:
            break
    print(f"\r{time.monotonic() - begun:.0f} s, seeds {options.seed} to {seed - 1}")
    print("; ".join(f"{getattr(counted, name):,} {name}" for name in COUNTED))
    for failed, why in counted.failures:
        print(f"seed {failed} failed: {why}")
    print(f"failed: {len(counted.failures)}")
    return 1 if counted.failures else 0


if __name__ == "__main__":
    sys.exit(main())
