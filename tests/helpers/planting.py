"""The classic script and others like it, with bugs of the gallery put in by hand."""

from pathlib import Path

PROGRAMS = Path(__file__).parents[1] / "diagnosis" / "programs"
CLASSIC_SCRIPT = PROGRAMS / "classic.txt"
CLASSIC = {  # the gallery's name of a bug, and what it is in the classic script
    "dhnext dropped": ("np.dot(Why.T, dy) + dhnext", "np.dot(Why.T, dy)"),
    "dbh not accumulated": ("dbh += dhraw", "dbh + dhraw"),
    "Whh untransposed": ("np.dot(Whh.T, dhraw)", "np.dot(Whh, dhraw)"),
    "dh for dhraw": ("np.dot(Whh.T, dhraw)", "np.dot(Whh.T, dh)"),
    "hs[t] for hs[t-1]": ("np.dot(dhraw, hs[t - 1].T)", "np.dot(dhraw, hs[t].T)"),
    "square forgotten": ("(1 - hs[t] * hs[t])", "(1 - hs[t])"),
    "tan for tanh": ("(1 - hs[t] * hs[t])", "(1 + hs[t] ** 2)"),
    "parentheses dropped": ("(1 - hs[t] * hs[t]) * dh", "1 - hs[t] * hs[t] * dh"),
    "= for +=": ("dWhh += np.dot(dhraw", "dWhh = np.dot(dhraw"),
    "* for @": ("np.dot(dhraw, hs[t - 1].T)", "dhraw * hs[t - 1]"),
    "hs wraps around": ("hs[t - 1].T)", "hs[(t - 1) % len(inputs)].T)"),
    "dy sign turned": ("dy[targets[t]] -= 1", "dy[targets[t]] -= 1; dy = -dy"),
    "dy divided by T": (
        "dy[targets[t]] -= 1",
        "dy[targets[t]] -= 1; dy /= len(inputs)",
    ),
    "softmax slope twice": (
        "dy[targets[t]] -= 1",
        "dy[targets[t]] -= 1; dy *= ps[t] * (1 - ps[t])",
    ),
    "dby adds itself": ("dby += dy", "dby += dby"),
    "slope at h again": ("(1 - hs[t] * hs[t])", "(1 - np.tanh(hs[t]) ** 2)"),
    "tanh forgotten": ("(1 - hs[t] * hs[t]) * dh", "dh"),
    "dhnext past the tanh": (
        "(1 - hs[t] * hs[t]) * dh",
        "(1 - hs[t] * hs[t]) * np.dot(Why.T, dy) + dhnext",
    ),
    "Whh left out": ("dhnext = np.dot(Whh.T, dhraw)", "dhnext = dhraw"),
    "dhnext piles up": ("dhnext = np.dot(Whh.T", "dhnext += np.dot(Whh.T"),
    "loop runs forwards": ("in reversed(range(len(inputs)))", "in range(len(inputs))"),
    "= -1 at the target": ("dy[targets[t]] -= 1", "dy[targets[t]] = -1"),
    "target left out": ("        dy[targets[t]] -= 1\n", ""),
    "only the last state kept": (
        "    dWxh, dWhh, dWhy = np",
        "    hs = dict.fromkeys(hs, hs[len(inputs) - 1])\n    dWxh, dWhh, dWhy = np",
    ),
}


def planted(names, tmp_path):
    """A file with the classic script and bugs in it."""
    head, start, tail = CLASSIC_SCRIPT.read_text().partition("def lossFun")
    for name in names:
        old, new = CLASSIC[name]
        assert old in tail
        tail = tail.replace(old, new, 1)
    path = tmp_path / "script.py"
    path.write_text(head + start + tail)
    return path
