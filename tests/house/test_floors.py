"""Imports go down, floor by floor, and CONTRIBUTING shows the plan of today."""

from graphlib import CycleError

import pytest

from tests.helpers.plan import GUIDE, drawn, floors, imports_of, redrawn, rooms
from tests.helpers.trees import ROOT

BASIS = {"equations": set(), "rnn": {"arrays"}}  # what they may stand on


def misplaced(below: dict[str, set[str]]) -> set[str]:
    """The library's rooms that lean on the book, and those that leave their basis."""
    leaning = {
        name
        for name, found in below.items()
        if not name.startswith("book.") and any(n.startswith("book.") for n in found)
    }
    return leaning | {name for name, basis in BASIS.items() if below[name] - basis}


def level(folder: str) -> set[str]:
    """The modules and the folders of modules in a folder, its own face apart."""
    inside = [
        p for p in (ROOT / folder).iterdir() if p.suffix == ".py" or [*p.glob("*.py")]
    ]
    return {path.stem for path in inside} - {"__init__"}


def test_no_import_runs_upwards():
    assert len([*floors(rooms())]) > 5
    with pytest.raises(CycleError):
        [*floors(rooms() | {"rnn": imports_of("from rnn_notes.ledger import ledger")})]


def test_the_library_needs_no_page_and_the_engine_nothing():
    assert misplaced(rooms()) == set()
    wrong = imports_of("from rnn_notes.book import figures")
    assert misplaced(rooms() | {"rnn": wrong}) == {"rnn"}
    assert misplaced(rooms() | {"hoisted": wrong}) == {"hoisted"}
    assert misplaced(rooms() | {"equations": {"rnn"}}) == {"equations"}


def test_a_level_can_be_seen_at_once():
    assert len(level("rnn_notes")) <= 20
    assert len(level("docs/_ext")) <= 8
    assert level("rnn_notes") > {"rnn", "hoisted", "equations"}


def test_the_plan_is_that_of_today():
    guide = GUIDE.read_text("utf-8")
    assert redrawn(guide, drawn()) == guide, "run make plan"
    assert redrawn(guide, drawn().replace("rnn", "")) != guide
