"""A page as Markdown that any reader of Markdown understands.

The page comes as Sphinx has resolved it, so numbers, titles and links are known.
What leaves is a list of blocks in the page's order: text, formulas and tables as
Markdown; figures, cells and folds as themselves, for a file has its own way with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from myst_nb.core.read import create_nb_reader
from sphinx.application import Sphinx
from sphinx.util import logging

from docs._ext.takeaway.markup import code, display, fenced, folded, indented, plain

__all__ = [
    "Block",
    "Cell",
    "Fold",
    "Picture",
    "Reader",
    "Unfold",
    "cells_of",
    "outputs",
]

_LOGGER = logging.getLogger(__name__)
_FOLD = re.compile(r"<details[^>]*><summary>(.*?)</summary>\s*")
_LANGUAGES = {"ipython3": "python", "none": "text", "myst-ansi": "text", "default": ""}


@dataclass(frozen=True)
class Cell:
    """The place of an executed cell, by its index in the page's notebook."""

    index: int


@dataclass(frozen=True)
class Picture:
    """A figure that the package draws: its function, its SVG and its caption."""

    name: str
    svg: str
    caption: str


@dataclass(frozen=True)
class Fold:
    """The begin of a part that is folded away."""

    summary: str


class Unfold:
    """The end of that part."""


Block = str | Cell | Picture | Fold | Unfold


@dataclass
class Reader:
    """What turns the nodes of one page into Markdown.

    ``number`` gives the number of an equation or a figure, ``home`` is the address of
    the page on the web, or empty.
    """

    number: Callable[[nodes.Element], str]
    home: str = ""
    level: int = 0

    def blocks(self, node: nodes.Node) -> Iterator[Block]:
        """The blocks of a node that stands between paragraphs, in order."""
        for kind in type(node).__mro__:
            if write := getattr(self, f"block_{kind.__name__.lower()}", None):
                yield from write(node)
                return
        _LOGGER.warning(
            "a notebook cannot show a node of type %s",
            type(node).__name__,
            location=node,
            type="takeaway",
        )

    def children(self, node: nodes.Element) -> Iterator[Block]:
        for child in node.children:
            yield from self.blocks(child)

    block_document = block_glossary = block_desc = block_desc_content = children

    def text(self, node: nodes.Element) -> str:
        """The blocks below a node, which hold nothing but text, as one text."""
        found = list(self.children(node))
        return "\n\n".join(block for block in found if isinstance(block, str))

    def nothing(self, node: nodes.Node) -> Iterator[Block]:
        return iter(())

    block_invisible = block_target = nothing

    def block_section(self, node: nodes.section) -> Iterator[Block]:
        self.level += 1
        yield from self.children(node)
        self.level -= 1

    def block_title(self, node: nodes.title) -> Iterator[Block]:
        yield f"{'#' * self.level} {self.inline(node)}"

    def block_paragraph(self, node: nodes.paragraph) -> Iterator[Block]:
        yield self.inline(node).strip()

    block_caption = block_paragraph

    def block_literal_block(self, node: nodes.literal_block) -> Iterator[Block]:
        language = node.get("language", "python")
        yield fenced(node.astext(), _LANGUAGES.get(language, language))

    def block_doctest_block(self, node: nodes.doctest_block) -> Iterator[Block]:
        yield fenced(node.astext(), "python")

    def block_math_block(self, node: nodes.math_block) -> Iterator[Block]:
        yield display(node.astext(), self.number(node))

    def block_details(self, node: nodes.Element) -> Iterator[Block]:
        """The line under a measured equation; opened, all but its LaTeX, seen above."""
        summary, listed = node.children
        rest = [item for item in listed.children if item[0].astext() != "LaTeX"]
        lines = [f"- {self.inline(i[0])}: {self.text(i[1])}" for i in rest]
        said = (self.word(part) for part in summary if not isinstance(part, nodes.Text))
        yield folded("; ".join(said), "\n".join(lines))

    def block_formulabox(self, node: nodes.Element) -> Iterator[Block]:
        """No blocks: in a notebook, a cell measures formulas."""
        yield from ()

    def block_bullet_list(self, node: nodes.Element) -> Iterator[Block]:
        yield "\n".join(self.item("- ", item) for item in node.children)

    def block_enumerated_list(self, node: nodes.Element) -> Iterator[Block]:
        start = node.get("start", 1)
        items = enumerate(node.children, start)
        yield "\n".join(self.item(f"{i}. ", item) for i, item in items)

    def item(self, mark: str, node: nodes.Element) -> str:
        return mark + indented(self.text(node), " " * len(mark)).lstrip()

    def block_definition_list(self, node: nodes.Element) -> Iterator[Block]:
        lines = []
        for item in node.children:
            *terms, definition = item.children
            said = ", ".join(f"**{self.inline(t)}**" for t in terms if t.astext())
            lines.append(f"- {said}: {indented(self.text(definition), '  ').lstrip()}")
        yield "\n".join(lines)

    def block_block_quote(self, node: nodes.block_quote) -> Iterator[Block]:
        yield indented(self.text(node), "> ", keep_blank=False)

    def block_desc_signature(self, node: nodes.Element) -> Iterator[Block]:
        """The name of a function or a class with its arguments."""
        yield f"**{code(node.astext())}**"

    def block_meta(self, node: nodes.meta) -> Iterator[Block]:
        """What a page says to search engines; nothing of it is shown."""
        yield from ()

    def block_transition(self, node: nodes.transition) -> Iterator[Block]:
        yield "---"

    def block_raw(self, node: nodes.raw) -> Iterator[Block]:
        """HTML of the page: a solution's folds; Markdown takes the rest as it is."""
        text = node.astext().strip()
        if begin := _FOLD.fullmatch(text):
            yield Fold(begin[1])
        elif text == "</details>":
            yield Unfold()
        elif node.get("format") == "html":
            yield text

    def block_figure(self, node: nodes.figure) -> Iterator[Block]:
        """A drawn figure, with the number that the page gives it."""
        caption = next(node.findall(nodes.caption))
        number = self.number(node)
        said = f"**Figure {number}.** {self.inline(caption)}" if number else ""
        svg = re.search(r"<svg.*</svg>", node[0].astext(), re.DOTALL)
        assert svg, "a drawn figure holds its picture"
        yield Picture(node["drawn"], svg[0], said or self.inline(caption))

    def block_container(self, node: nodes.container) -> Iterator[Block]:
        if node.get("nb_element") == "cell_code":
            yield Cell(int(node["cell_index"]))
        else:
            yield from self.children(node)

    def block_compound(self, node: nodes.compound) -> Iterator[Block]:
        if "toctree-wrapper" not in node["classes"]:
            yield from self.children(node)

    def block_table(self, node: nodes.table) -> Iterator[Block]:
        rows = [self.cells(row) for row in node.findall(nodes.row)]
        columns = max(map(len, rows))
        lines = [row + [""] * (columns - len(row)) for row in rows]
        lines.insert(1, ["---"] * columns)
        yield "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def cells(self, row: nodes.row) -> list[str]:
        """The entries of a table's row; a bar inside one would end it."""
        texts = [self.text(entry) for entry in row.children]
        return [re.sub(r"\s*\n\s*", " ", t).replace("|", r"\|") for t in texts]

    def inline(self, node: nodes.Element) -> str:
        """What stands in a line."""
        return "".join(self.word(child) for child in node.children)

    def word(self, node: nodes.Node) -> str:
        """One part of a line."""
        if isinstance(node, nodes.Text):
            return plain(node.astext())
        assert isinstance(node, nodes.Element)
        if isinstance(node, nodes.math):
            return f"${node.astext()}$"
        if isinstance(node, nodes.literal):
            return code(node.astext())
        if isinstance(node, nodes.raw):
            return node.astext()
        if isinstance(node, nodes.reference):
            return self.link(node)
        for kind, (left, right) in _MARKS.items():
            if isinstance(node, kind):
                return f"{left}{self.inline(node)}{right}"
        return self.inline(node)

    def link(self, node: nodes.reference) -> str:
        """A link that works wherever the file is read, or else its words alone."""
        target = node.get("refuri") or f"#{node.get('refid', '')}"
        if not re.match(r"[a-z]+:", target):
            target = self.home and urljoin(self.home, target)
        words = self.inline(node)
        if target:
            return f"[{words}]({target})"
        return f"*{words}*" if node.next_node(_a_page) else words


