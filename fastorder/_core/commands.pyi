from typing import Generic, TypeAlias, TypeVar

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
