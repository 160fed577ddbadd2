r"""Boxes in the page: one measures a formula of the reader's, one checks a function.

::

    ```{formula-box} y_t = W_{hy} h_t
    ```

measures anything, and starts with the formula given. An exercise names the left side
that it asks for, and tells right from wrong without showing the solution::

    ```{formula-box}
    :asked: \frac{\partial L}{\partial W_{xh}}
    ```

A function of the page stands in a box that checks it, in the reader's browser::

    ```{check-box} lossFun
    ```

``:where:``, ``:layout:`` and ``:model:`` are those of ``{measured}``, and a page may
name its model once.
A box that asks for nothing lets the reader choose the model.
Without JavaScript a line says that a box would need it.
"""

from __future__ import annotations

import ast
from html import escape
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec
from sphinx.writers.html5 import HTML5Translator

from docs._ext.formulas.evidence import LAYOUTS
from docs._ext.formulas.measured import model_of

__all__ = ["FormulaBox", "setup"]

_LOGGER = logging.getLogger(__name__)
_WITHOUT = "Here a box would {}; it needs JavaScript."


class FormulaBox(nodes.General, nodes.Element):
    """The place of a box; ``live.js`` builds it."""


class _FormulaBoxDirective(SphinxDirective):
    """A box for any formula, or for the answer to an exercise."""

    has_content = True
    option_spec: ClassVar[OptionSpec] = {
        "asked": directives.unchanged_required,
        "where": directives.unchanged_required,
        "layout": lambda text: directives.choice(text, tuple(LAYOUTS)),
        "model": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        asked = self.options.get("asked", "")
        formula = "\n".join(self.content).strip() or f"{asked} = "
        node = FormulaBox(formula=formula, asked=asked)
        node["where"] = self.options.get("where", "")
        node["layout"] = self.options.get("layout", "denominator" if asked else "")
        node["model"] = self.options.get("model", model_of(self.env))
        self.set_source_info(node)
        return [node]


class _CheckBoxDirective(SphinxDirective):
    """A box in which a function of the page stands, to be checked."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        node = FormulaBox(function=self.arguments[0], asked="a function")
        self.set_source_info(node)
        return [node]


def _fill(app: Sphinx, doctree: nodes.document) -> None:
    """Put the functions that check boxes name into them, from the page's own cells."""
    for box in doctree.findall(FormulaBox):
        if "function" not in box:
            continue
        blocks = [block.astext() for block in doctree.findall(nodes.literal_block)]
        found = [_function_in(text, box["function"]) for text in blocks]
        box["code"] = next(filter(None, found), "")
        if not box["code"]:
            words = f"no cell of the page defines {box['function']}"
            _LOGGER.warning(words, location=box, type="live")


def _function_in(source: str, name: str) -> str:
    """The source of a function that a cell defines, empty where it defines none.

    >>> _function_in("x = 1\\ndef f():\\n    return x\\n", "f")
    'def f():\\n    return x'
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    for part in tree.body:
        if isinstance(part, ast.FunctionDef) and part.name == name:
            return ast.get_source_segment(source, part) or ""
    return ""


def _place(writer: HTML5Translator, node: FormulaBox) -> None:
    """Write the place of a box, and what a reader without scripts is told there."""
    checks = "code" in node
    names = ("code",) if checks else ("formula", "asked", "where", "layout", "model")
    said = " ".join(f'data-{name}="{escape(node[name])}"' for name in names)
    words = _WITHOUT.format(f"{'check' if checks else 'measure'} what you write")
    told = f'<noscript><p class="live-excuse">{words}</p></noscript>'
    writer.body.append(f'<div class="formula-box" {said}>{told}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    skip = (lambda writer, node: None, lambda writer, node: None)
    app.add_node(FormulaBox, html=(_place, None), latex=skip, text=skip)
    app.add_directive("formula-box", _FormulaBoxDirective)
    app.add_directive("check-box", _CheckBoxDirective)
    app.connect("doctree-read", _fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
