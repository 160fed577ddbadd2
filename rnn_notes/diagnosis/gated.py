"""A reader's LSTM as the loop of ``lstm.py`` sees it: gates apart, in columns.

Gates may stand side by side in one array, in any order, as rows or as columns, or each
in an array of its own. As with the plain network, a reading counts if the right loop
gives the slopes that were measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, permutations
from types import SimpleNamespace
from typing import Any

import numpy as np

from rnn_notes import lstm
from rnn_notes.diagnosis.problem import Due, Problem, outputs
from rnn_notes.diagnosis.readings import columns, dues, states, upstreams
from rnn_notes.diagnosis.roles import Measured, scale_of
from rnn_notes.rnn import Array

__all__ = ["identified_lstm"]

GATES = "ifog"
FIELDS = {name[1:].lower() for name in lstm.Gradients._fields[:-2]}
MOST = 2000
STACKED = {"x": ("wx", "wih", "u"), "h": ("wh", "whh", "waa"), "b": ("b", "bh", "bias")}


@dataclass(frozen=True, eq=False)
class Gated(Problem):
    """A problem whose arrays may hold several gates, in some order."""

    order: str = GATES

    def by_role(self, loop: Any = None) -> dict[str, Array]:
        """The gradients by the book's names, and of the gates one under another."""
        roles = super().by_role(loop or lstm)
        for kind in ("Wx", "Wh", "b"):
            roles[kind] = np.vstack([roles[f"{kind}{gate}"] for gate in self.order])
        return roles


class _Arrays(SimpleNamespace):
    """Arrays by name, as ``lstm.backward`` takes them, unchecked."""

    def arrays(self) -> dict[str, Array]:
        """The arrays by name, in the order of the gradients."""
        names = [name[1:] for name in lstm.Gradients._fields[:-2]]
        return {name: getattr(self, name) for name in names}


def identified_lstm(
    arrays: Mapping[str, Array],
    measured: Measured,
    inputs: Any,
    targets: Any,
    state: Any,
    upstream: Any,
) -> Problem | None:
    """The reader's LSTM as a ``Problem``, or None where no reading fits."""
    if not isinstance(state, (tuple, list)) or len(state) != 2:
        state = (state, None)
    readings = _problems(arrays, inputs, targets, tuple(state), upstream)
    for problem in islice(readings, MOST):
        if (scale := scale_of(problem, measured)) is not None:
            return replace(problem, scale=scale)
    return None


def _problems(
    arrays: Mapping[str, Array],
    inputs: Any,
    targets: Any,
    state: tuple[Any, Any],
    upstream: Any,
) -> Iterator[Problem]:
    """Every reading of what was handed over."""
    if {_short(name) for name in arrays} >= FIELDS:
        yield from _separate(arrays, inputs, targets, state)
        return
    parts = _parts(arrays)
    if parts is None or (upstream is None and "Why" not in parts.values()):
        return
    by_part = {part: name for name, part in parts.items()}
    Wh = arrays[by_part["Wh"]]
    turned = Wh.shape[0] < Wh.shape[1]  # rows: (H, 4H)
    H = min(Wh.shape)

    def upright(part: str) -> Array:
        array = arrays[by_part[part]]
        return array.T if turned else array

    Wx = upright("Wx")
    if Wx.shape[0] != 4 * H or max(Wh.shape) != 4 * H:
        return
    Why = np.eye(H) if upstream is not None else upright("Why")
    for xs, x_back in columns(inputs, Wx.shape[1]):
        T, _, B = xs.shape
        biases = (
            _bias(arrays, by_part, "b", 4 * H, B),
            _bias(arrays, by_part, "by", len(Why), B),
        )
        meant = (
            upstreams(upstream, T, H, B)
            if upstream is not None
            else dues(targets, T, len(Why), B)
        )
        for due in meant:
            for h, h_back in states(state[0], H, B):
                for c, c_back in states(state[1], H, B):
                    turn = (lambda d: d.T) if turned else (lambda d: d)
                    back = {"Wx": turn, "Wh": turn, "Why": turn, "b": biases[0][1],
                            "by": biases[1][1], "hprev": h_back, "cprev": c_back,
                            "xs": x_back}  # fmt: skip
                    shaped = {name: (part, back[part]) for name, part in parts.items()}
                    for order in permutations(GATES):
                        params = _apart(Wx, upright("Wh"), biases[0][0], "".join(order))
                        params.Why, params.by = Why, biases[1][0]
                        run = _forward(params, xs, h, c, due)
                        yield Gated(
                            params, run, shaped, loop=lstm, order="".join(order)
                        )


