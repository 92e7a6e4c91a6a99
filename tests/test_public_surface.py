"""What users see of the public classes: names, signatures, texts, truth."""

import dataclasses
import inspect
import pickle
import re
import typing
from array import array
from datetime import date
from enum import Enum

import pytest
from conftest import ACCOUNT

import fastorder
from fastorder import (
    OrderResult,
    Outcome,
    blocking,
    errors,
    journal,
    marketdata,
    simulator,
    store,
)
from fastorder.store import market


def things():
    """Every public class and function, by the name that users write."""
    found = {
        "fastorder.blocking.OrderExecutor": blocking.OrderExecutor,
        "fastorder.blocking.Trader": blocking.Trader,
    }
    for module in (fastorder, journal, marketdata, simulator, store, market):
        for name in module.__all__:
            found[f"{module.__name__}.{name}"] = getattr(module, name)
    for name, thing in vars(errors).items():
        is_public = name[0] != "_" and isinstance(thing, type)
        if is_public and thing.__module__ == errors.__name__:
            found[f"fastorder.errors.{name}"] = thing
    return {name: thing for name, thing in found.items() if callable(thing)}


THINGS = things()
CLASSES = {name: kind for name, kind in THINGS.items() if isinstance(kind, type)}


def each(named):
    """Parameters of a test, one for each thing."""
    return [pytest.param(name, thing, id=name) for name, thing in named.items()]


# ------------------------------------------------------------ names and signatures


@pytest.mark.parametrize(("name", "kind"), each(CLASSES))
def test_the_arguments_of_its_methods_can_be_read(name, kind):
    for method in public(dir(kind)):
        if callable(getattr(kind, method)) and method not in Outside.of(kind):
            signature = inspect.signature(getattr(kind, method))
            kinds = {parameter.kind for parameter in signature.parameters.values()}
            assert method in OPEN or not kinds & SWALLOWING, method


OPEN = {"record", "replace", "take", "throw"}
"""What takes any arguments: fields by their names, an error as asyncio gives it."""

SWALLOWING = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


def test_compiled_constructors_take_what_their_signatures_say():
    for kind, least in (
        (OrderResult, {"outcome": Outcome.REJECTED}),
        (
            journal.Intent,
            {
                "tag": "t",
                "key": None,
                "account_id": 1,
                "contract_id": "C",
                "body": b"{}",
                "valid_until_s": None,
                "created_s": 1.0,
            },
        ),
    ):
        signature = inspect.signature(kind)
        given = signature.bind(**least)
        given.apply_defaults()
        assert kind(*given.args, **given.kwargs) == kind(**least)
        assert list(least) == [
            name
            for name, parameter in signature.parameters.items()
            if parameter.default is parameter.empty
        ]
    with pytest.raises(TypeError):
        OrderResult(Outcome.REJECTED, **dict.fromkeys([*signature.parameters]))


@pytest.mark.parametrize("name", [name for name in CLASSES if name.count(".") == 1])
def test_types_of_its_fields_can_be_read(name):
    if dataclasses.is_dataclass(CLASSES[name]):
        assert typing.get_type_hints(CLASSES[name])


@pytest.mark.parametrize("facade", [fastorder, blocking])
def test_an_executor_is_shown_as_it_is_imported(facade):
    executor = facade.OrderExecutor("http://127.0.0.1:1")
    assert repr(executor).startswith(f"<{facade.__name__}.OrderExecutor http")


def test_a_wrong_argument_of_an_executor_names_no_class_inside():
    with pytest.raises(TypeError, match=r"^OrderExecutor(\.__init__)?\(\) got") as told:
        fastorder.OrderExecutor(timeout=1)
    assert "'timeout'" in str(told.value)


def test_pickles_from_before_are_read():
    result = OrderResult(Outcome.UNKNOWN, tag="t", attempts=2)
    now = pickle.dumps(result, protocol=0)
    before = now.replace(
        b"cfastorder\nOrderResult", b"cfastorder._core.flow.result\nOrderResult"
    ).replace(b"cfastorder\nOutcome", b"cfastorder.enums\nOutcome")
    assert before != now
    assert pickle.loads(before) == pickle.loads(now) == result


