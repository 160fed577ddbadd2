"""Sizes with unknowns: what has no size of its own takes the one its place asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rnn_notes.equations.symbols import Dim, Shape, size_of

__all__ = ["Dims", "written"]

_ORDER = "VHT"


def written(shape: Shape, sizes: Mapping[str, int] | None = None) -> str:
    """A shape as readers see it.

    sizes : sizes that are fixed; a number that is one of them is shown as its letter

    >>> written((("H",), ())), written((("H", "V"), ("H", "H")))
    ('H×1', 'VH×H²')
    >>> written((("3",), ()), {"V": 2, "H": 3})
    'H×1'
    """
    return "×".join(_written_dim(dim, sizes or {}) for dim in shape)


def _written_dim(dim: Dim, sizes: Mapping[str, int]) -> str:
    """A product of sizes in the order V, H, T, then the rest."""
    values = list(sizes.values())
    known = {str(n): name for name, n in sizes.items() if values.count(n) == 1}
    counts = Counter(known.get(name, name) for name in dim)
    names = sorted(
        counts,
        key=lambda n: (_ORDER.find(n) if n in _ORDER else 9 - 99 * n.isdigit(), n),
    )
    powers = {1: "", 2: "²", 3: "³"}
    pieces = [f"{n}{powers[counts[n]] if counts[n] < 4 else counts[n]}" for n in names]
    if any(name.isdigit() for name in names):
        return "·".join(pieces)
    return "".join(pieces) or "1"


class Dims:
    """Dims, some of which are unknown, and the equations between them.

    An unknown is a letter such as "?1". ``known`` says what it has turned out to be;
    ``postponed`` are equations with more than one unknown.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.known: dict[str, Dim] = {}
        self.postponed: list[tuple[Dim, Dim]] = []

    def fresh(self) -> Dim:
        """A size that is not known yet."""
        name = f"?{len(self.known) + 1}"
        self.known[name] = (name,)
        return (name,)

    def now(self, dim: Dim) -> Dim:
        """The dim with what is known by now put in."""
        out: list[str] = []
        for name in dim:
            value = self.known.get(name, (name,))
            out += value if value == (name,) else self.now(value)
        return tuple(sorted(out))

    def open(self, dim: Dim) -> list[str]:
        """The unknowns in a dim."""
        return [name for name in self.now(dim) if name[0] == "?"]

    def same(self, a: Dim, b: Dim) -> bool:
        """Whether two dims can be equal; an unknown takes the value that this needs.

        >>> dims = Dims({})
        >>> n = dims.fresh()
        >>> dims.same((*n, "H"), ("H", "V")), dims.now(n)
        (True, ('V',))
        """
        left, right = Counter(self.now(a)), Counter(self.now(b))
        left, right = left - right, right - left  # what is on both sides cancels
        unknown = [n for n in (*left.elements(), *right.elements()) if n[0] == "?"]
        if not unknown:
            return self._size(left) == self._size(right)
        if len(unknown) > 1:
            self.postponed.append((a, b))
            return True
        if unknown[0] in right:
            left, right = right, left
        if left.total() > 1:
            return False
        self.known[unknown[0]] = tuple(sorted(right.elements()))
        return True

    def _size(self, names: Counter[str]) -> tuple[int, tuple[str, ...]]:
        """The number that a product comes to, and its letters of no fixed size."""
        number, rest = 1, []
        for name in names.elements():
            try:
                number *= size_of((name,), self.sizes)
            except KeyError:
                rest.append(name)
        return number, tuple(sorted(rest))

    def fit(self, a: Shape, b: Shape) -> bool:
        """Whether two shapes can be equal."""
        before = dict(self.known)
        if self.same(a[0], b[0]) and self.same(a[1], b[1]):
            return True
        self.known = before
        return False

    def misfit(self) -> tuple[Dim, Dim] | None:
        """An equation that was postponed and has no solution; None if all have one."""
        for _ in range(1 + len(self.postponed)):
            waiting, self.postponed = self.postponed, []
            for a, b in waiting:
                if not self.same(a, b):
                    return self.now(a), self.now(b)
        return None
