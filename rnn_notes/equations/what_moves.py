r"""What moves in a formula with differentials.

All that is drawn moves, inputs only where a differential of theirs is written. Where
the differentials on the way are of drawn quantities alone, only these move: so
``\mathrm{d}L = \langle G, \mathrm{d}W_{hy} \rangle`` speaks of changes of W_{hy}, and
``\mathrm{d}y_t = W_{hy}\, \mathrm{d}h_t`` is false, since W_{hy} and b_y move too.

The letters of a page move always, but for what ``where`` holds still, as in
``\mathrm{d}A = 0``. What its model calls constant stands still beside the differential
of another letter, unless a constant has one too: \mathrm{d}(AX) = A\, \mathrm{d}X.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from rnn_notes.equations.nodes import Node
from rnn_notes.equations.symbols import PAGE, Scope
from rnn_notes.equations.worlds import Key, World

__all__ = ["moving"]


def moving(
    sides: Iterable[Node], env: Mapping[str, int], world: World, scope: Scope
) -> frozenset[Key]:
    """What is nudged in an equation, for given values of its letters."""
    sides = list(sides)
    named = {k for side in sides for k in _named(side, dict(env), world.values, False)}
    computed = {key for key in named if key not in world.roots}
    alone = {
        node.parts[0].value
        for side in sides
        for node in side.walk()
        if node.kind == "d" and node.parts[0].kind == "quantity"
    }
    on_the_way = len(computed) > 1 or any(key[0] not in alone for key in computed)
    drawn = named - computed
    drawn -= {
        key
        for key in drawn
        if _role(key, scope) == "onehot" and _note(key, scope).startswith("target")
    }
    if on_the_way or not any(not _of_page(key) for key in drawn):
        others = {k for k in world.roots if _role(k, scope) not in ("input", "onehot")}
        drawn |= others
    drawn |= {key for key in world.roots if _of_page(key)}
    constant = {key for key in drawn if _note(key, scope).startswith("constant")}
    with_own = {key[0] for key in drawn} & alone
    if with_own and not with_own & {key[0] for key in constant}:
        drawn -= constant
    return frozenset(key for key in drawn if key[0] not in scope.still)


def _of_page(key: Key) -> bool:
    """Whether a quantity is a letter of the page."""
    return key[0].startswith(PAGE)


def _role(key: Key, scope: Scope) -> str:
    """The role of a quantity in its model, nothing for a letter of the page."""
    quantity = scope.known(key[0])
    return quantity.role if quantity else ""


def _note(key: Key, scope: Scope) -> str:
    """What a model says of a quantity, nothing for a letter of the page."""
    quantity = scope.known(key[0])
    return quantity.note if quantity else ""


def _named(
    node: Node, env: dict[str, int], known: Collection[Key], inside: bool
) -> Iterator[Key]:
    """The quantities under a differential; all steps where the index is bound."""
    if node.kind == "quantity" and inside:
        if all(index.letters <= set(env) for index in node.indices):
            key = (node.value, tuple(index.at(env) for index in node.indices))
            yield from {key} & set(known)
        else:
            yield from (key for key in known if key[0] == node.value)
    inner = {name: value for name, value in env.items() if name not in node.binds}
    for part in node.parts:
        yield from _named(part, inner, known, inside or node.kind == "d")
