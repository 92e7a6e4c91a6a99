from collections.abc import Collection

from fastorder._core.response import Reply
from fastorder._core.transfer import Evidence
from fastorder.enums import Sign

class Reading:
    @property
    def sign(self) -> Sign: ...
    @property
    def reply(self) -> Reply | None: ...
    @property
    def reason(self) -> str: ...

def read(evidence: Evidence, busy_statuses: Collection[int]) -> Reading: ...
