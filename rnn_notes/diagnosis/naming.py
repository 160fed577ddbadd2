"""The causes of a wrong gradient, and the sentences that tell them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rnn_notes.diagnosis.problem import Problem
from rnn_notes.diagnosis.report import Cause, Verdict
from rnn_notes.diagnosis.suspects import Found, Search
from rnn_notes.mutants import GALLERY
from rnn_notes.mutants.bugs import Mutant
from rnn_notes.rnn import Array

__all__ = ["CLASSIC", "named"]

CLASSIC = {
    "dy": "dy[targets[t]] -= 1",
    "dh": "dh = np.dot(Why.T, dy) + dhnext",
    "dhraw": "dhraw = (1 - hs[t] * hs[t]) * dh",
    "dhnext": "dhnext = np.dot(Whh.T, dhraw)",
    "dhprev": "dhnext = np.dot(Whh.T, dhraw)",
    "dWhy": "dWhy += np.dot(dy, hs[t].T)",
    "dby": "dby += dy",
    "dWxh": "dWxh += np.dot(dhraw, xs[t].T)",
    "dWhh": "dWhh += np.dot(dhraw, hs[t-1].T)",
    "dbh": "dbh += dhraw",
    "for": "for t in reversed(range(len(inputs))):",
    "times": "for t in reversed(range(len(inputs))):",
    "step": "dhnext = np.dot(Whh.T, dhraw)",
    "run": "hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t-1]) + bh)",
}
HAND_OVER = (
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
            "No reading of what was handed over as a plain RNN gives the slopes of "
            "this loss, so no cause is certain."
            if given
            else HAND_OVER
        )
        return looks, (*_guesses(looks), why)
    search = Search(problem, claims)
    found = search.smallest(3)
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


def _causes(found: list[Found], problem: Problem) -> tuple[Cause, ...]:
    """All that is named, each once; what every explanation holds comes first."""
    causes: dict[str, Cause] = {}
    for answer in found:
        for cause in _parts(answer, problem):
            causes.setdefault(cause.name, cause)
    return tuple(causes.values())


def _parts(found: Found, problem: Problem) -> list[Cause]:
    """The causes of one explanation."""
    parts = [cause_of(bug) for bug in found.bugs]
    if found.window is not None:
        story = f"Each loss goes back {found.window} steps and no further: truncation."
        line = CLASSIC["for"]
        parts.append(Cause("way back cut short", line, "truncation", True, story))
    if found.factor != 1:
        more = found.factor > 1
        name = "sum for mean" if more else "mean for sum"
        size = f"{found.factor:g}" if more else f"1/{1 / found.factor:g}"
        story = f"The gradient is {size} times that of the loss: a sum against a mean."
        parts.append(Cause(name, CLASSIC["dy"], "gradient-check", True, story))
    return parts


def cause_of(bug: Mutant, certain: bool = True) -> Cause:
    """A bug of the gallery as a cause."""
    return Cause(bug.name, classic_line(bug), bug.page, certain, bug.story)


def classic_line(bug: Mutant) -> str:
    """The line of the classic script that a bug changes.

    Examples
    --------
    >>> from rnn_notes.mutants import GALLERY
    >>> classic_line(GALLERY["Whh untransposed"])
    'dhnext = np.dot(Whh.T, dhraw)'
    """
    lines = sorted(bug.diff().splitlines(), key=lambda line: line[0] != "-")
    changed = lines[0]
    first = changed[2:].replace(",", " ").split()[0]
    return CLASSIC.get(first, changed[2:].partition("  #")[0])


def _sentences(found: list[Found], search: Search) -> list[str]:
    """What the explanations say, and what they may hide."""
    lines = []
    for k, answer in enumerate(found):
        parts = _parts(answer, search.problem)
        names = " and ".join(f'"{part.name}"' for part in parts)
        lead = "Cause: " if k == 0 else "Or, with equal numbers: "
        lines.append(f"{lead}{names} gives exactly these numbers.")
        lines += [f"  {p.name}: {p.story} `{p.line}` (page {p.page})" for p in parts]
    if found[0].size > 1:
        lines.append("Mend the first, and the next shows by itself.")
    lines += _shows_when(found[0], search)
    hidden = search.hides(found[0])
    if hidden:
        lines.append(
            "While it stands, nobody can tell whether these are there too: "
            f"{', '.join(hidden)}."
        )
    return lines


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
        return (cause_of(GALLERY["dhnext dropped"], certain=False),)
    if not alike or len(wrong) < 2:
        return ()
    likely = {"the sign is turned": "dy sign turned", "= 1/T times": "dy divided by T",
              "all entries equal": "clip to one number"}  # fmt: skip
    return tuple(
        cause_of(GALLERY[name], certain=False)
        for words, name in likely.items()
        if words in first
    )


def _guesses(causes: tuple[Cause, ...]) -> tuple[str, ...]:
    """Sentences about causes that are not certain."""
    return tuple(f'It looks like "{c.name}": {c.story}' for c in causes)
