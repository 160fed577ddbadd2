"""Figures that move where scripts run, and are pictures where none does.

::

    ```{moving} error_against_step
    :name: fig-error-against-step
    The caption.
    ```

calls ``rnn_notes.book.figures.error_against_step()``, which returns a ``Moving``: its
picture stands in the page as that of ``{drawn}``, and its control below it.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from docs._ext.pages.drawn import LOGGER, Drawn
from docs._ext.pages.stepper import Live
from rnn_notes.book.figures.drawing.frames import Moving

__all__ = ["setup"]

_MARK = '<div class="live"><div class="control">'


class _MovingFigure(Drawn):
    """A figure of the package with the control that moves it."""

    def run(self) -> list[nodes.Node]:
        made = super().run()
        name = self.options.get("name", self.arguments[0])
        for figure in made:
            if not isinstance(self.drawn, Moving):
                LOGGER.warning(
                    "figure %r does not move; expected {drawn}",
                    self.arguments[0],
                    location=self.get_location(),
                    type="moving",
                )
                return []
            figure["classes"].append("moving")
            figure.insert(1, Live("", html=self.drawn.controls(name), drawn=""))
        return made


def _script(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Load the script in the pages that hold such a figure."""
    if _MARK in context.get("body", ""):
        app.add_js_file("moving.js", defer="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("moving", _MovingFigure)
    app.connect("html-page-context", _script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
