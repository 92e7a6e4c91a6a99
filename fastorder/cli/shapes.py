"""What each command shows: its columns, for a table and for ``--json`` alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column of a table, one member of an object.

    Attributes:
        name: as in JSON.
        meaning: for people.
        kind: of the JSON value: "text", "whole", "decimal" (exact, as text), "yes",
            "time" (ISO 8601, UTC) or "list".
        is_in_table: whether a table shows it too.
    """

    name: str
    meaning: str
    kind: str = "text"
    is_in_table: bool = True

    @property
    def title(self) -> str:
        """Of a table's column, as short as it can be."""
        return self.name.removesuffix("_id").removesuffix("_price").replace("_", " ")


@dataclass(frozen=True)
class Shape:
    """What a command gives.

    Attributes:
        name: the member of the JSON document that holds it.
        columns: of each row.
        is_list: whether there may be any number of rows; one, where there may not.
    """

    name: str
    columns: tuple[Column, ...]
    is_list: bool = True

    def row(self, **values: Any) -> dict[str, Any]:
        """A row; every column has to be there, and nothing else."""
        names = [column.name for column in self.columns]
        if sorted(values) != sorted(names):
            raise TypeError(f"a row of {self.name} has {names}, got {list(values)}")
        return {name: values[name] for name in names}


def shape(name: str, *columns: Column, is_list: bool = True) -> Shape:
    """A shape, for those below."""
    return Shape(name, columns, is_list)


ID = Column("id", "the gateway's number", "whole")
ACCOUNT_ID = Column("account_id", "whose", "whole", is_in_table=False)
CONTRACT = Column("contract_id", "of which contract")
SIDE = Column("side", "BUY or SELL")
AT = Column("at", "when, UTC", "time")

ACCOUNTS = shape(
    "accounts",
    ID,
    Column("name", "begins with PRAC for practice"),
    Column("balance", "in dollars", "decimal"),
    Column("can_trade", "whether the gateway takes orders", "yes"),
)
CONTRACTS = shape(
    "contracts",
    Column("id", "the contract"),
    Column("name", "short, with month and year"),
    Column("description", "for people"),
    Column("tick_size", "the smallest price step", "decimal"),
    Column("tick_value", "of one tick of one contract, in dollars", "decimal"),
    Column("active", "whether it trades now", "yes"),
)
CONTRACT_FOUND = Shape("contract", CONTRACTS.columns, is_list=False)
ORDERS = shape(
    "orders",
    ID,
    ACCOUNT_ID,
    CONTRACT,
    SIDE,
    Column("size", "contracts asked for", "whole"),
    Column("filled", "contracts filled", "whole"),
    Column("type", "MARKET, LIMIT, STOP, ..."),
    Column("status", "OPEN, SUSPENDED, FILLED, ..."),
    Column("limit_price", "empty where it has none", "decimal"),
    Column("stop_price", "empty where it has none", "decimal"),
    Column("parent_id", "the entry, of a bracket's leg", "whole", is_in_table=False),
    Column("tag", "the order's own", "text", is_in_table=False),
    AT,
)
POSITIONS = shape(
    "positions",
    CONTRACT,
    ACCOUNT_ID,
    Column("net", "contracts, below 0 where it is short", "whole"),
    Column("average_price", "of the entries", "decimal"),
    AT,
)
TRADES = shape(
    "trades",
    ID,
    ACCOUNT_ID,
    CONTRACT,
    Column("order_id", "the order that it filled", "whole"),
    SIDE,
    Column("size", "contracts", "whole"),
    Column("price", "of each", "decimal"),
    Column("profit_and_loss", "before costs; empty where it opens", "decimal"),
    Column("fees", "of this side, in dollars", "decimal"),
    Column("commissions", "of this side; empty where not told", "decimal"),
    Column("voided", "taken back by the exchange", "yes"),
    AT,
)
PNL = shape(
    "pnl",
    Column("account_id", "whose", "whole"),
    Column("day", "the trading day, by the date on which it ends"),
    Column("since", "the trading day's start, UTC", "time"),
    Column("trades", "fills, without those taken back", "whole"),
    Column("gross", "realised, in dollars", "decimal"),
    Column("fees", "in dollars", "decimal"),
    Column("commissions", "in dollars, as far as they are told", "decimal"),
    Column("net", "gross less both", "decimal"),
    Column("without_commissions", "fills that tell no commission", "whole"),
    is_list=False,
)
OUTCOME = shape(
    "result",
    Column("action", "place, modify, cancel, ..."),
    Column("outcome", "ACCEPTED, REJECTED, NOT_SENT, NOT_PLACED or UNKNOWN"),
    Column("changes", "asked for: what, before, after, ticks; null of none", "list"),
    Column("order_id", "the gateway's number", "whole"),
    Column("tag", "the order's own"),
    Column("message", "for people"),
    Column("error_code", "the gateway's own", "whole"),
    Column("attempts", "how often it was sent", "whole"),
    is_list=False,
)
ACT = shape(
    "report",
    Column("act", "flatten, close or cancel all"),
    Column("account_id", "whose", "whole"),
    Column("verified", "it is proved that nothing is left", "yes"),
    Column("why", "what is left, or what the proof lacks"),
    Column("took_s", "seconds, as text", "decimal"),
    Column("contracts", "what was done in each", "list"),
    is_list=False,
)
DRY_RUN = shape(
    "request",
    Column("words", "the order with what it risks, as the question says it"),
    Column("method", "of HTTP"),
    Column("url", "where it would go"),
    Column("body", "its bytes; the tag is drawn anew when it is sent"),
    is_list=False,
)
JOURNAL = shape(
    "journal",
    Column("tag", "the order's own"),
    ACCOUNT_ID,
    CONTRACT,
    Column("outcome", "empty while it is not known"),
    Column("order_id", "the gateway's number", "whole"),
    Column("attempts", "how often it was sent", "whole"),
    AT,
)
RISK = shape(
    "risk",
    Column("state", "ACTIVE, REDUCING or HALTED"),
    Column("reason", "of the state"),
    Column("limits", "those that are on", "list"),
    is_list=False,
)
FINDINGS = shape(
    "findings",
    Column("what", "was looked at"),
    Column("found", "there"),
    Column("well", "whether it is", "yes"),
    Column("todo", "what to do"),
)
SWITCH = shape(
    "switch",
    Column("file", "the kill file"),
    Column("held", "whether new exposure is held back", "yes"),
    is_list=False,
)
BARS = shape(
    "bars",
    Column("at", "the bar's start, UTC", "time"),
    Column("open", "price", "decimal"),
    Column("high", "price", "decimal"),
    Column("low", "price", "decimal"),
    Column("close", "price", "decimal"),
    Column("volume", "contracts", "whole"),
)

