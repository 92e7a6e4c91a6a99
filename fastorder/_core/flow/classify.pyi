from fastorder._base.answer_kind import AnswerKind
from fastorder._core.codec.response import Reply
from fastorder._core.transport.evidence import Evidence
from fastorder.config import RetryPolicy

class Answer:
    @property
    def kind(self) -> AnswerKind: ...
    @property
    def reply(self) -> Reply | None: ...
    @property
    def reason(self) -> str: ...

def classify(evidence: Evidence, policy: RetryPolicy) -> Answer: ...
