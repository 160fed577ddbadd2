"""The book's own training: learnt honestly, cached by content, drawn as it went."""

import os
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from rnn_notes import hoisted, rnn, training
from rnn_notes.book import figures
from rnn_notes.book import trained as module
from rnn_notes.book.reach import (
    chunked_gradients,
    jacobian_norms,
    jacobians,
    missed,
    spectral_radius,
    step_jacobian,
    truncated,
)
from rnn_notes.book.trained import baselines, corpus, kept_loss, key, split, trained
from rnn_notes.checkpoints import Settings
from rnn_notes.differences import agreement
from rnn_notes.layouts import jacobian
from rnn_notes.rnn import forward, running_example
from rnn_notes.text import Vocabulary
from tests.helpers.drawings import faults, numbers

COMPUTES = [
    "arrays.arguments",
    "arrays.weights",
    "text",
    "training.updates",
    "rnn",
    "hoisted",
    "training",
    "book.reach",
]
TEXT = "the cat sat on the mat.\nthe mat lay flat.\n" * 20
SMALL = Settings(H=8, T=5, seed=1)
STAGES = (0, 10, 60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def small(folder):
    return trained(TEXT, SMALL, STAGES, folder)


def same(one, other):
    """Whether two trainings are equal to the bit."""
    ends = [
        [*vars(net.params).values(), net.losses, net.smoothed] for net in (one, other)
    ]
    return all(map(np.array_equal, *ends))


def counting(monkeypatch):
    """A list that grows by one with every training that is done."""
    done, real = [], module._arrays
    monkeypatch.setattr(module, "_arrays", lambda *a: (done.append(a), real(*a))[1])
    return done


def test_the_corpus_is_plain_prose():
    letters = set(corpus())
    assert letters <= set("abcdefghijklmnopqrstuvwxyz .,:;?'-\n")
    assert 20_000 < len(corpus()) < 60_000
    assert corpus().endswith(".\n")
    read, kept = split(corpus())
    assert read + kept == corpus()
    assert read.endswith("\n")
    assert 0.05 < len(kept) / len(corpus()) < 0.15


@pytest.mark.parametrize("whole", ["", "abc", "abc\n", "abcdefghi\nj"])
def test_a_text_that_cannot_be_split_is_refused(whole):
    with pytest.raises(ValueError, match="no line ends before"):
        split(whole)


def test_the_training_is_the_loop_that_the_pages_show(folder, small):
    vocabulary = Vocabulary.of(TEXT)
    start = training.start(len(vocabulary), 8, 5, np.random.default_rng(1))
    readable = training.steps(start, vocabulary.encode(small.read), 5)
    states = list(islice(readable, STAGES[-1]))
    early = [state.loss for state in states[:10]]
    assert np.allclose(small.losses[:10], early, rtol=1e-9)
    assert not np.allclose(small.losses[1:11], early, rtol=1e-9)
    assert same(small, trained(TEXT, SMALL, STAGES, "/dev/null/nowhere"))
    assert not same(small, trained(TEXT, Settings(H=8, T=5, seed=2), STAGES, folder))


def test_a_stage_is_the_network_after_as_many_steps(folder, small):
    shorter = trained(TEXT, SMALL, (0, 10), folder)
    assert np.array_equal(small.stages[10].Whh, shorter.params.Whh)
    assert not np.array_equal(small.params.Whh, shorter.params.Whh)
    assert np.array_equal(small.untrained.Whh, shorter.untrained.Whh)
    assert small.losses.shape == small.smoothed.shape == (60,)


def test_the_smoothed_loss_starts_at_a_blind_guess(small):
    blind = 5 * np.log(len(small.vocabulary))
    expected = 0.999 * blind + 0.001 * small.losses[0]
    assert small.smoothed[0] == pytest.approx(expected, rel=1e-12)
    assert small.smoothed[0] != pytest.approx(small.losses[0], rel=1e-12)


def test_a_second_call_takes_the_result_from_the_cache(folder, small, monkeypatch):
    done = counting(monkeypatch)
    assert same(small, trained(TEXT, SMALL, STAGES, folder))
    assert done == []
    trained(TEXT + "on.\n", SMALL, STAGES, folder)
    assert len(done) == 1


def test_the_cache_knows_text_settings_stages_and_code(monkeypatch):
    before = key(TEXT, SMALL, STAGES)
    assert key(TEXT, SMALL, STAGES) == before
    others = [
        key(TEXT + "a", SMALL, STAGES),
        key(TEXT, Settings(H=8, T=5, seed=2), STAGES),
        key(TEXT, SMALL, (0, 60)),
        key(TEXT, SMALL, STAGES, back=1),
    ]
    real = module.inspect.getsource
    for changed in module._computed_with():
        with monkeypatch.context() as patch:
            patch.setattr(
                module.inspect,
                "getsource",
                lambda m, changed=changed: real(m) + "#" * (m is changed),
            )
            others.append(key(TEXT, SMALL, STAGES))
    names = {m.__name__ for m in module._computed_with()}
    assert {f"rnn_notes.{name}" for name in COMPUTES} <= names
    assert "rnn_notes.book.figures" not in names, "what draws changes no training"
    assert len({before, *others}) == 5 + len(names)


@pytest.mark.parametrize("damage", ["truncated", "empty", "foreign", "pickled"])
def test_a_damaged_result_costs_the_training_and_nothing_else(
    damage, folder, small, monkeypatch
):
    path = folder / f"{key(TEXT, SMALL, STAGES)}.npz"
    whole = path.read_bytes()
    if damage == "pickled":
        np.savez(path, losses=np.array([{}], dtype=object), allow_pickle=True)
    else:
        content = {"truncated": whole[:-500], "empty": b"", "foreign": b"not a zip"}
        path.write_bytes(content[damage])
    done = counting(monkeypatch)
    assert same(small, trained(TEXT, SMALL, STAGES, folder))
    assert len(done) == 1
    assert path.read_bytes() == whole
    assert [p for p in folder.iterdir() if p.suffix != ".npz"] == []


def test_results_are_kept_where_a_checkout_builds():
    root = Path(__file__).parents[2]
    assert module.default_cache() == root / "_build" / "trained"


def test_an_installed_package_keeps_results_with_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(
        module, "__file__", str(tmp_path / "rnn_notes" / "book" / "trained.py")
    )
    assert module.default_cache().parent == module._temporary()
    assert os.fspath(tmp_path) not in os.fspath(module.default_cache())


@pytest.mark.parametrize(
    "stages", [(), (0,), (10, 60), (0, 60, 10), (0, 10, 10), (-1, 0)]
)
def test_stages_that_do_not_grow_are_refused(stages, tmp_path):
    with pytest.raises(ValueError, match="expected 0 and growing numbers"):
        trained(TEXT, SMALL, stages, tmp_path)


def test_baselines_are_those_of_counting(small):
    alike, frequencies, pairs = baselines(small).values()
    V, letters = len(small.vocabulary), small.read
    assert alike == pytest.approx(np.log(V))
    counted = [letters[1:].count(letter) + 0.1 * V for letter in small.kept[1:]]
    total = len(letters) - 1 + 0.1 * V * V
    assert frequencies == pytest.approx(-np.log(np.divide(counted, total)).mean())
    assert pairs < frequencies < alike
    assert kept_loss(small, 60) < kept_loss(small, 10) < kept_loss(small, 0) + 0.01


def test_jacobians_over_many_steps_are_measured_ones():
    params, *rest = running_example()
    run = forward(params, *rest)
    found = list(jacobians(params, run, t=4))
    wrong = np.eye(3)
    for k, product in enumerate(found):
        s = 4 - k  # the state by which hs[4] is differentiated

        def ahead(h, s=s):
            after = slice(s + 1, 5)
            return forward(params, rest[0][after], rest[1][after], h).hs[4 - s - 1]

        truth = jacobian(ahead, run.hs[s]) if k else np.eye(3)
        assert agreement(product, truth, tolerance=1e-12)
        if k > 1:
            wrong = step_jacobian(params, run, s + 1) @ wrong
            assert not agreement(wrong, truth)  # the product in the other order
        elif k == 1:
            wrong = product
    norms = jacobian_norms(params, run, t=4, steps=5)
    assert np.allclose(norms, [np.linalg.svd(J)[1][0] for J in found])
    assert not np.allclose(norms, [np.linalg.norm(J) for J in found])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, run: list(jacobians(p, run, 5)), "t is 5, expected 0 to 4"),
        (lambda p, run: jacobian_norms(p, run, 2, 4), "steps is 4, expected 0 to 3"),
        (lambda p, run: chunked_gradients(p, [0, 1, 1, 0], 2), "a divisor of the 3"),
        (lambda p, run: chunked_gradients(p, [0, 1, 1, 0], 0), "back is 0"),
    ],
)
def test_what_cannot_be_reached_is_refused(call, message):
    params, *rest = running_example()
    with pytest.raises(ValueError, match=message):
        call(params, forward(params, *rest))


