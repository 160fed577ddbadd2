"""An object that keeps its weights: as attributes, in a mapping, in lists.

What you can do with it::

    check(**method(net, x, y))               # net.loss, net.bptt
    check(**method(net, x, y, h0))           # methods that take a first state too
    check(**method(net, x, y, rate=0.1))     # a pass that moves the weights itself
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Any

import numpy as np

from rnn_notes.diagnosis.handed import is_number
from rnn_notes.rnn import Array

__all__ = ["BOTH", "LOSSES", "PASSES", "method", "named_by_return", "returned"]

LOSSES = ("loss", "total_loss", "calculate_total_loss", "calculate_loss",
          "compute_loss", "cost", "error", "get_loss", "loss_function")  # fmt: skip
BOTH = ("loss_and_gradients", "loss_and_grads", "loss_and_grad", "loss_grad",
        "loss_gradients", "lossFun", "loss_fun", "forward_backward")  # fmt: skip
PASSES = ("bptt", "backward", "backprop", "gradients", "back_propagation",
          "backpropagation", "back_prop", "backward_pass", "compute_gradients",
          "grad", "grads", "train_step", "step")  # fmt: skip
_GRADIENTS = ("grads", "gradients", "grad", "dparams", "d_params")
_RATES = ("learning_rate", "learn_rate", "lr", "alpha", "eta", "rate")
_CLASSIC = ("Wxh", "Whh", "Why", "bh", "by")


def method(
    model: Any,
    x: Any,
    y: Any,
    *states: Any,
    loss: str = "",
    gradients: str = "",
    arrays: Mapping[str, Array] | None = None,
    rate: float | None = None,
) -> dict[str, Any]:
    r"""The arguments of ``check`` for an object with ``loss(x, y)`` and ``bptt(x, y)``.

    The gradients are what the pass returns, or what it leaves on the object (``dW``, or
    a mapping ``grads``), or, where it moves the weights, the weights before it less
    those after it, over the rate. Arrays of float32 are replaced by float64.

    Parameters
    ----------
    model : object
        Keeps its arrays as attributes, or in mappings or lists that are attributes.
    x, y, \*states
        What its methods take.
    loss, gradients : str
        The names of the methods; by default the first of the usual ones it has.
    arrays : mapping of str to ndarray, optional
        By default those that the ``return`` of the method speaks of, or all it has.
    rate : float, optional
        By which the pass multiplies what it takes off the weights; by default what its
        signature or the object says.

    Raises
    ------
    ValueError
        Where no method or no gradient is found.
    """
    both = "" if loss or gradients else _first(model, BOTH)
    loss = loss or both or _first(model, LOSSES)
    gradients = gradients or both or _first(model, PASSES) or loss
    for name, usual, what in ((loss, LOSSES, "loss"), (gradients, PASSES, "gradients")):
        if not name:
            raise ValueError(
                f"{type(model).__name__} has none of {', '.join(usual)}: say "
                f"{what}='...'"
            )
    pass_back = getattr(model, gradients)
    places = _places(model)
    if arrays is None:
        known = {name: holder[key] for name, (holder, key) in places.items()}
        arrays = named_by_return(pass_back, known) or known
    if not arrays:
        raise ValueError(f"{type(model).__name__} keeps no array of numbers")
    homes = {
        name: next(
            (place for place in places.values() if place[0][place[1]] is array), None
        )
        for name, array in arrays.items()
    }
    size = rate or _rate(model, pass_back)

    def claimed() -> Any:
        before = {name: array.copy() for name, array in arrays.items()}
        try:
            answer = _called(pass_back, x, y, states, size)
            return _gradients(model, answer, before, _now(arrays, homes), size)
        finally:
            for name, array in arrays.items():
                array[...] = before[name]
                if home := homes[name]:
                    home[0][home[1]] = array

    def cost() -> Any:
        function = getattr(model, loss)
        try:
            return _called(function, x, y, states, size)
        except TypeError as error:
            try:  # some take a list of sequences, the pass one of them
                return _called(function, [x], [y], states, size)
            except Exception:
                raise error from None

    return {
        "loss": cost,
        "gradients": claimed,
        "arrays": arrays,
        "inputs": x,
        "targets": y,
        "state": states if len(states) > 1 else next(iter(states), None),
    }


def _called(
    function: Callable[..., Any], x: Any, y: Any, states: Any, rate: float | None
) -> Any:
    """What a method returns for x, y, the states, and the rate where it wants one."""
    needed = [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.name in _RATES
    ]
    return function(x, y, *states, **dict.fromkeys(needed, rate))


def _gradients(
    model: Any,
    answer: Any,
    before: Mapping[str, Array],
    after: Mapping[str, Array],
    rate: float | None,
) -> Any:
    """The gradients of a pass, from what it returned, left on the object, or moved."""
    parts = answer if isinstance(answer, tuple) else (answer,)
    if len(parts) > 1 and is_number(parts[0]) and not is_number(parts[1]):
        many = len(parts) >= 1 + len(before) and isinstance(parts[1], np.ndarray)
        return parts[1 : 1 + len(before)] if many else parts[1]
    if answer is not None and not is_number(answer):
        return answer
    for name in _GRADIENTS:
        if isinstance(getattr(model, name, None), Mapping):
            return getattr(model, name)
    if all(hasattr(model, f"d{name}") for name in before):
        return {name: getattr(model, f"d{name}") for name in before}
    if all(np.array_equal(before[name], after[name]) for name in before):
        return None
    if rate is None:
        raise ValueError(
            f"{type(model).__name__} moves its weights and returns no gradient: say "
            "rate=, what the gradient is multiplied with"
        )
    return {name: (before[name] - after[name]) / rate for name in before}


def _now(arrays: Mapping[str, Array], homes: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays that stand on the object now; a pass may have bound new ones."""
    return {
        name: np.array(home[0][home[1]] if (home := homes[name]) else array)
        for name, array in arrays.items()
    }


