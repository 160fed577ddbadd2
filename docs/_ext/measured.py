"""Displayed equations, measured while the site is built.

::

    ```{measured} eq-dwhy
    :by: rnn_notes.rnn.backward
    \\frac{\\partial L}{\\partial W_{hy}} = \\sum_{t=1}^{T} (p_t - e_t)\\, h_t^\\top
    ```

shows the formula with its number, and hands the same string to ``rnn_notes``.
A formula that does not hold, or that cannot be read, is a warning with its place, and
so a build error. So is a displayed equation that is neither measured nor marked
``:unmeasured: reason``.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.directives.patches import MathDirective
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.typing import OptionSpec
from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
LAYOUTS = {
    "denominator": "denominator: a derivative has the shape of its variable",
    "numerator": "numerator: a derivative has one row for each entry of what changes",
}


class Details(nodes.General, nodes.Element):
    """What stands under an equation, folded away."""


class Summary(nodes.General, nodes.TextElement):
    """The line of the details that is always seen."""


class Measured(MathDirective):
    """A numbered equation and, under it, what measuring it gave."""

    required_arguments = 1
    optional_arguments = 0
    final_argument_whitespace = False
    option_spec: ClassVar[OptionSpec] = {
        "layout": lambda text: directives.choice(text, tuple(LAYOUTS)),
        "where": directives.unchanged_required,
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
        by = self.options.get("by", "")
        try:
            if "sizes" in self.options:
                options["sizes"] = sizes(self.options["sizes"])
            if by:
                exists(by)
            result = measured(latex, options, self.config)
        except ValueError as error:
            self.complain("is not understood", str(error))
            return None
        if not result["holds"]:
            report = result["report"].removeprefix("does not hold\n")
            self.complain("does not hold", report)
            return None
        return {**result, **options, "by": by, "label": self.arguments[0]}

    def complain(self, what: str, report: str) -> None:
        """Nothing; a warning with the equation's label and place has gone out."""
        LOGGER.warning(
            "equation %r %s\n%s",
            self.arguments[0],
            what,
            report,
            location=self.get_location(),
            type="measured",
        )


class Unmeasured(MathDirective):
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


def measured(latex: str, options: dict[str, Any], config: Any) -> dict[str, Any]:
    """What ``rnn_notes.equations.measure`` says of a formula, from the cache if there.

    The cache is keyed by the formula, its options and the content of the package, and
    only holds formulas that hold.
    """
    parts = [latex, options, config.package_digest]
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    path = Path(config.measured_cache, f"{key}.json")
    if path.exists():
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return known
    result = importlib.import_module("rnn_notes.equations").measure(latex, **options)
    record = {
        "holds": bool(result.holds),
        "error": float(f"{result.error:.0e}"),
        "shapes": "; ".join(dict.fromkeys(result.shapes.split("; "))),
        "draws": int(result.draws),
        "latex": latex,
    }
    if not record["holds"]:
        return {**record, "report": str(result)}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(record), encoding="utf-8")
    unfinished.replace(path)
    return record


def sizes(text: str) -> dict[str, int]:
    """The sizes of an option.

    >>> sizes("V=2, H=3")
    {'V': 2, 'H': 3}
    >>> sizes("V=two")
    Traceback (most recent call last):
    ValueError: sizes is 'V=two', expected letters and numbers as in 'V=2, H=3'
    """
    pairs = [re.fullmatch(r"\s*(\w+)\s*=\s*(\d+)\s*", p) for p in text.split(",")]
    if not all(pairs):
        expected = "expected letters and numbers as in 'V=2, H=3'"
        raise ValueError(f"sizes is {text!r}, {expected}")
    return {pair[1]: int(pair[2]) for pair in pairs if pair}


def exists(name: str) -> None:
    """Nothing, if ``name`` is the dotted name of an object that can be imported.

    >>> exists("json.dumps")
    >>> exists("json.nothing")
    Traceback (most recent call last):
    ValueError: by is 'json.nothing', expected the dotted name of a function
    """
    module, _, attribute = name.rpartition(".")
    try:
        getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError):
        expected = "expected the dotted name of a function"
        raise ValueError(f"by is {name!r}, {expected}") from None


