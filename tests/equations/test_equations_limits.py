"""A hostile formula ends in an answer or an ``EquationError``, and soon."""

import pytest

from rnn_notes.equations import EquationError, measure

SQUARE = r"A, B \in \mathbb{R}^{H \times H}"
LETTERS = "abcdefgijklmnopqrsuvwxyz"
SUMS = "".join(rf"\sum_{{{letter}=1}}^{{9}}" for letter in LETTERS)
DOUBLING = "; ".join(
    f"{b} = {a} {a}" for a, b in zip("abcdfgijk", "bcdfgijkm", strict=True)
)

REFUSED = {
    "brackets": ("(" * 2000 + "L" + ")" * 2000 + " = L", "", "more than 1500 symbols"),
    "minus": ("L = " + "-(" * 99 + "L" + ")" * 99, "", "nested 61 deep"),
    "transposes": ("A = " + "{" * 99 + "A" + r"^\top}" * 99, SQUARE, "nested 61 deep"),
    "fractions": (r"\frac{" * 99 + "L" + "}{2}" * 99 + "= L", "", "nested 61 deep"),
    "subscripts": ("h_{" * 99 + "t" + "}" * 99 + " = 0", "", "61 deep"),
    "text": ("L + " * 500_000 + "L = L", "", "2000005 characters"),
    "power": ("A^{9999} = A", SQUARE, "the power 9999"),
    "huge power": ("A^{" + "9" * 500 + "} = A", SQUARE, "is no index"),
    "number": ("9" * 4000 + " = L", "", "not a finite number"),
    "long sums": (r"L = \sum_{t=1}^{9999} \sum_{s=1}^{9999} \ell_1", "",
                  "9999 came as a step"),
    "sums of products": ("L = " + SUMS + r"\prod_{t=1}^{T} L", "", "too much work"),
    "Kronecker": ("A = " + r"\otimes ".join(["A"] * 40), SQUARE, "too much work"),
    "free indices": ("h_s h_t^\\top h_i h_j^\\top h_k h_l^\\top h_m h_n^\\top = 0", "",
                     "too many free indices"),
    "third derivative": (r"\frac{\partial}{\partial b_h} (\frac{\partial}{\partial b_h}"
                         r"(\frac{\partial L}{\partial b_h})) = 0", "", "one fewer"),
    "definitions": ("a = a", "a = L L L L L L L L; " + DOUBLING, "pieces"),
    "sizes": ("A = A", r"A \in \mathbb{R}^{999 \times 999}", "expected 1 to 12"),
    "product of sizes": ("A = A", r"A \in \mathbb{R}^{HHHHH}", "at most three"),
    "file": (r"\input{/etc/passwd} = 1", "", "not in the language"),
    "shell": (r"\write18{ls} = 1", "", "not in the language"),
    "code": ("__import__('os').abort() = 1", "", "does not fit"),
    "control": ("L = L\x00", "", "not in the language"),
    "unicode": ("L = ∑ ℓ", "", "not in the language"),
    "cases": (r"\begin{cases} 1 \end{cases} = 1", "", "the environment cases"),
    "open matrix": (r"1 = \begin{bmatrix} 1", "", r"expected its \end"),
    "crossed": (r"\begin{bmatrix} 1 \end{aligned} = 1", "", r"expected its \begin"),
    "ragged": (r"1 = \begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}", "", "one length"),
    "singular": (r"W_{hh}^{-1} = I", r"W_{hh} = \begin{bmatrix} 1 & 1 \\ 1 & 1"
                 r"\end{bmatrix}", "singular"),
    "far index": ("h_{t-9999} = h_t", "", "no draw reaches"),
    "nothing": (" ", "", "nothing came"),
}  # fmt: skip
DEEP = "(" * 300 + "L" + ")" * 300


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_formula_is_refused(name):
    latex, where, reason = REFUSED[name]
    with pytest.raises(EquationError) as caught:
        measure(latex, where=where)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("latex", "holds"),
    [
        (f"{DEEP} = L", True),
        (f"{DEEP} = 2 L", False),
        ("L = " + "+".join(["L"] * 500), False),
        ("L = " + SUMS + " L", False),
        ("A = A" + " I" * 400, True),
        (r"\ell_t = \ell_t \\" * 99, True),
        ("L = L" + r"\quad" * 500, True),
        ("{{{L^{64}}^{64}}^{64}}^{64} = L", False),
    ],
)
def test_a_long_formula_is_measured(latex, holds):
    assert measure(latex, where=SQUARE).holds is holds
