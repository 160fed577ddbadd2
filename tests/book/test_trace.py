"""The trace holds what the loop held, and says rightly whose derivative it is."""

import html
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from rnn_notes import lstm, rnn
from rnn_notes.book.figures import lstm_network, lstm_steps, step_network
from rnn_notes.book.figures.drawing.labels import number
from rnn_notes.book.figures.drawing.run import given
from rnn_notes.book.figures.stepped_lstm import lstm_run, lstm_told
from rnn_notes.book.figures.stepped_network import stops_of, told
from rnn_notes.book.figures.stepper_parts import filling, story
from rnn_notes.book.trace import OWN, Held, trace, watched
from rnn_notes.differences import complex_step
from rnn_notes.ledger import ledger, long_ledger
from rnn_notes.rnn import (
    Params,
    backward,
    forward,
    logsumexp,
    running_example,
    signals,
)


def other_run(T=4, V=3, H=2):
    """A run whose sizes are not those of the running example."""
    rng = np.random.default_rng(5)
    params = Params.random(V, H, rng, scale=0.7)
    letters = rng.integers(0, V, T + 1).tolist()
    return params, forward(params, letters[:-1], letters[1:], rng.normal(size=(H, 1)))


RUNS = {"running": given(), "short": given(running_example(T=1)), "other": other_run()}
every_run = pytest.mark.parametrize(("params", "run"), RUNS.values(), ids=RUNS)


def turns(stops):
    """The stops of each turn in the order of the loop, the first one left out."""
    return [stops[k : k + 4] for k in range(1, len(stops), 4)]


@every_run
def test_the_trace_holds_what_signals_yields(params, run):
    first, *rest = stops = trace(params, run)
    assert (first.t, first.name, first.line) == (
        run.T,
        "dhnext",
        "dhnext = np.zeros_like(run.hs[-1])",
    )
    assert not first.held["dhnext"].value.any()
    assert len(rest) == 4 * run.T
    yielded = list(signals(params, run))
    after = [*(signal.dhnext for signal in yielded[1:]), backward(params, run).dhprev]
    for t, turn, signal, left in zip(
        reversed(range(run.T)), turns(stops), yielded, after, strict=True
    ):
        assert [(stop.t, stop.name) for stop in turn] == [
            (t, name) for name in ("dy", "dh", "dhraw", "dhnext")
        ]
        for stop in turn:
            value = stop.held[stop.name].value
            expected = left if stop.name == "dhnext" else getattr(signal, stop.name)
            assert np.array_equal(value, expected)
        for stop in turn[:3]:
            assert np.array_equal(stop.held["dhnext"].value, signal.dhnext)
        held = turn[1].held
        assert np.array_equal(held[OWN].value + held["dhnext"].value, held["dh"].value)
        assert not np.array_equal(held[OWN].value, left)


def false_claims(held: dict[str, Held], table) -> set[str]:
    """The names that say wrongly of which losses, by which state, they are."""
    by_state = {name: h for name, h in held.items() if h.by.startswith("hs[")}
    assert {"dhnext"} <= set(by_state)
    return {
        name
        for name, (value, losses, by) in by_state.items()
        if not np.allclose(
            value.ravel(), table[int(by[3:-1]), list(losses)].sum(axis=0), atol=1e-14
        )
    }


@every_run
def test_each_value_is_the_derivative_that_it_says(params, run):
    table = long_ledger(params, run)
    stops = trace(params, run)
    assert not any(false_claims(stop.held, table) for stop in stops)
    for stop in stops[4::4]:  # after the last line of a turn
        now, t = stop.held["dhnext"], stop.t
        wrong = [now._replace(by=f"hs[{t}]"), now._replace(losses=range(t + 1, run.T))]
        for claim in wrong:
            assert false_claims(stop.held | {"dhnext": claim}, table) == {"dhnext"}


@every_run
def test_the_row_below_the_ledger_belongs_to_hprev(params, run):
    table = long_ledger(params, run)
    assert np.array_equal(table[:-1], ledger(params, run))
    measured = [
        (
            forward(params, *letters(run), run.hs[-1] + nudge).losses
            - forward(params, *letters(run), run.hs[-1] - nudge).losses
        )
        / 2e-6
        for nudge in 1e-6 * np.eye(params.H)[:, :, None]
    ]
    assert np.allclose(table[-1], np.transpose(measured), atol=1e-8)
    assert not np.allclose(table[0], np.transpose(measured), atol=1e-3)


