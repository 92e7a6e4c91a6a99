"""What every client of the flood measures: count, time, the processor's time, ages."""

import json
import sys
import time

URL, COUNT, PACED, CA = (
    sys.argv[1],
    int(sys.argv[2]),
    sys.argv[3] == "paced",
    sys.argv[4],
)
MNQ = "CON.F.US.MNQ.Z26"


class Meter:
    """Takes each quote; ``is_done`` once all have come.

    What it does with one is as little as can be told from nothing: it counts, and reads
    the sender's clock where that is paced.

    Args:
        volume_of: gives the volume of a quote, which is the sender's clock.
    """

    def __init__(self, volume_of):
        self.is_done = False
        self.ages_ns = []
        self.take = self._counter()
        self._begun_ns = self._cpu_ns = 0
        if PACED:
            count, late, now_ns = self.take, self.ages_ns.append, time.monotonic_ns

            def take(quote):
                late(now_ns() - volume_of(quote))
                count(quote)

            self.take = take

    def _counter(self):
        count, next_edge = 0, 1

        def take(quote):
            nonlocal count, next_edge
            count += 1
            if count == next_edge:
                self._edge(count)
                next_edge = COUNT

        return take

    def _edge(self, count):
        """The first has come, or the last."""
        if count == 1:
            self._begun_ns, self._cpu_ns = time.monotonic_ns(), time.process_time_ns()
        if count == COUNT:
            self._end()

    def _end(self):
        taken_ns = time.monotonic_ns() - self._begun_ns
        cpu_ns = time.process_time_ns() - self._cpu_ns
        ages = sorted(self.ages_ns[len(self.ages_ns) // 10 :])
        told = {
            "a_second": COUNT / taken_ns * 1e9,
            "cpu_us": cpu_ns / COUNT / 1000,
        }
        if ages:
            told["p50_us"] = ages[len(ages) // 2] / 1000
            told["p99_us"] = ages[len(ages) * 99 // 100] / 1000
        print(json.dumps(told), flush=True)
        self.is_done = True
