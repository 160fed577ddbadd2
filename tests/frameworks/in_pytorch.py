"""The book's networks in PyTorch: the same weights, loss and gradients.

This file needs PyTorch and NumPy alone. The weights, the text and what the package
makes of them come from a file that ``twins.py`` writes; ``make test-frameworks`` runs
both. Every function asserts what the page on frameworks says, and returns how far the
two are apart.
"""

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

torch.set_default_dtype(torch.float64)  # float32, the default, keeps seven digits
TOLERANCE = 1e-12


def apart(ours, theirs):
    """The largest difference, relative to the largest entry."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    scale = max(np.abs(ours).max(), np.abs(theirs).max())
    return float(np.abs(ours - theirs).max() / scale)


def arrays(twins, cell):
    """What the package wrote for one cell, as tensors by name."""
    names = [name for name in twins if name.startswith(cell + ".")]
    return {n.removeprefix(cell + "."): torch.tensor(twins[n]) for n in names}


def plain(w):
    """The book's network: an ``nn.RNN``, and an ``nn.Linear`` for the logits."""
    H, V = w["Wxh"].shape
    layer, head = nn.RNN(V, H, batch_first=True), nn.Linear(H, V)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(w["Wxh"])
        layer.weight_hh_l0.copy_(w["Whh"])
        layer.bias_ih_l0.copy_(w["bh"][:, 0])
        layer.bias_hh_l0.zero_()  # there are two biases, and they are added up
        head.weight.copy_(w["Why"])
        head.bias.copy_(w["by"][:, 0])
    return layer, head


def total_loss(layer, head, inputs, targets, state):
    """The sum of the losses of all steps, and the last state."""
    x = one_hot(inputs, layer.input_size).to(head.weight.dtype)  # (N, T, V)
    states, last = layer(x, state)  # (N, T, H), (1, N, H)
    scores = head(states)  # (N, T, V)
    return cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="sum"), last


def same_gradients(twins):
    """``loss.backward()`` is our loop."""
    w = arrays(twins, "rnn")
    layer, head = plain(w)
    h0 = w["hprev"].T[None].clone().requires_grad_()  # (1, N, H)
    loss, _ = total_loss(layer, head, w["inputs"], w["targets"], h0)
    loss.backward()
    errors = {
        "loss": apart(w["loss"], loss.item()),
        "dWxh": apart(w["dWxh"], layer.weight_ih_l0.grad),
        "dWhh": apart(w["dWhh"], layer.weight_hh_l0.grad),
        "dWhy": apart(w["dWhy"], head.weight.grad),
        "dbh": apart(w["dbh"][:, 0], layer.bias_ih_l0.grad),
        "dby": apart(w["dby"][:, 0], head.bias.grad),
        "dhprev": apart(w["dhprev"], h0.grad[0].T),
    }
    assert apart(layer.bias_ih_l0.grad, layer.bias_hh_l0.grad) < TOLERANCE
    assert apart(w["dWhh"].T, layer.weight_hh_l0.grad) > 0.01
    return errors


def grad_adds_up(twins):
    """A second pass adds to ``.grad`` until it is zeroed: the ``+=`` of the loop."""
    w = arrays(twins, "rnn")
    layer, head = plain(w)
    text = w["inputs"], w["targets"], w["hprev"].T[None]
    for _ in range(2):
        loss, _ = total_loss(layer, head, *text)
        loss.backward()
    assert apart(w["dWhh"], layer.weight_hh_l0.grad) > 0.1
    twice = apart(2 * w["dWhh"], layer.weight_hh_l0.grad)
    layer.zero_grad()
    assert layer.weight_hh_l0.grad is None  # no zeros, by default
    loss, _ = total_loss(layer, head, *text)
    loss.backward()
    return {"twice": twice, "once": apart(w["dWhh"], layer.weight_hh_l0.grad)}


