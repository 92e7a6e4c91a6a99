"""The codec alone: an order to bytes, an answer to what it says, beside json."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fastorder import OrderRequest
from fastorder._core.codec.price import TickGrid
from fastorder._core.codec.request import render_cancel, render_modify, render_place
from fastorder._core.codec.response import read_reply

ACCOUNT = 12345678
CONTRACT = "CON.F.US.MNQ.Z26"
TAG = "fo1-aaaaaaaaaaaaaaaaa-00000001"
GRID = TickGrid("0.25")
ANSWER = b'{"orderId":9056,"success":true,"errorCode":0,"errorMessage":null}'
AS_DICT = {
    "accountId": ACCOUNT,
    "contractId": CONTRACT,
    "type": 1,
    "side": 0,
    "size": 1,
    "limitPrice": 25_000.25,
    "customTag": TAG,
    "stopLossBracket": {"ticks": -50, "type": 4},
    "takeProfitBracket": {"ticks": 100, "type": 1},
}


def checked() -> OrderRequest:
    return OrderRequest(
        "MNQ",
        "BUY",
        1,
        ACCOUNT,
        "limit",
        limit_price=25_000.25,
        stop_loss_ticks=50,
        take_profit_ticks=100,
    )


ORDER = checked()

TO_BYTES = {
    "check an order": checked,
    "render a checked order": lambda: render_place(ORDER, CONTRACT, TAG, GRID),
    "check and render an order": lambda: render_place(checked(), CONTRACT, TAG, GRID),
    "render a modify": lambda: render_modify(ACCOUNT, 9056, 2, 25_000.25),
    "render a cancel": lambda: render_cancel(ACCOUNT, 9056),
    "json.dumps of an unchecked dict": lambda: json.dumps(AS_DICT).encode(),
}
FROM_BYTES = {
    "read an answer": lambda: read_reply(200, ANSWER),
    "json.loads of it": lambda: json.loads(ANSWER),
}


@pytest.mark.parametrize("what", TO_BYTES)
@pytest.mark.benchmark(group="codec, to bytes")
def test_to_bytes(benchmark: Any, what: str) -> None:
    benchmark(TO_BYTES[what])


@pytest.mark.parametrize("what", FROM_BYTES)
@pytest.mark.benchmark(group="codec, from bytes")
def test_from_bytes(benchmark: Any, what: str) -> None:
    benchmark(FROM_BYTES[what])