def letters(run):
    """The inputs and the targets of a run, as indices."""
    return [[int(one.argmax()) for one in held.values()] for held in (run.xs, run.es)]


def test_the_lines_are_those_of_the_loop():
    source = Path(rnn.__file__).read_text()
    lines = {stop.line for stop in trace(*given())}
    assert len(lines) == 5
    assert all(source.count(f"    {line}") == 1 for line in lines)


def test_watching_leaves_another_watcher_where_it_was():
    def other(*_):
        return None

    before = sys.gettrace()
    sys.settrace(other)
    try:
        trace(*given())
        found = sys.gettrace()
        with pytest.raises(TypeError, match="loop is a list_iterator, expected a gen"):
            watched(iter([1]), ["x"])
        with pytest.raises(ZeroDivisionError):
            watched((1 / 0 for _ in range(1)), ["x"])
        still = sys.gettrace()
    finally:
        sys.settrace(before)
    assert found is other
    assert still is other


def test_every_stop_lights_something_up():
    figure = step_network()
    parts = [
        list(map(int, at.split())) for at in re.findall('data-at="([^"]*)"', figure.svg)
    ]
    assert all(at == sorted(at) for at in parts)
    assert set().union(*parts) == set(range(21))
    first = [at[0] for at in parts]
    assert sorted(first) == sorted(
        [0, *range(1, 21), *range(2, 21, 4)]
    )  # OWN beside dh
    with pytest.raises(ValueError, match="T is 6, expected 5 at the most"):
        step_network((*other_inputs(6),))


