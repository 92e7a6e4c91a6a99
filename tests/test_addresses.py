"""A host of several addresses, one of which takes connections and says nothing."""

import socket
import threading

import pytest
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import Outcome, blocking
from fastorder.simulator import run_in_thread

FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


class Mute:
    """Takes every connection and answers nothing."""

    def __init__(self, host, port):
        self._socket = socket.create_server((host, port), family=FAMILIES[host])
        self.port = self._socket.getsockname()[1]
        self.taken = []
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def _take(self):
        while True:
            try:
                self.taken.append(self._socket.accept()[0])
            except OSError:
                return

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)
        for connection in self.taken:
            connection.close()


def has_both():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not has_both(), reason="no loopback of IPv6")


@pytest.fixture(params=FAMILIES)
def mute(request):
    """On one of the addresses of localhost."""
    mute = Mute(request.param, 0)
    mute.host = request.param
    yield mute
    mute.close()


def trader_for(url, certificate):
    return blocking.OrderExecutor(
        url,
        ca_file=certificate.authority,
        retry=QUICK,
        timeouts=fastorder.Timeouts(connect=0.4, request=5.0),
    )


def test_tries_are_spread_over_the_addresses_of_a_host(mute, certificate):
    (other,) = FAMILIES.keys() - {mute.host}
    with run_in_thread(
        host=other, port=mute.port, tls_cert=certificate.chain, tls_key=certificate.key
    ) as gateway:
        url = f"https://localhost:{mute.port}"
        with trader_for(url, certificate) as executor:
            trader = prepared(executor, gateway)
            results = [
                trader.place_market_order("MNQ", "BUY", 1, ACCOUNT) for _ in range(3)
            ]
        assert [one.outcome for one in results] == [Outcome.ACCEPTED] * 3
        assert len(gateway.ledger.placements()) == 3
    assert len(mute.taken) <= 1, "the mute one was tried again"


def test_where_there_is_no_other_address_it_is_tried_again(certificate):
    mute = Mute("127.0.0.1", 0)
    try:
        url = f"https://127.0.0.1:{mute.port}"
        with trader_for(url, certificate) as executor:
            executor.set_token("a.b.c")
            executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
            result = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
        assert result.outcome is Outcome.NOT_SENT
        assert len(mute.taken) > 1
    finally:
        mute.close()
