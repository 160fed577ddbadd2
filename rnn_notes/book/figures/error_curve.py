"""How wrong a measured gradient is, by the step of the measurement, as a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import log10
from typing import Any

import numpy as np

from rnn_notes.book.figures.drawing.axes import clear, curve, disc, power, turned
from rnn_notes.book.figures.drawing.boxes import line
from rnn_notes.book.figures.drawing.frames import Frame, Moving, as_shown, part
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example
from rnn_notes.book.figures.drawing.svg import WIDTH, at, draw
from rnn_notes.differences import complex_step
from rnn_notes.rnn import Array, Params, forward, running_example

__all__ = ["QUOTIENTS", "error_against_step", "quotient_errors"]

# The slope of f at 0 from a step e, three times.
QUOTIENTS: dict[str, Callable[[Callable[[Any], Any], float], Any]] = {
    "one-sided": lambda f, e: (f(e) - f(0)) / e,
    "central": lambda f, e: (f(e) - f(-e)) / (2 * e),
    "complex step": lambda f, e: f(1j * e).imag / e,
}
_STEPS = tuple(10 ** (-k / 2) for k in range(1, 32))
_DASHES = {
    **{"one-sided": "dashed", "central": "solid"},
    **{"complex step": "dotted", "central, float32": "mixed"},
}


def quotient_errors(
    name: str,
    steps: Iterable[float] = _STEPS,
    dtype: type = np.float64,
    example: Example | None = None,
) -> Array:
    """The error of dWhh by one of the ``QUOTIENTS``, for each step, (len(steps),).

    It is the norm of the error relative to the norm of the complex-step derivative,
    whose own step is too small to matter.

    Raises
    ------
    KeyError
        For an unknown name.

    Examples
    --------
    >>> errors = quotient_errors("central", steps=[1e-1, 1e-2], dtype=np.float64)
    >>> errors.shape, bool(errors[1] < errors[0])
    ((2,), True)
    """
    params, inputs, targets, hprev = example or running_example()
    quotient, shape = QUOTIENTS[name], params.Whh.shape
    typed = Params(**{k: v.astype(dtype) for k, v in vars(params).items()})
    start: Array = hprev.astype(dtype)

    def along(unit: Array) -> Callable[[Any], Any]:
        return lambda e: (
            forward(
                typed.replace(Whh=typed.Whh + e * unit), inputs, targets, start
            ).loss
        )

    truth = complex_step(
        lambda Whh: forward(params.replace(Whh=Whh), inputs, targets, hprev).loss,
        params.Whh,
    )
    units: Array = np.eye(truth.size, dtype=dtype).reshape(-1, *shape)
    measured = [[quotient(along(unit), e) for unit in units] for e in map(float, steps)]
    errors = np.reshape(measured, (-1, truth.size)) - truth.ravel()
    relative: Array = np.linalg.norm(errors, axis=1) / np.linalg.norm(truth)
    return relative


def error_against_step(example: Example | None = None) -> Moving:
    """The error of four ways to measure dWhh, against the step, both logarithmic.

    Its control moves the step.

    >>> moving = error_against_step()
    >>> "float32" in moving.alt, moving.frames[moving.first].at
    (True, '10⁻⁵')
    """
    curves = {name: quotient_errors(name, example=example) for name in QUOTIENTS}
    curves["central, float32"] = quotient_errors("central", _STEPS, np.float32, example)
    digits = {name: number(-log10(e.min()), 1) for name, e in curves.items()}
    parts = [*_axes()]
    for name, errors in curves.items():
        ends = [at(*_place(e, error)) for e, error in zip(_STEPS, errors, strict=True)]
        parts.append(curve("M" + "L".join(ends), _DASHES[name]))
    best = {name: f"{count} digits" for name, count in digits.items()}
    x, y = _place(10**-4.1, 10**-11)
    words = [
        label(*_place(10**-7.6, 10**-3.2), "one-sided ∝ $e$", size=12.5),
        label(*_place(10**-7.6, 10**-4.4), best["one-sided"], size=12.5),
        label(x, y, "central ∝ $e$²", size=12.5, anchor="start"),
        label(x, y + 16, best["central"], size=12.5, anchor="start"),
        turned(*_place(10**-11.4, 10**-5.6), 40, "rounding ∝ 1/$e$"),
        label(*_place(10**-12, 10**-13.6), "complex step", size=12.5),
        label(*_place(10**-12, 10**-14.6), best["complex step"], size=12.5),
        label(*_place(10**-3.5, 10**0.8), f"float32: {best['central, float32']}"),
    ]
    frames = [_at_step(k, curves) for k in reversed(range(len(_STEPS)))]
    first = len(_STEPS) - 1 - int(curves["central"].argmin())
    parts += [*_marks(frames[first]), *map(clear, words)]
    alt = (
        "Relative error of the gradient of Whh against the step, on logarithmic axes. "
        "The two difference quotients make a V: with smaller steps the error first "
        "falls, with the step for the one-sided quotient and with its square for the "
        "central one, then rises again as rounding takes over. The complex step has "
        "the central one’s error and no rounding: it stays down. Right digits at best: "
        f"{', '.join(f'{name} {count}' for name, count in digits.items())}."
    )
    drawn = draw("error-against-step", WIDTH, 346, "Error against step", alt, parts)
    return Moving(drawn.svg, drawn.alt, "The step", frames, first)


def _at_step(k: int, curves: Mapping[str, Array]) -> Frame:
    """What the four ways have come to at the step with this number."""
    x, _ = _place(_STEPS[k], 1)
    parts: dict[str, str | dict[str, str]] = {"step": {"d": f"M{at(x, 34)}V{at(306)}"}}
    told = []
    for n, (name, errors) in enumerate(curves.items()):
        _, y = _place(_STEPS[k], errors[k])
        parts[f"dot{n}"] = {"cx": at(x), "cy": at(y)}
        digits = max(-log10(max(errors[k], 1e-16)), 0)
        told.append(f"{name}: {number(digits, 0)}")
    exponent = number(log10(_STEPS[k]), 0 if k % 2 else 1)
    raised = exponent.translate(str.maketrans("−.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return Frame(f"10{raised}", f"Right digits: {'; '.join(told)}.", parts)


def _marks(frame: Frame) -> Iterator[str]:
    """The step as a line across the picture, and where it meets the curves."""
    for name, change in frame.parts.items():
        mark = line("", "dhnext") if name == "step" else disc(0, 0)
        yield part(name, as_shown(mark, change))


def _place(step: float, error: float) -> tuple[float, float]:
    """Where a step and an error stand in the picture."""
    return 350 + 19 * log10(step), 50 - 16 * log10(max(error, 1e-16))


def _axes() -> Iterator[str]:
    """A faint grid, its numbers, and what the axes mean."""
    left, right = _place(10**-15.5, 1)[0], _place(1, 1)[0]
    top, bottom = _place(1, 10)[1], _place(1, 1e-16)[1]
    for value in 10.0 ** np.arange(0, -17, -4):
        x, y = _place(value, value)
        yield line(f"M{at(left, y)}H{at(right)}")
        yield label(left - 6, y + 4, power(value), "quiet", 12, "end")
        if x > left:
            yield line(f"M{at(x, top)}V{at(bottom)}")
            yield label(x, bottom + 17, power(value), "quiet", 12)
    yield label(0, top - 8, "relative error", "quiet", 12.5, "start")
    yield label((left + right) / 2, bottom + 36, "step $e$", "quiet", 12.5)