def other_inputs(T):
    """The running example's parameters on a longer text."""
    params, _, _, hprev = running_example()
    return params, [0, 1] * (T // 2), [1, 0] * (T // 2), hprev


def test_the_words_say_what_dhnext_becomes():
    stops = trace(*given())
    said = {(stop.t, stop.name): told(stop, 5) for stop in stops}
    assert len(set(said.values())) == len(stops) - 4  # the tanh is told alike each time
    was = "was the derivative of losses 3 and 4 by `hs[2]`"
    now = "now it is that of losses 2 to 4 by `hs[1]`. Iteration t = 1 will add loss 1."
    assert was in said[2, "dhnext"]
    assert said[2, "dhnext"].endswith(now)
    assert "of no loss by `hs[4]`" in said[4, "dhnext"]
    assert "hprev" in said[0, "dhnext"]
    assert "hprev" not in said[1, "dhnext"]


def test_the_page_s_numbers_are_those_of_the_trace():
    params, run = given()
    stops = trace(params, run)
    told_of = json.loads(story(stops, run.T))
    assert "<" not in story(stops, run.T)
    for stop, page in zip(stops, told_of["stops"], strict=True):
        assert page["line"] == stop.line
        assert page["says"] == told(stop, run.T)
        assert set(page["held"]) == set(stop.held)
        for name, (value, losses, by) in stop.held.items():
            *numbers, of, state = page["held"][name]
            assert numbers == [number(v) for v in value.ravel()]
            assert re.findall(r"\d+", of) == [
                str(s) for s in sorted({*losses[:1], *losses[-1:]})
            ]
            assert by in state
    at_start = told_of["stops"][0]["held"]
    assert at_start == {"dhnext": ["0.00", "0.00", "0.00", "none", "`hs[4]`"]}


def rows_of(table: str) -> list[list[tuple[str, str]]]:
    """The stops and the text of every cell of an HTML table's body, row by row."""
    return [
        [
            (at, html.unescape(text))
            for at, text in re.findall(
                r'<td(?:[^>]*data-at="([^"]*)")?[^>]*>([^<]*)', row
            )
        ]
        for row in table.split("<tbody>")[1].split("</tr>")[:-1]
    ]


def test_each_row_of_the_page_s_ledger_sums_to_dh():
    params, run = given()
    when = stops_of(trace(params, run))
    rows = rows_of(filling(params, run, when))
    dhs = [signal.dh[0, 0] for signal in signals(params, run)]
    expected = dict(zip((4, 3, 2, 1, 0), dhs, strict=True))
    for t, cells in zip((4, 3, 2, 1, 0, -1), rows, strict=True):
        values = [float(text.replace("−", "-")) if text else None for _, text in cells]
        *shares, later, total = values
        assert sum(shares[: 4 - t]) == pytest.approx(later, abs=0.03)
        if t >= 0:
            assert sum(shares) == pytest.approx(total, abs=0.03)
            assert total == pytest.approx(expected[t], abs=0.005)
            assert later != pytest.approx(total, abs=0.03)
            assert [text for _, text in cells[5 - t : 5]] == ["0"] * t
            assert cells[-1][0] == str(when[t, "dh"])
        first = when[t + 1, "dhnext"]
        assert all(int(at.split()[0]) == first for at, _ in [*cells[: 4 - t], cells[5]])


# The LSTM's loop

GATES = "diraw", "dfraw", "doraw", "dgraw"
TURN = ["dy", "dh", "dc", *GATES, "dhprev", "dcprev", "dhnext dcnext"]


def nudged(run, params, held):
    """The derivative that a name says it is, measured; None where it is of a gate."""
    losses, by = held.losses, held.by
    if "[" not in by:
        return None
    state, t = by[:2], int(by[3 : by.index("]")])
    inputs, targets = letters(run)

    def of(value):
        """The sum of those losses, from one changed value on."""
        after = slice(t + 1, None)
        h, c, y = run.hs[t], run.cs[t], None
        if state == "ys":
            return logsumexp(value) - value[targets[t], 0]
        if state == "cs":
            c = value
            h = h if "straight" in by else run.o[t] * np.tanh(c)
        else:
            h = value
        total = 0.0
        if t in losses:
            y = params.Why @ h + params.by
            total = logsumexp(y) - y[targets[t], 0]
        if t + 1 in losses:
            total = (
                total + lstm.forward(params, inputs[after], targets[after], h, c).loss
            )
        return total

    values = {"ys": run.ys, "cs": run.cs, "hs": run.hs}[state]
    return complex_step(of, values[t]) if losses else np.zeros_like(values[t])


def test_the_trace_of_the_lstm_says_rightly_whose_derivatives_it_holds():
    params, run = lstm_run()
    first, *rest = stops = trace(params, run)
    assert (first.name, first.t) == ("dhnext dcnext", run.T)
    assert [(s.t, s.name) for s in rest] == [
        (t, n) for t in (4, 3, 2, 1, 0) for n in TURN
    ]
    yielded = dict(zip((4, 3, 2, 1, 0), lstm.signals(params, run), strict=True))
    for stop in stops:
        for name, held in stop.held.items():
            truth = nudged(run, params, held)
            if truth is None:
                assert np.array_equal(held.value, getattr(yielded[stop.t], name))
                assert held.losses == range(stop.t, run.T)
            else:
                assert np.allclose(held.value, truth, rtol=1e-11, atol=1e-14), name
    held = stops[20].held  # after two turns
    wrong = held["dc"]._replace(by="cs[3], straight")
    assert not np.allclose(wrong.value, nudged(run, params, wrong), rtol=1e-3)
    wrong = held["dhnext"]._replace(losses=range(4, 5))
    assert not np.allclose(wrong.value, nudged(run, params, wrong), rtol=1e-3)


def test_the_picture_and_the_words_of_the_lstm_follow_its_trace():
    params, run = lstm_run()
    stops = trace(params, run)
    parts = re.findall('data-at="([^"]*)"', lstm_network().svg)
    at = [list(map(int, part.split())) for part in parts]
    assert all(one == sorted(one) for one in at)
    assert set().union(*at) == set(range(len(stops)))
    said = [lstm_told(stop, run.T) for stop in stops]
    assert "from losses 3 and 4" in said[23]
    assert "`dcnext` by `cs[1]`" in said[30]
    assert said[-1].endswith("the gradients by `hprev` and `cprev`.")
    told_of = json.loads(story(stops, run.T, lstm_told))["stops"]
    assert [one["says"] for one in told_of] == said
    assert told_of[3]["held"]["dcnext"][-1] == "`cs[4]`, straight"
    assert max(len(one["held"]) for one in told_of) == 12
    gates = [signal.dc[0, 0] for signal in lstm.signals(params, run)]
    for value in gates:
        assert f"dc is {number(value)}," in lstm_steps().alt
    with pytest.raises(ValueError, match="T is 6, expected 5 at the most"):
        lstm_network((params, [0, 1] * 3, [1, 0] * 3, run.hs[-1], run.cs[-1]))
