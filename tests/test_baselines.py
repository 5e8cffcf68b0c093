"""Counts that can be checked by hand, and sets that one of the baselines tells apart."""

import json

import numpy as np
import pytest

from motifbook.records.store import RecordError
from motifbook.sequences.datasets import Dataset, Split, encode
from motifbook.yardsticks import baselines


def rows(*texts):
    return np.stack([encode(text) for text in texts])


def test_gc_content():
    assert baselines.gc_content(rows("ACGT", "GGCC", "ATNN", "GNNN", "NNNN")).tolist() == [
        0.5,
        1.0,
        0.0,
        1.0,
        0.0,
    ]


def test_words_of_both_strands_are_one():
    # Words of two: AA=TT, AC=GT, AG=CT, AT, CA=TG, CC=GG, CG, GA=TC, GC, TA.
    counts = baselines.word_counts(rows("AAAA", "TTTT", "ACGT", "ANCC"), word=2).toarray()
    assert counts.shape == (4, 10)
    assert counts.tolist() == [
        [3, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [3, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 2, 0, 0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    ]
    assert baselines.word_counts(rows("ACGTACGT")).shape == (1, 2080)


def made(composition_differs, planted):
    """Two classes; GC content tells them apart, or a planted word, or nothing."""
    rng = np.random.default_rng(4)

    def split(number):
        labels = np.zeros((number, 2), np.uint8)
        labels[np.arange(number), np.arange(number) % 2] = 1
        bases = rng.integers(0, 4, (number, 40)).astype(np.uint8)
        if composition_differs:
            bases[::2] = rng.choice(4, (len(bases[::2]), 40), p=[0.1, 0.4, 0.4, 0.1])
        if planted:
            bases[1::2, 5:13] = encode("TGACTCAT")
        return Split(bases, labels)

    parts = {name: split(n) for name, n in (("train", 400), ("valid", 60), ("test", 120))}
    relevant = {"rich": (), "plain": ("MA0477.1",)}
    return Dataset("made", ("rich", "plain"), **parts, config={"made": True}, relevant=relevant)


def mean(table):
    return table.groupby("baseline")["auroc"].mean()


def test_each_baseline_sees_what_it_can():
    composition = mean(baselines.baselines(made(True, False)))
    assert composition["gc"] > 0.95
    planted = mean(baselines.baselines(made(False, True)))
    assert planted["words"] > 0.95
    assert planted["gc"] < 0.8
    nothing = mean(baselines.baselines(made(False, False)))
    assert abs(nothing["gc"] - 0.5) < 0.15
    assert abs(nothing["words"] - 0.5) < 0.15


def test_a_large_training_split_is_sampled(monkeypatch):
    split = made(True, False).train
    monkeypatch.setattr(baselines, "MOST_SEQUENCES", 50)
    sample = baselines._sample(split, 1)
    assert len(sample) == 50
    assert np.array_equal(sample.bases, baselines._sample(split, 1).bases)
    assert not np.array_equal(sample.bases, baselines._sample(split, 2).bases)


def test_record_round_trips_and_is_checked(tmp_path):
    dataset = made(True, True)
    path = baselines.write_record(dataset, tmp_path)
    assert path == tmp_path / "made/dataset.json"
    record = baselines.load_record("made", tmp_path)
    assert record.classes == ("rich", "plain")
    assert record.size_table.loc["sequences"].tolist() == [400, 60, 120, 580]
    assert record.overlap_table.loc["rich", "plain"] == 0
    table = baselines.baselines(dataset)
    assert record.baseline_table.shape == table.shape
    assert np.allclose(record.baseline_table["auroc"], table["auroc"], atol=1e-6)
    assert record.strength == table.attrs["strength"]
    with pytest.raises(FileNotFoundError, match=r"other/dataset\.json: no such record"):
        baselines.load_record("other", tmp_path)
    whole = path.read_text()
    data = json.loads(whole)
    for damaged, message in (
        (whole[:200], "not readable as JSON"),
        (json.dumps({**data, "dataset": "other"}), "says it is of other, expected made"),
        (json.dumps({**data, "configuration": {}}), "its configuration has sha256"),
        (json.dumps({**data, "baselines": data["baselines"][:2]}), "expected two of each"),
        (json.dumps({**data, "overlap": [[1]]}), "overlap is no square of 2 classes"),
        (json.dumps({k: v for k, v in data.items() if k != "sizes"}), "required field `sizes`"),
    ):
        path.write_text(damaged)
        with pytest.raises(RecordError, match=rf"dataset\.json: .*{message}"):
            baselines.load_record("made", tmp_path)


def test_a_class_without_negatives_is_refused():
    dataset = made(True, True)
    dataset.test.labels[:, 0] = 1
    with pytest.raises(ValueError, match="class rich has no negatives in test"):
        baselines.baselines(dataset)
