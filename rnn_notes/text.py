"""Text as indices: the alphabet, both directions, and chunks to train on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_notes.arrays.arguments import Array

__all__ = ["Vocabulary", "chunks"]

_BLOCK = 1_000_000  # characters looked up at once


@dataclass(frozen=True)
class Vocabulary:
    """The letters of a text in a fixed order; a letter's place is its index.

    The order is that of ``sorted``, so it is the same in every process. The order of a
    ``set`` is not: Python salts its string hashes anew at each start.

    Raises
    ------
    ValueError
        Where a letter comes twice.

    Examples
    --------
    >>> Vocabulary.of("abbabb")
    Vocabulary(letters='ab')
    """

    letters: str

    def __post_init__(self) -> None:
        if len(set(self.letters)) != len(self.letters):
            raise ValueError(f"letters is {self.letters!r}, expected each letter once")

    @classmethod
    def of(cls, text: str) -> Vocabulary:
        """The vocabulary of ``text``.

        Raises
        ------
        ValueError
            For an empty text.
        """
        if not text:
            raise ValueError("text is empty, expected at least one character")
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.letters)

    def encode(self, text: str) -> list[int]:
        """The index of every character.

        Raises
        ------
        ValueError
            That names the first unknown character and its place.

        Examples
        --------
        >>> Vocabulary("ab").encode("abbabb")
        [0, 1, 1, 0, 1, 1]
        >>> Vocabulary("ab").encode("abc")
        Traceback (most recent call last):
        ValueError: character 'c' at place 2 is not in the vocabulary of 2 letters
        """
        indices: list[int] = self.indices(text).tolist()
        return indices

    def indices(self, text: str) -> Array:
        """The same as an array of the smallest unsigned integers that can hold them.

        Raises
        ------
        ValueError
            As ``encode`` does.

        Examples
        --------
        >>> Vocabulary("ab").indices("abb").dtype
        dtype('uint8')
        """
        letters = _codes(self.letters)
        order = np.argsort(letters)
        found = np.empty(len(text), np.min_scalar_type(len(self)))
        for start in range(0, len(text), _BLOCK):
            codes = _codes(text[start : start + _BLOCK])
            places = np.searchsorted(letters, codes, sorter=order)
            index = order[places.clip(max=len(order) - 1)]
            if (unknown := np.flatnonzero(letters[index] != codes)).size:
                place = start + int(unknown[0])
                raise ValueError(
                    f"character {text[place]!r} at place {place} is not in the "
                    f"vocabulary of {len(self)} letters"
                )
            found[start : start + _BLOCK] = index
        return found

    def decode(self, indices: Sequence[int]) -> str:
        """The text of the indices.

        Raises
        ------
        ValueError
            For the first that is not from 0 to V-1.

        Examples
        --------
        >>> Vocabulary("ab").decode([0, 1, 1])
        'abb'
        """
        for place, index in enumerate(indices):
            if not 0 <= index < len(self):
                raise ValueError(
                    f"indices[{place}] is {index}, expected 0 to {len(self) - 1}"
                )
        return "".join(self.letters[index] for index in indices)


def _codes(text: str) -> Array:
    """The number of each character, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def chunks(indices: Sequence[int] | Array, T: int) -> Iterator[tuple[Any, Any]]:
    """The inputs and targets of every whole window of T steps, one after the other.

    Both are slices, so those of an array take no memory. Targets are the inputs moved
    on by one, so a window needs T + 1 indices; the last window that has them is used.
    What remains after it is shorter and left out.

    Raises
    ------
    ValueError
        Where T is below 1 or no window fits.

    Examples
    --------
    >>> list(chunks([0, 1, 2, 3, 4], T=2))
    [([0, 1], [1, 2]), ([2, 3], [3, 4])]
    """
    if T < 1:
        raise ValueError(f"T is {T}, expected at least 1")
    if len(indices) < T + 1:
        raise ValueError(
            f"{len(indices)} indices came, expected at least {T + 1} for T = {T}"
        )

    def windows() -> Iterator[tuple[Any, Any]]:
        for p in range(0, len(indices) - T, T):
            yield indices[p : p + T], indices[p + 1 : p + T + 1]

    return windows()
