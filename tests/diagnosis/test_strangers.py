"""Programs as strangers bring them: each right as it is, and named with a bug in it."""

import numpy as np
import pytest

from rnn_notes import check


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(y):
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def drawn(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [0.9 * rng.standard_normal(shape) for shape in shapes]


def adder(bug=""):
    """Two bits in, one out, sigmoids everywhere, the error squared; rows of one."""
    synapse_0, synapse_1, synapse_h = drawn(1, (2, 5), (5, 1), (5, 5))
    bits = np.random.default_rng(2).integers(2, size=(6, 2)).astype(float)
    due = np.random.default_rng(3).integers(2, size=(6, 1)).astype(float)

    def forward():
        layer_1, layer_2 = [np.zeros((1, 5))], []
        for row in bits:
            layer_1.append(sigmoid(row[None] @ synapse_0 + layer_1[-1] @ synapse_h))
            layer_2.append(sigmoid(layer_1[-1] @ synapse_1))
        return layer_1, layer_2

    def loss():
        outs = np.array(forward()[1]).ravel()
        return 0.5 * ((due.ravel() - outs) ** 2).sum()

    def gradients():
        layer_1, layer_2 = forward()
        d0, d1, dh = (np.zeros_like(s) for s in (synapse_0, synapse_1, synapse_h))
        future = np.zeros((1, 5))
        for t in reversed(range(6)):
            out, h = layer_2[t], layer_1[t + 1]
            delta_2 = (out - due[t]) * (1 if bug == "output: slope left out" else
                                        out * (1 - out))  # fmt: skip
            slope = h * (1 - h)
            slope = 1 - h**2 if bug == "sigmoid: slope of a tanh" else slope
            again = sigmoid(h) * (1 - sigmoid(h))
            slope = again if bug == "slope at h again" else slope
            back = synapse_h if bug == "Whh untransposed" else synapse_h.T
            delta_1 = (future @ back + delta_2 @ synapse_1.T) * slope
            d1 += h.T @ delta_2
            dh += layer_1[t].T @ delta_1
            d0 += bits[[t]].T @ delta_1
            future = delta_1
        return d0, d1, dh

    arrays = {"synapse_0": synapse_0, "synapse_1": synapse_1, "synapse_h": synapse_h}
    return (loss, gradients, arrays), bits, due


def sentiment(bug=""):
    """ReLU over rows (N, T, D), one softmax at the end, the mean over the batch."""
    N, T, D, H, V = 4, 5, 3, 6, 2
    x, h0, Wxh, Whh, Why = drawn(4, (N, T, D), (N, H), (D, H), (H, H), (H, V))
    bh, by = drawn(5, (H,), (V,))
    y = np.array([0, 1, 1, 0])

    def forward():
        h = [h0]
        for t in range(T):
            h.append(np.maximum(0, x[:, t] @ Wxh + h[-1] @ Whh + bh))
        return h, softmax(h[-1] @ Why + by)

    def gradients():
        h, p = forward()
        d = {"d" + n: np.zeros_like(a) for n, a in arrays.items()}
        dy = (p - np.eye(V)[y]) / (1 if bug == "sum for mean" else N)
        d["dWhy"], d["dby"], dh = h[-1].T @ dy, dy.sum(axis=0), dy @ Why.T
        for t in reversed(range(T)):
            on = (dh > 0) if bug == "relu: cut by the gradient" else (h[t + 1] > 0)
            on = 1 if bug == "tanh forgotten" else on
            da = dh * on
            d["dWxh"] += x[:, t].T @ da
            d["dWhh"] += h[t + (bug == "hs[t] for hs[t-1]")].T @ da
            d["dbh"] += da.sum(axis=0)
            dh = da @ Whh.T
            dh = dh + dy @ Why.T if bug == "last dy at every step" else dh
        return d

    def loss():
        return -np.log(forward()[1][range(N), y]).mean()

    arrays = {"Wxh": Wxh, "Whh": Whh, "Why": Why, "bh": bh, "by": by}
    return (loss, gradients, arrays), x, y, h0


def counter(bug=""):
    """Two numbers, wx and wRec, no activation and no output layer; the mean error."""
    wx, wRec = np.array([1.2]), np.array([0.7])
    X = np.random.default_rng(6).standard_normal((7, 5))
    t = X.sum(axis=1)

    def states():
        S = np.zeros((7, 6))
        for k in range(5):
            S[:, k + 1] = X[:, k] * wx + S[:, k] * wRec
        return S

    def gradients():
        S = states()
        g = np.zeros((7, 6))
        g[:, -1] = 2 * (S[:, -1] - t) / 7
        dx, dr = 0, 0
        for k in range(5, 0, -1):
            dx += (g[:, k] * X[:, k - 1]).sum()
            dr += (g[:, k] * S[:, k - (bug != "hs[t] for hs[t-1]")]).sum()
            g[:, k - 1] = g[:, k] * (1 if bug == "Whh left out" else wRec)
        return [dx], [dr]

    arrays = {"wx": wx, "wRec": wRec}
    return (lambda: ((states()[:, -1] - t) ** 2).mean(), gradients, arrays), X, t


def two_layers(bug=""):
    """No time in it: W1, b1, ReLU, W2, b2, softmax, the mean over the rows."""
    N, D, H, V = 7, 4, 5, 3
    X, W1, b1, W2, b2 = drawn(7, (N, D), (D, H), (H,), (H, V), (V,))
    y = np.random.default_rng(8).integers(V, size=N)

    def forward():
        h = np.maximum(0, X @ W1 + b1)
        return h, softmax(h @ W2 + b2)

    def gradients():
        h, p = forward()
        p[range(N), y] = p[range(N), y] - 1 if bug != "= -1 at the target" else -1
        dy = p if bug == "sum for mean" else p / N
        dh = (dy @ W2.T) * (1 if bug == "tanh forgotten" else h > 0)
        return X.T @ dh, dh.sum(axis=0), h.T @ dy, dy.sum(axis=0)

    def loss():
        return -np.log(forward()[1][range(N), y]).mean()

    arrays = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    return (loss, gradients, arrays), X, y


def two_biases(bug=""):
    """A bias for each product, time first (T, N, D), and a straight line on top."""
    T, N, D, H, V = 5, 3, 2, 4, 2
    x, w_ih, w_hh, b_ih, b_hh = drawn(9, (T, N, D), (H, D), (H, H), (H,), (H,))
    due, w_out, b_out = drawn(10, (T, N, V), (V, H), (V,))

    def forward():
        h = [np.zeros((N, H))]
        for t in range(T):
            h.append(np.tanh(x[t] @ w_ih.T + b_ih + h[-1] @ w_hh.T + b_hh))
        return h, np.stack([s @ w_out.T + b_out for s in h[1:]])

    def gradients():
        h, out = forward()
        dy, later = 2 * (out - due) / out.size, 0
        d = {n: np.zeros_like(a) for n, a in arrays.items()}
        for t in reversed(range(T)):
            d["w_out"] += dy[t].T @ h[t + 1]
            d["b_out"] += dy[t].sum(axis=0)
            dh = dy[t] @ w_out + later
            da = dh * (1 - h[t + 1] ** 2)
            d["w_ih"] += da.T @ x[t]
            d["w_hh"] += da.T @ h[t]
            d["b_ih"] += da.sum(axis=0)
            d["b_hh"] += da.sum(axis=0)
            later = (dh if bug == "dh for dhraw" else da) @ w_hh
        return d

    arrays = {"w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh}
    arrays |= {"w_out": w_out, "b_out": b_out}
    return (lambda: ((forward()[1] - due) ** 2).mean(), gradients, arrays), x, due


def padded(bug="", kept=False):
    """Sequences of three lengths, zeros in front, a mask on the loss, or on h too."""
    N, T, D, H = 3, 6, 2, 4
    X, due, h0 = drawn(11, (N, T, D), (N, T, 1), (N, H))
    Wx, Wh, b, Wy = drawn(12, (D, H), (H, H), (H,), (H, 1))
    mask = np.ones((N, T, 1))
    for n, empty in enumerate((3, 0, 2)):
        X[n, :empty] = mask[n, :empty] = 0

    def forward():
        h = [h0]
        for t in range(T):
            new = np.tanh(X[:, t] @ Wx + h[-1] @ Wh + b)
            h.append(mask[:, t] * new + (1 - mask[:, t]) * h[-1] if kept else new)
        return h

    def loss():
        out = np.stack(forward()[1:], axis=1) @ Wy
        return 0.5 * (mask * (out - due) ** 2).sum()

    def gradients():
        h, later = forward(), 0
        g = {name: np.zeros_like(a) for name, a in arrays.items()}
        for t in reversed(range(T)):
            m = mask[:, t]
            dy = m * (h[t + 1] @ Wy - due[:, t])
            dh = dy @ Wy.T + later
            da = dh * (1 - h[t + 1] ** 2)
            da = m * da if kept and bug != "mask: left out" else da
            g["Wy"] += h[t + 1].T @ dy
            g["Wx"] += X[:, t].T @ da
            g["Wh"] += h[t].T @ da
            g["b"] += da.sum(axis=0)
            later = da @ (Wh if bug == "Whh untransposed" else Wh.T)
            if kept and "path" not in bug:
                later = later + (1 - m) * dh
        g["h0"] = later
        return g

    arrays = {"Wx": Wx, "Wh": Wh, "b": b, "Wy": Wy, "h0": h0}
    return (loss, gradients, arrays), X, due, h0


def keeping(bug=""):
    return padded(bug, kept=True)


def coursera(bug=""):
    """An LSTM over [a_prev; x_t], (n, m, T), a softmax at every step, gates apart."""
    n_x, n_a, m, T, n_y = 3, 4, 2, 5, 3
    names = ("Wf", "Wi", "Wc", "Wo")
    p = dict(zip(names, drawn(21, *[(n_a, n_a + n_x)] * 4), strict=True))
    p |= dict(zip(("bf", "bi", "bc", "bo"), drawn(22, *[(n_a, 1)] * 4), strict=True))
    p["Wy"], p["by"], x, a0 = drawn(23, (n_y, n_a), (n_y, 1), (n_x, m, T), (n_a, m))
    y = np.random.default_rng(24).integers(n_y, size=(m, T))

    def forward():
        a, c, steps = a0, np.zeros_like(a0), []
        for t in range(T):
            both = np.concatenate([a, x[:, :, t]])
            f, i, o = (sigmoid(p["W" + k] @ both + p["b" + k]) for k in "fio")
            g = np.tanh(p["Wc"] @ both + p["bc"])
            before, c = c, f * c + i * g
            a = o * np.tanh(c)
            out = softmax((p["Wy"] @ a + p["by"]).T).T
            steps.append((both, f, i, o, g, before, c, a, out))
        return steps

    def loss():
        hits = [out[y[:, t], range(m)] for t, (*_, out) in enumerate(forward())]
        return -np.log(hits).sum() / m

    def gradients():
        d = {"d" + k: np.zeros_like(w) for k, w in p.items()}
        da, dc = np.zeros_like(a0), np.zeros_like(a0)
        for t, (both, f, i, o, g, before, c, a, out) in [*enumerate(forward())][::-1]:
            dy = (out - np.eye(n_y)[:, y[:, t]]) / m
            d["dWy"] += dy @ a.T
            d["dby"] += dy.sum(axis=1, keepdims=True)
            dh = p["Wy"].T @ dy + da
            path = dc if bug != "lstm: dcnext dropped" else 0
            dcell = dh * o * (1 - np.tanh(c) ** 2) + path
            slope = (
                i * (1 - i) if bug != "lstm: slope of a tanh in a gate" else 1 - i**2
            )
            raw = {
                "f": dcell * before * f * (1 - f),
                "i": dcell * g * slope,
                "c": dcell * i * (1 - g**2),
                "o": dh * np.tanh(c) * o * (1 - o),
            }
            back = 0
            for k, r in raw.items():
                d["dW" + k] += r @ both.T
                d["db" + k] += r.sum(axis=1, keepdims=True)
                back = back + p["W" + k].T @ r
            da, dc = back[:n_a], f * dcell
        return d

    return (loss, gradients, p), x, y, a0


def gru_net(bug="", after=False, turned=False):
    """A GRU with Wz, Uz, bz, flat; the reset before its product or after it."""
    D, H, V, T = 3, 4, 3, 5
    w = dict(zip(("Wz", "Wr", "Wh"), drawn(31, *[(H, D)] * 3), strict=True))
    w |= dict(zip(("Uz", "Ur", "Uh"), drawn(32, *[(H, H)] * 3), strict=True))
    w |= dict(zip(("bz", "br", "bh"), drawn(33, *[(H,)] * 3), strict=True))
    w["V"], w["c"] = drawn(34, (V, H), (V,))
    x, y = np.random.default_rng(35).integers(3, size=(2, T)).tolist()
    h0 = drawn(36, (H,))[0]

    def forward():
        h, steps = h0, []
        for letter in x:
            z, r = (sigmoid(w["W" + k][:, letter] + w["U" + k] @ h + w["b" + k])
                    for k in "zr")  # fmt: skip
            mixed = r * (w["Uh"] @ h) if after else w["Uh"] @ (r * h)
            n = np.tanh(w["Wh"][:, letter] + mixed + w["bh"])
            new = z * h + (1 - z) * n if turned else (1 - z) * h + z * n
            steps.append((h, z, r, n, new, softmax(w["V"] @ new + w["c"])))
            h = new
        return steps

    def loss():
        return -sum(np.log(p[k]) for (*_, p), k in zip(forward(), y, strict=True))

    def gradients():
        d, later = {k: np.zeros_like(a) for k, a in w.items()}, np.zeros(H)
        for (h, z, r, n, new, p), letter, k in list(zip(forward(), x, y, strict=True))[
            ::-1
        ]:
            dy = p - np.eye(V)[k]
            dh = w["V"].T @ dy + later * (bug != "gru: dhnext dropped")
            mix, kept = (1 - z, z) if turned else (z, 1 - z)
            mix = kept if bug == "gru: mix turned round" else mix
            dn = dh * mix * (1 - n**2)
            dz = dh * (h - n if turned else n - h) * z * (1 - z)
            du = r * dn if after else dn
            inner = w["Uh"].T @ du
            dr = (dn * (w["Uh"] @ h) if after else inner * h) * r * (1 - r)
            for g, raw in (("z", dz), ("r", dr), ("h", dn)):
                d["W" + g][:, letter] += raw
                d["b" + g] += raw
            d["Uz"] += np.outer(dz, h)
            d["Ur"] += np.outer(dr, h)
            d["Uh"] += np.outer(du, h if after else r * h)
            d["V"] += np.outer(dy, new)
            d["c"] += dy
            later = dh * kept * (bug != "gru: dhprev without the mix")
            later = (
                later + w["Uz"].T @ dz + w["Ur"].T @ dr + inner * (1 if after else r)
            )
        return d

    return (loss, gradients, w), x, y, h0


def gru_after(bug=""):
    return gru_net(bug, after=True, turned=True)


def embedded(bug=""):
    """An embedding below, rows, no biases, one sequence of flat states."""
    V, D, H = 5, 3, 4
    E, Wx, Wh, Wy = drawn(41, (V, D), (D, H), (H, H), (H, V))
    x, y = [0, 1, 2, 4, 1], [1, 2, 4, 1, 3]

    def states():
        h = [np.zeros(H)]
        for k in x:
            h.append(np.tanh(E[k] @ Wx + h[-1] @ Wh))
        return h

    def loss():
        hits = [softmax(h @ Wy)[k] for h, k in zip(states()[1:], y, strict=True)]
        return -np.log(hits).sum()

    def gradients():
        h, d, later = states(), {n: np.zeros_like(a) for n, a in arrays.items()}, 0
        for t in reversed(range(len(x))):
            dy = softmax(h[t + 1] @ Wy) - np.eye(V)[y[t]]
            d["Wy"] += np.outer(h[t + 1], dy)
            da = (Wy @ dy + later) * (1 - h[t + 1] ** 2)
            d["Wx"] += np.outer(E[x[t]], da)
            d["E"][x[t]] += Wx @ da
            d["Wh"] += np.outer(h[t + (bug == "hs[t] for hs[t-1]")], da)
            later = (Wh.T if bug == "Whh untransposed" else Wh) @ da
        return d

    arrays = {"E": E, "Wx": Wx, "Wh": Wh, "Wy": Wy}
    return (loss, gradients, arrays), x, y


def by_index(bug=""):
    """A batch of letters (N, T), rows, the weights of each letter looked up."""
    N, T, V, H = 3, 4, 5, 4
    Wxh, Whh, Why, bh, by = drawn(42, (V, H), (H, H), (H, V), (H,), (V,))
    X, Y = np.random.default_rng(1).integers(V, size=(2, N, T))

    def states():
        h = [np.zeros((N, H))]
        for t in range(T):
            h.append(np.tanh(Wxh[X[:, t]] + h[-1] @ Whh + bh))
        return h

    def loss():
        hits = [softmax(h @ Why + by)[range(N), Y[:, t]]
                for t, h in enumerate(states()[1:])]  # fmt: skip
        return -np.log(hits).sum() / N

    def gradients():
        h, d, later = states(), {n: np.zeros_like(a) for n, a in arrays.items()}, 0
        for t in reversed(range(T)):
            dy = softmax(h[t + 1] @ Why + by) - np.eye(V)[Y[:, t]]
            dy = dy if bug == "sum for mean" else dy / N
            da = (dy @ Why.T + later) * (1 - h[t + 1] ** 2)
            if bug == "letters twice, added once":
                d["Wxh"][X[:, t]] += da
            else:
                np.add.at(d["Wxh"], X[:, t], da)
            d["Why"] += h[t + 1].T @ dy
            d["by"] += dy.sum(axis=0)
            d["Whh"] += h[t].T @ da
            d["bh"] += da.sum(axis=0)
            later = da @ Whh.T
        return d

    arrays = {"Wxh": Wxh, "Whh": Whh, "Why": Why, "bh": bh, "by": by}
    return (loss, gradients, arrays), X, Y


PROGRAMS = {
    adder: ("output: slope left out", "sigmoid: slope of a tanh", "slope at h again",
            "Whh untransposed"),
    sentiment: ("sum for mean", "relu: cut by the gradient", "tanh forgotten",
                "hs[t] for hs[t-1]", "last dy at every step"),
    counter: ("hs[t] for hs[t-1]", "Whh left out"),
    two_layers: ("= -1 at the target", "sum for mean", "tanh forgotten"),
    two_biases: ("dh for dhraw",),
    padded: ("Whh untransposed",),
    keeping: ("mask: the kept state's path left out", "mask: left out",
              "Whh untransposed"),
    coursera: ("lstm: dcnext dropped", "lstm: slope of a tanh in a gate"),
    gru_net: ("gru: dhprev without the mix", "gru: mix turned round"),
    gru_after: ("gru: dhnext dropped",),
    embedded: ("Whh untransposed", "hs[t] for hs[t-1]"),
    by_index: ("sum for mean", "letters twice, added once"),
}  # fmt: skip
ALIKE = {"lstm: dcnext dropped": {"lstm: dcnext after the gates"}}  # c0 is no array
PLANTED = [(program, bug) for program, bugs in PROGRAMS.items() for bug in bugs]


def checked(program, bug=""):
    """The diagnosis of a program with a bug in it."""
    asked, inputs, targets, *state = program(bug)
    return check(*asked, inputs=inputs, targets=targets, state=next(iter(state), None))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_strangers_program_is_right_as_it_is(program):
    diagnosis = checked(program)
    assert diagnosis.right
    assert not diagnosis.causes


@pytest.mark.parametrize(("program", "bug"), PLANTED)
def test_a_bug_in_a_strangers_program_is_named(program, bug):
    diagnosis = checked(program, bug)
    assert not diagnosis.right
    assert {cause.name for cause in diagnosis.causes} == {bug} | ALIKE.get(bug, set())
    assert all(cause.certain for cause in diagnosis.causes)


def test_the_line_for_a_road_that_is_left_out_holds_the_road():
    told = str(checked(keeping, "mask: the kept state's path left out"))
    assert "Right is `dhnext = np.dot(Whh.T, dhraw) + (1 - m) * dh`" in told
    assert "(1 - m)" not in str(checked(keeping, "Whh untransposed"))


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("bug", ["", "Whh untransposed"])
def test_matrices_whose_star_is_a_product_are_read(bug):
    U, W, V = map(np.matrix, drawn(22, (4, 3), (4, 4), (3, 4)))
    x, y = [np.matrix(np.eye(3)[[i]]).T for i in (0, 2, 1, 0)], [2, 1, 0, 0]

    def run():
        hs, ps = [np.matrix(np.zeros((4, 1)))], []
        for column in x:
            hs.append(np.tanh(U * column + W * hs[-1]))
            ps.append(np.exp(V * hs[-1]) / np.exp(V * hs[-1]).sum())
        return hs, ps

    def gradients():
        hs, ps = run()
        dU, dW, dV, dhnext = 0 * U, 0 * W, 0 * V, 0 * hs[0]
        for t in reversed(range(4)):
            ps[t][y[t]] -= 1
            dV += ps[t] * hs[t + 1].T
            dhraw = np.multiply(V.T * ps[t] + dhnext, 1 - np.power(hs[t + 1], 2))
            dU += dhraw * x[t].T
            dW += dhraw * hs[t].T
            dhnext = (W if bug else W.T) * dhraw
        return dU, dW, dV

    def loss():
        return -sum(np.log(p[k, 0]) for p, k in zip(run()[1], y, strict=True))

    arrays = {"U": U, "W": W, "V": V}
    diagnosis = check(loss, gradients, arrays, inputs=x, targets=y)
    assert [cause.name for cause in diagnosis.causes] == ([bug] if bug else [])
    assert diagnosis.right == (not bug)
