"""Kernels that begin with the package imported: each is a fork of one process that has done so.

Starting Python and importing matplotlib, pandas and scipy takes longer than what most chapters
compute, and the book has more than a dozen of them.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

PRELOADED = ("ipykernel.kernelapp", "motifbook.book.chapter", "motifbook.yardsticks.optimal")

_lock = threading.Lock()
_parent: subprocess.Popen | None = None


class ForkingManager(AsyncKernelManager):
    """Starts kernels as forks; for nbclient's `kernel_manager_class`. POSIX only."""

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        arguments = kernel_cmd[kernel_cmd.index("-f") :]
        if pid := _fork(arguments, options.get("cwd") or os.getcwd()):
            local = self.provisioner
            assert isinstance(local, LocalProvisioner)
            local.process = _Forked(pid)  # type: ignore[assignment]
            local.pid = local.pgid = pid  # type: ignore[assignment]
        else:
            await super()._async_launch_kernel(kernel_cmd, **options)


FORKING = {"kernel_manager_class": ForkingManager} if sys.platform == "linux" else {}
"""For nbclient and papermill. Forking is no matter of course elsewhere: there, each kernel starts
from nothing."""


class _Forked:
    """As much of `subprocess.Popen` as jupyter_client asks of a kernel's process.

    The kernel is no child of this process, so how it ended is not known.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.05)
        return 0

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _fork(arguments: list[str], folder: str) -> int:
    """The process id of a new kernel; 0 if the process to fork from has failed."""
    global _parent
    with _lock:
        if _parent is None:
            command = [sys.executable, "-m", "motifbook.book.kernels"]
            _parent = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
        assert _parent.stdin and _parent.stdout
        try:
            print(json.dumps([arguments, folder]), file=_parent.stdin, flush=True)
        except BrokenPipeError:
            return 0
        return int(_parent.stdout.readline() or 0)


def serve() -> None:
    """Fork a kernel for each line of standard input; print its process id. Ends with the input."""
    for name in PRELOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while line := sys.stdin.readline():
        if not (pid := os.fork()):
            _become_kernel(*json.loads(line))
        print(pid, flush=True)


def _become_kernel(arguments: list[str], folder: str) -> None:
    import matplotlib
    from ipykernel.kernelapp import launch_new_instance

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(folder)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)  # standard output is where process ids go
    # matplotlib was imported before there was a kernel to say where figures go.
    matplotlib.rcParams["backend"] = "module://matplotlib_inline.backend_inline"
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    # A kernel ends with its parent.
    launch_new_instance(argv=[*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
    os._exit(0)


if __name__ == "__main__":
    serve()
