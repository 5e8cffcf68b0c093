"""The simulation is the authors' dataset, base for base, or what the Methods say."""

import hashlib

import numpy as np
import pytest
from scipy.stats import chisquare

from motifbook.motifs import matrices
from motifbook.motifs.matrices import Motif, write_meme
from motifbook.sequences import synthetic
from motifbook.sequences.datasets import encode, fingerprint

GOLDEN = {  # sha256 of the base indices and labels that the authors' notebook makes
    "train": (
        "ddc043e48b3b49be1e20dbe123a53756f079ae75a5544d978c49103f1723b2db",
        "950d4bc12d094da84f4eb15feeb4fcff4cc812844c0a3519b8b3e0cb9122077b",
    ),
    "valid": (
        "ce5063397ee515e97e2111e2cd975d50ce29ef687f8d574c89839cc408ba5a3e",
        "f5d5cf36adb0d3751b9e908968f8a8dbf72d0ba5631860d435eb50ba66da257f",
    ),
    "test": (
        "d50ae315ca2ef7ad4a625b780a70d30fab727349272629993add8399b64a6513",
        "ec85bbab9b703059d9dbb59b3d682b6ea31cb5d522b163afe31d69c907898a96",
    ),
}
DISPLAYED = [[2], [19, 14, 10], [22], [20, 8], [7, 18], [0], [21, 23], [11], [8], [21, 10]]
"""PWMs of the ten models that the authors' notebook shows."""


@pytest.fixture(scope="module")
def as_run():
    return synthetic.make("as-run")


@pytest.fixture(scope="module")
def as_written():
    return synthetic.make("as-written")


@pytest.fixture(params=["as-run", "as-written"])
def dataset(request, as_run, as_written):
    return as_run if request.param == "as-run" else as_written


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()


def counts(split):
    """Motifs in each sequence."""
    return np.bincount(split.sites["sequence"], minlength=len(split))


