"""The rendered book: strict, fresh, whole, readable without a network, and re-executable."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import nbformat
import pandas as pd
import papermill
import pytest
import yaml
from bs4 import BeautifulSoup
from built import build
from conftest import put_record

from motifbook.book.kernels import FORKING
from motifbook.book.notebooks import chapters, read
from motifbook.book.sphinx_extension import digest
from motifbook.records.store import project_root

ROOT = project_root()
ORDER = [
    "intro",
    "receptive-field",
    "synthetic-data",
    "max-pooling",
    "number-of-filters",
    "filter-size",
    "stride",
    "deeper-layers",
    "in-vivo",
    "written-and-run",
    "archive",
    "is-it-a-motif",
    "ledger",
    "databases",
    "activation",
    "design",
    "limits",
    "richer",
    "attribution",
    "rerun",
    "runs",
    "api",
    "glossary",
    "references",
]


def listed_pages() -> list[str]:
    """Names of the pages of _toc.yml, in reading order."""

    def walk(entry):
        if isinstance(entry, list):
            for item in entry:
                yield from walk(item)
        elif isinstance(entry, dict):
            for key in ("root", "file"):
                if key in entry:
                    yield entry[key]
            for key in ("parts", "chapters", "sections"):
                yield from walk(entry.get(key, []))

    return [Path(page).name for page in walk(yaml.safe_load((ROOT / "_toc.yml").read_text()))]


def test_contents_list_every_page_once_in_order():
    pages = listed_pages()
    assert sorted(pages) == sorted(path.stem for path in (ROOT / "book").glob("*.md"))
    assert pages == [name for name in ORDER if name in pages]


# What a page says of where its figures come from.

WITHOUT_RUNS = {
    # a toy that is trained on the page, and what is computed from architectures alone
    "fig-toy",
    "fig-distance",
    "fig-phases",
    # the embedded motifs
    "fig-deeper-truth",
    "fig-filters-truth",
    "fig-size-truth",
    "fig-stride-truth",
}
"""Figures that are made from no record."""


LINE = r"^(?:(?!figures)\w+\.(?:show|made_from)|provenance|described|computed_from)\("
"""How a line of a cell begins that shows one."""


def figures_without_a_line(notebook) -> list[str]:
    """Names of the figures that no line of provenance follows before the next figure."""
    waiting, found = None, []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if name := cell.metadata.get("mystnb", {}).get("figure", {}).get("name"):
            found += [waiting] if waiting else []
            waiting = name
        if re.search(LINE, cell.source, re.M):
            waiting = None
    return found + ([waiting] if waiting else [])


@pytest.mark.parametrize("name", chapters())
def test_a_line_under_every_figure_says_which_runs_made_it(name):
    assert set(figures_without_a_line(read(name))) <= WITHOUT_RUNS


def test_every_figure_that_needs_no_run_is_in_the_book():
    without = {figure for name in chapters() for figure in figures_without_a_line(read(name))}
    assert without == WITHOUT_RUNS


def test_plots_of_auroc_on_real_sequences_show_what_needs_no_network():
    """The plots by network draw each baseline; that of the floor is made of them."""
    drawn = {}
    for cell in read("in-vivo").cells:
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        if name in ("fig-in-vivo-scores", "fig-in-vivo-filters"):
            drawn[name] = "reference_heights(data)" in cell.source
    assert drawn == {"fig-in-vivo-scores": True, "fig-in-vivo-filters": True}


# The whole book, built once.


@pytest.fixture(scope="module")
def pages(site):
    """Every page of the book, parsed, by name."""
    files = (site / "book").glob("*.html")
    return {path.stem: BeautifulSoup(path.read_text(), "html.parser") for path in files}


@pytest.mark.slow
def test_strict_build_has_every_page(site, pages):
    assert sorted(pages) == sorted(listed_pages())
    first = BeautifulSoup((site / "index.html").read_text(), "html.parser")
    assert first.h1.text == pages["intro"].h1.text


@pytest.mark.slow
def test_pages_load_nothing_from_elsewhere(site, pages):
    loading = [("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")]
    for name, page in pages.items():
        found = [tag[key] for kind, key in loading for tag in page.find_all(kind, **{key: True})]
        found += [
            tag["href"]
            for tag in page.find_all("link", href=True)
            if not {"canonical", "author", "license"} & set(tag.get("rel", []))
        ]
        away = [address for address in found if address.startswith(("http:", "https:", "//"))]
        assert away == [], name
    for sheet in site.rglob("*.css"):
        text = sheet.read_text()
        assert "url(http" not in text and "@import url(" not in text, sheet.name


@pytest.mark.slow
def test_every_picture_has_words(pages):
    for name, page in pages.items():
        for picture in page.select("article img"):
            words = picture.get("alt", "")
            # docutils puts the file's name where none is given
            assert words and "_images" not in words, f"{name}: {picture.get('src')}"


@pytest.mark.slow
def test_links_inside_the_book_lead_somewhere(site, pages):
    for name, page in pages.items():
        for link in page.select("article a[href]"):
            address, _, fragment = link["href"].partition("#")
            if ":" in address:
                continue
            target = Path(address).stem if address else name
            assert not address or (site / "book" / address).exists(), f"{name}: {link['href']}"
            if fragment and target in pages:
                assert pages[target].find(id=fragment), f"{name}: {link['href']}"


@pytest.mark.slow
def test_no_page_shows_a_log_or_an_error(pages):
    for name, page in pages.items():
        assert not page.select(".output.stderr, .output.traceback"), name
        assert "Traceback (most recent call last)" not in page.text, name


# A book of two pages, to see what its parts do.

FIGURE = """
```{code-cell} ipython3
---
mystnb:
  image:
    alt: a line
  figure:
    name: fig-line
    caption: The caption.
---
import matplotlib.pyplot as plt
from motifbook.book import chapter
page = chapter.gather(['cnn-2'], trials=1)
page.show(plt.figure())
```
"""


def small_book(root: Path) -> Path:
    """A project with our configuration, one record, a page that prints its AUROC, and another."""
    (root / "book").mkdir(parents=True)
    for name in ("_config.yml", "CITATION.cff", "requirements.lock", "book/references.bib"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "book" / "_static", root / "book" / "_static")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/page\nchapters:\n  - file: book/other\n"
    )
    (root / "book" / "other.md").write_text("# Another page\n")
    (root / "book" / "page.md").write_text(
        "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
        "kernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n"
        "# A page with $x^2$\n\n```{code-cell} ipython3\nfrom motifbook.records import experiment\n"
        "print(f\"AUROC {experiment.get('cnn-2', 1)[0].auroc:.4f}\")\n"
        "print('first', end='', flush=True)\nprint('\\nsecond')\n```\n"
    )
    put_record(root / "results", auroc=0.7123)
    return root


def page_of(root: Path, **environment: str) -> BeautifulSoup:
    html = build(root, root, MOTIFBOOK_ROOT=str(root), **environment)
    return BeautifulSoup((html / "book" / "page.html").read_text(), "html.parser")


class Twice(NamedTuple):
    """A small book built, and built again when its record had changed and its address was known."""

    root: Path
    before: BeautifulSoup
    after: BeautifulSoup


@pytest.fixture(scope="module")
def twice(tmp_path_factory) -> Twice:
    root = small_book(tmp_path_factory.mktemp("small") / "project")
    with (root / "book" / "page.md").open("a") as page:
        page.write(FIGURE)
    before = page_of(root)
    (path,) = (root / "results").rglob("*.json")
    data = json.loads(path.read_text())
    data["test"] |= {"auroc": [0.8456] * len(data["classes"]), "mean_auroc": 0.8456}
    path.write_text(json.dumps(data))
    return Twice(root, before, page_of(root, MOTIFBOOK_REPOSITORY="https://github.com/OWNER/NAME"))


@pytest.mark.slow
def test_an_edited_record_changes_the_page(twice):
    assert "AUROC 0.7123" in twice.before.text
    assert "AUROC 0.8456" in twice.after.text and "0.7123" not in twice.after.text


@pytest.mark.slow
def test_what_is_printed_in_two_parts_is_one(twice):
    assert "\nfirst\nsecond\n" in twice.before.text


@pytest.mark.slow
def test_a_failing_cell_or_a_log_fails_the_build(tmp_path):
    root = small_book(tmp_path / "project")
    page = root / "book" / "page.md"
    text = page.read_text()
    for bad, word in [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; print('log', file=sys.stderr)", "stderr"),
    ]:
        page.write_text(text + f"\n```{{code-cell}} ipython3\n{bad}\n```\n")
        with pytest.raises(AssertionError, match=word):
            page_of(root)


@pytest.mark.slow
def test_a_line_of_provenance_stands_below_the_caption(twice):
    (line,) = twice.before.select("article .provenance")
    (figure,) = twice.before.select("article figure")
    assert line.name == "details"
    assert line.summary.text == "Made from 1 run (synthetic, as-run, paper: CNN-2 × 1)."
    (record,) = line.select("li a")
    written = twice.root / "_build" / "html" / "book" / record["href"]
    assert json.loads(written.read_text())["model"] == "cnn-2"
    assert figure["id"] == "fig-line" and figure.img["alt"] == "a line"
    assert line.find_previous("figcaption") is figure.figcaption
    assert line not in figure.descendants


@pytest.mark.slow
def test_launch_buttons_open_the_notebook_where_the_address_is_known(twice):
    def launches(page):
        links = [a["href"] for a in page.find_all("a", href=True)]
        return [link for link in links if "mybinder.org" in link or "colab." in link]

    assert launches(twice.before) == []
    found = launches(twice.after)
    assert len(found) == 2
    assert all(link.endswith("notebooks/page.ipynb") for link in found)


@pytest.mark.slow
def test_a_wrong_repository_address_is_named(tmp_path):
    with pytest.raises(AssertionError, match="MOTIFBOOK_REPOSITORY must be like"):
        page_of(small_book(tmp_path / "project"), MOTIFBOOK_REPOSITORY="OWNER/NAME")


# The cache's key.


def test_digest_sees_names_and_bytes(tmp_path):
    folder = tmp_path / "results"
    (folder / "a").mkdir(parents=True)
    file = folder / "a" / "one.json"
    seen = {digest([folder])}
    for text in ("1", "2"):
        file.write_text(text)
        seen.add(digest([folder]))
    file.rename(folder / "a" / "two.json")
    seen.add(digest([folder]))
    assert len(seen) == 4


def test_digest_is_of_the_content_alone(tmp_path):
    folder = tmp_path / "src"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "one.py").write_text("1")
    before = digest([folder])
    (folder / "__pycache__" / "one.pyc").write_text("compiled")
    (folder / "tmp123.part").write_text("half a rec")
    os.utime(folder / "one.py", (1, 1))
    assert digest([folder]) == before
    assert digest([folder, tmp_path / "absent"]) == before
    (folder / "site.py").write_text("of the build alone")
    assert digest([folder]) != before
    assert digest([folder], but=[folder / "site.py"]) == before


# Re-execution, for real.


@pytest.fixture(scope="session")
def smoke_results(tmp_path_factory):
    """Records of the smoke profile: what one chapter trains, the next one finds."""
    return tmp_path_factory.mktemp("smoke")


SOME = "cnn-1,cnn-2,cnn-25,cnn-25-60,cnn-50-2,cnn9-4"
"""Of each chapter a few: what it says of all of them is what the build shows."""
FEWER = dict.fromkeys(
    ("activation", "attribution", "databases", "design", "in-vivo", "limits"), "cnn-2,cnn-25"
)
"""Of those that read every network again, or train it anew."""


@pytest.mark.slow
@pytest.mark.parametrize("name", chapters())
def test_chapter_runs_again_with_training(name, smoke_results, tmp_path):
    source = ROOT / "notebooks" / f"{name}.ipynb"
    parameters = {"results_dir": str(smoke_results)}
    if name != "runs":
        parameters |= {"profile": "smoke", "trials": "1", "missing": "train"}
        parameters["models"] = FEWER.get(name, SOME)
    if name == "richer":  # its background needs a download
        parameters["missing"] = "skip"
    if name == "in-vivo":  # real data need a download; a few sequences of each of three TFs do not
        parameters["dataset"] = str(ROOT / "tests" / "data" / "peaks")
    options = {"progress_bar": False, "cwd": tmp_path, **FORKING}
    papermill.execute_notebook(source, tmp_path / "out.ipynb", parameters=parameters, **options)


def run_page(name: str, folder: Path, **parameters: str):
    """Execute a page's text, not the notebook that was made of it; returns the notebook."""
    source, output = folder / f"{name}.ipynb", folder / f"{name}-out.ipynb"
    nbformat.write(read(name), source)
    options = {"progress_bar": False, "cwd": folder, **FORKING}
    papermill.execute_notebook(source, output, parameters=parameters, **options)
    return nbformat.read(output, as_version=4)


