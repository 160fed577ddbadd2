"""The machine's own speed, and traps: ways of one operation that cost more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import race
from rnn_notes.hoisted import Workspace
from rnn_notes.rnn import Array


def run(quick: bool) -> dict[str, Any]:
    """Speeds of products and of tanh, and the price of each trap."""
    rounds = 5 if quick else 15
    return {
        "speeds": {dtype: speeds(dtype, rounds) for dtype in ("float64", "float32")},
        "traps": traps(rounds),
    }


def speeds(dtype: str, rounds: int) -> dict[str, float]:
    """GF/s of a large product, GB/s of a matrix-vector product, ns of a tanh.

    And microseconds of a call that has next to nothing to do.
    """
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 1024, 1024)).astype(dtype)
    c, w = np.empty_like(a), Workspace(V=2, H=100, T=1, dtype=dtype)
    w.Whh[...] = a[:100, :100]
    v, out, many = a[0, :100].copy(), np.empty(100, dtype), a.copy()
    few, sums = np.zeros(4, dtype), np.empty(4, dtype)
    times = race(
        {
            "gemm": lambda: a.dot(b, c),
            "gemv": lambda: w.Whh.dot(v, out),
            "tanh": lambda: np.tanh(a, many),
            "call": lambda: np.add(few, few, sums),
        },
        rounds,
    )
    return {
        "gemm, GF/s": 2 * 1024**3 / times.time("gemm") / 1e3,
        "gemv, GB/s": w.Whh.nbytes / times.time("gemv") / 1e3,
        "call, µs": times.time("call"),
        "tanh, ns": times.time("tanh") * 1e3 / a.size,
    }


def traps(rounds: int) -> list[dict[str, Any]]:
    """What is slower, than what, and how many times."""
    H, T, V = 100, 25, 65
    rng = np.random.default_rng(0)
    w = Workspace(V, H, T)
    w.Whh[...] = rng.standard_normal((H, H))
    padded = np.zeros((H, H + 4))[:, :H]
    raw = np.empty(H * H + 2)
    shift = 1 if raw.__array_interface__["data"][0] % 32 == 0 else 0
    skewed = raw[shift : shift + H * H].reshape(H, H)
    padded[...] = skewed[...] = w.Whh
    v, out = rng.standard_normal(H), np.empty(H)
    letters, xs = rng.integers(V, size=T), np.zeros((T, V))
    xs[np.arange(T), letters] = 1
    dhraws, dWxhT = rng.standard_normal((T, H)), np.zeros((V, H))
    table, rows = rng.standard_normal((V, H)), np.empty((T, H))
    batch, many = rng.standard_normal((32, 256)), np.empty((32, 256))
    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "np.matmul(W, h, out) for W.dot(h, out)": (
            lambda: np.matmul(w.Whh, v, out),
            lambda: w.Whh.dot(v, out),
        ),
        "np.dot(W, h, out) for W.dot(h, out)": (
            lambda: np.dot(w.Whh, v, out),
            lambda: w.Whh.dot(v, out),
        ),
        "W.dot(h) for W.dot(h, out)": (
            lambda: w.Whh.dot(v),
            lambda: w.Whh.dot(v, out),
        ),
        "W as a view with padding": (
            lambda: padded.dot(v, out),
            lambda: w.Whh.dot(v, out),
        ),
        "W off a cache line": (
            lambda: skewed.dot(v, out),
            lambda: w.Whh.dot(v, out),
        ),
        "np.add.at for a product with one-hot rows": (
            lambda: np.add.at(dWxhT, letters, dhraws),
            lambda: xs.T.dot(dhraws, dWxhT),
        ),
        'np.take with mode="raise" for mode="clip"': (
            lambda: np.take(table, letters, axis=0, out=rows),
            lambda: np.take(table, letters, axis=0, out=rows, mode="clip"),
        ),
        "np.tanh(a) of a batch for 1 - 2 / (np.exp(2 * a) + 1)": (
            lambda: np.tanh(batch, many),
            lambda: tanh_by_exp(batch, many),
        ),
    }
    found = []
    for name, (slow, fast) in pairs.items():
        times = race({"slow": slow, "fast": fast}, rounds, slot=0.01)
        found.append({"trap": name, "times": times.ratio("slow", "fast")})
    return found


def tanh_by_exp(a: Array, out: Array) -> None:
    """Write the tanh into ``out``, as accurate as a number near one allows."""
    np.multiply(a, 2, out)
    np.exp(out, out)
    out += 1
    np.divide(-2, out, out)
    out += 1
