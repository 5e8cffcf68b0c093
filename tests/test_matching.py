from __future__ import annotations

import math
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motifbook.motifs import tomtom
from motifbook.motifs.matrices import RELEVANT, Motif, jaspar, read_meme
from motifbook.motifs.tomtom import COLUMNS, best_hits, chance, few, match, refusal, verdicts

DATA = Path(__file__).parent / "data" / "tomtom"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
NETWORKS = {  # archived hits: archived filters. CNN9 was matched whole, the others trimmed.
    "cnn_2": "cnn_2_clip",
    "cnn_4": "cnn_4_clip",
    "cnn_10": "cnn_10_clip",
    "cnn_25": "cnn_25_clip",
    "cnn_50": "cnn_50_clip",
    "cnn_100_2": "cnn_100_clip",
    "cnn_50_2": "cnn_50_2_clip",
    "cnn_2_1": "cnn_2_1_clip",
    "cnn3_2": "cnn3_2_clip",
    "cnn3_50": "cnn3_50_clip",
    "cnn9_4": "cnn9_4",
    "cnn9_25": "cnn9_25",
}


def motif(ppm, id_="query", nsites=None):
    return Motif(id_, "", ppm, len(ppm) if nsites is None else nsites)


def c_tomtom(path):
    """C Tomtom's table under our column names, of either version."""
    table = pd.read_csv(path, sep="\t")
    table.columns = table.columns.str.lstrip("#").str.replace("_", " ")
    return table.rename(
        columns={
            "Query ID": "query",
            "Target ID": "target",
            "E-value": "e_value",
            "q-value": "q_value",
            "Optimal offset": "offset",
            "Overlap": "overlap",
            "Orientation": "orientation",
        }
    )


def pairs(table):
    return set(zip(table["query"], table["target"], strict=True))


def tf_by_the_authors_script(table):
    """Query to TF: least q-value over the relevant ids in their order, the first of equals."""
    found = {}
    for query, rows in table.groupby("query"):
        q_value = dict(zip(rows["target"], rows["q_value"], strict=True))
        least = 1.0
        for tf, ids in RELEVANT.items():
            for id_ in ids:
                if q_value.get(id_, 1) < least:
                    least, found[query] = q_value[id_], tf
    return found


def tf_by_us(matches):
    tf = verdicts(matches)["tf"]
    return tf[tf.notna()].to_dict()


@pytest.fixture(scope="module")
def targets():
    return jaspar()


@pytest.fixture(scope="module")
def queries():
    return read_meme(DATA / "queries.meme")


# --- Against C Tomtom -------------------------------------------------------------------------


def assert_as_c_tomtom(queries, targets, golden, share):
    ours = match(queries, targets, evalue=math.inf).hits
    assert len(ours) == len(queries) * len(targets)
    both = ours.merge(golden, on=["query", "target"], suffixes=("", "_c"))
    assert len(both) == len(golden) == len(ours)

    error = (both["e_value"] / both["e_value_c"] - 1).abs()
    assert (error <= 1e-3).mean() >= share
    matched = match(queries, targets).hits
    golden_hits = golden[golden["e_value"] <= 0.1]
    assert set(matched["query"]) == set(golden_hits["query"])
    assert pairs(matched) == pairs(golden_hits)

    hits = both[both["e_value_c"] <= 0.1]
    for column in ("offset", "overlap", "orientation"):
        assert (hits[column] == hits[f"{column}_c"]).all(), column
    # Tomtom's q-value is ours times its estimate of the share of true nulls, one number a query.
    # The largest p-value is near 1 and so is our q-value there: Tomtom's shows the estimate.
    nulls = golden.groupby("query")["q_value"].max()
    expected = hits["q_value"] * hits["query"].map(nulls)
    np.testing.assert_allclose(hits["q_value_c"], expected, rtol=1e-3)


def test_every_pair_of_a_few_queries_is_as_c_tomtom_has_it(queries, targets):
    golden = c_tomtom(DATA / "tomtom-5.4.1.tsv.gz")
    assert len(queries) == 4
    assert_as_c_tomtom(queries, targets, golden, share=0.999)


def test_every_pair_of_128_queries_is_as_c_tomtom_has_it(targets):
    folder = SHARED / "tomtom"
    if not folder.is_dir():
        pytest.skip("C Tomtom's table of 128 queries is not beside the project")
    queries = read_meme(folder / "queries.meme")
    assert len(queries) == 128
    golden = c_tomtom(folder / "tomtom-5.4.1.tsv.gz")
    assert_as_c_tomtom(queries, targets, golden, share=0.995)


