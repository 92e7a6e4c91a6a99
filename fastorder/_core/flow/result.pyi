from collections.abc import Iterator, Mapping
from typing import Any

from typing_extensions import Self

from fastorder._core.transport.evidence import Evidence
from fastorder.enums import Outcome
from fastorder.timing import Timing

class OrderResult(Mapping[str, Any]):
    def __init__(
        self,
        outcome: Outcome,
        action: str = "place",
        order_id: int | None = None,
        error: str | None = None,
        error_code: int | None = None,
        error_name: str | None = None,
        tag: str | None = None,
        attempts: int = 0,
        http_status: int | None = None,
        timing: Timing | None = None,
        proof: str | None = None,
    ) -> None: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def action(self) -> str: ...
    @property
    def order_id(self) -> int | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def error_code(self) -> int | None: ...
    @property
    def error_name(self) -> str | None: ...
    @property
    def tag(self) -> str | None: ...
    @property
    def attempts(self) -> int: ...
    @property
    def http_status(self) -> int | None: ...
    @property
    def proof(self) -> str | None: ...
    @property
    def timing(self) -> Timing: ...
    @property
    def success(self) -> bool: ...
    @property
    def message(self) -> str: ...
    def raise_for_outcome(self) -> Self: ...
    def __bool__(self) -> bool: ...
    def __getitem__(self, key: str) -> Any: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __hash__(self) -> int: ...

def result_of(
    outcome: Outcome,
    action: str,
    evidence: Evidence | None,
    called_ns: int,
    parsed_ns: int,
    attempts: int,
    order_id: int | None = None,
    error: str | None = None,
    error_code: int | None = None,
    error_name: str | None = None,
    tag: str | None = None,
    proof: str | None = None,
) -> OrderResult: ...
