"""False formulas by rule, siblings of those that were once called true.

``python -m tests.helpers.gallery`` measures all of them.
"""

import itertools
from collections.abc import Iterable, Iterator

from rnn_notes.equations import EquationError, measure

__all__ = ["LETTERS", "NAMES", "RULES", "STEPWISE", "Formula", "held"]

Formula = tuple[str, str]  # and its clauses

UP_TO = range(1, 13)  # steps and sizes that draws reach
HUGE = (10**10, 10**13, 10**15, 10**17)
TINY = [f"0.{'0' * n}1" for n in (5, 8, 11, 14, 17)]
LETTERS = {
    "W_{hh}": r"\sum_{t=1}^{T} \frac{\partial L}{\partial a_t} h_{t-1}^\top",
    "W_{xh}": r"\sum_{t=1}^{T} \frac{\partial L}{\partial a_t} x_t^\top",
    "W_{hy}": r"\sum_{t=1}^{T} (p_t - e_t) h_t^\top",
    "b_h": r"\sum_{t=1}^{T} \frac{\partial L}{\partial a_t}",
    "b_y": r"\sum_{t=1}^{T} (p_t - e_t)",
}
STEPWISE = {
    "W_{hy} h_t + b_y": r"p_t - e_t",
    "y_t": r"p_t - e_t",
    "W_{xh} x_t + W_{hh} h_{t-1} + b_h": r"\frac{\partial L}{\partial a_t}",
    "h_t": r"\frac{\partial L}{\partial h_t}",
}
NAMES = ("U", "Q", r"\theta", "M", r"\Gamma")


def constants_for_steps() -> Iterator[Formula]:
    """A number where a formula needs T, and sizes that are said to be one of a few."""
    for n in UP_TO:
        yield rf"L = \sum_{{t=1}}^{{{n}}} \ell_t", ""
        yield rf"y_{{{n}}} = y_T", ""
        yield rf"\sum_{{i=1}}^{{{n}}} (p_t)_i = 1", ""
        yield rf"h_t^\top h_t = \sum_{{i=1}}^{{{n}}} h_{{t,i}}^2", ""
        last = rf"\sum_{{t=1}}^{{{n}}}"
        yield rf"\frac{{\partial L}}{{\partial b_y}} = {last} (p_t - e_t)", ""
        yield rf"\frac{{\partial L}}{{\partial h_t}} = {last} 0 h_t", ""
        product = "".join(f"(T-{k})" for k in range(1, n + 1))
        yield f"{product} = 0", ""
        product = "".join(f"(V-{k})" for k in range(2, n + 2))
        yield f"{product} = 0", ""


def windows() -> Iterator[Formula]:
    """A window of steps that no draw was once long enough to leave."""
    for k in range(1, 12):
        slope = r"\frac{\partial L}{\partial h_t}"
        terms = r"\frac{\partial \ell_s}{\partial h_t}"
        yield rf"{slope} = \sum_{{s=t}}^{{t+{k}}} {terms}", ""
        yield rf"h_{{t+{k}}} = h_T", ""
        first = rf"\frac{{\partial h_{{t+{k}}}}}{{\partial h_t}}"
        yield rf"{first} = \frac{{\partial h_{{{k + 1}}}}}{{\partial h_1}}", ""


def conditions_of_one_case() -> Iterator[Formula]:
    """Conditions that leave what is true at one value, or at the last alone."""
    right = r"\frac{\partial L}{\partial h_t} = W_{hy}^\top (p_t - e_t)"
    for k in UP_TO:
        yield rf"{right}, \quad t > {k}", ""
        yield rf"{right}, \quad t = {k}", ""
        yield rf"{right}, \quad t \ge {k}", ""
        yield rf"y_t = y_T, \quad t > {k}", ""
        yield rf"y_t = y_{k}, \quad t \le {k + 1}" if k < 10 else "y_1 = y_2", ""


