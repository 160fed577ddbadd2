r"""What moves in a formula with differentials.

- The letters of a page move, all of them.
- A variable of the network moves if its own differential stands in the formula, or if
  it stands inside ``\mathrm{d}(...)``. If none does, all of them move.
- A computed quantity whose differential stands beside that of something that depends on
  it moves freely as well, and so does one that nothing else would move.
- Where the differential of a computed quantity stands beside that of one of its direct
  inputs, all of these move (an x_t only if it is named).
- What ``where`` holds still, as in ``\mathrm{d}A = 0``, does not move.

So ``\mathrm{d}L = \langle G, \mathrm{d}W_{hy} \rangle`` speaks of the changes of W_{hy}
alone, and ``\mathrm{d}y_t = W_{hy}\, \mathrm{d}h_t`` is false: W_{hy} and b_y move too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rnn_notes.equations.draws import is_root
from rnn_notes.equations.nature import STEPWISE, Key
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.symbols import PAGE

AFTER_THE_STATE = ("W_{hy}", "b_{y}")  # these do not reach the hidden states


@dataclass(frozen=True)
class Subject:
    """What a differential is taken of: the quantities in it, and whether it is one."""

    keys: frozenset[Key]
    alone: bool


def moving(
    sides: Iterable[Node],
    env: Mapping[str, int],
    keys: Iterable[Key],
    still: Iterable[str] = (),
) -> frozenset[Key]:
    """The quantities that move in an equation, for given values of its letters."""
    known = frozenset(key for key in keys if key[0] not in ("e", *still))
    subjects = [s for side in sides for s in _subjects(side, dict(env), known)]
    named = {key for s in subjects for key in s.keys}
    alone = {key for s in subjects if s.alone for key in s.keys if not is_root(key)}
    moved = {key for key in named if is_root(key) and not _of_page(key)}
    moved |= {key for key in alone if any(_follows(key, s) for s in subjects)}
    for key in alone:
        inputs = set(direct_inputs(key)) & known
        if inputs & named:
            moved |= {one for one in inputs if one[0] != "x" or one in named}
    if not moved:
        moved = {key for key in known if is_root(key)}
    moved |= {key for key in alone if not any(reaches(m, key) for m in moved)}
    return frozenset(moved | {key for key in known if _of_page(key)})


def _of_page(key: Key) -> bool:
    """Whether a quantity is a letter of the page."""
    return key[0].startswith(PAGE)


def _follows(key: Key, subject: Subject) -> bool:
    """Whether the subject depends on a quantity and is not that quantity itself."""
    if not subject.alone and key in subject.keys:
        return True
    return any(key != other and reaches(key, other) for other in subject.keys)


def direct_inputs(key: Key) -> list[Key]:
    """What a computed quantity is computed from, the targets left out.

    >>> direct_inputs(("y", (2,)))
    [('W_{hy}', ()), ('b_{y}', ()), ('h', (2,))]
    """
    name, index = key
    if name == "L":
        return []  # the losses of all steps, which nothing else depends on
    if name == "a":
        weights: list[Key] = [("W_{xh}", ()), ("W_{hh}", ()), ("b_{h}", ())]
        return [*weights, ("x", index), ("h", (index[0] - 1,))]
    if name == "y":
        return [("W_{hy}", ()), ("b_{y}", ()), ("h", index)]
    return [({"h": "a", "p": "y", r"\ell": "p"}[name], index)]


def reaches(key: Key, other: Key) -> bool:
    """Whether moving the first quantity moves the second.

    >>> reaches(("h", (1,)), ("a", (2,))), reaches(("y", (1,)), ("a", (2,)))
    (True, False)
    >>> reaches(("W_{hy}", ()), ("h", (2,))), reaches(("W_{hy}", ()), ("L", ()))
    (False, True)
    """
    if key == other:
        return True
    if is_root(other) or _of_page(key) or key[0] == "L":
        return False
    if other[0] == "L":
        return True
    after_the_state = STEPWISE.index(other[0]) >= STEPWISE.index("y")
    if key[0] in AFTER_THE_STATE:
        return after_the_state
    t, s = key[1][0] if key[1] else 0, other[1][0]
    if is_root(key):
        return s >= t
    if s == t:
        return STEPWISE.index(key[0]) < STEPWISE.index(other[0])
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
