"""The list of all equations, and what pages say about their number.

``{atlas}`` is a table of every measured equation with its formula, and a list of the
others.
``{measured-count}`equations` `` and ``{measured-count}`unmeasured` `` are numbers, and
``{measured-error}`largest` `` is the largest error of any measured equation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from docs._ext.formulas.evidence import bindings, power, reference, seen
from docs._ext.pages.later import Later, Writer, book

__all__ = ["link", "row", "setup"]

_Record = dict[str, Any]
_HEAD = (
    "No.",
    "Equation, and below it its shapes, conditions, layout, largest error, code, label "
    "and network, and what further letters stand for",
)


class _Atlas(SphinxDirective):
    """The place of the two lists."""

    def run(self) -> list[nodes.Node]:
        return [Later("", write=_atlas)]


class _Count(SphinxRole):
    """A number that is said of all equations."""

    def __init__(self, **words: Writer) -> None:
        self.words = words

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        if self.text in self.words:
            return [Later("", write=self.words[self.text])], []
        expected = " or ".join(self.words)
        message = f"{self.name} is {self.text!r}, expected {expected}"
        return [], [self.inliner.reporter.error(message, line=self.lineno)]


def _held(env: BuildEnvironment) -> list[tuple[str, _Record]]:
    """The measured equations, each with its page, in the order of the book."""
    return [(d, r) for d, r in _in_order(env) if "reason" not in r]


def _rest(env: BuildEnvironment) -> list[tuple[str, _Record]]:
    """The others, likewise."""
    return [(d, r) for d, r in _in_order(env) if "reason" in r]


def _in_order(env: BuildEnvironment) -> Iterator[tuple[str, _Record]]:
    """Every equation with its page, in the order of the book."""
    for docname in book(env):
        for record in env.metadata[docname].get("equations", []):
            yield docname, record


def _how_many(env: BuildEnvironment, node: Later) -> list[nodes.Node]:
    """The number of measured equations."""
    return [nodes.Text(str(len(_held(env))))]


def _how_many_not(env: BuildEnvironment, node: Later) -> list[nodes.Node]:
    """The number of equations that are not measured."""
    return [nodes.Text(str(len(_rest(env))))]


def _largest(env: BuildEnvironment, node: Later) -> list[nodes.Node]:
    """The largest error of any measured equation."""
    return power(max((r["error"] for _, r in _held(env)), default=0.0))


def _atlas(env: BuildEnvironment, node: Later) -> list[nodes.Node]:
    """The two lists."""
    return [_table(_held(env)), *_plain(_rest(env))]


def _table(held: list[tuple[str, _Record]]) -> nodes.table:
    """A body for each page: a row with its title, and one for each equation."""
    group = nodes.tgroup("", cols=len(_HEAD))
    group += [nodes.colspec("", colwidth=1) for _ in _HEAD]
    group += nodes.thead("", row(nodes.Text(word) for word in _HEAD))
    for docname, records in groupby(held, key=itemgetter(0)):
        title = _wide(link("std", "doc", f"/{docname}"))
        group += nodes.tbody("", title, *(_line(record) for _, record in records))
    return nodes.table("", group, classes=["atlas"])


def _line(record: _Record) -> nodes.row:
    """The equation, and below it in quiet lines what its page says of it."""
    told: list[nodes.Node] = [
        *seen(record),
        nodes.inline("", "error ", *power(record["error"])),
        *([reference(record["by"])] if record["by"] else []),
        nodes.literal("", record["label"]),
    ]
    if "model" in record:
        told.append(nodes.inline("", f"network {record['model']}"))
    spaced = [part for node in told for part in (node, nodes.Text(" "))]
    made = row([link("math", "eq", record["label"]), _formula(record)])
    made[1] += nodes.paragraph("", "", *spaced, classes=["told"])
    if letters := bindings(record["where"]):
        made[1] += nodes.paragraph("", "where ", *letters, classes=["told"])
    return made


def _formula(record: _Record) -> nodes.math:
    """The equation itself, in a line."""
    latex = " ".join(record["latex"].split())
    return nodes.math(latex, latex)


def _wide(cell: nodes.Node) -> nodes.row:
    """A row of one cell that is as wide as the table."""
    only = row([cell])
    only[0]["morecols"] = len(_HEAD) - 1
    return only


def row(cells: Iterable[nodes.Node]) -> nodes.row:
    """One row of the table."""
    entries = [nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells]
    return nodes.row("", *entries)


def _plain(rest: list[tuple[str, _Record]]) -> list[nodes.Node]:
    """The equations that are not measured, each with its reason."""
    if not rest:
        return []
    items = [
        nodes.list_item(
            "",
            nodes.paragraph(
                "",
                "",
                link("math", "eq", r["label"]),
                nodes.Text(" in "),
                link("std", "doc", f"/{docname}"),
                nodes.Text(f": {r['reason']}"),
            ),
        )
        for docname, r in rest
    ]
    said = f"Displayed and not measured: {len(rest)}."
    return [nodes.paragraph("", said), nodes.bullet_list("", *items)]


def link(domain: str, kind: str, target: str) -> addnodes.pending_xref:
    """A reference that Sphinx resolves like one that stands in a page."""
    return addnodes.pending_xref(
        "",
        nodes.inline(),
        refdomain=domain,
        reftype=kind,
        reftarget=target,
        refexplicit=False,
        refwarn=True,
    )


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("docs._ext.pages.later")
    app.add_directive("atlas", _Atlas)
    numbers = _Count(equations=_how_many, unmeasured=_how_many_not)
    app.add_role("measured-count", numbers)
    app.add_role("measured-error", _Count(largest=_largest))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
