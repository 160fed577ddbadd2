"""The same call twice: is the answer the same, and are the arguments what they were?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from rnn_notes.diagnosis.handed import Handed
from rnn_notes.rnn import Array

__all__ = ["called_twice", "putting_back"]


def called_twice(
    asked: Handed, lent: Mapping[str, Any]
) -> tuple[dict[str, Array], str]:
    """The claimed gradients, and what two calls showed, in a sentence.

    Raises
    ------
    ValueError
        Where the loss or the gradients differ from call to call.
    """
    before = deepcopy(dict(lent))
    copies = {n: a.copy() for n, a in asked.arrays.items()}
    put_back = putting_back({**asked.arrays, **lent})
    first, claims = asked.loss(), asked.gradients()
    moved = [n for n, a in asked.arrays.items() if not np.array_equal(a, copies[n])]
    moved += [name for name, value in lent.items() if not _same(value, before[name])]
    put_back()
    second = asked.loss()
    if not np.isclose(first, second, rtol=1e-12, atol=0):
        raise ValueError(
            f"loss() gave {first:.12g} and then {second:.12g} for the same arrays: "
            "does it draw random numbers, or keep a state? Start it alike each time"
        )
    again = asked.gradients()
    put_back()
    for name, claim in claims.items():
        if not np.allclose(claim, again[name], rtol=1e-9, atol=0, equal_nan=True):
            raise ValueError(
                f"gradients() gave two answers for {name} from the same arrays: does "
                "it draw random numbers, add to what stood there, or keep a state?"
            )
    return claims, _told(moved)


def putting_back(lent: Mapping[str, Any]) -> Callable[[], None]:
    """What puts back the numbers that stand in arrays and lists now."""
    before = deepcopy(dict(lent))

    def put_back() -> None:
        for name, value in lent.items():
            _restore(value, before[name])

    return put_back


def _restore(value: Any, before: Any) -> None:
    """Put back what stood in an array or a list; leave what cannot be written to."""
    if isinstance(value, (list, tuple)):
        if isinstance(value, list) and not all(_holds(v) for v in value):
            value[:] = before
        else:
            for item, old in zip(value, before, strict=True):
                _restore(item, old)
    elif isinstance(value, np.ndarray) and value.flags.writeable:
        value[...] = before


def _holds(value: Any) -> bool:
    """Whether a value can hold others that change in place."""
    return isinstance(value, (list, tuple, np.ndarray))


def _told(moved: list[str]) -> str:
    """What the calls have changed, in a sentence."""
    if not moved:
        return "Two calls gave the same, and nothing handed over was changed in place."
    return (
        f"gradients() changed {', '.join(moved)} in place (put back here): a second "
        "call starts from other numbers. Work on a copy."
    )


def _same(one: Any, other: Any) -> bool:
    """Whether what was lent is as it was."""
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    return bool(one is other or one == other)
