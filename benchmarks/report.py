"""Charts from the results, and the tables of docs/performance.md and of the README.

A table stands between ``<!-- numbers: NAME -->`` and ``<!-- end -->`` and is written
from the results alone; a test holds the pages to them.

    python benchmarks/report.py     # draws the charts, writes the tables
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import strategies
from besides import adapter, bars, besides, limits
from contenders import STAMP
from results import HERE, KEPT, SHORT, kept
from tables import HOW_BUSY, inverse, is_busy, micro, table, times, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = HERE.parent
PAGES = (ROOT / "docs" / "performance.md", ROOT / "README.md")
BLOCK = re.compile(r"(<!-- numbers: (\S+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
INSTRUCTIONS = 110_000


def scene(name: str) -> str:
    """Everybody in a scene: percentiles, and the ratio to the scene's base."""
    found = kept(name)
    rows = found["contenders"]
    head = ["who", "p50", "p95", "p99", f"to {found['base']}: median (least to most)"]
    first = any("first_order" in row for row in rows.values())
    if first:
        head.insert(4, "the order alone, p50")
    body = []
    for who, row in sorted(rows.items(), key=lambda each: each[1]["p50_us"]):
        line = [f"**{who}**" if who.startswith("fastorder") else who]
        line += [micro(row[f"p{at}_us"]) for at in (50, 95, 99)]
        if first:
            line.append(micro(row["first_order"]["p50_us"]))
        body.append([*line, times(row["ratio"])])
    text = f"{found['title']}; server: {found['server']}.\n\n{table(head, body)}"
    for who, why in found["left_out"].items():
        text += f"\nLeft out: {who}, {why}.\n"
    return text


def flight() -> str:
    """Orders per second and CPU time for each width."""
    found = kept("flight")
    widths = ("1", "10", "100", "1000")
    rows = [
        [
            f"**{who}**" if who.startswith("fastorder") else who,
            *(
                f"{row[width]['orders_per_second']:,} / "
                f"{row[width]['cpu_us_per_order']:,.0f} us"
                if width in row
                else "not run"
                for width in widths
            ),
        ]
        for who, row in found["contenders"].items()
    ]
    head = [
        "orders per second / CPU per order",
        *(f"{each} in flight" for each in widths),
    ]
    text = f"{found['title']}.\n\n{table(head, rows)}"
    for who, why in found["left_out"].items():
        text += f"\nLeft out: {who}, {why}.\n"
    return text


def memory() -> str:
    """Memory after the import, after a warm-up, and after the orders."""
    rows = [
        [
            who,
            *(f"{row[f'after_{when}_mib']:.1f}" for when in ("import", "warm_up")),
            f"{row['after_orders_mib']:.1f}",
            f"{row['orders']:,}",
        ]
        for who, row in kept("memory")["contenders"].items()
    ]
    head = ("MiB in memory", "after import", "warmed up", "after the orders", "orders")
    return table(head, rows)


def imports() -> str:
    """Import times."""
    rows = sorted(
        kept("imports")["contenders"].items(), key=lambda e: e[1]["import_ms"]
    )
    return table(
        ("import of", "median"),
        [(who, f"{row['import_ms']:.1f} ms") for who, row in rows if who != "nothing"],
    )


def server() -> str:
    """The server alone."""
    found = kept("server")
    rows = [
        [where, *(micro(row[f"p{at}_us"]) for at in (50, 95, 99)), cpu(row)]
        for where, row in found["contenders"].items()
    ]
    head = (f"{found['server']}, alone", "p50", "p95", "p99", "its CPU per order")
    return table(head, rows)


def cpu(row: dict[str, Any]) -> str:
    """CPU time of the server, where the system told."""
    return micro(row["server_cpu_us"]) if "server_cpu_us" in row else "not known"


