"""The site as readers get it: one style sheet, one script, and a policy that is kept.

::

    python docs/_ext/finish.py _build/next _build/html.new

Sphinx and its theme write pages that ask for six sheets and as many scripts, most of
which no page uses. Here they become one of each, without the rules that match nothing.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import shutil
import sys
from pathlib import Path

from policy import with_policy
from searching import light as light_index
from sheets import purged, short, unscripted

SHEET = re.compile(
    r'<link\b[^>]*\bhref="(?P<root>[^"]*?_static/)(?P<name>[^"?]+\.css)[^"]*"[^>]*>\n?'
)
SCRIPT = re.compile(
    r'<script\b(?![^>]*\btype=)[^>]*\bsrc="(?P<root>[^"]*?_static/)(?P<name>[^"?]+)'
    r'[^"]*"[^>]*></script>\n?'
)
# The theme sets two options that only its version switch and live search read.
OPTIONS = re.compile(r"<script>DOCUMENTATION_OPTIONS\.[^<]*</script>\n?")
WAITING = re.compile(r"<script\b(?![^>]*\b(?:defer|async|type)\b)(?=[^>]*\bsrc=)")
ADDRESS = re.compile(r"""url\((["']?)(?!data:|#)([^)"']+)\1\)""")
WORDY = re.compile(r'\b(?:href|src|alt|title|content|aria-label|d|points)="[^"]*"')
# Where searched words are not marked: Sphinx would break figures, formulas and data up.
UNMARKED = '"button, select, textarea"', '"button, select, textarea, svg, math, script"'
MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
UNUSED = [
    ".buildinfo*",
    "locales",
    "scripts",
    "styles",
    "*webpack-macros.html",
    "fa-[br]*.woff2",
]
FONT = "fonts/STIXTwoMath-subset.woff2"


def asked(pattern: re.Pattern[str], pages: list[str]) -> list[str]:
    """The files that pages name, in their order."""
    names = (found["name"] for page in pages for found in pattern.finditer(page))
    return list(dict.fromkeys(names))


def rebased(css: str, name: str) -> str:
    """A sheet's text as if it lay beside the one it becomes part of.

    >>> rebased('@charset "UTF-8";p{src:url(../fonts/a.woff2)}', "styles/a.css")
    'p{src:url("fonts/a.woff2")}'
    """
    if "@import" in css:
        raise ValueError(f"{name} holds an @import; expected a sheet that stands alone")

    def moved(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), found[2]))
        return f'url("{path}")'

    return ADDRESS.sub(moved, css.replace('@charset "UTF-8";', ""))


def words(pages: list[str], scripts: list[str]) -> set[str]:
    """Everything in tags and scripts that a selector could mean.

    >>> sorted(words(['<p class="a b-c" title="d">text</p>'], ["f('e')"]))
    ['a', 'b-c', 'class', 'e', 'f', 'p']
    """
    tags = {tag for page in pages for tag in re.findall(r"<[a-zA-Z][^>]*>", page)}
    texts = [*(WORDY.sub("", tag) for tag in tags), *scripts]
    found = {word for text in texts for word in re.findall(r"[\w-]+", text)}
    return {word for word in found if word.lstrip("-")[:1].isalpha()}


def checksum(text: str) -> str:
    """A name for a text, to be asked for anew when the text is another."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def merged(pattern: re.Pattern[str], names: list[str], tag: str, page: str) -> str:
    """The page with ``tag`` for the first of what it names, and without the others.

    >>> page = '<link href="../_static/a.css"><link href="../_static/b.css"><p>'
    >>> merged(SHEET, ["a.css", "b.css"], '<link href="{}c.css">', page)
    '<link href="../_static/c.css"><p>'
    """
    met: list[str] = []

    def replaced(found: re.Match[str]) -> str:
        if found["name"] not in names:
            return found[0]
        met.append(found["name"])
        return tag.replace("{}", found["root"]) if len(met) == 1 else ""

    return pattern.sub(replaced, page)


def light(page: str, sheets: list[str], scripts: list[str], stamps: list[str]) -> str:
    """A page that asks for one sheet and one script, waits for none, and says so."""
    css, js = stamps
    link = f'<link rel="stylesheet" href="{{}}site.css?v={css}" />\n'
    when = "preload" if "<math" in page else "prefetch"
    link += f'<link rel="{when}" as="font" crossorigin href="{{}}{FONT}" />\n'
    page = merged(SHEET, sheets, link, page)
    call = f'<script defer src="{{}}site.js?v={js}"></script>\n'
    page = merged(SCRIPT, scripts, call, page)
    return with_policy(WAITING.sub("<script defer", OPTIONS.sub("", page)))


def finish(built: Path, site: Path) -> None:
    """Nothing; ``site`` holds what Sphinx wrote into ``built``, made light."""
    static = built / "_static"
    paths = [p for p in sorted(built.rglob("*.html")) if static not in p.parents]
    pages = [path.read_text(encoding="utf-8") for path in paths]
    sheets = asked(SHEET, pages)
    everywhere = set.intersection(*(set(asked(SCRIPT, [page])) for page in pages))
    scripts = [name for name in asked(SCRIPT, pages) if name in everywhere]
    read = {n: (static / n).read_text(encoding="utf-8") for n in [*sheets, *scripts]}
    own = [path.read_text(encoding="utf-8") for path in static.glob("*.*js")]
    css = "\n".join(short(rebased(read[name], name)) for name in sheets)
    js = "\n;".join(MAP.sub("", read[name]) for name in scripts).replace(*UNMARKED)
    css = unscripted(purged(css, words(pages, [js, *own])))
    made = {"site.css": css, "site.js": js}
    shutil.copytree(built, site, ignore=shutil.ignore_patterns(*UNUSED))
    for name in [*sheets, *scripts]:
        (site / "_static" / name).unlink(missing_ok=True)
    index = site / "searchindex.js"
    index.write_text(light_index(index.read_text(encoding="utf-8")), encoding="utf-8")
    for name, text in made.items():
        (site / "_static" / name).write_text(text, encoding="utf-8")
    stamps = [checksum(text) for text in made.values()]
    for path, page in zip(paths, pages, strict=True):
        text = light(page, sheets, scripts, stamps)
        (site / path.relative_to(built)).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    finish(*map(Path, sys.argv[1:]))
