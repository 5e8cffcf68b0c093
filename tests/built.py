"""A book that a test builds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def build(source: Path, output: Path, **environment: str) -> Path:
    """Build a book as `make book` does; returns the folder of its pages."""
    program = Path(sys.executable).with_name("jupyter-book")
    options = ["--path-output", output, "-W", "-n", "--keep-going"]
    done = subprocess.run(
        [program, "build", source, *options],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    return output / "_build" / "html"
