r"""What moves in a formula with differentials."""

import pytest

from rnn_notes.equations import EquationError, measure

PAIR = r"A \in \mathbb{R}^{V \times H}; X \in \mathbb{R}^{H \times T}"
LOGITS = (
    r"\mathrm{d}y_t = \mathrm{d}W_{hy}\, h_t + W_{hy}\, \mathrm{d}h_t + \mathrm{d}b_y"
)
STATE = r"\mathrm{d}W_{xh} x_t + \mathrm{d}W_{hh} h_{t-1} + W_{hh} \mathrm{d}h_{t-1}"
STILL = r"\mathrm{d}b_y = 0; \mathrm{d}h_t = 0"


@pytest.mark.parametrize(
    ("latex", "where", "holds"),
    [
        (LOGITS, "", True),
        (LOGITS.replace(r"+ \mathrm{d}b_y", ""), "", False),
        (LOGITS.replace(r"+ \mathrm{d}b_y", ""), r"\mathrm{d}b_y = 0", True),
        (LOGITS.replace("h_t", "h_{t-1}"), "", False),
        (r"\mathrm{d}y_t = \mathrm{d}W_{hy}\, h_t", "", True),
        (r"\mathrm{d}y_t = W_{hy}\, \mathrm{d}h_t", "", False),
        (r"\mathrm{d}\ell_t = (p_t - e_t)^\top W_{hy}\, \mathrm{d}h_t", "", False),
        (r"\mathrm{d}y_t = \mathrm{d}W_{hy}\, h_t", STILL, True),
        (rf"\mathrm{{d}}a_t = {STATE} + \mathrm{{d}}b_h", "", True),
        (rf"\mathrm{{d}}a_t = {STATE}", "", False),
        (rf"\mathrm{{d}}a_t = {STATE} + \mathrm{{d}}b_h + W_{{xh}} \mathrm{{d}}x_t", "",
         True),
        (r"\mathrm{d}\ell_t = (p_t - e_t)^\top \mathrm{d}y_t", "", True),
        (r"\mathrm{d}\ell_t = (e_t - p_t)^\top \mathrm{d}y_t", "", False),
        (r"\mathrm{d}L = \sum_{t=1}^{T} (p_t - e_t)^\top \mathrm{d}y_t", "", True),
        (r"\mathrm{d}L = \sum_{t=2}^{T} (p_t - e_t)^\top \mathrm{d}y_t", "", False),
        (r"\mathrm{d}L = \sum_{t=1}^{T} \mathrm{d}\ell_t", "", True),
        (r"\mathrm{d}L = \langle \sum_t (p_t - e_t) h_t^\top, \mathrm{d}W_{hy} \rangle",
         "", True),
        (r"\mathrm{d}L = \langle \sum_t (p_t + e_t) h_t^\top, \mathrm{d}W_{hy} \rangle",
         "", False),
        (r"\mathrm{d}(h_t \odot h_t) = 2 h_t \odot \mathrm{d}h_t", "", True),
        (r"\mathrm{d}(h_t \odot h_t) = h_t \odot \mathrm{d}h_t", "", False),
        (r"\mathrm{d}(W_{hy} h_t) = \mathrm{d}W_{hy}\, h_t + W_{hy}\, \mathrm{d}h_t",
         "", True),
        (r"\mathrm{d}(W_{hy} h_t) = W_{hy}\, \mathrm{d}h_t", "", False),
        (r"\mathrm{d}(A X) = \mathrm{d}A\, X + A\, \mathrm{d}X", PAIR, True),
        (r"\mathrm{d}(A X) = A\, \mathrm{d}X", PAIR, False),
        (r"\mathrm{d}(A X) = A\, \mathrm{d}X", PAIR + r"; \mathrm{d}A = 0", True),
        (r"\mathrm{d}Y = \mathrm{d}A\, X + A\, \mathrm{d}X", PAIR + "; Y = A X", True),
        (r"\mathrm{d}Y = \mathrm{d}A\, X", PAIR + "; Y = A X", False),
        (r"\mathrm{d}X^\top = (\mathrm{d}X)^\top", PAIR, True),
        (r"\mathrm{d}L = 0", "", False),
        (r"\mathrm{d}h_t = 0", "", False),
        (r"\mathrm{d}e_t = 0", "", True),
    ],
)  # fmt: skip
def test_what_moves(latex, where, holds):
    measurement = measure(latex, where=where)
    assert measurement.holds is holds, str(measurement)


def test_the_power_of_a_differential_needs_brackets():
    with pytest.raises(EquationError, match="brackets"):
        measure(r"\mathrm{d}X^{-1} = X", where=r"X \in \mathbb{R}^{H \times H}")


@pytest.mark.parametrize("clause", [r"\mathrm{d}A = 1", r"\mathrm{d}(A A) = 0"])
def test_only_a_variable_is_held_still(clause):
    with pytest.raises(EquationError, match="came, expected"):
        measure("A = A", where=r"A \in \mathbb{R}^{H \times H};" + clause)


def test_a_slanted_d_that_has_two_readings_is_told_in_both():
    with pytest.raises(EquationError, match="d has two readings"):
        measure(r"db_y = \sum_t dy_t")
    wrong = measure(r"db_y = \sum_t dh_t^\top h_t")
    assert "as a gradient of the loss it does not hold" in str(wrong)
    assert "gradient of the loss it does not hold" in str(measure("dy_t = dy_t + dy_t"))
    assert measure(r"d\ell_t = (p_t - e_t)^\top dy_t")


def test_a_slanted_d_without_a_loss_is_told():
    with pytest.raises(EquationError, match="needs a model with a loss"):
        measure("dy = u - v", model="none")


def test_strictly_no_d_is_slanted():
    with pytest.raises(EquationError, match="strictly: read d as a differential"):
        measure("dy_t = p_t - e_t", strict=True)


def test_a_delta_beside_derivatives_or_with_a_meaning_is_no_differential():
    with pytest.raises(EquationError, match="delta is not known"):
        measure(r"\frac{\partial L}{\partial W_{hy}} = \sum_t \delta h_t^\top")
    own = measure(r"h_t = \delta h_t", where=r"\delta \in \mathbb{R}")
    assert not own
    assert not own.remarks
