from fastorder._core.response import Reply
from fastorder._core.transfer import Evidence
from fastorder.config import RetryPolicy
from fastorder.enums import Sign

class Reading:
    @property
    def sign(self) -> Sign: ...
    @property
    def reply(self) -> Reply | None: ...
    @property
    def reason(self) -> str: ...

def read(evidence: Evidence, policy: RetryPolicy) -> Reading: ...
