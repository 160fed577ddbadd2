"""What a reader hands over, read once and refused in one line where it is no use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from rnn_notes.rnn import Array

__all__ = ["PREFIXES", "Handed", "claims", "handed", "is_number"]

PREFIXES = (
    "d{}",
    "{}",
    "d_{}",
    "dL_d{}",
    "dLd{}",
    "g_{}",
    "grad_{}",
    "grad{}",
    "g{}",
    "d{}_",
)


@dataclass(frozen=True)
class Handed:
    """A loss, its claimed gradients and the arrays, checked.

    loss      : what gives the loss as one number
    gradients : what gives the claimed gradients by the arrays' names
    arrays    : the arrays, where they are
    """

    loss: Callable[[], Any]
    gradients: Callable[[], dict[str, Array]]
    arrays: Mapping[str, Array]

    @contextmanager
    def kept(self) -> Iterator[dict[str, Array]]:
        """Copies of the arrays; at the end, also by an error, they are put back."""
        copies = {name: array.copy() for name, array in self.arrays.items()}
        try:
            yield copies
        finally:
            for name, array in self.arrays.items():
                array[...] = copies[name]


def handed(loss: Any, gradients: Any, arrays: Any, upstream: Any = None) -> Handed:
    """The arguments of ``check``, checked.

    Raises
    ------
    TypeError, ValueError
        One line that names the argument, what came and what to hand over instead.
    """
    for name, value in (("loss", loss), ("gradients", gradients)):
        if not callable(value):
            raise TypeError(
                f"{name} is {_kind(value)}, expected a function without arguments: "
                f"{name}=lambda: ..."
            )
    named = _arrays(arrays)
    weights = None if upstream is None else np.array(upstream, dtype=float)

    def number() -> Any:
        return _number(_called("loss", loss), weights)

    def claimed() -> dict[str, Array]:
        return claims(_called("gradients", gradients), named)

    return Handed(number, claimed, named)


def _arrays(arrays: Any) -> dict[str, Array]:
    """The arrays by name, each writable and of float64 or complex128."""
    if not isinstance(arrays, Mapping):
        raise TypeError(
            f"arrays is {_kind(arrays)}, expected a mapping of names to arrays: "
            "arrays={'Wxh': Wxh, 'Whh': Whh}"
        )
    if not arrays:
        raise ValueError("arrays is empty, expected at least one array to check")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(
                f"{name} is {_kind(array)}, expected a NumPy array: "
                f"{name} = np.array({name}, dtype=float), before the loss reads it"
            )
        if array.dtype not in (np.float64, np.complex128):
            raise TypeError(
                f"{name} holds {array.dtype}, expected float64: "
                f"{name} = {name}.astype(float), before the loss reads it"
            )
        if not array.flags.writeable:
            raise ValueError(
                f"{name} is read-only, expected an array that can be nudged: let the "
                f"loss read a copy, {name} = {name}.copy(), and hand over that one"
            )
        if array.size == 0:
            raise ValueError(f"{name} has shape {array.shape}, expected some entries")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds nan or inf, expected finite numbers")
    for one, other in combinations(arrays, 2):
        if np.shares_memory(arrays[one], arrays[other]):
            raise ValueError(
                f"{one} and {other} share memory, so a nudge of one moves the other: "
                "hand over one of them, its gradient the sum of both"
            )
    return {name: np.asarray(array) for name, array in arrays.items()}  # no np.matrix


def _called(name: str, function: Callable[[], Any]) -> Any:
    """What the function returns; one that wants arguments is told so."""
    try:
        return function()
    except TypeError as error:
        inside = error.__traceback__ and error.__traceback__.tb_next
        if inside or "positional argument" not in str(error):
            raise
        raise TypeError(
            f"{name} wants arguments ({error}), expected a function without any: "
            f"{name}=lambda: ..."
        ) from None


def _number(value: Any, weights: Array | None) -> Any:
    """A loss as one number: what comes, its first part, or its sum with ``weights``."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if value is None:
        raise ValueError(
            "loss() returned None, expected a number: is a return missing?"
        )
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "fciu":
        raise TypeError(f"loss() returned {_kind(value)}, expected a number")
    if weights is not None and array.size > 1:
        if array.shape != weights.shape:
            raise ValueError(
                f"loss() returned shape {array.shape}, expected {weights.shape}, "
                "that of upstream, or one number"
            )
        array = np.asarray((weights * array).sum())
    if array.size != 1:
        raise ValueError(
            f"loss() returned shape {array.shape}, expected one number (the states "
            "themselves go with upstream=, the gradient that comes from above)"
        )
    if array.dtype == np.float32 or array.dtype == np.float16:
        raise TypeError(
            f"loss() returned {array.dtype}, expected float64: differences need its "
            "digits, so let nothing on the way be float32"
        )
    number = array.item()
    if not np.isfinite(number):
        raise ValueError(f"loss() returned {number}, expected a finite number")
    return number


