import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifbook.book import toy_figures
from motifbook.networks import receptive
from motifbook.networks.receptive import ALIKE, AMBIGUOUS_PATTERN, PATTERNS
from motifbook.sequences.datasets import encode

CACGTG, GTGCAC, SPACED = PATTERNS


def hits(text):
    """Positions of GTG and of CAC."""
    return [np.flatnonzero(row).tolist() for row in receptive.feature_maps(encode(text)[None])[0].T]


def distance(first, second, pool, stride=None, backgrounds=None):
    seen = (
        receptive.views(receptive.scan(name, backgrounds), pool, stride) for name in (first, second)
    )
    return receptive.distinguish(*seen).separation


@pytest.fixture(scope="module")
def random_dna():
    return receptive.random_backgrounds(2000)


# --- The network's first half


def test_filters_hold_their_word_in_the_central_columns():
    kernel = receptive.first_layer()
    assert kernel.shape == (7, 4, 2)
    assert kernel[..., 0].argmax(axis=1)[2:5].tolist() == [2, 3, 2]  # GTG
    assert kernel[..., 1].argmax(axis=1)[2:5].tolist() == [1, 0, 1]  # CAC
    assert kernel[[0, 1, 5, 6]].sum() == 0 and kernel.sum() == 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CACGTG", [[4], [1]]),
        ("GTGCAC", [[1], [4]]),
        ("CACNNNGTG", [[7], [1]]),
        ("CACAC", [[], [1, 3]]),  # words may overlap
        ("CANNTGCAT", [[], []]),  # two of three bases are nothing, and so is N
    ],
)
def test_only_exact_words_are_active(text, expected):
    assert hits(text) == expected


def test_toy_sequence_holds_each_pattern_once_and_no_other_word():
    assert len(receptive.TOY) == 60
    expected = [[], []]
    for pattern, start in receptive.SITES.items():
        letters = receptive.TOY[start : start + len(pattern)]
        assert all(want in ("N", got) for want, got in zip(pattern, letters, strict=True))
        for known, found in zip(expected, hits(pattern), strict=True):
            known += [start + position for position in found]
    assert hits(receptive.TOY) == expected


@pytest.mark.parametrize(
    ("length", "pool", "stride", "shift", "starts"),
    [
        (60, 20, 20, 0, [0, 20, 40]),
        (60, 20, 20, 5, [-5, 15, 35, 55]),
        (10, 3, 3, 0, [-1, 2, 5, 8]),  # two to pad: one on each side
        (10, 3, 2, 0, [0, 2, 4, 6, 8]),  # one to pad: on the right
        (4, 3, 1, 0, [-1, 0, 1, 2]),
    ],
)
def test_grid_by_hand(length, pool, stride, shift, starts):
    assert receptive.grid(length, pool, stride, shift).tolist() == starts


def test_max_pool_is_tensorflows_same_pooling():
    tensorflow = pytest.importorskip("tensorflow")
    maps = np.random.RandomState(0).rand(2, 23, 2) < 0.1
    for pool, stride in [(1, 1), (3, 3), (4, 4), (5, 2), (7, 3), (10, 10), (30, 30)]:
        theirs = tensorflow.nn.max_pool1d(maps.astype("float32"), pool, stride, "SAME")
        assert (receptive.max_pool(maps, pool, stride) == theirs.numpy()).all()


def test_receptive_fields_by_hand():
    field = receptive.receptive_field
    assert field([]) == (1, 1)
    assert field([(7, 1), (3, 3)]) == (9, 3)
    assert field([(7, 1), (3, 3), (3, 1)]) == (15, 3)
    assert field([(7, 1), (20, 20), (3, 1)]) == (66, 20)
    assert field([(19, 1), (25, 25), (5, 1), (4, 4)]) == (218, 100)
    assert field([(19, 1), (50, 2)]) == (68, 2)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4)), max_size=4))
def test_receptive_field_is_what_reaches_a_neuron(steps):
    def reached(neurons):
        for size, stride in reversed(steps):
            neurons = {stride * neuron + tap for neuron in neurons for tap in range(size)}
        return neurons

    size, jump = receptive.receptive_field(steps)
    assert max(reached({0})) + 1 == size
    assert min(reached({1})) == jump


# --- What a second layer can tell apart


def test_second_layer_is_every_distinct_filter():
    weights, thresholds, fires = receptive.second_layer()
    assert len(weights) == len(set(fires.tolist())) == 1458
    for index in (0, 700, 1457):
        for view in range(64):
            bits = np.array([view >> bit & 1 for bit in range(6)]).reshape(3, 2)
            answers = (weights[index] * bits).sum() >= thresholds[index]
            assert answers == bool(int(fires[index]) >> view & 1)
    assert not (fires & np.uint64(1)).any()  # none fires on nothing


