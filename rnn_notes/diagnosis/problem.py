"""A reader's network as the loop of this book sees it: columns, classic names.

A ``Problem`` holds the arrays and a forward pass in the shapes of ``rnn.py``, with the
sequences of a batch side by side as columns, and for each array of the reader the way
back into its own shape. So ``rnn.backward``, or a mutant of it, runs on their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from rnn_notes import rnn
from rnn_notes.diagnosis.loops import SQUARED, Masked, activated
from rnn_notes.rnn import Array, Forward, logsumexp, softmax

__all__ = ["Due", "Plain", "Problem", "forward", "outputs"]

_Back = Callable[[Array], Array]
_Loop = Any  # what has ``signals`` and ``backward``, as ``rnn`` and its mutants


@dataclass(frozen=True, eq=False)
class Plain:
    """The five arrays without checks; biases have one column for each sequence."""

    Wxh: Array  # (H, D)
    Whh: Array  # (H, H)
    Why: Array  # (V, H)
    bh: Array  # (H, B)
    by: Array  # (V, B)

    def replace(self, **arrays: Array) -> Plain:
        """The same with some of the arrays replaced."""
        return replace(self, **arrays)


@dataclass(frozen=True, eq=False)
class Due:
    """What the outputs are compared with.

    kind   : as the ``output`` of a ``Kind``
    wanted : (T, V, B), targets, or the gradients from above
    asked  : (T, B), 1 where a step has a target
    """

    kind: str
    wanted: Array
    asked: Array


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, its run, and the way from its gradients to those of the reader.

    params : the arrays, as the loop takes them
    loop   : ``rnn``, a variant of it, ``lstm`` or ``gru``
    due    : what the outputs are compared with
    run    : the forward pass; ``ps - es`` is zero at steps without a target
    back   : by the reader's names, the role of the array and the way into its shape
    scale  : what the loss is of the sum of all losses: 1, or 1 / T for a mean
    """

    params: Any
    run: Any
    back: Mapping[str, tuple[str, _Back]]
    scale: float = 1.0
    loop: ModuleType = rnn
    due: Due | None = None

    def gradients(self, loop: _Loop = None) -> dict[str, Array]:
        """The gradients that a loop gives for the reader's arrays, in their shapes."""
        return self.all_shaped(self.by_role(loop))

    def all_shaped(self, roles: Mapping[str, Array]) -> dict[str, Array]:
        """Gradients by the book's names, as those of the reader's arrays."""
        return {name: self.shaped(name, roles[self.role(name)]) for name in self.back}

    def role(self, name: str) -> str:
        """The part of a reader's array, by its name in the book."""
        return self.back[name][0]

    def shaped(self, name: str, array: Array) -> Array:
        """A gradient in the shape of the reader's array, on the scale of their loss."""
        return self.scale * self.back[name][1](array)

    def by_role(self, loop: _Loop = None) -> dict[str, Array]:
        """The gradients that a loop gives, by the book's names of the arrays."""
        loop = loop or self.loop
        run = self.run._replace(ps={t: p.copy() for t, p in self.run.ps.items()})
        found = loop.backward(self.params, run)
        roles = {name[1:]: array for name, array in found._asdict().items()}
        if any(role == "xs" for role, _ in self.back.values()):
            signals = [*loop.signals(self.params, run)][::-1]
            roles["xs"] = np.array([self._by_input(signal) for signal in signals])
        return roles

    def _by_input(self, signal: Any) -> Array:
        """The gradient by the input of a step, (D, B)."""
        gates = [n[1:-3] for n in signal._fields if n[:1] == "d" and n[-3:] == "raw"]
        names = {gate: "Wxh" if gate == "h" else f"Wx{gate}" for gate in gates}
        sent = [
            getattr(self.params, names[g]).T @ getattr(signal, f"d{g}raw")
            for g in gates
        ]
        by_input: Array = np.sum(sent, axis=0)
        return by_input

    def handed_out(self, loop: _Loop) -> Array:
        """What a loop's ``dhnext`` holds at its end, (H, B): many return it as dhprev.

        The loop is given one step more, before the first, with nothing due there.
        """
        run = self.run

        def later(values: Mapping[int, Array]) -> dict[int, Array]:
            first = 0 * values[0]
            return {0: first} | {t + 1: value for t, value in values.items() if t >= 0}

        hs = later(run.hs) | {0: run.hs[-1], -1: 0 * run.hs[-1]}
        longer = run._replace(
            xs=later(run.xs), hs=hs, ys=later(run.ys), ps=later(run.ps),
            es=later(run.es), losses=np.append(0.0, run.losses),
        )  # fmt: skip
        if isinstance(run, Masked):
            longer = longer._replace(ms=later(run.ms))
        for signal in loop.signals(self.params, longer):
            last = signal
        dhnext: Array = last.dhnext
        return dhnext

    @property
    def plain(self) -> bool:
        """Whether it is a plain network, without gates."""
        return self.loop.__name__ == rnn.__name__

    @property
    def T(self) -> int:
        """Number of time steps."""
        return int(self.run.T)

    @property
    def B(self) -> int:
        """Number of sequences."""
        return int(self.run.hs[-1].shape[1])

    def first(self, T: int) -> Problem:
        """The problem of the first T steps; the last dy counts where none is due."""
        run, end = self.run, self.T - 1
        if not any((run.ps[t] - run.es[t]).any() for t in range(T)):
            ps, es = ({**run.ps, T - 1: run.ps[end]}, {**run.es, T - 1: run.es[end]})
            return replace(self, run=run._replace(ps=ps, es=es)).steps(0, T - 1)
        return self.steps(0, T - 1)

    def steps(self, first: int, last: int, due: int | None = None) -> Problem:
        """The problem from one step to another; with ``due``, its loss alone counts."""
        kept = range(first, last + 1)

        def cut(values: Mapping[int, Array]) -> dict[int, Array]:
            before = {-1: values[first - 1]} if -1 in values else {}
            return before | {t - first: values[t] for t in kept}

        parts = dict(self.run._asdict())
        parts |= {n: cut(v) for n, v in parts.items() if isinstance(v, Mapping)}
        if due is not None:
            for name in ("ps", "es"):
                values = parts[name].items()
                parts[name] = {t: v if t + first == due else 0 * v for t, v in values}
        parts["losses"] = self.run.losses[first : last + 1]
        back = {n: (r, _uncut if r == "xs" else b) for n, (r, b) in self.back.items()}
        return replace(self, run=type(self.run)(**parts), back=back)


