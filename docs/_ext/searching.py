"""Search by the names that readers type, from a server and from ``file://`` alike.

Equations are found by their labels, as functions are by their names.
The words around a hit come from one script, which only the search page loads: no
browser lets it read the other pages from ``file://``, and one file is lighter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.domains import ObjType
from sphinx.domains.math import MathDomain

WORDS = "_static/page-words.js"
MAIN = re.compile(r'<article class="bd-article".*?</article>', re.DOTALL)
SILENT = re.compile(
    r"<(script|style|annotation)\b.*?</\1>|<a class=\"headerlink.*?</a>", re.DOTALL
)
INLINE = re.compile(r"</?(?:a|b|code|em|i|m\w+|span|strong|sub|sup|tspan)\b[^>]*>")
TAG = re.compile(r"<[^>]*>")


class Equations(MathDomain):
    """Sphinx's own domain, whose equations are objects that a search finds."""

    object_types = {"equation": ObjType("equation", "eq")}  # noqa: RUF012

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Label twice, kind, page, anchor and priority of every labelled equation."""
        for label, (docname, _) in self.equations.items():
            yield label, label, "equation", docname, f"equation-{label}", 1

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        """The word that search results say of an object."""
        return type.lname


def plain(html: str) -> str:
    """The words of a page's own text.

    >>> plain('<p>No</p><article class="bd-article"><p>A <b>c</b> &lt; d</p></article>')
    'A c < d'
    """
    text = SILENT.sub(" ", "".join(MAIN.findall(html)))
    return " ".join(unescape(TAG.sub(" ", INLINE.sub("", text))).split())


def write(app: Sphinx, exception: Exception | None) -> None:
    """Nothing; the words of all pages are in one script."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    pages = {
        name: plain((out / f"{name}.html").read_text(encoding="utf-8"))
        for name in sorted(app.env.found_docs)
    }
    words = json.dumps(pages, ensure_ascii=False)
    (out / WORDS).write_text(f"const pageWords = {words};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_domain(Equations, override=True)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
