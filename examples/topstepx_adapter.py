"""A drop-in for a bot's own gateway class: fastorder where it loads, plain Python else.

    adapter = await connect("trader1", "API KEY", account="PRAC")
    answer = await adapter.place_market_order("MNQ", "BUY", 1, stop_loss_ticks=40)
    if answer["outcome"] == "UNKNOWN": ...   # it may be there: look before another one

Both give the same answers. The plain one sends an order once and never again: without
a journal and the gateway's tag check nothing else can promise that it is not doubled.
It is slower, and knows less of what became of an order whose answer was lost.
"""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
import warnings
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import uuid4

try:
    import fastorder
except ImportError as error:  # no compiled modules for this machine
    fastorder = None  # type: ignore[assignment]
    MISSING = str(error)

GATEWAY = "https://api.topstepx.com"
SIDES = {"BUY": 0, "SELL": 1}
MARKET = 2
UNITS = {"s": 1, "m": 2, "h": 3, "d": 4}
WORKING = {1, 6, 8}
"""Open, pending, suspended."""


async def connect(
    user_name: str,
    api_key: str,
    account: int | str,
    base_url: str = GATEWAY,
    *,
    plain: bool = False,
    **options: Any,
) -> FastAdapter | PlainAdapter:
    """The adapter that this machine can have, logged in.

    Args:
        user_name, api_key: of the platform.
        account: a number, or the beginning of a name.
        base_url: of the gateway.
        plain: take the plain one, though fastorder is there.
        options: what ``fastorder.Trader`` takes besides.
    """
    adapter: FastAdapter | PlainAdapter
    if plain or fastorder is None:
        if fastorder is None:
            warnings.warn(
                f"orders go out by plain Python: fastorder did not load ({MISSING})",
                RuntimeWarning,
                stacklevel=2,
            )
        adapter = PlainAdapter(base_url)
        await adapter.log_in(user_name, api_key, account)
        return adapter
    adapter = FastAdapter(
        fastorder.Trader(
            base_url,
            user_name=user_name,
            api_key=api_key,
            account=account,
            **options,
        )
    )
    await adapter.trader.__aenter__()
    return adapter


def answer_of(
    outcome: str, order_id: int | None = None, error: str | None = None
) -> dict[str, Any]:
    """What both adapters tell of an order."""
    return {
        "success": outcome == "ACCEPTED",
        "outcome": outcome,
        "order_id": order_id,
        "error": error,
    }


class FastAdapter:
    """The adapter over a ``fastorder.Trader``."""

    def __init__(self, trader: Any) -> None:
        self.trader = trader

    async def place_market_order(
        self,
        symbol: str,
        side: str,
        quantity: int,
        *,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
    ) -> dict[str, Any]:
        """Buy or sell at the market, with a bracket or either leg."""
        verb = self.trader.buy if side == "BUY" else self.trader.sell
        placed = await verb(
            symbol,
            quantity,
            stop_loss_ticks=stop_loss_ticks,
            take_profit_ticks=take_profit_ticks,
        )
        return self._told(placed.result)

    async def modify_order(
        self,
        order_id: int,
        *,
        quantity: int | None = None,
        limit_price: Any = None,
        stop_price: Any = None,
    ) -> dict[str, Any]:
        """Change a working order; what is not given stays."""
        return self._told(
            await self.trader.modify(
                order_id, quantity=quantity, limit=limit_price, stop=stop_price
            )
        )

    async def cancel_order(self, order_id: int) -> dict[str, Any]:
        """Cancel a working order."""
        return self._told(await self.trader.cancel(order_id))

    async def get_positions(self) -> list[dict[str, Any]]:
        """The open positions, ``size`` below 0 where short."""
        return [
            {
                "contract_id": each.contract_id,
                "size": each.net,
                "average_price": each.average_price,
            }
            for each in await self.trader.positions()
        ]

    async def get_open_orders(self) -> list[dict[str, Any]]:
        """The orders that can still trade, suspended legs too."""
        return [
            {
                "id": each.id,
                "contract_id": each.contract_id,
                "side": str(each.side),
                "size": each.size,
                "limit_price": each.limit_price,
                "stop_price": each.stop_price,
            }
            for each in await self.trader.open_orders()
        ]

    async def get_bars(
        self, symbol: str, every: str = "1m", days: float = 1
    ) -> list[dict[str, Any]]:
        """The bars of so many days, oldest first."""
        bars = await self.trader.bars(symbol, every, days=days)
        names = ("time_ns", "open", "high", "low", "close", "volume")
        columns = [getattr(bars, name) for name in names]
        return [
            dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)
        ]

    async def close(self) -> None:
        """Leave; orders stay as they are."""
        await self.trader.aclose()

    def _told(self, result: Any) -> dict[str, Any]:
        return answer_of(str(result.outcome), result.order_id, result.error)


