"""What is not one order's time: the server alone, many in flight, memory, imports."""

from __future__ import annotations

import os
import subprocess
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from contenders import CONTENDERS, Process, WorkerError, processes, tell
from contest import Times, in_turn, spread
from order import BODY, PLACE
from results import SHORT, keep
from scenes import AWAITED, some
from server import pin

if TYPE_CHECKING:
    from pathlib import Path

    from environments import Environment
    from server import Server

WIDTHS = (1, 10, 100, 1000)
# httpx's pool walks over all that waits for each that ends: with a thousand it takes
# minutes, and runs into its timeouts
NARROW = {"httpx": 100, "topstep-client-py": 100, "project-x-py": 100}
ORDERS_KEPT_IN_MIND = 2_000 if SHORT else 100_000
IMPORTS = {
    "nothing": ("project", "sys"),
    "fastorder": ("fastorder", "fastorder"),
    "fastorder, and the first executor made": (
        "fastorder",
        "fastorder; fastorder.OrderExecutor('http://127.0.0.1:1')",
    ),
    "fastorder, out of a checkout": ("project", "fastorder"),
    "asyncio alone": ("fastorder", "asyncio"),
    "pycurl": ("pycurl", "pycurl"),
    "aiohttp": ("aiohttp", "aiohttp"),
    "pyreqwest": ("pyreqwest", "pyreqwest.client"),
    "curl_cffi": ("curl_cffi", "curl_cffi.requests"),
    "niquests": ("niquests", "niquests"),
    "requests": ("requests", "requests"),
    "httpx": ("httpx", "httpx"),
    "topstep-client-py": ("topstep-client-py", "topstep"),
    "project-x-py": ("project-x-py", "project_x_py"),
}


