"""The tape of two steps as a picture: line by line, in the order it was written."""

from __future__ import annotations

from collections.abc import Iterator

from rnn_notes import taped
from rnn_notes.book.figures.drawing.boxes import arrow, line
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, at, draw
from rnn_notes.rnn import Array, running_example
from rnn_notes.tape import Node

__all__ = ["listing", "loop_names", "tape_in_order"]


def tape_in_order(example: Example | None = None) -> Figure:
    """The tape of the first two steps, with an arc from each value to its uses.

    >>> "29 lines" in tape_in_order().alt
    True
    """
    params, inputs, targets, hprev = example or running_example()
    run = taped.forward(params, inputs[:2], targets[:2], hprev)
    taped.backward(run)
    nodes, h, names = run.tape.nodes, run.hs[0], loop_names(run)
    y = {node.index: 46 + 17 * node.index for node in nodes}
    parts = [
        label(306, 14, "gradient,", "quiet", 12, "end"),
        label(306, 29, "first entry", "quiet", 12, "end"),
        label(312, 29, "loop", "quiet", 12, "start"),
        *(_arc(y[p.index], y[n.index]) for n in nodes for p in n.parents),
    ]
    for (use, _), ink in zip(h.contributions(), ("dy", "dhnext"), strict=True):
        parts.append(_arc(y[h.index], y[use.index], ink))
    parts.append(arrow(60, y[h.index], 72, y[h.index], "dh"))
    for node in nodes:
        parts += _entry(node, y[node.index] + 4, names.get(node.index, ""))
    height = y[len(nodes) - 1] + 14
    return draw("tape-in-order", WIDTH, height, "A tape", _told(run), parts)


def _told(run: taped.TapedForward) -> str:
    """The words of the picture."""
    h, shares = run.hs[0], taped.by_parameter(run.hs[0])
    uses = " and ".join(listing(use) for use, _ in h.children)
    dh, own, later = (
        number(_first(array), 3) for array in (h.gradient, shares["Why"], shares["Whh"])
    )
    return (
        f"The tape of two steps in {len(run.tape.nodes)} lines, in the order in which "
        "they ran, with an arc from each value to each of its uses, and the first "
        f"entry of each gradient. The state, {listing(h)}, is used in two lines: "
        f"{uses}. The first entry of its gradient, which the loop calls dh, is {dh}: "
        f"the use with Why put in {own}, the use with Whh {later}."
    )


def listing(node: Node) -> str:
    """A node as a line of code, by the names or the numbers of what went in.

    >>> from rnn_notes.book.figures.output_graph import output_layer
    >>> [listing(node) for node in output_layer().nodes[-3:]]
    ['5 = logsumexp(ys[0])', '6 = ys[0][1, 0]', 'losses[0] = 5 - 6']
    """
    names = [parent.name or str(parent.index) for parent in node.parents]
    if not names:
        right = node.op
    elif node.op == "pick":
        right = f"{names[0]}[{', '.join(map(str, node.settings['index']))}]"
    elif len(names) == 1:
        right = f"{node.op}({names[0]})"
    else:
        right = f" {node.op} ".join(names)
    return f"{node.name or node.index} = {right}"


def loop_names(run: taped.TapedForward) -> dict[int, str]:
    """What the loop calls the gradients of the tape's nodes, by their index.

    >>> run = taped.forward(*running_example(T=1))
    >>> [loop_names(run)[i] for i in (1, 5, 10, 11, 13)]
    ['dWhh', 'dhprev', 'dhraw', 'dh', 'dy']
    """
    names = {node.index: f"d{name}" for name, node in run.params.items()}
    for nodes, name in ((run.hs, "dh"), (run.raws, "dhraw"), (run.ys, "dy")):
        names |= {node.index: name for node in nodes.values()}
    return names | {run.hs[-1].index: "dhprev"}


def _entry(node: Node, y: float, name: str) -> Iterator[str]:
    """One line of the tape, with the first entry of its gradient."""
    ink = "dh" if name == "dh" else "ink"
    yield label(69, y, f"`{listing(node)}`", ink, 12, "start")
    if node.gradient is not None:
        yield label(306, y, number(_first(node.gradient), 3), ink, 12, "end")
    if name:
        yield label(312, y, f"`{name}`", ink, 12, "start")


def _arc(y0: float, y1: float, ink: str = "rule") -> str:
    """An arc at the left between two lines of the tape, wider for a longer way."""
    out = 62 - min(26 + (y1 - y0) / 5, 61)
    curve = f"M{at(62, y0)}C{at(out, y0)} {at(out, y1)} {at(62, y1)}"
    return line(curve, ink, 1 if ink == "rule" else 2.4)


def _first(array: Array | None) -> float:
    """The first entry of a gradient."""
    assert array is not None
    return float(array.ravel()[0])
