"""User-space instructions of one awaited order, counted by callgrind.

What is counted between two marks, divided by the orders between them, is what one order
takes, without what a process takes to start, to warm up and to end. The server is in
this process, outside of valgrind, and answers after a pause, so that every order meets
the event loop in the same way: once the client sleeps, however long that takes, so that
other work on the machine adds next to nothing to a count.

    python benchmarks/instructions.py           # counts and shows
    python benchmarks/instructions.py --keep    # and writes instructions.json
    python benchmarks/instructions.py --misses  # what misses the first-level caches
    python benchmarks/instructions.py --limits  # what every limit together adds
    python benchmarks/instructions.py --budgets # what budgets add to it
    python benchmarks/instructions.py --trader  # a trader's buy beside it
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from order import PLACED
from recorder import body_of, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    import fastorder

KEPT = Path(__file__).parent / "instructions.json"
WARM, ORDERS = 200, 1000
COUNTER = "FASTORDER_COUNTER"
"""Set in a client: the program that tells valgrind to count."""
MARK = "getsid"
"""What nothing else calls: callgrind writes down there what it has counted so far."""
LIMITED = "FASTORDER_LIMITED"
"""Set in clients that are compared: whether the executor has limits.

Their orders have no legs: the server gives every order the same number, and no two have
the same legs.
"""
TRADER = "trader"
"""Stands for a trader in the place of a kind of budgets."""
STOP, TARGET = (None, None) if LIMITED in os.environ else (50, 100)
CACHES = ("--cache-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64", "--LL=524288,8,64")
INSTRUCTION, MISSED_CODE, MISSED_READ, MISSED_WRITE = 0, 3, 4, 5
"""Callgrind's columns; the last three where it plays the caches."""
MOST_OF_LIMITS = 11_000
"""What all limits may add: 5 us, at 2.2 instructions a nanosecond.

That is less than an order does: its 39,000 take 12 us of CPU time with the kernel's.
"""
LONGEST_S = 300
"""A run takes some ten seconds; a busy machine is given many times that."""
PATIENT = {"connect": 300.0, "request": 300.0}
"""A timer of its requests runs every few seconds: where a run is slow, more often."""
PAUSE = 0.005  # a client under valgrind is most often back at its loop by then
ANSWER = (
    "HTTP/1.1 200 OK\r\nServer: benchmark\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\n"
    f"Content-Type: application/json\r\nContent-Length: {len(PLACED)}\r\n"
    f"Connection: keep-alive\r\n\r\n{PLACED}"
).encode()
PARTS = {
    "libcurl": re.compile(r"libcurl|_pycurl"),
    "compiled fastorder": re.compile(r"/fastorder/(?:[a-z_]+/)*[^/]+\.so$"),
    "Python": re.compile(r"libpython|/python3|/lib-dynload/"),
    "libc": re.compile(r"/libc[.-]|/ld-linux|/libm[.-]|/libpthread"),
}
REST = "the rest"


def build() -> dict[str, str]:
    """What a count depends on besides the code: only the like are compared."""
    import orjson
    import pycurl

    return {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "pycurl": pycurl.version.split()[0].split("/")[1],
        "libcurl": pycurl.version_info()[1],
        "orjson": orjson.__version__,
        "libc": " ".join(platform.libc_ver()),
    }


def every_limit() -> dict[str, object]:
    """An executor's limits that let all of these orders leave."""
    if os.environ.get(LIMITED) != "yes":
        return {}
    from fastorder import RiskLimits

    return {
        "risk": RiskLimits(
            max_order_size=10,
            max_position=100_000,
            max_lots=100_000,
            max_open_orders=100_000,
            price_collar_ticks=100_000,
            max_orders_per_second=10_000,
            duplicate_window=1e-9,
            accounts=[12345678],
            symbols=["MNQ"],
            flat_by="16:59:59.999999",  # the last moment of the day
        )
    }


def seen(executor: object) -> None:
    """The account is flat, and the limits know it."""
    risk = executor.risk  # type: ignore[attr-defined]
    if risk is not None:
        risk._exposure.orders_listed(12345678, 1)
        risk._exposure.trades_seen(12345678, [], True, 1, 2)
        risk._exposure.positions_seen(12345678, {}, 1, 2)


