"""Arrays whose memory is used again once nobody holds them any more.

A training step makes new weights and lets old ones go. The system clears every page of
memory that it hands out, and for weights that takes longer than the arithmetic on them.
"""

from __future__ import annotations

import weakref

import numpy as np

from rnn_notes.rnn import Array

KEPT = 4  # arrays: the weights and the memory of an optimiser, old and new
_free: list[memoryview] = []


def empty_like(array: Array) -> Array:
    """A new array, not filled, with the shape and the dtype of the given one.

    Its memory is handed out again once it and all its views are gone, not before.

    >>> first = empty_like(np.ones(1000))
    >>> view, place = first[10:], first.ctypes.data
    >>> del first
    >>> empty_like(np.ones(1000)).ctypes.data == place  # the view still holds it
    False
    >>> del view
    >>> empty_like(np.ones(1000)).ctypes.data == place
    True
    """
    memory = _memory(array.nbytes)
    owner = np.frombuffer(memory, array.dtype)  # the base of all its views
    weakref.finalize(owner, _give_back, memory).atexit = False
    return owner.reshape(array.shape)


def _memory(size: int) -> memoryview:
    """So many bytes, used before if there are any; those of another size are let go."""
    while _free:
        memory = _free.pop()
        if memory.nbytes == size:
            return memory
    return np.empty(size, np.uint8).data


def _give_back(memory: memoryview) -> None:
    """Nothing; the memory is kept for the next array, if few are waiting."""
    if len(_free) < KEPT:
        _free.append(memory)