def assert_as_archived(filters, archive, targets):
    ours = match(read_meme(filters), targets)
    golden = c_tomtom(archive)
    assert pairs(ours.hits) == pairs(golden)
    assert tf_by_us(ours) == tf_by_the_authors_script(golden)
    both = ours.hits.merge(golden, on=["query", "target"], suffixes=("", "_c"))
    np.testing.assert_allclose(both["e_value"], both["e_value_c"], rtol=0.01)
    # The strands of one pair of cnn_100 score so nearly the same that rounding decides.
    same = both["orientation"] == both["orientation_c"]
    assert (~same).sum() <= (filters.name == "cnn_100_clip.meme")
    assert (both["offset"] == both["offset_c"])[same].all()
    assert (both["overlap"] == both["overlap_c"])[same].all()


@pytest.mark.parametrize(
    ("filters", "archive"),
    [("cnn9_25.meme", "cnn9_25_tomtom.txt"), ("cnn_4_clip.meme", "cnn_4_tomtom.txt")],
)
def test_hits_of_a_few_of_the_authors_filters(filters, archive, targets):
    assert_as_archived(DATA / filters, DATA / archive, targets)


@pytest.mark.parametrize(("hits", "filters"), NETWORKS.items())
def test_hits_of_the_authors_networks(hits, filters, targets):
    folder = SHARED / "authors" / "synthetic" / "conv_filters"
    if not folder.is_dir():
        pytest.skip("the authors' archive is not beside the project")
    assert_as_archived(folder / f"{filters}.meme", folder / hits / "tomtom.txt", targets)


# --- What the columns mean --------------------------------------------------------------------


def test_part_of_a_target_finds_it_where_it_was_cut_out(targets):
    mafk = next(target for target in targets if target.id == "MA0496.1")
    assert mafk.width == 15
    part = motif(mafk.ppm[3:13], "part")
    reverse = motif(part.ppm[::-1, ::-1], "reverse")
    matches = match([part, reverse], targets)
    assert list(matches.hits.columns) == [*COLUMNS, "q_value"]

    first = matches.best.set_index("query")
    assert list(first["target"]) == ["MA0496.1", "MA0496.1"]
    assert list(first["name"]) == ["MAFK", "MAFK"]
    assert list(first["overlap"]) == [10, 10]
    assert list(first["offset"]) == [3, 15 - 13]
    assert list(first["orientation"]) == ["+", "-"]
    np.testing.assert_array_equal(first["e_value"], first["p_value"] * 519)


def test_longer_than_the_target_means_a_negative_offset(targets):
    arid3a = next(target for target in targets if target.id == "MA0151.1")
    flank = np.full((4, 4), 0.25)
    matches = match([motif(np.vstack([flank, arid3a.ppm, flank]))], targets, evalue=math.inf)
    row = matches.hits.set_index("target").loc["MA0151.1"]
    assert (row["offset"], row["overlap"], row["orientation"]) == (-4, 6, "+")


def test_a_palindrome_is_read_forward(targets):
    palindromes = [t for t in targets if np.allclose(t.ppm, t.ppm[::-1, ::-1], atol=1e-6)]
    assert palindromes
    best = match(palindromes, targets).best
    assert set(best["orientation"]) == {"+"}
    assert list(best["target"]) == [palindrome.id for palindrome in palindromes]


def test_hits_are_sorted_and_end_at_the_e_value(queries, targets):
    every = match(queries, targets, evalue=math.inf)
    assert list(every.hits["query"].drop_duplicates()) == [query.id for query in queries]
    for _, rows in every.hits.groupby("query"):
        assert rows["p_value"].is_monotonic_increasing
        assert rows["q_value"].is_monotonic_increasing
    for evalue in (1e-6, 0.1, 10):
        some = match(queries, targets, evalue)
        expected = every.hits[every.hits["e_value"] <= evalue].reset_index(drop=True)
        pd.testing.assert_frame_equal(some.hits, expected)
        pd.testing.assert_frame_equal(some.best, every.best)


rows = st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any)
ppms = st.lists(rows, min_size=1, max_size=25).map(
    lambda counts: np.array(counts) / np.sum(counts, axis=1, keepdims=True)
)


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(ppm=ppms, nsites=st.floats(1, 1e5))
def test_any_filter_gets_a_p_value_for_every_target(targets, ppm, nsites):
    query = motif(ppm, nsites=nsites)
    matches = match([query], targets, evalue=math.inf)
    assert len(matches.hits) == (0 if refusal(query) else 519)
    assert matches.hits["p_value"].between(0, 1, inclusive="right").all()
    assert (matches.hits["q_value"] >= matches.hits["p_value"] * (1 - 1e-12)).all()
    assert (matches.hits["q_value"] <= 1).all()
    assert matches.hits["overlap"].between(1, query.width).all()


