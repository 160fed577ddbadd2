"""The tables of a run, for the terminal and for the pages on speed.

Nothing is timed here: the numbers come from the JSON that ``python -m benchmarks`` has
written, and with them go the day and the machine that they were taken on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnn_notes.book.cells import Table

__all__ = [
    "PEERS",
    "STEPS",
    "Results",
    "bare",
    "batches",
    "best",
    "disturbed",
    "everything",
    "length",
    "lstm",
    "number",
    "parts",
    "peers",
    "size",
    "steps",
    "traps",
    "where",
    "whole_steps",
    "width",
]

_PUBLISHED = Path(__file__).parent / "timings.json"
PEERS = {
    "hoisted": "hoisted",
    "classic": "classic loop",
    "readable": "readable loop",
    "autograd": "HIPS autograd",
    "torch": "PyTorch, nn.RNN",
    "torch loop": "PyTorch, loop",
    "torch compiled": "PyTorch, loop compiled",
    "jax plain": "JAX, plain scan",
    "jax hoisted": "JAX, hoisted scan",
    "jax unrolled": "JAX, scan unrolled",
    "jax by hand": "JAX, backward by hand",
}
_LSTM_PASSES = {
    "loop": "readable loop",
    "torch": "PyTorch, nn.LSTM",
    "jax": "JAX, scan",
}
_DISTURBED = " (other programs held a core: these times say nothing)"
_PARTS = {
    "run_forward": "the recurrence, forwards",
    "run_backward": "the recurrence, backwards",
    "compare": "softmax and loss",
    "rest": "products of stacks, letters, slopes",
    "_checked": "checks of the input",
}


class Results:
    """A run of the benchmark, by section; without an argument the published one."""

    def __init__(self, sections: dict[str, Any] | None = None) -> None:
        self.sections = sections or json.loads(_PUBLISHED.read_text(encoding="utf-8"))

    def __getitem__(self, name: str) -> Any:
        return self.sections[name]

    def peers(self, threads: int) -> list[dict[str, Any]]:
        """The rows of the race with that many threads."""
        name = f"peers, {threads} thread{'s' * (threads > 1)}"
        rows: list[dict[str, Any]] = self.sections[name]
        return rows


def size(row: dict[str, Any]) -> str:
    """The size of a row as the tables write it."""
    return "/".join(str(row["size"][letter]) for letter in "HTVB")


def number(value: float) -> str:
    """A number with about three digits.

    >>> number(1234.5), number(12.345), number(1.2345), number(0.01234)
    ('1,234', '12.3', '1.23', '0.012')
    """
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:,.{digits}f}"


def where(results: Results) -> Table:
    """The day, the machine and the versions of a run."""
    found = results["environment"]
    packages = ", ".join(f"{name} {v}" for name, v in found["packages"].items())
    others = found.get("others")
    length = "a short one, with few rounds" if results["quick"] else "a full one"
    rows = [
        ("day", results["date"]),
        ("run", f"{length}, {number(results['minutes'])} minutes"),
        ("processor", f"{found['processor']}, {found['cores']} cores"),
        ("system", f"{found['system']}, Python {found['python']}"),
        ("packages", packages),
        ("kernels of NumPy", found["blas"]),
        (
            "other programs",
            "not known" if others is None else f"{others:.0%} of all cores",
        ),
    ]
    return Table(("", "taken on"), rows)


STEPS = {
    "step_0": "the readable loop",
    "step_1": "1 sums out",
    "step_2": "2 predictions at once",
    "step_3": "3 letters looked up",
    "step_4": "4 rows, in place",
    "step_5": "5 buffers kept",
}


def steps(results: Results) -> Table:
    """Microseconds a pass after each step, and how many times faster than before."""
    rows = results["steps"]
    head = ["after step", *(f"{size(row)}, µs" for row in rows), "times faster"]
    body = [
        [
            words,
            *(number(row["microseconds"][name]) for row in rows),
            " / ".join(number(row["ratios"][name][1]) for row in rows),
        ]
        for name, words in STEPS.items()
    ]
    return Table(head, body)


def parts(results: Results) -> Table:
    """Where the time of a hoisted pass goes, in percent."""
    rows = results["parts"]
    body = [
        [words, *(f"{100 * r['parts'][part] / r['parts']['all']:.0f}%" for r in rows)]
        for part, words in _PARTS.items()
    ]
    body.append(["all, µs", *(number(r["parts"]["all"]) for r in rows)])
    body.append(["its kernels alone, µs", *(number(bare(r)) for r in rows)])
    return Table(["", *map(size, rows)], body)


def bare(row: dict[str, Any]) -> float:
    """Microseconds of the kernels that no pass can do without."""
    return float(sum(row["floor"].values()))


def length(results: Results) -> Table:
    """Microseconds a letter and megabytes, as the text grows longer."""
    growth = results["growth"]
    ways = {
        "hoisted": "hoisted",
        "checkpoint": "with checkpoints",
        "classic": "classic loop",
    }
    head = [
        "T",
        *(f"{w}, µs" for w in ways.values()),
        *(f"{w}, MB" for w in ways.values()),
    ]
    body = [
        [
            f"{time['T']:,}",
            *(number(time[way]) if way in time else "–" for way in ways),
            *(number(memory[way]) if way in memory else "–" for way in ways),
        ]
        for time, memory in zip(growth["by length"], growth["memory"], strict=True)
    ]
    return Table(head, body)


def width(results: Results) -> Table:
    """Microseconds a letter as the network grows wider."""
    rows = results["growth"]["by width"]
    body = [
        [row["H"], *(number(row[w]) for w in ("hoisted", "classic")),
         number(row["classic"] / row["hoisted"])]
        for row in rows
    ]  # fmt: skip
    return Table(["H", "hoisted, µs", "classic loop, µs", "ratio"], body)


def peers(results: Results, threads: int = 1, dtype: str = "float64") -> Table:
    """Times of the peers in hoisted passes; of the hoisted pass in microseconds."""
    rows = [row for row in results.peers(threads) if row["dtype"] == dtype]
    found = [name for name in PEERS if any(name in row["ratios"] for row in rows)]
    return _in_hoisted(dtype, rows, {name: PEERS[name] for name in found[1:]})


def lstm(results: Results) -> Table:
    """Passes of an LSTM in hoisted ones; of the hoisted pass in microseconds."""
    return _in_hoisted("LSTM", results["lstm"]["rows"], _LSTM_PASSES)


def _in_hoisted(head: str, rows: list[dict[str, Any]], names: dict[str, str]) -> Table:
    """Passes of some names in hoisted ones; of the hoisted pass in microseconds."""
    body: list[Sequence[Any]] = [
        ["hoisted, µs", *(number(row["microseconds"]["hoisted"]) for row in rows)]
    ]
    for name, words in names.items():
        cells = (row["ratios"].get(name) for row in rows)
        body.append([words, *(number(c[1]) if c else "–" for c in cells)])
    return Table([head, *map(size, rows)], body)


def batches(results: Results) -> Table:
    """How much of the time of B single passes one pass over B sequences takes."""
    rows = results["batches"]["rows"]
    names = {"rnn": "plain", "lstm": "LSTM"}
    body = [
        [f"{names[row['cell']]}, H = {row['H']}", number(row["one"]),
         *(number(share[1]) for share in row["shares"].values())]
        for row in rows
    ]  # fmt: skip
    head = ["hoisted", "one sequence, µs", *(f"B = {B}" for B in rows[0]["shares"])]
    return Table(head, body)


def best(results: Results, peer: str) -> dict[str, float]:
    """The ratio of a peer's best form on one thread, by size and precision."""
    return {
        f"{size(row)}, {row['dtype']}": min(
            ratio[1] for name, ratio in row["ratios"].items() if name.startswith(peer)
        )
        for row in results.peers(1)
    }


