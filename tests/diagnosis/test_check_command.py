"""``python -m rnn_notes check`` on the classic script as people have it."""

import json
import re

import numpy as np
import pytest

from rnn_notes.__main__ import main
from rnn_notes.diagnosis.check_command import examined, pasted
from tests.helpers.planting import CLASSIC, CLASSIC_SCRIPT, PROGRAMS, planted

SMALL = ("--set", "hidden_size=7")
TEN = np.random.default_rng(5).choice(sorted(CLASSIC), 10, replace=False).tolist()


def told(capsys, *line):
    """Exit status, what was printed, and the complaint."""
    status = main(["check", *map(str, line)])
    out, err = capsys.readouterr()
    assert "with your rights" in err
    assert "Traceback" not in out
    return status, out, err.partition("\n")[2]


def answered(capsys, *line):
    """Exit status and the answer in JSON."""
    status, out, _ = told(capsys, *line, "--json")
    assert out.isascii()
    return status, json.loads(out)


def written(tmp_path, text):
    path = tmp_path / "own.py"
    path.write_text(text)
    return path


def test_the_classic_script_is_right_as_it_is(capsys):
    status, out, _ = told(capsys, CLASSIC_SCRIPT, *SMALL)
    assert status == 0
    assert "input.txt is missing" in out
    assert "clips its gradients at 5" in out
    assert "so few steps that nothing is clipped" in out
    assert "letters," not in out.replace("letters, of", "")  # its prints are held back


def test_a_clip_that_the_check_meets_is_not_said_to_be_idle(capsys, tmp_path):
    source = CLASSIC_SCRIPT.read_text().replace("-5, 5", "-1e-3, 1e-3")
    _, out, _ = told(capsys, written(tmp_path, source), *SMALL)
    assert "clips its gradients at 0.001" in out
    assert "few steps, and clipped there too" in out


@pytest.mark.parametrize("name", TEN)
def test_a_bug_in_the_classic_script_is_named(name, capsys, tmp_path):
    status, answer = answered(capsys, planted([name], tmp_path), *SMALL)
    assert status == 1
    assert [(c["name"], c["certain"]) for c in answer["causes"]] == [(name, True)]


def test_two_bugs_are_named_together(capsys, tmp_path):
    names = ["Whh untransposed", "= -1 at the target"]
    _, answer = answered(capsys, planted(names, tmp_path), *SMALL)
    assert {c["name"] for c in answer["causes"]} == {*names}


def test_python_2_is_translated_and_that_is_said(capsys, tmp_path):
    source = CLASSIC_SCRIPT.read_text().replace(" range(", " xrange(")
    source = re.sub(r"print\((.*)\)", r"print \1", source)
    path = written(tmp_path, source)
    status, out, _ = told(capsys, f"{path}:lossFun", *SMALL)
    assert status == 0
    assert "Python 2's print and xrange were translated" in out


ROWS = """
import numpy as np
V, H = 5, 7
Wxh, Whh, Why = np.zeros((V, H)), np.zeros((H, H)), np.zeros((H, V))
bh, by = np.zeros((1, H)), np.zeros((1, V))


def lossFun(inputs, targets, hprev):
    hs, ps, loss, later = {-1: np.copy(hprev)}, {}, 0, 0
    for t in range(len(inputs)):
        hs[t] = np.tanh(Wxh[[inputs[t]]] + hs[t - 1] @ Whh + bh)
        e = np.exp(hs[t] @ Why + by)
        ps[t] = e / e.sum()
        loss -= np.log(ps[t][0, targets[t]])
    dWxh, dWhh, dWhy, dbh, dby = (np.zeros_like(a) for a in (Wxh, Whh, Why, bh, by))
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[0, targets[t]] -= 1
        dWhy += hs[t].T @ dy
        dby += dy
        raw = (1 - hs[t] * hs[t]) * (dy @ Why.T + later)
        dbh += raw
        dWxh[[inputs[t]]] += raw
        dWhh += hs[t - 1].T @ raw
        later = raw @ Whh.T
"""


def test_a_class_with_bptt_is_found(capsys):
    status, answer = answered(capsys, PROGRAMS / "words.txt")
    assert status == 1
    assert [c["name"] for c in answer["causes"]] == ["Whh untransposed"]


def test_a_colon_in_the_path_is_no_name(capsys, tmp_path):
    folder = tmp_path / "a:b"
    folder.mkdir()
    status, _, _ = told(capsys, planted(["dhnext dropped"], folder), *SMALL)
    assert status == 1


UNCLEAR = {
    "x = 3": "name the function",
    "def f(a):\n    return a": "name the function",
    "def lossFun(inputs, targets, hprev):\n    return 1.0": "no gradient of a global",
    "exec 'x = 1'": "line 1",
    "def lossFun(inputs, targets, hprev, rate):\n    return 1.0": "takes (inputs",
}


@pytest.mark.parametrize("source", UNCLEAR)
def test_what_is_not_understood_is_one_line(source, capsys, tmp_path):
    status, out, err = told(capsys, written(tmp_path, source))
    assert (status, out) == (2, "")
    assert UNCLEAR[source] in err
    assert err.count("\n") == 1


HEAD = "import numpy as np\nWhh = np.eye(3)\n\n\ndef lossFun(inputs, targets, hprev):\n"


def test_an_error_of_theirs_is_shown_as_theirs(capsys, tmp_path):
    path = written(tmp_path, HEAD + "    return {}['a'], dWhh, hprev\n")
    status, out, err = told(capsys, path)
    assert (status, out) == (2, "")
    assert "your code raised" in err
    assert "own.py" in err
    assert "diagnosis" not in err
    assert "KeyError: 'a'" in err
    last = err.rstrip().rpartition("\n")[2]
    assert all(way in last for way in ("FILE:NAME", "--set", "--arrays", "check in"))
    boxed = pasted(path.read_text()).rpartition("\n")[2]
    assert "rnn_notes.check in Python" in boxed
    assert "--" not in boxed
    ours = told(capsys, written(tmp_path, "x = 3"))[2]  # no error of theirs
    assert "other things" not in ours


