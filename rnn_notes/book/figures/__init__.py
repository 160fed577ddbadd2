"""The book's figures, one function each, drawn from runs of the package.

Each function takes no argument, or another example in place of the running one, and
returns a ``Figure``: inline SVG in the page's own colours, and its words.

What you can do with it::

    unrolled()                      # a notebook shows the picture
    unrolled(running_example(T=3))  # the same, drawn from another run

``__all__`` lists these; those of the gated cells take an example of theirs, the figures
of a training a training, that of a race a run of the benchmark, the gallery of bugs
and the ways nothing, and two layouts show weights, whatever the states are. Some move,
see ``drawing.frames``.
"""

from rnn_notes.book.figures.broken_line import broken_line
from rnn_notes.book.figures.bug_by_bug import bug_by_bug as bug_by_bug
from rnn_notes.book.figures.bug_by_bug import mutant_matrix
from rnn_notes.book.figures.cheat_sheet import cheat_sheet as cheat_sheet
from rnn_notes.book.figures.chunk_length import missed_share as missed_share
from rnn_notes.book.figures.error_curve import error_against_step
from rnn_notes.book.figures.far_signals import fading as fading
from rnn_notes.book.figures.far_signals import tanh_slopes as tanh_slopes
from rnn_notes.book.figures.gated_cells import gru_step as gru_step
from rnn_notes.book.figures.gated_cells import lstm_step as lstm_step
from rnn_notes.book.figures.many_paths import many_paths
from rnn_notes.book.figures.network import truncation, two_questions, unrolled
from rnn_notes.book.figures.output_graph import expression_graph
from rnn_notes.book.figures.padded_rows import padded_rows
from rnn_notes.book.figures.passes import backward_steps, forward_pass
from rnn_notes.book.figures.product_back import product_back
from rnn_notes.book.figures.race import pass_times as pass_times
from rnn_notes.book.figures.race import peer_times as peer_times
from rnn_notes.book.figures.scaled_weights import scaled_weights as scaled_weights
from rnn_notes.book.figures.stepped_lstm import lstm_network as lstm_network
from rnn_notes.book.figures.stepped_lstm import lstm_steps as lstm_steps
from rnn_notes.book.figures.stepped_network import step_network
from rnn_notes.book.figures.tables import ledger_table, outer_product
from rnn_notes.book.figures.tables import two_layouts as two_layouts
from rnn_notes.book.figures.tape_listing import tape_in_order
from rnn_notes.book.figures.temperatures import cooled as cooled
from rnn_notes.book.figures.training_curve import loss_curve as loss_curve
from rnn_notes.book.figures.training_curve import overfitting as overfitting
from rnn_notes.book.figures.travelling_loss import travelling_loss
from rnn_notes.book.figures.ways import ways as ways
from rnn_notes.book.figures.wires import wires

__all__ = [
    "backward_steps",
    "broken_line",
    "error_against_step",
    "expression_graph",
    "forward_pass",
    "ledger_table",
    "many_paths",
    "mutant_matrix",
    "outer_product",
    "padded_rows",
    "product_back",
    "step_network",
    "tape_in_order",
    "travelling_loss",
    "truncation",
    "two_questions",
    "unrolled",
    "wires",
]
