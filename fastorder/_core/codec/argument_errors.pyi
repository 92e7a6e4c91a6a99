from collections.abc import Callable
from typing import Any, TypeVar

_Verb = TypeVar("_Verb", bound=Callable[..., Any])

def with_named_errors(verb: _Verb) -> _Verb: ...
def class_with_named_errors(
    kind: type, names: tuple[str, ...], needed: int
) -> None: ...
