"""What a build makes, what it takes away, and what it leaves alone."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("Cython")
pytest.importorskip("setuptools")

ROOT = Path(__file__).parent.parent
SETUP = ROOT / "setup.py"

pytestmark = [
    pytest.mark.skipif(not SETUP.exists(), reason="not in a checkout"),
    pytest.mark.skipif("FASTORDER_SANITIZED" in os.environ, reason="compiles itself"),
]


class Tree:
    """A small package that is built by the project's own setup.py."""

    def __init__(self, root):
        self.root = root
        self.package = root / "fastorder"

    def write(self):
        core = self.package / "_core"
        core.mkdir(parents=True)
        for folder in (self.package, core):
            (folder / "__init__.py").touch()
        (self.package / "one.pyx").write_text("def number():\n    return 1\n")
        shutil.copy(SETUP, self.root)
        quick = self.root / "quick-cc"  # what it optimises is no matter here
        quick.write_text('#!/bin/sh\nexec cc "$@" -O0\n')
        quick.chmod(0o755)
        return self

    def build(self, *command, **environment):
        return subprocess.run(
            [sys.executable, "setup.py", "--quiet", *(command or BUILD)],
            cwd=self.root,
            env={**os.environ, "CC": "./quick-cc", **environment},
            capture_output=True,
            text=True,
        )

    def built(self):
        found = self.package.rglob("*.so")
        return {path.name.split(".")[0] for path in found}


BUILD = ("build_ext", "--inplace")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The first build of it."""
    made = Tree(tmp_path_factory.mktemp("built") / "a checkout").write()
    done = made.build()
    assert done.returncode == 0, done.stderr
    assert made.built() == {"one", "_cython_utilities"}
    return made.root


@pytest.fixture
def tree(built, tmp_path):
    """One that has been built; with a blank in its path."""
    return Tree(shutil.copytree(built, tmp_path / "a checkout"))


def test_what_has_no_source_any_more_goes_and_nothing_else(tree):
    (tree.package / "one.pyx").rename(tree.package / "two.pyx")
    kept = [".two.pyx.swp", ".DS_Store", "notes.c", "README.txt"]
    for name in kept:
        (tree.package / name).write_text("int mine;\n")
    done = tree.build()
    assert done.returncode == 0, done.stderr
    assert tree.built() == {"two", "_cython_utilities"}
    assert not list(tree.root.glob("build/lib*/fastorder/one.*"))
    assert not (tree.package / "one.c").exists()
    assert all((tree.package / name).exists() for name in kept)


def test_a_build_for_the_demo_leaves_rooms_out_and_is_no_part_of_a_release(tree):
    room = tree.package / "store"
    room.mkdir()
    (room / "__init__.py").touch()
    (room / "two.pyx").write_text("def number():\n    return 2\n")
    assert tree.build(FASTORDER_BUILD="demo").returncode == 0
    assert tree.built() == {"one", "_cython_utilities"}
    first = {path: path.stat().st_mtime_ns for path in tree.package.rglob("*.so")}
    assert tree.build().returncode == 0
    assert tree.built() == {"one", "two", "_cython_utilities"}
    for path, built_at in first.items():  # with a release's flags, all of them
        assert path.stat().st_mtime_ns > built_at


def test_a_module_tells_a_free_threaded_python_that_it_needs_the_lock(tree):
    source = (tree.package / "one.c").read_text()
    assert "{Py_mod_gil, __Pyx_FREETHREADING_COMPATIBLE}" in source
    assert "#define CYTHON_FREETHREADING_COMPATIBLE 1" not in source


def test_only_what_has_changed_is_built_again(tree):
    before = {path: path.stat().st_mtime_ns for path in tree.package.rglob("*.so")}
    assert tree.build().returncode == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    stamp = next(tree.root.glob("build/made-by-*.json"))
    stamp.unlink()  # as after a build that was interrupted
    assert tree.build().returncode == 0
    after = {path: path.stat().st_mtime_ns for path in before}
    assert all(after[path] > before[path] for path in before)
    assert stamp.exists()


def test_a_kind_of_build_that_there_is_not_is_refused(tree):
    done = tree.build(FASTORDER_BUILD="Debug")
    assert done.returncode != 0
    assert "must be one of release, debug, demo, none, was 'Debug'" in done.stderr


# ------------------------------------------------------ what C takes for granted

NO_WRAPAROUND = re.compile(r"^# cython:.*wraparound=False", re.MULTILINE)


def negative_indices(text):
    """Lines on which something is indexed by a negative number."""
    code = re.sub(r'"""(?:.|\n)*?"""', lambda found: "\n" * found[0].count("\n"), text)
    code = re.sub(r"#.*", "", code)
    return [
        number
        for number, line in enumerate(code.splitlines(), 1)
        if re.search(r"[\w)\]]\[-\d+\]", line)
    ]


def test_nothing_is_indexed_from_its_end_where_that_is_switched_off():
    """NumPy 2.5 then refuses, or takes another row; others read before their begin."""
    sources = [*(ROOT / "fastorder").rglob("*.pyx")]
    wrong = {
        source.name: found
        for source in sources
        if NO_WRAPAROUND.search(text := source.read_text(encoding="utf-8"))
        and (found := negative_indices(text))
    }
    assert wrong == {}
    assert negative_indices('"""[-1]"""\nx = made(of)[-1]  # [-2]\n') == [2]
