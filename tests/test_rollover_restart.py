"""Another month comes in front while no program runs: the next one is told of it."""

import json
import time
from dataclasses import replace

import pytest
from conftest import ACCOUNT, QUICK
from test_trader import Form

from fastorder import RiskLimits, blocking
from fastorder.contracts.book import ContractBook
from fastorder.gateway.contracts import ContractCache
from fastorder.models import Contract
from fastorder.runtime.clock import Clock
from fastorder.simulator import Fault
from fastorder.simulator.contracts import listed as simulated

OLD, NEW = "CON.F.US.MNQ.Z26", "CON.F.US.MNQ.H27"
POSITIONS = "/api/Position/searchOpen"


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    pytest.importorskip("platformdirs")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def caches(tmp_path):
    return tmp_path / "cache" / "fastorder" / "contracts"


def put_in_front(gateway, contract_id):
    """This month of MNQ is active, and the other one is not."""

    def change():
        contracts = gateway.gateway.contracts
        contracts[OLD] = replace(contracts[OLD], active=contract_id == OLD)
        march = replace(contracts[OLD], id=NEW, name="MNQH7", active=contract_id == NEW)
        contracts[NEW] = march

    gateway.call(change)


def sizes(gateway, number=ACCOUNT):
    account = gateway.gateway.exchange.accounts[number]
    return gateway.call(lambda: {k: p.size for k, p in account.positions.items()})


def the_file(caches):
    (path,) = caches.iterdir()
    return path


class Days:
    """A trader's programs, one after the other."""

    def __init__(self, kind, gateway, caches):
        self.form = Form(kind, gateway)
        self.gateway = gateway
        self.caches = caches

    def begins(self, **options):
        """A program starts, and hears of rollovers from its first moment."""
        events = []
        trader = self.form.make(**options)
        trader.executor.contract_book.on_rollover(events.append)
        self.form.enter(trader)
        return events

    def ends(self):
        self.form.leave()
        self.form.trader = None

    def first(self, symbol="MNQ", **order):
        """The first program: it trades the month that is in front then."""
        self.begins()
        if order:
            assert self.form.buy(symbol, **order).success
        else:
            self.form.contract(symbol)
        self.ends()
        put_in_front(self.gateway, NEW)
        self.next_morning()

    def next_morning(self):
        """The list in the file is too old to be believed."""
        changed(the_file(self.caches), lambda document: document.update(asked_s=0.0))


