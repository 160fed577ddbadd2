"""Time and memory as texts grow longer and networks larger."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

from benchmarks.peers.numpy_loops import by_step, classic
from benchmarks.problems import Problem, Size, problem
from benchmarks.timing import race
from rnn_notes.hoisted import Workspace, loss_and_gradients

LENGTHS = (100, 1_000, 10_000, 100_000)
WIDTHS = (32, 64, 128, 256, 512, 1024)
LONGEST_CLASSIC = 10_000  # letters; beyond it the classic loop keeps a gigabyte


def run(quick: bool) -> dict[str, Any]:
    """Microseconds a letter by length and by width, and the peak of memory."""
    lengths = LENGTHS[:3] if quick else LENGTHS
    return {
        "V": 65,
        "by length": [by_length(T, quick) for T in lengths],
        "by width": [by_width(H, quick) for H in WIDTHS],
        "memory": [memory(T) for T in lengths],
    }


def ways(given: Problem) -> dict[str, Callable[[], Any]]:
    """The hoisted pass with all states and with few, and the classic loop."""
    H, T, V, _ = given.size
    arguments = given.params, given.inputs[0], given.targets[0], given.hprev
    keep = Workspace(V, H, T)
    again = Workspace(V, H, T, checkpoint=True)
    x, target = by_step(given.inputs), by_step(given.targets)
    calls = {
        "hoisted": lambda: loss_and_gradients(*arguments, workspace=keep),
        "checkpoint": lambda: loss_and_gradients(*arguments, workspace=again),
        "classic": lambda: classic(given.params, x, target, given.hprev),
    }
    if T > LONGEST_CLASSIC:
        del calls["classic"]
    return calls


def by_length(T: int, quick: bool) -> dict[str, Any]:
    """Microseconds a letter at H = 100."""
    calls = ways(problem(Size(H=100, T=T, V=65, B=1)))
    times = race(calls, rounds=3 if quick else 9, slot=0.05, limit=15)
    return {"T": T, **{name: times.time(name) / T for name in calls}}


def by_width(H: int, quick: bool) -> dict[str, Any]:
    """Microseconds a letter at T = 25."""
    calls = ways(problem(Size(H=H, T=25, V=65, B=1)))
    times = race(calls, rounds=5 if quick else 11)
    return {"H": H, **{name: times.time(name) / 25 for name in calls}}


def memory(T: int) -> dict[str, Any]:
    """The peak of memory in megabytes over the input at H = 100, nothing reused."""
    given = problem(Size(H=100, T=T, V=65, B=1))
    arguments = given.params, given.inputs[0], given.targets[0], given.hprev
    x, target = by_step(given.inputs), by_step(given.targets)
    calls = {
        "hoisted": lambda: loss_and_gradients(*arguments),
        "checkpoint": lambda: loss_and_gradients(*arguments, checkpoint=True),
        "classic": lambda: classic(given.params, x, target, given.hprev),
    }
    if T > LONGEST_CLASSIC:
        del calls["classic"]
    return {"T": T, **{name: _peak(call) for name, call in calls.items()}}


def _peak(call: Callable[[], Any]) -> float:
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6
