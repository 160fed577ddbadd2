"""Every displayed equation of every page holds when it is measured."""

import pytest

from tests.helpers import prose

EQUATIONS = [equation for page in prose.pages() for equation in prose.equations(page)]


@pytest.mark.parametrize("equation", EQUATIONS, ids=lambda equation: equation.label)
def test_the_equation_holds(equation):
    record = equation.measured()
    assert record["holds"], record["report"]
