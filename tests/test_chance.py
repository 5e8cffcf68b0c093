"""Chance sites: by hand, and against what random DNA must give."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from motifbook.motifs import matrices
from motifbook.motifs.matrices import Motif
from motifbook.motifs.scanning import scan
from motifbook.sequences import synthetic
from motifbook.sequences.datasets import SITE, Split, encode
from motifbook.yardsticks import chance


def certain(word: str) -> Motif:
    return Motif(word, word, np.eye(4)[encode(word)], nsites=10)


ACG = certain("ACG")


def split(*rows: tuple[str, int], sites=None) -> Split:
    """Sequences with their label of one class."""
    bases = np.stack([encode(text) for text, _ in rows])
    labels = np.array([[label] for _, label in rows], np.uint8)
    return Split(bases, labels, np.array(sites or [], SITE))


def test_survey_counts_by_hand():
    data = split(
        ("ACGTTTTT", 1),  # embedded at 0; CGT at 1 is no chance site, as the sequence has the label
        ("TTTTACGG", 0),  # a chance site at 4
        ("TTTTTTTT", 0),
        ("CCCCCCCC", 0),
        sites=[(0, 0, 3, 0, 1)],
    )
    (row,) = chance.survey(data, [ACG], shares=[0.5]).to_dict("records")
    assert row["threshold"] == row["bits"] == 6
    assert (row["negatives"], row["with_one"]) == (3, 1)
    assert row["fraction"] == pytest.approx(1 / 3)
    assert row["mislabelled"] == 1 / 2
    assert row["in_motifs"] == 0


def test_a_site_in_another_motif_is_told_apart():
    bases = np.stack([encode("ACGTTTTT"), encode("TTTTACGG")])
    labels = np.array([[1, 0], [0, 1]], np.uint8)
    sites = np.array([(0, 0, 3, 0, 1), (1, 4, 4, 1, 1)], SITE)
    table = chance.survey(Split(bases, labels, sites), [ACG, certain("ACGG")], shares=[0.5])
    assert table["in_motifs"].tolist()[:1] == [1]
    assert table["with_one"].tolist() == [1, 0]


def test_thresholds_are_met_by_the_share_that_they_are_named_after():
    data = synthetic.make(number=2000)
    table = chance.survey(data.test, shares=(1.0, 0.9, 0.5))
    for number, motif in enumerate(matrices.ground_truth()):
        mine = data.test.sites[data.test.sites["tf"] == number]
        scores = scan(data.test.bases, motif)
        embedded = scores[mine["sequence"], (mine["strand"] < 0).astype(int), mine["start"]]
        for row in table[table["tf"] == motif.name].itertuples():
            assert np.mean(embedded >= row.threshold) >= row.share
    # The more of the embedded motifs a window may equal, the easier it is to find by chance.
    falling = table.pivot(index="tf", columns="share", values="fraction")
    assert (falling[1.0] >= falling[0.9]).all() and (falling[0.9] >= falling[0.5]).all()


def test_random_dna_has_as_many_as_enumeration_says():
    motif = matrices.ground_truth()[0]  # Arid3a, 6 nt: all 4,096 words can be looked at
    words = np.array(list(itertools.product(range(4), repeat=motif.width)), np.uint8)
    threshold = 9.0
    expected = (scan(words, motif) >= threshold).any(1).mean()
    random = np.random.default_rng(0).integers(4, size=(2000, 200), dtype=np.uint8)
    found = (scan(random, motif) >= threshold).any(1).mean()
    error = np.sqrt(expected / (2000 * 195))
    assert abs(found - expected) < 5 * error


def test_best_site_lies_where_nothing_is_embedded():
    data = split(
        ("ACGTTTTT", 1),
        ("TTTTTACG", 0),
        ("TCGTTTTT", 0),
        sites=[(0, 0, 3, 0, 1), (1, 5, 3, 1, 1)],  # the second lies in another TF's motif
    )
    site, bits = chance.best_site(data, 0, ACG)
    assert site.tolist() == [(2, 1, 3, 0, -1)]
    assert bits == 6


def test_what_cannot_be_surveyed_is_named():
    with pytest.raises(ValueError, match="embedded sites are known"):
        chance.survey(Split(np.zeros((1, 8), np.uint8), np.ones((1, 1), np.uint8)), [ACG])
    empty = split(("TTTTTTTT", 0))
    with pytest.raises(ValueError, match="no motif of ACG is embedded"):
        chance.survey(empty, [ACG])
    with pytest.raises(ValueError, match=r"0\.\.1, found \[2\]"):
        chance.survey(empty, [ACG], shares=[2])
    with pytest.raises(ValueError, match="no sequence of this split"):
        chance.best_site(empty, 0, ACG)
