"""A formula of another text, written with the book's letters."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rnn_notes.equations.dims import written
from rnn_notes.equations.errors import Span
from rnn_notes.equations.model import Model
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.symbols import STEPS

__all__ = ["sizes_in", "translated", "with_sizes"]


def translated(latex: str, model: Model, book: Model, nodes: Iterable[Node]) -> str:
    r"""The formula with each quantity by its name in the book; empty if one has none.

    nodes : all pieces of the formula, as they were read in ``model``
    """
    edits: dict[Span, str] = {}
    turned: set[Span] = set()  # h^{(t)\top} is one place
    for node in sorted(nodes, key=lambda node: node.kind != "entry"):
        if node.kind == "transpose" and node.parts[0].span == node.span:
            turned.add(node.span)
        inside = node.parts[0] if node.kind == "entry" else node
        if inside.kind != "quantity" or inside.span in edits:
            continue
        known = model.quantities.get(str(inside.value))
        if known is None or not known.book:
            return ""
        name = known.book
        if inside.indices:
            name = re.sub(r"_t$", f"_{{{inside.indices[0]}}}", name)
        if node is not inside and node.span == inside.span:
            places = ",".join(map(str, node.indices))
            name = f"({name})_{{{places}}}"
        edits[inside.span] = name
    pieces, at = [], 0
    sizes = sizes_in(model, book)
    for (start, end), name in sorted(edits.items()):
        if start < at:
            return ""
        before = with_sizes(latex[at:start], sizes)
        if latex[start] == "(":
            name = f"({name})"
        if before.endswith(("_", "^")):
            name = f"{{{name}}}"
        gap = " " if re.search(r"\\[A-Za-z]+$", before) and name[0].isalpha() else ""
        pieces += [before, gap, name, r"^\top" if (start, end) in turned else ""]
        at = end
    return "".join([*pieces, with_sizes(latex[at:], sizes)])


def sizes_in(model: Model, book: Model) -> dict[str, str]:
    """What the book calls the sizes of a model, by the shapes of what both have."""
    found = {STEPS: STEPS}
    for known in model.quantities.values():
        same = book.quantities.get(re.sub("_t$", "_", known.book))
        if same and known.shape and same.shape:
            pair = (written(shape).split("×") for shape in (known.shape, same.shape))
            found |= zip(*pair, strict=True)
    renamed = model.scope.renamed.items()
    return found | {name: found[size] for name, size in renamed if size in found}


def with_sizes(text: str, sizes: dict[str, str]) -> str:
    r"""The text with other letters for sizes, where a letter stands alone.

    >>> with_sizes(r"\sum_{k=1}^{K} N", {"K": "V", "N": "H"})
    '\\sum_{k=1}^{V} H'
    """
    return re.sub(r"\\[A-Za-z]+|[A-Za-z]+", lambda m: sizes.get(m[0], m[0]), text)