def said(notebook) -> str:
    """The sentences that a notebook's code put together."""
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return "\n".join(out.get("data", {}).get("text/markdown", "") for out in outputs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dataset", "verdicts"),
    [
        ("chipseq", "no number of ours can confirm or contradict"),
        ("deepsea", "each number of ours below is set against"),
    ],
)
def test_the_page_of_real_sequences_says_what_its_data_are_worth(dataset, verdicts, tmp_path):
    (tmp_path / "results").mkdir()  # without a record
    parameters = {"dataset": dataset, "results_dir": str(tmp_path / "results")}
    words = said(run_page("in-vivo", tmp_path, **parameters)).replace("\n", " ")
    assert verdicts in words
    assert ("not the paper's data" in words) == (dataset == "chipseq")


@pytest.fixture(scope="module")
def unknown(tmp_path_factory):
    """A folder of two TFs that no motif is known of, and both pages that show its runs."""
    folder, work = tmp_path_factory.mktemp("peaks"), tmp_path_factory.mktemp("unknown")
    for tf, file in (("XXA", "MAFK.fasta"), ("XXB", "SRF.seq")):
        shutil.copy(ROOT / "tests" / "data" / "peaks" / file, folder / f"{tf}.fasta")
    options = {"results_dir": str(work / "results"), "profile": "smoke", "trials": "1"}
    options["models"] = "cnn-1,cnn-25"
    page = run_page("in-vivo", work, dataset=str(folder), missing="train", **options)
    return folder, page, run_page("ledger", work, in_vivo=str(folder), **options)


