"""What the site says of itself: addresses, descriptions, dates, and nothing unasked."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

import rnn_notes
from docs._ext.site import card
from docs._ext.site.publish import dates
from tests.helpers.trees import ROOT, emptied, write

BASE = "https://example.org/notes"
PAGES = {
    "index": "# Book\n\nWhat it is\nabout: `Whh`.\n\n```{toctree}\none\n404\n```\n",
    "one": "---\nmyst:\n  html_meta:\n    description: Said.\n---\n# One\n\nFirst.\n",
    "404": "# Find your page\n\nThere is none.\n",
}
Site = Callable[..., Path]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A function that builds a small book with the repository's conf.py."""
    here = emptied(tmp_path_factory.mktemp("book"))
    write(here / "docs", {f"{name}.md": text for name, text in PAGES.items()})
    git(here, "init", "-q")
    git(here, "add", "docs/index.md")
    git(here, "commit", "-qm", "first", day="2001-02-03")

    def build(name: str, **environ: str) -> Path:
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n"]
        command += ["-c", str(here), "-d", str(here / "doctrees")]
        command += [str(here / "docs"), str(here / name)]
        subprocess.run(command, check=True, env={**os.environ, **environ})
        return here / name

    return build


def git(folder: Path, *words: str, day: str = "2000-01-01") -> None:
    """Run git, on that day, as nobody in particular."""
    moment = f"{day}T12:00:00Z"
    person = {"NAME": "n", "EMAIL": "e@example.org", "DATE": moment}
    env = {
        f"GIT_{who}_{k}": v
        for who in ("AUTHOR", "COMMITTER")
        for k, v in person.items()
    }
    subprocess.run(["git", *words], cwd=folder, check=True, env={**os.environ, **env})


def tags(page: str) -> dict[str, str]:
    """The descriptions, addresses and card of a page, by their names."""
    found = re.findall(r'<meta (?:name|property)="(\S+)" content="(.*?)"', page)
    found += [
        (b, a) for a, b in re.findall(r'<meta content="(.*?)" name="(\S+)"', page)
    ]
    return dict(found + re.findall(r'<link rel="(canonical|icon)" href="(.*?)"', page))


@pytest.fixture(scope="module")
def published(sites: Site) -> Path:
    return sites("published", BASE_URL=BASE)


def test_every_page_says_what_it_is_about(published: Path) -> None:
    said = {
        p.stem: tags(p.read_text())["description"] for p in published.glob("*.html")
    }
    assert said["index"] == "What it is about: Whh."
    assert said["one"] == "Said."
    assert min(map(len, said.values())) > 0


def test_a_page_says_its_address_where_the_site_has_one(published: Path) -> None:
    told = tags((published / "one.html").read_text())
    assert told["canonical"] == told["og:url"] == f"{BASE}/one.html"
    assert (told["og:title"], told["og:description"]) == ("One", "Said.")
    card = told["og:image"].removeprefix(f"{BASE}/")
    assert (published / card).read_bytes().startswith(b"\x89PNG")
    assert told["og:image:alt"]
    assert (published / told["icon"]).exists()


def test_the_map_lists_the_pages_and_their_days(published: Path) -> None:
    tree = ElementTree.parse(published / "sitemap.xml")
    rows = [[cell.text for cell in url] for url in tree.getroot()]
    assert rows == [[f"{BASE}/index.html", "2001-02-03"], [f"{BASE}/one.html"]]
    assert "Last updated on 2001-02-03" in (published / "index.html").read_text()
    assert "Last updated" not in (published / "one.html").read_text(), "not committed"


def test_the_page_for_lost_readers_works_at_any_depth(published: Path) -> None:
    page = (published / "404.html").read_text()
    asked = re.findall(r' (?:href|src|action|data-content_root)="([^"]*)"', page)
    assert f"{'/notes'}/index.html" in asked
    assert [a for a in asked if not a.startswith(("/notes/", "#", "https://"))] == []
    assert "canonical" not in tags(page)
    other = (published / "one.html").read_text()
    assert 'href="_static/' in other, "other pages can be read from a folder"


def test_nothing_is_said_of_an_address_that_nobody_gave(
    sites: Site, published: Path
) -> None:
    private = sites("private", BASE_URL="")
    told = tags((private / "one.html").read_text())
    assert told["description"] == "Said."
    assert [name for name in told if name.startswith(("og:", "canonical"))] == []
    assert not (private / "sitemap.xml").exists()
    assert 'href="/index.html"' in (private / "404.html").read_text()


def test_days_come_from_history_and_from_nothing_else(tmp_path: Path) -> None:
    book = tmp_path / "book"
    (book / "docs").mkdir(parents=True)
    page, other = book / "docs" / "one.md", book / "docs" / "zwei ü.md"
    page.write_text("1")
    assert dates(book / "docs") == {}, "no history"
    git(book, "init", "-q")
    assert dates(book / "docs") == {}, "an empty one"
    git(book, "add", ".")
    git(book, "commit", "-qm", "1", day="2001-01-01")
    other.write_text("2")
    git(book, "add", ".")
    git(book, "commit", "-qm", "2", day="2002-02-02")
    page.write_text("changed, not committed")
    assert dates(book / "docs") == {"one": "2001-01-01", "zwei ü": "2002-02-02"}
    git(tmp_path, "clone", "-q", "--depth=1", book.as_uri(), "shallow")
    assert dates(tmp_path / "shallow" / "docs") == {}, "history is cut off"


def test_a_tree_of_another_user_tells_that_it_loses_its_dates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "one.md"
    page.write_text("1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "1", day="2001-01-01")
    assert dates(tmp_path) == {"one": "2001-01-01"}
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert dates(tmp_path) == {}
    assert f"{tmp_path} belongs to another user" in capsys.readouterr().err


def test_the_card_is_drawn_from_what_the_package_draws_today() -> None:
    picture = card._CARD.read_bytes()
    assert card._mark() in picture, "run python -m docs._ext.site.card"
    assert picture[16:24] == (1200).to_bytes(4) + (630).to_bytes(4)
    assert hashlib.sha256(b"another page").hexdigest().encode() not in picture
    assert f'html_title = "{card._WORDS}"' in (ROOT / "conf.py").read_text()


def test_the_citation_and_the_workflows_speak_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"version: {project['version']}\n" in citation
    assert rnn_notes.__version__ == project["version"]
    assert f"license: {project['license']}\n" in citation
    tested = (ROOT / ".github/workflows/test.yml").read_text()
    oldest = project["requires-python"].removeprefix(">=")
    assert re.search(r'python: \["([\d.]+)"', tested)[1] == oldest


def test_a_host_that_is_not_there_is_no_network() -> None:
    with socket.socket() as taken:  # bound, and answering nobody
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        command = ["import links, sys; sys.exit(links.main(sys.argv[1]))", address]
        done = subprocess.run(
            [sys.executable, "-c", *command],
            cwd=ROOT / "docs",
            capture_output=True,
            text=True,
        )
    assert done.returncode == 3
    assert (
        done.stdout
        == f"No network: {address} does not answer, so no link was followed.\n"
    )
