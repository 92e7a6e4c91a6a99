"""Store: what happened on an account, handed over, kept, and asked."""

from __future__ import annotations

import os
from functools import partial
from secrets import token_hex
from time import time_ns
from typing import TYPE_CHECKING, Any

from fastorder import journal
from fastorder._base.kept_here import KeptHere
from fastorder._base.near_names import class_with_near_names, for_users
from fastorder._base.outside_text import from_outside
from fastorder.errors import ConfigurationError, ExecutorMisuse, WrongFieldType
from fastorder.models import Account, Contract, Order, Position, Trade
from fastorder.store import sqlite
from fastorder.store.address import Address
from fastorder.store.comparison import Comparison
from fastorder.store.filters import Wanted, account_from, ns_from
from fastorder.store.merging import as_json
from fastorder.store.numbers import U, scaled
from fastorder.store.queries import Queries
from fastorder.store.sightings import CALLER, READ, Reader, Sight, intent
from fastorder.store.spill import Spill
from fastorder.store.writer import StoreState, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal
    from types import TracebackType
    from typing import TypeVar

    from typing_extensions import Self

    from fastorder.realtime.events import Event
    from fastorder.store.engine import Engine
    from fastorder.store.excursions import Ticks
    from fastorder.store.merging import Row
    from fastorder.store.records import (
        Day,
        Discrepancy,
        EquityPoint,
        FillRecord,
        OrderRecord,
        Records,
        RoundTrip,
    )

    Made = TypeVar("Made")
    When = datetime | date | int | None

EVENT, MODEL, ROWS = "event", "model", "rows"
"""What may be handed to the writer: an event, a model, rows."""

MODELS = (Account, Contract, Order, Position, Trade)
CLOSE_S = 10.0
FLUSH_S = 10.0


