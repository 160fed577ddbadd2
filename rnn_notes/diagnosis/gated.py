"""A reader's LSTM or GRU as the loop of this book sees it: gates apart, in columns.

Gates may stand side by side in one array, in any order, or each in an array of its own;
the input and the state may have an array each, or one for both; rows or columns; the
GRU's mix either way round. As with the plain network, a reading counts if the right
loop gives the slopes that were measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations, product
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from rnn_notes import gru, lstm
from rnn_notes.diagnosis.problem import Due, Problem, outputs
from rnn_notes.diagnosis.readings import columns, dues, states, upstreams
from rnn_notes.diagnosis.roles import scale_of
from rnn_notes.rnn import Array

__all__ = ["identified_gated"]

_MOST = 30_000  # steps of readings that are tried
_WORDS = {  # what each gate is called
    lstm: {"i": "i input in", "f": "f forget", "o": "o output out",
           "g": "g c a u cand candidate cell cbar ctilde gate tilde"},
    gru: {"r": "r reset", "z": "z u update", "n": "n h c g cand candidate new tilde"},
}  # fmt: skip
_OTHERS = {
    "Why": "why wy wya wyh v vy wv wout",
    "by": "by c bout bya bhy bv",
    "hprev": "h0 hprev prevh a0 aprev h",
    "cprev": "c0 cprev prevc",
    "xs": "x xs inputs",
}
_NAMED = {word: part for part, words in _OTHERS.items() for word in words.split()}
_PREFIXES = ("weight", "bias", "w", "u", "r", "b", "")


class _Block(NamedTuple):
    """Where a part of the cell stands in a reader's array, rows by columns."""

    part: str
    rows: slice
    columns: slice
    sign: int = 1


