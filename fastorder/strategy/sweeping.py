"""sweep: a strategy with many sets of parameters, on all cores or on a cluster.

Data are sent to a worker once. What is done is written down at once where a file is
given, so that a sweep goes on where it was stopped. A worker that dies takes its task
with it and nothing else: the task is given out again.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice, product
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.counted import counted
from fastorder._base.near_names import with_near_names
from fastorder.strategy.data import time_of
from fastorder.strategy.errors import BadData, StrategyError
from fastorder.strategy.keeping import check_place
from fastorder.strategy.running import _feeds, _strategies, backtest
from fastorder.strategy.statistics import DAYS, deflated_sharpe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fastorder.strategy.data import Feed
    from fastorder.strategy.strategy import Strategy

TRIES = 3
"""How often a task is given out before its row says that it kills its worker."""

SHOWN = 10
AHEAD = 4
"""Tasks that wait for each worker."""


class Task(NamedTuple):
    """One run: its parameters, and the span of the data as shares of the rows."""

    parameters: dict[str, Any]
    first: float
    last: float

    @property
    def key(self) -> str:
        """The same for the same task."""
        return json.dumps([self.parameters, self.first, self.last], sort_keys=True)


# --------------------------------------------------------------------------- the worker

_held: tuple[Any, Any, Any] | None = None


def _hold(kind: Any, feeds: Any, options: Any) -> None:
    """Keep what all tasks of a worker need."""
    global _held
    _held = kind, feeds, options


def _done_here(task: Task) -> dict[str, Any]:
    assert _held is not None
    return run_task(*_held, task)


def run_task(
    kind: type[Strategy], feeds: dict[str, Feed], options: dict[str, Any], task: Task
) -> dict[str, Any]:
    """One run as a row: its parameters, its numbers, its daily returns."""
    parts = parts_of(feeds, task.first, task.last)
    result = backtest(kind, data=parts, parameters=task.parameters, **options)
    verdict = result.verdict
    return {
        **result.summary,
        "verdict": "" if verdict is None else verdict.state,
        "fingerprint": result.fingerprint,
        "returns": [float(each) for each in result.daily_returns],
    }


def parts_of(feeds: dict[str, Feed], first: float, last: float) -> dict[str, Feed]:
    """From one share of the data to another; of several contracts at the same times.

    Raises:
        BadData: a contract has no data there.
    """
    longest = max(feeds.values(), key=len)
    starts = [round(share * len(longest)) for share in (first, last)]
    found = {}
    for name, feed in feeds.items():
        rows = starts
        if feed is not longest:
            rows = [_row_at(feed, longest, row) for row in starts]
        found[name] = feed.part(*rows)
        if not len(found[name]):
            raise BadData(
                f"data of {name} must be there in each part, had none in that from "
                f"{first:.0%} to {last:.0%} of the data"
            )
    return found


def _row_at(feed: Feed, other: Feed, row: int) -> int:
    """The first row of a feed that does not end before a row of another begins."""
    if row >= len(other):
        return len(feed)
    return int(feed.time_ns.searchsorted(other.time_ns[row] - feed.length_ns, "right"))


# --------------------------------------------------------------------------- the sweep


class Sweep:
    """What a sweep has brought.

    Attributes:
        rows: one for each set of parameters, in the grid's order: its parameters and
            the numbers of ``Result.summary``, in sample.
        tried: how many sets there were.
        by: what the best are chosen by.
        best: the ten best: in sample, out of sample (``out_`` before each name), and
            ``deflated``, how likely their true Sharpe ratio is above zero.
    """

    def __init__(self, rows: list[dict[str, Any]], by: str) -> None:
        self.rows = rows
        self.by = by
        self.tried = len(rows)
        self.best: list[dict[str, Any]] = []

    @property
    def warning(self) -> str:
        """What to think of the best one, given how many were tried."""
        if not self.best:
            return "no set of parameters has made a run"
        first = self.best[0]
        found = first.get("deflated", math.nan)
        told = "is not known" if math.isnan(found) else f"is {found:.0%}"
        return (
            f"Tried were {counted(self.tried, 'set')} of parameters. That the best "
            f"one's true Sharpe ratio is above zero {told} likely (deflated for all "
            "of them)."
        )

    def __repr__(self) -> str:
        return f"<Sweep of {counted(self.tried, 'set')} of parameters. {self.warning}>"

    def arrow(self, what: str = "rows") -> Any:
        """The ``rows``, or the ``best``, as an Arrow table."""
        import pyarrow as pa

        rows: list[dict[str, Any]] = getattr(self, what)
        return pa.Table.from_pylist(
            [{k: v for k, v in row.items() if k != "returns"} for row in rows]
        )


@with_near_names
def sweep(
    strategy: type[Strategy],
    *,
    grid: Mapping[str, Sequence[Any]],
    data: Any,
    by: str = "sharpe",
    out_of_sample: float = 0.3,
    workers: int | None = None,
    file: str | os.PathLike[str] | None = None,
    client: Any = None,
    **options: Any,
) -> Sweep:
    """Run a strategy with every combination of a grid.

    Args:
        strategy: a class that another process can import.
        grid: names of parameters with their values.
        data: as ``backtest`` takes them.
        by: the number of ``Result.summary`` that the best have most of.
        out_of_sample: the share of the data, at their end, that chooses nothing:
            the ten best are run over it.
        workers: processes; as many as there are cores, where it is not given.
        file: where rows are written as they are done; a sweep that finds its own there
            goes on with what is missing.
        client: a client of Dask distributed, instead of processes here.
        options: those of ``backtest``.

    Raises:
        BadParameter, BadData, StrategyError: before anything is run.
    """
    if not 0 <= out_of_sample < 1:
        raise StrategyError(f"out_of_sample must be from 0 to 1, was {out_of_sample!r}")
    last = 1 - out_of_sample
    bench = Bench(strategy, data, options, workers, file, client)
    tasks = [Task(values, 0.0, last) for values in combinations(strategy, grid)]
    rows = bench.rows_of(tasks)
    found = Sweep(
        [task.parameters | row for task, row in zip(tasks, rows, strict=True)], by
    )
    _choose(found, tasks, rows, bench, last)
    return found


def _choose(
    found: Sweep,
    tasks: list[Task],
    rows: list[dict[str, Any]],
    bench: Bench,
    last: float,
) -> None:
    """The ten best, how they fare out of sample, and what luck explains of them."""
    import numpy as np

    order = sorted(
        (nth for nth, row in enumerate(rows) if _is_number(row.get(found.by))),
        key=lambda nth: (-rows[nth][found.by], nth),
    )[:SHOWN]
    ratios = [
        row["sharpe"] / math.sqrt(DAYS) for row in rows if _is_number(row.get("sharpe"))
    ]
    spread = float(np.std(ratios, ddof=1)) if len(ratios) > 1 else 0.0
    later = [Task(tasks[nth].parameters, last, 1.0) for nth in order]
    out = bench.rows_of(later) if last < 1 else [{} for _ in later]
    for nth, row in zip(order, out, strict=True):
        mine = found.rows[nth]
        deflated = deflated_sharpe(np.array(mine["returns"]), len(rows), spread)
        found.best.append(
            mine
            | {f"out_{name}": value for name, value in row.items()}
            | {"deflated": deflated}
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def combinations(
    strategy: type[Strategy], grid: Mapping[str, Sequence[Any]]
) -> list[dict[str, Any]]:
    """Every combination of a grid, each checked.

    Raises:
        BadParameter: a name or a value that the strategy does not take.
        StrategyError: no values.
    """
    for name, values in grid.items():
        if isinstance(values, str) or not len(values):
            raise StrategyError(f"grid[{name!r}] must be values, was {values!r}")
    found = [dict(zip(grid, row, strict=True)) for row in product(*grid.values())]
    for each in found:
        strategy(**each)
    return found


# -------------------------------------------------------------------------- tasks, done


class Bench:
    """Where tasks are run: processes here, or a cluster; and what is done of them."""

    def __init__(
        self, kind: type[Strategy], data: Any, options: dict[str, Any],
        workers: int | None, file: Any, client: Any,
    ) -> None:  # fmt: skip
        check_place("file", file)
        options = dict(options)
        since, until = (time_of(n, options.pop(n, None)) for n in ("since", "until"))
        made = _strategies(kind, _some(kind))
        instruments = options.pop("instruments", ())
        self.feeds = _feeds(made, data, since, until, instruments)
        self.kind, self.options, self.client = kind, options, client
        self.workers = workers or os.cpu_count() or 1
        self.file = None if file is None else Path(file)
        self.known = self._read()

    @property
    def name(self) -> str:
        """What rows in a file belong to: the strategy, its options, and its data."""
        told = hashlib.sha256(repr((self.kind.__qualname__, self.options)).encode())
        for symbol, feed in self.feeds.items():
            told.update(f"{symbol} {len(feed)} {feed.first_ns} {feed.end_ns}".encode())
            columns = feed.ticks or feed.bars or {}
            for name, column in sorted(columns.items()):
                if column is not None:
                    told.update(name.encode() + column.tobytes())
        return told.hexdigest()

    def _read(self) -> dict[str, dict[str, Any]]:
        """Rows that were done before; a line that was cut off is done again."""
        if self.file is None:
            return {}
        self._name = self.name
        found = {}
        if self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                try:
                    name, key, row = json.loads(line)
                except ValueError:
                    continue
                if name == self._name:
                    found[key] = row
        return found

    def _keep(self, task: Task, row: dict[str, Any]) -> None:
        self.known[task.key] = row
        if self.file is not None:
            line = json.dumps([self._name, task.key, row])
            with self.file.open("a", encoding="utf-8") as file:
                file.write("\n" + line if self._is_cut() else line)
                file.write("\n")

    def _is_cut(self) -> bool:
        """Whether the file ends within a line."""
        assert self.file is not None
        with self.file.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if not size:
                return False
            file.seek(size - 1)
            return file.read(1) != b"\n"

    def rows_of(self, tasks: list[Task]) -> list[dict[str, Any]]:
        """The row of each task, run where it is not done yet."""
        missing = {task.key: task for task in tasks if task.key not in self.known}
        run = self._on_cluster if self.client is not None else self._on_cores
        for task, row in run(list(missing.values())):
            self._keep(task, row)
        return [self.known[task.key] for task in tasks]

    # ---------------------------------------------------------------- here

    def _on_cores(self, tasks: list[Task]) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Tasks on processes; those that a lost pool had are run one by one."""
        left = {task.key: task for task in tasks}
        while left:
            held: dict[str, Task] = {}
            try:
                for task, row in self._in_pool(list(left.values()), held):
                    del left[task.key]
                    yield task, row
            except BrokenProcessPool:
                for task in held.values():
                    del left[task.key]
                    yield task, self._alone(task)

    def _alone(self, task: Task) -> dict[str, Any]:
        """A task whose worker has died with others, in a process of its own."""
        for _ in range(TRIES):
            try:
                for _, row in self._in_pool([task], {}):
                    return row
            except BrokenProcessPool:
                continue
        return {"error": f"its worker has died {TRIES} times"}

    def _in_pool(
        self, tasks: list[Task], held: dict[str, Task]
    ) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Rows as they are done; ``held`` is what the pool has and has not done."""
        workers = min(self.workers, len(tasks))
        with ProcessPoolExecutor(
            workers,
            mp_context=get_context("spawn"),
            initializer=_hold,
            initargs=(self.kind, self.feeds, self.options),
        ) as pool:
            waiting: dict[Any, Task] = {}
            rest = iter(tasks)
            while True:
                for task in islice(rest, AHEAD * workers - len(waiting)):
                    held[task.key] = task
                    waiting[pool.submit(_done_here, task)] = task
                if not waiting:
                    return
                ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ready:
                    task, error = waiting.pop(future), future.exception()
                    if isinstance(error, BrokenProcessPool):
                        raise error
                    del held[task.key]
                    yield task, _row_of(future, error)

    # ---------------------------------------------------------------- on a cluster

    def _on_cluster(self, tasks: list[Task]) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Tasks on Dask distributed, which gives out again what a worker has lost."""
        from distributed import as_completed

        if not tasks:
            return
        feeds = self.client.scatter([self.feeds], broadcast=True, hash=False)[0]
        futures = {
            self.client.submit(
                run_task,
                self.kind,
                feeds,
                self.options,
                task,
                pure=False,
                retries=TRIES - 1,
            ): task
            for task in tasks
        }
        for future in as_completed(futures):  # type: ignore[no-untyped-call]
            yield futures[future], _row_of(future, future.exception())