def letters_that_come_again() -> Iterator[Formula]:
    """What holds only while the letters of the input all differ."""
    for a, b in itertools.combinations(range(1, 6), 2):
        yield rf"x_{a}^\top x_{b} = 0", ""
        yield rf"e_{a}^\top e_{b} = 0", ""
    for k in (1, 2, 3):
        slope = rf"\frac{{\partial \ell_{k}}}{{\partial W_{{xh}}}}"
        yield rf"{slope} x_{k + 1} = 0", ""
    yield r"\sum_{t=1}^{V} x_t = \mathbf{1}", ""
    yield (
        r"\sum_{t=1}^{T} x_t^\top x_t = \sum_{t=1}^{T} x_t^\top \sum_{s=1}^{T} x_s",
        "",
    )


def lost_to_rounding() -> Iterator[Formula]:
    """A false value beside a large term, and a small value said to be none."""
    for n in (25, 30, 40, 60, 100, 200, 300, 700):
        yield rf"\exp(y_t - {n}\,\mathbf{{1}}) = 0", ""
        yield rf"\exp(-{n})\, h_t = 0", ""
        yield rf"\log(\sum_{{i=1}}^{{V}} \exp((y_t)_i + {n})) = {n}", ""
    for n in HUGE:
        one = rf"{n}\,\mathbf{{1}}"
        yield rf"\tanh(a_t + {one}) = 5 h_t", ""
        yield rf"p_t = y_t + {one} - {one}", ""
        yield rf"h_t + {one} = a_t + {one}", ""
        yield rf"{n} p_t - {n} p_t = y_t", ""
    for e in TINY:
        yield rf"h_t = h_t + {e} a_t", ""
        yield rf"{e} h_t = 0", ""
        slope = r"\frac{\partial \frac{\partial \ell_t}{\partial y_t}}{\partial y_t}"
        exact = r"\operatorname{diag}(p_t) - p_t p_t^\top"
        if len(e) < 13:  # second derivatives have some ten digits
            yield rf"{slope} = {exact} + {e}\, I", ""


def brackets_after_a_loss() -> Iterator[Formula]:
    """A factor in brackets is none that may be left out."""
    losses = ("L", r"\ell_t", r"\frac{\partial L}{\partial b_y}", r"\nabla_{b_h} L")
    factors = ("2", "T", "V", r"1 - \ell_t", r"y_t^\top y_t", r"\ell_1")
    for loss, factor in itertools.product(losses, factors):
        yield f"{loss} ({factor}) = {loss}", ""
        yield rf"{loss} \left({factor}\right) = {loss}", ""


def renamed() -> Iterator[Formula]:
    """A derivative by another name for a quantity is none of nothing."""
    for letter, right in LETTERS.items():
        for name in NAMES:
            where = f"{name} = {letter}"
            slope = rf"\frac{{\partial L}}{{\partial {name}}}"
            yield f"{slope} = 0", where
            yield f"{slope} = 2 {right}", where
    for body in STEPWISE:
        for name in ("z", "o", "s", "q"):
            where = f"{name}_t = {body}"
            yield rf"\frac{{\partial L}}{{\partial {name}_t}} = 0", where


RULES = (
    constants_for_steps, windows, conditions_of_one_case, letters_that_come_again,
    lost_to_rounding, brackets_after_a_loss, renamed,
)  # fmt: skip


def held(formulas: Iterable[Formula]) -> list[Formula]:
    """Those of some formulas with their clauses that are called true."""
    found = []
    for latex, where in formulas:
        try:
            if measure(latex, where=where, model="book"):
                found.append((latex, where))
        except EquationError:
            continue
    return found


if __name__ == "__main__":
    every = [formula for rule in RULES for formula in rule()]
    found = held(every)
    print(f"{len(every)} formulas made false by rule: {len(found)} called true")
    for latex, where in found:
        print(f"  {latex}  [{where}]")
    raise SystemExit(bool(found))
