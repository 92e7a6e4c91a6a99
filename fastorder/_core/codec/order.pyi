from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from typing_extensions import Self

from fastorder._base.interlock_override import DespiteUnknown
from fastorder.enums import OrderType, Side

_Price: TypeAlias = int | float | Decimal

FIELDS: tuple[str, ...]
OPTIONS: tuple[str, ...]

class OrderRequest:
    def __init__(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        order_type: OrderType | str = ...,
        limit_price: _Price | None = None,
        stop_price: _Price | None = None,
        trail_price: _Price | None = None,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        trailing_stop_loss: bool = False,
        custom_tag: str | None = None,
        idempotency_key: str | None = None,
        valid_for: float | None = None,
        despite: DespiteUnknown | None = None,
    ) -> None: ...
    @property
    def symbol(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def quantity(self) -> int: ...
    @property
    def account_id(self) -> int: ...
    @property
    def order_type(self) -> OrderType: ...
    @property
    def limit_price(self) -> _Price | None: ...
    @property
    def stop_price(self) -> _Price | None: ...
    @property
    def trail_price(self) -> _Price | None: ...
    @property
    def stop_loss_ticks(self) -> int | None: ...
    @property
    def take_profit_ticks(self) -> int | None: ...
    @property
    def trailing_stop_loss(self) -> bool: ...
    @property
    def custom_tag(self) -> str | None: ...
    @property
    def idempotency_key(self) -> str | None: ...
    @property
    def valid_for(self) -> float | None: ...
    @property
    def despite(self) -> DespiteUnknown | None: ...
    def replace(self, **changes: Any) -> Self: ...

def priced_order(
    symbol: str,
    side: Side | str,
    quantity: int,
    account_id: int,
    order_type: OrderType | str,
    limit_price: _Price | None = None,
    stop_price: _Price | None = None,
    trail_price: _Price | None = None,
) -> OrderRequest: ...
def complete(
    order: OrderRequest,
    stop_loss_ticks: int | None,
    take_profit_ticks: int | None,
    options: Mapping[str, Any],
) -> int: ...
def side_from(value: object) -> Side: ...
def order_from_body(body: bytes) -> OrderRequest: ...
