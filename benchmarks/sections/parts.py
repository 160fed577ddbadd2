"""Where the time of a hoisted pass goes, and the least that its kernels need."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.peers.numpy_loops import by_step, classic_backward, classic_forward
from benchmarks.problems import SIZES, Problem, problem
from benchmarks.timing import race
from rnn_notes import hoisted
from rnn_notes.hoisted import Workspace, compare, loss_and_gradients

TIMED = ("run_forward", "run_backward", "compare", "_checked")


def run(quick: bool) -> list[dict[str, Any]]:
    """The parts and the floor of each size, in float64."""
    rows = []
    for size in SIZES[:3]:
        given = problem(size)
        rounds = (3 if quick else 15) if size.B > 1 else (50 if quick else 500)
        rows.append(
            {
                "size": size._asdict(),
                "parts": parts(given, rounds),
                "floor": floor(given, quick),
                **halves(given, quick),
            }
        )
    return rows


def parts(given: Problem, rounds: int) -> dict[str, float]:
    """Median microseconds in each part of a pass; the rest is products of stacks."""
    H, T, V, B = given.size
    workspace = Workspace(V, H, T, B)
    clocks: dict[str, list[float]] = {name: [] for name in (*TIMED, "all")}
    spent = dict.fromkeys(TIMED, 0.0)

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            start = perf_counter()
            result = function(*arguments)
            spent[name] += perf_counter() - start
            return result

        return call

    wrapped: dict[str, Any] = {
        name: timed(name, getattr(hoisted, name)) for name in TIMED
    }
    with patch.multiple(hoisted, **wrapped):
        for _ in range(rounds):
            spent.update(dict.fromkeys(TIMED, 0.0))
            start = perf_counter()
            loss_and_gradients(
                given.params, given.inputs, given.targets, given.hprev,
                workspace=workspace,
            )  # fmt: skip
            clocks["all"].append(perf_counter() - start)
            for name in TIMED:
                clocks[name].append(spent[name])
    medians = {name: float(np.median(times)) * 1e6 for name, times in clocks.items()}
    whole = medians.pop("all")
    return {**medians, "rest": whole - sum(medians.values()), "all": whole}


def floor(given: Problem, quick: bool) -> dict[str, float]:
    """Microseconds that the unavoidable kernels take when called with nothing else."""
    H, T, V, B = given.size
    w, n = Workspace(V, H, T, B), T * B
    rng = np.random.default_rng(0)
    hs, ys = rng.uniform(-1, 1, (n, H)), rng.uniform(-1, 1, (n, V))
    dhs, xs, Why = hs.copy(), ys.copy(), rng.uniform(-1, 1, (V, H))
    w.Whh[...] = w.WhhT[...] = rng.uniform(-1, 1, (H, H))
    row, out, many, into = hs[:B], np.empty_like(hs[:B]), xs.copy(), w.total

    def products() -> None:
        hs.dot(Why.T, ys)
        ys.dot(Why, dhs)
        dhs.T.dot(xs, into.dWxh)
        dhs.T.dot(hs, into.dWhh)
        ys.T.dot(hs, into.dWhy)

    calls = {
        "recurrence": lambda: row.dot(w.Whh, out),
        "tanh": lambda: np.tanh(row, out),
        "exp": lambda: np.exp(xs, many),
        "products": products,
    }
    times = race(calls, rounds=5 if quick else 15)
    counts = {"recurrence": 2 * T, "tanh": T, "exp": 1, "products": 1}
    return {name: counts[name] * times.time(name) for name in calls}


def halves(given: Problem, quick: bool) -> dict[str, Any]:
    """What the backward pass costs in forward passes: hoisted, and in the classic."""
    H, T, V, B = given.size
    w = Workspace(V, H, T, B)
    params, h = given.params, given.hprev

    def forward() -> None:
        hoisted._checked(params, given.inputs, given.targets, h, w)
        w.load(params)
        hoisted._forward(w)
        for block in w.blocks:
            _, after, _, ys, *_ = block.stacks
            after.dot(w.Why.T, ys)
            ys += w.by
            compare(ys, block.starts + block.target.ravel())

    letters, goals = by_step(given.inputs), by_step(given.targets)
    kept = classic_forward(params, letters, goals, h)
    calls = {
        "hoisted forward": forward,
        "hoisted": lambda: loss_and_gradients(
            params, given.inputs, given.targets, h, workspace=w
        ),
        "classic forward": lambda: classic_forward(params, letters, goals, h),
        "classic backward": lambda: classic_backward(params, goals, kept),
    }
    times = race(calls, rounds=5 if quick else 15)
    return {
        "backward in forwards": {
            "hoisted": times.ratio("hoisted", "hoisted forward")[1] - 1,
            "classic": times.ratio("classic backward", "classic forward")[1],
        }
    }
