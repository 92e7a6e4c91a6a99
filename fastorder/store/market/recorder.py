"""Records ticks as they come: a callback takes them, a thread of its own writes them.

The callback neither waits nor raises. What it took is in a stream of the day within
``every_s``, and synced to the disk; ``kept`` says how much. At the end of a trading day
its streams are sealed into Parquet.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.near_names import class_with_near_names
from fastorder.errors import InvalidField
from fastorder.runtime.log import log
from fastorder.store.market.day_streams import ContractStreams, Tick
from fastorder.store.market.days import EARLIEST_NS, LATEST_NS
from fastorder.store.market.errors import MarketDataError
from fastorder.store.market.folder import LocalFolder
from fastorder.store.market.lock import Lock
from fastorder.store.market.names import contract_name
from fastorder.store.market.tick_files import LIVE, TickFiles
from fastorder.store.market.tick_sizes import checked_tick_size, whole_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from typing_extensions import Self

MOST_WAITING = 1_000_000
"""Ticks that are held in memory where they cannot be written; beyond it they are lost,
and a gap is recorded."""

SIDE_OF = {0: 1, 1: -1}
"""The aggressor's side by the type of a trade: 0 is a buy, 1 a sell."""

LARGEST = 1 << 40
"""No price in ticks and no size is so large."""

SAID_APART_S = 60.0

ENDED_S, QUIET_S = 60.0, 1800.0
"""A day's stream is sealed once nothing came for it so long: where a later day has
ticks, and where none has. No clock that can be set is asked."""


class RecorderState(NamedTuple):
    """How a recorder does.

    Attributes:
        kept: ticks that are synced to the disk.
        waiting: ticks that are not, yet.
        lost: ticks that had to be let go.
        strange: ticks without a time, price or size that could be one.
        gaps: how often something may lack.
        cut_bytes: of streams that an earlier recorder could not finish.
        failure: why nothing can be written now; "" where it can.
    """

    kept: int
    waiting: int
    lost: int
    strange: int
    gaps: int
    cut_bytes: int
    failure: str


