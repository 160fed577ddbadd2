"""The tape against differences, and the loop of the book against the tape."""

from copy import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_notes import rnn, tape, taped
from rnn_notes.book.counting import Counter
from rnn_notes.differences import agreement, central
from rnn_notes.rnn import running_example
from rnn_notes.tape import Tape, exp, log, logsumexp, tanh

quick = settings(max_examples=40, deadline=None)
sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


def problem(V, H, T, seed):
    """Random parameters, text and a first state that is not zero."""
    rng = np.random.default_rng(seed)
    params = rnn.Params.random(V, H, rng, scale=0.7).replace(
        bh=rng.standard_normal((H, 1)), by=rng.standard_normal((V, 1))
    )
    inputs, targets = rng.integers(V, size=(2, T)).tolist()
    return params, inputs, targets, rng.standard_normal((H, 1))


UNARY = {
    "tanh": tanh,
    "exp": exp,
    "log": log,
    "transpose": lambda a: a.T,
    "sum": lambda a: a.sum(),
    "sum down": lambda a: a.sum(axis=0),
    "sum across": lambda a: a.sum(axis=1),
    "logsumexp": logsumexp,
    "logsumexp down": lambda a: logsumexp(a, axis=0),
    "one entry": lambda a: a[0, -1],
    "a row": lambda a: a[0],
    "a row twice": lambda a: a[[0, -1, 0]],
    "from the left": lambda a: 2.0 - 3.0 / (1.0 + a),
    "array first": lambda a: np.ones((2, 1)) @ (np.ones((1, 1)) * a)[:1],
    "itself twice": lambda a: a * a + a,
}
BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "@": lambda a, b: a @ b,
}


def test_values_are_those_of_numpy():
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0], [7.0]])
    node = Tape().variable(a)
    for z, value in [
        (node + b, a + b),
        (b + node, b + a),
        (node - b, a - b),
        (b - node, b - a),
        (node * b, a * b),
        (b * node, b * a),
        (node / b, a / b),
        (b / node, b / a),
        (node @ b, a @ b),
        (b.T @ node, b.T @ a),
        (node.T, a.T),
        (node[1], a[1]),
        (node.sum(axis=1), a.sum(axis=1, keepdims=True)),
        (node.sum(), a.sum()),
        (exp(tanh(log(node))), np.exp(np.tanh(np.log(a)))),
        (logsumexp(node), np.log(np.exp(a).sum())),
        (logsumexp(node, axis=0), np.log(np.exp(a).sum(axis=0, keepdims=True))),
    ]:
        assert z.value.shape == np.shape(value)
        assert np.allclose(z.value, value, rtol=1e-14)


def gradient_error(f, *arrays):
    """The largest disagreement between the tape's gradients of ``f`` and measured ones.

    The entries of the result are weighted, so that no two of them are alike.
    """

    def loss(*values):
        nodes = [Tape().variable(values[0])]
        nodes += [nodes[0].tape.variable(value) for value in values[1:]]
        z = f(*nodes)
        weights = np.cos(np.arange(z.value.size)).reshape(z.value.shape)
        return nodes, (z * weights).sum()

    nodes, total = loss(*arrays)
    total.tape.backward(total)
    reports = [
        agreement(
            nodes[i].gradient,
            central(lambda x, i=i: loss(*arrays[:i], x, *arrays[i + 1 :])[1].value, a),
        )
        for i, a in enumerate(arrays)
    ]
    return max(report.error for report in reports)


@pytest.mark.parametrize("name", UNARY)
@quick
@given(m=sizes, n=sizes, seed=seeds)
def test_adjoints_with_one_argument(name, m, n, seed):
    a = np.random.default_rng(seed).uniform(0.5, 2.0, (m, n))
    assert gradient_error(UNARY[name], a) < 1e-7


@pytest.mark.parametrize("name", BINARY)
@quick
@given(m=sizes, n=sizes, k=sizes, keep=st.tuples(*[st.booleans()] * 4), seed=seeds)
def test_adjoints_with_two_arguments(name, m, n, k, keep, seed):
    rng = np.random.default_rng(seed)
    if name == "@":
        shapes = (m, k), (k, n)
    else:  # every pair of shapes that broadcasts to (m, n)
        left, right = ([m if p else 1, n if q else 1] for p, q in (keep[:2], keep[2:]))
        shapes = left, right if keep[3] else right[1:]
    a, b = (rng.uniform(0.5, 2.0, shape) for shape in shapes)
    # a broadcast entry's gradient is a sum that may cancel, which costs a digit
    assert gradient_error(BINARY[name], a, b) < 1e-6


