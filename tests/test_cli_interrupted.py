"""Ctrl-C, wherever a command is: its code, and never a traceback."""

import os
import sys

import pytest

import fastorder
from fastorder import cli
from fastorder.cli.exits import Exit

pytest.importorskip("typer")

OURS = os.path.dirname(cli.__file__)
STRIDE = 7
"""Of the calls of the command line's own functions, each seventh is interrupted."""


class CtrlC:
    """Raises where the n-th function of the command line begins."""

    def __init__(self, nth):
        self._left = nth
        self.where = None

    def __enter__(self):
        sys.settrace(self._called)
        return self

    def __exit__(self, *error):
        sys.settrace(None)

    def _called(self, frame, event, argument):
        code = frame.f_code
        if not code.co_filename.startswith(OURS) or code is cli.main.__code__:
            return
        if frame.f_lineno != code.co_firstlineno:
            return  # a generator goes on: what is raised here would pass by its finally
        self._left -= 1
        if self._left == 0:
            sys.settrace(None)
            self.where = f"{code.co_filename}:{code.co_name}"
            raise KeyboardInterrupt


def typed(monkeypatch, line):
    monkeypatch.setattr(sys, "argv", ["fastorder", *line.split()])
    return cli.main()


@pytest.mark.parametrize("line", ["positions", "buy MNQ 1 --yes", "journal"])
def test_an_interrupt_anywhere_has_its_code(shell, gateway, monkeypatch, capsys, line):
    assert typed(monkeypatch, line) == Exit.OK  # and everything is loaded
    capsys.readouterr()
    for nth in range(1, 100_000, STRIDE):
        with CtrlC(nth) as ctrl_c:
            code = typed(monkeypatch, line)
        said = capsys.readouterr().err
        if ctrl_c.where is None:
            break
        assert code == Exit.INTERRUPTED, (ctrl_c.where, said)
        assert "Traceback" not in said, (ctrl_c.where, said)
    assert nth > STRIDE


class Loading:
    """An interrupt while a module is looked for."""

    def __init__(self, module):
        self._module = module

    def find_spec(self, name, path, target=None):
        if name == self._module:
            raise KeyboardInterrupt


def test_an_interrupt_while_it_is_loaded_is_told_in_a_line(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "fastorder.cli.program")
    monkeypatch.delattr(fastorder.cli, "program")
    monkeypatch.setattr(
        sys, "meta_path", [Loading("fastorder.cli.program"), *sys.meta_path]
    )
    assert typed(monkeypatch, "positions") == Exit.INTERRUPTED
    assert capsys.readouterr().err == f"fastorder: {cli.INTERRUPTED}\n"


def test_an_interrupt_between_the_words_and_the_command_is_told_in_a_line(
    shell, monkeypatch, capsys
):
    from fastorder.cli import program

    def interrupted(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(program.typer.core.TyperGroup, "invoke", interrupted)
    assert typed(monkeypatch, "positions") == Exit.INTERRUPTED
    assert capsys.readouterr().err == f"fastorder: {cli.INTERRUPTED}\n"
