"""Backpropagation through time in a plain recurrent network, small enough to read.

Each name is imported when it is first asked for. So the command line is there before
NumPy is, and Ctrl-C finds it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
_MODULES = ("gru", "hoisted", "lstm")
_HOMES = {"Diagnosis": "diagnosis", "check": "diagnosis", "measure": "equations"}


def __getattr__(name: str) -> Any:
    """A public name, from its module: ``rnn`` unless another is told above."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'rnn')}"), name)
