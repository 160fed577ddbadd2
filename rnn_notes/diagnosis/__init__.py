"""A reader's own backward pass: is it right, and if not, which bug is it?

What you can do with it::

    print(check(loss, gradients, arrays, inputs=inputs, targets=targets, state=hprev))
"""

from rnn_notes.diagnosis.adapters import cached, classic, layer, updates
from rnn_notes.diagnosis.checking import check
from rnn_notes.diagnosis.meant import chunking, padding, permuting, starting
from rnn_notes.diagnosis.objects import method
from rnn_notes.diagnosis.report import Cause, Diagnosis, Verdict

__all__ = [
    "Cause",
    "Diagnosis",
    "Verdict",
    "cached",
    "check",
    "chunking",
    "classic",
    "layer",
    "method",
    "padding",
    "permuting",
    "starting",
    "updates",
]
