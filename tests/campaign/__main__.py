"""The command line of the campaign: how many orders, which seeds, what weather."""

from __future__ import annotations

import argparse
import os
import sys
import time

from campaign.change_tally import ChangeTally, change_campaign
from campaign.checker import complaints
from campaign.model import SECOND
from campaign.run import FAULTS, RESENDS, Weather, live
from campaign.tally import SEEDS_APART, Tally, campaign


def main() -> int:
    """Run it; the exit status is 1 where an order failed."""
    options = parsed()
    weather = Weather(options.faults, options.resend, options.racy)
    if options.show is not None:
        return show(options.show, weather)
    begun, counted = time.monotonic(), Tally()
    for counted in campaign(options.orders, options.seed, weather, options.processes):
        if sys.stderr.isatty():
            print(f"\r{counted.orders:,} orders", end="", file=sys.stderr, flush=True)
    print_summary(counted, time.monotonic() - begun, options.seed)
    changed = ChangeTally()
    if options.changes:
        first = options.seed * SEEDS_APART
        changed = change_campaign(
            options.changes, first, options.faults, options.processes
        )
        print_changes(changed)
    for what, part in ("seed", counted), ("change", changed):
        for seed, wrong in part.failures:
            print(f"{what} {seed} failed: {'; '.join(wrong)}")
    return 1 if counted.failed or changed.failed else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument(
        "--changes", type=int, default=0, help="cancels, modifies and closes after them"
    )
    parser.add_argument("--seed", type=int, default=1, help="which campaign, from 0")
    parser.add_argument(
        "--faults", type=float, default=FAULTS, help="share of the exchanges"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--resend", choices=RESENDS, help="of every order; else a mix")
    parser.add_argument(
        "--racy", action="store_true", help="the tag check is blind for 200 ms"
    )
    parser.add_argument("--show", type=int, metavar="SEED", help="one order's ledger")
    return parser.parse_args()


def print_summary(counted: Tally, seconds: float, seed: int) -> None:
    """What the campaign came to."""
    outcomes = ", ".join(f"{n:,} {name}" for name, n in counted.outcomes.most_common())
    print(
        f"\r{counted.orders:,} orders from seed {seed * SEEDS_APART}, {seconds:.0f} s"
    )
    print(
        f"{counted.exchanges:,} exchanges, {counted.fault_share:.1%} of them faulty; "
        f"{counted.sends:,} sends; {counted.ends:,} ends of a process"
    )
    print(f"last word: {outcomes}")
    print(f"first word UNKNOWN: {counted.share(counted.unknown_first):.2%}")
    print(f"last word UNKNOWN: {counted.share(counted.outcomes['UNKNOWN']):.2%}")
    print(f"failed: {counted.failed:,}")


def print_changes(counted: ChangeTally) -> None:
    """What the changes came to, kind by kind."""
    print(f"{counted.changes:,} changes")
    kinds: dict[str, list[str]] = {}
    for (kind, outcome), count in counted.told.most_common():
        kinds.setdefault(kind, []).append(f"{count:,} {outcome}")
    for kind, words in sorted(kinds.items()):
        print(f"{kind}: {', '.join(words)}")
    print(f"failed: {counted.failed:,}")


def show(seed: int, weather: Weather) -> int:
    """Print what really happened to one order, and what is wrong with it."""
    ledger = live(seed, weather).ledger
    for fact in ledger:
        value = "" if fact.value is None else fact.value
        print(f"{fact.at_ns / SECOND:10.3f} s  {fact.what:<14} {value}")
    wrong = complaints(ledger)
    print("\n".join(wrong) or "nothing is wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
