"""What ``buy`` and ``sell`` take, made into an order; what contradicts is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fastorder._core.codec.order import OPTIONS, OrderRequest, complete, priced_order
from fastorder.acts.far import check_near, check_near_ticks
from fastorder.enums import OrderType, Side
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.verbs.options import EntryOptions
from fastorder.verbs.spelled_out import DEFAULTS, signed, types_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.codec.price import TickGrid
    from fastorder.models import Price

Verb = TypeVar("Verb", bound="Callable[..., Any]")

LIMIT, STOP, STOP_LIMIT = OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT
MARKET, TRAILING_STOP = OrderType.MARKET, OrderType.TRAILING_STOP
JOINS = {"bid": OrderType.JOIN_BID, "ask": OrderType.JOIN_ASK}
LEGS = ("stop_loss", "take_profit")
LEG_TICKS = ("stop_loss_ticks", "take_profit_ticks")
NOT_PLAIN = frozenset(
    {"limit", "stop", "trail_ticks", "join", "stop_loss", "take_profit", "account"}
)
"""What makes an order another one than a market order of the trader's own account."""

NAMES = (
    "limit",
    "stop",
    "trail_ticks",
    "join",
    *LEG_TICKS,
    *LEGS,
    "account",
    *OPTIONS,
)
"""What ``buy`` and ``sell`` take by name alone, in the order of their signature."""
MOST_TICKS = 1000
"""The gateway refuses to trail by more."""


def with_entry_signature(verb: Verb) -> Verb:
    """The same verb; its signature names every argument that an entry takes."""
    types = types_of(EntryOptions)
    in_order = {name: types[name] for name in NAMES}
    signed(verb, "Trader", dict.fromkeys(NAMES) | DEFAULTS, in_order)
    return verb


def options_of(how: EntryOptions) -> dict[str, Any]:
    """What of these an OrderRequest takes by name alone, as it is given.

    Raises:
        TypeError: there is no such argument.
    """
    given: dict[str, Any] = dict(how)
    for name in given:
        if name not in NAMES:
            raise TypeError(f"got an unexpected keyword argument {name!r}")
    return {name: given[name] for name in OPTIONS if name in given}


class Ticks(Protocol):
    """Who knows the ticks of contracts."""

    def grid_of(self, symbol: str) -> TickGrid | None:
        """Those of a symbol; None where they are not known."""

    def check_sign(self, symbol: str, name: str, price: Price) -> None:
        """Refuse a price of zero or below where its contract has none."""