@pytest.mark.slow
def test_where_no_motif_is_known_the_page_says_so(unknown):
    folder, page, _ = unknown
    words = said(page)
    assert "**Relevant matches cannot be counted on these data**" in words
    assert f"The dataset {folder.name} is your own" in words
    assert "not the paper's data" not in words
    outputs = [out for cell in page.cells for out in cell.get("outputs", [])]
    noted = "".join(out.text for out in outputs if out.get("name") == "stderr")
    lines = [line for line in re.split(r"[\r\n]", noted) if line.strip()]
    notes = [line for line in lines if "s/epoch" not in line and "epoch/s" not in line]
    warned = [line for line in notes if "Warning" in line]
    assert "fewer than 100 sites of a TF are too few" in warned[0]
    assert all(f"UserWarning: {folder}" in line for line in warned)
    assert not [line for line in notes if "Error" in line or "Traceback" in line]


@pytest.mark.slow
def test_baselines_stand_beside_the_scores_of_real_sequences(unknown):
    _, page, _ = unknown
    (line,) = (line for line in said(page).splitlines() if line.startswith("Without a network"))
    for baseline in ("GC content alone", "words of six bases"):
        assert re.search(rf"{baseline}, AUROC 0\.\d{{3}} and AUPR 0\.\d{{3}}", line)


@pytest.mark.slow
def test_the_ledger_judges_a_folder_of_one_s_own(unknown):
    folder, _, page = unknown
    shown = [out for cell in page.cells for out in cell.get("outputs", []) if "data" in out]
    links = [re.search(r"csv;base64,([^\"]+)", out.data.get("text/html", "")) for out in shown]
    (csv,) = (base64.b64decode(link[1]).decode() for link in links if link)
    ledger = pd.read_csv(io.StringIO(csv), keep_default_na=False)
    own = ledger[ledger["dataset"] == folder.name].set_index("id")
    assert own.loc["in-vivo-more-filters", "verdict"] == "cannot be tested"  # two widths lack
    tested = own[own["trials"] > 0]
    assert len(tested)
    names = tested["runs"].str.split("; ").explode()
    assert names.str.fullmatch(rf"{folder.name}/as-run/smoke/cnn[\d-]+: 1").all()
    assert (ledger.loc[ledger["trials"] == 0, "runs"] == "").all()
