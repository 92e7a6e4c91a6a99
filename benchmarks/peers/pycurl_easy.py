"""pycurl's easy handle: blocking, one handle kept."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pycurl
from order import rendered

from peers import HttpContender, Target


def prepared(target: Target, headers: dict[str, str]) -> pycurl.Curl:
    """An easy handle with what stays the same from order to order."""
    curl = pycurl.Curl()
    version = pycurl.CURL_HTTP_VERSION_2_0 if target.http2 else 2  # 2: HTTP/1.1
    curl.setopt(pycurl.HTTP_VERSION, version)
    curl.setopt(
        pycurl.HTTPHEADER, [f"{key}: {value}" for key, value in headers.items()]
    )
    curl.setopt(pycurl.POST, 1)
    if target.ca_file:
        curl.setopt(pycurl.CAINFO, target.ca_file)
    return curl


def pointed(curl: pycurl.Curl, url: str, value: dict[str, Any]) -> BytesIO:
    """Point a handle at a request; the file that its answer goes to."""
    answer = BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.POSTFIELDS, rendered(value))
    curl.setopt(pycurl.WRITEDATA, answer)
    return answer


class Client(HttpContender):
    awaited = False

    def open(self) -> None:
        self.curl = prepared(self.target, self.headers)

    def post(self, path: str, value: dict[str, Any]) -> Any:
        answer = pointed(self.curl, self.target.url + path, value)
        self.curl.perform()
        return json.loads(answer.getvalue())

    def close(self) -> None:
        self.curl.close()
