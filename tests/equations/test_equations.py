"""The engine of measured equations: nature, what it says, and where it refuses."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from rnn_notes import Params, backward, equations, forward
from rnn_notes.equations import EquationError, evaluation, functions, measure
from rnn_notes.equations.draws import SETTINGS, draws
from rnn_notes.equations.model import shipped

DWHH = r"\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^{T} "
TRUE = Path(__file__).with_name("true.toml")
SQUARE = r"A, B \in \mathbb{R}^{H \times H}"
BOOK = shipped("book").scope
SAMPLE = draws(BOOK, seeds=(0, 1))


def exact(world):
    """The value of every quantity, without the replicas that are off by rounding."""
    return {key: v[0] if v.ndim > 2 else v for key, v in world.values.items()}


def as_arguments(draw, world):
    """What ``rnn.forward`` takes, from a world."""
    values = world.values
    names = ("W_{xh}", "W_{hh}", "W_{hy}", "b_{h}", "b_{y}")
    params = Params(*(values[name, ()] for name in names))
    steps = range(1, draw.sizes["T"] + 1)
    inputs, targets = (
        [int(values[name, (t,)].argmax()) for t in steps] for name in ("x", "e")
    )
    return params, inputs, targets, values["h", (0,)]


# Nature


@pytest.mark.parametrize("draw", SAMPLE, ids=str)
def test_nature_is_the_network_of_the_package(draw):
    world = draw.world(BOOK)
    run = forward(*as_arguments(draw, world))
    values = exact(world)
    assert abs(values["L", ()].item() - run.loss) < 1e-13
    for t in range(run.T):
        for name, theirs in (("h", run.hs), ("y", run.ys), ("p", run.ps)):
            assert np.allclose(values[name, (t + 1,)], theirs[t], atol=1e-14)
        assert np.isclose(values[r"\ell", (t + 1,)].item(), run.losses[t])
        for name, theirs in (("x", run.xs), ("e", run.es)):
            assert np.array_equal(values[name, (t + 1,)], theirs[t])


def test_draws_have_what_a_false_formula_would_need_to_be_without():
    sizes = [(draw.sizes["V"], draw.sizes["H"], draw.sizes["T"]) for draw in SAMPLE]
    assert all(len(set(three)) == 3 for three in sizes)
    assert any(V < H for V, H, _ in sizes)
    assert any(V > H for V, H, _ in sizes)
    assert {T > 1 for _, _, T in sizes} == {True, False}
    assert sum(scale == 1 for *_, scale in SETTINGS) >= 3
    assert min(scale for *_, scale in SETTINGS) == 0.01
    for draw in SAMPLE:
        values = draw.world(BOOK).values
        for name in ("W_{xh}", "W_{hh}", "W_{hy}", "b_{h}", "b_{y}"):
            assert values[name, ()].all()
        Whh = values["W_{hh}", ()]
        assert draw.scale / 4 < Whh.std() < 4 * draw.scale
        assert not np.allclose(Whh, Whh.T, rtol=1e-3, atol=0)
        assert values["h", (0,)].all()


@pytest.mark.parametrize("draw", SAMPLE[:3], ids=str)
def test_a_nudge_moves_what_comes_after_and_nothing_before(draw):
    world = draw.world(BOOK)
    moved = world.nudged({("h", (2,)): np.full((1, draw.sizes["H"], 1), 0.1)})
    after = {key: v[0] if v.ndim > 3 else v for key, v in moved.values.items()}
    for (name, index), value in world.values.items():
        same = np.allclose(value, after[name, index], rtol=1e-12, atol=0)
        later = name == "L" or (index and index[0] > 2 and name not in "xe")
        at_two = index == (2,) and name in ("h", "y", "p", r"\ell")
        assert same is not bool(later or at_two), (name, index)


def test_a_measured_gradient_is_that_of_the_hand_written_loop():
    measurement = measure(DWHH + r"\frac{\partial L}{\partial a_t}\, h_{t-1}^\top")
    draw = measurement.worst.draw
    arguments = as_arguments(draw, draw.world(BOOK))
    loop = backward(arguments[0], forward(*arguments)).dWhh
    assert np.allclose(measurement.worst.left, loop, rtol=1e-12)


def test_the_engine_never_looks_at_the_hand_written_loop():
    for path in Path(equations.__file__).parent.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        imported = [ln for ln in source.splitlines() if "import" in ln.split()[:1]]
        imported += [
            ln for ln in source.splitlines() if ln.startswith("from rnn_notes")
        ]
        assert all(
            "rnn_notes.equations" in ln or "rnn_notes" not in ln for ln in imported
        )
        for word in ("eval(", "exec(", 'compile(r"', "__import__"):
            assert f" {word}" not in source


def test_another_nature_makes_right_formulas_fail():
    dy = r"\frac{\partial L}{\partial y_t} = p_t - e_t"
    assert measure(dy)
    text = shipped("book").text
    softer = text.replace("softmax}(y_t)", "softmax}(1.001 y_t)")
    assert softer != text
    assert not measure(dy, model=softer)


def test_the_two_ways_of_measuring_check_each_other(monkeypatch):
    formula = r"\frac{\partial \tanh(a_t)}{\partial a_t} = 0"
    assert not measure(formula)
    for wrong in (0, 0.99999, 1.00001):

        def tanh(a, wrong=wrong):
            h = np.tanh(a)
            return h.real + 1j * wrong * h.imag

        monkeypatch.setitem(functions.CALLS, "tanh", tanh)
        with pytest.raises(EquationError, match="disagree"):
            measure(formula)


def test_a_network_that_forgets_nothing_is_measured():
    """Twelve steps of large weights: the loss bends within a ten-millionth."""
    formula = (
        r"\frac{\partial L}{\partial h_0} = W_{hh}^\top \frac{\partial L}{\partial a_1}"
    )
    largest = "H = 12; V = 12; T = 12"
    assert measure(formula, where=largest)
    assert not measure(formula.replace(r"^\top", ""), where=largest)


def test_saturation_does_not_wear_the_digits_out():
    saturated = (
        r"\frac{\partial L}{\partial x_t} = W_{xh}^\top \frac{\partial L}{\partial a_t}"
    )
    assert measure(saturated, seeds=range(25)).error < 1e-13


def test_rounding_fakes_no_failure_and_a_small_term_no_success():
    assert measure(r"10000 L - 10000 L + \ell_T = \ell_T")
    assert not measure(r"10000 L - 10000 L + \ell_T = 1.00001 \ell_T")
    assert not measure(r"L + 0.00000001 \ell_T = L")
    assert not measure(r"0.00000000000001 L = 0.00000000000002 L")


def test_every_piece_has_the_shape_that_was_promised(monkeypatch):
    value = evaluation.Evaluator.value

    def checked(self, node, env, world):
        found = value(self, node, env, world)
        assert found.shape[-2:] == self.size(node), node.kind
        return found

    monkeypatch.setattr(evaluation.Evaluator, "value", checked)
    for table in tomllib.loads(TRUE.read_text(encoding="utf-8"))["equation"]:
        options = {key: table[key] for key in ("layout", "where") if key in table}
        assert measure(table["latex"], seeds=(0,), **options)


# What a measurement says


@pytest.mark.parametrize(
    ("latex", "line"),
    [
        (DWHH + r"\frac{\partial L}{\partial a_t} h_{t-1}^\top", "H×H = Σ H×1 · 1×H"),
        (r"\frac{\partial y_t}{\partial W_{hy}} = h_t \otimes I", "VH×V = H×1 ⊗ V×V"),
        (r"h_t = \tanh(W_{xh} x_t + W_{hh} h_{t-1} + b_h)",
         "H×1 = tanh(H×V · V×1 + H×H · H×1 + H×1)"),
        (r"\begin{aligned} p_t &= \operatorname{softmax}(y_t) \\ L &= \sum_t \ell_t"
         r" \end{aligned}", "V×1 = softmax(V×1); 1×1 = Σ 1×1"),
        (r"W_{hh}^\top \frac{\partial L}{\partial a_{t+1}} = "
         r"\sum_{s=t+1}^{T} \frac{\partial \ell_s}{\partial h_t}",
         "H×H · H×1 = Σ H×1, t < T"),
        (r"(W_{hh} h_{t-1}) \odot h_t = (a_t - W_{xh} x_t - b_h) \odot h_t",
         "H×H · H×1 ⊙ H×1 = (H×1 − H×V · V×1 − H×1) ⊙ H×1"),
        (r"h_{t-1} = \tanh(a_{t-1})", "H×1 = tanh(H×1), t > 1"),
        (r"h_2 = \tanh(a_2)", "H×1 = tanh(H×1), T ≥ 2"),
    ],
)  # fmt: skip
def test_the_quiet_line_gives_the_shape_of_every_factor(latex, line):
    measurement = measure(latex)
    assert measurement.shapes == line
    assert measurement, str(measurement)


@pytest.mark.parametrize(
    ("latex", "wrong", "right"),
    [
        (r"L = \sum_{t=LOW}^{T} \ell_t", "2", "1"),
        (r"L = \sum_{t=1}^{LOW} \ell_t", "T-1", "T"),
        (r"\frac{\partial L}{\partial h_t} = \sum_{s=LOW}^{T}"
         r" \frac{\partial \ell_s}{\partial h_t}", "t+1", "t"),
        (r"\frac{\partial h_T}{\partial h_k} = \prod_{s=LOW}^{T}"
         r" \frac{\partial h_s}{\partial h_{s-1}}", "k+2", "k+1"),
    ],
)  # fmt: skip
def test_limits_that_are_too_narrow_are_told(latex, wrong, right):
    assert measure(latex.replace("LOW", wrong)).close == (latex.replace("LOW", right),)
    assert measure(latex.replace("LOW", right))


def test_a_failure_says_where_the_sides_part_and_what_is_close():
    failed = measure(DWHH + r"\frac{\partial L}{\partial a_t} h_t^\top")
    assert failed.close == (DWHH + r"\frac{\partial L}{\partial a_t} h_{t-1}^\top",)
    assert failed.worst.shapes == ("H×H", "H×H")
    report = str(failed)
    for piece in ("does not hold", "left, H×H", "right, H×H", "seed", failed.close[0]):
        assert piece in report
    assert json.loads(json.dumps(failed.as_dict()))["close"] == list(failed.close)


def test_sides_of_two_shapes_fail_and_say_both():
    failed = measure(
        r"\frac{\partial L}{\partial W_{hy}} = \sum_t h_t (p_t - e_t)^\top"
    )
    assert (failed.holds, failed.error) == (False, np.inf)
    assert "the left side is V×H, the right side H×V" in str(failed)
    assert failed.other_layout == "numerator"
    assert failed.as_dict()["error"] is None


def test_what_holds_has_no_neighbours_to_look_for():
    right = measure(r"y_t = W_{hy} h_t + b_y")
    assert (right.close, right.other_layout) == ((), "")
    assert "holds" in str(right)
    assert bool(right) is right.holds is True


def test_a_product_over_steps_runs_as_it_is_written():
    up = r"\frac{\partial h_T}{\partial h_1} = \prod_{s=2}^{T} "
    down = r"\frac{\partial h_T}{\partial h_1} = \prod_{s=T}^{2} "
    step = r"\frac{\partial h_s}{\partial h_{s-1}}"
    assert measure(up + step)
    assert not measure(up + step, layout="numerator")
    assert measure(down + step, layout="numerator")
    assert not measure(down + step, layout="denominator")
    assert measure(down + step).layout == "mixed"


def test_an_immediate_derivative_sees_one_step_only():
    zero = r"{}{{\partial h_s}} = 0, \quad s < t - 1"
    assert measure(zero.format(r"\frac{\partial^{+} h_t}"))
    assert not measure(zero.format(r"\frac{\partial h_t}"))
    right = r"\frac{\partial^{+} \ell_2}{\partial h_1}"
    right += r" = \frac{\partial \ell_2}{\partial h_1}"
    assert measure(right)
    assert not measure(right.replace(r"\ell_2", r"\ell_3"))


def test_an_empty_product_alone_is_no_proof():
    vacuous = r"\frac{\partial h_T}{\partial h_k} = \prod_{s=k+1}^{T} W_{hh} a_{s+1}"
    with pytest.raises(EquationError):
        measure(vacuous)
    outside = r"I_H = \prod_{s=k+1}^{T} \frac{\partial h_{s+1}}{\partial h_k}, k > 0"
    with pytest.raises(EquationError, match="empty in every draw"):
        measure(outside)
    two = r"\frac{\partial h_T}{\partial h_{T-2}} ="
    two += r" \prod_{s=T}^{T-1} \frac{\partial h_s}{\partial h_{s-1}}"
    with pytest.raises(EquationError, match="one that falls has two factors"):
        measure(two, layout="numerator")


@pytest.mark.parametrize("name", ["V", "H"])
def test_fixed_sizes_are_kept(name):
    worst = measure(r"y_t = W_{hy} h_t + b_y", sizes={name: 5}).worst
    assert worst.draw.sizes[name] == 5


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"layout": "rows"}, "layout is 'rows'"),
        ({"seeds": ()}, "seeds is empty"),
        ({"seeds": [-1]}, "seeds holds -1"),
        ({"seeds": [1.5]}, "seeds holds 1.5"),
        ({"sizes": {"V": 0}}, "V is 0"),
        ({"sizes": {"V": 10**6}}, "V is 1000000"),
        ({"sizes": {"Q": 3}}, "sizes has Q"),
    ],
)
def test_wrong_options_are_named(options, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        measure("L = L", **options)
    assert not isinstance(caught.value, EquationError)


# What letters stand for


@pytest.mark.parametrize(
    ("latex", "where"),
    [
        (r"(A B)_{ij} = \sum_{k} A_{ik} B_{kj}", SQUARE),
        (r"(A B)_{ij} = \sum_{k=1}^{H} A_{i,k} B_{k,j}", SQUARE),
        (r"u_i = \frac{v^\top u}{u^\top v} \delta_{ii} u_i",
         r"u, v \in \mathbb{R}^{m}"),
        (r"C = A B", SQUARE + "; C = A B"),
        (r"\lambda_t^\top h_t = \langle h_t, \lambda_t \rangle",
         r"\lambda_t \in \mathbb{R}^{H}"),
        (r"\operatorname{vec}(A X) = B \operatorname{vec}(X)",
         r"A \in \mathbb{R}^{H \times V}; X \in \mathbb{R}^{V \times T};"
         r"Z \in \mathbb{R}^{TH \times VT}; B = 0 Z + I_T \otimes A"),
        (r"\frac{\partial h_T}{\partial h_k} = P_k^\top",
         r"P_k = \prod_{s=T}^{k+1}"
         r"\operatorname{diag}(\mathbf{1} - h_s \odot h_s) W_{hh}"),
        (r"D_{st} = 0", r"D_{st} = \frac{\partial \ell_s}{\partial h_t}; s < t"),
        (r"h_k = \tanh(a_k)", r"k \in \{2, \dots, T\}"),
        (r"\delta_{ij} = \delta_{ji}", r"i \in \{1, \dots, V\}"),
        (r"x + \hat{x} = \begin{bmatrix} 2 \\ 0 \\ -1 \end{bmatrix} + x",
         r"x \in \mathbb{R}^3; \hat{x} \in \mathbb{R}^{3};"
         r"\hat{x} = \begin{bmatrix} 2 \\ 0 \\ -1 \end{bmatrix}"),
        (r"e_t^\top y_t = (y_t)_2", r"e_t = \begin{bmatrix} 0 \\ 1 \end{bmatrix}"),
        (r"a_t = W_{xh} x_t + b_h",
         r"h_0 = \begin{bmatrix} 0 \\ 0 \end{bmatrix}; t = 1"),
        (r"p_1 + p_2 = 1, \quad t = 1, \dots, T",
         r"p_t = \begin{bmatrix} p_1 \\ p_2 \end{bmatrix}"),
        (r"L = \ell_1 + \ell_2", "T = 2"),
        (r"L = \sum^{T}_{t=1} \ell_t", ""),
        (r"\frac{\partial \operatorname{tr}(A \otimes C)}{\partial A} = "
         r"\operatorname{tr}(C)\, I", SQUARE + r"; C \in \mathbb{R}^{V \times V}"),
        (r"\delta_{12} = p_{12} - e_{12}", r"T = 12; \delta_t = p_t - e_t"),
        (r"\frac{\partial \ell_s}{\partial h_t} = 0, t = 1, \dots, T, s < t", ""),
        (r"\frac{\partial\, \alpha u^\top}{\partial \alpha} = u",
         r"\alpha \in \mathbb{R}; u \in \mathbb{R}^V"),
        (r"\underbrace{W_{xh} x_t}_{\text{input}} + \textcolor{red}{b_h} = "
         r"a_t - \overbrace{W_{hh} h_{t-1}}^{\text{memory}}.", ""),
        (r"\frac{1}{2} A^\top + 0.5 B = B",
         r"A \in \mathbb{R}^{V \times H}; B = A^\top"),
    ],
)  # fmt: skip
def test_letters_of_the_page(latex, where):
    measurement = measure(latex, where=where)
    assert measurement, str(measurement)


def test_the_caret_finds_its_line():
    with pytest.raises(EquationError) as caught:
        measure("\\begin{aligned}\nL &= L \\\\\nL &= 2 q L\n\\end{aligned}")
    assert str(caught.value).splitlines()[1:3] == ["  L &= 2 q L", "         ^"]


def test_a_letter_of_the_page_is_not_the_networks():
    assert measure(r"x + h_t = h_t + x", where=r"x \in \mathbb{R}^H")
    assert not measure(
        r"a_t = W_{hh} h_{t-1}", where=r"W_{hh} \in \mathbb{R}^{H \times H}"
    )
    assert not measure(r"h_t = \tanh(a_t)", where=r"h_t \in \mathbb{R}^{H}")


@pytest.mark.parametrize(
    ("latex", "where", "place", "reason"),
    [
        ("W_{hx} = L", "", "W_{hx}", "not known, expected W_{xh}, W_{hh}, W_{hy}"),
        (r"L = \sum_{t=1} \ell_t", "", r"\sum_{t=1} \ell_t", "limits"),
        (r"L = \sum_{t=1}^\top \ell_t", "", r"\sum_{t=1}^\top \ell_t", "limits"),
        (r"L = \sum_{}^{T} \ell_t", "", r"\sum_{}^{T} \ell_t", "limits"),
        (r"L = \sum_{s>1}^{T} \ell_s", "", r"\sum_{s>1}^{T} \ell_s", "limits"),
        (r"L = L, k = 1, \dots, t", "", r"k = 1, \dots, t", "k is no free index"),
        ("q = L", "", "q", "not known"),
        (r"L = \foo", "", r"\foo", "not in the language"),
        (r"L = \ell", "", r"\ell", r"is \ell_t"),
        ("h = L", "", "h", "without a step"),
        ("W_{hyt} = L", "", "W_{hyt}", "ambiguous: expected W_{hy}"),
        ("h_{ti} = L", "", "ti", "ambiguous"),
        ("W_{hh}^T = L", "", "T", r"\top"),
        ("1 - h_t = L", "", "h_t", r"\mathbf{1}"),
        ("L = W_{hy} x_t", "", "x_t", "V×1 came after V×H"),
        (r"L = h_t \odot y_t", "", "y_t", "H×1 and V×1"),
        (r"L = \mathbf{1}^\top \mathbf{1}", "", r"\mathbf{1}", "does not follow"),
        (r"L = L h_t / L", "", r"L h_t / L", "divided by what"),
        (r"L = \sum_{t=2}^{1} \ell_t", "", r"\sum_{t=2}^{1} \ell_t", "empty"),
        (r"\ell_t = \sum_{t=1}^{T} \ell_t", "", r"\sum_{t=1}^{T} \ell_t", "bound here"),
        (r"L = \sum_{t=1}^{T} \ell_{t+1}", "", r"\ell_{t+1}", "falls outside"),
        (r"L = \frac{\partial L}{\partial (h_t + h_t)}", "", "(h_t + h_t)", "variable"),
        (r"L = \log h_t x_t", "", r"\log h_t", "brackets"),
        (r"a_t = W_{hh} \odot h_t \otimes x_t", "", r"h_t \otimes x_t", "brackets"),
        (r"L = \partial h_t + L", "", r"\partial", "as a differential"),
        (r"\partial L = \frac{\partial L}{\partial b_h}", "", "=", "lone"),
        ("L < L", "", "L < L", "only equalities"),
        ("L", "", "L", "no ="),
        ("L = (h_t", "", "", "something is missing"),
        (r"L = \log(-L)", "", r"\log(-L)", "not a finite number"),
        (r"L = x^{-1}", r"x \in \mathbb{R}^H", "x^{-1}", "power of a H×1"),
        (r"\delta_{ij} = 1", "", r"\delta_{ij}", "no range"),
        (r"(W_{hy})_{ii} = 1", "", r"(W_{hy})_{ii}", "expected one"),
        (r"(h_t)_t = 1", "", "(h_t)_t", "expected one"),
        (r"L = L, s > t", "", "s > t", "no free index"),
        ("L = L", "s > t", "s > t", "no free index"),
        ("L = L", "A = q", "q", "not known"),
        ("L = L", r"A \in \mathbb{Q}", r"\mathbb{Q}", "not read"),
        ("L = L", r"A \in \mathbb{R}; A = L", "A", "a meaning already"),
        ("L = L", r"h_t = \begin{bmatrix} 1 \\ 2 \end{bmatrix}", "h_t", "computed"),
        ("L = L", r"e_t = \begin{bmatrix} 1 \\ 1 \end{bmatrix}",
         r"\begin{bmatrix} 1 \\ 1 \end{bmatrix}", "one 1 and zeros"),
        ("L = L", "V = 3; V = 2", "2", "3 already"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_pointed_at(latex, where, place, reason):
    with pytest.raises(EquationError) as caught:
        measure(latex, where=where, strict=True)
    error = caught.value
    assert reason in error.reason
    assert error.latex[slice(*error.span)] == place
    shown, carets = str(error).splitlines()[1:3]
    assert error.latex.splitlines()[0][:20] in shown
    assert carets.strip("^ ") == ""
    assert shown[carets.index("^") :].startswith(place[: carets.count("^")])
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(("factor", "holds"), [(2, True), (3, False)])
def test_a_draw_with_too_few_digits_decides_nothing(factor, holds):
    once, twice = r"\frac{\partial U}{\partial t}", r"\frac{\partial^2 U}{\partial t^2}"
    found = measure(
        r"\frac{\partial^2 U^{-1}}{\partial t^2} = U^{-1} "
        rf"({factor} {once} U^{{-1}} {once} - {twice}) U^{{-1}}",
        where=r"t \in \mathbb{R}; P, Q \in \mathbb{R}^{n \times n};"
        r"U = P^\top P + I + \sin(t) Q^\top Q",
        model="none",
        layout="numerator",
    )
    assert found.holds is holds
    assert (found.error < 1e-6) is holds


def test_a_network_of_one_letter_is_measured():
    for right in (r"p_t = 1", r"\frac{\partial L}{\partial b_y} = 0"):
        assert measure(right, where="V = 1")
        assert not measure(right)
    assert not measure(r"h_t = \tanh(y_t)", where="V = 1")


def test_a_definition_is_read_where_a_probability_is_zero():
    """Without NumPy's warning, which is an error here."""
    assert "not hold" in str(measure("u = 0", where="H = 5; u = W_{hh} b_h"))


def test_what_is_drawn_depends_on_nothing_and_is_not_derived_by_others():
    named = r"\frac{dy}{dx} = 3x^2, \quad y = x^3"
    for latex, model in (
        (named, "feedforward"),
        (r"\frac{dy}{dx} = 0", "none"),
        (r"\frac{dy}{dx} = 0", "feedforward"),
    ):
        with pytest.raises(EquationError, match="y depends on nothing here"):
            measure(latex, model=model)
    assert measure(named, model="none with numbers")
    assert measure(r"\frac{\partial a}{\partial x} = 0", model="none")  # a constant
    assert measure(r"\frac{\partial x}{\partial x} = I", model="none")
