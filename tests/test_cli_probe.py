"""The practice probe finds what the gateway is like, keeps its limit, and cleans up."""

import re

import pytest
from canary import API_KEY
from conftest import ACCOUNT, COMBINE
from test_examples import ROOT

from fastorder.simulator import Fault, Personality, run_in_thread
from fastorder.simulator.personality import NAMED

pytest.importorskip("typer")

from fastorder import blocking
from fastorder.cli.probing import command, limits, of_hubs
from fastorder.cli.probing.limits import Allowance, Pace, Spent
from fastorder.cli.probing.questions import BY_NAME, QUESTIONS
from fastorder.cli.probing.scene import Plan
from fastorder.cli.program import run

PLAN = Plan(rounds=3, samples=2, patience_s=5, settle_s=0.02)
PLACE = "/api/Order/place"


@pytest.fixture
def quick(monkeypatch):
    """What comes at once where it comes at all comes sooner over loopback."""
    monkeypatch.setattr(of_hubs, "LISTEN_S", 0.5)
    monkeypatch.setattr(of_hubs, "FRAMES_S", 0.5)


def like(
    personality, names, plan=PLAN, allowed=1000, prepare=lambda gateway: None, pace=None
):
    """Ask a gateway of a personality: answers by name, what is left, the gateway."""
    with run_in_thread(rate_limit=False, personality=personality) as gateway:
        gateway.gateway.tokens.keys["trader1"] = API_KEY
        gateway.hubs.ping_s, gateway.hubs.timeout_s = 0.1, 1.0
        prepare(gateway)
        with blocking.Trader(
            gateway.base_url, user_name="trader1", api_key=API_KEY, account="PRAC",
            journal=False, realtime=False,
        ) as trader:  # fmt: skip
            scene = command.scene_of(
                trader, "MNQ", plan, Allowance(allowed), pace or Pace(100_000)
            )
            scene.login = lambda: gateway.call(lambda: None)
            answers = []
            asked = [BY_NAME[name] for name in names]
            left = command.probe(scene, asked, answers, lambda line: None)
        working = gateway.gateway.exchange.accounts[ACCOUNT].working
        assert not working, "everything was cancelled"
    return {each.question.name: each for each in answers}, left, gateway


def found(answers):
    return {name: each.found for name, each in answers.items()}


ORDERS = ["tag-check", "duplicate", "burning", "tag-shape", "visibility"]
HUBS = ["silence", "snapshot", "twice", "text-account"]


def test_a_plain_gateway(quick):
    answers, left, gateway = like(NAMED["plain"], [*ORDERS, *HUBS, "http-500"])
    told = found(answers)
    assert told["tag-check"].startswith("atomic")
    assert told["duplicate"] == "refused with code 2, orderId None"
    assert told["burning"].startswith("a refused order holds its tag")
    assert "512 characters" in told["tag-shape"]
    assert "case matters" in told["tag-shape"]
    assert "all letters are kept" in told["tag-shape"]
    assert told["silence"].startswith("a ping each 0.")
    assert "it was ended after" in told["silence"]
    assert told["snapshot"].startswith("nothing is told")
    assert told["twice"] == "each event came 1 time"
    assert told["text-account"] == "refused"
    assert told["http-500"].startswith("0 of ")
    assert left == []
    assert all(each.is_answered for each in answers.values())
    sent = len(gateway.ledger.requests(PLACE))
    assert sent == sum(each.orders for each in answers.values()) + 1


def test_an_odd_gateway(quick):
    told = found(like(NAMED["odd"], [*ORDERS[1:4], *HUBS])[0])
    assert told["duplicate"] == "refused with code 2, its number"
    assert told["burning"].startswith("a refused order leaves its tag free")
    assert "not so" not in told["burning"]
    assert "128 characters" in told["tag-shape"]
    assert "case does not matter" in told["tag-shape"]
    assert told["snapshot"] == "told at once: GatewayUserOrder"
    assert told["twice"] == "each event came 2 times"
    assert told["text-account"] == "taken as the number"


def test_a_racy_check_of_tags_is_found():
    answers, left, gateway = like(NAMED["racy"], ["tag-check"])
    assert answers["tag-check"].found.startswith("racy: up to 8 orders of 8")
    assert len(gateway.ledger.placements()) == 8 * PLAN.rounds + 1
    assert left == []


def waits_of(answer):
    """The slowest wait for each look-up, in seconds."""
    return [
        max(float(ms) for ms in line.partition(": ")[2].split(", ")) / 1e3
        for line in answer.evidence
    ]


def test_each_lag_is_found():
    slow = Personality(search_lag_s=1.0, query_lag_s=0.5, by_id_lag_s=0.25)
    answers, _, _ = like(slow, ["visibility"])
    waits = waits_of(answers["visibility"])
    assert all(
        wait >= lag / 2 for wait, lag in zip(waits, (1.0, 0.5, 0.25), strict=True)
    )
    answers, _, _ = like(None, ["visibility"])
    assert answers["visibility"].found.startswith("seen at the latest after: search ")


