"""Records and notebooks as files of the site, linked from where a page names them.

A line of provenance is one line on the page. Opened, it lists the records of the models that it
names, as the files that they are; where it only counts them, all of their dataset, protocol and
profile.
"""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterable
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from motifbook.book.notebooks import is_solution, learner
from motifbook.book.provenance import MOST_NAMED, anchor
from motifbook.records import runs
from motifbook.records.store import project_root, results_folder

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = "records"
"""Where records lie in the site; pages lie in a folder beside it."""

SUFFIXES = (".json", ".meme")
LEARNER = "-learner.ipynb"
"""How the name of a notebook without solutions ends."""
LINE = '<p class="provenance">'
"""How a line of provenance begins."""

TABLES = "Files in <code>results/"
"""What the page of all runs has above each of its tables."""


def opened(line: str, on_record: Iterable[runs.Run]) -> str:
    """A line of provenance as one that opens, with links to what it was made from.

    Parameters
    ----------
    line : str
        HTML of class `provenance`, from `motifbook.book.provenance`.
    on_record : iterable of Run
        Those whose records are files of the site.

    Returns
    -------
    str
        A `details` element; the line itself where it names no run on record.
    """
    names = re.findall(r'href="[^"]*#([^"]+)"', line)
    named = [run for run in on_record if {anchor(run), anchor(run, model=False)} & set(names)]
    if not named:
        return linked(line, results_folder())
    items = []
    for (*table, model), group in groupby(
        named, lambda run: (run.dataset, run.protocol, run.profile, run.model)
    ):
        place = "/".join([*table, model])
        files = ", ".join(
            f'<a href="../{FOLDER}/{place}/trial-{run.trial}.json"'
            f' title="record of {model}, trial {run.trial}">trial {run.trial}</a>'
            for run in group
        )
        items.append(f"<li><code>{html.escape(place)}</code>: {files}</li>")
    if any(anchor(run, model=False) in names for run in named):
        of = f"Over {MOST_NAMED} models are only counted. All records of that table, each a file:"
    else:
        of = "All records of these models, each a file:"
    inner = line.removeprefix(LINE).removesuffix("</p>")
    short = re.sub(r"<[^>]*>", "", inner)
    return (
        f'<details class="provenance"><summary>{short}</summary>'
        f"<p>On the page of all runs: {inner}</p>"
        f"<p>{of}</p><ul>{''.join(items)}</ul></details>"
    )


def linked(text: str, results: Path) -> str:
    """HTML whose names of records lead to their files in the site.

    A name is that of a file below `results`, or below the folder of the last "Files in" before it.
    """
    folder = ""

    def link(found: re.Match) -> str:
        nonlocal folder
        if found["folder"]:
            folder = found["folder"]
            return found[0]
        for place in (found["file"], folder + found["file"]):
            if (results / place).is_file():
                return f'<a href="../{FOLDER}/{place}">{found["file"]}</a>'
        return found["file"]

    names = TABLES + r"(?P<folder>[^<]*)</code>|(?<![\w/\"])(?P<file>[\w./+-]+\.json)\b"
    return re.sub(names, link, text)


def copy(app: Sphinx, exception: Exception | None) -> None:
    """Put the records and the notebooks into the site, in place of those of a build before."""
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    for source, suffixes, target in (
        (results_folder(), SUFFIXES, site / FOLDER),
        (project_root() / "notebooks", (".ipynb",), site / "notebooks"),
    ):
        shutil.rmtree(target, ignore_errors=True)
        for file in sorted(source.rglob("*")):
            if file.suffix in suffixes and ".ipynb_checkpoints" not in file.parts:
                copied = target / file.relative_to(source)
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copied)
    for file in sorted((project_root() / "notebooks").glob("*.ipynb")):
        if _has_exercises(file):
            without = learner(nbformat.read(file, as_version=4))
            nbformat.write(without, site / "notebooks" / f"{file.stem}{LEARNER}")


@cache
def _has_exercises(notebook: Path) -> bool:
    return any(map(is_solution, nbformat.read(notebook, as_version=4).cells))


def offer_downloads(app, pagename, templatename, context, doctree) -> None:
    """A menu in a page's header: its notebook, also without solutions; its text; the book's PDF."""
    if doctree is None:
        return
    resource = partial(context["pathto"], resource=True)
    name = Path(pagename).name
    buttons = []
    if (project_root() / "notebooks" / f"{name}.ipynb").is_file():
        url = f"notebooks/{name}"
        buttons.append(_button(resource(f"{url}.ipynb"), "This page, a notebook", "code"))
        if _has_exercises(project_root() / f"{url}.ipynb"):
            buttons.append(_button(resource(url + LEARNER), "Without the solutions", "pencil"))
    if source := context.get("sourcename"):
        buttons.append(_button(resource(f"_sources/{source}"), "This page, its text", "file"))
    if app.config.motifbook_pdf:
        buttons.append(_button(resource("motifbook.pdf"), "The whole book, a PDF", "file-pdf"))
    if buttons:
        context["header_buttons"].append(
            {
                "type": "group",
                "tooltip": "Download",
                "icon": "fas fa-download",
                "buttons": buttons,
                "label": "download-buttons",
            }
        )


def _button(url: str, text: str, icon: str) -> dict:
    return {"type": "link", "url": url, "text": text, "icon": f"fas fa-{icon}"}
