"""The printed book: its pages, its outline, its links; the EPUB before its judge."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from alone import ROOT
from pypdf import PdfReader

BUILT = ROOT / "_build"


@pytest.fixture(scope="session")
def pdf() -> PdfReader:
    return PdfReader(BUILT / "rnn-notes.pdf")


@pytest.fixture(scope="session")
def words(pdf: PdfReader) -> list[str]:
    """The text of every page."""
    return [page.extract_text() for page in pdf.pages]


def heads(outline: list, level: int = 0) -> list[tuple[int, str]]:
    """The levels and titles of an outline, in order."""
    found: list[tuple[int, str]] = []
    for item in outline:
        deeper = isinstance(item, list)
        found += heads(item, level + 1) if deeper else [(level, item.title)]
    return found


def solid(title: str) -> str:
    """A title without its spaces: Chromium loses those at which a title wraps."""
    return re.sub(r"[`\s]", "", title)


def test_every_chapter_is_in_the_outline(pdf: PdfReader) -> None:
    found = heads(pdf.outline)
    pages = [p for p in (ROOT / "docs").glob("*.md") if p.stem != "404"]
    sources = [path.read_text("utf-8") for path in pages]
    titles = {re.search(r"^# (.*)", text, re.M)[1] for text in sources}
    top = {solid(title) for level, title in found if level == 0}
    assert len(titles) > 15
    assert {solid(title) for title in titles} <= top


def test_pages_are_numbered(words: list[str]) -> None:
    assert len(words) > 50
    for number, text in enumerate(words[1:], 2):
        assert text.split()[-1] == str(number) or text.split()[0] == str(number)
    assert "1" not in (words[0].split()[0], words[0].split()[-1])


def test_the_press_has_not_shrunk_the_book(pdf: PdfReader) -> None:
    """One thing wider than the paper makes all pages smaller."""
    sheet = ROOT / "docs" / "_ext" / "takeaway" / "binding" / "singlehtml.css"
    asked = re.search(r"font: ([\d.]+)pt/", sheet.read_text("utf-8"))[1]
    sizes: set[float] = set()

    def seen(_: str, place: list, text: list, font: object, size: float) -> None:
        sizes.add(round(abs(size * text[0] * place[0]), 1))

    pdf.pages[5].extract_text(visitor_text=seen)
    assert float(asked) in sizes


def test_links_lead_to_pages(pdf: PdfReader) -> None:
    named = set(pdf.named_destinations)
    kinds = [
        annotation.get_object()
        for page in pdf.pages
        for annotation in page.get("/Annots", [])
    ]
    inner = [link["/Dest"] for link in kinds if "/Dest" in link]
    assert len(inner) > 300
    assert {str(target) for target in inner if isinstance(target, str)} <= named


def test_solutions_and_measured_lines_are_printed(words: list[str]) -> None:
    text = " ".join(" ".join(words).split())
    assert "furthest from it here" in text
    assert "The other depends on the numbers, so measure." in text, "a solution"
    assert len(re.findall(r"largest error", text)) > 60


def test_the_pdf_names_no_day_of_its_making(pdf: PdfReader) -> None:
    assert pdf.metadata["/CreationDate"].startswith("D:1970")
    assert pdf.metadata.title == "Backpropagation through time, measured"


def test_the_judge_of_epubs_is_content_and_would_not_be(tmp_path: Path) -> None:
    book, wrong = BUILT / "rnn-notes.epub", tmp_path / "wrong.epub"
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(wrong, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            new.writestr(entry, text.replace(b' properties="mathml svg"', b""))
    for path, status in ((book, 0), (wrong, 1)):
        command = [sys.executable, "-m", "docs._ext.tools.check_epub"]
        command += [str(path), str(tmp_path / "out.epub")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
        assert done.returncode == status, done.stderr
    assert "OPF-014" in done.stderr