def changed(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.fixture(params=["async", "blocking"])
def days(request, gateway, caches):
    days = Days(request.param, gateway, caches)
    yield days
    days.ends()
    if days.form.loop is not None:
        days.form.loop.close()


def id_of(days, symbol="MNQ"):
    return days.form.trader.executor.get_contract_id(symbol)


# ------------------------------------------------------------ what is held


@pytest.mark.parametrize("loaded", ["at once", "by an order"])
def test_what_is_held_is_still_closed_by_its_symbol(days, gateway, loaded, caplog):
    days.first(quantity=2)
    events = days.begins(symbols=["MNQ"] if loaded == "at once" else [])
    if loaded == "by an order":
        days.form.contract("MNQ")
    (event,) = events
    assert (event.symbol, event.before.id, event.after.id) == ("MNQ", OLD, NEW)
    assert not event.switched
    assert event.reason.startswith("MNQZ6 is held; roll_contract(symbol)")
    assert str(event) in caplog.text
    assert id_of(days) == OLD
    put_in_front(gateway, OLD)  # the simulator closes no other
    assert days.form.sell("MNQ", 1).success
    assert sizes(gateway) == {OLD: 1}
    assert days.form.flatten("MNQ").verified
    assert sizes(gateway) == {}


def test_an_order_that_works_keeps_its_symbol_too(days):
    days.first(quantity=1, limit=20_000)
    (event,) = days.begins(symbols=["MNQ"])
    assert not event.switched
    assert id_of(days) == OLD


def test_where_nothing_is_held_it_is_told_and_switched(days):
    days.first()
    (event,) = days.begins(symbols=["MNQ"])
    assert event.switched
    assert event.reason == "nothing of MNQZ6 is held"
    assert id_of(days) == NEW
    days.ends()
    assert days.begins(symbols=["MNQ"]) == []  # it is not told again
    assert id_of(days) == NEW


def test_with_limits_that_know_the_account_it_is_the_same(days):
    days.first(quantity=2)
    (event,) = days.begins(symbols=["MNQ"], risk=RiskLimits(max_position=3))
    assert not event.switched
    assert id_of(days) == OLD


def test_a_contract_that_is_listed_no_more_stays_the_symbols(days, gateway):
    days.first(quantity=2)
    days.begins(symbols=["ES"])  # the list is kept, with the new month in front
    days.form.wait(days.form.trader.executor.contracts)
    days.ends()

    def gone():
        gateway.gateway.contracts = {
            key: each for key, each in gateway.gateway.contracts.items() if key != OLD
        }

    gateway.call(gone)
    (event,) = days.begins(symbols=["MNQ"])
    assert (event.before.id, event.switched) == (OLD, False)
    assert id_of(days) == OLD
    assert days.form.trader.grid_of("MNQ") is not None


def test_a_fresh_list_in_the_file_hides_no_rollover(days, gateway):
    days.first(quantity=2)
    days.begins()
    days.form.wait(days.form.trader.executor.contracts)
    days.ends()
    asked = len(gateway.ledger.requests("/api/Contract/available"))
    (event,) = days.begins(symbols=["MNQ"])
    assert not event.switched
    assert id_of(days) == OLD
    assert len(gateway.ledger.requests("/api/Contract/available")) == asked


def test_what_cannot_be_read_is_not_switched(days, gateway):
    days.first()
    gateway.faults.add(
        Fault(POSITIONS, reply="code", effect="none", error_code=1, times=None)
    )
    (event,) = days.begins(symbols=["MNQ"])
    assert not event.switched
    assert "is not known" in event.reason
    assert id_of(days) == OLD


def test_each_symbol_has_its_own_rollover(days, gateway):
    days.first(quantity=2)
    events = days.begins(symbols=["MES", "MNQ"])
    assert [event.symbol for event in events] == ["MNQ"]
    assert id_of(days, "MES") == "CON.F.US.MES.Z26"
    days.form.contract("F.US.MNQ")  # never written before: it is MNQ all the same
    assert id_of(days, "F.US.MNQ") == OLD


def test_a_symbol_that_names_a_month_is_that_month(days):
    days.first(quantity=2)
    days.begins(symbols=["MNQH7", "MNQZ6"])
    assert (id_of(days, "MNQH7"), id_of(days, "MNQZ6")) == (NEW, OLD)
    days.ends()
    days.begins(symbols=["MNQH7"])
    assert id_of(days, "MNQH7") == NEW


def test_an_account_called_by_another_name_is_told_too(days):
    days.first(quantity=2)
    (event,) = days.begins(symbols=["MNQ"], account=ACCOUNT)
    assert not event.switched
    assert id_of(days) == OLD


def test_another_account_switches_this_ones_symbol_not(days):
    days.first(quantity=2)
    (event,) = days.begins(symbols=["MNQ"], account="50K")
    assert event.switched  # nothing is held there
    days.ends()
    (event,) = days.begins(symbols=["MNQ"])
    assert not event.switched
    assert id_of(days) == OLD


# ------------------------------------------------------------ the file


def mine(document):
    return document["followed"]["trader1 PRAC"]


def test_it_is_kept_beside_the_list(days, caches):
    days.first()
    document = json.loads(the_file(caches).read_text())
    assert document["format"] == 2
    assert mine(document)["MNQ"]["id"] == OLD


def test_a_file_of_the_first_format_is_read(days, gateway, caches):
    days.first()
    put_in_front(gateway, OLD)

    def first_format(document):
        document["format"] = 1
        document["asked_s"] = time.time()
        del document["followed"]

    changed(the_file(caches), first_format)
    asked = len(gateway.ledger.requests("/api/Contract/available"))
    assert days.begins(symbols=["MNQ"]) == []
    assert len(gateway.ledger.requests("/api/Contract/available")) == asked


def spoil_all(document):
    document["followed"] = 5


def spoil_mine(document):
    document["followed"] |= {"trader1 PRAC": [], "another": None}


def spoil_one(document):
    mine(document)["MES"]["tick_size"] = "0"


@pytest.mark.parametrize("spoil", [spoil_all, spoil_mine, spoil_one])
def test_a_damaged_part_loses_nothing_else(days, gateway, caches, spoil, caplog):
    days.begins(symbols=["MES", "MNQ"])
    days.ends()
    changed(the_file(caches), spoil)
    asked = len(gateway.ledger.requests("/api/Contract/available"))
    days.begins(symbols=["MES"])
    assert f"in {the_file(caches)}, is damaged, and is passed over" in caplog.text
    assert len(gateway.ledger.requests("/api/Contract/available")) == asked
    days.ends()
    put_in_front(gateway, NEW)
    days.next_morning()
    events = days.begins(symbols=["MNQ"])
    assert [event.before.id for event in events] == [OLD] * (spoil is spoil_one)


def test_a_damaged_list_loses_no_symbol(days, caches):
    days.first(quantity=2)
    changed(the_file(caches), lambda document: document.update(contracts=5))
    (event,) = days.begins(symbols=["MNQ"])
    assert not event.switched
    assert id_of(days) == OLD


def test_a_file_of_another_gateway_tells_nothing(days, caches):
    days.first(quantity=2)
    changed(the_file(caches), lambda each: each.update(gateway="https://x.example"))
    assert days.begins(symbols=["MNQ"]) == []
    assert id_of(days) == NEW


# ------------------------------------------------------------ an executor


def test_an_executor_that_keeps_a_file_stays_too(gateway, tmp_path):
    """It does not know what is held, and says so."""
    path, events = tmp_path / "contracts.json", []
    for month in (OLD, NEW, NEW):
        put_in_front(gateway, month)
        with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            executor.contract_book.keep_in(path)
            executor.contract_book.on_rollover(events.append)
            executor.set_token(gateway.token)
            executor.load_contract("MNQ")
            assert executor.get_contract_id("MNQ") == OLD
    assert [event.switched for event in events] == [False, False]
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        executor.contract_book.keep_in(path)
        executor.set_token(gateway.token)
        assert executor.roll_contract("MNQ").id == NEW
    assert json.loads(path.read_text())["followed"][""]["MNQ"]["id"] == NEW


class Day(Clock):
    """The wall clock of one moment."""

    def __init__(self, wall_s):
        self.now_s = wall_s

    def wall_s(self):
        return self.now_s


def test_a_month_that_is_over_is_held_by_nobody(tmp_path):
    listed = [Contract.from_wire(each.to_wire()) for each in simulated().values()]
    path, events = tmp_path / "contracts.json", []
    march = 1_804_000_000.0  # 2 March 2027
    for now_s, month in ((march - 200 * 86_400, "Z26"), (march, "H27")):
        clock = Day(now_s)
        book = ContractBook(ContractCache(), "http://127.0.0.1", lambda c=clock: c)
        book.on_rollover(events.append)
        book.keep_in(path)
        front = next(each for each in listed if each.id == OLD)
        front = replace(front, id=f"CON.F.US.MNQ.{month}", name=f"MNQ{month[0]}7")
        book.take_list([front])
        book.list_under(book.read("MNQ"), front)
    (event,) = events
    assert event.switched
    assert event.reason == "the month of MNQZ7 is over"
