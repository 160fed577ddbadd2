"""The two passes on the running example, with every number they meet."""

from __future__ import annotations

from rnn_notes.book.figures.drawing.boxes import Matrix, arrow, equation, line
from rnn_notes.book.figures.drawing.labels import label, number, shape, vector
from rnn_notes.book.figures.drawing.run import Example, given, letter, within
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw
from rnn_notes.rnn import Array, Signals, backward, signals

__all__ = ["backward_steps", "forward_pass"]


def forward_pass(example: Example | None = None, t: int = 0) -> Figure:
    """Step t of the forward pass written out: every matrix, shape and number.

    Raises
    ------
    ValueError
        Unless t is from 0 to T-1.

    Examples
    --------
    >>> "at t = 0" in forward_pass().alt, "at t = 2" in forward_pass(t=2).alt
    (True, True)
    """
    params, run = given(example)
    within("t", t, 0, run.T - 1)
    a = params.Wxh @ run.xs[t] + params.Whh @ run.hs[t - 1] + params.bh
    names = ("Wxh", "Whh", "Why", "bh", "by")
    Wxh, Whh, Why, bh, by = (Matrix(getattr(params, name), name) for name in names)
    before, h = (Matrix(run.hs[s], f"hs[{s}]", "state") for s in (t - 1, t))
    x, y = Matrix(run.xs[t], f"xs[{t}]", "ink"), Matrix(run.ys[t], f"ys[{t}]", "ink")
    raw, p = Matrix(a, "a", "ink"), Matrix(run.ps[t], f"ps[{t}]", "ink")
    chance = number(float(run.ps[t][run.es[t] == 1].item()), 4)
    due, loss = letter(run.es[t]), number(run.losses[t], 4)
    parts = [
        equation(48, "a =", Wxh, "@", x, "+", Whh, "@", before, "+", bh),
        equation(156, h, "=", "tanh", raw),
        equation(264, y, "=", Why, "@", h, "+", by),
        equation(362, p, "=", "softmax", y),
        label(180, 426, f"the target is `{due}`, so the loss is"),
        label(180, 450, f"−log {chance} = {loss}", "loss", 15),
    ]
    alt = (
        f"The forward pass of the running example at t = {t}, where the input is "
        f"“{letter(run.xs[t])}” and the target “{due}”. Wxh ({shape(params.Wxh)}) "
        f"times the one-hot input, plus Whh ({shape(params.Whh)}) times the state "
        f"before, {vector(run.hs[t - 1])}, plus bh is a = {vector(a)}. Its tanh is the "
        f"state {vector(run.hs[t])}. Why ({shape(params.Why)}) times the state, plus "
        f"by, is the logits {vector(run.ys[t])}. Softmax turns them into the "
        f"probabilities {vector(run.ps[t])}. The loss is −log {chance} = {loss}."
    )
    return draw("forward-pass", WIDTH, 462, "One step forward", alt, parts)


def backward_steps(example: Example | None = None) -> Figure:
    """The backward pass from t = T-1 to 0: what each step adds, scales and hands on.

    >>> backward_steps().alt.count("dh is")
    5
    """
    params, run = given(example)
    parts, told, y = [label(154, 14, "no later loss", "quiet", 12)], [], 66.0
    for t, signal in zip(reversed(range(run.T)), signals(params, run), strict=True):
        own = params.Why.T @ signal.dy
        parts += [*_turn(y, t, own, signal), *_hand_on(y)]
        told.append(
            f"At t = {t}, Why.T @ dy is {vector(own)}, dhnext {vector(signal.dhnext)}, "
            f"so dh is {vector(signal.dh)} and dhraw {vector(signal.dhraw)}."
        )
        y += 120
    last = backward(params, run).dhprev
    parts += [
        Matrix(last, "dhnext", "dhnext", False, 2).draw(132, y),
        label(188, y - 4, "left over at the end:", "quiet", 12.5, "start"),
        label(188, y + 15, "the gradient by `hprev`", "quiet", 12.5, "start"),
        label(180, y + 56, "all numbers are rounded to two decimals", "quiet", 12),
    ]
    alt = (
        f"The backward pass over the {run.T} steps of the running example, last step "
        f"first. {' '.join(told)} dhraw is dh times 1 - h*h, and Whh.T @ dhraw is the "
        f"dhnext of the step below. The last one, {vector(last)}, is left over: it is "
        "the gradient by hprev."
    )
    return draw("backward-steps", WIDTH, y + 64, "Every step backward", alt, parts)


def _turn(y: float, t: int, own: Array, signal: Signals) -> list[str]:
    """One turn of the loop, centred on ``y``."""
    return [
        label(0, y + 4, f"`t = {t}`", anchor="start"),
        Matrix(own, "Why.T @ dy", "dy", False, 2).draw(56, y),
        label(116, y + 5, "+", size=15),
        Matrix(signal.dhnext, "dhnext", "dhnext", False, 2).draw(132, y),
        label(191.5, y + 5, "=", size=15),
        Matrix(signal.dh, "dh", "dh", False, 2).draw(207, y),
        label(282, y - 9, "`1-h*h`", "quiet", 12),
        arrow(256, y, 309, y, "dhraw"),
        Matrix(signal.dhraw, "dhraw", "dhraw", False, 2).draw(314, y),
    ]


def _hand_on(y: float) -> list[str]:
    """The arrow that takes ``Whh.T @ dhraw`` from the turn at ``y`` to the next."""
    return [
        line(f"M336 {y + 30:g}V{y + 50:g}H154V{y + 67:g}", "dhnext"),
        arrow(154, y + 67, 154, y + 75, "dhnext"),
        label(245, y + 66, "`Whh.T @ dhraw`", "dhnext", 12),
    ]
