"""Style sheets without the rules that match nothing.

What a rule asks for is looked up among the words that the pages' tags and the scripts
hold. Where it is not plain what a selector asks for, the rule stays.
"""

from __future__ import annotations

import re
from functools import cache

__all__ = ["purged", "short", "unscripted"]

_QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
_STRING = rf"{_QUOTED}|url\((?:{_QUOTED}|[^)\"'])*\)"
_MARKS = re.compile(_STRING + r"|[{};]", re.DOTALL)
_EMPTY = r"(?:/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|\s)"
_QUIET = re.compile(
    rf"({_STRING})|{_EMPTY}*([{{}}]){_EMPTY}*|([;,]){_EMPTY}+|{_EMPTY}+", re.DOTALL
)
_FRAMES = re.compile(r"@(?:-\w+-)?keyframes\s+([\w-]+)")
_NESTED = re.compile(r"@(media|supports|layer|container)\b")
_THEME = re.compile(r"html\[data-theme=\"?(light|dark)\"?\]")
_VALUE = rf"(?:{_STRING}|[^;{{}}\"'])*"
_VARIABLE = re.compile(rf"(?<=[{{;])\s*(--[\w-]+)\s*:{_VALUE};?")


def short(css: str) -> str:
    """The same sheet without comments, and with single spaces where they may matter.

    >>> short('a  b { c: "x  /* y */";  /* d */ }')
    'a b{c: "x  /* y */";}'
    """
    return _QUIET.sub(lambda found: found[1] or found[2] or found[3] or " ", css)


@cache  # one sheet is matched with each page
def _blocks(css: str) -> tuple[tuple[str, str | None], ...]:
    """Each rule as what stands before its braces and in them; a statement has none.

    >>> _blocks('@charset "}";a{b:c}@media d{e{f:g}}')
    (('@charset "}"', None), ('a', 'b:c'), ('@media d', 'e{f:g}'))
    """
    found: list[tuple[str, str | None]] = []
    depth = start = inside = 0
    head = ""
    for mark in _MARKS.finditer(css):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if mark[0] == "{" and depth == 1:
            head, inside = css[start : mark.start()].strip(), mark.end()
        elif mark[0] == "}" and depth == 0:
            found.append((head, css[inside : mark.start()].strip()))
            start = mark.end()
        elif mark[0] == ";" and depth == 0:
            found.append((css[start : mark.start()].strip(), None))
            start = mark.end()
    if depth or css[start:].strip():
        raise ValueError(f"the sheet breaks off in {css[start:][:60]!r}")
    return tuple(found)


@cache
def _choices(selectors: str) -> tuple[str, ...]:
    """The selectors of a list.

    >>> _choices('a, b:is(c, d:not(e)), [f="g,h"]')
    ('a', 'b:is(c, d:not(e))', '[f="g,h"]')
    """
    parts, depth = [""], 0
    for sign in selectors:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return tuple(part.strip() for part in parts)


@cache
def _wanted(selector: str) -> frozenset[str]:
    """The tags, classes, identifiers and attributes without which nothing matches.

    >>> sorted(_wanted('ul.a > li[b="c"]:is(.d, .e:not(.f))::after #g'))
    ['#g', '.a', '[b', 'li', 'ul']
    """
    before = ""
    while before != selector:
        before, selector = selector, re.sub(r"\([^()]*\)", "", selector)
    attributes = [f"[{name}" for name in re.findall(r"\[\s*([\w-]+)", selector)]
    bare = re.sub(r"\[[^\]]*\]|::?[\w-]+", "", selector)
    return frozenset([*attributes, *re.findall(r"[.#]?[A-Za-z_-][\w-]*", bare)])


def _matching(css: str, marks: set[str]) -> str:
    """The sheet with the rules alone that can match what has these marks.

    >>> _matching("a,.b{c:d}@media e{.f{g:h}}@font-face{i:j}", {".b"})
    '.b{c:d}@font-face{i:j}'
    """
    kept = []
    for head, body in _blocks(css):
        if body is None:
            kept.append(f"{head};")
            continue
        if _NESTED.match(head):
            body = _matching(body, marks)
        elif not head.startswith("@"):
            able = [s for s in _choices(head) if "\\" in s or _wanted(s) <= marks]
            head = ",".join(able)
        if head and body:
            kept.append(f"{head}{{{body}}}")
    return "".join(kept)


def purged(css: str, marks: set[str]) -> str:
    """The sheet without what matches, moves or holds nothing.

    >>> purged(":root{--a:1;--b:var(--a);--c:2}p{d:var(--c)}q{e:var(--b)}", {"p"})
    ':root{--c:2}p{d:var(--c)}'
    >>> purged("@media a{p{--b:c}}@media d{@media e{p{--f:g}q{h:i}}}p{j:k}", {"p"})
    'p{j:k}'
    >>> purged("@keyframes a{0%{b:c}}@keyframes d{0%{e:f}}p{animation:d 1s}", {"p"})
    '@keyframes d{0%{e:f}}p{animation:d 1s}'
    """
    before = ""
    while before != css:
        before = css
        css = _reading(css, {*re.findall(r"var\(\s*(--[\w-]+)", css), *marks})
        css = _matching(css, marks)  # a rule that held these alone is empty now
        moved = " ".join(re.findall(r"animation[^:;{}]*:([^;}]*)", css)).split()
        css = "".join(
            f"{head};" if body is None else f"{head}{{{body}}}"
            for head, body in _blocks(css)
            if not ((frames := _FRAMES.match(head)) and frames[1] not in moved)
        )
    return css


def _reading(css: str, variables: set[str]) -> str:
    """The sheet with these variables alone.

    >>> _reading(':root{--a:1;--b:url(";");c:d}', {"--a"})
    ':root{--a:1;c:d}'
    """
    return _VARIABLE.sub(lambda found: found[0] if found[1] in variables else "", css)


def unscripted(css: str) -> str:
    """The sheet with both colour schemes for readers in whose browser no script runs.

    The page's script says light or dark; without it, the theme is called auto. Each
    rule of a scheme is followed by its like, for later rules must still win.

    >>> unscripted('html[data-theme="dark"] a,b{c:d}')
    'html[data-theme="dark"] a,b{c:d}@media (prefers-color-scheme:dark){\
html[data-theme="auto"] a{c:d}}'
    """
    kept = []
    for head, body in _blocks(css):
        if body is None:
            kept.append(f"{head};")
        elif _NESTED.match(head):
            kept.append(f"{head}{{{unscripted(body)}}}")
        else:
            kept.append(f"{head}{{{body}}}")
            for mode in ("light", "dark"):
                of_it = [s for s in _choices(head) if mode in _THEME.findall(s)]
                asked = _THEME.sub('html[data-theme="auto"]', ",".join(of_it))
                rule = f"@media (prefers-color-scheme:{mode}){{{asked}{{{body}}}}}"
                kept.append(rule if asked else "")
    return "".join(kept)
