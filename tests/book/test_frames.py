"""Figures that move: each frame changes parts that are there, and tells the truth."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from rnn_notes.book import figures
from rnn_notes.book.figures.broken_line import computed, nudged
from rnn_notes.book.figures.chunk_length import LENGTHS
from rnn_notes.book.figures.drawing.frames import Frame, Moving
from rnn_notes.book.figures.drawing.labels import number
from rnn_notes.book.figures.far_signals import opening
from rnn_notes.book.figures.scaled_weights import SCALES, scaled
from rnn_notes.book.figures.temperatures import TEMPERATURES, next_letters
from rnn_notes.book.figures.ways import COUNTS, shares
from rnn_notes.book.figures.ways import nudged as whh_nudged
from rnn_notes.book.reach import missed
from rnn_notes.book.trained import trained
from rnn_notes.checks import all_checks, verdicts
from rnn_notes.ledger import ledger
from rnn_notes.mutants import GALLERY
from rnn_notes.rnn import forward, running_example, signals, softmax
from tests.helpers.drawings import drawn, faults

NAMES = (
    "broken_line",
    "bug_by_bug",
    "cooled",
    "error_against_step",
    "missed_share",
    "gru_step",
    "lstm_step",
    "product_back",
    "scaled_weights",
    "travelling_loss",
    "ways",
)
every_moving = pytest.mark.parametrize("name", NAMES)
LIGHT = 25_000  # bytes of frames, as they are written


def element(svg, part):
    """The tag of a part and the text in it."""
    (found,) = re.findall(rf'<\w+ data-part="{part}"[^>]*>[^<]*', svg)
    return found


def unlike(moving):
    """The parts that the picture does not show as the first frame has them."""
    found = []
    for part, change in moving.frames[moving.first].parts.items():
        shown = element(moving.svg, part)
        wanted = (
            [f">{change}"]
            if isinstance(change, str)
            else [f' {name}="{value}"' for name, value in change.items()]
        )
        found += [part for words in wanted if words not in shown]
    return found


@every_moving
def test_the_picture_shows_the_first_frame(name):
    moving = drawn(name)
    assert faults(moving.svg, moving.alt) == []
    assert unlike(moving) == []
    other = moving.frames[moving.first - 1]
    if other.parts != moving.frames[moving.first].parts:
        assert unlike(replace(moving, first=moving.first - 1))


@every_moving
def test_every_frame_changes_parts_of_the_picture(name):
    moving = drawn(name)
    parts = set(re.findall(r'data-part="([^"]+)"', moving.svg))
    assert {part for f in moving.frames for part in (*f.parts, *f.lit)} <= parts
    assert len({frame.says for frame in moving.frames}) > len(moving.frames) / 2
    assert len({frame.at for frame in moving.frames}) == len(moving.frames)
    places = {int(k) for k in re.findall(r'data-choose="(\d+)"', moving.svg)}
    assert places <= set(range(len(moving.frames)))


@every_moving
def test_the_control_is_one_of_html_s_own_and_light(name):
    moving = drawn(name)
    html = moving.controls("fig")
    assert len(html.encode()) < LIGHT
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', html)
    assert [frame["at"] for frame in json.loads(data)] == [f.at for f in moving.frames]
    many = {"range": 1, "select": 1, "radio": len(moving.frames)}[moving.kind]
    assert len(re.findall(r"<(?:input|select)\b", html)) == many
    assert len(re.findall(r"<label\b", html)) == many
    assert html.count('aria-live="polite"') == 1


def test_a_script_cannot_be_ended_by_what_a_frame_says():
    moving = Moving("<svg></svg>", "A dot.", "Ask", [Frame("1", "</script><b>")])
    assert moving.controls("dot").count("</script>") == 1
    assert "&lt;/script&gt;" in moving.controls("dot")


def test_the_nudged_states_are_the_sums_of_the_ledger():
    params, *rest = running_example()
    run = forward(params, *rest)
    assert np.allclose(nudged(running_example()), ledger(params, run)[:, :, 0].sum(1))
    right, *broken = computed(running_example()).values()
    assert np.allclose(right, nudged(running_example()), rtol=1e-12)
    assert not any(np.allclose(dh, right, rtol=0.01) for dh in broken)


def test_the_broken_lines_are_told_from_the_right_one():
    frames = figures.broken_line().frames
    assert [bool(frame.lit) for frame in frames] == [False, True, True, True, True]
    assert frames[0].says.startswith("Right at every step")


def test_the_products_are_those_of_the_pass():
    params, *rest = running_example()
    run = forward(params, *rest)
    *_, first = signals(params, run)
    said = " ".join(frame.says for frame in figures.product_back().frames)
    for value in (*params.Why @ run.hs[0], *params.Why.T @ first.dy):
        assert f"≈ {number(value.item())}." in said
    assert "≈ 9.99." not in said


def test_the_gallery_says_what_the_checks_say():
    checks, moving = all_checks(), figures.bug_by_bug()
    for frame, bug in zip(moving.frames, GALLERY.values(), strict=True):
        caught = list(verdicts(bug.module(), checks).values())
        assert [f"check{k}" in frame.lit for k in range(len(caught))] == caught


def test_the_scale_that_was_trained_costs_least():
    losses = [scaled(trained(), scale).loss for scale in SCALES]
    assert SCALES[int(np.argmin(losses))] == 1
    norms = [scaled(trained(), scale).norms[-1] for scale in SCALES]
    assert norms[0] < 1e-9 < 1 < norms[-1]  # too weak it fades, too strong it grows


def test_the_colder_the_surer():
    moving, y = figures.cooled(), next_letters(trained())
    shares = [int(frame.parts["share0"].rstrip("%")) for frame in moving.frames]
    assert shares == sorted(shares, reverse=True)
    likeliest = [softmax(y / T).max() for T in TEMPERATURES]
    assert shares == [round(100 * share) for share in likeliest]


def test_a_loss_tells_each_state_what_the_ledger_says():
    params, *rest = running_example()
    table = ledger(params, forward(params, *rest))
    *alone, together = figures.travelling_loss().frames
    for s, frame in enumerate(reversed(alone)):
        told = [frame.parts[f"unit{t}"] for t in range(5)]
        assert told == [number(v, 2 if v else 0) for v in table[:, s, 0]]
        assert [f"back{t}" in frame.lit for t in range(1, 5)] == [
            t <= s for t in range(1, 5)
        ]
    sums = [together.parts[f"unit{t}"] for t in range(5)]
    assert sums == [number(v) for v in table[:, :, 0].sum(axis=1)]
    assert sums != [number(v) for v in table[:, :, 1].sum(axis=1)]


def test_the_bars_of_a_loss_are_as_high_as_the_slopes():
    params, *rest = running_example()
    table = ledger(params, forward(params, *rest))
    bars = figures.travelling_loss().frames[0].parts
    heights = [float(bars[f"bar{t}{i}"]["height"]) for t in range(5) for i in range(3)]
    assert np.allclose(heights, 38 * np.abs(table[:, 4]).ravel(), atol=0.51)
    assert not np.allclose(heights, 38 * np.abs(table[:, 3]).ravel(), atol=0.51)


def test_each_pairing_counts_the_ways_as_its_sum_of_products_does():
    """The four sums of chain-rule, with Jacobians, against the counts."""
    params, *rest = running_example(T=3)
    run = forward(params, *rest)
    dh = [signal.dh for signal in signals(params, run)][::-1]
    own = [params.Why.T @ (run.ps[t] - run.es[t]) for t in range(3)]
    immediate, total, carried = [], [], np.zeros((3, 1))
    for t in range(3):
        slope = 1 - run.hs[t] ** 2
        immediate.append(slope * np.array([[run.hs[t - 1][0, 0]], [0], [0]]))
        carried = immediate[t] + slope * (params.Whh @ carried)
        total.append(carried)
    kinds = {"all losses": dh, "own loss": own, "immediate": immediate, "total": total}
    for name, count in COUNTS.items():
        one, other = (kinds[kind] for kind in name.split(" × "))
        product = sum(float((a * b).sum()) for a, b in zip(one, other, strict=True))
        counted = sum(count(k, s) * share for (k, s), share in shares().items())
        assert product == pytest.approx(counted, rel=1e-12)
        right = name in ("all losses × immediate", "own loss × total")
        assert (product == pytest.approx(whh_nudged(), rel=1e-9)) is right


def test_the_share_that_chunks_miss_falls_with_their_length():
    moving = figures.missed_share()
    at = dict(zip(LENGTHS, moving.frames, strict=True))
    for T in (1, 25, 100):
        share = missed(trained().params, opening(trained()), T)
        assert f"trained net misses {share:.1%} " in at[T].says
    heights = [float(frame.parts["trained"]["cy"]) for frame in moving.frames]
    assert heights[0] < heights[-1]
    assert heights != sorted(heights, reverse=True)
    teeth = {T: frame.parts["strip"]["d"].count("V") for T, frame in at.items()}
    assert teeth[1] > teeth[25] == 3
    assert teeth[100] == 0
