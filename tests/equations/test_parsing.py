"""What people write is read as what they mean, and each such reading is remarked on."""

import pytest

from rnn_notes.equations import EquationError
from rnn_notes.equations.calls import applied
from rnn_notes.equations.nodes import plain
from rnn_notes.equations.parsing import parse


def tree(node):
    """A node without its place in the text."""
    value = node.value
    if node.kind == "mul":
        value = None  # how factors are linked
    if node.kind == "transpose":
        value = None  # how it is written
    return (node.kind, value, *map(tree, node.parts))


def trees(latex, remarks=None):
    """The trees of all items of a formula."""
    return [[tree(item) for item in line] for line in parse(latex, remarks)]


DERIVATIVE = r"\frac{\partial L}{\partial W_h}"
SAME = [
    # written, as the book would, what is remarked
    (r"W^T h", r"W^\top h", "^T"),
    (r"W_{hh}^{T} h_t", r"W_{hh}^\top h_t", "^T"),
    (r"h^{\rm T}_{k-1}", r"h_{k-1}^\top", ""),
    (r"h^{\mathrm{T}} W^{\mathsf T} b^\intercal", r"h^\top W^\top b^\top", ""),
    (r"W^{-T} h", r"W^{-\top} h", "^{-T}"),
    (r"h^{(t)T} x", r"h^{(t)\top} x", "^T"),
    (r"h^{(t)^\top} x", r"h^{(t)\top} x", ""),
    (r"\widehat y^{(t)}_i", r"\widehat{y}_i^{(t)}", ""),
    (r"\hat{y_3}", r"\hat{y}_3", r"\hat"),
    (r"\mathbf{W_{hh}}", r"\mathbf{W}_{hh}", ""),
    (r"\mathbf{\hat{y}}_t + {\bf h}_t", r"\hat{\mathbf{y}}_t + \mathbf{h}_t", ""),
    (r"\pmb \delta_{t,k} + \mathcal L_t", r"\pmb{\delta}_{t,k} + \mathcal{L}_t", ""),
    (r"W_{\text{hh}} + b_{\mathrm{in}} + W_\text{o}", "W_{hh} + b_{in} + W_o", ""),
    (r"y_{t_i}", "y_{t,i}", "t_i"),
    (r"\frac{dL}{dW_h}", DERIVATIVE, "d as"),
    (r"\frac{d}{dW_h} L", DERIVATIVE, "d as"),
    (r"dL/dW_h", DERIVATIVE, "d as"),
    (r"\cfrac{\partial{L}}{\partial{W_h}}", DERIVATIVE, ""),
    (r"\partial_{W_h} L", DERIVATIVE, "partial_x"),
    (
        r"\frac{\partial^2 L}{\partial b \partial c}",
        r"\frac{\partial \frac{\partial L}{\partial b}}{\partial c}",
        "",
    ),
    (
        r"\frac{\partial^{2} L}{\partial b^2}",
        r"\frac{\partial \frac{\partial L}{\partial b}}{\partial b}",
        "",
    ),
    (
        r"\frac{\partial \ell_t}{T \cdot \partial o_t}",
        r"\frac{\frac{\partial \ell_t}{\partial o_t}}{T}",
        "factor",
    ),
    (r"tanh(x) + softmax(z)", r"\tanh(x) + \operatorname{softmax}(z)", "tanh"),
    (r"{\rm diag}(x) + diag[x]", r"\text{diag}(x) + \mathrm{diag}(x)", "diag"),
    (r"\text{softmax} z + \softmax(z)", r"\operatorname{softmax} z + \softmax(z)", ""),
    (r"ln\hat{y}_t", r"\log\hat{y}_t", "ln"),
    (r"\log\det A", r"\log(\det(A))", ""),
    (r"\log\sum_k \exp(z_k)", r"\log(\sum_k \exp(z_k))", ""),
    (r"\exp\{ z \} + \exp\left[z\right]", r"\exp(z) + \exp(z)", ""),
    (r"\tanh^2 a_t + \tanh^2(a_t)", r"(\tanh a_t)^2 + (\tanh(a_t))^2", ""),
    (r"\tanh^\prime(z) + \tanh^{\prime}(z)", r"\tanh'(z) + \tanh'(z)", ""),
    (r"e^{a_t} - e^{-a_t}", r"\exp(a_t) - \exp(-a_t)", "exp"),
    (r"\sum_t^T h_t", r"\sum_{t=1}^T h_t", "from t = 1"),
    (r"\sum_{1\le k\leq t} h_k", r"\sum_{k=1}^t h_k", "limits"),
    (r"\sum_{1 < k} h_k", r"\sum_{k=1+1}^T h_k", "limits"),
    (r"\sum_{k < t} h_k", r"\sum_{k=1}^{t-1} h_k", "limits"),
    (r"\prod_{k < i \le t} A_i", r"\prod_{i=k+1}^t A_i", "limits"),
    (r"\prod_{t \ge i > k} A_i", r"\prod_{i=t}^{k+1} A_i", "limits"),
    (r"\sum_{t \ge i > k} A_i", r"\sum_{i=k+1}^{t} A_i", "limits"),
    (r"\prod_{k=1}^t (A_k B) x", r"\left(\prod_{k=1}^t A_k B\right) x", "brackets"),
    (r"\prod_{k=1}^t (A_k)(B_k)", r"\prod_{k=1}^t [A_k] [B_k]", ""),
    (r"\sum_{k=1,\dots,t} h_k", r"\sum_{k=1}^t h_k", "limits"),
    (r"\sum_{i,j} A_{ij}", r"\sum_i \sum_j A_{ij}", "each"),
    (r"\sum_{t}{} h_t", r"\sum_t h_t", ""),
    (r"\|x\| + ||x|| + \left\Vert x \right\Vert", r"\lVert x \rVert + \lVert x \rVert "
     r"+ \lVert x \rVert", ""),
    (r"\Big| x \Big| + |x|", r"\lvert x \rvert + \lvert x \rvert", ""),
    (r"a = b \quad (29)", "a = b", "(29)"),
    (r"a = b. \tag{2.6}", "a = b", ""),
    (r"\boxed{a = b}", "a = b", ""),
    (r"a = \underbrace{b}_{\text{xưa}} c", "a = {b} c", ""),
    (r"a = b \quad \text{(the chain rule)}", "a = b", "chain rule"),
    (r"a = b, \text{ for all } t < T", "a = b, t < T", ""),
    (r"a = b \quad \forall t", "a = b", ""),
    (r"a = b \quad (t = 1, \dots, T)", r"a = b, \quad t = 1, \dots, T", ""),
    (r"h_t = a_t \text{ and } y_t = o_t", r"h_t = a_t \\ y_t = o_t", ""),
    (r"h_t = a_t, \qquad y_t = o_t", r"h_t = a_t \\ y_t = o_t", ""),
    (r"h_t = a_t \implies y_t = o_t", r"h_t = a_t \\ y_t = o_t", ""),
    (r"a \equiv b", "a = b", r"\equiv"),
    (r"a \stackrel{\text{def}}{=} b", "a = b", "stackrel"),
    (r"a = b \quad \in \mathbb{R}^{H \times 1}", "a = b", r"\in"),
    (r"a = b = \cdots = c", "a = b = c", "dots"),
    (r"\begin{cases} a &= b \\ c &= d \end{cases}", r"a = b \\ c = d", "cases"),
    (r"\begin{eqnarray} a &=& b \\ c &=& d \end{eqnarray}", r"a = b \\ c = d", ""),
    (r"\begin{alignat}{2} a &= b & c &= d \end{alignat}", r"a = b \\ c = d", ""),
    (r"\begin{array}{ll} a = b \\ c = d \\ \end{array}", r"a = b \\ c = d", ""),
    (r"a = \begin{array}{c} b \\ c \end{array}", r"a = \begin{matrix} b \\ c"
     r"\end{matrix}", ""),
    (r"a^{<t>T} + a^{\langle t \rangle T}", r"a^{<t>\top} + a^{\langle t \rangle\top}",
     "^T"),
    (r"\tfrac12 x + \frac1T", r"\frac{1}{2} x + \frac{1}{T}", ""),
    (r"a \ast b \bigotimes c", r"a * b \otimes c", ""),
    (r"\delta h_t^{\text{raw}}", r"\delta h^{\text{raw}}_t", ""),
    (r"h_{(t-1)}", "h_{t-1}", ""),
    (r"A_T A_{T-1} \dots A_{k+1}", r"\prod_{j=T}^{k+1} A_j", "dots"),
    (r"B A_1 \cdots A_t C", r"B (\prod_{j=1}^t A_j) C", "dots"),
    (
        r"\frac{\partial h_T}{\partial h_{T-1}}"
        r"\frac{\partial h_{T-1}}{\partial h_{T-2}} \ldots"
        r"\frac{\partial h_2}{\partial h_1}",
        r"\prod_{j=T}^{2} \frac{\partial h_j}{\partial h_{j-1}}",
        "dots",
    ),
    (r"x_1 + x_2 + \dots + x_T", r"\sum_{j=1}^T x_j", "dots"),
    (r"b - x_T - x_{T-1} - \dots - x_1", r"b - \sum_{j=1}^T x_j", "dots"),
]  # fmt: skip

