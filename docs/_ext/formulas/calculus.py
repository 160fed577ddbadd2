r"""Tables of identities, each measured in both layouts while the site is built.

``{identities} number-by-column`` shows one family of ``matrix-calculus.toml``, which
says how a row is written; ``{identities}`` alone says how many there are in all.
A row that does not hold is a warning, and so a build error. So is one that holds
without the condition that it names.
"""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from docs._ext.formulas.atlas import row
from docs._ext.formulas.evidence import power
from docs._ext.formulas.kept import measured

__all__ = ["LAYOUTS", "families", "setup"]

_LOGGER = logging.getLogger(__name__)
_FILE = "matrix-calculus.toml"
_DENOMINATOR, _NUMERATOR = LAYOUTS = "denominator", "numerator"
_HEADS = {
    (_DENOMINATOR, _NUMERATOR): (
        "Derivative",
        "Denominator layout",
        "Numerator layout",
    ),
    (_NUMERATOR,): ("Derivative", "Numerator layout"),
    (_DENOMINATOR,): ("What changes", "By how much, in both layouts"),
}
_WIDE = 30  # signs of a right side that leaves no room beside it


@dataclass(frozen=True)
class _Identity:
    """One row: its words, its left side, its right side in each layout that it has.

    where   : what its letters stand for
    needs   : the condition under which it holds, or nothing
    without : what its letters stand for where that is broken
    """

    words: str
    anchor: str
    left: str
    rights: dict[str, str]
    where: str
    needs: str = ""
    without: str = ""

    def latex(self, layout: str) -> str:
        """The whole formula."""
        return f"{self.left} = {self.rights[layout]}"

    def options(self, layout: str) -> dict[str, Any]:
        """How it is measured."""
        given = {"where": self.where, "layout": layout}
        return {**given, "model": "none", "strict": True}

    def holds_without(self, layout: str) -> bool:
        """Whether it holds where its condition is broken; not if it is refused."""
        options = {**self.options(layout), "where": self.without}
        engine = importlib.import_module("rnn_notes.equations")
        try:
            return bool(engine.measure(self.latex(layout), **options))
        except engine.EquationError:
            return False


@dataclass(frozen=True)
class _Group:
    """Identities about the same letters."""

    letters: str
    rows: list[_Identity]


def families(path: Path) -> dict[str, list[_Group]]:
    """The groups of each family of a file, by its name."""
    found = {}
    for family in tomllib.loads(path.read_text(encoding="utf-8"))["family"]:
        name, groups = family["name"], family["group"]
        found[name] = [
            _Group(g["letters"], [_identity(name, g["letters"], *r) for r in g["rows"]])
            for g in groups
        ]
    return found


def _identity(family: str, letters: str, words: str, *parts: Any) -> _Identity:
    """One row of a file, read."""
    condition = parts[-1] if isinstance(parts[-1], dict) else None
    formula = parts[:-1] if condition else parts
    if len(formula) == 1:
        left, *rights = formula[0].split(" = ", 1)
    else:
        above, below, *rights = formula
        left = rf"\frac{{\partial {above}}}{{\partial {below}}}"
    sides = {n: r for n, r in zip(LAYOUTS, rights, strict=False) if r}
    anchor = "-".join([family, *re.findall(r"\w+", words.lower())])
    if not condition:
        return _Identity(words, anchor, left, sides, letters)
    where = "; ".join([*_others(letters, condition["as"]), condition["as"]])
    return _Identity(words, anchor, left, sides, where, condition["needs"], letters)


def _others(letters: str, defined: str) -> Iterator[str]:
    r"""The clauses about letters that ``defined`` does not define.

    >>> list(_others(r"x \in \mathbb{R}^{n}; A = B", "A = B + C"))
    ['x \\in \\mathbb{R}^{n}']
    """
    names = {clause.split()[0] for clause in defined.split("; ")}
    return (clause for clause in letters.split("; ") if clause.split()[0] not in names)