def gaps(split):
    """For k = 1 to 5, the (sequences with k motifs, k + 1) gaps between motifs and to the ends."""
    start, end = split.sites["start"], split.sites["start"] + split.sites["length"]
    number = counts(split)
    for k in range(1, 6):
        mine = number[split.sites["sequence"]] == k
        edges = np.column_stack(
            [
                np.zeros(mine.sum() // k, int),
                np.stack([start[mine], end[mine]], axis=1).reshape(-1, 2 * k),
                np.full(mine.sum() // k, synthetic.LENGTH),
            ]
        )
        yield k, edges[:, 1::2] - edges[:, ::2]


# --- As run ------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", GOLDEN)
def test_as_run_is_the_authors_dataset(as_run, part):
    split = as_run.splits[part]
    assert split.bases.dtype == split.labels.dtype == np.uint8
    assert (sha256(split.bases), sha256(split.labels)) == GOLDEN[part]


def test_the_ten_displayed_models():
    stream = np.random.RandomState(33)
    widths = np.array([motif.width for motif in matrices.pwm_pool()])
    thresholds = np.array([0, 0.5, 0.75, 0.92, 0.97])
    for expected in DISPLAYED:
        pick, start = synthetic._model_as_run(stream, 200, widths, thresholds)
        assert pick.tolist() == expected
        assert (np.diff(start) >= widths[pick][:-1]).all()
        assert start[0] >= 0
        assert start[-1] + widths[pick[-1]] <= 200


def test_as_run_motifs_may_touch_and_their_number_is_skewed(as_run):
    assert min(array.min() for _, array in gaps(as_run.train)) == 0
    observed = np.bincount(counts(as_run.train), minlength=6)[1:]
    expected = np.array([0.50, 0.25, 0.17, 0.05, 0.03]) * len(as_run.train)
    assert chisquare(observed, expected).pvalue > 0.01


# --- As written --------------------------------------------------------------------------------


def test_as_written_every_number_of_motifs_is_as_likely(as_written):
    assert chisquare(np.bincount(counts(as_written.train), minlength=6)[1:]).pvalue > 0.01


def test_as_written_motifs_and_ends_are_at_least_one_base_apart(as_written):
    for _, array in gaps(as_written.train):
        assert array.min() == 1


def test_as_written_single_motifs_start_anywhere_alike(as_written):
    split = as_written.train
    alone = split.sites[counts(split)[split.sites["sequence"]] == 1]
    widest = alone[alone["length"] == 11]
    assert len(widest) > 800
    # Starts 1 to 188 leave a base on both sides.
    observed = np.bincount(widest["start"], minlength=200)
    assert observed[0] == 0
    assert observed[189:].sum() == 0
    assert chisquare(observed[1:189].reshape(47, 4).sum(axis=1)).pvalue > 0.01


def test_as_written_gaps_share_the_free_bases_alike(as_written):
    for k, array in gaps(as_written.train):
        share = (array - 1) / (array - 1).sum(axis=1, keepdims=True)
        # The share of one of k + 1 gaps has a standard deviation below 0.3.
        tolerance = 4 * 0.3 / len(array) ** 0.5
        np.testing.assert_allclose(share.mean(axis=0), 1 / (k + 1), atol=tolerance)
    # With two motifs and f free bases, the first gap takes none of them in f + 1 of the
    # (f + 1) (f + 2) / 2 placements.
    two = dict(gaps(as_written.train))[2]
    expected = np.mean(2 / ((two - 1).sum(axis=1) + 2))
    found = np.mean(two[:, 0] == 1)
    assert abs(found - expected) < 4 * (expected / len(two)) ** 0.5


# --- Both --------------------------------------------------------------------------------------


def test_shape(dataset):
    assert [len(split) for split in dataset.splits.values()] == [17_500, 2_500, 5_000]
    assert dataset.length == 200
    assert dataset.classes == matrices.TFS
    assert dataset.relevant == matrices.RELEVANT
    assert dataset.config["seed"] == 33


def test_sites_agree_with_labels(dataset):
    for split in dataset.splits.values():
        from_sites = np.zeros_like(split.labels)
        from_sites[split.sites["sequence"], split.sites["tf"]] = 1
        np.testing.assert_array_equal(from_sites, split.labels)
        width = np.array([motif.width for motif in matrices.ground_truth()])
        np.testing.assert_array_equal(split.sites["length"], width[split.sites["tf"]])


def test_sites_are_in_order_and_do_not_overlap(dataset):
    for split in dataset.splits.values():
        order = np.lexsort((split.sites["start"], split.sites["sequence"]))
        np.testing.assert_array_equal(order, np.arange(len(order)))
        assert min(array.min() for _, array in gaps(split)) >= 0


def test_sites_hold_their_motifs_and_the_rest_is_background(dataset):
    split = dataset.train
    embedded = np.zeros(split.bases.shape, bool)
    for pick, motif in enumerate(matrices.pwm_pool()):
        of_tf = split.sites["tf"] == pick // 2
        sites = split.sites[of_tf & (split.sites["strand"] == (1, -1)[pick % 2])]
        columns = sites["start"][:, None] + np.arange(motif.width)
        bases = split.bases[sites["sequence"][:, None], columns]
        embedded[sites["sequence"][:, None], columns] = True
        found = np.stack([(bases == base).mean(axis=0) for base in range(4)], axis=1)
        # A fraction p of n sites has the standard deviation sqrt(p (1 - p) / n), and a rare base
        # comes in whole sites.
        deviation = np.sqrt(motif.ppm * (1 - motif.ppm) / len(sites))
        allowed = 4.5 * (deviation + (motif.ppm > 0) / len(sites)) + 1e-9
        assert (np.abs(found - motif.ppm) <= allowed).all(), motif.id
    background = np.bincount(split.bases[~embedded], minlength=4) / (~embedded).sum()
    np.testing.assert_allclose(background, 0.25, atol=0.002)


@pytest.mark.parametrize("protocol", ["as-run", "as-written"])
def test_other_seeds_and_sizes(protocol):
    small = synthetic.make(protocol, seed=7, number=10)
    assert [len(split) for split in small.splits.values()] == [7, 1, 2]
    same = synthetic.make(protocol, seed=7, number=10)
    other = synthetic.make(protocol, seed=8, number=10)
    np.testing.assert_array_equal(small.train.bases, same.train.bases)
    np.testing.assert_array_equal(small.train.sites, same.train.sites)
    assert (small.train.bases != other.train.bases).any()
    assert len({d.fingerprint for d in (small, same, other)}) == 2
    for number in (11, 1234):
        dataset = synthetic.make(protocol, number=number)
        assert sum(len(split) for split in dataset.splits.values()) == number
        assert min(len(split) for split in dataset.splits.values()) > 0


def test_numpy_integers_name_the_same_dataset():
    assert synthetic.configuration("as-run", np.int64(3), np.int32(50)) == synthetic.configuration(
        "as-run", 3, 50
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"protocol": "as-wrote"}, "'as-wrote' is unknown; there are: as-run, as-written"),
        ({"seed": -1}, r"seed must lie in 0\.\.4294967295, found -1"),
        ({"seed": 2**32}, "seed must lie in"),
        ({"number": 9}, r"number of sequences must lie in 10\.\.10,000,000, found 9"),
        ({"number": 10**8}, "number of sequences"),
    ],
)
def test_what_cannot_be_simulated(arguments, message):
    with pytest.raises(ValueError, match=message):
        synthetic.make(**arguments)