def test_one_chunk_misses_nothing_and_shorter_ones_miss_more():
    params, indices = running_example()[0], [0, 1, 1, 0, 1, 1, 0, 1, 0]
    one = chunked_gradients(params, indices, 8)
    assert agreement(
        one,
        rnn.backward(
            params, forward(params, indices[:-1], indices[1:], np.zeros((3, 1)))
        ),
        1e-14,
    )
    shares = [missed(params, indices, T) for T in (8, 4, 1)]
    assert shares[0] == 0 < shares[1] < shares[2]
    assert not agreement(chunked_gradients(params, indices, 4).dWhh, one.dWhh, 0.01)


def test_a_truncated_pass_is_the_passes_of_its_pieces_one_after_the_other():
    params, inputs, targets, hprev = running_example(T=4)
    h, parts, total = hprev, [], 0.0
    for piece in (slice(0, 2), slice(2, 4)):
        run = forward(params, inputs[piece], targets[piece], h)
        h, total = run.hs[1], total + run.loss
        parts.append(rnn.backward(params, run))
    summed = rnn.Gradients._make(map(sum, zip(*parts, strict=True)))
    loss, cut, hlast = truncated(params, inputs, targets, hprev, back=2)
    assert agreement(cut, summed._replace(dhprev=parts[0].dhprev), 1e-12)
    assert not agreement(cut, summed)
    assert np.allclose(hlast, h, rtol=1e-12)
    assert loss == pytest.approx(total, rel=1e-12)
    whole = truncated(params, inputs, targets, hprev, back=4)
    truth = rnn.loss_and_gradients(params, inputs, targets, hprev)
    assert agreement(whole[1], truth[1], 1e-12)
    assert not agreement(cut.dWhh, whole[1].dWhh)


