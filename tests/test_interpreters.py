"""Which interpreters a wheel is made for."""

import sys

import pytest
from test_examples import ROOT, module_at

PLACE = ROOT / "tools" / "interpreters.py"

pytestmark = pytest.mark.skipif(not PLACE.exists(), reason="not in a checkout")


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """The tool, on a machine without pyenv."""
    found = module_at("interpreters", PLACE)
    monkeypatch.setattr(found, "PYENV", tmp_path / "versions")
    return found


def script(path, says):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("says", "is_usable"),
    [
        ("cpython 3.14 final True 0", True),
        ("cpython 3.14 final True 1", False),  # without a GIL
        ("cpython 3.14 candidate True 0", False),
        ("cpython 3.14 final False 0", False),  # without headers
        ("pypy 3.14 final True 0", False),
        ("cpython 3.13 final True 0", False),
        ("", False),
    ],
)
def test_one_is_taken_that_can_make_a_wheel(tool, tmp_path, says, is_usable):
    assert tool.is_usable(str(script(tmp_path / "python", says)), "3.14") is is_usable


def test_the_newest_of_a_version_is_taken(tool, monkeypatch):
    monkeypatch.setenv("PATH", "")
    says = "cpython 3.14 final True 0"
    for number in ("3.14.2", "3.14.10", "3.14.9"):
        script(tool.PYENV / number / "bin" / "python", says)
    assert tool.interpreters() == [str(tool.PYENV / "3.14.10" / "bin" / "python")]


def test_one_that_was_named_has_to_be_here(tool, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", ["interpreters.py", "3.14"])
    assert tool.main() == 1
    assert "CPython 3.14 must be installed" in capsys.readouterr().err
