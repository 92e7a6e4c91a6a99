"""The numbers of the pages are those of the results."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))

import besides
import report


@pytest.mark.parametrize("page", report.PAGES, ids=lambda page: page.name)
def test_tables_say_what_the_results_say(page: Path):
    text = page.read_text()
    assert report.BLOCK.search(text)
    assert text == report.written(text), "run python benchmarks/report.py"


def test_a_changed_number_is_put_right():
    page = "<!-- numbers: headline -->\n\nAs fast as light.\n\n<!-- end -->"
    assert "light" not in report.written(page)


def test_what_was_not_run_has_no_row_and_is_said_not_to_be(tmp_path, monkeypatch):
    assert len(besides.besides()) > len(besides.limits_target())
    monkeypatch.setattr(besides, "KEPT", tmp_path)
    assert besides.besides() == besides.limits_target()
    assert besides.bars() == besides.adapter() == besides.NOT_RUN


@pytest.mark.parametrize("page", report.PAGES, ids=lambda page: page.name)
def test_charts_that_a_page_shows_are_there(page: Path):
    names = {
        line.split('="')[-1].split('"')[0]
        for line in page.read_text().splitlines()
        if "charts/" in line
        for line in line.replace(" alt=", "\n").splitlines()
        if "charts/" in line
    }
    assert names
    assert all((page.parent / name).is_file() for name in names)
