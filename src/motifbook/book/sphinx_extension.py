"""The book's Sphinx extension: outputs that are never stale, lines of provenance below captions,
launch buttons that open notebooks.

jupyter-cache knows a chapter by the text of its cells alone. An edited record or a mended function
would leave the old numbers on the page, so the cache lives in a folder named after everything
else that the numbers depend on.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from motifbook.book import record_files
from motifbook.records import runs
from motifbook.records.store import project_root, results_folder

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment


BUILD_ONLY = (
    "archive_site.py",
    "citation.py",
    "print.py",
    "record_files.py",
    "site.py",
    "sphinx_extension.py",
    "sphinx_words.py",
)
"""Modules beside this one that no chapter calls: a change of theirs changes no output."""


def digest(places: Iterable[Path], but: Iterable[Path] = ()) -> str:
    """SHA-256, in hex, of the files at and below some places: their names and their bytes.

    A place that is not there counts as empty. What Python and the record writer leave on the way
    (`__pycache__`, `*.part`) does not count, nor do the files of `but`.
    """
    total = hashlib.sha256()
    left_out = set(but)
    for place in places:
        files = [place] if place.is_file() else sorted(place.rglob("*"))
        for file in files:
            if not file.is_file() or "__pycache__" in file.parts or file.suffix == ".part":
                continue
            if file in left_out:
                continue
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"{file.relative_to(place.parent).as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def choose_cache(app: Sphinx, config: Config) -> None:
    """Point myst-nb at the cache folder of this code and these records; drop older ones."""
    here = Path(__file__)
    places = (results_folder(), here.parents[1], project_root() / "requirements.lock")
    build_only = [here.with_name(name) for name in BUILD_ONLY]
    caches = Path(app.outdir).parent / ".jupyter_cache"
    chosen = caches / digest(places, but=build_only)[:16]
    for old in caches.glob("*"):
        if old != chosen:
            shutil.rmtree(old)
    config.nb_execution_cache_path = str(chosen)


def execute_side_by_side(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    """Execute the chapters that are not in the cache, as many at once as there are cores.

    Sphinx reads chapters one after the other, and myst-nb executes each as it is read; then it
    finds these in the cache. One that fails is left to myst-nb, which says so.
    """
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn
    from jupyter_cache.executors.utils import single_nb_execution
    from myst_nb.core.read import create_nb_reader

    from motifbook.book.kernels import FORKING

    # Else what is printed is cut up by how busy the machine is.
    options = {**FORKING, "coalesce_streams": True}
    cache = get_cache(app.config.nb_execution_cache_path)

    def waiting() -> Iterator[tuple[str, NotebookNode]]:
        for path in map(env.doc2path, names):
            text = Path(path).read_text(encoding="utf-8")
            if reader := create_nb_reader(path, env.myst_config, env.mystnb_config, text):
                notebook = reader.read(text)
                try:
                    cache.match_cache_notebook(notebook)
                except KeyError:
                    yield path, notebook

    def execute(chapter: tuple[str, NotebookNode]):
        path, notebook = chapter
        folder, seconds = str(Path(path).parent), app.config.nb_execution_timeout
        return path, single_nb_execution(notebook, folder, seconds, allow_errors=False, **options)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, done in pool.map(execute, list(waiting())):
            if done.err is None:
                bundle = CacheBundleIn(done.nb, path, data={"execution_seconds": done.time})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def name_repository(app: Sphinx, config: Config) -> None:
    """Add a repository link and launch buttons if $MOTIFBOOK_REPOSITORY says where it is.

    Raises
    ------
    sphinx.errors.ConfigError
        If it is no https address of a repository.
    """
    from sphinx.errors import ConfigError

    address = os.environ.get("MOTIFBOOK_REPOSITORY", "")
    if not address:
        return
    if not re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w./-]+", address):
        raise ConfigError(
            f"MOTIFBOOK_REPOSITORY must be like https://HOST/OWNER/NAME, found {address!r}"
        )
    buttons = {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"}
    if address.startswith("https://github.com/"):  # the only host that Colab opens
        buttons["colab_url"] = "https://colab.research.google.com"
    config.html_theme_options.update(
        repository_url=address.removesuffix("/"),
        repository_branch=os.environ.get("MOTIFBOOK_BRANCH", "main"),
        use_repository_button=True,
        launch_buttons=buttons,
    )


def launch_notebook(app, pagename, templatename, context, doctree) -> None:
    """Make the launch buttons open notebooks/NAME.ipynb; book/NAME.md is text to them."""
    for group in context.get("header_buttons", []):
        if group.get("label") != "launch-buttons":
            continue
        for button in group["buttons"]:
            button["url"] = button["url"].replace(
                f"{pagename}.md", f"notebooks/{Path(pagename).name}.ipynb"
            )


def lines_below_captions(render: Callable) -> Callable:
    """myst-nb's rendering of a cell's outputs, with lines of provenance left out of the figure.

    A cell whose metadata name a figure would have each of its outputs in a figure of that name; a
    line of provenance belongs below the first. It opens, and the names of records become links.
    """
    from docutils import nodes

    on_record = list(runs.on_record())

    @wraps(render)
    def rendered(self, token, outputs) -> None:
        for output in outputs:
            html = output.get("data", {}).get("text/html", "")
            if html.startswith(record_files.LINE):
                line = record_files.opened(html, on_record)
                look = ["output", "text_html"]
                self.current_node.append(nodes.raw("", line, format="html", classes=look))
                continue
            if record_files.TABLES in html:  # the page of all runs
                output["data"]["text/html"] = record_files.linked(html, results_folder())
            render(self, token, [output])

    return rendered


def setup(app: Sphinx) -> dict:
    """Called by Sphinx; $MOTIFBOOK_PDF says that a PDF of the book will lie beside its pages."""
    from myst_nb.sphinx_ import SphinxNbRenderer

    render = SphinxNbRenderer._render_nb_cell_code_outputs
    if not hasattr(render, "__wrapped__"):  # two books may be built by one process
        SphinxNbRenderer._render_nb_cell_code_outputs = lines_below_captions(render)
    app.connect("config-inited", choose_cache)
    app.connect("config-inited", name_repository)
    app.connect("env-before-read-docs", execute_side_by_side)
    app.connect("html-page-context", launch_notebook, priority=900)  # after the theme adds them
    app.connect("html-page-context", record_files.offer_downloads, priority=900)
    with_pdf = bool(os.environ.get("MOTIFBOOK_PDF"))
    app.add_config_value("motifbook_pdf", with_pdf, "html", types=[bool])
    app.connect("build-finished", record_files.copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
