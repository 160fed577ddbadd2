"""Displayed equations, measured while the site is built.

::

    ```{measured} eq-dwhy
    :by: rnn_notes.rnn.backward
    \\frac{\\partial L}{\\partial W_{hy}} = \\sum_{t=1}^{T} (p_t - e_t)\\, h_t^\\top
    ```

shows the formula with its number, and hands the same string to ``rnn_notes``.
``:model:`` names another network than the book's, or one of its options, as in ``gru
with the reset before``; ``{model} lstm`` names it for all formulas of a page below.
A formula that does not hold, or that cannot be read, is a warning with its place, and
so a build error. So is a displayed equation that is neither measured nor marked
``:unmeasured: reason``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.directives.patches import MathDirective
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

from docs._ext.formulas.evidence import LAYOUTS, details
from docs._ext.formulas.kept import exists, measured, sizes

__all__ = ["model_of", "setup"]

_LOGGER = logging.getLogger(__name__)


class _Measured(MathDirective):
    """A numbered equation and, under it, what measuring it gave."""

    required_arguments = 1
    optional_arguments = 0
    final_argument_whitespace = False
    option_spec: ClassVar[OptionSpec] = {
        "layout": lambda text: directives.choice(text, tuple(LAYOUTS)),
        "where": directives.unchanged_required,
        "model": directives.unchanged_required,
        "sizes": directives.unchanged_required,
        "by": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        self.options["label"] = self.arguments[0]
        node, *before = self.equation("\n".join(self.content))
        record = self.record(node.astext())
        node["measured"] = record or {"failed": True}
        return [*before, node, *([details(record)] if record else [])]

    def equation(self, latex: str) -> list[nodes.Node]:
        """The numbered equation, then the target that its references need."""
        docname = self.env.current_document.docname
        node = nodes.math_block(latex, latex, docname=docname, number=None)
        node["label"] = self.options["label"]
        self.set_source_info(node)
        nodes_: list[nodes.Node] = [node]
        self.add_target(nodes_)
        return nodes_[::-1]

    def record(self, latex: str) -> dict[str, Any] | None:
        """What measuring gave and where it is implemented; None after a warning."""
        options: dict[str, Any] = {
            "layout": self.options.get("layout", "denominator"),
            "where": self.options.get("where", ""),
        }
        if model := self.options.get("model", model_of(self.env)):
            options["model"] = model
        by = self.options.get("by", "")
        try:
            if "sizes" in self.options:
                options["sizes"] = sizes(self.options["sizes"])
            if by:
                exists(by)
            result = measured(latex, {**options, "strict": True}, self.config)
        except ValueError as error:
            self.complain("is not understood", str(error))
            return None
        if not result["holds"]:
            report = result["report"].removeprefix("does not hold\n")
            self.complain("does not hold", report)
            return None
        return {**result, **options, "by": by, "label": self.arguments[0]}

    def complain(self, what: str, report: str) -> None:
        """Warn, with the equation's label and place."""
        _LOGGER.warning(
            "equation %r %s\n%s",
            self.arguments[0],
            what,
            report,
            location=self.get_location(),
            type="measured",
        )


class _PageModel(SphinxDirective):
    """The model of all formulas below it, unless they name another."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.current_document["model"] = self.arguments[0]
        return []


def model_of(env: BuildEnvironment) -> str:
    """The model that the page has named, or nothing."""
    return str(env.current_document.get("model", ""))


class _Unmeasured(MathDirective):
    """The plain equation of Sphinx, with the reason why it is not measured."""

    option_spec: ClassVar[OptionSpec] = {
        **(MathDirective.option_spec or {}),
        "unmeasured": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        made = super().run()
        reason = self.options.get("unmeasured")
        if reason is None:
            return made
        for node in made:
            if isinstance(node, nodes.math_block):
                node["unmeasured"] = reason
        line = nodes.paragraph("", "Not measured: ", classes=["unmeasured"])
        children, messages = self.parse_inline(reason)
        line += children
        return [*made, line, *messages]


def _quietly(
    app: Sphinx, env: BuildEnvironment, node: nodes.Element, content: nodes.Node
) -> nodes.Node | None:
    """The bare name of a function that no page documents."""
    return content if node.get("quietly") else None


def _collect(app: Sphinx, doctree: nodes.document) -> None:
    """Note the page's equations, and report strays."""
    records: list[dict[str, Any]] = []
    for node in doctree.findall(nodes.math_block):
        record, reason = node.get("measured"), node.get("unmeasured")
        if record is None and (reason is None or not node.get("label")):
            _LOGGER.warning(
                "this equation is displayed and not measured; expected {measured}, or"
                " {math} with :label: and :unmeasured: reason\n%s",
                node.astext(),
                location=node,
                type="measured",
            )
        elif record is None:
            label = node["label"]
            records.append({"label": label, "reason": reason, "latex": node.astext()})
        elif "failed" not in record:
            records.append(record)
    app.env.metadata[app.env.current_document.docname]["equations"] = records


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("docs._ext.formulas.evidence")
    app.add_config_value("package_digest", "", "env", types=[str])
    app.add_config_value("measured_cache", "", "", types=[str])
    app.add_directive("measured", _Measured)
    app.add_directive("model", _PageModel)
    app.add_directive("math", _Unmeasured, override=True)
    app.connect("missing-reference", _quietly)
    app.connect("doctree-read", _collect)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
