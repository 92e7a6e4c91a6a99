"""The libcurl in use: its age and its option numbers."""

import re
from pathlib import Path

import pycurl
import pytest

from fastorder._core import libcurl

DECLARED = Path(libcurl.__file__).with_name("libcurl.pxd")


def test_it_is_pycurls_own():
    assert ".".join(map(str, libcurl.version())) in pycurl.version


def test_an_old_one_is_refused_with_the_fix():
    with pytest.raises(
        ImportError, match=r"at least 8\.21\.0, was 7\.88\.1; .*pip install"
    ):
        libcurl.check_version((7, 88, 1))
    libcurl.check_version(libcurl.OLDEST)


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
