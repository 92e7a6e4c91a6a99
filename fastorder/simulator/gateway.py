"""The gateway's endpoints: who may ask, what binds, and what is answered."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

from fastorder.simulator.bars import MOST_BARS, UNIT_S, bars
from fastorder.simulator.book import Account, Order, Status
from fastorder.simulator.clock import Clock, seconds_from
from fastorder.simulator.contracts import ALIAS_PRODUCT, Contract, listed
from fastorder.simulator.endpoints import FIELDS, NESTED, OPEN, QUERY
from fastorder.simulator.exchange import Exchange
from fastorder.simulator.ledger import Ledger
from fastorder.simulator.limits import RateLimits
from fastorder.simulator.near_names import class_with_near_names
from fastorder.simulator.order_entry import OrderEntry
from fastorder.simulator.tape import Tape
from fastorder.simulator.tick_bars import TICK_UNIT, tick_bars
from fastorder.simulator.tokens import Tokens
from fastorder.simulator.wire import (
    Answer,
    BindingError,
    LongAnswer,
    bound,
    envelope,
    members_of,
    problem,
    query_problem,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastorder.simulator.hours import Hours
    from fastorder.simulator.personality import Personality
    from fastorder.simulator.wire import Field

PRACTICE_ACCOUNT = 12345678
COMBINE_ACCOUNT = 12345679

_NONE = Answer(401, b"")

Handler = Callable[["Gateway", dict[str, Any]], Answer | LongAnswer]


@class_with_near_names
class Gateway:
    """The whole gateway without its sockets.

    Args:
        seed: of prices, tokens and names.
        clock: the day's.
        rate_limit: whether budgets are enforced.
        accept_tokens: tokens that are valid without a login.
        keep_ledger: whether every request is kept.

    Attributes:
        most_bars: of one answer; a gateway was seen to cut at 1,000 in silence.
        tapes: what was traded at the hubs, by contract ids.
        search_lag_s, query_lag_s, by_id_lag_s: how old an order has to be to be seen by
            each of the look-ups.
    """

    def __init__(
        self,
        seed: int = 7,
        clock: Clock | None = None,
        rate_limit: bool = True,
        accept_tokens: tuple[str, ...] = (),
        keep_ledger: bool = True,
    ) -> None:
        self.clock = clock or Clock()
        self.ledger = Ledger(keep_ledger)
        self.contracts = listed()
        self.tokens = Tokens(self.clock, seed, accept_tokens)
        self.exchange = Exchange(self.contracts, self.clock, seed, self.ledger)
        self.search_lag_s = self.query_lag_s = self.by_id_lag_s = 0.0
        self.most_bars = MOST_BARS
        self.tapes: dict[str, Tape] = {}
        self._limits = RateLimits() if rate_limit else None
        self.order_entry = OrderEntry(self.exchange, self.clock)
        names = random.Random(seed)
        for number, name, auto_oco in (
            (PRACTICE_ACCOUNT, "PRAC-V2", True),
            (COMBINE_ACCOUNT, "50KTC-V2", False),
        ):
            full = f"{name}-{names.randint(10**5, 10**6)}-{names.randint(10**7, 10**8)}"
            balance = Decimal(150_000 if auto_oco else 50_000)
            self.add_account(Account(number, full, balance, auto_oco))

    def add_account(self, account: Account) -> None:
        """Open an account."""
        self.exchange.accounts[account.id] = account

    def contract(self, contract_id: str) -> Contract | None:
        """A contract by its id; a plain number stands for MNQ."""
        if contract_id.isascii() and contract_id.isdigit():
            contract_id = f"CON.F.US.{ALIAS_PRODUCT}.Z26"
        return self.contracts.get(contract_id)

    def set_price(self, contract_id: str, price: Decimal | float | str) -> None:
        """Move a contract's market there, and fill what that fills."""
        contract = self.contract(contract_id)
        if contract is None:
            raise LookupError(f"a listed contract was expected, was {contract_id!r}")
        self.exchange.advance()
        self.exchange.set_price(contract, Decimal(str(price)))
        self.exchange.check_losses()

    def rows_of(self, what: str, account_id: int) -> list[dict[str, Any]]:
        """The working "Orders" or the "Positions" of an account, as hubs tell them."""
        account = self.exchange.accounts.get(account_id)
        if account is None:
            return []
        if what == "Positions":
            return [each.to_wire(account_id) for each in account.positions.values()]
        return [each.to_wire() for each in account.working.values()]

    def open_hours(self, hours: Hours | None) -> None:
        """Let the market close at times; None lets it be open always."""
        self.exchange.hours = hours

    def become(self, personality: Personality) -> None:
        """Take over how it behaves in what is not documented."""
        self.order_entry.personality = personality
        self.search_lag_s = personality.search_lag_s
        self.query_lag_s = personality.query_lag_s
        self.by_id_lag_s = personality.by_id_lag_s

    # ------------------------------------------------------------ the way in

    def handle(
        self, endpoint: str, token: str | None, body: bytes
    ) -> Answer | LongAnswer:
        """Answer one POST; ``endpoint`` is the path in lower case."""
        fields = FIELDS.get(endpoint)
        if fields is None:
            return Answer(404, b"")
        if endpoint not in OPEN and not (token and self.tokens.use(token)):
            return _NONE
        if not self._within_limits(token, endpoint):
            return Answer(429, b"")
        try:
            members = _members(body, fields)
        except BindingError as error:
            return query_problem(error) if endpoint == QUERY else problem(error)
        self.exchange.advance()
        self.exchange.check_losses()
        self._token = token
        return HANDLERS[endpoint](self, members)

    def _within_limits(self, token: str | None, endpoint: str) -> bool:
        if self._limits is None:
            return True
        return self._limits.allow(token or "", endpoint, self.clock.now_s())

    def _account(self, members: dict[str, Any]) -> Account | None:
        return self.exchange.accounts.get(members["accountId"])

    # ------------------------------------------------------------ auth

    def _login(self, members: dict[str, Any]) -> Answer:
        token = self.tokens.login(members["userName"], members["apiKey"])
        return envelope(0 if token else 3, token=token)

    def _login_app(self, members: dict[str, Any]) -> Answer:
        return envelope(4, token=None)

    def _validate(self, members: dict[str, Any]) -> Answer:
        return envelope(newToken=self.tokens.give("trader1"))

    def _logout(self, members: dict[str, Any]) -> Answer:
        self.tokens.revoke(self._token or "")
        return envelope()

    # ------------------------------------------------------------ lists

    def _search_accounts(self, members: dict[str, Any]) -> Answer:
        rows = self.exchange.accounts.values()
        active = members["onlyActiveAccounts"]
        return envelope(
            accounts=[row.to_wire() for row in rows if row.can_trade or not active]
        )

    def _search_contracts(self, members: dict[str, Any]) -> Answer:
        wanted = members["searchText"].lower()
        found = [
            contract.to_wire()
            for contract in self._active(members["live"])
            if wanted in f"{contract.name} {contract.description}".lower()
        ]
        return envelope(contracts=found[:20])

    def _available(self, members: dict[str, Any]) -> Answer:
        return envelope(contracts=[c.to_wire() for c in self._active(members["live"])])

    def _active(self, live: bool) -> list[Contract]:
        """The active contracts; the live entitlement has none."""
        if live:
            return []
        return [contract for contract in self.contracts.values() if contract.active]

    def _contract_by_id(self, members: dict[str, Any]) -> Answer:
        contract = self.contracts.get(members["contractId"])
        if contract is None:
            return envelope(1, contract=None)
        return envelope(contract=contract.to_wire())

    def _bars(self, members: dict[str, Any]) -> Answer | LongAnswer:
        contract = self.contract(members["contractId"])
        unit = UNIT_S.get(members["unit"])
        if contract is None:
            return envelope(1, bars=None)
        if unit is None and members["unit"] != TICK_UNIT:
            return envelope(2, bars=None)
        if members["unitNumber"] < 1:
            return envelope(3, bars=None)
        if members["limit"] < 1:
            return envelope(4, bars=None)
        if members["live"]:
            return envelope(bars=[])
        limit, start_s, end_s = (
            min(members["limit"], self.most_bars),
            seconds_from(members["startTime"]),
            seconds_from(members["endTime"]),
        )
        length_s = (unit or 1) * members["unitNumber"]
        now_s, partial = self.clock.now_s(), members["includePartialBar"]
        walk, hours = self.exchange.walk(contract), self.exchange.hours
        if unit is None:
            rows = tick_bars(
                walk, start_s, end_s, length_s, limit, now_s, partial, hours
            )
            return LongAnswer(rows, lambda made: envelope(bars=made))
        tape, taped = self.tapes.get(contract.id), []
        if tape is not None:
            taped = tape.bars(start_s, end_s, length_s, now_s, partial)[:limit]
            now_s, partial = tape.begin_s // length_s * length_s, False
        rows = bars(
            walk, start_s, end_s, length_s, limit - len(taped), now_s, partial, hours
        )
        return LongAnswer(chain(taped, rows), lambda made: envelope(bars=made))

    def tape_of(self, contract_id: str) -> Tape:
        """What was traded of a contract at the hubs; history shows it from then on."""
        if contract_id not in self.tapes:
            self.tapes[contract_id] = Tape(self.clock.now_s())
        return self.tapes[contract_id]

    # ------------------------------------------------------------ orders

    def _place(self, members: dict[str, Any]) -> Answer:
        account = self._account(members)
        if account is None:
            return envelope(1, orderId=None)
        contract = self.contract(members["contractId"])
        if contract is None:
            return envelope(8, orderId=None)
        if not contract.active:
            return envelope(9, orderId=None)
        return self.order_entry.place(account, contract, members)

    def _amended(self, members: dict[str, Any]) -> tuple[Account, Order] | Answer:
        account = self._account(members)
        if account is None:
            return envelope(1)
        order = account.working.get(members["orderId"])
        if order is None:
            return envelope(2)
        return account, order

    def _modify(self, members: dict[str, Any]) -> Answer:
        found = self._amended(members)
        if isinstance(found, Answer):
            return found
        return self.order_entry.modify(*found, members)

    def _cancel(self, members: dict[str, Any]) -> Answer:
        found = self._amended(members)
        if isinstance(found, Answer):
            return found
        self.exchange.cancel(*found)
        return envelope()

    def _search_orders(self, members: dict[str, Any]) -> Answer:
        return self._window(members, "orders", self._listed_orders)

    def _listed_orders(
        self, account: Account, start_s: float, end_s: float
    ) -> list[dict[str, Any]]:
        latest = min(end_s, self.clock.now_s() - self.search_lag_s)
        return [order.to_wire() for order in account.orders_since(start_s, latest)]

    def _open_orders(self, members: dict[str, Any]) -> Answer:
        account = self._account(members)
        if account is None:
            return envelope(1, orders=None)
        rows = [o.to_wire() for o in account.working.values() if o.working]
        return envelope(orders=rows)

    def _order_by_id(self, members: dict[str, Any]) -> Answer:
        account = self._account(members)
        order = account.by_id.get(members["orderId"]) if account else None
        seen_s = self.clock.now_s() - self.by_id_lag_s
        if order is None or order.created_s > seen_s:
            return envelope(1, order=None)
        return envelope(order=order.to_wire())

    def _query(self, members: dict[str, Any]) -> Answer:
        wanted = members["filter"]
        account = self._account(wanted)
        if account is None:
            return envelope(1, orders=None, totalCount=None)
        statuses = wanted["statuses"] or [int(status) for status in Status]
        created = account.orders_since(
            _seconds(wanted["createdAfter"], 0.0),
            min(
                _seconds(wanted["createdBefore"], float("inf")),
                self.clock.now_s() - self.query_lag_s,
            ),
        )
        rows = [order for order in created if order.status in statuses]
        if members["sortDirection"] == 1:
            rows.reverse()
        first = max(members["pageOffset"] or 0, 0)
        size = min(max(members["pageSize"] or 100, 0), 100)
        page = [order.to_wire() for order in rows[first : first + size]]
        total = len(rows) if members["includeTotalCount"] else None
        return envelope(orders=page, totalCount=total)

    # ------------------------------------------------------------ positions, trades

    def _open_positions(self, members: dict[str, Any]) -> Answer:
        account = self._account(members)
        if account is None:
            return envelope(1, positions=None)
        rows = [p.to_wire(account.id) for p in account.positions.values()]
        return envelope(positions=rows)

    def _close(self, members: dict[str, Any]) -> Answer:
        account = self._account(members)
        contract = self.contract(members["contractId"])
        if account is None:
            return envelope(1)
        if contract is None:
            return envelope(3)
        if not contract.active:
            return envelope(4)
        position = account.positions.get(contract.id)
        if position is None:
            return envelope(2)
        size = members.get("size", abs(position.size))
        if not 0 < size <= abs(position.size):
            return envelope(5)
        if not self.exchange.is_open:
            return envelope(6 if "size" in members else 5)
        self.exchange.close(account, position, size)
        return envelope()

    def _search_trades(self, members: dict[str, Any]) -> Answer:
        return self._window(members, "trades", self._listed_trades)

    def _listed_trades(
        self, account: Account, start_s: float, end_s: float
    ) -> list[dict[str, Any]]:
        return [
            trade.to_wire()
            for trade in reversed(account.trades)
            if start_s <= trade.time_s <= end_s
        ]

    def _window(
        self,
        members: dict[str, Any],
        name: str,
        rows: Callable[[Account, float, float], list[dict[str, Any]]],
    ) -> Answer:
        account = self._account(members)
        if account is None:
            return envelope(1, **{name: None})
        start_s = seconds_from(members["startTimestamp"])
        end_s = _seconds(members["endTimestamp"], float("inf"))
        payload: dict[str, Any] = {name: rows(account, start_s, end_s)}
        return envelope(**payload)


