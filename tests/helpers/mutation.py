"""``make mutants``: plants every fault, runs the checks, and reports what was caught.

Faults in the package are run against the suite, each in a copy of the tree, the tests
nearest to it first. Faults in the prose are run against the checks of the pages.

    python -m tests.helpers.mutation                 all of both, half an hour or so
    python -m tests.helpers.mutation --prose         the prose alone, a minute
    python -m tests.helpers.mutation --package rnn   one module
    python -m tests.helpers.mutation --sample 150    so many faults, drawn evenly
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Queue

from tests.helpers import faults, prose, trees
from tests.helpers.survivors import EQUIVALENT

NEAREST = {  # what knows the module best; the whole suite follows
    "arrays": ["tests/test_input_errors.py"],
    "rnn": ["tests/test_gradients.py", "tests/test_input_errors.py"],
    "lstm": ["tests/test_cells.py"],
    "gru": ["tests/test_cells.py"],
    "hoisted": ["tests/hoisted"],
    "differences": ["tests/test_gradients.py", "tests/test_input_errors.py"],
    "layouts": ["tests/test_input_errors.py", "docs/layouts.md"],
    "ledger": ["tests/test_gradients.py"],
    "text": ["tests/test_gradients.py", "tests/test_input_errors.py"],
    "tape": ["tests/test_tape.py"],
    "taped": ["tests/test_tape.py", "tests/test_cells.py"],
    "counting": ["tests/test_tape.py"],
    "mutants": ["tests/test_gallery.py"],
    "checks": ["tests/test_gallery.py"],
    "diagnosis": ["tests/diagnosis"],
    "training": ["tests/training"],
    "sampling": ["tests/training"],
    "checkpoints": ["tests/test_checkpoints.py"],
    "equations": [
        "tests/equations/test_equations.py",
        "tests/pages/test_page_equations.py",
    ],
}
SLOW = [
    "tests/house/test_mutants.py",
    "tests/house/test_mutation.py",
    "tests/site/test_directives.py",
]
UNPLANTED = {"figures", "commands", "__main__", "__init__", "cells"}


@dataclass(frozen=True)
class Outcome:
    """A fault and what became of it: the check that caught it, or nothing."""

    fault: faults.Fault
    caught_by: str | None

    @property
    def reason(self) -> str | None:
        """Why the fault changes nothing, where somebody has shown that it does not."""
        return EQUIVALENT.get(key(self.fault))


def key(fault: faults.Fault) -> str:
    """What a fault is listed under: all but its line, which moves."""
    what = f"{fault.old.strip()} -> {fault.new.strip()}"
    return f"{fault.file.name}, {fault.label}: {fault.kind}: {what}"


def module_of(file: Path) -> str:
    """The module of the package, or the folder of modules, that a file belongs to."""
    return file.parts[2 if file.parts[1] == "book" else 1].removesuffix(".py")


def package(modules: list[str], sample: int | None) -> list[faults.Fault]:
    """Faults of the modules, or of all that compute; a sample is even over them."""
    found = []
    for path in sorted((prose.ROOT / "rnn_notes").rglob("*.py")):
        name = module_of(path.relative_to(prose.ROOT))
        aside = name in UNPLANTED or path.stem in UNPLANTED - {"__init__"}
        if name in modules or (not modules and not aside):
            found.append(faults.package_faults(path))
    if sample is None:
        return [fault for some in found for fault in some]
    rng = random.Random(0)
    each = -(-sample // len(found))
    return [f for some in found for f in rng.sample(some, min(each, len(some)))]


def suite_on(fault: faults.Fault, folder: Path, whole: bool = True) -> str | None:
    """The first test that fails with the fault planted in the tree, None if none.

    The tests nearest to the module come first, and then the whole suite.
    """
    path = folder / fault.file
    sound = path.read_text(encoding="utf-8")
    trees.plant(path, fault.text)
    near = NEAREST.get(module_of(fault.file), [])
    ignored = [f"--ignore={name}" for name in SLOW]
    try:
        for chosen in ([str(fault.file), *near], [])[: 2 if whole else 1]:
            try:
                result = subprocess.run(
                    [sys.executable, "-m", "pytest", "-qx", *ignored, *chosen],
                    cwd=folder,
                    env={**os.environ, "PYTHONPATH": str(folder)},
                    capture_output=True,
                    text=True,
                    timeout=300,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return "time"
            if result.returncode:
                last = [
                    n for n in result.stdout.splitlines() if n[:5] in ("FAILE", "ERROR")
                ]
                return last[-1] if last else f"exit status {result.returncode}"
        return None
    finally:
        trees.plant(path, sound)


def on_the_package(planted: list[faults.Fault], jobs: int) -> Iterable[Outcome]:
    """Every fault of the package with what caught it, as they are done."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        free: Queue[Path] = Queue()
        for job in range(jobs):
            free.put(trees.copied(Path(folder, str(job))))
        if broken := suite_on(sound(planted[0]), Path(folder, "0")):
            raise SystemExit(f"without any fault the suite fails already: {broken}")

        def run(fault: faults.Fault) -> Outcome:
            mine = free.get()
            try:
                return Outcome(fault, suite_on(fault, mine))
            finally:
                free.put(mine)

        yield from pool.map(run, planted)
        trees.forget_bytecode(Path(folder))


