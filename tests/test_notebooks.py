"""The chapters as notebooks: the pairs agree, and each keeps the rules of the book."""

from __future__ import annotations

import html
import json
import re

import nbformat
import pytest

from motifbook.book import notebooks
from motifbook.records.store import project_root

ROOT = project_root()
CHAPTERS = notebooks.chapters()
PARAMETERS = {"profile", "models", "trials", "missing", "results_dir"}


def stored(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def tagged(notebook, tag: str) -> list:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


@pytest.fixture
def small_book(tmp_path, monkeypatch):
    """A project with one chapter of one cell, and a function that rewrites the cell."""
    (tmp_path / "book").mkdir()
    monkeypatch.setenv("MOTIFBOOK_ROOT", str(tmp_path))

    def write(code: str) -> None:
        (tmp_path / "book" / "page.md").write_text(
            "---\njupytext:\n  text_representation:\n    extension: .md\n"
            "    format_name: myst\nkernelspec:\n  display_name: Python 3\n"
            "  language: python\n  name: python3\n---\n\n"
            f"# A page\n\n```{{code-cell}} ipython3\n:tags: [parameters]\n\n{code}\n```\n"
        )
        (tmp_path / "book" / "plain.md").write_text("# No code\n")

    return write


@pytest.mark.parametrize("name", CHAPTERS)
def test_pair_agrees(name):
    def cells(notebook):
        return [(c.cell_type, c.source, c.metadata) for c in notebook.cells]

    assert cells(stored(name)) == cells(notebooks.read(name)), f"run `make notebooks` for {name}"


def test_every_notebook_has_a_text():
    assert sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")) == CHAPTERS


@pytest.mark.parametrize("name", CHAPTERS)
def test_first_code_cell_is_the_parameters(name):
    notebook = notebooks.read(name)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert tagged(notebook, "parameters") == [first]
    names = set(re.findall(r"^(\w+) = ", first.source, re.M))
    assert names >= ({"results_dir"} if name == "runs" else PARAMETERS)


@pytest.mark.parametrize("name", CHAPTERS)
def test_numbers_are_checked_and_pictures_are_not(name):
    checked = tagged(stored(name), "nbval-check-output")
    assert len(checked) >= 2
    for cell in checked:
        assert cell.outputs, f"checked, but without output: {cell.source[:60]!r}"
        assert not any("image/png" in output.get("data", {}) for output in cell.outputs)


@pytest.mark.parametrize("name", CHAPTERS)
def test_cells_fit_a_screen(name):
    for cell in notebooks.read(name).cells:
        if cell.cell_type == "code":
            code = [line for line in cell.source.splitlines() if line.strip()]
            assert len(code) <= 12, cell.source[:60]
            assert not any(line.startswith("def ") for line in code)


@pytest.mark.parametrize("name", CHAPTERS)
def test_notebook_is_small_and_clean(name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    assert path.stat().st_size < 1_000_000
    for cell in stored(name).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.text


def test_execute_writes_the_outputs(small_book, tmp_path):
    small_book("print(6 * 7)")
    path = notebooks.execute("page")
    assert path == tmp_path / "notebooks" / "page.ipynb"
    _, cell, install = json.loads(path.read_text())["cells"]
    assert cell["outputs"][0]["text"] == ["42\n"]
    assert "pip install" in "".join(install["source"]) and install["outputs"] == []


def test_execute_twice_gives_the_same_file(small_book):
    small_book("print(6 * 7)")
    assert notebooks.execute("page").read_bytes() == notebooks.execute("page").read_bytes()


def test_a_failing_chapter_leaves_the_notebook_alone(small_book):
    small_book("print(6 * 7)")
    before = notebooks.execute("page").read_bytes()
    small_book("1 / 0")
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebooks.execute("page")
    assert (notebooks.project_root() / "notebooks" / "page.ipynb").read_bytes() == before


def test_pages_without_code_are_no_chapters(small_book):
    small_book("print(6 * 7)")
    assert notebooks.chapters() == ["page"]


def test_unknown_chapter(small_book):
    small_book("print(6 * 7)")
    with pytest.raises(ValueError, match="unknown chapter 'pgae'; there are: page"):
        notebooks.read("pgae")


def code(name: str) -> list[list[str]]:
    """The lines of each code cell, blank ones left out."""
    every = notebooks.read(name).cells
    cells = [cell for cell in every if cell.cell_type == "code" and cell.id != "install"]
    return [[line for line in cell.source.splitlines() if line.strip()] for cell in cells]


class TestChaptersAreProse:
    """A chapter is prose with a few calls: what is longer, or has a name, is in the package."""

    @pytest.mark.parametrize("name", CHAPTERS)
    def test_cells_are_short_and_define_nothing(self, name):
        for lines in code(name):
            assert len(lines) <= 12, lines[0]
            assert not any(re.match(r"\s*(def|class) ", line) for line in lines), lines[0]

    def test_all_together(self):
        lines = sum(len(lines) for name in CHAPTERS for lines in code(name))
        assert lines <= 47 * len(CHAPTERS)  # parameters and imports are a dozen lines in each


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_figure_is_told_by_its_values_and_not_by_its_caption(name):
    """Before them stands what the chapter says of the picture."""
    for cell in stored(name).cells:
        about = cell.metadata.get("mystnb", {})
        if "figure" not in about:
            continue
        words, caption = about["image"]["alt"], about["figure"]["caption"]
        assert words.strip() and words.split() != caption.split(), about["figure"]["name"]
        metadata = [output.get("metadata", {}).get("image/png") for output in cell.outputs]
        values = [found["alt"] for found in metadata if found]
        assert values and all(re.search(r"\d", text) for text in values), about["figure"]["name"]


def told(name: str) -> list[str]:
    """What a reader is told: prose without code, outputs as text, alt texts."""
    texts = []
    for cell in stored(name).cells:
        if cell.cell_type == "markdown":
            texts.append(re.sub(r"(?s)```(sh|bibtex).*?```|`[^`]*`|\]\([^)]*\)", "", cell.source))
        for output in cell.get("outputs", []):
            data = output.get("data", {"text/plain": output.get("text", "")})
            texts += [about["alt"] for about in output.get("metadata", {}).values() if about]
            if "text/html" in data:
                page = re.sub(r"(?s)<(script|style|pre).*?</\1>", "", data["text/html"])
                texts.append(html.unescape(re.sub(r"<[^>]*>", " ", page)))
            elif "image/png" not in data:
                texts.append(data.get("text/markdown", data["text/plain"]))
    return texts


@pytest.mark.parametrize("name", CHAPTERS)
def test_nothing_is_told_in_a_program_s_words(name):
    """A minus is no hyphen; no pandas object, column name or count of `1 runs` is shown."""
    wrong = {
        r"(?<![\w.-])-\d|\de-\d": "a hyphen for a minus",
        r"dtype: |\b[nN]a[nN]\b|PosixPath|np\.\w+\(": "a Python object",
        r"\b(match|site|second)_[a-z]+\b": "the name of a column",
        r"(?<!\.)\b1 (run|trial|filter|claim|pair|network|sequence|epoch|cell)s\b": "one of many",
    }
    for text in told(name):
        for pattern, what in wrong.items():
            assert not (found := re.search(pattern, text)), (what, text[found.start() - 60 :][:90])


def test_a_learner_s_notebook_has_room_for_a_solution_and_not_the_solution():
    fold = {"mystnb": {"code_prompt_show": "Show a solution"}, "tags": ["hide-cell"]}
    given = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("```{exercise}\nHow many?\n```"),
            nbformat.v4.new_code_cell("a = 1", outputs=[nbformat.v4.new_output("stream")]),
            nbformat.v4.new_code_cell("print(2)", metadata=fold, execution_count=2),
        ]
    )
    found = notebooks.learner(given).cells
    assert [cell.source for cell in found] == [given.cells[0].source, "a = 1", "# Your solution"]
    assert [cell.get("outputs") for cell in found] == [None, [], []]
    assert given.cells[2].source == "print(2)" and given.cells[1].outputs


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_exercise_has_one_solution(name):
    cells = stored(name).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert text.count("```{exercise}") == sum(map(notebooks.is_solution, cells))