@dataclass(frozen=True)
class _Layout:
    """How a reader's arrays hold the parts of a cell.

    H, D   : sizes
    turned : whether the matrices multiply from the right, as with rows
    blocks : by array, the blocks in it
    """

    H: int
    D: int
    turned: bool
    blocks: Mapping[str, list[_Block]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Gated(Problem):
    """A problem some of whose arrays hold several parts of the cell."""

    gathered: Mapping[str, Callable[[Mapping[str, Array]], Array]] = field(
        default_factory=dict
    )

    def by_role(self, loop: Any = None) -> dict[str, Array]:
        """The gradients by the book's names, and by the arrays that hold several."""
        roles = super().by_role(loop)
        return roles | {name: gather(roles) for name, gather in self.gathered.items()}


class _Arrays(SimpleNamespace):
    """Arrays by name, as a cell's ``backward`` takes them, unchecked."""

    def arrays(self) -> dict[str, Array]:
        """The arrays by name, in the order of the gradients."""
        return vars(self)


def identified_gated(cell: ModuleType, *handed_over: Any) -> Problem | None:
    """The reader's LSTM or GRU as a ``Problem``, or None where no reading fits.

    Parameters
    ----------
    cell : ModuleType
        ``rnn_notes.lstm`` or ``rnn_notes.gru``.
    handed_over
        As in ``identified``.
    """
    arrays, measured, *rest = handed_over
    steps = 0
    for problem in _problems(cell, arrays, *rest):
        if (scale := scale_of(problem, measured)) is not None:
            return replace(problem, scale=scale)
        steps += problem.T
        if steps > _MOST:
            break
    return None


def _problems(
    cell: ModuleType,
    arrays: Mapping[str, Array],
    inputs: Any,
    targets: Any,
    state: Any,
    upstream: Any,
) -> Iterator[Problem]:
    """Every reading of what was handed over."""
    two = isinstance(state, (tuple, list)) and len(state) == 2 and cell is lstm
    h0, c0 = tuple(state) if two else (state, None)
    for layout in _layouts(cell, arrays):
        held = {b.part for blocks in layout.blocks.values() for b in blocks}
        if upstream is None and "Why" not in held:
            continue
        for xs, x_back in columns(inputs, layout.D):
            T, _, B = xs.shape
            params = _parts(cell, arrays, layout, B)
            V = len(params.Why)
            if params.Why.shape[1:] != (layout.H,) or len(params.by) != V:
                continue
            above = upstreams(upstream, T, V, B)
            for due in dues(targets, T, V, B) if upstream is None else above:
                starts = states(h0, layout.H, B), states(c0, layout.H, B)
                for (h, h_back), (c, c_back) in product(*starts):
                    given = {"hprev": h_back, "cprev": c_back, "xs": x_back}
                    back, gathered = _ways_back(arrays, layout, given)
                    for run in _runs(cell, params, xs, h, c, due):
                        yield _Gated(params, run, back, loop=cell, gathered=gathered)


def _layouts(cell: ModuleType, arrays: Mapping[str, Array]) -> Iterator[_Layout]:
    """The layouts that the arrays' shapes allow, those first that names speak for."""
    parts = {name: _NAMED.get(_short(name), "") for name in arrays}
    matrices = {n: a for n, a in arrays.items() if not parts[n] and _is_matrix(a)}
    vectors = [n for n, a in arrays.items() if not parts[n] and not _is_matrix(a)]
    if not matrices:
        return
    G, sizes = (
        len(_WORDS[cell]),
        sorted({n for a in matrices.values() for n in a.shape}),
    )
    heights = {*sizes} | {n // G for n in sizes if n % G == 0}
    others = {n: p for n, p in parts.items() if p}
    for H, turned in product(sorted(heights), (False, True)):
        upright = {n: a.T if turned else a for n, a in matrices.items()}
        if not all(len(a) in (H, G * H) for a in upright.values()):
            continue
        widths = {a.shape[1] for a in upright.values()}
        for D in sorted({w - k for w in widths for k in (0, H, H + 1)} - {0}):
            if D < 1:
                continue
            for blocks in _blocks(cell, H, D, upright, vectors, arrays):
                every = slice(None)
                rest = {n: [_Block(p, every, every)] for n, p in others.items()}
                yield _Layout(H, D, turned, blocks | rest)


def _blocks(
    cell: ModuleType,
    H: int,
    D: int,
    upright: Mapping[str, Array],
    vectors: list[str],
    arrays: Mapping[str, Array],
) -> Iterator[dict[str, list[_Block]]]:
    """The ways in which matrices and biases of these sizes can hold the parts."""
    forms = [_forms(name, array.shape[1], H, D) for name, array in upright.items()]
    for chosen in product(*forms):
        names: dict[str, list[str]] = defaultdict(list)
        for name, form in zip(upright, chosen, strict=True):
            names[form].append(name)
        names["b"] = vectors
        if not {"x", "h"} <= set("".join(f for f, some in names.items() if some)):
            continue
        for order in permutations(_WORDS[cell]):
            kinds = [_placed(cell, f, some, order, H, D, upright, arrays)
                     for f, some in names.items() if some]  # fmt: skip
            if None in kinds:
                continue
            found = {n: b for kind in kinds if kind for n, b in kind.items()}
            yield from _signs(cell, found)
            if order == tuple(_WORDS[cell]) and _spoken(cell, upright):
                break  # the names say which gate is which


def _forms(name: str, width: int, H: int, D: int) -> list[str]:
    """What a matrix of some width can multiply: x, h, or both in some order."""
    short = _short(name)
    forms = [form for form, n in (("x", D), ("h", H)) if n == width]
    if len(forms) == 2:  # as wide as the state: the name decides, or both are tried
        told = ["x" if "x" in short or "ih" in short else ""]
        told += ["h" if short[1:2] == "h" or short[:1] == "u" or "hh" in short else ""]
        named = [form for form in forms if form in told]
        forms = named if len(named) == 1 else forms
    forms += ["hx", "xh"] if width == H + D else []
    return forms + (["bxh", "bhx"] if width == H + D + 1 else [])


def _placed(
    cell: ModuleType,
    form: str,
    names: list[str],
    order: tuple[str, ...],
    H: int,
    D: int,
    upright: Mapping[str, Array],
    arrays: Mapping[str, Array],
) -> dict[str, list[_Block]] | None:
    """The blocks of the arrays of one form, the gates in some order."""
    G, widths = len(order), {"x": D, "h": H, "b": 1}
    ends = np.cumsum([0, *(widths[kind] for kind in form)])
    parts = {"x": "Wx", "h": "Wh", "b": "b"}
    beside = [(parts[kind], slice(a, b))
              for kind, a, b in zip(form, ends, ends[1:], strict=False)]  # fmt: skip
    placed: dict[str, list[_Block]] = {}
    single = []
    for name in names:
        size = len(upright[name]) if name in upright else arrays[name].size
        second = form == "b" and bool(placed)
        if size == G * H and G * H != H:
            placed[name] = [
                _Block(_part(kind, gate, second), slice(k * H, (k + 1) * H), wide)
                for k, gate in enumerate(order)
                for kind, wide in beside
            ]
        elif size == H:
            single.append(name)
        else:
            return None
    gates = _gates(cell, single, order)
    if gates is None or (single and form != "b" and {*gates.values()} != {*order}):
        return None
    every = slice(None)
    for name, gate in gates.items():
        placed[name] = [_Block(kind + gate, every, wide) for kind, wide in beside]
    return placed


def _part(kind: str, gate: str, second: bool) -> str:
    """The book's name of a part; a GRU's second bias beside the state is ``bhn``."""
    return "bhn" if (kind, gate, second) == ("b", "n", True) else kind + gate


def _gates(
    cell: ModuleType, names: list[str], order: tuple[str, ...]
) -> dict[str, str] | None:
    """Which gate each array of its own belongs to: by name, else in some order."""
    told = {name: _gate(cell, name) for name in names}
    if all(told.values()) and len({*told.values()}) == len(told):
        return told
    return dict(zip(names, order, strict=True)) if len(names) == len(order) else None


def _gate(cell: ModuleType, name: str) -> str:
    """The gate that a name speaks of, empty where it speaks of none.

    Examples
    --------
    >>> _gate(lstm, "W_forget"), _gate(lstm, "Wxi"), _gate(gru, "Uh"), _gate(gru, "q")
    ('f', 'i', 'n', '')
    """
    gates = {w: gate for gate, words in _WORDS[cell].items() for w in words.split()}
    short = _short(name)
    if cell is gru and short in ("bhn", "bnh", "bhnh"):
        return "hn"
    for prefix in _PREFIXES:
        rest = short.removeprefix(prefix) if short.startswith(prefix) else ""
        for word in (rest, rest[1:] if rest[:1] in "xh" else "", rest.rstrip("xh")):
            if word in gates:
                return gates[word]
    return ""


def _spoken(cell: ModuleType, upright: Mapping[str, Array]) -> bool:
    """Whether the names tell every gate, so that no other order is worth a try."""
    return all(_gate(cell, name) for name in upright)


def _signs(
    cell: ModuleType, blocks: dict[str, list[_Block]]
) -> Iterator[dict[str, list[_Block]]]:
    """The blocks as they are; a GRU may mix the other way round, and have one bias.

    z and 1 - z change places where what goes into z changes its sign.
    """
    yield blocks
    if cell is lstm:
        return
    other = {
        name: [b._replace(sign=-1) if b.part[-1] == "z" else b for b in some]
        for name, some in blocks.items()
    }
    yield other
    if "bhn" in {b.part for some in blocks.values() for b in some}:
        return
    for way in (blocks, other):
        yield {
            name: [b._replace(part="bhn") if b.part == "bn" else b for b in some]
            for name, some in way.items()
        }


def _parts(
    cell: ModuleType, arrays: Mapping[str, Array], layout: _Layout, B: int
) -> _Arrays:
    """The parts of the cell, cut out of the reader's arrays; zero where there is none.

    Biases have a column for each sequence.
    """
    H = layout.H
    shapes = {"Wx": (H, layout.D), "Wh": (H, H)}
    names = [f[1:] for f in cell.Gradients._fields if f not in ("dhprev", "dcprev")]
    parts = {name: np.zeros(shapes.get(name[:2], (H, B))) for name in names}
    parts |= {"Why": np.eye(H), "by": np.zeros((H, B))}
    for name, blocks in layout.blocks.items():
        for block in blocks:
            if block.part == "Why":
                parts["Why"] = arrays[name].T if layout.turned else arrays[name]
                parts["by"] = np.zeros((len(parts["Why"]), B))
    for name, blocks in layout.blocks.items():
        if blocks[0].part in ("Why", "hprev", "cprev", "xs"):
            continue
        array = _upright(arrays[name], layout.turned)
        for part, rows, wide, sign in blocks:
            parts[part] = parts[part] + sign * array[rows, wide]
    return _Arrays(**{name: parts[name] for name in names})


def _ways_back(
    arrays: Mapping[str, Array], layout: _Layout, given: Mapping[str, Any]
) -> tuple[dict[str, tuple[str, Any]], dict[str, Any]]:
    """For each array its part and the way into its shape; and what gathers several."""
    back, gathered = {}, {}
    for name, blocks in layout.blocks.items():
        part = blocks[0].part
        if part in given:
            back[name] = part, given[part]
        elif part == "Why":
            back[name] = part, (lambda d: d.T) if layout.turned else (lambda d: d)
        elif len(blocks) == 1 and blocks[0].sign == 1:
            back[name] = part, _shaping(arrays[name], layout.turned)
        else:
            back[name] = name, lambda d: d
            gathered[name] = _gathering(arrays[name], blocks, layout.turned)
    return back, gathered


def _upright(array: Array, turned: bool) -> Array:
    """A reader's matrix as it stands in the book, or a bias as a column."""
    if not _is_matrix(array):
        return array.reshape(-1, 1)
    return array.T if turned else array


def _shaping(array: Array, turned: bool) -> Callable[[Array], Array]:
    """The way of a gradient into the shape of a reader's array."""
    if not _is_matrix(array):
        return lambda d: d.sum(axis=1).reshape(array.shape)
    return (lambda d: d.T) if turned else (lambda d: d)


def _gathering(
    array: Array, blocks: list[_Block], turned: bool
) -> Callable[[Mapping[str, Array]], Array]:
    """What puts the gradients of several parts into the shape of a reader's array."""

    def gather(roles: Mapping[str, Array]) -> Array:
        whole = np.zeros(_upright(array, turned).shape)
        for part, rows, wide, sign in blocks:
            d = roles[part]
            d = d.sum(axis=1, keepdims=True) if part[0] == "b" else d
            whole[rows, wide] = sign * d
        back: Array = whole.T if turned and _is_matrix(array) else whole
        return back.reshape(array.shape)

    return gather


def _is_matrix(array: Array) -> bool:
    return array.ndim == 2 and 1 not in array.shape


def _short(name: str) -> str:
    """A name without capitals and signs, and without what stands before a dot."""
    last = name.lower().rpartition(".")[2]
    return "".join(letter for letter in last if letter.isalnum()).removesuffix("l0")


def _runs(
    cell: ModuleType, params: _Arrays, xs: Array, h: Array, c: Array, due: Due
) -> Iterator[Any]:
    """The forward passes over the columns ``xs``, (T, D, B)."""
    if cell is lstm:
        yield _lstm(params, xs, h, c, due)
    else:
        yield _gru(params, xs, h, due, "before")
        yield _gru(params, xs, h, due, "after")


def _lstm(w: _Arrays, xs: Array, hprev: Array, cprev: Array, due: Due) -> lstm.Forward:
    i, f, o, g, cs, hs = {}, {}, {}, {}, {-1: cprev}, {-1: hprev}
    for t, x in enumerate(xs):
        h = hs[t - 1]
        i[t] = lstm.sigmoid(w.Wxi @ x + w.Whi @ h + w.bi)
        f[t] = lstm.sigmoid(w.Wxf @ x + w.Whf @ h + w.bf)
        o[t] = lstm.sigmoid(w.Wxo @ x + w.Who @ h + w.bo)
        g[t] = np.tanh(w.Wxg @ x + w.Whg @ h + w.bg)
        cs[t] = f[t] * cs[t - 1] + i[t] * g[t]
        hs[t] = o[t] * np.tanh(cs[t])
    ys, ps, es, losses = outputs(w, hs, due)
    loss, inputs = float(losses.sum()), dict(enumerate(xs))
    return lstm.Forward(inputs, i, f, o, g, cs, hs, ys, ps, losses, loss, es)


def _gru(w: _Arrays, xs: Array, hprev: Array, due: Due, reset: Any) -> gru.Forward:
    r, z, n, qs, ms, hs = {}, {}, {}, {}, {}, {-1: hprev}
    for t, x in enumerate(xs):
        h = hs[t - 1]
        r[t] = lstm.sigmoid(w.Wxr @ x + w.Whr @ h + w.br)
        z[t] = lstm.sigmoid(w.Wxz @ x + w.Whz @ h + w.bz)
        qs[t] = h if reset == "after" else r[t] * h
        ms[t] = w.Whn @ qs[t] + w.bhn
        past = r[t] * ms[t] if reset == "after" else ms[t]
        n[t] = np.tanh(w.Wxn @ x + w.bn + past)
        hs[t] = (1 - z[t]) * n[t] + z[t] * h
    ys, ps, es, losses = outputs(w, hs, due)
    loss, inputs = float(losses.sum()), dict(enumerate(xs))
    return gru.Forward(inputs, r, z, n, qs, ms, hs, ys, ps, losses, loss, es, reset)
