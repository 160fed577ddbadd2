"""The fast pass equals the readable one, with every option and at every size."""

import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_notes import Gradients, Params, hoisted, rnn
from rnn_notes.differences import agreement
from rnn_notes.hoisted import Workspace, loss_and_gradients, loss_and_vector, workspaces
from rnn_notes.mutants import MUTANTS
from rnn_notes.rnn import running_example

SIZES = [  # V, H, T
    (2, 3, 1),
    (2, 1, 1),
    (1, 4, 3),
    (3, 3, 4),
    (7, 5, 30),
    (5, 8, 9),
    (65, 100, 25),
]


def problem(V, H, T, B, seed=0, dtype=np.float64):
    """Random parameters, B texts and B first states."""
    rng = np.random.default_rng([seed, V, H, T, B])
    params = Params.random(V, H, rng, scale=0.9 / np.sqrt(H)).replace(
        bh=rng.standard_normal((H, 1)), by=rng.standard_normal((V, 1))
    )
    inputs, targets = rng.integers(V, size=(2, B, T))
    arrays = {name: array.astype(dtype) for name, array in vars(params).items()}
    hprev = rng.standard_normal((H, B)).astype(dtype)
    return params.replace(**arrays), inputs, targets, hprev


def readable(params, inputs, targets, hprev):
    """The readable pass, one sequence after the other, its results added up."""
    runs = [
        rnn.loss_and_gradients(params, x, goal, hprev[:, [b]])
        for b, (x, goal) in enumerate(zip(inputs, targets, strict=True))
    ]
    losses, gradients, lasts = zip(*runs, strict=True)
    *by_params, _ = (sum(d) for d in zip(*gradients, strict=True))
    dhprev = np.hstack([g.dhprev for g in gradients])
    return sum(losses), Gradients(*by_params, dhprev), np.hstack(lasts)


def assert_equal(fast, slow, tolerance):
    """All three results agree, relative to the largest entry of each."""
    for came, expected in zip(fast, slow, strict=True):
        report = agreement(came, expected, tolerance)
        assert report, str(report)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("block", [1, 4, 1024])
@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize(("V", "H", "T"), SIZES)
def test_the_fast_pass_equals_the_readable_one(
    V, H, T, B, block, checkpoint, monkeypatch
):
    monkeypatch.setattr(workspaces, "_BLOCK", block)
    monkeypatch.setattr(workspaces, "_idle", workspaces._Idle())
    arguments = problem(V, H, T, B)
    fast = loss_and_gradients(*arguments, checkpoint=checkpoint)
    assert_equal(fast, readable(*arguments), 1e-12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    sizes=st.tuples(*(st.integers(1, n) for n in (9, 9, 40, 4))),
    seed=st.integers(0, 999),
    checkpoint=st.booleans(),
    one_letter=st.booleans(),
)
def test_no_size_and_no_text_tells_them_apart(sizes, seed, checkpoint, one_letter):
    params, inputs, targets, hprev = problem(*sizes, seed)
    if one_letter:
        inputs, targets = 0 * inputs, 0 * targets
    arguments = params, inputs, targets, hprev
    fast_loss, fast, _ = loss_and_gradients(*arguments, checkpoint=checkpoint)
    slow_loss, slow, _ = readable(*arguments)
    assert np.isclose(fast_loss, slow_loss, rtol=1e-12)
    # shares of many steps may cancel in one array, so the scale is that of all arrays
    scale = max(np.abs(d).max() for d in slow)
    for came, expected in zip(fast, slow, strict=True):
        assert np.abs(came - expected).max() <= 1e-12 * scale


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_loop_is_told_from_the_fast_pass(name):
    params, inputs, targets, hprev = problem(V=3, H=3, T=5, B=1)
    wrong = MUTANTS[name].module()
    run = wrong.forward(params, inputs[0], targets[0], hprev)
    _, fast, _ = loss_and_gradients(params, inputs[0], targets[0], hprev)
    assert not agreement(wrong.backward(params, run), fast, 1e-3)


