"""What is false by rule does not hold: siblings of what was once called true."""

import random

import pytest

from tests.helpers.gallery import LETTERS, NAMES, RULES, STEPWISE, held

FEW = (1, 2, 4, 5, 7, 12)


def test_there_are_hundreds():
    assert sum(len(list(rule())) for rule in RULES) > 300


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_nothing_that_is_false_by_rule_holds(rule):
    formulas = list(rule())
    few = random.Random(0).sample(formulas, 8)  # make mutants tries them all
    assert held(few) == []


def test_a_derivative_by_another_name_is_that_of_the_quantity():
    formulas = [
        (rf"\frac{{\partial L}}{{\partial {name}}} = {right}", f"{name} = {letter}")
        for name, (letter, right) in zip(NAMES, LETTERS.items(), strict=True)
    ]
    formulas += [
        (rf"\frac{{\partial L}}{{\partial {name}_t}} = {right}", f"{name}_t = {body}")
        for body, right in STEPWISE.items()
        for name in ("z", "o")
    ]
    assert held(formulas) == formulas


def test_what_is_true_of_rounding_and_of_conditions_still_holds():
    formulas = [
        *((rf"{n} h_t - {n} h_t + h_t = h_t", "") for n in (10, 1000)),
        *((rf"h_t = h_t, \quad t > {k}", "") for k in FEW[:3]),
        *((rf"y_{{t+{k}}} = W_{{hy}} h_{{t+{k}}} + b_y", "") for k in FEW),
        *((rf"\sum_{{i=1}}^{{V}} (p_{{{k}}})_i = 1", "") for k in FEW),
        (r"(W_{hh}^{-1})^2 W_{hh}^2 = I", ""),
        (r"\frac{1}{2}\log(1 + h_{t,i}) - \frac{1}{2}\log(1 - h_{t,i}) = a_{t,i}", ""),
    ]
    assert held(formulas) == formulas


def test_a_value_that_rounding_drowns_is_not_judged():
    for n in (10**15, 10**17):
        one = rf"{n}\,\mathbf{{1}}"
        assert held([(f"p_t = y_t + {one} - {one}", "")]) == []