def _seconds(moment_text: str | None, otherwise: float) -> float:
    return otherwise if moment_text is None else seconds_from(moment_text)


def _members(body: bytes, fields: Mapping[str, Field]) -> dict[str, Any]:
    members = bound(body, fields)
    for name, inner in NESTED.items():
        if members.get(name) is not None:
            members[name] = members_of(members[name], inner, f"$.{name}")
    return members


HANDLERS: dict[str, Handler] = {
    "/api/auth/loginkey": Gateway._login,
    "/api/auth/loginapp": Gateway._login_app,
    "/api/auth/validate": Gateway._validate,
    "/api/auth/logout": Gateway._logout,
    "/api/account/search": Gateway._search_accounts,
    "/api/contract/search": Gateway._search_contracts,
    "/api/contract/available": Gateway._available,
    "/api/contract/searchbyid": Gateway._contract_by_id,
    "/api/history/retrievebars": Gateway._bars,
    "/api/order/place": Gateway._place,
    "/api/order/modify": Gateway._modify,
    "/api/order/cancel": Gateway._cancel,
    "/api/order/search": Gateway._search_orders,
    "/api/order/searchopen": Gateway._open_orders,
    "/api/order/searchbyid": Gateway._order_by_id,
    QUERY: Gateway._query,
    "/api/position/searchopen": Gateway._open_positions,
    "/api/position/closecontract": Gateway._close,
    "/api/position/partialclosecontract": Gateway._close,
    "/api/trade/search": Gateway._search_trades,
}