def test_a_training_whose_gradients_are_cut_is_another_one(folder, small):
    same_reach = trained(TEXT, SMALL, STAGES, folder, back=SMALL.T)
    cut = trained(TEXT, SMALL, STAGES, folder, back=1)
    assert np.allclose(small.losses, same_reach.losses, rtol=1e-6)
    assert not np.allclose(small.losses, cut.losses, rtol=1e-3)
    with pytest.raises(ValueError, match="back is 2, expected a divisor of the 5"):
        trained(TEXT, SMALL, STAGES, folder, back=2)


def test_a_spectral_radius_is_that_of_complex_eigenvalues_too():
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])
    assert spectral_radius(turn) == pytest.approx(2)
    assert np.isreal(np.linalg.eigvals(turn)).sum() == 0


FIGURES = ("loss_curve", "fading", "tanh_slopes", "missed_share")


@pytest.fixture(scope="module")
def other(folder):
    """A training of another size, long enough for every figure."""
    return trained(TEXT, Settings(H=6, T=10), (0, 30, 200), folder)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_a_training_can_be_read_and_is_drawn_from_it(name, other):
    function = getattr(figures, name)
    figure, another = function(), function(other)
    for drawn in (figure, another):
        assert faults(drawn.svg, drawn.alt) == []
    assert faults(figure.svg.replace("0 0 360", "0 0 720"), figure.alt)
    assert another.alt != figure.alt
    assert another.svg != figure.svg


