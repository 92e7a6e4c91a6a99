"""The gateway's endpoints that this client uses, and what it asks of each."""

from __future__ import annotations

from enum import Enum

from fastorder.budgets.lanes import Lane

MIB = 1 << 20
LONG_LIST = 32 * MIB
"""Room for some 100,000 orders: an order is looked for up to a year back."""

HISTORY = 16 * MIB
"""Room for some 150,000 bars, coded or not; the gateway gives 20,000 at once."""

LESSENING = (
    "/api/Order/cancel",
    "/api/Position/closeContract",
    "/api/Position/partialCloseContract",
)

HISTORY_PATHS = "/api/History/"
LANES = {
    "/api/Auth/loginKey": Lane.LESSENING,  # without a token nothing else leaves
    "/api/Order/place": Lane.PLACES,
    "/api/Order/modify": Lane.MODIFIES,
    **dict.fromkeys(LESSENING, Lane.LESSENING),
}


class Endpoint(Enum):
    """One endpoint: its path, and whether a request to it changes something.

    Attributes:
        answer_limit: the largest answer that is read, in bytes.
        patience: how many times as long as another request it may take.
        coding: what its answers may be coded with; those of orders are plain.
        lessens: it takes an order or a position away, so it goes before all others.
        lane: where it stands in a budget, unless it is known what it is for.

    Source: the gateway's documentation and its Swagger description.
    """

    PING = ("/api/Status/ping", False)
    LOGIN = ("/api/Auth/loginKey", False)
    VALIDATE = ("/api/Auth/validate", False)
    LOGOUT = ("/api/Auth/logout", False)
    BARS = ("/api/History/retrieveBars", False)
    SEARCH_ACCOUNTS = ("/api/Account/search", False)
    LIST_CONTRACTS = ("/api/Contract/available", False)
    CONTRACT_BY_ID = ("/api/Contract/searchById", False)
    PLACE = ("/api/Order/place", True)
    MODIFY = ("/api/Order/modify", True)
    CANCEL = ("/api/Order/cancel", True)
    SEARCH_ORDERS = ("/api/Order/search", False)
    QUERY_ORDERS = ("/api/Order/v2/query", False)
    ORDER_BY_ID = ("/api/Order/searchById", False)
    CLOSE_POSITION = ("/api/Position/closeContract", True)
    PARTIAL_CLOSE = ("/api/Position/partialCloseContract", True)
    SEARCH_POSITIONS = ("/api/Position/searchOpen", False)
    SEARCH_TRADES = ("/api/Trade/search", False)

    path: str
    changes: bool
    authorized: bool
    answer_limit: int
    coding: str
    patience: int
    lessens: bool
    lane: Lane

    def __init__(self, path: str, changes: bool) -> None:
        self.path = path
        self.changes = changes
        is_long = path in ("/api/Order/search", "/api/Trade/search")
        is_history = path.startswith(HISTORY_PATHS)
        self.answer_limit = HISTORY if is_history else LONG_LIST if is_long else MIB
        self.coding = "gzip" if is_history else "identity"
        self.patience = 4 if is_history else 1
        self.lessens = path in LESSENING
        self.lane = LANES.get(path, Lane.HISTORY if is_history else Lane.READS)
        self.authorized = path not in ("/api/Status/ping", "/api/Auth/loginKey")

    # identity is enough, and the order path looks its routes up by endpoint
    __hash__ = object.__hash__
