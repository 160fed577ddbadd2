"""The whole book in one file: a page to be printed, and an EPUB.

``make pdf`` prints the first by Chromium, see ``tools/print_pdf.py``.
Both begin with a title page. Nobody can unfold paper: there solutions and asides are
open, and what only guards the build is left out, with the code behind tables. For a
box to type in, both say where it is.
"""

from __future__ import annotations

import re
from html import escape
from importlib.metadata import metadata
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders._epub_base import MEDIA_TYPES
from sphinx.builders.epub3 import Epub3Builder
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.config import Config

__all__ = ["setup"]

_SHEETS = Path(__file__).with_name("binding")  # one for each builder, by its name
_FONT = "fonts/STIXTwoMath-subset.woff2"
_LICENCE = "Prose and figures: CC BY 4.0. Code: MIT."
_PLACE = re.compile(r'(?<=href="#)document-([^"#]+)#')
_FOLD = re.compile(
    r'<details class="(?:solution|check)">(?=<summary>([^<]*)</summary>)'
)
_GUARDS = ("Imports", "How this was ", "How the ", "Sentences of this ", "All figures")
_BOX = re.compile(r'<div class="formula-box".*?</noscript></div>\n?', re.S)
_ON_SITE = '<p class="on-site">(On the site, a box to type in stands here.)</p>\n'
_NEXT = "Where next"
_NEXT_ENTRY = re.compile(rf'<li class="toctree-l2"><a [^>]*>[\d. ]*{_NEXT}</a></li>\n')
_CHAPTER = re.compile(r'(toctree-l1"><a [^>]*href="#document-([^"]+)">)(.*?)</a>')
_PLACED = re.compile(r'(<span id="document-[^"]+"></span>)(<section [^>]*>)')
_TOGGLE = re.compile(
    r'<summary aria-label="Toggle[^>]*>\s*<p[^>]*>([^<]*)</p>'
    r"\s*<p[^>]*>[^<]*</p>\s*(?=</summary>)"
)
_PAGE = re.compile(
    r'href="(?!nav\.)([^"]+\.xhtml)" media-type="application/xhtml\+xml"'
)
_MATH = re.compile(r"<math(?=[ >])")
_NAMESPACE = 'xmlns="http://www.w3.org/1998/Math/MathML"'
_PARTS = {"mathml": b"<math", "svg": b"<svg"}


class _Bound:
    """What both builders share: a sheet and a font of their own, and no theme."""

    name: str
    outdir: Any
    config: Config
    left_out = ""

    def init_css_files(self) -> None:
        self._css_files: list[Any] = []
        for sheet in ("pygments.css", f"{self.name}.css"):
            self.add_css_file(sheet)  # type: ignore[attr-defined]

    def init_js_files(self) -> None:
        self._js_files: list[Any] = []

    def copy_static_files(self) -> None:
        static = Path(self.outdir, "_static")
        (static / _FONT).parent.mkdir(parents=True, exist_ok=True)
        self.create_pygments_style_file()  # type: ignore[attr-defined]
        sources = Path(__file__).parents[2] / "_static"
        (static / _FONT).write_bytes((sources / _FONT).read_bytes())
        sheets = (_SHEETS / f"{sheet}.css" for sheet in ("both", self.name))
        text = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
        (static / f"{self.name}.css").write_text(text, encoding="utf-8")

    def title_page(self) -> str:
        """The first page: the book's name, what it is, and its licence."""
        known = metadata("rnn-notes")
        return (
            f'<section class="title-page"><h1>{escape(self.config.html_title)}</h1>'
            f"<p>{escape(known['Summary'])}</p>"
            f"<p>Version {known['Version']}. {_LICENCE}{self.left_out}</p></section>"
        )


