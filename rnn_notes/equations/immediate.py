r"""The chain rule over steps, where texts write ``\partial`` for ``\partial^{+}``.

In ``\sum_k \frac{\partial h_t}{\partial h_k} \frac{\partial h_k}{\partial W}`` the last
factor is what W does within step k alone; the other steps are the other terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rnn_notes.equations.nodes import Node

__all__ = ["with_immediate_factors"]


def with_immediate_factors(
    node: Node, note: Callable[[str, Node], None], bound: tuple[str, ...] = ()
) -> Node:
    """A tree whose letters have a meaning, with its immediate factors as such.

    note : what is called with a remark and the factor that is read so
    """
    bound = (*bound, *node.binds)
    if node.kind == "mul":
        for letter in bound:
            if any(_comes_from(factor, letter) for factor in _factors(node)):
                node = _held(node, letter, note)
    return node.with_parts(lambda part: with_immediate_factors(part, note, bound))


def _factors(node: Node) -> Iterator[Node]:
    """The factors of a product, those of products in brackets too."""
    for part in node.parts:
        yield from _factors(part) if part.kind == "mul" else [part]


def _comes_from(node: Node, letter: str) -> bool:
    """Whether a factor is the derivative of a later step by that of a letter."""
    if node.kind in ("prod", "transpose"):
        within = any(letter in index.letters for index in node.indices)
        return within or _comes_from(node.parts[0], letter)
    if node.kind != "derivative":
        return False
    above, below = (_steps(part) for part in node.parts)
    return below == {letter} and above != below and bool(above)


def _steps(node: Node) -> set[str]:
    """What stands in the index of a quantity, its letters and ``"1"`` for a number."""
    while node.kind in ("entry", "transpose"):
        node = node.parts[0]
    letters = {letter for index in node.indices for letter in index.letters}
    return letters or {"1" for _ in node.indices}


def _held(node: Node, letter: str, note: Callable[[str, Node], None]) -> Node:
    """The product with its last factors, by parameters, as immediate ones."""

    def one(part: Node) -> Node:
        if part.kind == "mul":
            return part.with_parts(one)
        if part.kind == "derivative" and part.value is False:
            above, below = part.parts
            if _steps(above) == {letter} and not _steps(below):
                note("read the factor within one step as immediate, ∂⁺", part)
                return replace(part, value=True)
        return part

    return node.with_parts(one)
