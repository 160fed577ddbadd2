"""How wrong a measured gradient is, and which check catches which bug, as pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import log10
from textwrap import wrap
from types import ModuleType
from typing import Any

import numpy as np

from rnn_notes import rnn
from rnn_notes.book.figures.drawing.axes import clear, disc
from rnn_notes.book.figures.drawing.boxes import line
from rnn_notes.book.figures.drawing.frames import Frame, Moving, part
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example, given
from rnn_notes.book.figures.drawing.svg import INKS, WIDTH, Figure, at, draw
from rnn_notes.checks import all_checks, measure_all, verdicts
from rnn_notes.differences import agreement, complex_step
from rnn_notes.mutants import GALLERY
from rnn_notes.rnn import Array, Params, forward, running_example

__all__ = ["QUOTIENTS", "error_against_step", "mutant_matrix", "quotient_errors"]

# The slope of f at 0 from a step e, three times.
QUOTIENTS: dict[str, Callable[[Callable[[Any], Any], float], Any]] = {
    "one-sided": lambda f, e: (f(e) - f(0)) / e,
    "central": lambda f, e: (f(e) - f(-e)) / (2 * e),
    "complex step": lambda f, e: f(1j * e).imag / e,
}
_HEAD, _LETTERS = (
    118,
    23,
)  # of the gallery: where names of checks begin, a bug's in a line
_STEPS = tuple(10 ** (-k / 2) for k in range(1, 32))
_DASHES = {"one-sided": "6 4", "complex step": "0.1 4", "central, float32": "8 4 0.1 4"}


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
        parts += _curve(errors, _DASHES.get(name, ""))
    best = {name: f"{count} digits" for name, count in digits.items()}
    x, y = _place(10**-4.1, 10**-11)
    words = [
        label(*_place(10**-7.6, 10**-3.2), "one-sided ∝ $e$", size=12.5),
        label(*_place(10**-7.6, 10**-4.4), best["one-sided"], size=12.5),
        label(x, y, "central ∝ $e$²", size=12.5, anchor="start"),
        label(x, y + 16, best["central"], size=12.5, anchor="start"),
        _turned(*_place(10**-11.4, 10**-5.6), 40, "rounding ∝ 1/$e$"),
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
        assert isinstance(change, dict)
        if name == "step":
            yield part(name, line(change["d"], "dhnext"))
        else:
            x, y = float(change["cx"]), float(change["cy"])
            yield part(name, disc(x, y))


def _place(step: float, error: float) -> tuple[float, float]:
    """Where a step and an error stand in the picture."""
    return 350 + 19 * log10(step), 50 - 16 * log10(max(error, 1e-16))


def _axes() -> Iterator[str]:
    """A faint grid, its numbers, and what the axes mean."""
    raised = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    left, right = _place(10**-15.5, 1)[0], _place(1, 1)[0]
    top, bottom = _place(1, 10)[1], _place(1, 1e-16)[1]
    for power in range(0, -17, -4):
        power_words = f"10{str(power).translate(raised)}" if power else "1"
        x, y = _place(10.0**power, 10.0**power)
        yield line(f"M{at(left, y)}H{at(right)}")
        yield label(left - 6, y + 4, power_words, "quiet", 12, "end")
        if power > -16:
            yield line(f"M{at(x, top)}V{at(bottom)}")
            yield label(x, bottom + 17, power_words, "quiet", 12)
    yield label(0, top - 8, "relative error", "quiet", 12.5, "start")
    yield label((left + right) / 2, bottom + 36, "step $e$", "quiet", 12.5)


def _curve(errors: Array, dash: str) -> list[str]:
    """One curve of the picture, dashed or solid."""
    points = [at(*_place(e, error)) for e, error in zip(_STEPS, errors, strict=True)]
    path = line("M" + "L".join(points), "ink", 2)
    dashed = f' stroke-dasharray="{dash}" style' if dash else " style"
    return [path.replace(" style", dashed)]


def mutant_matrix(example: Example | None = None) -> Figure:
    """Which check catches which bug, and how wrong each bug's worst gradient is.

    >>> alt = mutant_matrix().alt
    >>> all(name in alt for name in GALLERY)
    True
    """
    checks, measured = all_checks(example), measure_all(example or running_example())
    loops = {"the right loop": rnn} | {n: m.module() for n, m in GALLERY.items()}
    columns = np.linspace(166, WIDTH - 40, len(checks)).round().tolist()
    named = zip(columns, checks, strict=True)
    parts = [_turned(x + 4, _HEAD, -80, name, "start") for x, name in named]
    parts.append(label(WIDTH, _HEAD, "error", "quiet", 12, "end"))
    told, y = [], _HEAD + 20.0
    for name, module in loops.items():
        row, error = verdicts(module, checks), _error(module, measured, example)
        rows = wrap(name, _LETTERS)
        parts += [
            label(0, y + 4 + 14 * k, words, size=12.5, anchor="start")
            for k, words in enumerate(rows)
        ]
        hits = [*zip(columns, row.values(), strict=True)]
        parts += [_mark(x, y, True) for x, hit in hits if hit]
        missed = "".join(f"M{at(x - 3, y)}h6" for x, hit in hits if not hit)
        parts.append(line(missed, "quiet", 1.5))
        parts.append(label(WIDTH, y + 4, error, "quiet", 12, "end"))
        by = [check for check, hit in row.items() if hit]
        told.append(f"{name} (error {error}): {', '.join(by) or 'none'}.")
        y += 20 + 14 * (len(rows) - 1)
        if module is rnn:
            parts.append(line(f"M0 {at(y - 6)}H{WIDTH}"))
            y += 8
    parts += [
        _mark(84, y + 12, True),
        label(96, y + 16, "caught", size=12.5, anchor="start"),
        _mark(174, y + 12, False),
        label(186, y + 16, "not noticed", size=12.5, anchor="start"),
    ]
    alt = (
        f"{len(GALLERY)} bugs, one a row, against {len(checks)} checks, one a column, "
        "with the largest relative error of each bug’s gradients. The checks that "
        f"catch them: {' '.join(told)}"
    )
    return draw("mutant-matrix", WIDTH, y + 26, "Bug by check", alt, parts)


def _error(
    module: ModuleType, measured: dict[str, Array], example: Example | None
) -> str:
    """The relative error of a module's worst gradient, in words."""
    params, run = given(example)
    try:
        return number(agreement(module.backward(params, run), measured).error)
    except ValueError:
        return "stops"


def _turned(
    x: float, y: float, degrees: float, words: str, anchor: str = "middle"
) -> str:
    """Words turned around their place."""
    turned = clear(label(x, y, words, size=12.5, anchor=anchor))
    return f'<g transform="rotate({degrees:g} {at(x, y)})">{turned}</g>'


def _mark(x: float, y: float, hit: bool) -> str:
    """A full disc for caught, a short stroke for not noticed."""
    if hit:
        fill = f'style="fill:{INKS["ink"].paint}"'
        return f'<circle cx="{at(x)}" cy="{at(y)}" r="5" {fill}/>'
    return line(f"M{at(x - 3, y)}H{at(x + 3)}", "quiet", 1.5)
