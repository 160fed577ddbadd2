"""Six one-token bugs, each planted in the package: the pages and the tests see them."""

import os
import subprocess
import sys

import pytest

from rnn_notes.mutants import MUTANTS
from tests.helpers import prose, trees

PART_OF_THE_SUITE = {
    "pages": ["docs/backward.md", "docs/dhnext.md", "docs/transposes.md"],
    "unit tests": ["tests/test_gradients.py", "-k", "complex_step and not mutant"],
}


def run_part(tree, part):
    """Exit status and output of one part of the suite, run on the package in a tree."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *PART_OF_THE_SUITE[part]],
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


@pytest.mark.parametrize("part", PART_OF_THE_SUITE)
def test_without_a_bug_the_part_passes(tree, part):
    (tree / "rnn_notes/rnn.py").write_text(
        (prose.ROOT / "rnn_notes/rnn.py").read_text()
    )
    status, output = run_part(tree, part)
    assert status == 0, output


@pytest.mark.parametrize("part", PART_OF_THE_SUITE)
@pytest.mark.parametrize("name", list(MUTANTS)[:6])
def test_a_bug_makes_the_part_fail(tree, part, name):
    (tree / "rnn_notes/rnn.py").write_text(MUTANTS[name].source())
    status, output = run_part(tree, part)
    assert status == 1, output  # 1: tests failed; not 2 to 5, a suite that did not run
    assert "AssertionError" in output or "assert" in output
