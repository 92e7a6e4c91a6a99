"""A contract under a number, where the gateway lists it by its name.

The simulator takes 12345 for its MNQ, and lists positions, orders and trades by name,
as the gateway may. Which number is which name is not known to a client: what it says of
a position, lets through a limit or past an order in doubt has to hold whichever it is.
"""

import asyncio

import pytest
from conftest import ACCOUNT, bought_elsewhere, held
from hypothesis import given
from hypothesis import strategies as st
from test_acts import Facade, bought, resting, sizes, working
from test_flatten_faults import POSITIONS, QUERY, STALE

import fastorder
from fastorder import Outcome, RiskDenied, RiskLimits
from fastorder.acts.by_contract import ByContract
from fastorder.gateway.rows import same_contract
from fastorder.risk.exposure import Exposure
from fastorder.simulator import Fault

MNQ, NUMBER = "CON.F.US.MNQ.Z26", 12345
PLACE, SEARCH = "/api/Order/place", "/api/Order/search"
IDS = [MNQ, MNQ.lower(), f" {MNQ}", "CON.F.US.MES.Z26", "12345", "12346", "F.US.MNQ"]


@pytest.fixture(params=["async", "blocking"])
def facade(request, gateway):
    made = []

    def make(**options):
        made.append(Facade(request.param, gateway, **options))
        return made[-1]

    yield make
    for each in made:
        each.end()


@pytest.fixture
def holding(facade, gateway):
    """Two contracts are held, bought by name; the symbol stands for the number now."""
    desk = facade()
    bought(desk, 2)
    desk.executor.set_contract_id("MNQ", NUMBER)
    return desk


def behind(gateway):
    """The lists of positions and of working orders are from before."""
    gateway.faults.add(
        *(
            Fault(each, reply="body", body=STALE[each], times=None)
            for each in (POSITIONS, QUERY)
        )
    )


# ------------------------------------------------------------ acts


def test_reverse_does_not_say_that_nothing_is_held(holding, gateway):
    report = holding.reverse("MNQ", ACCOUNT, deadline=1)
    assert report.closed is None
    assert report.placed is None
    assert f"{MNQ} is held or was traded, which may be {NUMBER}" in report.why
    assert sizes(gateway) == {MNQ: 2}


def test_a_partial_close_says_what_is_left_or_that_it_is_not_known(holding, gateway):
    report = holding.partial_close_out("MNQ", ACCOUNT, 1)
    assert held(gateway) == 1
    assert report.position is None
    assert f"may be {NUMBER}" in report.why


@pytest.mark.parametrize("act", ["flatten", "close_out"])
def test_no_list_that_is_behind_makes_it_flat(holding, gateway, act):
    gateway.faults.add(
        Fault("/api/Position/closeContract", effect="none", reply="stall", times=None)
    )
    behind(gateway)
    if act == "flatten":
        report = holding.flatten(ACCOUNT, symbol="MNQ", deadline=3)
    else:
        report = holding.close_out("MNQ", ACCOUNT, deadline=3)
    assert sizes(gateway) == {MNQ: 2}
    assert not report.verified
    assert report.why


def test_flatten_ends_once_all_is_flat(holding, gateway):
    report = holding.flatten(ACCOUNT, symbol="MNQ")
    assert report.verified
    assert held(gateway) == 0


def test_no_list_that_is_behind_makes_the_orders_gone(facade, gateway):
    desk = facade()
    resting(desk, 2)
    desk.executor.set_contract_id("MNQ", NUMBER)
    behind(gateway)
    report = desk.cancel_all(ACCOUNT, symbol="MNQ", deadline=6)
    assert working(gateway) == 2
    assert not report.verified
    assert "works, and is not among the working orders" in report.why


def test_an_order_on_its_way_under_the_name_keeps_the_act_open(connect, gateway):
    async def body():
        async with connect() as executor:
            gateway.faults.add(Fault(PLACE, effect="none", reply="stall"))
            ticket = executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000)
            executor.set_contract_id("MNQ", NUMBER)
            report = await executor.cancel_all(ACCOUNT, symbol="MNQ", deadline=4)
            return ticket.tag, report

    tag, report = asyncio.run(body())
    assert not report.verified
    assert f"order {tag} on its way or in doubt" in report.why


