"""``check``: is this the gradient of that loss, and if not, which bug is it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import redirect_stdout, suppress
from io import StringIO
from typing import Any

import numpy as np

from rnn_notes.diagnosis import patterns
from rnn_notes.diagnosis.agreeing import Slopes, agrees, all_read, slopes_of
from rnn_notes.diagnosis.handed import handed
from rnn_notes.diagnosis.mending import in_their_lines, mended
from rnn_notes.diagnosis.models import understood
from rnn_notes.diagnosis.naming import named, parts
from rnn_notes.diagnosis.problem import Problem
from rnn_notes.diagnosis.remarks import exchanged, method, remarks_on
from rnn_notes.diagnosis.report import Diagnosis, Verdict
from rnn_notes.diagnosis.slopes import by_entries
from rnn_notes.diagnosis.suspects import limit_of
from rnn_notes.diagnosis.twice import called_twice
from rnn_notes.rnn import Array

__all__ = ["check"]

_ENTRIES = 400  # that are measured in a wrong array
_FEW = 6  # where the right loop is known, and gives the others


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
    with asked.kept(), np.errstate(all="ignore"), redirect_stdout(StringIO()) as said:
        claims, calls = called_twice(asked, lent)
        slopes = {name: slopes_of(asked, name, claims[name], rng) for name in claims}
        all_read(asked, slopes, claims)
        wrong = [n for n in claims if not agrees(claims[n], slopes[n])]
        problem = None
        if inputs is not None and (targets is not None or upstream is not None):
            along = {n: [(v, s.value) for v, s in some] for n, some in slopes.items()}
            handed_over = asked.arrays, along, inputs, targets, state, upstream
            problem = understood(model, *handed_over)
        most = _ENTRIES if problem is None else _FEW
        lone = {n: by_entries(asked.loss, asked.arrays[n], most, rng) for n in wrong}
    truths = {n: _truth(n, lone[n], problem) for n in wrong}
    numbers = _numbers(problem, inputs)
    verdicts = _verdicts(asked.arrays, claims, truths, slopes, numbers)
    causes, told = named(verdicts, claims, problem, inputs is not None, model)
    bad = {n: truths[n] for n, v in verdicts.items() if not v.right}
    apart = parts(claims, bad, asked.arrays, inputs is not None)
    for part in () if any(cause.certain for cause in causes) else apart:
        with suppress(ValueError):  # as an array that only the decay reads
            less = part.off(asked)
            rest = check(less.loss, less.gradients, asked.arrays, model=model, **lent)
            if rest.right or any(cause.certain for cause in rest.causes):
                besides = ("And without it:", *rest.told) if rest.told else ()
                causes, told = (part.cause, *rest.causes), (part.told, *besides)
                break
    if bad and not any(c.certain or c.page == "symptoms" for c in causes):
        asked_of = {n: s for n, s in slopes.items() if n in bad or n not in wrong}
        with asked.kept(), np.errstate(all="ignore"), redirect_stdout(StringIO()):
            own = mended(asked, claims, asked_of, lent)
        if own:
            causes = tuple(one.cause(inputs is not None) for one in own)
            told = in_their_lines(own, inputs is not None)
    remarks = tuple(exchanged(slopes, claims))
    limit = limit_of(claims) if bad else None
    if limit == float(f"{limit or 0:.3g}") and not any(c.certain for c in causes):
        remarks += (
            f"No entry is larger than {limit:g}: a clip? Take the gradients "
            "before it, and check these: what is cut away cannot be compared.",
        )
    if lines := said.getvalue().count("\n"):
        remarks += (f"{lines} lines that your functions printed were held back.",)
    remarks += () if problem is None else tuple(remarks_on(problem, claims))
    return Diagnosis(
        verdicts, causes, told, method(asked, slopes, claims), calls, remarks,
    )  # fmt: skip


def _truth(name: str, lone: Array, problem: Problem | None) -> Array:
    """The measured gradient; entries that were not, from the loop that was found."""
    if problem is None or not np.isnan(lone).any():
        return lone
    return np.where(np.isnan(lone), problem.gradients()[name], lone)


def _verdicts(
    arrays: Mapping[str, Array],
    claims: Mapping[str, Array],
    truths: Mapping[str, Array],
    slopes: Mapping[str, Slopes],
    numbers: Mapping[str, float],
) -> dict[str, Verdict]:
    """The verdict on every array."""
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
        words = patterns.pattern_of(claim, truths[name], numbers, arrays[name])
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
