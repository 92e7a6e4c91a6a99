"""requests: one Session, blocking."""

from __future__ import annotations

from typing import Any

import requests
from order import rendered

from peers import HttpContender


class Client(HttpContender):
    awaited = False

    def open(self) -> None:
        self.session = requests.Session()
        self.session.headers.update(self.headers)
        self.verify = self.target.ca_file or True

    def post(self, path: str, value: dict[str, Any]) -> Any:
        url = self.target.url + path
        # a session's own `verify` gives way to REQUESTS_CA_BUNDLE, a request's does not
        return self.session.post(url, data=rendered(value), verify=self.verify).json()

    def close(self) -> None:
        self.session.close()
