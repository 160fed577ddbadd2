"""A sample of what ``make mutants`` plants: a fault of every kind is caught."""

import py_compile
from pathlib import Path

import pytest

from tests.helpers import faults, mutation, prose, trees

NEAR = ["rnn", "differences", "layouts", "ledger", "text"]  # quick to test


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return trees.copied(tmp_path_factory.mktemp("tree"))


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
def test_a_fault_in_the_package_is_caught(kind, nearby, tree):
    fault = one_of(kind, nearby)
    assert mutation.suite_on(fault, tree, whole=False), str(fault)


def test_what_is_planted_is_compiled_anew(tmp_path):
    """Within a second and of one size, Python would run what stood there before."""
    module = tmp_path / "module.py"
    module.write_text("x = 1")
    compiled = Path(py_compile.compile(str(module)))
    assert compiled.exists()
    trees.plant(module, "x = 2")
    assert (module.read_text(), compiled.exists()) == ("x = 2", False)


def test_the_package_without_a_fault_is_not_blamed(nearby, tree):
    """The tree is the one in which all faults were planted."""
    none = mutation.sound(nearby[-1])
    assert mutation.suite_on(none, tree, whole=False) is None


def test_enough_is_planted(in_the_prose, in_the_package):
    assert len(in_the_prose) >= 100
    assert len(in_the_package) >= 100
    assert {fault.kind for fault in in_the_prose} == set(faults.PROSE_KINDS)
    assert {fault.kind for fault in in_the_package} == set(faults.PACKAGE_KINDS)
    assert len(faults.PROSE_KINDS) >= 15


def test_reasons_are_those_of_faults_that_are_planted(in_the_prose, in_the_package):
    planted = {mutation.key(fault) for fault in [*in_the_prose, *in_the_package]}
    assert set(mutation.EQUIVALENT) <= planted
