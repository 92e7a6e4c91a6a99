from fastorder._core.engine import Engine

class PollEngine(Engine):
    def turn(self, longest_ns: int) -> None: ...