class Entry:
    """One call of ``buy`` or ``sell``, checked as far as it can be without a contract.

    Args:
        side, symbol, quantity: of the order.
        how: what ``buy`` takes by name alone, as far as it is given.

    Raises:
        InvalidField, WrongFieldType: two of them contradict, or one is wrong.
        TypeError: there is no such argument.
    """

    __slots__ = (
        "_has_priced_legs",
        "_is_plain",
        "_join",
        "_legs",
        "_limit",
        "_options",
        "_prices",
        "_quantity",
        "_side",
        "_stop",
        "account",
        "symbol",
        "trail_ticks",
    )

    def __init__(
        self, side: Side, symbol: str, quantity: int, how: EntryOptions
    ) -> None:
        self._side, self.symbol, self._quantity = side, symbol, quantity
        self._options = options_of(how)
        self.account = how.get("account")
        self._limit, self._stop = limit, stop = how.get("limit"), how.get("stop")
        self.trail_ticks = trail_ticks = how.get("trail_ticks")
        self._join = join = how.get("join")
        self._legs = how.get("stop_loss_ticks"), how.get("take_profit_ticks")
        stop_loss, take_profit = how.get("stop_loss"), how.get("take_profit")
        self._prices = (stop_loss, take_profit)
        self._has_priced_legs = stop_loss is not None or take_profit is not None
        is_market = limit is stop is trail_ticks is join is None
        self._is_plain = is_market and not self._has_priced_legs
        if not self._is_plain:
            self._check_kind()
            self._check_priced_legs()

    @property
    def has_prices(self) -> bool:
        """Whether its contract's ticks have to be known."""
        return not self._is_plain

    def order(
        self, account_id: int, ticks: Ticks, last: Price | None = None
    ) -> OrderRequest:
        """The order for an account.

        Args:
            account_id: whose.
            ticks: knows those of a symbol; asked where a price has to be worked out.
            last: the last price, for an order that trails.

        Raises:
            UnknownSymbol: it was asked, and the contract is not known.
        """
        if self._is_plain:
            made = priced_order(
                self.symbol, self._side, self._quantity, account_id, MARKET
            )
            complete(made, *self._legs, self._options)
            return made
        has_legs = self._has_priced_legs or self._legs != (None, None)
        needs_grid = has_legs or self.trail_ticks is not None
        grid = ticks.grid_of(self.symbol) if needs_grid else None
        made = priced_order(
            self.symbol,
            self._side,
            self._quantity,
            account_id,
            self._type(),
            self._limit,
            self._stop,
            None if self.trail_ticks is None else self._trail_price(grid, last),
        )
        stop_loss_ticks, take_profit_ticks = self._legs
        if self._has_priced_legs:
            stop_loss_ticks, take_profit_ticks = self._leg_ticks(grid)
            self._check_leg_prices(grid, ticks)
        elif has_legs and grid is not None:
            self._check_leg_ticks(grid)
        complete(made, stop_loss_ticks, take_profit_ticks, self._options)
        return made

    def _type(self) -> OrderType:
        if self._join is not None:
            if self._join is True:
                return JOINS["bid" if self._side is Side.BUY else "ask"]
            return JOINS[str(self._join)]
        if self.trail_ticks is not None:
            return TRAILING_STOP
        if self._limit is not None:
            return LIMIT if self._stop is None else STOP_LIMIT
        return MARKET if self._stop is None else STOP

    def _check_kind(self) -> None:
        given = {
            "limit": self._limit,
            "stop": self._stop,
            "trail_ticks": self.trail_ticks,
            "join": self._join,
        }
        names = [name for name, value in given.items() if value is not None]
        if len(names) > 1 and names != ["limit", "stop"]:
            rule = f"must not come with {' and '.join(names[:-1])}"
            raise InvalidField(names[-1], rule, given[names[-1]])
        named = isinstance(self._join, str) and self._join in JOINS
        if self._join is not None and self._join is not True and not named:
            raise InvalidField("join", 'must be "bid", "ask" or True', self._join)
        if self.trail_ticks is not None:
            whole_ticks("trail_ticks", self.trail_ticks)

    def _check_priced_legs(self) -> None:
        for name, price, ticks in zip(LEGS, self._prices, self._legs, strict=True):
            if price is not None and ticks is not None:
                raise InvalidField(name, f"must not come with {name}_ticks", price)
            if price is not None and self._type() is not LIMIT:
                raise InvalidField(
                    name,
                    "must come with a limit, and no other price",
                    price,
                    f"the legs are set in ticks from the fill, which is not known yet: "
                    f"give {name}_ticks, and move the leg once the order is filled",
                )

    def _leg_ticks(self, grid: TickGrid | None) -> tuple[int | None, int | None]:
        """The distances of the legs from the limit, in ticks."""
        if grid is None:
            rule = "must be of a contract whose tick is known"
            raise InvalidField("symbol", rule, self.symbol, "trader.contract finds it")
        from_ticks = grid.ticks(self._limit, "limit")  # type: ignore[arg-type]
        way = 1 if self._side is Side.BUY else -1
        found: list[int | None] = []
        signs = (-way, way)
        for name, price, ticks, sign in zip(
            LEGS, self._prices, self._legs, signs, strict=True
        ):
            if price is None:
                found.append(ticks)
                continue
            distance = (grid.ticks(price, name) - from_ticks) * sign
            if distance < 1:
                where = "above" if sign > 0 else "below"
                rule = f"must be {where} the limit {self._limit} of a {self._side}"
                raise InvalidField(name, rule, price)
            found.append(distance)
        return found[0], found[1]

    def _check_leg_prices(self, grid: TickGrid | None, ticks: Ticks) -> None:
        """Refuse prices that the contract does not have, or that are distances."""
        assert self._limit is not None
        for name, price in zip(LEGS, self._prices, strict=True):
            if price is not None:
                ticks.check_sign(self.symbol, name, price)
                hint = f"{name}_ticks takes a distance"
                check_near(name, price, "the limit", self._limit, grid, hint)

    def _check_leg_ticks(self, grid: TickGrid) -> None:
        """Refuse distances that are prices, where the order says where it fills."""
        for name, price in (("limit", self._limit), ("stop", self._stop)):
            if price is None:
                continue
            for field, distance in zip(LEG_TICKS, self._legs, strict=True):
                if type(distance) is int:
                    check_near_ticks(field, distance, f"the {name}", price, grid)

    def _trail_price(self, grid: TickGrid | None, last: Price | None) -> Any:
        """Where the stop begins: so far behind the last price."""
        if grid is None or last is None or self.trail_ticks is None:
            rule = "must be of a contract whose tick and last price are known"
            raise InvalidField("symbol", rule, self.symbol)
        way = 1 if self._side is Side.BUY else -1
        return Decimal(grid.text(grid.ticks(last, "last") + way * self.trail_ticks))


def whole_ticks(field: str, ticks: Any) -> int:
    """A distance in ticks.

    Raises:
        WrongFieldType, InvalidField: it is none.
    """
    if isinstance(ticks, bool) or not isinstance(ticks, int):
        raise WrongFieldType(field, "must be a whole number of ticks", ticks)
    if not 1 <= ticks <= MOST_TICKS:
        raise InvalidField(field, f"must be from 1 to {MOST_TICKS} ticks", ticks)
    return ticks
