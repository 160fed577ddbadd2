"""The forward pass of every model that is shipped, written by hand in NumPy.

A twin fills a dictionary that holds the inputs: ``v["W_{xh}"]``, ``v["x", 2]``. What it
computes is compared with what the engine computes from the model's text.
"""

import numpy as np

__all__ = ["TWINS"]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def surprise(target, prediction):
    """The cross-entropy of a prediction, both in any order of rows and columns."""
    return -np.log(np.sum(target.ravel() * prediction.ravel())).reshape(1, 1)


def total(v, name, T):
    return sum(v[name, t] for t in range(1, T + 1))


def columns(names, squash=np.tanh, mean=False):
    """The twin of a plain network whose letters are given.

    names : input, target, Wxh, Whh, Why, bh, by, argument, state, logits, prediction,
            loss of a step, loss; None for what a text has not
    """
    x, e, Wxh, Whh, Why, bh, by, a, h, y, p, step, loss = names

    def twin(v, T):
        for t in range(1, T + 1):
            argument = v[Wxh] @ v[x, t] + v[Whh] @ v[h, t - 1] + (v[bh] if bh else 0)
            v[h, t] = squash(argument)
            logits = v[Why] @ v[h, t] + (v[by] if by else 0)
            v[p, t] = softmax(logits)
            v[step, t] = surprise(v[e, t], v[p, t])
            v.update({(a, t): argument} if a else {})
            v.update({(y, t): logits} if y else {})
        v[loss] = total(v, step, T) / (T if mean else 1)

    return twin


TRANSPOSED = ("X", "e", "W_{xh}", "W_{hh}", "W_{yh}")


def transposed(v, T):
    given = {name: value for name, value in v.items() if name[0] == "W"}
    v.update({name: value.T for name, value in given.items()})
    columns((*TRANSPOSED, "b_{h}", "b_{y}", "a", "h", "o", HAT, r"\ell", "L"))(v, T)
    v.update(given)


def d2l(v, T):
    for t in range(1, T + 1):
        v["h", t] = v["W_{hx}"] @ v["x", t] + v["W_{hh}"] @ v["h", t - 1]
        v["o", t] = v["W_{qh}"] @ v["h", t]
        v[r"\ell", t] = np.sum((v["o", t] - v["y", t]) ** 2).reshape(1, 1) / 2
    v["L"] = total(v, r"\ell", T) / T


def d2l_rows(v, T):
    for t in range(1, T + 1):
        argument = v["X", t] @ v["W_{xh}"] + v["H", t - 1] @ v["W_{hh}"] + v["b_{h}"]
        v["H", t] = np.tanh(argument)
        v["O", t] = v["H", t] @ v["W_{hq}"] + v["b_{q}"]
        v[r"\hat{Y}", t] = softmax(v["O", t])
        v[r"\ell", t] = surprise(v["Y", t], v[r"\hat{Y}", t])
    v["L"] = total(v, r"\ell", T) / T


def rows(v, T):
    for t in range(1, T + 1):
        v["a", t] = v["x", t] @ v["W_{xh}"] + v["h", t - 1] @ v["W_{hh}"] + v["b_{h}"]
        v["h", t] = np.tanh(v["a", t])
        v["y", t] = v["h", t] @ v["W_{hy}"] + v["b_{y}"]
        v["p", t] = softmax(v["y", t])
        v[r"\ell", t] = surprise(v["e", t], v["p", t])
    v["L"] = total(v, r"\ell", T)


def pytorch(v, T):
    for t in range(1, T + 1):
        before = v["W_{hh}"] @ v["h", t - 1] + v["b_{hh}"]
        v["h", t] = np.tanh(v["W_{ih}"] @ v["x", t] + v["b_{ih}"] + before)


def pytorch_rows(v, T):
    for t in range(1, T + 1):
        before = v["h", t - 1] @ v["W_{hh}"].T + v["b_{hh}"]
        v["h", t] = np.tanh(v["x", t] @ v["W_{ih}"].T + v["b_{ih}"] + before)


def pytorch_cell(v, T):
    before = v["W_{hh}"] @ v["h"] + v["b_{hh}"]
    v["h'"] = np.tanh(v["W_{ih}"] @ v["x"] + v["b_{ih}"] + before)


def cs231n(v, T):
    for t in range(1, T + 1):
        v["a", t] = v["x", t] @ v["W_{x}"] + v["h", t - 1] @ v["W_{h}"] + v["b"]
        v["h", t] = np.tanh(v["a", t])
        v["s", t] = v["h", t] @ v["W_{y}"] + v["b_{y}"]
        v["L", t] = surprise(v["y", t], softmax(v["s", t]))
    v["L"] = total(v, "L", T)


def pascanu(v, T):
    for t in range(1, T + 1):
        v["x", t] = v["W_{rec}"] @ np.tanh(v["x", t - 1]) + v["W_{in}"] @ v["u", t]
        v["x", t] = v["x", t] + v["b"]
        v["E", t] = np.sum((v["x", t] - v["d", t]) ** 2).reshape(1, 1) / 2
    v["E"] = total(v, "E", T)


def alone(v, T):
    v["p"] = softmax(v["z"])
    v["L"] = surprise(v["y"], v["p"])


def feedforward(v, T):
    v["z"] = v["W"] @ v["x"] + v["b"]
    v[r"\hat{y}"] = softmax(v["z"])
    v["L"] = surprise(v["y"], v[r"\hat{y}"])


def feedforward_2(v, T):
    v["z_{1}"] = v["W_{1}"] @ v["x"] + v["b_{1}"]
    v["a_{1}"] = np.tanh(v["z_{1}"])
    v["z_{2}"] = v["W_{2}"] @ v["a_{1}"] + v["b_{2}"]
    v["a_{2}"] = softmax(v["z_{2}"])
    v["L"] = surprise(v["y"], v["a_{2}"])


