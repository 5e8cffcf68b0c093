"""A motif along sequences, by hand."""

import numpy as np
import pytest

from motifbook.motifs.matrices import Motif
from motifbook.motifs.scanning import ratios, scan
from motifbook.sequences.datasets import encode

ACG = Motif("ACG", "ACG", np.eye(4)[encode("ACG")], nsites=10)


def test_scan_finds_a_word_on_both_strands():
    scores = scan(encode("TACGTT")[None], ACG)
    assert scores.shape == (1, 2, 4)
    # ACG begins at 1; CGT, its reverse complement, at 2. Each of the three bases is worth 2 bits.
    assert np.argwhere(np.isfinite(scores)).tolist() == [[0, 0, 1], [0, 1, 2]]
    assert scores[0, 0, 1] == scores[0, 1, 2] == 6


def test_an_ambiguous_base_counts_nothing():
    assert scan(encode("ANG")[None], ACG)[0, 0, 0] == 4


def test_a_motif_wider_than_the_sequence_has_no_start():
    assert scan(encode("AC")[None], ACG).shape == (1, 2, 0)


def test_ratios_by_hand():
    # Forward: factors 2 1 1 0, then 1 2 0 1 for A C G T; reverse: 1 0 2 1, then 0 1 1 2.
    motif = Motif("m", "m", np.array([[0.5, 0.25, 0.25, 0], [0.25, 0.5, 0, 0.25]]), nsites=10)
    found = ratios(encode("ACTN")[None], motif)
    assert found.tolist() == [[[4, 1, 0], [1, 0, 1]]]


def test_bits_are_the_logarithm_of_ratios():
    stream = np.random.default_rng(0)
    bases = stream.integers(0, 5, (20, 30)).astype(np.uint8)
    motif = Motif("m", "m", stream.dirichlet([1, 1, 1, 1], 7), nsites=10)
    assert scan(bases, motif) == pytest.approx(np.log2(ratios(bases, motif)), abs=1e-4)
