"""What several tests of the site share: small books, built in this process.

After tests of formulas the run ends with the time that a formula takes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers import trees
from tests.helpers.smallbook import EXTENSIONS, Engine


@pytest.fixture(scope="session", autouse=True)
def _no_bytecode_of_copies_is_kept(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    yield
    trees.forget_bytecode(tmp_path_factory.getbasetemp())


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setitem(sys.modules, "rnn_notes.equations", engine)
    return engine


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., str]:
    """A function that writes pages, builds them and returns Sphinx's warnings."""

    def run(pages: dict[str, str], jobs: int = 1, **settings: object) -> str:
        asked = {"extensions": EXTENSIONS, "jobs": jobs, "nitpicky": True, **settings}
        return trees.built(tmp_path, pages, **asked)

    return run


@pytest.fixture
def page(tmp_path: Path) -> Callable[[str], str]:
    """A function that returns the HTML of a page."""
    return lambda name: (tmp_path / "html" / f"{name}.html").read_text(encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how fast formulas are, where some were tested."""
    passed = terminalreporter.stats.get("passed", [])
    if any("tests/equations/test_equations.py" in test.nodeid for test in passed):
        from tests.helpers import speed  # loads the equations: most runs need none

        terminalreporter.write_line(speed.report())
