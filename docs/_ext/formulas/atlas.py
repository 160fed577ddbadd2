"""The list of all equations, and what pages say about their number.

``{atlas}`` is a table of every measured equation with its formula, and a list of the
others.
``{measured-count}`equations` `` and ``{measured-count}`unmeasured` `` are numbers, and
``{measured-error}`largest` `` is the largest error of any measured equation.
They are written after all pages have been read, and again when any equation changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective, SphinxRole

from docs._ext.formulas.evidence import power, reference
from docs._ext.formulas.measured import equations

Record = dict[str, Any]
HEAD = ("No.", "Label", "Shapes", "Largest error", "Code")


class Pending(nodes.Invisible, nodes.Element):
    """The place of something that is known once all pages have been read."""


class Atlas(SphinxDirective):
    """The place of the two lists."""

    def run(self) -> list[nodes.Node]:
        return [Pending("", kind="atlas")]


class Count(SphinxRole):
    """How many displayed equations are measured, or are not."""

    words = ("equations", "unmeasured")

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        if self.text in self.words:
            return [Pending("", kind=self.text)], []
        expected = " or ".join(self.words)
        message = f"{self.name} is {self.text!r}, expected {expected}"
        return [], [self.inliner.reporter.error(message, line=self.lineno)]


class Error(Count):
    """The largest error of any measured equation."""

    words = ("largest",)


class WriteAtlas(SphinxPostTransform):
    """Puts tables and numbers in their places, before references are resolved."""

    default_priority = 5

    def run(self, **_: Any) -> None:
        found = list(in_order(self.env))
        held = [(docname, r) for docname, r in found if "reason" not in r]
        rest = [(docname, r) for docname, r in found if "reason" in r]
        write: dict[str, Callable[[], list[nodes.Node]]] = {
            "equations": lambda: [nodes.Text(str(len(held)))],
            "unmeasured": lambda: [nodes.Text(str(len(rest)))],
            "largest": lambda: power(max((r["error"] for _, r in held), default=0.0)),
            "atlas": lambda: [table(held), *plain(rest)],
        }
        for node in list(self.document.findall(Pending)):
            node.replace_self(write[node["kind"]]())


def in_order(env: BuildEnvironment) -> Iterator[tuple[str, Record]]:
    """Every equation with its page, in the order of the book."""
    pages = [*dict.fromkeys(walk(env, env.config.root_doc))]
    for docname in [*pages, *sorted(set(equations(env)) - set(pages))]:
        for record in equations(env).get(docname, []):
            yield docname, record


def walk(env: BuildEnvironment, docname: str) -> Iterator[str]:
    """The pages below a page, itself included, as the contents list has them."""
    yield docname
    for child in env.toctree_includes.get(docname, []):
        yield from walk(env, child)


def table(held: list[tuple[str, Record]]) -> nodes.table:
    """Two rows for each measured equation, below a row with the title of its page."""
    body = nodes.tbody()
    for docname, records in groupby(held, key=itemgetter(0)):
        body += wide(link("std", "doc", f"/{docname}"))
        for _, record in records:
            body += [line(record), wide(formula(record))]
    group = nodes.tgroup("", cols=len(HEAD))
    group += [nodes.colspec("", colwidth=1) for _ in HEAD]
    group += [nodes.thead("", row(nodes.Text(word) for word in HEAD)), body]
    return nodes.table("", group, classes=["atlas"])


def line(record: Record) -> nodes.row:
    """What the table says of one equation."""
    return row(
        [
            link("math", "eq", record["label"]),
            nodes.literal("", record["label"]),
            nodes.inline("", record["shapes"], classes=["shapes"]),
            nodes.inline("", "", *power(record["error"])),
            reference(record["by"]) if record["by"] else nodes.Text(""),
        ]
    )


def formula(record: Record) -> nodes.math:
    """The equation itself, in a line."""
    latex = " ".join(record["latex"].split())
    return nodes.math(latex, latex)


def wide(cell: nodes.Node) -> nodes.row:
    """A row of one cell that is as wide as the table."""
    only = row([cell])
    only[0]["morecols"] = len(HEAD) - 1
    return only


def row(cells: Iterable[nodes.Node]) -> nodes.row:
    """One row of the table."""
    entries = [nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells]
    return nodes.row("", *entries)


def plain(rest: list[tuple[str, Record]]) -> list[nodes.Node]:
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


def outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages that speak of all equations, if any equation has changed."""
    state = hashlib.sha256(repr(list(in_order(env))).encode()).hexdigest()
    before = getattr(env, "atlas_digest", None)
    env.atlas_digest = state  # type: ignore[attr-defined]
    return [] if before == state else sorted(pages(env))


def pages(env: BuildEnvironment) -> set[str]:
    """The pages that speak of all equations."""
    if not hasattr(env, "atlas_pages"):
        env.atlas_pages = set()  # type: ignore[attr-defined]
    found: set[str] = env.atlas_pages
    return found


def note(app: Sphinx, doctree: nodes.document) -> None:
    """Nothing; the environment knows whether this page speaks of all equations."""
    docname = app.env.current_document.docname
    pages(app.env).discard(docname)
    if any(doctree.findall(Pending)):
        pages(app.env).add(docname)


def merge(
    app: Sphinx, env: BuildEnvironment, docnames: list[str], other: BuildEnvironment
) -> None:
    """Nothing; what another process has read is known here too."""
    pages(env).difference_update(docnames)
    pages(env).update(pages(other) & set(docnames))


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Nothing; the page is forgotten."""
    pages(env).discard(docname)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Pending)
    app.add_directive("atlas", Atlas)
    app.add_role("measured-count", Count())
    app.add_role("measured-error", Error())
    app.add_post_transform(WriteAtlas)
    app.connect("doctree-read", note)
    app.connect("env-updated", outdated)
    app.connect("env-merge-info", merge)
    app.connect("env-purge-doc", purge)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
