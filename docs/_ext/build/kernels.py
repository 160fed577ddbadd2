"""Kernels that begin with their imports done: forked off one process, the nursery.

Each page's cells run in a kernel of their own, and to start Python and to import the
kernel, NumPy and the package was half of what a clean build cost. A process of Sphinx
that needs a kernel starts a nursery; that ends with the process, and its kernels with
it. Where forking is not safe, kernels are started as Jupyter does.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from importlib import import_module
from multiprocessing.util import Finalize
from typing import Any

from jupyter_client.provisioning import local_provisioner
from sphinx.application import Sphinx

__all__ = ["UNBORN", "setup"]

UNBORN = "Kernel died before replying"  # as jupyter_client says it

_IMPORTS = (
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "rnn_notes.book.cells",
    "rnn_notes.book.figures",
    "rnn_notes.diagnosis",
    "rnn_notes.training",
)


class _Kernel:
    """A forked kernel, used as ``subprocess.Popen`` is."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it runs; how it ended is not known."""
        try:
            self.send_signal(0)
        except ProcessLookupError:
            return 1
        return None

    def wait(self) -> int:
        """Return once it has ended."""
        while self.poll() is None:
            time.sleep(0.01)
        return 1

    def send_signal(self, number: int) -> None:
        """Send it a signal; ``ProcessLookupError`` where it has ended."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


_nurseries: dict[int, subprocess.Popen[str]] = {}  # by the process that started it


def _launch(
    command: list[str], *, env: dict[str, str], cwd: str | None = None, **_: Any
) -> _Kernel:
    """A new kernel that listens, told by ``command`` as Jupyter starts one.

    ``RuntimeError`` where it died first, as when another program took one of its ports
    since they were chosen. Jupyter would wait for that program's answer for ever.
    """
    if os.getpid() not in _nurseries:
        nursery = _nurseries[os.getpid()] = subprocess.Popen(
            [*command[: command.index("-m")], "-P", "-m", "docs._ext.build.kernels"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"},  # it would warn
            start_new_session=True,
        )
        Finalize(None, nursery.communicate, exitpriority=0)  # where atexit is not run
    nursery = _nurseries[os.getpid()]
    assert nursery.stdin
    assert nursery.stdout
    arguments = command[command.index("ipykernel_launcher") :]
    print(json.dumps([arguments, env, cwd]), file=nursery.stdin, flush=True)
    pid, born = nursery.stdout.readline().split()
    if born != "1":
        raise RuntimeError(UNBORN)
    return _Kernel(int(pid))


def _nurse() -> None:
    """Fork a kernel for each line; say which process it is, and 1 once it listens."""
    for name in _IMPORTS:
        import_module(name)
    gc.freeze()  # what is imported stays: no kernel looks there for garbage
    signal.signal(signal.SIGCHLD, _bury)
    # NumPy's threads bear a fork, of which Python warns from 3.12 on.
    warnings.filterwarnings("ignore", "This process", DeprecationWarning)
    for line in sys.stdin:
        ready, tell = os.pipe()
        pid = os.fork()
        if not pid:
            return _kernel(tell, *json.loads(line))
        os.close(tell)
        with suppress(ProcessLookupError):  # it died
            os.setpgid(pid, pid)  # Jupyter ends all of a kernel's group
        print(pid, len(os.read(ready, 1)), flush=True)  # nothing from one that died
        os.close(ready)
    return None


def _bury(*_: object) -> None:
    """Let kernels that have ended go, their time counted."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _kernel(
    tell: int, arguments: list[str], environment: dict[str, str], folder: str | None
) -> None:
    """Be a kernel; write to ``tell`` once it listens."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder or ".")
    sys.argv = arguments
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"
    kernel = import_module("ipykernel.kernelapp").IPKernelApp.instance()
    kernel.initialize([*arguments[1:], parent])
    os.write(tell, b"1")
    os.close(tell)
    kernel.start()


def setup(app: Sphinx) -> dict[str, Any]:
    if sys.platform == "linux":
        vars(local_provisioner)["launch_kernel"] = _launch
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    _nurse()
