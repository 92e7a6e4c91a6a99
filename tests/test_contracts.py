"""Contracts by the names that people say; the cache and its age; the rollover."""

import asyncio
import json
import os
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from conftest import ACCOUNT, QUICK, prepared
from hypothesis import given
from hypothesis import strategies as st

import fastorder
from fastorder import AmbiguousSymbol, InvalidField, UnknownSymbol, blocking
from fastorder._base.hints import MONTH_LETTERS
from fastorder.contracts.book import ContractBook
from fastorder.contracts.names import month_of, only_one, wanted_from
from fastorder.contracts.products import CODES, NAMES
from fastorder.errors import ConfigurationError, RequestFailed, WrongFieldType
from fastorder.gateway.contracts import ContractCache
from fastorder.models import Contract
from fastorder.runtime.clock import Clock
from fastorder.simulator import Fault
from fastorder.simulator.contracts import listed as simulated

LIST = "/api/Contract/available"
BY_ID = "/api/Contract/searchById"
ALL = [Contract.from_wire(each.to_wire()) for each in simulated().values()]
ACTIVE = [contract for contract in ALL if contract.active]
YEAR = 2026


class Later(Clock):
    """The wall clock, ahead by so much."""

    ahead_s = 0.0

    def wall_s(self):
        return super().wall_s() + self.ahead_s


def asked(gateway, path=LIST):
    return len(gateway.ledger.requests(path))


def made(name, code, month="Z26", active=True, tick="0.25"):
    return Contract(
        f"CON.F.US.{code}.{month}",
        f"{name}{month[0]}{month[-1]}",
        "",
        Decimal(tick),
        Decimal("0.5"),
        active,
        f"F.US.{code}",
    )


# ---------------------------------------------------------------- names


def test_the_table_is_that_of_the_gateway():
    assert {
        (re.sub(r"[A-Z][0-9]$", "", each.name), each.symbol_id[5:]) for each in ALL
    } == set(CODES.items())
    assert len(CODES) == 51


@pytest.mark.parametrize(
    ("written", "contract_id"),
    [
        ("ES", "CON.F.US.EP.Z26"),
        ("NQ", "CON.F.US.ENQ.Z26"),
        ("MNQ", "CON.F.US.MNQ.Z26"),
        ("CL", "CON.F.US.CLE.Z26"),
        ("MCL", "CON.F.US.MCLE.Z26"),
        ("GC", "CON.F.US.GCE.Z26"),
        ("ZN", "CON.F.US.TYA.Z26"),
        ("6E", "CON.F.US.EU6.Z26"),
        ("RTY", "CON.F.US.RTY.Z26"),
        ("QM", "CON.F.US.NQM.Z26"),
        ("NQM", "CON.F.US.NQM.Z26"),
        ("SI", "CON.F.US.SIE.Z26"),
        ("SIL", "CON.F.US.SIL.Z26"),
        ("EP", "CON.F.US.EP.Z26"),
        ("enq", "CON.F.US.ENQ.Z26"),
        ("F.US.EP", "CON.F.US.EP.Z26"),
        ("MNQZ26", "CON.F.US.MNQ.Z26"),
        ("MNQZ6", "CON.F.US.MNQ.Z26"),
        ("mnqz2026", "CON.F.US.MNQ.Z26"),
        ("MNQ 2026-12", "CON.F.US.MNQ.Z26"),
        ("NQU6", "CON.F.US.ENQ.U26"),
        ("6EZ6", "CON.F.US.EU6.Z26"),
        ("EU6", "CON.F.US.EU6.Z26"),
        ("EU6U6", "CON.F.US.EU6.U26"),
        ("NQMZ6", "CON.F.US.NQM.Z26"),
        ("CON.F.US.MNQ.U26", "CON.F.US.MNQ.U26"),
    ],
)
def test_what_people_write_is_one_contract(written, contract_id):
    found = only_one(wanted_from(written, YEAR), ALL)
    assert found.id == contract_id


FORMS = {
    "short": "{name}{letter}{digit}",
    "long": "{name}{letter}{year:02}",
    "whole": "{name}{letter}20{year:02}",
    "month": "{name} 20{year:02}-{month:02}",
    "spaced": "{name} {letter}{year:02}",
}