def claims(value: Any, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The claimed gradients by the arrays' names.

    Parameters
    ----------
    value
        A mapping, a named tuple or an object with attributes, whose names are matched
        (``dWxh`` for ``Wxh``), or a sequence in the order of the arrays.
    arrays : mapping of str to ndarray
        What the gradients are by.

    Raises
    ------
    ValueError
        For a gradient that is missing or has another shape.

    Examples
    --------
    >>> W = np.zeros((2, 3))
    >>> sorted(claims({"dW": W, "dx": 0}, {"W": W}))
    ['W']
    """
    if value is None:
        raise ValueError(
            "gradients() returned None, expected the gradients (a pass that moves the "
            "weights itself: gradients=updates(step, arrays, rate))"
        )
    if isinstance(value, np.ndarray) and len(arrays) == 1 and value.dtype != object:
        value = [value]
    if isinstance(value, tuple) and len(value) > 1 and is_number(value[0]):
        rest = value[1:]  # a loss in front
        value = rest if len(rest) == len(arrays) else value
        value = rest[0] if isinstance(rest[0], Mapping) else value
    plain = isinstance(value, (list, tuple)) and not hasattr(value, "_asdict")
    found = _in_order(value, arrays) if plain else _by_name(value, arrays)
    return {name: _shaped(name, found[name], arrays[name]) for name in arrays}


def is_number(value: Any) -> bool:
    """Whether a value is one number, as a loss is.

    Examples
    --------
    >>> is_number(np.array(2.0)), is_number([2.0])
    (True, False)
    """
    plain = isinstance(value, (int, float, np.number))
    return plain or (isinstance(value, np.ndarray) and value.ndim == 0)


def _in_order(value: Sequence[Any], arrays: Mapping[str, Array]) -> dict[str, Any]:
    """A sequence of gradients by the names of the arrays, or by their shapes.

    Lists in it are opened. Where the order does not fit and each shape stands there
    once, the shapes decide.
    """
    parts = [*value]
    if any(isinstance(part, (list, tuple)) for part in parts):
        opened = [*_opened(parts)]
        parts = opened if len(opened) == len(arrays) else parts
    if len(parts) != len(arrays):
        raise ValueError(
            f"gradients() returned {len(parts)} values, expected {len(arrays)}, in the "
            f"order of arrays ({', '.join(arrays)}), or a mapping by name"
        )
    by_shape = {np.shape(part): part for part in parts if isinstance(part, np.ndarray)}
    shapes = [array.shape for array in arrays.values()]
    if len(by_shape) == len(arrays) and {*by_shape} == {*shapes}:
        return {name: by_shape[array.shape] for name, array in arrays.items()}
    return dict(zip(arrays, parts, strict=True))


def _opened(parts: Sequence[Any]) -> Iterator[Any]:
    """What stands in lists in lists, one after the other."""
    for part in parts:
        yield from _opened(part) if isinstance(part, (list, tuple)) else [part]


def _by_name(value: Any, arrays: Mapping[str, Array]) -> dict[str, Any]:
    """The gradients that a mapping or an object holds, by the names of the arrays."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if not isinstance(value, Mapping):
        value = {name: getattr(value, name) for name in dir(value) if name[:2] != "__"}
    lower = {str(key).lower(): item for key, item in value.items()}
    found = {}
    for name in arrays:
        short = name.rpartition(".")[2]
        wanted = [form.format(short) for form in PREFIXES]
        wanted += ["dhprev", "da0", "dh0"] if short in ("hprev", "a0", "h0") else []
        keys = [key for key in wanted if key in value]
        lows = [key.lower() for key in wanted if key.lower() in lower]
        if not keys and not lows:
            shown = ", ".join(str(key) for key in list(value)[:8]) or "nothing"
            raise ValueError(
                f"gradients() returned {shown}, expected also d{short}, for {name}"
            )
        found[name] = value[keys[0]] if keys else lower[lows[0]]
    return found


def _shaped(name: str, value: Any, array: Array) -> Array:
    """A claimed gradient in the shape of its array, or turned if it came so."""
    try:
        claim = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(
            f"the gradient by {name} is {_kind(value)}, expected an array of numbers"
        ) from None
    if claim.shape == array.shape:
        return claim
    squeezed = claim.squeeze().shape == array.squeeze().shape
    if squeezed:
        return claim.reshape(array.shape)
    if claim.shape == array.shape[::-1]:
        return claim  # transposed: told as such
    hint = ""
    if claim.ndim == 2 and array.size in claim.shape:
        hint = " (for a batch, a bias has the sum over its sequences)"
    raise ValueError(
        f"the gradient by {name} has shape {claim.shape}, expected {array.shape}, "
        f"as {name} has{hint}"
    )


def _kind(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "None"
    article = "an" if type(value).__name__[0] in "aeiou" else "a"
    return f"{article} {type(value).__name__}"