def sound(fault: faults.Fault) -> faults.Fault:
    """No fault at all, in the same file."""
    text = (prose.ROOT / fault.file).read_text(encoding="utf-8")
    return replace(fault, kind="none", old="", new="", text=text)


def on_the_prose(planted: Iterable[faults.Fault]) -> Iterable[Outcome]:
    """Every fault of the prose with the check that caught it."""
    book = prose.Book()
    for fault in planted:
        problems = book.problems(prose.Page(fault.file.stem, fault.text))
        yield Outcome(fault, problems[0] if problems else None)


def in_sentences(sample: int) -> list[faults.Fault]:
    """Faults of sentences, drawn evenly; three in ten live, so they fail nothing."""
    found = [f for page in prose.pages() for f in faults.sentence_faults(page)]
    return random.Random(0).sample(found, sample)


def report(title: str, outcomes: Iterable[Outcome]) -> bool:
    """Whether every fault was caught or changes nothing; prints the table."""
    kinds: dict[str, collections.Counter[str]] = collections.defaultdict(
        collections.Counter
    )
    alive = []
    for outcome in outcomes:
        verdict = (
            "caught" if outcome.caught_by else "same" if outcome.reason else "ALIVE"
        )
        kinds[outcome.fault.kind][verdict] += 1
        if verdict != "caught":
            alive.append((verdict, outcome))
            print(f"  {verdict}: {outcome.fault} {outcome.reason or ''}", flush=True)
    print(f"\n{title:32}planted  caught  same  alive")
    for kind, counts in sorted(kinds.items()):
        row = (counts.total(), counts["caught"], counts["same"], counts["ALIVE"])
        print(f"{kind:32}{row[0]:7}{row[1]:8}{row[2]:6}{row[3]:7}")
    total = sum(counts.total() for counts in kinds.values())
    unseen = sum(verdict == "ALIVE" for verdict, _ in alive)
    same = len(alive) - unseen
    share = 1 - unseen / (total - same)
    print(f"{total} planted, {same} change nothing, {unseen} not caught:")
    print(f"{share:.1%} of those that matter are caught\n", flush=True)
    return not unseen


def main() -> int:
    """0 if every fault that matters was caught, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--prose", action="store_true", help="the prose alone")
    parser.add_argument("--package", nargs="*", metavar="MODULE", help="modules alone")
    parser.add_argument("--sample", type=int, help="so many faults of the package")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    good = True
    if arguments.package is None:
        planted = (
            fault for page in prose.pages() for fault in faults.prose_faults(page)
        )
        good &= report("Faults in the prose", on_the_prose(planted))
        report("Faults in sentences, 100 drawn", on_the_prose(in_sentences(100)))
    if not arguments.prose:
        chosen = package(arguments.package or [], arguments.sample)
        good &= report("Faults in the package", on_the_package(chosen, arguments.jobs))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
