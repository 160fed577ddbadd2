"""The pictures of the tape show what the loop computes, line by line."""

import numpy as np
import pytest

from rnn_notes import rnn, taped
from rnn_notes.book import figures
from rnn_notes.book.figures.output_graph import output_layer
from rnn_notes.book.figures.tape_listing import listing, loop_names
from rnn_notes.rnn import running_example
from tests.helpers.drawings import faults, missing, numbers, other_example, texts


@pytest.mark.parametrize("t", range(5))
def test_the_graph_of_every_step_can_be_read_and_tells_the_loop_s_numbers(t):
    params, *rest = running_example()
    run = rnn.forward(params, *rest)
    dy = run.ps[t] - run.es[t]
    figure = figures.expression_graph(t=t)
    assert faults(figure.svg, figure.alt) == []
    for array in (dy, dy @ run.hs[t].T, params.Why.T @ dy, run.losses[t], run.ys[t]):
        assert missing(array, figure) == []
    assert missing(dy + 0.1, figure)


def test_no_operation_of_the_tape_is_left_out():
    nodes = output_layer().nodes
    drawn = texts(figures.expression_graph())
    assert all(drawn.count(node.op) == 1 for node in nodes if node.parents)
    assert "tanh" not in drawn
    edges = sum(len(node.parents) for node in nodes)
    svg = figures.expression_graph().svg
    assert svg.count("Z") == 2 * edges  # the heads of arrows: there and back


def test_a_step_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="t is 5, expected 0 to 4"):
        figures.expression_graph(t=5)


def test_the_listing_can_be_run_as_code():
    run = taped.forward(*running_example(T=2))
    values = {"tanh": np.tanh, "logsumexp": rnn.logsumexp}
    for node in run.tape.nodes:
        name, code = listing(node).split(" = ")
        for parent in sorted(node.parents, key=lambda p: -p.index):
            if not parent.name:  # a number stands for the value of its line
                code = code.replace(str(parent.index), f"line{parent.index}", 1)
        kinds = ("xs", "hs", "ys", "losses")
        for place in (f"{kind}[{t}]" for kind in kinds for t in (0, 1)):
            code = code.replace(place, place.replace("[", "").replace("]", ""))
        value = eval(code, {}, values) if node.parents else node.value
        assert np.allclose(value, node.value)
        name = name.replace("[", "").replace("]", "")
        values[f"line{name}" if name.isdigit() else name] = node.value
    assert not np.allclose(values["hs0"], values["hs1"])


def test_the_names_beside_the_tape_are_the_loop_s():
    params, inputs, targets, hprev = running_example(T=2)
    run = taped.forward(params, inputs, targets, hprev)
    taped.backward(run)
    plain = rnn.forward(params, inputs, targets, hprev)
    gradients = rnn.backward(params, plain)
    second, first = (step._asdict() for step in rnn.signals(params, plain))
    half = run.hs[0].index + 6  # the last line of the first step
    for index, name in loop_names(run).items():
        step = first if index <= half else second
        expected = getattr(gradients, name, None)
        expected = step[name] if expected is None else expected
        found = run.tape.nodes[index].gradient
        assert np.allclose(found, expected)
        assert not np.allclose(found, -expected)
    assert len(loop_names(run)) == 6 + 2 * 3


def test_the_listing_is_drawn_whole_and_from_its_run():
    run = taped.forward(*running_example(T=2))
    drawn = texts(figures.tape_in_order())
    assert all(listing(node) in drawn for node in run.tape.nodes)
    other = figures.tape_in_order(other_example())
    assert numbers(other) != numbers(figures.tape_in_order())
    assert faults(other.svg, other.alt) == []
