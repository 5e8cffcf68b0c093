"""How long does each chapter take to execute? Writes src/motifbook/data/chapter_seconds.csv.

    python benchmarks/chapter_seconds.py

Each chapter is executed once, alone, from the records; nothing is trained. The front page tells the
range.
"""

from __future__ import annotations

import time

import pandas as pd
from nbclient import NotebookClient

from motifbook.book import notebooks
from motifbook.files import write_whole
from motifbook.records.store import project_root


def seconds(name: str) -> float:
    """Execute a chapter, kernel's start included, and say how long it took."""
    notebook = notebooks.read(name)
    folder = {"metadata": {"path": str(project_root() / "notebooks")}}
    started = time.perf_counter()
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=folder).execute()
    return time.perf_counter() - started


def main() -> None:
    """Time every chapter and write the table."""
    found = {name: round(seconds(name), 1) for name in notebooks.chapters()}
    table = pd.Series(found, name="seconds").rename_axis("chapter").reset_index()
    target = project_root() / "src" / "motifbook" / "data" / "chapter_seconds.csv"
    write_whole(target, table.to_csv(index=False))
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