@class_with_near_names
class Recorder:
    """Records the ticks of contracts into a folder.

    Args:
        folder: on a disk of this machine.
        contracts: the gateway's id of each contract, to its tick size.
        every_s: how long a tick may wait until it is on the disk.
        monotonic_s: a clock that only goes forward.

    Raises:
        FolderInUse: another recorder has the folder.
        OSError: the folder cannot be written.
        InvalidField, MarketDataError: an argument cannot be used.
    """

    def __init__(
        self,
        folder: LocalFolder,
        contracts: Mapping[str, Decimal],
        *,
        every_s: float = 0.5,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        if not isinstance(folder, LocalFolder):
            where = getattr(folder, "root", folder)
            raise MarketDataError(
                f"folder of a recorder must be on a disk, was {where}"
            )
        if not 0 < every_s <= 60:
            raise InvalidField("every_s", "must be above 0 and at most 60", every_s)
        self._files = TickFiles(folder)
        (folder.path / LIVE).mkdir(parents=True, exist_ok=True)
        self._lock = Lock(folder.path / LIVE / ".recorder", "recorder")
        self._every_s, self._monotonic_s = every_s, monotonic_s
        self._streams: dict[str, ContractStreams] = {}
        self._queue: deque[tuple[str, Any]] = deque()
        self._ready: dict[str, deque[list[Tick] | str]] = {}
        self._counts: Counter[str] = Counter()
        self._failures: dict[str, str] = {}
        self._said_s = -math.inf
        self._at_close: list[Callable[[], object]] = []
        self._stop = threading.Event()
        self._turn = threading.Lock()
        try:
            for contract_id, tick_size in contracts.items():
                self.add(contract_id, tick_size)
        except BaseException:
            self._lock.release()
            raise
        self._seal_left_over()
        self._thread = threading.Thread(
            target=self._run, name="fastorder recorder", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Recorder of {', '.join(self._streams) or 'nothing'}: {self.state}>"

    # ------------------------------------------------------------------ what is told

    def add(self, contract_id: str, tick_size: Decimal) -> None:
        """Record another contract too.

        Raises:
            InvalidField: it is no contract, or no tick size.
            MarketDataError: the folder has it with another tick size.
        """
        name, size = contract_name(contract_id), checked_tick_size(tick_size)
        known = self._files.tick_size(name)
        if known not in (None, size):
            raise MarketDataError(f"tick_size of {name} must be {known}, was {size}")
        with self._turn:
            if contract_id not in self._streams:
                self._ready[contract_id] = deque()
                self._streams[contract_id] = ContractStreams(
                    self._files, name, size, self._monotonic_s
                )

    def attach(self, hub: Any) -> None:
        """Hear what a market hub tells: its trades, and where some may lack.

        Which trades the hub subscribes is yours to say.
        """
        hub.on("trades", self.on_trades)
        hub.on("gap", self.on_gap)

    def at_close(self, act: Callable[[], object]) -> None:
        """Do something first of all when it is closed: end what tells it, say."""
        self._at_close.append(act)

    def on_trades(self, trades: Any) -> None:
        """Take trades of a contract; of others than those that were added, none."""
        if trades.contract_id in self._streams:
            for trade in trades:
                self._take_trade(trades.contract_id, trade)

    def on_trade(self, trade: Any) -> None:
        """Take one trade; of another contract than those that were added, none."""
        if trade.contract_id in self._streams:
            self._take_trade(trade.contract_id, trade)

    def _take_trade(self, contract_id: str, trade: Any) -> None:
        ticks = trade.price_ticks
        if ticks is None and trade.price is not None:
            ticks = whole_ticks(trade.price, self._streams[contract_id].tick_size)
        side = SIDE_OF.get(trade.type, 0)
        self.on_tick(contract_id, trade.time_ns, ticks, trade.volume, side)

    def on_tick(
        self,
        contract_id: str,
        time_ns: int | None,
        price_ticks: int | None,
        size: int | None,
        side: int = 0,
    ) -> None:
        """Take one tick; what cannot be one is counted as strange, and left out."""
        if (
            time_ns is None
            or price_ticks is None
            or size is None
            or not EARLIEST_NS <= time_ns < LATEST_NS
            or not 1 <= size < LARGEST
            or not -LARGEST < price_ticks < LARGEST
            or contract_id not in self._streams
        ):
            self._counts["strange"] += 1
            return
        self._queue.append((contract_id, Tick(time_ns, price_ticks, size, side)))

    def on_gap(self, gap: Any) -> None:
        """Ticks may lack from here on until the next one comes."""
        self._queue.append(("", str(getattr(gap, "why", gap))))

    # ------------------------------------------------------------------ what is known

    @property
    def state(self) -> RecorderState:
        """How it does."""
        counts = self._counts
        return RecorderState(
            counts["kept"],
            counts["taken"] - counts["kept"] - counts["lost"] + len(self._queue),
            counts["lost"],
            counts["strange"],
            counts["gaps"],
            sum(streams.cut for streams in list(self._streams.values())),
            "; ".join(dict.fromkeys(list(self._failures.values()))),
        )

    def flush(self) -> RecorderState:
        """Write and sync what was taken so far, now."""
        with self._turn:
            self._write_all()
        return self.state

    def close(self) -> RecorderState:
        """Write all, seal all days, and let go of the folder.

        Raises:
            MarketDataError: ticks could not be written; the text says how many and why.
        """
        if self._stop.is_set():
            return self.state
        self._stop.set()
        for act in self._at_close:
            act()
        self._thread.join()
        with self._turn:
            self._write_all()
            self._seal_all()
            for streams in self._streams.values():
                streams.close()
            self._lock.release()
        state = self.state
        if state.waiting or state.lost:
            raise MarketDataError(
                f"all ticks must be written, {state.waiting} were not and "
                f"{state.lost} had been let go: {state.failure or 'no room'}"
            )
        return state

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            with self._turn:
                self._write_all()
                self._seal_ended()

    def _write_all(self) -> None:
        self._take()
        for contract_id in self._streams:
            self._try(f"{contract_id} written", self._write, contract_id)
        self._let_go()

    def _take(self) -> None:
        """What came, by contract: lists of ticks, and why something lacks between."""
        for _ in range(len(self._queue)):
            contract_id, what = self._queue.popleft()
            if not contract_id:
                self._interrupt(what)
                continue
            self._counts["taken"] += 1
            ready = self._ready[contract_id]
            if not ready or isinstance(ready[-1], str):
                ready.append([])
            ready[-1].append(what)  # type: ignore[union-attr]

    def _interrupt(self, why: str) -> None:
        self._counts["gaps"] += 1
        for ready in self._ready.values():
            ready.append(why)

    def _write(self, contract_id: str) -> None:
        """Write what is ready of a contract; what fails stays for the next time."""
        ready, streams = self._ready[contract_id], self._streams[contract_id]
        while ready:
            if isinstance(ready[0], str):
                streams.interrupt(ready[0])
            else:
                streams.write(ready[0])
            ready.popleft()
        self._counts["kept"] += streams.sync()

    def _let_go(self) -> None:
        """Forget what is too much to hold."""
        if self.state.waiting > MOST_WAITING:
            for ready in self._ready.values():
                lost = sum(len(ticks) for ticks in ready if not isinstance(ticks, str))
                self._counts["lost"] += lost
                ready.clear()
            self._interrupt("not written")

    # ------------------------------------------------------------------ sealing

    def _seal_left_over(self) -> None:
        """What an earlier recorder could not finish."""
        for contract, day in self._files.unsealed():
            self._try(f"{contract} {day} sealed", self._files.seal, contract, day)

    def _seal_ended(self) -> None:
        for contract_id, streams in self._streams.items():
            for day in streams.ended(ENDED_S, QUIET_S):
                self._try(f"{contract_id} {day} sealed", streams.seal, day)

    def _seal_all(self) -> None:
        for contract_id, streams in self._streams.items():
            for day in streams.days():
                self._try(f"{contract_id} {day} sealed", streams.seal, day)

    def _try(self, what: str, act: Callable[..., object], *given: Any) -> None:
        """Do it; a failure is told, and what it concerns is tried again later."""
        try:
            act(*given)
        except Exception as error:  # a recorder goes on with what it can
            self._failures[what] = f"{what}: {error}"
            if time.monotonic() - self._said_s >= SAID_APART_S:
                self._said_s = time.monotonic()
                log().error("ticks wait to be kept, %s", self._failures[what])
        else:
            self._failures.pop(what, None)
