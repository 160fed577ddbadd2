"""The quiet line under a measured equation, and what unfolds from it."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

__all__ = [
    "LAYOUTS",
    "Details",
    "bindings",
    "details",
    "power",
    "reference",
    "seen",
    "setup",
]

LAYOUTS = {
    "denominator": "denominator: a number's derivative has the shape of its variable",
    "numerator": "numerator: a derivative has one row for each entry of what changes",
}


class Details(nodes.General, nodes.Element):
    """What stands under an equation, folded away."""


class _Summary(nodes.General, nodes.TextElement):
    """The line of the details that is always seen."""


def details(record: dict[str, Any]) -> Details:
    """The quiet line under an equation; opened, how it was measured."""
    draws = record["draws"]
    over = f" over {draws} comparison{'s' * (draws != 1)}"
    said = nodes.paragraph("", "largest error ", *power(record["error"]))
    said += nodes.Text(over)
    rows = [("LaTeX", nodes.literal_block(record["latex"], record["latex"]))]
    rows[0][1]["language"] = "text"
    rows.append(("Measured", said))
    if record["where"]:
        clauses = _formulas(_clauses(record["where"]))
        rows.append(("Where", nodes.paragraph("", "", *clauses)))
    if "model" in record:
        rows.append(("Network", nodes.paragraph("", record["model"])))
    rows.append(("Layout", nodes.paragraph("", LAYOUTS[record["layout"]])))
    if record["by"]:
        rows.append(("Code", nodes.paragraph("", "", reference(record["by"]))))
    listed = nodes.definition_list(classes=["how"])
    for term, body in rows:
        listed += nodes.definition_list_item(
            "", nodes.term("", term), nodes.definition("", body)
        )
    return Details("", _summary(record), listed)


def _summary(record: dict[str, Any]) -> _Summary:
    """The line that is always seen."""
    line = _Summary()
    for part in seen(record) or [nodes.inline("", "how this was measured")]:
        line += [part, nodes.Text(" ")]
    return line


def seen(record: dict[str, Any]) -> list[nodes.Node]:
    """What is always seen: shapes, conditions, another layout than ours."""
    parts: list[nodes.Node] = []
    if record["shapes"]:
        parts.append(nodes.inline("", record["shapes"], classes=["shapes"]))
    for condition in _split(record["where"])[0]:
        parts.append(nodes.inline("", "", nodes.math(condition, condition)))
    if record["layout"] == "numerator":
        parts.append(nodes.inline("", "numerator layout"))
    return parts


def bindings(where: str) -> list[nodes.Node]:
    """What letters stand for, each as a formula."""
    return _formulas(_split(where)[1])


def _split(where: str) -> tuple[list[str], list[str]]:
    r"""The clauses that say for which indices an equation is claimed, and the others.

    >>> _split(r"t < T; A \in \mathbb{R}^{V}; k \in \{1, T\}; s = t + 1; u = A v")
    (['t < T', 'k \\in \\{1, T\\}', 's = t + 1'],
     ['A \\in \\mathbb{R}^{V}', 'u = A v'])
    """
    compared = re.compile(
        r"^[a-z](, [a-z])* *(<|>|= *\w( *[+-] *\w)?$|\\(le|ge|ne|leq|geq|neq|in \\\{))"
    )
    clauses = _clauses(where)
    told = [clause for clause in clauses if compared.match(clause)]
    return told, [clause for clause in clauses if clause not in told]


def power(error: float) -> list[nodes.Node]:
    """A small number as readers write it: 3 × 10 with a raised −11.

    >>> "".join(node.astext() for node in power(3e-11)), power(0.0)
    ('3\xa0×\xa010−11', [<#text: '0'>])
    """
    if error == 0:
        return [nodes.Text("0")]
    digit, _, exponent = f"{error:.0e}".partition("e")
    raised = str(int(exponent)).replace("-", "−")
    return [nodes.Text(f"{digit}\xa0×\xa010"), nodes.superscript("", raised)]


def _clauses(where: str) -> list[str]:
    """The clauses of a where, which semicolons part."""
    return [part.strip() for part in re.split(r"(?<!\\);", where) if part.strip()]


def _formulas(clauses: list[str]) -> list[nodes.Node]:
    """Clauses, each as a formula, with room between them."""
    parted = [(nodes.math(one, one), nodes.Text("  ")) for one in clauses]
    return [node for pair in parted for node in pair]


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


def _open_details(writer: HTML5Translator, node: Details) -> None:
    writer.body.append(writer.starttag(node, "details", CLASS="measured"))


def _close_details(writer: HTML5Translator, node: Details) -> None:
    writer.body.append("</details>\n")


def _open_summary(writer: HTML5Translator, node: _Summary) -> None:
    writer.body.append(writer.starttag(node, "summary", ""))


def _close_summary(writer: HTML5Translator, node: _Summary) -> None:
    writer.body.append("</summary>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Details, html=(_open_details, _close_details))
    app.add_node(_Summary, html=(_open_summary, _close_summary))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