def _row_of(future: Any, error: BaseException | None) -> dict[str, Any]:
    """What a task has brought; of one that failed, why."""
    if error is None:
        found: dict[str, Any] = future.result()
        return found
    return {"error": f"{type(error).__name__}: {error}"}


def _some(kind: type[Strategy]) -> dict[str, Any]:
    """Values for parameters without a default, so that a class can be looked at."""
    from fastorder.strategy.parameters import REQUIRED

    return {
        name: one.kind()
        for name, one in kind._parameters.items()
        if one.default is REQUIRED and one.kind in (int, float, str, bool)
    }


# ------------------------------------------------------------------------- walk forward


class Fold(NamedTuple):
    """One step of a walk forward.

    Attributes:
        parameters: the best of the rows before.
        inside: the numbers with which they were chosen.
        outside: those of the rows after, which chose nothing.
    """

    parameters: dict[str, Any]
    inside: dict[str, Any]
    outside: dict[str, Any]


@with_near_names
def walk_forward(
    strategy: type[Strategy],
    *,
    grid: Mapping[str, Sequence[Any]],
    data: Any,
    folds: int = 5,
    by: str = "sharpe",
    workers: int | None = None,
    file: str | os.PathLike[str] | None = None,
    client: Any = None,
    **options: Any,
) -> list[Fold]:
    """Choose parameters on a part of the data, run them over the next, and so on.

    The data are cut into ``folds + 1`` parts of as many rows. Each but the first is run
    with the set that did best on the one before it.

    Args:
        folds: how many parts are run so.
        strategy, grid, data, by, workers, file, client, options: as ``sweep``.

    Raises:
        BadParameter, BadData, StrategyError: before anything is run.
    """
    if isinstance(folds, bool) or not isinstance(folds, int) or folds < 1:
        raise StrategyError(f"folds must be at least 1, was {folds!r}")
    bench = Bench(strategy, data, options, workers, file, client)
    values = combinations(strategy, grid)
    edges = [nth / (folds + 1) for nth in range(folds + 2)]
    inside = bench.rows_of(
        [Task(v, edges[n], edges[n + 1]) for n in range(folds) for v in values]
    )
    chosen = []
    for nth in range(folds):
        rows = inside[nth * len(values) : (nth + 1) * len(values)]
        usable = [i for i, row in enumerate(rows) if _is_number(row.get(by))]
        best = max(usable or [0], key=lambda i: (rows[i].get(by, -math.inf), -i))
        chosen.append((values[best], rows[best]))
    outside = bench.rows_of(
        [Task(chosen[n][0], edges[n + 1], edges[n + 2]) for n in range(folds)]
    )
    return [Fold(*pair, row) for pair, row in zip(chosen, outside, strict=True)]


for _public in (Fold, Sweep, sweep, walk_forward):
    _public.__module__ = "fastorder.strategy"  # where they are imported from