def test_the_kernels_carry_the_result(monkeypatch):
    arguments = problem(V=3, H=3, T=5, B=2)
    slow = readable(*arguments)

    def untransposed(dhs, slopes, Whh, dhnext):
        run_backward(dhs, slopes, Whh.T, dhnext)

    run_backward = hoisted.run_backward
    monkeypatch.setattr(hoisted, "run_backward", untransposed)
    _, wrong, _ = loss_and_gradients(*arguments)
    report = agreement(wrong, slow[1])
    assert not report
    assert agreement(wrong.dWhy, slow[1].dWhy, 1e-12)


@pytest.mark.parametrize("B", [1, 4])
def test_float32_stays_float32_and_agrees_to_its_own_rounding(B):
    arguments = problem(V=6, H=8, T=20, B=B, dtype=np.float32)
    loss, gradients, hlast = loss_and_gradients(*arguments)
    assert {d.dtype for d in (*gradients, hlast)} == {np.dtype(np.float32)}
    wide = [np.asarray(a, np.float64) for a in vars(arguments[0]).values()]
    exact = readable(Params(*wide), *arguments[1:])
    assert_equal((loss, gradients, hlast), exact, 2e-6)
    assert not agreement(gradients, exact[1], 1e-12)


def test_mixed_and_transposed_parameters_are_used_as_they_are_meant():
    params, *rest = problem(V=4, H=5, T=6, B=2)
    narrow = params.Wxh.astype(np.float32)
    mixed = params.replace(Wxh=narrow, Whh=np.asfortranarray(params.Whh))
    fast = loss_and_gradients(mixed, *rest)
    assert fast[1].dWxh.dtype == np.float64
    exact = readable(params.replace(Wxh=narrow.astype(np.float64)), *rest)
    assert_equal(fast, exact, 1e-12)


@pytest.mark.parametrize("kind", [list, np.uint8, np.int32, np.uint64])
def test_letters_come_as_lists_or_as_any_integers(kind):
    params, inputs, targets, hprev = problem(V=4, H=3, T=7, B=1)
    x, goal = (
        a[0].tolist() if kind is list else a[0].astype(kind) for a in (inputs, targets)
    )
    came = loss_and_gradients(params, x, goal, hprev)
    assert_equal(came, readable(params, inputs, targets, hprev), 1e-12)


def test_huge_states_and_weights_are_taken_without_a_warning():
    params, inputs, targets, hprev = running_example()
    huge = params.replace(bh=params.bh + 1e200), inputs, targets, hprev + 1e200
    fast, slow = loss_and_gradients(*huge), rnn.loss_and_gradients(*huge)
    assert np.isclose(fast[0], slow[0], rtol=1e-12)
    with pytest.raises(ValueError, match="hprev holds nan or inf"):
        loss_and_gradients(*huge[:3], hprev * np.nan)


def test_huge_logits_give_finite_numbers():
    params, inputs, targets, hprev = problem(V=3, H=3, T=5, B=1)
    params = params.replace(by=np.array([[1e4], [0.0], [-1e4]]))
    fast = loss_and_gradients(params, inputs, targets, hprev)
    assert np.isfinite(fast[0])
    assert_equal(fast, readable(params, inputs, targets, hprev), 1e-12)


def test_a_workspace_serves_pass_after_pass():
    params, inputs, targets, hprev = problem(V=5, H=4, T=11, B=2)
    workspace = Workspace(V=5, H=4, T=11, B=2)
    for x, goal in (inputs, targets), (targets, inputs), (inputs, targets):
        fast = loss_and_gradients(params, x, goal, hprev, workspace=workspace)
        assert_equal(fast, readable(params, x, goal, hprev), 1e-12)
        hprev = fast[2]  # survives the next pass
    assert all(np.shares_memory(d, workspace.flat) for d in fast[1][:5])
    in_order = np.concatenate([d.ravel() for d in fast[1][:5]])
    assert np.array_equal(workspace.flat, in_order)


