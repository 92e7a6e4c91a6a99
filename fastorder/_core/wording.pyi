from collections.abc import Callable
from typing import Any, TypeVar

Verb = TypeVar("Verb", bound=Callable[..., Any])

def worded_by_python(verb: Verb) -> Verb: ...
