"""Sentences and tables of the chapters on max-pooling, on runs made by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from conftest import learned, scores

from motifbook.book import pooling
from motifbook.motifs import matrices
from motifbook.paper import measures
from motifbook.records import runs
from motifbook.yardsticks.optimal import References

AUROCS = [0.9] * 12
AUROCS[matrices.TFS.index("MAX")], AUROCS[matrices.TFS.index("SP1")] = 0.95, 0.98
REFERENCES = References(posterior=scores(AUROCS, 0.95), pwm=scores(AUROCS, 0.9))
RECORDS = [
    learned("cnn-4", 1, "MAX none other dead", auroc=(0.9, 0.7)),
    learned("cnn-4", 2, "none none none none", auroc=(0.9, 0.9)),
    learned("cnn-10", 1, "MAX MAX SP1 other", auroc=(0.9, 0.94)),
]


class TestLead:
    def test_small_pools_against_large_ones(self):
        assert pooling.lead(runs.table(RECORDS)) == (
            "In our runs, of filters before a pool of 4 or less at most 0.125 match a relevant "
            "motif (CNN-4); of those before a pool of 10 or more, at least 0.750 do (CNN-10). The "
            "mean AUROCs lie between 0.850 and 0.920."
        )

    @pytest.mark.parametrize("records", [[], RECORDS[:2], RECORDS[2:]])
    def test_one_kind_of_pool_is_not_enough(self, records):
        assert pooling.lead(runs.table(records)).startswith("There are not enough runs")


def test_apart_names_the_model_that_is_furthest_off():
    comparison = pd.DataFrame(
        {
            "model": ["cnn-2", "cnn-4"] * 2,
            "label": ["CNN-2", "CNN-4"] * 2,
            "quantity": ["auroc"] * 2 + ["match_any"] * 2,
            "delta": [0.01, -0.03, 0.5, -0.25],
        }
    )
    said = pooling.apart(comparison)
    assert "over these 2 networks" in said
    assert "AUROC: 0.020 on average, at most 0.030 (CNN-4); match any motif: 0.375" in said
    assert said.endswith("at most 0.500 (CNN-2).")
    assert pooling.apart(comparison[:0]) == "None of these networks is on record yet."


def test_shortfall_names_the_closest_and_the_furthest():
    said = pooling.shortfall(runs.table(RECORDS), REFERENCES)
    assert "reaches 0.950. CNN-10 comes closest, 0.030 below it" in said
    assert said.endswith("CNN-4 stays 0.100 below.")
    for table, references in ((runs.table([]), REFERENCES), (runs.table(RECORDS), None)):
        assert "not yet on record" in pooling.shortfall(table, references)


def test_kinds_of_match():
    found = pooling.kinds_of_match([RECORDS[2], RECORDS[0]])
    assert found.T.to_dict("list") == {"CNN-10": [3, 1, 0, 0], "CNN-4": [1, 1, 1, 1]}
    assert list(found) == ["relevant", "other only", "no match", "dead"]
    assert pooling.kinds_of_match([]).empty


def test_redundancy():
    counts = pd.DataFrame(0, ["a", "b"], list(matrices.TFS))
    bits = pooling.information()
    counts.loc["a", bits.idxmax()], counts.loc["b", bits.idxmin()] = 3, 1
    said = pooling.redundancy(counts)
    assert "most filters has 2.0\u00a0±\u00a01.0 of them" in said
    assert "with fewest 0.0\u00a0±\u00a00.0." in said
    # Two ones at different places among twelve: r = (0 - 1/12 · 1/12) / (1/12 · 11/12) = -1/11.
    assert "numbers is −0.09 on average" in said
    assert pooling.redundancy(counts[:1]) == "Trials can be compared once there are two on record."
    # A trial without matches has no ranks, and no correlation that is not a number is printed.
    counts.loc["b"] = 0
    said = pooling.redundancy(counts)
    assert said.endswith("they have no ranks to compare.") and "nan" not in said


def test_information_is_by_tf():
    bits = pooling.information()
    assert tuple(bits.index) == matrices.TFS
    srf = next(m for m in matrices.ground_truth() if m.id == matrices.GROUND_TRUTH["SRF"])
    assert bits["SRF"] == pytest.approx(matrices.information(srf.ppm).sum())


def test_over_tfs():
    found = pooling.over_tfs(RECORDS)
    assert found.loc["CNN-4"].tolist() == [
        "0.5\u00a0±\u00a00.5",
        "1.5\u00a0±\u00a00.5",
        "0.5\u00a0±\u00a00.5",
    ]
    assert found.loc["CNN-10"].tolist() == ["3.0", "0.0", "2.0"]
    assert pooling.over_tfs([]).empty


class TestShortfalls:
    CASES = pooling.shortfalls(RECORDS, REFERENCES)

    def test_each_tf_of_each_run(self):
        first = self.CASES.set_index(["label", "trial", "tf"])
        row = first.loc[("CNN-4", 1, "SP1")]
        assert (row["pool"], row["learned"]) == ("1, 2, 4", False)
        assert row["short"] == pytest.approx(0.28)
        row = first.loc[("CNN-10", 1, "MAX")]
        assert (row["pool"], row["learned"]) == ("10 and more", True)

    def test_costs(self):
        found = pooling.costs(self.CASES)
        assert found.loc[("1, 2, 4", "no filter")].tolist() == [3, 0.137, 0.28]
        assert found.loc[("10 and more", "a filter or more")].tolist() == [2, 0.045, 0.05]

    def test_unlearned(self):
        assert pooling.unlearned(self.CASES) == (
            "With pools of 4 or less, a TF had no filter in 3 of 4 cases, and fell short by 0.137 "
            "on average; the worst is SP1 in trial 1 of CNN-4, with an AUROC of 0.700. With pools "
            "of 10 or more, no TF on record is without a filter."
        )

    @pytest.mark.parametrize(("records", "references"), [([], REFERENCES), (RECORDS, None)])
    def test_not_yet_run(self, records, references):
        cases = pooling.shortfalls(records, references)
        assert "not yet on record" in pooling.unlearned(cases)
        pooling.costs(cases)


def test_course_reads_the_best_epoch():
    trace = pd.DataFrame(
        {
            "model": "cnn-2",
            "epoch": [0, 1, 2, 3],
            "valid_loss": [math.nan, 0.5, 0.25, 0.75],
            "match_relevant": [0.1, 0.2, 0.3, 0.4],
            "match_any": [0.5, 0.6, 0.7, 0.8],
            "recall": [0.0, 0.1, 0.2, 0.3],
            "gradient_norm": [math.nan, 4.0, 3.0, 1.0],
        }
    )
    assert pooling.course(trace)["CNN-2"].tolist() == [
        2, "0.250", "0.10", "0.30", "0.50", "0.70", "0.20", "0.25", "0.75"
    ]  # fmt: skip
    assert pooling.course(pd.DataFrame()).empty


def test_filters_are_counted_as_the_ledger_counts_them():
    assert measures.filters_per_tf(RECORDS).loc["CNN-10, trial 1"].to_dict() == {"MAX": 2, "SP1": 1}