def test_states_carried_over_are_not_overwritten():
    params, inputs, targets, hprev = problem(V=5, H=4, T=11, B=1)
    for checkpoint in (False, True):
        workspace = Workspace(V=5, H=4, T=11, checkpoint=checkpoint)
        hlast = loss_and_gradients(params, inputs, targets, hprev, workspace=workspace)[
            2
        ]
        kept = hlast.copy()
        loss_and_gradients(params, targets, inputs, hlast, workspace=workspace)
        assert np.array_equal(hlast, kept)


def test_checkpoints_change_no_bit_of_the_states_and_save_memory():
    params, inputs, targets, hprev = problem(V=2, H=50, T=5000, B=1)

    def peak(**options):
        tracemalloc.start()
        result = loss_and_gradients(params, inputs, targets, hprev, **options)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return result, most

    (_, kept, hlast), much = peak()
    (_, again, same), little = peak(checkpoint=True)
    assert np.array_equal(hlast, same)
    assert agreement(again, kept, 1e-12)
    states = 5000 * 50 * 8
    assert states < much < 2.5 * states
    assert little < 0.25 * states


def allocated(*arguments, **options):
    """The most bytes that a pass takes at once."""
    tracemalloc.start()
    loss_and_gradients(*arguments, **options)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_a_pass_allocates_its_results_and_with_a_workspace_next_to_nothing(
    monkeypatch,
):
    arguments = problem(V=20, H=60, T=900, B=1)
    workspace = Workspace(V=20, H=60, T=900)
    loss_and_gradients(*arguments, workspace=workspace)
    monkeypatch.setattr(workspaces, "_idle", workspaces._Idle())
    first, second = allocated(*arguments), allocated(*arguments)
    assert allocated(*arguments, workspace=workspace) < first / 10
    assert workspace.flat.nbytes < second < first / 5


def test_results_without_a_workspace_are_the_caller_s_own():
    params, inputs, targets, hprev = problem(V=5, H=4, T=11, B=2)
    _, gradients, hlast = loss_and_gradients(params, inputs, targets, hprev)
    kept = [array.copy() for array in (*gradients, hlast)]
    _, d, (last,) = loss_and_vector(params, inputs, targets, hprev)
    for _ in range(3):
        again = loss_and_gradients(params, targets, inputs, -hprev)
        loss_and_vector(params, targets, inputs, -hprev)
    for before, after in zip(kept, (*gradients, hlast), strict=True):
        assert np.array_equal(before, after)
        assert not any(np.shares_memory(after, other) for other in again[1])
    assert np.array_equal(d, gradients.vector)
    assert np.array_equal(last, hlast)
    assert not np.array_equal(again[1].dWhh, gradients.dWhh)


def test_little_lies_idle_and_no_weights_with_it(monkeypatch):
    monkeypatch.setattr(workspaces, "_idle", workspaces._Idle())
    for T in range(1, 9):
        arguments = problem(V=5, H=4, T=T, B=1)
        loss_and_gradients(*arguments)
    idle = workspaces._idle.workspaces
    assert [w.T for w in idle.values()] == [5, 6, 7, 8]
    loss_and_gradients(*problem(V=2, H=50, T=5000, B=1))
    assert sum(w.nbytes for w in idle.values()) < workspaces._SMALL
    weights = weakref.ref(arguments[0])
    del arguments
    assert weights() is None


def in_threads(n, call):
    """What a call gives in each of n threads that begin together."""
    gate = threading.Barrier(n)

    def waiting(i):
        gate.wait()
        return call(i)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(waiting, range(n)))


def test_thirty_threads_each_get_their_own_result():
    arguments = [problem(V=5, H=20, T=30, B=1, seed=seed) for seed in range(30)]
    right = [loss_and_gradients(*given)[1] for given in arguments]

    def agrees(i):
        results = [loss_and_gradients(*arguments[i])[1] for _ in range(10)]
        return all(np.array_equal(d.dWhh, right[i].dWhh) for d in results)

    assert all(in_threads(30, agrees))


