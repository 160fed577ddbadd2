"""A sample of what ``make mutants`` plants: a fault of every kind is caught."""

import pytest

from tests.helpers import faults, mutation, prose, trees

NEAR = ["rnn", "differences", "layouts", "ledger", "text"]  # quick to test


@pytest.fixture(scope="module")
def in_the_prose():
    return [fault for page in prose.pages() for fault in faults.prose_faults(page)]


@pytest.fixture(scope="module")
def in_the_package():
    return mutation.package([*NEAR, "arrays"], None)


@pytest.fixture(scope="module")
def nearby(in_the_package):
    return [fault for fault in in_the_package if fault.file.stem in NEAR]


@pytest.fixture(scope="module")
def book():
    return prose.Book()


def one_of(kind, planted):
    """The fault in the middle of those of a kind."""
    some = [fault for fault in planted if fault.kind == kind]
    return some[len(some) // 2]


@pytest.mark.parametrize("kind", faults.PROSE_KINDS)
def test_a_fault_in_the_prose_is_caught(kind, in_the_prose, book):
    fault = one_of(kind, in_the_prose)
    sound = prose.Page(fault.file.stem, (prose.ROOT / fault.file).read_text())
    assert book.problems(sound) == []
    assert book.problems(prose.Page(fault.file.stem, fault.text)), str(fault)


@pytest.mark.parametrize("kind", faults.PACKAGE_KINDS)
def test_a_fault_in_the_package_is_caught(kind, nearby, tmp_path):
    fault = one_of(kind, nearby)
    assert mutation.suite_on(fault, trees.copied(tmp_path), whole=False), str(fault)


def test_the_package_without_a_fault_is_not_blamed(nearby, tmp_path):
    none = mutation.sound(nearby[-1])
    assert mutation.suite_on(none, trees.copied(tmp_path), whole=False) is None


def test_enough_is_planted(in_the_prose, in_the_package):
    assert len(in_the_prose) >= 100
    assert len(in_the_package) >= 100
    assert {fault.kind for fault in in_the_prose} == set(faults.PROSE_KINDS)
    assert {fault.kind for fault in in_the_package} == set(faults.PACKAGE_KINDS)
    assert len(faults.PROSE_KINDS) >= 15


def test_reasons_are_those_of_faults_that_are_planted(in_the_prose, in_the_package):
    planted = {mutation.key(fault) for fault in [*in_the_prose, *in_the_package]}
    assert set(mutation.EQUIVALENT) <= planted
