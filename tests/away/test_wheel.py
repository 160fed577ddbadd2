"""A wheel in an empty environment gives the package, its data and its command."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from alone import ROOT

RIGHT = r"y_t = W_{hy} h_t + b_y"
WRONG = r"y_t = W_{hy} h_{t-1} + b_y"
COMMANDS = [("rnn-notes",), ("python", "-m", "rnn_notes")]


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        names = set(files.namelist())
    inside = {n for n in names if n.startswith("rnn_notes/")}
    tree = {p for p in (ROOT / "rnn_notes").rglob("*") if p.is_file()}
    sources = {p.relative_to(ROOT).as_posix() for p in tree if p.suffix != ".pyc"}
    assert inside == sources
    kept = (
        "corpus.txt",
        "timings.json",
        "seeds.json",
        "pytorch.json",
        "jax.json",
        "remedies.json",
    )
    assert {f"rnn_notes/book/{name}" for name in kept} < inside
    assert all(".dist-info/" in name for name in names - inside)


def test_only_what_it_needs_comes_with_it(run) -> None:
    listed = run("python", "-m", "pip", "list", "--format", "freeze").stdout
    found = {line.partition("==")[0] for line in listed.splitlines()}
    assert found - {"pip", "setuptools", "wheel"} == {"lark", "numpy", "rnn-notes"}


def test_it_is_imported_from_there(run, empty: Path) -> None:
    said = run("python", "-c", "import rnn_notes; print(rnn_notes.__file__)").stdout
    assert Path(said.strip()).is_relative_to(empty.parent)
    assert run("python", "-c", "import benchmarks").returncode == 1


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_formulas_are_measured(run, command: tuple[str, ...]) -> None:
    assert run(*command, "equation", RIGHT).returncode == 0
    wrong = run(*command, "equation", WRONG)
    assert wrong.returncode == 1
    assert "does not hold" in wrong.stdout
    assert run(*command, "equation", r"\oint").returncode == 2


def test_a_network_is_trained_and_writes(run, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("abbabb" * 50, encoding="utf-8")
    train = ["train", "text.txt", "--hidden", "5", "--steps", "20", "--every", "10"]
    trained = run("rnn-notes", *train)
    assert trained.returncode == 0, trained.stderr
    written = run("rnn-notes", "sample", "text.npz", "--length", "30", "--seed", "1")
    assert written.returncode == 0, written.stderr
    assert set(written.stdout.strip()) <= set("ab")
    assert len(written.stdout.strip()) >= 30
    assert run("rnn-notes", "sample", "none.npz").returncode == 2
