from decimal import Decimal

from fastorder._core.codec.order import OrderRequest
from fastorder._core.codec.price import TickGrid

def json_text(text: str) -> bytes: ...
def render_place(
    order: OrderRequest,
    contract_id: str,
    tag: str,
    grid: TickGrid | None,
    negative_prices: bool = False,
) -> bytes: ...
def render_modify(
    account_id: int,
    order_id: int,
    quantity: int | None = None,
    limit_price: int | float | Decimal | None = None,
    stop_price: int | float | Decimal | None = None,
    trail_price: int | float | Decimal | None = None,
    negative_prices: bool = False,
) -> bytes: ...
def render_cancel(account_id: int, order_id: int) -> bytes: ...
def render_order_by_id(account_id: int, order_id: int) -> bytes: ...
def render_search_since(account_id: int, start_s: int) -> bytes: ...
