"""Where a bug sits: its line in the classic script, and where the book explains it.

What you can do with it::

    line_of(bug)            # the right line, as the classic script has it
    in_your_names(bug, p)   # the same in the reader's names, and in rows
    section_of(bug)         # a page and the heading on it
"""

from __future__ import annotations

import re

import numpy as np

from rnn_notes.diagnosis.problem import Problem
from rnn_notes.mutants.bugs import Mutant

__all__ = ["LOOP", "in_your_names", "line_of", "section_of"]

_DOT = re.compile(r"np\.dot\((.+?), (.+?)\)")
LOOP = "for t in reversed(range(len(inputs))):"
_CLASSIC = {  # by what a line sets: the line, and where it is explained
    "dy": ("dy[targets[t]] -= 1", "backward", "The signals"),
    "dh": ("dh = np.dot(Why.T, dy) + dhnext", "dhnext", "The rule"),
    "dhraw": ("dhraw = (1 - hs[t] * hs[t]) * dh", "backward", "Where did the tanh go?"),
    "dhnext": ("dhnext = np.dot(Whh.T, dhraw)", "transposes",
               "The other transpose: W.T"),
    "dhprev": ("dhnext = np.dot(Whh.T, dhraw)", "dhnext",
               "The boundary: the last dhnext"),
    "dWhy": ("dWhy += np.dot(dy, hs[t].T)", "backward", "The five sums"),
    "dby": ("dby += dy", "backward", "The five sums"),
    "dWxh": ("dWxh += np.dot(dhraw, xs[t].T)", "backward", "The five sums"),
    "dWhh": ("dWhh += np.dot(dhraw, hs[t-1].T)", "backward", "The five sums"),
    "dbh": ("dbh += dhraw", "backward", "The five sums"),
    "for": (LOOP, "truncation", "Chunks or a window"),
    "times": (LOOP, "backward", "The five sums"),
    "step": ("dhnext = np.dot(Whh.T, dhraw)", "mutants",
             "More on the way back, and at the output"),
    "run": ("hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t-1]) + bh)",
            "mutants", "More on the way back, and at the output"),
    "return": ("return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs)-1]",
               "truncation", "What a clip does to the direction"),
}  # fmt: skip
_OWN_LINES = {  # of bugs whose line the book's loop does not have
    "window tied to the end": "for k in reversed(range(max(0, t - window), t + 1)):",
    "mask: the kept state's path left out":
        "dhnext = np.dot(Whh.T, dhraw) + (1 - m) * dh",
}  # fmt: skip
_PADDING = ("batches", "Sequences of several lengths: padding and a mask")
_ELSEWHERE = {  # where the line alone does not tell
    "= for +=": ("backward", "Why every dW is a sum"),
    "dbh not accumulated": ("backward", "Why every dW is a sum"),
    "Whh left out": ("dhnext", "The rule"),
    "dh for dhraw": ("dhnext", "One name, two moments"),
    "dhnext piles up": ("dhnext", "One name, two moments"),
    "hs wraps around": ("mutants", "At the edges"),
    "sums run forwards": ("mutants", "In the sums"),
    "loop runs forwards": ("mutants", "More on the way back, and at the output"),
    "dWhy transposed": ("transposes", "When shapes lie"),
    "* for @": ("transposes", "When shapes lie"),
    "dy divided by T": ("batches", "Mean or sum"),
    "clipped inside": ("truncation", "What a clip does to the direction"),
    "clip to one number": ("truncation", "What a clip does to the direction"),
    "sums in float32": ("gradient-check", "Why float32 fails"),
    "ps changed in place": ("mutants", "In a borrowed array"),
    "dh changed in place": ("mutants", "In a borrowed array"),
    "last dy at every step": ("batches", "Many to one, one to many"),
    "steps without a target skipped": ("batches", "Many to one, one to many"),
    "letters twice, added once": ("check-your-own-loop", "The shapes of code"),
    "window tied to the end": ("truncation", "Chunks or a window"),
    "weights moved in the loop": ("mutants", "More on the way back, and at the output"),
    "lstm: dcnext dropped": ("lstm", "The two sums"),
    "lstm: only the straight path": ("lstm", "The two sums"),
    "lstm: dcnext after the gates": ("lstm", "The two sums"),
    "gru: mix turned round": ("gru", "Two variants"),
}  # fmt: skip
_CELLS = {
    "lstm": ("lstm", "The backward pass, line by line"),
    "gru": ("gru", "The backward pass, line by line"),
    "mask": _PADDING,
}


def line_of(bug: Mutant) -> str:
    """The line of the classic script that a bug changes.

    Examples
    --------
    >>> from rnn_notes.mutants import GALLERY
    >>> line_of(GALLERY["Whh untransposed"])
    'dhnext = np.dot(Whh.T, dhraw)'
    """
    name, line = _changed(bug)
    return _OWN_LINES.get(bug.name) or _CLASSIC.get(name, (line,))[0]


def section_of(bug: Mutant) -> tuple[str, str]:
    """The page that explains a bug's line, and the heading on it.

    Examples
    --------
    >>> from rnn_notes.mutants import GALLERY
    >>> section_of(GALLERY["Whh untransposed"])
    ('transposes', 'The other transpose: W.T')
    """
    if bug.name in _ELSEWHERE:
        return _ELSEWHERE[bug.name]
    kind = bug.name.partition(":")[0]
    name, _ = _changed(bug)
    return _CELLS[kind] if kind in _CELLS else _CLASSIC[name][1:]


def in_your_names(bug: Mutant, problem: Problem) -> str:
    """The right line with the reader's names, factors changed round where it has rows.

    Empty where the network has gates, or the line is the classic one as it is.
    """
    line = line_of(bug)
    kept = (LOOP, _CLASSIC["dy"][0], _CLASSIC["run"][0], *_OWN_LINES.values())
    if not problem.plain or line in kept:
        return ""
    theirs = {role: name for name, (role, _) in problem.back.items()}
    if "Why" not in theirs:  # a layer: the scores' share comes from above
        line = line.replace("np.dot(Why.T, dy)", "above[t]")
    own = re.sub("Wxh|Whh|Why|bh|by", lambda m: theirs.get(m[0], m[0]), line)
    if _turned(problem):
        own = _DOT.sub(r"np.dot(\2, \1)", own)
    return own if own != line_of(bug) else ""


def _turned(problem: Problem) -> bool:
    """Whether the reader's matrices multiply from the right, as with rows."""
    H = len(problem.run.hs[-1])
    square = np.arange(float(H * H)).reshape(H, H)
    ways = [back for role, back in problem.back.values() if role == "Whh"]
    return any(H > 1 and np.array_equal(way(square), square.T) for way in ways)


def _changed(bug: Mutant) -> tuple[str, str]:
    """What the changed line of a bug sets, and that line as the book has it."""
    lines = sorted(bug.diff().splitlines(), key=lambda line: line[0] != "-")
    line = lines[0][2:]
    return line.replace(",", " ").split()[0], line.partition("  #")[0]
