"""Write a file whole or not at all, and never over what is no regular file or is being read.

What is read is a regular file too, or a pipe that is open already.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

STDOUT = "-"
"""The name of standard output on a command line."""


def loop(path: Path | str) -> Path | None:
    """The link on the way to `path` that leads to itself, if there is one."""
    place = Path(os.path.realpath(path))
    return next((link for link in (place, *place.parents) if link.is_symlink()), None)


def destination(path: Path | str, *inputs: Path | str) -> Path:
    """Where a file of this name is written: itself, or what it links to.

    Parameters
    ----------
    path : path
        A file that is not there yet, or a regular one, or a symbolic link to either.
    *inputs : path
        Files that are read to write this one.

    Raises
    ------
    ValueError
        If it is anything else (a folder, a pipe, a device, a loop of links, no name at all), or one
        of the inputs.
    PermissionError
        If it is there and write-protected.
    """
    if not str(path) or str(path).endswith(os.sep):
        raise ValueError(f"{str(path)!r}: expected a file's name")
    target = Path(os.path.realpath(path))
    if loop(path):
        raise ValueError(f"{path}: is a symbolic link that leads to itself, expected a file's name")
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return target
    except OSError as error:
        raise ValueError(f"{path}: cannot be written to ({error.strerror})") from error
    if stat.S_ISDIR(found.st_mode):
        raise ValueError(f"{path}: is a folder, expected a file's name")
    if not stat.S_ISREG(found.st_mode):
        kind = "pipe" if stat.S_ISFIFO(found.st_mode) else "socket or device"
        raise ValueError(f"{path}: is a {kind}, expected the name of a regular file")
    if not os.access(target, os.W_OK):
        raise PermissionError(f"{path}: is write-protected")
    for source in inputs:
        with contextlib.suppress(FileNotFoundError):
            if os.path.samefile(target, source):
                raise ValueError(f"{path}: is the file that is read; name another for the output")
    return target


def source(path: Path | str, expected: str, *, once: bool = True) -> Path:
    """The path of a file to be read.

    Parameters
    ----------
    path : path
        A regular file; or, if it is read `once` and from its start, a pipe that is open already:
        the shell's `<(...)`, or `/dev/stdin`. A named pipe may wait for ever for a writer.
    expected : str
        What the file should hold, for the error.
    once : bool

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        If it is not there, or anything else.
    """
    path = Path(path)
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"{path}: no such file; expected {expected}") from None
    if stat.S_ISREG(mode):
        return path
    if stat.S_ISDIR(mode):
        raise ValueError(f"{path}: is a folder, expected {expected}")
    if not stat.S_ISFIFO(mode):
        raise ValueError(f"{path}: is a socket or device, expected {expected}")
    if not os.path.realpath(path).startswith(("/proc/", "/dev/fd/")):
        raise ValueError(
            f"{path}: is a named pipe (FIFO), which may never be written to; expected {expected}, "
            "as a regular file"
        )
    if not once:
        raise ValueError(
            f"{path}: is a pipe, and what is read at several places cannot come from one; expected "
            f"{expected}, as a regular file"
        )
    return path


@contextlib.contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A temporary file's path, to write to; it becomes `path` when the block ends without an error.

    It lies in the folder of `destination`, which is made if need be. Readers of `path` see the file
    that was there before or the new one, also after a kill or a power cut. A link stays a link, and
    a file keeps its permissions.

    Raises
    ------
    ValueError, PermissionError
        As `destination` does.
    """
    target = destination(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A random part, because processes on two machines may share folder and process number.
    temporary = target.with_name(f".{target.name[:50]}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except OSError as error:
        if error.errno is not None and error.filename is None:  # such as: no space left on device
            raise OSError(error.errno, os.strerror(error.errno), str(target)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path | str, text: str) -> None:
    """Write a text file under its name only once it is whole; its folder is made if need be."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextlib.contextmanager
def output(name: str, *inputs: Path | str) -> Iterator[Path]:
    """The path to write a command's output to; what cannot be written is refused at once.

    Parameters
    ----------
    name : str
        A file's name, or `STDOUT`: what is written is then copied to standard output in the end.
    *inputs : path
        Files that the command reads.

    Raises
    ------
    ValueError, OSError
        As `destination` does, or if the folder does not exist or cannot be written to.
    """
    if name == STDOUT:
        with tempfile.TemporaryDirectory() as temporary:
            yield (path := Path(temporary) / "output")
            sys.stdout.flush()
            with path.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        return
    folder = destination(name, *inputs).parent
    if not folder.is_dir():
        raise FileNotFoundError(f"{name}: its folder does not exist")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{name}: no permission to write in its folder")
    yield Path(name)
