"""What readers take away: notebooks, Markdown files, and who is asked to run them.

A book of two pages is built; notebooks of the whole book are run by ``make test-away``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from docutils import nodes

from docs._ext.takeaway.one_page import one_page
from rnn_notes.book.sheet import lines
from tests.helpers import trees
from tests.helpers.trees import ROOT

INDEX = "# Book\n\nSee {doc}`one`.\n\n```{toctree}\n:numbered:\none\n```\n"
ONE = r"""---
file_format: mystnb
kernelspec: {name: python3, language: python}
---

# One * of them

Here is $h_t$, from {eq}`eq-a`, and {numref}`fig` in {doc}`index`.

```{measured} eq-a
y_t = W_{hy} h_t + b_y
```

```{drawn} two_questions
:name: fig
A *caption*.
```

```{code-cell} ipython3
:tags: [remove-cell]
from rnn_notes.book.cells import Table, glue

a = 3
glue("twice", 2 * a)
```

Twice is {glue:text}`twice`.

| a | b |
|---|---|
| `x \| y` | 2 |

```{code-cell} ipython3
print("told")
Table(("name", "value"), [("a", a)])
```

<details class="solution"><summary>Solution</summary>

Before.

```{code-cell} ipython3
a + 1
```

After.

</details>

The end.
"""
PAGES = {"index": INDEX, "one": ONE}
SETTINGS = {
    "extensions": [
        "myst_nb",
        "pages.drawn",
        "build.changes",
        "formulas.mathml",
        "formulas.measured",
        "takeaway.downloads",
        "takeaway.one_page",
    ],
    "source_suffix": {".md": "myst-nb"},  # Sphinx's own is shared, and changes
    "html_title": "The book",
    "nb_execution_mode": "cache",
    "nb_merge_streams": True,
}
Build = Callable[..., Path]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """A function that builds pages into a folder, again if the folder is given."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(ROOT))

    def run(pages: dict[str, str], here: Path | None = None, **settings: Any) -> Path:
        here = here or tmp_path_factory.mktemp("book")
        assert trees.built(here, pages, **{**SETTINGS, **settings}) == ""
        return here / "html"

    yield run
    patch.undo()


@pytest.fixture(scope="module")
def site(build: Build) -> Path:
    return build(PAGES)


def cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a valid notebook, their lines joined."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return list(notebook["cells"])


def test_a_notebook_holds_the_page_in_its_order(site: Path) -> None:
    found = cells(site / "one.ipynb")
    kinds = "".join(cell["cell_type"][0] for cell in found)
    assert kinds == "mcmccmcmm"
    title, figure, caption, hidden, shown, before, solved, after, end = found
    assert title["source"].startswith(
        "# One \\* of them\n\nA page of *The book*. Its cells need the package"
    )
    assert "Here is $h_t$, from (1.1), and *Fig. 1.1* in *Book*." in title["source"]
    tagged = "$$\ny_t = W_{hy} h_t + b_y \\tag{1.1}\n$$"
    assert tagged in title["source"]
    assert re.search(r"<summary>V×1 = V×H · H×1 \+ V×1</", title["source"])
    assert figure["source"].endswith("figures.two_questions()")
    assert caption["source"] == (
        "**Figure 1.1.** A *caption*.\n\nTwice is 6.\n\n"
        "| a | b |\n| --- | --- |\n| `x \\| y` | 2 |"
    )
    assert hidden["metadata"]["jupyter"] == {"source_hidden": True}
    assert shown["outputs"][0]["text"] == "told\n"
    assert "jupyter" not in shown["metadata"]
    assert before["source"].startswith(
        "<details><summary>Solution</summary>\n\nBefore."
    )
    assert solved["metadata"]["jupyter"]["outputs_hidden"]
    assert "<summary>Solution, continued</summary>\n\nAfter." in after["source"]
    assert end["source"] == "The end."


