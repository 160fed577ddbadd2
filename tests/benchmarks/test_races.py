"""The benchmark: what it races is checked, and what it reports can be read."""

import copy
import re
import sys

import pytest

from benchmarks import timing
from benchmarks.environment import Others
from benchmarks.peers import contestants, numpy_loops
from benchmarks.problems import Result, Size, problem
from benchmarks.sections import batches as race_of_batches
from benchmarks.sections import lstm as race_of_lstms
from benchmarks.sections import peers as race_of_peers
from benchmarks.sections import steps as page_steps
from rnn_notes import hoisted
from rnn_notes.book import timings
from rnn_notes.book.figures import pass_times, peer_times
from tests.helpers.drawings import faults


@pytest.mark.parametrize("B", [1, 3])
def test_the_loops_that_are_raced_give_the_right_answer(B):
    given = problem(Size(H=5, T=7, V=4, B=B))
    raced = list(contestants(given, ["numpy_loops"]))
    assert [c.name for c in raced][:2] == ["hoisted", "classic"]
    for contestant in raced:
        assert given.error(contestant.read(contestant.call())) < 1e-12


def test_a_wrong_pass_is_not_raced(monkeypatch):
    given = problem(Size(H=5, T=7, V=4, B=1))
    run_backward = hoisted.run_backward

    def untransposed(dhs, slopes, Whh, dhnext):
        run_backward(dhs, slopes, Whh.T, dhnext)

    monkeypatch.setattr(hoisted, "run_backward", untransposed)
    with pytest.raises(ArithmeticError, match="hoisted is wrong by"):
        race_of_peers.compare(given, "float64", True, ["numpy_loops"])


def test_a_peer_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "autograd", None)
    monkeypatch.delitem(sys.modules, "benchmarks.peers.hips", raising=False)
    ((name, reason),) = contestants(problem(Size(5, 7, 4, 1)), ["hips"])
    assert name == "hips"
    assert "autograd" in reason


def test_a_peer_that_fails_is_named_and_does_not_end_the_race(monkeypatch):
    given = problem(Size(H=5, T=7, V=4, B=1))

    def failing(*_, **__):
        raise RuntimeError("no compiler\nfound")

    monkeypatch.setattr(numpy_loops, "classic", failing)
    row = race_of_peers.compare(given, "float64", True, ["numpy_loops"])
    assert row["missing"] == {"classic": "RuntimeError: no compiler"}
    assert {*row["ratios"]} == {"hoisted", "readable"}
    monkeypatch.setattr(hoisted, "loss_and_gradients", failing)
    with pytest.raises(RuntimeError, match="no compiler"):
        race_of_peers.compare(given, "float64", True, ["numpy_loops"])


def test_the_steps_that_are_timed_are_those_of_the_page():
    given = problem(Size(H=5, T=7, V=4, B=1))
    arguments = given.params, given.inputs[0], given.targets[0], given.hprev
    found = page_steps.steps(given.size)
    assert list(found) == list(timings.STEPS)
    for step in found.values():
        assert given.error(Result(*step(*arguments))) < 1e-12


def test_an_lstm_is_raced_once_its_gradients_agree(monkeypatch):
    size = Size(H=4, T=5, V=3, B=2)
    row = race_of_lstms.compare(size, quick=True)
    assert row["ratios"]["hoisted"] == [1, 1, 1]
    assert "loop" not in row["ratios"]
    right = race_of_lstms.by_sequence

    def wrong(*given):
        loss, gradients, lasts = right(*given)
        return loss, gradients._replace(dWhf=-gradients.dWhf), lasts

    monkeypatch.setattr(race_of_lstms, "by_sequence", wrong)
    with pytest.raises(ArithmeticError, match="dWhf is wrong by 2"):
        race_of_lstms.compare(size, quick=True)


