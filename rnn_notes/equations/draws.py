"""What a formula is measured on: sizes, seeds and the values drawn from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_notes.equations.nature import STEPWISE, Array, Key, World
from rnn_notes.equations.symbols import CONSTANTS, PAGE, Dim, Letter, Scope, Shape

# V, H, T and the scale of the weights. H = V is there, where wrong shapes fit, and
# T = 1, where sums have one term; weights of order one, where every term counts.
SETTINGS = (
    (2, 3, 4, 1.0),
    (3, 2, 5, 1.0),
    (3, 3, 3, 1.0),
    (2, 4, 1, 1.0),
    (4, 4, 2, 0.5),
    (3, 2, 3, 0.01),
    (2, 3, 4, 2.5),
)


@dataclass(frozen=True, eq=False)
class Draw:
    """One set of values: the sizes by letter, the seed and the scale of the weights."""

    sizes: Mapping[str, int]
    seed: int
    scale: float

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} = {size}" for name, size in self.sizes.items())
        return f"{sizes}, seed {self.seed}, weights of scale {self.scale:g}"

    def size(self, dim: Dim) -> int:
        """The number that a product of sizes comes to."""
        product = 1
        for name in dim:
            product *= int(name) if name.isdigit() else self.sizes[name]
        return product

    def shape(self, shape: Shape) -> tuple[int, int]:
        """Rows and columns in numbers."""
        return self.size(shape[0]), self.size(shape[1])

    def rng(self, purpose: int) -> np.random.Generator:
        """A generator of this draw's own."""
        V, H, T = (self.sizes[name] for name in "VHT")
        return np.random.default_rng([self.seed, V, H, T, purpose])

    def world(self, scope: Scope) -> World:
        """The world drawn: nothing zero, nothing symmetric."""
        rng, T = self.rng(0), self.sizes["T"]
        roots: dict[Key, Array] = {}
        for name, shape in CONSTANTS.items():
            if name != "L":
                normal = rng.standard_normal(self.shape(shape))
                roots[name, ()] = self.scale * normal
        roots["h", (0,)] = 0.5 * rng.standard_normal((self.sizes["H"], 1))
        for name, letters in zip("xe", self.letters(rng), strict=True):
            for t, letter in enumerate(letters, start=1):
                roots[name, (t,)] = np.eye(self.sizes["V"])[:, [letter]]
        for name, binding in sorted(scope.bindings.items()):
            if isinstance(binding, Letter):
                steps: list[tuple[int, ...]] = [(t,) for t in range(1, T + 1)]
                if not binding.indexed:
                    steps = [()]
                for index in steps:
                    shape_ = self.shape(binding.shape)
                    roots[PAGE + name, index] = rng.standard_normal(shape_)
        for (name, index), value in roots.items():
            if name in scope.fixed:
                numbers = scope.fixed[name]
                fixed = np.where(np.isnan(numbers), value, numbers)
                roots[name, index] = fixed
        return World(roots, T)

    def letters(self, rng: np.random.Generator) -> Iterator[list[int]]:
        """Inputs, then targets: every letter comes early, in an order of its own."""
        V, T = self.sizes["V"], self.sizes["T"]
        for _ in range(2):
            order = rng.permutation(V)
            rest = rng.integers(V, size=T)
            yield [int(order[t]) if t < V else int(rest[t]) for t in range(T)]

    def directions(self, world: World) -> dict[Key, Array]:
        """A random direction for every quantity but the targets, for differentials."""
        rng = self.rng(1)
        return {
            key: rng.standard_normal((1, *value.shape))
            for key, value in sorted(world.values.items())
            if key[0] != "e"
        }


def is_root(key: Key) -> bool:
    """Whether a quantity is drawn, and not computed from others."""
    name, index = key
    return name != "L" and (name not in STEPWISE or index == (0,))


def draws(scope: Scope, seeds: Sequence[int]) -> list[Draw]:
    """The draws for one formula: every setting under every seed."""
    extra = sorted(scope.size_names - {"T", "V", "H"})
    found: dict[tuple[object, ...], Draw] = {}
    for seed in seeds:
        for setting, (V, H, T, scale) in enumerate(SETTINGS):
            sizes = {"V": V, "H": H, "T": T}
            for place, name in enumerate(extra):
                sizes[name] = 2 + (setting + place + seed) % 3
            sizes |= scope.sizes
            draw = Draw(sizes, seed, scale)
            found[(*sizes.items(), seed, scale)] = draw
    return list(found.values())
