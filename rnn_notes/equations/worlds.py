"""A model as nature: the values of its forward pass, and what a nudge does to them.

Nothing here knows a derivative. A world holds the value of every quantity; nudging it
gives another world, in which one quantity is moved and everything after it computed
again. Many nudges run at once, along a new first axis of every array that they reach.

Every computed value comes in a few replicas, along the axis before rows and columns.
All but the first are off by a rounding error, so that they show how many digits count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "REPLICAS",
    "ROUNDING",
    "Array",
    "Key",
    "Noise",
    "Plan",
    "Read",
    "Step",
    "World",
    "scrambled",
]

Array = NDArray[Any]
Key = tuple[str, tuple[int, ...]]  # a name and its indices: ("h", (2,)), ("L", ())
Read = Callable[[Key], Array]

REPLICAS = 4
ROUNDING = float(np.finfo(np.float64).eps)
_KINDS_OF_NOISE = 61
_MOST_FACTORS = 30_000
_MOST_KEPT = 1_500_000  # numbers of worlds that were nudged


class Noise:
    """Factors that differ from 1 by a rounding error, in all replicas but the first."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.turn = 0

    def of(self, value: Array) -> Array:
        """The replicas of a value, each entry off by an error of its own."""
        factors = _errors(self.seed, value.shape[-2:])
        self.turn += 1
        noisy: Array = value * factors[self.turn % len(factors)]
        return noisy


