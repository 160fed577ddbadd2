"""What teachers take away: every figure as a file, and addresses to link to.

``{slides}`` lists the figures that the book's pages draw. Beside the page that draws
one lie its two files, one on white and one on a dark ground, written with the page.
``{address}`eq-dh` `` is the address of an equation or a figure, within the site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from docs._ext.formulas.atlas import link
from docs._ext.pages.later import Later, book
from rnn_notes.book.figures.drawing.svg import alone

__all__ = ["on_site", "setup"]

_LOGGER = logging.getLogger(__name__)
_FOLDER = "figures"
_GROUNDS = {"on white": "", "on dark": "-dark"}


class _Slides(SphinxDirective):
    """The place of the list of figures."""

    def run(self) -> list[nodes.Node]:
        return [Later("", write=_slides)]


class _Address(SphinxRole):
    """The place of an address."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        node = Later("", write=_address, label=self.text)
        self.set_source_info(node)
        return [node], []


def _slides(env: BuildEnvironment, node: Later) -> list[nodes.Node]:
    """One item for each figure, in the order of the book."""
    found, files = _drawn(env).items(), on_site(env)
    items = (_item(n, label, title, alt, files) for n, (label, title, alt) in found)
    return [nodes.bullet_list("", *items, classes=["slides"])]


def _address(env: BuildEnvironment, node: Later) -> list[nodes.Node]:
    """The page and the anchor of a label, as code that leads there."""
    label = node["label"]
    page, _ = env.domains["math"].equations.get(label, ("", 0))
    anchor = f"equation-{label}"
    if not page:
        page, anchor, *_ = env.domains.standard_domain.labels.get(label, ("", "", ""))
    if not page:
        _LOGGER.warning(
            "address is %r, expected the label of an equation or a figure",
            label,
            location=node,
            type="teaching",
        )
    place = f"{page}.html#{anchor}"
    code = nodes.literal("", place)
    if not on_site(env):
        return [code]
    return [nodes.reference("", "", code, refuri=place, internal=True)]


def on_site(env: BuildEnvironment) -> bool:
    """Whether pages lie beside files, as in no EPUB and on no single large page."""
    return bool(env.beside_files)  # type: ignore[attr-defined]


def _find_out(app: Sphinx) -> None:
    """Note what is being built."""
    app.env.beside_files = app.builder.name == "html"  # type: ignore[attr-defined]


def _item(name: str, label: str, title: str, alt: str, files: bool) -> nodes.list_item:
    """What the list says of a figure: its number, its words, its files."""
    line = nodes.paragraph("", "", nodes.strong("", title))
    if label:
        line += [nodes.Text(", "), link("std", "numref", label)]
    for ground, ending in _GROUNDS.items() if files else ():
        file = f"{_FOLDER}/{name}{ending}.svg"
        line += [nodes.Text(", "), nodes.reference("", ground, refuri=file)]
    return nodes.list_item("", line, nodes.paragraph("", alt))


def _drawn(env: BuildEnvironment) -> dict[str, list[str]]:
    """The label, the title and the alt text of every figure, in the book's order."""
    found: dict[str, list[str]] = {}
    for page in book(env):
        for name, about in env.metadata[page].get("drawn", {}).items():
            found.setdefault(name, about)
    return found


def _pictures(doctree: nodes.document) -> Iterator[tuple[str, str, str]]:
    """The name, the label and the SVG of every figure that a page draws."""
    for node in doctree.findall(nodes.Element):
        if name := node.get("drawn"):
            text = node.get("html") or node.astext()
            svg = re.search(r"<svg.*?</svg>", text, re.DOTALL)
            assert svg, "a drawn figure holds its picture"
            yield name, next(iter(node["names"]), ""), svg[0]


def _note(app: Sphinx, doctree: nodes.document) -> None:
    """Note which figures this page draws."""
    about = {}
    for name, label, svg in _pictures(doctree):
        title, alt = [*ElementTree.fromstring(svg)][:2]
        about[name] = [label, title.text, alt.text]
    app.env.metadata[app.env.current_document.docname]["drawn"] = about


def _write(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Write the files of the page's figures."""
    if doctree is None or app.builder.name != "html":
        return
    for name, _, svg in _pictures(doctree):
        for ground, ending in _GROUNDS.items():
            path = Path(app.outdir, _FOLDER, f"{name}{ending}.svg")
            path.parent.mkdir(exist_ok=True)
            path.write_text(alone(svg, ground == "on dark"), encoding="utf-8")


def _tidy(app: Sphinx, exception: Exception | None) -> None:
    """Remove the files of figures that no page draws any more."""
    kept = {f"{n}{ending}" for n in _drawn(app.env) for ending in _GROUNDS.values()}
    for path in Path(app.outdir, _FOLDER).glob("*.svg"):
        if not exception and path.stem not in kept:
            path.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("docs._ext.pages.later")
    app.add_directive("slides", _Slides)
    app.add_role("address", _Address())
    app.connect("builder-inited", _find_out)
    app.connect("doctree-read", _note)
    app.connect("html-page-context", _write)
    app.connect("build-finished", _tidy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
