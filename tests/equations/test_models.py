"""What a model's text computes is what a hand-written forward pass computes."""

import itertools
import re

import numpy as np
import pytest

from rnn_notes.equations import EquationError, measure
from rnn_notes.equations.draws import Draw
from rnn_notes.equations.model import find, names, shipped
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


def test_a_function_may_be_more_than_the_name_of_another():
    model = TEXT + r"\sigma(z) = z \odot \tanh(z)"
    z = "(W x_t + h_{t-1})"
    assert measure(rf"h_t = {z} \odot \tanh {z} = \sigma {z}", model=model)
    assert not measure(rf"h_t = \tanh {z}", model=model)


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


BLOCKS = r"""x_t \in \mathbb{R}^{D}
W_f, W_i, W_C, W_o \in \mathbb{R}^{H \times (H + D)}
b_f, b_i, b_C, b_o, h_0, C_0 \in \mathbb{R}^{H}; G \in \mathbb{R}^{4H \times (D + H)}
f_t = \sigma(W_f \cdot [h_{t-1}, x_t] + b_f)
i_t = \sigma(W_i \cdot [h_{t-1}; x_t] + b_i)
\tilde{C}_t = \tanh(W_C \begin{bmatrix} h_{t-1} \\ x_t \end{bmatrix} + b_C)
C_t = f_t * C_{t-1} + i_t * \tilde{C}_t
o_t = \sigma(\begin{bmatrix} W_o & b_o \end{bmatrix} [h_{t-1}, x_t, 1])
h_t = o_t * \tanh(C_t)
L = \sum_{t=1}^{T} h_t^\top h_t
\sigma(z) = \operatorname{sigmoid}(z)
"""


def blocks(v, T, swapped=False):
    """The forward pass of ``BLOCKS`` by hand."""
    for t in range(1, T + 1):
        parts = [v["h", t - 1], v["x", t]]
        z = np.vstack(parts[::-1] if swapped else parts)
        f, i, o = (
            1 / (1 + np.exp(-(v[f"W_{{{k}}}"] @ z + v[f"b_{{{k}}}"]))) for k in "fio"
        )
        new = np.tanh(v["W_{C}"] @ z + v["b_{C}"])
        c = f * v["C", t - 1] + i * new
        v |= {("f", t): f, ("i", t): i, ("o", t): o, ("C", t): c}
        v |= {(r"\tilde{C}", t): new, ("h", t): o * np.tanh(c)}
    v["L",] = v["L"] = sum(v["h", t].T @ v["h", t] for t in range(1, T + 1))


def test_a_model_of_blocks_computes_what_stacked_arrays_compute():
    given, computed = world(find(BLOCKS), 4, 0)
    right, wrong = dict(given), dict(given)
    blocks(right, 4)
    blocks(wrong, 4, swapped=True)
    assert all(np.allclose(computed[key], right[key], 1e-12) for key in computed)
    assert not np.allclose(computed["L"], wrong["L"], 1e-3)


DW = r"\frac{\partial L}{\partial W_f} = \sum_{t=1}^{T} \left("
DW += r"\frac{\partial L}{\partial f_t} \odot f_t \odot (1 - f_t)\right) "


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (rf"{DW} [h_{{t-1}}, x_t]^\top", rf"{DW} [x_t, h_{{t-1}}]^\top"),
        (rf"{DW} [h_{{t-1}}; x_t]^\top", rf"{DW} [h_t; x_t]^\top"),
        (
            r"f_t = \sigma(W_f [h_{t-1}^\top, x_t^\top]^\top + b_f)",
            r"f_t = \sigma(W_f [h_{t-1}^\top, x_t^\top]^\top - b_f)",
        ),
        (
            r"\sum_i [h_t, x_t]_i = \mathbf{1}^\top [x_t, h_t]",
            r"\sum_i [h_t, x_t]_i = 0",
        ),
    ],
)
def test_formulas_of_blocks_are_judged_and_told(right, wrong):
    found = measure(right, model=BLOCKS)
    assert found
    assert any("block" in one or "row" in one or "part" in one for one in found.remarks)
    assert not measure(wrong, model=BLOCKS)


@pytest.mark.parametrize(
    ("latex", "told"),
    [
        ("W_f [h_t, b_f] = 0", "2·H×1 came after H×(D+H)"),
        ("[W_f, G] = 0", "a block of 4·H×(D+H) came beside one of H×(D+H)"),
        ("[W_f; x_t] = 0", "a block of D×1 came below one of H×(D+H)"),
        (r"[h_t h_t^\top, h_t h_t^\top] = 0", "commutator"),
        (r"\begin{bmatrix} I & 0 \end{bmatrix} = 0", "its size does not follow"),
        ("[f_t, i_t; o_t] = 0", "does not fit here"),
        (r"h_t \in [0, 1]", "expected = "),
    ],
)
def test_blocks_that_do_not_fit_are_refused(latex, told):
    with pytest.raises(EquationError, match=re.escape(told)):
        measure(latex, model=BLOCKS)


def test_blocks_that_double_are_refused_before_they_are_made():
    pairs = itertools.pairwise("ABCDEFGJKMNOPQRSUVW")
    clauses = [
        rf"{b} = \begin{{bmatrix}} {a} & {a} \\ {a} & {a} \end{{bmatrix}}"
        for a, b in pairs
    ]
    text = "\n".join([r"A \in \mathbb{R}^{H \times H}", *clauses])
    with pytest.raises(EquationError, match="too much work"):
        measure("A = A", model=text)
    assert measure("A = A", model="\n".join(text.splitlines()[:3]))
