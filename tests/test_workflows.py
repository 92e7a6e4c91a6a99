"""What builds and publishes a release runs nothing that others may change."""

import re
from pathlib import Path

import pytest

WORKFLOWS = sorted((Path(__file__).parent.parent / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"- uses: [\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")
EXACT = re.compile(r"pip install (?:[\w-]+==\d[\w.]*|\"build>=[\d.]+\")$")

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="not in a checkout")


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.name)
def lines(request):
    return [line.strip() for line in request.param.read_text().splitlines()]


def test_each_action_is_named_by_a_commit_and_says_its_version(lines):
    used = [line for line in lines if re.match(r"(?:- )?uses:", line)]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_what_is_installed_to_build_with_is_stated(lines):
    installs = [line for line in lines if "pip install" in line]
    assert [line for line in installs if not EXACT.search(line)] == []


def test_no_password_is_used_and_rights_are_given_one_by_one(lines):
    assert "permissions: {}" in lines
    assert not [line for line in lines if "secrets." in line]