# ------------------------------------------------------------ tab completion

SHOWN = {
    "fastorder.ActReport": "account_id act contracts steps took_s verified why",
    "fastorder.ActStep": "contract_id result",
    "fastorder.ContractReport": "contract_id position steps verified why working",
    "fastorder.Fill": ("average_price is_final order placed quantity state trades why"),
    "fastorder.PartialCloseReport": "oversized position result why",
    "fastorder.Placed": (
        "account_id cancel filled legs raise_for_outcome result trail_ticks"
    ),
    "fastorder.PlacedMany": "results",
    "fastorder.ReverseReport": "closed placed why",
    "fastorder.AmbiguousAccount": "ids",
    "fastorder.AmbiguousSymbol": "names",
    "fastorder.Account": (
        "balance balance_float can_trade extra from_wire id name simulated visible"
    ),
    "fastorder.Contract": (
        "active description extra from_wire id money name price round_to_tick "
        "symbol_id tick_micros tick_size tick_size_float tick_value tick_value_float "
        "ticks"
    ),
    "fastorder.Denial": "code found limit text value",
    "fastorder.DespiteUnknown": "reason tags",
    "fastorder.Order": (
        "account_id contract_id created created_ns custom_tag extra fill_volume "
        "filled_price filled_price_float from_wire id limit_price limit_price_float "
        "linked_id parent_id side size status stop_price stop_price_float symbol_id "
        "trail_distance trail_price trail_price_float type updated updated_ns"
    ),
    "fastorder.OrderRequest": (
        "account_id custom_tag despite idempotency_key limit_price order_type quantity "
        "replace side stop_loss_ticks stop_price symbol take_profit_ticks trail_price "
        "trailing_stop_loss valid_for"
    ),
    "fastorder.OrderResult": (
        "action attempts error error_code error_name get http_status items keys "
        "message order_id outcome proof raise_for_outcome success tag timing values"
    ),
    "fastorder.RetryPolicy": (
        "base_delay delays_ns jitter max_delay max_retries max_retry_after multiplier "
        "quiet resend statuses watch"
    ),
    "fastorder.RiskLimits": (
        "accounts commissions duplicate_window flat_by flatten_on_breach loss_max_age "
        "lot_weights max_daily_loss max_lots max_open_orders max_order_size "
        "max_orders_per_second max_position preset price_collar_ticks price_max_age "
        "replace symbols trailing_from trailing_loss trailing_stops_at"
    ),
    "fastorder.store.Bars": (
        "columns every first_partial from_columns gaps joined last_partial name names "
        "rolls source tally tick_size to_numpy whole"
    ),
    "fastorder.store.MarketData": (
        "add_bars bars contracts days fetch_bars fetch_bars_async import_file "
        "missing_bars record rolls series ticks"
    ),
    "fastorder.store.Recorder": (
        "add at_close attach close flush on_gap on_tick on_trade on_trades state"
    ),
    "fastorder.store.Ticks": "bars price price_ticks side size time_ns",
    "fastorder.store.market.BarsAdded": "added replaced same",
    "fastorder.store.market.Calendar": "day days_before weekday",
    "fastorder.store.market.Dates": "days",
    "fastorder.store.market.Fetched": "added asked replaced same",
    "fastorder.store.market.ImportRefused": "path row why",
    "fastorder.store.market.Imported": (
        "added alike contract form kind left_out repeated replaced rows unsorted"
    ),
    "fastorder.store.market.RecorderState": (
        "cut_bytes failure gaps kept lost strange waiting"
    ),
    "fastorder.store.market.Roll": ("after after_ticks at_ns before before_ticks day"),
    "fastorder.store.market.Series": "contract path source span",
    "fastorder.store.market.TickGap": "since_ns until_ns why",
    "fastorder.Ticket": "account_id done kind order_id result settled state tag",
    "fastorder.Timeouts": "connect request",
    "fastorder.Timing": (
        "call_to_first_byte call_to_result call_to_written called first_byte parsed "
        "written"
    ),
    "fastorder.Position": (
        "account_id average_price average_price_float contract_id created created_ns "
        "extra from_wire id name net size type"
    ),
    "fastorder.Trade": (
        "account_id commissions contract_id created created_ns extra fees fees_float "
        "from_wire id order_id price price_float profit_and_loss "
        "profit_and_loss_float side size voided"
    ),
    "fastorder.journal.Attempt": "at_s number",
    "fastorder.journal.Entry": (
        "attempts intent order_id outcome proof resolved resolved_s sends sha256 "
        "verdicts"
    ),
    "fastorder.journal.Intent": (
        "account_id body contract_id created_s key tag valid_until_s"
    ),
    "fastorder.journal.Journal": (
        "attempt by_key by_tag close closed commit durability failure intent note "
        "notes path resolve resolve_later since tidy unresolved"
    ),
    "fastorder.journal.Note": "at_s reason subject until_s value",
    "fastorder.journal.Position": "crc event",
    "fastorder.journal.Since": "begins_anew entries position",
    "fastorder.journal.Verdict": "at_s order_id outcome proof",
    "fastorder.marketdata.Bar": (
        "buy_volume close high low open partial sell_volume ticks time time_ns value "
        "value_rest volume vwap"
    ),
    "fastorder.marketdata.BarBuilder": (
        "advance closed every finish first_partial last_ns late_dropped late_merged "
        "made outside snapshot update update_many"
    ),
    "fastorder.marketdata.BarWriter": "bars write",
    "fastorder.marketdata.Bars": (
        "close columns every first_partial from_columns gaps high joined last_partial "
        "low names open tally time_ns to_numpy volume whole"
    ),
    "fastorder.Budgets": (
        "history_requests history_seconds kept kept_for_orders longest_wait path "
        "requests seconds shared"
    ),
    "fastorder.BudgetsLeft": (
        "closed_s history_requests history_seconds history_used lanes requests seconds "
        "shared trouble used"
    ),
    "fastorder.LaneLeft": "left room_in_s waiting",
    "fastorder.marketdata.Comparison": (
        "agrees compared differences every extra missing"
    ),
    "fastorder.marketdata.Difference": "column gateway ours time_ns",
    "fastorder.marketdata.Gap": "bars end end_ns start start_ns",
    "fastorder.marketdata.MultiTimeframe": (
        "advance late_dropped names snapshot update"
    ),
    "fastorder.marketdata.Sessions": "closes days name opens zone",
    "fastorder.marketdata.Tally": "late_dropped late_merged outside",
    "fastorder.marketdata.TickColumns": "price side size time_ns",
    "fastorder.marketdata.TickUnits": "price side time",
    "fastorder.marketdata.Timeframe": "count length_ns offset_ns sessions unit",
    "fastorder.simulator.Clock": "now_s",
    "fastorder.simulator.Effect": (
        "account_id custom_tag kind order_id sequence time_s"
    ),
    "fastorder.simulator.Fault": (
        "after body cut_at delay_s effect endpoint error_code headers message reply "
        "reset retry_after status success times"
    ),
    "fastorder.simulator.Gateway": (
        "add_account become by_id_lag_s clock contract contracts exchange handle "
        "ledger most_bars open_hours order_entry query_lag_s rows_of search_lag_s "
        "set_price tape_of tapes tokens"
    ),
    "fastorder.simulator.Hours": "is_open",
    "fastorder.simulator.Money": "fees profit trades",
    "fastorder.simulator.Ledger": (
        "accounts counts effect effects money placements request requests to_dicts"
    ),
    "fastorder.simulator.ManualClock": "advance now_s",
    "fastorder.simulator.Request": (
        "account_id body connection custom_tag endpoint fault sequence sha256 time_s"
    ),
    "fastorder.simulator.Simulator": (
        "base_url become call compresses connections faults gateway host hubs ledger "
        "market port set_price start stop token"
    ),
    "fastorder.simulator.Personality": (
        "burns_tags by_id_lag_s duplicate_has_order ends_at_expiry idle_s longest_tag "
        "query_lag_s search_lag_s snapshot tag_case tag_race_s tells_each text_accounts"
    ),
    **{
        f"fastorder.marketdata.{name}": "level"
        for name in ("Imbalance", "Range", "Renko", "TickCount", "Value", "Volume")
    },
    "fastorder.Interlocked": "tags",
    "fastorder.MissingSetting": "looked name others",
    "fastorder.SettingsError": "found key path rule",
    "fastorder.InvalidField": "field hint rule value",
    "fastorder.WrongFieldType": "field hint rule value",
    "fastorder.RiskDenied": "code denials",
    "fastorder.KeyReused": "before is_tag key now places",
    "fastorder.ActStopped": "act came_to why",
    "fastorder.NotAwaited": "name obj",
    "fastorder.InvocationFailed": "sent target why",
    "fastorder.Lagged": "lost",
    "fastorder.errors.Unshown": "kind",
    **dict.fromkeys(
        ["fastorder.AuthLost", "fastorder.RequestFailed"],
        "error_code error_name http_status",
    ),
    **{
        f"fastorder.Order{what}": "result"
        for what in ("Failed", "NotPlaced", "NotSent", "Rejected", "Unknown")
    },
    **{
        name: "expected found path"
        for name, kind in CLASSES.items()
        if issubclass(kind, errors.JournalError)
    },
    **{
        name: "expected found where"
        for name, kind in CLASSES.items()
        if issubclass(kind, errors.StoreError)
    },
    "fastorder.store.Day": (
        "account_id contract_id contracts drawdown fees fills gross net "
        "strategy trades trading_day win_rate wins"
    ),
    "fastorder.store.Discrepancy": ("account_id item kind ours seen_ns theirs"),
    "fastorder.store.EquityPoint": (
        "account_id at_ns balance drawdown open realised trading_day"
    ),
    "fastorder.store.FillRecord": (
        "account_id at at_ns commission contract_id extra fees gross "
        "order_id price side size sources strategy trade_id trading_day "
        "voided"
    ),
    "fastorder.store.OrderRecord": (
        "account_id contract_id created created_ns extra filled "
        "filled_price key legs limit_price linked_id order_id outcome "
        "parent_id proof side size sources status stop_price strategy tag "
        "trading_day trail_ticks type updated_ns"
    ),
    "fastorder.store.RoundTrip": (
        "account_id contract_id entry_ns entry_order entry_price exit_ns "
        "exit_order exit_price fees gross mae mfe net position side size "
        "strategy trading_day"
    ),
    "fastorder.store.Records": ("arrow"),
    "fastorder.store.Session": ("end owns"),
    "fastorder.store.Store": (
        "close closed daily discrepancies equity fills flush listen "
        "mark_equity note_risk orders rows session state take take_journal "
        "trades where"
    ),
    "fastorder.store.StoreState": (
        "discrepancies dropped failing spilled waiting written"
    ),
    "fastorder.store.Difference": ("account_id item kind ours theirs"),
    "fastorder.marketdata.BadTick": "index why",
    "fastorder.marketdata.UnsortedTicks": "index why",
}
"""What tab completion offers of one, besides what its kind has from Python."""


