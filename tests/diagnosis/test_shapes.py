"""Batches, rows, gradients from above, losses of other kinds, and an LSTM's gates."""

import numpy as np
import pytest

from rnn_notes import check
from rnn_notes.diagnosis import layer

N, T, D, H, V = 2, 5, 3, 4, 6


def drawn(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [0.8 * rng.standard_normal(shape) for shape in shapes]


def rows(bug=""):
    """A layer over (N, T, D), as a course has it, forward and back."""
    x, h0, dh, Wx, Wh, b = drawn((N, T, D), (N, H), (N, T, H), (D, H), (H, H), (H,))

    def forward():
        hs = [h0]
        for t in range(T):
            hs.append(np.tanh(x[:, t] @ Wx + hs[-1] @ Wh + b))
        return np.stack(hs[1:], axis=1), hs

    def backward(dh, hs):
        dx, dprev = np.zeros_like(x), np.zeros((N, H))
        dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
        for t in reversed(range(T)):
            da = (dh[:, t] + dprev) * (1 - hs[t + 1] ** 2)
            dx[:, t] = da @ Wx.T
            dWx += x[:, t].T @ da
            dWh += hs[t + (bug == "hs[t] for hs[t-1]")].T @ da
            db += da.sum(axis=0)
            dprev = da @ (Wh if bug == "Whh untransposed" else Wh.T)
            dprev = 0 * dprev if bug == "dhnext dropped" else dprev
        return {"dx": dx, "dh0": dprev, "dWx": dWx, "dWh": dWh, "db": db}

    arrays = {"x": x, "h0": h0, "Wx": Wx, "Wh": Wh, "b": b}
    return layer(forward, backward, arrays, dh) | {"inputs": x, "state": h0}


def columns(bug=""):
    """The same over (n, m, T), with two biases' worth of columns and a mean loss."""
    x, y, a0 = drawn((D, N, T), (V, N, T), (H, N), seed=1)
    Wax, Waa, Wya, ba, by = drawn((H, D), (H, H), (V, H), (H, 1), (V, 1), seed=2)

    def forward():
        a = [a0]
        for t in range(T):
            a.append(np.tanh(Wax @ x[:, :, t] + Waa @ a[-1] + ba))
        out = np.stack([Wya @ h + by for h in a[1:]], axis=2)
        return 0.5 * ((out - y) ** 2).sum() / N, a, out

    def gradients():
        _, a, out = forward()
        found = {"d" + n: np.zeros_like(w) for n, w in arrays.items()}
        later = 0
        for t in reversed(range(T)):
            dy = (out[:, :, t] - y[:, :, t]) / (1 if bug == "sum for mean" else N)
            dz = (1 - a[t + 1] ** 2) * (Wya.T @ dy + later)
            found["dWya"] += dy @ a[t + 1].T
            found["dby"] += dy.sum(axis=1, keepdims=True)
            found["dWax"] += dz @ x[:, :, t].T
            found["dWaa"] += dz @ a[t].T
            found["dba"] += dz.sum(axis=1, keepdims=True)
            later = (Waa if bug == "Whh untransposed" else Waa.T) @ dz
            later = dz if bug == "Whh left out" else later
        return found

    arrays = {"Wax": Wax, "Waa": Waa, "Wya": Wya, "ba": ba, "by": by}
    told = {"inputs": x, "targets": y, "state": a0, "arrays": arrays}
    return {"loss": lambda: forward()[0], "gradients": gradients, **told}


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gates(bug=""):
    """An LSTM over rows, its gates side by side in the order f, i, g, o."""
    x, h0, c0, dh = drawn((N, T, D), (N, H), (N, H), (N, T, H), seed=3)
    Wx, Wh, b = drawn((D, 4 * H), (H, 4 * H), (4 * H,), seed=4)

    def forward():
        h, c, hs, kept = h0, c0, [], []
        for t in range(T):
            f, i, g, o = np.split(x[:, t] @ Wx + h @ Wh + b, 4, axis=1)
            f, i, g, o = sigmoid(f), sigmoid(i), np.tanh(g), sigmoid(o)
            new = f * c + i * g
            kept.append((h, c, f, i, g, o, new))
            h, c = o * np.tanh(new), new
            hs.append(h)
        return np.stack(hs, axis=1), kept

    def backward(dh, kept):
        dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
        dhn, dcn = np.zeros((N, H)), np.zeros((N, H))
        for t in reversed(range(T)):
            h, c, f, i, g, o, new = kept[t]
            d, tanhc = dh[:, t] + dhn, np.tanh(new)
            dc = o * (1 - tanhc**2) * d + (0 if bug == "lstm: dcnext dropped" else dcn)
            slope = g * (1 - g) if bug == "lstm: slope of a sigmoid for g" else 1 - g**2
            da = np.hstack([f * (1 - f) * c * dc, i * (1 - i) * g * dc, slope * i * dc,
                            o * (1 - o) * tanhc * d])  # fmt: skip
            dWx, dWh, db = dWx + x[:, t].T @ da, dWh + h.T @ da, db + da.sum(axis=0)
            dhn, dcn = da @ Wh.T, f * dc
        return {"Wx": dWx, "Wh": dWh, "b": db, "h0": dhn, "c0": dcn}

    arrays = {"Wx": Wx, "Wh": Wh, "b": b, "h0": h0, "c0": c0}
    return layer(forward, backward, arrays, dh) | {"inputs": x, "state": (h0, c0)}


SHAPES = {
    rows: ("hs[t] for hs[t-1]", "Whh untransposed", "dhnext dropped"),
    columns: ("Whh untransposed", "Whh left out", "sum for mean"),
    gates: ("lstm: dcnext dropped", "lstm: slope of a sigmoid for g"),
}
PLANTED = [(shape, bug) for shape, bugs in SHAPES.items() for bug in bugs]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_right_pass_is_right(shape):
    assert check(**shape()).right


@pytest.mark.parametrize(("shape", "bug"), PLANTED)
def test_a_bug_is_named_in_another_shape(shape, bug):
    diagnosis = check(**shape(bug))
    assert not diagnosis.right
    assert [(c.name, c.certain) for c in diagnosis.causes] == [(bug, True)]


def test_a_bias_for_each_sequence_is_told():
    x, h0, dh, Wx, Wh, b = drawn((N, T, D), (N, H), (N, T, H), (D, H), (H, H), (N, H))

    def forward():
        hs = [h0]
        for t in range(T):
            hs.append(np.tanh(x[:, t] @ Wx + hs[-1] @ Wh + b))
        return np.stack(hs[1:], axis=1), hs

    def backward(dh, hs):
        later, found = 0, {"Wx": 0, "Wh": 0, "b": 0}
        for t in reversed(range(T)):
            da = (dh[:, t] + later) * (1 - hs[t + 1] ** 2)
            parts = {"Wx": x[:, t].T @ da, "Wh": hs[t].T @ da, "b": da}
            found = {name: found[name] + part for name, part in parts.items()}
            later = da @ Wh.T
        return found

    arrays = {"Wx": Wx, "Wh": Wh, "b": b}
    given = layer(forward, backward, arrays, dh) | {"inputs": x, "state": h0}
    diagnosis = check(**given)
    assert diagnosis.right
    assert "shape of the batch" in str(diagnosis)


@pytest.mark.parametrize("factor", [1, 2])
def test_a_sine_wave_is_told_its_mean_and_no_padding(factor):
    """The mean of squares over T, of which ``factor / T`` may be missing."""
    x, y = np.sin(np.arange(10.0)), np.sin(np.arange(1, 11.0))
    Wxh, Whh, Why, bh = drawn((5, 1), (5, 5), (1, 5), (5, 1), seed=3)

    def forward():
        hs, ys = {-1: np.full((5, 1), 0.1)}, {}
        for t in range(10):
            hs[t] = np.tanh(Wxh * x[t] + Whh @ hs[t - 1] + bh)
            ys[t] = Why @ hs[t]
        return hs, ys

    def gradients():
        hs, ys = forward()
        d = [np.zeros_like(w) for w in (Wxh, Whh, Why, bh)]
        dhnext = np.zeros_like(bh)
        for t in reversed(range(10)):
            dy = (ys[t] - y[t]) * (2 / 10 if factor == 2 else 1)
            da = (Why.T @ dy + dhnext) * (1 - hs[t] ** 2)
            sums = da * x[t], da @ hs[t - 1].T, dy @ hs[t].T, da
            d = [a + b for a, b in zip(d, sums, strict=True)]
            dhnext = Whh.T @ da
        return d

    diagnosis = check(
        lambda: sum(((v - w) ** 2).item() / 10 for v, w in zip(
            forward()[1].values(), y, strict=True)),
        gradients, {"Wxh": Wxh, "Whh": Whh, "Why": Why, "bh": bh},
        inputs=x, targets=y, state=np.full((5, 1), 0.1),
    )  # fmt: skip
    assert diagnosis.right == (factor == 2)
    assert [c.name for c in diagnosis.causes] == ["sum for mean"] * (2 - factor)
    assert "padding" not in "".join(diagnosis.remarks)
