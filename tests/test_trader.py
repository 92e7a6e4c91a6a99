"""One object for the day, in both forms: entering, trading, reading, refusing."""

import asyncio
import inspect
import subprocess
import sys
import traceback
from decimal import Decimal
from pathlib import Path

import pytest
from canary import API_KEY
from conftest import ACCOUNT, COMBINE, QUICK, held

import fastorder
from fastorder import FillState, Outcome, blocking
from fastorder.simulator import Fault
from fastorder.trader.base import BaseTrader
from fastorder.trader.entering import EntryVerbs
from fastorder.trader.reading import LookVerbs
from fastorder.trader.trading import TradeVerbs

MNQ = "CON.F.US.MNQ.Z26"
PLACE, LOGIN = "/api/Order/place", "/api/Auth/loginKey"
SEARCH = "/api/Contract/available"
OTHER_KEY = "not-the-key-of-anyone"


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("FASTORDER_USER", "FASTORDER_API_KEY", "FASTORDER_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)


class Form:
    """A trader of either kind, whose verbs give their results."""

    def __init__(self, kind, gateway):
        self.loop = asyncio.new_event_loop() if kind == "async" else None
        self.kind = (fastorder if self.loop else blocking).Trader
        self.url = gateway.base_url
        self.trader = None

    def make(self, **options):
        given = {"user_name": "trader1", "api_key": API_KEY, "account": "PRAC"}
        return self.kind(self.url, retry=QUICK, realtime=False, **(given | options))

    def enter(self, trader=None, **options):
        self.trader = trader or self.make(**options)
        if self.loop is None:
            return self.trader.__enter__()
        return self.loop.run_until_complete(self.trader.__aenter__())

    def leave(self):
        if self.trader is not None and self.loop is None:
            self.trader.shutdown(drain=0)
        elif self.trader is not None:
            self.loop.run_until_complete(self.trader.aclose(drain=0))

    def wait(self, call):
        """The result of a call, awaited where it has to be."""
        if self.loop is None:
            return call()

        async def awaited():
            return await call()

        return self.loop.run_until_complete(awaited())

    def __getattr__(self, verb):
        def call(*given, **named):
            return self.wait(lambda: getattr(self.trader, verb)(*given, **named))

        return call


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = Form(request.param, gateway)
    yield form
    form.leave()
    if form.loop is not None:
        form.loop.close()


@pytest.fixture
def day_of(form):
    form.enter()
    return form


def last_order(gateway):
    account = gateway.gateway.exchange.accounts[ACCOUNT]
    return gateway.call(lambda: max(account.by_id.values(), key=lambda o: o.id))


def sent(gateway, path=PLACE):
    return len(gateway.ledger.requests(path))


# ------------------------------------------------------------ entering


def test_entering_logs_in_and_finds_the_account(form, gateway):
    trader = form.enter(symbols=["MNQ", "MES"])
    assert trader is form.trader
    assert trader.account.id == ACCOUNT
    assert trader.executor.get_contract_id("MES") == "CON.F.US.MES.Z26"
    assert "PRAC-V2" in repr(trader)
    assert "open" in repr(trader)
    form.leave()
    assert "closed" in repr(trader)


@pytest.mark.parametrize(
    ("account", "number"),
    [(ACCOUNT, ACCOUNT), ("50K", COMBINE), ("prac", ACCOUNT), (str(COMBINE), COMBINE)],
)
def test_an_account_has_many_names(form, account, number):
    assert form.enter(account=account).account.id == number


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        ("NONE", fastorder.UnknownAccount),
        (7, fastorder.UnknownAccount),
        (None, fastorder.AmbiguousAccount),
    ],
)
def test_no_account_or_several_end_the_entry(form, account, kind):
    with pytest.raises(kind, match="PRAC-V2"):
        form.enter(account=account)
    assert form.trader.executor.closed


