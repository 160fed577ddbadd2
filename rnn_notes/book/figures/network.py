"""The network as a picture: unrolled over time, and where its gradients flow."""

from __future__ import annotations

from rnn_notes.book.figures.drawing.boxes import Matrix, arrow, box, line, node
from rnn_notes.book.figures.drawing.labels import label, number, vector
from rnn_notes.book.figures.drawing.run import Example, given, letter, within
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw
from rnn_notes.rnn import Forward, backward, forward, running_example, signals

__all__ = ["truncation", "two_questions", "unrolled"]


def two_questions(example: Example | None = None, t: int = 2, unit: int = 0) -> Figure:
    """Both questions at one hidden state: why a sum, and why transposes.

    The numbers are those of one hidden unit at step t.

    Raises
    ------
    ValueError
        For a step or a unit that is not there.

    Examples
    --------
    >>> "the sum" in two_questions().alt
    True
    """
    params, run = given(example)
    within("t", t, 0, run.T - 1)
    within("unit", unit, 0, params.H - 1)
    dy, dh, _, dhnext = list(signals(params, run))[run.T - 1 - t]
    own, later = (float(v[unit, 0]) for v in (params.Why.T @ dy, dhnext))
    whole, where = number(dh[unit, 0]), f"hidden unit {unit} at `t = {t}`"
    signed = f"({number(later)})" if later < 0 else number(later)
    parts = [
        *_fan_out(),
        *_term(54, 44, "dh", "dh", "of all losses", whole),
        *_term(166, 100, "dy", "Why.T @ dy", "of its own loss", number(own)),
        *_term(294, 92, "dhnext", "dhnext", "of later losses", signed),
        label(180, 340, f"{where} of the running example", "quiet", 12),
    ]
    for y in (264, 318):
        parts += [label(98, y, "=", size=15), label(232, y, "+", size=15)]
    alt = (
        "The state h_t feeds two things: its own loss, through Why, and the next "
        "state h_t+1, through Whh, and so all later losses. Backwards, an answer "
        "returns along each of these arrows, through Why.T and through Whh.T, and dh "
        f"is the sum of the two. For hidden unit {unit} of the running example at "
        f"t = {t}, dh is {whole}: Why.T @ dy gives {number(own)} and dhnext "
        f"{number(later)}."
    )
    return draw("two-questions", WIDTH, 350, "Where dh comes from", alt, parts)


def _fan_out() -> list[str]:
    """One state, the two arrows that leave it and the two that come back."""
    return [
        label(84, 20, "its own loss", "quiet"),
        label(262, 20, "all later losses", "quiet"),
        node(84, 54, "$ℓ_t$", "loss", 22),
        box(262, 54, 132, 40, "loss"),
        label(262, 59, "$ℓ_{t+1} + … + ℓ_T$", size=16),
        node(84, 190, "$h_t$", "dh", 24),
        node(262, 190, "$h_{t+1}$", r=24),
        label(52, 194, "`dh`", "dh", 15, "end"),
        arrow(75, 168, 75, 75),
        label(66, 125, "`Why`", "weight", 12, "end"),
        arrow(93, 75, 93, 168, "dy"),
        label(103, 125, "`Why.T @ dy`", "dy", 12, "start"),
        arrow(106, 181, 240, 181),
        label(173, 172, "`Whh`", "weight", 12),
        arrow(240, 199, 106, 199, "dhnext"),
        label(173, 227, "`dhnext = Whh.T @ dhraw`", "dhnext", 12),
        arrow(253, 168, 253, 74),
        arrow(271, 74, 271, 168, "dhnext"),
    ]


def _term(
    x: float, width: float, ink: str, code: str, words: str, value: str
) -> list[str]:
    """One term of the loop's line, underlined as its arrow is, over its meaning."""
    return [
        label(x, 264, f"`{code}`", ink, 15),
        line(f"M{x - width / 2:g} 273h{width:g}", ink, 2.4),
        label(x, 292, words, "quiet", 12.5),
        label(x, 318, value, size=14),
    ]


def unrolled(example: Example | None = None) -> Figure:
    """The network unrolled over its T steps, with its letters and losses.

    >>> "5 steps" in unrolled().alt, "2 steps" in unrolled(running_example(T=2)).alt
    (True, True)
    """
    _, run = given(example)
    rows = {"target": 62, "loss": 99, "logits": 167, "input": 303, "in code": 367}
    parts = [label(0, y, row, "quiet", 12, "start") for row, y in rows.items()]
    parts += [node(22, 231, "$h_0$"), label(22, 266, "`hprev`", "state", 12)]
    for t in range(run.T):
        parts += _step(82 + 60 * t, t, run)
    total = f"$L = ℓ_1 + … + ℓ_{run.T}$ = {number(run.loss)}"
    parts.append(label(52 + 30 * run.T, 20, total, size=15))
    read, due = ("".join(letter(w[t]) for t in range(run.T)) for w in (run.xs, run.es))
    losses = ", ".join(number(loss) for loss in run.losses)
    alt = (
        f"The network unrolled over {run.T} steps, from left to right. It starts from "
        "h_0, which is hprev in code. At each step the input goes through Wxh and the "
        "state before through Whh into the new state h_t, and h_t goes through Why "
        f"into the logits y_t, which the loss ℓ_t scores. The inputs spell “{read}”, "
        f"the targets “{due}”. The losses are {losses}, in all {number(run.loss)}. "
        "Every step uses the same three matrices. In formulas t starts at 1, in code "
        "at 0."
    )
    return draw("unrolled", 60 * run.T + 60, 376, "The network unrolled", alt, parts)


