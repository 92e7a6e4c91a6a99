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
    """Takes each quote's volume; ``is_done`` once all have come."""

    def __init__(self):
        self.count = 0
        self.is_done = False
        self.ages_ns = []
        self._begun_ns = self._cpu_ns = 0

    def take(self, volume):
        """A quote has come to the callback."""
        if PACED:
            self.ages_ns.append(time.monotonic_ns() - volume)
        if not self.count:
            self._begun_ns, self._cpu_ns = time.monotonic_ns(), time.process_time_ns()
        self.count += 1
        if self.count == COUNT:
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