# --- Batches ----------------------------------------------------------------------------------


def test_answers_do_not_depend_on_the_other_queries(queries, targets, monkeypatch):
    others = read_meme(DATA / "cnn_4_clip.meme")
    filters = queries + [Motif(f"cnn_4_{m.id}", "", m.ppm, m.nsites) for m in others]
    together = match(filters, targets, evalue=math.inf)
    for query in filters:
        alone = match([query], targets, evalue=math.inf).hits
        expected = together.hits[together.hits["query"] == query.id].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, expected, check_exact=True)

    backwards = match(filters[::-1], targets, evalue=math.inf).hits
    by_query = backwards.sort_values("query", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(
        by_query,
        together.hits.sort_values("query", kind="stable", ignore_index=True),
        check_exact=True,
    )

    monkeypatch.setattr(tomtom, "_BATCH", 3)
    pd.testing.assert_frame_equal(
        match(filters, targets, evalue=math.inf).hits, together.hits, check_exact=True
    )


def test_answers_do_not_depend_on_the_number_of_threads(queries, targets):
    import numba

    one = match(queries, targets, n_jobs=1)
    before = numba.get_num_threads()
    many = match(queries, targets, n_jobs=numba.config.NUMBA_NUM_THREADS)
    assert numba.get_num_threads() == before
    pd.testing.assert_frame_equal(one.hits, many.hits, check_exact=True)


# --- Refusals ---------------------------------------------------------------------------------

GOOD = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1], [0.1, 0.1, 0.7, 0.1]] * 2)


def with_row(row):
    ppm = GOOD.copy()
    ppm[1] = row
    return ppm


REFUSED = {
    "all-zero": np.zeros((8, 4)),
    "holds NaN": with_row(np.nan),
    "zero column": with_row(0),
    "not normalised": with_row([0.7, 0.3, 0.0, 0.02]),
    "uniform": np.tile([0.251, 0.249, 0.25, 0.25], (8, 1)),
}


@pytest.mark.parametrize(("reason", "ppm"), REFUSED.items())
def test_refusals(reason, ppm):
    assert refusal(motif(ppm)) == reason


@pytest.mark.parametrize(
    ("ppm", "reason"),
    [
        (GOOD, None),
        (with_row([0.7, 0.3, 0.0, 0.0099]), None),
        (with_row([0.7, 0.2901, 0.0, 0.0]), None),
        (with_row([1.1, -0.1, 0.0, 0.0]), "not normalised"),
        (with_row([np.inf, 0, 0, 0]), "not normalised"),
        (GOOD * 100, "not normalised"),
        (np.tile([0.2511, 0.2489, 0.25, 0.25], (8, 1)), None),
        (np.full((1, 4), 0.25), "uniform"),
    ],
)
def test_edges_of_refusal(ppm, reason):
    assert refusal(motif(ppm)) == reason


def test_refused_queries_match_nothing_and_are_counted(queries, targets):
    refused = [motif(ppm, reason.replace(" ", "_")) for reason, ppm in REFUSED.items()]
    refused.append(motif(GOOD, "no_sites", nsites=0))
    alone = match(queries, targets)
    mixed = match([*refused[:3], *queries, *refused[3:]], targets)
    pd.testing.assert_frame_equal(mixed.hits, alone.hits, check_exact=True)
    assert mixed.refused == {m.id: m.id.replace("_", " ") for m in refused}
    assert len(mixed.queries) == 10
    assert verdicts(mixed)["any"].sum() == verdicts(alone)["any"].sum()

    table = verdicts(mixed)
    assert list(table.index) == list(mixed.queries)
    assert not table.loc["all-zero", "any"]
    assert table.loc["holds_NaN", "target"] is None
    assert best_hits(mixed, "uniform") == []


def test_a_query_that_is_too_wide_stops_no_other(queries, targets):
    wide = motif(np.tile(GOOD, (11, 1)), "wide")
    mixed = match([wide, *queries[:2]], targets)
    assert mixed.refused == {"wide": "66 columns, at most 64 are possible"}
    pd.testing.assert_frame_equal(mixed.hits, match(queries[:2], targets).hits, check_exact=True)
    assert chance([wide, queries[0]], targets, shuffles=2).rates.keys() == {queries[0].id}


def test_few_targets_are_said_in_our_words_and_once(queries, targets):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the library's own
        match(queries[:1], targets[:2])
    assert few(targets[:2]).startswith("E-values against 2 targets hang on which these are")
    assert few(targets[:25]) is None


@pytest.mark.parametrize("queries", [[], [motif(np.zeros((5, 4)))]])
def test_nothing_to_compare(queries, targets):
    matches = match(queries, targets)
    assert len(matches.hits) == len(matches.best) == 0
    assert list(matches.hits.columns) == [*COLUMNS, "q_value"]
    assert matches.hits.dtypes.equals(match([motif(GOOD)], targets).hits.dtypes)
    assert len(verdicts(matches)) == len(queries)


