"""What is measured on a record."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import record_of
from ledger_records import filters, layer, record

from motifbook.motifs import matrices
from motifbook.paper import measures
from motifbook.records.runs import Run

RUN = Run("synthetic", "as-run", "paper", "cnn-25", 2)


class TestLearnedTf:
    def hit(self, target, tf):
        return layer({"tf": tf, "hits": [{"target": "MA0004.1"}, {"target": target}]}).filters[0]

    def test_is_the_records_but_for_mef2_under_stat1(self):
        assert self.hit("MA0060.2", "NFYB").learned_tf == "NFYB"
        assert self.hit("MA0137.3", "STAT1").learned_tf == "STAT1"
        assert self.hit("MA0660.1", "STAT1").learned_tf == "MEF2A"
        assert self.hit("MA0773.1", "STAT1").learned_tf == "MEF2A"

    def test_is_none_without_a_relevant_hit(self):
        assert self.hit("MA0004.1", None).learned_tf is None

    def test_redundancy_counts_tfs_that_no_filter_has_learned(self):
        row = record(relevant=7)
        assert measures.QUANTITIES["redundancy_range"](row, row.layer(1)) == 7

    def test_filters_per_tf(self):
        table = measures.filters_per_tf([record(relevant=7), record("cnn-2", 3, relevant=0)])
        assert list(table.index) == ["CNN-25, trial 1", "CNN-2, trial 3"]
        assert list(table.columns) == list(matrices.TFS)
        assert table.loc["CNN-25, trial 1", "MAX"] == 7
        assert table.to_numpy().sum() == 7

    def test_what_a_long_motif_lacks(self):
        """A filter of MEF2A with half of the motif's informative columns lacks half of them."""
        truth = matrices.ground_truth()[matrices.TFS.index("MEF2A")].ppm
        keep = np.flatnonzero(matrices.information(truth) > 0.5)
        half = np.full_like(truth, 0.25)
        half[keep[: len(keep) // 2]] = truth[keep[: len(keep) // 2]]
        for ppm, missing in ((truth, 0), (half, 1 - (len(keep) // 2) / len(keep))):
            one = filters(1, 1, 1, "MEF2A")[0] | {"ppm": ppm.tolist(), "trim": [0, 1]}
            found = measures.QUANTITIES["long_motif_missing"](record(), layer(one))
            assert found == pytest.approx(missing)

    def test_hard_motifs(self):
        rows = [*filters(1, 1, 1, "SP1"), *filters(1, 1, 1, "SP1"), *filters(1, 1, 1, "Arid3a")]
        assert measures.QUANTITIES["hard_motifs"](record(), layer(*rows)) == 2

    def test_motifs_found(self):
        rows = [*filters(2, 2, 2, "SP1"), *filters(3, 1, 3, "YY1")]
        assert measures.QUANTITIES["motifs_found"](record(), layer(*rows)) == 2

    def test_versions_are_other_stretches_of_one_motif(self):
        def along(tf, offset, overlap):
            (row,) = filters(1, 1, 1, tf)
            row["hits"] = [row["hits"][0] | {"offset": offset, "overlap": overlap}]
            return row

        rows = [along("MAX", 0, 8), along("MAX", 0, 8), along("SP1", 0, 8), along("SP1", 1, 8)]
        versions = measures.QUANTITIES["versions"]
        assert versions(record(), layer(*rows)) == 1
        assert versions(record(), layer(*rows[:3])) == 0

    def test_how_far_the_printed_error_is_from_the_spread_over_classes(self):
        run = record("cnn-50")  # printed .961 +- .011
        spread = np.std([0.1] + [0] * 11)
        off = measures.QUANTITIES["class_sd_off"]
        assert off(run, run.layer(1)) == pytest.approx(spread - 0.011)
        run = record("cnn-50", dataset="chipseq")  # .903 +- .003
        assert off(run, run.layer(1)) == pytest.approx(spread - 0.003)


def test_match_curve_by_hand():
    """Of 30 filters .001 (6), .01 (9) and none (15) in one run; .15 in the other."""
    weak = [{"filter": n, "hits": [{"e_value": 0.15}]} for n in range(30)]
    one, other = record(any_=15, relevant=6), record_of(RUN, layers=[{"filters": weak}])
    (row,) = measures.match_curve([one, other], (0.005, 0.1, 0.2)).to_dict("records")
    assert row == pytest.approx({0.005: 0.1, 0.1: 0.25, 0.2: 0.75, "near": 0.5})
    assert measures.match_curve([]).empty
