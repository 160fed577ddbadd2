"""Which function of a reader's file is meant, and numbers to try it on."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import wraps
from typing import Any

import numpy as np

from rnn_notes.diagnosis.adapters import classic
from rnn_notes.diagnosis.objects import BOTH, LOSSES, PASSES, method, returned
from rnn_notes.diagnosis.roles import ROLES

__all__ = ["STEPS", "questions"]

STEPS = 6
_ALPHABET, _HIDDEN = 5, 7  # letters and hidden units where the file does not say
_WORDS = {
    "inputs": ("inputs", "input", "x", "xs", "inps"),
    "targets": ("targets", "target", "y", "ys", "labels", "outputs"),
    "state": ("hprev", "h0", "h", "hprevious", "state", "cprev", "c0", "aprev"),
}


def questions(
    names: dict[str, Any], asked: str, arrays: list[str], told: list[str]
) -> tuple[str, dict[str, Any]]:
    """The name of the function that is checked, and the arguments of ``check``.

    Parameters
    ----------
    names : mapping of str to object
        The globals of the file.
    asked : str
        The name that the reader gave, empty where none was given.
    arrays : list of str
        The names of the arrays to check, in the order of the gradients; empty for
        those that the function's ``return`` speaks of.
    told : list of str
        Sentences about what stands in for what is missing are added to it.

    Raises
    ------
    ValueError
        Where no function is found, or one that takes other things.
    """
    name = asked or _only(names)
    if name not in names or inspect.ismodule(names[name]):
        known = ", ".join(_defined(names)) or "nothing"
        raise ValueError(f"no {name} in the file, which defines {known}")
    rng = np.random.default_rng(0)
    value = names[name]
    if inspect.isclass(value) or not callable(value):
        return name, _of_object(value, rng)
    return name, _of_function(name, value, names, arrays, rng, told)


def _of_function(
    name: str,
    function: Any,
    names: dict[str, Any],
    arrays: list[str],
    rng: np.random.Generator,
    told: list[str],
) -> dict[str, Any]:
    """The arguments for a function over globals, its arrays filled at random.

    Arrays that it takes as arguments are made and handed to it.
    """
    needed = [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty
        and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    kinds = [_kind(p) or ("array" if _role(p) else "") for p in needed]
    if len(needed) == 3 and not {"array", *_WORDS} & {*kinds[:2]}:
        kinds = [*_WORDS]
        told.append(f"Taken as inputs, targets and state: {', '.join(needed)}.")
    if sorted(kinds[:2]) != ["inputs", "targets"] or "" in kinds:
        raise ValueError(
            f"{name} takes ({', '.join(needed)}), expected (inputs, targets, hprev): "
            "for another shape of code call rnn_notes.check in Python"
        )
    told += _stand_in(function, names, needed)
    if missing := [n for n in arrays if not isinstance(names.get(n), np.ndarray)]:
        raise ValueError(f"--arrays: {missing[0]} is no array in the file")
    chosen = {n: names[n] for n in arrays} or None
    probe = classic(function, [0], [0], arrays=chosen)["arrays"]
    H, V = _sizes(probe, names)
    _fill(probe, rng)
    inputs, targets = rng.integers(V, size=(2, STEPS)).tolist()
    shape = _state_shape(probe, H)
    states = [0.5 * rng.standard_normal(shape) for k in kinds if k == "state"]

    @wraps(function)
    def called(inputs: Any, targets: Any, *states: Any) -> Any:
        rest = iter(states)
        given = {"inputs": lambda _: inputs, "targets": lambda _: targets,
                 "state": lambda _: next(rest), "array": names.get}  # fmt: skip
        pairs = zip(kinds, needed, strict=True)
        return function(*(given[kind](n) for kind, n in pairs))  # type: ignore[operator]

    return classic(called, inputs, targets, *states, arrays=probe)


def _stand_in(function: Any, names: dict[str, Any], needed: list[str]) -> list[str]:
    """Make what a function reads and the file does not have; what was made, told."""
    H = int(names.get("hidden_size", _HIDDEN))
    V = int(names.get("vocab_size", _ALPHABET))
    shapes = {"Wxh": (H, V), "Whh": (H, H), "Why": (V, H), "bh": (H, 1), "by": (V, 1)}
    weights = [n.removeprefix("d") for n in returned(function) if n[:1] == "d"]
    weights += needed
    known = {"np": np, "numpy": np, "hidden_size": H, "vocab_size": V, "H": H, "V": V}
    made = []
    for name in dict.fromkeys((*weights, *function.__code__.co_names)):
        read = name in needed or name in function.__code__.co_names
        if name in names or not read:
            continue
        if name in known and name not in weights:
            names[name] = known[name]
        elif _role(name) in shapes:
            names[name] = np.zeros(shapes[_role(name)])
        else:
            continue
        made.append(name)
    return [f"Not in it, so ours stand in: {', '.join(made)}."] if made else []


def _role(name: str) -> str:
    """The part that an array of this name plays, empty where it plays none."""
    role = ROLES.get(name.lower().replace("_", ""), "")
    return role if role in ("Wxh", "Whh", "Why", "bh", "by") else ""


def _of_object(value: Any, rng: np.random.Generator) -> dict[str, Any]:
    """The arguments for an object, or for one that is made of its class."""
    model = _made(value) if inspect.isclass(value) else value
    arrays = method(model, None, None)["arrays"]
    H, V = _sizes(arrays, {})
    _fill(arrays, rng)
    x, y = rng.integers(V, size=(2, STEPS)).tolist()
    name = next(n for n in (*BOTH, *PASSES, *LOSSES) if hasattr(model, n))
    takes = inspect.signature(getattr(model, name)).parameters.values()
    kinds = [_kind(p.name) for p in takes if p.default is p.empty]
    shape = _state_shape(arrays, H)
    states = [0.5 * rng.standard_normal(shape) for k in kinds if k == "state"]
    return method(model, x, y, *states)


def _made(cls: Any) -> Any:
    """An object of a class, its sizes small."""
    needed = [
        p.name
        for p in list(inspect.signature(cls).parameters.values())
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    return cls(*(4 if "hid" in name.lower() else _ALPHABET for name in needed))


def _only(names: Mapping[str, Any]) -> str:
    """The name of the one function, or class, that looks like a backward pass."""
    own = _defined(names)
    likely = [
        n for n in own if n.lower().replace("_", "") in ("lossfun", "lossfunction")
    ]
    likely = likely or [n for n in own if _looks(names[n])]
    if len(likely) != 1:
        found = ", ".join(own) or "nothing"
        which = f"{len(likely)} fit" if likely else "none fits (inputs, targets, hprev)"
        raise ValueError(f"name the function, FILE:NAME: {which}; it defines {found}")
    return likely[0]


def _looks(value: Any) -> bool:
    """Whether a function takes inputs and targets, or a class has a backward pass."""
    if inspect.isclass(value):
        return any(hasattr(value, name) for name in (*BOTH, *PASSES))
    kinds = [_kind(p) for p in inspect.signature(value).parameters]
    return kinds[:2] == ["inputs", "targets"]


def _defined(names: Mapping[str, Any]) -> list[str]:
    """The functions and classes that a file defines."""
    module = names.get("__name__")
    return [
        name
        for name, value in names.items()
        if (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module
    ]


def _kind(parameter: str) -> str:
    """What a parameter is by its name, empty where nobody can tell."""
    short = parameter.lower().replace("_", "")
    return next((kind for kind, words in _WORDS.items() if short in words), "")


def _sizes(arrays: Mapping[str, Any], names: Mapping[str, Any]) -> tuple[int, int]:
    """Hidden units and letters, by the arrays' shapes, else by the file's settings."""
    by_role = {
        ROLES.get(name.lower().replace("_", "")): a for name, a in arrays.items()
    }
    if "Whh" in by_role:
        H = len(by_role["Whh"])
        if "Wxh" in by_role and by_role["Wxh"].ndim == 2:
            m, n = by_role["Wxh"].shape
            return H, n if m == H else m
        return H, int(names.get("vocab_size", _ALPHABET))
    H = int(names.get("hidden_size", max(map(len, arrays.values()))))
    return H, int(names.get("vocab_size", _ALPHABET))


def _state_shape(arrays: Mapping[str, Any], H: int) -> tuple[int, ...]:
    """The shape of a first state, as the biases are: flat, a row, else a column."""
    shapes = {array.shape for array in arrays.values()}
    return next((s for s in ((H,), (1, H)) if s in shapes), (H, 1))


def _fill(arrays: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Fill the arrays in place, large enough to bend the tanh."""
    for name, array in arrays.items():
        role = ROLES.get(name.lower().replace("_", ""), "")
        wide = role in ("Whh", "Why") and array.ndim == 2
        scale = 1.2 / np.sqrt(array.shape[-1]) if wide else 0.6
        array[...] = scale * rng.standard_normal(array.shape)