def test_a_workspace_serves_one_thread():
    arguments, workspace = problem(V=5, H=20, T=30, B=1), Workspace(5, 20, 30)
    right = loss_and_gradients(*arguments)[0]

    def loss(_):
        try:
            return loss_and_gradients(*arguments, workspace=workspace)[0]
        except ValueError as error:
            return str(error)

    came = in_threads(10, loss)
    assert came.count(right) == 1
    assert came.count("workspace is used by another thread, expected one each") == 9


def passing(**changes):
    """A fast pass of the running example with some arguments changed."""
    names = ("params", "inputs", "targets", "hprev")
    return loss_and_gradients(
        **{**dict(zip(names, running_example(), strict=True)), **changes}
    )


CASES = {
    "index too large": (
        lambda: passing(inputs=[0, 1, 2, 0, 1]),
        r"inputs\[2\] is 2, expected 0 to 1 \(V = 2\)",
    ),
    "negative index in a batch": (
        lambda: passing(inputs=[[0, 1, 1, 0, 1]], targets=[[0, 1, 1, 0, -1]]),
        r"targets\[0, 4\] is -1, expected 0 to 1",
    ),
    "lengths differ": (
        lambda: passing(targets=[0, 1]),
        r"targets has shape \(2,\), expected \(5,\), as inputs has",
    ),
    "no letters": (lambda: passing(inputs=[]), r"inputs has shape \(0,\), expected at"),
    "one letter too deep": (lambda: passing(inputs=[[[0]]]), r"shape \(1, 1, 1\)"),
    "ragged": (lambda: passing(inputs=[[0, 1], [0]]), "inputs has rows of different"),
    "flat hprev": (
        lambda: passing(hprev=np.ones(3)),
        r"hprev has shape \(3,\), expected \(3, 1\), that is \(H, B\)",
    ),
    "inf in hprev": (lambda: passing(hprev=np.full((3, 1), np.inf)), "hprev holds nan"),
    "another size": (
        lambda: passing(workspace=Workspace(V=2, H=3, T=6)),
        r"workspace is for \(V, H, T, B, dtype\) = \(2, 3, 6, 1, 'float64'\), "
        r"expected \(2, 3, 5, 1, 'float64'\)",
    ),
    "another dtype": (
        lambda: passing(workspace=Workspace(V=2, H=3, T=5, dtype=np.float32)),
        "float32",
    ),
    "all states where few were asked for": (
        lambda: passing(workspace=Workspace(V=2, H=3, T=5), checkpoint=True),
        "workspace keeps all states",
    ),
    "T = 0": (lambda: Workspace(V=2, H=3, T=0), "T is 0, expected at least 1"),
    "an index beyond every integer": (
        lambda: passing(targets=np.array([0, 1, 1, 0, 2**64 - 1], np.uint64)),
        r"targets\[4\] is 18446744073709551615, expected 0 to 1",
    ),
}

TYPES = {
    "fractions": (lambda: passing(inputs=[0.5] * 5), "inputs holds float64"),
    "truth values": (lambda: passing(inputs=[True] * 5), "inputs holds bool"),
    "complex hprev": (lambda: passing(hprev=np.full((3, 1), 1j)), "hprev holds compl"),
    "complex weights": (
        lambda: passing(params=running_example()[0].replace(bh=np.full((3, 1), 1j))),
        "params hold complex128, expected float32 or float64",
    ),
    "masked letters": (
        lambda: passing(inputs=np.ma.masked_equal([0, 1, 0, 0, 1], 1)),
        "inputs is a masked array",
    ),
    "masked hprev": (
        lambda: passing(hprev=np.ma.masked_equal(np.ones((3, 1)), 1)),
        "hprev is a masked array",
    ),
    "steps and a half": (lambda: Workspace(2, 3, T=1.5), "T is 1.5, expected a whole"),
    "half a float": (lambda: Workspace(2, 3, 5, dtype=np.float16), "dtype is float16"),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_values_raise_one_clear_error(case):
    call, message = CASES[case]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("case", TYPES)
def test_wrong_types_raise_one_clear_error(case):
    call, message = TYPES[case]
    with pytest.raises(TypeError, match=message):
        call()


def test_the_example_itself_passes():
    assert_equal(passing(), rnn.loss_and_gradients(*running_example()), 1e-12)
