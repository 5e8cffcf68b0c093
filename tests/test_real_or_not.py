"""The page of the score: what its tables, sentences and figure say of a fit that is made here."""

import pytest

from motifbook.book import figures, real_or_not
from motifbook.yardsticks import real_motif
from motifbook.yardsticks.real_motif import VARIANTS, Bin, Fit, Separation, Share, Variant


def separation(auroc, found, precise=10, interval=None):
    return Separation(
        auroc=auroc, interval=interval, precise=precise, others=20, found=found, mistaken=1
    )


@pytest.fixture
def fit():
    variants = {}
    for number, (name, used) in enumerate(VARIANTS.items()):
        same = {feature: float(number + 1) for feature in used}
        value = 0.9 + number / 100
        variants[name] = Variant(
            mean=same, scale=same, coefficients=same, low=same, high=same, intercept=0.0,
            auroc=(value, 0.85, 0.99), mean_auroc=(value, 0.8, 0.98), lowest_auroc=(0.7, 0.6, 0.8),
        )  # fmt: skip
    known = real_motif.fitted()
    return Fit(
        format=known.format,
        configuration=known.configuration,
        configuration_sha256=known.configuration_sha256,
        versions=known.versions,
        filters=30,
        precise=10,
        variants=variants,
        by_model={name: {"cnn-25": 0.8, "cnn-4": 0.75} for name in VARIANTS},
        calibration={},
        novel={name: {"SRF": separation(0.91, 9), "MAX": separation(0.5, 2)} for name in VARIANTS},
        artefacts={
            "E-value alone": {"cnn-25": separation(0.8, 5), "all": separation(0.89, 5)},
            "no database": {
                "cnn-4": separation(None, 0, 0),
                "all": separation(0.95, 8, 10, (0.9, 1.0)),
            },
            "everything": {},
        },
        untrained_filters=40,
        untrained={
            name: {
                "synthetic": {"as initialised": Share(filters=30, called=0)},
                "random": {"rarer": Share(filters=10, called=2)},
            }
            for name in VARIANTS
        },
        with_untrained=dict.fromkeys(VARIANTS, 0.987),
        sizes={
            "no database": {
                "7": separation(0.9, 6, 8),
                "9": separation(0.95, 9),
                "all": separation(0.93, 15, 18),
            },
            "with a database": {},
        },
    )


def test_worth_has_a_row_for_what_is_known(fit):
    found = real_or_not.worth(fit)
    assert list(found.index) == list(VARIANTS)
    assert found.loc["E-value alone", "all filters"] == "0.900 (0.850 to 0.990)"
    assert found.loc["everything", "lowest"] == "0.700 (0.600 to 0.800)"


def test_architectures_are_in_the_books_order_and_those_of_one_kind_are_named(fit):
    found = real_or_not.by_architecture(fit)
    assert list(found.index) == ["CNN-4", "CNN-25"]
    assert found.loc["CNN-4", "no database"] == "0.750"
    assert "CNN-1, CNN-2, CNN-10" in real_or_not.one_kind(fit)


def test_weights_that_a_variant_lacks_are_a_dash(fit):
    found = real_or_not.weights(fit)
    assert found.loc[real_motif.FEATURES["core"], "no database"] == "+2.00"
    assert found.loc[real_motif.FEATURES["match"], "no database"] == "–"


def test_of_a_novel_motif_the_worst_tf_is_named(fit):
    assert real_or_not.novel(fit).loc["SRF", ("no database", "called real")] == "9 of 10"
    said = real_or_not.novel_in_words(fit)
    assert "*no database*: 11 of 20 (55%) are called real, fewest of MAX (20%)" in said


def test_a_miss_between_real_bases_is_a_miss(fit):
    said = real_or_not.artefacts_in_words(fit)
    assert "*E-value alone*: 0.890, missed" in said
    assert "*no database*: 0.950, met" in said
    assert said.endswith("network: *with replicates*, *with a database*, *everything*.")
    found = real_or_not.artefacts(fit)
    assert found.loc[("no database", "all"), "AUROC"] == "0.950 (0.900 to 1.000)"
    assert found.loc[("no database", "CNN-4"), "AUROC"] == "–"


def test_of_other_sizes_the_one_whose_motifs_are_found_least_is_named(fit):
    found = real_or_not.sizes(fit)
    assert list(found.index) == ["7 nt", "9 nt", "all"]
    assert found.loc["7 nt", ("no database", "precise")] == "6 of 8"
    assert real_or_not.sizes_in_words(fit) == (
        "*no database*: AUROC 0.930; 15 of 18 precise filters are called real, the smallest part "
        "of those of 7 nt (6 of 8)."
    )


def test_untrained_filters_that_are_called_real_are_counted(fit):
    found = real_or_not.untrained(fit)
    assert list(found.index) == [("synthetic data", "as initialised"), ("random bases", "rarer")]
    assert list(found["no database"]) == ["0 of 30", "2 of 10"]
    said = real_or_not.untrained_in_words(fit)
    assert "*no database*: 2 of 40 (5.00%), most of those that are *rarer* on random bases" in said
    assert "0.987 (*no database*)" in said


def test_the_calibration_that_is_drawn():
    bins = (
        Bin(probability=0.1, precise=0.0, filters=5),
        Bin(probability=0.8, precise=0.6, filters=5),
    )
    drawn = figures.calibration({"one": bins, "two": bins[:1]})
    first, second = drawn.axes
    (line,) = [line for line in first.lines if line.get_gid() == "bins"]
    assert line.get_xydata().tolist() == [[0.1, 0.0], [0.8, 0.6]]
    assert (first.get_title(), second.get_title()) == ("one", "two")
    (diagonal,) = [line for line in second.lines if line.get_gid() == "diagonal"]
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
