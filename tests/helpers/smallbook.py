"""A book of three pages, and an engine that stands in for the one that measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

EXTENSIONS = ["myst_parser", "formulas.atlas", "pages.drawn", "build.changes"]
EXTENSIONS += [
    "build.numbering",
    "formulas.mathml",
    "formulas.measured",
    "pages.sentences",
    "pages.stepper",
    "pages.teaching",
]
INDEX = "# Book\n\n{measured-count}`equations` and {measured-error}`largest`.\n\n"
TOC = "```{toctree}\n:numbered:\none\ntwo\n```\n"
ONE = """# One

Inline $h_t$, then {eq}`eq-a`.

```{measured} eq-a
:by: rnn_notes.rnn.backward
:layout: numerator
:where: t < T; b_t = c d
a = \\sum_{t=1}^{T} b_t
```
"""
TWO = """# Two

```{measured} eq-b
c = d
```

```{math}
:label: eq-c
:unmeasured: it names a letter
e := f
```

From {eq}`eq-a` and {eq}`eq-c`.

```{atlas}
```
"""
PAGES = {"index": INDEX + TOC, "one": ONE, "two": TWO}


@dataclass
class Engine:
    """A stand-in for ``rnn_notes.equations`` that says no to one word."""

    calls: list[str] = field(default_factory=list)
    models: list[object] = field(default_factory=list)
    error: float = 3.14e-11

    def measure(self, latex: str, **options: object) -> SimpleNamespace:
        self.calls.append(latex)
        self.models.append(options.get("model"))
        if "unknown" in latex:
            raise ValueError(f"{latex}\n^ not understood")
        result = SimpleNamespace(shapes="1 = Σ 1", draws=24, error=self.error)
        result.holds = "wrong" not in latex
        return result
