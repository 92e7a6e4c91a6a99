"""Callbacks that raise what is no Exception: counted, and nothing else is lost."""

import asyncio
import time

import pytest
from test_state_lost import until_proven
from test_state_trader import MNQ, entered, proven, waiting


def in_one_message(gateway):
    """The events of an order come in one message, once no more of them are made."""
    hubs, waiting_ = gateway.hubs, []

    def flush():
        messages = waiting_[:]
        waiting_.clear()
        for connection in hubs.connections:
            connection.send(messages)

    def emit(group, target, *given, times=1):
        if not waiting_:
            asyncio.get_running_loop().call_later(0.02, flush)
        waiting_.append({"type": 1, "target": target, "arguments": list(given)})
        return 1

    hubs.emit = emit


def cancelled(_event):
    raise asyncio.CancelledError


def gone(_event):
    raise GeneratorExit


@pytest.mark.parametrize("kind", ["order", "fill", "position", "row"])
@pytest.mark.parametrize("callback", [cancelled, gone])
def test_a_callback_loses_no_event_of_its_read_on_a_loop(gateway, run, kind, callback):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            in_one_message(gateway)
            heard = []
            trader.on(kind, callback)
            trader.on(kind, heard.append)
            order = await trader.buy(
                "MNQ", 1, stop_loss_ticks=400, take_profit_ticks=400
            )
            while len(trader.state.working) < 2 or not trader.state.positions:
                await asyncio.sleep(0.005)
            await proven(trader)
            assert trader.state.positions[MNQ].net == 1
            assert trader.state.order(order.order_id).fill_volume == 1
            assert heard
            assert trader.callback_failures[kind] == len(heard)

    run(day())


def test_a_callback_loses_no_event_in_plain_code(gateway):
    with waiting(gateway) as trader:
        until_proven(trader)
        in_one_message(gateway)
        heard = []
        trader.on("order", gone)
        trader.on("order", heard.append)
        trader.buy("MNQ", 1, stop_loss_ticks=400, take_profit_ticks=400)
        end = time.monotonic() + 20
        while len(trader.state.working) < 2 or not trader.state.positions:
            assert time.monotonic() < end
            time.sleep(0.005)
        assert trader.callback_failures["order"] == len(heard) > 0


def test_what_ends_a_program_ends_it_after_all_was_told(gateway):
    state = []

    def leave(_event):
        if len(state) == 1:
            state.append("left")
            raise SystemExit(3)

    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            in_one_message(gateway)
            trader.on("order", leave)
            state.append(trader.state)
            await trader.buy("MNQ", 1)
            await asyncio.sleep(60)

    with pytest.raises(SystemExit):
        asyncio.run(day())
    assert state[0].positions[MNQ].net == 1
