"""The search for secrets finds one, wherever it leaks, and fails the run then."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from canary import API_KEY, TOKEN, Canary

from fastorder.simulator import Gateway

HERE = Path(__file__).parent
DRIVER = """
import contextlib, io, json, pathlib, sys
import pytest
from canary import Canary

told = {}
for test in sorted(pathlib.Path(sys.argv[1]).glob("test_*.py")):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = pytest.main(
            [str(test), f"--basetemp={test.with_suffix('')}", "-p", "no:cacheprovider"],
            plugins=[Canary(("planted",))],
        )
    told[test.stem] = int(code), "was found" in printed.getvalue()
print(json.dumps(told))
"""
"""The runs inside look for a word of their own; the run around them finds nothing."""

LEAKS = {
    "a log record": """
        def test_it():
            logging.getLogger("fastorder").debug("sent with %s", SECRET)
        """,
    "a file": """
        def test_it(tmp_path):
            (tmp_path / "orders.db").write_bytes(bytes(5_000_000) + SECRET.encode())
        """,
    "a failing assertion": """
        def test_it():
            assert SECRET == "another"
        """,
    "what is printed": """
        def test_it():
            print(SECRET)
        """,
    "a warning": """
        def test_it():
            warnings.warn(SECRET)
        """,
    "an expected warning": """
        def test_it():
            with pytest.warns(UserWarning):
                warnings.warn(SECRET)
        """,
    "an expected error": """
        def test_it():
            with pytest.raises(ValueError):
                raise ValueError(SECRET)
        """,
    "a variable of the library": """
        def test_it():
            with pytest.raises(fastorder.ConfigurationError):
                checked_base_url(Secretive())
        """,
    "a failing fixture": """
        @pytest.fixture
        def broken():
            yield
            raise ValueError(SECRET)

        def test_it(broken):
            pass
        """,
    "nothing": """
        def test_it(tmp_path):
            print("nothing")
            (tmp_path / "a").write_text("nothing")
            (tmp_path / "nowhere").symlink_to(tmp_path / "none")
        """,
    "a child process": """
        def test_it():
            program = f"print({SECRET!r})"
            subprocess.run([sys.executable, "-c", program], capture_output=True)
        """,
}
HEAD = """
import logging, subprocess, sys, warnings
import pytest
import fastorder
from fastorder.session.tls import checked_base_url

SECRET = "plan" + "ted-0123456789"


class Secretive(bytes):
    def __repr__(self):
        return SECRET

"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Exit status of a run for each leak, and whether it says what it has found."""
    folder = tmp_path_factory.mktemp("leaks")
    for number, test in enumerate(LEAKS.values()):
        path = folder / f"test_{number:02}.py"
        path.write_text(HEAD + textwrap.dedent(test))
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(HERE), *sys.path))},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(LEAKS, json.loads(done.stdout).values(), strict=True))


@pytest.mark.parametrize("where", LEAKS)
def test_a_leak_fails_the_run_and_nothing_else_does(runs, where):
    passes = where == "nothing"
    assert runs[where] == [int(not passes), not passes]


CONFTEST = """
from canary import Canary


def pytest_configure(config):
    config.pluginmanager.register(Canary(("planted",)), "canary")
"""


@pytest.mark.parametrize("where", ["an expected error", "a child process", "nothing"])
def test_a_leak_in_one_of_several_workers_fails_the_run(where, tmp_path):
    pytest.importorskip("xdist")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(HEAD + textwrap.dedent(LEAKS[where]))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-n", "2"],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join((str(HERE), *sys.path)),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    passes = where == "nothing"
    assert done.returncode == int(not passes), done.stdout
    assert ("was found" not in done.stdout) == passes


@pytest.mark.parametrize(
    "secret", [TOKEN, API_KEY, Gateway().tokens.give("trader1")], ids=len
)
def test_what_the_tests_log_in_with_is_looked_for(secret):
    canary = Canary()
    canary.search(f"Authorization: Bearer {secret}", "here")
    assert canary.found == {"here": 1}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no groups of errors here")
def test_errors_in_a_group_are_searched():
    inner = ExceptionGroup("inner", [KeyError("planted")])  # noqa: F821
    canary = Canary(("planted",))
    canary.search_error(ExceptionGroup("outer", [ValueError(), inner]), "here")  # noqa: F821
    assert "here" in canary.found
