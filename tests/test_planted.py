"""The synthetic motifs between shuffled peaks, and the shuffle that keeps every dinucleotide."""

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifbook.sequences import catalogue, chipseq, planted, synthetic
from motifbook.sequences.datasets import AMBIGUOUS, Dataset, Split, encode


def pairs(bases):
    return Counter(pairwise(bases.tolist()))


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_a_shuffle_keeps_dinucleotides_and_both_ends(bases, seed):
    bases = np.array(bases, np.uint8)
    found = planted.shuffled(bases, np.random.default_rng(seed))
    assert pairs(found) == pairs(bases)
    assert (found[0], found[-1]) == (bases[0], bases[-1])


@pytest.mark.parametrize("text", ["AGACATA", "ACCAGACG", "AACGCAAC"])
def test_every_sequence_of_these_dinucleotides_is_equally_likely(text):
    bases = encode(text)
    possible = {
        other
        for other in permutations(bases.tolist())
        if pairs(np.array(other)) == pairs(bases) and other[0] == bases[0]
    }
    stream = np.random.default_rng(1)
    draws = 300 * len(possible)
    seen = Counter(tuple(planted.shuffled(bases, stream).tolist()) for _ in range(draws))
    assert seen.keys() == possible
    assert all(abs(count - 300) < 90 for count in seen.values())  # five standard deviations


@pytest.fixture
def peaks(monkeypatch):
    """Peaks of AC repeats in training, GT in validation, AG in test; one of each is ambiguous."""
    splits = {}
    for part, text in (("train", "AC"), ("valid", "GT"), ("test", "AG")):
        bases = np.tile(encode(text * 50), (3, 1))
        bases[0, 40] = AMBIGUOUS
        splits[part] = Split(bases, np.ones((3, 1), np.uint8))
    found = Dataset("chipseq", ("X",), **splits, config={})
    monkeypatch.setattr(chipseq, "seven", lambda: found)


def test_only_the_background_differs_from_the_synthetic_data(peaks):
    dataset, plain = planted.make(number=60), synthetic.make(number=60)
    for part, letters in (("train", "AC"), ("valid", "GT"), ("test", "AG")):
        ours, theirs = dataset.splits[part], plain.splits[part]
        assert (ours.labels == theirs.labels).all()
        assert (ours.sites == theirs.sites).all()
        inside = np.zeros(ours.bases.shape, bool)
        for site in ours.sites:
            inside[site["sequence"], site["start"] : site["start"] + site["length"]] = True
        assert (ours.bases[inside] == theirs.bases[inside]).all()
        assert set(ours.bases[~inside].tolist()) == set(encode(letters).tolist())


def test_the_dataset_has_a_name_and_says_what_made_it(peaks, monkeypatch, tmp_path):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    dataset = catalogue.simulated("peaks-planted", number=60)
    assert dataset.name == "peaks-planted"
    assert dataset.config["background"]["peaks"].keys() == {
        "Arid3a", "FOSL1", "Gabpa", "MAFK", "SP1", "SRF", "YY1"
    }  # fmt: skip
    assert dataset.fingerprint != synthetic.make(number=60).fingerprint
    monkeypatch.setattr(planted, "make", lambda *_: pytest.fail("made twice"))
    again = catalogue.simulated("peaks-planted", number=60)
    assert (again.train.bases == dataset.train.bases).all()
