"""The steps of the page on speed: its own cells, timed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.problems import SIZES, Result, Size, assure, problem
from benchmarks.timing import race
from rnn_notes.hoisted import Workspace, loss_and_gradients

PAGE = Path(__file__).parents[2] / "docs" / "speed.md"
CELL = re.compile(
    r"^```\{code-cell\} ipython3\n:tags: \[timed\]\n(.*?)^```$", re.M | re.S
)


def steps(size: Size) -> dict[str, Callable[..., Any]]:
    """The steps by name: those that the page's cells define, then the package's."""
    names: dict[str, Any] = {}
    for cell in CELL.findall(PAGE.read_text(encoding="utf-8")):
        exec(cell, names)
    found = {name: names[name] for name in sorted(names) if name.startswith("step_")}
    workspace = Workspace(size.V, size.H, size.T)
    return {**found, "step_5": partial(loss_and_gradients, workspace=workspace)}


def run(quick: bool) -> list[dict[str, Any]]:
    """Times of the steps at both sizes of one sequence, each step checked first."""
    rows = []
    for size in SIZES[:2]:
        given = problem(size)
        arguments = given.params, given.inputs[0], given.targets[0], given.hprev
        for name, step in steps(size).items():
            assure(name, given.error(Result(*step(*arguments))), 1e-10)
        calls = {name: partial(f, *arguments) for name, f in steps(size).items()}
        times = race(calls, rounds=5 if quick else 31)
        rows.append(
            {
                "size": size._asdict(),
                "microseconds": {name: times.time(name) for name in calls},
                "ratios": {name: times.ratio("step_0", name) for name in calls},
            }
        )
    return rows
