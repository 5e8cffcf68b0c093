"""The score without ground truth: features and log odds that can be checked by hand."""

import numpy as np
import pandas as pd
import pytest

from motifbook.cli import main
from motifbook.yardsticks import real_motif, real_motif_fit
from motifbook.yardsticks.real_motif import PPM, VARIANTS, features, score, similarity, unlike

A, C, G, T = np.eye(4)
NONE = np.full(4, 0.25)


def ppm(text, width=12):
    """Certain bases of a text, in the middle of uniform columns."""
    left = (width - len(text)) // 2
    columns = [NONE] * width
    columns[left : left + len(text)] = [np.eye(4)["ACGT".index(base)] for base in text]
    return np.array(columns)


def test_features_of_a_filter_that_can_be_counted():
    table = features([ppm("GGTACC"), ppm("AAAAAA")], [100, 10_000], 1_000_000)
    assert list(table.columns) == [*PPM, "excess"]
    first, second = (table.loc[i] for i in (0, 1))
    assert first["information"] == first["core"] == 12  # six columns of two bits
    assert first["flanks"] == 0
    assert first["palindromic"] == pytest.approx(1)
    assert second["palindromic"] == 0  # A lies on T, or beside it
    assert second["repetitive"] == pytest.approx(5 / 6)  # five of six columns on each other
    assert first["composition"] == pytest.approx(1 / 3 * np.log2(3) * 2 + 1 / 3 * np.log2(6))
    assert second["composition"] == 0
    assert (first["site_rate"], second["site_rate"]) == (-4, -2)


def test_only_what_lies_outside_the_informative_columns_is_flank():
    weak = np.array([0.4, 0.2, 0.2, 0.2])
    matrix = ppm("GGTACC")
    matrix[0] = weak
    bits = 2 + (weak * np.log2(weak)).sum()
    (row,) = features([matrix], [50], 100).itertuples()
    assert row.flanks == pytest.approx(bits)
    assert row.core == 12


def test_agreement_and_nearest_are_found_on_either_strand_and_moved():
    mine = np.array([ppm("GATTACA"), ppm("CCCCCCC")])
    theirs = np.array([np.roll(ppm("TGTAATC"), 2, axis=0), ppm("AAAAAAA")])  # GATTACA, turned
    assert similarity(mine, theirs)[0, 0] == pytest.approx(1)
    table = features(mine, [50, 50], 100, replicates=[theirs, mine])
    assert table["agreement"][0] == pytest.approx(1)
    assert table["nearest"][0] == pytest.approx(similarity(mine, mine)[0, 1])
    narrow = features(mine, [50, 50], 100, replicates=[theirs[:, 3:]])  # of another width
    assert narrow["agreement"][0] > 0.5


def test_a_filter_without_sites_has_no_probability():
    table = features([ppm("GATTACA"), np.zeros((12, 4))], [50, 0], 100)
    assert table.loc[1].isna().all()
    found = score(table)
    assert np.isnan(found["probability"][1])
    assert 0 < found["probability"][0] < 1


def test_a_filter_of_too_few_sites_is_not_judged():
    found = score(features([ppm("GATTACA")] * 2, [29, 30], 10_000))["probability"]
    assert np.isnan(found[0]) and found[1] > 0


def test_the_excess_is_the_information_that_the_number_of_sites_does_not_explain():
    # 8 bits, one site in 2^6 positions: two bits, less 1.5 / ln 2 / 1000 for each column.
    found = real_motif.excess(8.0, 1000, 64_000, 10)
    assert found == pytest.approx(2 - 0.0216404, abs=1e-6)


def test_a_filter_whose_sites_are_no_more_than_chance_is_no_motif():
    table = pd.DataFrame({"match": [25.0, 25.0], "excess": [0.1, 0.0]})
    above, none = score(table)["probability"]
    assert above > 0.5 > none
    assert none == above / 2


def test_a_random_filter_that_seldom_fires_is_no_motif():
    # The sharpest of random 9-mers, as many as a word of 9 bits has by chance.
    stream = np.random.default_rng(1)
    weights = stream.normal(size=(9, 4, 20))
    bases = stream.integers(0, 4, (1000, 200))
    windows = np.lib.stride_tricks.sliding_window_view(bases, 9, axis=1).reshape(-1, 9)
    scores = weights[np.arange(9), windows].sum(axis=1)
    ppms, sites = [], []
    for own in scores.T:
        best = windows[np.argsort(own)[-60:]]
        ppms.append(np.eye(4)[best].mean(axis=0))
        sites.append(len(best))
    found = score(features(ppms, sites, bases.size))["probability"]
    assert (found < 0.5).mean() >= 0.95


