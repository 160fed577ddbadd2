"""The package's page is whole, and names lead to it, to NumPy and to Python."""

from __future__ import annotations

import json
import pkgutil
import re
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

import rnn_notes
from docs._ext.tools.inventories import HEAD, pages, used
from tests.helpers import prose, trees

INSIDE = {
    "rnn_notes.__main__": "the command line",
    "rnn_notes.training.commands": "what the command line does",
    "rnn_notes.diagnosis": "its own parts are not for callers",
    "rnn_notes.equations": "its own parts are not for callers",
    "rnn_notes.book.figures": "the book's drawings",
    "rnn_notes.book.trace": "plumbing",
    "rnn_notes.book.reach": "plumbing",
    "rnn_notes.taped.taped_cells": "plumbing",
    "rnn_notes.mutants.gated_mutants": "plumbing",
    "rnn_notes.mutants.bugs": "plumbing",
    "rnn_notes.book": "a folder",
    "rnn_notes.arrays": "plumbing, but for the weights",
    "rnn_notes.training.safe_files": "plumbing",
    "rnn_notes.training.reports": "plumbing",
    "rnn_notes.training.stopping": "plumbing",
    "rnn_notes.training.settings": "plumbing",
    "rnn_notes.training.networks": "plumbing",
    "rnn_notes.book.live": "plumbing",
    "rnn_notes.book.timings": "plumbing",
    "rnn_notes.book.frameworks": "plumbing",
    "rnn_notes.book.cells": "plumbing",
    "rnn_notes.book.counting": "plumbing",
    "rnn_notes.book.trained": "plumbing",
}
BOOK = {
    "index": (
        "# Book\n\nSee `ledger`, then `ledger` and `np.tanh`; not `dhnext`.\n\n"
        "```python\nfrom rnn_notes.ledger import only\nx = np.linalg.norm(np.tanh(h))\n"
        "```\n\n```{measured} eq\n:by: rnn_notes.ledger.ledger\ny_t = W_{hy} h_t + b_y"
        "\n```\n\n```{toctree}\napi\n```\n"
    ),
    "api": "# Look up\n\n```{eval-rst}\n.. automodule:: rnn_notes.ledger\n```\n",
}


def listed():
    """The modules whose docstrings the page shows."""
    source = (prose.DOCS / "api.md").read_text()
    return set(re.findall(r"^\.\. auto\w+:: (rnn_notes\S*)$", source, re.M))


def test_every_module_is_on_the_page_or_inside():
    found = pkgutil.walk_packages(rnn_notes.__path__, "rnn_notes.")
    shown = listed() | set(INSIDE)
    inside = tuple(f"{name}." for name in INSIDE)
    names = [module.name for module in found]
    missing = [n for n in names if n not in shown and not n.startswith(inside)]
    assert missing == []
    assert "rnn_notes.rnn" in shown


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The HTML of a small book, and Sphinx's warnings."""
    here = tmp_path_factory.mktemp("book")
    shutil.copytree(prose.DOCS / "inv", here / "docs" / "inv")
    settings = {
        "extensions": [
            "myst_parser",
            "pages.api",
            "formulas.atlas",
            "formulas.mathml",
            "formulas.measured",
            "pages.names",
        ],
        "intersphinx_mapping": {"numpy": ("https://n.org/", "inv/numpy.inv")},
        "autodoc_default_options": {"members": True},
        "autodoc_typehints": "none",
        "nitpicky": True,
    }
    assert trees.built(here, BOOK, **settings) == ""
    return {name: (here / "html" / f"{name}.html").read_text() for name in BOOK}


def test_the_first_mention_of_a_name_leads_on(book):
    links = re.findall(r'class="name" href="(.*?)"', book["index"])
    assert links == [
        "api.html#rnn_notes.ledger.ledger",
        "https://n.org/reference/generated/numpy.tanh.html#numpy.tanh",
        "api.html#rnn_notes.ledger.only",
        "https://n.org/reference/generated/numpy.linalg.norm.html#numpy.linalg.norm",
    ]
    assert 'class="name"' not in book["api"]


def test_an_equations_code_leads_to_its_function(book):
    details = book["index"].split("<details")[1]
    assert 'href="api.html#rnn_notes.ledger.ledger"' in details


def test_docstrings_are_shown_with_their_lists(book):
    page = re.sub(r"<[^>]*>", "", book["api"])
    assert "What each loss contributes to each dh, (T, T, H)." in page
    assert "&gt;&gt;&gt; table = ledger(params, run)" in page


def entries(project):
    """The names of one of our inventories."""
    lines = Path(prose.DOCS, "inv", f"{project}.inv").read_text().splitlines()
    return {line.split()[0] for line in lines[3:]}


@pytest.mark.parametrize("project", ["numpy", "python"])
def test_the_inventories_hold_what_pages_use_and_little_more(project):
    names, known = used(pages())[project], entries(project)
    assert len(names & known) >= 0.9 * len(names), names - known
    assert len(known - names) <= 0.1 * len(known) + 1, known - names
    assert used([*pages(), "`np.cosh` and `frozenset`"])[project] - names - known


def test_numpy_has_every_name_of_its_inventory():
    def there(name):
        place = np
        for part in name.split(".")[1:]:
            place = getattr(place, part, None)
        return place is not None

    assert [name for name in entries("numpy") if not there(name)] == []
    assert not there("numpy.tahn")


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that logs nothing."""

    def log_message(self, *args):
        pass


@pytest.fixture
def elsewhere(tmp_path):
    """The address of a site that has a page for one of two names."""
    (tmp_path / "there.html").write_text('<p id="numpy.there">')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_check_of_links_follows_the_inventories(tmp_path, elsewhere):
    names = "numpy.there function there.html\nnumpy.gone function gone.html\n"
    trees.write(tmp_path / "docs", {"n.inv": HEAD.format("N", "1") + names})
    mapping = {"n": (elsewhere, "n.inv")}
    trees.built(
        tmp_path,
        {"index": "# Book\n"},
        ["myst_parser", "pages.names"],
        "linkcheck",
        intersphinx_mapping=mapping,
    )
    lines = (tmp_path / "html" / "output.json").read_text().splitlines()
    found = {row["uri"]: row["status"] for row in map(json.loads, lines)}
    assert found == {
        f"{elsewhere}there.html#numpy.there": "working",
        f"{elsewhere}gone.html#numpy.gone": "broken",
    }
