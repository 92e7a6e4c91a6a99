"""The libcurl in use: its age and its option numbers."""

import re
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pycurl
import pytest

from fastorder._core.transport import libcurl

DECLARED = next((Path(__file__).parent.parent / "fastorder").rglob("libcurl.pxd"))


def test_it_is_pycurls_own():
    assert ".".join(map(str, libcurl.version())) in pycurl.version


def test_an_old_one_is_refused_with_the_fix():
    with pytest.raises(
        ImportError, match=r"at least 8\.21\.0, was 7\.88\.1; .*pip install"
    ):
        libcurl.check_version((7, 88, 1))
    libcurl.check_version(libcurl.OLDEST)


def test_it_works_beside_pycurl_whichever_is_imported_first():
    for first, second in (("fastorder", "pycurl"), ("pycurl", "fastorder")):
        program = (
            f"import {first}, {second}; import fastorder, pycurl, fastorder.blocking;"
            "pycurl.Curl().close();"
            "fastorder.blocking.OrderExecutor('http://127.0.0.1:1').close();"
            "pycurl.Curl().close()"
        )
        subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="a DLL is looked for there")
@pytest.mark.parametrize(
    ("files", "text"),
    [
        ((), "expected a package pycurl, found none"),
        (("__init__.py",), "expected an extension _pycurl in pycurl, found none"),
        (
            ("__init__.py", f"_pycurl{EXTENSION_SUFFIXES[0]}"),
            "expected pycurl's libcurl to load: ",
        ),
    ],
    ids=["no pycurl", "no extension", "no library"],
)
def test_an_import_without_libcurl_says_what_to_do(tmp_path, files, text):
    for name in files:
        (tmp_path / "pycurl").mkdir(exist_ok=True)
        (tmp_path / "pycurl" / name).write_text("")
    if not files:
        (tmp_path / "pycurl.py").write_text("")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import fastorder"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: {text}")
    assert "pip install -U" in last


@pytest.mark.skipif(not DECLARED.exists(), reason="declarations are not installed")
def test_the_declared_numbers_are_those_of_pycurl():
    numbers = dict(re.findall(r"^    (CURL\w+) = (\w+)$", DECLARED.read_text(), re.M))
    compared = 0
    for name, number in numbers.items():
        short = name.removeprefix("CURLOPT_").removeprefix("CURLE_")
        for spelled in (short, f"E_{short}", name.replace("CURLMOPT_", "M_")):
            if hasattr(pycurl, spelled) and not name.startswith("CURLINFO"):
                assert getattr(pycurl, spelled) == int(number, 0), name
                compared += 1
                break
    assert compared > 30
