"""RiskLimits: what an executor may do, checked when it is made."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from fastorder._base.near_names import class_with_near_names
from fastorder._base.shown import safely_shown
from fastorder.errors import ConfigurationError
from fastorder.risk.venue_rules import (
    ACCOUNT_KINDS,
    DAY_ENDS,
    MICRO_PRODUCTS,
    lots_by_balance,
)

MOST = 1_000_000
"""No count in a limit is larger: every sum of them fits its place in C."""

LOT_UNITS = 1000
"""Units of one lot: a micro contract is a tenth of one."""


@class_with_near_names
@dataclass(frozen=True)
class RiskLimits:
    """Limits of one executor; what is None is not limited.

    Args:
        max_order_size: contracts of one order.
        max_position: contracts of one contract in one account, long or short: what is
            held, and all that may still fill.
        max_lots: the same over a whole account in lots: a contract that is no micro
            counts as one, a micro as a tenth, others as ``lot_weights`` says.
        lot_weights: lots of one contract by the gateway's product code, such as
            ``{"MNQ": 0.1}``, in thousandths at the finest; it goes before the table.
        max_open_orders: orders of one account that may work, the legs of brackets too.
        price_collar_ticks: how far a limit, stop or trail price may lie from the last
            known price, above or below. A market order has no price to compare.
        price_max_age: seconds after which the last known price is not known any more,
            for the collar.
        max_orders_per_second: orders in any second.
        duplicate_window: seconds in which an order without an ``idempotency_key`` may
            not repeat another of the same account, contract, side, size, type, prices.
        symbols: the contracts that may be traded, by symbol or contract id.
        accounts: the accounts that may be traded, by their numbers.
        max_daily_loss: dollars, positive: what the trading day may lose, fees and open
            loss counted; touching it is a breach.
        trailing_loss: dollars, positive: how far the account may fall below the highest
            balance at the end of a day; touching it is a breach.
        trailing_stops_at: dollars: where the floor of ``trailing_loss`` stops to rise.
        trailing_from: dollars: the highest balance at the end of a day, or at the
            account's beginning, that is known from before; the floor begins below it.
            Without it, it begins below the first one that is read.
        commissions: dollars for each contract and side by the gateway's product code,
            such as ``{"ENQ": 1.25}``, of products whose trades come without; it goes
            before the table. Of a product in neither, 2.50 count: a bound that is ten
            times the largest in the table, so that a limit acts too early at worst.
        loss_max_age: seconds after which what was read for a loss, or a price of what
            is held, is not known any more.
        flat_by: a time of day in Chicago before 17:00, "15:08" say; from then to the
            day's end at 17:00 nothing adds exposure.
        flatten_on_breach: a breach goes to ``on_breach``, which is to flatten. A Trader
            without a hook does it, and tries on until it is verified, the trader is
            closed or the trading day ends.

    Raises:
        ConfigurationError: a limit breaks a rule, or contradicts another one.
    """

    max_order_size: int | None = None
    max_position: int | None = None
    max_lots: int | float | Decimal | None = None
    lot_weights: Mapping[str, float | Decimal] | None = None
    max_open_orders: int | None = None
    price_collar_ticks: int | None = None
    price_max_age: float = 60.0
    max_orders_per_second: int | None = None
    duplicate_window: float | None = None
    symbols: Collection[str] | None = None
    accounts: Collection[int] | None = None
    max_daily_loss: int | float | Decimal | None = None
    trailing_loss: int | float | Decimal | None = None
    trailing_stops_at: int | float | Decimal | None = None
    trailing_from: int | float | Decimal | None = None
    commissions: Mapping[str, float | Decimal] | None = None
    loss_max_age: float = 60.0
    flat_by: str | time | None = None
    flatten_on_breach: bool = False

    def __post_init__(self) -> None:
        for name in COUNTS:
            _count(name, getattr(self, name))
        for name in DOLLARS:
            self._keep(name, _dollars(name, getattr(self, name)))
        self._keep("max_lots", _lots("max_lots", self.max_lots))
        self._keep("lot_weights", _weights(self.lot_weights))
        self._keep("commissions", _commissions(self.commissions))
        _seconds("price_max_age", self.price_max_age)
        _seconds("loss_max_age", self.loss_max_age)
        if self.duplicate_window is not None:
            _seconds("duplicate_window", self.duplicate_window)
        self._keep("symbols", _texts("symbols", self.symbols))
        self._keep("accounts", _numbers("accounts", self.accounts))
        self._keep("flat_by", _time_of_day("flat_by", self.flat_by))
        if type(self.flatten_on_breach) is not bool:
            raise _wrong(
                "flatten_on_breach", "be True or False", self.flatten_on_breach
            )
        self._refuse_contradictions()

    def _keep(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _refuse_contradictions(self) -> None:
        size, position = self.max_order_size, self.max_position
        if size is not None and position is not None and size > position:
            rule = f"be at most max_position, which is {position}"
            raise _wrong("max_order_size", rule, size)
        if self.lot_weights and self.max_lots is None:
            raise _wrong("lot_weights", "come with max_lots", dict(self.lot_weights))
        if self.trailing_stops_at is not None and self.trailing_loss is None:
            rule = "come with trailing_loss"
            raise _wrong("trailing_stops_at", rule, self.trailing_stops_at)
        if self.trailing_from is not None and self.trailing_loss is None:
            rule = "come with trailing_loss"
            raise _wrong("trailing_from", rule, self.trailing_from)
        losses = (self.max_daily_loss, self.trailing_loss)
        if self.flatten_on_breach and losses == (None, None):
            rule = "come with max_daily_loss or trailing_loss: nothing else is breached"
            raise _wrong("flatten_on_breach", rule, True)
        if self.commissions and losses == (None, None):
            rule = "come with max_daily_loss or trailing_loss"
            raise _wrong("commissions", rule, self.commissions)
        daily, trailing = losses
        if daily is not None and trailing is not None and daily > trailing:
            rule = f"be at most trailing_loss, which is {trailing}"
            raise _wrong("max_daily_loss", rule, daily)

    @classmethod
    def preset(
        cls, kind: str, *, balance: int | float | Decimal | None = None
    ) -> "RiskLimits":
        """The venue's rules of an account kind, as far as an order can be held to them.

        They are dated: ``fastorder.risk.venue_rules`` gives each with its source. Ask
        the venue before you rely on one.

        Args:
            kind: "combine-50k", "combine-100k", "combine-150k", "funded-50k",
                "funded-100k", "funded-150k".
            balance: of a funded account at the end of the last day, in dollars: its
                scaling plan sets the lots by it.

        Limits of your own take their place by ``replace``.

        Raises:
            ConfigurationError: there is no such kind, it has no use for a balance, or
                that is no finite number.
        """
        rules = ACCOUNT_KINDS.get(kind) if isinstance(kind, str) else None
        if rules is None:
            raise _wrong("kind", f"be one of {', '.join(ACCOUNT_KINDS)}", kind)
        given = {name: rule.value for name, rule in rules.items()}
        given["trailing_from"] = given["trailing_stops_at"]  # where it has begun
        if kind.startswith("funded"):
            given["max_lots"] = lots_by_balance(kind, balance)
        elif balance is not None:
            raise _wrong("balance", "be given for a funded account alone", balance)
        return cls(**given)

    def replace(self, **changes: Any) -> "RiskLimits":
        """These limits with some of them changed; the new ones are checked."""
        return replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        values = [getattr(self, field.name) for field in fields(self)]
        return RiskLimits, tuple(
            dict(value) if isinstance(value, MappingProxyType) else value
            for value in values
        )

    def __hash__(self) -> int:
        return hash(self.__reduce__()[1][:3])

    @property
    def _has_loss(self) -> bool:
        """Whether a loss is limited."""
        return self.max_daily_loss is not None or self.trailing_loss is not None

    def _lot_units(self, product: str) -> int:
        """What one contract of a product counts, in thousandths of a lot."""
        weights = self.lot_weights or {}
        if product in weights:
            return int(Decimal(str(weights[product])) * LOT_UNITS)
        return LOT_UNITS // 10 if product in MICRO_PRODUCTS.value else LOT_UNITS


COUNTS = (
    "max_order_size",
    "max_position",
    "max_open_orders",
    "price_collar_ticks",
    "max_orders_per_second",
)
LOSSES = ("max_daily_loss", "trailing_loss")
DOLLARS = (*LOSSES, "trailing_stops_at", "trailing_from")


def _wrong(name: str, rule: str, value: object) -> ConfigurationError:
    """A value is not echoed whole: it may be a secret in the wrong place."""
    if not isinstance(value, (Decimal, time)):
        value = safely_shown(value)
    return ConfigurationError(f"{name} must {rule}, was {value}")


def _count(name: str, value: object) -> None:
    if value is None:
        return
    least = 0 if name in ("max_position", "max_open_orders") else 1
    most = 10_000 if name == "max_orders_per_second" else MOST
    if type(value) is not int or not least <= value <= most:
        raise _wrong(name, f"be a whole number from {least} to {most}", value)


def _exact(name: str, rule: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise _wrong(name, rule, value)
    try:
        exact = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise _wrong(name, rule, value) from None
    if not exact.is_finite() or abs(exact) > 10**9:
        raise _wrong(name, rule, value)
    return exact


def _dollars(name: str, value: object) -> Decimal | None:
    if value is None:
        return None
    exact = _exact(name, "be a number of dollars", value)
    if name in LOSSES and exact <= 0:
        raise _wrong(name, "be a positive number of dollars", value)
    return exact


def _lots(name: str, value: object) -> Decimal | None:
    if value is None:
        return None
    rule = f"be a number of lots from 0 to {MOST}, in thousandths at the finest"
    exact = _exact(name, rule, value)
    if not 0 <= exact <= MOST or exact * LOT_UNITS % 1:
        raise _wrong(name, rule, value)
    return exact


def _weights(value: object) -> Mapping[str, Decimal] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise _wrong("lot_weights", 'be a mapping such as {"MNQ": 0.1}', value)
    checked: dict[str, Decimal] = {}
    for product, lots in value.items():
        weight = _lots("each of lot_weights", lots)
        if not isinstance(product, str) or not product or not weight:
            raise _wrong("lot_weights", "give each product more than 0 lots", value)
        checked[product.upper()] = weight
    return MappingProxyType(checked)


def _commissions(value: object) -> Mapping[str, Decimal] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise _wrong("commissions", 'be a mapping such as {"ENQ": 1.25}', value)
    checked: dict[str, Decimal] = {}
    for product, dollars in value.items():
        rule = "be a number of dollars, at least 0"
        commission = _exact("each of commissions", rule, dollars)
        if commission < 0:
            raise _wrong("each of commissions", rule, dollars)
        if not isinstance(product, str) or not product:
            raise _wrong("commissions", "be given by product codes", value)
        checked[product.upper()] = commission
    return MappingProxyType(checked)


def _seconds(name: str, value: object) -> None:
    is_number = type(value) in (int, float)
    if not is_number or not 0 < value <= 86_400:  # type: ignore[operator]
        raise _wrong(name, "be a number of seconds, more than 0, at most 86400", value)


def _texts(name: str, value: object) -> frozenset[str] | None:
    if value is None:
        return None
    rule = "be a collection of symbols or contract ids, at least one"
    if isinstance(value, str) or not isinstance(value, Collection) or not value:
        raise _wrong(name, rule, value)
    if not all(isinstance(each, str) and each for each in value):
        raise _wrong(name, rule, value)
    return frozenset(each.upper() for each in value)


def _numbers(name: str, value: object) -> frozenset[int] | None:
    if value is None:
        return None
    rule = "be a collection of account numbers, at least one"
    if isinstance(value, str) or not isinstance(value, Collection) or not value:
        raise _wrong(name, rule, value)
    for each in value:
        if type(each) is not int or not 0 < each < 2**31:
            rule = "be an account's number, which accounts() lists beside its name"
            raise _wrong(f"each of {name}", rule, each)
    return frozenset(value)


def _time_of_day(name: str, value: object) -> time | None:
    rule = 'be a time of day in Chicago such as "15:08", without a zone'
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = time.fromisoformat(value)
        except ValueError:
            raise _wrong(name, rule, value) from None
    if not isinstance(value, time) or value.tzinfo is not None:
        raise _wrong(name, rule, value)
    if value >= DAY_ENDS:
        rule = (
            "be a time of day in Chicago before 17:00, where the trading day ends: "
            "from a later one on, the whole next day would let nothing through"
        )
        raise _wrong(name, rule, value)
    return value


RiskLimits.__module__ = "fastorder"  # where it is imported from