@pytest.mark.parametrize("op", ["@", "-", "*", "/", "tanh", "logsumexp", "pick"])
def test_a_wrong_adjoint_is_noticed(op, monkeypatch):
    value, *adjoints = tape.RULES[op]
    wrong = [lambda *g, rule=rule, **s: 3 * rule(*g, **s) for rule in adjoints]
    monkeypatch.setitem(tape.RULES, op, (value, *wrong))
    names = {"tanh": "tanh", "logsumexp": "logsumexp", "pick": "a row"}
    f = UNARY[names[op]] if op in names else BINARY[op]
    arrays = [np.array([[0.5, 1.5], [0.7, 1.1]])] * (1 if op in names else 2)
    assert gradient_error(f, *arrays) > 0.1


def assigning(self, loss):
    """A backward pass with ``=`` where ``+=`` is due."""
    loss.gradient = np.ones_like(loss.value)
    for node in reversed(self.nodes):
        for place, parent in enumerate(node.parents):
            parent.gradient = node.share(place)


def aliasing(self, loss):
    """A backward pass that adds to an array which may be another node's gradient."""
    loss.gradient = np.ones_like(loss.value)
    for node in reversed(self.nodes):
        for place, parent in enumerate(node.parents):
            if parent.gradient is None:
                parent.gradient = node.share(place)
            else:
                parent.gradient += node.share(place)


def fan_out():
    """Gradients, by x and y, of a loss that uses x twice, once through y = x + 0."""
    line = Tape()
    x = line.variable(np.ones((2, 1)))
    five = x * 5.0
    y = x + 0.0  # its share for x is the very array of its own gradient
    loss = (y * y + five).sum()
    line.backward(loss)
    return x.gradient.ravel().tolist(), y.gradient.ravel().tolist()


def test_shares_add_up_and_none_is_changed():
    assert fan_out() == ([7.0, 7.0], [2.0, 2.0])


@pytest.mark.parametrize("wrong", [assigning, aliasing])
def test_a_wrong_backward_pass_is_noticed(wrong, monkeypatch):
    monkeypatch.setattr(Tape, "backward", wrong)
    assert fan_out() != ([7.0, 7.0], [2.0, 2.0])


def test_backward_twice_gives_the_same():
    run = taped.forward(*running_example())
    first, second = taped.backward(run), taped.backward(run)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@quick
@given(V=st.integers(2, 6), H=sizes, T=st.integers(1, 12), seed=seeds)
def test_the_tape_derives_the_hand_written_loop(V, H, T, seed):
    params, *rest = problem(V, H, T, seed)
    run, plain = taped.forward(params, *rest), rnn.forward(params, *rest)
    bytape, byhand = taped.backward(run), rnn.backward(params, plain)
    assert np.isclose(run.loss.value, plain.loss, rtol=1e-13)
    assert agreement(bytape, byhand, tolerance=1e-12)
    pairs = zip(taped.signals(run), rnn.signals(params, plain), strict=True)
    for t, (recorded, looped) in zip(reversed(range(T)), pairs, strict=True):
        assert agreement(recorded, looped, tolerance=1e-12)
        shares = taped.by_parameter(run.hs[t])
        assert agreement(shares["Why"], params.Why.T @ looped.dy, tolerance=1e-12)
        assert ("Whh" in shares) == (t < T - 1)


def test_both_contributions_are_needed():
    run = taped.forward(*running_example())
    taped.backward(run)
    for t in range(4):
        shares = taped.by_parameter(run.hs[t])
        assert np.allclose(run.hs[t].gradient, shares["Why"] + shares["Whh"])
        for name in shares:
            assert not np.allclose(run.hs[t].gradient, shares[name])


def test_five_thousand_steps():
    params, *rest = problem(3, 4, 5000, seed=1)
    run, plain = taped.forward(params, *rest), rnn.forward(params, *rest)
    taped.backward(run)
    pairs = zip(taped.signals(run), rnn.signals(params, plain), strict=True)
    assert all(np.allclose(a.dh, b.dh, rtol=1e-12, atol=1e-12) for a, b in pairs)


def test_what_the_loss_does_not_depend_on():
    line = Tape()
    x, unused = line.variable([[0.0]], "x"), line.variable([[1.0]], "unused")
    with np.errstate(divide="ignore"):
        dead = log(x)  # -inf, and an infinite slope, on no path to the loss
    loss = (x + 1.0).sum()
    line.backward(loss)
    assert x.gradient.item() == 1
    assert unused.gradient.item() == 0
    assert dead.gradient is None
    assert len(x.contributions()) == 1


