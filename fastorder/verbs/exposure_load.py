"""What is read of an account for its limits, and in which order.

The positions are asked for last: they are held against the fills that the orders and
the trades have shown.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from fastorder.risk.trading_day import trading_day

if TYPE_CHECKING:
    from fastorder.session.ticket_group import Steps


def exposure_steps(executor: Any, account_id: int) -> Steps[None]:
    """The reads of one account; without limits there are none."""
    risk = executor._risk
    if risk is None:
        return
    dispatcher = executor._dispatcher
    now_s = dispatcher.clock.wall_s()
    day = _moment(trading_day(now_s).start_s)
    oldest_s = risk._oldest_s(account_id, now_s)
    since = _moment(dispatcher.server_clock.window_start_s(oldest_s))
    yield [
        type(executor).orders.ticket(executor, account_id, since),
        type(executor).open_orders.ticket(executor, account_id),
        type(executor).trades.ticket(executor, account_id, day),
    ]
    last = [type(executor).positions.ticket(executor, account_id)]
    if risk.limits.trailing_loss is not None:
        # the balance is compared with the trades before and after it
        yield type(executor).accounts.ticket(executor)
        last.append(type(executor).trades.ticket(executor, account_id, day))
    yield last


def _moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(int(at_s), timezone.utc)