REFUSED = [
    (r"L += 1", "claims nothing"),
    (r"L \mathrel{+}= 1", "claims nothing"),
    (r"a_t = \text{mean of a} h_t", "expected them at its end"),
    (r"a = b \quad \text{for t < T}", "outside of them"),
    (r"\nabla L = 1", "does not fit"),
    (r"\nabla_{a, b} L = 1", "several variables"),
    (r"\frac{\partial h}{\partial W}\Big|_{h}", r"\partial^{+}"),
    (r"a = |b", "its pair"),
    (r"a = \begin{cases} 1 & t = 1 \\ 0 \end{cases}", "the environment cases"),
    (r"\sum_{j \approx i} x_j", "limits"),
    (r"\sum_{t=1} x_t", "limits"),
    (r"\hat{a + b}", "expected a symbol"),
    (r"(a + b)^{\text{raw}}", "above a symbol"),
    (r"\frac{\partial^2 L}{\partial b}", "x^2 below"),
    (r"\Vh_t = 1", "not in the language"),
]


@pytest.mark.parametrize(("latex", "meant", "said"), SAME)
def test_what_is_written_is_read_as_what_is_meant(latex, meant, said):
    remarks = []
    assert trees(latex, remarks) == trees(meant, [])
    assert said in " ".join(remark.text for remark in remarks)
    for remark in remarks:
        assert 0 <= remark.span[0] <= remark.span[1] <= len(latex)