@pytest.mark.parametrize("arguments", [{"seed": 1.5}, {"number": "100"}])
def test_what_is_no_whole_number(arguments):
    with pytest.raises(TypeError):
        synthetic.make(**arguments)


def test_get_simulates_once(monkeypatch, tmp_path):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    first = synthetic.get("as-written", seed=5, number=100)
    monkeypatch.setattr(synthetic, "make", None)
    second = synthetic.get("as-written", seed=5, number=100)
    np.testing.assert_array_equal(first.test.bases, second.test.bases)
    np.testing.assert_array_equal(first.test.sites, second.test.sites)
    with pytest.raises(TypeError):  # another seed is another dataset
        synthetic.get("as-written", seed=6, number=100)


# --- Other lengths, motifs and numbers of motifs -----------------------------------------------


def spelled(word, name="", **fields):
    """A motif that is always this word."""
    return Motif(**{"id": f"of:{word}", "name": name, "ppm": np.eye(4)[encode(word)]} | fields,
                 nsites=20)  # fmt: skip


WORDS = spelled("GATTACA", "one"), spelled("CCCCCC")
READ = {(0, 1): "GATTACA", (0, -1): "TGTAATC", (1, 1): "CCCCCC", (1, -1): "GGGGGG"}


def test_the_papers_values_are_no_choice():
    plain = synthetic.configuration()
    assert fingerprint(plain) == "1e60bccabf1cd81453f998e13bf6694497da069c8bb0954a6adc7e111f5de818"
    assert plain == synthetic.configuration(
        length=200, motifs=matrices.ground_truth(), counts=(50, 25, 17, 5, 3, 0)
    )
    written = synthetic.configuration("as-written", counts=[1] * 5)
    assert written == synthetic.configuration("as-written")
    assert synthetic.configuration("as-run", counts=[1] * 5)["counts"] == [0.2] * 5


@pytest.mark.parametrize("protocol", ["as-run", "as-written"])
@pytest.mark.parametrize("length", [17, 60])  # two words of 7 and three bases between: 17
def test_sites_hold_the_given_motifs(protocol, length):
    data = synthetic.make(protocol, number=500, length=length, motifs=WORDS, counts=(0, 3))
    assert (data.classes, data.length) == (("one", "of:CCCCCC"), length)
    assert data.config["counts"] == [0, 1]
    assert (counts(data.train) == 2).all()
    read = set()
    for site in data.train.sites:
        place = slice(site["start"], site["start"] + site["length"])
        word = "".join("ACGT"[base] for base in data.train.bases[site["sequence"]][place])
        assert READ[site["tf"], site["strand"]] == word
        read.add(word)
    assert read == set(READ.values())
    start, end = data.train.sites["start"], data.train.sites["start"] + data.train.sites["length"]
    assert (start[1::2] - end[::2]).min() == start.min() == synthetic.SMALLEST_GAP[protocol]
    assert length - end.max() == synthetic.SMALLEST_GAP[protocol]
    # A class is missing where both motifs are of the other: in a quarter of all.
    np.testing.assert_allclose(data.train.labels.mean(axis=0), 0.75, atol=0.1)


def test_weights_are_how_often():
    data = synthetic.make(number=10_000, length=60, motifs=WORDS, counts=(3, 0, 1))
    observed = np.bincount(counts(data.train), minlength=4)
    assert observed[[0, 2]].tolist() == [0, 0]
    assert chisquare(observed[[1, 3]], np.array([0.75, 0.25]) * 7_000).pvalue > 0.01


def test_many_motifs_in_the_least_room_end():
    data = synthetic.make(number=200, length=20 * 7 + 21, motifs=WORDS, counts=[0] * 19 + [1])
    assert (counts(data.train) == 20).all()


