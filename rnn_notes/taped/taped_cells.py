"""The LSTM and the GRU on the tape: forward passes, and what the tape makes of them.

No backward pass is written here. What ``lstm.backward`` and ``gru.backward`` work out
by hand comes out of the tape alone::

    loss, gradients, (hlast, clast) = lstm_loss_and_gradients(
        params, inputs, targets, hprev, cprev)
    loss, gradients, hlast = gru_loss_and_gradients(params, inputs, targets, hprev)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnn_notes import gru, lstm
from rnn_notes.arrays.arguments import Array, checked_letters, checked_state
from rnn_notes.arrays.weights import Weights
from rnn_notes.rnn import one_hot
from rnn_notes.tape import Node, Tape, logsumexp, tanh

__all__ = ["gru_loss_and_gradients", "lstm_loss_and_gradients", "sigmoid"]


def sigmoid(a: Node) -> Node:
    """The node of 1 / (1 + exp(-a)), made of a tanh as in ``lstm.sigmoid``.

    >>> sigmoid(Tape().variable([[0.0]])).value.item()
    0.5
    """
    return (1.0 + tanh(0.5 * a)) * 0.5


def lstm_loss_and_gradients(
    params: lstm.Params,
    inputs: Sequence[int],
    targets: Sequence[int],
    hprev: Array,
    cprev: Array,
) -> tuple[float, lstm.Gradients, tuple[Array, Array]]:
    """Loss, gradients and last states, as ``lstm.loss_and_gradients`` gives them.

    Raises
    ------
    TypeError
        For parameters of another network, and for what is not numeric.
    ValueError
        For letters outside 0 to V-1, for lengths that differ, and for states of
        another shape or with nan or inf.

    Examples
    --------
    >>> import numpy as np
    >>> params = lstm.Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> args = params, [0, 1], [1, 1], np.ones((3, 1)), np.zeros((3, 1))
    >>> byhand, bytape = lstm.loss_and_gradients(*args), lstm_loss_and_gradients(*args)
    >>> bool(np.allclose(byhand[1].dWhf, bytape[1].dWhf, rtol=1e-12, atol=1e-18))
    True
    """
    lstm.Params.check(params)
    inputs, targets = checked_letters(params.V, inputs, targets)
    tape, w = _begin(params)
    hprev, cprev = (
        checked_state(name, state, params.H)
        for name, state in (("hprev", hprev), ("cprev", cprev))
    )
    h0, c0 = tape.variable(hprev, "hprev"), tape.variable(cprev, "cprev")
    h, c, losses = h0, c0, []
    for index, target in zip(inputs, targets, strict=True):
        x = one_hot(index, params.V)
        i, f, o = (sigmoid(_into(w, gate, x, h)) for gate in "ifo")
        c = f * c + i * tanh(_into(w, "g", x, h))
        h = o * tanh(c)
        losses.append(_loss(w, h, target))
    total = _backward(tape, losses)
    gradients = [_gradient(node) for node in (*w.values(), h0, c0)]
    return total, lstm.Gradients._make(gradients), (h.value, c.value)


def gru_loss_and_gradients(
    params: gru.Params,
    inputs: Sequence[int],
    targets: Sequence[int],
    hprev: Array,
    *,
    reset: gru.Reset = "after",
) -> tuple[float, gru.Gradients, Array]:
    """Loss, gradients and last state, as ``gru.loss_and_gradients`` gives them.

    Raises
    ------
    TypeError
        For parameters of another network, and for what is not numeric.
    ValueError
        For letters outside 0 to V-1, for lengths that differ, for a state of another
        shape or with nan or inf, and for another ``reset``.

    Examples
    --------
    >>> import numpy as np
    >>> params = gru.Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> args = params, [0, 1], [1, 1], np.ones((3, 1))
    >>> byhand, bytape = gru.loss_and_gradients(*args), gru_loss_and_gradients(*args)
    >>> bool(np.allclose(byhand[1].dWhn, bytape[1].dWhn, rtol=1e-12, atol=1e-18))
    True
    """
    gru.Params.check(params)
    gru.check_reset(reset)
    inputs, targets = checked_letters(params.V, inputs, targets)
    tape, w = _begin(params)
    h0 = tape.variable(checked_state("hprev", hprev, params.H), "hprev")
    h, losses = h0, []
    for index, target in zip(inputs, targets, strict=True):
        x = one_hot(index, params.V)
        r, z = (sigmoid(_into(w, gate, x, h)) for gate in "rz")
        if reset == "after":
            past = r * (w["Whn"] @ h + w["bhn"])
        else:
            past = w["Whn"] @ (r * h) + w["bhn"]
        h = (1.0 - z) * tanh(w["Wxn"] @ x + w["bn"] + past) + z * h
        losses.append(_loss(w, h, target))
    total = _backward(tape, losses)
    gradients = [_gradient(node) for node in (*w.values(), h0)]
    return total, gru.Gradients._make(gradients), h.value


def _begin(params: Weights) -> tuple[Tape, dict[str, Node]]:
    """A new tape, and the parameters as variables on it."""
    tape = Tape()
    return tape, {n: tape.variable(array, n) for n, array in params.arrays().items()}


def _into(w: Mapping[str, Node], gate: str, x: Array, h: Node) -> Node:
    """What goes into a gate's sigmoid or tanh."""
    return w[f"Wx{gate}"] @ x + w[f"Wh{gate}"] @ h + w[f"b{gate}"]


def _loss(w: Mapping[str, Node], h: Node, target: int) -> Node:
    """The loss of a step, from its hidden state."""
    y = w["Why"] @ h + w["by"]
    return logsumexp(y) - y[target, 0]


def _backward(tape: Tape, losses: Sequence[Node]) -> float:
    """The sum of the losses; every node before it holds its gradient from now on."""
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    tape.backward(total)
    return float(total.value.item())


def _gradient(node: Node) -> Array:
    """The gradient of a variable, which the tape has written."""
    assert node.gradient is not None
    return node.gradient
