"""True formulas hold, false ones do not, and every slip of the pen is told apart."""

import re
import tomllib
from pathlib import Path

import pytest

from rnn_notes.equations import EquationError, measure
from rnn_notes.equations.measuring import holds
from rnn_notes.equations.neighbours import RULES
from rnn_notes.equations.tasks import SEEDS, Task, neighbours, understood

CORPUS = Path(__file__).parent


def read(name):
    """The tables of one file of the corpus."""
    (tables,) = tomllib.loads((CORPUS / name).read_text(encoding="utf-8")).values()
    return tables


def options(table):
    """The options of ``measure`` that a table gives."""
    return {key: table[key] for key in ("layout", "where") if key in table}


def task(table, **changes):
    """The task to measure a table's formula."""
    layout, where = table.get("layout", "denominator"), table.get("where", "")
    fields = {"latex": table["latex"], "layout": layout, "where": where, "strict": True}
    return Task(**{**fields, **changes}, sizes={}, seeds=SEEDS)


def named(table):
    return table["name"]


TRUE, FALSE, EQUIVALENT = map(read, ("true.toml", "false.toml", "equivalent.toml"))
AGAIN = read("true_again.toml")
every_true = pytest.mark.parametrize("table", TRUE, ids=named)


def spoilt(table):
    """The formula after every slip of the pen that the rules know."""
    whole = task(table)
    yield from neighbours(whole, RULES)
    if r"\partial" in whole.latex:
        other = "numerator" if whole.layout == "denominator" else "denominator"
        yield task(table, layout=other)


def known_to_be_equivalent(table):
    """What is listed: edits of the formula that hold."""
    return {
        (edit.get("layout", task(table).layout), edit.get("latex", table["latex"]))
        for edit in EQUIVALENT
        if edit["of"] == table["name"]
    }


@every_true
def test_a_true_formula_holds(table):
    measurement = measure(table["latex"], **options(table))
    assert measurement, str(measurement)
    assert measurement.draws >= 7
    assert measurement.error <= measurement.tolerance


@pytest.mark.parametrize("table", AGAIN, ids=named)
def test_a_true_formula_that_was_refused_once_holds(table):
    measurement = measure(table["latex"], **options(table))
    assert measurement, str(measurement)


@pytest.mark.parametrize("table", FALSE, ids=named)
def test_a_false_formula_does_not_hold(table):
    if "refused" in table:
        with pytest.raises(EquationError, match=re.escape(table["refused"])):
            measure(table["latex"], **options(table))
        return
    measurement = measure(table["latex"], **options(table))
    assert not measurement.holds
    assert measurement.error > table.get("apart", 1e-3)
    assert measurement.error > measurement.tolerance
    assert table["why"]


@every_true
def test_every_slip_of_the_pen_is_seen_or_listed_with_its_reason(table):
    holding = {(one.layout, one.latex) for one in spoilt(table) if holds(one)}
    assert holding == known_to_be_equivalent(table)


def test_the_corpus_is_large_and_its_names_are_its_own():
    names = [table["name"] for table in TRUE]
    assert len(set(names)) == len(names) >= 60
    assert {edit["of"] for edit in EQUIVALENT} <= set(names)
    assert all(edit["reason"] for edit in EQUIVALENT)
    made = {one.latex for table in TRUE for one in spoilt(table)}
    assert len(made) + len(FALSE) - len(EQUIVALENT) >= 1500


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_spoils_something_that_is_still_understood(rule):
    for table in TRUE:
        for one in neighbours(task(table), {rule: RULES[rule]}):
            try:
                assert understood(one)
            except EquationError:
                continue
            return
    pytest.fail(f"{rule} spoils nothing")