def chunk_by_chunk(twins, cut):
    """``weight_hh_l0.grad`` over two chunks, with the state cut between them or not."""
    w = arrays(twins, "rnn")
    layer, head = plain(w)
    state, half, total = w["hprev"].T[None], w["inputs"].shape[1] // 2, 0.0
    for piece in (slice(half), slice(half, None)):
        loss, state = total_loss(
            layer, head, w["inputs"][:, piece], w["targets"][:, piece], state
        )
        total = total + loss
        if cut:
            loss.backward()
            state = state.detach()  # the numbers stay, where they came from is gone
    if not cut:
        total.backward()
    return layer.weight_hh_l0.grad


def detached(twins):
    """``detach`` is truncation: each chunk's own gradient, the state a constant."""
    w = arrays(twins, "rnn")
    cut, whole = chunk_by_chunk(twins, cut=True), chunk_by_chunk(twins, cut=False)
    assert apart(cut, whole) > 0.05
    missing = np.linalg.norm(cut - whole) / np.linalg.norm(whole)
    return {
        "cut": apart(w["dWhh_cut"], cut),
        "whole": apart(w["dWhh"], whole),
        "missing": float(missing),
    }


def carried(twins, *, keep, update):
    """The first line of the error of a training that cuts nothing."""
    w = arrays(twins, "rnn")
    layer, head = plain(w)
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.01)
    state, half = w["hprev"].T[None], w["inputs"].shape[1] // 2
    try:
        for piece in (slice(half), slice(half, None)):
            loss, state = total_loss(
                layer, head, w["inputs"][:, piece], w["targets"][:, piece], state
            )
            loss.backward(retain_graph=keep)
            if update:
                optimiser.step()
    except RuntimeError as error:
        return str(error)
    assert apart(w["dWhh"], layer.weight_hh_l0.grad) < TOLERANCE
    return ""


def messages(twins):
    """What PyTorch says where the state is carried on with its graph."""
    second = carried(twins, keep=False, update=False)
    assert "backward through the graph a second time" in second
    inplace = carried(twins, keep=True, update=True)
    assert "modified by an inplace operation" in inplace
    assert carried(twins, keep=True, update=False) == ""
    return {"second time": second.split(".")[0], "inplace": inplace.split(":")[0]}


class Step(torch.autograd.Function):
    """One step of the loop with a backward pass by hand, in rows."""

    @staticmethod
    def forward(ctx, x, h, Wxh, Whh, bh):
        hnext = torch.tanh(x @ Wxh.T + h @ Whh.T + bh)
        ctx.save_for_backward(x, h, Wxh, Whh, hnext)
        return hnext

    @staticmethod
    def backward(ctx, dh):
        x, h, Wxh, Whh, hnext = ctx.saved_tensors
        dhraw = (1 - hnext * hnext) * dh
        return dhraw @ Wxh, dhraw @ Whh, dhraw.T @ x, dhraw.T @ h, dhraw.sum(axis=0)


class Wrong(Step):
    """The same with the slope of the tanh forgotten."""

    @staticmethod
    def backward(ctx, dh):
        x, h, Wxh, Whh, _ = ctx.saved_tensors
        return dh @ Wxh, dh @ Whh, dh.T @ x, dh.T @ h, dh.sum(axis=0)


def checked():
    """``gradcheck`` judges a backward pass by hand, by central differences."""
    torch.manual_seed(0)
    sizes = (2, 3), (2, 4), (4, 3), (4, 4), (4,)
    tensors = [torch.randn(*size, requires_grad=True) for size in sizes]
    assert torch.autograd.gradcheck(Step.apply, tensors)
    assert not torch.autograd.gradcheck(Wrong.apply, tensors, raise_exception=False)
    short = [t.detach().float().requires_grad_() for t in tensors]
    assert not torch.autograd.gradcheck(Step.apply, short, raise_exception=False)
    return {}