@given(
    st.sampled_from(sorted(NAMES)),
    st.integers(1, 12),
    st.integers(22, 31),
    st.sampled_from(sorted(FORMS)),
    st.booleans(),
)
def test_every_form_of_every_product_and_month_means_that(
    name, month, year, form, small
):
    written = FORMS[form].format(
        name=name,
        letter=MONTH_LETTERS[month - 1],
        digit=year % 10,
        year=year,
        month=month,
    )
    if small:
        written = written.lower()
    if written.upper() in NAMES:
        return  # EU6 is a product, not June's... of a product E
    wanted = wanted_from(written, YEAR)
    assert (wanted.product, wanted.month) == (name, (2000 + year, month))
    code = CODES.get(name, name)
    assert wanted.id == f"CON.F.US.{code}.{MONTH_LETTERS[month - 1]}{year:02}"


@given(st.sampled_from(ACTIVE), st.booleans())
def test_a_product_is_never_another_one(contract, by_code):
    name = re.sub(r"[A-Z][0-9]$", "", contract.name)
    wanted = wanted_from(contract.symbol_id[5:] if by_code else name, YEAR)
    assert only_one(wanted, ALL) is contract


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text):
    try:
        wanted = wanted_from(text, YEAR)
    except InvalidField as error:
        assert error.field == "symbol"
    else:
        assert wanted.product or wanted.contract_id


@pytest.mark.parametrize(
    ("digit", "year"), [("6", 2026), ("2", 2022), ("1", 2031), ("9", 2029)]
)
def test_one_digit_is_a_year_of_this_decade_about_now(digit, year):
    assert wanted_from(f"MNQZ{digit}", YEAR).month == (year, 12)


@pytest.mark.parametrize(
    "written",
    ["", " ", "MNQ ", "/MNQ", "MNQ 2026-13", "MNQ-Z6", "CON.F.US.MNQ", "\u00e9"],
)
def test_what_is_no_name_is_refused_and_nothing_is_sent(trader, gateway, written):
    with pytest.raises(InvalidField, match="symbol must be a product"):
        trader.contract(written)
    with pytest.raises(WrongFieldType, match="symbol must be text"):
        trader.contract(5)
    assert gateway.ledger.requests() == []


def test_several_that_fit_are_all_named():
    two = [made("MNQ", "MNQ"), made("MNQ", "MNQ", "H27"), made("MNQ", "MNQ")]
    with pytest.raises(AmbiguousSymbol) as raised:
        only_one(wanted_from("MNQ", YEAR), two)
    assert str(raised.value) == (
        "symbol must mean one contract, 'MNQ' fits MNQZ6 (CON.F.US.MNQ.Z26), MNQH7 "
        "(CON.F.US.MNQ.H27): name its month"
    )
    assert raised.value.names == ("CON.F.US.MNQ.Z26", "CON.F.US.MNQ.H27")
    assert only_one(wanted_from("MNQH7", YEAR), two).id == "CON.F.US.MNQ.H27"


def test_a_product_that_the_table_lacks_is_found_in_the_gateways_list(trader, gateway):
    new = replace(
        simulated()["CON.F.US.MNQ.Z26"],
        id="CON.F.US.QX9.Z26",
        name="NEWZ6",
        symbol_id="F.US.QX9",
    )
    gateway.call(lambda: gateway.gateway.contracts.update({new.id: new}))
    assert trader.contract("NEW").id == new.id
    assert trader.contract("QX9").id == new.id
    assert trader.contract("NEWZ26").id == new.id
    assert asked(gateway) == 1


def test_the_month_is_told_by_the_id():
    assert month_of(made("MNQ", "MNQ", "H27")) == (2027, 3)
    assert month_of(replace(made("MNQ", "MNQ"), id="12345")) is None


# ---------------------------------------------------------------- asked once


