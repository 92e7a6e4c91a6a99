from fastorder._core.transport.engine import Engine

class PollEngine(Engine):
    def turn(self, longest_ns: int) -> None: ...