@class_with_near_names
class Store(KeptHere):
    """What happened on accounts: orders, fills, positions, money; kept and asked.

    Rows are handed over (``listen``, ``take``) and written by a thread of the store;
    whoever hands over waits for nothing and hears of no error. Queries read what is
    committed; ``flush`` waits for what was handed over before. They take their time in
    the thread that asks: from an event loop, ``await asyncio.to_thread(store.daily)``.

    Several stores, in any process or machine, may write one database: writes come one
    after the other, and each row once.

    Args:
        where: a path or ``sqlite:///path`` for SQLite, ``postgresql://...`` for
            PostgreSQL; without it SQLite in the platform's folder for data.
        read_only: only ask; no thread is started, nothing is made or migrated.
        on_trouble: called with a StoreState, on the store's thread, when the database
            begins to fail, when rows are dropped, and when it is well again.

    Raises:
        ConfigurationError: ``where`` is not usable, or a package is missing.
        StoreError: the database cannot be used; it is left as it was.
    """

    def __init__(
        self,
        where: str | os.PathLike[str] | None = None,
        *,
        read_only: bool = False,
        on_trouble: Callable[[StoreState], object] | None = None,
    ) -> None:
        if on_trouble is not None and not callable(on_trouble):
            raise ConfigurationError(f"on_trouble must be callable, was {on_trouble!r}")
        self._pid = os.getpid()
        self._address = Address(where)
        self._reader = Reader()
        self._last_ns = 0
        self._journals: dict[str, tuple[tuple[int, int], int]] = {}
        self._writer: Writer | None = None
        self._closed = False
        self._connection = self._made_reader()
        self._queries = Queries(
            self._read_into, self._read_each, is_in_order=self._address.is_file
        )
        if read_only:
            self._refuse_empty()
            self._put: Callable[[Any], object] = _refuse
            return
        self._writer = Writer(
            self._made_engine(),
            self._read,
            Spill(self._address.spill_name),
            self._address.without_secrets,
            on_trouble,
        )
        self._put = self._writer.put

    def __repr__(self) -> str:
        kind = "closed" if self._closed else "open" if self._writer else "read-only"
        return f"<Store {self._address.shown} {kind}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def where(self) -> str:
        """The file, or the database without its password."""
        return self._address.shown

    @property
    def state(self) -> StoreState:
        """How it is: what waits, what was written, whether the database fails."""
        return StoreState() if self._writer is None else self._writer.state

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    # ------------------------------------------------------------ handing over

    def listen(self, event: Event) -> None:
        """Keep an event of the user hub: ``hub.on("event", store.listen)``.

        It returns at once and raises nothing; what cannot be read is a discrepancy.
        """
        self._put((EVENT, event, time_ns()))

    def take(self, *models: Account | Contract | Order | Position | Trade) -> None:
        """Keep what was read of the gateway, such as ``await trader.trades(...)``.

        Raises:
            WrongFieldType: one of them is none of these.
        """
        for model in models:
            if type(model) not in MODELS:
                raise WrongFieldType("model", "must be a row of the gateway", model)
        now = time_ns()
        for model in models:
            self._put((MODEL, model, now))

    def take_journal(self, path: str | os.PathLike[str]) -> int:
        """Keep the intents and outcomes of a journal; how many were new.

        The first time all of it is read and checked, later what has come since. Where
        rows had to be dropped meanwhile, it is read from its beginning again.

        Returns:
            the intents that had something new to tell.

        Raises:
            JournalError: it cannot be read.
        """
        name, dropped = os.path.realpath(path), self.state.dropped
        position, dropped_then = self._journals.get(name, ((0, 0), dropped))
        new = journal.read_since(path, position if dropped == dropped_then else (0, 0))
        rows = [intent(entry) for entry in new.entries]
        self._put((ROWS, rows, time_ns()))
        self._journals[name] = (new.position, dropped)
        return len(rows)

    def mark_equity(
        self,
        account: int,
        balance: Decimal,
        open_profit: Decimal,
        at: datetime | None = None,
    ) -> None:
        """Keep what an account was worth: its balance, and the profit of what is open.

        Raises:
            WrongFieldType, InvalidField: an argument is not usable.
        """
        at_ns = time_ns() if at is None else ns_from(at, "at")
        amounts = [dollars(value, name) for value, name in
                   ((balance, "balance"), (open_profit, "open_profit"))]  # fmt: skip
        rows = self._reader.equity(account_from(account), at_ns, *amounts)
        self._put((ROWS, rows, at_ns))

    def note_risk(
        self, account: int, code: str, why: str, at: datetime | None = None
    ) -> None:
        """Keep that a limit has refused or ended something.

        Raises:
            WrongFieldType, InvalidField: an argument is not usable.
        """
        at_ns = time_ns() if at is None else ns_from(at, "at")
        texts = (from_outside(str(code)), from_outside(str(why)))
        row = (account_from(account), at_ns, *texts, CALLER)
        self._put((ROWS, [Sight("risk_events", row)], at_ns))

    def session(
        self,
        strategy: str,
        *,
        version: str = "",
        mode: str = "live",
        parameters: Mapping[str, Any] | None = None,
    ) -> Session:
        """Begin a run of a strategy; its orders are those whose tags it ``owns``.

        Raises:
            WrongFieldType: the name is no text.
        """
        return Session(self, strategy, version, mode, parameters or {})

    def flush(self, timeout: float = FLUSH_S) -> bool:
        """Wait until what was handed over is committed; whether it is, in this time.

        What is committed outlives the process however it ends. Where the database
        fails it waits in vain: ``state`` says why.
        """
        self._check_process()
        if self._writer is None or self._closed:
            return self._writer is None or not self.state.waiting
        return self._writer.flush(timeout)

    def close(self, timeout: float = CLOSE_S) -> bool:
        """Write what is left, and end; whether nothing was lost.

        What the database does not take in this time is kept in a file beside it, and
        written when the store is opened again.
        """
        if self._closed or self._pid != os.getpid():
            return True
        self._closed = True
        done = self._writer is None or self._writer.close(timeout)
        if self._connection is not None:
            self._connection.close()
        return done

    # ------------------------------------------------------------ asking

    def orders(
        self,
        account: int | None = None,
        contract: str | None = None,
        since: When = None,
        until: When = None,
        strategy: str | None = None,
    ) -> Records[OrderRecord]:
        """Orders in their newest state, the oldest first.

        Args:
            account: a number; None for all.
            contract: an id, a name (MNQZ6) or a product (MNQ).
            since, until: aware times or nanoseconds, since <= t < until; or dates of
                trading days, both of them included.
            strategy: the name of one.

        Raises:
            InvalidField, WrongFieldType: an argument is not usable.
            StoreUnavailable: the database cannot be read.
        """
        return self._queries.orders(Wanted(account, contract, since, until, strategy))

    def fills(
        self,
        account: int | None = None,
        contract: str | None = None,
        since: When = None,
        until: When = None,
        strategy: str | None = None,
        *,
        voided: bool = False,
    ) -> Records[FillRecord]:
        """Fills, the oldest first; with ``voided`` those that were taken back too.

        Args, Raises: see ``orders``.
        """
        wanted = Wanted(account, contract, since, until, strategy)
        return self._queries.fills(wanted, voided=voided)

    def trades(
        self,
        account: int | None = None,
        contract: str | None = None,
        since: When = None,
        until: When = None,
        strategy: str | None = None,
        *,
        ticks: Mapping[str, Ticks] | None = None,
    ) -> Records[RoundTrip]:
        """Round trips, by their exits: each entry order with each of its exit orders.

        Fills are matched first in, first out, from the beginning of the record; what
        was held before it makes no round trip.

        Args:
            ticks: by a contract's id, times in nanoseconds and the prices at them: for
                MAE and MFE.
            account, contract, since, until, strategy: see ``orders``; of the exit.

        Raises: see ``orders``.
        """
        wanted = Wanted(account, contract, since, until, strategy)
        return self._queries.trades(wanted, dict(ticks) if ticks else None)

    def daily(
        self,
        account: int | None = None,
        contract: str | None = None,
        since: When = None,
        until: When = None,
        strategy: str | None = None,
        *,
        by_contract: bool = False,
        by_strategy: bool = False,
    ) -> Records[Day]:
        """What each trading day has made, the oldest first.

        Args:
            by_contract, by_strategy: whether each has rows of its own.
            account, contract, since, until, strategy: see ``orders``.

        Raises: see ``orders``.
        """
        wanted = Wanted(account, contract, since, until, strategy)
        return self._queries.daily(wanted, contract=by_contract, strategy=by_strategy)

    def equity(
        self,
        account: int | None = None,
        contract: str | None = None,
        since: When = None,
        until: When = None,
    ) -> Records[EquityPoint]:
        """What was made up to each fill and each mark, in the order of time.

        Args, Raises: see ``orders``; sums are from the beginning of the record.
        """
        return self._queries.equity(Wanted(account, contract, since, until))

    def discrepancies(self, account: int | None = None) -> Records[Discrepancy]:
        """What two sources did not say alike.

        Args:
            account: a number; None for all.

        Raises:
            InvalidField, WrongFieldType: an argument is not usable.
            StoreUnavailable: the database cannot be read.
        """
        return self._queries.discrepancies(account)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query of your own; it can only read.

        Args:
            sql: one statement; a question mark stands for each value.
            values: for the marks.

        Raises:
            StoreUnavailable: it cannot be read, or is no query.
        """
        return self._read_into(sql, values, list)

    # ------------------------------------------------------------ for the trader

    def _comparison(self, account_id: int) -> Comparison:
        """What is held against the gateway, of one account."""
        return Comparison(self.rows, self._put_rows, account_id)

    def _put_rows(self, sights: list[Sight]) -> None:
        self._put((ROWS, sights, time_ns()))

    # ------------------------------------------------------------ parts

    def _read_into(
        self, sql: str, values: Sequence[Any], into: Callable[[Iterable[Row]], Made]
    ) -> Made:
        if self._connection is not None:
            made: Made = self._connection.read(sql, values, into)
            return made
        return sqlite.read(self._address, sql, values, into)

    def _read_each(
        self,
        columns: str,
        source: str,
        values: Sequence[Any],
        take: Callable[..., None],
    ) -> None:
        if self._connection is None:
            sqlite.read_each(self._address, columns, source, values, take)
        else:
            sql = f"SELECT {columns} {source}"
            self._connection.read(sql, values, partial(take_each, take))

    def _read(self, handed: tuple[Any, ...]) -> list[Sight]:
        """Make rows of what was handed over; on the writer's thread."""
        kind, given, seen_ns = handed
        if kind == ROWS:
            rows: list[Sight] = given
            return rows
        # a clock that was set back does not put what comes later before what came first
        self._last_ns = seen_ns = max(seen_ns, self._last_ns + 1)
        if kind == EVENT:
            return self._reader.event(given, seen_ns)
        return self._reader.model(given, READ, seen_ns)

    def _made_engine(self) -> Engine:
        if self._address.is_file:
            return sqlite.SqliteEngine(self._address)
        from fastorder.store.postgres import PostgresEngine

        return PostgresEngine(self._address)

    def _made_reader(self) -> Any:
        if self._address.is_file:
            return None
        from fastorder.store.postgres import PostgresReader, driver

        driver()
        return PostgresReader(self._address)

    def _refuse_empty(self) -> None:
        if self._address.is_file:
            version = sqlite.check(self._address)
        else:
            from fastorder.store import postgres

            version = postgres.check(self._address)
        if version == 0:
            raise ConfigurationError(
                f"store {self.where} must have tables to be read, had none"
            )

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            raise ExecutorMisuse(
                "a store works in the process that made it, this is a fork of it: make "
                "a new one in the child"
            )


