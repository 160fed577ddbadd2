r"""What moves in a formula with differentials.

A variable moves if its own differential stands in the formula; if none does, all do.
An intermediate quantity whose differential stands there, beside that of something that
depends on it, moves freely as well. So ``\mathrm{d}y_t = \mathrm{d}W_{hy}\, h_t +
W_{hy}\, \mathrm{d}h_t`` speaks of all changes of W_{hy} and of h_t, and
``\mathrm{d}L = \langle G, \mathrm{d}W_{hy} \rangle`` of those of W_{hy} alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rnn_notes.equations.draws import is_root
from rnn_notes.equations.nature import STEPWISE, Key
from rnn_notes.equations.nodes import Node


@dataclass(frozen=True)
class Subject:
    """What a differential is taken of: the quantities in it, and whether it is one."""

    keys: frozenset[Key]
    alone: bool


def moving(
    sides: Iterable[Node], env: Mapping[str, int], keys: Iterable[Key]
) -> frozenset[Key]:
    """The quantities that move in an equation, for given values of its letters."""
    known = frozenset(key for key in keys if key[0] != "e")
    subjects = [s for side in sides for s in _subjects(side, dict(env), known)]
    named = {key for s in subjects if s.alone for key in s.keys}
    roots = {key for key in named if is_root(key)}
    between = {key for key in named - roots if any(_follows(key, s) for s in subjects)}
    return frozenset(roots | between) or frozenset(k for k in known if is_root(k))


def _follows(key: Key, subject: Subject) -> bool:
    """Whether the subject depends on a quantity and is not that quantity itself."""
    if not subject.alone and key in subject.keys:
        return True
    return any(downstream(key, other) for other in subject.keys)


def downstream(key: Key, other: Key) -> bool:
    """Whether the second quantity is computed from the first.

    >>> downstream(("h", (1,)), ("a", (2,))), downstream(("y", (1,)), ("a", (2,)))
    (True, False)
    """
    if key[0] == "L" or is_root(other):
        return False
    if other[0] == "L":
        return True
    t, s = key[1][0], other[1][0]
    rank, other_rank = STEPWISE.index(key[0]), STEPWISE.index(other[0])
    if s == t:
        return rank < other_rank
    return s > t and key[0] in ("a", "h")


def _subjects(
    node: Node, env: dict[str, int], known: frozenset[Key]
) -> Iterator[Subject]:
    """What the differentials inside a node are taken of."""
    inner = {name: value for name, value in env.items() if name not in node.binds}
    for part in node.parts:
        if node.kind == "d":
            base = part
            while base.kind in ("transpose", "entry"):
                base = base.parts[0]
            keys = frozenset(_keys(part, inner, known))
            yield Subject(keys, base.kind == "quantity")
        yield from _subjects(part, inner, known)


def _keys(node: Node, env: dict[str, int], known: frozenset[Key]) -> Iterator[Key]:
    """The quantities that a node may speak of; all steps where the index is bound."""
    if node.kind == "quantity":
        if all(index.letters <= set(env) for index in node.indices):
            key = (node.value, tuple(index.at(env) for index in node.indices))
            yield from {key} & known
        else:
            yield from (key for key in known if key[0] == node.value)
    inner = {name: value for name, value in env.items() if name not in node.binds}
    for part in node.parts:
        yield from _keys(part, inner, known)
