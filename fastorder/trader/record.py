"""The store of a trader: filled from the gateway, and held against it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from fastorder.errors import (
    ConfigurationError,
    ExecutorMisuse,
    FastOrderError,
    InvalidField,
    JournalError,
    WrongFieldType,
)
from fastorder.runtime.log import log
from fastorder.verbs.accounts import AccountVerbs
from fastorder.verbs.contracts import ContractVerbs
from fastorder.verbs.reads import ReadVerbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.models import Account, Position, Trade
    from fastorder.session.ticket_group import Steps
    from fastorder.store import Difference, Store
    from fastorder.store.comparison import Comparison

    Kept = Store
    Progress = Callable[[int, int], object]
    Look = tuple[list[Trade], list[Position], Account]
else:
    Kept = object  # what is not defined here is the store's

DAY = timedelta(days=1)
SECOND = 1_000_000_000
MOST_DAYS = 3650
LOOKS = 5
"""How often an account is looked at until nothing was traded meanwhile."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync has fetched.

    Attributes:
        account_id: whose.
        since, until: the time that it is of.
        orders, trades: how many rows the gateway gave.
        voided: how many of the trades it has taken back.
    """

    account_id: int
    since: datetime
    until: datetime
    orders: int
    trades: int
    voided: int


class Sync:
    """One sync of one account: what it fetches, as the steps of a verb.

    Args:
        executor: asks.
        store: takes.
        account_id: whose.
        days: how far back, where nothing was fetched yet.
        progress: called with days done and days in all.
    """

    def __init__(
        self,
        executor: Any,
        store: Store,
        account_id: int,
        days: int,
        progress: Progress | None,
    ) -> None:
        self._executor = executor
        self._store = store
        self._account_id = account_id
        self._days = days
        self._progress = progress
        self._until = datetime.now(timezone.utc)
        self._orders = self._trades = self._voided = 0

    def begin(self) -> Sync:
        """Find where to go on; it reads the store."""
        compared = self._comparison()
        self._since = self._until - timedelta(days=self._days)
        self._goes_on = False
        proven = compared.proven("trades")
        if proven is not None and proven[0] <= ns(self._since):
            self._goes_on = True  # a day more, for what was voided since then
            self._since = moment(proven[1]) - DAY
        known = self._store.rows("SELECT contract_id FROM contracts")
        self._known = {contract for (contract,) in known}
        self._needs_anchor = compared.needs_anchor(ns(self._since))
        return self

    def steps(self) -> Steps[None]:
        """Fetch day by day, the oldest first; each day counts once it is here."""
        starts = [self._since]
        while starts[-1] + DAY < self._until:
            starts.append(starts[-1] + DAY)
        for done, start in enumerate(starts, 1):
            is_last = done == len(starts)
            yield from self._fetch(start, None if is_last else start + DAY)
            if self._goes_on or is_last:
                end = self._until if is_last else start + DAY
                first = start if self._goes_on else self._since
                self._comparison().prove("trades", ns(first), ns(end))
            if self._progress is not None:
                self._progress(done, len(starts))
        self._look = yield from look(self._executor, self._account_id, self._since)

    def _fetch(self, start: datetime, end: datetime | None) -> Steps[None]:
        number = self._account_id
        trades, orders = yield [
            ReadVerbs.trades.ticket(self._executor, number, start, end),
            ReadVerbs.orders.ticket(self._executor, number, start, end),
        ]
        self._store.take(*orders, *trades)
        self._orders += len(orders)
        self._trades += len(trades)
        self._voided += sum(trade.voided for trade in trades)
        new = {row.contract_id for row in (*orders, *trades)} - self._known
        for contract_id in sorted(new):
            yield from self._learn(contract_id)

    def _learn(self, contract_id: str) -> Steps[None]:
        self._known.add(contract_id)
        try:
            contract = yield ContractVerbs.contract.ticket(self._executor, contract_id)
            self._store.take(contract)
        except FastOrderError as error:  # it has ended, say: its fills stand
            log().warning("the store has no ticks of %s: %s", contract_id, error)

    def finish(self, journal: Any) -> SyncReport:
        """Put in what is on this machine, and say what came; it waits for the store."""
        trades, positions, account = self._look
        self._store.take(account, *positions, *trades)
        if journal:
            try:
                self._store.take_journal(journal)
            except JournalError as error:
                log().warning("the store has nothing of the journal: %s", error)
        self._store.flush()
        if self._needs_anchor:
            self._comparison().anchor(ns(self._since), positions, account.balance)
            self._store.flush()
        return SyncReport(
            self._account_id,
            self._since,
            self._until,
            self._orders,
            self._trades,
            self._voided,
        )

    def _comparison(self) -> Comparison:
        return self._store._comparison(self._account_id)


def look(executor: Any, account_id: int, since: datetime) -> Steps[Look]:
    """Trades, positions and balance, all of one moment: nothing was traded meanwhile.

    Where something always is, the last look is taken.
    """
    trades: list[Trade] = yield ReadVerbs.trades.ticket(executor, account_id, since)
    for _ in range(LOOKS):
        before = trades
        positions, account = yield [
            ReadVerbs.positions.ticket(executor, account_id),
            AccountVerbs.account.ticket(executor, account_id),
        ]
        trades = yield ReadVerbs.trades.ticket(executor, account_id, since)
        if trades == before:
            break
    return trades, positions, account


class Record(Kept):
    """The store of a trader. All that a Store has, it has too.

    Attributes:
        kept: the Store itself.
    """

    def __init__(self, trader: Any, kept: Store, *, is_ours: bool) -> None:
        self._trader = trader
        self.kept = kept
        self._is_ours = is_ours

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            return getattr(self.kept, name)

    def __repr__(self) -> str:
        return repr(self.kept)

    def _synced(self, account_id: int, days: int, progress: Progress | None) -> Sync:
        executor = self._trader.executor
        return Sync(executor, self.kept, account_id, days, progress).begin()

    def _compared(
        self, account_id: int, since: datetime, seen: Look
    ) -> list[Difference]:
        trades, positions, account = seen
        self.kept.flush()
        compared = self.kept._comparison(account_id)
        if compared.needs_anchor(1 << 62):
            self.kept.take(*trades)
            self.kept.flush()
            compared.anchor(ns(since), positions, account.balance)
            self.kept.flush()
        found = compared.fills(ns(since), trades)
        self.kept.flush()  # positions are compared with what was missing put in
        found += compared.positions(positions)
        found += compared.balance(account.balance)
        compared.keep(found)
        self.kept.take(account, *positions)
        self.kept.flush()
        return found

    def _number_steps(self, account: int | str | None) -> Steps[int]:
        (number,) = yield from self._trader._found([account], [], reads_exposure=False)
        return int(number)

    def _look_steps(self, account_id: int, since: datetime) -> Steps[Look]:
        return (yield from look(self._trader.executor, account_id, since))

    def _with_breaches(self, told: Callable[..., Any] | None) -> Callable[..., Any]:
        """What hears of a breach, and has it kept besides."""

        def breached(denied: Any, account_id: int, why: str) -> Any:
            self.kept.note_risk(account_id, str(denied), why)
            return None if told is None else told(denied, account_id, why)

        return breached

    def _end(self) -> None:
        """Close the store, where the trader has made it."""
        if self._is_ours:
            self.kept.close()


class AwaitedRecord(Record):
    """The same, from an event loop; what reads the database does so in a thread."""

    async def sync(
        self,
        days: int = 30,
        *,
        account: int | str | None = None,
        progress: Progress | None = None,
    ) -> SyncReport:
        """Fetch orders and trades of the gateway, from where the last sync has ended.

        It takes two reads a day, within the budget's lane for reads, and may be
        broken off: what was fetched stays.

        Args:
            days: how far back, where nothing was fetched yet, or less.
            account: another than the trader's.
            progress: called with days done and days in all.

        Raises:
            RequestFailed: the gateway could not be asked.
            StoreError: the store cannot be read.
        """
        import asyncio

        check_days(days)
        group = self._trader.executor._group
        number = await group("sync", self._number_steps(account))
        sync = await asyncio.to_thread(self._synced, number, days, progress)
        await group("sync", sync.steps())
        return await asyncio.to_thread(sync.finish, self._trader._journal)

    async def reconcile(
        self, days: int = 1, *, account: int | str | None = None
    ) -> list[Difference]:
        """Hold fills, positions and the balance against the gateway's.

        Fills that were missing here are put in, and each difference is kept as a
        discrepancy.

        Args:
            days: how far back fills are compared.
            account: another than the trader's.

        Returns:
            each difference; none where the two say the same.

        Raises:
            RequestFailed: the gateway could not be asked.
            StoreError: the store cannot be read.
        """
        import asyncio

        since = datetime.now(timezone.utc) - timedelta(days=check_days(days))
        group = self._trader.executor._group
        number = await group("reconcile", self._number_steps(account))
        seen = await group("reconcile", self._look_steps(number, since))
        return await asyncio.to_thread(self._compared, number, since, seen)


class WaitingRecord(Record):
    """The same for code without an event loop."""

    def sync(
        self,
        days: int = 30,
        *,
        account: int | str | None = None,
        progress: Progress | None = None,
    ) -> SyncReport:
        """See ``AwaitedRecord.sync``."""
        check_days(days)
        executor = self._trader.executor
        number = executor._wait(executor._group("sync", self._number_steps(account)))
        sync = self._synced(number, days, progress)
        executor._wait(executor._group("sync", sync.steps()))
        return sync.finish(self._trader._journal)

    def reconcile(
        self, days: int = 1, *, account: int | str | None = None
    ) -> list[Difference]:
        """See ``AwaitedRecord.reconcile``."""
        since = datetime.now(timezone.utc) - timedelta(days=check_days(days))
        executor = self._trader.executor
        number = executor._wait(
            executor._group("reconcile", self._number_steps(account))
        )
        seen = executor._wait(
            executor._group("reconcile", self._look_steps(number, since))
        )
        return self._compared(number, since, seen)


def record_of(trader: Any, given: Any, kind: type[Record]) -> Record | None:
    """The record of a trader: of a store that is given, or of one that is opened.

    Raises:
        ConfigurationError: it is neither a store nor where one is.
        StoreError: it cannot be used.
    """
    if given is None or given is False:
        return None
    from fastorder.store import Store  # only a trader with a store needs it

    if isinstance(given, Store):
        return kind(trader, given, is_ours=False)
    if given is not True and not isinstance(given, (str, os.PathLike)):
        raise ConfigurationError(
            f"store must be a Store, a path, a URL or True, was {type(given).__name__}"
        )
    kept = Store(None if given is True else given)
    return kind(trader, kept, is_ours=True)


RecordT = TypeVar("RecordT", bound=Record)


def kept_record(record: Record | None, kind: type[RecordT]) -> RecordT:
    """The record of a trader.

    Raises:
        ExecutorMisuse: it has none.
    """
    if not isinstance(record, kind):
        raise ExecutorMisuse("a store must be given: Trader(..., store=True), say")
    return record


def check_days(days: Any) -> int:
    """How far back.

    Raises:
        WrongFieldType, InvalidField: it is no number of days.
    """
    if type(days) is not int:
        raise WrongFieldType("days", "must be a whole number", days)
    if not 1 <= days <= MOST_DAYS:
        raise InvalidField("days", f"must be from 1 to {MOST_DAYS}", days)
    return days


def ns(time: datetime) -> int:
    """Nanoseconds since 1970 of an aware time."""
    since = time - datetime(1970, 1, 1, tzinfo=timezone.utc)
    seconds = since.days * 86_400 + since.seconds
    return seconds * SECOND + since.microseconds * 1000


def moment(at_ns: int) -> datetime:
    """The other way round, to the microsecond."""
    return datetime.fromtimestamp(0, timezone.utc) + timedelta(
        microseconds=at_ns // 1000
    )
