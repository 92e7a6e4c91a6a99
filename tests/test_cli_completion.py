"""Completion of the program's commands, sourced in the shells that people have."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastorder

pytest.importorskip("typer")
pexpect = pytest.importorskip("pexpect")


KEPT = ("LANG", "LC_ALL", "LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS")
"""What a program needs of ours: its language, and to be run with sanitizers."""


@pytest.fixture
def environment(tmp_path):
    """An empty home folder, and the program on the path."""
    program = tmp_path / "bin" / "fastorder"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m fastorder.cli "$@"\n')
    program.chmod(0o755)
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(fastorder.__file__).parent.parent),
        "TERM": "dumb",
    }


def source_of(shell, environment):
    """What the program writes for a shell to source."""
    return subprocess.run(
        ["fastorder"],
        env={**environment, "_FASTORDER_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        executable=environment["PATH"].partition(os.pathsep)[0] + "/fastorder",
    ).stdout


def script(shell, environment, tmp_path):
    """The completion of a shell, as the program writes it."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    text = source_of(shell, environment)
    assert "fastorder" in text
    path = tmp_path / f"completion.{shell}"
    path.write_text(text)
    return path


def test_bash_completes_a_command_and_its_options(environment, tmp_path):
    path = script("bash", environment, tmp_path)
    lines = """
        source "$1"
        COMP_WORDS=(fastorder bu) COMP_CWORD=1
        _fastorder_completion fastorder
        printf '%s\\n' "${COMPREPLY[@]}"
        COMP_WORDS=(fastorder buy --br) COMP_CWORD=2
        _fastorder_completion fastorder
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", lines, "bash", str(path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["buy", "--bracket"], done.stderr


@pytest.mark.parametrize(
    ("typed", "word", "found"),
    [
        ("fastorder posi", "posi", "positions"),
        ("fastorder buy --br", "--br", "--bracket"),
    ],
)
def test_powershell_is_told_what_fits(environment, typed, word, found):
    """No PowerShell is here: it is asked as the script that it is given asks."""
    asked = {
        **environment,
        "_FASTORDER_COMPLETE": "complete_powershell",
        "_TYPER_COMPLETE_ARGS": typed,
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": word,
    }
    done = subprocess.run(
        [sys.executable, "-m", "fastorder.cli"],
        env=asked,
        capture_output=True,
        text=True,
        timeout=60,
    )
    rows = [line.split(":::") for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == [found], done.stderr
    assert rows[0][1]


def test_powershell_gets_a_script_that_asks_so(environment):
    text = source_of("powershell", environment)
    assert "Register-ArgumentCompleter -Native -CommandName fastorder" in text
    assert '$Env:_FASTORDER_COMPLETE = "complete_powershell"' in text


def test_fish_completes_a_command(environment, tmp_path):
    path = script("fish", environment, tmp_path)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {path}; complete -C 'fastorder posi'"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split()[0] == "positions", done.stderr


def test_zsh_completes_a_command_as_it_is_typed(environment, tmp_path):
    path = script("zsh", environment, tmp_path)
    shell = pexpect.spawn("zsh", ["-f", "-i"], env=environment, timeout=30)
    try:
        shell.setwinsize(40, 120)
        shell.sendline(f"PS1='ready> '; autoload -U compinit; compinit -u; . {path}")
        shell.expect_exact("ready> ")
        shell.expect_exact("ready> ")
        shell.send("echo typed-; fastorder posi\t")
        shell.expect_exact("positions")
    finally:
        shell.close(force=True)
