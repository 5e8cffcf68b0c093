"""Records as files of the site: a line of provenance opens, names of records become links."""

import pytest

from motifbook.book import record_files
from motifbook.records.runs import Run

RUNS = [Run("synthetic", "as-run", "paper", model, trial) for model in ("cnn-2", "cnn-25")
        for trial in (1, 2)]  # fmt: skip
LINE = (
    '<p class="provenance">Made from 1 run (synthetic, as-run, paper: '
    '<a href="runs.html#{}">CNN-2 × 1</a>).</p>'
)


@pytest.mark.parametrize(
    ("anchor", "models"),
    [
        ("synthetic-as-run-paper-cnn-2", ["cnn-2"]),
        ("synthetic-as-run-paper", ["cnn-2", "cnn-25"]),
    ],
)
def test_an_opened_line_lists_the_records_of_what_it_names(anchor, models):
    html = record_files.opened(LINE.format(anchor), RUNS)
    assert html.startswith(
        '<details class="provenance"><summary>Made from 1 run (synthetic, as-run, paper: '
        "CNN-2 × 1).</summary>"
    )
    assert [
        f"../records/synthetic/as-run/paper/{model}/trial-{trial}.json" in html
        for model in ("cnn-2", "cnn-25")
        for trial in (1, 2)
    ] == [model in models for model in ("cnn-2", "cnn-2", "cnn-25", "cnn-25")]


def test_a_line_that_only_counts_models_says_that_it_lists_more():
    named = record_files.opened(LINE.format("synthetic-as-run-paper-cnn-2"), RUNS)
    counted = record_files.opened(LINE.format("synthetic-as-run-paper"), RUNS)
    assert "All records of these models" in named
    assert "All records of these models" not in counted
    assert "Over 6 models are only counted." in counted


def test_a_line_without_a_run_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_ROOT", str(tmp_path))
    line = '<p class="provenance">Computed from the synthetic data.</p>'
    assert record_files.opened(line, RUNS) == line


def test_names_of_records_lead_to_their_files(tmp_path):
    for place in ("chipseq/dataset.json", "a/b/c/cnn-2/trial-1.json"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("{}")
    text = "From chipseq/dataset.json; not from chipseq/other.json."
    assert record_files.linked(text, tmp_path) == (
        'From <a href="../records/chipseq/dataset.json">chipseq/dataset.json</a>; '
        "not from chipseq/other.json."
    )
    table = "<p>Files in <code>results/a/b/c/</code>.</p><code>cnn-2/trial-1.json</code>"
    assert (
        '<code><a href="../records/a/b/c/cnn-2/trial-1.json">cnn-2/trial-1.json</a></code>'
        in record_files.linked(table, tmp_path)
    )