def _places(model: Any) -> dict[str, tuple[Any, Any]]:
    """Where an object keeps its arrays of numbers: a holder and a key, by name."""
    places: dict[str, tuple[Any, Any]] = {}
    own = getattr(model, "__dict__", {})
    for name, value in own.items():
        if name in _GRADIENTS:
            continue
        if isinstance(value, np.ndarray):
            places[name] = own, name
        elif isinstance(value, dict):
            places |= {str(key): (value, key) for key in value}
        elif isinstance(value, list):
            places |= {f"{name}[{k}]": (value, k) for k in range(len(value))}
    kept = {}
    for name, (holder, key) in places.items():
        array = holder[key]
        twin = name[:1] == "d" and name[1:] in places  # the gradient of another
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and not twin:
            if array.dtype.itemsize < 8:
                holder[key] = array.astype(float)
            kept[name] = holder, key
    return kept


def _rate(model: Any, function: Callable[..., Any]) -> float | None:
    """The rate that a pass takes by default, or that its object keeps."""
    for name, parameter in inspect.signature(function).parameters.items():
        if name in _RATES and isinstance(parameter.default, float):
            return parameter.default
    found = [getattr(model, name, None) for name in _RATES]
    return next((float(r) for r in found if isinstance(r, (int, float))), None)


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
    return [*map(_name, _leaves(values[-1]))]


def _leaves(node: ast.expr) -> list[ast.expr]:
    """The parts of a tuple or a list, and of those in it."""
    if not isinstance(node, (ast.Tuple, ast.List)):
        return [node]
    return [leaf for part in node.elts for leaf in _leaves(part)]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def named_by_return(
    function: Callable[..., Any], names: Mapping[str, Any]
) -> dict[str, Array]:
    """The arrays whose gradients a function returns, in its order.

    Raises
    ------
    ValueError
        Where it names some, and what bears their names are no arrays of floats.
    """
    lower = {n.lower(): n for n in names}
    found, others = {}, []
    for name in returned(function):
        for prefix in ("dLd", "dL_d", "d_", "grad_", "g_", "d", "grad", "g"):
            short = name.removeprefix(prefix).lower()
            if name.startswith(prefix) and short in lower:
                known = lower[short]
                if _is_array(names[known]):
                    found[known] = names[known]
                elif isinstance(names[known], (list, np.ndarray)):
                    others.append(known)
                break
    if others and not found:
        came = getattr(names[others[0]], "dtype", "a list")
        raise ValueError(
            f"{others[0]} is {came}, expected an array of float64: "
            f"np.array({others[0]}, dtype=float)"
        )
    return found or {n: names[n] for n in _CLASSIC if _is_array(names.get(n))}


def _is_array(value: Any) -> bool:
    """Whether a value is an array of floating-point numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _first(model: Any, names: tuple[str, ...]) -> str:
    """The first of the names that an object has as a method, or none."""
    return next((n for n in names if callable(getattr(model, n, None))), "")
