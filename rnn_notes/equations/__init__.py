"""Formulas measured: their own LaTeX is parsed, evaluated and compared with nature."""

from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.measurement import Measurement, Worst
from rnn_notes.equations.measuring import measure

__all__ = ["EquationError", "Measurement", "Worst", "measure"]
