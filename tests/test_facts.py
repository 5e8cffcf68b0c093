"""Claims about the design and the data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from motifbook.motifs import matrices, tomtom
from motifbook.paper import facts
from motifbook.paper.claims import motif_e_values


def test_every_fact_and_the_value_that_says_so():
    found = {name: compute() for name, compute in facts.FACTS.items()}
    assert all(holds for holds, _ in found.values())
    assert found["toy-small-pool"][1] == 1  # every pattern has a view of its own
    # The word's gap of 6 is cut by a boundary in 6 of 20 phases, more often than one of 3.
    assert found["toy-large-pool"][1] == pytest.approx(6 / 20)
    assert found["same-map"][1] == 0
    assert found["in-vivo-sequences"][1] == pytest.approx(270_382 / 294_150)


def test_classes_are_counted_in_all_25_000_sequences():
    counts = facts.class_counts()
    # Motifs in a sequence: 1 to 5 with probabilities .5, .25, .17, .05, .03.
    share = 1 - sum(p * (11 / 12) ** k for k, p in enumerate((0.5, 0.25, 0.17, 0.05, 0.03), 1))
    assert counts.shape == (12,)
    assert counts / 25_000 == pytest.approx(np.full(12, share), abs=0.006)


def test_stored_e_values_of_the_motifs_are_tomtoms():
    motifs = matrices.ground_truth()
    names = {motif.id: tf for motif, tf in zip(motifs, matrices.TFS, strict=True)}
    hits = tomtom.match(motifs, matrices.jaspar(), math.inf).hits
    among = hits[hits["target"].isin(names) & (hits["query"] != hits["target"])]
    found = {(names[row.query], names[row.target]): row.e_value for row in among.itertuples()}
    stored = motif_e_values().set_index(["query", "target"])["e_value"].to_dict()
    assert len(stored) == 12 * 11
    assert stored == pytest.approx(found, rel=1e-3)
