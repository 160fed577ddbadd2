"""Search by the names that readers type, from a server and from ``file://`` alike.

Equations are found by their labels, as functions are by their names.
The words around a hit come from a script a page: the search page loads those of the
hits that its reader sees. No browser lets it read the pages themselves from ``file://``.
A further script says what each page says often, so that the best hits come first.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.domains import ObjType
from sphinx.domains.math import MathDomain
from sphinx.search import js_index
from sphinx.search._stopwords.en import ENGLISH_STOPWORDS
from sphinx.search.en import SearchEnglish

from docs._ext.build.recalled import recalled

__all__ = ["OFTEN", "TOOLS", "light", "setup"]

_WORDS, OFTEN = "_static/words", "often-said.js"
TOOLS = (OFTEN, "searchtools.js", "language_data.js", "search-words.js")
_OFTEN_IS = 4
_MAIN = re.compile(r'<article class="bd-article".*?</article>', re.DOTALL)
_SILENT = re.compile(
    r"<(script|style|annotation|h1|summary)\b.*?</\1>|<a class=\"headerlink.*?</a>"
    r"|<p class=\"takeaway.*?</p>",
    re.DOTALL,
)
_CODE = re.compile(r"<pre\b.*?</pre>", re.DOTALL)
_PART = re.compile(r"</(?:t[dh]|h[2-6]|li|d[td]|option|text)>")
_BETWEEN = " · "
_HEADING, _AS_OFTEN = re.compile(r"<h[23]\b.*?</h[23]>", re.DOTALL), 4
_INLINE = re.compile(r"</?(?:a|b|code|em|i|m\w+|span|strong|sub|sup|tspan)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
_stem = cache(SearchEnglish({}).stem)  # most words are said many times
_NAME = re.compile(r"[a-z]\w*(?:-[a-z]\w*|\.[a-z]\w*|\[[^][\s]*\])*")


class _English(SearchEnglish):
    """Sphinx's own, which stems a word once for all pages, and not once for each."""

    def stem(self, word: str) -> str:
        """The part of a word that a search looks for."""
        return _stem(word)


class _Equations(MathDomain):
    """Sphinx's own domain, whose equations are objects that a search finds."""

    object_types = {"equation": ObjType("equation", "eq")}  # noqa: RUF012

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Label twice, kind, page, anchor and priority of every labelled equation."""
        for label, (docname, _) in self.equations.items():
            yield label, label, "equation", docname, f"equation-{label}", 1

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        """The word that search results say of an object."""
        return type.lname


def _plain(html: str) -> str:
    """The words of a page's own text, without its title: that is said of a hit.

    Prose comes before code, so that it is quoted rather than code; headings, entries
    and cells are told apart.

    >>> page = '<pre>e = 1</pre><h2>A</h2><p>b <b>c</b> &lt; d</p><td>f</td><td></td>'
    >>> _plain(f'<p>N</p><article class="bd-article">{page}</article>')
    'A · b c < d f · e = 1'
    """
    main = "".join(_MAIN.findall(html))
    prose = _text(_PART.sub(rf"\g<0>{_BETWEEN}", _CODE.sub(" ", main)))
    parts = [*prose.split(_BETWEEN), *map(_text, _CODE.findall(main))]
    return _BETWEEN.join(filter(None, (part.strip(" ·") for part in parts)))


def _counted(html: str, plain: str) -> str:
    """The words of a page to be counted; a word of a heading is worth more.

    >>> page = '<article class="bd-article"><h2>A</h2><p>b</p></article>'
    >>> _counted(page, _plain(page))
    'A · b A A A A'
    """
    headings = [_text(heading) for heading in _HEADING.findall(html)]
    return " ".join([plain, *headings * _AS_OFTEN])


def _text(html: str) -> str:
    """The words of a piece of a page."""
    text = _TAG.sub(" ", _INLINE.sub("", _SILENT.sub(" ", html)))
    return " ".join(unescape(text).split())


def _often(text: str, least: int = _OFTEN_IS) -> dict[str, int]:
    """How many times the names and words of a text are said in it, if often.

    Words are counted by their stems, as a search looks for them; names as they are.

    >>> _often("Whh.T and hs[t-1], or Whh.T, added and adding.", least=2)
    {'whh.t': 2, 'add': 2}
    """
    said = [
        word for word in _NAME.findall(text.lower()) if word not in ENGLISH_STOPWORDS
    ]
    times = Counter(_stem(word) if word.isalpha() else word for word in said)
    return {word: n for word, n in times.items() if n >= least}


def _packed(said: dict[str, dict[str, int]]) -> dict[str, object]:
    """The same, by words: a digit for each page, in their order; 0 is seldom or never.

    A digit is n / (n + 4) in tenths, which is what a search asks for.

    >>> _packed({"a": {"add": 4}, "b": {"sum": 9}, "c": {"add": 100}})
    {'pages': ['a', 'b', 'c'], 'words': {'add': '509', 'sum': '06'}}
    """
    words = sorted({word for times in said.values() for word in times})
    digits = {
        word: "".join(
            str(10 * (n := times.get(word, 0)) // (n + 4)) for times in said.values()
        )
        for word in words
    }
    return {"pages": [*said], "words": {w: d.rstrip("0") for w, d in digits.items()}}


def light(index: str) -> str:
    """Sphinx's search index without the entries that repeat its objects, and without
    the words that no page says any more, which Sphinx keeps.

    >>> light('Search.setIndex({"indexentries":{"a":[[0,"b",true]]},"titles":["c"]})')
    'Search.setIndex({"indexentries":{},"titles":["c"]})'
    >>> light('Search.setIndex({"terms":{"old":[],"said":0}})')
    'Search.setIndex({"indexentries":{},"terms":{"said":0}})'
    """
    held = js_index.loads(index)
    for kind in {"terms", "titleterms"} & held.keys():
        held[kind] = {word: at for word, at in held[kind].items() if at != []}
    return js_index.dumps({**held, "indexentries": {}})


def _write(app: Sphinx, exception: Exception | None) -> None:
    """Write a script with each page's words, and one with what pages say often."""
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    shutil.rmtree(out / _WORDS, ignore_errors=True)
    (out / _WORDS).mkdir()
    pages = {
        name: (out / f"{name}.html").read_text(encoding="utf-8")
        for name in sorted(app.env.found_docs)
    }

    def said(names: list[str]) -> Iterator[tuple[str, dict[str, int]]]:
        for html in map(pages.__getitem__, names):
            words = _plain(html)
            yield words, _often(_counted(html, words))

    rests = {n: app.config.sources_digest + html for n, html in pages.items()}
    found = recalled(Path(app.doctreedir, "words.json"), rests, said)
    for name, (words, _) in found.items():
        _script(out / _WORDS / f"{name}.js", f"pageWords[{name!r}]", words)
    often = {name: times for name, (_, times) in found.items()}
    _script(out / "_static" / OFTEN, "const oftenSaid", _packed(often))


def _script(path: Path, name: str, value: object) -> None:
    """Write a script that sets a name to a value."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"{name} = {text};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_domain(_Equations, override=True)
    app.add_search_language(_English)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