def test_the_loss_curve_tells_the_losses(other):
    figure = figures.loss_curve(other)
    said = [10 * np.log(len(other.vocabulary)), other.smoothed[-1]]
    said.append(10 * baselines(other)["letter pairs"])
    for value in said:
        assert f"{value:.1f}" in figure.alt
        assert any(abs(value - drawn) < 0.051 for drawn in numbers(figure))
    for stage in other.stages:
        assert f"{10 * kept_loss(other, stage):.1f} after {stage}" in figure.alt
    assert f"{said[1] + 1:.1f}" not in figure.alt


def test_the_fading_tells_what_the_jacobians_say(other):
    figure = figures.fading(other)
    radius = spectral_radius(other.params.Whh)
    assert f"{radius:.2f}" in figure.alt
    assert f"{radius + 0.1:.2f}" not in figure.alt
    letters = other.vocabulary.encode(other.read)[:501]
    run = forward(other.params, letters[:-1], letters[1:], np.zeros((6, 1)))
    kept = [jacobian_norms(other.params, run, t, 25)[25] for t in range(99, 500, 25)]
    exponent = round(float(np.log10(np.median(kept))))
    raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    assert re.search(
        rf"trained net keeps {f'10{raised}' if exponent else '1'}\b", figure.alt
    )


def test_the_readable_pass_gives_the_hoisted_one_s_first_steps():
    encoded = Vocabulary.of(TEXT).encode(TEXT)
    start = training.start(max(encoded) + 1, 8, 5, np.random.default_rng(0))
    passes = (rnn.loss_and_gradients, hoisted.loss_and_gradients)
    ends = [
        list(islice(training.steps(start, encoded, 5, loss_and_gradients=p), 5))[-1]
        for p in passes
    ]
    assert np.allclose(ends[0].params.Whh, ends[1].params.Whh, rtol=1e-9, atol=1e-12)
    later = list(islice(training.steps(start, encoded, 5), 6))[-1]
    assert not np.allclose(ends[0].params.Whh, later.params.Whh, rtol=1e-9, atol=1e-12)


def test_the_overfitting_is_drawn_from_the_costs():
    found = {
        "read": {"10": [2.0, 2.2], "20": [1.5, 1.7], "40": [1.0, 1.2]},
        "kept": {"10": [2.2, 2.4], "20": [1.8, 2.0], "40": [2.4, 2.8]},
    }
    figure = figures.overfitting(found)
    assert faults(figure.svg, figure.alt) == []
    assert "falls to 1.10 after 40" in figure.alt
    assert "lowest after 20 steps, with 1.90, and then rises to 2.60" in figure.alt
    turned = figures.overfitting({"read": found["kept"], "kept": found["read"]})
    assert "lowest after 40 steps" in turned.alt
    assert turned.svg != figure.svg


def test_the_key_is_the_same_whatever_else_is_imported():
    asked = "from rnn_notes.book import trained as m; "
    asked += "print(m.key('ab', m._SETTINGS, m.STAGES))"
    others = "import rnn_notes.training.commands, rnn_notes.book.live; "
    said = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout
        for code in (asked, others + asked)
    ]
    assert said[0].strip()
    assert said[0] == said[1]