def test_the_probability_is_the_log_odds_of_the_coefficients_on_record():
    table = pd.DataFrame({"match": [3.0, 1000.0], "excess": [1.0, 1.0]})
    found = score(table)
    one = real_motif.fitted().variants["E-value alone"]
    odds = one.intercept + one.coefficients["match"] * (3 - one.mean["match"]) / one.scale["match"]
    assert found["probability"][0] == pytest.approx(1 / (1 + np.exp(-odds)))
    assert list(found["outside"]) == ["", "match"]
    assert set(found["variant"]) == {"E-value alone"}


def test_the_variant_is_the_one_that_uses_all_that_is_known():
    matrices = [ppm("GATTACA")]
    e_values, replicates = [1e-3], [np.array(matrices)]
    for name, given in {
        "no database": {},
        "with replicates": {"replicates": replicates},
        "with a database": {"e_values": e_values},
        "everything": {"replicates": replicates, "e_values": e_values},
    }.items():
        table = features(matrices, [50], 100, **given)
        assert set(table.columns) == {*VARIANTS[name], "excess"}
        assert score(table)["variant"][0] == name


def test_what_is_unlike_the_fit_is_said():
    assert unlike(19, 200) == []
    assert unlike(11, 1000) == [
        "its PPMs have 11 columns, those of the fit 19",
        "its sequences have 1000 nt, those of the fit 200 nt",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([[1, 0, 0, 0]], [1], 10), "shape"),
        (([[[0.5, 0, 0, 0]] * 8], [1], 10), "sum to 1"),
        (([[[1, 0, 0, 0]] * 8], [1, 2], 10), "1 filters"),
        (([[[1, 0, 0, 0]] * 8], [1], 10, (), [-1]), "E-values"),
    ],
)
def test_what_is_no_filter_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        features(*arguments)


def test_columns_that_no_variant_has_are_refused():
    with pytest.raises(ValueError, match="no score is fitted on core"):
        score(pd.DataFrame({"core": [1.0]}))


def test_calibrate_refuses_a_folder_that_is_not_there_and_records_that_are_not(tmp_path, capsys):
    assert main(["calibrate", str(tmp_path / "none")]) == 2
    assert "none: no such folder" in capsys.readouterr().err
    (tmp_path / "results").mkdir()
    assert main(["calibrate", str(tmp_path), "--results", str(tmp_path / "results")]) == 2
    assert "none of these runs is on record" in capsys.readouterr().err


def toy():
    """Two architectures of which every feature but one is noise."""
    stream = np.random.default_rng(0)
    precise = np.arange(80) % 2 == 0
    columns = {name: stream.normal(size=80) for name in real_motif.FEATURES}
    columns["match"] = precise * 4 + stream.normal(size=80)
    return pd.DataFrame(
        {
            "model": ["a"] * 40 + ["b"] * 40,
            "site_tf": ["X", "X", "Y", "Y"] * 20,
            "precise": precise,
            **columns,
            "match_without": 0.0,
            "excess": 1.0,
            "kind": "trained",
        }
    )


def test_an_architecture_is_scored_by_a_fit_to_the_others():
    table = toy()
    found = real_motif_fit.held_out(table, "E-value alone")
    flipped = table.assign(precise=table["precise"] ^ (table["model"] == "a"))
    again = real_motif_fit.held_out(flipped, "E-value alone")
    mine = table["model"] == "a"
    assert found[mine].equals(again[mine])  # its own truth has no part in it
    assert not found[~mine].equals(again[~mine])


def test_a_novel_motif_has_no_match_of_its_own():
    table = toy()
    found = real_motif_fit.novel(table, "E-value alone")
    assert set(found["tf"]) == {"X", "Y"}
    assert len(found) == 40 + 2 * 40  # precise ones once, others once for each TF
    assert (found.loc[found["precise"], "probability"] < 0.5).all()  # matches are all of 0


def test_intervals_hold_the_value_and_perfect_scores_have_none():
    table = toy()
    low, high = real_motif_fit.intervals(table, table["match"], draws=50)["auroc"][1:]
    value = real_motif_fit.aurocs(table, table["match"])[0]
    assert low <= value <= high
    perfect = real_motif_fit.intervals(table, table["precise"].astype(float), draws=50)
    assert perfect == dict.fromkeys(("auroc", "mean_auroc", "lowest_auroc"), (1.0, 1.0, 1.0))


