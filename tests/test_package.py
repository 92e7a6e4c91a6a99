"""What is public, what it costs to import, and what the pages show."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from canary import API_KEY

import fastorder

ROOT = Path(__file__).parent.parent


def test_the_public_names_are_sorted_and_there():
    assert fastorder.__all__ == sorted(fastorder.__all__)
    assert all(hasattr(fastorder, name) for name in fastorder.__all__)


def test_every_public_thing_says_what_it_is():
    for name in fastorder.__all__:
        thing = getattr(fastorder, name)
        if isinstance(thing, type):
            assert thing.__doc__, name


def test_importing_it_brings_no_simulator_and_no_handler():
    program = (
        "import logging, sys, fastorder;"
        "assert not logging.getLogger().handlers;"
        "assert 'aiohttp' not in sys.modules;"
        "assert 'fastorder.simulator' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


HEAVY = ("asyncio", "dataclasses", "email", "hashlib", "inspect", "json", "logging")
HEAVY += ("orjson", "pycurl", "sqlite3", "ssl", "urllib.parse", "uuid")


def test_importing_it_loads_nothing_that_takes_long():
    program = (
        f"import sys; sys.path[:] = {sys.path}; import fastorder;"
        f"found = set(sys.modules) & {set(HEAVY)}; assert not found, found"
    )  # -S: without the hooks of what else is installed here
    subprocess.run([sys.executable, "-S", "-c", program], check=True)


def test_what_is_needed_when_something_goes_wrong_is_loaded_with_the_executor():
    late = r"^ +(?:from|import) ([\w.]+).*# (?:loaded with the executor|.*it is loaded)"
    folder = Path(fastorder.__file__).parent
    names = {
        name
        for path in folder.rglob("*.py*")
        if path.suffix in (".py", ".pyx")
        for name in re.findall(late, path.read_text(encoding="utf-8"), re.M)
    }
    assert names >= {"asyncio", "fastorder.config", "hashlib", "logging", "orjson"}
    program = (
        "import sys, fastorder; fastorder.OrderExecutor('http://127.0.0.1:1');"
        f"assert {names} <= set(sys.modules), {names} - set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_names_that_are_loaded_late_are_like_the_others():
    program = (
        "import fastorder; assert set(fastorder.__all__) <= set(dir(fastorder));"
        "from fastorder import *; assert RetryPolicy is fastorder.RetryPolicy;"
        "from fastorder.models import Order as same; assert Order is same;"
        "assert not hasattr(fastorder, 'Ordre')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_each_module_can_be_imported_first():
    folder = Path(fastorder.__file__).parent
    names = [f"fastorder.{path.stem}" for path in folder.glob("*.py")]
    for name in sorted(names):
        if name != "fastorder.__init__":
            subprocess.run([sys.executable, "-c", f"import {name}"], check=True)


def test_a_thread_may_import_the_facade_while_another_imports_the_package():
    program = """
        import sys, threading

        def facade():
            import fastorder.blocking

        class InTheMiddle:
            def find_spec(self, name, path=None, target=None):
                if name == "fastorder._core.flow.ticket":
                    sys.meta_path.remove(self)
                    other.start()
                    other.join(0.5)

        other = threading.Thread(target=facade)
        sys.meta_path.insert(0, InTheMiddle())
        import fastorder
        other.join()
        fastorder.blocking.OrderExecutor
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


@pytest.mark.parametrize("name", sorted(fastorder._MODULES))
def test_each_module_for_users_is_there_after_the_import(name):
    program = f"import fastorder; assert fastorder.{name}.__name__.endswith('{name}')"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_no_code_calls_eval_or_a_shell():
    folder = Path(fastorder.__file__).parent
    for path in folder.rglob("*.py*"):
        if path.suffix in (".py", ".pyx"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\b(eval|exec|os\.system|shell=True)\(", text), path


# ---------------------------------------------------------------- the base install

BASE = {"orjson", "pycurl"}
MODULES = 240
"""How many ``import fastorder`` loads at most: its own, and those of Python."""


def test_the_base_install_is_pycurl_and_orjson():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^dependencies = \[(.*)\]$", text, re.MULTILINE)
    assert set(re.findall(r'"(\w+)', listed)) == BASE


def test_an_order_needs_nothing_else(gateway):
    program = f"""
        import sys

        class Nothing:
            def find_spec(self, name, path=None, target=None):
                top = name.partition(".")[0]
                known = {BASE | {"fastorder"}} | sys.stdlib_module_names
                if top not in known and "." not in name:
                    raise ModuleNotFoundError(name, name=name)

        sys.meta_path.insert(0, Nothing())
        sys.path[:] = {sys.path}
        from fastorder import blocking
        with blocking.OrderExecutor(sys.argv[1]) as executor:
            executor.login("trader1", sys.argv[2])
            executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26", tick_size="0.25")
            assert executor.place_market_order("MNQ", "BUY", 1, 12345678)
    """
    given = [gateway.base_url, API_KEY]
    subprocess.run(
        [sys.executable, "-S", "-c", textwrap.dedent(program), *given], check=True
    )


def test_importing_it_loads_few_modules():
    program = (
        f"import sys; sys.path[:] = {sys.path}; before = set(sys.modules);"
        "import fastorder; print(len(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], check=True, capture_output=True
    )
    assert int(done.stdout) <= MODULES