def cpu_seconds(pid: int) -> float | None:
    """A process's CPU time, where the system tells."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_server_alone(server: Server, tmp_path: Path) -> None:
    program, source = tmp_path / "load", __file__.replace("test_loads.py", "load.c")
    subprocess.run(["cc", "-O2", "-o", str(program), source], check=True)
    found: dict[str, Any] = {}
    for where, core in (("one core", 0), ("no core given", None)):
        orders = 2_000 if SHORT else 50_000
        pin(server, core)
        command = [str(program), str(server.plain), PLACE, BODY.decode(), str(orders)]
        if core is not None:
            command = ["taskset", "-c", str(core), *command]
        before = cpu_seconds(server.pid)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        after = cpu_seconds(server.pid)
        found[where] = Times([[int(line) for line in done.stdout.split()]]).summary()
        if before is not None and after is not None:
            spent = (after - before) / orders * 1e6
            found[where]["server_cpu_us"] = round(spent, 2)
        tell(f"\nserver alone, {where}: {found[where]}")
    pin(server, None)
    title = "The server alone: a C program sends and receives"
    keep("server", title, server=server.name, contenders=found)


def test_in_flight(server: Server, environments: dict[str, Environment]) -> None:
    contenders = some(*(name for name in AWAITED if name != "raw protocol"))
    rounds = 2 if SHORT else 12
    rates: dict[str, dict[int, list[float]]] = {}
    costs: dict[str, dict[int, list[float]]] = {}
    pin(server, 0)
    with processes(contenders, environments, 0) as (running, left_out):

        def warm(name: str, process: Process) -> None:
            process.ask("open", target=server.target("plain"))

        left_out |= in_turn(running, 1, warm)
        for width in WIDTHS:
            orders = width if SHORT else max(200, width)

            def act(
                name: str, process: Process, width: int = width, orders: int = orders
            ) -> None:
                answer = process.ask("flight", orders=orders, width=width)
                rate = orders / answer["wall"] * 1e9
                rates.setdefault(name, {}).setdefault(width, []).append(rate)
                cost = answer["cpu"] / orders / 1000
                costs.setdefault(name, {}).setdefault(width, []).append(cost)

            left = {
                name: one
                for name, one in running.items()
                if name not in left_out and width <= NARROW.get(name, width)
            }
            in_turn(left, 1, act)  # opens what connections it wants; not counted
            for kept in (rates, costs):
                for name in kept:
                    kept[name].pop(width, None)
            failed = in_turn(left, rounds, act)
            left_out |= {name: f"at {width}: {why}" for name, why in failed.items()}
    pin(server, None)
    rows: dict[str, Any] = {}
    for name, by_width in rates.items():
        if name in left_out:
            continue
        rows[name] = {
            str(width): {
                "orders_per_second": round(median(each)),
                "round_orders_per_second": [round(one) for one in each],
                "cpu_us_per_order": round(median(costs[name][width]), 1),
                "ratio": spread(
                    [
                        one / own
                        for one, own in zip(
                            each, rates["fastorder"][width], strict=True
                        )
                    ]
                ),
            }
            for width, each in by_width.items()
        }
        rate = [row["orders_per_second"] for row in rows[name].values()]
        tell(f"  {name:20} {rate}")
    title = "Orders in flight, plain HTTP/1.1, one core"
    keep(
        "flight",
        title,
        server=server.name,
        contenders=rows,
        left_out=left_out,
        up_to=NARROW,
    )


def test_memory(server: Server, environments: dict[str, Environment]) -> None:
    found: dict[str, Any] = {}
    names = ("raw socket", "fastorder", "fastorder, blocking", "aiohttp", "httpx")
    names += ("project-x-py",)
    with processes(some(*names), environments, None) as (running, left_out):
        for name, process in running.items():
            ours = name.startswith("fastorder")
            orders = ORDERS_KEPT_IN_MIND if ours else ORDERS_KEPT_IN_MIND // 100
            try:
                process.ask("open", target=server.target("plain"))
                process.ask("run", verb="place", orders=orders // 10)
                warm = process.ask("memory")["rss"]
                for _ in range(10):
                    process.ask("run", verb="place", orders=orders // 10)
                after = process.ask("memory")["rss"]
            except WorkerError as error:
                left_out[name] = str(error)
                continue
            found[name] = {
                "after_import_mib": round(process.rss / 2**20, 1),
                "after_warm_up_mib": round(warm / 2**20, 1),
                "after_orders_mib": round(after / 2**20, 1),
                "orders": orders,
            }
            tell(f"  {name:20} {found[name]}")
    title = "Memory of the client's process"
    keep("memory", title, contenders=found, left_out=left_out)


def test_import_time(environments: dict[str, Environment]) -> None:
    times = {name: Times() for name in IMPORTS}
    left_out: dict[str, str] = {}
    program = (
        "import time, sys; start = time.perf_counter_ns(); import {0};"
        "print(time.perf_counter_ns() - start)"
    )
    for turn in range(2 if SHORT else 7):
        for name, (room, module) in IMPORTS.items():
            environment = environments[room]
            if environment.python is None:
                left_out[name] = str(environment.missing)
                continue
            command = [environment.python, "-c", program.format(module)]
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, cwd="/"
            )
            if turn:  # the first fills the file system's cache
                times[name].rounds.append([int(done.stdout.split()[-1])])
    rows = {
        name: {
            "import_ms": round(median(one.orders) / 1e6, 2),
            "round_ms": [round(ns / 1e6, 2) for ns in one.orders],
        }
        for name, one in times.items()
        if one.rounds
    }
    for name, row in rows.items():
        tell(f"  {name:20} {row['import_ms']} ms")
    keep("imports", "Import time", contenders=rows, left_out=left_out)


def test_everybody_has_an_environment(environments: dict[str, Environment]) -> None:
    wanted = {one.environment for one in CONTENDERS.values()}
    assert wanted <= set(environments)
    missing = {name: one.missing for name, one in environments.items() if one.missing}
    if missing:
        pytest.skip(f"left out: {missing}")
