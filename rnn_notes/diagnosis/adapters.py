"""Few lines for each shape of code that people write, so that ``check`` can take it.

What you can do with it::

    check(**classic(lossFun, inputs, targets, hprev))       # over global arrays
    check(**method(net, x, y))                              # net.loss, net.bptt
    check(**cached(forward, backward, arrays))              # forward, then backward
    check(**layer(forward, backward, arrays, dh))           # the gradient from above
    check(loss, updates(step, arrays, rate), arrays)        # it moves its weights
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Any

import numpy as np

from rnn_notes.rnn import Array

__all__ = ["cached", "classic", "layer", "method", "returned", "updates"]

CLASSIC = ("Wxh", "Whh", "Why", "bh", "by")
LOSSES = (
    "loss",
    "total_loss",
    "calculate_total_loss",
    "calculate_loss",
    "compute_loss",
)
PASSES = ("bptt", "backward", "backprop", "gradients", "back_propagation")


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
        arrays = _named_by_return(function, function.__globals__)
    if not arrays:
        raise ValueError(
            f"{function.__name__} returns no gradient of a global array that is found, "
            "expected names such as dWxh: hand over arrays={'Wxh': Wxh}"
        )

    def call() -> Any:
        answer = function(inputs, targets, *states)
        if not isinstance(answer, tuple) or len(answer) < 1 + len(arrays):
            raise ValueError(
                f"{function.__name__} returned {type(answer).__name__}, expected the "
                f"loss and {len(arrays)} gradients, of {', '.join(arrays)}"
            )
        return answer

    return {
        "loss": lambda: call()[0],
        "gradients": lambda: call()[1 : 1 + len(arrays)],
        "arrays": arrays,
        "inputs": inputs,
        "targets": targets,
        "state": states if len(states) > 1 else next(iter(states), None),
    }


def method(
    model: Any,
    x: Any,
    y: Any,
    *,
    loss: str = "",
    gradients: str = "",
    arrays: Mapping[str, Array] | None = None,
) -> dict[str, Any]:
    """The arguments of ``check`` for an object with ``loss(x, y)`` and ``bptt(x, y)``.

    Parameters
    ----------
    model : object
        Keeps its arrays as attributes.
    x, y
        What its methods take.
    loss, gradients : str
        The names of the methods; by default the first of the usual ones it has.
    arrays : mapping of str to ndarray, optional
        By default those that the ``return`` of the method speaks of, or all it has.
    """
    loss = loss or _first(model, LOSSES, "loss")
    gradients = gradients or _first(model, PASSES, "gradients")
    pass_back = getattr(model, gradients)
    if arrays is None:
        arrays = _named_by_return(pass_back, vars(model)) or {
            name: array for name, array in vars(model).items() if _is_array(array)
        }
    return {
        "loss": lambda: getattr(model, loss)(x, y),
        "gradients": lambda: pass_back(x, y),
        "arrays": arrays,
        "inputs": x,
        "targets": y,
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


def returned(function: Callable[..., Any]) -> list[str]:
    """The names in the last ``return`` of a function, empty where there are none.

    Examples
    --------
    >>> def f():
    ...     return loss, dWxh, dWhh
    >>> returned(f)
    ['loss', 'dWxh', 'dWhh']
    """
    try:
        tree = ast.parse(dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    values = [n.value for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value]
    if not values:
        return []
    last = values[-1]
    parts = last.elts if isinstance(last, (ast.Tuple, ast.List)) else [last]
    return [part.id if isinstance(part, ast.Name) else "" for part in parts]


def _named_by_return(
    function: Callable[..., Any], names: Mapping[str, Any]
) -> dict[str, Array]:
    """The arrays whose gradients a function returns, in its order."""
    lower = {n.lower(): n for n, value in names.items() if _is_array(value)}
    found = {}
    for name in returned(function):
        for prefix in ("dLd", "dL_d", "d_", "grad_", "g_", "d"):
            short = name.removeprefix(prefix).lower()
            if name.startswith(prefix) and short in lower:
                found[lower[short]] = names[lower[short]]
                break
    return found or {n: names[n] for n in CLASSIC if _is_array(names.get(n))}


def _is_array(value: Any) -> bool:
    """Whether a value is an array of floating-point numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _first(model: Any, names: tuple[str, ...], what: str) -> str:
    """The first of the names that an object has as a method."""
    for name in names:
        if callable(getattr(model, name, None)):
            return name
    raise ValueError(
        f"{type(model).__name__} has none of {', '.join(names)}: say {what}='...'"
    )
