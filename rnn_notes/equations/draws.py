"""What a formula is measured on: sizes, seeds and the values drawn from them."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rnn_notes.equations.symbols import PAGE, STEPS, Dim, Letter, Scope, Shape, size_of
from rnn_notes.equations.worlds import Array, Key, Noise, World, scrambled

__all__ = ["LARGEST_SIZE", "MOST_DRAWN", "SETTINGS", "Draw", "draws", "whole_numbers"]

# The number of steps and the scale of the weights. T = 1 is there, where sums have one
# term, and weights of order one, where every term counts.
SETTINGS = (
    (4, 1.0),
    (5, 1.0),
    (3, 1.0),
    (1, 1.0),
    (2, 0.5),
    (3, 0.01),
    (4, 2.5),
)
_AGAIN = ((4, 1.0), (5, 1.0), (3, 1.0), (2, 0.5), (4, 2.5))  # under the other seeds
LARGEST_SIZE = 12
MOST_DRAWN = 400  # plans, and worlds, that are kept for all models together


@dataclass(frozen=True, eq=False)
class Draw:
    """One set of values: the sizes by letter, the seed and the scale of the weights.

    early : whether the letters that are read repeat early
    """

    sizes: Mapping[str, int]
    seed: int
    scale: float
    early: bool = False

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} = {size}" for name, size in self.sizes.items())
        return f"{sizes}, seed {self.seed}, weights of scale {self.scale:g}"

    def size(self, dim: Dim) -> int:
        """The number that a product of sizes comes to."""
        return size_of(dim, self.sizes)

    def last(self, domain: Dim | str) -> int:
        """The last value of an index that counts steps, or entries."""
        return self.sizes[STEPS] if isinstance(domain, str) else self.size(domain)

    def shape(self, shape: Shape) -> tuple[int, int]:
        """Rows and columns in numbers."""
        return self.size(shape[0]), self.size(shape[1])

    def rng(self, purpose: int) -> np.random.Generator:
        """A generator of this draw's own."""
        sizes = [self.sizes[name] for name in sorted(self.sizes)]
        return np.random.default_rng([self.seed, *sizes, purpose, int(self.early)])

    def world(self, scope: Scope, noise: int = 0, scramble: bool = False) -> World:
        """The world drawn: nothing zero, nothing symmetric.

        noise    : another one shows other rounding errors
        scramble : whether everything is computed in another way, by chance
        """
        if noise or scramble:
            usual = self.world(scope)
            plan = scrambled(usual.plan, usual.values) if scramble else usual.plan
            return World(plan, usual.roots, Noise(noise))
        letters = any(isinstance(b, Letter) for b in scope.bindings.values())
        if letters or scope.fixed:
            return World(scope.model.plan(self), self.roots(scope), Noise())
        key = tuple(self.sizes.items()), self.seed, self.scale, self.early
        known = _of_model(scope.model, *key)
        return World(known.plan, known.roots, copy(known.noise), known)

    def roots(self, scope: Scope) -> dict[Key, Array]:
        """What everything else is computed from: weights, inputs, first states."""
        rng, T = self.rng(0), self.sizes[STEPS]
        roots: dict[Key, Array] = {}
        steps = [(t,) for t in range(1, T + 1)]
        for name, quantity in scope.quantities.items():
            first, shape = scope.model.firsts.get(name), quantity.shape
            if first is not None:
                roots[name, (0,)] = 0.5 * rng.standard_normal(self.shape(first))
            if quantity.role == "computed" or shape is None:
                continue
            if quantity.role == "onehot":
                for index, letter in self.letters(rng, self.size(shape[0]), T):
                    column = np.eye(self.size(shape[0]))[:, [letter]]
                    roots[name, index if quantity.indexed else ()] = column
                continue
            scale = self.scale if quantity.role == "parameter" else 1.0
            for index in steps if quantity.indexed else [()]:
                roots[name, index] = scale * rng.standard_normal(self.shape(shape))
            if quantity.role == "zero":
                roots[name, ()] = np.zeros(self.shape(shape))
        for name, binding in sorted(scope.bindings.items()):
            if isinstance(binding, Letter):
                for index in steps if binding.indexed else [()]:
                    shape_ = self.shape(binding.shape)
                    roots[PAGE + name, index] = rng.standard_normal(shape_)
        for (name, index), value in roots.items():
            if name in scope.fixed:
                numbers = scope.fixed[name]
                fixed = np.where(np.isnan(numbers), value, numbers)
                roots[name, index] = fixed
        return roots

    def letters(
        self, rng: np.random.Generator, V: int, T: int
    ) -> Iterator[tuple[tuple[int, ...], int]]:
        """A letter for every step: all come early, or two of them again and again."""
        order, rest = rng.permutation(V), rng.integers(V, size=T)
        few = order[rng.integers(min(V, 2), size=T)]
        few[:2] = order[0]
        for t in range(T):
            other = order[t] if t < V else rest[t]
            yield (t + 1,), int(few[t] if self.early else other)

    def directions(self, world: World) -> dict[Key, Array]:
        """A random direction for all that is drawn, for differentials."""
        rng = self.rng(1)
        return {
            key: rng.standard_normal((1, *value.shape[-2:]))
            for key, value in sorted(world.roots.items())
        }