def instructions() -> str:
    """Instructions of an order by part."""
    found = json.loads((HERE / "instructions.json").read_text())
    rows = [(name, f"{number:,}") for name, number in found["instructions"].items()]
    build = ", ".join(f"{name} {value}" for name, value in found["build"].items())
    return table(("instructions of an awaited place", "count"), rows) + f"\n{build}.\n"


def machine() -> str:
    """Where and when; how busy the machine was."""
    found = kept("warm")
    where = found["machine"]
    scenes = [json.loads(each.read_text()) for each in KEPT.glob("*.json")]
    loads = [each["load"] for each in scenes if "contenders" in each]
    busy = is_busy(max(loads), where)
    return (
        f"{where['processor']}, {where['cores']} cores, {where['system']}, "
        f"{where['python']}; {found['taken']}. The system's load at the ends of the "
        f"scenes, the benchmark itself among it: {min(loads)} to {max(loads)}.\n"
        + HOW_BUSY
        * busy
    )


def versions() -> str:
    """Who was compared, in which version."""
    found = kept("warm")["versions"]
    bodies = kept("bodies")["contenders"]
    rows = [(who, what, bodies.get(who, "")) for who, what in found.items()]
    return table(("who", "version", "sent"), rows)


def at_most(what: str, ratio: list[float], limit: float) -> list[str]:
    """A ratio that has to stay under its limit."""
    return verdict(what, f"<= {limit:g}x", times(ratio), ratio[0] <= limit)


def faster(other: str, ratio: list[float], least: float) -> list[str]:
    """How many times slower another one is."""
    text = f"awaited place, faster than {other}"
    return verdict(text, f">= {least:g}x", times(ratio), ratio[0] >= least)


def targets() -> str:
    """Every target of the project with what was reached."""
    warm, tls = kept("warm")["contenders"], kept("tls")["contenders"]
    verbs, free = kept("verbs")["contenders"], kept("warm-free")["contenders"]
    ours, raw = warm["fastorder"], warm["raw socket"]
    rows = [
        at_most(
            "awaited place to a raw blocking socket", ours["ratio_to_raw_socket"], 2.2
        ),
        at_most(
            "awaited place to a raw asyncio.Protocol",
            inverse(warm["raw protocol"]["ratio"]),
            1.0,
        ),
        at_most(
            "blocking place to a raw blocking socket",
            warm["fastorder, blocking"]["ratio_to_raw_socket"],
            1.7,
        ),
    ]
    for other, least in {
        "AsyncCurlMulti": 2,
        "aiohttp": 4,
        "pyreqwest": 2.5,
        "httpx": 22,
        "requests": 18,
        "project-x-py": 22,
    }.items():
        if other in warm:
            rows.append(faster(other, warm[other]["ratio"], least))
    crowd = kept("flight")["contenders"]
    if "aiohttp" in crowd:
        ratio = inverse(crowd["aiohttp"]["100"]["ratio"])
        text = "orders per second to aiohttp, 100 in flight"
        rows.append(verdict(text, ">= 4x", times(ratio), ratio[0] >= 4))
    tail = ours["p99_us"] / ours["p50_us"]
    limit = min(3.0, 1.5 * raw["p99_us"] / raw["p50_us"])
    rows.append(
        verdict(
            "p99 to p50 of an awaited place",
            f"<= 3 and <= 1.5x the raw socket's, here {limit:.2f}",
            f"{tail:.2f}",
            tail <= limit,
        )
    )
    count = json.loads((HERE / "instructions.json").read_text())["instructions"][
        "total"
    ]
    rows.append(
        verdict(
            "instructions of an awaited place",
            f"<= {INSTRUCTIONS:,}",
            f"{count:,}",
            count <= INSTRUCTIONS,
        )
    )
    rows.append(handed_over(verbs[STAMP]["p50_us"]))
    rows.append(secure(tls))
    for who, row in kept("verbs-tls")["contenders"].items():
        verb = who.partition(", ")[2] or "place"
        p95 = row["p95_us"]
        rows.append(verdict(f"{verb} over TLS, p95", "< 1 ms", micro(p95), p95 < 1000))
    times_of = kept("imports")["contenders"]
    own = times_of["fastorder"]["import_ms"]
    rows.append(verdict("import", "<= 60 ms", f"{own:.1f} ms", own <= 60))
    if "project-x-py" in times_of:
        part = own / times_of["project-x-py"]["import_ms"]
        text = "import to project-x-py's"
        rows.append(verdict(text, "<= 0.2", f"{part:.2f}", part <= 0.2))
    rows += [*besides(), *strategies.targets()]
    held = kept("memory")["contenders"]["fastorder"]
    grown = held["after_orders_mib"] - held["after_warm_up_mib"]
    text = f"memory grown by {held['orders']:,} orders"
    rows.append(verdict(text, "flat (under 1 MiB)", f"{grown:.1f} MiB", grown < 1))
    loose = free["fastorder"]
    note = (
        f"\nNo core given: {micro(loose['p50_us'])} for an awaited place, "
        f"{times(loose['ratio_to_raw_socket'])} to a raw socket.\n"
    )
    return table(("what", "target", "reached", "met"), rows) + note + shares()


