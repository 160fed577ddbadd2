"""How long a formula takes: told at the end of a test run, and never asserted."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from statistics import median
from time import process_time

from rnn_notes.equations import measure
from tests.helpers.trees import ROOT

CORPUS = ROOT / "tests/equations/true.toml"
EVERY, TIMES = 4, 3  # formulas of the corpus, cold starts
COLD = [
    "-m",
    "rnn_notes",
    "equation",
    "--",
    r"\frac{\partial L}{\partial y_t} = p_t - e_t",
]


def children() -> float:
    """Seconds of processor time of the processes that this one waited for."""
    times = os.times()
    return times.children_user + times.children_system


def report() -> str:
    """The medians: of a formula within a process, and of a command from cold."""
    rows = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["equation"][::EVERY]
    within, cold = [], []
    for row in rows:
        options = {key: row[key] for key in row if key not in ("name", "latex")}
        start = process_time()
        measure(row["latex"], **options)
        within.append(process_time() - start)
    for _ in range(TIMES):
        start = children()
        subprocess.run(
            [sys.executable, *COLD], cwd=ROOT, check=True, capture_output=True
        )
        cold.append(children() - start)
    return (
        f"processor time: a formula {1000 * median(within):.0f} ms (median of "
        f"{len(rows)}), a command from cold {median(cold):.2f} s (median of {TIMES})"
    )
