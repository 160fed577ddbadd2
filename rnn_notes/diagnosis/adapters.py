"""Few lines for each shape of code that people write, so that ``check`` can take it.

What you can do with it::

    check(**classic(lossFun, inputs, targets, hprev))       # over global arrays
    check(**cached(forward, backward, arrays))              # forward, then backward
    check(**layer(forward, backward, arrays, dh))           # the gradient from above
    check(loss, updates(step, arrays, rate), arrays)        # it moves its weights
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnn_notes.diagnosis.objects import named_by_return
from rnn_notes.rnn import Array

__all__ = ["cached", "classic", "layer", "updates"]


def classic(
    function: Callable[..., Any],
    inputs: Any,
    targets: Any,
    *states: Any,
    arrays: Mapping[str, Array] | None = None,
) -> dict[str, Any]:
    r"""The arguments of ``check`` for ``lossFun(inputs, targets, hprev)`` over globals.

    Parameters
    ----------
    function : callable
        Returns the loss and then one gradient for each array; what follows is ignored.
    inputs, targets, \*states
        What it is called with.
    arrays : mapping of str to ndarray, optional
        The arrays in the order of their gradients. By default the globals that the
        names in its ``return`` speak of: ``Wxh`` for ``dWxh``.

    Raises
    ------
    ValueError
        Where no array is found.
    """
    if arrays is None:
        arrays = named_by_return(function, function.__globals__)
    if not arrays:
        raise ValueError(
            f"{function.__name__} returns no gradient of a global array that is found, "
            "expected names such as dWxh: hand over arrays={'Wxh': Wxh}"
        )

    def call() -> Any:
        answer = function(inputs, targets, *states)
        if isinstance(answer, tuple) and len(answer) > 1 and _named(answer[1]):
            return answer
        if not isinstance(answer, tuple) or len(answer) < 1 + len(arrays):
            many = isinstance(answer, tuple)
            came = f"{len(answer)} values" if many else type(answer).__name__
            raise ValueError(
                f"{function.__name__} returned {came}, expected the loss and "
                f"{len(arrays)} gradients, of {', '.join(arrays)}"
            )
        return answer

    def gradients() -> Any:
        answer = call()
        return answer[1] if _named(answer[1]) else answer[1 : 1 + len(arrays)]

    return {
        "loss": lambda: call()[0],
        "gradients": gradients,
        "arrays": arrays,
        "inputs": inputs,
        "targets": targets,
        "state": states if len(states) > 1 else next(iter(states), None),
    }


def cached(
    forward: Callable[[], Any],
    backward: Callable[..., Any],
    arrays: Mapping[str, Array],
) -> dict[str, Any]:
    """The arguments of ``check`` for a forward pass that returns loss and cache."""
    return {
        "loss": lambda: forward()[0],
        "gradients": lambda: backward(*forward()[1:]),
        "arrays": arrays,
    }


def layer(
    forward: Callable[[], Any],
    backward: Callable[..., Any],
    arrays: Mapping[str, Array],
    upstream: Any,
) -> dict[str, Any]:
    """The arguments of ``check`` for ``h, cache = forward()``, ``backward(dh, cache)``.

    The sum of ``dh * h`` is what is measured: its gradient by ``h`` is ``dh``.
    """

    above = np.asarray(upstream, dtype=float)

    def gradients() -> Any:
        _, *cache = forward()
        return backward(above, *cache)

    return {
        "loss": lambda: forward()[0],
        "gradients": gradients,
        "arrays": arrays,
        "upstream": above,
    }


def updates(
    step: Callable[[], Any],
    arrays: Mapping[str, Array],
    rate: float,
    holder: Any = None,
) -> Callable[[], dict[str, Array]]:
    """What gives the gradients of a step that moves the weights: before less after.

    Parameters
    ----------
    step : callable
        Moves the weights by ``rate`` times the gradients, downhill.
    arrays : mapping of str to ndarray
        The weights. They are put back after each step.
    rate : float
        The learning rate. A large one keeps more digits.
    holder : object, optional
        The object whose attributes they are, where the step binds new arrays.

    Examples
    --------
    >>> w = np.array([2.0, 3.0])
    >>> def step():
    ...     w[:] -= 0.5 * (2 * w)
    >>> updates(step, {"w": w}, rate=0.5)()["w"].tolist(), w.tolist()
    ([4.0, 6.0], [2.0, 3.0])
    """

    def gradients() -> dict[str, Array]:
        before = {name: array.copy() for name, array in arrays.items()}
        try:
            step()
            after = {n: getattr(holder, n, array) for n, array in arrays.items()}
            return {name: (before[name] - after[name]) / rate for name in arrays}
        finally:
            for name, array in arrays.items():
                array[...] = before[name]
                if hasattr(holder, name):
                    setattr(holder, name, array)

    return gradients


def _named(value: Any) -> bool:
    """Whether gradients came by name."""
    return isinstance(value, Mapping) or hasattr(value, "_asdict")
