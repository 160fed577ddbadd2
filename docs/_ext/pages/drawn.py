"""Figures that the package draws while the site is built.

::

    ```{drawn} unrolled
    :name: fig-unrolled
    The caption.
    ```

calls ``unrolled()`` of ``rnn_notes.book.figures`` and sets its SVG into the page
itself, where the page's colours, light or dark, reach it.
"""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

from rnn_notes.book.figures.drawing.svg import Figure

__all__ = ["LOGGER", "Drawn", "setup"]

LOGGER = logging.getLogger(__name__)


class Drawn(SphinxDirective):
    """A numbered figure with the SVG of a figure function and a caption.

    drawn : the figure, once ``run`` has drawn it
    """

    drawn: Figure

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[OptionSpec] = {"name": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        try:
            self.drawn = _figure(name)
            caption = self.caption()
        except (LookupError, ValueError) as error:
            LOGGER.warning(
                "figure %r: %s",
                name,
                error.args[0],
                location=self.get_location(),
                type="drawn",
            )
            return []
        raw = nodes.raw(
            "", f'<div class="drawn">\n{self.drawn.svg}\n</div>', format="html"
        )
        figure = nodes.figure("", raw, caption, classes=["drawn-figure"], drawn=name)
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]

    def caption(self) -> nodes.caption:
        """The content of the directive as one caption."""
        paragraphs = self.parse_content_to_nodes()
        if not paragraphs or not isinstance(paragraphs[0], nodes.paragraph):
            raise ValueError("no caption; expected a paragraph as content")
        first = paragraphs[0]
        caption = nodes.caption(first.rawsource, "", *first.children)
        self.set_source_info(caption)
        return caption


def _figure(name: str) -> Figure:
    """A figure by its name, drawn.

    Raises ``LookupError`` for an unknown name, and ``ValueError`` for a figure that
    cannot be read out: without alt text, or without the role that says it is one image.
    """
    figures = importlib.import_module("rnn_notes.book.figures")
    function = getattr(figures, name, None)
    if name.startswith("_") or not callable(function):
        known = ", ".join(getattr(figures, "__all__", ()))
        raise LookupError(
            f"rnn_notes.book.figures has no function {name!r}, but {known}"
        )
    figure: Figure = function()
    if not figure.alt.strip():
        raise ValueError("its alt text is empty; expected what the picture says")
    if 'role="img"' not in figure.svg or "aria-labelledby=" not in figure.svg:
        raise ValueError('its SVG lacks role="img" or aria-labelledby')
    return figure


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("drawn", Drawn)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
