"""Which array of a reader plays which part: by its name, else by its shape.

``identified`` does not guess: a reading counts if the right loop, run on it, gives the
derivatives that were measured, in every array, up to one common factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, permutations
from typing import Any

import numpy as np

from rnn_notes.diagnosis.problem import Due, Plain, Problem, forward
from rnn_notes.diagnosis.readings import columns, dues, states, upstreams
from rnn_notes.rnn import Array

__all__ = ["Measured", "identified", "scale_of"]

Back = Callable[[Array], Array]
Measured = Mapping[str, Sequence[tuple[Array, float]]]  # directions and slopes
MATRICES, BIASES = ("Wxh", "Whh", "Why"), ("bh", "by")
OTHERS = ("hs", "xs")  # the first state and the inputs, where they are arrays to check
KNOWN = {
    "Wxh": "wxh wx wax wih wi win u wxa wix weightih weightihl0 wih0 w1 wxh0",
    "Whh": "whh wh waa w wrec wr whr wss weighthh weighthhl0 whh0 wrnn",
    "Why": "why wy wya v who wo wout wha wyh wys weightho wfc",
    "bh": "bh b ba bhh bx bxh bhid biash bs b1 bihl0 biasihl0",
    "by": "by c bo bout bya bhy biaso b2 bfc",
    "hs": "hprev h0 a0 s0 h hinit state",
    "xs": "x xs inputs",
}
ROLES = {name: role for role, names in KNOWN.items() for name in names.split()}
MOST = 400  # readings that are tried
CLOSE = 1e-6


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
    for roles in _assignments(arrays, upstream is not None):
        readings = _problems(arrays, roles, inputs, targets, state, upstream)
        for problem in islice(readings, MOST):
            if (scale := scale_of(problem, measured)) is not None:
                return replace(problem, scale=scale)
    return None


def _assignments(arrays: Mapping[str, Array], layer: bool) -> Iterator[dict[str, str]]:
    """Parts by the arrays' names; those by known names first, then all that fit."""
    plain = {
        name: "".join(c for c in name.lower().rpartition(".")[2] if c.isalnum())
        for name in arrays
    }
    first = {name: ROLES.get(short, "") for name, short in plain.items()}
    if "" not in first.values() and len(set(first.values())) == len(first):
        yield first
    fixed = {name: role for name, role in first.items() if role in OTHERS}
    rest = [name for name in arrays if name not in fixed]
    matrices = [
        name for name in rest if arrays[name].ndim == 2 and not _thin(arrays[name])
    ]
    vectors = [name for name in rest if name not in matrices]
    needed = MATRICES[:2] if layer else MATRICES
    if len(matrices) != len(needed) or len(vectors) > 2:
        return
    for order in permutations(matrices):
        for biases in permutations(BIASES, len(vectors)):
            roles = dict(zip(order, needed, strict=True))
            roles |= dict(zip(vectors, biases, strict=True))
            if roles | fixed != first:
                yield roles | fixed


def _thin(array: Array) -> bool:
    """Whether a matrix is a column or a row."""
    return 1 in array.shape


def _problems(
    arrays: Mapping[str, Array],
    roles: Mapping[str, str],
    inputs: Any,
    targets: Any,
    state: Any,
    upstream: Any,
) -> Iterator[Problem]:
    """Every reading of what was handed over, the arrays' parts being given."""
    by_role = {role: name for name, role in roles.items()}
    if not {"Wxh", "Whh"} <= set(by_role) or (
        upstream is None and "Why" not in by_role
    ):
        return
    layer = upstream is not None
    Whh = arrays[by_role["Whh"]]
    H = len(Whh)
    if Whh.shape != (H, H):
        return
    for turned in (False, True):
        weights = {
            role: arrays[by_role[role]].T if turned else arrays[by_role[role]]
            for role in MATRICES
            if role in by_role
        }
        if layer:
            weights["Why"] = np.eye(H)
        if weights["Wxh"].shape[:1] != (H,) or weights["Why"].shape[1:] != (H,):
            continue
        D, V = weights["Wxh"].shape[1], len(weights["Why"])
        for xs, x_back in columns(inputs, D):
            T, _, B = xs.shape
            biases = dict(_biases(arrays, by_role, H, V, B))
            if None in biases.values():
                continue
            params = Plain(**weights, **{k: v for k, (v, _) in biases.items()})
            meant = upstreams(upstream, T, H, B) if layer else dues(targets, T, V, B)
            for due in meant:
                for h, h_back in states(state, H, B):
                    back = {
                        role: (lambda d: d.T) if turned else _as_it_is
                        for role in MATRICES
                    }
                    back |= {role: shaped for role, (_, shaped) in biases.items()}
                    back |= {"hs": h_back, "xs": x_back}
                    yield _problem(
                        params, xs, h, due, {n: (r, back[r]) for n, r in roles.items()}
                    )


def _problem(params: Plain, xs: Array, h: Array, due: Due, back: Any) -> Problem:
    """The problem of one reading."""
    renamed = {name: ("hprev" if r == "hs" else r, b) for name, (r, b) in back.items()}
    return Problem(params, forward(params, xs, h, due), renamed)


def _as_it_is(array: Array) -> Array:
    return array


def _biases(
    arrays: Mapping[str, Array], by_role: Mapping[str, str], H: int, V: int, B: int
) -> Iterator[tuple[str, Any]]:
    """Each bias as columns (H, B) with the way back, None where the size is another."""
    for role, size in (("bh", H), ("by", V)):
        if role not in by_role:
            yield role, (np.zeros((size, B)), _as_it_is)
            continue
        readings = list(states(arrays[by_role[role]], size, B))
        yield role, readings[0] if readings else None


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
    if scale == 0 or (np.abs(b - scale * a) > CLOSE * np.abs(scale) * size).any():
        return None
    nearest = [k for k in (1.0, -1.0, 2.0, 0.5) if abs(scale - k) < CLOSE * abs(k)]
    T, B = problem.T, problem.B
    for whole in (T, B, T * B, 2 * T, 2 * B):
        if abs(scale * whole - 1) < CLOSE:
            nearest.append(1 / whole)
    return nearest[0] if nearest else scale