def test_one_list_serves_every_product(trader, gateway):
    assert trader.contract("NQ").id == "CON.F.US.ENQ.Z26"
    assert trader.contract("ES").tick_value == Decimal("12.5")
    assert trader.contract("mnqz6").id == "CON.F.US.MNQ.Z26"
    assert (asked(gateway), asked(gateway, BY_ID)) == (1, 0)
    for symbol in ("ES", "MNQZ6", "CON.F.US.MNQ.Z26"):
        assert trader.place_limit_order(symbol, "BUY", 1, ACCOUNT, 20_000).success
        with pytest.raises(InvalidField, match=r"multiple of the tick 0\.25"):
            trader.place_limit_order(symbol, "BUY", 1, ACCOUNT, 20_000.1)


def test_the_awaited_executor_does_the_same(run, gateway):
    async def main():
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            executor.set_token(gateway.token)
            first = await executor.contract("NQ")
            again = await executor.contract("ENQ")
            assert first == again
            assert len(await executor.contracts("nasdaq")) == 2
            assert (await executor.roll_contract("NQ")).id == first.id
            with pytest.raises(UnknownSymbol, match="XYZ"):
                await executor.contract("XYZ")
            assert executor.contract_book.age_s() < 60

    run(main())


def test_a_month_that_is_not_listed_is_asked_for_by_its_id(trader, gateway):
    old = trader.contract("MNQU26")
    assert (old.id, old.active) == ("CON.F.US.MNQ.U26", False)
    assert (asked(gateway), asked(gateway, BY_ID)) == (0, 1)
    for symbol, told in (
        ("MNQ 2031-03", r"'MNQ 2031-03' \(CON.F.US.MNQ.H31\)"),
        ("mnqz99", r"'MNQZ99' \(CON.F.US.MNQ.Z99\)"),
        ("CON.F.US.XXX.Z26", "'CON.F.US.XXX.Z26'"),
    ):
        text = rf"asked for {told}: ContractNotFound \(1\)"
        with pytest.raises(RequestFailed, match=text) as raised:
            trader.contract(symbol)
        assert raised.value.error_name == "ContractNotFound"


def test_one_that_was_asked_for_by_its_id_is_kept_too(trader, gateway):
    clock = trader._dispatcher.clock = Later()
    for _ in range(3):
        assert trader.contract("MNQU26").name == "MNQU6"
    assert asked(gateway, BY_ID) == 1
    clock.ahead_s = 7 * 3600
    trader.contract("MNQU6")
    assert asked(gateway, BY_ID) == 2


def test_two_months_in_front_are_told_and_switch_nothing(trader, gateway, caplog):
    trader.contract("MNQ")

    def both():
        contracts = gateway.gateway.contracts
        old = contracts["CON.F.US.MNQ.U26"]
        contracts[old.id] = replace(old, active=True)

    gateway.call(both)
    assert len(trader.contracts()) == 52
    assert "fits MNQZ6 (CON.F.US.MNQ.Z26), MNQU6" in caplog.text
    assert trader.get_contract_id("MNQ") == "CON.F.US.MNQ.Z26"
    with pytest.raises(AmbiguousSymbol, match="name its month"):
        trader.contract("MNQ")


def test_an_unknown_product_says_what_there_is(trader):
    with pytest.raises(UnknownSymbol, match="the gateway finds NQ, MNQ for it"):
        trader.contract("NASDAQ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("MN", "the gateway finds MNG, MNQ for it"),
        ("Z6", r"the gateway finds (\w+, ){14}\w+ and \d+ more for it"),
    ],
)
def test_of_many_products_those_that_begin_so_are_told_or_some(trader, text, told):
    with pytest.raises(UnknownSymbol, match=told):
        trader.contract(text)


def test_a_live_list_that_is_empty_is_told(trader):
    assert trader.contracts(live=True) == []
    with pytest.raises(UnknownSymbol):
        trader.contract("MNQ", live=True)


def test_all_are_listed_or_those_that_a_text_names(trader):
    assert len(trader.contracts()) == 51
    assert {each.name for each in trader.contracts("nasdaq")} == {"NQZ6", "MNQZ6"}
    with pytest.raises(WrongFieldType, match="text must be text"):
        trader.contracts(5)