def test_a_batch_is_timed_beside_single_passes():
    for cell in ("rnn", "lstm"):
        loss, gradients, _ = race_of_batches.passed(cell, H=4, B=3)()
        assert loss > 0
        assert gradients.dhprev.shape == (4, 3)
    row = race_of_batches.shares("lstm", 4, quick=True)
    assert all(0 < low <= share <= high for low, share, high in row["shares"].values())


def test_the_published_run_can_be_read():
    results = timings.Results()
    text = timings.everything(results)
    assert timings.number(results["batches"]["rows"][-1]["one"]) in text
    assert "100/25/65/1" in text
    for row in results.peers(1):
        limit = race_of_peers.TOLERANCES[row["dtype"]]
        assert all(error <= limit for error in row["errors"].values())
    first = results.peers(1)[0]["ratios"]
    fastest = timings.best(results, "jax")["100/25/65/1, float64"]
    assert fastest == min(r[1] for name, r in first.items() if name[:3] == "jax")
    assert timings.best(results, "torch")["100/25/65/1, float64"] > fastest


def test_the_figure_of_the_race_can_be_read_and_is_drawn_from_it():
    published = timings.Results()
    other = copy.deepcopy(published)
    other["steps"][0]["microseconds"]["step_5"] *= 2
    figure, another = pass_times(), pass_times(other)
    assert faults(figure.svg, figure.alt) == faults(another.svg, another.alt) == []
    assert faults(figure.svg.replace("0 0 360", "0 0 720"), figure.alt)
    slow, fast = (
        max(float(w) for w in re.findall(r'width="([\d.]+)" height="18"[^>]*dh', f.svg))
        for f in (another, figure)
    )
    assert slow == pytest.approx(2 * fast, rel=0.01)
    time = timings.number(other["steps"][0]["microseconds"]["step_5"])
    assert time in another.alt
    assert time not in figure.alt


def test_the_figure_of_the_peers_is_drawn_from_the_race():
    published = timings.Results()
    other = copy.deepcopy(published)
    first = other.peers(1)[0]["ratios"]
    figure = peer_times()
    assert faults(figure.svg, figure.alt) == []
    for name, ratio in first.items():
        shown = f"{timings.PEERS[name]}: {timings.number(ratio[1])}"
        assert (shown in figure.alt) == (name != "autograd")
    first["torch"][1] *= 2
    assert peer_times(other).alt != figure.alt


@pytest.mark.parametrize(("slower", "told"), [(0.6, False), (1.9, False), (2.1, True)])
def test_a_machine_that_was_shared_is_told(slower, told):
    rows = [{"size": dict.fromkeys("HTVB", 1), "dtype": "float64"}]
    one = [{**row, "microseconds": {"hoisted": 10.0}} for row in rows]
    two = [{**row, "microseconds": {"hoisted": 10 * slower}} for row in rows]
    results = timings.Results({"peers, 1 thread": one, "peers, 2 threads": two})
    assert timings.disturbed(results) is told


@pytest.mark.parametrize(
    ("before", "now", "share"),
    [
        ((100, 40, 30), (200, 100, 70), 0.2),
        ((100, 40, 30), (200, 60, 51), 0.0),  # ours, with a tick of rounding
        (None, None, None),
    ],
)
def test_what_other_programs_take_is_what_is_busy_and_not_ours(
    before, now, share, monkeypatch
):
    seconds = iter((before, now))
    monkeypatch.setattr(Others, "_seconds", staticmethod(lambda: next(seconds)))
    assert Others().share() == share


def test_times_are_taken_in_turns():
    order = []
    calls = {name: lambda name=name: order.append(name) for name in "ab"}
    times = timing.race(calls, rounds=3, slot=1e-9)
    assert "".join(order) == "aabb" + "ab" + "ba" + "ab"
    assert len(times.rounds["a"]) == 3
    assert times.ratio("a", "a") == [1.0, 1.0, 1.0]
    assert timing.race({}).rounds == {}
