"""What the site marks by itself: numbers from cells, and claims against facts."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from docutils import nodes
from docutils.utils import new_document

from docs._ext.pages.claims import Mark
from docs._ext.pages.glued import Typeset
from docs._ext.pages.joined import Joined
from tests.helpers import prose, trees


def page(*paragraphs: nodes.paragraph) -> nodes.document:
    """A page of these paragraphs."""
    made = new_document("page")
    made += paragraphs
    return made


def test_a_claim_and_a_fact_are_told_apart() -> None:
    said = [
        nodes.paragraph("", "", nodes.emphasis("", words), nodes.Text(", so it is."))
        for words in ("The claim", "In fact", "In time")
    ]
    said.append(nodes.paragraph("", "The claim is not set apart here."))
    said.append(nodes.paragraph())
    Mark(page(*said)).apply()
    assert [one["classes"] for one in said] == [["claim"], ["fact"], [], [], []]


def test_a_number_from_a_cell_is_written_as_readers_write_it() -> None:
    values = ("-0.780", "2e-07", "2026-11-27", "a - b")
    glued = [nodes.inline("", value, classes=["pasted-text"]) for value in values]
    other = nodes.inline("", "-0.780")
    document = page(nodes.paragraph("", "", *glued, other))
    Typeset(document).run()
    assert [node.astext() for node in glued] == [
        "−0.780",
        "2\xa0×\xa010−7",
        "2026-11-27",
        "a - b",
    ]
    assert len(list(document.findall(nodes.superscript))) == 1
    assert other.astext() == "-0.780", "what no cell gave stays"


def test_behind_a_link_to_a_changing_text_stands_its_state(tmp_path: Path) -> None:
    thread, pinned = "https://github.com/a/b/issues/1", f"/blob/{'1f' * 20}/a"
    links = f"[One]({thread}), [two](https://github.com/a/b{pinned}), [one]({thread})."
    trees.write(tmp_path / "docs", {"quoted.toml": f'"{thread}" = 2026-11-23\n'})
    page = {"index": f"# Book\n\n{links} [Else](https://example.org)\n"}
    marks = ["myst_parser", "formulas.mathml", "pages.quoted"]
    assert trees.built(tmp_path, page, marks) == ""
    html = (tmp_path / "html/index.html").read_text()
    text = " ".join(re.sub(r"<[^>]*>", "", html).split())
    assert "One (noted 2026-11-23), two (commit 1f1f1f1), one. Else" in text
    page["index"] += "[Three](https://github.com/a/c/issues/2)\n"
    assert "issues/2 expected a commit in it or its day" in trees.built(
        tmp_path, page, marks
    )


def test_no_day_is_kept_of_a_text_that_no_page_links() -> None:
    kept = tomllib.loads((prose.ROOT / "docs/quoted.toml").read_text())
    sources = "".join(page.source for page in prose.pages())
    assert kept
    assert [address for address in kept if f"({address})" not in sources] == []


def test_a_short_formula_is_kept_on_one_line() -> None:
    said = {
        "At t = 2, of T - 1 steps": "At t\xa0=\xa02, of T\xa0−\xa01 steps",
        "for n×n = n×n, a = wide": "for n×n = n×n, a = wide",
        "0.703 × 0.778 = 0.547": "0.703 × 0.778 = 0.547",
    }
    lines = [nodes.paragraph("", words) for words in said]
    hence = nodes.paragraph("", "", nodes.Text("hence the "), nodes.literal("", "+"))
    letter = nodes.paragraph("", "", nodes.Text("the gate "), nodes.literal("", "z"))
    code = nodes.literal("", "t = 2")
    Joined(page(*lines, hence, letter, nodes.paragraph("", "", code))).run()
    assert [line.astext() for line in lines] == list(said.values())
    assert hence.astext() == "hence the\xa0+"
    assert letter.astext() == "the gate z"
    assert code.astext() == "t = 2"
