"""What a refusal says: the limit, its value, and what was found."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.risk.denials import Denial, Denied
from fastorder.risk.ledger import SECONDS_BEHIND

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.risk.exposure import Contract
    from fastorder.risk.limits import RiskLimits

STATE = "state"


@dataclass(frozen=True)
class Asked:
    """What was asked for: an order, or a change of one.

    Attributes:
        limits: what it is held to.
        account_id: whose order.
        contract: what is known of its contract; None where an order is not known.
        symbol: as it was given, or the contract's id.
        sells, size: which way, and how many contracts more.
        legs: of its bracket.
        prices: by name.
        order_id: of a change; None of an order.
    """

    limits: RiskLimits
    account_id: int
    contract: Contract | None
    symbol: str
    sells: bool
    size: int
    legs: int
    prices: dict[str, Any]
    order_id: int | None = None

    @property
    def position(self) -> int:
        """Contracts at the worst, on the order's side, with the order."""
        assert self.contract is not None
        least, most = self.contract.possible
        return self.size - least if self.sells else self.size + most

    @property
    def known(self) -> str:
        """What the client knows of the position, for people."""
        assert self.contract is not None
        least, most = self.contract.possible
        if least == most:
            return f"the position is {least}"
        return f"the position is between {least} and {most}, working orders counted"


def denials(found: int, asked: Asked, control: Any) -> tuple[Denial, ...]:
    """The refusals of these bits, the most telling first."""
    return tuple(
        Denial(code, *WORDS[code](asked, control))
        for code in Denied
        if found & code.value
    )


Words = tuple[str, object, object, str]


def _halted(asked: Asked, control: Any) -> Words:
    text = f"no order may leave: {control.why}; risk.resume(reason) ends it"
    return STATE, "HALTED", control.why, text


def _reducing(asked: Asked, control: Any) -> Words:
    found = (
        asked.known if asked.contract and asked.contract.account.known else "unknown"
    )
    text = (
        f"only what lessens a position may leave ({control.why}): {_what(asked)} is "
        f"not sure to, {found}; close_position passes"
    )
    return STATE, "REDUCING", found, text


def _account(asked: Asked, control: Any) -> Words:
    allowed = sorted(asked.limits.accounts or ())
    text = f"account {asked.account_id} must be one of {_listed(allowed)}"
    return "accounts", tuple(allowed), asked.account_id, text


def _symbol(asked: Asked, control: Any) -> Words:
    allowed = sorted(asked.limits.symbols or ())
    text = f"symbol must be one of {_listed(allowed)}, was {asked.symbol!r}"
    return "symbols", tuple(allowed), asked.symbol, text


def _max_order_size(asked: Asked, control: Any) -> Words:
    limit = asked.limits.max_order_size
    size = asked.size if asked.order_id is None else asked.prices.get("quantity")
    text = f"an order must be of at most {counted(limit, 'contract')}, was of {size}"
    return "max_order_size", limit, size, text


def _flat_by(asked: Asked, control: Any) -> Words:
    limit = asked.limits.flat_by
    now = control.chicago_now()
    text = (
        f"from {limit} in Chicago to the day's end at 17:00 nothing may add exposure, "
        f"it is {now:%H:%M:%S}"
    )
    return "flat_by", limit, now, text


def _max_daily_loss(asked: Asked, control: Any) -> Words:
    limit, loss = (
        asked.limits.max_daily_loss,
        control.losses.daily_loss(asked.account_id),
    )
    text = f"the day must lose less than {counted(limit, 'dollar')}, it has lost {loss}"
    return "max_daily_loss", limit, loss, text


def _trailing_loss(asked: Asked, control: Any) -> Words:
    floor, equity = control.losses.floor(asked.account_id)
    limit = asked.limits.trailing_loss
    text = f"the account must stay above {counted(floor, 'dollar')}, it is at {equity}"
    return "trailing_loss", limit, equity, text