def details(record: dict[str, Any]) -> Details:
    """The quiet line under an equation; opened, how it was measured."""
    shapes = nodes.inline("", record["shapes"], classes=["shapes"])
    over = f" over {record['draws']} draws"
    said = nodes.inline("", "largest error ", *power(record["error"]), nodes.Text(over))
    rows = [("LaTeX", nodes.literal_block(record["latex"], record["latex"]))]
    rows[0][1]["language"] = "text"
    if record["where"]:
        rows.append(("Where", formulas(record["where"])))
    rows.append(("Layout", nodes.paragraph("", LAYOUTS[record["layout"]])))
    if record["by"]:
        rows.append(("Code", nodes.paragraph("", "", reference(record["by"]))))
    listed = nodes.definition_list(classes=["how"])
    for term, body in rows:
        listed += nodes.definition_list_item(
            "", nodes.term("", term), nodes.definition("", body)
        )
    return Details("", Summary("", "", shapes, nodes.Text(" "), said), listed)


def power(error: float) -> list[nodes.Node]:
    """A small number as readers write it: 3 × 10 with a raised −11.

    >>> "".join(node.astext() for node in power(3e-11)), power(0.0)
    ('3 × 10−11', [<#text: '0'>])
    """
    if error == 0:
        return [nodes.Text("0")]
    digit, _, exponent = f"{error:.0e}".partition("e")
    raised = str(int(exponent)).replace("-", "−")
    return [nodes.Text(f"{digit} × 10"), nodes.superscript("", raised)]


def formulas(where: str) -> nodes.paragraph:
    """The bindings of an equation, each as a formula."""
    line = nodes.paragraph()
    for part in re.split(r"(?<!\\);", where):
        line += [nodes.math(part.strip(), part.strip()), nodes.Text("  ")]
    return line


def reference(name: str) -> addnodes.pending_xref:
    """The name of a function, a link where the site documents it."""
    return addnodes.pending_xref(
        "",
        nodes.literal("", name, classes=["py"]),
        refdomain="py",
        reftype="obj",
        reftarget=name,
        refexplicit=True,
        quietly=True,
    )


def quietly(
    app: Sphinx, env: BuildEnvironment, node: nodes.Element, content: nodes.Node
) -> nodes.Node | None:
    """The bare name of a function that no page documents."""
    return content if node.get("quietly") else None


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Nothing; the environment knows the page's equations, and strays are reported."""
    records: list[dict[str, Any]] = []
    for node in doctree.findall(nodes.math_block):
        record, reason = node.get("measured"), node.get("unmeasured")
        if record is None and (reason is None or not node.get("label")):
            LOGGER.warning(
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
    equations(app.env)[app.env.current_document.docname] = records


def equations(env: BuildEnvironment) -> dict[str, list[dict[str, Any]]]:
    """The equations of every page, measured or with a reason."""
    if not hasattr(env, "measured_equations"):
        env.measured_equations = {}  # type: ignore[attr-defined]
    found: dict[str, list[dict[str, Any]]] = env.measured_equations
    return found


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Nothing; the page's equations are forgotten."""
    equations(env).pop(docname, None)


def merge(
    app: Sphinx, env: BuildEnvironment, docnames: list[str], other: BuildEnvironment
) -> None:
    """Nothing; what another process has read is known here too."""
    theirs = equations(other)
    equations(env).update({d: theirs[d] for d in docnames if d in theirs})


def open_details(writer: HTML5Translator, node: Details) -> None:
    writer.body.append(writer.starttag(node, "details", CLASS="measured"))


def close_details(writer: HTML5Translator, node: Details) -> None:
    writer.body.append("</details>\n")


def open_summary(writer: HTML5Translator, node: Summary) -> None:
    writer.body.append(writer.starttag(node, "summary", ""))


def close_summary(writer: HTML5Translator, node: Summary) -> None:
    writer.body.append("</summary>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("package_digest", "", "env", types=[str])
    app.add_config_value("measured_cache", "", "", types=[str])
    app.add_node(Details, html=(open_details, close_details))
    app.add_node(Summary, html=(open_summary, close_summary))
    app.add_directive("measured", Measured)
    app.add_directive("math", Unmeasured, override=True)
    app.connect("missing-reference", quietly)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
