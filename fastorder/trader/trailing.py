"""A trailing stop by its distance: the last price, and what the gateway made of it.

The gateway takes a price and works out the distance from its own last price, which may
have moved. So the distance that it has set is read back, and told.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder._base.wire_values import number_from
from fastorder.acts.looks import is_text, read
from fastorder.errors import RequestFailed
from fastorder.gateway.endpoints import Endpoint
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder.acts.desk import Desk
    from fastorder.session.ticket_group import Steps

BACK = timedelta(minutes=15)
"""How far back the last trade is looked for."""

SECONDS, LOOK_NS = 1, 2 * SECOND_NS


def last_price(desk: Desk, contract_id: str) -> Steps[Decimal]:
    """The last price of a contract, as the gateway's newest bar shows it.

    Raises:
        RequestFailed: it shows none: without it the stop has no place to begin.
    """
    now = datetime.fromtimestamp(desk.clock.wall_s(), timezone.utc)
    request = {
        "contractId": contract_id,
        "live": False,
        "startTime": (now - BACK).isoformat(),
        "endTime": (now + timedelta(minutes=1)).isoformat(),
        "unit": SECONDS,
        "unitNumber": 1,
        "limit": 1,
        "includePartialBar": True,
    }
    bars = (yield desk.ask(Endpoint.BARS, request)).get("bars")
    if not isinstance(bars, list) or not bars or not is_bar(bars[0]):
        raise RequestFailed(
            f"the last price of {contract_id} must be known to trail by a distance, "
            "the gateway shows none of the last 15 minutes: nothing was sent"
        )
    return number_from(max(bars, key=lambda bar: bar["t"])["c"])


def is_bar(row: Any) -> bool:
    """Whether a row has a time and a price."""
    if not isinstance(row, dict) or not is_text(row.get("t")):
        return False
    return type(row.get("c")) in (int, float, Decimal)


def trail_distance(desk: Desk, order_id: int) -> Steps[int | None]:
    """At how many ticks the gateway trails an order; None where it does not say."""
    asked = desk.read_order(order_id)
    yield desk.wait([asked], desk.now_ns() + LOOK_NS)
    try:
        ticks = read(asked).trail_distance
    except RequestFailed:
        return None
    return abs(ticks) if type(ticks) is int else None
