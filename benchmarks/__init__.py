"""How fast the passes are, side by side, each checked for equal gradients first.

``python -m benchmarks`` runs everything, in processes of its own with one and with two
threads, prints the tables and writes them down as JSON with what they ran on.
"""
