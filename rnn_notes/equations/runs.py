r"""Dots between factors or terms: what they leave out, as one product or sum.

In ``A_T A_{T-1} \dots A_1`` the factors beside the dots are one factor with another
index, so the whole is ``\prod_{j=T}^{1} A_j``. Dots that leave out anything else stay.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

from rnn_notes.equations.nodes import Linear, Node

__all__ = ["without_dots"]

_LETTERS = "jiksmn"
_Pair = tuple[Node, ...]


def without_dots(node: Node, note: Callable[[Node, str], None]) -> Node:
    r"""A product or sum without its dots, where the pieces beside them say the rest.

    node : a "mul" or an "add" as it is parsed
    note : what is called with the dots and a remark on how they were read

    >>> from rnn_notes.equations.parsing import parse
    >>> [[product]] = parse(r"A_T A_{T-1} \dots A_1", [])
    >>> [str(limit.value) for limit in product.parts[:3]]
    ['j', 'T', '1']
    """
    places = [n for n, part in enumerate(node.parts) if part.kind == "dots"]
    if len(places) != 1 or not 0 < places[0] < len(node.parts) - 1:
        return node
    if node.kind == "add" and len({*node.value[places[0] - 1 :]}) > 1:
        return node
    first = last = places[0]
    while first and _alike(node.parts[first - 1], node.parts[places[0] - 1]):
        first -= 1
    while _alike(node.parts[places[0] - 1], *node.parts[last + 1 : last + 2]):
        last += 1
    if first == places[0] or last == places[0]:
        return node
    whole = _run(node, first, places[0], last)
    if whole is None:
        return node
    kind = "product" if whole.kind == "prod" else "sum"
    said = f"read the dots as a {kind} over {whole.parts[0].value}"
    note(node.parts[places[0]], said)
    return _exchanged(node, first, last, whole)


def _alike(*pieces: Node) -> bool:
    """Whether two pieces came that differ in their indices at most."""
    return len(pieces) == 2 and None not in _indices(pieces)


def _exchanged(node: Node, first: int, last: int, whole: Node) -> Node:
    """The node with the pieces from ``first`` to ``last`` taken together."""
    parts = (*node.parts[:first], whole, *node.parts[last + 1 :])
    sign = node.kind == "add"  # one stands before the first term, none before a factor
    links = (*node.value[: first + sign], *node.value[last + sign :])
    if links in ((), (1,)):
        return replace(whole, span=node.span)
    return replace(node, parts=parts, value=links)


def _run(node: Node, first: int, dots: int, last: int) -> Node | None:
    """The product or sum that the pieces are, None where they follow no order."""
    pieces = node.parts[first:dots] + node.parts[dots + 1 : last + 1]
    rows = [row for row in _indices(pieces) if row is not None]
    values = [[_linear(index) or Linear() for index in row] for row in rows]
    moving = [n for n, row in enumerate(values) if len(set(row)) > 1]
    if not moving:
        return None
    pivot = values[moving[0]]
    gaps = [after.plus(before, -1) for before, after in itertools.pairwise(pivot)]
    beside = {gap for n, gap in enumerate(gaps) if n != dots - first - 1}
    if len(beside) > 1 or not beside <= {Linear((), 1), Linear((), -1)}:
        return None
    shifts = [values[n][0].plus(pivot[0], -1) for n in moving]
    for n, shift in zip(moving, shifts, strict=True):
        if shift.letters or values[n] != [value.plus(shift) for value in pivot]:
            return None
    used = {part.value for piece in pieces for part in piece.walk()}
    free = [letter for letter in _LETTERS if letter not in used]
    if not free:
        return None
    letter = Node("name", node.parts[dots].span, (), free[0])
    new = {
        id(rows[n][0]): letter.plus(shift.constant)
        for n, shift in zip(moving, shifts, strict=True)
    }
    body = pieces[0].exchanged(lambda part: new.get(id(part)))
    low, high = limits = (rows[moving[0]][0], rows[moving[0]][-1])
    span = (body.span[0], high.span[1])
    if node.kind == "mul":
        return Node("prod", span, (letter, *limits, body))
    falls = len(pivot) > 2 and gaps[0] == Linear((), -1)
    return Node("sum", span, (letter, *((high, low) if falls else limits), body))


def _indices(pieces: tuple[Node, ...]) -> Iterator[_Pair | None]:
    """The indices of all pieces, place by place; None where the pieces differ else."""
    if len({(p.kind, p.value, len(p.parts)) for p in pieces}) > 1:
        yield None
        return
    indexed = pieces[0].kind == "subscripted"
    for place, same in enumerate(zip(*(piece.parts for piece in pieces), strict=True)):
        if indexed and place and None not in map(_linear, same):
            yield same
        else:
            yield from _indices(same)


def _linear(node: Node) -> Linear | None:
    """The index that a node such as t, 3 or t - 1 stands for, None for another."""
    if node.kind == "number":
        return Linear((), int(node.value)) if node.value.isdigit() else None
    if node.kind == "name":
        return Linear.of(node.value)
    if node.kind != "add":
        return None
    total = Linear()
    for sign, part in zip(node.value, node.parts, strict=True):
        if (index := _linear(part)) is None:
            return None
        total = total.plus(index, sign)
    return total
