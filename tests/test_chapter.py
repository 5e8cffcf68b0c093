"""A chapter's records are its own models' alone, and its words follow from the numbers."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from conftest import learned
from IPython.display import Image

from motifbook.book import chapter
from motifbook.records import store

NAN = math.nan


class TestGather:
    OWN = ("cnn-25", "cnn-2")

    def test_own_models_in_own_order(self, tmp_path, write_record):
        for model in ("cnn-2", "cnn-4", "cnn-25"):
            write_record(tmp_path, model)
        page = chapter.gather(self.OWN, "all", 1, results_dir=tmp_path)
        assert page.models == self.OWN
        assert [record.run.model for record in page.records] == ["cnn-25", "cnn-2"]
        assert [record.run.model for record in page.of("cnn-2", "cnn-4")] == ["cnn-2"]

    def test_all_are_the_chapter_s_own_the_paper_s_or_not(self, tmp_path, write_record):
        write_record(tmp_path, "cnn-25-6")
        page = chapter.gather(("cnn-25-6", "cnn-25"), "all", 1, results_dir=tmp_path)
        assert page.models == ("cnn-25-6", "cnn-25")
        assert [record.run.model for record in page.records] == ["cnn-25-6"]

    def test_only_those_that_are_asked_for(self, tmp_path, write_record):
        write_record(tmp_path, "cnn-2")
        page = chapter.gather(self.OWN, "cnn-4,cnn-2", 1, results_dir=tmp_path)
        assert page.models == ("cnn-2",)

    def test_none_of_them(self, tmp_path):
        page = chapter.gather(self.OWN, "cnn-4", 1, results_dir=tmp_path)
        assert page.models == page.records == ()
        assert page.so_far == ""
        assert page.first("cnn-2") is None
        assert repr(page.made_from()) == "Not yet run: made from 0 runs."

    def test_first_is_of_trial_one_only(self, tmp_path, write_record):
        write_record(tmp_path, "cnn-2", 2)
        page = chapter.gather(self.OWN, "all", 2, results_dir=tmp_path)
        assert page.first("cnn-2") is None
        write_record(tmp_path, "cnn-2", 1)
        page = chapter.gather(self.OWN, "all", 2, results_dir=tmp_path)
        assert page.first("cnn-2").run.trial == 1

    def test_line_counts_what_is_missing(self, tmp_path, write_record):
        write_record(tmp_path, "cnn-2", 1)
        write_record(tmp_path, "cnn-2", 3)
        page = chapter.gather(self.OWN, "all", 3, results_dir=tmp_path)
        assert page.so_far == "So far 2 of 6 runs are on record."
        assert repr(page.made_from()).startswith("Made from 2 of 6 runs (")
        assert repr(page.made_from("cnn-2")).startswith("Made from 2 of 3 runs (")
        assert repr(page.made_from("cnn-2", trial=1)).startswith("Made from 1 run (")
        assert repr(page.made_from("cnn-25")) == "Not yet run: made from 0 of 3 runs."

    @pytest.mark.parametrize(
        ("models", "options"),
        [("cnn-3", {}), ("cnn-4", {"trials": "many"}), ("cnn-4", {"profile": "papr"})],
    )
    def test_bad_parameters_are_errors_even_if_no_model_is_ours(self, tmp_path, models, options):
        with pytest.raises(ValueError, match=r"cnn-3|many|papr"):
            chapter.gather(self.OWN, models, **options, results_dir=tmp_path)

    def test_missing_runs_can_be_an_error(self, tmp_path):
        with pytest.raises(store.MissingRunError, match="cnn-2"):
            chapter.gather(self.OWN, "cnn-2", 1, missing="error", results_dir=tmp_path)


class TestShow:
    @pytest.fixture
    def shown(self, monkeypatch):
        """What was displayed, in order."""
        found = []
        monkeypatch.setattr(chapter, "display", found.append)
        return found

    @pytest.fixture
    def page(self, tmp_path, write_record):
        write_record(tmp_path, "cnn-2", 1)
        return chapter.gather(("cnn-2", "cnn-4"), "all", 2, results_dir=tmp_path)

    def test_a_table_then_its_line(self, page, shown):
        table = pd.DataFrame({"n": [1]})
        page.show(table, "cnn-2", trial=1)
        assert shown[0] is table
        assert [repr(line) for line in shown[1:]] == [repr(page.made_from("cnn-2", trial=1))]

    def test_negative_numbers_have_a_minus(self, page, shown):
        table = pd.DataFrame({"E ≤ 1e-05": [-0.25]}, index=["CNN-25-60"])
        chapter.show(table, page.made_from("cnn-2", trial=1))
        assert repr(shown[0]).split() == ["E", "≤", "1e−05", "CNN-25-60", "−0.25"]
        assert "<td>−0.25</td>" in shown[0]._repr_html_()

    def test_a_figure_is_shown_as_a_picture_and_closed(self, page, shown):
        plt.close("all")
        page.show(plt.subplots()[1])
        assert isinstance(shown[0], Image)
        assert repr(shown[1]).startswith("Made from 1 of 4 runs (")
        assert plt.get_fignums() == []

    @pytest.mark.parametrize("nothing", [None, pd.DataFrame(columns=["n"])])
    def test_of_nothing_the_line_alone_speaks(self, page, shown, nothing):
        page.show(nothing, "cnn-4")
        assert [repr(line) for line in shown] == ["Not yet run: made from 0 of 2 runs."]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "cannot be told yet"),
        ([1.0, NAN], "cannot be told yet"),
        ([1.0, 2.0], "rises"),
        ([1.0, NAN, 0.5], "falls"),
        ([1.0, 2.0, 3.0], "rises at every step"),
        ([3.0, 2.0, 2.0], "falls in all, but not at every step"),
        ([1.0, 0.5, 2.0], "rises in all, but not at every step"),
        ([1.0, 5.0, 1.0], "ends where it began"),
    ],
)
def test_trend(values, words):
    assert chapter.trend(values) == words


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "not yet run"),
        ([NAN], "not yet run"),
        ([0.5], "0.500"),
        ([0.9, 1.0, NAN], "0.950\u00a0±\u00a00.050"),
    ],
)
def test_mean_sd(values, text):
    assert chapter.mean_sd(values) == text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(0.25, 2, "+0.25"), (-0.25, 2, "−0.25"), (-0.004, 2, "+0.00"), (-1.26, 1, "−1.3")],
)
def test_signed(value, decimals, text):
    assert chapter.signed(value, decimals) == text


class TestLedgerInWords:
    LEDGER = pd.DataFrame(
        {"verdict": ["different", "holds, provisional", "cannot be tested", "holds"]}
    )

    def test_tally_has_every_verdict_that_occurs_in_order(self):
        assert chapter.tally(self.LEDGER) == "holds 2, different 1, cannot be tested 1"

    def test_provisional_verdicts_are_counted(self):
        assert chapter.provisional(self.LEDGER).startswith("1 of these verdicts is provisional")
        twice = pd.concat([self.LEDGER, self.LEDGER])
        assert chapter.provisional(twice).startswith("2 of these verdicts are provisional")
        none = self.LEDGER[self.LEDGER["verdict"] == "different"]
        assert chapter.provisional(none) == "At least three trials stand behind each verdict."


class TestLost:
    def test_only_what_lies_far_below_the_median_of_its_model_and_tf(self):
        records = [
            learned("cnn-2", 1, auroc=(0.5, 0.95)),
            learned("cnn-25", 1, auroc=(0.9, 0.95)),
            learned("cnn-25", 2, auroc=(0.9, 0.95)),
            learned("cnn-25", 3, auroc=(0.79, 0.86)),
        ]
        assert chapter.lost(records).endswith(": CNN-25 (MAX 0.790 in trial 3).")

    def test_none(self):
        assert chapter.lost([learned("cnn-2", 1, auroc=(0.5, 0.95))]) == chapter.lost([]) == ""


def test_mean_sd_of_a_model():
    made = [learned("cnn-2", n, text) for n, text in ((1, "MAX none"), (2, "MAX SP1"))]
    page = chapter.Gathered(tuple(record.run for record in made), tuple(made))
    assert page.mean_sd("cnn-2") == "0.750\u00a0±\u00a00.250"
    assert page.mean_sd("cnn-2", "auroc", 1) == "0.8\u00a0±\u00a00.0"
    assert page.mean_sd("cnn-4") == "not yet run"


def test_takeaway_is_a_box_and_a_list():
    box = chapter.takeaway("0.1 < 0.2", "two")
    assert "<li><p>0.1 &lt; 0.2</p></li><li><p>two</p></li>" in box.html
    assert repr(box) == "In short\n- 0.1 < 0.2\n- two"


def test_large_counts_in_tables_are_written_as_in_the_prose():
    table = pd.DataFrame({"sites": [27652, 592], "share": [0.5, 1234.5]}, ["a", "b"])
    shown = chapter.with_thousands(table)
    assert shown["sites"].tolist() == ["27,652", 592] and shown["share"].tolist() == [0.5, 1234.5]
    assert table["sites"].tolist() == [27652, 592]
    small = table[1:]
    assert chapter.with_thousands(small) is small