class NotConnected(Exception):
    """No byte has left."""


class PlainAdapter:
    """The adapter over urllib: one request, one answer, never a second try."""

    def __init__(self, base_url: str, timeout_s: float = 10) -> None:
        self._base_url, self._timeout_s = base_url, timeout_s
        self._token = ""
        self._account_id = 0
        self._contracts: dict[str, str] = {}

    async def log_in(self, user_name: str, api_key: str, account: int | str) -> None:
        """Get a token, and find the account."""
        key = {"userName": user_name, "apiKey": api_key}
        told = await self._read("/api/Auth/loginKey", key)
        self._token = told["token"]
        listed = await self._read("/api/Account/search", {"onlyActiveAccounts": True})
        fitting = [
            row["id"]
            for row in listed["accounts"]
            if row["id"] == account or row["name"].startswith(str(account))
        ]
        if len(fitting) != 1:
            raise ValueError(f"{len(fitting)} accounts fit {account!r}, one must")
        self._account_id = fitting[0]

    async def place_market_order(
        self,
        symbol: str,
        side: str,
        quantity: int,
        *,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
    ) -> dict[str, Any]:
        """Buy or sell at the market, with a bracket or either leg."""
        way = 1 if side == "BUY" else -1
        body: dict[str, Any] = {
            "accountId": self._account_id,
            "contractId": await self._contract(symbol),
            "type": MARKET,
            "side": SIDES[side],
            "size": quantity,
            "customTag": f"plain-{uuid4().hex}",
        }
        if stop_loss_ticks is not None:
            body["stopLossBracket"] = {"ticks": -way * stop_loss_ticks, "type": 4}
        if take_profit_ticks is not None:
            body["takeProfitBracket"] = {"ticks": way * take_profit_ticks, "type": 1}
        return await self._change("/api/Order/place", body)

    async def modify_order(
        self,
        order_id: int,
        *,
        quantity: int | None = None,
        limit_price: Any = None,
        stop_price: Any = None,
    ) -> dict[str, Any]:
        """Change a working order; what is not given stays."""
        given = {"size": quantity, "limitPrice": limit_price, "stopPrice": stop_price}
        changes = {name: value for name, value in given.items() if value is not None}
        body = {"accountId": self._account_id, "orderId": order_id, **changes}
        return await self._change("/api/Order/modify", body, order_id)

    async def cancel_order(self, order_id: int) -> dict[str, Any]:
        """Cancel a working order."""
        body = {"accountId": self._account_id, "orderId": order_id}
        return await self._change("/api/Order/cancel", body, order_id)

    async def get_positions(self) -> list[dict[str, Any]]:
        """The open positions, ``size`` below 0 where short."""
        listed = await self._read("/api/Position/searchOpen", self._of_account())
        return [
            {
                "contract_id": row["contractId"],
                "size": row["size"] if row["type"] == 1 else -row["size"],
                "average_price": row["averagePrice"],
            }
            for row in listed["positions"]
        ]

    async def get_open_orders(self) -> list[dict[str, Any]]:
        """The orders that can still trade, suspended legs too."""
        body = {
            **self._of_account(),
            "startTimestamp": wire_time(datetime.now(timezone.utc) - timedelta(days=7)),
        }
        listed = await self._read("/api/Order/search", body)
        names = {number: name for name, number in SIDES.items()}
        return [
            {
                "id": row["id"],
                "contract_id": row["contractId"],
                "side": names[row["side"]],
                "size": row["size"],
                "limit_price": row.get("limitPrice"),
                "stop_price": row.get("stopPrice"),
            }
            for row in listed["orders"]
            if row["status"] in WORKING
        ]

    async def get_bars(
        self, symbol: str, every: str = "1m", days: float = 1
    ) -> list[dict[str, Any]]:
        """The bars of so many days, oldest first; 20,000 at most."""
        now = datetime.now(timezone.utc)
        body = {
            "contractId": await self._contract(symbol),
            "live": False,
            "startTime": wire_time(now - timedelta(days=days)),
            "endTime": wire_time(now),
            "unit": UNITS[every[-1]],
            "unitNumber": int(every[:-1]),
            "limit": 20_000,
            "includePartialBar": False,
        }
        told = await self._read("/api/History/retrieveBars", body)
        return [bar_of(row) for row in reversed(told["bars"])]

    async def close(self) -> None:
        """Leave; orders stay as they are."""

    # ------------------------------------------------------------ the wire

    def _of_account(self) -> dict[str, Any]:
        return {"accountId": self._account_id}

    async def _contract(self, symbol: str) -> str:
        if symbol not in self._contracts:
            body = {"searchText": symbol, "live": False}
            found = await self._read("/api/Contract/search", body)
            fitting = [
                row["id"]
                for row in found["contracts"]
                if row["activeContract"] and row["id"].split(".")[3] == symbol
            ]
            if len(fitting) != 1:
                raise ValueError(f"{len(fitting)} contracts are {symbol}, one must be")
            self._contracts[symbol] = fitting[0]
        return self._contracts[symbol]

    async def _change(
        self, path: str, body: dict[str, Any], order_id: int | None = None
    ) -> dict[str, Any]:
        """Send once. What is not known is told as such, and never sent again."""
        try:
            told = await asyncio.to_thread(self._ask, path, body)
        except NotConnected as error:
            return answer_of("NOT_SENT", order_id, str(error))
        except (OSError, ValueError) as error:
            return answer_of("UNKNOWN", order_id, str(error))
        number = told.get("orderId", order_id)
        if told.get("success") is True:
            return answer_of("ACCEPTED", number)
        if told.get("success") is False:
            return answer_of("REJECTED", order_id, told.get("errorMessage"))
        return answer_of("UNKNOWN", order_id, "the answer says neither yes nor no")

    async def _read(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        told = await asyncio.to_thread(self._ask, path, body)
        if told.get("success") is not True:
            raise ValueError(f"{path} was refused: {told.get('errorCode')}")
        return told

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self._base_url + path,
            json.dumps(body, default=plain_number).encode(),
            {
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self._token}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:
                told: dict[str, Any] = json.loads(answer.read(), parse_float=Decimal)
        except urllib.error.HTTPError as error:
            raise ValueError(f"HTTP {error.code}") from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise NotConnected(str(error.reason)) from None
            raise
        return told


def plain_number(value: Any) -> float:
    """A price as JSON has it."""
    return float(value)


def wire_time(moment: datetime) -> str:
    """A time as the gateway reads it."""
    return moment.isoformat().replace("+00:00", "Z")


def bar_of(row: dict[str, Any]) -> dict[str, Any]:
    """A bar of the gateway, as both adapters give it."""
    seconds = datetime.fromisoformat(row["t"].replace("Z", "+00:00")).timestamp()
    return {
        "time_ns": round(seconds) * 10**9,
        "open": float(row["o"]),
        "high": float(row["h"]),
        "low": float(row["l"]),
        "close": float(row["c"]),
        "volume": row["v"],
    }
