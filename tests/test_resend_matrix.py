"""How often one order leaves when the gateway reads it whole and then says nothing.

libcurl sends a request again by itself where a connection that was used before ends
without an answer (curl issue 18417). The same cells are put to the usual way of
posting, which shows the copies that the guard prevents.
"""

import json
import ssl

import pycurl
import pytest
from conftest import ACCOUNT, QUICK
from test_send_guard import NO_RETRY, DyingServer, listed_row, ready

import fastorder
from fastorder import Outcome, blocking

WARM = [0, 1, 6]
ENDINGS = ["fin", "rst", "stall"]
BRIEF = fastorder.Timeouts(connect=20.0, request=1.0)


@pytest.fixture
def dying(ending):
    server = DyingServer(ending)
    yield server
    server.close()


def timeouts(ending):
    return BRIEF if ending == "stall" else fastorder.Timeouts(20.0, 20.0)


async def place(url, ending, warm, policy):
    async with ready(
        fastorder.OrderExecutor(url, retry=policy, timeouts=timeouts(ending))
    ) as executor:
        if warm:
            await executor.connect(warm)
        return await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)


@pytest.mark.parametrize("warm", WARM)
@pytest.mark.parametrize("ending", ENDINGS)
def test_order_leaves_once_when_the_connection_dies_unanswered(
    run, dying, ending, warm
):
    result = run(place(dying.url, ending, warm, NO_RETRY))
    dying.settle()
    assert len(dying.bodies) == 1
    assert (result.outcome, result.attempts) == (Outcome.UNKNOWN, 1)


@pytest.mark.parametrize("warm", WARM)
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_blocking_order_leaves_once_too(dying, ending, warm):
    with ready(
        blocking.OrderExecutor(dying.url, retry=NO_RETRY, timeouts=timeouts(ending))
    ) as executor:
        if warm:
            executor.connect(warm)
        result = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    dying.settle()
    assert len(dying.bodies) == 1
    assert (result.outcome, result.attempts) == (Outcome.UNKNOWN, 1)


@pytest.mark.parametrize("warm", WARM)
@pytest.mark.parametrize("ending", ["fin", "rst"])
def test_every_further_copy_is_a_try_of_the_schedule(run, dying, ending, warm):
    """And each comes after a look-up that does not list the order."""
    result = run(place(dying.url, ending, warm, QUICK))
    dying.settle()
    assert len(dying.bodies) == result.attempts == 4
    assert len(set(dying.bodies)) == 1
    assert dying.searches >= 4
    assert result.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("warm", WARM)
@pytest.mark.parametrize("ending", ["fin", "rst"])
def test_an_order_that_the_gateway_lists_is_not_sent_again(run, dying, ending, warm):
    dying.books = listed_row
    result = run(place(dying.url, ending, warm, QUICK))
    dying.settle()
    assert len(dying.bodies) == 1
    assert (result.outcome, result.order_id) == (Outcome.ACCEPTED, 77)


# ---------------------------------------------------------------- the usual way


def post_the_usual_way(url, warm, timeout_ms):
    """POSTFIELDS on as many warm connections."""
    multi = pycurl.CurlMulti()
    pings = [handle(f"{url}/api/Status/ping", timeout_ms=20_000) for _ in range(warm)]
    perform(multi, pings)
    order = handle(f"{url}/api/Order/place", timeout_ms)
    order.setopt(pycurl.POSTFIELDS, json.dumps({"accountId": ACCOUNT}))
    perform(multi, [order])
    for easy in (*pings, order):
        easy.close()
    multi.close()


def handle(url, timeout_ms):
    easy = pycurl.Curl()
    easy.setopt(pycurl.URL, url)
    easy.setopt(pycurl.TIMEOUT_MS, timeout_ms)
    easy.setopt(pycurl.WRITEFUNCTION, len)
    return easy


def perform(multi, handles):
    for easy in handles:
        multi.add_handle(easy)
    while multi.perform()[1]:
        multi.select(0.05)
    for easy in handles:
        multi.remove_handle(easy)


COPIES = {0: 1, 1: 2, 6: 6}
"""By the number of warm connections; libcurl gives up after five re-sends."""


@pytest.mark.parametrize("warm", WARM)
@pytest.mark.parametrize("ending", ["fin", "rst"])
def test_the_usual_way_sends_a_copy_on_every_warm_connection(dying, warm):
    """The reason for the guard; where this fails, libcurl has mended its ways."""
    post_the_usual_way(dying.url, warm, timeout_ms=20_000)
    dying.settle()
    assert len(dying.bodies) == COPIES[warm]


@pytest.mark.parametrize("warm", WARM)
@pytest.mark.parametrize("ending", ["stall"])
def test_the_usual_way_sends_one_copy_into_silence(dying, warm):
    post_the_usual_way(dying.url, warm, timeout_ms=500)
    dying.settle()
    assert len(dying.bodies) == 1


# ---------------------------------------------------------------- HTTP/2


@pytest.fixture
def both_versions(certificate):
    """A TLS server that would rather speak HTTP/2; what each client agreed to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    context.set_alpn_protocols(["h3", "h2", "http/1.0", "http/1.1"])
    server = DyingServer()
    agreed = []

    def wrap(connection):
        wrapped = context.wrap_socket(connection, server_side=True)
        agreed.append(wrapped.selected_alpn_protocol())
        return wrapped

    server.wrap = wrap
    yield server.url.replace("http://127.0.0.1", "https://localhost"), agreed
    server.close()


def test_orders_never_go_over_http_2(run, both_versions, certificate):
    """ALPN offers http/1.1 only, so what HTTP/2 re-sends cannot come up."""
    url, agreed = both_versions

    async def main():
        async with ready(
            fastorder.OrderExecutor(url, ca_file=certificate.authority, retry=NO_RETRY)
        ) as executor:
            await executor.connect(2)
            await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            await executor.cancel_order(5, ACCOUNT)

    run(main())
    assert len(agreed) >= 2
    assert set(agreed) == {"http/1.1"}


def test_the_usual_way_would_speak_http_2(both_versions, certificate):
    url, agreed = both_versions
    easy = handle(url, timeout_ms=20_000)
    easy.setopt(pycurl.CAINFO, certificate.authority)
    with pytest.raises(pycurl.error):
        easy.perform()
    easy.close()
    assert agreed == ["h2"]
