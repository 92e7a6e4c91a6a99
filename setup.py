"""Build the compiled order path; everything else stands in pyproject.toml.

FASTORDER_BUILD=debug builds with ASan and UBSan; FASTORDER_BUILD=none compiles nothing,
for an environment that finds the modules in the checkout. FASTORDER_ANNOTATE=1 has
Cython show which lines touch Python.
"""

import json
import os
import sys
import sysconfig
from pathlib import Path

import Cython
from Cython.Build import cythonize
from setuptools import Extension, setup

KIND = os.environ.get("FASTORDER_BUILD", "release")
LINUX = sys.platform.startswith("linux")
PACKAGE = Path("fastorder")
SHARED = "fastorder._core._cython_utilities"
"""What Cython puts into each module unless it is kept in one of its own."""

JOBS = len(os.sched_getaffinity(0)) if LINUX else os.cpu_count() or 1
MACROS = [("CYTHON_CLINE_IN_TRACEBACK", "0")]  # lines of C: half of what is compiled
LINKER = ["-ldl"] if LINUX else []
if KIND == "debug":
    LINKER += ["-fsanitize=address,undefined"]
elif LINUX:
    LINKER += ["-Wl,-s"]


OFF_THE_ORDERS_WAY = {"auth", "journal", "marketdata"}
"""-O3 takes 1,100 instructions of 39,000 off an order, and nothing off a bar."""


def compiler_flags(source: Path) -> list[str]:
    """What a module is compiled with."""
    if sys.platform == "win32":
        return []
    # a product and a sum stay two roundings, so that every machine makes the same bars
    rounding = ["-ffp-contract=off"]
    if KIND == "debug":
        sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
        return [*rounding, "-O1", "-g", "-fno-omit-frame-pointer", *sanitizers]
    level = "-O2" if source.parent.name in OFF_THE_ORDERS_WAY else "-O3"
    return [*rounding, level, "-g0", "-fno-plt"]


def sources() -> list[Path]:
    """Every .pyx file, and every .py file that has a .pxd with its C side."""
    beside = [path.with_suffix(".py") for path in PACKAGE.rglob("*.pxd")]
    return sorted([*PACKAGE.rglob("*.pyx"), *filter(Path.exists, beside)])


def extension(source: Path) -> Extension:
    """One extension module for one source file, named after its place."""
    return Extension(
        ".".join(source.with_suffix("").parts),
        [source.as_posix()],
        depends=[*map(str, source.parent.glob("*.h")), "setup.py"],
        define_macros=MACROS,
        extra_compile_args=compiler_flags(source),
        extra_link_args=LINKER,
    )


def shared_utilities() -> Extension:
    """The module that the others take Cython's own code from."""
    path = Path(*SHARED.split(".")).with_suffix(".c")
    return Extension(
        SHARED,
        [path.as_posix()],
        depends=["setup.py"],
        define_macros=MACROS,
        extra_compile_args=compiler_flags(path),
        extra_link_args=LINKER,
    )


def forget_what_is_gone(kept: list[Extension]) -> None:
    """Take away what was built of sources that have been moved or removed."""
    names = {Path(*module.name.split(".")) for module in kept}
    ending = sysconfig.get_config_var("EXT_SUFFIX") or ".so"
    for root in (Path(), *Path("build").glob("lib*")):
        for path in root.joinpath(PACKAGE).rglob("*.*"):
            place = path.relative_to(root)
            plain = place.with_name(place.name.split(".")[0])
            is_built = path.name.endswith((ending, ".c"))
            if plain not in names if is_built else not place.exists():
                path.unlink()


def is_another_build() -> bool:
    """Whether what is there was made by another Cython, or with other flags."""
    flags = [compiler_flags(PACKAGE / room / "x") for room in ("_core", "journal")]
    made_by = [Cython.__version__, KIND, sys.version, MACROS, LINKER, flags]
    stamp = Path("build", f"made-by-{sysconfig.get_config_var('SOABI')}.json")
    now = json.dumps(made_by)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == now:
        return False
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(now, encoding="utf-8")
    return True


def extension_modules() -> list[Extension]:
    """What is to be compiled, its C code written already."""
    if KIND == "none":
        return []
    wanted = [shared_utilities(), *map(extension, sources())]
    forget_what_is_gone(wanted)
    return cythonize(
        wanted,
        nthreads=JOBS if LINUX else 0,
        force=is_another_build(),
        compiler_directives={"language_level": "3", "emit_code_comments": False},
        shared_utility_qualified_name=SHARED,
        annotate=bool(os.environ.get("FASTORDER_ANNOTATE")),
        quiet=True,
    )


setup(
    ext_modules=extension_modules(),
    options={"build_ext": {"parallel": JOBS}},
)
