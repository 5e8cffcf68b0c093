"""Sentences and tables of the chapter on filter size, on numbers made by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from conftest import learned

from motifbook.book import filter_size
from motifbook.networks.architectures import MODELS
from motifbook.yardsticks import authors, motif_coverage


def test_twins_differ_in_their_filters_alone():
    for narrow, (wide, _) in filter_size.TWINS.items():
        pools = [[conv.pool for conv in MODELS[model].convs] for model in (narrow, wide)]
        assert pools[0] == pools[1]
        assert MODELS[wide].convs[0].size == 19
    assert filter_size.twins().loc["CNN3-50"].tolist() == [3, 50, "CNN-50", "poor predictions"]


HELD = pd.DataFrame(
    {
        "tf": ["SRF", "SRF", "STAT1", "MAX", "YY1", "SP1"],
        "read": [0.25, 0.75, 0.4, 0.6, 0.7, 0.9],
        "shown": [0.5, 1.0, 0.8, 0.9, 0.9, 0.9],
    }
)


def test_long_motifs():
    found = filter_size.long_motifs(HELD)
    assert list(found.index) == ["MEF2A", "SRF", "STAT1", "CEBPB"]
    assert found.loc["SRF"].tolist() == [16, "0.75", 2, "0.50", "0.75"]
    assert found.loc["CEBPB"].tolist()[2:] == [0, "–", "–"]


def test_least_read():
    assert filter_size.least_read(HELD) == (
        "Of all motifs, the filters that match them read least of STAT1 (0.40), SRF (0.50), MAX "
        "(0.60), YY1 (0.70); 2 of these are among the paper's four."
    )
    assert filter_size.least_read(HELD[:0]).startswith("No filter of CNN9-25 on record")


def found(archived=(0.0, 0.93), nine=0.2, nineteen=0.5):
    """`windows` of CNN9-4 and CNN9-25; only relevant matches of the archive vary."""
    index = pd.MultiIndex.from_product([motif_coverage.NARROW, filter_size.QUANTITIES])
    table = pd.DataFrame({"printed": 0.25, "nine": nine, "nineteen": nineteen}, index)
    table["archived"] = [0.5, archived[0], 0.5, archived[1]]
    return table.assign(nine_sd="0.200", nineteen_sd="0.500")


class TestNineNucleotides:
    @pytest.fixture
    def searched(self, monkeypatch) -> list[str]:
        """The runs that Tomtom was asked about; it says that half of their filters match."""
        asked = []

        def narrowed(records):
            rows = [[str(r.run), r.started, r.run.model, 0.5, 0.5] for r in records]
            asked.extend(row[0] for row in rows)
            return pd.DataFrame(rows, columns=motif_coverage.NARROWED)

        monkeypatch.setattr(motif_coverage, "narrowed", narrowed)
        return asked

    def test_only_what_is_not_on_record_is_searched_for(self, searched, tmp_path):
        one, two = (learned("cnn9-4", trial, "SRF") for trial in (1, 2))
        assert filter_size.nine_nt([one], tmp_path)["match_any"].tolist() == [0.5]
        stored = motif_coverage.narrowed([one, two]).assign(match_any=[0.1, 0.2])
        authors.write_check(stored[:0], stored[:0], stored, tmp_path)
        searched.clear()
        found = filter_size.nine_nt([two, one], tmp_path)
        assert found["match_any"].tolist() == [0.2, 0.1] and searched == []
        again = learned("cnn9-4", 1, "SRF", started="2027-01-01T00:00:00Z")  # trained once more
        found = filter_size.nine_nt([again, two], tmp_path)
        assert sorted(found["match_any"]) == [0.2, 0.5] and searched == [str(one.run)]
        assert filter_size.nine_nt([], tmp_path).empty


class TestWindows:
    def test_table(self):
        row = filter_size.windows_table(found()).loc["CNN9-25, relevant motif"]
        assert row.to_dict() == {
            "archived run, 9 nt": "0.930",
            "ours, 9 nt": "0.200",
            "Table 1": "0.250",
            "ours, 19 nt": "0.500",
        }

    @pytest.mark.parametrize(
        ("nine", "nineteen", "which"),
        [(0.2, 0.5, "9 nt"), (0.0, 0.3, "19 nt"), (0.2, 0.3 + 2e-7, "both alike"),
         (math.nan, 0.3, "not yet run")],
    )  # fmt: skip
    def test_nearer(self, nine, nineteen, which):
        said = filter_size.nearer(found(nine=nine, nineteen=nineteen))
        assert said.startswith("The text's numbers are those of the archived run.")
        assert said.count(f": {which}") == 4
        assert "CNN9-4, match any motif: " in said

    @pytest.mark.parametrize("archived", [(0.0, 0.98), (0.1, 0.93), (math.nan, math.nan)])
    def test_other_numbers_than_the_text(self, archived):
        assert "are not those of the archived run" in filter_size.nearer(found(archived))

    def test_without_runs_or_archive(self, tmp_path):
        table = filter_size.windows([], tmp_path)
        assert table["archived"].isna().all() and table["nine"].isna().all()
        assert table.loc[("cnn9-25", "match_relevant"), "printed"] == 0.98
        shown = filter_size.windows_table(table).loc["CNN9-25, any motif"].tolist()
        assert shown[0] == "–" and shown[1] == shown[3] == "not yet run"
