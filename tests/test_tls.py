"""TLS is verified, always, before a byte of a request leaves."""

import datetime
import os
import shutil
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


def test_a_key_log_is_refused(monkeypatch, certificate):
    monkeypatch.setenv("SSLKEYLOGFILE", "/dev/null")
    with pytest.raises(fastorder.ConfigurationError, match="SSLKEYLOGFILE"):
        fastorder.OrderExecutor("https://localhost", ca_file=certificate.authority)


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