@pytest.mark.parametrize(("latex", "said"), [(a, c) for a, _, c in SAME if c])
def test_strictly_it_is_an_error_at_its_place(latex, said):
    with pytest.raises(EquationError, match="strictly") as caught:
        parse(latex)
    assert said in str(caught.value)


@pytest.mark.parametrize(("latex", "reason"), REFUSED)
def test_what_means_nothing_is_refused(latex, reason):
    with pytest.raises(EquationError) as caught:
        parse(latex, [])
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        ("h^{(t)}", "("),
        (r"h^{\langle t \rangle}", "<"),
        ("h^{<t>}", "<"),
        ("h^{[t]}", "["),
        ("h_t", None),
    ],
)
def test_where_a_step_stands_is_kept(latex, shown):
    [[node]] = parse(latex)
    assert (node.kind, node.value) == ("subscripted", shown)


@pytest.mark.parametrize(
    "latex",
    [
        r"x_1 + y_2 + \dots + x_T",
        r"x_1 + x_3 + \dots + x_T",
        r"x_1 + x_2 - \dots - x_T",
        r"A_T A_{T-2} \dots A_1",
        r"A_1 B_2 \dots A_T",
        r"A_1 \dots",
        r"A_{t,1} A_{t-1,2} A_{t-2,5} \dots A_{1,1}",
    ],
)
def test_dots_that_leave_out_something_else_stay(latex):
    remarks = []
    [[node]] = parse(latex, remarks)
    assert [part.kind for part in node.walk()].count("dots") == 1
    assert not remarks


def test_a_power_is_no_step():
    assert [parse(latex)[0][0].kind for latex in ("x^{2}", "(x)^{(2)}")] == [
        "power"
    ] * 2


def test_a_letter_has_one_spelling_and_a_plain_form():
    [[node]] = parse(r"\mathbf{\hat{ y }}", [])
    assert node.value == r"\hat{\mathbf{y}}"
    assert plain(node.value) == plain(r"\widehat{\pmb{y}}") == r"\hat{y}"
    assert plain(r"\text{raw}") == r"\text{raw}"


ROLES = {"f": "function", r"\phi_{h}": "function", "h": "family", r"\ell": "family"}
ROLES |= {"J": "loss"}


def role(head):
    name = head.value if head.kind == "name" else "_{".join(
        str(part.value) for part in head.parts
    ) + "}"  # fmt: skip
    return ROLES.get(name, "")


@pytest.mark.parametrize(
    ("latex", "meant"),
    [
        ("W f(x)", [("name", "W"), ("call", "f")]),
        ("f(x) h_t", [("call", "f"), ("subscripted", None)]),
        (r"\phi_h(x)^\top W", [("transpose", None), ("name", "W")]),
        ("f'(x) W", [("call", "f'"), ("name", "W")]),
        ("W h[t-1]", [("name", "W"), ("subscripted", "[")]),
        ("W h(t)", [("name", "W"), ("subscripted", "[")]),
        (r"2 \ell(o_t, y_t)", [("number", "2"), ("subscripted", None)]),
        (r"2 J(\theta)", [("number", "2"), ("name", "J")]),
        (r"2 \nabla_W J(\theta)", [("number", "2"), ("gradient", None)]),
        ("W(x)", [("name", "W"), ("name", "x")]),
        ("h_t(x)", [("subscripted", None), ("name", "x")]),
        (r"f \cdot (x)", [("name", "f"), ("name", "x")]),
    ],
)
def test_brackets_after_a_letter_are_what_the_letter_takes(latex, meant):
    remarks = []
    [[product]] = parse(latex, remarks)
    read = applied(product, role, lambda *said: remarks.append(said))
    assert [(part.kind, part.value) for part in read.parts] == meant
    assert bool(remarks) == (r"\ell" in latex or "J" in latex)