def test_outputs_are_kept_and_counted(site: Path) -> None:
    code = [c for c in cells(site / "one.ipynb") if c["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [1, 2, 3, 4]
    drawn, hidden, shown, solved = (cell["outputs"] for cell in code)
    assert set(drawn[0]["data"]) == {"image/svg+xml", "text/plain"}
    assert drawn[0]["data"]["text/plain"].startswith("The state h_t feeds two things")
    assert hidden == []
    assert set(shown[1]["data"]) == {"text/html", "text/plain"}
    assert solved[0]["data"] == {"text/plain": "4"}
    assert solved[0]["execution_count"] == 4


def test_a_notebook_runs_as_one_script(site: Path, tmp_path: Path) -> None:
    code = [c["source"] for c in cells(site / "one.ipynb") if c["cell_type"] == "code"]
    names: dict[str, Any] = {}
    for source in code:
        exec(compile(source, "cell", "exec"), names)
    assert names["a"] == 3
    with pytest.raises(NameError):  # a cell that the page does not show is needed
        exec(code[2], {})


def test_a_markdown_file_is_the_page_as_it_is_read(site: Path) -> None:
    text = (site / "one.md").read_text("utf-8")
    assert "```python\nprint(" in text
    assert "```text\ntold\n```\n\n```text\nname  value\na     3\n```" in text
    assert "glue(" not in text, "the page does not show this cell"
    solution = text[text.index("<details><summary>Solution") : text.index("The end.")]
    assert [*re.findall(r"Before|a \+ 1|After|</details>", solution)] == [
        "Before",
        "a + 1",
        "After",
        "</details>",
    ]
    assert re.search(r"^!\[The state .*\]\[figure-1\]\n\n\*\*Figure 1\.1", text, re.M)
    assert text.splitlines()[-1].startswith("[figure-1]: data:image/svg+xml;base64,")


def test_the_page_leads_to_its_files_and_nowhere_else(site: Path) -> None:
    page = (site / "one.html").read_text("utf-8")
    line = re.search(r'</h1>\s*<p class="takeaway">(.*)</p>', page)
    assert line is not None
    assert re.findall('href="(.*?)"', line[1]) == ["one.ipynb", "one.md"]
    assert "%pip" not in (site / "one.ipynb").read_text("utf-8")
    for name in ("one", "index"):
        assert "](" not in (site / f"{name}.md").read_text("utf-8")


def test_both_are_the_same_again_and_from_two_processes(
    site: Path, build: Build
) -> None:
    other = build(PAGES, jobs=2)
    build({**PAGES, "one": ONE + "\nMore.\n"}, other.parent)
    assert "More." in (other / "one.md").read_text("utf-8")
    build(PAGES, other.parent)
    for name in ("one.ipynb", "one.md", "index.ipynb", "index.md"):
        assert (site / name).read_bytes() == (other / name).read_bytes(), name


def test_files_of_a_removed_page_are_removed(build: Build) -> None:
    site = build({"index": "# Book\n", "more": "---\norphan: true\n---\n# More\n"})
    assert (site / "more.ipynb").exists()
    (site.parent / "docs" / "more.md").unlink()
    build({"index": "# Book\n"}, site.parent)
    assert sorted(p.name for p in site.glob("*.[im][pd]*")) == [
        "index.ipynb",
        "index.md",
    ]


def test_known_places_are_linked(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/notes")
    monkeypatch.setenv("GITHUB_SHA", "1f0c")
    site = build(PAGES, html_baseurl="https://example.org/notes/")
    page = (site / "one.html").read_text("utf-8")
    launches = re.findall(r'href="(https:.*?)">Open in', page)
    assert launches == [
        "https://colab.research.google.com/github/someone/notes/blob/notebooks/one.ipynb",
        "https://mybinder.org/v2/gh/someone/notes/notebooks?labpath=one.ipynb",
    ]
    title, install, *_ = cells(site / "one.ipynb")
    assert "[The book](https://example.org/notes/one.html)" in title["source"]
    assert "git+https://github.com/someone/notes@1f0c" in install["source"]
    text = (site / "one.md").read_text("utf-8")
    assert "[(1.1)](https://example.org/notes/one.html#equation-eq-a)" in text
    assert "[Book](https://example.org/notes/index.html)" in text
    index = build(PAGES, site.parent, takeaway_books=True) / "index.html"
    assert 'href="rnn-notes.pdf"' in index.read_text("utf-8")
    assert "rnn-notes.pdf" not in (site / "one.html").read_text("utf-8")
    for name in ("SERVER_URL", "REPOSITORY", "SHA"):
        monkeypatch.delenv(f"GITHUB_{name}")
    build(PAGES, site.parent)
    assert "Open in" not in (site / "one.html").read_text("utf-8"), "not stale"


def test_a_node_that_no_notebook_can_show_is_reported(build: Build) -> None:
    with pytest.raises(AssertionError, match="cannot show a node of type image"):
        build({"index": "# Book\n\n```{image} x.svg\n```\n"})


def test_a_notebook_is_json_of_one_kind(site: Path) -> None:
    text = (site / "one.ipynb").read_text("utf-8")
    assert json.loads(text)["nbformat_minor"] == 5
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"


def test_the_branch_holds_the_notebooks_and_what_they_need(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "notebooks"
    command = [
        sys.executable,
        "-m",
        "docs._ext.tools.notebooks_branch",
        str(site),
        str(target),
    ]
    for name in ("GITHUB_REPOSITORY", "READTHEDOCS_GIT_CLONE_URL"):
        monkeypatch.delenv(name, raising=False)
    unknown = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert unknown.returncode == 1
    assert "the repository is not known here" in unknown.stderr
    monkeypatch.setenv("READTHEDOCS_GIT_CLONE_URL", "https://github.com/some/notes.git")
    monkeypatch.setenv("READTHEDOCS_GIT_COMMIT_HASH", "1f0c")
    subprocess.run(command, cwd=ROOT, check=True)
    needs = (target / "requirements.txt").read_text("utf-8")
    assert needs == "rnn-notes @ git+https://github.com/some/notes@1f0c\n"
    names = sorted(path.name for path in target.glob("*.ipynb"))
    assert names == ["index.ipynb", "one.ipynb"]


SHEET = """---
one-page: true
---

# The sheet

**Why (so).** Because of it.

Not on the sheet.
"""


def objects(made: bytes) -> dict[int, bytes]:
    """The objects of a PDF by their numbers, each found where its table says."""
    start = int(made.split(b"startxref\n")[1].split()[0])
    table = made[start:].split(b"trailer")[0].splitlines()[3:]
    found = [made[int(row.split()[0]) :].split(b"\nendobj")[0] for row in table]
    return {int(body.split()[0]): body.split(b" obj\n", 1)[1] for body in found}


def test_the_sheet_is_one_page_of_a4_with_its_words(build: Build) -> None:
    site = build({"index": INDEX.replace("one", "sheet"), "sheet": SHEET})
    made = (site / "sheet.pdf").read_bytes()
    found = objects(made)
    assert [*found] == [1, 2, 3, 4, 5]
    assert b"/Count 1 " in found[2]
    assert b"/MediaBox [0 0 595 842]" in found[3]
    drawn = found[4].split(b"stream\n")[1].removesuffix(b"endstream")
    assert b"/Length %d " % (len(drawn) - 1) in found[4]
    shown = re.findall(r"^BT .* (\S+) Td \((.*)\) Tj ET$", drawn.decode("cp1252"), re.M)
    words = [re.sub(r"\\(.)", r"\1", said) for _, said in shown]
    assert {row.code for row in lines()} <= set(words)
    assert {"The sheet", "Why (so)", "Because of it.", "V×H"} <= set(words)
    assert not any("Not on" in said for said in words)
    assert all(48 <= float(height) <= 842 - 48 for height, _ in shown)
    assert 'href="sheet.pdf"' in (site / "sheet.html").read_text()


def test_a_sheet_of_two_pages_is_refused() -> None:
    page = nodes.document("", None)  # type: ignore[arg-type]
    page += nodes.title("", "Long")
    for _ in range(12):
        page += nodes.paragraph("", "", nodes.strong("", "Lead."), nodes.Text(" Text."))
    with pytest.raises(ValueError, match="expected at most 842"):
        one_page(page)
