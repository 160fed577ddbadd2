"""Wrong backward passes: each a plausible bug with the right shapes.

A mutant is one edit of the source of ``rnn.py``, so the wrong loop and the right one
differ in that place and in nothing else, and the edit is the bug's own diff.

MUTANTS : six bugs of the recurrence, few enough for one table
GALLERY : these, and many more in the sums, the output and the bookkeeping
"""

from __future__ import annotations

from rnn_notes.mutants.bugs import Mutant as Mutant

__all__ = ["GALLERY", "MUTANTS"]

MUTANTS = {
    mutant.name: mutant
    for mutant in (
        Mutant(
            name="dhnext dropped",
            old="dh = params.Why.T @ dy + dhnext",
            new="dh = params.Why.T @ dy",
            story="Each step is treated as a network of its own: no later loss counts.",
            seen="https://github.com/qixianbiao/RNN/issues/2",
        ),
        Mutant(
            name="dbh not accumulated",
            old="dbh += dhraw",
            new="dbh + dhraw",
            story="One character goes missing; Python computes the sum and drops it.",
        ),
        Mutant(
            name="Whh untransposed",
            old="dhnext = params.Whh.T @ dhraw",
            new="dhnext = params.Whh @ dhraw",
            story="Whh is square, so the shapes fit with and without the transpose.",
            seen="https://github.com/vzhou842/rnn-from-scratch/blob/4aa2a8c64c08046c4c84618b9aeaf6735f8d5e2b/rnn.py",
        ),
        Mutant(
            name="dh for dhraw",
            old="dhnext = params.Whh.T @ dhraw",
            new="dhnext = params.Whh.T @ dh",
            story="The signal goes back in time without passing through the tanh.",
        ),
        Mutant(
            name="hs[t] for hs[t-1]",
            old="dWhh += dhraw @ run.hs[t - 1].T",
            new="dWhh += dhraw @ run.hs[t].T",
            story="Whh multiplied the earlier state, and the line uses the new one.",
            seen="https://github.com/VikParuchuri/zero_to_gpt/issues/9",
        ),
        Mutant(
            name="square forgotten",
            old="(1 - run.hs[t] * run.hs[t])",
            new="(1 - run.hs[t])",
            story="The derivative of tanh is remembered as that of a sigmoid, half.",
        ),
    )
}

