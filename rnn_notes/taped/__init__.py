"""The network on the tape: the loop of ``rnn.py`` without a backward pass of its own.

The forward pass is written once more, on nodes instead of arrays. Everything that
``rnn.signals`` and ``rnn.backward`` work out by hand is then read off the tape::

    run = taped.forward(params, inputs, targets, hprev)
    taped.backward(run)         # the six gradients
    list(taped.signals(run))    # dy, dh, dhraw, dhnext at every t
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import NamedTuple

import numpy as np

from rnn_notes.arrays.arguments import checked_letters, checked_state
from rnn_notes.rnn import Array, Gradients, Params, Signals, one_hot
from rnn_notes.tape import Node, Tape, logsumexp, tanh

__all__ = [
    "TapedForward",
    "backward",
    "by_parameter",
    "forward",
    "kept",
    "loss_and_gradients",
    "signals",
]


class TapedForward(NamedTuple):
    """The nodes of a forward pass, under the names of ``rnn.Forward``.

    tape   : the tape that holds them
    params : the five parameters by name
    hs     : hidden states, ``hs[-1]`` is ``hprev``
    raws   : what goes into the tanh
    ys     : logits
    losses : the loss of every step
    loss   : their sum
    """

    tape: Tape
    params: Mapping[str, Node]
    hs: Mapping[int, Node]
    raws: Mapping[int, Node]
    ys: Mapping[int, Node]
    losses: Sequence[Node]
    loss: Node

    @property
    def T(self) -> int:
        """Number of time steps."""
        return len(self.losses)


def forward(
    params: Params,
    inputs: Sequence[int],
    targets: Sequence[int],
    hprev: Array,
    tape: Tape | None = None,
) -> TapedForward:
    """The forward pass of ``rnn.forward``, recorded on ``tape`` or on a new one.

    Raises
    ------
    TypeError
        For letters that are no integers, and for a state that is not numeric.
    ValueError
        For letters outside 0 to V-1, for lengths that differ, and for a state of
        another shape or with nan or inf.

    Examples
    --------
    >>> from rnn_notes.rnn import forward as plain, running_example
    >>> run = forward(*running_example())
    >>> bool(abs(run.loss.value - plain(*running_example()).loss) < 1e-14)
    True
    """
    inputs, targets = checked_letters(params.V, inputs, targets)
    hprev = checked_state("hprev", hprev, params.H)
    tape = Tape() if tape is None else tape
    nodes = {
        field.name: tape.variable(getattr(params, field.name), field.name)
        for field in fields(params)
    }
    Wxh, Whh, Why, bh, by = nodes.values()
    hs, raws, ys, losses = {-1: tape.variable(hprev, "hprev")}, {}, {}, []
    for t in range(len(inputs)):
        x = tape.constant(one_hot(inputs[t], params.V), f"xs[{t}]")
        raws[t] = Wxh @ x + Whh @ hs[t - 1] + bh
        hs[t] = tanh(raws[t]).named(f"hs[{t}]")
        ys[t] = (Why @ hs[t] + by).named(f"ys[{t}]")
        loss = logsumexp(ys[t]) - ys[t][targets[t], 0]
        losses.append(loss.named(f"losses[{t}]"))
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return TapedForward(tape, nodes, hs, raws, ys, losses, total)


def backward(run: TapedForward) -> Gradients:
    """Gradients of the total loss by every parameter and by ``hprev``.

    >>> from rnn_notes import rnn
    >>> from rnn_notes.rnn import running_example
    >>> params, *rest = running_example()
    >>> byhand = rnn.backward(params, rnn.forward(params, *rest))
    >>> bytape = backward(forward(params, *rest))
    >>> all(np.allclose(a, b, atol=1e-14) for a, b in zip(byhand, bytape))
    True
    """
    run.tape.backward(run.loss)
    dhprev = _gradient(run.hs[-1])
    by_name = {f"d{name}": _gradient(node) for name, node in run.params.items()}
    return Gradients(**by_name, dhprev=dhprev)


def signals(run: TapedForward) -> Iterator[Signals]:
    """The signals of ``rnn.signals``, for t = T-1, …, 0, read off after ``backward``.

    ``dh`` is the gradient that the tape wrote into ``hs[t]``. Two operations used that
    node: ``Why @ hs[t]``, which put in ``Why.T @ dy``, and ``Whh @ hs[t]``, which put
    in ``dhnext``. At the last step there is no second use.

    >>> from rnn_notes.rnn import running_example
    >>> run = forward(*running_example())
    >>> gradients = backward(run)
    >>> last, *earlier = signals(run)
    >>> bool(last.dhnext.any()), all(bool(s.dhnext.any()) for s in earlier)
    (False, True)
    """
    for t in reversed(range(run.T)):
        shares = by_parameter(run.hs[t])
        dh = _gradient(run.hs[t])
        dhnext = shares.get("Whh", np.zeros_like(dh))
        yield Signals(_gradient(run.ys[t]), dh, _gradient(run.raws[t]), dhnext)


def by_parameter(h: Node) -> dict[str, Array]:
    """What each use of a hidden state adds to its gradient, by the other factor's name.

    >>> from rnn_notes.rnn import running_example
    >>> run = forward(*running_example())
    >>> gradients = backward(run)
    >>> sorted(by_parameter(run.hs[0])), sorted(by_parameter(run.hs[4]))
    (['Whh', 'Why'], ['Why'])
    """
    return {child.parents[0].name: share for child, share in h.contributions()}


def loss_and_gradients(
    params: Params, inputs: Sequence[int], targets: Sequence[int], hprev: Array
) -> tuple[float, Gradients, Array]:
    """Loss, gradients and last hidden state, as ``rnn.loss_and_gradients`` gives them.

    >>> from rnn_notes.rnn import running_example
    >>> loss, gradients, hlast = loss_and_gradients(*running_example())
    >>> gradients.dWhh.shape, hlast.shape
    ((3, 3), (3, 1))
    """
    run = forward(params, inputs, targets, hprev)
    return run.loss.value.item(), backward(run), run.hs[run.T - 1].value


def kept(tape: Tape) -> int:
    """Bytes that a tape keeps alive for its way back: the results of all operations.

    A view of another array costs nothing; variables and constants are the caller's, and
    what Python needs for the nodes themselves is not counted.

    >>> from rnn_notes.rnn import running_example
    >>> short, long = (forward(*running_example(T)) for T in (2, 4))
    >>> bool(kept(long.tape) > 1.9 * kept(short.tape))
    True
    """
    leaves = {id(_owner(node.value)) for node in tape.nodes if not node.parents}
    owners = {id(owner): owner for owner in (_owner(node.value) for node in tape.nodes)}
    return sum(owner.nbytes for key, owner in owners.items() if key not in leaves)


def _owner(value: Array) -> Array:
    """The array whose memory ``value`` shows."""
    while isinstance(value.base, np.ndarray):
        value = value.base
    return value


def _gradient(node: Node) -> Array:
    """The gradient of a node; ``ValueError`` before there is one."""
    if node.gradient is None:
        raise ValueError(
            f"{node.name or node} has no gradient, expected backward first"
        )
    return node.gradient
