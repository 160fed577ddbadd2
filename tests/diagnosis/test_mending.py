"""Networks that no gallery holds: right as they are, and mended in their own lines."""

import cProfile
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rnn_notes import check
from rnn_notes.diagnosis.edits import KINDS
from rnn_notes.diagnosis.mending import Mended, _codes, _joined, _Search, _within
from rnn_notes.diagnosis.script import Script
from tests.helpers.prose import ROOT

PROGRAMS = Path(__file__).parent / "programs"
PLANTED = [  # a program, what stands in it, the bug, and what it is
    ("stacked", "w[\"Wx2\"].T + next1", "w[\"Wx2\"].T", "a term left out"),
    ("stacked", "h1[t].T @ da2", "h2[t].T @ da2", "one name for another"),
    ("stacked", "da1 @ w[\"Wh1\"].T", "da1 @ w[\"Wh1\"]", "a transpose"),
    ("stacked", "        next1 = back\n", "", "never moved"),
    ("bidirectional", "hb[t + 1].T", "hb[t].T", "the step of an index"),
    ("bidirectional", "    for t in range(T):\n        db",
     "    for t in reversed(range(T)):\n        db", "the order of the steps"),
    ("bidirectional", "dhs[t][H:]", "dhs[t][:H]", "a part of an array"),
    ("bidirectional", "dhs[t][H:] + dhprev", "dhs[t][H:]", "a term left out"),
    ("bidirectional", "dhs[t][H:] + dhprev", "dhs[t][H:] + dhnext",
     "one name for another"),
    ("peephole", "dc * i * (1 - g**2)", "dc * i * g * (1 - g)",
     "the slope of another function"),
    ("peephole", "dao * c", "dao * last", "one name for another"),
    ("embedded", "np.add.at(dE, ids, seen[:, :D])", "dE[ids] += seen[:, :D]",
     "letters twice, added once"),
    ("embedded", "np.add.at(dE, befores, seen[:, D:])", "dE[befores] = seen[:, D:]",
     "letters twice, added once"),
    ("across", "w[\"Ue\"].T @ da", "w[\"Ud\"].T @ da", "one name for another"),
    ("handed", "da @ s.T", "da @ a.T", "one name for another"),
    ("handed", "dy[due[t]] -= 1", "dy[ids[t]] -= 1", "one name for another"),
    ("flat", "hs.append(h.copy())", "hs.append(h)", "a name for a copy"),
    ("flat", "dy[due[t]] -= 1\n        dWy += np.outer(dy, hs[t + 1])",
     "dWy += np.outer(dy, hs[t + 1])\n        dy[due[t]] -= 1",
     "the order of the lines"),
    ("once", "(q - y) / N", "(q - y) * q * (1 - q) / N", "a factor too many"),
]  # fmt: skip


def answer(program, old, new, tmp_path, **options):
    """The diagnosis of a program with some words of it replaced."""
    text = (PROGRAMS / f"{program}.txt").read_text()
    assert text.count(old) == 1 or old == new
    path = tmp_path / f"{program}.py"
    path.write_text(text.replace(old, new))
    script = Script(path)
    script.run()
    names = script.names
    return path, check(names["loss"], names["gradients"], names["w"], **options)


@pytest.mark.parametrize("program", sorted({one[0] for one in PLANTED}))
def test_networks_that_no_gallery_holds_are_right(program, tmp_path):
    _, diagnosis = answer(program, "", "", tmp_path)
    assert diagnosis.right
    assert not diagnosis.causes


@pytest.mark.parametrize(("program", "old", "new", "kind"), PLANTED)
def test_a_line_that_mends_them_is_told(program, old, new, kind, tmp_path):
    given = {"inputs": [0], "targets": [0]}
    path, diagnosis = answer(program, old, new, tmp_path, **given)
    assert not diagnosis.right
    assert [cause.name for cause in diagnosis.causes] == [kind]
    told = str(diagnosis)
    assert f"`{diagnosis.causes[0].line}`" in told
    assert "every gradient is right, here and at other weights" in told
    number = int(told.partition("line ")[2].partition(" of")[0])
    line = path.read_text().replace('"', "'").split("\n")[number - 1]
    assert line.split()[0] in told


def two_slips(tmp_path, first, second):
    """The diagnosis of the flat program with two slips in it."""
    text = (PROGRAMS / "flat.txt").read_text()
    for old, new in (first, second):
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path / "flat.py"
    path.write_text(text)
    script = Script(path)
    script.run()
    names = script.names
    given = {"inputs": names["ids"], "targets": names["due"]}
    return check(names["loss"], names["gradients"], names["w"], **given)


def test_two_slips_in_one_flat_vector_are_told_one_by_one(tmp_path):
    turned = "dhnext = Wh.T @ da", "dhnext = Wh @ da"
    diagnosis = two_slips(tmp_path, turned, ("(da, hs[t])", "(da, hs[t + 1])"))
    assert [c.name for c in diagnosis.causes] == ["a transpose", "the step of an index"]
    assert all(cause.certain for cause in diagnosis.causes)


