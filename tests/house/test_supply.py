"""What is installed to build and to test: pinned with hashes, known to Dependabot."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = {
    "requirements.txt": ("build", "docs", "test", "lint"),
    "requirements-browser.txt": ("browser",),
    "requirements-books.txt": ("books",),
}


def pins(lock: str) -> dict[str, str]:
    """The version of each package in a lock; each must be pinned and have a hash."""
    found = {}
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        name, *hashes = re.split(r" \\\n    --hash=sha256:", entry)
        match = re.fullmatch(r"([\w.-]+)==([\w.]+)( ; .*)?", name)
        assert match, f"{name!r} is not pinned"
        assert hashes, f"{name} has no hash"
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in hashes), name
        found[canonicalize_name(match[1])] = match[2]
    return found


def held(lock: str) -> dict[str, str]:
    """The pins of a lock of this repository."""
    return pins((ROOT / lock).read_text(encoding="utf-8"))


def needed(names: list[str]) -> Iterator[tuple[str, str]]:
    """Every package that some requirements need here, and who asks for it."""
    waiting, seen = [(Requirement(name), "pyproject.toml") for name in names], set()
    while waiting:
        requirement, whose = waiting.pop()
        name, extras = canonicalize_name(requirement.name), requirement.extras
        if (name, *sorted(extras)) in seen:
            continue
        seen.add((name, *sorted(extras)))
        yield name, whose
        try:
            further = [Requirement(line) for line in requires(name) or ()]
        except PackageNotFoundError:  # of another verb of the Makefile
            continue
        for other in further:
            marker = other.marker
            if not marker or any(
                marker.evaluate({"extra": extra}) for extra in {"", *extras}
            ):
                waiting.append((other, name))


@pytest.mark.parametrize("lock", LOCKS)
def test_nothing_that_is_needed_is_unpinned(lock: str) -> None:
    pinned = held(lock)
    asked = [name for extra in LOCKS[lock] for name in EXTRAS[extra]]
    asked += PROJECT["project"]["dependencies"]
    for name, whose in needed(asked):
        assert name in pinned, f"{whose} needs {name}, which {lock} does not pin"


def test_what_builds_the_package_is_pinned_too() -> None:
    pinned = held("requirements.txt")
    for line in PROJECT["build-system"]["requires"]:
        requirement = Requirement(line)
        assert str(requirement.specifier) == f"=={pinned[requirement.name]}"
    found = {name for name, _ in needed(PROJECT["build-system"]["requires"])}
    assert found <= pinned.keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_say_what_constraints_txt_says(lock: str) -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    known = {canonicalize_name(n): v for n, v in (line.split("==") for line in lines)}
    wrong = {name: v for name, v in held(lock).items() if known.get(name) != v}
    assert not wrong, "run make lock"


def test_a_lock_with_a_gap_is_told() -> None:
    whole = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for pattern, put, message in (
        (r"numpy==[\d.]+", "numpy>=2", "is not pinned"),
        (r"(numpy==[\d.]+) \\(\n    --hash.*)+", r"\1", "has no hash"),
    ):
        holed = re.sub(pattern, put, whole)
        assert holed != whole
        with pytest.raises(AssertionError, match=message):
            pins(holed)
    assert "numpy" in {name for name, _ in needed(["rnn-notes"])}
    assert dict(needed(["sphinx"]))["docutils"] == "sphinx"


def test_make_installs_nothing_but_locks() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--require-hashes --only-binary :all:" in makefile
    for lock in LOCKS:
        assert f"$(HASHED) {lock}\n" in makefile
    lines = re.findall(r"^\t.*(?:pip install|\$\(PIP\)).*", makefile, re.M)
    race = "--constraint benchmarks/constraints.txt"  # the peers, in a venv of theirs
    known = ("--no-deps --no-build-isolation", race)
    free = [line for line in lines if not any(words in line for words in known)]
    assert free == [
        "\t.venv/lock/bin/python -m pip install --quiet "
        "--disable-pip-version-check uv==0.13.9"
    ]


def npm_locks() -> list[Path]:
    """Every lock of npm's that git knows."""
    command = ["git", "ls-files", "*package-lock.json"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in told.stdout.split()]


def test_every_lock_is_known_to_dependabot() -> None:
    text = (ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8")
    known = {
        ecosystem["package-ecosystem"]: ecosystem.get("directories")
        for ecosystem in yaml.safe_load(text)["updates"]
    }
    folders = [f"/{path.parent.relative_to(ROOT).as_posix()}" for path in npm_locks()]
    assert sorted(known["npm"]) == sorted(folders)
    assert len(folders) == 3
    assert "/" in known["pip"]


def test_every_package_of_npm_has_a_hash() -> None:
    for path in npm_locks():
        packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
        open_ = [name for name, p in packages.items() if name and "integrity" not in p]
        assert not open_, path


def oldest() -> str:
    """The oldest Python that the Makefile takes."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.findall(r"^OLDEST := (.+)$", makefile, re.M)[0]


def test_the_oldest_python_is_the_oldest_that_all_pins_take() -> None:
    asked = {}
    for name in held("requirements.txt"):
        with contextlib.suppress(PackageNotFoundError):  # of another system
            asked[name] = SpecifierSet(metadata(name).get("Requires-Python", ""))
    release, third = oldest().rsplit(".", 1)
    refused = [name for name, pythons in asked.items() if oldest() not in pythons]
    assert not refused
    before = f"{release}.{int(third) - 1}"
    refused = [name for name, pythons in asked.items() if before not in pythons]
    line = f"# {refused[0]} asks for it"
    assert line in (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert f"You need Python {oldest()} or later and make" in text


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
@pytest.mark.parametrize(
    ("version", "told"),
    [
        ((3, 10, 13), "Python 3.11.5 or later is needed, and ./old is 3.10.13: "),
        ((3, 11, 4), "Python 3.11.5 or later is needed, and ./old is 3.11.4: "),
        ((2, 7, 18), "Python 3.11.5 or later is needed, and ./old is 2.7.18: "),
        ((3, 11, 5), None),
        ((3, 14, 0), None),
    ],
)
def test_an_older_python_is_told_in_one_line(
    tmp_path: Path, version: tuple[int, ...], told: str | None
) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    read = ("pyproject.toml", "constraints.txt", "requirements.txt")
    for name in (*read, "docs/_ext/package-lock.json", "benchmarks/constraints.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    code = f"import sys; sys.version_info = {version}; exec(sys.argv[2])"
    (tmp_path / "old").write_text(
        f"#!/bin/sh\nexec {sys.executable} -c '{code}' \"$@\"\n"
    )
    (tmp_path / "old").chmod(0o755)
    bare = {"PATH": os.environ["PATH"]}  # without what a make around this one sets
    for verb in ("html", "lock", ".venv/bench/ready"):
        command = ["make", "--dry-run", verb, "PYTHON=./old"]
        run = subprocess.run(
            command, cwd=tmp_path, env=bare, capture_output=True, text=True
        )
        if told:
            assert run.returncode
            assert told in run.stderr
            assert run.stderr.count("\n") == 1
            assert not run.stdout
        else:
            assert "./old -m venv .venv" in run.stdout
            assert "is needed" not in run.stderr
