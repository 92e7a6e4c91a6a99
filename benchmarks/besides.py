"""What other runs than the contest have found: limits, bars, the adapter."""

from __future__ import annotations

import json

from adapter import LIMITS_MS
from history import LEAST_TIMES, MOST_OF_PARSE
from instructions import MOST_OF_LIMITS
from results import HERE, KEPT, kept
from tables import HOW_BUSY, is_busy, micro, table, times, verdict

NOT_RUN = "Not run yet.\n"


def run_of(scene: str) -> str:
    """When a comparison outside of the contest was run, and how busy it was then."""
    found = kept(scene)
    where, load = found["machine"], found["load"]
    text = (
        f"\n{where['processor']}, {where['python']}; {found['taken']}, load {load}.\n"
    )
    return text + HOW_BUSY * is_busy(load, where)


def missing(scene: str) -> bool:
    """Whether a comparison outside of the contest was not run here yet."""
    return not (KEPT / f"{scene}.json").is_file()


def bars() -> str:
    """20,000 bars into columns: beside a peer's read, and a JSON library's parse."""
    if missing("history"):
        return NOT_RUN
    found = kept("history")
    body = [
        [
            "bytes to columns",
            f"{found['decode']['to columns, ms']:.2f} ms",
            f"orjson.loads: {found['decode']['orjson.loads, ms']:.2f} ms",
        ]
    ]
    if "read" in found:
        read = found["read"]
        body.insert(
            0,
            [
                "a whole read",
                f"{read['fastorder, ms']:.2f} ms",
                f"project-x-py: {read['project-x-py, ms']:.2f} ms",
            ],
        )
    text = table((found["title"], "fastorder", "beside"), body)
    return text + run_of("history")


def adapter() -> str:
    """The adapter of the examples beside its plain fallback, verb by verb."""
    if missing("adapter"):
        return NOT_RUN
    found = kept("adapter")
    rows = []
    for verb in LIMITS_MS:
        fast, plain = found[verb]["fastorder"], found[verb]["plain"]
        rows.append(
            [
                verb,
                *(
                    f"{each['p50_ms']:.3f} / {each['p95_ms']:.3f} ms"
                    for each in (fast, plain)
                ),
                *(f"{each['cpu_us']:,.0f} us" for each in (fast, plain)),
                times([found[verb]["times"], *found[verb]["times_spread"]]),
            ]
        )
    head = (
        "p50 / p95",
        "over fastorder",
        "plain Python",
        "CPU, over fastorder",
        "CPU, plain",
        "times as fast: median (least to most)",
    )
    return f"{found['title']}.\n\n{table(head, rows)}" + run_of("adapter")


def counted_limits() -> dict[str, int] | None:
    """Instructions of a place without limits and with all; None where not counted."""
    found: dict[str, dict[str, int]] = json.loads(
        (HERE / "instructions.json").read_text()
    )
    return found.get("limits")


def limits() -> str:
    """What all limits of risk add to an order, in instructions."""
    found = counted_limits()
    if found is None:
        return NOT_RUN
    rows = [(name, f"{found[name]:,}") for name in ("without", "with")]
    rows.append(("added", f"{found['with'] - found['without']:,}"))
    return table(("a place without legs, every limit", "instructions"), rows)


def besides() -> list[list[str]]:
    """The targets that these runs answer, as far as they were run."""
    return [*limits_target(), *bars_targets(), *adapter_targets()]


def limits_target() -> list[list[str]]:
    """What the limits add."""
    found = counted_limits()
    if found is None:
        return []
    added = found["with"] - found["without"]
    text = "instructions that every limit together adds"
    target = f"<= {MOST_OF_LIMITS:,}, which is 5 us"
    return [verdict(text, target, f"{added:,}", added <= MOST_OF_LIMITS)]


def bars_targets() -> list[list[str]]:
    """The decode to a parse, and the whole read to a peer's."""
    if missing("history"):
        return []
    found = kept("history")
    ratio = found["decode"]["ratio"]
    text = "20,000 bars, bytes to columns, to orjson's parse"
    target = f"<= {MOST_OF_PARSE:g}x"
    rows = [verdict(text, target, f"{ratio:.2f}", ratio <= MOST_OF_PARSE)]
    if "read" in found:
        ratio = found["read"]["times"]
        text = "20,000 bars read, faster than project-x-py's get_bars"
        target = f">= {LEAST_TIMES:g}x"
        rows.append(verdict(text, target, f"{ratio:.2f}", ratio >= LEAST_TIMES))
    return rows


def adapter_targets() -> list[list[str]]:
    """The 95th percentile of each of the adapter's verbs."""
    if missing("adapter"):
        return []
    rows = []
    for verb, limit in LIMITS_MS.items():
        p95 = kept("adapter")[verb]["fastorder"]["p95_ms"]
        text = f"the adapter's {verb} over TLS, p95"
        rows.append(verdict(text, f"<= {limit:g} ms", micro(1e3 * p95), p95 <= limit))
    return rows