def test_a_wrong_key_ends_the_entry_and_shows_nothing(form):
    with pytest.raises(fastorder.RequestFailed) as told:
        form.enter(api_key=OTHER_KEY)
    assert form.trader.executor.closed
    assert OTHER_KEY not in "".join(traceback.format_exception(told.value))
    assert OTHER_KEY not in repr(vars(form.trader))


def test_a_key_that_cannot_be_used_is_not_shown(form):
    with pytest.raises(fastorder.InvalidField) as told:
        form.make(api_key=" hidden-key ")
    shown = traceback.TracebackException.from_exception(told.value, capture_locals=True)
    ours = "".join(
        str(frame.locals) for frame in shown.stack if frame.filename != __file__
    )
    assert "hidden-key" not in ours + str(told.value)


def test_before_the_entry_and_after_the_close_nothing_is_sent(form, gateway):
    form.trader = form.make()
    with pytest.raises(fastorder.ExecutorMisuse, match="must be entered first"):
        form.buy("MNQ", 1)
    form.enter(form.trader)
    with pytest.raises(fastorder.ExecutorMisuse, match="once only"):
        form.enter(form.trader)


def test_a_closed_trader_says_so(form, gateway):
    form.enter(symbols=["MNQ"])
    form.leave()
    for call in (
        lambda: form.buy("MNQ", 1),
        lambda: form.flatten(),
        lambda: form.positions(),
        lambda: form.buy("MES", 1),
    ):
        with pytest.raises(fastorder.ExecutorClosed):
            call()
    assert sent(gateway) == 0


def test_the_environment_names_all_of_it(form, monkeypatch):
    monkeypatch.setenv("PROJECT_X_USERNAME", "trader1")
    monkeypatch.setenv("PROJECT_X_API_KEY", API_KEY)
    monkeypatch.setenv("FASTORDER_ACCOUNT", "50K")
    monkeypatch.setenv("FASTORDER_BASE_URL", form.url)
    assert form.enter(form.kind.from_env()).account.id == COMBINE
    form.leave()
    assert form.enter(form.kind.from_env(account="PRAC")).account.id == ACCOUNT


def test_what_is_missing_is_named_with_where_it_was_looked_for(form, monkeypatch):
    monkeypatch.setenv("FASTORDER_USER", "trader1")
    with pytest.raises(fastorder.ConfigurationError, match="FASTORDER_API_KEY"):
        form.kind.from_env(base_url=form.url)


def test_the_journal_lies_in_the_platforms_folder(form, tmp_path, gateway):
    form.enter()
    form.buy("MNQ", 1)
    (path,) = tmp_path.rglob("*.db")
    assert str(path) in repr(form.trader)
    assert "trader1" in path.name
    form.leave()
    form.enter(journal=tmp_path / "mine.db")
    assert (tmp_path / "mine.db").exists()


def test_without_a_journal_there_is_none(form, tmp_path):
    form.enter(journal=False)
    assert not list(tmp_path.rglob("*.db"))
    assert "journal: none" in repr(form.trader)


@pytest.mark.parametrize(
    "wrong",
    [{"symbols": "MNQ"}, {"account": 0}, {"account": 1.5}, {"max_quantity": 0}],
)
def test_a_wrong_option_is_refused_at_once(form, wrong):
    with pytest.raises(fastorder.FastOrderError):
        form.make(**wrong)


# ------------------------------------------------------------ orders


