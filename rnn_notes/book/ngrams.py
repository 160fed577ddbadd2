"""What counts of the last letters cost on a text: guesses that need no network.

::

    kept_costs(read, kept, V, longest=5)   # nats a letter, for n = 1, 2, …
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

__all__ = ["Counts", "kept_costs"]


class Counts:
    """The counts of a text that was read, with Witten–Bell smoothing.

    A letter's share after a context is mixed with its share after the context that is
    one letter shorter, the more so the more different letters were seen to follow; at
    the end of that row all V letters are alike. Witten and Bell (1991).

    >>> counts = Counts([0, 1, 0, 1, 0], V=2, longest=2)
    >>> bool(np.isclose(sum(counts.share((0,), letter) for letter in (0, 1)), 1))
    True
    >>> counts.share((0,), 1) > counts.share((), 1) > counts.share((0,), 0)
    True
    """

    def __init__(self, read: Sequence[int], V: int, longest: int) -> None:
        self.V = V
        self.after: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for n in range(longest):
            for place in range(n, len(read)):
                self.after[tuple(read[place - n : place])][read[place]] += 1

    def share(self, context: tuple[int, ...], letter: int) -> float:
        """The probability of a letter after a context."""
        shorter = self.share(context[1:], letter) if context else 1 / self.V
        seen = self.after.get(context)
        if not seen:
            return shorter
        kinds = len(seen)
        return (seen[letter] + kinds * shorter) / (seen.total() + kinds)


def kept_costs(
    read: Sequence[int], kept: Sequence[int], V: int, longest: int = 5
) -> dict[int, float]:
    """Nats a letter on a kept text, for counts of n letters, n from 1 to ``longest``.

    The first letter is given, as it is for the network.

    >>> costs = kept_costs([0, 1] * 20, [0, 1] * 5, V=2, longest=2)
    >>> bool(costs[2] < 0.2 < costs[1])
    True
    """
    counts = Counts(read, V, longest)
    return {
        n: float(
            np.mean(
                [
                    -np.log(counts.share(tuple(kept[max(0, p - n + 1) : p]), kept[p]))
                    for p in range(1, len(kept))
                ]
            )
        )
        for n in range(1, longest + 1)
    }