def _a_page(node: nodes.Node) -> bool:
    """Whether a reference names a page or a part of one, and not a number."""
    return isinstance(node, nodes.Element) and bool(
        {"doc", "std"} & set(node.get("classes", ()))
    )


def cells_of(app: Sphinx) -> list[dict[str, Any]]:
    """The cells of the page being read, not run, by MyST-NB's reader: once a page."""
    env, page = app.env, app.env.current_document
    if "cells" not in page:
        path = env.doc2path(page.docname)
        text = Path(path).read_text(encoding="utf-8")
        config = env.myst_config, env.mystnb_config  # type: ignore[attr-defined]
        reader = create_nb_reader(str(path), *config, text)
        page["cells"] = list(reader.read(text).cells) if reader else []
    return list(page["cells"])


def outputs(cell: nodes.container) -> Iterator[dict[str, Any]]:
    """What a cell has put out, as a notebook keeps it, from the nodes that show it."""
    for node in cell.findall(_shows):
        if isinstance(node, nodes.literal_block):
            name = "stderr" if "stderr" in node["classes"] else "stdout"
            yield {"name": name, "output_type": "stream", "text": node.astext()}
        else:
            data = {part["mime_type"]: part.astext() for part in node.children}
            kind = "execute_result"
            yield {
                "data": data,
                "execution_count": 0,
                "metadata": {},
                "output_type": kind,
            }


def _shows(node: nodes.Node) -> bool:
    """Whether a node of a cell is one whole output."""
    if isinstance(node, nodes.literal_block):
        return bool({"stream", "stderr"} & set(node["classes"]))
    return isinstance(node, nodes.container) and node.get("nb_element") == "mime_bundle"


_MARKS: dict[type[Any], tuple[str, str]] = {
    nodes.emphasis: ("*", "*"),
    nodes.strong: ("**", "**"),
    nodes.superscript: ("<sup>", "</sup>"),
    nodes.subscript: ("<sub>", "</sub>"),
}
