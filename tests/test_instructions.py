"""An order takes no more instructions than it did: counted, not timed."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from functools import cache
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
ROOM = 1.05
BARE = pytest.mark.xdist_group("bare")
"""In one process: they are compared with the same count."""

sys.path.append(str(BENCHMARKS))
_SPEC = importlib.util.spec_from_file_location(
    "instructions", BENCHMARKS / "instructions.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
instructions = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(instructions)
KEPT = json.loads(instructions.KEPT.read_text())
LIMIT = KEPT["instructions"]["total"] * ROOM


def test_callgrinds_file_is_added_up_by_object_without_what_callees_took():
    lines = [
        "ob=(1) /usr/lib/libcurl.so.4",
        "fn=(1) send",
        "10 5",
        "+2 7",
        "cob=(2) /lib/libc.so.6",
        "cfn=(2) memcpy",
        "calls=1 30",
        "* 1000",
        "ob=(2)",
        "fn=(2)",
        "30 1000",
    ]
    assert instructions.by_file(lines) == {
        "/usr/lib/libcurl.so.4": 12,
        "/lib/libc.so.6": 1000,
    }


def test_a_run_that_does_not_end_is_ended_and_says_so(tmp_path, monkeypatch):
    stuck = tmp_path / "valgrind"
    stuck.write_text("#!/bin/sh\necho no end >&2\nexec sleep 600\n")
    stuck.chmod(0o755)
    monkeypatch.setattr(instructions, "LONGEST_S", 0.2)
    monkeypatch.setattr(instructions.shutil, "which", lambda _: str(stuck))
    with pytest.raises(RuntimeError, match=r"200 orders .* must end within 0.2 s"):
        instructions.counted(200, tmp_path)


@cache
def of_a_bare_place() -> int:
    """What the others are compared with, counted once in a process.

    What disturbs a run adds turns of the loop, and takes none away.
    """
    found = []
    while len(found) < 3 and min(found, default=LIMIT + 1) > LIMIT:
        found.append(instructions.count()["total"])
    return min(found)


def skip_where_none_can_be_compared():
    if "FASTORDER_SANITIZED" in os.environ:
        pytest.skip("valgrind and the sanitizers do not go together")
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed; make instructions installs it")
    if instructions.build() != KEPT["build"]:
        pytest.skip(f"the numbers are those of another build: {KEPT['build']}")


@BARE
@pytest.mark.alone
def test_an_awaited_order_takes_no_more_instructions_than_it_did():
    skip_where_none_can_be_compared()
    assert of_a_bare_place() <= LIMIT, f"was {KEPT['instructions']}"


@BARE
@pytest.mark.alone
def test_budgets_add_less_than_a_microsecond_to_an_order():
    """At two instructions a nanosecond and less than half of it for what misses."""
    skip_where_none_can_be_compared()
    off = of_a_bare_place()
    for _ in range(3):  # as of a bare place
        added = instructions.count(budgets="on")["total"] - off
        if added <= 3000:
            return
    raise AssertionError(f"budgets add {added} instructions")


@pytest.mark.alone
def test_limits_add_less_than_five_microseconds_to_an_order():
    """All of them, at 2.2 instructions a nanosecond; a whole order runs over three."""
    skip_where_none_can_be_compared()
    off = instructions.count(limited="no")["total"]
    for _ in range(3):  # as of a bare place
        added = instructions.count(limited="yes")["total"] - off
        if added <= instructions.MOST_OF_LIMITS:
            return
    raise AssertionError(f"limits add {added} instructions")


@BARE
@pytest.mark.alone
def test_a_traders_buy_takes_little_more_than_the_executors_place():
    """Budgets, limits and journal are off in both."""
    skip_where_none_can_be_compared()
    bare = of_a_bare_place()
    for _ in range(3):  # as of a bare place
        ratio = instructions.count(budgets=instructions.TRADER)["total"] / bare
        if ratio <= 1.15:
            return
    raise AssertionError(f"a buy takes {ratio:.3f} times the instructions of a place")
