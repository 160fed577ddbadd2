"""Six one-token bugs, each planted in the package: the pages and the tests see them."""

import os
import subprocess
import sys

import pytest

from rnn_notes.mutants import MUTANTS
from tests.helpers import prose, trees

PAGES = ["docs/backward.md", "docs/dhnext.md", "docs/transposes.md"]
TESTS = ["tests/test_gradients.py", "-k", "complex_step and not mutant"]
# test_gradients itself plants the others, in its own process
CASES = [*((name, PAGES) for name in MUTANTS), ("dhnext dropped", TESTS)]


def run(tree, part):
    """Exit status and output of one part of the suite, run on the package in a tree."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *part],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy in which bugs are planted."""
    return trees.copied(tmp_path_factory.mktemp("tree"))


@pytest.mark.parametrize("part", [PAGES, TESTS], ids=["pages", "tests"])
def test_without_a_bug_the_part_passes(tree, part):
    sound = (prose.ROOT / "rnn_notes/rnn.py").read_text()
    trees.plant(tree / "rnn_notes/rnn.py", sound)
    status, output = run(tree, part)
    assert status == 0, output


@pytest.mark.parametrize(("name", "part"), CASES)
def test_a_bug_makes_the_part_fail(tree, name, part):
    trees.plant(tree / "rnn_notes/rnn.py", MUTANTS[name].source())
    status, output = run(tree, part)
    assert status == 1, output  # 1: tests failed; not 2 to 5, a suite that did not run
    assert "AssertionError" in output or "assert" in output