def test_what_is_embedded_and_what_counts(tmp_path):
    path = tmp_path / "my motifs.meme"
    write_meme(path, [spelled("GATTACA", "one", id="A"), spelled("ACGT", id="B")])
    found = synthetic.find_motifs(["SP1", "MA0139.1", "MA0003.4", str(path)])
    assert [motif.id for motif in found] == [
        *("MA0079.3", "MA0139.1", "MA0003.4"), "my-motifs.meme:A", "my-motifs.meme:B"
    ]  # fmt: skip
    data = synthetic.make(number=20, motifs=found)
    assert data.classes == ("SP1", "CTCF", "TFAP2A", "one", "B")
    assert data.relevant == {
        "SP1": ("MA0079.1", "MA0079.2", "MA0079.3"),
        "CTCF": ("MA0139.1",),
        "TFAP2A": ("MA0003.3", "MA0003.4"),
        "one": ("my-motifs.meme:A",),
        "B": ("my-motifs.meme:B",),
    }
    # JASPAR 2016 has the first two; the others are in the configuration, and made from there.
    added = data.config["added_motifs"]
    assert [one["id"] for one in added] == ["MA0003.4", "my-motifs.meme:A", "my-motifs.meme:B"]
    assert added[1] == {"id": "my-motifs.meme:A", "name": "one", "nsites": 20.0,
                        "ppm": np.eye(4)[[2, 0, 3, 3, 0, 1, 0]].tolist()}  # fmt: skip
    again = synthetic.make(number=20, motifs=synthetic.embedded(data.config))
    assert again.config == data.config
    np.testing.assert_array_equal(again.train.bases, data.train.bases)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"motifs": []}, "expected 2 to 1,000 motifs, found 0"),
        ({"motifs": WORDS[:1]}, "expected 2 to 1,000 motifs, found 1"),
        ({"motifs": [*WORDS, WORDS[0]]}, "motif of:GATTACA is given twice"),
        ({"motifs": [*WORDS, spelled("A", "ONE")]}, "of:GATTACA and of:A are both named ONE"),
        ({"motifs": [*WORDS, spelled("A", ppm=np.zeros((3, 4)))]}, "of:A: .* \\(all-zero\\)"),
        ({"motifs": [*WORDS, spelled("A", ppm=[[np.nan] * 4])]}, "of:A: .* \\(holds NaN\\)"),
        ({"motifs": [*WORDS, spelled("A", ppm=[[2, -1, 0, 0]])]}, "of:A: .* \\(not normalised"),
        ({"motifs": [*WORDS, spelled("A", ppm=[[0.25] * 4])]}, "of:A: .* \\(uniform\\)"),
        ({"motifs": [*WORDS, spelled("A", id="MA0139.1")]}, "another name or matrix than in JASPA"),
        ({"length": 0}, "sequences of 0 nt cannot hold 5 motifs of up to 16 nt"),
        ({"length": 85}, "up to 16 nt \\(SRF\\) with a base between .*, which takes 86 nt"),
        ({"length": 16, "motifs": WORDS, "counts": (0, 1)}, "of 16 nt cannot hold 2 .* takes 17 n"),
        ({"length": 10**9}, "25,000 sequences of 1,000,000,000 nt are 25,000,000,000,000 bases"),
        ({"counts": []}, "found none"),
        ({"counts": (0, 0)}, "weights of 1, 2, ... motifs .* found 0, 0"),
        ({"counts": (1, -1)}, "found 1, -1"),
        ({"counts": (1, np.nan)}, "found 1, nan"),
        ({"counts": (np.inf,)}, "found inf"),
    ],
)
def test_what_cannot_be_chosen(chosen, message):
    with pytest.raises(ValueError, match=message):
        synthetic.make(**chosen)


def test_names_that_are_no_motifs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "SP1").mkdir()  # a TF of the paper all the same
    assert [motif.id for motif in synthetic.find_motifs(["SP1"])] == ["MA0079.3"]
    with pytest.raises(ValueError, match="'CTCF' is no identifier in JASPAR"):
        synthetic.find_motifs(["CTCF"])
    with pytest.raises(FileNotFoundError, match=r"no\.meme: no such file; expected motifs"):
        synthetic.find_motifs(["no.meme"])
    (tmp_path / "peaks.fa").write_text(">a\nACGT\n")
    with pytest.raises(ValueError, match=r"peaks\.fa:1: is FASTA"):
        synthetic.find_motifs(["peaks.fa"])
