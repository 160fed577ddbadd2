"""JAX: a scan, compiled, in several forms; and our own backward pass in its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.problems import Contestant, Problem, Result
from rnn_notes import Gradients

jax.config.update("jax_enable_x64", True)  # float32 arrays stay float32

UNROLLED = 25  # steps; a scan of no more is also written out in full


def contestants(problem: Problem) -> Iterator[Contestant]:
    """The plain scan, the others by what they do better, and the one by hand."""
    leaves = tuple(jnp.asarray(a) for a in vars(problem.params).values())
    h = jnp.asarray(problem.hprev)
    rows = tuple(jnp.asarray(np.ascontiguousarray(a.T)) for a in leaves)
    hrow = jnp.asarray(np.ascontiguousarray(problem.hprev.T))
    T = problem.size.T
    yield _contestant("jax plain", _differentiated(_plain), leaves, h, problem)
    yield _contestant("jax hoisted", _differentiated(_hoisted), rows, hrow, problem)
    if T <= UNROLLED:
        unrolled = _differentiated(partial(_hoisted, unroll=T))
        yield _contestant("jax unrolled", unrolled, rows, hrow, problem)
    yield _contestant("jax by hand", jax.jit(_by_hand), rows, hrow, problem)


def _contestant(
    name: str, function: Callable[..., Any], leaves: Any, h: Any, problem: Problem
) -> Contestant:
    """A compiled function of weights, first state, letters and targets."""
    x, target = jnp.asarray(problem.inputs.T), jnp.asarray(problem.targets.T)
    in_rows = leaves[0].shape != problem.params.Wxh.shape or (
        h.shape != problem.hprev.shape
    )

    def read(result: Any) -> Result:
        (loss, hlast), (slopes, dhprev) = result
        arrays = [np.asarray(a) for a in (*slopes, dhprev, hlast)]
        *gradients, hlast = (a.T for a in arrays) if in_rows else arrays
        return Result(float(loss), Gradients(*gradients), hlast)

    return Contestant(
        name, lambda: jax.block_until_ready(function(leaves, h, x, target)), read
    )


def _differentiated(forward: Callable[..., Any]) -> Any:
    """``forward`` with its gradients by weights and first state, compiled."""
    return jax.jit(jax.value_and_grad(forward, argnums=(0, 1), has_aux=True))


def _plain(weights: Any, h: Any, x: Any, target: Any) -> Any:
    """Columns and one-hot letters, everything inside the scan."""
    Wxh, Whh, Why, bh, by = weights
    V, dtype = Wxh.shape[1], Wxh.dtype

    def step(carry: Any, letters: Any) -> Any:
        h, loss = carry
        xt, et = (jax.nn.one_hot(i, V, dtype=dtype).T for i in letters)
        h = jnp.tanh(Wxh @ xt + Whh @ h + bh)
        y = Why @ h + by
        return (h, loss + (jax.nn.logsumexp(y, axis=0) - (y * et).sum(0)).sum()), None

    (h, loss), _ = lax.scan(step, (h, jnp.zeros((), dtype)), (x, target))
    return loss, h


def _hoisted(weights: Any, h: Any, x: Any, target: Any, unroll: int = 1) -> Any:
    """Rows, with only the recurrence inside the scan."""
    WxhT, WhhT, WhyT, bhT, byT = weights

    def step(h: Any, brought: Any) -> Any:
        h = jnp.tanh(brought + h @ WhhT)
        return h, h

    hlast, hs = lax.scan(step, h, WxhT[x] + bhT, unroll=unroll)
    return _loss(hs @ WhyT + byT, target), hlast


def _loss(ys: Any, target: Any) -> Any:
    """The summed negative log-likelihood of the targets."""
    right = jnp.take_along_axis(ys, target[..., None], -1)[..., 0]
    return (jax.nn.logsumexp(ys, axis=-1) - right).sum()


def _by_hand(weights: Any, h: Any, x: Any, target: Any) -> Any:
    """The hoisted pass of this book, backward pass and all."""
    WxhT, WhhT, WhyT, bhT, byT = weights
    V, H = WxhT.shape

    def forward(h: Any, brought: Any) -> Any:
        h = jnp.tanh(brought + h @ WhhT)
        return h, h

    hlast, hs = lax.scan(forward, h, WxhT[x] + bhT)
    ys = hs @ WhyT + byT
    es = jax.nn.one_hot(target, V, dtype=ys.dtype)
    loss = (jax.nn.logsumexp(ys, axis=-1) - (ys * es).sum(-1)).sum()
    dys = jax.nn.softmax(ys, axis=-1) - es

    def backward(dhnext: Any, step: Any) -> Any:
        dh, slope = step
        dhraw = slope * (dh + dhnext)
        return dhraw @ WhhT.T, dhraw

    dhs, slopes = dys @ WhyT.T, 1 - hs * hs
    dhprev, dhraws = lax.scan(backward, jnp.zeros_like(h), (dhs, slopes), reverse=True)
    before = jnp.concatenate([h[None], hs[:-1]]).reshape(-1, H)
    xs = jax.nn.one_hot(x, V, dtype=ys.dtype).reshape(-1, V)
    after, dys, dhraws = (a.reshape(-1, a.shape[-1]) for a in (hs, dys, dhraws))
    slopes = (
        xs.T @ dhraws,
        before.T @ dhraws,
        after.T @ dys,
        dhraws.sum(0, keepdims=True),
        dys.sum(0, keepdims=True),
    )
    return (loss, hlast), (slopes, dhprev)


def lstm(
    params: Any, inputs: Any, targets: Any, hprev: Any, cprev: Any
) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """A compiled pass of an LSTM as a scan, and how its gradients are read.

    What letters bring to the gates is looked up before the scan.
    """
    arrays, H = params.arrays(), params.H
    weights = {
        name: jnp.asarray(np.vstack([arrays[name + gate] for gate in "ifog"]).T)
        for name in ("Wx", "Wh", "b")
    } | {name: jnp.asarray(arrays[name].T) for name in ("Why", "by")}
    states = jnp.asarray(hprev.T), jnp.asarray(cprev.T)
    x, target = jnp.asarray(inputs.T), jnp.asarray(targets.T)

    def loss(w: Any, x: Any, target: Any, states: Any) -> Any:
        def step(states: Any, brought: Any) -> Any:
            h, c = states
            raws = brought + h @ w["Wh"]
            i, f, o = (jax.nn.sigmoid(raws[:, k * H : (k + 1) * H]) for k in range(3))
            c = f * c + i * jnp.tanh(raws[:, 3 * H :])
            h = o * jnp.tanh(c)
            return (h, c), h

        _, hs = lax.scan(step, states, w["Wx"][x] + w["b"])
        return _loss(hs @ w["Why"] + w["by"], target)

    function = jax.jit(jax.value_and_grad(loss, argnums=(0, 3)))

    def read(result: Any) -> dict[str, Any]:
        d = {name: np.asarray(array).T for name, array in result[1][0].items()}
        found = {name: d[name] for name in ("Why", "by")}
        for name in ("Wx", "Wh", "b"):
            parts = np.split(d[name], 4)
            found |= {name + g: part for g, part in zip("ifog", parts, strict=True)}
        return found

    return lambda: jax.block_until_ready(function(weights, x, target, states)), read
