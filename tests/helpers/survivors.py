"""Planted faults that change nothing, each with the reason why it cannot be caught.

A fault is listed by its file, the equation or the line of code that it is in, its kind,
and what it puts in place of what.
"""

# ruff: noqa: E501  (a formula is not broken)

SYMMETRIC = "a diagonal matrix is its own transpose"
COVARIANCE = "the slope of a softmax is symmetric"
SHIFT = "softmax sees no shift, whatever number is added to every logit"
STILL = "a weight whose term is gone is held still, and then it is true"
CONSTRAINT = "the bracket is zero in every run, whatever stands before it"
FIRST = "no other use feeds the first, whose total derivative is its immediate one"
EQUAL = "equal logits, whatever they are, give every letter the same probability"
NEGATIVE = "NumPy takes any negative length for the one to infer"
LENGTHS = "signals yields one item a step, so the two have one length"
RANKS = "the ranks were found equal on the line before"
POINTS = "any three different points show whether f looks at the entry"

EQUIVALENT = {
    r"backward.md, eq-tanh: equation, transpose added: \frac{\partial h_t}{\partial a_t} -> \frac{\partial h_t}{\partial a_t}^\top": SYMMETRIC,
    "forward.md, eq-softmax-shift: equation, sign flipped: + -> -": SHIFT,
    r"forward.md, eq-softmax-shift: equation, term dropped: + c\, \mathbf{1} -> ": SHIFT,
    r"forward.md, eq-softmax-shift: equation, factor dropped: c\, -> ": SHIFT,
    r"gradient-check.md, eq-direction: equation, term dropped: \langle \frac{\partial L}{\partial W_{xh}}, \mathrm{d}W_{xh} \rangle + -> ": STILL,
    r"gradient-check.md, eq-direction: equation, term dropped: + \langle \frac{\partial L}{\partial W_{hh}}, \mathrm{d}W_{hh} \rangle -> ": STILL,
    r"gradient-check.md, eq-direction: equation, term dropped: + \langle \frac{\partial L}{\partial W_{hy}}, \mathrm{d}W_{hy} \rangle -> ": STILL,
    r"frameworks.md, eq-softmax-twice: equation, transpose added: (\operatorname{diag}(p) - p p^\top) -> (\operatorname{diag}(p) - p p^\top)^\top": COVARIANCE,
    r"lstm.md, eq-lstm-straight: equation, transpose added: \frac{\partial^{+} c_t}{\partial c_{t-1}} -> \frac{\partial^{+} c_t}{\partial c_{t-1}}^\top": SYMMETRIC,
    r"tape.md, eq-tape-sum: equation, plus changed: \partial^{+} -> \partial": FIRST,
    "tape.md, eq-lagrangian: equation, sign flipped: + -> -": CONSTRAINT,
    r"tape.md, eq-lagrangian: equation, term dropped: + \lambda_t^\top \left( \tanh(W_{xh} x_t + W_{hh} h_{t-1} + b_h) - h_t \right) -> ": CONSTRAINT,
    "training.md, eq-blind-guess: equation, index moved: t -> {t-1}": EQUAL,
    "training.md, eq-blind-guess: equation, index moved: t -> {t+1}": EQUAL,
    "training.md, eq-blind-guess: equation, letter changed: e -> p": EQUAL,
    r"training.md, eq-blind-guess: equation, factor dropped: c\, -> ": EQUAL,
    "differences.py, if g(value) == g(value + 1e-3) == g(value - 4e-3):: operator: + -> -": POINTS,
    "differences.py, if g(value) == g(value + 1e-3) == g(value - 4e-3):: operator: - -> +": POINTS,
    'layouts.py, return X.reshape(-1, 1, order="F"): constant: 1 -> 2': NEGATIVE,
    "rnn.py, for t, (dy, _, dhraw, _) in zip(times, signals(params, run), strict=True):: constant: True -> False": LENGTHS,
    "arguments.py, for n, size in zip(array.shape, expected, strict=True): constant: True -> False": RANKS,
}
