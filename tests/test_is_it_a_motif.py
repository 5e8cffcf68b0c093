"""What the chapter on matches and sites says and tabulates, on filters made by hand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from conftest import learned
from drawn import texts

from motifbook.book import figures, is_it_a_motif
from motifbook.book.chapter import Gathered
from motifbook.yardsticks import site_accuracy

OWN = {"SP1": 0.8, "MAX": 0.5}
RECORDS = (
    learned("cnn-2", 1, "MAX:.1,.9,.0,.0 MAX:.4,.5,.1,.1 none:.0,.0,.6,.3 other:.1,.1,.2,.2"),
    learned("cnn-25", 1, "MAX:.6,.5,.1,.1 SP1:.3,.2,.1,.1 dead"),
)
JUDGED = site_accuracy.judge(RECORDS, OWN)
NONE = site_accuracy.judge([], OWN)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(1, 4, "25%"), (0, 9, "0%"), (9, 9, "100%"), (1, 300, "under 1%"), (299, 300, "over 99%"),
     (1, 100, "1%"), (0, 0, "–")],
)  # fmt: skip
def test_percent_never_rounds_to_none_or_all(part, whole, text):
    assert is_it_a_motif.percent(part, whole) == text
    assert is_it_a_motif.of(part, whole) == f"{part} of {whole} ({text})"


class TestRates:
    FOUND = pd.DataFrame(
        [("cnn-2", "trained", 0.5, 0.1), ("cnn-2", "shuffled", 0.4, 0.0),
         ("cnn-25", "trained", 0.9, 0.8), ("cnn-25", "trained", 0.7, 0.8),
         ("cnn-25", "shuffled", 0.2, 0.1)],
        columns=["model", "kind", "match_any", "match_relevant"],
    )  # fmt: skip

    def test_table(self):
        found = is_it_a_motif.rates_table(self.FOUND)
        assert found.loc["CNN-25"].tolist() == ["0.800", "0.200", "0.800", "0.100"]
        assert is_it_a_motif.rates_table(self.FOUND[:0]).empty

    def test_in_words(self):
        said = is_it_a_motif.without_learning(self.FOUND)
        assert "Of shuffled filters, 20% to 40% match some motif" in said
        assert "at most 10% a relevant one (`results/null/shuffled.json`)" in said
        assert "The rate of untrained filters is not on record yet." in said
        assert said.endswith("by no more than a tenth: CNN-2.")

    def test_the_larger_rate_counts(self):
        more = pd.DataFrame([("cnn-25", "untrained", 0.75, 0.0)], columns=self.FOUND.columns)
        said = is_it_a_motif.without_learning(pd.concat([self.FOUND, more]))
        assert said.endswith("by no more than a tenth: CNN-2, CNN-25.")

    def test_without_nulls(self):
        said = is_it_a_motif.without_learning(self.FOUND[self.FOUND["kind"] == "trained"])
        assert said.count("is not on record yet.") == 2 and "tenth" not in said


def test_finders():
    """Precise: at least 0.25 for MAX and 0.4 for SP1."""
    found = is_it_a_motif.finders(JUDGED, OWN)
    assert found.index.tolist() == ["SP1", "MAX"]
    assert found.loc["MAX"].tolist() == ["0.50", "3", "0.40", "0.50"]
    assert found.loc["SP1"].tolist() == ["0.80", "1", "0.60", "0.30"]
    empty = is_it_a_motif.finders(NONE, OWN)
    assert empty.loc["SP1"].tolist() == ["0.80", "0", "–", "–"]


def test_hardest():
    assert is_it_a_motif.hardest(OWN).startswith("The least precise motif is that of MAX: 50% of")


class TestAgreement:
    def test_counts(self):
        said = is_it_a_motif.agreement(JUDGED).split("\n\n")
        assert said[0] == (
            "*Matched but not precise:* 1 of 4 (25%) filters that match a relevant motif."
        )
        assert said[1].startswith("*Precise but not matched:* 1 of 4 (25%) precise filters")
        assert "both, 2 of 3 (67%) find the very TF" in said[2]

    def test_the_worst_network_needs_enough_filters(self, monkeypatch):
        monkeypatch.setattr(is_it_a_motif, "ENOUGH", 2)
        assert "is lowest in CNN-2 (50%; of models" in is_it_a_motif.agreement(JUDGED)

    def test_no_filters(self):
        assert "0 of 0 (–)" in is_it_a_motif.agreement(NONE)


class TestDisagreements:
    def test_matched_ones_come_first(self):
        picks = is_it_a_motif.disagreements(JUDGED)
        assert [(row.model, row.filter) for row in picks] == [("cnn-2", 0), ("cnn-2", 2)]
        assert is_it_a_motif.title(picks[0]) == "CNN-2, trial 1, no. 0\nMAX E=0.01; 10% MAX"
        assert is_it_a_motif.title(picks[1]) == "CNN-2, trial 1, no. 2\nno match; 60% SP1"

    def test_best_match_of_a_network_stands_for_it(self):
        several = pd.concat([JUDGED[:1], JUDGED[:1].assign(filter=1, e_value=0.001)])
        assert [row.filter for row in is_it_a_motif.disagreements(several)] == [1]

    def test_gallery(self):
        figures.style()
        page = Gathered(tuple(record.run for record in RECORDS), RECORDS)
        figure = is_it_a_motif.gallery(page, is_it_a_motif.disagreements(JUDGED))
        assert "CNN-2, trial 1, no. 2\nno match; 60% SP1" in texts(figure)
        plt.close(figure)
        assert texts(is_it_a_motif.gallery(page, [])) == ["no run on record yet"]


SIGNALS = pd.DataFrame(
    {"signal": ["a", "b"], "flagged": [8, 4], "true": [4, 4], "precise": [16, 16]}
)


def test_signals():
    found = is_it_a_motif.signals_table(SIGNALS)
    assert found.iloc[0].tolist() == ["a", 8, "4 (50%)", "25%"]
    assert "4 of 8 (50%) are precise; of those with every signal in the table, 4 of 4 (100%)." in (
        is_it_a_motif.in_short(SIGNALS)
    )


def test_by_cutoff():
    found = is_it_a_motif.by_cutoff(JUDGED)
    assert found.loc["CNN-2"].tolist() == ["1 of 3", "1 of 3", "–", "–", "–"]
    assert found.columns.tolist()[:2] == ["E ≤ 0.1", "E ≤ 0.01"]
    assert is_it_a_motif.by_cutoff(NONE).empty


def test_misled():
    found = is_it_a_motif.misled(JUDGED)
    assert found.to_dict("index") == {
        "MAX": {"filters": 3, "precise": 0.67},
        "SP1": {"filters": 1, "precise": 1.0},
    }


def test_number_of_sites():
    found = is_it_a_motif.number_of_sites(JUDGED.assign(sites=[10, 20, 0, 0, 40, 60, 0]))
    assert found.columns.tolist() == ["filters", "lower quartile", "median", "upper quartile"]
    assert found.loc["precise"].tolist() == [3, 30, 40, 50]
    assert found.loc["not precise"].tolist() == [1, 10, 10, 10]
