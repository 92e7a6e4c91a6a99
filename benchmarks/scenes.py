"""The scenes in which orders are timed one by one: who, over what, how often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from contenders import CONTENDERS, STAMP, Contender, Process, processes, tell
from contest import Times, in_turn, ratio
from results import SHORT, keep
from server import hold_back, pin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from environments import Environment
    from server import Server

SETTLING = 10  # the first orders of a turn bring caches and clocks back; not counted
ROUND_TRIP_MS = 20
OURS = CONTENDERS["fastorder"]


def some(*names: str) -> dict[str, Contender]:
    """Those of these names."""
    return {name: CONTENDERS[name] for name in names}


def with_verb(verb: str, *names: str) -> dict[str, Contender]:
    """Those of these names, with another verb."""
    return {f"{name}, {verb}": replace(CONTENDERS[name], verb=verb) for name in names}


def ours(**options: Any) -> Contender:
    """Our own, with settings."""
    return replace(OURS, options=options)


@dataclass(frozen=True)
class Scene:
    """One picture: everybody in it does the same in the same circumstances."""

    title: str
    contenders: Mapping[str, Contender]
    wire: str = "plain"
    pinned: bool = True
    act: str = "run"  # or "flood" or "cold"
    rounds: int = 12
    orders: int = 120
    far: bool = False
    held_back: bool = False  # the server, until the client waits for it
    base: str = "fastorder"  # everybody's ratio is to this one


TRADERS = ("raw socket", "fastorder", "aiohttp", "httpx", "topstep-client-py")
AWAITED = (
    "raw protocol",
    "fastorder",
    "fastorder, uvloop",
    "AsyncCurlMulti",
    "aiohttp",
    "pyreqwest",
    "curl_cffi",
    "niquests",
    "httpx",
    "topstep-client-py",
    "project-x-py",
)
COLD = {
    "fastorder": OURS,
    "fastorder, no connect()": ours(connect=False),
    **some("AsyncCurlMulti", "aiohttp", "pyreqwest", "requests", "httpx"),
    **some("topstep-client-py", "project-x-py"),
}
SCENES = {
    "warm": Scene(
        "Place, warm connection, plain HTTP/1.1, one core", CONTENDERS, rounds=24
    ),
    "warm-free": Scene(
        "Place, warm connection, plain HTTP/1.1, no core given",
        CONTENDERS,
        pinned=False,
    ),
    "tls": Scene(
        "Place, warm connection, HTTP/1.1 over TLS, one core",
        {
            **CONTENDERS,
            "fastorder, plain": OURS,
            "raw socket, plain": CONTENDERS["raw socket"],
        },
        "tls",
        rounds=8,
    ),
    "tls-free": Scene(
        "Place, warm connection, HTTP/1.1 over TLS, no core given",
        CONTENDERS,
        "tls",
        pinned=False,
        rounds=6,
    ),
    "http2": Scene(
        "Place, warm connection, HTTP/2 over TLS (fastorder: HTTP/1.1), one core",
        {
            "fastorder": OURS,
            **{name: one for name, one in CONTENDERS.items() if one.http2},
        },
        "http2",
        rounds=6,
    ),
    "verbs": Scene(
        "Place, modify, cancel, plain HTTP/1.1, one core",
        {
            **some(*TRADERS),
            **with_verb("modify", *TRADERS),
            **with_verb("cancel", *TRADERS),
            **with_verb("cancel", "project-x-py"),
            STAMP: ours(stamp=True),
        },
        rounds=8,
    ),
    "stamp": Scene(
        "Place, plain HTTP/1.1, one core, the server held back until the client waits",
        {"raw socket": CONTENDERS["raw socket"], "fastorder": OURS}
        | {STAMP: ours(stamp=True)},
        rounds=8,
        held_back=True,
    ),
    "verbs-tls": Scene(
        "Place, modify, cancel, HTTP/1.1 over TLS, one core",
        {
            "fastorder": OURS,
            **with_verb("modify", "fastorder"),
            **with_verb("cancel", "fastorder"),
        },
        "tls",
        orders=300,
    ),
    "flood": Scene(
        "Place on a loop that runs 1,000 callbacks every millisecond, one core",
        some(*AWAITED),
        act="flood",
        rounds=5,
        orders=25,
    ),
    "journal": Scene(
        "Place with a journal, plain HTTP/1.1, one core",
        {
            "fastorder": OURS,
            "fastorder, journal (process)": ours(durability="process"),
            "fastorder, journal (power)": ours(durability="power"),
        },
        rounds=8,
        orders=200,
    ),
    "cold": Scene(
        "From a new client to the first answer, over TLS, one core",
        COLD,
        "tls",
        act="cold",
        rounds=6,
        orders=4,
    ),
    "far-cold": Scene(
        f"From a new client to the first answer, {ROUND_TRIP_MS} ms away, over TLS",
        COLD,
        "tls",
        pinned=False,
        act="cold",
        rounds=3,
        orders=2,
        far=True,
    ),
    "far-warm": Scene(
        f"Place, warm connection, {ROUND_TRIP_MS} ms away, over TLS",
        some(
            "raw socket",
            "fastorder",
            "fastorder, blocking",
            "AsyncCurlMulti",
            "aiohttp",
            "pyreqwest",
            "requests",
            "httpx",
            "topstep-client-py",
            "project-x-py",
        ),
        "tls",
        pinned=False,
        rounds=4,
        orders=10,
        far=True,
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What came of a scene."""

    times: dict[str, Times]
    left_out: dict[str, str]


