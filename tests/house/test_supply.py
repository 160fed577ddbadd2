"""What is installed to build and to test: pinned with hashes, known to Dependabot."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
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
