"""The endpoints: their paths, in lower case, and the members that each one binds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.simulator.wire import (
    Field,
    decimal,
    flag,
    int32,
    int32s,
    int64,
    moment,
    structure,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PING = "/api/status/ping"
QUERY = "/api/order/v2/query"


def _optional(fits: Callable[[Any], bool]) -> Field:
    return Field(fits, required=False, nullable=True)


_ACCOUNT = {"accountId": Field(int32)}
_ORDER = {**_ACCOUNT, "orderId": Field(int64)}
_CONTRACT = {**_ACCOUNT, "contractId": Field(text)}
_PRICES = {
    name: _optional(decimal) for name in ("limitPrice", "stopPrice", "trailPrice")
}
_WINDOW = {
    **_ACCOUNT,
    "startTimestamp": Field(moment),
    "endTimestamp": _optional(moment),
}

FIELDS: dict[str, Mapping[str, Field]] = {
    "/api/auth/loginkey": {"userName": Field(text), "apiKey": Field(text)},
    "/api/auth/loginapp": {
        name: Field(text)
        for name in ("userName", "password", "deviceId", "appId", "verifyKey")
    },
    "/api/auth/validate": {},
    "/api/auth/logout": {},
    "/api/account/search": {"onlyActiveAccounts": Field(flag)},
    "/api/contract/search": {"searchText": Field(text), "live": Field(flag)},
    "/api/contract/available": {"live": Field(flag)},
    "/api/contract/searchbyid": {"contractId": Field(text)},
    "/api/history/retrievebars": {
        "contractId": Field(text),
        "live": Field(flag),
        "startTime": Field(moment),
        "endTime": Field(moment),
        "unit": Field(int32),
        "unitNumber": Field(int32),
        "limit": Field(int32),
        "includePartialBar": Field(flag),
    },
    "/api/order/place": {
        **_CONTRACT,
        "type": Field(int32),
        "side": Field(int32),
        "size": Field(int32),
        **_PRICES,
        "customTag": _optional(text),
        "stopLossBracket": _optional(structure),
        "takeProfitBracket": _optional(structure),
    },
    "/api/order/modify": {
        **_ORDER,
        "size": _optional(int32),
        **_PRICES,
    },
    "/api/order/cancel": _ORDER,
    "/api/order/search": _WINDOW,
    "/api/order/searchopen": _ACCOUNT,
    "/api/order/searchbyid": _ORDER,
    QUERY: {
        "filter": Field(structure),
        "pageSize": _optional(int32),
        "pageOffset": _optional(int32),
        "sortBy": _optional(int32),
        "sortDirection": _optional(int32),
        "includeTotalCount": _optional(flag),
    },
    "/api/position/searchopen": _ACCOUNT,
    "/api/position/closecontract": _CONTRACT,
    "/api/position/partialclosecontract": {**_CONTRACT, "size": Field(int32)},
    "/api/trade/search": _WINDOW,
}
PATHS = (*FIELDS, PING)

_LEG = {"ticks": Field(int32), "type": Field(int32)}
NESTED: dict[str, Mapping[str, Field]] = {
    "stopLossBracket": _LEG,
    "takeProfitBracket": _LEG,
    "filter": {
        **_ACCOUNT,
        "statuses": _optional(int32s),
        "createdAfter": _optional(moment),
        "createdBefore": _optional(moment),
    },
}
OPEN = frozenset({"/api/auth/loginkey", "/api/auth/loginapp"})