def budgets_of(kind: str) -> fastorder.Budgets | None:
    """No budgets, budgets with room for every order, or such that are shared."""
    import fastorder

    if kind == "off":
        return None
    if kind == "on":
        return fastorder.Budgets(requests=100_000)
    path = Path(tempfile.mkdtemp(), "budgets.sqlite")
    return fastorder.Budgets(requests=100_000, shared=True, path=path)


def begin_to_count() -> None:
    """Have valgrind count from here on; what lies before runs several times as fast."""
    if COUNTER not in os.environ:
        return
    switch = subprocess.Popen(
        [os.environ[COUNTER], f"--pid={os.getpid()}", "instrumentation", "on"],
        stdout=subprocess.DEVNULL,
    )
    while switch.poll() is None:  # who runs is reached where ptrace is forbidden too
        time.sleep(0.01)
    if switch.returncode:
        raise RuntimeError(f"vgdb ended with {switch.returncode}")


async def client(port: int, orders: int, budgets: str) -> None:
    """What is counted: one order after another on a warm connection."""
    import fastorder

    async with fastorder.OrderExecutor(
        f"http://127.0.0.1:{port}",
        timeouts=fastorder.Timeouts(**PATIENT),
        budgets=budgets_of(budgets),
        **every_limit(),
    ) as executor:
        seen(executor)
        executor.set_token("abc")
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
        await executor.connect()
        begin_to_count()
        for nth in range(WARM + orders):
            if nth == WARM:
                os.getsid(0)
            result = await executor.place_market_order(
                "MNQ", "BUY", 1, 12345678, STOP, TARGET
            )
            assert result.success, result
        os.getsid(0)


async def trader_client(port: int, orders: int) -> None:
    """The same by a trader's ``buy``; budgets, risk and journal are off."""
    import fastorder
    from fastorder.models import Account

    trader = fastorder.Trader(
        f"http://127.0.0.1:{port}",
        user_name="trader1",
        api_key="key",
        timeouts=fastorder.Timeouts(**PATIENT),
        journal=False,
        budgets=False,
        risk=False,
    )
    trader.executor.set_token("abc")
    trader.executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
    trader._account = Account(12345678, "PRAC", Decimal(0), True, True)
    await trader.executor.connect()
    begin_to_count()
    for nth in range(WARM + orders):
        if nth == WARM:
            os.getsid(0)
        placed = await trader.buy(
            "MNQ", 1, stop_loss_ticks=STOP, take_profit_ticks=TARGET
        )
        assert placed.result.success, placed
    os.getsid(0)
    await trader.aclose()


def answering(
    is_busy: Callable[[], bool] = lambda: False,
) -> contextlib.AbstractContextManager[int]:
    """The port of a server that answers every order in the same way.

    Args:
        is_busy: whether its client is at work, and is to be answered later.
    """

    def serve(stream: socket.socket) -> None:
        with stream, contextlib.suppress(OSError):
            while body_of(stream) is not None:
                time.sleep(PAUSE)
                while is_busy():
                    time.sleep(PAUSE / 5)
                stream.sendall(ANSWER)

    return serving(serve)