def test_views_by_hand():
    """With a pool of 3, CAC lies one cell before GTG in CACGTG at every phase."""
    seen = receptive.views(receptive.scan(CACGTG), 3).seen
    gtg, cac = 1, 2
    cells = [(0, 0, cac), (0, cac, gtg), (cac, gtg, 0), (gtg, 0, 0)]
    expected = sum(1 << a + 4 * b + 16 * c for a, b, c in cells)
    assert (seen & ~np.uint64(1) == np.uint64(expected)).all()
    assert seen.shape == (3, 1)


@pytest.mark.parametrize("pool", range(1, 31))
def test_distances_alone_follow_from_where_a_boundary_may_fall(pool):
    reach = 0 if pool == 1 else 1  # three cells of 1 nt never hold both words
    assert distance(CACGTG, GTGCAC, pool) == pytest.approx(reach * min(1, 3 / pool))
    assert distance(CACGTG, AMBIGUOUS_PATTERN, pool) == pytest.approx(reach * 1 / pool)
    assert distance(GTGCAC, SPACED, pool) == pytest.approx(reach * min(1, 6 / pool))
    if pool >= 6:
        assert distance(CACGTG, SPACED, pool) == pytest.approx(3 / pool)


def total_variation(first, second):
    shares = [pd.Series(seen.ravel()).value_counts(normalize=True) for seen in (first, second)]
    return shares[0].sub(shares[1], fill_value=0).abs().sum() / 2


@pytest.mark.parametrize(("pool", "stride"), [(p, p) for p in range(1, 31, 3)] + [(9, 2), (20, 3)])
def test_no_reader_of_views_beats_the_best_filter_where_cells_do_not_overlap(pool, stride):
    seen = {
        pattern: receptive.views(receptive.scan(pattern), pool, stride)
        for pattern in (*PATTERNS, AMBIGUOUS_PATTERN)
    }
    for first in seen:
        for second in seen:
            most = total_variation(seen[first].seen, seen[second].seen)
            found = receptive.distinguish(seen[first], seen[second]).separation
            assert found <= most + 1e-12
            if stride == pool:
                assert found == pytest.approx(most)


def test_distance_is_symmetric_and_zero_to_itself(random_dna):
    for pool, stride in [(3, 3), (7, 7), (12, 4)]:
        assert distance(CACGTG, CACGTG, pool, stride, random_dna) == 0
        assert distance(CACGTG, SPACED, pool, stride, random_dna) == pytest.approx(
            distance(SPACED, CACGTG, pool, stride, random_dna)
        )


def test_a_lucky_filter_does_not_count():
    """The same pattern in two sets of backgrounds: nothing to find, so nothing is found."""
    seen = [
        receptive.views(receptive.scan(CACGTG, receptive.random_backgrounds(2000, seed)), 10)
        for seed in (1, 2)
    ]
    best = receptive.distinguish(*seen)
    assert abs(best.separation) < 4 * best.error * 2**0.5


def test_what_the_paper_says_of_pools_of_3_and_20(random_dna):
    pairs = [(CACGTG, GTGCAC), (CACGTG, SPACED), (GTGCAC, SPACED)]
    for first, second in pairs:
        assert distance(first, second, 3, backgrounds=random_dna) > 0.8
        assert distance(first, second, 20, backgrounds=random_dna) < ALIKE
    assert distance(CACGTG, AMBIGUOUS_PATTERN, 3, backgrounds=random_dna) < ALIKE


def test_what_the_chapter_says_of_large_pools_with_small_strides(random_dna):
    for first, second in [(CACGTG, GTGCAC), (CACGTG, SPACED), (GTGCAC, SPACED)]:
        assert distance(first, second, 20, 3) == distance(first, second, 50, 2) == 1
        assert distance(first, second, 20, 3, random_dna) > ALIKE
        assert distance(first, second, 50, 2, random_dna) < ALIKE
    assert distance(CACGTG, GTGCAC, 20, 1) == 1  # a stride of 1: order, but not spacing
    assert distance(CACGTG, SPACED, 20, 1) == 0
    cells = receptive.max_pool(receptive.feature_maps(random_dna[:, :400]), 50)
    assert (cells.mean(axis=(0, 1)) > 0.5).all()  # hold a word by chance