def handed_over(shared: float) -> list[str]:
    """From the call to the bytes, with and without the server's turn in between."""
    alone = kept("stamp")["contenders"][STAMP]["p50_us"]
    reached = f"{micro(alone)}; {micro(shared)} where the server runs within the send"
    text = "from the call to the bytes with the kernel, p50"
    return verdict(text, "<= 25 us", reached, alone <= 25)


def secure(tls: dict[str, Any]) -> list[str]:
    """What TLS costs us, beside what it costs a raw socket."""
    ratio = inverse(tls["fastorder, plain"]["ratio"])
    row = at_most("awaited place over TLS to our own plain", ratio, 1.3)
    if "raw socket, plain" in tls:
        bare = inverse(tls["raw socket, plain"]["ratio_to_raw_socket"])
        row[2] += f"; a raw socket over TLS to a plain one: {times(bare)}"
    return row


def shares() -> str:
    """Whose instructions an order's are, in a sentence."""
    found = json.loads((HERE / "instructions.json").read_text())["instructions"]
    parts = [
        f"{name} {number / found['total']:.0%}"
        for name, number in found.items()
        if name not in {"total", "the rest"}
    ]
    return f"\nOf the instructions of an awaited place: {', '.join(parts)}.\n"


def headline() -> str:
    """The one sentence of the README."""
    warm = kept("warm")["contenders"]
    parts = [
        f"{warm[who]['ratio'][0]:.1f} times as fast as {who}"
        for who in ("aiohttp", "requests", "httpx", "project-x-py")
        if who in warm
    ]
    return (
        f"An awaited place, over a warm connection on one core: "
        f"{micro(warm['fastorder']['p50_us'])} at p50, {', '.join(parts)}; "
        f"a raw blocking socket takes {micro(warm['raw socket']['p50_us'])}.\n"
    )


BLOCKS: dict[str, Callable[[], str]] = {
    "targets": targets,
    "flight": flight,
    "memory": memory,
    "imports": imports,
    "server": server,
    "instructions": instructions,
    "limits": limits,
    "bars": bars,
    "adapter": adapter,
    "strategies": strategies.tables,
    "machine": machine,
    "versions": versions,
    "headline": headline,
}


def written(text: str) -> str:
    """A page with its tables as the results have them."""

    def block(match: re.Match[str]) -> str:
        name = match[2]
        make = BLOCKS.get(name, lambda: scene(name))
        return f"{match[1]}\n{make()}\n{match[4]}"

    return BLOCK.sub(block, text)


def main() -> None:
    from charts import drawn  # matplotlib is of no use to whoever checks the pages

    if SHORT:
        return
    for page in PAGES:
        page.write_text(written(page.read_text()))
    print(f"{len(list(drawn()))} charts in docs/charts; tables in", *PAGES)


if __name__ == "__main__":
    main()