def is_at_work(process: int) -> bool:
    """Whether a process runs, and does not sleep."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][:1]
    except OSError:  # it has ended
        return False
    return state in {"R", "D"}


def counted(
    orders: int,
    folder: Path,
    column: int = INSTRUCTION,
    budgets: str = "off",
    limited: str = "",
) -> Counter[str]:
    """Instructions of so many orders, or a column's misses, by the file they lie in.

    Raises:
        RuntimeError: the run has failed, or has not ended in time.
    """
    valgrind = shutil.which("valgrind") or "valgrind"
    out = folder / "callgrind"
    fixed = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    fixed[COUNTER] = str(Path(valgrind).with_name("vgdb"))
    if limited:
        fixed[LIMITED] = limited
    clients: list[int] = []
    with answering(lambda: any(map(is_at_work, clients))) as port:
        command = [
            valgrind,
            "--tool=callgrind",
            *(CACHES if column else ()),
            "--instr-atstart=no",
            f"--dump-before={MARK}",
            f"--callgrind-out-file={out}",
            sys.executable,
            __file__,
            "--client",
            str(port),
            str(orders),
            budgets,
        ]
        with subprocess.Popen(
            command,
            env=fixed,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            clients.append(process.pid)
            try:
                _, said = process.communicate(timeout=LONGEST_S)
            except subprocess.TimeoutExpired:
                process.kill()
                _, said = process.communicate()
                raise RuntimeError(
                    f"a run of {orders} orders under valgrind must end within "
                    f"{LONGEST_S} s, was ended there: {said}"
                ) from None
    if process.returncode:
        raise RuntimeError(f"callgrind ended with {process.returncode}: {said}")
    between_marks = out.with_suffix(".2")
    return by_file(between_marks.read_text().splitlines(), column)


def by_file(lines: list[str], column: int = INSTRUCTION) -> Counter[str]:
    """Callgrind's own file, added up by object: a name stands once, then its number."""
    names: dict[str, str] = {}
    found: Counter[str] = Counter()
    where, inclusive = "", False
    for line in lines:
        if line.startswith("ob="):
            number, _, name = line[3:].partition(" ")
            where = names.setdefault(number, name)
        elif line.startswith("cob="):
            number, _, name = line[4:].partition(" ")
            names.setdefault(number, name)
        elif line.startswith("calls="):
            inclusive = True  # the next line is what the callee took
        elif line[:1].isdigit() or line[:1] in {"+", "-", "*"}:
            if not inclusive:
                numbers = line.split()[1:]  # those that are 0 are left out at the end
                found[where] += int(numbers[column]) if column < len(numbers) else 0
            inclusive = False
    return found


def part_of(file: str) -> str:
    """Which part of the table a file belongs to."""
    return next((name for name, pattern in PARTS.items() if pattern.search(file)), REST)


def count(
    column: int = INSTRUCTION, budgets: str = "off", limited: str = ""
) -> dict[str, int]:
    """Instructions of one awaited place, or misses: in total and by part.

    Args:
        column: of callgrind's.
        budgets: "off", "on", "shared", or TRADER.
        limited: "yes" with every limit, "no" for the same order without; the order of
            both has no legs.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = counted(ORDERS, Path(folder), column, budgets, limited)
    parts = dict.fromkeys((*PARTS, REST), 0.0)
    for file, number in found.items():
        parts[part_of(file)] += number / ORDERS
    whole = {name: round(number) for name, number in parts.items()}
    return {"total": sum(whole.values()), **whole}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--client", nargs=3, metavar=("PORT", "ORDERS", "BUDGETS"))
    parser.add_argument("--budgets", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--trader", action="store_true")
    given = parser.parse_args()
    if given.client:
        port, orders, budgets = given.client
        if budgets == TRADER:
            asyncio.run(trader_client(int(port), int(orders)))
        else:
            asyncio.run(client(int(port), int(orders), budgets))
        return
    if given.trader:
        bare, composed = count(), count(budgets=TRADER)
        for name, number in composed.items():
            print(f"{name:20} {number:>9,} {number - bare[name]:>+9,}")
        print(f"{'ratio':20} {composed['total'] / bare['total']:>9.3f}")
        return
    if given.budgets:
        for budgets in ("off", "on", "shared"):
            print(f"budgets {budgets:12} {count(budgets=budgets)}")
        return
    if given.misses:
        for name, column in (
            ("code", MISSED_CODE),
            ("reads", MISSED_READ),
            ("writes", MISSED_WRITE),
        ):
            print(f"{name:20} {count(column)}")
        return
    if given.limits:
        bare, held = count(limited="no"), count(limited="yes")
        for name, number in held.items():
            print(f"{name:20} {number:>9,} {number - bare[name]:>+9,}")
        return
    found = {"instructions": count(), "build": build()}
    for name, number in found["instructions"].items():
        print(f"{name:20} {number:>9,}")
    if given.keep:
        found["limits"] = {
            name: count(limited=limited)["total"]
            for name, limited in (("without", "no"), ("with", "yes"))
        }
        KEPT.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
