"""The causes of a wrong gradient, and the sentences that tell them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rnn_notes.diagnosis.handed import Handed
from rnn_notes.diagnosis.patterns import decay_of, factor_of
from rnn_notes.diagnosis.places import LOOP, in_your_names, line_of, section_of
from rnn_notes.diagnosis.problem import Problem
from rnn_notes.diagnosis.report import Cause, Verdict
from rnn_notes.diagnosis.suspects import CUT, EXACT, MEAN, MOST, SUM, Found, Search
from rnn_notes.mutants import GALLERY
from rnn_notes.mutants.bugs import Mutant
from rnn_notes.rnn import Array

__all__ = ["Part", "named", "parts"]

_TIED = re.compile(r"t >= run\.T - (\d+)")

_DECAYS = {  # by whether the gradient has more than the loss
    True: ("decay in the gradient alone", "The gradient has {:.6g} times the array "
           "itself in it, weight decay, and the loss has none."),
    False: ("decay in the loss alone", "The loss has {:.6g} times half the square of "
            "the array in it, weight decay, and the gradient has none."),
}  # fmt: skip
_HAND_OVER = (
    "To be told the cause, hand over all arrays, and inputs, targets and state: "
    "check(..., inputs=inputs, targets=targets, state=hprev)."
)


def named(
    verdicts: Mapping[str, Verdict],
    claims: Mapping[str, Array],
    problem: Problem | None,
    given: bool,
    model: Any,
) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """The causes of what is wrong, and the sentences about them."""
    if all(verdict.right for verdict in verdicts.values()):
        return (), ()
    if problem is None:
        looks = _looks_like(verdicts)
        why = (
            "No reading of what was handed over, as a plain RNN, an LSTM or a GRU, "
            "gives the slopes of this loss, so no cause is certain. Does the loss hold "
            "more, as weight decay? Check once without it."
            if given
            else _HAND_OVER
        )
        return looks, (*_guesses(looks), why)
    search = Search(problem, claims)
    found = search.smallest(MOST)
    if not found:
        left = ", ".join(name for name, v in verdicts.items() if not v.right)
        looks = _looks_like(verdicts)
        return looks, (
            *_guesses(looks),
            f"No bug of the gallery, and no two or three together, give these numbers "
            f"for {left}. The network is understood and its other arrays are right: "
            "read the lines of these.",
        )
    return _causes(found, problem), tuple(_sentences(found, search))


@dataclass(frozen=True)
class Part:
    """What is wrong at sight in some arrays, and can be taken off the others too.

    cause  : it, as a cause
    told   : a sentence about it
    rate   : how often the gradients of ``have`` hold the array too much; below zero,
             that decay is in the loss alone
    have   : the names of what decays
    factor : what all gradients are multiplied by
    """

    cause: Cause
    told: str
    rate: float = 0.0
    have: frozenset[str] = frozenset()
    factor: float = 1.0

    def off(self, asked: Handed) -> Handed:
        """The same question without it."""
        arrays, rate, factor = asked.arrays, self.rate, self.factor

        def loss() -> Any:
            squares = sum((arrays[name] ** 2).sum() for name in self.have)
            return asked.loss() + 0.5 * min(rate, 0) * squares

        def gradients() -> dict[str, Array]:
            more = {n: max(rate, 0) * arrays[n] * (n in self.have) for n in arrays}
            return {n: g / factor - more[n] for n, g in asked.gradients().items()}

        return Handed(loss, gradients, arrays)


def parts(
    claims: Mapping[str, Array],
    truths: Mapping[str, Array],
    arrays: Mapping[str, Array],
    given: bool,
) -> Iterator[Part]:
    """Weight decay, or a factor, that some of the wrong arrays show; likely ones first.

    Parameters
    ----------
    claims, arrays : mapping of str to ndarray
        The claimed gradients, and what they are by.
    truths : mapping of str to ndarray
        The measured gradients of the wrong arrays.
    given : bool
        Whether inputs and targets were handed over, so that a cause can be certain.
    """
    off = {n: decay_of(claims[n], true, arrays[n]) for n, true in truths.items()}
    decays = {n: rate for n, rate in off.items() if rate is not None}
    matrices = {n for n in truths if min(arrays[n].shape, default=1) > 1}
    if rate := _common(decays.values()):
        name, words = _DECAYS[rate > 0]
        story = words.format(abs(rate))
        line = "loss += 0.5 * decay * (W**2).sum() and dW += decay * W, both or neither"
        cause = Cause(name, line, "symptoms", given, story, "The gradient check fails")
        for have in dict.fromkeys((frozenset({*decays} | matrices), frozenset(truths))):
            where = ", ".join(name for name in arrays if name in have)
            told = f'Cause: "{name}" in {where}. {story} Right is `{line}`.'
            yield Part(cause, told, rate=rate, have=have)
    off = {n: factor_of(claims[n], true) for n, true in truths.items()}
    factors = [factor for factor in off.values() if factor is not None]
    if 0 < len(factors) < len(truths) == len(claims) and (size := _common(factors)):
        cause = replace(_by_factor(size), certain=given)
        yield Part(cause, f'Cause: "{cause.name}". {cause.story}', factor=size)


def _common(numbers: Collection[float]) -> float | None:
    """The number that all are, without what rounding put to it; None where none is."""
    rates = [*numbers]
    if not rates or max(rates) - min(rates) > 1e-6 * abs(rates[0]):
        return None
    short = float(f"{rates[0]:.3g}")
    return short if abs(short - rates[0]) < 1e-6 * abs(short) else rates[0]


def _causes(found: list[Found], problem: Problem) -> tuple[Cause, ...]:
    """All that is named, each once; what every explanation holds comes first."""
    causes: dict[str, Cause] = {}
    for answer in found:
        for cause in _parts(answer, problem):
            causes.setdefault(cause.name, cause)
    return tuple(causes.values())


def _parts(found: Found, problem: Problem) -> list[Cause]:
    """The causes of one explanation."""
    parts = [_cause_of(bug) for bug in found.bugs]
    if found.window is not None:
        story = f"Each loss goes back {found.window} steps and no further: truncation."
        parts.append(Cause(CUT, LOOP, "truncation", True, story, "Chunks or a window"))
    if found.factor != 1:
        parts.append(_by_factor(found.factor))
    return parts


def _by_factor(factor: float) -> Cause:
    """A factor of all gradients as a cause."""
    size = f"{factor:g}" if abs(factor) > 1 else f"1/{1 / factor:g}"
    story = f"The gradient is {size} times that of the loss: a sum against a mean."
    line = "dy[targets[t]] -= 1"
    name = SUM if abs(factor) > 1 else MEAN
    return Cause(name, line, "batches", True, story, "Mean or sum")


def _cause_of(bug: Mutant, certain: bool = True) -> Cause:
    """A bug of the gallery as a cause."""
    page, section = section_of(bug)
    return Cause(bug.name, line_of(bug), page, certain, bug.story, section)


def _sentences(found: list[Found], search: Search) -> Iterator[str]:
    """What the explanations say, and what they may hide."""
    first, problem = found[0], search.problem
    for k, answer in enumerate(found):
        parts = _parts(answer, problem)
        names = " and ".join(f'"{part.name}"' for part in parts)
        lead = "Cause: " if k == 0 else "Or, with equal numbers: "
        give = "gives" if len(parts) == 1 else "together give"
        yield f"{lead}{names} {give} exactly these numbers."
        yours = [in_your_names(bug, problem) for bug in answer.bugs] + [""] * 2
        for p, own in zip(parts, yours, strict=False):
            right = f" Right is `{p.line}`" + (
                f", in your names `{own}`" if own else ""
            )
            right = "" if p.name in (CUT, SUM, MEAN) else f"{right}."
            yield f'  {p.name}: {p.story}{right} (Page {p.page}, "{p.section}".)'
    if not first.bugs:
        yield from _another_question(first, problem)
    if search.clipped(first):
        yield (
            f"They are clipped at {search.limit:g} besides. Take them before the clip "
            "to see every entry."
        )
    yield from _left_over(first, search)
    yield from _shows_when(first, search)
    hidden = search.hides(first)
    if hidden:
        yield (
            "While it stands, nobody can tell whether these are there too: "
            f"{', '.join(hidden)}."
        )


def _another_question(found: Found, problem: Problem) -> Iterator[str]:
    """What to do where the loop is right, for another loss or a shorter way back."""
    asked = []
    if found.window is not None:
        asked.append(f"let the window reach back T - 1 = {problem.T - 1} steps")
    if found.factor != 1:
        asked.append("take one and the same loss, the sum or the mean, for both")
    yield (
        "So your backward pass is right, for another question, and none of its lines "
        f"has to change. For the check, {' and '.join(asked)}."
    )


def _left_over(found: Found, search: Search) -> Iterator[str]:
    """What is still wrong once one of several causes is mended."""
    parts = _parts(found, search.problem)
    if found.size > 1:
        for part, rest in zip(parts, found.without_one(), strict=True):
            yield f'Once "{part.name}" is mended: {_sizes(search.errors(rest))}.'
    ends = [_TIED.search(bug.new) for bug in found.bugs]
    for reach in (int(end[1]) for end in ends if end):
        if reach < search.problem.T - 1:
            errors = _sizes(search.errors(Found(window=reach)))
            yield (
                f"With a window of {reach} steps from each loss, truncation is left: "
                f"{errors}."
            )


def _sizes(errors: Mapping[str, float]) -> str:
    """Errors in words, those that are none together."""
    wrong = [f"{name} is off by {e:.1g}" for name, e in errors.items() if e > EXACT]
    right = [name for name, e in errors.items() if e <= EXACT]
    told = [f"{', '.join(right)} {'is' if len(right) == 1 else 'are'} right"]
    return ", ".join((told if right else []) + wrong)


def _shows_when(found: Found, search: Search) -> Iterator[str]:
    """In which arrays the bugs show with one step, and with two."""
    if found.window is not None or found.factor != 1:
        return
    T = search.problem.T
    shown = {n: search.shown(found, n) for n in (1, 2, T) if n <= T}
    words = {1: "one step", 2: "two steps"}
    for n in (1, 2):
        if n < T and set(shown[n]) < set(shown[T]):
            seen = f"shows in {', '.join(shown[n])} only" if shown[n] else ""
            yield f"With {words[n]} it {seen or 'does not show'}."


def _looks_like(verdicts: Mapping[str, Verdict]) -> tuple[Cause, ...]:
    """What the patterns alone suggest; never certain."""
    wrong = [verdict for verdict in verdicts.values() if not verdict.right]
    first = wrong[0].pattern
    alike = all(verdict.pattern == first for verdict in wrong)
    if "in the last place" in " ".join(verdict.pattern for verdict in wrong):
        return (_cause_of(GALLERY["dhnext dropped"], certain=False),)
    if not alike or len(wrong) < 2:
        return ()
    likely = {"the sign is turned": "dy sign turned", "= 1/T times": "dy divided by T",
              "all entries equal": "clip to one number"}  # fmt: skip
    return tuple(
        _cause_of(GALLERY[name], certain=False)
        for words, name in likely.items()
        if words in first
    )


def _guesses(causes: tuple[Cause, ...]) -> tuple[str, ...]:
    """Sentences about causes that are not certain."""
    return tuple(f'It looks like "{c.name}": {c.story}' for c in causes)