def play(
    name: str,
    server: Server,
    environments: Mapping[str, Environment],
    port: int | None = None,
) -> Outcome:
    """Run a scene and keep its results; ``port`` where the server is far away."""
    scene = SCENES[name]
    core = 0 if scene.pinned else None
    pin(server, core)
    hold_back(server, scene.held_back)
    tell(f"\n{scene.title}")
    with processes(scene.contenders, environments, core) as (running, left_out):
        targets = {
            each: server.target("plain" if each.endswith("plain") else scene.wire, port)
            for each in running
        }
        times = {each: Times() for each in running}
        first: dict[str, Times] = {each: Times() for each in running}

        def warm(each: str, process: Process) -> None:
            what = "aim" if scene.act == "cold" else "open"
            process.ask(what, target=targets[each])

        def act(each: str, process: Process) -> None:
            count = 2 if SHORT else scene.orders
            if scene.act == "cold":
                answer = process.ask("cold", times=count)
                first[each].rounds.append(answer["first"])
            elif scene.act == "flood":
                answer = process.ask("flood", orders=count + 1)
            else:
                verb = scene.contenders[each].verb
                answer = process.ask("run", verb=verb, orders=count + SETTLING)
                answer["ns"] = answer["ns"][SETTLING:]
            times[each].rounds.append(answer["ns"])

        left_out |= in_turn(running, 1, warm)
        ready = {each: one for each, one in running.items() if each not in left_out}
        left_out |= in_turn(ready, 2 if SHORT else scene.rounds, act)
    pin(server, None)
    hold_back(server, False)
    whole = {each: one for each, one in times.items() if each not in left_out}
    write(name, scene, server, environments, Outcome(whole, left_out), first)
    return Outcome(whole, left_out)


def write(
    name: str,
    scene: Scene,
    server: Server,
    environments: Mapping[str, Environment],
    outcome: Outcome,
    first: Mapping[str, Times],
) -> None:
    """Keep the results of a scene."""
    rows: dict[str, Any] = {}
    for each, times in outcome.times.items():
        row = times.summary()
        for key, base in (("ratio", scene.base), ("ratio_to_raw_socket", "raw socket")):
            if base in outcome.times:
                row[key] = ratio(times, outcome.times[base])
        if first[each].rounds:
            row["first_order"] = first[each].summary()
        rows[each] = row
        tell(
            f"  {each:36} p50 {row['p50_us']:>10,.1f} us   p99 {row['p99_us']:>10,.1f}"
        )
    keep(
        name,
        scene.title,
        server=server.name,
        base=scene.base,
        contenders=rows,
        left_out=outcome.left_out,
        versions={
            each: version(one, environments) for each, one in scene.contenders.items()
        },
    )


def version(contender: Contender, environments: Mapping[str, Environment]) -> str:
    """The library's version, and the Python that it ran in."""
    held = environments[contender.environment].versions
    name = contender.environment
    if name == "project":
        name = "fastorder" if contender.module.startswith("fastorder") else "python"
    known = held.get(name) or held.get(name.replace("_", "-"), "?")
    return known if name == "python" else f"{known}, python {held.get('python', '?')}"