# ------------------------------------------------------------ limits


@pytest.mark.parametrize(
    "limits",
    [RiskLimits(max_position=2), RiskLimits(max_lots=2), RiskLimits(max_open_orders=1)],
    ids=["position", "lots", "orders"],
)
def test_limits_do_not_take_the_number_for_another_contract(facade, gateway, limits):
    desk = facade(risk=limits)
    bought_elsewhere(gateway)
    bought_elsewhere(gateway)
    desk.load_exposure(ACCOUNT)
    desk.executor.set_contract_id("MNQ", NUMBER)
    with pytest.raises(RiskDenied, match=f"{MNQ} may be {NUMBER}") as raised:
        desk.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000)
    assert "set_contract_id(symbol, ...)" in str(raised.value)
    assert held(gateway) == 2
    assert working(gateway) == 0


def test_limits_let_an_order_by_number_through_where_nothing_is_at_stake(facade):
    desk = facade(risk=RiskLimits(max_position=2))
    desk.load_exposure(ACCOUNT)
    desk.executor.set_contract_id("MNQ", NUMBER)
    assert bought(desk, 2)
    with pytest.raises(RiskDenied, match="at most 2"):
        bought(desk, 1)


SIZES = st.dictionaries(st.sampled_from(IDS), st.integers(-5, 5))


@given(SIZES, st.sampled_from(IDS))
def test_exposure_of_a_contract_is_known_only_where_no_id_is_unclear(sizes, wanted):
    exposure = Exposure(lambda contract_id: 1000)
    exposure.trades_seen(1, [], True, 10, 11)
    exposure.orders_listed(1, 10)
    exposure.positions_seen(1, sizes, 10, 11)
    contract = exposure.contract_of(1, wanted)
    kinds = {}
    for each, size in sizes.items():
        kinds.setdefault(same_contract(each, wanted), []).append(size)
    least, most = contract.possible  # the fills say nothing, the list says all
    assert (least, most) == tuple(sorted((0, sum(kinds.get(True, ())))))
    assert bool(contract.unclear()) == unclear_sum(sizes.items(), wanted)


def unclear_sum(sizes, wanted):
    """Whether an id that may be the wanted one has something that is held."""
    sums = {}
    for each, size in sizes:
        if same_contract(each, wanted) is None:
            key = each.strip().casefold()
            sums[key] = sums.get(key, 0) + size
    return any(sums.values())


# ------------------------------------------------------------ orders in doubt


def test_one_in_doubt_under_the_name_holds_orders_under_the_number(facade, gateway):
    desk = facade()
    gateway.faults.add(Fault(PLACE, reply="hang_up"))
    gateway.faults.add(Fault(SEARCH, effect="none", reply="status", times=None))
    gateway.faults.add(Fault(QUERY, effect="none", reply="status", times=None))
    unknown = desk.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert unknown.outcome is Outcome.UNKNOWN
    desk.executor.set_contract_id("MNQ", NUMBER)
    with pytest.raises(fastorder.Interlocked, match=unknown.tag):
        desk.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert desk.place_market_order("MES", "BUY", 1, ACCOUNT).success
    assert len(gateway.ledger.placements()) == 2


# ------------------------------------------------------------ the sums


@given(st.lists(st.tuples(st.sampled_from(IDS), st.integers(-5, 5))))
def test_a_sum_is_told_only_where_no_other_id_may_be_the_contract(rows):
    sums = ByContract()
    for contract_id, size in rows:
        sums.add(contract_id, size)
    for wanted in IDS:
        sure = sum(size for each, size in rows if same_contract(each, wanted))
        if unclear_sum(rows, wanted):
            assert sums.of(wanted) is None
        else:
            assert sums.of(wanted) == sure
