"""Which array of a reader plays which part: by its name, else by its shape.

``identified`` does not guess: a reading counts if the right loop, run on it, gives the
derivatives that were measured, in every array, up to one common factor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from rnn_notes.diagnosis.loops import HIDDEN, Kind, variant
from rnn_notes.diagnosis.problem import Due, Plain, Problem, forward
from rnn_notes.diagnosis.readings import dues, looked_up, masks_of, states, upstreams
from rnn_notes.rnn import Array

__all__ = ["ROLES", "Measured", "identified", "kept_where_padded", "scale_of"]

_Back = Callable[[Array], Array]
Measured = Mapping[str, Sequence[tuple[Array, float]]]  # directions and slopes
_MATRICES = ("Wxh", "Whh", "Why")
_OTHERS = ("hs", "xs", "E")  # first state, inputs, an embedding: where they are checked
_KNOWN = {
    "Wxh": "wxh wx wax wih wi win u wxa wix weightih weightihl0 wih0 w1 wxh0 synapse0",
    "Whh": "whh wh waa w wrec wr whr wss weighthh weighthhl0 whh0 wrnn synapseh",
    "Why": "why wy wya v who wo wout wha wyh wys weightho wfc w2 synapse1",
    "bh": "bh b ba bhh bih bx bxh bhid biash bs b1 bihl0 biasihl0 biashhl0",
    "by": "by c bo bout bya bhy biaso b2 bfc",
    "hs": "hprev h0 a0 s0 h hinit state",
    "xs": "x xs inputs",
    "E": "e emb embed embedding embeddings wemb wembed we wte lookup",
}
ROLES = {name: role for role, names in _KNOWN.items() for name in names.split()}
_MOST = 40_000  # steps of readings that are tried
_CLOSE = 1e-6


def identified(
    arrays: Mapping[str, Array],
    measured: Measured,
    inputs: Any,
    targets: Any,
    state: Any,
    upstream: Any,
) -> Problem | None:
    """The reader's network as a ``Problem``, or None where no reading fits.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        What was handed over, by the reader's names.
    measured : mapping of str to sequence of (ndarray, float)
        Directions, and the slope of the reader's loss along each.
    inputs, targets, state, upstream
        As in ``check``.
    """
    steps = 0
    for H, roles in _assignments(arrays):
        for problem in _problems(arrays, H, roles, inputs, targets, state, upstream):
            if (scale := scale_of(problem, measured)) is not None:
                return replace(problem, scale=scale)
            steps += problem.T
            if steps > _MOST:
                return None
    return None


def _assignments(
    arrays: Mapping[str, Array],
) -> Iterator[tuple[int, dict[str, str]]]:
    """H and the arrays' parts; those first that the names speak for.

    Two arrays may both be ``bh``, as where each product has a bias of its own.
    """
    plain = {
        name: "".join(c for c in name.lower().rpartition(".")[2] if c.isalnum())
        for name in arrays
    }
    meant = {name: ROLES.get(short, "") for name, short in plain.items()}
    fixed = {name: role for name, role in meant.items() if role in _OTHERS}
    rest = [name for name in arrays if name not in fixed]
    sizes = {n for name in rest for n in arrays[name].shape} | {1}
    found: list[tuple[int, int, int, dict[str, str]]] = []
    for H in sorted(sizes):
        for choice in product(*(_parts(arrays[name], H) for name in rest)):
            roles = dict(zip(rest, choice, strict=True))
            count = Counter(choice)
            single = all(count[role] <= 1 for role in (*_MATRICES, "by"))
            if count["Wxh"] and single and count["bh"] <= 2 and len(count) > 1:
                strange = sum(roles[name] != meant[name] for name in rest)
                found.append((strange, len(found), H, roles | fixed))
    yield from ((H, roles) for _, _, H, roles in sorted(found, key=lambda f: f[:2]))


def _parts(array: Array, H: int) -> list[str]:
    """The parts that an array can play where there are H hidden units."""
    parts = []
    if (array.ndim == 2 and H in array.shape) or array.size == H == 1:
        parts += ["Wxh", "Why"]
        parts += ["Whh"] if array.size == H * H else []
    if array.ndim < 2 or 1 in array.shape or array.shape[1] == H:
        parts += ["bh"] if array.size % H == 0 else []
        parts += ["by"]
    return parts


def _problems(
    arrays: Mapping[str, Array],
    H: int,
    roles: Mapping[str, str],
    inputs: Any,
    targets: Any,
    state: Any,
    upstream: Any,
) -> Iterator[Problem]:
    """Every reading of what was handed over, the arrays' parts being given."""
    for turned in (False, True):
        weights = _weights(arrays, H, roles, turned)
        if weights is None:
            continue
        D, V = weights["Wxh"].shape[1], len(weights["Why"])
        embedded = [arrays[name] for name, role in roles.items() if role == "E"]
        for xs, x_back in looked_up(inputs, *embedded, D=D):
            T, _, B = xs.shape
            biases = dict(_biases(arrays, roles, {"bh": H, "by": V}, B))
            if None in biases.values():
                continue
            sums = {role: np.zeros((size, B)) for role, size in (("bh", H), ("by", V))}
            for name, (bias, _) in biases.items():
                sums[roles[name]] = sums[roles[name]] + bias
            params = Plain(**weights, **sums)
            back = {n: (r, _kept_in(arrays[n].shape, turned)) for n, r in roles.items()}
            back |= {n: (roles[n], shaped) for n, (_, shaped) in biases.items()}
            masks = [None, *masks_of(inputs, targets, xs)]
            above = upstreams(upstream, T, V, B)
            meant = dues(targets, T, V, B) if upstream is None else above
            for due, masked in product(_masked(meant, masks), masks):
                for (h, h_back), hidden in product(states(state, H, B), HIDDEN):
                    run = forward(params, xs, h, due, hidden, masked)
                    loop = variant(Kind(hidden, due.kind, masked is not None))
                    given = {"hs": ("hprev", h_back), "xs": ("xs", x_back)}
                    given["E"] = given["xs"]
                    shaped = {n: given.get(r, (r, b)) for n, (r, b) in back.items()}
                    yield Problem(params, run, shaped, loop=loop, due=due)


