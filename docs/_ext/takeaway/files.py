"""A page's blocks as a Markdown file, and as a notebook that runs where the package is.

The Markdown is the page as it is read: code with its results, pictures at the end of
the file as data, so that they come along.
In the notebook every cell of the page runs, also those that only prepare a sentence.
Figures are cells that draw them; a solution's cells are folded like the page's.

Jupytext 1.19 reads the source and not the page: on three pages it leaves 93 roles,
directives and labels as they are written, and no number in a sentence.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docs._ext.takeaway.blocks import Block, Cell, Fold, Picture, Unfold
from docs._ext.takeaway.markup import fenced, folded
from rnn_notes.book.figures.drawing.svg import alone

__all__ = ["Page", "markdown", "notebook"]

_FIGURE = "from rnn_notes.book import figures\n\nfigures.{}()"
_INSTALL = """\
try:
    import rnn_notes
except ImportError:
    %pip install --quiet "{}\""""
_KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_Notebook = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """What a page is made of, the book it is from, and what is known of its places."""

    blocks: list[Block]
    cells: list[dict[str, Any]]
    book: str
    home: str = ""
    requirement: str | None = None

    @property
    def origin(self) -> str:
        """The line that says where a file comes from."""
        book = f"[{self.book}]({self.home})" if self.home else f"*{self.book}*"
        return f"A page of {book}."


def markdown(page: Page) -> str:
    """The text of the Markdown file."""
    pictures: list[str] = []

    def picture(svg: str, caption: str) -> str:
        pictures.append(svg)
        image = f"![{_alt(svg)}][figure-{len(pictures)}]"
        return "\n\n".join(part for part in (image, caption) if part)

    def shown(block: Block) -> Iterator[str]:
        match block:
            case str():
                yield block
            case Picture():
                yield picture(block.svg, block.caption)
            case Fold():
                yield f"<details><summary>{block.summary}</summary>"
            case Unfold():
                yield "</details>"
            case Cell():
                cell = page.cells[block.index]
                if "remove-input" not in _tags(cell):
                    yield fenced(cell["source"], "python")
                for data in map(_bundle, cell["outputs"]):
                    svg = data.get("image/svg+xml")
                    yield (
                        picture(svg, "") if svg else fenced(data["text/plain"], "text")
                    )

    title, *rest = [text for block in page.blocks for text in shown(block)]
    addresses = [f"[figure-{i}]: {_address(svg)}" for i, svg in enumerate(pictures, 1)]
    return "\n\n".join([title, page.origin, *rest, *addresses]) + "\n"


