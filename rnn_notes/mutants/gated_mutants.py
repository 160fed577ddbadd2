"""Wrong backward passes of the LSTM and the GRU, each an edit of its own loop.

GATED : the bugs by their names, which begin with the cell
"""

from __future__ import annotations

from rnn_notes import gru, lstm
from rnn_notes.mutants.bugs import Mutant

__all__ = ["GATED"]

_DC = "dc = (1 - tanhc * tanhc) * o * dh + dcnext"

GATED = {
    mutant.name: mutant
    for mutant in (
        Mutant(
            name="lstm: dcnext dropped",
            old=_DC,
            new="dc = (1 - tanhc * tanhc) * o * dh",
            story="The cell is used twice, by its own state and by the next cell.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: only the straight path",
            old=_DC,
            new="dc = dcnext",
            story="What the hidden state asks of the cell is left out.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: dcnext after the gates",
            old=_DC,
            new="dc = (1 - tanhc * tanhc) * o * dh",
            also=(("dcprev = f * dc", "dcprev = f * (dc + dcnext)"),),
            story="The later gradient reaches the earlier cell, and passes no gate.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: dcprev without the gate",
            old="dcprev = f * dc",
            new="dcprev = dc",
            story="The forget gate closes the way forward, and not the way back.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: dcprev through the next gate",
            old="dcprev = f * dc",
            new="dcprev = run.f[min(t + 1, run.T - 1)] * dc",
            story="The forget gate is taken one step too late.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: tanh of c forgotten",
            old="doraw = o * (1 - o) * tanhc * dh",
            new="doraw = o * (1 - o) * run.cs[t] * dh",
            story="The output gate multiplies tanh(c), and the line has c.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: slope at c",
            old="(1 - tanhc * tanhc)",
            new="(1 - run.cs[t] * run.cs[t])",
            story="The slope of the tanh is taken from its argument.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: slope of a tanh in a gate",
            old="diraw = i * (1 - i) * g * dc",
            new="diraw = (1 - i * i) * g * dc",
            story="The input gate is a sigmoid, and gets the slope of a tanh.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: slope of a sigmoid for g",
            old="dgraw = (1 - g * g) * i * dc",
            new="dgraw = g * (1 - g) * i * dc",
            story="What might come in is a tanh, and gets the slope of a gate.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: slope of a gate forgotten",
            old="dfraw = f * (1 - f) * run.cs[t - 1] * dc",
            new="dfraw = run.cs[t - 1] * dc",
            story="The way back does not pass through the forget gate's sigmoid.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: cs[t] for cs[t-1]",
            old="run.cs[t - 1] * dc",
            new="run.cs[t] * dc",
            story="The forget gate multiplied the earlier cell.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: dc for dh at the output gate",
            old="doraw = o * (1 - o) * tanhc * dh",
            new="doraw = o * (1 - o) * tanhc * dc",
            story="Two gates and g start from dc; this gate stands after the cell.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: a term left out of dhprev",
            old=" + w.Whg.T @ dgraw",
            new="",
            story="The hidden state feeds three gates and g, and g sends nothing back.",
            loop=lstm,
        ),
        Mutant(
            name="lstm: dhnext dropped",
            old="dh = w.Why.T @ dy + dhnext",
            new="dh = w.Why.T @ dy",
            story="Each hidden state answers for its own step alone.",
            loop=lstm,
        ),
        Mutant(
            name="gru: dhprev without the mix",
            old="dhprev = z * dh + w.Whr.T",
            new="dhprev = w.Whr.T",
            story="The straight path, through the mix, is left out.",
            loop=gru,
        ),
        Mutant(
            name="gru: dhprev past the gate",
            old="dhprev = z * dh + w.Whr.T",
            new="dhprev = dh + w.Whr.T",
            story="The straight path is there, and its gate is not.",
            loop=gru,
        ),
        Mutant(
            name="gru: one use of z",
            old="(h - n) * dh",
            new="h * dh",
            story="The gate scales the old and the new state; the line has one use.",
            loop=gru,
        ),
        Mutant(
            name="gru: mix turned round",
            old="dnraw = (1 - n * n) * (1 - z) * dh",
            new="dnraw = (1 - n * n) * z * dh",
            story="Two papers mix the other way round: z and 1 - z change places.",
            loop=gru,
        ),
        Mutant(
            name="gru: sign of dz",
            old="(h - n) * dh",
            new="(n - h) * dh",
            story="The same, seen by the gate.",
            loop=gru,
        ),
        Mutant(
            name="gru: reset forgotten on the way back",
            old='dm = r * dnraw if run.reset == "after" else dnraw',
            new="dm = dnraw",
            story="The reset gate stands on the way forward only.",
            loop=gru,
        ),
        Mutant(
            name="gru: dhnext dropped",
            old="dh = w.Why.T @ dy + dhnext",
            new="dh = w.Why.T @ dy",
            story="Each hidden state answers for its own step alone.",
            loop=gru,
        ),
    )
}
