"""The state through gaps, restarts and reads that are behind, and its judge."""

import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from state_campaign.life import DAYS, YOUNG, Life, Weather, tally

from fastorder.realtime.state import orders, repair, verdict
from fastorder.realtime.state.account_rows import AccountRows
from fastorder.realtime.state.orders import HeldOrder
from fastorder.realtime.state.positions import HeldPosition
from fastorder.realtime.state.repair import Repair

EVENTS = 20_000
GAPS = 20
SHORT = 5, 12
TRIED = (*SHORT, *(seed for seed in range(40) if seed not in SHORT))
"""The lives in which a mistake is looked for; short ones first."""


def is_caught(weather):
    """Whether the judge finds a failure, in the first life that has one."""
    return any(tally(range(seed, seed + 1), GAPS, weather).failures for seed in TRIED)


def test_no_row_of_twenty_thousand_events_is_wrong_while_it_is_proven():
    counted, first = tally(range(0), GAPS, Weather()), 0
    while counted.events < EVENTS:
        counted.add(tally(range(first, first + 5), GAPS, Weather()))
        first += 5
    assert counted.failures == []
    assert counted.syncs > counted.gaps / 4
    assert counted.missed
    assert counted.restarts
    assert counted.checks > 500


def test_a_seed_is_always_the_same_life():
    assert tally(range(3, 4), GAPS, Weather()) == tally(range(3, 4), GAPS, Weather())


def test_without_a_lag_a_look_proves_at_once():
    counted = tally(range(3), GAPS, Weather(lag_s=0.0, settle_s=0.0))
    assert counted.failures == []
    assert counted.syncs


LOST = Weather(lost=0.1, failing=0.0, check_s=20.0)


def test_events_that_are_lost_without_a_gap_are_found():
    """Of orders that end flat too, and of those of which none was told."""
    counted = tally(range(6), 5, LOST)
    assert counted.failures == []
    assert counted.lost > 5
    assert counted.checks


def test_nothing_is_wrong_of_a_program_that_starts_over_and_over():
    counted = tally(range(5103, 5108), GAPS, YOUNG)
    assert counted.failures == []
    assert counted.restarts > counted.gaps / 3


def test_nothing_is_wrong_where_orders_work_for_days():
    """What is over for three days is let go; what works since then is not."""
    counted = tally(range(1, 2), GAPS, DAYS)
    assert counted.failures == []
    assert counted.syncs


def test_the_campaign_runs_in_several_processes():
    options = ["--events", "1", "--gaps", "1", "--chunk", "1", "--processes", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "state_campaign", *options],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 lives" in done.stdout


def test_a_lag_that_is_longer_than_was_allowed_for_is_caught():
    assert is_caught(Weather(lag_s=9.0, settle_s=1.0))


def never_seen(self, *given, **named):
    return []


def takes_any(self, row, *, wins_ties, traded):
    before, self.order = self.order, row
    self._version = orders.version_of(row)
    return row != before


def last_row_counts(self, now_ns):
    if self._heard:
        self.row = self._heard[-1].row


def proven_at_once(self, looked, missing):
    given = verdict.judge(self._rows, looked, self._behind_ns, self._last)
    self._prove(looked, given)


def told_again(self, trade, source, now_ns):
    self.trades.pop(trade.id, None)
    return self._new_trade(trade, source, now_ns)


def not_in_doubt(self, since_ns, why):
    self._rows.begin()


def forgets_what_is_old(self, time_ns):
    """Whatever it has done since."""
    self._forgotten_ns = max(self._forgotten_ns, time_ns)
    self._was_forgotten = lambda row: (row.created_ns or 1) <= self._forgotten_ns


MISTAKES = {
    "trades of reads are not taken": (AccountRows, "read_trades", never_seen),
    "orders of reads are not taken": (AccountRows, "read_orders", never_seen),
    "positions of reads are not taken": (AccountRows, "read_positions", never_seen),
    "an older row replaces a newer one": (HeldOrder, "take", takes_any),
    "the last row of a position counts": (HeldPosition, "_choose", last_row_counts),
    "the first look proves": (Repair, "_judge", proven_at_once),
    "a trade is told again": (AccountRows, "trade", told_again),
    "a gap is passed over": (Repair, "_doubt", not_in_doubt),
    "orders that are not listed are not asked for": (repair, "not_listed", never_seen),
}


DOUBLED = Weather(doubled=0.5)
"""What an event that comes late does is seen in every life."""


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_the_judge_catches(mistake):
    with patch.object(*mistake):
        assert is_caught(DOUBLED)


def test_the_judge_catches_old_orders_that_are_passed_over():
    with patch.object(AccountRows, "forget_before", forgets_what_is_old):
        assert is_caught(DAYS)


def test_the_judge_says_what_is_wrong():
    life = Life(1, 1, Weather())
    life.run()
    assert life.wrong == []
    held = next(each for each in life.rows.orders.values())
    object.__setattr__(held.order, "fill_volume", 99)
    from state_campaign.life import complaints

    assert "it is" in complaints(life.rows, life._venue)[0]
