"""The table of matrix calculus: wrong twins of every family fail, in every layout."""

import re

import pytest

from docs._ext.formulas.calculus import LAYOUTS, families
from rnn_notes.equations import measuring
from rnn_notes.equations.model import find
from rnn_notes.equations.tasks import SEEDS, Task
from tests.helpers.prose import DOCS, measured

FAMILIES = families(DOCS / "matrix-calculus.toml")
ROWS = [row for groups in FAMILIES.values() for group in groups for row in group.rows]
LEAST = {"number-by-column": 30, "second-derivatives": 8, "column-by-column": 30}
LEAST |= {"columns-and-numbers": 10, "number-by-matrix": 15, "traces": 25}
LEAST |= {"inverses-and-determinants": 20, "stacked-matrices": 12}
LEAST |= {"matrix-by-number": 20, "entries": 9, "differentials": 20}


def holds(row, latex, layout):
    """Whether a formula is understood and holds, with the letters of a row.

    What is false is left at the first draw; ``measure`` goes on for the largest error.
    """
    task = Task(latex, layout, row.where, {}, SEEDS, find("none"), strict=True)
    return measuring.holds(task)


def test_the_tables_are_as_full_as_they_say():
    assert {name: sum(len(g.rows) for g in FAMILIES[name]) for name in LEAST} == {
        name: pytest.approx(n, abs=12) for name, n in LEAST.items()
    }
    assert len(ROWS) >= 200
    assert sum(bool(row.needs) for row in ROWS) >= 10
    assert len({row.anchor for row in ROWS}) == len(ROWS)
    assert sum(set(row.rights) == set(LAYOUTS) for row in ROWS) >= 120


@pytest.mark.parametrize("name", FAMILIES)
def test_every_rule_holds_to_nine_digits(name):
    """Draws in which a slope is uncertain would let a false rule pass there."""
    for row in (row for group in FAMILIES[name] for row in group.rows):
        for layout in row.rights:
            found = measured(row.latex(layout), row.options(layout))
            assert found["holds"], row
            assert found["error"] < 1e-9, row


@pytest.mark.parametrize("name", FAMILIES)
def test_twice_the_right_side_is_refuted(name):
    """A rule that says nothing, as 0 = 0, would hold."""
    for row in (row for group in FAMILIES[name] for row in group.rows):
        *_, layout = row.rights
        assert not holds(row, f"{row.left} = 2 ({row.rights[layout]})", layout), row


@pytest.mark.parametrize("name", FAMILIES)
def test_the_right_side_of_the_other_layout_is_refuted(name):
    for row in (row for group in FAMILIES[name] for row in group.rows):
        if len(set(row.rights.values())) == 2:
            denominator, numerator = LAYOUTS
            assert not holds(row, row.latex(numerator), denominator), row


def test_a_condition_is_what_makes_a_rule_hold():
    for row in ROWS:
        if row.needs:
            layout = next(iter(row.rights))
            assert holds(row, row.latex(layout), layout), row
            assert not row.holds_without(layout), row


FILE = """[[family]]
name = "few"
[[family.group]]
letters = 'x \\in \\mathbb{R}^{n}; A \\in \\mathbb{R}^{n \\times n}'
rows = [["Linear map", 'A x', 'x', 'A^\\top', 'A'], %s]
"""
PAGE = {"index": "# Book\n\n```{identities}\n```\n\n```{identities} few\n```\n"}
EXTENSIONS = [
    "myst_parser",
    "formulas.mathml",
    "formulas.measured",
    "formulas.calculus",
]
SYMMETRIC = (
    r"{needs = 'A^\top = A', as = 'B \in \mathbb{R}^{n \times n}; A = B + B^\top'}"
)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (rf"""["Form", 'x^\top A x', 'x', '2 A x', '2 x^\top A', {SYMMETRIC}]""", ""),
        (r"""["Form", 'x^\top A x', 'x', '2 A x', '2 x^\top A']""", "does not hold"),
        (
            rf"""["Length", 'x^\top x', 'x', '2 x', '2 x^\top', {SYMMETRIC}]""",
            r"holds without A^\top = A",
        ),
        (r"""["Letter", 'x^\top q', 'x', 'q', 'q^\top']""", "q is not known"),
        (r"""["Linear map", 'A x', 'x', 'A^\top', 'A']""", "duplicate"),
    ],
)
def test_a_row_that_is_wrong_is_a_warning(build, page, tmp_path, row, told):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "matrix-calculus.toml").write_text(FILE % row)
    warnings = build(PAGE, extensions=EXTENSIONS)
    if told:
        assert told in warnings
        return
    assert warnings == ""
    html = page("index")
    assert re.search(r'<tr[^>]* id="few-linear-map"', html)
    assert "2 identities, 1 of them under a condition" in html
    assert html.count("n×n = n×n") == 2, "the shapes, in either layout"
