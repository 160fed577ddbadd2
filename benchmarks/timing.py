"""Times taken in turns, so that what the machine does beside it hits all alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np


class Race(NamedTuple):
    """Microseconds a call, by name: one for each round, in the order of the rounds."""

    rounds: Mapping[str, Sequence[float]]

    def time(self, name: str) -> float:
        """The median time of a call, in microseconds."""
        return float(np.median(self.rounds[name]))

    def ratio(self, name: str, to: str) -> list[float]:
        """Quartiles, the median in the middle, of the ratio of times in one round."""
        ratios = np.divide(self.rounds[name], self.rounds[to])
        return [float(q) for q in np.quantile(ratios, (0.25, 0.5, 0.75))]


def race(
    calls: Mapping[str, Callable[[], Any]],
    rounds: int = 15,
    slot: float = 0.02,
    limit: float = 60.0,
) -> Race:
    """The times of all calls, each in turn, round after round.

    rounds : number of rounds, at least 3
    slot   : seconds that a call gets in each round, one call at least
    limit  : seconds after which no further round is begun
    """
    counts = {name: _calls_in(call, slot) for name, call in calls.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    names, end = list(calls), perf_counter() + limit
    for i in range(rounds if names else 0):
        if i >= 3 and perf_counter() > end:
            break
        for name in names[i % len(names) :] + names[: i % len(names)]:
            call, count = calls[name], counts[name]
            start = perf_counter()
            for _ in range(count):
                call()
            times[name].append((perf_counter() - start) / count * 1e6)
    return Race(times)


def _calls_in(call: Callable[[], Any], slot: float) -> int:
    """How many calls fill the slot, after two to warm up."""
    for _ in range(2):
        start = perf_counter()
        call()
        once = perf_counter() - start
    return max(1, round(slot / once))
