"""The tables of a store, once for SQLite and PostgreSQL, and how two sights merge.

Units stand in the names: ``_ns`` is nanoseconds since 1970 UTC, ``_u`` millionths of a
dollar, ``_e9`` billionths of a point. A number with more digits than its column holds
is rounded there and kept whole in ``extra``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

VERSION = 1
"""Of the tables below."""

Kind = Literal["int", "text"]
Rule = Literal["key", "fact", "time", "state", "least", "most", "bits", "json", "money"]
"""How a column of two sights of one row becomes one value.

``fact`` stays as it was first told, and one that is told otherwise is a discrepancy;
``time`` is a fact with as many digits as it was told with; ``money`` a fact that a
voided sight does not tell; ``state`` is that of the newest sight; the rest is plain.
"""


class Column(NamedTuple):
    """One column."""

    name: str
    kind: Kind
    rule: Rule
    about: str


@dataclass(frozen=True, eq=False)
class Table:
    """One table; there is one object of each.

    Attributes:
        monthly: whether PostgreSQL keeps a partition for each month.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    monthly: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of its columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The columns that tell one row from another."""
        return tuple(each.name for each in self.columns if each.rule == "key")

    def at(self, name: str) -> int:
        """Where a column stands."""
        return self.names.index(name)


def _int(name: str, rule: Rule, about: str) -> Column:
    return Column(name, "int", rule, about)


def _text(name: str, rule: Rule, about: str) -> Column:
    return Column(name, "text", rule, about)


ACCOUNT = _int("account_id", "key", "the gateway's number of the account")
SOURCES = _int("sources", "bits", "who told: 1 hub, 2 a read, 4 the journal, 8 you")
SEEN = _int("seen_ns", "least", "when it was first seen here")
EXTRA = _text("extra", "json", "members that have no column, as JSON")
DAY = _int("trading_day", "most", "yyyymmdd; begins at 17:00 in Chicago")
MONTH = _int("month", "most", "yyyymm of the trading day")

TABLES: tuple[Table, ...] = (
    Table(
        "accounts",
        "Accounts as they were last seen.",
        (
            ACCOUNT,
            _text("name", "state", "such as PRAC-V2-111111"),
            _int("can_trade", "state", "1 where the gateway takes its orders"),
            _int("visible", "state", "1 where the platform shows it"),
            _int("simulated", "state", "1, 0, or null where it was not told"),
            _int("seen_ns", "state", "when this was seen"),
            EXTRA,
        ),
    ),
    Table(
        "contracts",
        "Contracts as they were last seen.",
        (
            _text("contract_id", "key", "such as CON.F.US.MNQ.Z26"),
            _text("name", "state", "such as MNQZ6"),
            _text("symbol_id", "state", "such as F.US.MNQ"),
            _text("description", "state", "for people"),
            _int("tick_size_e9", "state", "the smallest step of its price"),
            _int("tick_value_u", "state", "what a step of one contract is worth"),
            _int("active", "state", "1 where it trades"),
            _int("seen_ns", "state", "when this was seen"),
            EXTRA,
        ),
    ),
    Table(
        "orders",
        "Orders in the newest state that was seen.",
        (
            ACCOUNT,
            _int("order_id", "key", "the gateway's number of the order"),
            _text("contract_id", "fact", "what it trades"),
            _int("side", "fact", "0 buy, 1 sell"),
            _int("kind", "fact", "the gateway's number of its type"),
            _text("tag", "fact", "its custom tag"),
            _int("parent_id", "fact", "the entry order, of a bracket's leg"),
            _int("linked_id", "fact", "the other leg, of a bracket's leg"),
            _int("created_ns", "time", "when it was made, by the gateway"),
            DAY,
            _int("status", "state", "the gateway's number of its status"),
            _int("size", "state", "contracts asked for"),
            _int("filled", "state", "contracts filled"),
            _int("limit_e9", "state", "its limit price"),
            _int("stop_e9", "state", "its stop price"),
            _int("trail_ticks", "state", "how far it trails"),
            _int("filled_price_e9", "state", "what it was filled at, in the mean"),
            _int("updated_ns", "state", "when that was so, by the gateway"),
            SOURCES,
            SEEN,
            EXTRA,
        ),
    ),
    Table(
        "order_states",
        "Every state of an order that was seen.",
        (
            ACCOUNT,
            _int("order_id", "key", "the order"),
            _int("state_id", "key", "made of all that follows up to updated_ns"),
            _int("status", "fact", "the gateway's number of its status"),
            _int("size", "fact", "contracts asked for"),
            _int("filled", "fact", "contracts filled"),
            _int("limit_e9", "fact", "its limit price"),
            _int("stop_e9", "fact", "its stop price"),
            _int("trail_ticks", "fact", "how far it trails"),
            _int("filled_price_e9", "fact", "what it was filled at"),
            _int("updated_ns", "fact", "when that was so, by the gateway"),
            SOURCES,
            SEEN,
        ),
    ),
    Table(
        "intents",
        "What was meant to be sent and what became of it, copied from the journal.",
        (
            ACCOUNT,
            _text("tag", "key", "the order's tag"),
            _text("key", "fact", "the caller's idempotency key"),
            _text("contract_id", "fact", "what it was to trade"),
            _text("body", "fact", "the request, as JSON"),
            _int("created_ns", "fact", "when it was made"),
            _int("events", "state", "how many lines the journal had of it"),
            _int("sends", "state", "how often it may have been sent"),
            _text("outcome", "state", "ACCEPTED, REJECTED ...; null where unknown yet"),
            _int("order_id", "state", "the gateway's number, where there is one"),
            _text("proof", "state", "why this is known"),
            _int("resolved_ns", "state", "when it was known"),
        ),
    ),
    Table(
        "fills",
        "What was traded: one row for each trade of the gateway.",
        (
            ACCOUNT,
            _int("trade_id", "key", "the gateway's number of the trade"),
            _int("order_id", "fact", "the order that it filled"),
            _text("contract_id", "fact", "what was traded"),
            _int("side", "fact", "0 bought, 1 sold"),
            _int("size", "fact", "contracts"),
            _int("price_e9", "fact", "what each was traded at"),
            _int("at_ns", "time", "when, by the gateway"),
            DAY,
            MONTH,
            _int("gross_u", "money", "before fees; null where it opens a position"),
            _int("fees_u", "money", "of this side"),
            _int("commission_u", "money", "of this side; null where it was not told"),
            _int("voided", "most", "1 where the exchange took it back"),
            SOURCES,
            SEEN,
            EXTRA,
        ),
        monthly=True,
    ),
    Table(
        "positions",
        "Positions over time: each as it was seen.",
        (
            ACCOUNT,
            _text("contract_id", "key", "of what"),
            _int("at_ns", "key", "when it was seen"),
            _int("size", "key", "contracts; below 0 where it is short"),
            _int("average_e9", "key", "the average price of its entries"),
            _int("position_id", "fact", "the gateway's number of the position"),
            _int("opened_ns", "time", "when it was opened, by the gateway"),
            SOURCES,
            EXTRA,
        ),
    ),
    Table(
        "balances",
        "Balances over time: each as it was seen.",
        (
            ACCOUNT,
            _int("at_ns", "key", "when it was seen"),
            _int("balance_u", "key", "what it was"),
            SOURCES,
        ),
    ),
    Table(
        "equity",
        "Balance and open profit at moments that were marked.",
        (
            ACCOUNT,
            _int("at_ns", "key", "when"),
            DAY,
            MONTH,
            _int("balance_u", "fact", "the balance"),
            _int("open_u", "fact", "profit of what is open, at the prices of then"),
            SOURCES,
        ),
        monthly=True,
    ),
    Table(
        "risk_events",
        "What limits have refused or ended.",
        (
            ACCOUNT,
            _int("at_ns", "key", "when"),
            _text("code", "key", "which limit"),
            _text("why", "key", "in words"),
            SOURCES,
        ),
    ),
    Table(
        "sessions",
        "Runs of a strategy.",
        (
            _text("session_id", "key", "unique"),
            _text("strategy", "fact", "its name"),
            _text("version", "fact", "of its code"),
            _text("parameters", "fact", "as JSON"),
            _text("mode", "fact", "live, paper, backtest ..."),
            _int("started_ns", "fact", "when it began"),
            _int("ended_ns", "most", "when it ended; null while it runs"),
        ),
    ),
    Table(
        "session_tags",
        "Which orders are of which run.",
        (
            _text("tag", "key", "the order's"),
            _text("session_id", "fact", "the run"),
        ),
    ),
    Table(
        "discrepancies",
        "Where two sources do not say the same; neither was overwritten.",
        (
            _text("kind", "key", "the table, or what was compared"),
            ACCOUNT,
            _text("item", "key", "which row"),
            _int("digest", "key", "of what follows"),
            _text("ours", "fact", "what stands here, as JSON"),
            _text("theirs", "fact", "what was told, as JSON"),
            SEEN,
        ),
    ),
    Table(
        "watermarks",
        "Up to when everything was fetched from the gateway.",
        (
            _text("source", "key", "what was fetched: trades, orders, a journal"),
            ACCOUNT,
            _int("since_ns", "least", "from when on"),
            _int("up_to_ns", "most", "up to when"),
        ),
    ),
    Table(
        "anchors",
        "Where the record of an account begins: what was held and what was there.",
        (
            ACCOUNT,
            _text("contract_id", "key", "of a position; empty for the balance"),
            _int("from_ns", "state", "fills from here on are counted"),
            _int("amount", "state", "contracts with their sign, or millionths"),
        ),
    ),
)

BY_NAME = {table.name: table for table in TABLES}

INDEXES = (
    ("orders_by_tag", "orders", "tag"),
    ("fills_in_time", "fills", "account_id, at_ns"),
    ("fills_by_order", "fills", "account_id, order_id"),
)

VIEWS = {
    "fills_in_dollars": (
        "Fills as people read them: prices and dollars.",
        "SELECT account_id, trade_id, order_id, contract_id, trading_day, at_ns, "
        "CASE side WHEN 0 THEN 'BUY' ELSE 'SELL' END AS side, size, "
        "price_e9 / {e9} AS price, gross_u / {e6} AS gross, fees_u / {e6} AS fees, "
        "commission_u / {e6} AS commission, (coalesce(gross_u, 0) - "
        "coalesce(fees_u, 0) - coalesce(commission_u, 0)) / {e6} AS net, voided "
        "FROM fills",
    ),
    "days_in_dollars": (
        "What each trading day made, without trades that were voided.",
        "SELECT account_id, trading_day, contract_id, count(*) AS fills, "
        "sum(size) AS contracts, sum(coalesce(gross_u, 0)) / {e6} AS gross, "
        "sum(coalesce(fees_u, 0) + coalesce(commission_u, 0)) / {e6} AS fees, "
        "sum(coalesce(gross_u, 0) - coalesce(fees_u, 0) - coalesce(commission_u, 0))"
        " / {e6} AS net FROM fills WHERE voided = 0 "
        "GROUP BY account_id, trading_day, contract_id",
    ),
}
"""By their names: what they are for, and their SQL. ``{e6}`` is a million."""