def test_what_waited_for_its_turn_is_not_measured(monkeypatch):
    monkeypatch.setattr(limits, "MINUTE_S", 1.0)
    monkeypatch.setattr(command.Pace, "make_room", lambda self, count: None)
    once = Plan(samples=1, patience_s=5)
    answers, _, _ = like(None, ["visibility"], once, pace=Pace(3))
    assert answers["visibility"].found == "not answered: nothing was measured"


class Time:
    """A clock that goes on where somebody sleeps."""

    def __init__(self):
        self.now_s = 100.0

    def monotonic(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


def test_room_is_made_before_something_is_measured(monkeypatch):
    clock = Time()
    monkeypatch.setattr(limits, "time", clock)
    pace = Pace(10)
    pace.wait(8)
    pace.make_room(100)
    assert clock.now_s == 100.0 + limits.MINUTE_S
    pace.wait(10)
    assert pace.waits == 1


def test_a_lag_beyond_the_patience_is_said():
    slow = Personality(search_lag_s=60)
    impatient = Plan(samples=1, patience_s=0.2)
    answers, _, _ = like(slow, ["visibility"], impatient)
    assert not answers["visibility"].is_answered
    assert "was not in search in 0.2 s" in answers["visibility"].found


def test_the_line(quick):
    idle = Personality(idle_s=0.5)
    names = ["unauthorized", "idle", "abandoned", "negotiate", "token-place", "logout"]
    told = found(like(idle, [*names, "frames"])[0])
    assert told["unauthorized"] == "HTTP 401, no order came of it"
    assert told["idle"].startswith("an idle connection was closed after ")
    assert told["abandoned"].startswith("2 of 2 were there")
    assert told["negotiate"].count("HTTP 200") == 2
    assert told["token-place"].count("works") == 4
    assert told["logout"].startswith("nothing came")
    assert told["frames"].startswith("permessage-deflate ")


def test_a_token_that_ends_ends_the_connection_or_does_not(monkeypatch):
    def short(gateway):
        gateway.gateway.tokens.lifetime_s = 2

    ending = Personality(ends_at_expiry=True)
    told = found(like(ending, ["expiry"], prepare=short)[0])
    assert told["expiry"].startswith("it was ended ")
    monkeypatch.setattr(of_hubs, "ANSWER_S", 0.5)
    told = found(like(None, ["expiry"], prepare=short)[0])
    assert told["expiry"].startswith("it was still open 0.5 s after")
    told = found(like(None, ["expiry"])[0])
    assert "a longer --patience waits for it" in told["expiry"]


def test_one_request_too_many(monkeypatch):
    monkeypatch.setattr(limits, "MINUTE_S", 0.2)

    def limited(gateway):
        refused = {"effect": "none", "reply": "status", "status": 429}
        late = {"after": 7, "retry_after": "30"}
        gateway.faults.add(Fault("/api/order/searchopen", **refused, **late))
        gateway.faults.add(Fault(PLACE, **refused, after=1))

    answers, left, _ = like(None, ["rate-limit"], prepare=limited)
    told = "request 8 was refused; an order then: HTTP 429, no order came of it"
    assert found(answers)["rate-limit"] == told
    assert "retry-after: 30" in answers["rate-limit"].evidence[1]
    assert left == []


def test_it_sends_no_more_orders_than_are_allowed():
    answers, left, gateway = like(
        None, ["duplicate", "tag-check", "visibility"], allowed=4
    )
    assert len(gateway.ledger.requests(PLACE)) == 4
    assert answers["duplicate"].is_answered
    assert (
        "at most 4 orders may be sent, 3 were and 8 more" in answers["tag-check"].found
    )
    assert "not answered: at most 4 orders may be sent" in answers["visibility"].found
    assert left == []


def test_an_allowance_counts_all_or_nothing():
    allowance = Allowance(10)
    allowance.take(8)
    with pytest.raises(Spent):
        allowance.take(3)
    assert allowance.sent == 8


def test_a_pace_lets_the_next_wait(monkeypatch):
    clock = Time()
    monkeypatch.setattr(limits, "time", clock)
    pace = Pace(2)
    for _ in range(5):
        pace.wait()
    assert clock.now_s == 100.0 + 2 * limits.MINUTE_S


def test_a_closed_market_leaves_orders_without_an_answer(quick):
    def close(gateway):
        class Closed:
            def is_open(self, at_s):
                return at_s < began_s

        began_s = gateway.gateway.clock.now_s() - 1

        gateway.call(lambda: gateway.gateway.open_hours(Closed()))

    answers, _, gateway = like(None, ["tag-check", "text-account"], prepare=close)
    assert "Trading is currently unavailable" in answers["tag-check"].found
    assert answers["text-account"].is_answered
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_an_order_that_is_never_seen_is_said():
    def lose(gateway):
        gateway.faults.add(Fault(PLACE, reply="hang_up", effect="none", after=1))

    hasty = Plan(samples=1, patience_s=0.2)
    answers, left, _ = like(None, ["abandoned"], hasty, prepare=lose)
    assert answers["abandoned"].found == "none of 1 was there within 0.2 s"
    assert len(left) == 1
    assert "never seen: it may still come" in left[0]


def test_an_order_that_comes_late_is_cancelled_at_the_end():
    def late(gateway):
        fault = Fault(PLACE, reply="hang_up", effect="late", delay_s=0.4, after=1)
        gateway.faults.add(fault)

    answers, left, gateway = like(None, ["duplicate"], prepare=late)
    assert not answers["duplicate"].is_answered
    assert len(gateway.ledger.placements()) == 2
    assert left == []


def test_an_order_whose_answer_is_an_error_is_looked_for():
    def fail(gateway):
        fault = Fault(PLACE, reply="status", status=500, after=1)
        gateway.faults.add(fault)

    answers, left, _ = like(None, ["duplicate", "http-500"], prepare=fail)
    assert not answers["duplicate"].is_answered
    assert answers["http-500"].found.startswith("1 of ")
    assert "an order answered so: there" in answers["http-500"].evidence
    assert left == []


def test_a_filled_order_is_said():
    def fall(gateway):
        gateway.faults.add(Fault("/api/Order/cancel", effect="none", reply="status"))

        def low():
            model = gateway.gateway
            model.exchange.tell = lambda what, *given: dropped(model, what)

        gateway.call(low)

    def dropped(model, what):
        if what == "Order" and not fallen:
            fallen.append(1)
            contract = model.contract("CON.F.US.MNQ.Z26")
            price = contract and model.exchange.last(contract) // 2
            model.exchange.set_price(contract, price)

    fallen = []
    _, left, _ = like(None, ["duplicate"], prepare=fall)
    assert any("was filled" in each for each in left)


# ---------------------------------------------------------------- the command


@pytest.fixture
def typed(shell, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(shell)

    def go(line):
        code = run(["practice-probe", *line.split()])
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


def test_the_order_is_said_before_and_the_report_is_written(typed, gateway, tmp_path):
    code, _, err = typed("--only duplicate,text-account --out report.md --yes")
    assert code == 0
    assert "1. duplicate" in err
    assert "2. text-account" in err
    assert "At most 3 orders" in err
    report = (tmp_path / "report.md").read_text()
    assert "## duplicate" in report
    assert "is already in use" in report
    assert gateway.token not in report
    assert str(ACCOUNT) not in report
    assert API_KEY not in report


def test_nothing_is_sent_unless_it_is_agreed_to(typed, gateway, tmp_path):
    code, _, err = typed("--out report.md")
    assert code == 2
    assert "--yes goes on" in err
    assert gateway.ledger.requests(PLACE) == []
    assert list(tmp_path.glob("*.md")) == []


def test_no_other_account_is_probed(typed, gateway):
    code, _, err = typed(f"--account {COMBINE} --yes")
    assert code == 2
    assert "is no practice account" in err
    assert gateway.ledger.requests(PLACE) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("--only nothing --yes", "--only must name some of"),
        ("--only , --yes", "--only must name some of"),
        ("--requests 201 --yes", "200"),
        ("NOPE --yes", "NOPE"),
        ("--out /nowhere/report.md --yes", "/nowhere"),
    ],
)
def test_what_cannot_be_meant_sends_nothing(typed, gateway, line, word):
    code, _, err = typed(line)
    assert code in (1, 2)
    assert word in err
    assert gateway.ledger.requests(PLACE) == []


def test_an_interrupt_cancels_what_was_sent(typed, gateway, monkeypatch, tmp_path):
    def interrupted(scene):
        scene.must_put(scene.tag())
        raise KeyboardInterrupt

    question = BY_NAME["duplicate"]._replace(run=interrupted)
    monkeypatch.setattr(command, "QUESTIONS", (question,))
    code, _, _ = typed("--yes")
    assert code == 130
    assert len(gateway.ledger.placements()) == 2
    assert not gateway.gateway.exchange.accounts[ACCOUNT].working
    assert list(tmp_path.glob("*.part")) == []


def test_a_harsh_question_has_to_be_named():
    harsh = [each.name for each in QUESTIONS if each.is_harsh]
    assert harsh == ["rate-limit", "expiry"]
    assert not set(harsh) & {each.name for each in command.chosen(None)}


def test_the_page_has_every_question_and_option():
    text = (ROOT / "docs" / "guide" / "practice-probe.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", text, re.MULTILINE))
    assert rows == {each.name: each.asks for each in QUESTIONS}