def _loss_unknown(asked: Asked, control: Any) -> Words:
    missing = _missing_of_loss(asked, control)
    limits = asked.limits
    name = "max_daily_loss" if limits.max_daily_loss is not None else "trailing_loss"
    text = f"the loss of account {asked.account_id} must be known: {missing}"
    return name, getattr(limits, name), missing, text


def _missing_of_loss(asked: Asked, control: Any) -> str:
    """What is not known: of the account, of the order's own contract, or of both."""
    contract, losses = asked.contract, control.losses
    assert contract is not None
    if contract.price.is_valued:
        return str(losses.missing(asked.account_id))
    name = contract.contract_id
    how = control.contracts.how_to_load(asked.symbol)
    missing = f"the tick value of {name} is not known: {how} gives it"
    if control.knows_loss(contract) or name in losses.unvalued(asked.account_id):
        return missing
    return f"{missing}; {losses.missing(asked.account_id)}"


def _exposure_unknown(asked: Asked, control: Any) -> Words:
    account = asked.contract.account if asked.contract is not None else None
    parts = [
        name
        for name, at_ns in (
            ("its positions", account.positions_ns if account is not None else 0),
            ("its working orders", account.orders_ns if account is not None else 0),
            ("the day's trades", account.day_ns if account is not None else 0),
        )
        if not at_ns
    ]
    if not parts and asked.contract is not None and asked.contract.unclear():
        return _contract_unclear(asked, asked.contract)
    missing = f"{_and(parts or ['its positions'])} were not read"
    text = (
        f"the exposure of account {asked.account_id} must be known, {missing}: "
        f"{control.load}({asked.account_id}) reads them"
    )
    return STATE, None, missing, text


def _contract_unclear(asked: Asked, contract: Contract) -> Words:
    """What is held or works under an id of another kind."""
    others = _and(contract.unclear())
    missing = f"{others} may be {contract.contract_id}"
    text = (
        f"the exposure of account {asked.account_id} must be known, {missing}, as a "
        "number tells no name: set_contract_id(symbol, ...) takes the id that the "
        "gateway's positions show"
    )
    return STATE, None, missing, text


def _order_unknown(asked: Asked, control: Any) -> Words:
    text = (
        f"order {asked.order_id} must be known for limits to tell what its change "
        f"adds: {control.load}({asked.account_id}) reads the working orders"
    )
    return STATE, None, asked.order_id, text


def _max_position(asked: Asked, control: Any) -> Words:
    limit, found = asked.limits.max_position, asked.position
    text = (
        f"the position must be of at most {counted(limit, 'contract')}, "
        f"{_what(asked)} may make it {found} {'short' if asked.sells else 'long'}; "
        f"{asked.known}{_and_load(asked, control)}"
    )
    return "max_position", limit, found, text


def _max_lots(asked: Asked, control: Any) -> Words:
    contract, limit = asked.contract, asked.limits.max_lots
    assert contract is not None
    least, most = contract.possible
    more = max(0, asked.position - max(most, -least, 0)) * contract.weight
    found = (contract.account.lots + more) / 1000
    text = (
        f"the account must hold at most {counted(limit, 'lot')}, "
        f"{_what(asked)} may make it {found}{_and_load(asked, control)}"
    )
    return "max_lots", limit, found, text


def _max_open_orders(asked: Asked, control: Any) -> Words:
    assert asked.contract is not None
    limit = asked.limits.max_open_orders
    found = asked.contract.account.open_orders + 1 + asked.legs
    text = (
        f"the account may have at most {limit} open orders, legs of brackets counted, "
        f"it would have {found}{_and_load(asked, control)}"
    )
    return "max_open_orders", limit, found, text


