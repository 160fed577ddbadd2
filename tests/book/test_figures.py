"""Every figure can be read: by eye, in light and dark, without colour, read out."""

import re
from itertools import pairwise, product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from rnn_notes import gru, lstm
from rnn_notes.book import figures, sheet
from rnn_notes.book.figures import gated_cells
from rnn_notes.book.figures.drawing.run import given
from rnn_notes.book.figures.drawing.svg import INKS, alone, draw
from rnn_notes.differences import agreement
from rnn_notes.ledger import ledger
from rnn_notes.rnn import backward, forward, running_example, signals
from tests.helpers.drawings import SVG, drawn, faults, missing, numbers

every_figure = pytest.mark.parametrize("name", figures.__all__)


@every_figure
def test_a_figure_can_be_read(name):
    figure = drawn(name)
    assert faults(figure.svg, figure.alt) == []
    assert figure._repr_html_() == figure.svg


NOISE = "".join(
    f"<g>{n}</g>" for n in np.random.default_rng(0).integers(0, 10**9, 2000)
)


@pytest.mark.parametrize(
    ("fault", "old", "new"),
    [
        ("not one image", 'role="img"', ""),
        ("not described", "<desc id=", "<desc class="),
        ("not described", "Whh.T", "Whh"),
        ("an id twice", "<circle", '<circle id="a"/><circle id="a"'),
        ("a fixed size", "<svg ", '<svg width="360" '),
        ("a loose colour", "fill:none", "fill:#ffffff"),
        ("a loose colour", "fill:none", "fill:white"),
        ("a loose colour", "<circle", '<circle fill="red"'),
        ("small print", 'font-size="12"', 'font-size="9"'),
        ("small print", "0 0 360", "0 0 720"),
        ("out of the box", '<text x="', '<text x="9'),
        ("heavy", "<title", f"{NOISE}<title"),
    ],
)
def test_a_spoilt_figure_is_found_out(fault, old, new):
    figure = figures.two_questions()
    assert old in figure.svg
    assert fault in faults(figure.svg.replace(old, new), figure.alt)


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="alt is empty"):
        draw("mute", 20, 20, "A dot", " ", [])
    assert "no alt text" in faults(figures.unrolled().svg, " ")


@every_figure
def test_a_figure_is_drawn_from_the_run_it_is_given(name):
    figure, other = drawn(name), drawn(name, other=True)
    assert getattr(figures, name)(running_example()) == figure
    assert numbers(other) != numbers(figure)
    assert other.alt != figure.alt
    assert faults(other.svg, other.alt) == []


def test_no_two_figures_share_an_id():
    both = [(drawn(n), drawn(n, other=True)) for n in figures.__all__]
    every = [figure for pair in both for figure in pair]
    ids = re.findall(r' id="([^"]+)"', "".join(figure.svg for figure in every))
    assert len(ids) == 2 * len(every) == len(set(ids))
    assert len(set(re.findall(r' id="([^"]+)"', figures.unrolled().svg * 2))) == 2


def test_the_drawn_numbers_are_those_of_the_passes():
    params, run = given()
    steps = list(signals(params, run))
    own = [params.Why.T @ step.dy for step in steps]
    handed = [signal for step in steps for signal in step[1:]]
    assert missing([*own, *handed], figures.backward_steps()) == []
    assert missing(np.add(handed, 0.1), figures.backward_steps())
    assert missing(run.losses, figures.unrolled()) == []
    for array in (params.Whh, run.hs[-1], run.hs[0], run.ys[0], run.ps[0]):
        assert missing(array, figures.forward_pass()) == []
    assert missing(steps[-1].dy @ run.hs[0].T, figures.outer_product()) == []


def test_the_sheet_says_what_was_measured():
    rows = sheet.lines()
    assert len(rows) == 11
    assert all(agreement(row.value, row.measured, tolerance=1e-12) for row in rows)
    assert not agreement(rows[2].value, rows[5].measured)
    figure = figures.cheat_sheet()
    assert faults(figure.svg, figure.alt) == []
    assert all(f"{row.code}, {row.shape}: " in figure.alt for row in rows)
    assert [row.shape for row in rows[6:]] == ["V×H", "V×1", "H×V", "H×H", "H×1"]