def test_constants_cost_no_work_on_the_way_back():
    counter = Counter()
    line = Tape(counter.array)
    w, x = line.variable(np.ones((3, 2))), line.constant(np.ones((2, 1)))
    loss = (w @ x).sum()
    before = counter.operations
    line.backward(loss)
    assert x.gradient is None
    product, additions = 3 * 1 * 2, 3 + 6  # g @ x.T, and += for w @ x and for w
    assert counter.operations - before == product + additions


def test_large_logits_stay_finite():
    line = Tape()
    y = line.variable([[1e4], [-1e4]])
    loss = logsumexp(y) - y[1, 0]
    line.backward(loss)
    assert loss.value == 2e4
    assert y.gradient.ravel().tolist() == [1.0, -1.0]


ERRORS = {
    "two matrices that do not fit": (
        lambda line: line.variable(np.ones((3, 2))) @ np.ones((3, 1)),
        r"@ got \(3, 2\) and \(3, 1\), which do not fit",
    ),
    "a flat vector in a product": (
        lambda line: line.variable(np.ones((3, 2))) @ np.ones(2),
        r"@ got \(3, 2\) and \(2,\), expected the shapes of two matrices",
    ),
    "a sum that does not broadcast": (
        lambda line: line.variable(np.ones((3, 1))) + np.ones((2, 1)),
        r"\+ got \(3, 1\) and \(2, 1\), which do not fit",
    ),
    "an entry that is not there": (
        lambda line: line.variable(np.ones((2, 1)))[5, 0],
        r"pick got \(2, 1\), which do not fit: index 5",
    ),
    "two tapes": (
        lambda line: line.variable([[1.0]]) + Tape().variable([[1.0]]),
        r"\+ got nodes of two tapes, expected one tape",
    ),
    "a loss that is no number": (
        lambda line: line.backward(line.variable(np.ones((2, 1)))),
        r"loss has shape \(2, 1\), expected one number",
    ),
    "signals before backward": (
        lambda line: list(taped.signals(taped.forward(*running_example(), line))),
        "has no gradient, expected backward first",
    ),
    "the network's own checks": (
        lambda line: taped.forward(running_example()[0], [2], [0], np.ones((3, 1))),
        r"inputs\[0\] is 2, expected 0 to 1",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_use_gets_one_clear_error(name):
    call, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        call(Tape())


def test_work_is_counted():
    counter = Counter()
    a = counter.array(np.ones((3, 4)))
    for value, operations in [
        (lambda: a @ np.ones((4, 2)), 3 * 2 * (4 + 3)),
        (lambda: np.ones((5, 3)) @ a, 5 * 4 * (3 + 2)),
        (lambda: 1 - a * a, 24),
        (lambda: np.tanh(a), 12),
        (lambda: a.sum(), 11),
        (lambda: a.max(axis=0), 8),
        (lambda: np.add.at(a, ([0, 1], [0, 0]), np.zeros(2)), 2),
        (lambda: a.T, 0),
        (lambda: a.reshape(2, 6)[0], 0),
    ]:
        before = counter.operations
        value()
        assert counter.operations - before == operations
    a += np.ones((3, 4))
    assert a.counter is counter
    assert (a == 2).all()


def test_counted_work_leaves_the_result_as_it_is():
    params, *rest = problem(5, 6, 4, seed=2)
    counter = Counter()
    run = taped.forward(params, *rest, Tape(counter.array))
    counted, plain = taped.backward(run), taped.backward(taped.forward(params, *rest))
    assert all(np.array_equal(a, b) for a, b in zip(counted, plain, strict=True))
    assert taped.kept(run.tape) == taped.kept(taped.forward(params, *rest).tape)


def test_the_way_back_costs_one_to_two_ways_forward_by_hand_and_by_tape():
    params, *rest = problem(20, 30, 10, seed=3)
    ratios = {}
    byhand, bytape = Counter(), Counter()
    arrays = {name: byhand.array(value) for name, value in vars(params).items()}
    counted = copy(params)
    vars(counted).update(arrays)
    run = rnn.forward(counted, *rest)
    forward, _ = byhand.operations, rnn.backward(counted, run)
    ratios["hand"] = (byhand.operations - forward) / forward
    run = taped.forward(params, *rest, Tape(bytape.array))
    forward, _ = bytape.operations, taped.backward(run)
    ratios["tape"] = (bytape.operations - forward) / forward
    assert all(1.4 < ratio < 1.9 for ratio in ratios.values()), ratios


def test_what_is_kept_grows_with_every_step():
    bytes_kept = [
        taped.kept(taped.forward(*problem(3, 4, T, seed=4)).tape) for T in (10, 20, 30)
    ]
    assert bytes_kept[2] - bytes_kept[1] == bytes_kept[1] - bytes_kept[0] > 0
