"""Sentences and tables of the chapter on the number of filters, on runs made by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import learned

from motifbook.book import filter_number
from motifbook.book.chapter import Gathered, gather
from motifbook.records import runs

MODELS = ("cnn-25", "cnn-25-60")
RECORDS = [
    learned("cnn-25", 1, "MAX:.75,.5,0,0 none", auroc=(0.9, 0.9)),
    learned("cnn-25", 2, "MAX:.25,.5,0,0 SP1:.1,.1,.5,.5"),
    learned("cnn-25-60", 1, "MAX:.9,.5,0,0 SP1:.1,.1,.9,.5 SP1:.2,.1,.8,.5 dead other none"),
]


def test_fractions_become_numbers():
    table = filter_number.counted(runs.table(RECORDS))
    assert table["relevant_filters"].tolist() == [1, 2, 3]
    assert table["unmatched_filters"].tolist() == pytest.approx([1, 0, 2])


def test_printed_fractions_become_numbers():
    printed = pd.DataFrame(
        {
            "model": "cnn-25-60",
            "quantity": ["match_any", "match_relevant", "auroc"],
            "mean": [0.75, 0.5, 0.9],
            "error": [0.25, 0.125, 0.1],
            "filters": 60,
        }
    )
    found = filter_number.printed_as_numbers(printed).set_index("quantity")
    assert found[["mean", "error"]].T.to_dict("list") == {
        "unmatched_filters": [15, 15],
        "relevant_filters": [30, 7.5],
    }


def test_steps():
    table = filter_number.counted(runs.table(RECORDS))
    assert filter_number.steps(table, MODELS, "relevant_filters", 1) == (
        "rises (1.5\u00a0±\u00a00.5 with 30, 3.0 with 60)"
    )
    assert "not among the models" in filter_number.steps(table, (), "relevant_filters", 1)


def test_gains_are_sorted():
    found = filter_number.gains(RECORDS)
    assert found.to_dict("index") == {
        "SP1": {"30 filters": 0.5, "60 filters": 2.0, "gain": 1.5},
        "MAX": {"30 filters": 1.0, "60 filters": 1.0, "gain": 0.0},
    }
    assert list(found.index) == ["SP1", "MAX"]
    assert list(filter_number.gains(RECORDS[:2])) == ["30 filters"]
    assert filter_number.gains([]).empty


def test_complete():
    assert filter_number.complete(RECORDS, (*MODELS, "cnn-25-90")) == (
        "Runs in which every TF has a filter. 30 filters: 1 of 2 (missed at least once: SP1); "
        "60 filters: 1 of 1; 90 filters: not yet run."
    )


def test_by_match():
    found = filter_number.by_match(runs.filters(RECORDS))
    assert found.loc[(30, "a relevant motif")].tolist() == [3, 0, 3, 0.5]
    assert found.loc[(60, "no motif")].tolist()[:2] == [2, 1]
    assert found.loc[(60, "only another motif"), "found"] == 1
    assert filter_number.by_match(runs.filters([])).empty


def test_precision():
    way, medians = filter_number.precision(runs.filters(RECORDS), (*MODELS, "cnn-25-90"))
    assert (way, medians) == ("rises", "0.50, 0.90, none")


LOSS = [1.0, 0.5, 0.25]
FAST = {"loss": LOSS, "valid_loss": [1.0, 0.54, 0.5], "gradient_norm": [4.0, 2.0, 1.0]}
SLOW = {"loss": LOSS, "valid_loss": [1.0, 0.9, 0.5], "gradient_norm": [4.0, 3.0, 2.0]}


class TestCourses:
    FOUND = filter_number.courses(
        [
            learned("cnn-25", 1, epochs=3, best_epoch=3, history=SLOW),
            learned("cnn-25", 2, epochs=3, best_epoch=3, history=SLOW),
            learned("cnn-25-60", 1, epochs=3, best_epoch=3, history=FAST),
            learned("cnn-25-60", 2, epochs=3, best_epoch=2, history=FAST),
        ]
    )

    def test_within_ten_percent_of_the_lowest(self):
        assert self.FOUND["level"].tolist() == [3, 3, 2, 2]
        assert self.FOUND["left"].tolist() == [0.5, 0.5, 0.25, 0.5]

    def test_table(self):
        found = filter_number.courses_table(self.FOUND, (*MODELS, "cnn-25-90"))
        assert found.loc["CNN-25 (60)"].tolist() == ["2.0\u00a0±\u00a00.0", "0.38\u00a0±\u00a00.12"]
        assert found.loc["CNN-25 (90)"].tolist() == ["not yet run"] * 2

    def test_sooner_is_the_largest_less_the_smallest(self):
        found = self.FOUND.assign(level=[3, 5, 2, 4])
        said = filter_number.sooner(found, MODELS)
        # Welch: 1 ± t(2) · √(1 + 1), t = 4.303.
        assert "less the smallest: −1.0 epochs" in said and "(95% interval −7.1 to +5.1)" in said

    @pytest.mark.parametrize("models", [(), MODELS[:1], (*MODELS, "cnn-25-90")])
    def test_cannot_be_told(self, models):
        assert filter_number.sooner(self.FOUND, models).endswith("cannot be told yet.")


class TestFewer:
    SIX = (learned("cnn-25-6", 1, "MAX MAX"), learned("cnn-25-6", 2, "MAX SP1"))

    def page(self, *few):
        """CNN-25's two runs of above, and these with fewer filters."""
        records = (*few, *RECORDS[:2])
        return Gathered(tuple(record.run for record in records), records)

    def test_tfs_with_a_filter(self):
        table = filter_number.found(self.page(*self.SIX))
        assert table.index.tolist() == ["CNN-25 (6)", "CNN-25"]
        assert table["trials"].tolist() == [2, 2]
        assert table.iloc[:, 1].tolist() == ["1.5\u00a0±\u00a00.5"] * 2
        assert table.iloc[:, 2].tolist() == ["2.0\u00a0±\u00a00.0", "1.5\u00a0±\u00a00.5"]

    def test_what_is_not_there_is_said(self):
        said = filter_number.enough(self.page(*self.SIX))
        assert said == "Not yet run: CNN-25 (12), CNN-25 (18)."

    def test_the_ledger_s_verdict(self):
        models = ("cnn-25-6", "cnn-25-12", "cnn-25-18", "cnn-25")
        texts = ("MAX none", "MAX none", "MAX SP1", "MAX SP1")
        records = tuple(
            learned(model, trial, text)
            for model, text in zip(models, texts, strict=True)
            for trial in (1, 2, 3)
        )
        page = Gathered(tuple(record.run for record in records), records)
        assert filter_number.enough(page) == (
            "A filter is found for 1.0\u00a0±\u00a00.0 of the 12 TFs with 6 filters, and for "
            "2.0\u00a0±\u00a00.0 of the 12 TFs with 30 filters. That there must be enough of them: "
            "holds."
        )

    def test_three_trials_of_them_and_all_of_cnn_25(self, tmp_path, write_record):
        for trial in range(1, 6):
            write_record(tmp_path, "cnn-25", trial)
            write_record(tmp_path, "cnn-25-6", trial)
        options = {"results_dir": tmp_path}
        own = gather(MODELS, "all", 5, **options)
        page = filter_number.with_fewer(own, "all", "5", **options)
        assert [len(page.of(model)) for model in ("cnn-25-6", "cnn-25")] == [3, 5]
        assert len(page.wanted) == 3 * 3 + 5
