"""No HTTP status is a refusal: what each is taken for, as the page says."""

import re
from pathlib import Path

import pytest
from still import status

from fastorder import RetryPolicy
from fastorder._base.answer_kind import AnswerKind
from fastorder._core.flow.classify import classify

PAGE = Path(__file__).parent.parent / "docs" / "internals" / "placement.md"


def rows():
    """The first two cells of the page's table."""
    table = PAGE.read_text(encoding="utf-8").split("## HTTP statuses")[1]
    for line in table.split("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 4 and re.match(r"`[A-Z_]+`$", cells[1]):
            yield cells[0], AnswerKind[cells[1].strip("`")]


def kinds():
    """What the page says of each status; single ones before whole classes."""
    said = {}
    for first in (False, True):
        for text, kind in rows():
            numbers = re.findall(r"\b\d{3}\b", text.split(":")[0].split("(")[0])
            classes = re.findall(r"\b(\d)xx\b", text)
            if first and not classes:
                said.update((int(number), kind) for number in numbers)
            elif not first and classes:
                for digit in classes:
                    start = int(digit) * 100
                    said.update((n, kind) for n in range(start, start + 100))
    return said


def test_the_page_has_every_status():
    assert set(range(100, 600)) <= kinds().keys() | {200}


@pytest.mark.parametrize("number", [*range(201, 600)])
def test_a_status_is_what_the_page_says(number):
    assert classify(status(number), RetryPolicy()).kind is kinds()[number]


@pytest.mark.parametrize("number", range(201, 600))
def test_no_status_accepts_or_refuses(number):
    kind = classify(status(number), RetryPolicy()).kind
    assert kind not in (AnswerKind.ACCEPTED, AnswerKind.REFUSED)
