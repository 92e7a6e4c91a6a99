"""TLS is verified, always, before a byte of a request leaves."""

import datetime
import os
import shutil
import subprocess
import sys

import pytest
import trustme
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import Outcome, blocking
from fastorder.simulator import run_in_thread

PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


@pytest.fixture
def certificates(authority, tmp_path):
    other = trustme.CA()
    unknown = other.issue_cert("localhost")
    chain, key = tmp_path / "unknown.pem", tmp_path / "unknown.key"
    chain.write_bytes(b"".join(blob.bytes() for blob in unknown.cert_chain_pems))
    unknown.private_key_pem.write_to_path(str(key))
    return {
        "expired": authority.certificate("expired", "localhost", not_after=PAST),
        "wrong host": authority.certificate("wrong", "elsewhere.example"),
        "unknown authority": type(authority.certificate("x", "localhost"))(
            str(chain), str(key), authority.pem
        ),
    }


@pytest.mark.parametrize("fault", ["expired", "wrong host", "unknown authority"])
def test_a_bad_certificate_ends_it_before_a_byte_leaves(run, certificates, fault):
    bad = certificates[fault]
    with run_in_thread(tls_cert=bad.chain, tls_key=bad.key) as gateway:

        async def main():
            executor = fastorder.OrderExecutor(
                gateway.base_url, ca_file=bad.authority, retry=QUICK
            )
            async with prepared(executor, gateway):
                with pytest.raises(
                    fastorder.RequestFailed, match="(?i)certificate|SSL"
                ):
                    await executor.connect()
                return await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)

        result = run(main())
        assert gateway.ledger.requests() == []
    assert result.outcome is Outcome.NOT_SENT
    assert result.attempts == 0


def test_the_systems_authorities_do_not_know_ours(tls_gateway):
    with blocking.OrderExecutor(tls_gateway.base_url, retry=QUICK) as executor:
        result = prepared(executor, tls_gateway).cancel_order(1, ACCOUNT)
    assert result.outcome is Outcome.NOT_SENT
    assert tls_gateway.ledger.requests() == []


def test_an_order_goes_over_tls(tls_gateway, certificate):
    with blocking.OrderExecutor(
        tls_gateway.base_url, ca_file=certificate.authority
    ) as executor:
        executor.connect(2)
        result = prepared(executor, tls_gateway).place_market_order(
            "MNQ", "BUY", 1, ACCOUNT
        )
    assert result.success
    assert len(tls_gateway.ledger.placements()) == 1


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.topstepx.com",
        "http://192.168.0.1:80",
        "ftp://localhost",
        "localhost:8700",
        "https://",
        "https://user:pass@localhost",
        "https://localhost/?q=1",
        "https://local host",
        "https://localhost\r\nX: y",
        7,
    ],
)
def test_only_https_and_loopback_are_taken(base_url):
    with pytest.raises(fastorder.ConfigurationError) as raised:
        fastorder.OrderExecutor(base_url)
    assert "pass" not in str(raised.value).replace("password", "")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_the_name_of_a_ca_file_need_not_be_utf_8(tls_gateway, certificate, tmp_path):
    name = os.fsencode(tmp_path) + b"/ca-\xff.pem"
    shutil.copyfile(certificate.authority, name)
    with blocking.OrderExecutor(tls_gateway.base_url, ca_file=name) as executor:
        prepared(executor, tls_gateway).connect()


def test_a_ca_file_must_be_there_and_be_pem(tmp_path):
    with pytest.raises(fastorder.ConfigurationError, match="readable"):
        fastorder.OrderExecutor("https://localhost", ca_file=tmp_path / "none.pem")
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(fastorder.ConfigurationError, match="PEM"):
        fastorder.OrderExecutor("https://localhost", ca_file=empty)


KEY_LOG = """
import os, sys
path, gateway, authority = sys.argv[1:]
{before}
from fastorder import ConfigurationError, blocking
{after}
try:
    with blocking.OrderExecutor(gateway, ca_file=authority) as executor:
        executor.set_token("a.b.c")
        executor.connect()
except ConfigurationError as error:
    assert "SSLKEYLOGFILE must not be set" in str(error), error
    print("refused")
else:
    print("made")
print(os.path.exists(path))
"""
SET = 'os.environ["SSLKEYLOGFILE"] = path'
UNSET = 'os.environ.pop("SSLKEYLOGFILE", None)'
SET_IN_C = """
import ctypes
ctypes.CDLL(None).setenv(b"SSLKEYLOGFILE", path.encode(), 1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="setenv")
@pytest.mark.parametrize(
    ("in_the_shell", "before", "after", "told"),
    [
        (True, "", "", "refused"),
        (False, SET, "", "refused"),
        (False, SET_IN_C, "", "refused"),
        (False, "", SET, "refused"),
        (True, "", UNSET, "refused"),
        (False, SET, UNSET, "refused"),
        pytest.param(
            True,
            f"import pycurl; {UNSET}",
            "",
            "refused",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="/proc"),
        ),
        (True, UNSET, "", "made"),
        (False, 'os.environ["SSLKEYLOGFILE"] = ""', "", "made"),
        (False, "", "", "made"),
    ],
)
def test_an_executor_is_made_only_where_libcurl_logs_no_keys(
    tls_gateway, certificate, tmp_path, in_the_shell, before, after, told
):
    log = tmp_path / "keys"
    environment = {
        **os.environ,
        **({"SSLKEYLOGFILE": str(log)} if in_the_shell else {}),
    }
    program = KEY_LOG.format(before=before, after=after)
    arguments = [str(log), tls_gateway.base_url, certificate.authority]
    said = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert said[0] == told
    assert not log.exists() or log.read_bytes() == b""
    if told == "made":
        assert said[1] == "False"


def test_proxies_and_netrc_of_the_environment_are_ignored(
    gateway, trader, monkeypatch, tmp_path
):
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert trader.place_market_order("MNQ", "BUY", 1, ACCOUNT).success


def test_no_public_name_turns_verification_off():
    import inspect

    for kind in (fastorder.OrderExecutor, blocking.OrderExecutor):
        names = inspect.signature(kind.__init__).parameters
        assert not [name for name in names if "verify" in name or "insecure" in name]