def test_survey_keeps_phases_and_distances_drop_them(random_dna):
    survey = receptive.survey([(CACGTG, GTGCAC)], [(2, 2), (6, 6)], random_dna[:50])
    assert len(survey) == 2 * (2 + 6)
    short = receptive.distances(survey)
    assert short[["background", "pool"]].to_numpy().tolist() == [
        ["alone", 2],
        ["alone", 6],
        ["in random DNA", 2],
        ["in random DNA", 6],
    ]
    means = survey.groupby(["background", "pool"], sort=False)["difference"].mean()
    np.testing.assert_allclose(means, short["distance"])
    assert short["error"].tolist()[:2] == [0, 0] and (short["error"][2:] > 0).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 1.0, 0.4, 0.5, 0.4], 5),  # from where it stays below
        ([0.4, 0.4], 1),
        ([0.9, 0.5], None),
    ],
)
def test_alike_from(values, expected):
    assert receptive.alike_from(pd.Series(values, index=range(1, len(values) + 1))) == expected


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: receptive.grid(60, 3, 4), "stride must lie in 1..3"),
        (lambda: receptive.grid(60, 3, 0), "found 0"),
        (lambda: receptive.grid(60, 3, 3, 3), "shift must lie in 0..2"),
        (lambda: receptive.views(receptive.scan(CACGTG), 51), "pool size must lie in 1..50"),
        (lambda: receptive.scan("CACNNNNGTG"), "1 to 9 nt"),
        (lambda: receptive.scan("CAXGTG"), "'X' at position 3"),
        (lambda: receptive.random_backgrounds(1), "at least 2, found 1"),
        (lambda: receptive.random_backgrounds("abc"), "backgrounds must .* found 'abc'"),
        (lambda: receptive.random_backgrounds(2.5), "backgrounds must be a whole number.* 2.5"),
        (lambda: receptive.random_backgrounds(10, "x"), "seed must be a whole number.* 'x'"),
        (lambda: receptive.random_backgrounds(10, -1), "seed"),
        (lambda: receptive.receptive_field([(0, 1)]), "at least 1"),
    ],
)
def test_errors_name_what_was_found(call, named):
    with pytest.raises(ValueError, match=named):
        call()


TWO = pd.DataFrame(
    [("a or b", "alone", 1, 1, 0, 0.25, 0.25, 0.0), ("a or b", "alone", 2, 2, 0, 1.0, 0.75, 0.0),
     ("a or b", "alone", 2, 2, 1, 0.5, 0.75, 0.0), ("a or b", "alone", 3, 3, 0, 0.4, 0.456, 0.0)],
    columns=["pair", "background", "pool", "stride", "phase", "difference", "distance", "error"],
)  # fmt: skip


def test_by_pool_shows_some_sizes_and_judges_by_all():
    found = receptive.by_pool(TWO, [1, 3])
    shown = {"1 nt": 0.25, "3 nt": 0.46, "not apart from": 3}
    assert found.loc[("alone", "a or b")].to_dict() == shown


def test_wide_has_a_column_per_setting():
    found = receptive.wide(TWO, ["pool", "stride"])
    assert found.columns.tolist() == [(1, 1), (2, 2), (3, 3)]
    assert found.to_numpy().tolist() == [[0.25, 0.75, 0.456]]


def test_total_variation_by_hand():
    seen = [np.array([[v] for v in values], np.uint64) for values in ((1, 1, 2, 4), (1, 2, 2, 8))]
    # Shares 1/2, 1/4, 1/4, 0 and 1/4, 1/2, 0, 1/4: half of 1/4 + 1/4 + 1/4 + 1/4.
    assert receptive.total_variation(*map(receptive.Views, seen)) == 0.5


def test_fields_of_networks():
    assert receptive.of_network("cnn-50-2") == {"pooled": 68, "jump": 2, "second": 76}
    found = receptive.fields(["cnn-25"])
    # 19 + 24 nt; the next pooled neuron begins 25 nt on; five of them span 43 + 4 x 25 nt.
    assert found.loc["CNN-25"].tolist() == [19, 25, 25, 43, 18, "42%", 143]


def test_in_the_toy_sequence_neighbours_mix_what_comes_apart_alone():
    """Pool 20, stride 3: each filter singles its pattern out alone, none does in the sequence."""
    chosen = toy_figures.detectors(20, 3)
    assert [best.separation for best in chosen] == [1, 1, 1]
    fires = toy_figures.on_toy(20, 3, 0, chosen)["fires"]
    on = [[p for p in range(3) if fires >> 3 * p + f & 1] for f in range(3)]
    assert on == [[], [1, 2], [0, 1]]