def disturbed(results: Results) -> bool:
    """Whether other programs had a core while times with two threads were taken.

    A product then waits for its second thread, and the hoisted pass, which cannot lose
    by it on a quiet machine, takes more than twice as long as with one.
    """
    alone = {
        size(row): row["microseconds"]["hoisted"]
        for row in results.peers(1)
        if row["dtype"] == "float64"
    }
    return any(
        row["microseconds"]["hoisted"] > 2 * alone[size(row)]
        for row in results.peers(2)
    )


def whole_steps(results: Results) -> Table:
    """Letters a second of whole training steps."""
    found = results["whole_steps"]
    body = [
        [name, f"{speed:,.0f}", number(found["ratios"][name][1])]
        for name, speed in found["letters a second"].items()
    ]
    return Table(["training step", "letters a second", "times the classic"], body)


def traps(results: Results) -> Table:
    """What costs more than it looks."""
    rows = results["kernels"]["traps"]
    body = [[row["trap"], number(row["times"][1])] for row in rows]
    return Table(["this", "takes so many times as long"], body)


def everything(results: Results) -> str:
    """All tables of a run, for the terminal."""
    tables = {
        "Step by step": steps(results),
        "Where the time goes": parts(results),
        "By length, H = 100": length(results),
        "By width, T = 25": width(results),
        "Peers, one thread": peers(results),
        "Peers, one thread, single precision": peers(results, dtype="float32"),
        f"Peers, two threads{_DISTURBED * disturbed(results)}": peers(results, 2),
        "Whole training steps": whole_steps(results),
        "LSTM, one thread": lstm(results),
        "Batches: share of the time of single passes": batches(results),
        "Traps": traps(results),
    }
    missing = {
        f"{size(row)}, {PEERS.get(name, name)}: {reason}"
        for threads in (1, 2)
        for row in results.peers(threads)
        for name, reason in row["missing"].items()
    }
    blocks = [f"{title}\n{table}" for title, table in tables.items()]
    return "\n\n".join([str(where(results)), *blocks, "Missing", *sorted(missing)])
