r"""One row a quantity, one column a text: generated from the models' own text.

::

    ```{dictionary}
    book: this book
    goodfellow: Goodfellow
    ```

A quantity stands in the row of the book's quantity with the same note, up to a comma;
under it stands its shape, in that text's sizes. The names of the classic code come
first. A letter that finds no row is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from docs._ext.formulas.atlas import row
from rnn_notes.equations.dims import written
from rnn_notes.equations.model import Model, clauses, names, shipped

__all__ = ["CLASSIC", "column", "setup"]

_LOGGER = logging.getLogger(__name__)
CLASSIC = {  # what the classic code calls it; it keeps no argument of tanh
    "input": "xs[t]",
    "target": "targets[t]",
    "input to hidden": "Wxh",
    "hidden to hidden": "Whh",
    "hidden to output": "Why",
    "bias of the hidden units": "bh",
    "bias of the outputs": "by",
    "state before the first step": "hprev",
    "hidden state": "hs[t]",
    "logits": "ys[t]",
    "prediction": "ps[t]",
    "loss": "loss",
}
_INDEX = re.compile(r"_t$|_0$|\^\{[^{}]*\b[t0]\b[^{}]*\}$")


class _Dictionary(SphinxDirective):
    """The table, its columns as the lines of the content name them."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        columns = [line.partition(": ")[::2] for line in self.content]
        if unknown := [name for name, _ in columns if name not in names()]:
            raise self.error(f"{unknown[0]!r} came, expected the name of a model")
        told = {name: column(shipped(name)) for name, _ in columns}
        rows = column(shipped("book"))
        for name, texts in told.items():
            for note in texts.keys() - rows:
                stray = f"{name} has a {note!r}, expected one of {', '.join(rows)}"
                _LOGGER.warning(stray, location=self.get_location(), type="measured")
        body = nodes.tbody()
        for note in rows:
            code = (
                nodes.literal("", CLASSIC[note]) if note in CLASSIC else nodes.Text("–")
            )
            cells = [_letters(texts.get(note, [])) for texts in told.values()]
            body += row([nodes.Text(note), code, *cells])
        heads = ["Quantity", "Classic code", *(head for _, head in columns)]
        group = nodes.tgroup("", cols=len(heads))
        group += [nodes.colspec("", colwidth=1) for _ in heads]
        group += [nodes.thead("", row(map(nodes.Text, heads))), body]
        return [nodes.table("", group, classes=["dictionary"])]


def column(model: Model) -> dict[str, list[tuple[str, str]]]:
    """The letters of a model, each with its shape, by what they are.

    >>> column(shipped("goodfellow"))["hidden state"]
    [('h^{(t)}', 'N×1')]
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for note, latex, shape in _spelled(model):
        found.setdefault(note, []).append((latex, shape))
    return found


def _spelled(model: Model) -> Iterator[tuple[str, str, str]]:
    """Note, LaTeX and shape of every quantity of a model."""
    known = {
        key.rstrip("_"): quantity.shape for key, quantity in model.quantities.items()
    }
    for clause in clauses(model.text):
        if clause.text.startswith("%"):
            continue
        left = re.split(r" \\in | = ", clause.text, maxsplit=1)[0]
        for latex in left.split(", "):
            base = _INDEX.sub("", latex)
            first = base != latex and "0" in latex[len(base) :]
            bare = re.sub(r"_(\w)$", r"_{\1}", base)
            shape = model.firsts[bare] if first else known[bare]
            assert shape is not None
            yield clause.note.partition(",")[0], latex, written(shape)


def _letters(found: list[tuple[str, str]]) -> nodes.Node:
    """What stands in a cell: letters, and under each its shape."""
    cell = nodes.inline("", "" if found else "–")
    for latex, shape in found:
        shown = "" if shape == "1×1" else shape
        cell += [nodes.math(latex, latex), nodes.inline("", shown, classes=["shapes"])]
    return cell


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("dictionary", _Dictionary)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
