"""The pages in the order in which they are read: where words and signs come first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docs._ext.pages.sentences import blanked
from tests.helpers import prose

LOOKED_UP = {  # no page of these is read before another
    "classic", "cheat-sheet", "check-your-own-loop", "symptoms", "notation",
    "matrix-calculus",
    "glossary", "bibliography", "atlas", "api", "teachers", "contributing", "changelog",
}  # fmt: skip
SIGN = re.compile(
    r"\\operatorname\{\w+\}|\\math(?:bf|bb|rm)\{\w\}|\\partial\^\{\+\}|\\[A-Za-z]+"
    r"|[A-Za-z]_(?:\{[a-z]+\}|[a-z])"
)
NO_SIGNS = {r"\partial", r"\rangle", r"\rVert", r"\cdot", r"\times", r"\frac", r"\sum"}
NEAR = 8  # lines after a formula within which its signs are told


def order(index: prose.Page) -> list[str]:
    """The names of the pages, as the menu lists them, but for what is looked up."""
    trees = [body for info, body in index.fences() if info.startswith("{toctree}")]
    names = re.findall(r"^(?:.*<)?([\w-]+)>?$", "\n".join(trees), re.M)
    return [name for name in names if name not in LOOKED_UP]


def terms(glossary: prose.Page, homes: dict[str, str]) -> dict[str, list[str]]:
    """Each word of the glossary with the pages that its entry names, by labels too."""
    body = next(body for info, body in glossary.fences() if info == "{glossary}")
    link = re.compile(r"\{(?:doc|eq|ref|numref)\}`(?:[^`<]*<)?([\w-]+)")
    return {
        word: [homes.get(target, target) for target in link.findall(entry)]
        for word, entry in re.findall(r"^(\S.*)\n((?:  .*\n?)+)", body, re.M)
    }


def untold_terms(pages: list[prose.Page], words: dict[str, list[str]]) -> list[str]:
    """Words that come before the page their entry names, and are not told there.

    At its first use a word is told if it is emphasised or if its line has a link to
    that page or to the glossary.
    """
    names = [page.name for page in pages]
    untold = []
    for word, homes in words.items():
        first = min((names.index(h) for h in homes if h in names), default=len(names))
        spelt = re.escape(word).replace(r"\ ", "[ -]")
        use = re.compile(rf"(?<![\w-])(?:{spelt})(?:s|es)?(?![\w-])", re.I)
        for page in pages[:first]:
            line = next(filter(use.search, spoken(page)), None)
            if line is not None:
                links = re.findall(r"`(?:[^`<]*<)?([\w-]+)>?`", line)
                emphasised = re.search(rf"\*{use.pattern}", line, re.I)
                if not emphasised and not set(links) & {*homes, word, f"{word}s"}:
                    untold.append(f"{word}: {page.name}: {line}")
                break
    return untold


def spoken(page: prose.Page) -> Iterator[str]:
    """The page's own sentences, without headings, code and formulas."""
    for line in blanked(page.source).splitlines():
        if line.strip() and not line.startswith("#"):
            yield prose.MATH.sub("", re.sub(r"(?<!\})`[^`]*`", "", line))


def signs(notation: prose.Page) -> set[str]:
    """The signs of the first columns of the tables of the notation page."""
    rows = re.findall(r"^\| ((?:\$[^$]+\$(?:, )?)+) \|", notation.body(), re.M)
    return {sign for row in rows for sign in SIGN.findall(row)} - NO_SIGNS


def untold_signs(pages: list[prose.Page], told: set[str]) -> list[str]:
    """Signs whose first formula has no sentence with them before it or close behind."""
    untold = []
    for sign in sorted(told):
        end = "(?![A-Za-z])" if sign[-1].isalpha() else ""
        use = re.compile(rf"(?<![A-Za-z\\]){re.escape(sign)}{end}")
        for page in pages:
            shown = first_formula(page, use)
            said = first_sentence(page, use)
            if shown is not None and (said is None or said > shown + NEAR):
                untold.append(f"{sign}: {page.name}")
            if shown is not None or said is not None:
                break
    return untold


def first_formula(page: prose.Page, use: re.Pattern[str]) -> int | None:
    """The last line of the first displayed formula with a sign."""
    for match in prose.FENCE.finditer(page.source):
        latex = re.sub(r"^:.*$", "", match[3], flags=re.M)
        if match[2].startswith(("{measured}", "{math}")) and use.search(latex):
            return page.source.count("\n", 0, match.end())
    return None


def first_sentence(page: prose.Page, use: re.Pattern[str]) -> int | None:
    """The line of the first sentence with a sign."""
    for number, line in enumerate(blanked(page.source).splitlines()):
        if any(use.search(math) for math in prose.MATH.findall(line)):
            return number
    return None


def letters(page: prose.Page) -> set[str]:
    """The Latin letters of the displayed formulas of a page, without their indices."""
    shown = [
        latex
        for info, latex in page.fences()
        if info.startswith(("{measured}", "{math}"))
    ]
    text = re.sub(r"^:(?!where:).*$|^:where:", "", "\n".join(shown), flags=re.M)
    text = re.sub(r"\\(?:operatorname|text|begin|end|math[a-z]+)\{\w+\}", "", text)
    text = re.sub(r"_\{[a-z]{2}\}|_[a-z]|\\[A-Za-z]+", " ", text)
    return set(re.findall(r"[A-Za-z]", text))


def unlisted(pages: list[prose.Page], notation: prose.Page) -> list[str]:
    """Letters of formulas that the notation page neither has nor gives that page for.

    The letters of the sizes, the parameters and the forward pass hold for every page.
    """
    common, *local = notation.body().split("\n## Symbols ")
    forwards = common.partition("\n## The backward pass")[0]
    rows = re.findall(r"^\| (\$[^|]*\$) \|", forwards, re.M)
    rows += re.findall(r"^\| \$([A-Z])\$ \|", common, re.M)
    known = set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", "", " ".join(rows))))
    lines = [
        line.split("|", 2)[1:] for line in "".join(local).splitlines() if "|" in line
    ]
    return [
        f"{letter}: {page.name}"
        for page in pages
        for letter in sorted(letters(page) - known)
        if not any(
            re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])", signs)
            and f"{{doc}}`{page.name}`" in told
            for signs, told in lines
        )
    ]
