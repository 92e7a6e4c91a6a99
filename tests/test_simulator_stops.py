"""A simulator that stops leaves no connection open, whenever one has come."""

import asyncio
import contextlib
import gc
import socket
import ssl
import warnings

import pytest

from fastorder.simulator import Gateway, Simulator, run_in_thread


@pytest.fixture
def left_open():
    """What the collector finds open, at the end of the block."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield lambda: [gc.collect(), [str(each.message) for each in told]][1]


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("kind", ["plain", "tls"])
def test_one_that_comes_at_any_turn_before_the_stop_is_closed(
    kind, turns, certificate, left_open
):
    """Whether in the backlog, accepted, half way to its protocol, or with one."""
    keys = (certificate.chain, certificate.key) if kind == "tls" else ()

    async def main():
        simulator = Simulator(Gateway(), "127.0.0.1", 0, *keys)
        await simulator.start()
        came = [
            socket.create_connection(("127.0.0.1", simulator.port)) for _ in range(5)
        ]
        for _ in range(turns):
            await asyncio.sleep(0)
        await simulator.stop()
        for each in came:
            each.settimeout(5)
            with contextlib.suppress(ConnectionResetError):
                assert each.recv(1) == b""
            each.close()

    loop = asyncio.SelectorEventLoop()  # it stops as soon as this has ended
    loop.run_until_complete(main())
    loop.close()
    assert left_open() == []


def test_one_half_way_through_its_handshake_is_closed(certificate, left_open):
    with run_in_thread(tls_cert=certificate.chain, tls_key=certificate.key) as server:
        context = ssl.create_default_context(cafile=certificate.authority)
        hello = ssl.MemoryBIO()
        talk = context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            talk.do_handshake()
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(hello.read())
        assert client.recv(1)  # the server has answered, and waits for the rest
    client.close()
    assert left_open() == []


def test_it_listens_again_where_it_did(left_open):
    async def main():
        simulator = Simulator(Gateway())
        await simulator.start()
        port = simulator.port
        simulator._later(0, lambda: None)
        await simulator._refuse(0.01)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        while simulator._listener is None:
            await asyncio.sleep(0.01)
        socket.create_connection(("127.0.0.1", port)).close()
        await simulator.stop()

    loop = asyncio.SelectorEventLoop()
    loop.run_until_complete(main())
    loop.close()
    assert left_open() == []
