"""Build the compiled order path; everything else stands in pyproject.toml."""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("FASTORDER_BUILD") == "debug"

COMPILER = [] if sys.platform == "win32" else ["-O3", "-fno-plt"]
LINKER: list[str] = []
if DEBUG:
    COMPILER = ["-O1", "-g", "-fno-omit-frame-pointer"]
    COMPILER += ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    LINKER = ["-fsanitize=address,undefined"]
if sys.platform != "win32":
    # a product and a sum stay two roundings, so that every machine makes the same bars
    COMPILER += ["-ffp-contract=off"]
if sys.platform.startswith("linux"):
    LINKER += ["-ldl"]


def compiled() -> list[Path]:
    """Every .pyx file, and every .py file that has a .pxd with its C side."""
    beside = [path.with_suffix(".py") for path in Path("fastorder").rglob("*.pxd")]
    return sorted([*Path("fastorder").rglob("*.pyx"), *filter(Path.exists, beside)])


def extension(path: Path) -> Extension:
    """One extension module for one source file, named after its place."""
    name = ".".join(path.with_suffix("").parts)
    return Extension(
        name,
        [path.as_posix()],
        extra_compile_args=COMPILER,
        extra_link_args=LINKER,
    )


setup(
    ext_modules=cythonize(
        [extension(path) for path in compiled()],
        compiler_directives={"language_level": "3", "emit_code_comments": False},
        annotate=bool(os.environ.get("FASTORDER_ANNOTATE")),
    ),
)
