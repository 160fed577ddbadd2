"""What the times were taken on."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "autograd", "torch", "jax", "jaxlib")


def run(quick: bool) -> dict[str, Any]:
    """Processor, cores, versions, NumPy's kernels, and how busy the machine was."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := installed(name))},
        "blas": blas(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


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
