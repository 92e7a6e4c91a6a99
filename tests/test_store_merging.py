"""Any order, any number of times, from hub, reads and journal: the same rows."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_scene import (
    ACCOUNT,
    contents,
    event,
    order_row,
    position_row,
    stamp,
    trade_row,
)

from fastorder.journal import Attempt, Entry, Intent, Verdict
from fastorder.models import Order, Trade
from fastorder.store import Store
from fastorder.store.engine import grouped, told_once
from fastorder.store.merging import merged
from fastorder.store.schema import BY_NAME
from fastorder.store.sightings import HUB, READ, Reader, Sight, intent

CALM = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def sights():
    """What a short day shows, each with the time when it was seen."""
    reader = Reader()
    found = []
    seen = iter(range(10**18, 10**18 + 10_000))

    def hub(*events):
        for each in events:
            found.append(reader.event(each, next(seen)))

    def read(model, row):
        found.append(reader.model(model.from_wire(row), READ, next(seen)))

    for number in (101, 102):
        for status in (6, 1, 2):
            hub(event("Order", order_row(number, status)))
        read(Order, order_row(number, 2) | {"colour": "red"})
    read(Order, order_row(103, 8, parentOrderId=101))
    for number in (1, 2, 3):
        row = trade_row(number, profitAndLoss=Decimal(number))
        hub(event("Trade", row | {"commissions": Decimal("0.25")}))
        read(Trade, row | {"creationTimestamp": stamp(number, 4061280)})
        hub(event("Trade", row | {"voided": number == 2}))
    hub(event("Position", position_row(2)), event("Position", position_row(0)))
    sent = Intent("tag-101", "key", ACCOUNT, "MNQ", b"{}", None, 1.0)
    attempts = (Attempt(2, 2.0),)
    verdict = Verdict("ACCEPTED", 101, "told", 3.0)
    for entry in (
        Entry(sent, ""),
        Entry(sent, "", attempts),
        Entry(sent, "", attempts, (verdict,)),
    ):
        found.append([intent(entry)])
    for since, up_to in ((5, 9), (1, 7)):
        found.append([Sight("watermarks", ("trades", ACCOUNT, since, up_to))])
    found.append([Sight("anchors", (ACCOUNT, "", 5, 100))])
    found.append([Sight("anchors", (ACCOUNT, "", 4, 300))])
    return found


SIGHTS = sights()


@st.composite
def schedules(draw):
    """All of them in some order, some of them again, in batches."""
    order = draw(st.permutations(range(len(SIGHTS))))
    again = draw(st.lists(st.sampled_from(range(len(SIGHTS))), max_size=10))
    everything = [*order, *again]
    cuts = draw(st.lists(st.integers(1, len(everything)), max_size=6))
    bounds = sorted({0, *cuts, len(everything)})
    return [everything[a:b] for a, b in pairwise(bounds)]


def emptied(engine):
    for name in BY_NAME:
        engine._run(f"DELETE FROM {name}")


@pytest.fixture
def written(place):
    """A store, and what writes batches into it."""
    with Store(place) as store, Store(place) as other:
        engines = [store._made_engine(), other._made_engine()]

        def write(batches):
            emptied(engines[0])
            for number, batch in enumerate(batches):  # two programs, in turn
                rows = [sight for i in batch for sight in SIGHTS[i]]
                engines[number % 2].write(rows)
            return contents(store)

        yield write
        for engine in engines:
            engine.close()


@CALM
@given(schedules())
def test_any_interleaving_gives_the_same_rows(written, batches):
    assert written(batches) == written([range(len(SIGHTS))])


def test_the_rows_are_those_that_were_meant(written):
    rows = written([range(len(SIGHTS))])
    assert [row[10] for row in rows["orders"]] == [2, 2, 8]
    assert len(rows["order_states"]) == 7
    assert [row[13] for row in rows["fills"]] == [0, 1, 0]
    assert [row[14] for row in rows["fills"]] == [HUB | READ] * 3
    assert [row[12] for row in rows["fills"]] == [250_000] * 3
    assert rows["watermarks"] == [("trades", ACCOUNT, 1, 9)]
    assert rows["anchors"] == [(ACCOUNT, "", 4, 300)]
    assert [row[8] for row in rows["intents"]] == ["ACCEPTED"]
    assert rows["discrepancies"] == []


def folded(table, rows):
    first, again = told_once(table, rows)
    known = {row[: len(table.keys)]: row for row in first}
    against = []
    for row in again:
        key = row[: len(table.keys)]
        known[key], why = merged(table, known[key], row)
        against += why
    return known, against


@settings(max_examples=300, deadline=None)
@given(st.permutations(range(len(SIGHTS))), st.data())
def test_merging_does_not_depend_on_the_order(order, data):
    rows = grouped([sight for i in order for sight in SIGHTS[i]])
    straight = grouped([sight for each in SIGHTS for sight in each])
    for name, given_rows in rows.items():
        table = BY_NAME[name]
        assert folded(table, given_rows) == folded(table, straight[name])


@settings(max_examples=200, deadline=None)
@given(
    st.permutations(
        [(price, voided) for price in (100, 200) for voided in (False, True)] * 2
    )
)
def test_what_contradicts_is_told_whichever_comes_first(order):
    reader, table = Reader(), BY_NAME["fills"]
    rows = [
        reader.event(event("Trade", trade_row(1, price=price, voided=voided)), 5)[0].row
        for price, voided in order
    ]
    known, against = folded(table, rows)
    (row,) = known.values()
    kept = row[table.at("price_e9")]
    assert {kept} | {there for _, _, there in against} == {100 * 10**9, 200 * 10**9}
    assert row[table.at("voided")] == 1
