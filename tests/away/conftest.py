"""The package as readers get it: a wheel, alone in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from alone import ROOT, alone, pip

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def empty(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and its needs."""
    return environment(tmp_path_factory.mktemp("empty"), str(wheel))


@pytest.fixture(scope="session")
def jupyter(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that runs notebooks, in an environment that has the wheel too."""
    wanted = (str(wheel), "nbclient", "ipykernel")
    return environment(tmp_path_factory.mktemp("notebooks"), *wanted) / "jupyter"


def environment(folder: Path, *wanted: str) -> Path:
    """The folder of programs of an environment that holds what is wanted."""
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip(str(programs / "python"), "install", *wanted)
    return programs


@pytest.fixture
def run(empty: Path, tmp_path: Path) -> Run:
    """A function that runs a program of that environment, in a folder of its own."""
    return lambda program, *words: subprocess.run(
        [str(empty / program), *words],
        cwd=tmp_path,
        env=alone(),
        capture_output=True,
        encoding="utf-8",
    )