def test_a_symbol_is_loaded_at_its_first_use(day_of, gateway):
    placed = day_of.buy("MNQ", 1, stop_loss_ticks=40, take_profit_ticks=80)
    assert placed
    assert placed.outcome is Outcome.ACCEPTED
    assert placed.result.order_id == placed.order_id
    day_of.sell("mnq", 1)
    assert sent(gateway, SEARCH) == 1
    assert sent(gateway) == 2


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ({}, b'"type":2'),
        ({"limit": 20_000}, b'"type":1'),
        ({"stop": 40_000}, b'"type":4'),
        ({"stop": 40_000, "limit": 40_001}, b'"type":3'),
        ({"join": True}, b'"type":6'),
        ({"join": "ask"}, b'"type":7'),
        ({"stop_loss_ticks": 40}, b'"stopLossBracket":{"ticks":-40,"type":4}'),
        ({"take_profit_ticks": 40}, b'"takeProfitBracket":{"ticks":40,"type":1}'),
        (
            {"stop_loss_ticks": 40, "trailing_stop_loss": True},
            b'"stopLossBracket":{"ticks":-40,"type":5}',
        ),
        ({"limit": 20_000, "stop_loss": 19_990.0}, b'"ticks":-40'),
        ({"limit": 20_000, "take_profit": Decimal("20001.25")}, b'"ticks":5,'),
    ],
)
def test_each_kind_of_order_is_what_it_says(day_of, gateway, given, body):
    day_of.buy("MNQ", 1, **given)
    assert body in gateway.ledger.requests(PLACE)[-1].body.replace(b" ", b"")


def test_a_sell_has_its_legs_on_the_other_side(day_of, gateway):
    day_of.sell("MNQ", 1, limit=40_000, stop_loss=40_010, take_profit=39_990)
    body = gateway.ledger.requests(PLACE)[-1].body
    assert b'"ticks":40' in body
    assert b'"ticks":-40' in body


@pytest.mark.parametrize(("verb", "way"), [("sell", -1), ("buy", 1)])
def test_a_trailing_stop_is_set_by_its_distance(day_of, gateway, verb, way):
    placed = getattr(day_of, verb)("MNQ", 1, trail_ticks=40)
    assert placed.trail_ticks is not None
    assert abs(abs(last_order(gateway).trail_ticks) - placed.trail_ticks) == 0
    assert abs(placed.trail_ticks - 40) <= 4  # the market moves on meanwhile
    assert "trails by" in repr(placed)


def test_without_a_last_price_nothing_trails(day_of, gateway):
    body = b'{"bars":[],"success":true,"errorCode":0,"errorMessage":null}'
    gateway.faults.add(
        Fault("/api/History/retrieveBars", reply="body", body=body, times=None)
    )
    with pytest.raises(fastorder.RequestFailed, match="last price"):
        day_of.sell("MNQ", 1, trail_ticks=40)
    assert sent(gateway) == 0


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"limit": 1, "trail_ticks": 4}, "trail_ticks must not come with limit"),
        ({"limit": 1, "join": True}, "join must not come with limit"),
        ({"stop": 1, "trail_ticks": 4}, "trail_ticks must not come with stop"),
        ({"join": "mid"}, "join must be"),
        ({"trail_ticks": 0}, "trail_ticks must be from 1"),
        ({"trail_ticks": 1.5}, "trail_ticks must be a whole number"),
        ({"stop_loss": 20_000}, "stop_loss must come with a limit"),
        ({"stop": 40_000, "take_profit": 41_000}, "take_profit must come with a limit"),
        ({"limit": 20_000, "stop_loss": 20_001}, "stop_loss must be below the limit"),
        ({"limit": 20_000, "stop_loss": 20_000}, "stop_loss must be below the limit"),
        (
            {"limit": 20_000, "take_profit": 19_999},
            "take_profit must be above the limit",
        ),
        (
            {"limit": 20_000, "stop_loss": 19_999, "stop_loss_ticks": 4},
            "stop_loss must not come with stop_loss_ticks",
        ),
        ({"limit": 20_000, "stop_loss": 19_999.1}, "stop_loss must be"),
        ({"limit": 20_000.1}, "limit"),
        ({"stop_loss_ticks": -4}, "stop_loss_ticks"),
        ({"custom_tag": ""}, "custom_tag"),
        ({"valid_for": 0}, "valid_for"),
        ({"account": "NONE"}, "account"),
        ({"account": 1.5}, "account"),
    ],
)
def test_what_contradicts_or_is_wrong_is_refused(day_of, gateway, given, rule):
    with pytest.raises(fastorder.FastOrderError, match=rule):
        day_of.buy("MNQ", 1, **given)
    assert sent(gateway) == 0


