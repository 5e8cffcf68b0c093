"""PPMs that can be worked out by hand, and every way of choosing a filter's sites."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifbook.filters import readout
from motifbook.networks import backend, evaluation
from motifbook.networks.architectures import Architecture, Conv
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN, AS_WRITTEN
from motifbook.sequences.datasets import SITE, Split, encode

A, C, G, T = np.eye(4)
NONE = np.zeros(4)
ROW = Architecture("tiny", "Tiny", (Conv(2, 3, 2), Conv(3, 1, 1)), hidden=2)
READ = replace(AS_RUN, window=3, threshold=0.4)
"""A site is what exceeds 0.4 of the greatest activation."""


@pytest.fixture(scope="module")
def model():
    """Filter 0 counts matches of ACG, less one; filter 1 is never active.

    A window with three matches gives 2, with two 1, with fewer 0. Position p sees p - 1 to p + 1.
    """
    backend.start()
    model = build(ROW, AS_RUN, length=8, classes=2)
    kernel = np.zeros((3, 4, 2), np.float32)
    kernel[:, :, 0] = [A, C, G]
    model.get_layer("conv_1").set_weights([kernel])
    one, zero = np.ones(2, np.float32), np.zeros(2, np.float32)
    model.get_layer("norm_1").set_weights([one, -one, zero, one])  # gamma, beta, mean, variance
    return model


def split(*sequences, sites=None):
    bases = np.array([encode(text) for text in sequences])
    sites = None if sites is None else np.array(sites, SITE)
    return Split(bases, np.zeros((len(bases), 2), np.uint8), sites)


FULL, PART, NO = "TTACGTTT", "TTACTTTT", "TTTTTTTT"  # activations 2 and 1 at position 3, and none
LEFT, RIGHT = "CGTTTTTT", "TTTTTTAC"  # activation 1 at the first and the last position


def read(model, *sequences, **changes):
    return readout.read(model, ROW, replace(READ, **changes), split(*sequences))


# --- Which sites, and how they count -----------------------------------------------------------


def test_sites_count_with_their_activation(model):
    found = read(model, FULL, PART, NO)
    assert found.layer == 1
    assert found.maximum.tolist() == [2, 0]
    assert found.sites.tolist() == [2, 0]
    np.testing.assert_allclose(found.ppms[0], [A, C, 2 / 3 * G + 1 / 3 * T])
    assert found.precision is None
    assert found.recall is None


def test_sites_count_the_same(model):
    found = read(model, FULL, PART, NO, weighting="equal")
    np.testing.assert_allclose(found.ppms[0], [A, C, 1 / 2 * G + 1 / 2 * T])


def test_a_site_must_exceed_the_threshold(model):
    assert read(model, FULL, PART, threshold=0.49).sites[0] == 2
    found = read(model, FULL, PART, threshold=0.5)  # 1 does not exceed half of 2
    assert found.sites[0] == 1
    np.testing.assert_allclose(found.ppms[0], [A, C, G])
    # Without a full match the greatest activation is 1.
    assert read(model, PART, NO, threshold=0.5).sites[0] == 1


def test_the_possible_maximum_may_leave_a_filter_without_sites(model):
    found = read(model, PART, NO, threshold=0.7, maximum="possible")
    assert found.maximum[0] == pytest.approx(2)
    assert found.sites.tolist() == [0, 0]
    assert not found.ppms.any()
    assert read(model, FULL, threshold=0.7, maximum="possible").sites[0] == 1


def test_every_site_or_the_best_of_each_sequence(model):
    both = "ACTACGTT"  # 1 at position 1, 2 at position 4
    every, best = (read(model, both, FULL, sites=sites) for sites in ("all", "best"))
    assert (every.sites[0], best.sites[0]) == (3, 2)
    np.testing.assert_allclose(every.ppms[0], [A, C, 4 / 5 * G + 1 / 5 * T])
    np.testing.assert_allclose(best.ppms[0], [A, C, G])


def test_of_two_best_sites_the_first_counts(model):
    found = read(model, "ACTTGCGT", sites="best", window=5)  # 1 at positions 1 and 5
    assert found.sites[0] == 1
    np.testing.assert_allclose(found.ppms[0], [NONE, A, C, T, T])


def test_sites_at_the_ends_are_kept_or_dropped(model):
    kept = read(model, LEFT, FULL, RIGHT)
    assert kept.sites[0] == 3
    # Weights 1, 2, 1: what lies off the end adds nothing, and a column is of what it has.
    np.testing.assert_allclose(kept.ppms[0], [A, C, G])
    dropped = read(model, LEFT, FULL, RIGHT, ends="dropped")
    assert dropped.sites[0] == 1
    alone = read(model, LEFT)
    np.testing.assert_allclose(alone.ppms[0], [NONE, C, G])
    assert read(model, LEFT, ends="dropped").sites[0] == 0
    # What is dropped depends on the window: five columns around position 1 run off the end.
    assert read(model, "ACGTTTTT", ends="dropped").sites[0] == 1
    assert read(model, "ACGTTTTT", ends="dropped", window=5).sites[0] == 0
    assert read(model, "TTTTTACG", ends="dropped", window=3).sites[0] == 1
    assert read(model, "TTTTTACG", ends="dropped", window=5).sites[0] == 0


@pytest.mark.parametrize(
    ("window", "columns"),
    [
        (1, [C]),
        (3, [A, C, G]),
        (4, [T, A, C, G]),
        (5, [T, A, C, G, T]),
        (9, [NONE, T, T, A, C, G, T, T, T]),
        (None, [A, C, G]),  # the filter's own size
    ],
)
def test_the_window_is_centred_on_the_filter(model, window, columns):
    np.testing.assert_allclose(read(model, FULL, window=window).ppms[0], columns)


def test_an_ambiguous_base_counts_for_nothing(model):
    found = read(model, "TTACNTTT", FULL)
    np.testing.assert_allclose(found.ppms[0], [A, C, G])
    assert found.sites[0] == 2


def test_a_dead_filter_keeps_its_place(model):
    found = read(model, FULL)
    assert found.ppms.shape == (2, 3, 4)
    assert (found.maximum[1], found.sites[1]) == (0, 0)
    assert not found.ppms[1].any()


@pytest.mark.parametrize("protocol", [READ, replace(AS_WRITTEN, threshold=0.4)])
def test_batches_give_what_one_batch_gives(protocol):
    backend.start()
    row = Architecture("tiny", "Tiny", (Conv(4, 5, 1), Conv(3, 3, 2)), hidden=2)
    model = build(row, protocol, length=30, classes=2, seed=3)
    settled(model)
    stream = np.random.default_rng(1)
    bases = stream.integers(0, 4, (23, 30)).astype(np.uint8)
    sites = [(row, start, 6, row % 2, 1) for row in range(23) for start in (2, 15)]
    whole = Split(bases, np.zeros((23, 2), np.uint8), np.array(sites, SITE))
    for layer in (1, 2):
        one = readout.read(model, row, protocol, whole, layer, batch=23)
        assert one.sites.sum() > 0
        for batch in (1, 7, 22, 500):
            many = readout.read(model, row, protocol, whole, layer, batch=batch)
            for name in ("ppms", "sites", "maximum", "precision", "recall"):
                np.testing.assert_allclose(getattr(many, name), getattr(one, name), rtol=1e-5)


def test_fewer_long_sequences_are_scanned_at_a_time(model, monkeypatch):
    sizes, one_hot = [], evaluation.datasets.one_hot

    def counted(bases):
        sizes.append(len(bases))
        return one_hot(bases)

    monkeypatch.setattr(evaluation.datasets, "one_hot", counted)
    monkeypatch.setattr(evaluation, "POSITIONS", 2 * len(FULL))
    read(model, *[FULL] * 5)
    assert sizes == [2, 2, 1]  # once for the maximum and the sites


# --- The greatest possible activation ----------------------------------------------------------


def settled(model):
    """Give batch norm some averages, and some filters a negative slope."""
    stream = np.random.default_rng(2)
    for number in (1, 2):
        norm = model.get_layer(f"norm_{number}")
        size = norm.gamma.shape[0]
        gamma = stream.uniform(0.5, 1.5, size) * np.where(np.arange(size) % 2, -1, 1)
        values = (gamma, stream.normal(size=size), stream.normal(size=size) / 3)
        norm.set_weights([*values, stream.uniform(0.3, 1.0, size)])


def test_the_possible_maximum_is_attained_in_the_first_layer_and_a_bound_above_it():
    backend.start()
    row = Architecture("tiny", "Tiny", (Conv(4, 3, 1), Conv(5, 3, 1)), hidden=2)
    model = build(row, AS_RUN, length=5, classes=2, seed=3)
    settled(model)
    every = np.array(list(product(range(4), repeat=5)), np.uint8)  # all 1,024 sequences
    first, second = (
        next(evaluation.outputs(model, every, f"active_{layer}", len(every)))[1] for layer in (1, 2)
    )
    # Position 2 of 5 is the one whose window, and the windows below it, lie inside.
    np.testing.assert_allclose(
        readout._possible_maximum(model, 1), first[:, 2].max(axis=0), rtol=1e-5
    )
    bound, attained = readout._possible_maximum(model, 2), second[:, 2].max(axis=0)
    assert (bound >= attained * (1 - 1e-6)).all()
    assert (attained > 0).any()
    assert (bound < 20 * attained.max()).all()


# --- Layers ------------------------------------------------------------------------------------


def test_a_deeper_layer_s_window_is_its_receptive_field():
    backend.start()
    row = Architecture("tiny", "Tiny", (Conv(2, 3, 1), Conv(3, 5, 2)), hidden=2)
    model = build(row, AS_WRITTEN, length=30, classes=2)
    part = Split(np.zeros((1, 30), np.uint8), np.zeros((1, 2), np.uint8))
    assert readout.read(model, row, AS_WRITTEN, part, 1).ppms.shape == (2, 3, 4)
    assert readout.read(model, row, AS_WRITTEN, part, 2).ppms.shape == (3, 7, 4)
    assert readout.read(model, row, AS_RUN, part, 2).ppms.shape == (3, 19, 4)


@pytest.mark.parametrize("layer", [0, 2, 3])
def test_a_layer_behind_pooling_is_refused(model, layer):
    with pytest.raises(ValueError, match=f"tiny: layer {layer} cannot be read; .* after layer 1"):
        readout.read(model, ROW, READ, split(FULL), layer)


# --- Sites against embedded motifs -------------------------------------------------------------


def test_precision_and_recall_by_hand(model):
    # Class 0 lies under the site of the first sequence, but not under that of the second; its
    # third motif has no site. Class 1 is beside the sites.
    sites = [(0, 2, 3, 0, 1), (1, 5, 3, 0, 1), (2, 1, 3, 0, -1), (0, 5, 3, 1, 1)]
    sites.sort()
    found = readout.read(model, ROW, READ, split(FULL, PART, NO, sites=sites))
    assert found.sites[0] == 2
    np.testing.assert_allclose(found.precision[0], [1 / 2, 0])
    np.testing.assert_allclose(found.recall[0], [1 / 3, 0])
    assert np.isnan(found.precision[1]).all()
    assert np.isnan(found.recall[1]).all()


@pytest.mark.parametrize(
    ("start", "hit"), [(0, False), (1, True), (2, True), (3, True), (4, False), (5, False)]
)
def test_a_hit_shares_half_of_the_shorter(model, start, hit):
    # The site is bases 2 to 4. A motif of 3 shares 3 - |start - 2| of them; 2 are needed.
    found = readout.read(model, ROW, READ, split(FULL, sites=[(0, start, 3, 1, 1)]))
    with np.errstate(invalid="ignore"):
        assert found.precision[0, 1] == hit
        assert found.recall[0, 1] == hit


def test_a_site_stands_for_its_informative_columns(model):
    # The sequences differ outside ACG, so of five columns only three are informative; a motif that
    # shares the window but not those is not hit.
    stream = np.random.default_rng(0)
    bases = stream.integers(0, 4, (400, 8)).astype(np.uint8)
    bases[:, 2:5] = encode("ACG")
    sites = np.array([(0, 4, 4, 0, 1), (1, 3, 4, 0, 1)], SITE)
    part = Split(bases, np.zeros((400, 2), np.uint8), sites)
    found = readout.read(model, ROW, replace(READ, window=5, threshold=0.6), part)
    assert readout.core(found.ppms[0]) == (1, 4)
    # Bases 4 to 7 share one of 2 to 4 (and two of 1 to 5), bases 3 to 6 share two.
    assert found.recall[0, 0] == 1 / 2


@st.composite
def scoring(draw):
    length, rows = draw(st.integers(4, 15)), draw(st.integers(1, 3))
    mask = draw(
        st.lists(
            st.lists(st.booleans(), min_size=length, max_size=length),
            min_size=rows,
            max_size=rows,
        )
    )
    width = draw(st.integers(1, length))
    places = st.tuples(st.integers(0, rows - 1), st.integers(0, length - width))
    chosen = sorted(draw(st.lists(places, max_size=6)))
    first = draw(st.integers(-6, 6))
    last = first + draw(st.integers(1, 8))
    return np.array(mask), width, chosen, first, last


@given(scoring())
def test_scoring_is_what_its_definition_says(case):
    mask, width, chosen, first, last = case
    motifs = np.array([(row, start, width, 0, 1) for row, start in chosen], SITE)

    def hits(position, start):
        shared = min(position + last, start + width) - max(position + first, start)
        return shared >= min(last - first, width) / 2

    active = [(row, position) for row, position in zip(*np.nonzero(mask), strict=True)]
    right = sum(any(r == row and hits(p, start) for r, start in chosen) for row, p in active)
    found = sum(any(r == row and hits(p, start) for r, p in active) for row, start in chosen)
    places = np.flatnonzero(mask)
    assert readout.score_sites(places, mask.shape[1], motifs, first, last) == (right, found)


# --- Trimming ----------------------------------------------------------------------------------


def ppm(width, *informative):
    matrix = np.full((width, 4), 0.25)
    matrix[list(informative)] = A
    return matrix


@pytest.mark.parametrize(
    ("matrix", "kept"),
    [
        (ppm(19, 8, 10), (5, 14)),
        (ppm(19, 9), (6, 13)),
        (ppm(19, 1, 17), (0, 19)),
        (ppm(19, 3), (0, 7)),
        (ppm(19, 15), (12, 19)),
        (ppm(19), (0, 19)),
        (ppm(19, 0), (0, 19)),  # the first column alone does not count, as in the authors' code
        (ppm(19, 0, 1), (0, 5)),
        (np.zeros((19, 4)), (0, 19)),
        (ppm(5, 2), (0, 5)),
    ],
)
def test_trimming(matrix, kept):
    assert readout.trim(matrix) == kept


def test_softmax_is_scaled_by_the_largest_weight_of_either_sign():
    found = readout.softmax(np.array([[-2.0, 0, 0, 0], [1, 1, 1, 1]]))
    e = np.exp(-3)
    np.testing.assert_allclose(found[0], [e / (3 + e), *[1 / (3 + e)] * 3])
    np.testing.assert_allclose(found[1], 0.25)


def test_trimming_as_archived_scales_columns_to_the_largest_entry():
    # Beside a column of 1, a third at 0.66 is exp(1.98) = 7.2 to 3 × exp(0.34) = 4.2: 0.40 bits;
    # the PPM itself has 0.53 bits there. Where 0.66 is the largest, exp(3) to 3 × exp(0.515).
    column = [0.66, *[0.34 / 3] * 3]
    beside = ppm(19, 9)
    beside[3] = column
    alone = ppm(19)
    alone[3] = column
    assert readout.trim(beside) == (0, 13)
    assert readout.trim(beside, as_archived=True) == (6, 13)
    assert readout.trim(alone) == readout.trim(alone, as_archived=True) == (0, 7)
    zero = np.zeros((19, 4))
    assert readout.trim(zero, as_archived=True) == (0, 19)


def test_a_column_is_informative_above_half_a_bit():
    # Two bases at 1/2 are 1 bit; (0.6, 0.4 / 3 × 3) is 0.395 bits, (0.65, ...) 0.511 bits.
    for share, kept in ((0.6, (0, 19)), (0.65, (6, 13))):
        matrix = ppm(19)
        matrix[9] = [share, *[(1 - share) / 3] * 3]
        assert readout.trim(matrix) == kept
