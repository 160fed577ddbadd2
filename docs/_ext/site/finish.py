"""The site as readers get it: styles in the page, one script, and a policy kept.

::

    python -m docs._ext.site.finish _build/next _build/html.new

Sphinx and its theme write pages that ask for six sheets and as many scripts, most of
which no page uses. Here the scripts become one. The sheets become the rules that match
something on the page, and stand in it: a phone paints once it has the page, not a round
trip later, and a second page is little heavier. Scripts come after the first paint.

More thorough minifiers were tried on the site as it is: minify-html 0.18 saves 0.7 KB
of 34 that travel for a page, and 0.3 of 9 for the script; rcssmin 0.3 KB a page.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from rjsmin import jsmin

from docs._ext.build.recalled import recalled
from docs._ext.build.standing import digest_of, files_below
from docs._ext.site.policy import with_policy
from docs._ext.site.searching import OFTEN, TOOLS
from docs._ext.site.searching import light as light_index
from docs._ext.site.sheets import purged, short, unscripted

__all__ = ["finish", "marks"]

_HERE = Path(__file__).parent
_SHEET = re.compile(
    r'<link\b[^>]*\bhref="(?P<root>[^"]*?_static/)(?P<name>[^"?]+\.css)[^"]*"[^>]*>\n?'
)
_SCRIPT = re.compile(
    r'<script\b(?![^>]*\btype=)[^>]*\bsrc="(?P<root>[^"]*?_static/)(?P<name>[^"?]+)'
    r'[^"]*"[^>]*></script>\n?'
)
# The theme sets two options that only its version switch and live search read.
_OPTIONS = re.compile(r"<script>DOCUMENTATION_OPTIONS\.[^<]*</script>\n?")
_CALL = re.compile(r'<script\b(?![^>]*\btype=)[^>]*\bsrc="([^"]*)"[^>]*></script>\n?')
_ADDRESS = re.compile(r"""url\((["']?)(?!data:|#)([^)"']+)\1\)""")
_ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')
_INLINE = re.compile(r"(?<=<script>).*?(?=</script>)", re.DOTALL)
# Where later.js keeps what a page calls: nothing, as it is written.
_UNCALLED = "const scripts = [];"
# myst-nb names each fold by other words than those that are seen on it, and dresses it
# as a warning, for which the theme brings many rules.
_FOLDS = {
    '<summary aria-label="Toggle hidden content">': "<summary>",
    '<details class="admonition hide': '<details class="hide',
}
# Pygments marks names, signs and spaces too: most of what it marks, and what custom.css
# leaves in the colour of the text around.
_UNCOLOURED = re.compile(r'<span class="(?:nn?|o|p|w)">([^<]*)</span>')
# What a figure that walks holds, and stepper.js asks for.
_WALK = re.compile(
    r'(<div class="live" data-code="[\w-]*")>(.*?</script>)(?=</div>)', re.DOTALL
)
# Neither has a setting or a template. Sphinx would mark searched words in figures,
# formulas and data too, and break them up; a marker of our own is longer than this.
# The theme would lay out a page once for each of its blocks; interface.js does not.
_EDITS = {
    '"button, select, textarea"': '"button, select, textarea, svg, math, script"',
    '"complete"===document.readyState?I():window.addEventListener("load",I)': "0",
}
_UNUSED = [
    ".buildinfo*",
    "locales",
    "scripts",
    "styles",
    "*webpack-macros.html",
    "fa-[br]*.woff2",
]
# Asked for with the page, not when the first icon, formula or word is laid out, where
# something in the page calls for it. A page with cells and no formula leads to others
# that have some, and fetches their font when nothing else is to be done.
_FONTS = {
    "vendor/fontawesome/webfonts/fa-solid-900.woff2": "",
    "fonts/STIXTwoMath-subset.woff2": "<math",
    "fonts/STIXTwoText-subset.woff2": "",
    "fonts/STIXTwoText-Italic-subset.woff2": r"<em>|<blockquote|font-style:italic",
    "fonts/JetBrainsMono-subset.woff2": "<code|<pre",
}
_ICON = re.compile(r'(?<=<link rel="icon" href=")[^"]*_static/([^"]+\.svg)')
_SAFE = " =:/(),;{}-'"  # in an address of a picture, within double quotes
# The theme's scripts name these, which no page has: boxes, notes in a margin, a head
# with menus, a book of several versions, news.
_NEVER = {
    "admonition",
    "bd-footer-article",
    "bd-header-announcement",
    "bd-header-version-warning",
    "list-group-item",
    "dropdown-menu-dark",
    "list-group-item-action",
    "margin",
    "margin-caption",
    "marginnote",
    "navbar-nav",
    "pst-button-link-to-stable-version",
    "pst-collapse-sidebar-button",
    "pst-expand-sidebar-label",
    "pst-squeeze",
    "sidebar",
    "sidenote",
    "thebe-launch-button",
    "tooltip",
    "version-switcher__button",
    "version-switcher__menu",
}


class _Script(NamedTuple):
    """Scripts that are sent as one, and its text."""

    names: list[str]
    text: str


def _asked(pattern: re.Pattern[str], pages: Iterable[str]) -> list[str]:
    """The files that pages name, in their order."""
    names = (found["name"] for page in pages for found in pattern.finditer(page))
    return list(dict.fromkeys(names))


def _rebased(css: str, name: str) -> str:
    """A sheet's text with ``{}`` where a page puts the way to the sheets' folder.

    >>> _rebased('@charset "UTF-8";p{src:url(../fonts/a.woff2)}', "styles/a.css")
    'p{src:url("{}fonts/a.woff2")}'
    """
    if "@import" in css:
        raise ValueError(f"{name} holds an @import; expected a sheet that stands alone")

    def moved(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), found[2]))
        return f'url("{{}}{path}")'

    return _ADDRESS.sub(moved, css.replace('@charset "UTF-8";', ""))


def _words(texts: Iterable[str]) -> set[str]:
    """Everything in tags and scripts that a selector could mean.

    >>> sorted(_words(["f('e')", '<p class="a b-c">']))
    ['a', 'b-c', 'class', 'e', 'f', 'p']
    """
    found = {word for text in texts for word in re.findall(r"[\w-]+", text)}
    return {word for word in found if word.lstrip("-")[:1].isalpha()}


def _anyhow(names: Iterable[str]) -> set[str]:
    """What a word of a script may name: a tag, a class, an identifier, an attribute.

    >>> sorted(_anyhow(["a"]))
    ['#a', '.a', '[a', 'a']
    """
    return {f"{sign}{name}" for name in names for sign in ("", ".", "#", "[")}


def marks(page: str) -> set[str]:
    """A page's tags, classes, identifiers and attributes, the custom properties that
    its attributes read, and what its scripts name.

    >>> sorted(marks('<p class="a b" id="c">text</p><script>d()</script>'))
    ['#c', '#d', '.a', '.b', '.d', '[class', '[d', '[id', 'd', 'p', 'script']
    >>> sorted(marks('<path style="fill:var(--ink,#000)"/>'))
    ['--ink', '[style', 'path']
    """
    found = _anyhow(_words(re.findall(r"<script>(.*?)</script>", page, re.DOTALL)))
    for tag, rest in set(re.findall(r"<([a-zA-Z][\w-]*)([^>]*)", page)):
        found.add(tag.lower())
        for name, value in _ATTRIBUTE.findall(rest):
            found.add(f"[{name}")
            found.update(re.findall(r"var\((--[\w-]+)", value))
            sign = {"class": ".", "id": "#"}.get(name)
            found.update(f"{sign}{word}" for word in value.split() if sign)
    return found


def _called(page: str, texts: dict[str, str]) -> set[str]:
    """The scripts that a page asks for, and those that these ask for.

    >>> texts = {"a.js": "import('b.js')", "b.js": "", "c.js": ""}
    >>> sorted(_called('<script defer src="_static/a.js"></script>', texts))
    ['a.js', 'b.js']
    """
    named = {*_asked(_SCRIPT, [page])} & texts.keys()
    return {n for n in texts if n in named or any(n in texts[m] for m in named)}


def _swapped(text: str, old: str, new: str) -> str:
    """The text with ``new`` where ``old`` stands, which is one place.

    >>> _swapped("a b", "b", "c")
    'a c'
    >>> _swapped("a b", "c", "d")
    Traceback (most recent call last):
    ValueError: 'c' is 0 times in a text of 3 characters; expected once
    """
    if (times := text.count(old)) != 1:
        where = f"a text of {len(text):,} characters"
        raise ValueError(f"{old!r} is {times} times in {where}; expected once")
    return text.replace(old, new)


def _edited(script: str) -> str:
    """The theme's and Sphinx's scripts as the pages need them.

    >>> _edited("")
    Traceback (most recent call last):
    ValueError: '"button, select, textarea"' is 0 times in a text of 0 characters; \
expected once
    """
    for old, new in _EDITS.items():
        script = _swapped(script, old, new)
    return script


def _checksum(text: str) -> str:
    """A name for a text, to be asked for anew when the text is another."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _merged(pattern: re.Pattern[str], names: list[str], tag: str, page: str) -> str:
    """The page with ``tag`` for the first of what it names, and without the others.

    >>> page = '<link href="../_static/a.css"><link href="../_static/b.css"><p>'
    >>> _merged(_SHEET, ["a.css", "b.css"], '<link href="{}c.css">', page)
    '<link href="../_static/c.css"><p>'
    """
    met: list[str] = []

    def replaced(found: re.Match[str]) -> str:
        if found["name"] not in names:
            return found[0]
        met.append(found["name"])
        return tag.replace("{}", found["root"]) if len(met) == 1 else ""

    return pattern.sub(replaced, page)


def _later(page: str) -> str:
    """The page that calls its scripts, in their order, once it has been painted.

    >>> _later(f'<script src="a.js"></script><script src="b.js"></script>{_UNCALLED}')
    'const scripts = ["a.js", "b.js"];'
    """
    names = json.dumps(_CALL.findall(page))
    return _swapped(_CALL.sub("", page), _UNCALLED, _UNCALLED.replace("[]", names))


def _plain(page: str) -> str:
    """The page with plain folds, and code whose marks are those that are seen.

    >>> _plain('<details class="admonition hide above-input">')
    '<details class="hide above-input">'
    >>> _plain('<span class="k">if</span> <span class="n">a</span>')
    '<span class="k">if</span> a'
    """
    for theirs, ours in _FOLDS.items():
        page = page.replace(theirs, ours)
    return _UNCOLOURED.sub(r"\1", page)


def _light(page: str, sheets: list[str], css: str, scripts: dict[str, _Script]) -> str:
    """A page with its styles, its scripts as few, and what it may load."""
    fonts = ""
    for font, calls in _FONTS.items():
        when = "preload" if re.search(calls, page) else "prefetch"
        if when == "preload" or (calls == "<math" and "live.js" in page):
            fonts += f'<link rel="{when}" as="font" crossorigin href="{{}}{font}" />\n'
    if sheet := _SHEET.search(page):  # long, and read in its order
        fonts = fonts.replace("{}", sheet["root"])
        page = page.replace("<script>", f"{fonts}<script>", 1)
    page = _merged(_SHEET, sheets, f"<style>{css}</style>\n", page)
    for name, script in scripts.items():
        call = f'<script src="{{}}{name}?v={_checksum(script.text)}"></script>\n'
        page = _merged(_SCRIPT, script.names, call, page)
    page = _later(_OPTIONS.sub("", page))
    return with_policy(_INLINE.sub(lambda found: jsmin(found[0]), page))


def _with_icon(page: str, static: Path) -> str:
    """The page that holds its icon, which is shorter than a further request."""

    def held(found: re.Match[str]) -> str:
        picture = (static / found[1]).read_text(encoding="utf-8")
        return f"data:image/svg+xml,{quote(picture, safe=_SAFE)}"

    return _ICON.sub(held, page)


def _walks(page: str) -> tuple[str, dict[str, str]]:
    """The page without what its figures that walk hold, and scripts that put it there.

    >>> page, made = _walks('<div class="live" data-code="c"><script>1</script></div>')
    >>> page.replace(_checksum("<script>1</script>"), "SUM")
    '<div class="live" data-code="c" data-parts="_static/walk-SUM.js"></div>'
    >>> [script.rpartition(" = ")[2] for script in made.values()]
    ['"<script>1</script>"; walk(live); }']
    """
    made: dict[str, str] = {}

    def apart(found: re.Match[str]) -> str:
        name = f"_static/walk-{_checksum(found[2])}.js"
        live = f"const live = document.querySelector('[data-parts=\"{name}\"]');"
        held = json.dumps(found[2], ensure_ascii=False)
        made[name] = f"{{ {live} live.innerHTML = {held}; walk(live); }}"
        return f'{found[1]} data-parts="{name}">'

    return _WALK.sub(apart, page), made


def _styles(css: str, pages: list[str], js: str, own: dict[str, str]) -> list[str]:
    """For each page the rules that can match what is on it or what its scripts make."""
    made = {
        name: _anyhow(_words([text]))
        for name, text in own.items()
        if "class" in text and name != OFTEN  # which holds the pages' words
    }
    everywhere = _anyhow(_words([js]) - _NEVER)
    meant = [
        everywhere.union(marks(page), *(made.get(n, ()) for n in _called(page, own)))
        for page in pages
    ]
    css = unscripted(purged(css, set().union(*meant)))
    return [purged(css, its) for its in meant]


def finish(built: Path, site: Path) -> None:
    """Write what Sphinx wrote into ``built`` into ``site``, made light.

    Pages that are as they were are taken from a file beside ``built``.
    """
    static = built / "_static"
    paths = [p for p in sorted(built.rglob("*.html")) if static not in p.parents]
    pages = {str(p.relative_to(built)): p.read_text(encoding="utf-8") for p in paths}
    sheets = _asked(_SHEET, pages.values())
    called = [_asked(_SCRIPT, [page]) for page in pages.values()]
    scripts = [n for n in dict.fromkeys(chain(*called)) if all(n in c for c in called)]
    read = {n: (static / n).read_text(encoding="utf-8") for n in [*sheets, *scripts]}
    css = "\n".join(short(_rebased(read[name], name)) for name in sheets)
    js = _edited("\n;".join(read[name] for name in scripts))
    own = {p.name: p.read_text(encoding="utf-8") for p in static.glob("*.*js")}
    own = {name: text for name, text in own.items() if name not in scripts}
    made = {"site.js": _Script(scripts, js)}
    tools = [name for name in TOOLS if name in own]
    made["search.js"] = _Script(tools, "\n;".join(own[name] for name in tools))
    shutil.copytree(built, site, ignore=shutil.ignore_patterns(*_UNUSED))
    for name in [*sheets, *scripts, *tools]:
        (site / "_static" / name).unlink(missing_ok=True)
    alone = {name: text for name, text in own.items() if name not in tools}
    for name, text in {**alone, **{n: s.text for n, s in made.items()}}.items():
        short_js = jsmin(text, keep_bang_comments=True)
        (site / "_static" / name).write_text(short_js, encoding="utf-8")
    index = site / "searchindex.js"
    index.write_text(light_index(index.read_text(encoding="utf-8")), encoding="utf-8")

    def lightened(names: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
        new = [_plain(pages[name]) for name in names]
        for page, its in zip(new, _styles(css, new, js, own), strict=True):
            kept, walks = _walks(_with_icon(page, static))
            yield _light(kept, sheets, its, made), walks

    # What pages say often changes with each of them, and one page alone asks for it.
    shared = {name: text for name, text in own.items() if name != OFTEN}
    code = digest_of(_HERE, files_below(_HERE), b"")
    icons = digest_of(static, static.glob("*.svg"), b"")
    rest = _checksum(repr([code, icons, css, sheets, js, scripts, tools, shared]))
    rests = {n: f"{rest}{own[OFTEN] * (OFTEN in p)}{p}" for n, p in pages.items()}
    light = recalled(built.with_name("light.json"), rests, lightened)
    for name, (text, walks) in light.items():
        for place, whole in {name: text, **walks}.items():
            (site / place).write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    finish(*map(Path, sys.argv[1:]))
