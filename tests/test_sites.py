"""Small sequences whose groups can be seen by eye, and a slow definition to compare with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifbook.sequences.datasets import encode, reverse_complement
from motifbook.sequences.overlaps import groups


def rows(*texts):
    return np.stack([encode(text) for text in texts])


def test_shifted_and_from_the_other_strand():
    found = groups(
        rows(
            "ACGTTGCAAG",  # the place
            "TTTTTTTTTT",
            "GGACGTTGCA",  # shifted by two: shares ACGTTGCA
            "CTTGCAACGT",  # the other strand of the first
            "GGGGGGGGTC",
        ),
        stretch=8,
    )
    assert found.tolist() == [0, 1, 0, 0, 2]


def test_one_base_short_is_another_place():
    two = rows("AACCGGTCTT", "GGACCGGTCA")  # share ACCGGTC
    assert groups(two, 7).tolist() == [0, 0]
    assert groups(two, 8).tolist() == [0, 1]


def test_a_chain_is_one_group():
    assert groups(rows("AAAACCCC", "CCCCGTGT", "GTGTATAG"), 4).tolist() == [0, 0, 0]


def test_an_ambiguous_base_matches_nothing():
    assert groups(rows("ACGNTGCA", "ACGNTGCA"), 4).tolist() == [0, 0]  # TGCA
    assert groups(rows("ACGNTGCC", "ACGNTGCC"), 5).tolist() == [0, 1]
    assert groups(rows("NNNN", "AAAA"), 4).tolist() == [0, 1]


def test_limits():
    assert groups(rows("ACGT", "ACGT"), 5).tolist() == [0, 1]
    assert groups(np.zeros((0, 9), np.uint8), 5).tolist() == []
    for stretch in (0, 65):
        with pytest.raises(ValueError, match="1 to 64"):
            groups(rows("ACGT"), stretch)


@pytest.mark.parametrize("stretch", [31, 32, 33, 40, 64])
def test_words_of_every_length_are_exact(stretch):
    rng = np.random.default_rng(stretch)
    bases = rng.integers(0, 4, (6, 70), dtype=np.uint8)
    bases[3, 2 : 2 + stretch] = bases[0, 5 : 5 + stretch]
    bases[4, :stretch] = reverse_complement(bases[1, 6 : 6 + stretch])
    bases[5, :stretch] = bases[2, 1 : 1 + stretch]
    bases[5, stretch] = bases[2, 1 + stretch] ^ 1  # nothing longer is shared
    assert groups(bases, stretch).tolist() == [0, 1, 2, 0, 1, 2]
    for changed in (0, stretch - 1):
        other = bases.copy()
        other[5, changed] ^= 1
        assert groups(other, stretch).tolist() == [0, 1, 2, 0, 1, 3]


def test_long_stretches_are_compared_whole_and_on_both_strands():
    tail = "GATTACAGATTACAGGCATCGATTACAGCCCC"  # of 32 nt: alike in all rows
    assert groups(rows(*["AAAAAAAA" + tail, "CCCCCCCC" + tail] * 6), 40).tolist() == [0, 1] * 6
    place = "AAAACCCC" + "GATTACAGATTACAGGCATCGATT" + "GGGGTTTT"  # begins as its other strand does
    both = encode(place)[None]
    assert groups(np.vstack([both, reverse_complement(both)]), 40).tolist() == [0, 0]


def slowly(bases, stretch):
    sets = []
    for row in bases:
        words = set()
        for strand in (row, reverse_complement(row)):
            words |= {
                strand[i : i + stretch].tobytes()
                for i in range(len(row) - stretch + 1)
                if 4 not in strand[i : i + stretch]
            }
        sets.append(words)
    label = list(range(len(bases)))
    for i in range(len(bases)):
        for j in range(i):
            if sets[i] & sets[j]:
                old, new = label[i], label[j]
                label = [new if x == old else x for x in label]
    first = list(dict.fromkeys(label))
    return [first.index(x) for x in label]


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_equals_the_slow_definition(seed, stretch):
    rng = np.random.default_rng(seed)
    bases = rng.choice(5, size=(7, 9), p=[0.24, 0.24, 0.24, 0.24, 0.04]).astype(np.uint8)
    assert groups(bases, stretch).tolist() == slowly(bases, stretch)