def test_a_symbol_that_is_not_there_is_refused(day_of, gateway):
    with pytest.raises(fastorder.UnknownSymbol):
        day_of.buy("NOSUCH", 1)
    assert sent(gateway) == 0


def test_a_name_that_is_near_is_told(day_of):
    with pytest.raises(TypeError, match=r"Trader.flatten\(\).*did you mean"):
        day_of.flatten(dead_line=4)


def test_an_order_of_another_account(day_of, gateway):
    assert day_of.buy("MNQ", 1, account="50K").account_id == COMBINE
    assert day_of.buy("MNQ", 2, account=COMBINE)
    (position,) = day_of.positions(account="50K")
    assert position.size == 3
    assert held(gateway) == 0
    assert day_of.flatten(account="50K")
    assert day_of.positions(account=COMBINE) == []


def test_it_pings_lists_contracts_and_checks_an_order(form, gateway):
    form.enter(symbols=["MNQ"], max_quantity=5)
    assert 0 < form.ping() < 60
    assert {each.name for each in form.contracts("nasdaq")} == {"NQZ6", "MNQZ6"}
    assert len(form.contracts()) == 51
    assert form.trader.check(ORDER) == ()
    with pytest.raises(fastorder.WrongFieldType, match="order must be a whole"):
        form.trader.check(5)
    with pytest.raises(fastorder.UnknownSymbol, match="trader.contract"):
        form.trader.check(ORDER.replace(symbol="MES"))
    assert sent(gateway) == 0


ORDER = fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)


@pytest.mark.parametrize(
    ("verb", "given", "named"),
    [
        ("buy", ["MNQ", 1], {"account": 999}),
        ("sell", ["MNQ", 1], {"account": 999, "limit": 30_000}),
        ("cancel", [5], {"account": 999}),
        ("modify", [5], {"account": 999, "limit": 20_000}),
        ("flatten", [], {"account": 999}),
        ("close", ["MNQ"], {"account": 999}),
        ("partial_close", ["MNQ", 1], {"account": 999}),
        ("cancel_all", ["MNQ"], {"account": 999}),
        ("reverse", ["MNQ"], {"account": 999}),
        ("positions", [], {"account": 999}),
        ("open_orders", [], {"account": 999}),
        ("place_many", [[ORDER]], {"accounts": [ACCOUNT, 999]}),
        ("place_many", [[ORDER, ORDER.replace(account_id=999)]], {}),
    ],
)
def test_a_number_of_no_account_is_refused_and_nothing_is_sent_for_it(
    day_of, gateway, verb, given, named
):
    day_of.contract("MNQ")
    before = len(gateway.ledger.requests())
    text = r"account must be one of the user's, 999 fits none: . accounts: .*12345678"
    with pytest.raises(fastorder.UnknownAccount, match=text):
        getattr(day_of, verb)(*given, **named)
    asked = gateway.ledger.requests()[before:]
    assert {each.endpoint for each in asked} == {"/api/account/search"}


def test_a_query_of_no_account_names_those_that_there_are(day_of):
    with pytest.raises(fastorder.UnknownAccount, match=r"999 is none of 12345678, 1"):
        day_of.trader.query_orders(account=999)


def test_the_users_other_accounts_take_no_look_up(day_of, gateway):
    assert day_of.positions(account=COMBINE) == []
    assert sent(gateway, "/api/Account/search") == 1  # as the trader was entered


def test_one_order_for_several_accounts(day_of, gateway):
    order = fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)
    placed = day_of.place_many([order], accounts=["PRAC", "50K"])
    assert placed
    accounts = {each.account_id for each in gateway.ledger.placements()}
    assert accounts == {ACCOUNT, COMBINE}
    for wrong in ("PRAC", [], ["PRAC", "PRAC"], [None], 5):
        with pytest.raises(fastorder.FastOrderError):
            day_of.place_many([order], accounts=wrong)
    assert sent(gateway) == 2


