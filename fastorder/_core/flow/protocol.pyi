from enum import Enum
from typing import Any, Generic, TypeAlias, TypeVar

from fastorder._core.transport.evidence import Evidence

_T = TypeVar("_T")

class Send:
    endpoint: Any
    body: bytes
    gated: bool
    valid_until_ns: int
    def __init__(
        self,
        endpoint: Any,
        body: bytes,
        gated: bool = False,
        valid_until_ns: int = ...,
    ) -> None: ...

def gated_send(endpoint: Any, body: bytes, valid_until_ns: int) -> Send: ...

class Pause:
    due_ns: int
    def __init__(self, due_ns: int) -> None: ...

class Finish(Generic[_T]):
    value: _T
    def __init__(self, value: _T) -> None: ...

class Tell(Generic[_T]):
    value: _T
    then: Command[_T] | None
    def __init__(self, value: _T, then: Command[_T] | None) -> None: ...

class Halt(Generic[_T]):
    reason: str
    then: Command[_T]
    def __init__(self, reason: str, then: Command[_T]) -> None: ...

Command: TypeAlias = Send | Pause | Finish[_T] | Tell[_T] | Halt[_T]

class RequestProtocol:
    state: Enum
    another_token: bool
    def start(self) -> Command[Any] | None: ...
    def on_evidence(self, evidence: Evidence) -> Command[Any] | None: ...
    def on_time(self) -> Command[Any] | None: ...
    def on_new_token(self) -> Command[Any] | None: ...
    def on_failure(self, why: str) -> Command[Any] | None: ...
    def on_broken_off(self, why: str) -> Command[Any] | None: ...
    def after_hold(self, command: Send) -> Command[Any] | None: ...
    def on_stop(self, evidence: Evidence | None) -> Finish[Any]: ...
