"""How much of a motif a filter holds: small motifs whose answers can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import record_of

from motifbook.motifs import matrices
from motifbook.records.runs import Record, Run
from motifbook.yardsticks import motif_coverage

SURE = [1.0, 0, 0, 0]  # 2 bits
EVEN = [0.25] * 4  # none
HALF = [0.5, 0.5, 0, 0]  # 1 bit


class TestBestWindow:
    PPM = np.array([HALF, EVEN, SURE, SURE, EVEN, HALF])  # 6 bits

    @pytest.mark.parametrize(
        ("size", "start", "share"),
        [(1, 2, 2 / 6), (2, 2, 4 / 6), (4, 0, 5 / 6), (6, 0, 1), (9, 0, 1)],
    )
    def test_holds_most(self, size, start, share):
        assert motif_coverage.best_window(self.PPM, size) == (start, pytest.approx(share))

    def test_size_is_checked(self):
        with pytest.raises(ValueError, match="at least one column, found 0"):
            motif_coverage.best_window(self.PPM, 0)

    def test_a_motif_without_information_is_refused(self):
        with pytest.raises(ValueError, match="without information"):
            motif_coverage.best_window(np.array([EVEN]), 1)


def test_embedded_motifs_are_all_there_and_wider_windows_hold_more():
    table = motif_coverage.embedded([3, 9, 19])
    assert tuple(table.index) == matrices.TFS
    assert table.loc["SRF", "columns"] == 16
    assert (table[3] <= table[9]).all() and (table[9] <= table[19]).all()
    assert table[19].to_numpy() == pytest.approx(1.0)  # none is wider than 16
    assert table.loc["Arid3a", 9] == pytest.approx(1.0)  # six columns


def record(size: int, hit: dict, trim=(0, 19), ppm=None, tf: str | None = "SRF") -> Record:
    """One run whose one filter has this hit."""
    ppm = [EVEN] * 19 if ppm is None else ppm
    filter_ = {"filter": 0, "tf": tf, "trim": list(trim), "ppm": ppm, "hits": [hit]}
    run = Run("synthetic", "as-run", "paper", "cnn9-25", 1)
    configuration = {"architecture": {"convs": [{"size": size}]}}
    return record_of(run, configuration=configuration, layers=[{"filters": [filter_]}])


def srf_hit(offset: int, orientation: str = "+") -> dict:
    return {"target": "MA0083.3", "name": "SRF", "offset": offset, "orientation": orientation}


class TestHeld:
    BITS = matrices.information(
        next(m for m in matrices.ground_truth() if m.id == matrices.GROUND_TRUTH["SRF"]).ppm
    )  # 16 columns

    def row(self, *args, **options):
        (row,) = motif_coverage.held([record(*args, **options)]).to_dict("records")
        return row

    def test_a_wide_filter_that_lies_on_all_of_it(self):
        row = self.row(19, srf_hit(0))
        assert (row["tf"], row["size"], row["width"]) == ("SRF", 19, 16)
        assert row["read"] == row["shown"] == pytest.approx(1.0)

    def test_nine_columns_lie_in_the_middle_of_the_window(self):
        # Window column 5 is the first of nine; with offset -2 it lies on the motif's column 3.
        row = self.row(9, srf_hit(-2))
        assert row["read"] == pytest.approx(self.BITS[3:12].sum() / self.BITS.sum())
        assert row["start"] == 3
        assert row["shown"] == pytest.approx(1.0)

    def test_the_offset_counts_from_the_trimmed_start(self):
        row = self.row(9, srf_hit(2), trim=(4, 15))
        assert row["read"] == pytest.approx(self.BITS[3:12].sum() / self.BITS.sum())
        assert row["shown"] == pytest.approx(self.BITS[2:13].sum() / self.BITS.sum())

    def test_on_the_other_strand_the_motif_is_turned(self):
        row = self.row(9, srf_hit(-2, "-"))
        assert row["read"] == pytest.approx(self.BITS[::-1][3:12].sum() / self.BITS.sum())
        assert row["start"] == 4  # columns 4 to 12 of the motif as given: 16 - 3 - 9

    def test_columns_before_the_motif_hold_nothing(self):
        assert self.row(3, srf_hit(-14))["read"] == 0.0

    def test_three_columns_are_the_three_in_the_middle(self):
        row = self.row(3, srf_hit(-2))
        assert row["read"] == pytest.approx(self.BITS[6:9].sum() / self.BITS.sum())

    def test_no_relevant_match_no_row(self):
        table = motif_coverage.held([record(9, srf_hit(0), tf=None)])
        assert table.empty and tuple(table.columns) == motif_coverage.HELD


class TestNarrowed:
    def test_a_motif_in_the_middle_stays_a_match(self):
        max_ppm = next(m.ppm for m in matrices.ground_truth() if m.name == "MAX")  # 10 columns
        ppm = [EVEN] * 5 + max_ppm[1:10].tolist() + [EVEN] * 5
        table = motif_coverage.narrowed([record(9, srf_hit(0), ppm=ppm)])
        assert table[["match_any", "match_relevant"]].to_numpy().tolist() == [[1.0, 1.0]]

    def test_what_lies_outside_is_not_seen(self):
        ppm = [SURE] * 5 + [EVEN] * 9 + [SURE] * 5
        table = motif_coverage.narrowed([record(9, srf_hit(0), ppm=ppm)])
        assert table["match_any"].tolist() == [0.0]

    def test_no_wider_than_recorded(self):
        with pytest.raises(ValueError, match="its window is 19 nt, 21 were asked for"):
            motif_coverage.narrowed([record(9, srf_hit(0))], window=21)

    def test_no_records(self):
        assert motif_coverage.narrowed([]).empty
