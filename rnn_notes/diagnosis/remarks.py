"""What was measured, in a sentence, and what may hide a bug from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from rnn_notes.diagnosis.agreeing import Slopes, agrees
from rnn_notes.diagnosis.handed import Handed
from rnn_notes.diagnosis.problem import Problem
from rnn_notes.diagnosis.roles import kept_where_padded
from rnn_notes.rnn import Array

__all__ = ["exchanged", "method", "remarks_on"]


def method(
    asked: Handed, slopes: Mapping[str, Slopes], claims: Mapping[str, Array]
) -> str:
    """What was checked, and that a gradient made wrong on purpose fails."""
    sizes = ", ".join(
        f"{name} {'×'.join(map(str, array.shape)) or 'a number'}"
        for name, array in asked.arrays.items()
    )
    dtypes = sorted({str(array.dtype) for array in asked.arrays.values()})
    how = "a complex step" if dtypes == ["complex128"] else "central differences"
    caught = [name for name, some in slopes.items() if _seen(claims[name], some)]
    control = "Each gradient, made wrong on purpose by one part in a thousand, fails."
    if len(caught) < len(slopes):
        left = ", ".join(name for name in slopes if name not in caught)
        control = f"Too small to be told from a slightly wrong one: {left}."
    return f"Checked {sizes}, in {' and '.join(dtypes)}, by {how}. {control}"


def _seen(claim: Array, slopes: Slopes) -> bool:
    """Whether the measurement tells the claim from one that is slightly wrong."""
    return not (agrees(claim, slopes) and agrees(1.001 * claim, slopes))


def exchanged(
    slopes: Mapping[str, Slopes], claims: Mapping[str, Array]
) -> Iterator[str]:
    """Pairs of arrays whose gradients have changed places, in sentences."""
    wrong = [name for name in claims if not agrees(claims[name], slopes[name])]
    for one, other in combinations(wrong, 2):
        if agrees(claims[one], slopes[other]) and agrees(claims[other], slopes[one]):
            yield (
                f"The gradients of {one} and {other} have changed places: each is the "
                "other's. Hand them over by name, or in the order of arrays."
            )


def remarks_on(problem: Problem, claims: Mapping[str, Array]) -> Iterator[str]:
    """What about the reader's numbers may hide a bug, in sentences."""
    H, D = len(problem.run.hs[-1]), len(problem.run.xs[0])
    V, roles = len(problem.params.Why), {role for role, _ in problem.back.values()}
    if not problem.run.hs[-1].any():
        yield (
            "The first state is zero: a wrong factor beside it in dWhh goes unseen at "
            "the first step. Check once more with another."
        )
    if problem.T < 3:
        yield f"T is {problem.T}: bugs of dhnext hide. Check with 3 steps or more."
    if H == D or ("Why" in roles and H == V):
        yield (
            f"H is {H}, and so is the number of letters: transposed sums fit. Check "
            "once more with sizes that differ."
        )
    if problem.B > 1 or D > 1:  # else a zero is a number, as the first of a sine
        yield from _padding(problem)
    for name, (role, _) in problem.back.items():
        size = {"bh": H, "by": V}.get(role, 0)
        if problem.B > 1 and claims[name].size == size * problem.B > 0:
            yield (
                f"{name} has the shape of the batch, one bias for each of its "
                f"{problem.B} sequences. Is it meant to be ({size},)? Then its "
                "gradient is the sum over the batch."
            )


def _padding(problem: Problem) -> Iterator[str]:
    """What steps of zeros do to the gradients, against a state that is kept there."""
    kept = kept_where_padded(problem) if problem.plain else None
    if kept is None:
        return
    ours, theirs = problem.gradients(), kept.gradients()
    tops = {n: max(np.abs(ours[n]).max(), np.abs(theirs[n]).max()) for n in ours}
    off = {n: np.abs(ours[n] - theirs[n]).max() / tops[n] for n in ours}
    empty = (1 - np.array([*kept.run.ms.values()])).sum(axis=(0, 1)).astype(int)
    counts = ", ".join(map(str, empty))
    if max(off.values()) > 1e-8:
        sizes = ", ".join(f"{name} by {error:.2g}" for name, error in off.items())
        yield (
            f"Steps of zeros in the inputs ({counts} of {problem.T}): is that padding? "
            "A padded step is a step: it moves the state, though x is zero and the "
            "loss masked, so an answer depends on the longest neighbour in the batch. "
            f"From each sequence alone the gradients differ: {sizes}. Keep the state "
            'there, h = m * new + (1 - m) * h (page batches, "Sequences of several '
            'lengths: padding and a mask").'
        )