def test_an_account_of_two_names_gets_one_order_only(day_of, gateway):
    order = fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)
    with pytest.raises(fastorder.InvalidField, match="name each account once"):
        day_of.place_many([order], accounts=["PRAC", ACCOUNT])
    assert sent(gateway) == 0


def test_bars_for_a_trailing_order_are_counted_as_history(day_of):
    day_of.buy("MNQ", 1, trail_ticks=40)
    assert day_of.trader.budgets.history_used == 1


def test_a_placed_order_is_followed_and_cancelled(day_of, gateway):
    fill = day_of.wait(lambda: placed_now(day_of).filled(timeout=5))
    assert fill.state is FillState.FILLED
    resting = day_of.buy("MNQ", 1, limit=20_000)
    assert day_of.wait(resting.cancel).success
    assert resting.raise_for_outcome() is resting


def placed_now(form):
    if form.loop is None:
        return form.trader.buy("MNQ", 1)
    ticket = form.trader.buy("MNQ", 1)
    return Follow(ticket)


class Follow:
    """An order in flight, followed once it is placed."""

    def __init__(self, ticket):
        self._ticket = ticket

    async def filled(self, timeout):
        placed = await self._ticket
        return await placed.filled(timeout)


def test_a_rejection_is_told_by_its_result(day_of, gateway):
    gateway.faults.add(
        Fault(PLACE, reply="code", effect="none", error_code=2, message="no money")
    )
    placed = day_of.buy("MNQ", 1)
    assert not placed
    assert placed.outcome is Outcome.REJECTED
    with pytest.raises(fastorder.OrderRejected, match="no money"):
        placed.raise_for_outcome()
    with pytest.raises(fastorder.OrderRejected):
        placed.cancel()


# ------------------------------------------------------------ the day


def test_a_day_from_its_first_order_to_flat(day_of, gateway):
    placed = day_of.buy("MNQ", 2, stop_loss_ticks=400, take_profit_ticks=800)
    stop = next(each for each in day_of.open_orders() if each.stop_price)
    assert day_of.move_stop("MNQ", stop.stop_price + 5).success
    target = next(each for each in day_of.open_orders() if each.limit_price)
    assert day_of.move_target("MNQ", target.limit_price + 5).success
    assert day_of.order(placed.order_id).fill_volume == 2
    assert day_of.partial_close("MNQ", 1)
    assert day_of.reverse("MNQ")
    (position,) = day_of.positions()
    assert position.net == -1
    assert day_of.close("MNQ")
    resting = day_of.buy("MNQ", 1, limit=20_000)
    assert day_of.modify(resting.order_id, limit=20_001).success
    assert day_of.cancel(resting.order_id).success
    day_of.buy("MNQ", 1, limit=20_000)
    assert day_of.cancel_all("MNQ")
    assert day_of.flatten("MNQ")
    assert held(gateway) == 0


def test_the_kill_switch_is_at_hand(day_of, gateway):
    day_of.buy("MNQ", 1)
    day_of.trader.kill("enough")
    assert "enough" in day_of.trader.halted
    with pytest.raises(fastorder.Halted):
        day_of.buy("MNQ", 1)
    assert day_of.flatten()
    day_of.trader.resume()
    assert day_of.trader.halted is None


# ------------------------------------------------------------ both forms, import


def verbs_of(kind):
    return {
        name: getattr(kind, name)
        for name in dir(kind)
        if name[:1] != "_" and callable(getattr(kind, name))
    }


ENDINGS = {"aclose", "shutdown"}


def test_every_verb_is_in_both_forms_with_the_same_arguments():
    one, other = verbs_of(fastorder.Trader), verbs_of(blocking.Trader)
    assert set(one) - ENDINGS == set(other) - ENDINGS
    for name in set(one) - ENDINGS:
        ours, theirs = (
            [
                (each.name, each.kind, each.default)
                for each in inspect.signature(kind).parameters.values()
            ]
            for kind in (one[name], other[name])
        )
        assert ours == theirs, name
    ours, theirs = (inspect.signature(each.__init__) for each in TRADERS)
    assert list(ours.parameters) == list(theirs.parameters)


