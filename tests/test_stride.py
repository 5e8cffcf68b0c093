"""What the chapter on stride draws, says and tabulates, on runs made by hand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from conftest import learned
from drawn import points_of, texts

from motifbook.book import stride
from motifbook.book.chapter import Gathered
from motifbook.networks.architectures import MODELS
from motifbook.records import runs

GIVEN = {"configuration": {"dataset": {"number": 1000, "fractions": [0.7, 0.2], "length": 200}}}
RECORDS = (
    learned("cnn-2", 1, "MAX:.9,.5,.1,.1 none:.2,.8,.1,.1 dead", **GIVEN),
    learned("cnn-2", 2, "none:.3,.6,.1,.1 other:.1,.1,.4,.7 none:.5,.1,.1,.1", auroc=(0.9, 0.7)),
    learned("cnn-50-2", 1, "MAX MAX SP1", auroc=(0.7, 0.6), epochs=100, **GIVEN),
    learned("cnn-50-2", 2, "MAX SP1 none", auroc=(0.9, 0.7)),
)
EMPTY = Gathered((), ())


@pytest.fixture
def page():
    return Gathered(tuple(record.run for record in RECORDS), RECORDS)


def test_shares(page):
    assert stride.shares(page, 5) == (
        "The share of our first-layer filters that match a relevant motif: "
        "CNN-2 0.167\u00a0±\u00a00.167 (2 of 5 trials), "
        "CNN-50-2 0.833\u00a0±\u00a00.167 (2 of 5 trials)."
    )
    assert stride.shares(EMPTY, 5) == stride.endings(EMPTY, "paper") == stride.NONE_ASKED


def test_built():
    found = stride.built(["cnn-2", "cnn-50-2", "cnn19-1-2"])
    assert found["CNN-2"].tolist() == [2, 2, 100, "128 of size 5", 20, 28, 50, 512]
    assert found.loc["stride"].tolist() == [2, 2, 2]
    assert found.loc["second layer", "CNN19-1-2"] == "128 of size 1"
    assert stride.built([]).empty


def test_contrasts(page):
    found = stride.contrasts(page.table)
    row = found.loc["blur: CNN-50-2 less CNN-2"]
    # Sample sd 0.2357 each: 2/3 ± t(2) · 0.2357 · √(2/2), t = 4.303.
    assert row.tolist() == ["+0.667", "−0.35 to +1.68", "2 and 2"]
    assert found.loc["positions: CNN-50-2 less CNN-50"].tolist() == ["not yet run", "", "2 and 0"]
    one = stride.contrasts(page.table[page.table["trial"] == 1])
    assert one["95% interval"].iloc[0] == "needs two trials"


class TestSites:
    FOUND = stride.filters(RECORDS[:2])

    def test_filled_where_a_relevant_motif_is_found(self):
        figure = stride.sites(self.FOUND)
        assert figure.axes[0].get_title() == "CNN-2"
        (filled,) = points_of(figure.axes[0], "a relevant motif")
        (others,) = points_of(figure.axes[0], "no relevant motif")
        assert filled == [(0.9, 0.5)]
        assert [one for one in others if one[0] is not None] == [
            (0.2, 0.8), (0.3, 0.6), (0.4, 0.7), (0.5, 0.1),
        ]  # fmt: skip
        plt.close(figure)

    def test_no_run(self):
        assert texts(stride.sites(stride.filters([]))) == ["no run on record yet"]

    def test_medians(self):
        found = stride.kinds(self.FOUND)
        assert found.loc[("CNN-2", "a relevant motif")].tolist() == [1, 0, 0.9, 0.5]
        assert found.loc[("CNN-2", "no relevant motif")].tolist() == [5, 1, 0.35, 0.65]
        assert stride.kinds(stride.filters([])).empty


def test_recall_beside_chance(page):
    found = stride.filters(RECORDS).assign(sites=100)
    said = stride.parts_or_nothing(page, found)
    # 100 sites, 20 placements each, at 1000 x 0.2 x 200 places.
    assert "CNN-2 0.65 (5 filters; as many sites at random places would reach at most 0.05)" in said
    assert "not yet run" in stride.parts_or_nothing(EMPTY, stride.filters([]))
    whole = Gathered((RECORDS[2].run,), RECORDS[2:3])
    assert "CNN-50-2 has none" in stride.parts_or_nothing(whole, stride.filters(RECORDS[2:3]))


def test_parameters_by_hand():
    """CNN-25: 19·4·30 + 60, 5·30·128 + 256, 2·128·512 + 1024, 513·12; pools of 25 and 4."""
    assert stride.dense_inputs(MODELS["cnn-25"]) == 2 * 128
    assert stride.parameters(MODELS["cnn-25"]) == 2340 + 19456 + 132096 + 6156


def test_sizes(page):
    found = stride.sizes(page)
    assert found.loc["CNN-50-2"].tolist()[:3] == [64, 96, "100"]
    assert found.loc["CNN-50-2", "by the text"] == found.loc["CNN-2", "by the text"]
    assert stride.sizes(EMPTY).empty


def test_endings(page):
    said = stride.endings(page, "paper")
    assert "CNN-2: 0 of 2 runs reached the limit of 100 epochs, best epochs 1, 1, AUROC" in said
    assert "CNN-50-2: 1 of 2 runs" in said and said.endswith("AUROC 0.650, 0.800.")
    unrun = Gathered(page.wanted, RECORDS[:2])
    assert "CNN-50-2: not yet run" in stride.endings(unrun, "paper")


def test_losses(page):
    said = stride.losses(page, {"MAX": 0.9, "SP1": 0.6})
    assert "CNN-2 loses 0, 1 TFs in its trials (SP1); its mean AUROC is 0.775 with them" in said
    assert "and 0.800 without" in said  # (0.75 + 0.75 + 0.9) / 3
    assert "CNN-50-2 loses 2, 1 TFs in its trials (MAX, SP1)" in said
    assert said.endswith("The archived CNN-50-2 has lost SP1.")
    assert stride.losses(Gathered(page.wanted, ()), {}).endswith("CNN-50-2: not yet run.")


def test_archived_is_empty_without_a_record(tmp_path):
    assert stride.archived(tmp_path) == {}
    assert list(stride.archived())[:2] == ["Arid3a", "CEBPB"]


def test_learned_and_scored():
    found = stride.learned_and_scored(RECORDS[2:])
    assert found.to_dict("index") == {
        "SP1": {"filters (mean)": 1.0, "AUROC (mean)": 0.65},
        "MAX": {"filters (mean)": 1.5, "AUROC (mean)": 0.8},
    }
    assert stride.learned_and_scored([]).empty


def test_filters_say_what_tomtom_finds():
    found = stride.filters(RECORDS[:1])
    assert found["finds"].tolist() == ["a relevant motif", *["no relevant motif"] * 2]
    assert isinstance(stride.filters([]), pd.DataFrame) and runs.filters([]).empty