def kept_where_padded(problem: Problem) -> Problem | None:
    """The same with the state kept where all inputs are zero, None where none are."""
    xs = np.array([*problem.run.xs.values()])
    mask = xs.any(axis=1, keepdims=True).astype(float)
    kind = vars(problem.loop).get("KIND", Kind())
    if mask.all() or not mask.any() or kind.masked or problem.due is None:
        return None
    due = replace(problem.due, asked=problem.due.asked * mask[:, 0])
    run = forward(problem.params, xs, problem.run.hs[-1], due, kind.hidden, mask)
    loop = variant(replace(kind, output=due.kind, masked=True))
    return replace(problem, run=run, due=due, loop=loop)


def _masked(dues: Iterable[Due], masks: Sequence[Array | None]) -> Iterator[Due]:
    """What is due, at all steps, and at those that a mask leaves."""
    for due in dues:
        yield due
        for mask in masks:
            if mask is None:
                continue
            yield replace(due, asked=due.asked * mask[:, 0])
            if not due.asked[:-1].any():
                last = mask[:, 0] * (np.cumsum(mask[::-1, 0], axis=0)[::-1] == 1)
                wanted = np.broadcast_to(due.wanted[-1], due.wanted.shape)
                yield Due(due.kind, last[:, None] * wanted, last)


def _weights(
    arrays: Mapping[str, Array], H: int, roles: Mapping[str, str], turned: bool
) -> dict[str, Array] | None:
    """The three matrices, (H, D), (H, H) and (V, H), None where they do not fit.

    Without a product with the state there is no time; without an output, the states
    themselves are compared.
    """
    found = {"Whh": np.zeros((H, H)), "Why": np.eye(H)}
    for name, role in roles.items():
        if role in _MATRICES:
            array = np.atleast_2d(arrays[name])
            found[role] = array.T if turned else array
    shapes = {role: array.shape for role, array in found.items()}
    fits = shapes["Wxh"][0] == H == shapes["Why"][1] and shapes["Whh"] == (H, H)
    return found if fits else None


def _kept_in(shape: tuple[int, ...], turned: bool) -> _Back:
    """The way of a matrix back into the shape that it came in."""
    return lambda d: (d.T if turned else d).reshape(shape)


def _biases(
    arrays: Mapping[str, Array],
    roles: Mapping[str, str],
    sizes: Mapping[str, int],
    B: int,
) -> Iterator[tuple[str, Any]]:
    """Each bias as columns (H, B) with the way back, None where the size is another."""
    for name, role in roles.items():
        if role in sizes:
            yield name, next(iter(states(arrays[name], sizes[role], B)), None)


def scale_of(problem: Problem, measured: Measured) -> float | None:
    """The factor between the measured slopes and those of the right loop, or None."""
    with np.errstate(all="ignore"):
        right = problem.gradients()
    ours, theirs, sizes = [], [], []
    for name, slopes in measured.items():
        for direction, slope in slopes:
            if right[name].shape != direction.shape:
                return None
            ours.append(float(np.vdot(right[name], direction)))
            theirs.append(slope)
            sizes.append(float(np.linalg.norm(right[name])))
    a, b, size = np.array(ours), np.array(theirs), np.array(sizes)
    if not np.isfinite(a).all() or not a.any():
        return None
    weights = np.where(size > 0, 1 / np.where(size > 0, size, 1), 0)
    scale = float((weights * a) @ (weights * b) / ((weights * a) @ (weights * a)))
    if scale == 0 or (np.abs(b - scale * a) > _CLOSE * np.abs(scale) * size).any():
        return None
    nearest = [k for k in (1.0, -1.0, 2.0, 0.5) if abs(scale - k) < _CLOSE * abs(k)]
    T, B = problem.T, problem.B
    for whole in (T, B, T * B, 2 * T, 2 * B):
        if abs(scale * whole - 1) < _CLOSE:
            nearest.append(1 / whole)
    return nearest[0] if nearest else scale