TRADERS = (fastorder.Trader, blocking.Trader)


def test_every_act_of_an_executor_is_in_both_with_the_same_arguments():
    for name in (
        "flatten",
        "cancel_all",
        "close_out",
        "partial_close_out",
        "reverse",
    ):
        one, other = (
            inspect.signature(getattr(module.OrderExecutor, name))
            for module in (fastorder, blocking)
        )
        assert one == other


def test_every_verb_is_documented():
    for kind in (BaseTrader, LookVerbs, EntryVerbs, TradeVerbs):
        for name, verb in verbs_of(kind).items():
            assert inspect.getdoc(verb), name


def test_importing_the_package_loads_no_trader():
    program = (
        "import sys, fastorder, fastorder.blocking;"
        "late = [name for name in sys.modules if name.startswith(('fastorder.trader',"
        " 'fastorder.settings', 'fastorder.acts.report', 'fastorder.acts.fills'))];"
        "assert not late, late;"
        "fastorder.Trader; fastorder.blocking.Trader;"
        "assert 'fastorder.trader.waiting' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_lessens_risk_waits_for_no_read_of_the_limits(gateway):
    """The limits know nothing of the other account, and its trades cannot be read."""
    with blocking.Trader(
        gateway.base_url,
        user_name="trader1",
        api_key=API_KEY,
        account=ACCOUNT,
        journal=False,
        retry=QUICK,
        risk=fastorder.RiskLimits(max_position=5),
    ) as trader:
        trader.executor.load_contract("MNQ")
        with blocking.OrderExecutor(gateway.base_url) as other:
            other.set_token(gateway.token)
            other.load_contract("MNQ")
            assert other.place_market_order("MNQ", "BUY", 3, COMBINE).success
        trades = Fault("/api/Trade/search", effect="none", reply="status", times=None)
        gateway.faults.add(trades)
        trader.flatten("MNQ", account=COMBINE, deadline=1)
    assert sent(gateway, "/api/Position/closeContract") == 1


# ------------------------------------------------------------ what is on


def test_what_is_on_shows_in_its_repr(form):
    shown = repr(form.make(journal=False))
    assert "journal: none, budgets: 200 requests in 60 s, " in shown
    assert "limits: max_quantity=100, max_orders_per_second=20, risk ACTIVE, " in shown
    form.enter(form.make(budgets=False, risk=False, max_quantity=5, journal=False))
    assert "budgets: none, limits: max_quantity=5, open" in repr(form.trader)


def test_each_limit_of_ones_own_shows_in_the_repr(form):
    limits = fastorder.RiskLimits(
        symbols=["mnq", "ES"], accounts=[5, 12], flat_by="15:08", max_daily_loss=500,
        max_lots=2, lot_weights={"MNQ": 0.5}, flatten_on_breach=True,
    )  # fmt: skip
    form.enter(risk=limits, journal=False)
    form.trader.risk.reduce("a break")
    shown = repr(form.trader)
    for text in (
        "symbols={ES, MNQ}", "accounts={5, 12}", "flat_by=15:08:00", "max_lots=2",
        "max_daily_loss=500", "lot_weights={MNQ: 0.5}", "flatten_on_breach=True",
        "risk REDUCING", "budgets: 200 requests in 60 s",
    ):  # fmt: skip
        assert text in shown
    assert "None" not in shown
    assert "price_max_age" not in shown  # as it is unless told otherwise


def test_the_largest_order_of_the_guide_is_the_largest_that_leaves(form):
    form.enter(symbols=["MNQ"], journal=False)
    with pytest.raises(fastorder.InvalidField, match="must be at most 100, .* was 101"):
        form.buy("MNQ", 101)
    page = Path(__file__).parent.parent / "docs" / "guide" / "trading-day.md"
    words = " ".join(page.read_text("utf-8").split())
    assert "two limits, 100 contracts in an order" in words
