"""The line "Made from N runs" and the page of all records."""

from __future__ import annotations

import re

import pytest
from msgspec import convert

from motifbook.book.provenance import (
    anchor,
    catalogue,
    computed_from,
    described,
    provenance,
    runs_of_claim,
)
from motifbook.paper import verdicts
from motifbook.records import experiment, store
from motifbook.records.runs import Run
from motifbook.sequences import synthetic


@pytest.fixture
def records(tmp_path, write_record):
    """Two trials of CNN-2 and one of CNN-25."""
    for model, trial in [("cnn-2", 1), ("cnn-2", 2), ("cnn-25", 1)]:
        write_record(tmp_path, model, trial, auroc=0.5 + trial / 8)
    return experiment.get("cnn-2,cnn-25", 2, results_dir=tmp_path)


def test_line_counts_the_runs_of_each_model(records):
    assert repr(provenance(records)) == (
        "Made from 3 runs (synthetic, as-run, paper: CNN-2 × 2, CNN-25 × 1)."
    )


def test_line_says_how_many_are_missing(records):
    assert repr(provenance(records, wanted=4)).startswith("Made from 3 of 4 runs (")
    assert repr(provenance(records, wanted=3)).startswith("Made from 3 runs (")


def test_one_run_is_singular(records):
    assert repr(provenance(records[:1])).startswith("Made from 1 run (")


def test_no_runs_say_so():
    assert repr(provenance([], wanted=5)) == "Not yet run: made from 0 of 5 runs."


def test_what_needs_no_run_names_its_data():
    data = synthetic.make(number=1000, seed=5)
    assert repr(computed_from(data)) == (
        "Computed from the synthetic data: 1,000 sequences, as-run, seed 5 "
        f"(configuration {data.fingerprint[:8]})."
    )


def test_a_record_asked_for_twice_counts_once(records):
    assert repr(provenance(records + records)) == repr(provenance(records))


def test_many_models_share_one_link(tmp_path, write_record):
    models = ("cnn-1", "cnn-2", "cnn-4", "cnn-10", "cnn-25", "cnn-50", "cnn-100")
    for model in models:
        write_record(tmp_path, model)
    line = provenance(experiment.get(models, 1, results_dir=tmp_path))
    assert repr(line) == "Made from 7 runs (synthetic, as-run, paper: 7 runs of 7 models)."
    assert line._repr_html_().count("<a ") == 1


def test_every_link_of_a_line_leads_to_an_anchor_of_the_page(records):
    page = catalogue(records)._repr_html_()
    links = re.findall(r'href="runs\.html#([^"]+)"', provenance(records)._repr_html_())
    assert len(links) == 2
    for link in links:
        assert page.count(f'id="{link}"') == 1


def test_anchors_are_valid_ids():
    run = Run("synthetic", "as-run", "paper", "cnn-2", 1)
    assert anchor(run) == "synthetic-as-run-paper-cnn-2"
    assert anchor(run, model=False) == "synthetic-as-run-paper"


def test_page_lists_every_record(records):
    page = catalogue(records)
    assert repr(page).splitlines() == [
        f"{r.run} AUROC {r.auroc:.3f} {r.configuration_sha256[:12]}" for r in records
    ]
    assert page._repr_html_().count("<tr") == 1 + 3  # the head and a row each


def test_page_names_each_machine_once(records):
    assert catalogue(records)._repr_html_().count("two cores") == 1


def test_page_escapes_what_records_say(tmp_path, write_record):
    write_record(tmp_path, hardware="<script>alert(1)</script>")
    page = catalogue(experiment.get("cnn-2", 1, results_dir=tmp_path))._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_line_of_data_says_which_record_or_how_to_make_it():
    record = convert(store.envelope({"seed": 1}), store.Envelope)
    found = described("peaks", record)
    sha256 = record.configuration_sha256[:8]
    assert f"peaks/dataset.json (configuration {sha256})" in repr(found)
    assert repr(described("peaks", None)).endswith("put it there with: motifbook describe peaks")
    assert 'class="provenance"' in described("<b>", None).html
    assert "<b>" not in described("<b>", None).html


CLAIM = {"dataset": "synthetic", "trials": 2, "models": "cnn-2@1", "than": ""}


class TestBehind:
    def test_runs_are_named_by_model_with_their_trials(self, tmp_path, write_record):
        for model, trial in [("cnn-25", 2), *(("cnn-2", n) for n in (1, 2, 3, 5))]:
            write_record(tmp_path, model, trial)
        found = experiment.get("cnn-25,cnn-2", 5, results_dir=tmp_path)
        assert runs_of_claim(CLAIM, found) == "synthetic/as-run/paper/cnn-2: 1-3,5"
        assert runs_of_claim(CLAIM | {"models": "cnn-25 cnn-4", "than": "cnn-2"}, found) == (
            "synthetic/as-run/paper/cnn-2: 1-3,5; synthetic/as-run/paper/cnn-25: 2"
        )

    def test_no_value_of_ours_no_runs(self, records):
        assert runs_of_claim(CLAIM | {"trials": 0}, records) == ""

    def test_other_data_and_constants_are_not_named(self, records):
        assert runs_of_claim(CLAIM | {"dataset": "chipseq"}, records) == ""
        of_both = runs_of_claim(CLAIM | {"than": "0.5"}, records)
        assert of_both == "synthetic/as-run/paper/cnn-2: 1-2"

    def test_every_value_of_the_ledger_has_its_runs(self, records):
        ledger = verdicts.ledger(records)
        named = [runs_of_claim(claim, records) for claim in ledger.to_dict("records")]
        assert [bool(runs) for runs in named] == list(ledger["trials"] > 0)
        assert any(named)


def test_page_without_records():
    assert repr(catalogue([])) == "No runs are on record."
