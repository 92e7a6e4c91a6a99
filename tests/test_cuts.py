"""A connection is cut at every byte, and what the client believes is what happened.

Here every offset of one order is taken and a stride of the rest, another part of them
over a warm connection than over a cold one; ``make cuts`` takes every offset of all.
"""

import os
import socket
from functools import partial

import cutting_proxy
import pytest
from cut_cells import VERBS, Bench, Cell, checked, cut_all, sizes_of_all
from cutting_proxy import Cut, Mode, Part, StillOpen, proxy_to

from fastorder import Outcome

FEW_AT_MOST_S = 600
"""For the cells of one gateway, which take some seconds where nothing else runs."""

FULL = bool(os.environ.get("FASTORDER_FULL"))


@pytest.fixture(scope="module")
def sizes():
    return sizes_of_all()


def offsets(size, stride, warm):
    """From nothing to the whole, both included."""
    if FULL:
        return range(size + 1)
    return sorted({0, *range(warm * stride // 3, size, stride), size - 1, size})


def cells_of(sizes, verb, mode, warm, stride, parts=Part, **options):
    """A cell for each offset of a verb's request and of its answer."""
    return [
        Cell(verb, Cut(VERBS[verb].path, part, offset, mode, **options), warm)
        for part in parts
        if part in sizes[verb]
        for offset in offsets(sizes[verb][part], stride, warm)
    ]


def cells_of_all(*args, **options):
    """The same for every verb."""
    return [
        cell for verb in VERBS for cell in cells_of(args[0], verb, *args[1:], **options)
    ]


def test_an_order_over_a_warm_connection_that_is_cut(sizes):
    cells = checked(cells_of(sizes, "buy", Mode.FIN, warm=1, stride=3))
    assert all(cell.result.outcome is Outcome.ACCEPTED for cell in cells)
    assert {len(cell.sends) for cell in cells} == {1, 2}


@pytest.mark.parametrize("warm", [0, 2], ids=["cold", "warm"])
@pytest.mark.parametrize("mode", Mode)
def test_what_the_client_believes_is_what_happened(run, sizes, mode, warm):
    stride = 149 if mode is Mode.STALL else 107
    cells = cells_of_all(sizes, mode, warm, stride)
    checked(cells, run=partial(run, limit_s=FEW_AT_MOST_S))


@pytest.mark.parametrize("warm", [0, 2], ids=["cold", "warm"])
@pytest.mark.parametrize("mode", Mode)
def test_on_a_line_that_stays_dead_nothing_is_claimed(sizes, mode, warm):
    stride = 149 if mode is Mode.STALL else 107
    cells = checked(cells_of_all(sizes, mode, warm, stride, stays=True))
    for cell in cells:
        claims = cell.first.outcome in (Outcome.ACCEPTED, Outcome.REJECTED)
        assert not claims or answered_whole(cell), str(cell)
    assert any(map(answered_whole, cells))


def answered_whole(cell):
    """Whether the cut came after the last byte of an answer."""
    return any(0 < len(seen.answer) == seen.answered for seen in cell.sends)


@pytest.mark.parametrize("mode", Mode)
def test_a_blocking_executor_believes_the_same(sizes, mode):
    cells = cells_of_all(sizes, mode, 1, stride=97)
    if mode is Mode.STALL:
        cells = cells[::16]  # one after the other, and each waits
    checked(cells, by=Bench.run_blocking)


@pytest.mark.parametrize("stays", [False, True], ids=["heals", "stays"])
@pytest.mark.parametrize("warm", [0, 2], ids=["cold", "warm"])
@pytest.mark.parametrize("mode", Mode)
def test_a_connection_that_ends_before_the_request(mode, warm, stays):
    checked(
        [
            Cell(verb, Cut(VERBS[verb].path, Part.CONNECTION, 0, mode, stays), warm)
            for verb in VERBS
            for _ in range(4)  # the client may see the end before it sends, or after
        ]
    )


@pytest.mark.parametrize("verb", VERBS)
def test_where_no_connection_is_taken_nothing_was_sent(verb):
    cut = Cut(VERBS[verb].path, Part.CONNECTION, 0, Mode.FIN, stays=True)
    cold, warm = checked(
        [Cell(verb, cut, warm=0, refused=True), Cell(verb, cut, warm=1, refused=True)]
    )
    assert cold.result.outcome is Outcome.NOT_SENT
    assert (cold.result.attempts, cold.sends) == (0, [])
    assert warm.result.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN)


@pytest.mark.parametrize("warm", [0, 2], ids=["cold", "warm"])
def test_a_request_that_comes_late_beside_the_next_one_is_no_double(sizes, warm):
    cells = checked(
        cells_of(sizes, "buy", Mode.STALL, warm, 29, parts=[Part.REQUEST], late=True)
    )
    late = [cell for cell in cells if len(cell.sends) > 1]
    assert late
    for cell in late:
        assert all(len(seen.received) == seen.forwarded for seen in cell.sends)


def test_requests_go_over_http_1_1_only(sizes):
    cells = cut_all([Cell(verb, warm=2) for verb in VERBS])
    seen = [seen for cell in cells for seen in cell.line.seen]
    assert len(seen) == 3 * len(VERBS)
    assert {one.words[2] for one in seen} == {"HTTP/1.1"}
    assert not any(b"\r\nupgrade:" in one.received.lower() for one in seen)
    assert {cell.line.connections for cell in cells} == {1}


def port_of(line):
    return int(line.url.rpartition(":")[2])


def test_a_connection_that_a_client_leaves_open_is_told(gateway, monkeypatch):
    monkeypatch.setattr(cutting_proxy, "WAITS_S", 0.5)
    with proxy_to(gateway.port) as proxy:
        line = proxy.line()
        with (
            socket.create_connection(("127.0.0.1", port_of(line))),
            pytest.raises(StillOpen, match="connection 1 waits for the client"),
        ):
            line.close()


def test_what_a_gateway_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(cutting_proxy, "WAITS_S", 0.5)
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        proxy_to(mute.getsockname()[1]) as proxy,
    ):
        line = proxy.line()
        with socket.create_connection(("127.0.0.1", port_of(line))) as client:
            client.sendall(b"GET /x HTTP/1.1\r\n\r\n")
        with pytest.raises(StillOpen, match="the gateway, which has not answered"):
            line.close()


def test_what_came_on_a_connection_just_before_the_end_is_counted(gateway):
    with proxy_to(gateway.port) as proxy:
        for _ in range(20):
            line = proxy.line()
            with socket.create_connection(("127.0.0.1", port_of(line))) as client:
                client.sendall(b"POST /y HTTP/1.1\r\n")
            line.close()
            assert [bytes(seen.received) for seen in line.seen] == [
                b"POST /y HTTP/1.1\r\n"
            ]
