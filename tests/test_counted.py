"""One of a thing is one: no text says "1 bytes"."""

import re
from pathlib import Path

import pytest

import fastorder
from fastorder._base.counted import counted
from fastorder._core.codec.response import read_reply
from fastorder._core.flow.protocol import Send
from fastorder._core.transport.evidence import Evidence
from fastorder.gateway.endpoints import Endpoint

PACKAGE = Path(fastorder.__file__).parent
OTHERS = {"marketdata", "simulator"}  # one has its own words, one has the gateway's
NUMBER_THEN_PLURAL = re.compile(r"\{([^{}]+)\} ([a-z-]{2,}[^s\W]s)\b")
VERBS = {
    "answers",
    "does",
    "holds",
    "has",
    "lists",
    "carries",
    "needs",
    "gives",
    "knows",
    "takes",
    "fits",
    "stands",
    "works",
    "trades",
    "reads",
    "tells",
    "loads",
}
NEVER_ONE = ("value.bit_length()", "kept", "len(value)", "bits")
"""Numbers that are never 1, and what is no number."""


def test_a_number_of_things():
    assert [counted(number, "byte") for number in (0, 1, 2)] == [
        "0 bytes",
        "1 byte",
        "2 bytes",
    ]


@pytest.mark.parametrize(
    "text",
    [
        repr(Send(Endpoint.PLACE, b"x")),
        repr(Evidence(body=b"x")),
        read_reply(200, b"x").reason,
        read_reply(200, b"<").reason,
        read_reply(200, b"{").reason,
    ],
)
def test_one_byte_is_one(text):
    assert "1 byte" in text
    assert "1 bytes" not in text


def sources():
    for path in sorted(PACKAGE.rglob("*.py*")):
        own = path.relative_to(PACKAGE).parts[0] not in OTHERS
        if own and path.suffix in (".py", ".pyx"):
            yield path


def test_no_text_puts_a_plural_behind_a_number_that_may_be_1():
    found = [
        f"{path.relative_to(PACKAGE)}: {match[0]}"
        for path in sources()
        for match in NUMBER_THEN_PLURAL.finditer(path.read_text(encoding="utf-8"))
        if match[2] not in VERBS
        and not match[1].removesuffix(":g").isupper()  # none of these is 1
        and match[1] not in NEVER_ONE
    ]
    assert found == []