def _step(x: float, t: int, run: Forward) -> list[str]:
    """One column of the unrolled network, centred on ``x``."""
    return [
        label(x, 62, f"`{letter(run.es[t])}`", size=14),
        box(x, 95, 44, 42, "loss"),
        label(x, 91, f"$ℓ_{t + 1}$", size=15),
        label(x, 109, number(run.losses[t]), size=12),
        arrow(x, 145, x, 116),
        node(x, 163, f"$y_{t + 1}$", "ink"),
        arrow(x, 213, x, 181),
        label(x + 6, 201, "`Why`", "weight", 12, "start"),
        node(x, 231, f"$h_{t + 1}$"),
        arrow(x - 42, 231, x - 18, 231),
        label(x - 30, 221, "`Whh`", "weight", 12),
        arrow(x, 281, x, 249),
        label(x + 6, 269, "`Wxh`", "weight", 12, "start"),
        node(x, 299, f"$x_{t + 1}$", "ink"),
        label(x, 338, f"`{letter(run.xs[t])}`", size=14),
        label(x, 367, f"`t = {t}`", "quiet", 12),
    ]


def truncation(example: Example | None = None, cut: int = 3) -> Figure:
    """The stream in two chunks, cut after ``cut`` steps: what crosses, what does not.

    Raises
    ------
    ValueError
        Unless ``cut`` is from 1 to T-1.

    Examples
    --------
    >>> "thrown away" in truncation().alt
    True
    """
    params, inputs, targets, hprev = example or running_example()
    within("cut", cut, 1, len(inputs) - 1)
    carried = forward(params, inputs[:cut], targets[:cut], hprev).hs[cut - 1]
    lost = backward(
        params, forward(params, inputs[cut:], targets[cut:], carried)
    ).dhprev
    T, edge = len(inputs), 58 * cut + 67
    parts = [
        line(f"M{edge} 10V40M{edge} 66V106M{edge} 122V150", "quiet"),
        label(49 + 29 * cut, 22, "one chunk", "quiet"),
        label(79 + 29 * (cut + T), 22, "the next", "quiet"),
        node(20, 84, "$h_0$", r=17),
        *(part for t in range(T) for part in _link(t, cut)),
        label(edge, 60, "`hprev`", "state", 12),
        label(edge, 117, "`dhnext`", "dhnext", 12),
        Matrix(carried, "hprev", "state", False, 2).draw(20, 206),
        label(76, 202, "carried forward:", anchor="start"),
        label(76, 221, f"the state `hs[{cut - 1}]`", "quiet", 12.5, "start"),
        Matrix(lost, "dhnext", "dhnext", False, 2).draw(206, 206),
        label(262, 202, "thrown away:", anchor="start"),
        label(262, 221, "the truncation", "quiet", 12.5, "start"),
    ]
    alt = (
        f"A stream of {T} steps in two chunks, cut after {cut} of them. Forwards, the "
        f"last state of the first chunk, {vector(carried)}, is carried over the "
        "boundary: it is hprev of the second. Backwards, the last dhnext of the second "
        f"chunk, {vector(lost)}, is thrown away at the boundary, so the first chunk "
        "never hears of the losses of the second."
    )
    return draw(
        "truncation", 58 * T + 70, 240, "What a chunk boundary cuts", alt, parts
    )


def _link(t: int, cut: int) -> list[str]:
    """State t of the stream, and the two arrows between it and the state before."""
    x, before = (78 + 58 * s + (30 if s >= cut else 0) for s in (t, t - 1))
    new = t in (0, cut)  # the first step of a chunk hands nothing back
    stop = x - (35 if t else 29) if new else before + 16
    parts = [
        node(x, 84, f"$h_{t + 1}$", r=17),
        label(x, 144, f"`t = {t if t < cut else t - cut}`", "quiet", 12),
        arrow(before + 15.5, 77, x - 15.5, 77),
        arrow(x - 15.5, 91, stop, 91, "dhnext"),
    ]
    if new:
        cross = f"M{stop - 9} 87.5l7 7m0 -7l-7 7"
        parts.append(line(cross, "ink", 2))
    return parts
