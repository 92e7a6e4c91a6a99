"""Ctrl-C at each point while an executor with a journal is made: no lock stays."""

import gc
import signal
import warnings

import pytest
import test_interrupted
from test_interrupted import Handler, Stopped, TimeIsUp

import fastorder
from fastorder import blocking
from fastorder.journal.lock import is_held_here

MODULES = {"async": fastorder, "blocking": blocking}
STRIDE = 7
"""Each seventh point counts."""


class CtrlC(Handler):
    """A real one, at the n-th point."""

    def _pass(self, frame):
        try:
            super()._pass(frame)
        except Stopped:
            signal.raise_signal(signal.SIGINT)


def made(module, path):
    return module.OrderExecutor("http://127.0.0.1:1", journal=path)


def attempt(module, path, handler):
    """Make one, and keep what is raised, with all that its traceback holds."""
    executor = None
    with handler:
        try:
            handler.is_armed = True
            executor = made(module, path)
        except BaseException as error:
            return error
        finally:
            handler.is_armed = False
    executor.close()
    return None


@pytest.fixture
def heard():
    """The warnings."""
    gc.collect()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield heard


@pytest.mark.parametrize("kind", MODULES)
def test_ctrl_c_at_any_point_leaves_no_journal_locked(
    tmp_path, monkeypatch, heard, kind
):
    monkeypatch.setattr(test_interrupted, "VERB", made.__code__)
    path, points = tmp_path / "orders.db", set()
    made(MODULES[kind], path).close()
    for nth in range(1, 100_000, STRIDE):
        handler = CtrlC(nth, Stopped())
        error = attempt(MODULES[kind], path, handler)
        if handler.point is None:
            break
        where = f"point {nth}, {handler.point}"
        assert isinstance(error, KeyboardInterrupt), where
        assert not is_held_here(str(path)), where
        assert not heard, (where, [str(each.message) for each in heard])
        points.add(handler.point)
    assert len(points) > 20


@pytest.mark.parametrize("kind", MODULES)
def test_what_is_raised_after_the_journal_was_opened_leaves_it_free(
    tmp_path, monkeypatch, heard, kind
):
    def failing(*given, **named):
        raise TimeIsUp

    path = tmp_path / "orders.db"
    for name in ("Dispatcher", "ContractBook", "Submitter", "_caller"):
        with monkeypatch.context() as patch:
            patch.setattr(f"fastorder.verbs.base.{name}", failing)
            with pytest.raises(TimeIsUp) as raised:
                made(MODULES[kind], path)
        assert not is_held_here(str(path)), name
        assert raised.value.__traceback__
    assert not heard
    made(MODULES[kind], path).close()