class Outside:
    """What a class has from Python itself: of exceptions, tuples, numbers, enums."""

    KINDS = (BaseException, tuple, int)

    @classmethod
    def of(cls, kind):
        names = {
            name for base in cls.KINDS if issubclass(kind, base) for name in dir(base)
        }
        members = getattr(kind, "__members__", {})
        return names | ({"name", "value", *members} if members else set())


def public(names):
    return sorted(name for name in names if not name.startswith("_"))


BARS = {
    name: array("q" if name in ("time_ns", "volume") else "d", [1])
    for name in ("time_ns", "open", "high", "low", "close", "volume")
}


DENIAL = fastorder.Denial(fastorder.Denied.HALTED, "state", "HALTED", "why", "text")


def made(name, kind, folder):
    """One of a kind; of most, what its class and its fields would show is enough."""
    makers = {
        "fastorder.journal.Journal": lambda: kind(folder / "orders.db"),
        "fastorder.marketdata.BarWriter": lambda: kind(folder / "bars.csv"),
        "fastorder.marketdata.Bars": lambda: kind.from_columns(BARS),
        "fastorder.marketdata.MultiTimeframe": lambda: kind(["1m", "5m"]),
        "fastorder.marketdata.Sessions": lambda: kind([0], [1], [date.min]),
        "fastorder.simulator.Simulator": lambda: kind(simulator.Gateway()),
        "fastorder.simulator.Gateway": kind,
        "fastorder.simulator.Ledger": kind,
        "fastorder.AmbiguousAccount": lambda: kind("why"),
        "fastorder.AmbiguousSymbol": lambda: kind("why"),
        "fastorder.Interlocked": lambda: kind("why", ("t",)),
        "fastorder.MissingSetting": lambda: kind("account", ()),
        "fastorder.SettingsError": lambda: kind("a.toml", "key", "must be"),
        "fastorder.KeyReused": lambda: kind("k", "{}", "{}"),
        "fastorder.InvocationFailed": lambda: kind("target", "why"),
        "fastorder.Lagged": lambda: kind(3),
        "fastorder.ActStopped": lambda: kind("act", "why", "nothing"),
        "fastorder.RiskDenied": lambda: kind((DENIAL,)),
        "fastorder.errors.Unshown": lambda: kind("secret"),
        "fastorder.marketdata.BarBuilder": kind,
        "fastorder.store.market.ImportRefused": lambda: kind("a.csv", "why"),
    }
    if name in makers:
        return makers[name]()
    if issubclass(kind, (errors.InvalidField, errors.WrongFieldType)):
        return kind("field", "rule", 1)
    if issubclass(kind, (errors.JournalError, errors.StoreError)):
        return kind("orders.db", "must be", "was")
    if issubclass(kind, errors.OrderFailed):
        return kind(OrderResult(Outcome.REJECTED))
    if issubclass(kind, (marketdata.BadTick, errors.RequestFailed)):
        return kind("why")
    return None


