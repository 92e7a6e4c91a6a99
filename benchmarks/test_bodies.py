"""Everybody sends the same order: looked at byte by byte, before anybody is timed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from contenders import CONTENDERS, Process
from order import BODY, ORDER
from recorder import recording
from results import keep

if TYPE_CHECKING:
    from environments import Environment

RESULTS: dict[str, str] = {}
TAG = re.compile(rb'"customTag":"[^"]*"')


def plain(value: Any) -> Any:
    """Without the fields that are null, which say nothing."""
    return {key: one for key, one in value.items() if one is not None}


@pytest.mark.parametrize("name", CONTENDERS)
def test_sends_the_same_order(environments: dict[str, Environment], name: str) -> None:
    contender = CONTENDERS[name]
    environment = environments[contender.environment]
    if environment.python is None:
        pytest.skip(str(environment.missing))
    with recording() as (port, bodies):
        process = Process(contender, environment)
        where = {"host": "127.0.0.1", "port": port, "ca_file": None}
        process.ask("open", target={"url": f"http://127.0.0.1:{port}", **where})
        process.ask("close")
        process.end()
    body = bodies[-1]
    sent, wanted = plain(json.loads(body)), dict(ORDER)
    if name.startswith("fastorder"):  # each of its orders has a tag of its own
        sent["customTag"] = wanted["customTag"]
    assert sent == wanted
    same = TAG.sub(b"", body) == TAG.sub(b"", BODY)
    RESULTS[name] = "the same bytes" if same else "the same JSON value"
    keep("bodies", "What the server received", contenders=RESULTS)