@lru_cache(MOST_DRAWN)
def _of_model(
    model: Any, sizes: tuple[tuple[str, int], ...], seed: int, scale: float, early: bool
) -> World:
    """The world drawn for a model alone, without letters of a page."""
    draw = Draw(dict(sizes), seed, scale, early)
    world = World(model.plan(draw), draw.roots(model.scope), Noise())
    world.shared = True
    return world


def draws(
    scope: Scope, seeds: Sequence[int], numbers: Collection[int] = ()
) -> list[Draw]:
    """The draws for one formula: every setting under every seed.

    Sizes differ from each other, from T and from every number that the formula holds;
    T goes below, to and beyond the largest of these.
    """
    names = sorted(scope.size_names - {STEPS} - set(scope.sizes))
    taken = set(scope.sizes.values())
    far = max((n for n in numbers if n <= LARGEST_SIZE), default=0)
    found: dict[tuple[object, ...], Draw] = {}
    settings = [(T, scale, seeds[0]) for T, scale in SETTINGS]
    settings += [(T, scale, seed) for seed in seeds[1:] for T, scale in _AGAIN]
    usual = len(settings)
    if far > 2:
        settings += [(T, 1.0, seeds[0]) for T in range(6, far + 3)]
        settings += [(far + 2, 1.0, seed) for seed in seeds]
    for place, (T, scale, seed) in enumerate(settings):
        T = scope.sizes.get(STEPS, T if T not in taken else T + 3)
        used = {T, *numbers, *taken}
        free = [n for n in range(2, 30) if n not in used]
        if place >= usual:  # beyond all that is written
            free = [n for n in free if n > far] if place % 2 else free
        turn = (place + seed) % 3
        sizes = dict(zip(names, free[turn:] + free[:turn], strict=False))
        if place % 2:
            sizes = dict(zip(names, reversed(list(sizes.values())), strict=True))
        sizes = {**sizes, STEPS: T, **scope.sizes}
        order = sorted(sizes, key=lambda name: (name == STEPS, name))
        draw = Draw({n: sizes[n] for n in order}, seed, scale, place % 2 == 0)
        found[(*draw.sizes.items(), seed, scale)] = draw
    return list(found.values())


def whole_numbers(texts: Collection[str]) -> frozenset[int]:
    """The whole numbers among texts, and what two of them come to in a sum."""
    found = {int(text) for text in texts if text.isdigit() and len(text) < 4}
    sums = {a + b for a, b in itertools.combinations(found, 2)}
    return frozenset(found | {n for n in sums if n <= LARGEST_SIZE and len(found) > 2})
