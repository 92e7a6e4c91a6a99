"""The inner loops make the same bits with every vector, and on ARM with NEON."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HEADERS = HERE.parent / "fastorder" / "marketdata"
FLAGS = ["-O3", "-ffp-contract=off", "-w", "-static"]


def checksums(folder, compiler, *runner):
    """What the program prints, by the name of the vectors."""
    program = folder / compiler
    source = HERE / "marketdata_vectors.c"
    command = [compiler, *FLAGS, f"-I{HEADERS}", "-o", program, source, "-lm"]
    subprocess.run(command, check=True)
    done = subprocess.run(
        [*runner, program], check=True, capture_output=True, text=True
    )
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    if not shutil.which("gcc") or not (HEADERS / "longer.h").exists():
        pytest.skip("gcc and the headers are needed")
    return checksums(tmp_path_factory.mktemp("native"), "gcc")


def test_every_vector_path_makes_the_same_bits(native):
    assert "portable" in native
    assert len(set(native.values())) == 1, native


def test_arm_makes_the_same_bits_with_neon(native, tmp_path):
    compiler = "aarch64-linux-gnu-gcc"
    emulator = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
    if not shutil.which(compiler) or not emulator:
        pytest.skip("gcc-aarch64-linux-gnu and qemu-user are needed")
    assert checksums(tmp_path, compiler, emulator)["portable"] == native["portable"]
    listing = subprocess.run(
        ["aarch64-linux-gnu-objdump", "-d", tmp_path / compiler],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for instruction in ("fmul", "fadd", "fcmgt", "add", "cmgt"):
        # two numbers of 64 bits side by side
        assert any(
            f"\t{instruction}\t" in line and ".2d" in line
            for line in listing.splitlines()
        ), instruction
