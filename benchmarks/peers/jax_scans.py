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
    ys = hs @ WhyT + byT
    right = jnp.take_along_axis(ys, target[..., None], -1)[..., 0]
    return (jax.nn.logsumexp(ys, axis=-1) - right).sum(), hlast


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
