"""PyTorch: its own RNN layer, a loop, and the loop compiled."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.problems import Contestant, Problem, Result
from rnn_notes import Gradients

COMPILED = 128  # hidden units; beyond them compiling takes minutes
torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "1")))

Pass = Callable[..., tuple[torch.Tensor, torch.Tensor]]


def contestants(problem: Problem) -> Iterator[Contestant | tuple[str, str]]:
    """The layer, the loop and, at the small sizes, the compiled loop."""
    yield _contestant("torch", _layer(problem), problem)
    yield _contestant("torch loop", _loop, problem)
    if problem.size.H > COMPILED:
        yield "torch compiled", "left out at this size, compiling takes minutes"
        return
    torch._dynamo.reset()
    yield _contestant("torch compiled", torch.compile(_loop), problem)


def _contestant(name: str, forward: Pass, problem: Problem) -> Contestant:
    """The gradients by autograd of a forward pass, (loss, hlast) from the arguments."""
    arrays = [*vars(problem.params).values(), problem.hprev.T]
    leaves = [torch.tensor(np.array(a)).requires_grad_() for a in arrays]
    x = torch.tensor(problem.inputs.T.copy())
    target = torch.tensor(problem.targets.T.copy())

    def call() -> Any:
        loss, hlast = forward(leaves, x, target)
        return loss, torch.autograd.grad(loss, leaves), hlast

    return Contestant(name, call, _read)


def _read(result: Any) -> Result:
    loss, (*slopes, dhprev), hlast = result
    gradients = Gradients._make([*(d.numpy() for d in slopes), dhprev.numpy().T])
    return Result(loss.item(), gradients, hlast.detach().numpy().T)


def _layer(problem: Problem) -> Pass:
    """``torch.nn.RNN``, called by its functional form so that weights are arguments."""
    H, _, V, _ = problem.size
    layer = torch.nn.RNN(V, H, dtype=torch.tensor(problem.hprev).dtype)
    no_bias = torch.zeros(H, dtype=layer.bias_hh_l0.dtype)

    def forward(leaves: Any, x: Any, target: Any) -> Any:
        Wxh, Whh, Why, bh, by, h = leaves
        letters = functional.one_hot(x, V).to(h.dtype)
        weights = [Wxh, Whh, bh[:, 0], no_bias]
        hs, hlast = torch._VF.rnn_tanh(
            letters, h[None], weights, True, 1, 0.0, True, False, False
        )
        return _loss(functional.linear(hs, Why, by[:, 0]), target), hlast[0]

    return forward


def _loop(leaves: Any, x: Any, target: Any) -> Any:
    """A loop over time, with all that PyTorch lets one take out of it taken out."""
    Wxh, Whh, Why, bh, by, h = leaves
    WhhT, states = Whh.T, []
    for letters in functional.embedding(x, Wxh.T) + bh.T:
        h = torch.tanh(torch.addmm(letters, h, WhhT))
        states.append(h)
    return _loss(functional.linear(torch.stack(states), Why, by[:, 0]), target), h


def _loss(ys: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The summed negative log-likelihood of the targets."""
    return functional.cross_entropy(ys.flatten(0, 1), target.flatten(), reduction="sum")


def lstm(
    params: Any, inputs: Any, targets: Any, hprev: Any, cprev: Any
) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """A pass of ``torch.nn.LSTM``, and how its gradients are read."""
    arrays = params.arrays()
    layer = torch.nn.LSTM(params.V, params.H, dtype=torch.float64)
    layer.bias_hh_l0.requires_grad_(False).zero_()
    stacked = {
        "Wx": layer.weight_ih_l0,
        "Wh": layer.weight_hh_l0,
        "b": layer.bias_ih_l0,
    }
    for name, leaf in stacked.items():
        gates = np.concatenate([arrays[name + gate] for gate in "ifgo"])
        leaf.data = torch.tensor(gates.reshape(leaf.shape))
    Why, by = (torch.tensor(arrays[name]).requires_grad_() for name in ("Why", "by"))
    states = [torch.tensor(state.T[None]).requires_grad_() for state in (hprev, cprev)]
    leaves = [*stacked.values(), Why, by, *states]
    letters = functional.one_hot(torch.tensor(inputs.T), params.V).double()
    goals = torch.tensor(targets.T)

    def call() -> Any:
        hs, _ = layer(letters, tuple(states))
        loss = _loss(functional.linear(hs, Why, by[:, 0]), goals)
        return loss, torch.autograd.grad(loss, leaves)

    def read(result: Any) -> dict[str, Any]:
        *gates, dWhy, dby, _, _ = (d.numpy() for d in result[1])
        found = {"Why": dWhy, "by": dby}
        for name, d in zip(stacked, gates, strict=True):
            parts = np.split(d.reshape(4 * params.H, -1), 4)
            found |= {
                name + gate: part for gate, part in zip("ifgo", parts, strict=True)
            }
        return found

    return call, read
