"""Questions about orders and the line: when they are seen, what a refusal proves."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from fastorder._base.counted import counted
from fastorder.cli.probing.scene import (
    OPEN_ORDERS,
    PLACE,
    NoAnswer,
    order_id_of,
)
from fastorder.cli.probing.wire import offers_h2

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.cli.probing.of_tags import Found
    from fastorder.cli.probing.scene import Scene
    from fastorder.cli.probing.wire import Reply

LOOKS = 120
"""Requests that one measurement may need."""

MOST_FOR_429 = 260
PLAIN_HEADERS = frozenset({"date", "content-length", "content-type"})


def visibility(scene: Scene) -> Found:
    """From the answer to an order until each look-up has it."""
    waits: dict[str, list[float]] = {"search": [], "v2/query": [], "searchById": []}
    given_up = 0
    for _ in range(scene.plan.samples):
        scene.pace.make_room(LOOKS)
        number, reply = scene.must_put(scene.tag())
        before = scene.pace.waits
        seen = _seen(scene, number, reply)
        if scene.pace.waits == before:
            for name, wait_s in seen.items():
                waits[name].append(wait_s)
        else:  # it has waited for its turn, not for the gateway
            given_up += 1
        scene.cancel(number)
    found = ", ".join(f"{name} {_spread(each)}" for name, each in waits.items())
    raw = [f"{name}, ms: {_listed_ms(each)}" for name, each in waits.items()]
    if given_up:
        raw.append(f"{given_up} not counted: they had to wait for --requests")
    return f"seen at the latest after: {found}", raw


def _seen(scene: Scene, number: int, placed: Reply) -> dict[str, float]:
    """By look-up, how long after its answer an order was there.

    Raises:
        NoAnswer: one of them did not have it in time.
    """
    looks: dict[str, Callable[[], bool]] = {
        "search": lambda: any(row.get("id") == number for row in scene.search()),
        "v2/query": lambda: any(row.get("id") == number for row in scene.query()),
        "searchById": lambda: scene.by_id(number) is not None,
    }
    seen: dict[str, float] = {}
    for _ in scene.pauses():
        for name, look in looks.items():
            if name not in seen and look():
                seen[name] = time.monotonic() - placed.at_s
        if len(seen) == len(looks):
            return seen
    late = ", ".join(looks.keys() - seen.keys())
    raise NoAnswer(f"order {number} was not in {late} in {scene.plan.patience_s:g} s")


def unauthorized(scene: Scene) -> Found:
    """An order with a token that is none: whether anything came of it."""
    tag = scene.tag()
    scene.allowance.take()
    scene.pace.wait()
    scene.unseen.add(tag)
    line = scene.line()
    reply = scene.note(line.ask(PLACE, scene.order(tag), token="none"))  # noqa: S106
    scene.taken(tag, reply)
    time.sleep(scene.plan.settle_s)
    came = scene.looked_up(tag)
    what = "an order came of it" if came else "no order came of it"
    return f"HTTP {reply.status}, {what}", [reply.shown, _headers(reply)]


def rate_limit(scene: Scene) -> Found:
    """One request more than is allowed, and an order after it."""
    line, count = scene.line(), 0
    while True:
        count += 1
        reply = scene.note(line.ask(OPEN_ORDERS, {"accountId": scene.account_id}))
        if reply.status == 429:
            break
        if count == MOST_FOR_429:
            return f"no refusal within {counted(count, 'request')}", []
    tag = scene.tag()
    scene.allowance.take()
    scene.unseen.add(tag)
    refused = scene.note(line.ask(PLACE, scene.order(tag)))
    scene.taken(tag, refused)
    scene.pace.used_up()
    came = scene.looked_up(tag)
    what = "an order came of it" if came else "no order came of it"
    found = f"request {count} was refused; an order then: HTTP {refused.status}, {what}"
    return found, [reply.shown, _headers(reply), refused.shown]


def idle_line(scene: Scene) -> Found:
    """A connection that is left alone, and what stands before the gateway."""
    line = scene.line()
    scene.pace.wait()
    reply = scene.note(line.ask(OPEN_ORDERS, {"accountId": scene.account_id}))
    began_s, patience_s = time.monotonic(), scene.plan.patience_s
    if line.ends_within(patience_s):
        idle = f"an idle connection was closed after {time.monotonic() - began_s:.1f} s"
    else:
        idle = f"an idle connection was still open after {patience_s:g} s"
    picked = offers_h2(scene.place)
    h2 = f"; of h2 and http/1.1 it picks {picked or 'none'}"
    return idle + h2, [_headers(reply)]


def abandoned(scene: Scene) -> Found:
    """Orders whose sender hangs up at once: whether, and how late, they are there."""
    appeared: list[float] = []
    for _ in range(scene.plan.samples):
        tag, line = scene.tag(), scene.line()
        scene.pace.make_room(LOOKS)
        scene.allowance.take()
        scene.pace.wait()
        scene.unseen.add(tag)
        line.send(PLACE, scene.order(tag))
        line.close()
        began_s = time.monotonic()
        for _ in scene.pauses():
            number = scene.looked_up(tag)
            if number is not None:
                appeared.append(time.monotonic() - began_s)
                scene.cancel(number)
                break
    count, most = len(appeared), scene.plan.samples
    if not appeared:
        return f"none of {most} was there within {scene.plan.patience_s:g} s", []
    latest = (
        f"{count} of {most} were there, the last after {max(appeared) * 1e3:.0f} ms"
    )
    return latest, [f"seen after, ms: {_listed_ms(appeared)}"]


def server_errors(scene: Scene) -> Found:
    """HTTP 5xx of all that this probe has asked, and what came of those orders."""
    count = sum(scene.statuses.values())
    failed = sum(each for status, each in scene.statuses.items() if status >= 500)
    evidence = [f"HTTP {status}: {n}" for status, n in sorted(scene.statuses.items())]
    for tag in scene.failed_tags:
        came = scene.looked_up(tag)
        evidence.append(f"an order answered so: {'there' if came else 'not there'}")
    return f"{failed} of {counted(count, 'request')}", evidence


def can_order(scene: Scene) -> str | None:
    """Why no order is taken now; None where it is."""
    reply = scene.put(scene.tag())
    number = order_id_of(reply)
    if number is None:
        return f"an order was refused: {reply.shown}"
    scene.cancel(number)
    return None


def _spread(waits_s: list[float]) -> str:
    if not waits_s:
        raise NoAnswer("nothing was measured")
    middle, worst = statistics.median(waits_s), max(waits_s)
    return f"{middle * 1e3:.0f} ms (slowest {worst * 1e3:.0f})"


def _listed_ms(waits_s: list[float]) -> str:
    return ", ".join(f"{each * 1e3:.0f}" for each in waits_s)


def _headers(reply: Reply) -> str:
    from fastorder._base.outside_text import from_outside

    told = {
        name: value
        for name, value in reply.headers.items()
        if name not in PLAIN_HEADERS and "cookie" not in name
    }
    lines = "; ".join(f"{name}: {value}" for name, value in sorted(told.items()))
    return f"headers: {from_outside(lines) or 'none of their own'}"
