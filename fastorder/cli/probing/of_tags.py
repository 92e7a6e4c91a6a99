"""Questions about tags: what stands between a repeated request and a second order."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.cli.probing.scene import PLACE, NoAnswer, order_id_of

if TYPE_CHECKING:
    from fastorder.cli.probing.scene import Scene
    from fastorder.cli.probing.wire import Line, Reply

    Found = tuple[str, list[str]]
    """The answer in a line, and what it stands on."""

AT_ONCE = 8
LENGTHS = (32, 64, 128, 256, 512)
LETTERS = ("a b", "a/b", "a'b", 'a"b', "ä", "漢", "😀")
REJECTED: dict[str, dict[str, Any]] = {
    "a size of 0": {"size": 0},
    "a price between two ticks": {"limitPrice": None},  # set as it is sent
    "a leg on the wrong side": {"stopLossBracket": {"ticks": 40, "type": 4}},
    "a leg of one tick": {"stopLossBracket": {"ticks": -1, "type": 4}},
    "a contract that there is not": {"contractId": "CON.F.US.NOPE.Z99"},
}
"""None of them is filled, should it be taken: they stay far from the market."""


def tag_check(scene: Scene) -> Found:
    """Orders with one tag at once, over connections that are warm."""
    lines = [scene.line() for _ in range(AT_ONCE)]
    rounds = [_round(scene, lines) for _ in range(scene.plan.rounds)]
    worst, doubled = max(rounds), sum(taken > 1 for taken in rounds)
    evidence = [f"taken in each round, of {AT_ONCE}: {', '.join(map(str, rounds))}"]
    if doubled:
        found = (
            f"racy: up to {counted(worst, 'order')} of {AT_ONCE} with one tag were "
            f"taken, more than one in {doubled} of {counted(len(rounds), 'round')}"
        )
        return found, evidence
    return (
        f"atomic, as far as {counted(len(rounds), 'round')} of {AT_ONCE} show",
        evidence,
    )


def _round(scene: Scene, lines: list[Line]) -> int:
    """Send one tag over each line at the same moment; how many orders that made."""
    scene.allowance.take(len(lines))
    scene.pace.wait(len(lines))
    tag = scene.tag()
    scene.unseen.add(tag)
    for line in lines:
        if line.ends_within(0):
            line.close()
        line.open()
    replies = _at_once(lines, scene.order(tag))
    for reply in replies:
        scene.taken(tag, scene.note(reply))
    taken = {order_id_of(reply) for reply in replies} - {None}
    taken |= {row["id"] for row in scene.working() if row.get("customTag") == tag}
    scene.cancel(*(number for number in taken if number is not None))
    scene.unseen.discard(tag)
    if not taken:
        said = replies[0].shown if replies else "no line was answered"
        raise NoAnswer(f"none of {AT_ONCE} orders with a new tag was taken: {said}")
    return len(taken)


def _at_once(lines: list[Line], members: dict[str, Any]) -> list[Reply]:
    """The answers; a line that fails has none."""
    start, replies = threading.Barrier(len(lines)), []

    def ask(line: Line) -> None:
        start.wait()
        try:
            replies.append(line.ask(PLACE, members))
        except OSError:
            line.close()  # whether it came is seen by its tag

    threads = [threading.Thread(target=ask, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def duplicate_answer(scene: Scene) -> Found:
    """A tag that is used already: what the refusal says."""
    tag = scene.tag()
    number, _ = scene.must_put(tag)
    time.sleep(scene.plan.settle_s)
    again = scene.put(tag)
    if order_id_of(again) is not None:
        return "taken: a used tag is no obstacle", [again.shown]
    shown = again.members.get("orderId")
    gives = "its number" if shown == number else f"orderId {shown!r}"
    code = again.members.get("errorCode")
    return f"refused with code {code}, {gives}", [again.shown]


def burning(scene: Scene) -> Found:
    """Orders that are refused: whether a good one may have their tag."""
    holds: list[str] = []
    frees: list[str] = []
    evidence: list[str] = []
    for name, changes in REJECTED.items():
        tag = scene.tag()
        refused = scene.put(tag, **_bad(scene, changes))
        evidence.append(f"{name}: {refused.shown}")
        if order_id_of(refused) is not None:
            evidence[-1] += " (taken)"
            continue
        time.sleep(scene.plan.settle_s)
        again = scene.put(tag)
        evidence.append(f"{name}, the same tag again: {again.shown}")
        (frees if order_id_of(again) is not None else holds).append(name)
    if not holds:
        return f"a refused order leaves its tag free: {', '.join(frees)}", evidence
    found = f"a refused order holds its tag: {', '.join(holds)}"
    return found + (f"; not so: {', '.join(frees)}" if frees else ""), evidence


def _bad(scene: Scene, changes: dict[str, Any]) -> dict[str, Any]:
    if "limitPrice" in changes:
        return {"limitPrice": scene.price + 0.0001}
    return changes


def tag_shape(scene: Scene) -> Found:
    """Long tags, strange letters, letter case."""
    evidence: list[str] = []
    longest = _longest(scene, evidence)
    strange = [
        text for text in LETTERS if not _keeps(scene, f"{scene.tag()}{text}", evidence)
    ]
    first = f"{scene.tag()}-a"
    scene.must_put(first)
    time.sleep(scene.plan.settle_s)
    other = scene.put(first.upper())
    evidence.append(f"the same in capitals: {other.shown}")
    case = "matters" if order_id_of(other) is not None else "does not matter"
    kept = f"not kept as sent: {strange}" if strange else "all letters are kept"
    return f"{counted(longest, 'character')} at most; case {case}; {kept}", evidence


def _longest(scene: Scene, evidence: list[str]) -> int:
    longest = 0
    for length in LENGTHS:
        if not _keeps(scene, scene.tag().ljust(length, "x"), evidence):
            break
        longest = length
    return longest


def _keeps(scene: Scene, tag: str, evidence: list[str]) -> bool:
    """Whether a tag is taken, and given back as it was sent."""
    reply = scene.put(tag)
    number = order_id_of(reply)
    if number is None:
        evidence.append(f"a tag of {counted(len(tag), 'character')}: {reply.shown}")
        return False
    scene.cancel(number)
    for _ in scene.pauses():
        row = scene.by_id(number)
        if row is not None:
            return row.get("customTag") == tag
    raise NoAnswer(f"order {number} was not seen within the patience")
