"""Simulated data that are richer: labels, places, weak bases."""

from __future__ import annotations

import numpy as np
import pytest

from motifbook.motifs.matrices import Motif
from motifbook.sequences import catalogue, chipseq, richer, synthetic
from motifbook.sequences.datasets import AMBIGUOUS, SITE, Dataset, Split, encode


def motif(name, text):
    """A motif that is one word."""
    return Motif(name, name, np.eye(4)[encode(text)], 100.0)


AAC, GT = motif("AAC", "AAC"), motif("GT", "GT")
"""Of 3 and 2 nt; on the other strand GTT and AC."""


@pytest.fixture
def peaks(monkeypatch):
    """Peaks of T alone; one of each split is ambiguous."""
    bases = np.full((3, 100), 3, np.uint8)
    bases[0, 40] = AMBIGUOUS
    one = Split(bases, np.ones((3, 1), np.uint8))
    found = Dataset("chipseq", ("X",), one, one, one, config={})
    monkeypatch.setattr(chipseq, "seven", lambda: found)


def arrangement(gap, strand):
    return np.tile([gap, strand], (2, 2, 1))


def test_independent_labels_have_their_shares_where_there_is_one():
    # Of two independent labels of 1/2, three in four sequences have one, and two of three each.
    assert richer.independent(np.array([2 / 3, 2 / 3])) == pytest.approx([0.5, 0.5])
    likely = richer.independent(richer.shares())
    assert likely / (1 - np.prod(1 - likely)) == pytest.approx(richer.shares())


def test_each_sequence_has_a_label_and_classes_their_sizes():
    labels = richer.draw_labels(40_000, np.array([0.5, 0.5]), np.random.default_rng(1))
    assert labels.any(axis=1).all()
    assert labels.mean(axis=0) == pytest.approx([2 / 3, 2 / 3], abs=0.01)
    assert labels.all(axis=1).mean() == pytest.approx(1 / 3, abs=0.01)


def test_a_pair_lies_as_arranged_on_either_strand():
    labels = np.array([[1, 1]] * 40, np.uint8)
    found = richer.draw_sites(
        labels, [AAC, GT], arrangement(4, -1), paired=1.0, stream=np.random.default_rng(1)
    )
    both = [found[found["sequence"] == n] for n in range(40)]
    together = [rows for rows in both if set(rows["tf"]) == {0, 1} and len(rows) == 2]
    assert 0 < len(together) < 40  # the others have each its own kind beside it
    for rows in together:
        first, second = rows
        assert second["start"] - (first["start"] + first["length"]) == 4
        assert (first["tf"], first["strand"], second["tf"], second["strand"]) in (
            (0, 1, 1, -1),
            (1, 1, 0, -1),  # turned round
        )
    for rows in (rows for rows in both if len(rows) == 4):
        assert sorted(rows["tf"].tolist()) == [0, 0, 1, 1]


def test_pairs_are_told_from_sites_that_stand_alone():
    where = sites(
        *((0, 5, 3, 0, 1), (0, 12, 2, 1, -1)),  # a pair
        *((1, 5, 2, 1, 1), (1, 11, 3, 0, -1)),  # the same, turned
        *((2, 5, 3, 0, 1), (2, 13, 2, 1, -1)),  # a base further
        *((3, 5, 3, 0, 1), (3, 12, 2, 1, 1)),  # another strand
        *((4, 5, 3, 0, 1), (4, 11, 2, 1, -1)),  # a base nearer
        *((5, 5, 3, 0, 1), (6, 12, 2, 1, -1)),  # in two sequences
    )
    split = Split(np.zeros((7, 20), np.uint8), np.ones((7, 2), np.uint8), where)
    found = richer.in_pairs(split, arrangement(4, -1))
    assert found.tolist() == [[True] * 2] * 2 + [[False] * 2] * 5


def test_what_is_drawn_in_pairs_is_told_so():
    labels = np.ones((300, 12), np.uint8)[:, :1] * np.eye(12, dtype=np.uint8)[np.arange(300) % 12]
    motifs = synthetic.embedded(richer.configuration())
    arrangements = richer.draw_arrangements(12, np.random.default_rng(33))
    for paired in (0.0, 1.0):
        where = richer.draw_sites(labels, motifs, arrangements, paired, np.random.default_rng(1))
        split = Split(np.zeros((300, 200), np.uint8), labels, where)
        assert (richer.in_pairs(split) == (labels * paired > 0)).all()


def test_without_pairs_each_label_has_one_site():
    labels = np.array([[1, 0], [1, 1]] * 50, np.uint8)
    found = richer.draw_sites(
        labels, [AAC, GT], arrangement(0, 1), paired=0.0, stream=np.random.default_rng(1)
    )
    again = np.zeros_like(labels)
    np.add.at(again, (found["sequence"], found["tf"]), 1)
    assert (again == labels).all()
    assert set(found["strand"]) == {-1, 1}


def test_the_most_sites_there_can_be_fit_and_none_overlap():
    labels = np.ones((20, 12), np.uint8)
    widest = np.tile([richer.WIDEST_GAP, 1], (12, 12, 1))
    motifs = synthetic.embedded(richer.configuration())
    found = richer.draw_sites(labels, motifs, widest, 1.0, np.random.default_rng(1))
    assert found["start"].min() >= 0
    assert (found["start"] + found["length"]).max() <= synthetic.LENGTH
    follows = found["sequence"][1:] == found["sequence"][:-1]
    assert (found["start"][1:] >= (found["start"] + found["length"])[:-1])[follows].all()


def sites(*rows):
    return np.array(list(rows), SITE)


def test_a_site_is_written_on_its_strand_and_the_rest_stays():
    bases = np.full((2, 6), 3, np.uint8)
    where = sites((0, 1, 3, 0, 1), (1, 3, 3, 0, -1), (1, 0, 2, 1, 1))
    richer.embed(bases, where, [AAC, GT], 0.0, np.random.default_rng(1))
    assert (bases == [encode("TAACTT"), encode("GTTGTT")]).all()


def test_of_weak_sites_half_the_largest_part_stays_on_average():
    number = 40_000
    bases = np.full((number, 3), 3, np.uint8)
    where = np.zeros(number, SITE)
    where["sequence"], where["length"], where["strand"] = np.arange(number), 3, 1
    richer.embed(bases, where, [AAC], 0.2, np.random.default_rng(1))
    stays = bases == 3
    assert stays.mean() == pytest.approx(0.1, abs=0.005)
    # Sites differ: two bases of one stay together more often than by 0.1 each; E(w^2) is 0.04 / 3.
    assert (stays[:, 0] & stays[:, 1]).mean() == pytest.approx(0.04 / 3, abs=0.002)


def test_the_dataset_by_name_is_made_once_and_says_what_made_it(peaks, monkeypatch, tmp_path):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    dataset = catalogue.simulated("richer", number=1_000)
    assert (dataset.name, dataset.length, len(dataset.train)) == ("richer", 200, 700)
    for split in dataset.splits.values():
        there = np.zeros_like(split.labels)
        there[split.sites["sequence"], split.sites["tf"]] = 1
        assert (there == split.labels).all()
    labels = np.concatenate([split.labels for split in dataset.splits.values()])
    assert labels.mean(axis=0) == pytest.approx(richer.shares(), abs=0.05)
    assert (dataset.config["weakest"], dataset.config["paired"]) == (0.25, 0.5)
    monkeypatch.setattr(richer, "make", lambda *_: pytest.fail("made twice"))
    again = catalogue.simulated("richer", number=1_000)
    assert (again.train.bases == dataset.train.bases).all()