def test_the_two_layouts_show_the_weights_twice():
    params, *rest = running_example()
    moved = params.replace(Why=params.Why + 0.1)
    for weights in (params, moved):
        figure = figures.two_layouts((weights, *rest))
        assert faults(figure.svg, figure.alt) == []
        assert numbers(figure)[:6] == [round(w, 2) for w in weights.Why.ravel()]
        assert numbers(figure)[6:] == [round(w, 2) for w in weights.Why.T.ravel()]
    assert missing(params.Why, figures.two_layouts((moved, *rest)))


def test_each_unit_shows_what_all_its_paths_bring():
    params, run = given()
    shares = ledger(params, run)[:, -1]
    figure = figures.many_paths()
    assert missing(shares, figure) == []
    assert missing(shares + 0.1, figure)
    T, H = shares.shape
    for t, unit in np.ndindex(T, H):
        paths = [(unit, *rest) for rest in product(range(H), repeat=T - 1 - t)]
        assert f">{len(paths):,}<" in figure.svg
        assert sum(along(params, run, path) for path in paths) == pytest.approx(
            shares[t, unit]
        )
    assert f"{H**T} paths from the first state" in figure.alt
    assert f"{H * H * (T - 1) + H} wires" in figure.alt


def along(params, run, path):
    """The product of the slopes along one path of units that ends at the last loss."""
    last = run.T - 1
    steps = zip(range(run.T - len(path) + 1, run.T), pairwise(path), strict=True)
    slope = (params.Why.T @ (run.ps[last] - run.es[last]))[path[-1], 0]
    for t, (before, after) in steps:
        slope *= (1 - run.hs[t][after, 0] ** 2) * params.Whh[after, before]
    return slope


def test_a_mask_keeps_what_padding_moves():
    params, inputs, targets, hprev = running_example()
    cells = np.array(numbers(figures.padded_rows())[:-1]).reshape(2, 3, 5)
    for moved, kept, zeros in zip(*cells, (3, 0, 2), strict=True):
        alone = forward(params, inputs[zeros:], targets[zeros:], hprev)
        states = [alone.hs[t][0, 0] for t in range(5 - zeros)]
        assert kept[zeros:] == pytest.approx(states, abs=0.0051)
        assert (kept[:zeros] == round(hprev[0, 0], 2)).all()
        assert (moved == kept).all() == (zeros == 0)
        h = hprev
        for step in moved[:zeros]:
            h = np.tanh(params.Whh @ h + params.bh)
            assert step == pytest.approx(h[0, 0], abs=0.0051)


@pytest.mark.parametrize("unit", [0, 1, 2])
def test_the_rows_of_the_ledger_sum_to_dh(unit):
    params, run = given()
    table, left = (
        ledger(params, run)[:, :, unit],
        numbers(figures.ledger_table(unit=unit)),
    )
    dhs = [step.dh[unit, 0] for step in signals(params, run)]
    for size, t, dh in zip(range(1, 6), reversed(range(run.T)), dhs, strict=True):
        row, left = left[: size + 1], left[size + 1 :]
        assert row == pytest.approx([*table[t, t:], dh], abs=0.0051)
        assert sum(row[:-1]) == pytest.approx(row[-1], abs=0.0051 * (size + 1))
    assert left == []


def test_the_boundary_cuts_the_dhnext_of_the_whole_stream():
    params, run = given()
    _, elsewhere, cut, *_ = (step.dhnext for step in signals(params, run))
    figure = figures.truncation()  # the cut is between t = 2 and t = 3
    assert missing([run.hs[2], cut], figure) == []
    assert missing(elsewhere, figure)
    assert missing(backward(params, run).dhprev, figure)


def test_quantities_differ_without_their_colours():
    dashes = [INKS[name].dash for name in ("dy", "dhnext", "dh", "dhraw")]
    assert len(set(dashes)) == len(dashes)
    assert (
        INKS["loss"].dash == INKS["state"].dash
    )  # so these two stand in labelled nodes


def contrast(colour):
    """The contrast of a colour on white, from 1 to 21 (WCAG 2)."""
    levels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in levels
    ]
    return 1.05 / (np.dot((0.2126, 0.7152, 0.0722), linear) + 0.05)


