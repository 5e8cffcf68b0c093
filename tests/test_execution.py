"""A chapter run again with other parameters: checks before, captions and links after."""

import io
import re
import warnings
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from motifbook.book import execution
from motifbook.records.store import project_root

CITED = "[Gupta et al. 2007](https://doi.org/10.1186/gb-2007-8-2-r24)"


def test_values_are_as_the_chapter_takes_them(tmp_path):
    given = {"backgrounds": "10", "trials": "2", "results_dir": str(tmp_path)}
    assert execution.check("receptive-field", given) == {**given, "backgrounds": 10}


@pytest.mark.parametrize(
    ("name", "parameter", "value", "line"),
    [
        (
            "max-poling",
            "trials",
            "1",
            "unknown chapter 'max-poling'; there are: activation, archive",
        ),
        (
            *("max-pooling", "trails", "1"),
            "chapter max-pooling has no parameter 'trails'; "
            "it has: profile, models, trials, missing, results_dir",
        ),
        (
            "runs",
            "profile",
            "quick",
            "chapter runs has no parameter 'profile'; it has: results_dir",
        ),
        ("max-pooling", "profile", "fast", "unknown profile 'fast'; there are: smoke, quick"),
        ("max-pooling", "models", "cnn-3", "unknown model 'cnn-3'; there are: all, design, cnn-1"),
        ("max-pooling", "trials", "0", "trials must be a whole number from 1 to"),
        ("max-pooling", "missing", "make", "missing must be one of skip, train, error, found"),
        ("written-and-run", "ladder", "", "missing must be one of skip, train, error, found ''"),
        ("max-pooling", "results_dir", "/not/there", "results_dir '/not/there' does not exist"),
        ("in-vivo", "dataset", "chip", "dataset 'chip' is neither a folder nor one of"),
        ("in-vivo", "dataset", "synthetic", "dataset 'synthetic' is simulated"),
        ("ledger", "in_vivo", "synthetic", "dataset 'synthetic' is simulated"),
        ("in-vivo", "dataset", " ", "dataset is empty; expected chipseq, deepsea or a folder"),
        ("ledger", "in_vivo", "chip", "dataset 'chip' is neither a folder nor one of"),
        ("receptive-field", "seed", "x", "seed must be a whole number, found 'x'"),
        ("receptive-field", "seed", "1_0", "seed must be a whole number, found '1_0'"),
        ("receptive-field", "seed", "-1", "seed must be a whole number in 0..4294967295, found -1"),
        ("receptive-field", "backgrounds", "1", "backgrounds must be a whole number, at least 2"),
    ],
)
def test_what_cannot_be_is_named(name, parameter, value, line):
    with pytest.raises(ValueError, match=f"^{re.escape(line)}"):
        execution.check(name, {parameter: value})


def test_a_folder_to_train_into_is_not_made_for_parameters_that_are_wrong(tmp_path):
    given = {"missing": "train", "results_dir": str(tmp_path / "new"), "models": "cnn-3"}
    with pytest.raises(ValueError, match="cnn-3"):
        execution.check("max-pooling", given)
    assert not (tmp_path / "new").exists()


def stand_alone(*cells, folder: Path | None = None) -> list:
    notebook = new_notebook(cells=list(cells))
    return execution.stand_alone(notebook, folder or project_root() / "notebooks").cells


def test_a_caption_stands_below_its_figure():
    figure = {
        "mystnb": {"figure": {"name": "fig-x", "caption": "What is\nseen {cite}`gupta2007`."}}
    }
    cells = stand_alone(
        new_code_cell("draw()", metadata=figure),
        new_code_cell("1 + 1"),
        new_code_cell("draw()", metadata={"mystnb": {"figure": {"caption": "More."}}}),
    )
    assert [cell.source for cell in cells] == [
        "draw()",
        f"**Figure 1.** What is seen ({CITED}).",
        "1 + 1",
        "draw()",
        "**Figure 2.** More.",
    ]
    nbformat.validate(new_notebook(cells=cells))


def test_links_lead_from_where_the_notebook_lies(tmp_path):
    text = "[a](stride.md) [b](glossary.md) [c](ledger.md#rule) [d](https://x.org/y.md)"
    (here,) = stand_alone(new_markdown_cell(text))
    assert (
        here.source
        == "[a](stride.ipynb) [b](../book/glossary.md) [c](ledger.ipynb) [d](https://x.org/y.md)"
    )
    (there,) = stand_alone(new_markdown_cell(text), folder=tmp_path)
    for link in re.findall(r"\]\((\.\.[^)]*)\)", there.source):
        assert (tmp_path / link).is_file()


def test_roles_and_boxes_are_plain_markdown():
    (cell,) = stand_alone(
        new_markdown_cell(
            "{cite:t}`gupta2007` log{sub}`2`\n\n"
            "```{admonition} In short\n:class: tip\n\n- One.\n- Two.\n```\n\n```sh\nls\n```"
        )
    )
    assert cell.source == (
        f"{CITED} log<sub>2</sub>\n\n> **In short**\n>\n> - One.\n> - Two.\n\n```sh\nls\n```"
    )


def test_figures_are_named_by_their_numbers_and_exercises_are_plain():
    figure = {"mystnb": {"figure": {"name": "fig-x", "caption": "Seen."}}}
    cells = stand_alone(
        new_markdown_cell("See {numref}`fig-x`, not {numref}`fig-y`; a {term}`PPM`."),
        new_code_cell("draw()", metadata=figure),
        new_markdown_cell("```{exercise}\n:label: exercise-a-b-2\n\nWhy?\n```"),
    )
    assert cells[0].source == "See Figure 1, not a figure; a PPM."
    assert cells[-1].source == "**Exercise 2.** Why?"


def test_outputs_keep_no_link_into_the_book_and_no_progress():
    line = '<p>Made from <a href="runs.html#a-b">CNN-2</a>, <a href="https://x.org">x</a>.</p>'
    outputs = [
        new_output("stream", name="stderr", text="cnn-2 trial 1: 100%"),
        new_output("stream", name="stdout", text="kept"),
        new_output("display_data", {"text/html": line, "text/plain": "Made from CNN-2."}),
    ]
    (cell,) = stand_alone(new_code_cell("show()", outputs=outputs))
    assert [output.output_type for output in cell.outputs] == ["stream", "display_data"]
    assert cell.outputs[1].data["text/html"] == (
        '<p>Made from CNN-2, <a href="https://x.org">x</a>.</p>'
    )


def test_warnings_of_a_chapter_are_notes_and_said_once():
    to = io.StringIO()
    notes = execution.Notes(to)
    ours = warnings.formatwarning(
        "s.fa: 20 of 100\nare short", UserWarning, "/a b/c.py", 33, "f(x)"
    )
    theirs = warnings.formatwarning("constant input", RuntimeWarning, "/d/e.py", 7, "g(y)")
    for text in (ours, "training: 1 of 2\n", theirs + ours, ours):
        notes.write(text)
    notes.flush()
    assert to.getvalue() == "motifbook: note: s.fa: 20 of 100 are short\ntraining: 1 of 2\n"