def _price_unknown(asked: Asked, control: Any) -> Words:
    contract = asked.contract
    assert contract is not None
    limit = asked.limits.price_collar_ticks
    if not control.knows_tick(asked.symbol):
        missing = f"the tick of {asked.symbol}"
        how = f"{control.contracts.how_to_load(asked.symbol)} gives it"
    else:
        aged = (
            ""
            if not contract.price.at_ns
            else f" (it is {_age(control, contract)} old)"
        )
        missing = f"a price of {asked.symbol}{aged}"
        how = "risk.note_price(symbol, price) gives one"
    text = f"the price collar needs {missing}: {how}"
    return "price_collar_ticks", limit, missing, text


def _price_collar(asked: Asked, control: Any) -> Words:
    contract = asked.contract
    assert contract is not None
    limit = asked.limits.price_collar_ticks
    last = control.price_text(asked.symbol, contract.price.ticks)
    shown = ", ".join(
        f"{name} {price}" for name, price in asked.prices.items() if name != "quantity"
    )
    text = (
        f"a price must be within {counted(limit, 'tick')} of the last one, {last} "
        f"({_age(control, contract)} old), was {shown}"
    )
    return "price_collar_ticks", limit, shown, text


def _max_orders_per_second(asked: Asked, control: Any) -> Words:
    limit = asked.limits.max_orders_per_second
    orders = counted(limit, "order")
    text = f"at most {orders} may leave in a second, this would be one more"
    return "max_orders_per_second", limit, limit + 1 if limit else None, text


def _duplicate(asked: Asked, control: Any) -> Words:
    limit = asked.limits.duplicate_window
    text = (
        f"the same order must not follow within {limit} s: {_what(asked)} has just "
        "left; an idempotency_key tells two orders apart"
    )
    return "duplicate_window", limit, _what(asked), text


WORDS: dict[Denied, Callable[[Asked, Any], Words]] = {
    Denied.HALTED: _halted,
    Denied.ACCOUNT: _account,
    Denied.SYMBOL: _symbol,
    Denied.MAX_ORDER_SIZE: _max_order_size,
    Denied.REDUCING: _reducing,
    Denied.FLAT_BY: _flat_by,
    Denied.MAX_DAILY_LOSS: _max_daily_loss,
    Denied.TRAILING_LOSS: _trailing_loss,
    Denied.LOSS_UNKNOWN: _loss_unknown,
    Denied.EXPOSURE_UNKNOWN: _exposure_unknown,
    Denied.ORDER_UNKNOWN: _order_unknown,
    Denied.MAX_POSITION: _max_position,
    Denied.MAX_LOTS: _max_lots,
    Denied.MAX_OPEN_ORDERS: _max_open_orders,
    Denied.PRICE_UNKNOWN: _price_unknown,
    Denied.PRICE_COLLAR: _price_collar,
    Denied.MAX_ORDERS_PER_SECOND: _max_orders_per_second,
    Denied.DUPLICATE: _duplicate,
}


def _what(asked: Asked) -> str:
    side = "selling" if asked.sells else "buying"
    more = " more" if asked.order_id is not None else ""
    return f"{side} {asked.size}{more} {asked.symbol}"


def _and(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)


def _listed(values: list[Any]) -> str:
    shown = ", ".join(map(str, values[:10]))
    return f"{shown} and {len(values) - 10} more" if len(values) > 10 else shown


def _and_load(asked: Asked, control: Any) -> str:
    """How to be told better, where orders are counted that may have ended."""
    contract = asked.contract
    if contract is None:
        return ""
    load = f"{control.load}({asked.account_id})"
    if contract.held.low != contract.held.high:
        return (
            f" (the lists and the fills do not say the same yet: {load} reads them; "
            f"a list may be {SECONDS_BEHIND:g} s behind)"
        )
    if not (contract.orders or contract.groups):
        return ""
    return f" ({load} tells which of its orders have ended)"


def _age(control: Any, contract: Contract) -> str:
    return f"{(control.now_ns() - contract.price.at_ns) / 1e9:.1f} s"


def utc(at_s: float) -> str:
    """A moment, for people."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at_s))
