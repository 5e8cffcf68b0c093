"""Sequences and labels are what they should be, on arrival and after a stay in the cache."""

import json

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifbook.sequences import datasets
from motifbook.sequences.datasets import SITE, Dataset, Split, encode, one_hot, reverse_complement

CONFIG = {"dataset": "tiny", "seed": 1}


def split(*sequences, labels=None, sites=None):
    bases = np.array([encode(text) for text in sequences])
    labels = np.ones((len(bases), 2), np.uint8) if labels is None else labels
    return Split(bases, labels, None if sites is None else np.array(sites, SITE))


def tiny(**changes):
    parts = {
        "train": split("ACGTA", "NNACG", sites=[(0, 1, 3, 0, 1), (1, 2, 3, 1, -1)]),
        "valid": split("TTTTT", sites=[]),
        "test": split("GGGGG"),
    }
    about = {"config": CONFIG, "relevant": {"MAX": ("MA0058.1", "MA0058.3"), "SP1": ()}}
    return Dataset("tiny", ("MAX", "SP1"), **{**parts, **about, **changes})


def equal(one, other):
    for part, split in one.splits.items():
        for what in ("bases", "labels", "sites"):
            ours, theirs = getattr(split, what), getattr(other.splits[part], what)
            assert (ours is None) == (theirs is None)
            if ours is not None:
                assert ours.dtype == theirs.dtype
                np.testing.assert_array_equal(ours, theirs)
    about = ("name", "classes", "config", "relevant", "length", "fingerprint")
    return all(getattr(one, name) == getattr(other, name) for name in about)


# --- Sequences ---------------------------------------------------------------------------------


def test_encode_and_one_hot():
    assert encode("ACGTacgtNnRy.").tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4, 4, 4, 4, 4]
    assert one_hot(encode("GAN")).tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert one_hot(encode("GAN")).dtype == np.float32
    assert one_hot(np.zeros((2, 3), np.uint8), "uint8").shape == (2, 3, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [("ACXG", "'X' at position 3"), ("é", "'é' at position 1"), ("AC GT", "' ' at position 3")],
)
def test_encode_names_what_is_no_base(text, message):
    with pytest.raises(ValueError, match=message):
        encode(text)


def test_reverse_complement_of_known_sequences():
    np.testing.assert_array_equal(reverse_complement(encode("AACGN")), encode("NCGTT"))
    two = np.array([encode("AAC"), encode("GTA")])
    np.testing.assert_array_equal(reverse_complement(two), [encode("GTT"), encode("TAC")])


@given(st.text("ACGTN", min_size=1, max_size=40))
def test_reverse_complement_twice_is_the_sequence(text):
    bases = encode(text)
    np.testing.assert_array_equal(reverse_complement(reverse_complement(bases)), bases)
    # Complementing a one-hot sequence reverses its channels, reversing it reverses its positions.
    np.testing.assert_array_equal(one_hot(reverse_complement(bases)), one_hot(bases)[::-1, ::-1])


# --- What a dataset refuses --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Split(np.zeros((1, 5)), np.ones((1, 2), np.uint8)), r"test bases .* uint8 .* float64"),
        (Split(np.full((1, 5), 5, np.uint8), np.ones((1, 2), np.uint8)), r"0\.\.4.* up to 5"),
        (Split(np.zeros(5, np.uint8), np.ones((5, 2), np.uint8)), r"two-dimensional .* \(5,\)"),
        (split("ACGTA", labels=np.ones((1, 3), np.uint8)), r"labels .* \(1, 2\), found \(1, 3\)"),
        (split("ACGTA", labels=np.ones((1, 2))), "labels .* uint8 .* float64"),
        (split("ACGTA", labels=np.full((1, 2), 2, np.uint8)), r"labels .* 0\.\.1.* up to 2"),
        (split("ACGT"), "test sequences are 4 nt, train's 5 nt"),
        (split("ACGTA", sites=[(0, 3, 3, 0, 1)]), r"start and end in 0\.\.5, found 3\.\.6"),
        (split("ACGTA", sites=[(1, 0, 3, 0, 1)]), r"sequence in 0\.\.0"),
        (split("ACGTA", sites=[(0, 0, 3, 2, 1)]), r"tf in 0\.\.1"),
        (split("ACGTA", "ACGTA", sites=[(1, 0, 3, 0, 1), (0, 0, 3, 0, 1)]), "sorted by sequence"),
    ],
)
def test_a_dataset_checks_its_arrays(part, message):
    with pytest.raises(ValueError, match=f"tiny: .*{message}"):
        tiny(test=part)


def test_sites_must_be_sites():
    part = Split(np.zeros((1, 5), np.uint8), np.ones((1, 2), np.uint8), np.zeros((1, 5), int))
    with pytest.raises(ValueError, match="test sites must be a one-dimensional array"):
        tiny(test=part)


