"""Checks the base URL, and chooses the certificate authorities."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from fastorder._core.transport.libcurl import may_log_keys
from fastorder._core.transport.request_head import Security
from fastorder.errors import ConfigurationError, looks_like_secret, may_hold_secret

if TYPE_CHECKING:
    from urllib.parse import SplitResult

SYSTEM_CA_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, Alpine, BSD
)


BENEATH = frozenset({"api", "hubs", "swagger"})
"""Where a base URL ends: the first part of the gateway's own paths."""

SITES = frozenset({"topstepx.com", "www.topstepx.com"})
"""The platform for people; its gateway is another host."""


def checked_base_url(base_url: str, name: str = "base_url") -> str:
    """The base URL without a trailing slash.

    Args:
        base_url: as it was given.
        name: of the argument, for people.

    Raises:
        ConfigurationError: it is not https, or http to another machine, or carries
            more than a host, a port and a path, or is an address beneath it; its host
            is none, or a key or a token stands in it.
    """
    why = _why_refused(base_url)
    if why:
        raise ConfigurationError(f"{name} {why}")
    return base_url.rstrip("/")


def _why_refused(base_url: str) -> str:
    """What is wrong with a base URL; "" for nothing."""
    if not isinstance(base_url, str):
        return f"must be text, was {type(base_url).__name__}"
    from urllib.parse import urlsplit  # for an executor alone

    is_url = False
    with suppress(ValueError):  # its text quotes what may be a password
        parts = urlsplit(base_url)
        parts.port  # noqa: B018 (it is checked when it is read)
        is_url = True
    if not is_url:
        return "must be a URL with a valid host and port"
    if "@" in base_url:
        return "must carry no user name or password"
    if not base_url.isascii():
        return "must be ASCII"
    if any(ord(letter) <= 32 for letter in base_url):
        return "must have no blanks"
    if "://" not in base_url:
        return _without_scheme(base_url)
    if parts.query or parts.fragment or base_url[-1] in "?#":
        return "must be a scheme, a host and a path, without ? or #"
    if not parts.hostname:
        return "must name a host"
    if any(map(looks_like_secret, [_host_as_given(parts), *parts.path.split("/")])):
        return "must hold no key and no token: a part of it looks like one"
    if not _is_host(parts.hostname):
        return (
            "must name a host that there can be: an IP address, or parts of letters, "
            "digits, - and _ with points between them"
        )
    meant = _gateway_of(parts)
    if meant is not None:
        rule = "must be the gateway's, without the paths of its API and hubs"
        return _wrong_url(rule, parts, f"did you mean {_shown_url(urlsplit(meant))}?")
    if parts.scheme != "https" and not _is_local(parts.scheme, parts.hostname):
        rule = "must be https (http is for this machine's loopback only)"
        return _wrong_url(rule, parts)
    return ""


def _without_scheme(base_url: str) -> str:
    """What is wrong where it is left out; this machine's simulator speaks http."""
    rule, scheme = "must begin with https://", "https"
    if re.fullmatch(LOOPBACK, base_url):
        rule += ", or with http:// for this machine's loopback"
        scheme = "http"
    elif not re.fullmatch(PLAIN, base_url):
        return _wrong_url(rule)
    return _wrong_url(rule, hint=f"write {scheme}://{base_url.rstrip('/')}")


def _host_as_given(parts: SplitResult) -> str:
    """The host, its letters as they were: a token is known by some of them."""
    return parts.netloc if "[" in parts.netloc else parts.netloc.partition(":")[0]


def _is_host(host: str) -> bool:
    """Whether it is an IP address, or may be a name that is looked up."""
    if ":" not in host:
        return bool(re.fullmatch(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", host))
    from ipaddress import ip_address  # as urllib.parse has

    try:
        ip_address(host)
    except ValueError:
        return False
    return True


LOOPBACK = r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?/?"
PLAIN = r"[a-z0-9-]{1,40}(\.[a-z0-9-]{1,40})+(:[0-9]{1,5})?"
"""A host and a port, as people write them; a token is no such text."""


def _wrong_url(rule: str, parts: SplitResult | None = None, hint: str = "") -> str:
    """What is wrong with a base URL, for people.

    Args:
        rule: what it breaks.
        parts: of the URL, where they have been found to hold no secret but in a path.
        hint: what may be meant.
    """
    was = "" if parts is None else f", was {_shown_url(parts)!r}"
    return f"{rule}{was}" + (f" ({hint})" if hint else "")


def _shown_url(parts: SplitResult) -> str:
    """A URL without its path, unless that is of the gateway's own words."""
    host = "..." if may_hold_secret(parts.netloc) else parts.netloc
    words = [word for word in parts.path.split("/") if word]
    path = parts.path
    if not all(re.fullmatch(SHOWN_WORD, word) for word in words):
        path = "/..."
    scheme = parts.scheme if re.fullmatch("[a-z]{1,5}", parts.scheme) else "..."
    return f"{scheme}://{host}{path}"


SHOWN_WORD = r"[A-Za-z]{1,12}(\.html)?|v[0-9]"
"""A part of a path that is a word: no key and no token is one."""


def _gateway_of(parts: SplitResult) -> str | None:
    """The base URL that an address beneath or beside it belongs to.

    Source: the gateway's documentation: api.topstepx.com/api/..., its hubs are at
    rtc.topstepx.com/hubs/...
    """
    names = parts.path.strip("/").split("/")
    ends = [name.lower() in BENEATH for name in names]
    kept = names[: ends.index(True)] if any(ends) else names
    host = parts.netloc.lower()
    if host in SITES:
        host = "api.topstepx.com"
    elif host.startswith("rtc."):
        host = f"api.{host.removeprefix('rtc.')}"
    if kept == names and host == parts.netloc.lower():
        return None
    scheme = parts.scheme.replace("ws", "http")
    return f"{scheme}://{'/'.join([host, *kept])}".rstrip("/")


def _is_local(scheme: str, host: str) -> bool:
    if scheme != "http":
        return False
    if host == "localhost":
        return True
    from ipaddress import ip_address  # as urllib.parse has

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def security_for(base_url: str, ca_file: str | None) -> Security:
    """The trust settings for a base URL.

    Args:
        base_url: checked.
        ca_file: a PEM file of the authorities to trust instead of the system's.

    Raises:
        ConfigurationError: a CA file that cannot be read, no system store, or
            SSLKEYLOGFILE is set, or was as libcurl started: the keys of every session
            would be written to a file.
    """
    if base_url.lower().startswith("http:"):
        return Security(protocols="http")
    if may_log_keys():
        raise ConfigurationError(
            "SSLKEYLOGFILE must not be set, neither now nor as fastorder or pycurl was "
            "imported: it has the keys of every TLS session written to a file, and "
            "libcurl looks at it once; unset it before Python starts"
        )
    if ca_file is not None:
        return Security(ca_file=_readable(ca_file))
    if sys.platform == "win32":
        return Security(native_ca=True)
    for candidate in SYSTEM_CA_FILES:
        if os.path.isfile(candidate):
            return Security(ca_file=candidate)
    raise ConfigurationError(
        "the system's certificate authorities must be in one of "
        f"{', '.join(SYSTEM_CA_FILES)}, none is there: give ca_file="
    )


def _readable(ca_file: str) -> str:
    try:
        with open(ca_file, "rb") as file:
            text = file.read()
    except OSError as error:
        raise ConfigurationError(f"ca_file must be readable: {error}") from None
    if b"-----BEGIN CERTIFICATE-----" not in text:
        raise ConfigurationError(
            f"ca_file must hold PEM certificates, {ca_file} has none"
        )
    return ca_file