class _Paper(_Bound, SingleFileHTMLBuilder):
    """The book as one page of HTML, for the press."""

    left_out = (
        " On the site are also: what only guards the build, the code behind tables,"
        " the figures as files, boxes to type in, and pictures that move."
    )

    def get_theme_config(self) -> tuple[str, dict[str, Any]]:
        return "basic", {}

    def handle_page(
        self, pagename: str, addctx: dict[str, Any], *rest: Any, **options: Any
    ) -> None:
        super().handle_page(pagename, addctx, "paper.html", **options)

    def assemble_doctree(self) -> nodes.document:
        """The book's chapters side by side, not below the first one.

        Every target gets a name of its own, for chapters have sections of one name.
        Where a page leads next is for screens; paper has its order and its contents.
        """
        tree = super().assemble_doctree()
        for section in list(tree.findall(nodes.section)):
            if section[0].astext() == _NEXT:
                section.parent.remove(section)
        chapters = list(tree.findall(addnodes.start_of_file))
        for chapter in chapters:
            chapter.parent.remove(chapter)
        parts = {c["docname"]: c for c in chapters} | {self.config.root_doc: tree}
        for name, part in parts.items():
            for node in part.findall(nodes.Element):
                node["ids"] += [f"{name}--{target}" for target in node.get("ids", ())]
        tree += chapters
        return tree

    def get_doc_context(self, docname: str, body: str, metatags: str) -> dict[str, Any]:
        context = super().get_doc_context(docname, body, metatags)
        listed = _CHAPTER.sub(self._listed, _NEXT_ENTRY.sub("", context["toc"]))
        contents = f'<nav class="contents"><h1>Contents</h1>{listed}</nav>'
        chapters = _PLACED.sub(r"\2\1", _BOX.sub(_ON_SITE, body))
        whole = self.title_page() + contents + chapters
        return {**context, "body": _FOLD.sub(_unfolded, whole)}

    def _listed(self, entry: re.Match[str]) -> str:
        """A chapter in the contents: its name in the menu, its title, its page."""
        link, name, words = entry.groups()
        title = escape(self.env.titles[name].astext(), quote=False)
        said = words if title in words else f"{words}: {title}"
        return f'{link}{said}</a><span class="page" data-of="document-{name}"></span>'


class _Book(_Bound, Epub3Builder):
    """Sphinx's EPUB, as readers of EPUB want it: pages say what is in them."""

    media_types = MEDIA_TYPES | {".woff2": "font/woff2"}

    def get_doc_context(self, docname: str, body: str, metatags: str) -> dict[str, Any]:
        context = super().get_doc_context(docname, body, metatags)
        first = self.title_page() if docname == self.config.root_doc else ""
        body = _TOGGLE.sub(r"<summary>\1", _BOX.sub(_ON_SITE, body))
        return {**context, "body": first + _MATH.sub(rf"\g<0> {_NAMESPACE}", body)}

    def build_content(self) -> None:
        """Say in the list of files which hold formulas and pictures."""
        super().build_content()
        path = Path(self.outdir, "content.opf")

        def said(found: re.Match[str]) -> str:
            content = Path(self.outdir, found[1]).read_bytes()
            holds = [name for name, mark in _PARTS.items() if mark in content]
            return found[0] + (f' properties="{" ".join(holds)}"' if holds else "")

        text = _PAGE.sub(said, path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")

    def build_epub(self) -> None:
        """Write the file, the same bytes whenever it is written."""
        first = ["mimetype", "META-INF/container.xml", "content.opf", "toc.ncx"]
        path = Path(self.outdir, f"{self.config.epub_basename}.epub")
        with ZipFile(path, "w") as book:
            for name in [*first, *self.files]:
                way = ZIP_STORED if name == "mimetype" else ZIP_DEFLATED
                entry = ZipInfo(name)
                entry.external_attr = 0o644 << 16
                book.writestr(entry, Path(self.outdir, name).read_bytes(), way)


def _unfolded(fold: re.Match[str]) -> str:
    """How a fold begins on paper: open, or marked as what only guards the build."""
    if fold[1].startswith(_GUARDS):
        return '<details class="guard">'
    return fold[0].replace(">", " open>")


def _describe(app: Sphinx) -> None:
    """Let the book say of itself what the package's metadata says."""
    if app.builder.name != "epub":
        return
    known, config = metadata("rnn-notes"), app.config
    config.version = known["Version"]
    config.epub_title = config.html_title
    config.epub_description = known["Summary"]
    config.epub_copyright = _LICENCE
    config.epub_identifier = config.epub_uid = f"rnn-notes-{config.version}"
    config.epub_contributor = config.epub_publisher = config.epub_author
    config.epub_show_urls = "no"
    config.epub_tocdepth = 2
    config.epub_exclude_files = ["404.xhtml"]


def _lead(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Lead links to a place in a chapter to the name that it has on paper."""
    if app.builder.name == "singlehtml":
        context["body"] = _PLACE.sub(r"\g<1>--", context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_builder(_Paper, override=True)
    app.add_builder(_Book, override=True)
    app.connect("builder-inited", _describe, priority=100)
    app.connect("html-page-context", _lead, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
