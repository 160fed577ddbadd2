r"""Entries with a repeated letter: the sum over it that many texts leave out.

In ``y_l = V_{lm} s_m`` the letter m stands twice in a product and not on the left, so
what is meant is ``\sum_m V_{lm} s_m``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnn_notes.equations.nodes import Node

__all__ = ["summed", "widened"]

_ENTRIES = ("entry", "delta")
_PRODUCTS = ("mul", "hadamard")


def summed(relation: Node, note: Callable[[str, Node], None]) -> Node:
    """A relation whose letters have a meaning, with the sums that it leaves out.

    note : what is called with a remark and the product that is summed

    >>> from rnn_notes.equations.nodes import Linear
    >>> V, s = (Node("quantity", (n, n + 1), value=v) for n, v in enumerate("Vs"))
    >>> l, m = (Linear(((letter, 1),)) for letter in "lm")
    >>> product = Node("mul", (0, 2), (
    ...     Node("entry", (0, 1), (V,), indices=(l, m)),
    ...     Node("entry", (1, 2), (s,), indices=(m,))), ("",))
    >>> y = Node("entry", (0, 1), (Node("quantity", (0, 1), value="y"),), indices=(l,))
    >>> formula = Node("relation", (0, 2), (y, product), ("=",))
    >>> read = summed(formula, lambda text, node: print(text))
    summed over m, which stands twice and not on every side
    >>> read.parts[1].kind, sorted(read.free)
    ('sum', ['l'])
    """
    everywhere = frozenset.intersection(*(_letters(side) for side in relation.parts))

    def one(side: Node) -> Node:
        for letter in sorted(_letters(side) - everywhere):
            side = _summed(side, letter, note)
        return side

    return relation.with_parts(one) if relation.kind == "relation" else relation


def widened(relation: Node, note: Callable[[str, Node], None]) -> Node:
    r"""A relation in which ``\sum_t p_t - e_t`` is a sum of differences.

    note : what is called with a remark and the sum

    It is, where the letter stands behind the sum and nowhere else.
    """

    def one(side: Node) -> Node:
        others = [other for other in relation.parts if other is not side]
        for place, term in enumerate(side.parts[:-1] if side.kind == "add" else ()):
            free = [
                n
                for n, t in enumerate(side.parts)
                if term.binds and t.free & {*term.binds}
            ]
            if term.kind != "sum" or not free or min(free) < place:
                continue
            if any(other.free & {*term.binds} for other in others):
                continue
            last = max(free) + 1
            note(f"read the sum over {term.value} as one of all that follows it", term)
            sign = side.value[place]
            terms = (term.parts[0], *side.parts[place + 1 : last])
            signs = (1, *(s * sign for s in side.value[place + 1 : last]))
            span = (term.parts[0].span[0], side.parts[last - 1].span[1])
            whole = replace(term, parts=(Node("add", span, terms, signs),))
            parts = (*side.parts[:place], whole, *side.parts[last:])
            signs = (*side.value[: place + 1], *side.value[last:])
            return replace(side, parts=parts, value=signs)
        return side

    return relation.with_parts(one) if relation.kind == "relation" else relation


def _letters(node: Node) -> frozenset[str]:
    """The letters of entries that are free in a node."""
    found = {
        letter
        for part in node.walk()
        if part.kind in _ENTRIES
        for index in part.indices
        for letter in index.letters
    }
    return frozenset(found & node.free)


def _summed(node: Node, letter: str, note: Callable[[str, Node], None]) -> Node:
    """A node in which the products with a letter twice are sums over it."""
    inside = [_count(part, letter) for part in node.parts]
    if node.kind in _PRODUCTS and max(inside) < sum(inside) > 1:
        note(f"summed over {letter}, which stands twice and not on every side", node)
        return Node("sum", node.span, (node,), letter, binds=(letter,))
    if sum(inside) < 2:
        return node
    return node.with_parts(lambda part: _summed(part, letter, note))


def _count(node: Node, letter: str) -> int:
    """How many entries with a letter, which is free there, are in a node."""
    if letter not in node.free:
        return 0
    return sum(
        any(letter in index.letters for index in part.indices)
        for part in node.walk()
        if part.kind in _ENTRIES
    )
