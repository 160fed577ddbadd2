"""What a diagnosis says beside the cause: where, what is left, and what it hides."""

import re

import numpy as np
import pytest

from rnn_notes import check, rnn
from rnn_notes.diagnosis import layer
from rnn_notes.diagnosis.loops import HIDDEN, SQUARED, Kind, bugs_of, variant
from rnn_notes.diagnosis.places import section_of
from rnn_notes.mutants import GALLERY
from rnn_notes.mutants.gated_mutants import GATED
from tests.diagnosis.test_check import checked, problem, together
from tests.diagnosis.test_shapes import rows
from tests.diagnosis.test_strangers import padded
from tests.helpers.prose import ROOT

KINDS = [Kind(h, o, m) for h in HIDDEN for o in ("softmax", *SQUARED) for m in (0, 1)]
BUGS = {b.name: b for b in (*GALLERY.values(), *GATED.values())}
BUGS |= {bug.name: bug for kind in KINDS for bug in bugs_of(variant(kind))}


@pytest.mark.parametrize("name", BUGS)
def test_every_cause_names_a_heading_of_a_page(name):
    page, section = section_of(BUGS[name])
    text = (ROOT / "docs" / f"{page}.md").read_text()
    assert re.search(rf"^#+ {re.escape(section)}$", text, re.MULTILINE), (page, section)


def test_the_right_line_is_told_in_the_readers_names_and_in_rows():
    told = str(check(**rows("Whh untransposed")))
    assert "in your names `dhnext = np.dot(dhraw, Wh.T)`" in told
    assert "With one step it shows in h0 only" in told
    told = str(checked(GALLERY["Whh untransposed"].module(), problem()))
    assert "in your names" not in told  # they are the classic ones
    assert "With one step it does not show" in told


def test_what_is_left_when_one_of_two_is_mended_is_told():
    pair = together(["= -1 at the target", "Whh untransposed"])
    told = str(checked(pair, problem()))
    assert 'Once "= -1 at the target" is mended: Why, by are right, Wxh is off' in told


def test_a_clip_beside_a_bug_is_told():
    class Clipped:
        @staticmethod
        def backward(params, run):
            wrong = GALLERY["Whh untransposed"].module().backward(params, run)
            return type(wrong)(*(d.clip(-0.5, 0.5) for d in wrong))

    diagnosis = checked(Clipped, problem())
    assert [c.name for c in diagnosis.causes] == ["Whh untransposed"]
    assert "clipped at 0.5 besides" in str(diagnosis)
    told = str(checked(GALLERY["Whh untransposed"].module(), problem()))
    assert "besides" not in told


def test_truncation_and_a_mean_are_another_question():
    class Windowed:
        @staticmethod
        def backward(params, run):
            each = [_one_loss(params, run, t, reach=2) for t in range(run.T)]
            return type(each[0])(*map(sum, zip(*each, strict=True)))

    diagnosis = checked(Windowed, problem())
    assert [c.name for c in diagnosis.causes] == ["way back cut short"]
    assert "right, for another question" in str(diagnosis)
    assert not diagnosis.right


def _one_loss(params, run, t, reach):
    """The gradient of one loss, its way back cut."""
    first = max(0, t - reach)
    steps = range(first, t + 1)
    parts = {
        n: {k - first: getattr(run, n)[k] for k in steps} for n in ("xs", "ps", "es")
    }
    for name in ("ps", "es"):
        parts[name] |= {k: 0 * v for k, v in parts[name].items() if k + first != t}
    hs = {k - first: run.hs[k] for k in (first - 1, *steps)}
    losses = run.losses[first : t + 1]
    return rnn.backward(params, run._replace(**parts, hs=hs, losses=losses))


def test_padding_that_moves_the_state_is_told():
    (loss, gradients, arrays), X, due, h0 = padded()
    diagnosis = check(loss, gradients, arrays, inputs=X, targets=due, state=h0)
    assert diagnosis.right
    assert "Steps of zeros in the inputs (3, 0, 2 of 6)" in str(diagnosis)
    X = np.where(X == 0, 0.1, X)
    diagnosis = check(loss, gradients, arrays, inputs=X, targets=due, state=h0)
    assert "Steps of zeros" not in str(diagnosis)


def test_a_pass_that_writes_into_what_comes_from_above_is_told():
    given = rows()
    above = given["upstream"]
    before = above.copy()

    def careless():
        found = given["gradients"]()
        above[...] *= 0.5
        return found

    diagnosis = check(**{**given, "gradients": careless})
    assert "changed upstream in place" in str(diagnosis)
    assert np.array_equal(above, before)


def test_a_layer_hands_over_the_gradient_itself():
    W, dh = np.ones((2, 2)), np.ones((2, 2))
    given = layer(lambda: (2 * W, W), lambda dh, _: {"W": 2 * dh}, {"W": W}, dh)
    assert check(**given).right
    assert given["upstream"] is dh