def same_lstm(twins):
    """``nn.LSTM``: one matrix for four gates, in the order i, f, g, o."""
    w = arrays(twins, "lstm")
    H, V = w["Wxi"].shape
    cell, head = nn.LSTM(V, H, batch_first=True), nn.Linear(H, V)

    def below(name, order="ifgo"):
        return torch.cat([w[name.format(gate)] for gate in order])

    with torch.no_grad():
        cell.weight_ih_l0.copy_(below("Wx{}"))
        cell.weight_hh_l0.copy_(below("Wh{}"))
        cell.bias_ih_l0.copy_(below("b{}")[:, 0])
        cell.bias_hh_l0.zero_()
        head.weight.copy_(w["Why"])
        head.bias.copy_(w["by"][:, 0])
    first = [w[n].T[None].clone().requires_grad_() for n in ("hprev", "cprev")]
    loss, _ = total_loss(cell, head, w["inputs"], w["targets"], tuple(first))
    loss.backward()
    assert apart(below("dWh{}", "ifog"), cell.weight_hh_l0.grad) > 0.01
    return {
        "loss": apart(w["loss"], loss.item()),
        "dWh": apart(below("dWh{}"), cell.weight_hh_l0.grad),
        "db": apart(below("db{}")[:, 0], cell.bias_hh_l0.grad),
        "dcprev": apart(w["dcprev"], first[1].grad[0].T),
    }


def same_gru(twins):
    """``nn.GRU``: gates in the order r, z, n, and two biases that are not one."""
    w = arrays(twins, "gru")
    H, V = w["Wxr"].shape
    cell, head = nn.GRU(V, H, batch_first=True), nn.Linear(H, V)
    biases = [torch.cat([w["br"], w["bz"], w["bn"]])[:, 0]]
    biases += [torch.cat([0 * w["br"], 0 * w["bz"], w["bhn"]])[:, 0]]
    with torch.no_grad():
        cell.weight_ih_l0.copy_(torch.cat([w[f"Wx{gate}"] for gate in "rzn"]))
        cell.weight_hh_l0.copy_(torch.cat([w[f"Wh{gate}"] for gate in "rzn"]))
        cell.bias_ih_l0.copy_(biases[0])
        cell.bias_hh_l0.copy_(biases[1])
        head.weight.copy_(w["Why"])
        head.bias.copy_(w["by"][:, 0])
    loss, _ = total_loss(cell, head, w["inputs"], w["targets"], w["hprev"].T[None])
    loss.backward()
    hidden = torch.cat([w[f"dWh{gate}"] for gate in "rzn"])
    assert apart(cell.bias_ih_l0.grad, cell.bias_hh_l0.grad) > 0.01
    return {
        "loss": apart(w["loss"], loss.item()),
        "dWh": apart(hidden, cell.weight_hh_l0.grad),
        "dbhn": apart(w["dbhn"][:, 0], cell.bias_hh_l0.grad[2 * H :]),
    }


def main(path):
    """Run and assert everything, and write what came of it beside the file."""
    twins = dict(np.load(path))
    errors = {
        "nn.RNN": same_gradients(twins),
        "nn.LSTM": same_lstm(twins),
        "nn.GRU": same_gru(twins),
        "grad": grad_adds_up(twins),
        "detach": detached(twins),
    }
    missing = errors["detach"].pop("missing")
    worst = {name: max(found.values()) for name, found in errors.items()}
    assert max(worst.values()) < TOLERANCE, worst
    checked()
    result = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "versions": {"PyTorch": torch.__version__, "NumPy": np.__version__},
        "file": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "worst": worst,
        "gradients": errors["nn.RNN"],
        "missing": missing,
        "messages": messages(twins),
    }
    Path(path).with_name("pytorch.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"PyTorch {torch.__version__}: as the package, to {max(worst.values()):.0e}")


if __name__ == "__main__":
    main(sys.argv[1])
