"""10,000 cancels, modifies and closes in virtual time, and their judge."""

from itertools import chain

import pytest
from campaign import changes
from campaign.change_tally import change_campaign, change_tally
from campaign.changes import lived

from fastorder.gateway import rows
from fastorder.requests import order_since, position_close, read_backs
from fastorder.requests.order_change import Cancellation
from fastorder.requests.read_backs import Effect, ReadBacks

CHANGES = 4_000
FAULTS = 0.55
TRIED = 20_000
AT_ONCE = 100
"""Changes with a planted mistake: enough for each to be caught."""


def test_no_change_of_four_thousand_is_misjudged():
    counted = change_tally(range(CHANGES), FAULTS)
    assert counted.failures == []
    assert counted.changes == CHANGES
    for kind in ("cancel", "modify", "close", "partial close"):
        for outcome in ("ACCEPTED", "REJECTED", "NOT_SENT", "UNKNOWN"):
            assert counted.told[kind, outcome] > 0


def test_without_faults_every_change_is_told_at_once():
    counted = change_tally(range(2_000), 0.0)
    assert counted.failures == []
    assert not counted.told.keys() & {(kind, "UNKNOWN") for kind in ("cancel", "close")}


def test_several_processes_count_what_one_counts():
    assert change_campaign(1_200, 0, FAULTS, 2) == change_tally(range(1_200), FAULTS)


def test_a_seed_is_always_the_same_life():
    assert lived(7).ledger == lived(7).ledger


def one_read_is_believed(patch):
    patch.setattr(ReadBacks, "are_steady", True)
    patch.setattr(ReadBacks, "are_lasting", True)
    patch.setattr(position_close.PositionClose, "_doubt_of", lambda *_: "")


def the_trades_are_not_asked(patch):
    patch.setattr(position_close.PositionClose, "_doubt_of", lambda *_: "")


def caches_are_believed(patch):
    patch.setattr(read_backs.AnswerDates, "move_on", True)
    patch.setattr(ReadBacks, "gateway_s", lambda self, at_ns: 0.0)


def unreadable_is_absent(patch):
    patch.setattr(position_close, "size_of", lambda row: rows.size_of(row) or 0)
    patch.setattr(position_close.PositionClose, "_doubt_of", lambda *_: "")


def the_refusal_of_a_repeat_is_believed(patch):
    class Believing(Cancellation):
        def _refused(self, answer):
            return self._rejected(answer)

    patch.setattr(changes, "Cancellation", Believing)


def an_order_that_is_not_shown_never_was(patch):
    class Believing(Cancellation):
        def _judge(self, answer):
            found = super()._judge(answer)
            hidden = found.effect is Effect.NOT_SHOWN
            return found._replace(effect=Effect.IMPOSSIBLE) if hidden else found

    patch.setattr(changes, "Cancellation", Believing)


def orders_since_are_forgotten(patch):
    patch.setattr(position_close.PositionClose, "_is_overtaken", lambda *_: False)


def a_look_is_enough_after_an_order(patch):
    def since(self, side):
        return self._placing.order.side is side

    patch.setattr(order_since.OrderSince, "may_have_opened", since)


MISTAKES = {
    one_read_is_believed: "phantom",
    the_trades_are_not_asked: "phantom",
    caches_are_believed: "phantom",
    unreadable_is_absent: "phantom",
    the_refusal_of_a_repeat_is_believed: "wrong",
    an_order_that_is_not_shown_never_was: "wrong",
    orders_since_are_forgotten: "overtaken",
    a_look_is_enough_after_an_order: "overtaken",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_the_judge_catches(monkeypatch, mistake):
    mistake(monkeypatch)
    assert any(
        MISTAKES[mistake] in complained(range(start, start + AT_ONCE))
        for start in range(0, TRIED, AT_ONCE)
    )


def complained(seeds):
    """The words that the judge's complaints of these lives begin with."""
    failures = change_tally(seeds, FAULTS).failures
    said = chain.from_iterable(wrong for _, wrong in failures)
    return {text.split(":")[0] for text in said}
