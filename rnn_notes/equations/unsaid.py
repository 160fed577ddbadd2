r"""What texts leave unsaid once their letters have a meaning: sums, and what is held.

In ``y_l = V_{lm} s_m`` the letter m stands twice in a product and not on the left, so
what is meant is ``\sum_m V_{lm} s_m``. In the chain rule over steps, ``\sum_k
\frac{\partial h_t}{\partial h_k} \frac{\partial h_k}{\partial W}``, the last factor is
what W does within step k alone, ``\partial^{+}``; the other steps are the other terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rnn_notes.equations.nodes import Node

__all__ = ["summed", "widened", "with_immediate_factors"]

_ENTRIES = ("entry", "delta")
_PRODUCTS = ("mul", "hadamard")
_Note = Callable[[str, Node], None]


def summed(relation: Node, note: _Note) -> Node:
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


def widened(relation: Node, note: _Note) -> Node:
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


def _summed(node: Node, letter: str, note: _Note) -> Node:
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


def with_immediate_factors(
    node: Node, note: _Note, whole: bool = False, bound: tuple[str, ...] = ()
) -> Node:
    """A tree whose letters have a meaning, with its immediate factors as such.

    note  : what is called with a remark and the factor that is read so
    whole : whether factors behind the derivative of a sum over steps are such too
    """
    bound = (*bound, *node.binds)
    if node.kind == "mul":
        for letter in bound:
            if any(_comes_from(factor, letter, whole) for factor in _factors(node)):
                node = _held(node, _at(letter), note)
    if node.kind == "add":
        node = _paths_held(node, note)
    return node.with_parts(
        lambda part: with_immediate_factors(part, note, whole, bound)
    )


def _at(letter: str) -> Callable[[Node], bool]:
    """What tells whether the step of the quantity above is a letter."""
    return lambda part: _steps(part.parts[0]) == {letter}


def _paths_held(node: Node, note: _Note) -> Node:
    r"""A sum of paths that is written out, the ends of all but the longest immediate.

    In ``\frac{\partial h_2}{\partial W} + \frac{\partial h_2}{\partial h_1}
    \frac{\partial h_1}{\partial W}`` the first is what W does within step 2 alone.
    """
    paths = [[*_factors(t)] if t.kind == "mul" else [t] for t in node.parts]

    def goes_on(last: Node) -> bool:
        """Whether another path goes through that step, to the same variable."""
        return any(
            one.kind == end.kind == "derivative"
            and end.parts[1].value == last.parts[1].value
            and _before(one.parts[1], last.parts[0]) > 0
            and _before(last.parts[0], one.parts[0]) >= 0
            for *before, end in paths
            for one in before
        )

    return node.with_parts(lambda term: _held(term, goes_on, note))


def _before(one: Node, other: Node) -> int:
    """How many steps a quantity comes before another one, -1 if that is not known."""
    if one.value != other.value or not (one.indices and other.indices):
        return -1
    apart = other.indices[0].plus(one.indices[0], -1)
    return -1 if apart.letters else apart.constant


def _factors(node: Node) -> Iterator[Node]:
    """The factors of a product, those of products in brackets too."""
    for part in node.parts:
        yield from _factors(part) if part.kind == "mul" else [part]


def _comes_from(node: Node, letter: str, whole: bool) -> bool:
    """Whether a factor is the derivative of a later step by that of a letter."""
    if node.kind in ("prod", "transpose"):
        within = any(letter in index.letters for index in node.indices)
        return within or _comes_from(node.parts[0], letter, whole)
    if node.kind != "derivative":
        return False
    above, below = (_steps(part) for part in node.parts)
    return below == {letter} and above != below and (bool(above) or whole)


def _steps(node: Node) -> set[str]:
    """What stands in the index of a quantity, its letters and ``"1"`` for a number."""
    indices = node.within("entry", "transpose").indices
    return {letter for i in indices for letter in i.letters} or {"1" for _ in indices}


def _held(node: Node, chosen: Callable[[Node], bool], note: _Note) -> Node:
    """The product with those of its factors by parameters as immediate ones."""

    def one(part: Node) -> Node:
        if part.kind == "mul":
            return part.with_parts(one)
        plain = part.kind == "derivative" and part.value is False
        steps = [bool(_steps(side)) for side in part.parts] if plain else []
        if steps == [True, False] and chosen(part):
            note("read the factor within one step as immediate, ∂⁺", part)
            return replace(part, value=True)
        return part

    return one(node)