@pytest.mark.slow
def test_the_score_on_record_is_the_fit_to_the_table_on_record():
    from motifbook.sequences import synthetic

    table = real_motif_fit.on_record()
    fitted = real_motif.fitted()
    again = real_motif_fit.fit(table, synthetic.get(), fitted.configuration["window"])
    assert again.configuration == fitted.configuration
    for name, one in fitted.variants.items():
        found = again.variants[name]
        assert found.coefficients == pytest.approx(one.coefficients, rel=1e-2, abs=1e-2)
        assert found.auroc == pytest.approx(one.auroc, abs=1e-3)
    plain = table[(table["dataset"] == "synthetic") & (table["kind"] == "trained")]
    assert fitted.untrained == again.untrained
    assert (fitted.filters, fitted.precise) == (len(plain), plain["precise"].sum())


def test_what_was_not_seen_is_counted_by_hand():
    precise = pd.Series([True, True, False, False, False])
    found = real_motif_fit.separation(precise, pd.Series([0.9, 0.4, 0.6, 0.2, 0.1]))
    assert (found.precise, found.others, found.found, found.mistaken) == (2, 3, 1, 1)
    assert found.auroc == pytest.approx(5 / 6, abs=1e-5)  # one of six pairs is the wrong way round
    assert found.interval is None
    alone = real_motif_fit.separation(precise[:2], pd.Series([0.9, 0.4]), draws=10)
    assert (alone.auroc, alone.interval) == (None, None)


def test_a_bin_is_a_tenth_of_the_filters():
    table = pd.DataFrame({"precise": [i >= 10 for i in range(20)]})
    bins = real_motif_fit.calibration(table, pd.Series(np.arange(20) / 20))
    assert [one.filters for one in bins] == [2] * 10
    assert [one.precise for one in bins] == [0] * 5 + [1] * 5
    assert bins[0].probability == pytest.approx(0.025)


def test_filters_of_other_sizes_are_read_in_their_own_columns():
    """As the report reads them: a PPM as wide as the filter, and its match by what is left."""
    from motifbook.records import experiment
    from motifbook.sequences import synthetic
    from motifbook.yardsticks import site_accuracy

    (record,) = experiment.get("pool-4-size-7", 1, profile="quick", missing="error")
    dataset = synthetic.get()
    own = site_accuracy.own_precision(dataset.test)
    table = real_motif_fit.of_sizes([record], dataset, own)
    assert set(table["dataset"]) == {"design map"} and table["agreement"].isna().all()
    filters = record.layer(1).filters
    ppms = np.array([one.ppm for one in filters])[:, 6:13]  # of 19 columns the middle 7
    mine = real_motif.features(ppms, [one.sites for one in filters], dataset.test.bases.size)
    for name in ("information", "core", "nearest"):
        np.testing.assert_allclose(table[name], mine[name].dropna())
    assert (table["information"] < 14).all() and table["match"].notna().all()


@pytest.mark.slow
def test_trained_filters_on_record_are_those_of_the_runs_on_record():
    """To the last digit: `motifbook calibrate` makes them without any training."""
    from motifbook.records import experiment
    from motifbook.sequences import synthetic
    from motifbook.yardsticks import site_accuracy

    dataset = synthetic.get()
    own = site_accuracy.own_precision(dataset.test)
    grid = experiment.get("design", 1, profile="quick")
    parts = [
        real_motif_fit.table(experiment.get(), dataset, own),
        real_motif_fit.of_sizes(grid, dataset, own),
    ]
    made = real_motif_fit.kept(parts)
    known = real_motif_fit.on_record()
    trained = known[(known["kind"] == "trained") & (known["dataset"] != "peaks-planted")]
    pd.testing.assert_frame_equal(made, trained.reset_index(drop=True), check_exact=True)


def test_between_real_bases_the_fit_is_to_synthetic_data_of_other_architectures():
    plain = toy().assign(dataset="synthetic")
    asked = toy().assign(dataset="peaks-planted")
    asked = asked[asked["model"] == "a"]
    both = pd.concat([plain, asked], ignore_index=True)
    found = real_motif_fit.artefacts(both, "E-value alone")
    assert list(found.index) == list(range(80, 120))
    lied = both.assign(precise=both["precise"] ^ (both["model"] == "a"))
    assert found.equals(real_motif_fit.artefacts(lied, "E-value alone"))