def test_a_list_that_is_too_old_is_asked_for_again(trader, gateway):
    clock = trader._dispatcher.clock = Later()
    trader.contract("ES")
    clock.ahead_s = 5.9 * 3600
    trader.contract("ES")
    assert asked(gateway) == 1
    clock.ahead_s = 6.1 * 3600
    trader.contract("ES")
    assert asked(gateway) == 2
    clock.ahead_s = 0.0  # the list is from the future now: nobody knows its age
    trader.contract("ES")
    assert asked(gateway) == 3


# ---------------------------------------------------------------- on disk


def kept_in(gateway, path, clock=None, **options):
    executor = blocking.OrderExecutor(gateway.base_url, retry=QUICK)
    if clock is not None:
        executor._dispatcher.clock = clock
    executor.contract_book.keep_in(path, **options)
    executor.set_token(gateway.token)
    return executor


def test_the_next_program_finds_it_on_disk(gateway, tmp_path):
    path = tmp_path / "cache" / "contracts.json"
    with kept_in(gateway, path) as first:
        before = first.contract("ZN")
    with kept_in(gateway, path) as second:
        assert second.contract("ZN") == before
        assert second.contract("6J").tick_size == Decimal("5E-7")
    assert asked(gateway) == 1
    assert [each.name for each in path.parent.iterdir()] == ["contracts.json"]


def test_an_old_file_is_asked_for_again_and_one_of_another_gateway_too(
    gateway, tmp_path
):
    path = tmp_path / "contracts.json"
    with kept_in(gateway, path) as first:
        first.contract("ZN")
    clock = Later()
    clock.ahead_s = 61.0
    with kept_in(gateway, path, clock, max_age_s=60) as second:
        second.contract("ZN")
    assert asked(gateway) == 2
    document = json.loads(path.read_text())
    document["gateway"] = "https://api.example.com"
    path.write_text(json.dumps(document))
    with kept_in(gateway, path) as third:
        third.contract("ZN")
    assert asked(gateway) == 3


def damage(document, name, value):
    document["contracts"][0][name] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "damaged",
    [
        lambda document: b"",
        lambda document: json.dumps(document).encode()[:-20],
        lambda document: b"[]",
        lambda document: b"\xff" * 100,
        lambda document: b"{}",
        lambda document: damage(document, "tick_size", "0"),
        lambda document: damage(document, "tick_size", "NaN"),
        lambda document: damage(document, "tick_size", None),
        lambda document: damage(document, "tick_value", "-1"),
        lambda document: damage(document, "tick_value", "Infinity"),
        lambda document: damage(document, "name", 5),
        lambda document: damage(document, "active", "yes"),
        lambda document: json.dumps(document | {"asked_s": None}).encode(),
        lambda document: json.dumps(document | {"contracts": 5}).encode(),
    ],
)
def test_a_damaged_file_is_passed_over_and_told(gateway, tmp_path, damaged, caplog):
    path = tmp_path / "contracts.json"
    with kept_in(gateway, path) as first:
        before = first.contract("ZN")
    path.write_bytes(damaged(json.loads(path.read_text())))
    with kept_in(gateway, path) as second:
        assert second.contract("ZN") == before
    assert asked(gateway) == 2
    assert f"the file {path} is damaged, and is passed over" in caplog.text
    caplog.clear()
    with kept_in(gateway, path) as third:  # it was written anew
        third.contract("ZN")
    assert asked(gateway) == 2
    assert caplog.text == "" or "damaged" not in caplog.text


def test_a_folder_that_cannot_be_written_is_told_and_hinders_nothing(
    gateway, tmp_path, caplog
):
    (tmp_path / "file").write_text("")
    with kept_in(gateway, tmp_path / "file" / "contracts.json") as executor:
        assert executor.contract("ZN").tick_size == Decimal("0.015625")
    assert "contracts were not kept in" in caplog.text


@pytest.mark.parametrize("age", [0, -1, "1", None, float("nan"), True])
def test_an_age_has_to_be_one(trader, tmp_path, age):
    with pytest.raises(ConfigurationError, match="max_age_s must be a number"):
        trader.contract_book.keep_in(tmp_path / "contracts.json", age)


