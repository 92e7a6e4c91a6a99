from collections.abc import Callable
from typing import Any, TypeVar

_Verb = TypeVar("_Verb", bound=Callable[..., Any])

def worded_by_python(verb: _Verb) -> _Verb: ...
def class_worded_by_python(kind: type, names: tuple[str, ...], needed: int) -> None: ...
