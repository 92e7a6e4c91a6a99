"""Advisories on libcurl, of what is used of it here: TLS, names, connections, proxies.

They and their versions are those of curl's own list (docs/vuln.pm of curl/curl-www), as
far as it went in ``KNOWN_ON``. Those on cookies, redirects, HTTP/2 and its WebSockets
are left out: none of these is libcurl's here.
"""

from __future__ import annotations

from typing import NamedTuple

KNOWN_ON = "2025-09"


class Advisory(NamedTuple):
    """One of curl's own advisories: https://curl.se/docs/NAME.html.

    Attributes:
        name: of the CVE.
        first, last: the versions that have it.
        tls: what libcurl must be built with to have it; "" for whatever it is.
        what: it is about.
    """

    name: str
    first: tuple[int, int, int]
    last: tuple[int, int, int]
    tls: str
    what: str


ADVISORIES = (
    Advisory("CVE-2021-22901", (7, 75, 0), (7, 76, 1), "OpenSSL", "kept TLS sessions"),
    Advisory("CVE-2023-38545", (7, 69, 0), (8, 3, 0), "", "a SOCKS5 proxy's name"),
    Advisory("CVE-2024-2466", (8, 5, 0), (8, 6, 0), "mbedTLS", "certificates of an IP"),
    Advisory("CVE-2024-6197", (8, 6, 0), (8, 8, 0), "GnuTLS", "a certificate's text"),
    Advisory("CVE-2024-7264", (7, 32, 0), (8, 9, 0), "GnuTLS", "dates of certificates"),
    Advisory("CVE-2024-8096", (7, 41, 0), (8, 9, 1), "GnuTLS", "stapled OCSP answers"),
    Advisory("CVE-2025-0665", (8, 11, 1), (8, 11, 1), "", "a descriptor closed twice"),
)


def version_of(text: str) -> tuple[int, int, int] | None:
    """The numbers of "libcurl/8.5.0"; None where that is no version."""
    parts = text.rpartition("/")[2].split("-")[0].split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    first, second, third = map(int, parts)
    return first, second, third


def advisories_of(built: str) -> list[Advisory]:
    """Those that a build of libcurl has.

    Args:
        built: its parts with their versions, as ``pycurl.version`` has them.
    """
    words = [word for word in built.split() if word.startswith("libcurl/")]
    version = version_of(words[0]) if words else None
    if version is None:
        return []
    return [
        each
        for each in ADVISORIES
        if each.first <= version <= each.last and f"{each.tls}/" in f"{built}/"
    ]
