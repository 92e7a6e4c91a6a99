"""The placement protocol through 4,000 lives in virtual time, and their judge."""

from itertools import chain
from pathlib import Path

import pytest
from campaign import __main__ as command_line
from campaign.checker import complaints
from campaign.mistakes import MISTAKES, SLIPS, planted
from campaign.model import Ledger
from campaign.run import Intent, Looked, Told, Weather, live
from campaign.tally import Tally, campaign, tally

from fastorder import Outcome
from fastorder.placement import lookups

ORDERS = 4_000
USUAL = Weather()
TRIED = 3_000
AT_ONCE = 100
"""Orders with a planted mistake: enough for each to be caught."""

REGRESSIONS = Path(__file__).parent / "campaign" / "regressions.txt"


def whole(orders, weather=USUAL):
    """The last tally of a campaign in this process."""
    *_, counted = campaign(orders, 1, weather, processes=1)
    return counted


def test_no_order_of_four_thousand_is_doubled_or_misjudged():
    counted = whole(ORDERS)
    assert counted.failures == []
    assert counted.orders == ORDERS
    assert counted.fault_share >= 0.55


def test_the_campaign_meets_every_outcome_and_many_restarts():
    counted = whole(2_000)
    assert {outcome.name for outcome in Outcome} <= set(counted.outcomes)
    assert counted.ends > 100


@pytest.mark.parametrize("resend", ["after_quiet", "never"])
def test_a_racy_tag_check_doubles_nothing_where_no_send_is_in_a_hurry(resend):
    assert whole(1_000, Weather(resend=resend, racy=True)).failures == []


def test_a_racy_tag_check_may_double_an_order_that_is_looked_up_and_sent_again():
    counted = whole(6_000, Weather(resend="lookup_first", racy=True))
    said = list(chain.from_iterable(wrong for _, wrong in counted.failures))
    assert said
    assert all(text.startswith("double") for text in said)


def is_caught(words):
    """Whether the judge complains of one of these within the lives that are tried."""
    for start in range(0, TRIED, AT_ONCE):
        counted = tally(range(start, start + AT_ONCE), USUAL)
        said = chain.from_iterable(wrong for _, wrong in counted.failures)
        if words & {text.split(":")[0] for text in said}:
            return True
    return False


@pytest.mark.parametrize(
    "mistake", [*MISTAKES.values(), *SLIPS.values()], ids=[*MISTAKES, *SLIPS]
)
def test_the_checker_catches(mistake):
    with planted(mistake):
        assert is_caught({mistake[-1]})


def regressions():
    """The seeds that failed once, each with its weather."""
    for line in REGRESSIONS.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            seed, faults, resend, check, _ = line.split(maxsplit=4)
            mode = None if resend == "mix" else resend
            yield int(seed), Weather(float(faults), mode, check == "racy")


@pytest.mark.parametrize(("seed", "weather"), list(regressions()))
def test_what_failed_once_does_not_fail_again(seed, weather):
    assert complaints(live(seed, weather).ledger) == []


def test_a_seed_is_always_the_same_life():
    assert live(7, USUAL).ledger == live(7, USUAL).ledger


def test_several_processes_count_what_one_counts():
    *_, two = campaign(400, 1, USUAL, processes=2)
    assert two == whole(400)


def test_the_seed_of_a_failure_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(
        "sys.argv", ["campaign", "--orders", "500", "--seed", "3", "--processes", "1"]
    )
    with planted(MISTAKES["not found read as rejected"]):
        assert command_line.main() == 1
    printed = capsys.readouterr().out
    seed = int(printed.split("seed ")[2].split()[0])
    monkeypatch.setattr("sys.argv", ["campaign", "--show", str(seed)])
    with planted(MISTAKES["not found read as rejected"]):
        assert command_line.main() == 1
    assert "told REJECTED, it is alive" in capsys.readouterr().out
    assert command_line.main() == 0


def test_a_tally_keeps_count_of_failures_that_it_does_not_keep():
    counted = Tally()
    for _ in range(3):
        counted.add(Tally(failed=60, failures=[(1, ["double"])] * 60))
    assert counted.failed == 180
    assert len(counted.failures) == 100


INTENT = Intent("tag", b"body", "lookup_first", None, 30)
NEVER = Told(Outcome.NOT_SENT, None, True, "proof")


def judged(*facts):
    ledger = Ledger()
    ledger.note("intent", 0, INTENT)
    for what, at_ns, value in facts:
        ledger.note(what, at_ns, value)
    return complaints(ledger)


def test_a_life_without_a_fault_is_not_complained_of():
    assert judged(("left", 1, b"body"), ("told", 2, NEVER)) == []


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        ("silent", []),
        ("halted", [("halted", 1, "why"), ("told", 2, NEVER)]),
        ("endless", [("endless", 1, None), ("told", 2, NEVER)]),
        ("astray", [("astray", 1, None), ("told", 2, NEVER)]),
        ("proof", [("told", 2, NEVER._replace(proof=None))]),
        (
            "early",
            [
                ("left", 1, b"body"),
                ("paused", 2, 9),
                ("looked", 3, Looked(2, ())),
                ("left", 4, b"body"),
                ("told", 5, NEVER),
            ],
        ),
    ],
)
def test_the_checker_complains_of_what_no_planted_mistake_leads_to(said, facts):
    assert [text.split(":")[0] for text in judged(*facts)] == [said]


def accepts(**changed):
    """A judge of events that asks for less."""

    def shown_by(row, order, tag, contract_id, since_s):
        asked = {
            "account": row.get("accountId") == order.account_id,
            "tag": row.get("customTag") == tag,
            "leg": not row.get("parentOrderId"),
            "time": not str(row.get("creationTimestamp")).startswith("2020"),
            "side": row.get("side") == order.side,
            "contract": row.get("contractId") == contract_id,
            "status": type(row.get("status")) is int and row["status"] != 5,
        }
        return all({**asked, **changed}.values())

    return shown_by


def test_events_of_the_hub_resolve_orders_in_doubt():
    lives = [live(seed, USUAL).ledger for seed in range(400)]
    assert sum(fact.what == "witnessed" for life in lives for fact in life) > 5


@pytest.mark.parametrize(
    "what", ["account", "tag", "leg", "time", "side", "contract", "status"]
)
def test_the_checker_catches_an_event_that_is_believed_though_it_proves_nothing(
    what, monkeypatch
):
    monkeypatch.setattr(lookups, "is_shown_by", accepts(**{what: True}))
    assert is_caught({"phantom", "wrong"})