def test_errors_name_what_is_wrong(queries, targets):
    with pytest.raises(ValueError, match="query filter0 occurs twice"):
        match([*queries, queries[0]], targets)
    with pytest.raises(ValueError, match=r"target MA\S+ occurs twice"):
        match(queries, [*targets, targets[0]])
    with pytest.raises(ValueError, match="target dead cannot be compared: all-zero"):
        match(queries, [*targets, motif(np.zeros((5, 4)), "dead")])
    with pytest.raises(ValueError, match="no targets"):
        match(queries, [])
    for evalue in (0, -1, math.nan):
        with pytest.raises(ValueError, match="evalue"):
            match(queries, targets, evalue)


# --- Counting ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cnn9(targets):
    return match(read_meme(DATA / "cnn9_25.meme"), targets)


def test_equal_q_values_count_for_the_first_tf_as_in_the_authors_script(cnn9):
    # Of filter19 MEF2B is the best hit, but its q-value equals MEF2A's, and MEF2A comes first.
    rows = cnn9.hits[cnn9.hits["query"] == "filter19"]
    assert list(rows["target"]) == ["MA0660.1", "MA0052.3", "MA0773.1"]
    assert rows["q_value"].min() == rows["q_value"].max()
    row = verdicts(cnn9).loc["filter19"]
    assert (row["target"], row["relevant_target"]) == ("MA0660.1", "MA0052.3")
    assert row["tf"] == "MEF2A"


def test_verdicts_of_each_query(cnn9):
    table = verdicts(cnn9)
    assert list(table.index) == ["filter0", "filter1", "filter19", "filter26"]
    assert list(table["any"]) == [False, True, True, True]
    assert list(table["relevant"]) == [False, True, True, True]
    assert list(table["tf"]) == [None, "CEBPB", "MEF2A", "MEF2A"]
    assert table.loc["filter1", "target"] == "MA0836.1"  # CEBPD: the best, but not relevant
    assert table.loc["filter1", "relevant_target"] == "MA0466.2"


def test_relevant_sets_are_a_parameter(cnn9):
    mine = {"CEBPD": ["MA0836.1"], "MEF2": ("MA0660.1",)}
    table = verdicts(cnn9, mine)
    assert list(table["tf"]) == [None, "CEBPD", "MEF2", "MEF2"]
    for others in ({"FOSL1": ["MA0477.1"]}, {}):
        table = verdicts(cnn9, others)
        assert (table["any"].sum(), table["relevant"].sum()) == (3, 0)
    with pytest.raises(ValueError, match=r"relevant\['FOSL1'\].*list"):
        verdicts(cnn9, {"FOSL1": "MA0477.1"})


def test_best_hits_are_all_hits_or_the_best_target(cnn9):
    hits = best_hits(cnn9, "filter1")
    assert [hit["target"] for hit in hits] == ["MA0836.1", "MA0838.1", "MA0466.2", "MA0837.1"]
    assert list(hits[0]) == list(COLUMNS[1:])
    assert {type(value) for value in hits[0].values()} == {str, float, int}
    (best,) = best_hits(cnn9, "filter0")
    assert best["e_value"] > 0.1
    with pytest.raises(KeyError, match="filter99"):
        best_hits(cnn9, "filter99")


def test_import_is_light():
    code = (
        "import sys, motifbook.motifs.tomtom;"
        "print({'numba', 'memelite', 'Bio', 'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- Chance ------------------------------------------------------------------------------------


def test_chance_of_a_motif_whose_columns_are_alike_is_its_match():
    """Shuffling does not change it: all its shuffles match what it matches."""
    alike = Motif("g", "", np.tile([0.02, 0.02, 0.94, 0.02], (10, 1)), 10)
    dead = Motif("dead", "", np.zeros((5, 4)), 5)
    hits = match([alike], jaspar()).hits
    found = chance([alike, dead], jaspar())
    assert len(hits) and found.rate == 1
    assert found.commonest in set(hits["target"]) and found.share == 1


def test_chance_of_real_motifs_is_small_and_of_no_target():
    real = [motif for motif in jaspar() if motif.width > 9][::25]
    found = chance(real, jaspar())
    assert 0 < found.rate < 0.2 and found.commonest is None
    assert found == chance(real, jaspar()) != chance(real, jaspar(), seed=1)


def test_chance_where_nothing_is_compared_is_unknown():
    assert math.isnan(chance([Motif("dead", "", np.zeros((5, 4)), 5)], jaspar()).rate)
