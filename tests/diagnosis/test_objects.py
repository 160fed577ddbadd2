"""Objects that keep their weights in their own ways, each right and with a bug."""

import numpy as np
import pytest

from rnn_notes import check
from rnn_notes.diagnosis import method

V, H = 4, 3
X, Y = [0, 1, 2, 1, 3], [1, 2, 1, 3, 0]
SHAPES = {"Wxh": (H, V), "Whh": (H, H), "Why": (V, H), "bh": (H, 1), "by": (V, 1)}


def drawn(dtype=float):
    rng = np.random.default_rng(7)
    return {name: rng.standard_normal(s).astype(dtype) for name, s in SHAPES.items()}


def passes(w, bug, h0=None):
    """The loss, and the gradients by name."""
    hs = {-1: np.zeros((H, 1)) if h0 is None else h0}
    ps, loss = {}, 0.0
    for t, letter in enumerate(X):
        hs[t] = np.tanh(w["Wxh"][:, [letter]] + w["Whh"] @ hs[t - 1] + w["bh"])
        e = np.exp(w["Why"] @ hs[t] + w["by"])
        ps[t] = e / e.sum()
        loss -= np.log(ps[t][Y[t], 0])
    d, later = {name: np.zeros_like(a) for name, a in w.items()}, 0
    for t in reversed(range(len(X))):
        dy = ps[t].copy()
        dy[Y[t]] -= 1
        d["Why"] += dy @ hs[t].T
        d["by"] += dy
        raw = (1 - hs[t] ** 2) * (w["Why"].T @ dy + later)
        d["bh"] += raw
        d["Wxh"][:, [X[t]]] += raw
        d["Whh"] += raw @ hs[t - 1].T
        later = (w["Whh"] if bug else w["Whh"].T) @ raw
    return loss, d


class Params:
    """Weights in a mapping; ``loss`` returns the gradients too, by name."""

    def __init__(self, bug):
        self.bug, self.params = bug, drawn()

    def loss(self, x, y):
        return passes(self.params, self.bug)


class Grads:
    """``backward`` returns nothing and leaves a mapping of gradients behind."""

    def __init__(self, bug):
        self.bug, self.params, self.grads = bug, drawn(np.float32), {}

    def loss(self, x, y):
        return passes(self.params, self.bug)[0]

    def backward(self, x, y):
        self.grads = passes(self.params, self.bug)[1]


class Attributes:
    """Weights and, once there was a pass, their gradients beside them."""

    def __init__(self, bug):
        self.bug = bug
        vars(self).update(drawn())

    def weights(self):
        return {name: getattr(self, name) for name in SHAPES}

    def loss(self, x, y):
        return passes(self.weights(), self.bug)[0]

    def backward(self, x, y):
        for name, d in passes(self.weights(), self.bug)[1].items():
            setattr(self, f"d{name}", d)


class Moving(Attributes):
    """``backprop`` binds new weights and returns nothing."""

    def backprop(self, x, y, learn_rate=0.1):
        for name, d in passes(self.weights(), self.bug)[1].items():
            setattr(self, name, getattr(self, name) - learn_rate * d)

    backward = None


class Both(Attributes):
    """One method with a first state, which returns everything."""

    def loss_and_grads(self, x, y, hprev):
        loss, d = passes(self.weights(), self.bug, hprev)
        dWxh, dWhh, dWhy, dbh, dby = d.values()
        return loss, (dWxh, dWhh, dWhy, dbh, dby), hprev


class Sequences(Attributes):
    """The loss takes a list of sequences, the pass one of them."""

    loss = None

    def calculate_total_loss(self, x, y):
        return sum(passes(self.weights(), self.bug)[0] for k in range(len(y[0]) > 0))


class Lists:
    """Weights and biases in lists, and so are their gradients, biases first."""

    def __init__(self, bug):
        self.bug, w = bug, drawn()
        self.weights = [w["Wxh"], w["Whh"], w["Why"]]
        self.biases = [w["bh"], w["by"]]

    def both(self):
        return dict(zip(SHAPES, self.weights + self.biases, strict=True))

    def loss(self, x, y):
        return passes(self.both(), self.bug)[0]

    def backprop(self, x, y):
        d = passes(self.both(), self.bug)[1]
        return [d["bh"], d["by"]], [d["Wxh"], d["Whh"], d["Why"]]


