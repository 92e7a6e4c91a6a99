"""Acts right after an entry, where the gateway's lists of orders are behind."""

import pytest
from conftest import ACCOUNT, QUICK, prepared
from test_acts import BRACKET, Facade, bought

from fastorder import InvalidField, blocking
from fastorder.simulator import Personality, run_in_thread


@pytest.fixture(params=["query", "both"])
def slow(request):
    lag = {"query_lag_s": 1.0}
    if request.param == "both":
        lag["search_lag_s"] = 1.5
    with run_in_thread(rate_limit=False, personality=Personality(**lag)) as gateway:
        yield gateway


@pytest.fixture(params=["async", "blocking"])
def desk(request, slow):
    facade = Facade(request.param, slow)
    yield facade
    facade.end()


def test_a_partial_close_names_legs_that_the_list_shows_late(desk):
    bought(desk, 2, **BRACKET)
    report = desk.partial_close_out("MNQ", ACCOUNT, 1)
    assert report.position == 1
    assert [leg.size for leg in report.oversized] == [2, 2]
    assert report.why == ""


def test_a_stop_that_the_list_shows_late_is_moved(desk):
    entry = bought(desk, 1, **BRACKET)
    moved = desk.move_stop("MNQ", ACCOUNT, 20_000, order_id=entry.order_id)
    assert moved.success


@pytest.fixture
def frozen():
    lag = Personality(query_lag_s=3600)
    with (
        run_in_thread(rate_limit=False, personality=lag) as gateway,
        blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor,
    ):
        yield prepared(executor, gateway)


def test_legs_that_no_look_shows_are_told_as_not_known(frozen):
    bought(frozen, 2, **BRACKET)
    report = frozen.partial_close_out("MNQ", ACCOUNT, 1)
    assert report.position == 1
    assert "its legs are not all known: order " in report.why
    assert "works, and is not among the working orders" in repr(report)


def test_a_stop_that_no_look_shows_is_not_told_as_absent(frozen):
    bought(frozen, 1, **BRACKET)
    with pytest.raises(InvalidField, match="is not among the working orders"):
        frozen.move_stop("MNQ", ACCOUNT, 20_000)
