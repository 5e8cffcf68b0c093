"""What the chapter on deeper layers draws, says and tabulates, on runs made by hand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from conftest import learned
from drawn import points_of, texts

from motifbook.book import deeper_layers, figures
from motifbook.book.chapter import Gathered
from motifbook.paper import claims
from motifbook.records.runs import Run

ONE, TWO = "cnn-1", "cnn-1-1-100"
RECORDS = (
    learned(ONE, 1, "none none", "MAX:.9,.5,.1,.1 SP1:.2,.1,.5,.5"),
    learned(ONE, 2, "none MAX", "MAX:.8,.5,.1,.1 dead"),
    learned(TWO, 1, "none none", "other:.1,.1,.3,.2 none", "SP1:.1,.1,.7,.3 SP1:.1,.1,.9,.1"),
    learned(TWO, 2, "none none", "MAX none", "SP1 none"),
)


def page(*records):
    wanted = (Run("synthetic", "as-run", "paper", m, trial) for m in (ONE, TWO) for trial in (1, 2))
    return Gathered(tuple(wanted), records)


PAGE, EMPTY = page(*RECORDS), Gathered((), ())
TABLES = deeper_layers.tables(PAGE)


def test_places_are_the_layers_before_the_large_pool():
    assert list(TABLES) == [(ONE, 1), (ONE, 2), (TWO, 1), (TWO, 2), (TWO, 3)]
    assert deeper_layers.label((TWO, 3)) == "CNN-1-1-100, layer 3"


def test_shares():
    assert deeper_layers.shares(TABLES, 3) == (
        "The share of our filters that match a relevant motif, layer by layer. "
        "CNN-1 (2 of 3 trials): 0.250\u00a0±\u00a00.250, then 0.750\u00a0±\u00a00.250; "
        "CNN-1-1-100 (2 of 3 trials): 0.000\u00a0±\u00a00.000, then 0.250\u00a0±\u00a00.250, "
        "then 0.750\u00a0±\u00a00.250."
    )
    assert "CNN-1-1-100: not yet run" in deeper_layers.shares(
        deeper_layers.tables(page(RECORDS[0])), 1
    )
    assert "Neither network" in deeper_layers.shares({}, 5)


def test_described():
    found = deeper_layers.described(page(RECORDS[0]))
    assert found.loc["CNN-1, layer 2"].tolist() == [128, 5, 23, 2, "pool of 100"]
    assert found.loc["CNN-1-1-100, layer 2"].tolist() == [128, 5, 23, "not yet run", "no pool"]
    assert found.loc["CNN-1-1-100, layer 3", "sees (nt)"] == 27
    assert deeper_layers.described(EMPTY).empty


class TestByLayer:
    PRINTED = claims.printed().query("dataset == 'synthetic'")

    def test_a_panel_per_network_ours_beside_the_paper_s(self):
        figure = deeper_layers.by_layer(TABLES, self.PRINTED)
        assert [ax.get_title() for ax in figure.axes] == ["CNN-1", "CNN-1-1-100"]
        assert [t.get_text() for t in figure.axes[1].get_xticklabels()] == [
            "layer 1", "layer 2", "layer 3",
        ]  # fmt: skip
        ours = [[(0, 0.5), (1, 0.5)], [(0, 0), (0, 0.5), (1, 0.5)]]
        for ax, layers in zip(figure.axes, ours, strict=True):
            drawn = [tuple(y for _, y in line) for line in points_of(ax, "ours-match_relevant")]
            assert drawn == layers
            model = {"CNN-1": ONE, "CNN-1-1-100": TWO}[ax.get_title()]
            own = self.PRINTED[self.PRINTED["model"] == model].set_index(["layer", "quantity"])
            theirs = [y for line in points_of(ax, "paper-match_any") for _, y in line]
            assert theirs == [own.loc[(n + 1, "match_any"), "mean"] for n in range(len(layers))]
        plt.close(figure)

    def test_no_network(self):
        assert texts(deeper_layers.by_layer({}, self.PRINTED)) == ["no run on record yet"]


def test_compared_has_every_layer_of_each_network():
    found = deeper_layers.compared(RECORDS)
    relevant = found[found["quantity"] == "match_relevant"].set_index("model")["ours"]
    assert relevant.to_dict() == {
        f"{ONE}@1": 0.25, f"{ONE}@2": 0.75, f"{TWO}@1": 0.0, f"{TWO}@2": 0.25, f"{TWO}@3": 0.75,
    }  # fmt: skip
    assert found["label"].iloc[-1] == "CNN-1-1-100, layer 3"
    assert deeper_layers.compared([]).empty


class TestRates:
    FOUND = pd.DataFrame(
        [("CNN-1, layer 1", "trained", 0.25, 0.0), ("CNN-1, layer 2", "trained", 0.75, 0.5),
         ("CNN-1, layer 2", "trained", 0.25, 0.5), ("CNN-1, layer 2", "shuffled", 0.125, 0.25),
         ("CNN-1, layer 2", "untrained", 0.75, 0.125)],
        columns=["place", "kind", "match_any", "match_relevant"],
    )  # fmt: skip

    def test_table_is_the_mean_over_trials(self):
        found = deeper_layers.rates_table(self.FOUND)
        assert found.loc["CNN-1, layer 2"].tolist() == [
            "0.500", "0.125", "0.750", "0.500", "0.250", "0.125",
        ]  # fmt: skip
        assert found.loc["CNN-1, layer 1"].tolist()[:2] == ["0.250", "–"]
        assert deeper_layers.rates_table(deeper_layers.rates(EMPTY)).empty

    def test_sentence(self):
        said = deeper_layers.beyond_nulls(self.FOUND)
        assert "Of untrained filters of a deeper layer, up to 75% match some motif" in said
        assert "up to 25.0% a relevant one (`results/null/shuffled.json`)" in said
        assert "from the larger of these rates" in said
        assert said.endswith("CNN-1, layer 2 by −0.25 and +0.25.")

    @pytest.mark.parametrize("rows", [slice(0), slice(1), slice(3)])
    def test_nothing_to_compare(self, rows):
        assert deeper_layers.beyond_nulls(self.FOUND[rows]) == "There is nothing to compare yet."

    def test_without_nulls_there_are_the_trained(self, tmp_path):
        found = deeper_layers.rates(PAGE, tmp_path)
        assert found["place"].nunique() == 5 and set(found["kind"]) == {"trained"}


class TestSecondLayers:
    def test_difference(self):
        said = deeper_layers.second_layers(TABLES)
        assert "CNN-1 0.750\u00a0±\u00a00.250, CNN-1-1-100 0.250\u00a0±\u00a00.250." in said
        # Welch: 0.5 ± t(2) · 0.3536, t = 4.303.
        assert "is +0.500; Welch's 95% interval is −1.021 to +2.021 (2 and 2 trials)." in said

    def test_one_trial_has_no_interval(self):
        tables = deeper_layers.tables(page(RECORDS[0], RECORDS[2]))
        assert "no interval can be given (1 and 1 trials)" in deeper_layers.second_layers(tables)

    @pytest.mark.parametrize("records", [(), RECORDS[:2]])
    def test_both_are_needed(self, records):
        said = deeper_layers.second_layers(deeper_layers.tables(page(*records)))
        assert said == "For this comparison both networks have to be on record."


def test_one_filter_per_tf_by_f1():
    record = learned(ONE, 1, "none", "none MAX:.9,.1,.0,.0 MAX:.5,.5,.1,.1 SP1:.1,.1,.6,.4")
    assert deeper_layers.best_per_tf(record, 2) == [2, 3]
    figures.style()
    figure = deeper_layers.one_per_tf(record, 2)
    assert [ax.get_ylabel() for ax in figure.axes[:2]] == ["MAX", "SP1"]
    plt.close(figure)
    assert texts(deeper_layers.one_per_tf(None, 2)) == ["no run on record yet"]


def test_sites():
    found = deeper_layers.sites(deeper_layers.filters(PAGE))
    assert found.loc["CNN-1, layer 2"].tolist() == [4, 1, 0.8, 0.5]
    assert found.loc["CNN-1-1-100, layer 3"].tolist() == [4, 0, 0.8, 0.2]
    assert deeper_layers.sites(deeper_layers.filters(EMPTY)).empty


def test_precision_by_layer():
    found = deeper_layers.filters(PAGE)
    assert deeper_layers.precision(found, [TWO]) == "in CNN-1-1-100 it rises"
    assert deeper_layers.precision(found, [ONE]) == "in CNN-1 it cannot be told yet"
    assert deeper_layers.precision(found, []) == "no network was asked for"
