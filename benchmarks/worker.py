"""One section in a process of its own, with its own number of threads.

The number is settled before NumPy is imported: by the environment, and by the cores
that the process may run on.
"""

from __future__ import annotations

import importlib
import json
import os
import sys


def main() -> None:
    """Print the section's JSON."""
    section, threads, length, *kinds = sys.argv[1:]
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[-int(threads) :])
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes with the messages
    module = importlib.import_module(f"benchmarks.{section}")
    json.dump(module.run(length == "quick", *kinds), out)


if __name__ == "__main__":
    main()
