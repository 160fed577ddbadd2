"""``python -m benchmarks``: run every section, print the tables, write the JSON."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.environment import Others
from benchmarks.peers import KINDS
from benchmarks.sections.peers import joined
from rnn_notes.book import timings

ROOT = Path(__file__).parents[1]
SECTIONS = ("steps", "parts", "growth", "whole_steps", "lstm", "batches", "kernels")
HINDRANCES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # they choose older kernels


def main() -> None:
    """Print the tables and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and sizes")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "_build" / "bench.json", help="the JSON file"
    )
    options = parser.parse_args()
    start, others = perf_counter(), Others()
    results: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "quick": options.quick,
        "environment": section("environment", 1, options.quick),
    }
    for name in SECTIONS:
        results[name] = section(f"sections.{name}", 1, options.quick)
    results["peers, 1 thread"] = section("sections.peers", 1, options.quick)
    results["peers, 2 threads"] = joined(  # waiting threads slow down other libraries
        [section("sections.peers", 2, options.quick, kind) for kind in KINDS]
    )
    results["minutes"] = (perf_counter() - start) / 60
    results["environment"]["others"] = others.share()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(
        json.dumps(rounded(results), indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
    print(timings.everything(timings.Results(results)))
    print(f"\nWritten to {options.out}")


def section(name: str, threads: int, quick: bool, *kinds: str) -> Any:
    """What a section measures, in a process with that many threads."""
    print(*kinds, f"{name}, {threads} thread(s)", file=sys.stderr, flush=True)
    counts = dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)
    )
    environment = {k: v for k, v in os.environ.items() if k not in HINDRANCES}
    environment |= counts | {"BENCH_THREADS": str(threads), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", name, str(threads),
         "quick" if quick else "full", *kinds],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def rounded(value: Any) -> Any:
    """The same JSON with four digits a number: no time is known better."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
