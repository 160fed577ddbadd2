"""Which bugs give exactly the numbers of a reader: one of the gallery, or up to three.

Each bug is run on the reader's own problem. Bugs of the signals change what travels
back in time; a bug of one sum changes one array, so it is tried only where that array
is still wrong. The fewest bugs that explain every array are the answer; where several
explain them equally well, all are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations, product
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from rnn_notes.diagnosis.loops import OF_TARGETS, SQUARED, bugs_of
from rnn_notes.diagnosis.problem import Problem
from rnn_notes.mutants.bugs import Mutant, planted
from rnn_notes.rnn import Array

__all__ = [
    "CUT",
    "EXACT",
    "MEAN",
    "MOST",
    "SUM",
    "Found",
    "Search",
    "limit_of",
    "sizes_of",
]

MOST = 3  # bugs at once
EXACT = 1e-8
_OUTPUT = ("Why", "by")
_SUMS = re.compile(r"^ +(d[Wb]\w+ \+= [^#\n]*\w)", re.MULTILINE)
CUT, MEAN, SUM = "way back cut short", "mean for sum", "sum for mean"
_Bugs = tuple[Mutant, ...]


@dataclass(frozen=True)
class Found:
    """Bugs that together give the reader's numbers.

    bugs   : those of the gallery
    window : how many steps each loss goes back, where that is cut
    factor : what the reader's gradients are, of those of the loss, apart from the bugs
    """

    bugs: _Bugs = ()
    window: int | None = None
    factor: float = 1.0

    @property
    def size(self) -> int:
        """How many things are wrong."""
        return len(self.bugs) + (self.window is not None) + (self.factor != 1)

    def without_one(self) -> list[Found]:
        """The same, each thing that is wrong mended in turn."""
        mended = [
            replace(self, bugs=tuple(b for b in self.bugs if b is not bug))
            for bug in self.bugs
        ]
        mended += [replace(self, window=None)] if self.window is not None else []
        return mended + ([replace(self, factor=1.0)] if self.factor != 1 else [])


@dataclass
class Search:
    """The search for bugs in one problem."""

    problem: Problem
    claimed: Mapping[str, Array]
    runs: dict[Any, dict[str, list[Array]]] = field(default_factory=dict)
    bad: dict[Any, list[str] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.limit = limit_of(self.claimed)
        self.factors = _factors(self.problem)
        self.signals: list[Mutant] = []
        self.sums: dict[str, list[Mutant]] = {}
        self.touches: dict[Mutant, set[str]] = {}
        right = self.problem.by_role()
        handed_over = {role for role, _ in self.problem.back.values()}
        for bug in _variants(self.problem):
            touched = [r for r in self._touched(bug, right) if r in handed_over]
            if not touched:
                continue
            if len(touched) == 1 and "signals" not in _where(bug):
                self.sums.setdefault(touched[0], []).append(bug)
            else:
                self.signals.append(bug)
                self.touches[bug] = {*touched}

    def _touched(self, bug: Mutant, right: Mapping[str, Array]) -> list[str]:
        """The arrays that a bug changes; none where NumPy refuses its shapes."""
        try:
            wrong = self.problem.by_role(self._loop((bug,)))
        except ValueError:
            return []
        return [r for r in right if not _same(wrong[r], right[r], 1e-13)]

    def smallest(self, most: int) -> list[Found]:
        """The smallest explanations of at most ``most`` bugs."""
        for size in range(1, most + 1):
            found = [
                answer
                for window, factor in self._settings(size)
                for answer in self._of(size, window, factor)
            ]
            if found:
                return found
        return []

    def _settings(self, size: int) -> Iterator[tuple[int | None, float]]:
        """The windows and factors to try beside the bugs."""
        yield None, 1.0
        yield from ((None, factor) for factor in self.factors)
        if size <= 2 or self.problem.T <= 12:
            for k in range(1, min(self.problem.T - 1, 30)):
                yield k, 1.0
                if size > 1:
                    yield from ((k, factor) for factor in self.factors)

    def _of(self, size: int, window: int | None, factor: float) -> Iterator[Found]:
        """The explanations with exactly ``size`` things wrong."""
        room = size - (window is not None) - (factor != 1)
        if window is not None and room > 1:
            return
        for count in range(room + 1):
            for bugs in combinations(self._likely(factor), count):
                if len(self._at_the_output(bugs, factor)) > room - count:
                    continue
                bad = self._bad(bugs, window, factor)
                if bad is None or len(bad) > room - count:
                    continue
                if not bad and count == room:
                    yield Found(bugs, window, factor)
                elif bad:
                    yield from self._mended(bugs, bad, room - count, window, factor)

    def _likely(self, factor: float) -> list[Mutant]:
        """The bugs of the signals that touch no array which is right."""
        bad = {self.problem.role(name) for name in self._bad((), None, factor) or ()}
        right = {role for role, _ in self.problem.back.values()} - bad
        return [bug for bug in self.signals if not right & self.touches[bug]]

    def _mended(
        self,
        bugs: _Bugs,
        bad: Sequence[str],
        room: int,
        window: int | None,
        factor: float,
    ) -> Iterator[Found]:
        """Explanations in which bugs of single sums account for the wrong arrays."""
        options: list[list[_Bugs]] = []
        for name in bad:
            near = self.sums.get(self.problem.role(name), [])
            sets = [
                s for n in range(1, room - len(bad) + 2) for s in combinations(near, n)
            ]
            options.append([
                s for s in sets
                if (left := self._bad((*bugs, *s), window, factor)) is not None
                and name not in left
            ])  # fmt: skip
        for choice in product(*options):
            added = tuple(bug for s in choice for bug in s)
            if len(added) == room and self._bad((*bugs, *added), window, factor) == []:
                yield Found((*bugs, *added), window, factor)

    def _bad(self, bugs: _Bugs, window: int | None, factor: float) -> list[str] | None:
        """The claimed arrays that the bugs do not explain; None where they clash."""
        key = frozenset(bugs), window, factor
        if key not in self.bad:
            self.bad[key] = self._unlike(bugs, window, factor)
        return self.bad[key]

    def _unlike(
        self, bugs: _Bugs, window: int | None, factor: float
    ) -> list[str] | None:
        """The same, worked out."""
        key = frozenset(bugs), window
        if key not in self.runs:
            try:
                self.runs[key] = _answers(self.problem, self._loop(bugs), bugs, window)
            except ValueError:
                self.runs[key] = {}
        answers = self.runs[key]
        if not answers:
            return None
        return [
            name
            for name, claim in self.claimed.items()
            if not any(_agree(claim, factor * a, self.limit) for a in answers[name])
        ]

    def _at_the_output(self, bugs: _Bugs, factor: float) -> list[str]:
        """The wrong arrays of the output layer, where few bugs and no window show."""
        few = tuple(bug for bug in bugs if self.touches.get(bug, set()) & {*_OUTPUT})
        bad = self._bad(few, None, factor) or []
        return [name for name in bad if self.problem.role(name) in _OUTPUT]

    def _loop(self, bugs: _Bugs) -> Any:
        """The reader's kind of loop with the bugs in it."""
        return _loop(bugs, self.problem.loop)

    def gives(self, found: Found) -> bool:
        """Whether bugs give the claimed numbers."""
        return self._bad(found.bugs, found.window, found.factor) == []

    def shown(self, found: Found, T: int) -> list[str]:
        """The arrays in which the bugs show when there are only T steps."""
        bugs, loop = found.bugs, self._loop(found.bugs)
        whole = _answers(self.problem, loop, bugs, None)
        first = self.problem.first(T)
        right, wrong = first.gradients(), _answers(first, loop, bugs, None)
        return [
            name
            for name, answers in whole.items()
            for k in [self._matching(name, answers)]
            if not _same(wrong[name][k], right[name], EXACT)
        ]

    def _matching(self, name: str, answers: list[Array]) -> int:
        """Which of a loop's answers for an array is the claimed one."""
        claim = self.claimed[name]
        agreed = [_agree(claim, answer, self.limit) for answer in answers]
        return agreed.index(True) if True in agreed else 0

    def clipped(self, found: Found) -> bool:
        """Whether the bugs give the claimed numbers only with a clip at the end."""
        loop = self._loop(found.bugs)
        whole = _answers(self.problem, loop, found.bugs, found.window)
        sizes = [np.abs(found.factor * some[0]).max() for some in whole.values()]
        return self.limit is not None and max(sizes) > self.limit * (1 + EXACT)

    def errors(self, found: Found) -> dict[str, float]:
        """How far off what a loop with the bugs gives is, array by array."""
        loop = self._loop(found.bugs)
        wrong = _answers(self.problem, loop, found.bugs, found.window)
        right = self.problem.gradients()
        gaps = {n: found.factor * wrong[n][0] - right[n] for n in wrong}
        return {n: float(np.abs(g).max() / np.abs(right[n]).max())
                for n, g in gaps.items()}  # fmt: skip

    def hides(self, found: Found) -> list[str]:
        """The bugs that change nothing while those found stand."""
        unseen = []
        for bug in (*self.signals, *(b for some in self.sums.values() for b in some)):
            if bug not in found.bugs:
                more = replace(found, bugs=(*found.bugs, bug))
                if self.gives(more):
                    unseen.append(bug.name)
        return list(dict.fromkeys(unseen))


