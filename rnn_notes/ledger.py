"""The ledger of ``dhnext``: which later loss put what into ``dh[t]``.

The backward pass is linear in the signals ``dy``. So it can be run once for each loss,
with the ``dy`` of all other steps set to zero, and the runs add up to the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rnn_notes.rnn import Array, Forward, Gradients, Params, backward, signals

__all__ = ["gradient_ledger", "ledger", "long_ledger", "only"]


def only(run: Any, s: int) -> Any:
    """The run with every signal ``dy`` but that of step ``s`` set to zero.

    States, logits and losses stay as they are. Its ``ps`` equal the targets at every
    other step, and ``dy`` is the difference of the two. Runs of the cells go too.

    Raises
    ------
    ValueError
        Unless s is from 0 to T-1.

    Examples
    --------
    >>> from rnn_notes.rnn import forward, running_example
    >>> run = forward(*running_example())
    >>> bool((only(run, 2).ps[4] == run.es[4]).all())
    True
    """
    if not 0 <= s < run.T:
        raise ValueError(f"s is {s}, expected 0 to {run.T - 1} (T = {run.T})")
    return run._replace(ps={**run.es, s: run.ps[s]})


def ledger(
    params: Any,
    run: Any,
    loop: Callable[[Any, Any], Iterator[Any]] = signals,
    name: str = "dh",
) -> Array:
    """What each loss contributes to each ``dh``, (T, T, H).

    loop : of which network, ``lstm.signals`` say
    name : of which of its signals, ``dc`` say

    Entry ``[t, s]`` is the derivative of ``losses[s]`` by ``hs[t]``. It is zero for
    s < t: no step can change an earlier loss. The sum over s is the loop's ``dh`` at t;
    the sum over s > t is its ``dhnext``.

    >>> from rnn_notes.rnn import forward, running_example
    >>> params, *rest = running_example()
    >>> run = forward(params, *rest)
    >>> table = ledger(params, run)
    >>> last, *_ = signals(params, run)
    >>> table.shape, bool(np.allclose(table[4].sum(axis=0), last.dh.ravel()))
    ((5, 5, 3), True)
    """
    columns = [
        [getattr(signal, name).ravel() for signal in loop(params, only(run, s))][::-1]
        for s in range(run.T)
    ]
    return np.array(columns).transpose(1, 0, 2)


def long_ledger(params: Params, run: Forward) -> Array:
    """The ledger and below it one more row, for ``hprev``, (T+1, T, H).

    As in ``hs``, index -1 is the state before the first step.
    The sum of its entries is what the loop's last line leaves behind, ``dhprev``.

    >>> from rnn_notes.rnn import forward, running_example
    >>> params, *rest = running_example()
    >>> run = forward(params, *rest)
    >>> dhprev = backward(params, run).dhprev.ravel()
    >>> bool(np.allclose(long_ledger(params, run)[-1].sum(axis=0), dhprev))
    True
    """
    dhprevs = [part.dhprev.ravel() for part in gradient_ledger(params, run)]
    return np.concatenate([ledger(params, run), [dhprevs]])


def gradient_ledger(params: Params, run: Forward) -> list[Gradients]:
    """The gradients of each loss alone; added up they are those of the total loss.

    >>> from rnn_notes.rnn import forward, running_example
    >>> params, *rest = running_example()
    >>> run = forward(params, *rest)
    >>> parts = gradient_ledger(params, run)
    >>> total = backward(params, run).dWhh
    >>> bool(np.allclose(sum(part.dWhh for part in parts), total))
    True
    """
    return [backward(params, only(run, s)) for s in range(run.T)]