def _uncut(dxs: Array) -> Array:
    """Some steps' gradients by the inputs, (T, D, B), as they are."""
    return dxs


def forward(
    params: Plain,
    xs: Array,
    hprev: Array,
    due: Due,
    hidden: str = "tanh",
    ms: Array | None = None,
) -> Forward | Masked:
    """The forward pass over the columns ``xs``, (T, D, B), from ``hprev``, (H, B).

    Where ``ms``, (T, 1, B), is 0, a step keeps the state that came in.
    """
    hs: dict[int, Array] = {-1: hprev}
    for t, x in enumerate(xs):
        raw = params.Wxh @ x + params.Whh @ hs[t - 1] + params.bh
        hs[t] = activated(hidden, raw)
        if ms is not None:
            hs[t] = ms[t] * hs[t] + (1 - ms[t]) * hs[t - 1]
    ys, ps, es, losses = outputs(params, hs, due)
    loss = float(losses.sum())
    found = Forward(dict(enumerate(xs)), hs, ys, ps, losses, loss, es)
    return found if ms is None else Masked(*found, dict(enumerate(ms)))


_Outputs = tuple[dict[int, Array], dict[int, Array], dict[int, Array], Array]


def outputs(params: Any, hs: Mapping[int, Array], due: Due) -> _Outputs:
    """Logits, predictions, targets and losses of the states from step 0 on."""
    ys, ps, es, losses = {}, {}, {}, []
    for t in range(len(due.wanted)):
        ys[t] = params.Why @ hs[t] + params.by
        wanted, asked = due.wanted[t], due.asked[t]
        p, loss = _outputs(due.kind, ys[t], wanted)
        ps[t] = asked * p
        es[t] = 0 * p if due.kind == "upstream" else asked * wanted
        losses.append((asked * loss).sum())
    return ys, ps, es, np.array(losses)


def _outputs(kind: str, y: Array, wanted: Array) -> tuple[Array, Array]:
    """What a step predicts, and its losses, (B,); above all, ``ps - es`` is ``dy``."""
    if kind == "upstream":
        return wanted, (wanted * y).sum(axis=0)
    if kind in SQUARED:
        p = activated(SQUARED[kind], y)
        return p, 0.5 * ((p - wanted) ** 2).sum(axis=0)
    if kind == "linear":
        return y, 0.5 * ((y - wanted) ** 2).sum(axis=0)
    if kind == "sigmoid":
        return 1 / (1 + np.exp(-y)), (np.logaddexp(0, y) - wanted * y).sum(axis=0)
    columns = [y[:, [b]] for b in range(y.shape[1])]
    losses = np.array([logsumexp(column) for column in columns])
    return np.hstack([softmax(c) for c in columns]), losses - (wanted * y).sum(axis=0)