def test_a_write_that_breaks_off_leaves_the_file_as_it_was(
    gateway, tmp_path, monkeypatch, caplog
):
    path = tmp_path / "contracts.json"
    with kept_in(gateway, path) as first:
        first.contract("ZN")
        before = path.read_bytes()

        def broken(source, target):
            raise OSError("no space")

        monkeypatch.setattr(os, "replace", broken)
        first.load_contract("ZN")
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["contracts.json"]
    assert "no space" in caplog.text


# ---------------------------------------------------------------- rollover


def roll(gateway):
    """September's contract goes, December's comes: the other way round here."""

    def change():
        contracts = gateway.gateway.contracts
        for each in ("Z26", "U26"):
            old = contracts[f"CON.F.US.MNQ.{each}"]
            contracts[old.id] = replace(old, active=not old.active)

    gateway.call(change)


@pytest.fixture
def rolled(trader, gateway):
    """A trader whose MNQ is loaded, and the news of its rollovers."""
    events = []
    trader.contract_book.on_rollover(events.append)
    trader.load_contract("MNQ")
    roll(gateway)
    return events


def test_a_rollover_is_told_and_changes_nothing_that_may_be_held(
    trader, gateway, rolled, caplog
):
    contract = trader.load_contract("MNQ")
    assert contract.id == "CON.F.US.MNQ.Z26"
    assert trader.get_contract_id("MNQ") == "CON.F.US.MNQ.Z26"
    (event,) = rolled
    assert (event.symbol, event.before.name, event.after.name) == (
        "MNQ",
        "MNQZ6",
        "MNQU6",
    )
    assert not event.switched
    assert "is not known; roll_contract(symbol) switches it" in event.reason
    assert str(event) in caplog.text
    trader.load_contract("MNQ")
    assert len(rolled) == 1


def test_asked_for_it_is_switched(trader, rolled):
    assert trader.roll_contract("MNQ").id == "CON.F.US.MNQ.U26"
    assert trader.get_contract_id("MNQ") == "CON.F.US.MNQ.U26"
    assert [event.switched for event in rolled] == [False, True]  # news, then the act
    assert trader.load_contract("MNQ").id == "CON.F.US.MNQ.U26"
    assert len(rolled) == 2


@pytest.mark.parametrize(
    ("held", "contract_id"),
    [(False, "CON.F.US.MNQ.U26"), (True, "CON.F.US.MNQ.Z26")],
)
def test_who_knows_what_is_held_decides(trader, rolled, held, contract_id):
    asked_for = []
    trader.contract_book.holds = lambda each: asked_for.append(each) or held
    assert trader.load_contract("MNQ").id == contract_id
    assert set(asked_for) == {"CON.F.US.MNQ.Z26"}
    assert [event.switched for event in rolled] == [not held]


def test_another_symbols_load_tells_of_it_too(trader, rolled):
    trader.contracts()
    assert [event.symbol for event in rolled] == ["MNQ"]


def test_what_the_caller_has_set_is_left_alone(trader, rolled):
    trader.set_contract_id("MNQ", "CON.F.US.MNQ.H27", tick_size="0.25")
    trader.contracts()
    assert trader.get_contract_id("MNQ") == "CON.F.US.MNQ.H27"
    assert rolled == []


def test_a_month_and_an_id_never_roll(trader, gateway, rolled):
    trader.contract("MNQZ6")
    roll(gateway)
    trader.contract("MNQZ26")
    trader.contracts()
    assert trader.get_contract_id("MNQZ6") == "CON.F.US.MNQ.Z26"
    assert [event.symbol for event in rolled if event.symbol != "MNQ"] == []


@pytest.mark.parametrize("act", ["place", "close", "partial close"])
def test_a_contract_that_is_not_active_any_more_has_the_list_asked_for(
    trader, gateway, rolled, act
):
    before = asked(gateway)
    calls = {
        "place": lambda: trader.place_market_order("MNQ", "BUY", 1, ACCOUNT),
        "close": lambda: trader.close_position("MNQ", ACCOUNT),
        "partial close": lambda: trader.partial_close_position("MNQ", ACCOUNT, 1),
    }
    result = calls[act]()
    assert result.error_name == "ContractNotActive"
    calls[act]()
    trader.accounts()  # the answer is read in the next call's wait
    trader.accounts()
    assert asked(gateway) == before + 1
    assert [event.after.name for event in rolled] == ["MNQU6"]
    assert trader.contract_book.age_s() < 60