def test_two_changes_of_one_line_are_told_as_one():
    first = Mended("a part of an array", "f.py", 3, "old", "between")
    other = Mended("a transpose", "f.py", 4, "old", "new")
    then = Mended("a part of an array", "f.py", 3, "between", "new")
    assert _joined([first, then]) == [replace(then, old="old")]
    assert _joined([first, other, then]) == [first, other, then]


def test_a_list_that_an_edit_makes_longer_is_put_back(tmp_path):
    """`+=` for `=` made the reader's own steps longer, and then ended in an error."""
    source = "def gradients():\n    box.kept = steps\n    return box.kept[0][0] * w\n"
    path = tmp_path / "longer.py"
    path.write_text(source)
    w, steps = np.array([1.0, 3.0]), [[1.0], [2.0]]
    names = {"w": w, "steps": steps, "box": SimpleNamespace()}
    exec(compile(source, str(path), "exec"), names)
    given = {"inputs": steps, "targets": [0]}
    assert not check(lambda: (w**3).sum(), names["gradients"], {"w": w}, **given)
    assert steps == [[1.0], [2.0]]


def test_what_the_edits_write_into_is_put_back(tmp_path):
    """Some edit writes into ``due``, which nobody has handed over."""
    path = tmp_path / "handed.py"
    text = (PROGRAMS / "handed.txt").read_text()
    path.write_text(text.replace("da @ s.T", "2 * da @ s.T ** 3"))
    script = Script(path)
    script.run()
    names = script.names
    assert not check(names["loss"], names["gradients"], names["w"]).causes
    assert (names["due"], names["ids"]) == ([4, 1, 5, 2, 3], [0, 4, 1, 5, 2])


def test_a_flat_vector_at_the_output_is_no_lstm():
    """Its letters cannot be told from its shape: refused as a reading, not an error."""
    script = Script(PROGRAMS / "once.txt")
    script.run()
    names = script.names
    given = {"inputs": names["x"], "targets": names["y"]}
    assert check(names["loss"], names["gradients"], names["w"], **given).right


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_names_a_heading_of_a_page(kind):
    _, (page, section) = KINDS[kind]
    text = (ROOT / "docs" / f"{page}.md").read_text()
    assert re.search(rf"^#+ {re.escape(section)}$", text, re.MULTILINE), (page, section)


STALE = """
def gradients():
    kept = stale
    return w.T @ x + other, np.outer(x, x)
"""


def test_an_edit_that_is_right_at_these_weights_alone_is_no_cause(
    tmp_path, monkeypatch
):
    rng = np.random.default_rng(4)
    w, x, other = (rng.standard_normal(shape) for shape in ((3, 3), 3, 3))
    path = tmp_path / "stale.py"
    path.write_text(STALE)
    names = {"np": np, "w": w, "x": x, "other": other, "stale": w @ x}
    exec(compile(STALE, str(path), "exec"), names)

    def found():
        arrays = {"x": x, "w": w}
        return check(lambda: x @ w @ x, names["gradients"], arrays, inputs=0, targets=0)

    assert not found().causes
    monkeypatch.setattr(_Search, "_holds", lambda self: True)
    assert [cause.name for cause in found().causes] == ["one name for another"]


BOTH = """
def both():
    v = x
    return w @ (y * y) + {} @ x, v * v
"""


@pytest.mark.parametrize(("read", "found"), [("x", 1), ("v", 0)])
def test_a_loss_that_the_edit_changes_is_no_cause(read, found, tmp_path):
    """One function gives both: where the loss reads ``v``, ``v = y`` moves it too."""
    rng = np.random.default_rng(0)
    names = dict(zip("wxy", rng.standard_normal((3, 4)), strict=True))
    path = tmp_path / "both.py"
    path.write_text(BOTH.format(read))
    exec(compile(path.read_text(), str(path), "exec"), names)
    both, arrays = names["both"], {"w": names["w"]}
    given = {"inputs": [0], "targets": [0]}
    diagnosis = check(lambda: both()[0], lambda: {"w": both()[1]}, arrays, **given)
    assert not diagnosis.right
    assert [c.line for c in diagnosis.causes] == ["v = y"] * found


def test_an_edited_loop_that_never_ends_is_left() -> None:
    seen: list[int] = []

    def endless() -> None:
        while True:
            seen.append(len(seen))

    with pytest.raises(TimeoutError):
        _within(0.05, endless)
    assert seen
    assert _within(10, lambda: sum(seen)) == sum(seen)


def test_whoever_profiles_goes_on_profiling() -> None:
    """It is an object that is no function, and ended in a TypeError of ours.

    From Python 3.12 on it watches in another way, and then nobody profiles.
    """
    profile = cProfile.Profile()
    profile.enable()
    try:
        before = sys.getprofile()
        codes = _codes(lambda: _within(10, dict))
        profiling = sys.getprofile()
    finally:
        profile.disable()
    assert profiling is before
    assert before is (profile if sys.version_info < (3, 12) else None)
    assert _within.__code__ in codes
