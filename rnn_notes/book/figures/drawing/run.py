"""What a figure is drawn from: the running example, or another in its place."""

from __future__ import annotations

from rnn_notes.rnn import ALPHABET, Array, Forward, Params, forward, running_example

__all__ = ["Example", "given", "letter", "within"]

Example = tuple[Params, list[int], list[int], Array]


def given(example: Example | None = None) -> tuple[Params, Forward]:
    """The parameters and the forward pass of the example, by default the running one.

    >>> params, run = given()
    >>> run.T, given(running_example(T=2))[1].T
    (5, 2)
    """
    params, inputs, targets, hprev = example or running_example()
    return params, forward(params, inputs, targets, hprev)


def within(name: str, value: int, low: int, high: int) -> None:
    """Raise unless the argument is from ``low`` to ``high``.

    Raises
    ------
    ValueError
        For one below or above.

    Examples
    --------
    >>> within("t", 5, 0, 4)
    Traceback (most recent call last):
    ValueError: t is 5, expected 0 to 4
    """
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}, expected {low} to {high}")


def letter(column: Array) -> str:
    """The letter that a one-hot column, (V, 1), stands for.

    >>> letter(given()[1].xs[0])
    'a'
    """
    return ALPHABET[int(column.argmax())]
