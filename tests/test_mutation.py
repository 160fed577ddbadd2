"""A sample of what ``make mutants`` plants: a fault of every kind is caught."""

import faults
import mutation
import prose
import pytest

PROSE = [fault for page in prose.pages() for fault in faults.prose_faults(page)]
NEAR = ("rnn", "differences", "layouts", "ledger", "text")  # quick to test
EVERYWHERE = mutation.package([], None)
PACKAGE = [fault for fault in EVERYWHERE if fault.file.stem in NEAR]


def one_of_each_kind(planted):
    """For each kind, the fault in the middle of its list."""
    kinds = sorted({fault.kind for fault in planted})
    lists = [[fault for fault in planted if fault.kind == kind] for kind in kinds]
    return [some[len(some) // 2] for some in lists]


@pytest.fixture(scope="module")
def book():
    return prose.Book()


@pytest.mark.parametrize("fault", one_of_each_kind(PROSE), ids=str)
def test_a_fault_in_the_prose_is_caught(fault, book):
    sound = prose.Page(fault.file.stem, (prose.ROOT / fault.file).read_text())
    assert book.problems(sound) == []
    assert book.problems(prose.Page(fault.file.stem, fault.text))


@pytest.mark.parametrize("fault", one_of_each_kind(PACKAGE), ids=str)
def test_a_fault_in_the_package_is_caught(fault, tmp_path):
    assert mutation.suite_on(fault, mutation.tree(tmp_path), whole=False)


def test_the_package_without_a_fault_is_not_blamed(tmp_path):
    none = mutation.sound(PACKAGE[-1])
    assert mutation.suite_on(none, mutation.tree(tmp_path), whole=False) is None


def test_enough_is_planted():
    assert len(PROSE) >= 100
    assert len(EVERYWHERE) >= 100
    assert len({fault.kind for fault in PROSE}) >= 15


def test_reasons_are_those_of_faults_that_are_planted():
    planted = {mutation.key(fault) for fault in [*PROSE, *EVERYWHERE]}
    assert set(mutation.EQUIVALENT) <= planted
