"""Backpropagation through time in a plain recurrent network, small enough to read."""

from rnn_notes import gru, hoisted, lstm
from rnn_notes.diagnosis import Diagnosis, check
from rnn_notes.equations import measure
from rnn_notes.rnn import (
    Forward,
    Gradients,
    Params,
    Signals,
    backward,
    forward,
    loss_and_gradients,
    signals,
)

__version__ = "0.1.0"
__all__ = [
    "Diagnosis",
    "Forward",
    "Gradients",
    "Params",
    "Signals",
    "__version__",
    "backward",
    "check",
    "forward",
    "gru",
    "hoisted",
    "loss_and_gradients",
    "lstm",
    "measure",
    "signals",
]
