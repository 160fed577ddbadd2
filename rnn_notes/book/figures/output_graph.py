"""The tape of one output layer as a picture: values go down it, gradients up."""

from __future__ import annotations

from collections.abc import Iterator

from rnn_notes.book.figures.drawing.boxes import Matrix, arrow, box
from rnn_notes.book.figures.drawing.labels import label, number, vector
from rnn_notes.book.figures.drawing.run import Example, given, within
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw
from rnn_notes.rnn import Array
from rnn_notes.tape import Node, Tape, logsumexp

__all__ = ["expression_graph", "output_layer"]

# The nodes of the output layer in tape order: middle and top of each one's card, the
# names of its value and its gradient, and the inks of the two.
_CARDS = (
    (116, 0, "Why", "dWhy", "weight", "dy"),
    (311, 0, "hs", "dh", "state", "dh"),
    (296, 142, "by", "dby", "weight", "dy"),
    (140, 124, "z", "dz", "ink", "dy"),
    (210, 246, "ys", "dy", "ink", "dy"),
    (84, 374, "", "", "ink", "dy"),
    (286, 374, "", "", "ink", "dy"),
    (185, 466, "", "", "loss", "dy"),
)


def output_layer(example: Example | None = None, t: int = 0) -> Tape:
    """The tape of step t's output layer, from the state to the loss, with gradients.

    Its nodes are Why, the state, by, their product, the logits, the log-sum-exp, the
    target's logit and the loss.

    Raises
    ------
    ValueError
        Unless t is from 0 to T-1.

    Examples
    --------
    >>> [node.op for node in output_layer().nodes[3:]]
    ['@', '+', 'logsumexp', 'pick', '-']
    """
    params, run = given(example)
    within("t", t, 0, run.T - 1)
    tape = Tape()
    Why, h = tape.variable(params.Why, "Why"), tape.variable(run.hs[t], f"hs[{t}]")
    by, due = tape.variable(params.by, "by"), int(run.es[t].argmax())
    y = (Why @ h + by).named(f"ys[{t}]")
    tape.backward((logsumexp(y) - y[due, 0]).named(f"losses[{t}]"))
    return tape


def expression_graph(example: Example | None = None, t: int = 0) -> Figure:
    """The graph of step t's output layer, each node with its value and its gradient.

    Raises
    ------
    ValueError
        Unless t is from 0 to T-1.

    Examples
    --------
    >>> "used twice" in expression_graph().alt
    True
    """
    nodes = output_layer(example, t).nodes
    _, h, _, _, y, _, _, loss = nodes
    (_, p), (_, e) = y.contributions()
    parts = [part for node in nodes for part in (*_roads(node), *_card(node))]
    parts += [
        label(174, 80, "`dz @ hs.T`", "dy", 12, "start"),
        label(276, 112, "`Why.T @ dz`", "dh", 12, "start"),
        label(0, 346, f"$p$ = {vector(p)}", "dy", 12.5, "start"),
        label(272, 346, f"−$e$ = {vector(e)}", "dy", 12.5, "start"),
    ]
    alt = (
        f"The output layer of the running example at t = {t} as a graph. Why and the "
        f"state {vector(h.value)} go into a product, by is added, and the logits are "
        f"{vector(y.value)}. They are used twice: by the log-sum-exp, and by the pick "
        "of the target’s logit. The difference of the two is the loss, "
        f"{number(float(loss.value))}. Backwards, the log-sum-exp sends p = "
        f"{vector(p)} to the logits, the pick sends −e = {vector(e)}, and the sum is "
        f"dy = {vector(_known(y))}. The addition hands it on as it is. The product "
        f"sends dz @ hs.T to Why and Why.T @ dz = {vector(_known(h))} to the state."
    )
    return draw("expression-graph", WIDTH, 524, "An expression graph", alt, parts)


def _card(node: Node) -> Iterator[str]:
    """A node: its operation, its value and, beside it, its gradient."""
    x, top, name, dname, ink, dink = _CARDS[node.index]
    if node.parents:
        yield box(x, top + 12, 7.4 * len(node.op) + 18, 24, "ink")
        yield label(x, top + 16, f"`{node.op}`")
    gradient, (xv, xg, bottom) = _known(node), _foot(node)
    if not node.value.shape:
        yield label(xv, bottom - 6, number(float(node.value)), ink, 14)
        yield label(xg, bottom - 6, number(float(gradient)), dink, 14)
        return
    for middle, array, word, paint, least in (
        (xv, node.value, name, ink, 2 * bool(node.parents)),
        (xg, gradient, dname, dink, 2),
    ):
        matrix = Matrix(array, word, paint, False, least)
        yield matrix.draw(middle - matrix.width / 2, bottom - 8.5 * len(array))


def _foot(node: Node) -> tuple[float, float, float]:
    """Middle of a node's value, middle of its gradient, and the height of their end."""
    x, top = _CARDS[node.index][:2]
    below = top + 24 * bool(node.parents)
    if not node.value.shape:
        return x - 28, x + 28, below + 26
    least = 2 * bool(node.parents)
    widths = (
        Matrix(node.value, "", least=least).width,
        Matrix(_known(node), "", least=2).width,
    )
    left, right = x - (sum(widths) + 8) / 2, x + (sum(widths) + 8) / 2
    end = below + 19 + 17 * len(node.value)
    return left + widths[0] / 2, right - widths[1] / 2, end


def _roads(node: Node) -> Iterator[str]:
    """An arrow from each parent's value, and the way back to its gradient."""
    x, top = _CARDS[node.index][:2]
    for parent in node.parents:
        xv, xg, bottom = _foot(parent)
        middle, ink = (xv + xg) / 2, _CARDS[parent.index][-1]
        lean = 0 if len(node.parents) == 1 else 13 if middle > x else -13
        yield arrow(xv, bottom + 4, x + lean - 5, top - 2)
        yield arrow(x + lean + 5, top - 2, xg, bottom + 4, ink)


def _known(node: Node) -> Array:
    """The gradient of a node after the way back."""
    assert node.gradient is not None
    return node.gradient
