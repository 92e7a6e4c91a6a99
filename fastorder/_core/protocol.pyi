from enum import Enum
from typing import Any, Generic, TypeAlias, TypeVar

from fastorder._core.transfer import Evidence
from fastorder.endpoints import Endpoint

_T = TypeVar("_T")

class Send:
    endpoint: Endpoint
    body: bytes
    def __init__(self, endpoint: Endpoint, body: bytes) -> None: ...

class Pause:
    due_ns: int
    def __init__(self, due_ns: int) -> None: ...

class Finish(Generic[_T]):
    value: _T
    def __init__(self, value: _T) -> None: ...

Command: TypeAlias = Send | Pause | Finish[_T]

class RequestProtocol:
    state: Enum
    def start(self) -> Command[Any]: ...
    def on_evidence(self, evidence: Evidence) -> Command[Any]: ...
    def on_time(self) -> Command[Any]: ...
    def on_stop(self, evidence: Evidence | None) -> Finish[Any]: ...
