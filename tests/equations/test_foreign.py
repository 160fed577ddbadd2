"""Formulas that people bring are judged rightly as they stand."""

import json
import tomllib
from pathlib import Path

import pytest

from rnn_notes.equations import EquationError, measure

HERE = Path(__file__).parent
BROUGHT = HERE.parents[2] / "shared" / "FOREIGN.jsonl"


def tables(name):
    """The tables of a file of formulas."""
    (found,) = tomllib.loads((HERE / name).read_text(encoding="utf-8")).values()
    return found


FOREIGN, PAIRS = tables("foreign.toml"), tables("siblings.toml")
UNREAD = 6


def judged(latex, model=None):
    """The verdict: "holds", "saved" by a remark, "fails" or "refused"."""
    try:
        found = measure(latex, model=model)
    except EquationError:
        return "refused"
    if found:
        return "holds"
    assert found.saved or str(found).startswith("does not hold")
    return "saved" if found.saved else "fails"


@pytest.mark.parametrize("table", FOREIGN, ids=lambda t: t["latex"].strip()[:50])
def test_a_formula_of_another_text_is_judged_rightly(table):
    verdict = judged(table["latex"], table.get("model"))
    if "unread" in table:
        assert verdict == "refused", "it is read now"
    elif table["truth"] == "false":
        assert verdict != "holds"
    elif table["truth"] == "none":
        assert verdict == "refused"
    else:
        assert verdict in ("holds", "saved")


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: f"{p['kind']}, {p['model']}")
def test_a_sibling_is_judged_rightly_and_what_is_wrong_with_it_is_seen(pair):
    assert judged(pair["right"], pair["model"]) in ("holds", "saved")
    assert judged(pair["wrong"], pair["model"]) != "holds"


def test_few_are_not_read_and_every_one_says_why():
    unread = [table for table in FOREIGN if "unread" in table]
    assert len(unread) == UNREAD
    assert all(table["unread"] for table in unread)


def test_the_list_is_all_that_was_brought():
    if not BROUGHT.exists():
        pytest.skip("the list of what was brought is not here")
    known = {table["latex"].strip() for table in FOREIGN}
    lines = BROUGHT.read_text(encoding="utf-8").splitlines()
    brought = [json.loads(line)["latex"].strip() for line in lines]
    assert len(brought) - UNREAD >= 80
    assert set(brought) <= known
