from collections.abc import Callable
from typing import Any

from fastorder._core.codec.order import OrderRequest
from fastorder.gateway.contracts import Listing
from fastorder.risk.denials import Denial
from fastorder.risk.exposure import Contract, Exposure, Tracked
from fastorder.risk.limits import RiskLimits
from fastorder.risk.wording import Asked
from fastorder.runtime.clock import Clock

class RecentOrders:
    def __new__(cls, room: int) -> RecentOrders: ...

class Guard:
    words: Callable[[int, Asked], tuple[Denial, ...]]
    state: int
    until_s: float
    def __init__(
        self, limits: RiskLimits, exposure: Exposure, clock: Clock
    ) -> None: ...
    @property
    def exposure(self) -> Exposure: ...
    @property
    def limits(self) -> RiskLimits: ...
    def admit(
        self, order: OrderRequest, listing: Listing, tag: str, now_ns: int
    ) -> int: ...
    def recalled(
        self, order: OrderRequest, tag: str, contract_id: str, created_s: float
    ) -> None: ...
    def denials(
        self, order: OrderRequest, listing: Listing, now_ns: int
    ) -> tuple[Denial, ...]: ...
    def asked(
        self, order: OrderRequest, listing: Listing, contract: Contract
    ) -> Asked: ...
    def asked_to_change(
        self,
        order: Tracked | None,
        account_id: int,
        order_id: int,
        quantity: int | None,
        prices: dict[str, Any],
    ) -> Asked: ...
    def note_pace(self, order: OrderRequest, listing: Listing, now_ns: int) -> None: ...
    def admit_change(
        self,
        account_id: int,
        order_id: int,
        quantity: int | None,
        prices: dict[str, Any],
        listing_of: Callable[[str], Listing | None],
        now_ns: int,
    ) -> None: ...
    def asks_for_exposure(self) -> bool: ...
