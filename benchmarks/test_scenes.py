"""One order after another, everybody in turn, in the scenes of ``scenes.py``.

The times are taken in rounds; pytest-benchmark is then told of them through its timer,
so that its tables show what was measured interleaved. ``-k "warm and not far"`` picks
scenes.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import scenes
from distance import far_away

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from environments import Environment
    from scenes import Outcome
    from server import Server


class Replay:
    """A timer that shows what was measured before, order by order."""

    def __init__(self) -> None:
        self._steps: Iterator[float] = iter(())

    def load(self, nanoseconds: list[int]) -> None:
        """Show these next: each lies between two readings."""
        self._steps = (step for ns in nanoseconds for step in (0.0, ns / 1e9))

    def __call__(self) -> float:
        """A reading."""
        return next(self._steps, 0.0)


REPLAY = Replay()


@pytest.fixture(scope="session")
def played(
    server: Server, environments: dict[str, Environment]
) -> Callable[[str], Outcome]:
    """A scene's outcome; it is played when it is first asked for."""

    @cache
    def outcome(name: str) -> Outcome:
        scene = scenes.SCENES[name]
        if scene.wire != "plain" and server.tls is None:
            pytest.skip("the simulator speaks no TLS here; nginx does")
        if scene.far:
            assert server.tls is not None
            with far_away(server.tls, scenes.ROUND_TRIP_MS) as port:
                return scenes.play(name, server, environments, port)
        with tempfile.TemporaryDirectory() as folder:
            scenes.SCENES[name] = with_journals(scene, folder)
            return scenes.play(name, server, environments)

    return outcome


def with_journals(scene: scenes.Scene, folder: str) -> scenes.Scene:
    """The scene with a file for each that keeps a journal."""
    contenders = dict(scene.contenders)
    for name, one in contenders.items():
        if "durability" in one.options:
            file = f"{folder}/{one.options['durability']}.db"
            contenders[name] = replace(one, options={**one.options, "journal": file})
    return replace(scene, contenders=contenders)


PAIRS = [
    pytest.param(name, each, id=f"{name}-{each}")
    for name, scene in scenes.SCENES.items()
    for each in scene.contenders
]


@pytest.mark.parametrize(("name", "each"), PAIRS)
@pytest.mark.benchmark(timer=REPLAY, disable_gc=False)
def test_scene(
    benchmark: Any, played: Callable[[str], Outcome], name: str, each: str
) -> None:
    outcome = played(name)
    if each in outcome.left_out:
        pytest.skip(outcome.left_out[each])
    benchmark.group = scenes.SCENES[name].title
    orders = outcome.times[each].orders
    REPLAY.load(orders)
    benchmark.pedantic(lambda: None, rounds=len(orders), iterations=1)
