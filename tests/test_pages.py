"""The pages as a reader meets them: found by the way through them, and not too long."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

WORDS_A_MINUTE = 238
"""Of silent reading: Brysbaert, Journal of Memory and Language 109 (2019)."""

MINUTES = 10
LOOKED_UP = re.compile(
    r"^```.*?^```$"  # code
    r"|^<!-- (?:house: \w+|schemas|numbers: \w+) -->$.*?^<!-- end.*?-->$"  # lists made
    r"|^\|.*?$",  # tables
    re.MULTILINE | re.DOTALL,
)
"""What nobody reads from its beginning to its end."""


def minutes_of(text):
    return len(LOOKED_UP.sub("", text).split()) / WORDS_A_MINUTE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_read_in_ten_minutes(page):
    took = minutes_of(page.read_text(encoding="utf-8"))
    assert took <= MINUTES, f"{page.name} takes {took:.1f} minutes: split it"


def test_what_is_looked_up_is_not_counted():
    words = "one two\n"
    code = "```python\nthree\n```\n"
    made = "<!-- house: rooms -->\n- four\n<!-- end -->\n"
    assert minutes_of(words + code + made + "| five |\n") == 2 / WORDS_A_MINUTE


def test_the_way_through_the_pages_has_each_of_them_once():
    """As ``mkdocs.yml`` lists them; the front page has a row for each of the guide."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    nav = text.partition("\nnav:\n")[2].partition("\n\n")[0]
    listed = re.findall(r"- (\S+\.md)$", nav, re.MULTILINE)
    assert sorted(listed) == sorted(p.relative_to(DOCS).as_posix() for p in PAGES[1:])
    front = (DOCS / "index.md").read_text(encoding="utf-8")
    linked = re.findall(r"\((guide/[\w-]+\.md)\)", front)
    assert sorted(linked) == sorted(name for name in listed if "guide/" in name)
    assert linked == [name for name in listed if name in linked], "the same way"