def gates(arguments, new):
    """The twin of an LSTM without an output layer.

    arguments : for i, f, o and what might come in, its argument at a step
    new       : the letter of what might come in
    """

    def twin(v, T):
        for t in range(1, T + 1):
            i, f, o, g = (argument(v, t) for argument in arguments)
            v["i", t], v["f", t], v["o", t] = sigmoid(i), sigmoid(f), sigmoid(o)
            v[new, t] = np.tanh(g)
            v["c", t] = v["f", t] * v["c", t - 1] + v["i", t] * v[new, t]
            v["h", t] = v["o", t] * np.tanh(v["c", t])

    return twin


def affine(W, U, *biases):
    """The function of ``v`` and ``t`` that is affine in the input and the old state."""

    def argument(v, t):
        return v[W] @ v["x", t] + v[U] @ v["h", t - 1] + sum(v[b] for b in biases)

    return argument


def each(letters, W, U, *biases):
    """One affine function for each letter, put in the place of an asterisk."""
    return [
        affine(*(name.replace("*", letter) for name in (W, U, *biases)))
        for letter in letters
    ]


def with_output(cell):
    """The twin of a cell under the output layer of the book."""

    def twin(v, T):
        cell(v, T)
        for t in range(1, T + 1):
            v["y", t] = v["W_{hy}"] @ v["h", t] + v["b_{y}"]
            v["p", t] = softmax(v["y", t])
            v[r"\ell", t] = surprise(v["e", t], v["p", t])
        v["L"] = total(v, r"\ell", T)

    return twin


def resets(W, U, biases, inner):
    """The twin of a GRU that resets after the product."""

    def twin(v, T):
        for t in range(1, T + 1):
            r, z = each("rz", W, U, *biases)
            v["r", t], v["z", t] = sigmoid(r(v, t)), sigmoid(z(v, t))
            past = v["W_{hn}"] @ v["h", t - 1] + v["b_{hn}"]
            v["n", t] = np.tanh(
                v[inner[0]] @ v["x", t] + v[inner[1]] + v["r", t] * past
            )
            mixed = (1 - v["z", t]) * v["n", t] + v["z", t] * v["h", t - 1]
            v["h", t] = mixed

    return twin


def gru_paper(v, T):
    r, z = each("rz", "W_{*}", "U_{*}")
    for t in range(1, T + 1):
        v["r", t], v["z", t] = sigmoid(r(v, t)), sigmoid(z(v, t))
        past = v["U"] @ (v["r", t] * v["h", t - 1])
        v[r"\tilde{h}", t] = np.tanh(v["W"] @ v["x", t] + past)
        z_t = v["z", t]
        v["h", t] = z_t * v["h", t - 1] + (1 - z_t) * v[r"\tilde{h}", t]


HAT = r"\hat{y}"
BOOK = ("W_{xh}", "W_{hh}", "W_{hy}", "b_{h}", "b_{y}")
TWINS = {
    "book": columns(("x", "e", *BOOK, "a", "h", "y", "p", r"\ell", "L")),
    "goodfellow": columns((*"xyUWVbcaho", HAT, "L", "L")),
    "transposed": transposed,
    "d2l": d2l,
    "d2l-rows": d2l_rows,
    "rows": rows,
    "pytorch": pytorch,
    "pytorch-rows": pytorch_rows,
    "pytorch-cell": pytorch_cell,
    "cs231n": cs231n,
    "coursera": columns(
        (*"xy", "W_{ax}", "W_{aa}", "W_{ya}", "b_{a}", "b_{y}", None, *"az", HAT, *"LL")
    ),
    "pascanu": pascanu,
    "uvw": columns((*"xyUWV", None, None, *"asz", HAT, "E", "E")),
    "qiu": columns((*"xyWUVb", None, *"zh", None, HAT, "L", "L")),
    "elman": columns(
        (*"xd", "W_{h}", "U_{h}", "W_{y}", "b_{h}", "b_{y}", None, "h", None, *"yLL")
    ),
    "w-rec": columns(
        (*"xy", "W_{in}", "W_{rec}", "W_{out}", None, None, *"shz", HAT, *"EE")
    ),
    "cs224n": columns(
        (*"ey", "W_{e}", "W_{h}", "U", "b_{1}", "b_{2}", None, "h", None, HAT, *"JJ"),
        sigmoid,
        mean=True,
    ),
    "hats": columns(("x", "y", *BOOK, *"zho", HAT, *"LL")),
    "short": columns(
        (*"xe", "W_{x}", "W_{h}", "W_{y}", "b_{h}", "b_{y}", *"zhyp", *"LL")
    ),
    "softmax": alone,
    "feedforward": feedforward,
    "feedforward-2": feedforward_2,
    "lstm": with_output(gates(each("ifog", "W_{x*}", "W_{h*}", "b_{*}"), "g")),
    "lstm-paper": gates(each("ifoc", "W_{*}", "U_{*}", "b_{*}"), r"\tilde{c}"),
    "lstm-pytorch": gates(each("ifog", "W_{i*}", "W_{h*}", "b_{i*}", "b_{h*}"), "g"),
    "gru": with_output(
        resets("W_{x*}", "W_{h*}", ("b_{*}",), ("W_{xn}", "b_{n}")),
    ),
    "gru-paper": gru_paper,
    "gru-pytorch": resets(
        "W_{i*}", "W_{h*}", ("b_{i*}", "b_{h*}"), ("W_{in}", "b_{in}")
    ),
}