@pytest.mark.parametrize("name", SHOWN)
def test_tab_completion_shows_what_is_for_users(name, tmp_path, run, connect):
    kind = CLASSES[name]
    if name == "fastorder.Ticket":

        async def scene():
            async with connect() as executor:
                ticket = executor.open_orders(ACCOUNT)
                shown = public(dir(ticket))
                await ticket
                return shown

        assert run(scene()) == SHOWN[name].split()
        return
    one = made(name, kind, tmp_path)
    if one is None:
        fields = {
            field
            for base in kind.__mro__
            for field in getattr(base, "__annotations__", ())
        }
        shown = {*public(dir(kind)), *public(fields)}
    else:
        shown = set(public(dir(one)))
    if isinstance(one, journal.Journal):
        one.close()
    assert sorted(shown - Outside.of(kind)) == SHOWN[name].split()


def test_every_class_that_shows_names_stands_in_the_table():
    for name, kind in CLASSES.items():
        if name not in SHOWN and not name.endswith(("OrderExecutor", "Trader")):
            assert not set(public(dir(kind))) - Outside.of(kind), name
            one = kind("why") if issubclass(kind, Exception) else None
            assert not vars(one) if one is not None else issubclass(kind, Enum), name


@pytest.mark.parametrize(("name", "kind"), each(CLASSES))
def test_what_is_shown_is_documented(name, kind):
    texts = " ".join(inspect.getdoc(base) or "" for base in kind.__mro__)
    for shown in set(public(dir(kind))) - Outside.of(kind):
        own = inspect.getdoc(getattr(kind, shown))
        assert own or re.search(rf"\b{shown}\b", texts), shown


