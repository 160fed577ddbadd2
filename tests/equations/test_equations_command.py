"""``python -m rnn_notes equation``: what it prints and its exit status."""

import io
import json

import pytest

from rnn_notes.__main__ import main

DY = r"\frac{\partial L}{\partial y_t} = p_t - e_t"
WRONG = r"\frac{\partial L}{\partial y_t} = p_t + e_t"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ([DY], 0, "V×1 = V×1 − V×1"),
        ([WRONG], 1, "p_t - e_t"),
        (["L = q"], 2, "      ^"),
        ([DY, WRONG], 1, "holds"),
        ([WRONG, "L = q"], 2, "not understood: q is not known"),
        (
            [r"\frac{\partial y_t}{\partial h_t} = W_{hy}", "--layout", "numerator"],
            0,
            "",
        ),
        ([r"\frac{\partial y_t}{\partial h_t} = W_{hy}"], 0, "(mixed layout)"),
        (
            [r"\frac{\partial L}{\partial b_y} = \sum_t (p_t - e_t)^\top"],
            1,
            "it holds in numerator layout",
        ),
        (["A x_t = y", "--where", r"A \in \mathbb{R}^{H \times V}; y = A x_t"], 0, ""),
        (["L = L", "--where", "A = q"], 2, "  A = q\n      ^"),
    ],
)
def test_status_and_report(arguments, status, told, capsys):
    assert main(["equation", *arguments]) == status
    printed = capsys.readouterr()
    assert told in printed.out
    assert printed.err == ""
    assert "\x1b" not in printed.out  # colour is for terminals


def test_formulas_from_a_file_and_from_standard_input(tmp_path, monkeypatch, capsys):
    file = tmp_path / "formulas.tex"
    file.write_text(f"{DY}\n\nL =\n\\sum_{{t=1}}^{{T}} \\ell_t\n", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{WRONG}\n"))
    assert main(["equation", "--json", "--file", str(file), "-"]) == 1
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["status"] for record in records] == [1, 0, 0]
    assert [record["latex"] for record in records][:2] == [WRONG, DY]
    assert records[0]["close"] == [DY]
    assert records[1]["shapes"] == "V×1 = V×1 − V×1"


def test_what_is_not_understood_loses_nothing_of_a_file(tmp_path, capsys):
    file = tmp_path / "formulas.tex"
    lines = ["L = L + 0", "L = q", r"\frac{1}{0} = L", r"L \over = (", "0 + L = L"]
    file.write_bytes(
        b"\xef\xbb\xbf" + "\n\n".join(lines).encode()
    )  # a mark of Windows'
    assert main(["equation", "--json", "--file", str(file)]) == 2
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["latex"] for record in records] == lines
    assert [record["status"] for record in records] == [0, 2, 2, 2, 0]


@pytest.mark.parametrize("size", ["V = 0", "T = 0", "H = 13", "V = 00001"])
def test_sizes_are_whole_numbers_from_1_to_12(size, capsys):
    assert main(["equation", "--where", size, "L = L + 0"]) == 2
    assert f"{size[4:]} came, expected 1 to 12\n  {size}\n" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "ascii"])
def test_no_terminal_is_driven_by_a_formula_and_json_is_ascii(encoding, monkeypatch):
    for options in ([], ["--json"]):
        shown = io.BytesIO()
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(shown, encoding))
        assert main(["equation", *options, "L = \x1b[31m\u202eé q"]) == 2
        said = shown.getvalue().decode(encoding)
        assert not {"\x1b", "\u202e"} & {*said}
        if options:
            assert said.isascii()
            assert json.loads(said)["latex"] == "L = \x1b[31m\u202eé q"
        else:
            assert r"L = \x1b[31m\u202e" in said


def test_json_says_where_a_formula_is_not_understood(capsys):
    assert main(["equation", "--json", "L = q"]) == 2
    record = json.loads(capsys.readouterr().out)
    assert record == {
        "status": 2, "latex": "L = q", "reason": "q is not known", "position": 4,
        "in": "L = q", "close": [],
        "advice": [r"say what it is: --where 'q = …', or 'q \in \mathbb{R}^{…}'"],
    }  # fmt: skip


def test_colour_only_on_a_terminal(monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    main(["equation", DY])
    assert terminal.getvalue().startswith("\x1b[32mholds\x1b[0m\n")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", plain := Terminal())
    main(["equation", DY])
    assert plain.getvalue().startswith("holds\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "no formula came"),
        (["--file", "missing.tex"], "missing.tex: No such file"),
        (["--file", "latin.tex"], "latin.tex: not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(arguments, told, tmp_path, monkeypatch, capsys):  # fmt: skip  # noqa: E501
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.tex").write_bytes(b"\xe9")
    assert main(["equation", *arguments]) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_a_model_that_is_not_utf_8_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    assert main(["equation", "--model", "latin.txt", DY]) == 2
    assert capsys.readouterr().out == "not understood: latin.txt: not UTF-8\n"