def test_the_fallback_colours_can_be_read_on_white():
    inks = set(INKS) - {"rule", "paper"}
    assert min(contrast(INKS[name].fallback) for name in inks) > 4.5
    assert contrast(INKS["rule"].fallback) < 4.5


def test_the_fallbacks_are_the_page_s_own_light_colours():
    css = Path(__file__).parents[2].joinpath("docs/_static/custom.css").read_text()
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part))
        for part in css.split("@media screen", maxsplit=1)
    )
    assert {ink.name: ink.fallback for ink in INKS.values()}.items() <= light.items()
    assert {ink.name: ink.dark for ink in INKS.values()}.items() <= dark.items()
    assert all(light[ink.name] != dark[ink.name] for ink in INKS.values())


@every_figure
@pytest.mark.parametrize("dark", [False, True])
def test_a_figure_stands_alone_in_a_file(name, dark):
    figure = drawn(name)
    file = figure.file(dark)
    root = ElementTree.fromstring(file)
    assert "var(" not in file
    assert "var(" in figure.svg
    _, _, width, height = map(float, root.get("viewBox").split())
    size = float(root.get("width")), float(root.get("height"))
    assert size == (2 * width, 2 * height)
    assert [child.tag.removeprefix(SVG) for child in root] == [
        "title", "desc", "rect", "g",
    ]  # fmt: skip
    colours = set(re.findall(r"#[0-9a-f]{6}", file))
    known = {ink.dark if dark else ink.fallback for ink in INKS.values()}
    assert (INKS["paper"].dark if dark else INKS["paper"].fallback) in colours
    assert colours <= known
    assert not set(re.findall(r"#[0-9a-f]{6}", figure.file(not dark))) <= known


def test_what_is_no_figure_makes_no_file():
    with pytest.raises(ValueError, match="has no viewBox"):
        alone("<svg></svg>")


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (figures.two_questions, {"t": 5}, "t is 5, expected 0 to 4"),
        (figures.two_questions, {"unit": 3}, "unit is 3, expected 0 to 2"),
        (figures.forward_pass, {"t": -1}, "t is -1, expected 0 to 4"),
        (figures.outer_product, {"t": 5}, "t is 5, expected 0 to 4"),
        (figures.ledger_table, {"unit": -1}, "unit is -1, expected 0 to 2"),
        (figures.truncation, {"cut": 5}, "cut is 5, expected 1 to 4"),
    ],
)
def test_what_is_not_there_is_refused(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(**arguments)


@pytest.mark.parametrize("t", range(5))
def test_every_step_can_be_drawn(t):
    for function in (
        figures.two_questions,
        figures.forward_pass,
        figures.outer_product,
    ):
        figure = function(t=t)
        assert faults(figure.svg, figure.alt) == []


GATED = {
    "lstm_step": (lstm, gated_cells.lstm_example, 2, "ifog"),
    "gru_step": (gru, gated_cells.gru_example, 3, "rzn"),
}


@pytest.mark.parametrize("name", GATED)
def test_a_gated_step_shows_its_first_unit_there_and_back(name):
    cell, example, t, gates = GATED[name]
    params, *text = example()
    run = cell.forward(params, *text)
    signal = dict(zip(reversed(range(run.T)), cell.signals(params, run), strict=True))
    figure = drawn(name)
    assert faults(figure.svg, figure.alt) == []
    shown = [getattr(run, gate)[t] for gate in gates if gate != "z"]
    shown += [run.hs[t], run.hs[t - 1], params.Why.T @ signal[t].dy]
    shown += [s for s in signal[t][1:] if name == "lstm_step" or s is not signal[t].dm]
    firsts = [array[0, 0] for array in shown]
    assert missing(firsts, figure) == []
    assert missing(np.add(firsts, 0.1), figure)
    other = getattr(figures, name)((params.replace(Why=2 * params.Why), *text))
    assert numbers(other) != numbers(figure)
    assert other.alt != figure.alt
    assert faults(other.svg, other.alt) == []
    with pytest.raises(ValueError, match="t is 5, expected 0 to 4"):
        getattr(figures, name)(t=5)
    for step in range(5):
        picture = getattr(figures, name)(t=step)
        assert faults(picture.svg, picture.alt) == []
