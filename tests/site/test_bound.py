"""The whole book in one file: what the page for the press and the EPUB hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZIP_STORED, ZipFile

import pytest

from docs._ext.tools import chromium, print_pdf
from tests.helpers import trees
from tests.helpers.trees import EXT

ONE = r"""# One

From $h_t$ to {eq}`eq-a`.

```{measured} eq-a
y_t = W_{hy} h_t + b_y
```

```{drawn} two_questions
:name: fig
A caption.
```

## Exercises

<details class="solution"><summary>Solution</summary>

It is two.

</details>

<details class="check"><summary>How this was checked</summary>

It was.

</details>

<details class="check"><summary>An aside</summary>

By the way.

</details>

<details class="hide above-input">
<summary aria-label="Toggle hidden content">
<p class="collapsed">Show the code</p>
<p class="expanded">Hide the code</p>
</summary>
</details>

```{formula-box} h_t = h_t
```
"""
TWO = (
    "# Two\n\nSee {eq}`eq-a`, {numref}`fig` and {doc}`one`.\n\n## Exercises\n\nNone.\n"
    "\n## Where next\n\nTo the end.\n"
)
PAGES = {
    "index": "# Book\n\nWords.\n\n```{toctree}\n:numbered:\n:hidden:\n"
    "one\nTwice <two>\n```\n",
    "one": ONE,
    "two": TWO,
}
SETTINGS = {
    "project": "The book",
    "author": "Someone",
    "extensions": [
        "myst_parser",
        "takeaway.books",
        "pages.drawn",
        "formulas.mathml",
        "formulas.measured",
        "live.formula_box",
    ],
    "source_suffix": {".md": "markdown"},
    "html_title": "The <book>",
    "templates_path": [str(EXT / "templates")],
}
Bind = Callable[[str], Path]


@pytest.fixture(scope="module")
def bind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bind]:
    """A function that builds the book with a builder, into a folder of its own."""
    patch = pytest.MonkeyPatch()
    patch.setenv("SOURCE_DATE_EPOCH", "0")

    def run(builder: str) -> Path:
        here = tmp_path_factory.mktemp(builder)
        assert trees.built(here, PAGES, builder=builder, **SETTINGS) == ""
        return here / "html"

    yield run
    patch.undo()


@pytest.fixture(scope="module")
def paper(bind: Bind) -> str:
    return (bind("singlehtml") / "index.html").read_text("utf-8")


@pytest.fixture(scope="module")
def book(bind: Bind) -> Path:
    return bind("epub") / "Thebook.epub"


def files(book: Path) -> dict[str, str]:
    """The text files of an EPUB by their names."""
    with ZipFile(book) as entries:
        texts = [n for n in entries.namelist() if not n.endswith(".woff2")]
        return {name: entries.read(name).decode() for name in texts}


def test_paper_begins_with_a_title_and_contents(paper: str) -> None:
    heads = re.findall(r"<h(\d)>(.*?)<", paper)
    assert heads[:3] == [("1", "The &lt;book&gt;"), ("1", "Contents"), ("1", "Book")]
    assert "CC BY 4.0" in paper
    chapters = [level for level, _ in heads if level == "1"]
    assert len(chapters) == 5, "chapters stand side by side"
    contents = paper[paper.index("contents") : paper.index("Words.")]
    assert contents.count("<li") == 4, "two chapters and a section of each"
    assert "One</a>" in contents
    assert "Twice: Two</a>" in contents, "the menu's name and the page's"
    assert "To the end." not in paper, "what leads on is for screens"


def test_the_contents_name_the_pages_of_a_print(paper: str) -> None:
    sheets = b"".join(b"\n%d 0 obj\n<</Type /Page\n" % n for n in (3, 8, 20))
    places = b"<</document-one [8 0 R /XYZ 0 1 0]\n/document-two [20 0 R /XYZ 0 1 0]>>"
    numbered = print_pdf._numbered(paper, sheets + places)
    assert re.findall(r'data-of="document-(\w+)">(\d+)<', numbered) == [
        ("one", "2"),
        ("two", "3"),
    ]
    assert "</span><section" not in paper, "a chapter's place is on its first page"


def test_paper_has_its_solutions_open_and_no_script(paper: str) -> None:
    assert '<details class="solution" open>' in paper
    assert '<details class="measured">' in paper
    assert '<details class="check" open><summary>An aside' in paper
    assert '<details class="guard"><summary>How this was checked' in paper
    assert "<script" not in paper
    assert re.findall(r'<link[^>]*href="([^"?]*)', paper).count(
        "_static/singlehtml.css"
    )


def test_links_on_paper_lead_somewhere(paper: str) -> None:
    targets = re.findall(r'href="#([^"]*)"', paper)
    ids = set(re.findall(r'id="([^"]*)"', paper))
    assert {"one--equation-eq-a", "one--fig", "two--exercises", "document-one"} <= set(
        targets
    )
    assert set(targets) <= ids
    assert paper.count("(1.1)") >= 3, "the equation and two references"


def test_an_epub_says_what_its_pages_hold(book: Path) -> None:
    listed = files(book)["content.opf"]
    items = re.findall(r'href="(\w+\.xhtml)"[^>]*?(?: properties="(.*?)")? ?/>', listed)
    found = dict(items)
    assert found["one.xhtml"] == "mathml svg"
    assert found["two.xhtml"] == ""
    one = files(book)["one.xhtml"]
    assert "<summary>Show the code</summary>" in one
    assert "formula-box" not in one
    assert "(On the site, a box to type in stands here.)" in one
    assert one.count("<details") == 5
    assert "<dc:title>The &lt;book&gt;</dc:title>" in listed
    assert "unknown" not in listed


def test_pages_of_an_epub_are_xml_and_their_links_lead_somewhere(book: Path) -> None:
    pages = {n: t for n, t in files(book).items() if n.endswith(".xhtml")}
    ids = {
        (name, element.get("id"))
        for name, text in pages.items()
        for element in ElementTree.fromstring(text).iter()
    }
    links = [
        (target or name, place or None)
        for name, text in pages.items()
        for target, place in re.findall(r'href="(\w*\.xhtml|)(?:#([^"]*))?"', text)
    ]
    assert ("one.xhtml", "equation-eq-a") in links
    assert set(links) <= ids | {(name, None) for name in pages}
    names = {e.tag for e in ElementTree.fromstring(pages["one.xhtml"]).iter()}
    assert "{http://www.w3.org/1998/Math/MathML}mfrac" not in names
    assert "{http://www.w3.org/1998/Math/MathML}msub" in names
    assert "{http://www.w3.org/2000/svg}path" in names


def test_an_epub_is_the_same_whenever_it_is_made(book: Path, bind: Bind) -> None:
    again = bind("epub") / book.name
    assert again.read_bytes() == book.read_bytes()
    with ZipFile(book) as entries:
        first, *rest = entries.infolist()
        names = entries.namelist()
    assert (first.filename, first.compress_type) == ("mimetype", ZIP_STORED)
    assert not [n for n in names if n.endswith(".js")]
    assert {entry.date_time for entry in rest} == {(1980, 1, 1, 0, 0, 0)}


def test_a_machine_without_a_browser_is_told_so(bind: Bind, monkeypatch) -> None:
    monkeypatch.setattr(chromium, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match="no Chromium here: install it"):
        print_pdf._browser()
    assert print_pdf._undated(b"/ModDate (D:20261124101112Z)", 0).endswith(b"000000Z)")
