"""What the times were taken on, and how much else ran there."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "autograd", "torch", "jax", "jaxlib")


def run(quick: bool) -> dict[str, Any]:
    """Processor, cores, versions and NumPy's kernels."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := installed(name))},
        "blas": blas(),
    }


class Others:
    """What other programs take of the processor from now on, where Linux tells it."""

    def __init__(self) -> None:
        self.before = self._seconds()

    def share(self) -> float | None:
        """Their part of the time of all cores since then; None if it is not known."""
        now = self._seconds()
        if self.before is None or now is None:
            return None
        (all_, busy, ours), (all_before, busy_before, ours_before) = now, self.before
        theirs = busy - busy_before - (ours - ours_before)
        return max(0.0, theirs) / (all_ - all_before)

    @staticmethod
    def _seconds() -> tuple[float, float, float] | None:
        """Seconds of all cores: in all, busy, and with this process and its children.

        A core that another machine holds counts as busy; children count once they end.
        """
        try:
            line = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
        except OSError:
            return None
        user, nice, system, idle, wait, irq, soft, steal, *_ = (
            int(field) / os.sysconf("SC_CLK_TCK") for field in line.split()[1:]
        )
        busy = user + nice + system + irq + soft + steal
        return busy + idle + wait, busy, sum(os.times()[:4])


def processor() -> str:
    """The processor's name, and its family where Linux tells it."""
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", info, re.M))
    name = found.get("model name", platform.machine())
    place = [found.get(key) for key in ("cpu family", "model")]
    return name if None in place else f"{name}, family {place[0]}, model {place[1]}"


def installed(name: str) -> str | None:
    """The version of a package, if it is there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def blas() -> str:
    """The library of NumPy's products and the kernels that it has chosen."""
    import numpy as np

    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        build = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{build['name']} {build['version']}, kernels not known"
    for pool in threadpool_info():
        if pool["user_api"] == "blas":
            kernels = pool.get("architecture", "kernels not known")
            return f"{pool['internal_api']} {pool['version']}, {kernels}"
    return "none found"
