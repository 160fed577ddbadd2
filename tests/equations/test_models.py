"""What a model's text computes is what a hand-written forward pass computes."""

import re

import numpy as np
import pytest

from rnn_notes.equations import EquationError, measure
from rnn_notes.equations.draws import Draw
from rnn_notes.equations.model import names, shipped
from rnn_notes.equations.symbols import Scope
from tests.helpers.model_twins import TWINS

LETTERS = [name for name in names() if name != "none"]


def world(model, T, seed):
    """The values that the engine computes from a model's text, by letter and step."""
    free = sorted(model.sizes - {"T"})
    sizes = dict(zip(free, (5, 3, 4, 2), strict=False)) | {"T": T}
    scope = Scope(model=model, quantities=model.quantities)
    drawn = Draw(sizes, seed, 0.7).world(scope)
    given = {spelt(*key): value for key, value in drawn.roots.items()}
    return given, {spelt(*key): exact(value) for key, value in drawn.values.items()}


def spelt(name, index):
    """A quantity as a twin spells it."""
    name = name.rstrip("_")  # a family whose letter is a quantity too
    return (name, *index) if index else name


def exact(value):
    """The replica of a value that no rounding error was added to."""
    return value[(*[0] * (value.ndim - 2), slice(None), slice(None))]


def parted(name, twin, T, seed):
    """The quantities in which a text and a twin differ."""
    given, computed = world(shipped(name), T, seed)
    v = dict(given)
    twin(v, T)
    assert set(v) == set(computed)
    return [key for key in v if not np.allclose(v[key], computed[key], 1e-12, 1e-14)]


@pytest.mark.parametrize("name", LETTERS)
def test_a_text_computes_what_its_twin_computes(name):
    for T in (1, 4):
        for seed in range(3):
            assert parted(name, TWINS[name], T, seed) == []


@pytest.mark.parametrize("name", LETTERS)
def test_a_twin_with_a_wrong_parameter_is_told_apart(name):
    def spoilt(v, T):
        for key in [k for k in v if isinstance(k, str) and k[0] in "WU"] or ["z"]:
            v[key] = v[key] * 1.001
        TWINS[name](v, T)

    assert parted(name, spoilt, 3, 0)


def test_every_model_has_a_twin_and_says_what_its_letters_are():
    assert set(TWINS) == set(LETTERS)
    for name in names():
        model = shipped(name)
        assert model.title != name
        assert all(quantity.note for quantity in model.quantities.values()), name


def test_rounding_is_simulated_alike_whatever_was_measured_before():
    model = shipped("book")
    scope = Scope(model=model, quantities=model.quantities)
    draw = Draw({"V": 5, "H": 3, "T": 4}, 0, 0.7)
    turns = []
    for name in ("kept", "kept", "other"):
        world = draw.world(scope)
        turns.append(world.noise.turn)
        moved = world.nudged({("h_", (2,)): np.full((1, 3, 1), 1e-3)}, name=name)
        assert moved.noise is world.noise
        assert world.noise.turn == turns[-1]
        world.noise.of(np.ones((3, 1)))  # what a formula computes of its own
    assert len(set(turns)) == 1


TEXT = r"""x_t \in \mathbb{R}^{V}
W \in \mathbb{R}^{H \times V}
h_0 \in \mathbb{R}^{H}
h_t = \sigma(W x_t + h_{t-1})
L = \sum_{t=1}^{T} h_t^\top h_t
"""
SIGMA = r"\sigma(z) = \tanh(z)"


@pytest.mark.parametrize("clause", [SIGMA, f"% also {SIGMA}"])
def test_a_function_may_come_after_its_use(clause):
    assert measure(r"h_t = \tanh(W x_t + h_{t-1})", model=TEXT + clause)
    assert not measure(r"h_t = \tanh(W x_t - h_{t-1})", model=TEXT + clause)


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("also q_t", "no clause came"),
        ("also q_t = r_t", "r_{t} is not known"),
        ("option mine: h_t = ) (", "does not fit here"),
        ("option mine: h_t = q_t", "q_{t} is not known"),
        ("option mine", "without a clause"),
        ("option mine: model nobody", "model nobody came"),
    ],
)
def test_a_bad_line_of_further_names_or_options_is_refused_at_once(comment, told):
    with pytest.raises(EquationError, match=re.escape(told)):
        measure("h_t = h_t", model=f"{TEXT}{SIGMA}\n% {comment}")
    assert measure("h_t = h_t", model=TEXT + SIGMA + "\n% also g_t = h_t")


def test_what_fits_no_column_may_be_of_numbers():
    for factor, holds in (("2", True), ("3", False)):
        found = measure(rf"\frac{{d}}{{dx}} x^2 = {factor}x")
        assert (found.model, found.holds) == ("none, with numbers", holds)
    fits = measure(r"\frac{\partial \tanh(x)}{\partial x} = \operatorname{diag}(x)")
    assert fits.model == "none", "a verdict chooses no model"
    for says_nothing in ("y = a x + b", r"\frac{d}{dx} (u v) = u \frac{dv}{dx}"):
        with pytest.raises(EquationError):
            measure(says_nothing)
