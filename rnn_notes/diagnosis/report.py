"""What ``check`` answers: a verdict for each array, causes, and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

__all__ = ["Cause", "Diagnosis", "Verdict"]

_BLIND = (
    "It cannot see a right gradient of another loss than the one you meant: a padded "
    "sequence, a permuted batch and a text in chunks have to give the same answers, "
    "and a first loss T log V. `padding`, `permuting`, `chunking` and `starting` of "
    "rnn_notes.diagnosis test it."
)


@dataclass(frozen=True)
class Verdict:
    """The verdict on one array.

    right   : whether the claimed gradient is the slope
    error   : the largest difference, relative to the largest entry of the array
    pattern : what the difference looks like, empty where there is nothing to see
    shape   : the array's shape
    """

    right: bool
    error: float
    pattern: str = ""
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cause:
    """A bug that explains the numbers.

    name    : its name in the gallery
    line    : the line of the classic script that it concerns
    page    : the page that explains it
    section : the heading on that page
    certain : whether the numbers agree to rounding
    story   : what it is
    """

    name: str
    line: str
    page: str
    certain: bool
    story: str = ""
    section: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """The answer of ``check``; it is true where every gradient is right.

    arrays  : verdicts by name
    causes  : what explains the wrong ones
    told    : how the causes belong together, in sentences
    method  : what was measured, and how
    calls   : what two calls showed
    remarks : what else was noticed
    """

    arrays: Mapping[str, Verdict]
    causes: tuple[Cause, ...] = ()
    told: tuple[str, ...] = ()
    method: str = ""
    calls: str = ""
    remarks: tuple[str, ...] = field(default=())

    @property
    def right(self) -> bool:
        """Whether every gradient is right."""
        return all(verdict.right for verdict in self.arrays.values())

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        wrong = {n: v for n, v in self.arrays.items() if not v.right}
        right = [name for name, v in self.arrays.items() if v.right]
        lines = [f"right: {', '.join(right)}"] if not wrong else []
        if wrong:
            lines = [f"WRONG: {', '.join(wrong)}."]
            lines[0] += f" Right: {', '.join(right)}." if right else " None is right."
        lines.append(self.method)
        for name, v in self.arrays.items():
            words = "right" if v.right else f"wrong by {_size(v.error)}"
            lines.append(f"  {name}: {words}" + (f"; {v.pattern}" if v.pattern else ""))
        lines += [self.calls, *self.told, *self.remarks, _BLIND]
        return "\n".join(line for line in lines if line)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "right": self.right,
            "arrays": {
                n: {**asdict(v), "error": _finite(v.error)}
                for n, v in self.arrays.items()
            },
            "causes": [asdict(cause) for cause in self.causes],
            "told": [*self.told],
            "remarks": [*self.remarks],
            "method": self.method,
            "calls": self.calls,
        }


def _finite(error: float) -> float | None:
    """An error for JSON, which knows no inf."""
    return error if isfinite(error) else None


def _size(error: float) -> str:
    """An error in words."""
    return f"{error:.2g} of its largest entry"
