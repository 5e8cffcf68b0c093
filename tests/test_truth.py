"""Filters against the embedded sites: cases small enough to check by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import record_of

from motifbook.motifs.matrices import Motif
from motifbook.records.runs import Record, Run
from motifbook.sequences.datasets import SITE, Split, encode
from motifbook.yardsticks import site_accuracy

SURE = 0.97  # of a column's one base


def sharp(text: str) -> Motif:
    """A motif that hardly allows any other bases than these."""
    ppm = np.full((len(text), 4), (1 - SURE) / 3)
    ppm[np.arange(len(text)), encode(text)] = SURE
    return Motif(f"M_{text}", text, ppm, 10)


def split_of(*rows: tuple[str, list[tuple[int, int, int, int]]]) -> Split:
    """Sequences, each with its sites: (start, length, class, strand)."""
    bases = np.stack([encode(text) for text, _ in rows])
    sites = [(n, *site) for n, (_, found) in enumerate(rows) for site in found]
    labels = np.zeros((len(rows), 2), np.uint8)
    for n, _, _, tf, _ in sites:
        labels[n, tf] = 1
    return Split(bases, labels, np.array(sites, SITE))


def test_a_motif_that_never_arises_by_chance_has_a_precision_of_one():
    data = split_of(
        ("TTTTTTGACTTTTTTT", [(6, 3, 0, 1)]),
        ("TTTTGTCTTTTTTTTT", [(4, 3, 0, -1)]),
        ("CCCGGGATTTTTTTTT", [(3, 4, 1, 1)]),
    )
    own = site_accuracy.own_precision(data, [sharp("GAC"), sharp("GGGA")])
    assert own == {"GAC": 1.0, "GGGA": 1.0}


def test_what_arises_by_chance_costs_precision():
    # GAC is embedded once and arises three times more: twice as it is, once on the other strand.
    data = split_of(
        ("GACTTTTTTTTTTTTT", [(0, 3, 0, 1)]),
        ("TTGACTTTTGACTTTT", []),
        ("TTTTTTGTCTTTTTTT", []),
        ("TTGGGATTTTTTTTTT", [(2, 4, 1, 1)]),
    )
    assert site_accuracy.own_precision(data, [sharp("GAC"), sharp("GGGA")])["GAC"] == 0.25


def test_own_precision_needs_the_sites_of_every_class():
    data = split_of(("TTTTTTGACTTTTTTT", [(6, 3, 0, 1)]))
    with pytest.raises(ValueError, match="GGGA is embedded"):
        site_accuracy.own_precision(data, [sharp("GAC"), sharp("GGGA")])
    with pytest.raises(ValueError, match="embedded sites are known"):
        site_accuracy.own_precision(Split(data.bases, data.labels, None), [sharp("GAC")])


def record(*filters: dict, trial: int = 1, model: str = "cnn-2") -> Record:
    """A run whose filters have these entries; its classes are MAX and SP1."""
    numbered = [{"filter": n} | entries for n, entries in enumerate(filters)]
    run = Run("synthetic", "as-run", "paper", model, trial)
    return record_of(run, layers=[{"filters": numbered}])


def hit(target: str, e_value: float) -> dict:
    return {"target": target, "e_value": e_value}


def matched(target: str, e_value: float, tf: str | None, precision: list[float]) -> dict:
    """A filter with one match and its sites' precision for each class."""
    sites = {"site_precision": precision, "site_recall": [0.5, 0.5]}
    return {"matches_any": True, "tf": tf, "hits": [hit(target, e_value)], **sites}


OWN = {"MAX": 0.4, "SP1": 1.0}


def test_each_filter_is_judged_by_its_match_and_by_its_sites():
    judged = site_accuracy.judge(
        [
            record(
                matched("MA0058.3", 1e-6, "MAX", [0.2, 0.1]),  # half of what MAX itself has
                matched("MA0058.3", 1e-6, "MAX", [0.3, 0.6]),  # precise, for another TF
                matched("MA0099.2", 1e-3, None, [0.1, 0.49]),  # just short of it
                {"site_precision": [0.0, 0.9], "site_recall": [0.0, 0.5]},
                {"state": "dead", "site_precision": None, "site_recall": None},
            )
        ],
        OWN,
    )
    assert list(judged["verdict"]) == ["relevant", "relevant", "other", "none", "none"]
    assert list(judged["precise"]) == [True, True, False, True, False]
    assert list(judged["agrees"]) == [True, False, False, False, False]
    counts = site_accuracy.confusion(judged)
    assert list(counts.index) == ["CNN-2"]
    assert counts.loc["CNN-2"].tolist() == [2, 0, 0, 1, 1, 1]


def test_stricter_cutoffs_leave_fewer_matches():
    judged = site_accuracy.judge(
        [
            record(
                matched("MA0058.3", 1e-6, "MAX", [0.3, 0.0]),
                matched("MA0058.3", 0.05, "MAX", [0.0, 0.1]),
                {"site_precision": [0.0, 0.9], "site_recall": [0.0, 0.5]},
            )
        ],
        OWN,
    )
    found = site_accuracy.by_cutoff(judged, (0.1, 0.01))
    assert found["matched"].tolist() == [2, 1]
    assert found["precise"].tolist() == [2, 2]
    assert found["true"].tolist() == [1, 1]


def test_recurrence_counts_trials_not_filters():
    one = matched("MA0058.3", 1e-6, "MAX", [0.3, 0.0])
    other = matched("MA0079.3", 1e-6, "SP1", [0.0, 0.9])
    judged = site_accuracy.judge([record(one, one, other), record(one, {}, trial=2)], OWN)
    found = site_accuracy.recurrence(judged)
    assert found[["target", "recurs", "trials"]].drop_duplicates().values.tolist() == [
        ["MA0058.3", 2, 2],
        ["MA0079.3", 1, 2],
    ]


def test_signals_are_counted_where_they_could_be_had():
    good = matched("MA0058.3", 1e-6, "MAX", [0.3, 0.0])
    weak = matched("MA0099.2", 0.05, None, [0.0, 0.0])
    pooled = [record(good, weak, trial=n, model="cnn-25") for n in (1, 2, 3)]
    small = record(weak, {"site_precision": [0.4, 0.0], "site_recall": [0.1, 0.0]})
    table = site_accuracy.signals(site_accuracy.judge([*pooled, small], OWN)).set_index("signal")
    assert table.loc["matches a motif (E ≤ 0.1)"].tolist() == [7, 3, 4]
    assert table.loc["matches at E ≤ 0.0001"].tolist() == [3, 3, 4]
    # The model with a single trial says nothing of recurrence.
    assert table.loc["its match recurs in every trial"].tolist() == [6, 3, 3]
    assert table.loc["matches, and the first pool is 10 nt or more"].tolist() == [6, 3, 4]
    assert table.loc["matches a TF that was assayed"].tolist() == [3, 3, 4]
    assert table.loc["all of these"].tolist() == [3, 3, 3]


def test_no_record_gives_empty_tables():
    judged = site_accuracy.judge([], OWN)
    assert (site_accuracy.signals(judged)["flagged"] == 0).all()
    assert judged.empty and site_accuracy.confusion(judged).empty
    assert site_accuracy.by_cutoff(judged, (0.1,)).empty and site_accuracy.recurrence(judged).empty


def test_the_verdict_never_rests_on_a_missing_number():
    judged = site_accuracy.judge([record({"state": "dead"})], OWN)
    assert not judged["precise"].any() and math.isnan(judged["site_precision"][0])
