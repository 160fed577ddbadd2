"""Checks of a backward pass, from the weakest to the strongest, and what gets by them.

What you can do with it::

    checks = all_checks()              # measures the right answers, once
    verdicts(mutant.module(), checks)  # which of them catch a bug
    caught(GALLERY, checks)            # the same for every bug

A check takes a module with ``forward``, ``signals``, ``backward`` and
``loss_and_gradients``, such as ``rnn_notes.rnn`` or a mutant of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from rnn_notes.differences import agreement, central, complex_step
from rnn_notes.ledger import ledger
from rnn_notes.mutants import Mutant
from rnn_notes.rnn import Array, Forward, Params, forward, running_example

__all__ = [
    "WEIGHTS",
    "Check",
    "adds_up",
    "agrees",
    "all_checks",
    "caught",
    "falls",
    "fits",
    "measure_all",
    "repeats",
    "squared",
    "verdicts",
]

_Problem = tuple[Params, list[int], list[int], Array]
WEIGHTS = ("dWxh", "dWhh", "dWhy", "dbh", "dby")


class Check(NamedTuple):
    """A check of a backward pass.

    Attributes
    ----------
    asks : str
        What it looks at.
    passes : callable
        Whether a module passes it.
    """

    asks: str
    passes: Callable[[ModuleType], bool]


def all_checks(problem: _Problem | None = None) -> dict[str, Check]:
    """Every check by its name, on a problem of several steps, by default the example.

    The right answers are measured when this is called.

    >>> from rnn_notes import rnn
    >>> any(verdicts(rnn, all_checks()).values())
    False
    """
    params, inputs, targets, hprev = long = problem or running_example()
    short = params, inputs[:1], targets[:1], hprev
    from_zero = (*short[:3], 0 * hprev)
    steep = params.replace(Why=20 * params.Why), inputs, targets, hprev
    square = squared(long)
    output, all_six = ("dWhy", "dby"), (*WEIGHTS, "dhprev")
    loosely = agrees(long, WEIGHTS, central, tolerance=1e-5)
    return {
        "shapes": Check("gradients are shaped as their variables", fits(long)),
        "shapes at H = V": Check("the same, V = 3", fits(square)),
        "loss falls": Check("twenty small steps downhill", falls(long)),
        "output layer": Check("dWhy and dby, measured", agrees(long, output)),
        "T = 1 from zero": Check("weights, hprev = 0", agrees(from_zero, WEIGHTS)),
        "T = 1": Check("all six, one step", agrees(short, all_six)),
        "five digits": Check("T = 5, weights, central difference", loosely),
        "all six": Check("T = 5, twelve digits", agrees(long, all_six)),
        "one answer": Check("T = 5, a loss at the last step only", _answers(long)),
        "steep": Check("as all six, gradients above 5", agrees(steep, all_six)),
        "twice": Check("two calls, one answer", repeats(long)),
        "ledger": Check("dh, dhnext are sums over the losses", adds_up(long)),
    }


def squared(problem: _Problem) -> _Problem:
    """The problem with one letter more, so that V = 3 where it was 2, and H = V.

    >>> params, *_ = squared(running_example())
    >>> params.V == params.H == 3
    True
    """
    params, inputs, targets, hprev = problem
    square = Params(
        Wxh=np.hstack([params.Wxh, [[0.2], [-0.4], [0.7]]]),
        Whh=params.Whh,
        Why=np.vstack([params.Why, [[0.1, -0.6, 0.8]]]),
        bh=params.bh,
        by=np.vstack([params.by, [[0.3]]]),
    )
    return square, [2, *inputs[1:]], [*targets[:-1], 2], hprev


def verdicts(module: ModuleType, checks: Mapping[str, Check]) -> dict[str, bool]:
    """Whether each check catches the module: it fails, or NumPy refuses a shape.

    >>> from rnn_notes.mutants import MUTANTS
    >>> report = verdicts(MUTANTS["dhnext dropped"].module(), all_checks())
    >>> report["all six"], report["output layer"]
    (True, False)
    """

    def catches(check: Check) -> bool:
        try:
            return not check.passes(module)
        except ValueError:
            return True

    return {name: catches(check) for name, check in checks.items()}


def caught(
    mutants: Mapping[str, Mutant], checks: Mapping[str, Check]
) -> dict[str, dict[str, bool]]:
    """The verdicts on every mutant, by its name.

    >>> from rnn_notes.mutants import MUTANTS
    >>> list(caught(MUTANTS, all_checks())) == list(MUTANTS)
    True
    """
    return {name: verdicts(mutant.module(), checks) for name, mutant in mutants.items()}


def fits(problem: _Problem) -> Callable[[ModuleType], bool]:
    """The check that every gradient has the shape of its variable.

    >>> from rnn_notes.mutants import GALLERY
    >>> shaped = fits(running_example())
    >>> shaped(GALLERY["Whh untransposed"].module())
    True
    """
    params, inputs, targets, hprev = problem
    names = [*WEIGHTS, "dhprev"]
    shapes = [getattr(params, name[1:]).shape for name in WEIGHTS] + [hprev.shape]

    def passes(module: ModuleType) -> bool:
        run = forward(params, inputs, targets, hprev)
        gradients = module.backward(params, run)
        return [getattr(gradients, name).shape for name in names] == shapes

    return passes


def falls(
    problem: _Problem, steps: int = 20, learning_rate: float = 0.01
) -> Callable[[ModuleType], bool]:
    """The check that some steps of gradient descent lower the loss.

    >>> from rnn_notes.mutants import GALLERY
    >>> learns = falls(running_example())
    >>> learns(GALLERY["dhnext dropped"].module())
    True
    >>> learns(GALLERY["dy sign turned"].module())
    False
    """
    start, inputs, targets, hprev = problem

    def passes(module: ModuleType) -> bool:
        params = start
        for _ in range(steps):
            _, gradients, _ = module.loss_and_gradients(params, inputs, targets, hprev)
            moved = {
                name[1:]: getattr(params, name[1:])
                - learning_rate * getattr(gradients, name)
                for name in WEIGHTS
            }
            params = params.replace(**moved)
        first = forward(start, inputs, targets, hprev)
        return forward(params, inputs, targets, hprev).loss < first.loss

    return passes


def measure_all(
    problem: _Problem,
    method: Callable[..., Any] = complex_step,
    loss: Callable[[Forward], Any] = attrgetter("loss"),
) -> dict[str, Array]:
    """All six derivatives of the loss, measured, by name.

    loss : what of a run is differentiated

    >>> sorted(measure_all(running_example()))
    ['dWhh', 'dWhy', 'dWxh', 'dbh', 'dby', 'dhprev']
    """
    params, inputs, targets, hprev = problem
    by_params = method(lambda p: loss(forward(p, inputs, targets, hprev)), params)
    dhprev = method(lambda h: loss(forward(params, inputs, targets, h)), hprev)
    return {**by_params, "dhprev": dhprev}


def agrees(
    problem: _Problem,
    names: Sequence[str],
    method: Callable[..., Any] = complex_step,
    tolerance: float = 1e-12,
) -> Callable[[ModuleType], bool]:
    """The check that the named gradients agree with measured ones.

    >>> from rnn_notes.mutants import GALLERY
    >>> agrees(running_example(), ["dWhh"])(GALLERY["= for +="].module())
    False
    """
    params, inputs, targets, hprev = problem
    measured = measure_all(problem, method)
    wanted = {name: measured[name] for name in names}

    def passes(module: ModuleType) -> bool:
        run = forward(params, inputs, targets, hprev)
        return bool(agreement(module.backward(params, run), wanted, tolerance))

    return passes


def _answers(problem: _Problem) -> Callable[[ModuleType], bool]:
    """The check that all six agree where only the last step has a target.

    >>> from rnn_notes.mutants import GALLERY
    >>> _answers(running_example())(GALLERY["last dy at every step"].module())
    False
    """
    params, inputs, targets, hprev = problem
    measured = measure_all(problem, loss=lambda run: run.losses[-1])
    run = forward(params, inputs, targets, hprev)
    last, nothing = run.T - 1, dict.fromkeys(range(run.T), 0 * run.ys[0])

    def passes(module: ModuleType) -> bool:
        ps, es = {**nothing, last: run.ps[last].copy()}, {**nothing, last: run.es[last]}
        found = module.backward(params, run._replace(ps=ps, es=es))
        return bool(agreement(found, measured, tolerance=1e-12))

    return passes


def repeats(problem: _Problem) -> Callable[[ModuleType], bool]:
    """The check that two calls on one run give the same gradients.

    >>> from rnn_notes.mutants import GALLERY
    >>> repeats(running_example())(GALLERY["ps changed in place"].module())
    False
    """
    params, inputs, targets, hprev = problem

    def passes(module: ModuleType) -> bool:
        run = forward(params, inputs, targets, hprev)
        first, second = module.backward(params, run), module.backward(params, run)
        return bool(agreement(second, first, tolerance=0))

    return passes


def adds_up(problem: _Problem) -> Callable[[ModuleType], bool]:
    """The check that ``dh`` and ``dhnext`` of each step are sums over the ledger.

    >>> from rnn_notes.mutants import GALLERY
    >>> adds_up(running_example())(GALLERY["dh changed in place"].module())
    False
    """
    params, inputs, targets, hprev = problem
    table = ledger(params, forward(params, inputs, targets, hprev))

    def passes(module: ModuleType) -> bool:
        run = forward(params, inputs, targets, hprev)
        times = reversed(range(run.T))
        return all(
            np.allclose(signal.dh.ravel(), table[t].sum(axis=0), rtol=1e-12)
            and np.allclose(signal.dhnext.ravel(), table[t, t + 1 :].sum(axis=0))
            for t, signal in zip(times, module.signals(params, run), strict=True)
        )

    return passes