@lru_cache(64)
def _errors(seed: int, shape: tuple[int, int]) -> Array:
    """Factors that are off by a rounding error, some for every replica of a shape."""
    kinds = max(3, min(_KINDS_OF_NOISE, _MOST_FACTORS // (shape[0] * shape[1])))
    rng = np.random.default_rng([seed, *shape])
    factors: Array = rng.uniform(-2, 2, (kinds, REPLICAS, *shape))
    factors *= ROUNDING
    factors += 1
    factors[:, 0] = 1
    return factors


@dataclass(frozen=True)
class Step:
    """One quantity of a forward pass: how it is computed, and from which others."""

    key: Key
    compute: Callable[[Read], Array]
    reads: tuple[Key, ...]
    pairs: int = 0  # of entries that its softmax compares


class Plan:
    """A forward pass, in an order in which it can be computed."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.pairs = {step.key: step.pairs for step in steps if step.pairs}
        self.readers: dict[Key, list[Key]] = {}
        for step in steps:
            for key in step.reads:
                self.readers.setdefault(key, []).append(step.key)
        self.reached: dict[Key, frozenset[Key]] = {}

    def after(self, key: Key) -> frozenset[Key]:
        """What changes when a quantity is moved, the quantity itself among it."""
        if key not in self.reached:
            found, waiting = {key}, [key]
            while waiting:
                for reader in self.readers.get(waiting.pop(), []):
                    if reader not in found:
                        found.add(reader)
                        waiting.append(reader)
            self.reached[key] = frozenset(found)
        return self.reached[key]


def scrambled(plan: Plan, values: Mapping[Key, Array]) -> Plan:
    """A plan by which everything depends on the same as before, in a random way.

    What holds there too says nothing of the network.
    """
    rng = np.random.default_rng(0)

    def step(one: Step) -> Step:
        shape = values[one.key].shape[-2:]
        size = shape[0] * shape[1]
        maps = [
            rng.standard_normal((size, values[k].shape[-2] * values[k].shape[-1]))
            for k in one.reads
        ]

        def compute(read: Read) -> Array:
            total: Array = np.full((size, 1), 0.1)
            for key, matrix in zip(one.reads, maps, strict=True):
                value = read(key)
                total = total + matrix @ value.reshape(*value.shape[:-2], -1, 1)
            flat: Array = np.tanh(0.3 * total)
            return flat.reshape(*flat.shape[:-2], *shape)

        return Step(one.key, compute, one.reads)

    return Plan([step(one) for one in plan.steps])


class World:
    """The values of all quantities, under given nudges.

    plan   : the forward pass
    roots  : what everything else is computed from: weights, inputs, first states
    base   : the world that was nudged to make this one, None if none was
    nudges : what is added to a quantity once it is computed, by key
    hold   : whether what enters a step from an earlier one stays as it was
    still  : quantities that do not move, whatever they are computed from
    batch  : the leading axes along which nudges differ
    values : the value of every quantity, (..., replica, rows, columns)
    memo   : what has been evaluated in this world, for whoever evaluates
    shared : whether what nudges do to it is kept, for whoever nudges it next
    """

    def __init__(
        self,
        plan: Plan,
        roots: Mapping[Key, Array],
        noise: Noise,
        base: World | None = None,
        nudges: Mapping[Key, Array] | None = None,
        hold: bool = False,
        still: Collection[str] = (),
        batch: tuple[int, ...] = (),
        known: Mapping[Key, Array] | None = None,
    ) -> None:
        self.plan, self.roots, self.noise = plan, roots, noise
        self.base, self.hold, self.batch = base, hold, batch
        self.nudges: Mapping[Key, Array] = nudges or {}
        self.memo: dict[Any, Any] = {}
        self.shared = False
        self.values: dict[Key, Array] = dict(base.values if base else roots)
        if known is not None:
            self.values.update(known)
            return
        moved = set(self.nudges)
        for key in self.nudges:
            moved |= plan.after(key)
            if key in roots:
                self.values[key] = roots[key] + self.nudges[key]
        if still:
            moved = {key for key in moved if key[0] not in still}
            for key in set(self.nudges) - moved:
                self.values[key] = base.values[key] if base else roots[key]
        for step in plan.steps:
            if base is None or step.key in moved:
                self.put(step)

    def put(self, step: Step) -> None:
        """Compute a quantity, and add its nudge."""
        read: Read = self.values.__getitem__
        if self.hold and step.key[1]:
            now = step.key[1][0]
            read = lambda key: self.entering(key, now)  # noqa: E731
        value = self.noise.of(step.compute(read))
        if step.key in self.nudges:
            value = value + self.nudges[step.key]
        self.values[step.key] = value

    def entering(self, key: Key, now: int) -> Array:
        """What a step reads while all that comes from earlier steps is held still."""
        if not key[1] or key[1][0] >= now or self.base is None:
            return self.values[key]
        return self.base.values[key] + self.nudges.get(key, 0.0)

    def nudged(
        self,
        nudges: Mapping[Key, Array],
        hold: bool = False,
        still: Collection[str] = (),
        name: Hashable = None,
    ) -> World:
        """The world in which quantities are moved, and all that follows from it.

        nudges : by key, (N, rows, columns): N worlds at once
        hold   : what enters a step stays still, unless it is moved here
        still  : names of quantities that do not move at all
        name   : one that these nudges share with no others of this world
        """
        N = len(next(iter(nudges.values())))
        inner = (1,) * (len(self.batch) + 1)
        moved = {k: d.reshape(N, *inner, *d.shape[1:]) for k, d in nudges.items()}
        for key, delta in self.nudges.items():
            moved[key] = moved[key] + delta if key in moved else delta
        base = self.base or self
        shared = base.shared and not self.nudges and nudges.keys() <= base.values.keys()
        known = _KEPT.get((base, name)) if shared else None
        made = World(
            self.plan, self.roots, copy(base.noise), base, moved, hold or self.hold,
            still, (N, *self.batch), known,
        )  # fmt: skip
        made.noise = self.noise  # the same whether it was kept or not
        if shared and known is None:
            _KEPT.keep(made, base, name)
        return made


class _Kept(dict[tuple["World", Hashable], dict[Key, Array]]):
    """What nudges have moved, until it is much: then all of it is forgotten."""

    numbers = 0

    def keep(self, made: World, base: World, name: Hashable) -> None:
        """Keep what is another array in a world than in that which was nudged."""
        moved = {k: v for k, v in made.values.items() if v is not base.values[k]}
        self.numbers += sum(value.size for value in moved.values())
        if self.numbers > _MOST_KEPT:
            self.clear()
            self.numbers = 0
        self[base, name] = moved


_KEPT = _Kept()