class _Identities(SphinxDirective):
    """A family's tables, or the sentence about them all."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(_FILE)
        known = families(Path(self.env.srcdir, _FILE))
        if not self.arguments:
            groups = [group for groups in known.values() for group in groups]
            return [self.summary([one for group in groups for one in group.rows])]
        if self.arguments[0] not in known:
            expected = ", ".join(known)
            raise self.error(f"family is {self.arguments[0]!r}, expected {expected}")
        made: list[nodes.Node] = []
        for group in known[self.arguments[0]]:
            made += [self.about(group), self.table(group)]
        return made

    def summary(self, rows: list[_Identity]) -> nodes.paragraph:
        """How many identities there are, and how well they hold."""
        largest = 0.0
        for one in rows:
            for layout in one.rights:
                with suppress(ValueError):  # the row itself will warn
                    options = one.options(layout)
                    found = measured(one.latex(layout), options, self.config)
                    largest = max(largest, found["error"])
        needy = sum(bool(one.needs) for one in rows)
        said = f"{len(rows)} identities, {needy} of them under a condition; "
        said += "the largest error in any draw is "
        return nodes.paragraph("", said, *power(largest), nodes.Text("."))

    def about(self, group: _Group) -> nodes.paragraph:
        """What the letters of a group are."""
        clauses = [nodes.math(clause, clause) for clause in group.letters.split("; ")]
        line = nodes.paragraph("", "Here ", clauses[0])
        for clause in clauses[1:]:
            line += [nodes.Text(", "), clause]
        return line

    def table(self, group: _Group) -> nodes.table:
        """The identities of a group, a row each."""
        layouts = max((tuple(one.rights) for one in group.rows), key=len)
        head = _HEADS[layouts]
        body = nodes.tbody("", *(self.row(one, len(layouts)) for one in group.rows))
        inner = nodes.tgroup("", cols=len(head))
        inner += [nodes.colspec("", colwidth=1) for _ in head]
        inner += [nodes.thead("", row(map(nodes.Text, head))), body]
        return nodes.table("", inner, classes=["identities"])

    def row(self, one: _Identity, columns: int) -> nodes.row:
        """What it is called, its left side, and its right sides with their shapes."""
        sides: dict[str, list[str]] = {}
        for layout, right in one.rights.items():
            sides.setdefault(right, []).append(self.shapes(one, layout))
        name = nodes.reference("", one.words, refid=one.anchor)
        line = row([name, *(_math(f"= {right}") for right in sides)])
        line["ids"].append(one.anchor)
        if max(map(_width, sides)) > _WIDE:
            line["classes"].append("long")
        if one.needs:
            line[0] += nodes.paragraph("", "needs ", _math(one.needs))
        line[0] += nodes.paragraph("", "", _math(one.left))
        for cell, shapes in zip(line[1:], sides.values(), strict=True):
            for told in dict.fromkeys(shapes):
                cell += nodes.paragraph("", told, classes=["shapes"])
        if len(sides) < columns:
            line[-1]["morecols"] = columns - len(sides)
        objects = self.env.domains.standard_domain
        named = f"{one.words} ({self.arguments[0].replace('-', ' ')})"
        objects.note_object("identity", named, one.anchor, self.get_location())
        return line

    def shapes(self, one: _Identity, layout: str) -> str:
        """The shapes of all factors; nothing after a warning."""
        try:
            record = measured(one.latex(layout), one.options(layout), self.config)
            if record["holds"] and not (one.needs and one.holds_without(layout)):
                return str(record["shapes"])
            wrong = record.get("report", f"holds without {one.needs}")
        except ValueError as error:
            wrong = str(error)
        _LOGGER.warning(
            "identity %r in %s layout: %s\n%s",
            one.words,
            layout,
            one.latex(layout),
            wrong,
            location=self.get_location(),
            type="measured",
        )
        return ""


def _width(latex: str) -> int:
    r"""How many signs of a formula are seen, its fractions as if in a line.

    >>> _width(r"\frac{\partial u}{\partial x} v")
    6
    """
    signs = re.sub(r"\\[A-Za-z]+\s*", "x", latex)
    return len(re.sub(r"\\,|[{}^_\s]", "", signs))


def _math(latex: str) -> nodes.math:
    """A formula in a line, its fractions as large as displayed ones."""
    large = rf"\displaystyle {latex}"
    return nodes.math(large, large)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("identities", _Identities)
    app.add_object_type("identity", "identity")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
