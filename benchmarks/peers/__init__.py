"""The peers: other ways to the same loss and gradients, each of our own writing.

A peer that is not installed, or that cannot do a size, is named with the reason.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence

from benchmarks.problems import Contestant, Problem

KINDS = ("numpy_loops", "hips", "pytorch", "jax_scans")


def contestants(
    problem: Problem, kinds: Sequence[str] = KINDS
) -> Iterator[Contestant | tuple[str, str]]:
    """Every peer that fits the problem, or its name and why it is missing."""
    for kind in kinds:
        try:
            module = importlib.import_module(f"{__name__}.{kind}")
        except Exception as error:  # not installed, or not for this processor
            yield kind, reason(error)
            continue
        yield from module.contestants(problem)


def reason(error: Exception) -> str:
    """Why a peer is missing, in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0]