KINDS = (Params, Grads, Attributes, Moving, Both, Sequences, Lists)


def asked(kind, bug):
    state = [np.full((H, 1), 0.3)] if kind is Both else []
    return method(kind(bug), X, Y, *state)


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_checked_as_it_is(kind):
    given = asked(kind, bug=False)
    before = {name: array.copy() for name, array in given["arrays"].items()}
    assert check(**given).right
    assert len(before) == 5
    for name, array in given["arrays"].items():
        assert np.array_equal(array, before[name])


@pytest.mark.parametrize("kind", KINDS)
def test_a_bug_of_an_object_is_named(kind):
    diagnosis = check(**asked(kind, bug=True))
    assert not diagnosis.right
    assert [c.name for c in diagnosis.causes] == ["Whh untransposed"]


def test_a_pass_that_moves_weights_needs_a_rate():
    class Silent(Moving):
        def backprop(self, x, y):
            super().backprop(x, y)

    with pytest.raises(ValueError, match="say rate="):
        check(**method(Silent(False), X, Y))
    assert check(**method(Silent(False), X, Y, rate=0.1)).right
    assert not check(**method(Silent(False), X, Y, rate=0.2)).right


def test_gradients_that_changed_places_are_told():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    diagnosis = check(
        lambda: (a**2).sum() + (b**3).sum(), lambda: (3 * b**2, 2 * a), {"a": a, "b": b}
    )
    assert not diagnosis.right
    assert "a and b have changed places" in str(diagnosis)


class Buffer(Attributes):
    """One array for the state; ``backprop`` moves the weights where they stand."""

    def __init__(self, bug):
        super().__init__(bug)
        self.keep = (lambda h: h) if bug == "references" else np.copy

    def forward(self, x):
        h = np.zeros((H, 1))
        self.hs, self.ps = [self.keep(h)], []
        for letter in x:
            h[:] = np.tanh(self.Wxh[:, [letter]] + self.Whh @ h + self.bh)
            self.hs.append(self.keep(h))
            e = np.exp(self.Why @ h + self.by)
            self.ps.append(e / e.sum())
        return self.ps

    def loss(self, x, y):
        return -sum(np.log(p[k, 0]) for p, k in zip(self.forward(x), y, strict=True))

    def backprop(self, x, y, rate=0.1):
        self.forward(x)
        d = {name: np.zeros_like(w) for name, w in self.weights().items()}
        later = np.zeros((H, 1))
        for t in reversed(range(len(x))):
            dy = self.ps[t]  # the same array, which nobody reads again
            dy[y[t]] -= 1
            d["Why"] += dy @ self.hs[t + 1].T
            d["by"] += dy
            raw = (1 - self.hs[t + 1] ** 2) * (self.Why.T @ dy + later)
            d["bh"] += raw
            d["Wxh"][:, [x[t]]] += raw
            d["Whh"] += raw @ self.hs[t].T
            later = (self.Whh if self.bug == "untransposed" else self.Whh.T) @ raw
            if self.bug == "moved in the loop":
                self.Whh -= rate * raw @ self.hs[t].T
        for name, slope in d.items():
            getattr(self, name)[...] -= rate * slope

    backward = None


BUFFERS = {
    "references": ["only the last state kept"],
    "untransposed": ["Whh untransposed"],
    "moved in the loop": ["a line too many"],
}


def test_a_buffer_of_which_copies_are_kept_is_right():
    given = method(Buffer(""), X, Y)
    before = {name: array.copy() for name, array in given["arrays"].items()}
    assert check(**given).right
    assert all(np.array_equal(a, before[n]) for n, a in given["arrays"].items())


@pytest.mark.parametrize("bug", BUFFERS)
def test_what_is_kept_by_reference_and_moved_too_early_is_named(bug):
    diagnosis = check(**method(Buffer(bug), X, Y))
    assert not diagnosis.right
    assert [cause.name for cause in diagnosis.causes] == BUFFERS[bug]
