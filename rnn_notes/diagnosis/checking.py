"""``check``: is this the gradient of that loss, and if not, which bug is it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnn_notes.diagnosis import patterns
from rnn_notes.diagnosis.handed import Handed, handed
from rnn_notes.diagnosis.naming import named
from rnn_notes.diagnosis.problem import Problem
from rnn_notes.diagnosis.report import Diagnosis, Verdict
from rnn_notes.diagnosis.roles import identified
from rnn_notes.diagnosis.slopes import Slope, by_entries, directions, slopes_along
from rnn_notes.diagnosis.twice import called_twice
from rnn_notes.rnn import Array

__all__ = ["check"]

TOLERANCE = 1e-7
ENTRIES = 400  # that are measured in a wrong array
Slopes = list[tuple[Array, Slope]]


def check(
    loss: Callable[[], Any],
    gradients: Callable[[], Any],
    arrays: Mapping[str, Array],
    *,
    inputs: Any = None,
    targets: Any = None,
    state: Any = None,
    model: Any = None,
    upstream: Any = None,
) -> Diagnosis:
    """The diagnosis of a backward pass: which array is wrong, by what pattern, and why.

    Parameters
    ----------
    loss : callable
        Takes nothing and returns the loss, reading the arrays where they are.
    gradients : callable
        Takes nothing and returns the claimed gradients: a mapping or an object
        (``dWxh`` for ``Wxh``), or a sequence in the order of ``arrays``.
    arrays : mapping of str to ndarray
        Writable float64 arrays. They are nudged in place and put back. Complex ones
        are measured by a complex step.
    inputs, targets, state : optional
        What the network reads, what is due, and its first state, in the reader's own
        shapes. With them, the bugs of the gallery are run on the reader's numbers, and
        a cause can be certain.
    model : optional
        "rnn", the default, "lstm" or "gru".
    upstream : array_like, optional
        For a layer whose gradient comes from above: that gradient, in the shape of the
        states that ``loss`` then returns. The sum of their products is measured.

    Returns
    -------
    Diagnosis
        ``right``, ``arrays``, ``causes``; printed, it reads as sentences.

    Raises
    ------
    TypeError, ValueError
        One line that names what came and what to hand over instead.

    Examples
    --------
    >>> w = np.array([2.0, 3.0])
    >>> bool(check(lambda: (w**2).sum(), lambda: [2 * w], {"w": w}))
    True
    >>> print(check(lambda: (w**2).sum(), lambda: [w], {"w": w}).arrays["w"].pattern)
    exactly 0.5 times the slope
    """
    asked = handed(loss, gradients, arrays, upstream)
    lent = {"inputs": inputs, "targets": targets, "state": state, "upstream": upstream}
    rng = np.random.default_rng(0)
    with asked.kept(), np.errstate(all="ignore"):
        claims, calls = called_twice(asked, lent)
        slopes = {name: _slopes(asked, name, claims[name], rng) for name in claims}
        _all_read(asked, slopes, claims)
        wrong = [n for n in claims if not _agrees(claims[n], slopes[n])]
        lone = {n: by_entries(asked.loss, asked.arrays[n], ENTRIES, rng) for n in wrong}
        problem = None
        if inputs is not None and (targets is not None or upstream is not None):
            along = {n: [(v, s.value) for v, s in some] for n, some in slopes.items()}
            problem = identified(asked.arrays, along, inputs, targets, state, upstream)
    truths = {n: _truth(n, lone[n], problem) for n in wrong}
    verdicts = _verdicts(claims, truths, slopes, problem, inputs)
    causes, told = named(
        verdicts, claims, problem, inputs is not None, model
    )
    return Diagnosis(
        verdicts, causes, told, _method(asked, slopes, claims), calls,
        tuple(_remarks(asked, problem, slopes, claims)),
    )  # fmt: skip


def _slopes(
    asked: Handed, name: str, claim: Array, rng: np.random.Generator
) -> Slopes:
    """The measured slopes along two directions, by the step that suits the loss."""
    array, found = asked.arrays[name], []
    for direction in directions(array, 2, rng):
        tried = []
        for slope in slopes_along(asked.loss, array, direction):
            tried.append(slope)
            if _agrees(claim, [(direction, slope)]) or _steady(tried):
                break
        best = tried[-1] if _agrees(claim, [(direction, tried[-1])]) else tried[0]
        found.append((direction, best))
    return found


def _steady(tried: list[Slope]) -> bool:
    """Whether a shorter step gives the same slope, so that no kink is in the way."""
    if len(tried) < 2:
        return False
    a, b = tried[-2:]
    return abs(a.value - b.value) <= 1e-6 * max(abs(a.value), abs(b.value))


def _agrees(claim: Array, slopes: Slopes) -> bool:
    """Whether a claimed gradient gives the measured slopes."""
    for direction, slope in slopes:
        if claim.shape != direction.shape or not np.isfinite(claim).all():
            return False
        ours = float(np.vdot(claim, direction.real))
        size = max(float(np.linalg.norm(claim)), abs(slope.value))
        if abs(ours - slope.value) > TOLERANCE * size + slope.noise:
            return False
    return True


def _all_read(
    asked: Handed, slopes: Mapping[str, Slopes], claims: Mapping[str, Array]
) -> None:
    """Raise where the loss does not move with an array since it does not read it."""
    for name, some in slopes.items():
        if any(slope.value for _, slope in some) or not claims[name].any():
            continue
        array = asked.arrays[name]
        start = array.copy()
        try:
            array[...] = np.nan
            asked.loss()
        except ValueError:
            continue  # it reads it, and does not depend on it here
        finally:
            array[...] = start
        raise ValueError(
            f"loss() does not read {name}: nudging it changes nothing. Does the loss "
            "use a copy? Hand over the array that it uses"
        )


def _truth(name: str, lone: Array, problem: Problem | None) -> Array:
    """The measured gradient; entries that were not, from the loop that was found."""
    if problem is None or not np.isnan(lone).any():
        return lone
    return np.where(np.isnan(lone), problem.gradients()[name], lone)


def _verdicts(
    claims: Mapping[str, Array],
    truths: Mapping[str, Array],
    slopes: Mapping[str, Slopes],
    problem: Problem | None,
    inputs: Any,
) -> dict[str, Verdict]:
    """The verdict on every array."""
    numbers = _numbers(problem, inputs)
    norm = patterns.norm_limit(claims, truths) if len(truths) == len(claims) else None
    verdicts = {}
    for name, claim in claims.items():
        shape = claim.shape
        if name not in truths:
            verdicts[name] = Verdict(True, _directional(claim, slopes[name]), "", shape)
            continue
        limit = patterns.clipped_at(claim, truths[name])
        if norm or limit:
            where = f"to norm {norm:g}, all together" if norm else f"at {limit:g}"
            words = f"right, and clipped {where}: take it before the clip to check all"
            verdicts[name] = Verdict(True, 0.0, words, shape)
            continue
        words = patterns.pattern_of(claim, truths[name], numbers)
        verdicts[name] = Verdict(False, _error(claim, truths[name]), words, shape)
    return verdicts


def _numbers(problem: Problem | None, inputs: Any) -> dict[str, float]:
    """What a factor may be, by name."""
    if problem is not None:
        T, B = problem.T, problem.B
        return {"T": T, "B": B, "T·B": T * B} if B > 1 else {"T": T}
    try:
        return {"T": len(inputs)}
    except TypeError:
        return {}


def _directional(claim: Array, slopes: Slopes) -> float:
    """The error of a right gradient along the directions."""
    size = float(np.linalg.norm(claim)) or 1.0
    gaps = [abs(float(np.vdot(claim, v.real)) - s.value) for v, s in slopes]
    return max(gaps) / size


def _error(claim: Array, truth: Array) -> float:
    """The largest difference, relative to the largest entry, claimed or measured."""
    if claim.shape != truth.shape or not np.isfinite(claim).all():
        return float("inf")
    seen = ~np.isnan(truth)
    gap = np.abs(claim[seen] - truth[seen]).max(initial=0)
    size = max(np.abs(claim[seen]).max(initial=0), np.abs(truth[seen]).max(initial=0))
    return float(gap / size) if size else float(gap)


def _method(
    asked: Handed, slopes: Mapping[str, Slopes], claims: Mapping[str, Array]
) -> str:
    """What was checked, and that a gradient made wrong on purpose fails."""
    sizes = ", ".join(
        f"{name} {'×'.join(map(str, array.shape)) or 'a number'}"
        for name, array in asked.arrays.items()
    )
    dtypes = sorted({str(array.dtype) for array in asked.arrays.values()})
    how = "a complex step" if dtypes == ["complex128"] else "central differences"
    caught = [
        name
        for name, some in slopes.items()
        if claims[name].any() and not _agrees(1.001 * claims[name], some)
        or not _agrees(claims[name], some)
    ]
    control = "Each gradient, made wrong on purpose by one part in a thousand, fails."
    if len(caught) < len(slopes):
        left = ", ".join(name for name in slopes if name not in caught)
        control = f"Too small to be told from a slightly wrong one: {left}."
    return f"Checked {sizes}, in {' and '.join(dtypes)}, by {how}. {control}"


def _remarks(
    asked: Handed,
    problem: Problem | None,
    slopes: Mapping[str, Slopes],
    claims: Mapping[str, Array],
) -> list[str]:
    """What may hide a bug from this check."""
    remarks = []
    if problem is None:
        return remarks
    H, D = problem.params.Wxh.shape
    V = len(problem.params.Why)
    if not problem.run.hs[-1].any():
        remarks.append(
            "The first state is zero: a wrong factor beside it in dWhh goes unseen at "
            "the first step. Check once more with another."
        )
    if problem.T < 3:
        remarks.append(
            f"T is {problem.T}: check with 3 steps or more, or bugs of dhnext hide."
        )
    if D == H or V == H and problem.role(next(iter(problem.back))) != "hs" and D == V:
        remarks.append(
            f"H is {H}, as is the number of letters: transposed sums fit. Check once "
            "more with sizes that differ."
        )
    for name, (role, _) in problem.back.items():
        if role in ("bh", "by") and problem.B > 1 and claims[name].size > problem.B:
            size = H if role == "bh" else V
            if claims[name].size == size * problem.B:
                remarks.append(
                    f"{name} has the shape of the batch, one bias for each of its "
                    f"{problem.B} sequences. Is it meant to be ({size},)? Then its "
                    "gradient is the sum over the batch."
                )
    return remarks