FAULTS = {  # in a function of theirs: the exit status, and a word of the complaint
    "sys.exit()": (2, "SystemExit"),
    "raise type('Stop', (BaseException,), {})": (2, "Stop"),
    "return 3.0, 0 * Whh": (2, "does not read Whh"),
    "return 3.0, 0 * Whh, hprev, dWhh": (2, "NameError"),
    "dWhh = 2 * Whh; return (Whh**2).sum(), dWhh": (0, ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_ends_their_function_is_no_verdict(fault, capsys, tmp_path):
    path = written(tmp_path, f"import sys\n{HEAD}    {fault}\n    return 0, dWhh\n")
    status, _, err = told(capsys, path)
    assert status == FAULTS[fault][0]
    assert FAULTS[fault][1] in err


def test_lists_and_integers_are_told_by_name(capsys, tmp_path):
    body = HEAD + "    dWhh = 2 * np.array(Whh)\n    return 1.0, dWhh, hprev\n"
    for value in ("[[1.0]]", "np.eye(3, dtype=int)"):
        path = written(tmp_path, body.replace("np.eye(3)", value))
        status, _, err = told(capsys, path)
        assert status == 2
        assert "np.array(Whh, dtype=float)" in err


def test_a_function_that_never_ends_is_stopped(capsys, tmp_path):
    path = written(
        tmp_path, HEAD + "    while True:\n        dWhh = 0\n    return 0, dWhh\n"
    )
    status, _, err = told(capsys, path, "--seconds", "0.5")
    assert status == 2
    assert "was stopped" in err


def test_settings_that_the_file_does_not_have_are_told(capsys):
    status, _, err = told(capsys, CLASSIC_SCRIPT, "--set", "hidden_sise=3")
    assert status == 2
    assert "hidden_size" in err
    assert main(["check", str(CLASSIC_SCRIPT), "--set", "x"]) == 2


def test_arrays_are_chosen_and_float32_is_widened(capsys, tmp_path):
    source = CLASSIC_SCRIPT.read_text()
    source = source.replace(
        "bh = np.zeros((hidden_size, 1))", "bh = np.zeros((hidden_size, 1), np.float32)"
    )
    status, out, _ = told(capsys, written(tmp_path, source), *SMALL)
    assert status == 0
    assert "Made float64 of bh" in out
    status, out, _ = told(capsys, CLASSIC_SCRIPT, *SMALL, "--arrays", "Wxh,Whh")
    assert status == 0
    assert "Why: right" not in out


def test_what_stands_under_main_and_loops_are_not_run(capsys, tmp_path):
    source = CLASSIC_SCRIPT.read_text().replace("while True:", "while 1:")
    source += "\nif __name__ == '__main__':\n    boom\n"
    assert told(capsys, written(tmp_path, source), *SMALL)[0] == 0


def test_what_a_function_reads_and_the_file_lacks_stands_in(capsys, tmp_path):
    source = CLASSIC_SCRIPT.read_text()
    alone = source[source.index("def lossFun") :]
    status, out, _ = told(capsys, written(tmp_path, alone), *SMALL)
    assert status == 0
    assert "ours stand in: Wxh, Whh, Why, bh, by, np, vocab_size" in out
    eyes = alone.replace("np.zeros((vocab_size, 1))", "np.eye(V)[:, [0]] * 0")
    status, out, _ = told(capsys, written(tmp_path, eyes), *SMALL)
    assert status == 0  # a V that is no weight is a size
    passed = alone.replace("(inputs, targets, hprev)", "(inputs, targets, hprev, Wxh)")
    status, out, _ = told(capsys, written(tmp_path, passed), *SMALL)
    assert status == 0
    wrong = passed.replace("np.dot(Whh.T, dhraw)", "np.dot(Whh, dhraw)")
    status, answer = answered(capsys, written(tmp_path, wrong), *SMALL)
    assert [c["name"] for c in answer["causes"]] == ["Whh untransposed"]


def test_a_script_in_rows_is_given_a_row_for_a_state(capsys, tmp_path):
    rows = ROWS + "    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]\n"
    assert told(capsys, written(tmp_path, rows))[0] == 0
    wrong = rows.replace("hs[t - 1].T @ raw", "hs[t].T @ raw")
    status, answer = answered(capsys, written(tmp_path, wrong))
    assert status == 1
    assert [c["name"] for c in answer["causes"]] == ["hs[t] for hs[t-1]"]


def test_a_script_that_wants_a_command_line_is_given_one(capsys, tmp_path):
    source = CLASSIC_SCRIPT.read_text().replace('"input.txt"', "sys.argv[1]")
    status, out, _ = told(capsys, written(tmp_path, f"import sys\n{source}"), *SMALL)
    assert status == 0
    assert "could not be run" not in out


def test_lines_that_cannot_be_run_are_told_in_one_sentence(capsys, tmp_path):
    source = "import nowhere\nraise_ = nowhere.x\n" + CLASSIC_SCRIPT.read_text()
    status, out, _ = told(capsys, written(tmp_path, source), *SMALL)
    assert status == 0
    assert "Lines 1, 2 could not be run, the first one with ModuleNotFoundError" in out


def test_a_module_is_no_answer_and_the_functions_are_named(tmp_path):
    path = written(tmp_path, "import numpy as np\ndef lossFun(inputs): pass\n")
    with pytest.raises(ValueError, match="no np in the file, which defines lossFun"):
        examined(path, "np")
