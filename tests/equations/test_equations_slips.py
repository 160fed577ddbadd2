"""Every rule makes the slips of the pen that it is named after, and no others."""

import pytest

from rnn_notes.equations.neighbours import CLOSE, RULES
from rnn_notes.equations.tasks import SEEDS, Task, neighbours

SQUARE = r"A, B, C \in \mathbb{R}^{H \times H}; \bar{y} \in \mathbb{R}^V"
ENTRIES = r"h_t = \begin{bmatrix} w \\ v \end{bmatrix}"


def slips(rule, latex, where=SQUARE):
    """What a rule makes of a formula."""
    task = Task(latex, "denominator", where, sizes={}, seeds=SEEDS)
    return [one.latex for one in neighbours(task, {rule: (CLOSE | RULES)[rule]})]


@pytest.mark.parametrize(
    ("rule", "latex", "made"),
    [
        ("transpose dropped", r"A = B^\top C^{\top}",
         [r"A = B C^{\top}", r"A = B^\top C"]),
        ("transpose added", "A = B C",
         [r"A^\top = B C", r"A = B^\top C", r"A = B C^\top"]),
        ("transpose added", "L B = 2 (A + C)",
         [r"L B^\top = 2 (A + C)", r"L B = 2 (A + C)^\top",
          r"L B = 2 (A^\top + C)", r"L B = 2 (A + C^\top)"]),
        ("factors swapped", r"A = 2 B \left( C + A \right)",
         [r"A = 2 \left( C + A \right) B"]),
        ("factors swapped", r"A \otimes B = L A", [r"B \otimes A = L A"]),
        ("odot for product", "A = 2 B C", [r"A = 2 B \odot C"]),
        ("product for odot", r"A = B \odot C", [r"A = B\, C"]),
        ("index moved", "h_t = h_{s - 1} L",
         ["h_{t-1} = h_{s - 1} L", "h_{t+1} = h_{s - 1} L", "h_t = h_{s-2} L",
          "h_t = h_s L"]),
        ("index moved", "h_{t-1,i} = h_1", ["h_{t-2,i} = h_1", "h_{t,i} = h_1"]),
        ("sign flipped", "A = -B + C", ["A = -B - C", "A = B + C"]),
        ("limits moved", r"L = \sum_{s=t}^{T} \ell_s",
         [r"L = \sum_{s=t+1}^{T} \ell_s", r"L = \sum_{s=t}^{T-1} \ell_s"]),
        ("limits moved", r"L = \prod_{s=1}^{t - 1} \ell_s",
         [r"L = \prod_{s=2}^{t - 1} \ell_s", r"L = \prod_{s=1}^{t-2} \ell_s"]),
        ("limits widened", r"L = \sum_{s=t+1}^{T} \ell_s",
         [r"L = \sum_{s=t}^{T} \ell_s"]),
        ("limits widened", r"L = \sum_{t=1}^{T-1} \ell_t",
         [r"L = \sum_{t=1}^{T} \ell_t"]),
        ("term dropped", "A - B = C", ["-B = C", "A = C"]),
        ("factor dropped", r"A B = B \odot C", ["B = B \\odot C", "A  = B \\odot C",
                                               "A B = C", "A B = B "]),
        ("weight changed", "W_{hy} h_t = b_h + L",
         ["W_{hh} h_t = b_h + L", "W_{hy} h_t = b_y + L"]),
        ("letter changed", r"p_t \ell_t = \bar{y}", [r"y_t \ell_t = \bar{y}"]),
        ("plus changed", r"\frac{\partial^{+} h_t}{\partial b_y} = A",
         [r"\frac{\partial  h_t}{\partial b_y} = A"]),
        ("plus changed", r"\frac{\partial h_t}{\partial b_h} = A",
         [r"\frac{\partial^{+}  h_t}{\partial b_h} = A"]),
        ("plus changed", r"\frac{\partial h_t}{\partial b_y} = A", []),
    ],
)  # fmt: skip
def test_slips(rule, latex, made):
    assert slips(rule, latex) == made


def test_slips_are_made_where_shapes_do_not_fit():
    assert slips("transpose added", "A = W_{hy} y_t") == [
        r"A^\top = W_{hy} y_t", r"A = W_{hy}^\top y_t", r"A = W_{hy} y_t^\top",
    ]  # fmt: skip


def test_a_letter_for_an_entry_has_no_index_to_move():
    assert slips("index moved", "w = v", ENTRIES) == []
    assert slips("letter changed", "w = h_{t-1,1}", ENTRIES) == ["w = a_{t-1,1}"]
