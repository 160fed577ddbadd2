"""Random pairs and triples of bugs, put to ``check``: how many it names.

From a checkout: ``python -m tests.helpers.pairs [COUNT [SEED]]``. It exits with 1 where
a cause was named that nobody planted.
"""

import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.diagnosis.test_check import planted_and_named

SHARE = 25  # pairs and triples that a worker draws at once


def main(count=1000, seed=0):
    """Print the shares; whether none was named wrongly."""
    shares = [min(SHARE, count - start) for start in range(0, count, SHARE)]
    seeds = [1000 * seed + k for k in range(len(shares))]
    total: Counter[str] = Counter()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for tally in pool.map(planted_and_named, shares, seeds):
            total += tally
    words = ("rightly", "not", "unseen", "wrongly")
    told = ", ".join(f"{word} {total[word]}" for word in words)
    print(f"{count} pairs and triples: named {told}; refused {total['refused']}")
    return not total["wrongly"]


if __name__ == "__main__":
    sys.exit(not main(*map(int, sys.argv[1:3])))