ANSWERS = shape(
    "answers",
    Column("question", "its name"),
    Column("answer", "in a line"),
    Column("answered", "whether there is one", "yes"),
    Column("orders", "sent for it", "whole"),
    Column("took_s", "seconds, as text", "decimal"),
    Column("evidence", "what it stands on", "list", is_in_table=False),
)
RECORDING = shape(
    "recording",
    Column("symbols", "that were recorded", "list"),
    Column("folder", "where they are"),
    Column("kept", "ticks that are on the disk", "whole"),
    Column("lost", "ticks that are not", "whole"),
    Column("strange", "ticks that cannot be any", "whole"),
    Column("gaps", "how often ticks may be missing", "whole"),
    Column("failure", "why nothing could be written at the end"),
    Column("took_s", "seconds, as text", "decimal"),
    is_list=False,
)
BACKTEST = shape(
    "backtest",
    Column("strategy", "its class"),
    Column("parameters", "that it ran with", "list"),
    Column("trades", "closed lots", "whole"),
    Column("net", "dollars, after costs", "decimal"),
    Column("costs", "dollars", "decimal"),
    Column("won", "share of the trades", "decimal"),
    Column("profit_factor", "won over lost dollars", "decimal"),
    Column("average", "dollars a trade", "decimal"),
    Column("sharpe", "of daily returns, a year's", "decimal"),
    Column("max_drawdown", "dollars, below 0", "decimal"),
    Column("ambiguous", "fills decided against the strategy", "whole"),
    Column("throttled", "requests that the budget held back", "whole"),
    Column("verdict", "of the firm's rules; empty without them"),
    Column("fingerprint", "the same for the same run"),
    is_list=False,
)
TIMES = shape(
    "times",
    Column("what", "place, modify or cancel"),
    Column("count", "how many were timed", "whole"),
    Column("left_us", "median until its last byte had left, in µs", "decimal"),
    Column("median_ms", "until it was answered", "decimal"),
    Column("p95_ms", "of 100, 95 took no longer", "decimal"),
    Column("p99_ms", "of 100, 99 took no longer", "decimal"),
    Column("slowest_ms", "the slowest one", "decimal"),
)

COMMANDS = {
    "accounts": ACCOUNTS,
    "backtest": BACKTEST,
    "bars": BARS,
    "bench": TIMES,
    "buy": OUTCOME,
    "cancel": OUTCOME,
    "cancel-all": ACT,
    "close": ACT,
    "contract": CONTRACT_FOUND,
    "contracts": CONTRACTS,
    "doctor": FINDINGS,
    "flatten": ACT,
    "journal": JOURNAL,
    "kill": SWITCH,
    "modify": OUTCOME,
    "move-stop": OUTCOME,
    "move-target": OUTCOME,
    "orders": ORDERS,
    "pnl": PNL,
    "positions": POSITIONS,
    "practice-probe": ANSWERS,
    "resolve": OUTCOME,
    "resume": SWITCH,
    "risk": RISK,
    "sell": OUTCOME,
    "ticks record": RECORDING,
    "trades": TRADES,
}
"""What each command's ``--json`` gives."""