# --- Identity ----------------------------------------------------------------------------------


def test_a_fingerprint_is_of_the_values_not_their_order():
    # What sha256sum says of {"a":1,"b":[2]}
    known = "0855bfc20eb6cfaa4be7d6b510c63dd22997718bddadcb1a4915cec3a16145b9"
    assert datasets.fingerprint({"b": [2], "a": 1}) == known
    assert datasets.fingerprint({"b": [2], "a": 2}) != known


def test_a_fingerprint_refuses_what_json_cannot_say():
    with pytest.raises(ValueError, match="not JSON compliant"):
        datasets.fingerprint({"a": float("nan")})


# --- Files -------------------------------------------------------------------------------------


def test_a_dataset_comes_back_whole(tmp_path):
    path = datasets.save(tiny(), tmp_path / "new" / "tiny.h5")
    assert equal(datasets.load(path), tiny())
    assert equal(datasets.load(path, CONFIG), tiny())
    assert [file.name for file in path.parent.iterdir()] == ["tiny.h5"]


def test_other_programs_can_read_the_file(tmp_path):
    with h5py.File(datasets.save(tiny(), tmp_path / "tiny.h5")) as file:
        assert file["train/bases"][0].tolist() == [0, 1, 2, 3, 0]
        assert file["train/sites"]["start"].tolist() == [1, 2]
        assert json.loads(file.attrs["config"]) == CONFIG
        assert file.attrs["config_sha256"] == datasets.fingerprint(CONFIG)


def test_load_says_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.h5: no such dataset"):
        datasets.load(tmp_path / "none.h5")
    text = tmp_path / "text.h5"
    text.write_text("no HDF5")
    with pytest.raises(ValueError, match=r"text\.h5: not a readable motifbook dataset"):
        datasets.load(text)
    path = datasets.save(tiny(), tmp_path / "tiny.h5")
    with pytest.raises(ValueError, match=r"tiny\.h5: was made by another configuration"):
        datasets.load(path, {**CONFIG, "seed": 2})


def test_no_flipped_bit_or_missing_end_goes_unnoticed(tmp_path):
    path = datasets.save(tiny(), tmp_path / "tiny.h5")
    whole = path.read_bytes()
    for place in [*range(0, 600, 7), *range(600, len(whole), 101)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"tiny\.h5"):
            datasets.load(path)
    for end in (0, 100, 512, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match=r"tiny\.h5"):
            datasets.load(path)


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path):
    path = datasets.save(tiny(), tmp_path / "tiny.h5")
    with pytest.raises(TypeError):  # a set is not JSON
        datasets.save(tiny(config={"a": {1}}), path)
    assert equal(datasets.load(path), tiny())
    assert list(tmp_path.iterdir()) == [path]


class Maker:
    """Makes the dataset, and counts how often."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return tiny()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    return tmp_path


def test_the_cache_makes_a_dataset_once(cache):
    make = Maker()
    for _ in range(3):
        assert equal(datasets.cached("tiny", CONFIG, make), tiny())
    assert make.times == 1


@pytest.mark.parametrize("harm", ["flipped", "truncated", "stale", "folder of another"])
def test_the_cache_trusts_no_bad_file(cache, harm):
    make = Maker()
    datasets.cached("tiny", CONFIG, make)
    (path,) = (cache / "datasets").iterdir()
    content = bytearray(path.read_bytes())
    if harm == "flipped":
        content[-20] ^= 1
        path.write_bytes(content)
    elif harm == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "stale":  # a whole file, but of another configuration
        datasets.save(tiny(config={"dataset": "tiny", "seed": 2}), path)
    else:
        path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(1000))
    assert equal(datasets.cached("tiny", CONFIG, make), tiny())
    assert make.times == 2
    assert equal(datasets.load(path, CONFIG), tiny())


def test_a_cache_that_cannot_be_written_names_the_variable(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"file: data and .*; set MOTIFBOOK_CACHE to a folder"):
        datasets.into_cache("locks", "one.lock")
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    assert datasets.into_cache("locks", "one.lock") == tmp_path / "locks" / "one.lock"
    monkeypatch.setattr(datasets.os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(OSError, match=r"\(no permission to write\); set MOTIFBOOK_CACHE"):
        datasets.into_cache("locks", "one.lock")


def test_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    assert datasets.cache_folder() == tmp_path
    monkeypatch.setenv("MOTIFBOOK_CACHE", "~/there")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert datasets.cache_folder() == tmp_path / "there"
    monkeypatch.delenv("MOTIFBOOK_CACHE")
    assert datasets.cache_folder().name == "motifbook"