def _answers(
    problem: Problem, loop: Any, bugs: _Bugs, window: int | None
) -> dict[str, list[Array]]:
    """What a loop gives for each array; loops differ in a first state: several."""
    parts = [problem]
    if window is not None:
        parts = [problem.steps(max(0, t - window), t, t) for t in range(problem.T)]
    if window is not None and any(
        r in ("xs", "hprev", "cprev") for r, _ in problem.back.values()
    ):
        return {}
    with np.errstate(all="ignore"):
        each = [part.gradients(loop) for part in parts]
        answers = {n: [np.sum([g[n] for g in each], axis=0)] for n in problem.back}
        for name, (role, _) in problem.back.items():
            if role == "hprev" and problem.plain:
                answers[name].append(problem.shaped(name, problem.handed_out(loop)))
                if any(bug.name == "dhnext dropped" for bug in bugs):
                    answers[name].append(0 * answers[name][0])
    return answers


def _variants(problem: Problem) -> Iterator[Mutant]:
    """The gallery's bugs, those with a number in them once for each likely one."""
    above = problem.due is not None and problem.due.kind == "upstream"
    for bug in bugs_of(problem.loop):
        if "clip(" in bug.new or "float32" in bug.new:
            continue
        if above and bug.name in OF_TARGETS:
            continue
        if bug.name == "window tied to the end":
            for k in range(1, min(problem.T, 30)):
                yield replace(bug, new=bug.new.replace("T - 3", f"T - {k}"))
        elif bug.name == "weights moved in the loop":
            for rate in ("0.1", "0.01", "0.001", "0.05", "0.005", "0.02"):
                yield replace(bug, new=bug.new.replace("0.1", rate))
        elif bug.name == "= for +=":
            for line in _SUMS.findall(planted((), bug.loop)):
                of = "" if line == bug.old else f" in {line.split()[0]}"
                new = line.replace("+=", "=")
                yield replace(bug, name=bug.name + of, old=line, new=new)
        else:
            yield bug


