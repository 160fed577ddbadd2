"""The same call twice: is the answer the same, and are the arguments what they were?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
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


def putting_back(lent: Any) -> Callable[[], None]:
    """What puts back the numbers that stand in arrays and lists now, and no others.

    Examples
    --------
    >>> steps = [[1, 2]]
    >>> put_back = putting_back(steps)
    >>> steps += [[3]]
    >>> steps[0][0] = 7
    >>> put_back()
    >>> steps
    [[1, 2]]
    """
    if isinstance(lent, np.ndarray) and lent.flags.writeable:
        return partial(np.copyto, lent, lent.copy())
    if not isinstance(lent, (Mapping, list, tuple)):
        return lambda: None
    items = [*lent.values()] if isinstance(lent, Mapping) else [*lent]
    holding = (Mapping, list, tuple, np.ndarray)
    inner = [putting_back(item) for item in items if isinstance(item, holding)]

    def put_back() -> None:
        if isinstance(lent, list):
            lent[:] = items
        for again in inner:
            again()

    return put_back


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
