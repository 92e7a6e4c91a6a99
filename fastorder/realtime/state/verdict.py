"""What reads say of the rows: agreement, contradictions, news."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.realtime.state.orders import has_ended
from fastorder.realtime.state.positions import is_same_price, net_of
from fastorder.realtime.state.reading import Unreadable, order_from, position_from

if TYPE_CHECKING:
    from fastorder.models import Position
    from fastorder.realtime.state.account_rows import AccountRows
    from fastorder.realtime.state.looks import Looked, Rows


CLOCKS_NS = 120 * 1_000_000_000
"""By so much the clock here may be ahead of the gateway's."""


class Verdict(NamedTuple):
    """What a look that may prove has come to.

    Attributes:
        wrong: what speaks against the rows, for people.
        busy: contracts that are traded while they are read, and were not known.
        rebased: contracts whose position is the read's.
        nets: contracts that the read shows, below 0 where short.
    """

    wrong: list[str]
    busy: list[str]
    rebased: list[str]
    nets: dict[str, int]


def positions_by_contract(rows: Rows, account_id: int) -> dict[str, Position]:
    """The open positions of a read.

    Raises:
        Unreadable: one cannot be read, is another account's, or a contract has two.
    """
    found: dict[str, Position] = {}
    for row in rows:
        position = position_from(row)
        if position.account_id != account_id:
            raise Unreadable("a position of another account is listed")
        if position.contract_id in found:
            raise Unreadable(f"{position.contract_id} has two positions")
        if net_of(position):
            found[position.contract_id] = position
    return found


def nets_of(looked: Looked, account_id: int) -> dict[str, int]:
    """What a look shows of each contract, below 0 where short."""
    positions = positions_by_contract(looked.positions or [], account_id)
    return {contract_id: row.net for contract_id, row in positions.items()}


def judge(
    rows: AccountRows, looked: Looked, settle_ns: int, last: dict[str, int] | None
) -> Verdict:
    """Hold the positions of a read against the trades.

    A read of a contract that nobody trades is what there is. Where nothing was known of
    it that is enough; against what is known, a second one has to say the same.

    Args:
        settle_ns: by so much the read may be behind its beginning.
        last: what the look before showed, where it may count as a first one.
    """
    nets = nets_of(looked, rows.account_id)
    verdict = Verdict([], [], [], nets)
    from_ns = looked.begun_ns - settle_ns
    for contract_id in {*rows.positions, *nets}:
        held, shown = rows.position(contract_id), nets.get(contract_id, 0)
        if held.expected is None:
            known = verdict.rebased if held.is_calm(from_ns) else verdict.busy
            known.append(contract_id)
        elif shown not in held.reachable(from_ns):
            again = last is not None and last.get(contract_id, 0) == shown
            if again and held.is_calm(from_ns):
                verdict.rebased.append(contract_id)
            else:
                verdict.wrong.append(
                    f"{contract_id}: {shown} held, {held.expected} by the trades"
                )
    return verdict


def not_listed(rows: AccountRows, looked: Looked) -> list[int]:
    """Working orders of which neither this connection nor a look tells."""
    listed = {_id(row) for row in (*(looked.working or ()), *(looked.orders or ()))}
    listed |= {number for number, row in looked.by_id.items() if row is not None}
    return [
        held.order.id
        for held in rows.working()
        if held.order is not None
        and held.order.id not in listed
        and (held.is_partial or held.epoch != rows.epoch)
    ]


def _id(row: dict[str, Any]) -> int:
    return order_from(row).id


def untraded(rows: AccountRows, before_ns: int, from_ns: int) -> list[str]:
    """Orders that are filled and of which a read lacks a trade that it has to show.

    What an order from before the read's beginning lacks may be older than that.

    Args:
        before_ns: what was told before is shown, on the monotonic clock.
        from_ns: from when on trades are read, by the gateway's clock.
    """
    return [
        f"order {held.order.id}: {held.order.fill_volume} filled, "
        f"{rows.told(held.order.id)} traded"
        for held in rows.untraded(before_ns)
        if held.order is not None
        and (held.order.created_ns or 0) >= from_ns + CLOCKS_NS
    ]


def news(rows: AccountRows, looked: Looked, behind_ns: int) -> frozenset[str]:
    """What a read shows that no event has told; it may be on its way, though.

    Args:
        behind_ns: by so much the read may be behind its beginning, events too.
    """
    from_ns = looked.begun_ns - behind_ns
    nets = nets_of(looked, rows.account_id)
    found = {
        f"the position of {contract_id}"
        for contract_id in {*rows.positions, *nets}
        if nets.get(contract_id, 0) not in rows.position(contract_id).reachable(from_ns)
    }
    shown = positions_by_contract(looked.positions or [], rows.account_id)
    for contract_id, row in shown.items():
        held = rows.position(contract_id)
        same = held.net != row.net or is_same_price(held.row, row)
        if held.is_calm(from_ns) and not same:
            found.add(f"the average price of {contract_id}")
    listed = {order.id: order for order in map(order_from, looked.working or ())}
    for order in listed.values():
        known_order = rows.orders.get(order.id)
        if known_order is None or known_order.is_older_than(order):
            found.add(f"order {order.id}")
    for working in rows.working():
        known = working.order
        if known is None or has_ended(known) or known.id in listed:
            continue
        if working.heard_ns < from_ns:
            found.add(f"order {known.id}")
    return frozenset(found)