def test_the_package_shows_what_is_for_users():
    import fastorder.marketdata

    modules = set(public(dir(fastorder))) - set(fastorder.__all__)
    assert modules <= fastorder._MODULES
    assert set(fastorder.__all__) <= set(dir(fastorder))


# ------------------------------------------------------------ docstrings of the verbs

VERB_CLASSES = {
    name: CLASSES[name]
    for name in (
        "fastorder.OrderExecutor",
        "fastorder.blocking.OrderExecutor",
        "fastorder.Trader",
        "fastorder.blocking.Trader",
        "fastorder.Placed",
    )
}


def verbs_of(kind):
    """The public methods of a class, by name."""
    return {
        name: getattr(kind, name)
        for name in public(dir(kind))
        if callable(getattr(kind, name))
        and not isinstance(inspect.getattr_static(kind, name), (type, float))
    }


def summary_faults(text):
    """What the first paragraph of a docstring lacks."""
    summary = text.partition("\n\n")[0]
    if "\n" in summary or not summary.endswith("."):
        yield "its first paragraph is no summary of one line"
    if re.match(r"(The same|See)\b", summary) or "see ``" in summary:
        yield "its summary does not stand on its own"


def faults_of(verb):
    """What the docstring of a method lacks."""
    text = inspect.getdoc(verb) or ""
    rest = text.partition("\n\n")[2]
    yield from summary_faults(text)
    if any(len(line) > 88 for line in text.splitlines()):
        yield "a line of it is too long"
    for section in ("Args", "Returns", "Raises"):
        if len(re.findall(rf"^{section}:$", rest, re.M)) > 1:
            yield f"it has several sections {section}"
    entries = re.search(r"^Args:\n((?:    .*\n?)*)", rest, re.M)
    explained = re.findall(
        r"^    ([\w*][\w, *]*):", entries[1] if entries else "", re.M
    )
    names = {name.strip(" *") for entry in explained for name in entry.split(",")}
    signature = inspect.signature(verb)
    arguments = [name for name in signature.parameters if name != "self"]
    for name in arguments:
        if name not in names:
            yield f"it does not explain {name}"
    for name in names.difference(arguments):
        yield f"it explains {name}, which the method does not take"