class Session:
    """A run of a strategy, from when it is made until ``end``.

    Attributes:
        id: unique.
        strategy: its name.
    """

    __dir__ = for_users

    def __init__(
        self,
        store: Store,
        strategy: str,
        version: str,
        mode: str,
        parameters: Mapping[str, Any],
    ) -> None:
        for name, text in (
            ("strategy", strategy),
            ("version", version),
            ("mode", mode),
        ):
            if type(text) is not str:
                raise WrongFieldType(name, "must be text", text)
        self.id = token_hex(8)
        self.strategy = from_outside(strategy)
        self._store = store
        self._head = (self.id, self.strategy, from_outside(version))
        self._rest = (
            from_outside(as_json(dict(parameters))),
            from_outside(mode),
            time_ns(),
        )
        self._keep(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def owns(self, tag: str) -> None:
        """The order with this tag is of this run, and so are its legs.

        Raises:
            WrongFieldType: it is no text.
        """
        if type(tag) is not str:
            raise WrongFieldType("tag", "must be text", tag)
        self._store._put_rows([Sight("session_tags", (tag, self.id))])

    def end(self) -> None:
        """The run has ended."""
        self._keep(time_ns())

    def _keep(self, ended_ns: int | None) -> None:
        row = (*self._head, *self._rest, ended_ns)
        self._store._put_rows([Sight("sessions", row)])


def dollars(value: Any, name: str) -> int:
    """Millionths of a dollar.

    Raises:
        WrongFieldType, InvalidField: it is no number of them.
    """
    from decimal import Decimal

    from fastorder.errors import InvalidField

    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise WrongFieldType(name, "must be a number of dollars", value)
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    try:
        micros: int = scaled(exact, U, name, {})
    except ValueError:
        raise InvalidField(name, "must be dollars that 64 bits hold", value) from None
    return micros


def take_each(take: Callable[..., None], rows: Iterable[Row]) -> None:
    """Call with the columns of each row."""
    for row in rows:
        take(*row)


def _refuse(handed: object) -> None:
    raise ConfigurationError("a store that is read_only takes nothing")


for _public in (Session, Store):
    _public.__module__ = "fastorder.store"  # where they are imported from