def _where(bug: Mutant) -> str:
    """The function in which a bug stands."""
    text = planted((), bug.loop)
    return (
        "signals" if text.index(bug.old) < text.index("def backward(") else "backward"
    )


def _loop(bugs: _Bugs, loop: ModuleType) -> Any:
    """``signals`` and ``backward`` with the bugs in them, and nothing else compiled."""
    found, error = _compiled(frozenset(bugs), loop)
    if error:
        raise ValueError(error)
    return found


@lru_cache(maxsize=8192)
def _compiled(bugs: frozenset[Mutant], loop: ModuleType) -> tuple[Any, str]:
    """The two functions as a namespace, or why these bugs do not go together."""
    try:
        source = planted(sorted(bugs, key=lambda bug: bug.name), loop)
        names = dict(vars(loop))
        for code in _functions(source):
            exec(_code(code), names)
    except (ValueError, SyntaxError) as error:
        return None, str(error)
    signals, backward = names["signals"], names["backward"]
    return SimpleNamespace(signals=signals, backward=backward), ""


def _functions(source: str) -> list[str]:
    """``signals`` and ``backward``, cut out of the source of a loop."""
    heads = ("def signals(", "def backward(", "def loss_and_gradients(")
    first, second, end = (source.index(head) for head in heads)
    return [source[first:second], source[second:end]]


@lru_cache(maxsize=4096)
def _code(function: str) -> Any:
    """The code of a function, compiled once for all loops that share it."""
    return compile(function, "<a loop with bugs>", "exec")


def _factors(problem: Problem) -> list[float]:
    """What a gradient is off by where one takes a mean and the other a sum."""
    T, B = float(problem.T), float(problem.B)
    wholes = dict.fromkeys((T, B, T * B, 2.0))
    if problem.due is not None and problem.due.kind in ("linear", *SQUARED):
        wholes |= dict.fromkeys((T / 2, B / 2, T * B / 2))  # the square's 2 is gone too
    both = [f for n in wholes if n > 1 for f in (n, 1 / n)]
    return [f for f in both if f != 1 / T]  # the gallery's "dy divided by T"


def sizes_of(claimed: Mapping[str, Array]) -> Array:
    """The sizes of all entries of the claimed gradients."""
    every: Array = np.concatenate([claim.ravel() for claim in claimed.values()])
    return abs(every)


def limit_of(claimed: Mapping[str, Array]) -> float | None:
    """The value at which the claimed gradients are clipped, None where they are not.

    >>> limit_of({"W": np.array([5.0, -5.0 - 1e-15, 1.0, 2.0])})
    5.0
    """
    sizes = sizes_of(claimed)
    largest = float(sizes.max(initial=0.0))
    at_it = int((sizes >= largest * (1 - 1e-9)).sum())
    short = float(f"{largest:.3g}")
    largest = short if abs(short - largest) < 1e-9 * largest else largest
    chosen = at_it > 1 or short == largest
    return largest if largest and chosen and at_it <= len(sizes) / 2 else None


def _agree(claim: Array, answer: Array, limit: float | None) -> bool:
    """Whether a bug's answer is the claim, to rounding."""
    if answer.shape != claim.shape:
        return False
    return _same(claim, answer if limit is None else answer.clip(-limit, limit), EXACT)


def _same(one: Array, other: Array, tolerance: float) -> bool:
    """Whether two arrays differ by less than a share of their largest entry."""
    size = max(np.abs(one).max(initial=0), np.abs(other).max(initial=0))
    return bool(np.isfinite(size) and (np.abs(one - other) <= tolerance * size).all())
