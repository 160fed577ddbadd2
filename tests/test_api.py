"""The package's page is whole, and names lead to it, to NumPy and to Python."""

from __future__ import annotations

import io
import pkgutil
import re
import sys
from pathlib import Path

import numpy as np
import prose
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import rnn_notes

EXT = prose.DOCS / "_ext"
sys.path.append(str(EXT))

from inventories import pages, used  # noqa: E402  (found through the line above)

INSIDE = {
    "rnn_notes.__main__": "the command line",
    "rnn_notes.commands": "what the command line does",
    "rnn_notes.equations": "its own parts are not for callers",
    "rnn_notes.figures": "listed as one",
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
    (here / "docs" / "inv").mkdir(parents=True)
    inventory = (prose.DOCS / "inv" / "numpy.inv").read_bytes()
    (here / "docs" / "inv" / "numpy.inv").write_bytes(inventory)
    for name, text in BOOK.items():
        (here / "docs" / f"{name}.md").write_text(text)
    warnings = io.StringIO()
    settings = {
        "extensions": ["myst_parser", "api", "atlas", "mathml", "measured", "names"],
        "html_theme": "basic",
        "html_math_renderer": "mathml",
        "intersphinx_mapping": {"numpy": ("https://n.org/", "inv/numpy.inv")},
        "autodoc_default_options": {"members": True},
        "autodoc_typehints": "none",
        "measured_cache": str(here / "measured"),
        "myst_update_mathjax": False,
        "nitpicky": True,
    }
    with docutils_namespace():
        folders = (here / "docs", None, here / "html", here / "doctrees")
        app = Sphinx(*folders, "html", settings, status=None, warning=warnings)
        app.build()
    assert warnings.getvalue() == ""
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


INVENTED = {"numpy.add.at", "numpy.abs"}  # a method of ufuncs, and another's short name


def entries(project):
    """The names of one of our inventories."""
    lines = Path(prose.DOCS, "inv", f"{project}.inv").read_text().splitlines()
    return {line.split()[0] for line in lines[3:]}


@pytest.mark.parametrize("project", ["numpy", "python"])
def test_the_inventories_hold_what_pages_use_and_no_more(project):
    names = used(pages())[project]
    assert names - entries(project) <= INVENTED
    assert entries(project) <= names
    assert used([*pages(), "`np.cosh` and `frozenset`"])[project] - names


def test_numpy_has_every_name_of_its_inventory():
    def there(name):
        place = np
        for part in name.split(".")[1:]:
            place = getattr(place, part, None)
        return place is not None

    assert [name for name in entries("numpy") if not there(name)] == []
    assert not there("numpy.tahn")
