"""What every contender sends, and what the server answers."""

from __future__ import annotations

import json

TOKEN = "abc"
ACCOUNT = 12345678
CONTRACT = "CON.F.US.MNQ.Z26"
TAG = "fo1-aaaaaaaaaaaaaaaaa-00000001"
PLACE, MODIFY, CANCEL = "/api/Order/place", "/api/Order/modify", "/api/Order/cancel"
ORDER_ID = 9056

ORDER = {
    "accountId": ACCOUNT,
    "contractId": CONTRACT,
    "type": 2,
    "side": 0,
    "size": 1,
    "customTag": TAG,
    "stopLossBracket": {"ticks": -50, "type": 4},
    "takeProfitBracket": {"ticks": 100, "type": 1},
}
CHANGE = {
    "accountId": ACCOUNT,
    "orderId": ORDER_ID,
    "size": 2,
    "limitPrice": 25_000.25,
}
CANCELLATION = {"accountId": ACCOUNT, "orderId": ORDER_ID}

PLACED = '{"orderId":9056,"success":true,"errorCode":0,"errorMessage":null}'
DONE = '{"success":true,"errorCode":0,"errorMessage":null}'


def answered(**members: object) -> str:
    """A successful answer with these members."""
    end = {"success": True, "errorCode": 0, "errorMessage": None}
    return json.dumps({**members, **end}, separators=(",", ":"))


LOGGED_IN = answered(token=TOKEN)
ACCOUNTS = answered(
    accounts=[
        {
            "id": ACCOUNT,
            "name": "PRAC-1",
            "balance": 150_000,
            "canTrade": True,
            "isVisible": True,
        }
    ]
)
CONTRACTS = answered(
    contracts=[
        {
            "id": CONTRACT,
            "name": "MNQZ6",
            "description": "Micro E-mini Nasdaq-100",
            "tickSize": 0.25,
            "tickValue": 0.5,
            "activeContract": True,
            "symbolId": "F.US.MNQ",
        }
    ]
)


def rendered(value: object) -> bytes:
    """Compact JSON: what a contender without a JSON writer of its own sends."""
    return json.dumps(value, separators=(",", ":")).encode()


BODY = rendered(ORDER)
