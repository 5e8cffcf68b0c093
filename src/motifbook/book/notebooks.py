"""The chapters as Jupyter notebooks: book/NAME.md is edited, notebooks/NAME.ipynb follows."""

from __future__ import annotations

import base64
import copy
import sys
import time
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbclient import NotebookClient

from motifbook.files import replacing, write_whole
from motifbook.records.store import project_root

CELL_SECONDS = 600
INSTALL = """\
# Where the package is not installed, as on Colab.
import importlib.util

if not importlib.util.find_spec("motifbook"):
    %pip install --quiet "motifbook[book]"\
"""
SOLUTION = "Show a solution"
"""What the fold of a solution says: a chapter's text has one below each exercise."""


def chapters() -> list[str]:
    """Names of the pages in book/ that run code, sorted."""
    pages = (project_root() / "book").glob("*.md")
    return sorted(page.stem for page in pages if "\nkernelspec:\n" in page.read_text())


def contents() -> list[dict[str, str]]:
    """The entries of the table of contents but its root, in reading order: `file`, `title`."""
    parts = yaml.safe_load((project_root() / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    return [entry for part in parts for entry in part["chapters"]]


def path(name: str) -> Path:
    """Where a chapter's notebook lies.

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    if name not in (known := chapters()):
        raise ValueError(f"unknown chapter {name!r}; there are: {', '.join(known)}")
    return project_root() / "notebooks" / f"{name}.ipynb"


def read(name: str) -> nbformat.NotebookNode:
    """A chapter's text as a notebook without outputs.

    What jupytext makes up anew at each reading (cell ids) or adds for its own use is left out, so
    that the same text always gives the same notebook. After the parameters comes `INSTALL`.

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    notebook = jupytext.read(project_root() / "book" / f"{path(name).stem}.md", fmt="md:myst")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    code = [number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    install = nbformat.v4.new_code_cell(INSTALL, id="install")
    notebook.cells.insert(code[0] + 1, install)
    notebook.metadata = {
        "kernelspec": notebook.metadata["kernelspec"],
        "language_info": {"name": "python"},
    }
    return notebook


def execute(name: str) -> Path:
    """Run a chapter and write it, with its outputs, to notebooks/; nothing is written if it fails.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises.
    """
    notebook = read(name)
    metadata = notebook.metadata
    written = path(name)
    written.parent.mkdir(exist_ok=True)
    NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # else what is printed is cut up by how busy the machine is
        resources={"metadata": {"path": str(written.parent)}},
    ).execute()
    notebook.metadata = metadata
    write_whole(written, nbformat.writes(notebook) + "\n")
    if name == "intro":
        _picture(notebook, project_root() / "book" / "_static" / "overview.png")
    return written


def learner(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A notebook for who solves its exercises: a copy without outputs, with room for solutions."""
    copied = copy.deepcopy(notebook)
    for cell in copied.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
            if is_solution(cell):
                cell.update(source="# Your solution", metadata={})
    return copied


def is_solution(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is a solution of an exercise."""
    return cell.metadata.get("mystnb", {}).get("code_prompt_show") == SOLUTION


def _picture(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Keep a notebook's first figure as a file: the README shows the paper in one figure."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if image := output.get("data", {}).get("image/png"):
                with replacing(target) as temporary:
                    temporary.write_bytes(base64.b64decode(image))
                return


def main(names: list[str]) -> int:
    """Execute the named chapters, or all, and say how long each took."""
    for name in names or chapters():
        started = time.perf_counter()
        written = execute(name)
        size = written.stat().st_size
        print(
            f"{written.name:28}{time.perf_counter() - started:6.1f} s{size / 1e3:8.0f} kB",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