def _separate(
    arrays: Mapping[str, Array], inputs: Any, targets: Any, state: tuple[Any, Any]
) -> Iterator[Problem]:
    """The readings with each gate in an array of its own, as in this book."""
    named = {_short(name): array for name, array in arrays.items()}
    H, D = named["wxi"].shape
    V = len(named["why"])
    for xs, x_back in columns(inputs, D):
        T, _, B = xs.shape
        for due in dues(targets, T, V, B):
            h, h_back = next(states(state[0], H, B), (np.zeros((H, B)), _kept))
            c, c_back = next(states(state[1], H, B), (np.zeros((H, B)), _kept))
            params, back = _Arrays(), {"hprev": h_back, "cprev": c_back, "xs": x_back}
            for field in lstm.Gradients._fields[:-2]:
                name, array = field[1:], named[field[1:].lower()]
                bias = name[0] == "b"
                wide = next(states(array, len(array), B)) if bias else (array, _kept)
                setattr(params, name, wide[0])
                back[name] = wide[1]
            lower = {part.lower(): part for part in back}
            parts = {name: lower.get(_short(name), "") for name in arrays}
            if "" not in parts.values():
                shaped = {name: (part, back[part]) for name, part in parts.items()}
                run = _forward(params, xs, h, c, due)
                yield Gated(params, run, shaped, loop=lstm)


def _short(name: str) -> str:
    """A name without capitals and signs."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _kept(array: Array) -> Array:
    return array


def _parts(arrays: Mapping[str, Array]) -> dict[str, str] | None:
    """Which array holds what, None where the three stacked ones are not found."""
    parts: dict[str, str] = {}
    for name, array in arrays.items():
        short = _short(name)
        if short in ("why", "wy", "v", "wout"):
            parts[name] = "Why"
        elif short in ("by", "c", "bout"):
            parts[name] = "by"
        elif short in ("h0", "hprev", "prevh", "a0"):
            parts[name] = "hprev"
        elif short in ("c0", "cprev", "prevc"):
            parts[name] = "cprev"
        elif short in ("x", "xs", "inputs"):
            parts[name] = "xs"
        elif array.ndim == 2 and 1 not in array.shape:
            square = max(array.shape) == 4 * min(array.shape)
            known = next((k for k, names in STACKED.items() if short in names), "")
            parts[name] = "Wh" if known == "h" or (square and known != "x") else "Wx"
        else:
            parts[name] = "b"
    found = list(parts.values())
    whole = {"Wx", "Wh"} <= set(found) and len(set(found)) == len(found)
    return parts if whole else None


def _bias(
    arrays: Mapping[str, Array],
    by_part: Mapping[str, str],
    part: str,
    size: int,
    B: int,
) -> tuple[Array, Any]:
    """A bias as columns with the way back; zeros where there is none."""
    value = arrays[by_part[part]] if part in by_part else None
    return next(iter(states(value, size, B)), (np.zeros((size, B)), lambda d: d))


def _apart(Wx: Array, Wh: Array, b: Array, order: str) -> _Arrays:
    """The gates' arrays, from those that stand one under another."""
    H = Wh.shape[1]
    cut = {gate: slice(k * H, (k + 1) * H) for k, gate in enumerate(order)}
    parts = {"Wx": Wx, "Wh": Wh, "b": b}
    named = [(kind, gate) for kind in parts for gate in GATES]
    return _Arrays(**{kind + gate: parts[kind][cut[gate]] for kind, gate in named})


def _forward(w: Any, xs: Array, hprev: Array, cprev: Array, due: Due) -> lstm.Forward:
    """The forward pass over the columns ``xs``, (T, D, B)."""
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
    loss = float(losses.sum())
    return lstm.Forward(
        dict(enumerate(xs)), i, f, o, g, cs, hs, ys, ps, losses, loss, es
    )
