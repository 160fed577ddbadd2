"""A figure that walks back through the loop, line by line.

::

    ```{stepper}
    :name: fig-steps
    :code: loop
    :cell: rnn
    :ledger:
    The caption.
    ```

is the static figure of all steps; with JavaScript, the stepper takes its place.
``code`` is the name of included code, above it, whose acting line is marked, and
``cell`` the network, ``rnn`` or ``lstm``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.typing import OptionSpec
from sphinx.writers.html5 import HTML5Translator

from docs._ext.pages.drawn import LOGGER, Drawn
from rnn_notes.book.figures.stepper_parts import lines, stepper, walk

__all__ = ["Live", "setup"]


class Live(nodes.General, nodes.Element):
    """What a page shows in place of the static figure; no other output has it."""


class _Stepper(Drawn):
    """The static figure of the backward pass, and what walks through it."""

    required_arguments = 0
    option_spec: ClassVar[OptionSpec] = {
        "name": directives.unchanged_required,
        "code": directives.unchanged_required,
        "cell": lambda text: directives.choice(text, ("rnn", "lstm")),
        "ledger": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        name, code = (self.options.get(key, "") for key in ("name", "code"))
        cell = self.options.get("cell", "rnn")
        network = walk(cell)
        self.arguments = [network.still]
        figures = super().run()  # takes the name away
        self.check(code, lines(cell))
        for figure in figures:
            figure["classes"].append("stepper")
            html = stepper(name or "stepper", code, "ledger" in self.options, cell)
            figure.insert(1, Live("", html=html, drawn=network.network.__name__))
        return figures

    def check(self, code: str, acting: set[str]) -> None:
        """Warn unless the code of that name holds every line that acts."""
        blocks = self.state.document.findall(nodes.literal_block)
        texts = [block.astext() for block in blocks if code in block["names"]]
        shown = {
            line.partition("#")[0].strip() for t in texts for line in t.split("\n")
        }
        if code and (missing := sorted(acting - shown)):
            LOGGER.warning(
                "stepper: code is %r, expected the name of code above that has %r",
                code,
                missing[0],
                location=self.get_location(),
                type="stepper",
            )


def _open_live(writer: HTML5Translator, node: Live) -> None:
    """Write the stepper, into pages that a browser shows one by one."""
    if writer.builder.name in ("html", "dirhtml"):
        writer.body.append(node["html"])
    raise nodes.SkipNode


def _script(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Let the pages that hold a stepper load the script."""
    if 'class="live" data-code="' in context.get("body", ""):
        app.add_js_file("stepper.js", defer="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Live, html=(_open_live, None))
    app.add_directive("stepper", _Stepper)
    app.connect("html-page-context", _script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
