"""A chapter run again with other parameters, by papermill: checked first, readable by itself after.

Chapters are written for the book. There Sphinx sets captions, resolves citations and links pages;
in a notebook that stands alone, `stand_alone` does.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from motifbook.book import notebooks
from motifbook.motifs import matrices
from motifbook.networks import receptive
from motifbook.networks.architectures import choose
from motifbook.networks.protocols import parse_profile
from motifbook.records import runs, store
from motifbook.records.store import project_root
from motifbook.sequences.catalogue import parse_real

if TYPE_CHECKING:
    from nbformat import NotebookNode

_CHECKS: dict[str, Callable] = {
    "profile": parse_profile,
    "models": choose,
    "trials": runs.parse_trials,
    "dataset": parse_real,
    "in_vivo": parse_real,
    "jaspar": matrices.parse_release,
    "missing": store.parse_missing,
    "ladder": store.parse_missing,
    "backgrounds": receptive.parse_backgrounds,
    "seed": receptive.parse_seed,
}


def check(name: str, given: Mapping[str, str]) -> dict[str, str | int]:
    """Values for a chapter's parameters, from their texts, as the chapter takes them.

    Raises
    ------
    ValueError
        For a chapter, a name or a value that cannot be; the error says what can.
    """
    from papermill import inspect_notebook

    known = {
        parameter: ast.literal_eval(found["default"])
        for parameter, found in inspect_notebook(notebooks.read(name)).items()
    }
    values: dict[str, str | int] = {}
    for parameter, text in given.items():
        if parameter not in known:
            raise ValueError(
                f"chapter {name} has no parameter {parameter!r}; it has: {', '.join(known)}"
            )
        values[parameter] = text
        if isinstance(known[parameter], int):
            if not re.fullmatch(r"[+-]?\d{1,18}", text):  # int also takes 1_0
                raise ValueError(f"{parameter} must be a whole number, found {text!r}")
            values[parameter] = int(text)
        if parameter in _CHECKS:
            _CHECKS[parameter](values[parameter])
    # Last, because a folder to train into is made.
    store.open_results(given.get("results_dir"), given.get("missing", "skip"))
    return values


def run(name: str, given: Mapping[str, str], folder: Path) -> NotebookNode:
    """A chapter's notebook after a run with these parameters; training shows its progress.

    Parameters
    ----------
    name : str
    given : mapping
        Parameters and the texts of their values; the others keep the chapter's.
    folder : path
        Where the notebook will lie: links lead from there.

    Raises
    ------
    ValueError
        As `check`.
    RuntimeError
        If a cell raises; the error is one line.
    """
    from papermill import PapermillExecutionError, execute_notebook

    try:
        notebook = execute_notebook(
            notebooks.read(name),
            None,
            parameters=check(name, given),
            kernel_name="python3",
            progress_bar=False,
            stderr_file=Notes(sys.stderr),
            extra_arguments=["--log-level=CRITICAL"],  # the kernel's notes are for no reader
        )
    except PapermillExecutionError as error:
        raise RuntimeError(f"chapter {name}: {error.ename}: {error.evalue}") from None
    return stand_alone(notebook, folder)


_WARNING = re.compile(r"^\S.*:\d+: (\w*Warning): ((?:.|\n)*?)\n(?:  .*\n|\Z)", re.MULTILINE)


class Notes:
    """A stream for what a chapter says on standard error: our warnings as one line each, once.

    Those of libraries are left out, as the commands do; progress goes through as it is.
    """

    def __init__(self, to: TextIO) -> None:
        self.to = to
        self.said = set[str]()

    def write(self, text: str) -> None:
        self.to.write(_WARNING.sub(self._note, text))

    def flush(self) -> None:
        self.to.flush()

    def _note(self, found: re.Match) -> str:
        line = " ".join(found[2].split())
        if found[1] != "UserWarning" or line in self.said:
            return ""
        self.said.add(line)
        return f"motifbook: note: {line}\n"


def stand_alone(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """A chapter that is read outside the book: captions below figures, links that lead somewhere.

    Pages become notebooks by their path from `folder`, citations links to what is cited. Links in
    outputs, which lead to the book's page of records, and what was said on standard error go.
    """
    from nbformat.v4 import new_markdown_cell

    cells: list[NotebookNode] = []
    number, numbers = 0, dict[str, int]()
    for cell in notebook.cells:
        cells.append(cell)
        if "outputs" in cell:
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
            for output in cell.outputs:
                for kind, text in output.get("data", {}).items():
                    if kind in ("text/html", "text/markdown"):
                        output["data"][kind] = re.sub(
                            r'<a href="[\w-]+\.html[^>]*>(.*?)</a>', r"\1", text
                        )
        about = cell.metadata.get("mystnb", {}).get("figure", {})
        if caption := about.get("caption"):
            number += 1
            numbers[about.get("name", "")] = number
            text = f"**Figure {number}.** {' '.join(caption.split())}"
            cells.append(new_markdown_cell(text, id=f"caption-{number}"))
    cited = dict(_references())
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = _plain(cell.source, folder, cited, numbers)
    notebook.cells = cells
    return notebook


def _plain(text: str, folder: Path, cited: Mapping[str, str], numbers: Mapping[str, int]) -> str:
    """MyST as plain Markdown: roles, boxes, figures' numbers and links to pages."""

    def page(found: re.Match) -> str:
        notebook = project_root() / "notebooks" / f"{found[1]}.ipynb"
        target = notebook if notebook.is_file() else project_root() / "book" / f"{found[1]}.md"
        return f"]({os.path.relpath(target, folder)})"

    def citation(found: re.Match) -> str:
        names = ", ".join(cited.get(key.strip(), key) for key in found[2].split(","))
        return names if found[1] else f"({names})"

    def box(found: re.Match) -> str:
        lines = [f"**{found[1]}**", "", *found[2].strip().splitlines()]
        return "\n".join(f"> {line}".rstrip() for line in lines)

    def figure(found: re.Match) -> str:
        return f"Figure {numbers[found[1]]}" if found[1] in numbers else "a figure"

    exercise = r"```\{exercise\}\n:label: [\w-]*-(\d+)\n+((?s:.*?))\n```"
    text = re.sub(exercise, r"**Exercise \1.** \2", text)
    text = re.sub(r"\{numref\}`([\w-]+)`", figure, text)
    text = re.sub(r"```\{admonition\} (.*)\n(?::class:.*\n)?((?s:.*?))```", box, text)
    text = re.sub(r"\]\(([\w-]+)\.md(?:#[\w-]*)?\)", page, text)
    text = re.sub(r"\{cite(:t)?\}`([^`]*)`", citation, text)
    text = re.sub(r"\{term\}`([^`<]*?)(?: <[^`]*>)?`", r"\1", text)
    return re.sub(r"\{(sub|sup)\}`([^`]*)`", r"<\1>\2</\1>", text)


def _references() -> Iterator[tuple[str, str]]:
    """Each cited work as a link: `Koo and Eddy 2019`, by its key."""
    from pybtex.database import parse_file

    for key, entry in parse_file(project_root() / "book" / "references.bib").entries.items():
        last = [" ".join(person.last_names) for person in entry.persons["author"]]
        names = " and ".join(last) if len(last) < 3 else f"{last[0]} et al."
        shown = f"{names} {entry.fields['year']}"
        address = entry.fields.get("url", "")
        if "doi" in entry.fields:
            address = f"https://doi.org/{entry.fields['doi']}"
        yield key, f"[{shown}]({address})" if address else shown