def notebook(page: Page) -> str:
    """The text of the notebook."""
    cells = [*_filled(page)]
    counted = 0
    for position, cell in enumerate(cells):
        cell["id"] = f"cell-{position}"
        if cell["cell_type"] == "code":
            counted += 1
            cell["execution_count"] = counted
            for output in cell["outputs"]:
                if "execution_count" in output:
                    output["execution_count"] = counted
    whole = {"cells": cells, "metadata": _KERNEL, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _filled(page: Page) -> Iterator[_Notebook]:
    """The cells of the notebook in order, without their numbers."""
    texts, fold, following = [], "", 0
    needs = any(isinstance(block, Cell | Picture) for block in page.blocks)
    for position, block in enumerate(page.blocks):
        if isinstance(block, str):
            texts.append(block)
            if position == 0:
                texts.append(page.origin + _NEEDS * needs)
                if needs and page.requirement:
                    yield from _text(texts, fold)
                    yield _code(_INSTALL.format(page.requirement), tags=["install"])
            continue
        yield from _text(texts, fold)
        match block:
            case Fold():
                fold = block.summary
            case Unfold():
                fold = ""
            case Picture():
                yield _drawn(block)
                texts.append(block.caption)
            case Cell():
                yield from _hidden(page, following, block.index)
                yield _executed(page.cells[block.index], folded_away=bool(fold))
                fold = fold and _continued(fold)
                following = block.index + 1
    yield from _text(texts, fold)
    yield from _hidden(page, following, len(page.cells))


_NEEDS = " Its cells need the package `rnn_notes`."


def _continued(summary: str) -> str:
    """The summary of a fold that code has interrupted.

    >>> _continued(_continued("Solution"))
    'Solution, continued'
    """
    return summary.removesuffix(", continued") + ", continued"


def _hidden(page: Page, start: int, stop: int) -> Iterator[_Notebook]:
    """The cells that the page does not show; later ones rest on them."""
    for cell in page.cells[start:stop]:
        if cell["cell_type"] == "code":
            yield _executed(cell)


def _text(texts: list[str], fold: str) -> Iterator[_Notebook]:
    """A cell with the texts that have gathered, if any; they are taken."""
    if texts:
        source = "\n\n".join(texts)
        source = folded(fold, source) if fold else source
        yield {"cell_type": "markdown", "metadata": {}, "source": _lines(source)}
    texts.clear()


def _code(
    source: str, outputs: list[_Notebook] | None = None, **metadata: Any
) -> _Notebook:
    """A cell of code."""
    return {
        "cell_type": "code",
        "metadata": metadata,
        "outputs": outputs or [],
        "source": _lines(source),
    }


def _executed(cell: dict[str, Any], folded_away: bool = False) -> _Notebook:
    """A cell of the page with what it has put out."""
    marks = _tags(cell)
    hide = {
        "source_hidden": folded_away or bool({"remove-cell", "remove-input"} & marks),
        "outputs_hidden": folded_away,
    }
    metadata: dict[str, Any] = {"tags": sorted(marks)} if marks else {}
    if any(hide.values()):
        metadata["jupyter"] = {name: True for name, on in hide.items() if on}
    return _code(cell["source"], [_kept(o) for o in cell["outputs"]], **metadata)


def _kept(output: dict[str, Any]) -> _Notebook:
    """An output as the notebook holds it."""
    if output["output_type"] == "stream":
        return {**output, "text": _lines(output["text"])}
    data = {kind: _lines(value) for kind, value in _bundle(output).items()}
    return {**output, "data": data}


def _drawn(picture: Picture) -> _Notebook:
    """A cell that draws a figure."""
    data = {
        "image/svg+xml": _lines(picture.svg),
        "text/plain": _lines(_alt(picture.svg)),
    }
    output = {
        "data": data,
        "execution_count": 0,
        "metadata": {},
        "output_type": "execute_result",
    }
    hide = {"source_hidden": True}
    return _code(_FIGURE.format(picture.name), [output], jupyter=hide, tags=["figure"])


def _bundle(output: dict[str, Any]) -> dict[str, str]:
    """What an output shows, by its kind; a figure as a picture and in words.

    Readers of a notebook that is not yet trusted see the words: no picture in HTML is
    let through to them.
    """
    if output["output_type"] == "stream":
        return {"text/plain": output["text"]}
    data: dict[str, str] = output["data"]
    if not (svg := data.get("text/html", "")).startswith("<svg"):
        return data
    return {"image/svg+xml": svg, "text/plain": _alt(svg)}


def _tags(cell: dict[str, Any]) -> set[str]:
    """The tags of a cell."""
    return set(cell["metadata"].get("tags", ()))


def _alt(svg: str) -> str:
    """A picture in words.

    >>> _alt('<svg><title>A dot</title><desc id="a">One\\n[dot].</desc></svg>')
    'One dot.'
    """
    found = re.search(r"<desc[^>]*>(.*?)</desc>", svg, re.DOTALL)
    words = found[1] if found else ""
    return " ".join(re.sub(r"[\[\]]", "", words).split())


def _address(svg: str) -> str:
    """A picture as an address that holds it, on white, since no page lends a ground."""
    data = base64.b64encode(alone(svg).encode()).decode()
    return f"data:image/svg+xml;base64,{data}"


def _lines(source: str) -> list[str]:
    """A text as notebooks keep it, line by line."""
    return source.splitlines(keepends=True)
