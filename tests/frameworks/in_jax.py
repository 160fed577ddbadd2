"""The plain network in JAX: the same weights, loss and gradients.

This file needs JAX and NumPy alone, and reads what ``twins.py`` has written. ``make
test-frameworks`` runs both.
"""

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)  # float32, the default, keeps seven digits
TOLERANCE = 1e-12


def apart(ours, theirs):
    """The largest difference, relative to the largest entry."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    scale = max(np.abs(ours).max(), np.abs(theirs).max())
    return float(np.abs(ours - theirs).max() / scale)


def total_loss(w, inputs, targets, hprev, cut=None):
    """The sum of the losses of all sequences; the state is cut after ``cut`` steps."""

    def step(h, x):
        h = jnp.tanh(w["Wxh"][:, x] + w["Whh"] @ h + w["bh"][:, 0])  # (H,)
        return h, w["Why"] @ h + w["by"][:, 0]  # (H,), (V,)

    def one(x, target, h):
        h, early = jax.lax.scan(step, h, x[:cut])
        h = h if cut is None else jax.lax.stop_gradient(h)
        _, late = jax.lax.scan(step, h, x[len(early) :])
        chances = jax.nn.log_softmax(jnp.concatenate([early, late]))  # (T, V)
        return -chances[jnp.arange(len(target)), target].sum()

    return jax.vmap(one)(inputs, targets, hprev.T).sum()


def same_gradients(twins):
    """``jax.grad`` is our loop, and ``stop_gradient`` its cut."""
    names = "Wxh", "Whh", "Why", "bh", "by"
    w = {name: twins[f"rnn.{name}"] for name in names}
    text = (twins[f"rnn.{name}"] for name in ("inputs", "targets", "hprev"))
    inputs, targets, hprev = map(jnp.asarray, text)
    both = jax.value_and_grad(total_loss, argnums=(0, 3))
    loss, (d, dhprev) = both(w, inputs, targets, hprev)
    cut = jax.grad(total_loss)(w, inputs, targets, hprev, cut=inputs.shape[1] // 2)
    assert apart(d["Whh"], cut["Whh"]) > 0.05
    return {
        "loss": apart(twins["rnn.loss"], loss),
        **{f"d{name}": apart(twins[f"rnn.d{name}"], d[name]) for name in names},
        "dhprev": apart(twins["rnn.dhprev"], dhprev),
        "cut": apart(twins["rnn.dWhh_cut"], cut["Whh"]),
    }


def main(path):
    """Run and assert everything, and write what came of it beside the file."""
    errors = same_gradients(dict(np.load(path)))
    assert max(errors.values()) < TOLERANCE, errors
    result = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "versions": {"JAX": jax.__version__, "NumPy": np.__version__},
        "file": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "gradients": errors,
    }
    Path(path).with_name("jax.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"JAX {jax.__version__}: as the package, to {max(errors.values()):.0e}")


if __name__ == "__main__":
    main(sys.argv[1])
