"""``python benchmarks/builds.py``: what building the site costs, against what it must.

It builds a copy of the repository. What a build must cost, here called bare, is each
page's cells run as a plain script, and Sphinx with execution off. What Python compiles
is kept, as ``make`` keeps it, and is there before anything is measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook

from benchmarks.environment import processor

ROOT = Path(__file__).parents[1]
ROUNDS = 3  # of what takes seconds
PAGE = "docs/errata.md"  # the page with the most cells but one
PROSE = "\nThis sentence is new.\n"
CODE = "\n```{code-cell} ipython3\nassert 6 * 7 == 42\n```\n"
COMMENT = "\n# This comment is new.\n"


class Copy:
    """A copy of the repository, in which commands run and files are edited."""

    def __init__(self, root: Path) -> None:
        left_out = shutil.ignore_patterns("_build", ".venv", ".git")
        self.root = shutil.copytree(ROOT, root, ignore=left_out)
        self.built, self.bytecode = root / "_build", root.with_name("bytecode")

    def run(self, *arguments: str) -> None:
        """Run Python in the copy; an error ends all."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.root),
            "PYTHONPYCACHEPREFIX": str(self.bytecode),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed\n{done.stdout}{done.stderr}")

    def executed(self) -> int:
        """The pages whose cells have run since the caches were last removed."""
        return len(list(self.built.glob("cells/*/executed/*/base.ipynb")))

    def clean(self) -> None:
        """Remove all that was built."""
        shutil.rmtree(self.built, ignore_errors=True)

    def edit(self, name: str, more: str) -> None:
        """Make a file longer."""
        with (self.root / name).open("a", encoding="utf-8") as file:
            file.write(more)

    def scripts(self) -> None:
        """Run the cells of each page as a script of its own."""
        for path in sorted((self.root / "docs").glob("*.md")):
            text = path.read_text(encoding="utf-8")
            if not is_myst_markdown_notebook(text):
                continue
            cells = read_myst_markdown_notebook(text).cells
            code = [cell.source for cell in cells if cell.cell_type == "code"]
            script = self.built / "scripts" / f"{path.stem}.py"
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text("\n\n".join(code), encoding="utf-8")
            self.run(str(script))

    def unexecuted(self) -> None:
        """Let Sphinx make the pages without running a cell."""
        folders = ["-d", "_build/off/doctrees", "docs", "_build/off/html"]
        off = ["-q", "-n", "-j", "auto", "-c", ".", "-D", "nb_execution_mode=off"]
        self.run("-m", "sphinx", *off, *folders)

    def build(self) -> None:
        """Do what ``make html`` does."""
        self.run("docs/build.py")


def cost(work: Callable[[], None]) -> tuple[float, float]:
    """Processor seconds and seconds on the clock that some work in processes takes."""
    before, start = os.times(), perf_counter()
    work()
    after, end = os.times(), perf_counter()
    spent = [t.children_user + t.children_system for t in (before, after)]
    return spent[1] - spent[0], end - start


def line(name: str, costs: list[tuple[float, float]], executed: str = "") -> None:
    """Print a line of the table, with medians."""
    cpu, wall = (sorted(c[i] for c in costs)[len(costs) // 2] for i in (0, 1))
    print(f"{name:34}{cpu:8.1f}{wall:8.1f}{executed:>10}", flush=True)


def main() -> None:
    """Print the table."""
    print(f"{processor()}, {os.cpu_count()} cores")
    print(f"{'seconds of':34}{'CPU':>8}{'clock':>8}{'executed':>10}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder, "copy"))
        copy.build()
        copy.clean()
        bare = [cost(copy.scripts), cost(copy.unexecuted)]
        line("cells as plain scripts", bare[:1])
        line("Sphinx, execution off", bare[1:])
        copy.clean()
        clean = cost(copy.build)
        line("clean build", [clean], str(copy.executed()))
        line("nothing changed", [cost(copy.build) for _ in range(ROUNDS)], "0")
        for name, file, more in (
            ("one page's prose changed", PAGE, PROSE),
            ("one page's code changed", PAGE, CODE),
            ("a style sheet changed", "docs/_static/custom.css", "\np {}\n"),
            ("the package changed", "rnn_notes/rnn.py", COMMENT),
        ):
            before, costs = copy.executed(), []
            for _ in range(ROUNDS if more != COMMENT else 1):
                copy.edit(file, more)
                costs.append(cost(copy.build))
            line(name, costs, f"{(copy.executed() - before) / len(costs):g}")
    ratios = (clean[i] / sum(c[i] for c in bare) for i in (0, 1))
    print("clean build to bare: {:.2f} in CPU, {:.2f} on the clock".format(*ratios))


if __name__ == "__main__":
    main()