def test_on_a_loop_the_news_comes_by_itself(run, gateway):
    async def main():
        async with prepared(
            fastorder.OrderExecutor(gateway.base_url, retry=QUICK), gateway
        ) as executor:
            await executor.load_contract("MNQ")
            news = asyncio.Event()
            executor.contract_book.on_rollover(lambda event: news.set())
            roll(gateway)
            result = await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            assert result.error_code == 9
            await asyncio.wait_for(news.wait(), 30)

    run(main())


def test_a_list_that_fails_after_a_refusal_is_asked_for_at_the_next_look(
    trader, gateway, rolled
):
    gateway.faults.add(Fault(LIST, reply="status", status=503))
    trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    trader.accounts()
    trader.accounts()
    assert rolled == []
    trader.contract("MNQ")
    assert [event.after.name for event in rolled] == ["MNQU6"]


def test_a_month_that_is_over_is_asked_for_again_whatever_its_age():
    class March(Clock):
        def wall_s(self):
            return 1_804_000_000.0  # 2 March 2027

    clock = March()
    book = ContractBook(ContractCache(), "http://127.0.0.1", lambda: clock)
    book.take_list(ACTIVE)
    assert book.known(book.read("MNQ")) is None
    assert book.known(book.read("MNQZ26")) is not None


def test_a_listener_that_fails_hinders_no_other(trader, gateway, caplog):
    heard = []

    def fail(event):
        raise ValueError("no use")

    trader.contract_book.on_rollover(fail)
    stop = trader.contract_book.on_rollover(heard.append)
    trader.load_contract("MNQ")
    roll(gateway)
    trader.load_contract("MNQ")
    assert len(heard) == 1
    assert "a listener of rollovers has failed: ValueError" in caplog.text
    stop()
    roll(gateway)
    trader.roll_contract("MNQ")
    assert len(heard) == 1
    with pytest.raises(WrongFieldType, match="listener must be callable"):
        trader.contract_book.on_rollover(5)


# ---------------------------------------------------------------- modifies


def test_a_modify_off_the_tick_is_refused_where_the_order_is_known(trader, gateway):
    placed = trader.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000)
    for name in ("limit_price", "stop_price", "trail_price"):
        with pytest.raises(InvalidField, match=rf"{name} must be a multiple of the"):
            trader.modify_order(placed.order_id, ACCOUNT, **{name: 20_000.1})
    assert gateway.ledger.requests("/api/Order/modify") == []
    assert trader.modify_order(placed.order_id, ACCOUNT, limit_price=20_001).success


def test_an_order_that_was_read_is_known_too(trader, gateway):
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as other:
        placed = prepared(other, gateway).place_limit_order(
            "MNQ", "BUY", 1, ACCOUNT, 20_000
        )
    unknown = trader.modify_order(placed.order_id, ACCOUNT, limit_price=20_000.1)
    assert unknown.outcome is fastorder.Outcome.REJECTED  # the gateway says it
    trader.open_orders(ACCOUNT)
    with pytest.raises(InvalidField, match="multiple of the tick"):
        trader.modify_order(placed.order_id, ACCOUNT, limit_price=20_000.1)


def test_the_awaited_modify_does_the_same(run, connect, gateway):
    async def main():
        async with connect() as executor:
            placed = await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000)
            with pytest.raises(InvalidField, match="multiple of the tick"):
                executor.modify_order(placed.order_id, ACCOUNT, limit_price=20_000.1)

    run(main())


def test_a_price_below_zero_is_judged_by_the_orders_own_contract(trader, gateway):
    trader.load_contract("CL")  # which has such prices
    placed = trader.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000)
    with pytest.raises(InvalidField, match="limit_price"):
        trader.modify_order(placed.order_id, ACCOUNT, limit_price=-1)