@pytest.mark.parametrize(("name", "kind"), each(CLASSES))
def test_the_summary_of_each_method_stands_on_its_own(name, kind):
    for verb in verbs_of(kind).keys() - Outside.of(kind):
        text = inspect.getdoc(getattr(kind, verb)) or ""
        assert not list(summary_faults(text)), verb


@pytest.mark.parametrize(("name", "kind"), each(VERB_CLASSES))
def test_the_docstring_of_each_method_is_whole(name, kind):
    faults = {
        verb: found
        for verb, method in verbs_of(kind).items()
        if (found := list(faults_of(method)))
    }
    assert not faults


@pytest.mark.parametrize(
    "name", [name for name in VERB_CLASSES if name.endswith(("Executor", "Trader"))]
)
def test_the_docstring_of_each_verb_tells_results_and_errors(name):
    for verb, method in verbs_of(VERB_CLASSES[name]).items():
        text = inspect.getdoc(method)
        gives = inspect.signature(method).return_annotation
        assert "\nReturns:\n" in text or gives == "None", verb
        assert "\nRaises:\n" in text or verb in RAISE_NOTHING, verb


RAISE_NOTHING = {"acts", "get_token", "intents", "kill", "recent"}
"""Verbs that no call of can go wrong."""


def test_what_a_docstring_lacks_is_seen():
    def lacking(self, symbol, quantity):
        """The same, for another contract.

        Args:
            symbol: such as "MNQ".
            account: whose.
        """

    assert list(faults_of(lacking)) == [
        "its summary does not stand on its own",
        "it does not explain quantity",
        "it explains account, which the method does not take",
    ]
    assert "its first paragraph" in next(faults_of(lambda self: None))