GALLERY = MUTANTS | {
    mutant.name: mutant
    for mutant in (
        Mutant(
            name="tan for tanh",
            old="(1 - run.hs[t] * run.hs[t])",
            new="(1 + run.hs[t] * run.hs[t])",
            story="The derivative of the tangent is taken for that of tanh.",
            seen="https://github.com/nicodjimenez/lstm/issues/41",
        ),
        Mutant(
            name="parentheses dropped",
            old="(1 - run.hs[t] * run.hs[t]) * dh",
            new="1 - run.hs[t] * run.hs[t] * dh",
            story="The one is no longer multiplied with the signal.",
            seen="https://github.com/apache/tvm/pull/7340",
        ),
        Mutant(
            name="= for +=",
            old="dWhh += dhraw @ run.hs[t - 1].T",
            new="dWhh = dhraw @ run.hs[t - 1].T",
            story="Each iteration overwrites the share of the one before.",
            seen="https://github.com/karpathy/nn-zero-to-hero/issues/52",
        ),
        Mutant(
            name="* for @",
            old="dWhh += dhraw @ run.hs[t - 1].T",
            new="dWhh += dhraw * run.hs[t - 1]",
            story="NumPy spreads the column that comes out over the whole matrix.",
        ),
        Mutant(
            name="sums run forwards",
            old="times = reversed(range(run.T))",
            new="times = range(run.T)",
            story="The signals go back in time, and the states beside them do not.",
        ),
        Mutant(
            name="hs wraps around",
            old="dWhh += dhraw @ run.hs[t - 1].T",
            new="dWhh += dhraw @ run.hs[(t - 1) % run.T].T",
            story="In a list of T states, index -1 is the last one and not hprev.",
        ),
        Mutant(
            name="dy sign turned",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = run.es[t] - run.ps[t]",
            story="Target minus output, as an error is often written.",
            seen="https://github.com/deeplearning4j/deeplearning4j/issues/349",
        ),
        Mutant(
            name="dy divided by T",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = (run.ps[t] - run.es[t]) / run.T",
            story="The gradient is that of the mean loss, the loss is the sum.",
            seen="https://datascience.stackexchange.com/questions/30850/"
            "gradientchecking-can-i-blame-float-precision",
        ),
        Mutant(
            name="softmax slope twice",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = (run.ps[t] - run.es[t]) * run.ps[t] * (1 - run.ps[t])",
            story="p - e has the softmax's slope in it, and it is put in once more.",
            seen="https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/113",
        ),
        Mutant(
            name="dby adds itself",
            old="dby += dy",
            new="dby += dby",
            story="A slip of the finger: zero plus zero stays zero.",
            seen="https://github.com/javaidnabi31/RNN-from-scratch/issues/2",
        ),
        Mutant(
            name="dWhy transposed",
            old="dWhy += dy @ run.hs[t].T",
            new="dWhy += run.hs[t] @ dy.T",
            story="The numerator layout's answer; it fits where H = V, and only there.",
        ),
        Mutant(
            name="dhprev one short",
            old="dhprev = params.Whh.T @ dhraw",
            new="dhprev = dhraw",
            story="The last way back, through Whh to hprev, is left out.",
        ),
        Mutant(
            name="clipped inside",
            old="return Gradients(dWxh, dWhh, dWhy, dbh, dby, dhprev)",
            new="gradients = (dWxh, dWhh, dWhy, dbh, dby, dhprev)\n"
            "    return Gradients(*(d.clip(-5, 5) for d in gradients))",
            story="What is returned is fit for training, and no longer the gradient.",
            seen="https://gist.github.com/karpathy/d4dee566867f8291f086",
        ),
        Mutant(
            name="sums in float32",
            old="dWxh, dWhh = np.zeros_like(params.Wxh), np.zeros_like(params.Whh)",
            new="dWxh, dWhh = (np.zeros_like(W, np.float32) for W in "
            "(params.Wxh, params.Whh))",
            story="The sums are kept in another type than what is summed.",
        ),
        Mutant(
            name="ps changed in place",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = run.ps[t]\n        dy -= run.es[t]",
            story="The forward pass's own array is overwritten; a copy was meant.",
        ),
        Mutant(
            name="dh changed in place",
            old="dhraw = (1 - run.hs[t] * run.hs[t]) * dh",
            new="dh *= 1 - run.hs[t] * run.hs[t]\n        dhraw = dh",
            story="An array is saved; dh and dhraw are one array with two names.",
            seen="https://github.com/Burton2000/CS231n-2017/issues/7",
        ),
        Mutant(
            name="slope at h again",
            old="(1 - run.hs[t] * run.hs[t])",
            new="(1 - np.tanh(run.hs[t]) * np.tanh(run.hs[t]))",
            story="The slope belongs at the tanh's argument, or to its value as it is.",
        ),
        Mutant(
            name="slope of the step after",
            old="dhraw = (1 - run.hs[t] * run.hs[t]) * dh",
            new="after = run.hs[min(t + 1, run.T - 1)]\n"
            "        dhraw = (1 - run.hs[t] * run.hs[t]) * (dh - dhnext)\n"
            "        dhraw += (1 - after * after) * dhnext",
            story="In an inner loop that goes back, the index is one step behind.",
        ),
        Mutant(
            name="tanh forgotten",
            old="dhraw = (1 - run.hs[t] * run.hs[t]) * dh",
            new="dhraw = dh",
            story="The way back leaves out what the way forward has put in.",
        ),
        Mutant(
            name="dhnext past the tanh",
            old="dhraw = (1 - run.hs[t] * run.hs[t]) * dh",
            new="dhraw = (1 - run.hs[t] * run.hs[t]) * (dh - dhnext) + dhnext",
            story="What comes from later is added after the tanh instead of before it.",
        ),
        Mutant(
            name="Whh left out",
            old="dhnext = params.Whh.T @ dhraw",
            new="dhnext = dhraw",
            story="The signal goes back a step without the weights on its way.",
        ),
        Mutant(
            name="dhnext piles up",
            old="dhnext = params.Whh.T @ dhraw",
            new="dhnext = dhnext + params.Whh.T @ dhraw",
            story="The sums need `+=`, so this line is given one too.",
        ),
        Mutant(
            name="loop runs forwards",
            old="for t in reversed(range(run.T)):",
            new="for t in range(run.T):",
            also=(("times = reversed(range(run.T))", "times = range(run.T)"),),
            story="The word reversed is left out, and later losses go to later steps.",
        ),
        Mutant(
            name="= -1 at the target",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = run.ps[t] * (1 - run.es[t]) - run.es[t]",
            story="The target's entry is set to -1, and not made smaller by 1.",
        ),
        Mutant(
            name="target left out",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = run.ps[t].copy()",
            story="The line that takes 1 from the target's entry is missing.",
        ),
        Mutant(
            name="last dy at every step",
            old="params.Why.T @ dy",
            new="params.Why.T @ (run.ps[run.T - 1] - run.es[run.T - 1])",
            story="One answer at the end, and its signal is added at every step.",
        ),
        Mutant(
            name="steps without a target skipped",
            old="yield Signals(dy, dh, dhraw, dhnext)\n"
            "        dhnext = params.Whh.T @ dhraw",
            new="asked = bool(run.es[t].any())\n"
            "        dhraw = asked * dhraw\n"
            "        yield Signals(dy, dh, dhraw, dhnext)\n"
            "        dhnext = params.Whh.T @ dhraw if asked else dhnext",
            story="A `continue` where nothing is due; signals have to pass there too.",
        ),
        Mutant(
            name="window tied to the end",
            old="dhraw = (1 - run.hs[t] * run.hs[t]) * dh",
            new="dhraw = (1 - run.hs[t] * run.hs[t]) * dh * (t >= run.T - 3)",
            story="The way back is cut, counted from the end and not from each loss.",
        ),
        Mutant(
            name="only the last state kept",
            old="dWhy = np.zeros_like(params.Why)",
            new="dWhy = np.zeros_like(params.Why)\n"
            "    run = run._replace(hs=dict.fromkeys(run.hs, run.hs[run.T - 1]))",
            story="One array is kept for all states, and each step writes into it.",
        ),
        Mutant(
            name="weights moved in the loop",
            old="dhnext = params.Whh.T @ dhraw",
            new="step = 0.1 * dhraw @ run.hs[t - 1].T\n"
            "        params = params.replace(Whh=params.Whh - step)\n"
            "        dhnext = params.Whh.T @ dhraw",
            story="The update stands inside the loop: the way back meets new weights.",
        ),
        Mutant(
            name="clip to one number",
            old="return Gradients(dWxh, dWhh, dWhy, dbh, dby, dhprev)",
            new="gradients = (dWxh, dWhh, dWhy, dbh, dby, dhprev)\n"
            "    return Gradients(*(d.clip(-5, -5) for d in gradients))",
            story="One minus too many, and every entry of every gradient is -5.",
        ),
    )
}
