"""All peers at all sizes, in both precisions, after their gradients were checked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.peers import KINDS, contestants, reason
from benchmarks.problems import SIZES, Problem, assure, problem
from benchmarks.timing import race

TOLERANCES = {"float64": 1e-10, "float32": 1e-3}


def run(quick: bool, *kinds: str) -> list[dict[str, Any]]:
    """One row for each size and dtype, of all peers in turns.

    kinds : those to race, and then in float64 only; by default all in both precisions
    """
    sizes = SIZES[:3] if quick else SIZES
    return [
        compare(problem(size, dtype), dtype, quick, kinds or KINDS)
        for size in sizes
        for dtype in TOLERANCES
        if dtype == "float64" or not kinds
    ]


def compare(
    problem: Problem, dtype: str, quick: bool, kinds: Sequence[str]
) -> dict[str, Any]:
    """Times and ratios to the hoisted pass, errors, and who is missing and why.

    Raises ``ArithmeticError`` for a contestant whose gradients are wrong.
    """
    errors, calls, missing = {}, {}, {}
    for contestant in contestants(problem, kinds):
        if isinstance(contestant, tuple):
            name, why = contestant
            missing[name] = why
            continue
        try:
            result = contestant.read(contestant.call())
        except Exception as failure:  # a compiler that does not get it done, say
            if contestant.name == "hoisted":
                raise
            missing[contestant.name] = reason(failure)
            continue
        error = problem.error(result)
        assure(contestant.name, error, TOLERANCES[dtype])
        errors[contestant.name] = error
        calls[contestant.name] = contestant.call
    times = race(calls, rounds=5 if quick else 21, limit=5 if quick else 12)
    print(f"{problem.size} {dtype}: {len(calls)} raced", file=sys.stderr)
    together = "hoisted" in calls
    return {
        "size": problem.size._asdict(),
        "dtype": dtype,
        "microseconds": {name: times.time(name) for name in calls},
        "ratios": {n: times.ratio(n, "hoisted") for n in calls} if together else {},
        "errors": errors,
        "missing": missing,
    }


def joined(parts: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Rows of races in processes of their own, as one; ratios are those of medians."""
    rows = []
    for same_size in zip(*parts, strict=True):
        row: dict[str, Any] = dict(same_size[0])
        for key in ("microseconds", "errors", "missing"):
            row[key] = {k: v for part in same_size for k, v in part[key].items()}
        base = row["microseconds"]["hoisted"]
        row["ratios"] = {k: [v / base] * 3 for k, v in row["microseconds"].items()}
        rows.append(row)
    return rows
