"""Small sets whose sites can be counted by hand, and the seven-TF data where it is at hand."""

import hashlib
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifbook.motifs import matrices
from motifbook.motifs.matrices import Motif
from motifbook.records import runs
from motifbook.sequences import chipseq
from motifbook.sequences.datasets import reverse_complement
from motifbook.sequences.overlaps import groups
from motifbook.yardsticks import baselines

SHARED = Path(__file__).parents[2] / "shared/data/chipseq"


def text(bases):
    return "".join("ACGTN"[base] for base in bases)


def random_bases(seed, *shape):
    return np.random.default_rng(seed).integers(0, 4, shape, dtype=np.uint8)


def fasta(path, rows):
    path.write_text("".join(f">{i}\n{text(row)}\n" for i, row in enumerate(rows)))


@pytest.fixture
def folder(tmp_path):
    """Two sets of 30 sequences of 101 nt; three places are in both."""
    path = tmp_path / "peaks"
    path.mkdir()
    first, second = random_bases(1, 30, 101), random_bases(2, 30, 101)
    second[0] = first[0]  # the same window
    second[1, :80] = first[1, 21:]  # shifted
    second[2] = reverse_complement(first[2])
    fasta(path / "MYTF.fa", first)
    (path / "srf.seq.txt").write_text(
        "".join(f">p{i} {text(row)} 1\n" for i, row in enumerate(second))
        + f">shuffled {text(random_bases(3, 101))} 0\n"
    )
    (path / "README.md").write_text("about these peaks")
    (path / ".hidden").write_text("")
    (path / "MYTF.fa.fai").write_text("p0\t100\t4\t100\t101\n")  # as samtools leaves it
    (path / "old").mkdir()
    return path


def everything(dataset):
    bases = np.concatenate([split.bases for split in dataset.splits.values()])
    labels = np.concatenate([split.labels for split in dataset.splits.values()])
    return bases, labels


def test_sites_in_both_sets_are_one_and_have_both_labels(folder):
    dataset = chipseq.from_folder(folder)
    assert dataset.name == "peaks"
    assert dataset.classes == ("MYTF", "srf.seq")
    assert dataset.length == 100
    bases, labels = everything(dataset)
    assert len(bases) == 58
    assert dataset.config["negatives"] == (labels.sum(axis=1) == 0).sum() == 1
    assert labels.sum(axis=0).tolist() == [30, 30]
    assert chipseq.overlap(dataset).to_numpy().tolist() == [[30, 3], [3, 30]]
    sets = dataset.config["sets"]
    assert sets["srf.seq"] | {"sha256": ""} == {
        "file": "srf.seq.txt",
        "sha256": "",
        "format": "labelled lines",
        "bound": 30,
        "unbound": 1,
        "bad": 0,
        "too_short": 0,
        "too_ambiguous": 0,
        "windows": 30,
        "unbound_windows": 1,
        "sites": 30,
        "sites_kept": 30,
    }
    digest = hashlib.sha256((folder / "srf.seq.txt").read_bytes()).hexdigest()
    assert sets["srf.seq"]["sha256"] == digest
    assert dataset.config["sites"] == dataset.config["sites_kept"] == 58
    assert dataset.config["sites_of_several"] == 3


def test_split_is_by_share_seeded_and_complete(folder):
    dataset = chipseq.from_folder(folder)
    sizes = chipseq.sizes(dataset)
    assert sizes.loc["sequences"].tolist() == [41, 6, 11, 58]  # 0.7, 0.1, 0.2 of 58
    assert (sizes[["train", "valid", "test"]].sum(axis=1) == sizes["all"]).all()
    again, other = chipseq.from_folder(folder), chipseq.from_folder(folder, seed=34)
    assert again.fingerprint == dataset.fingerprint != other.fingerprint
    for part, split in dataset.splits.items():
        assert np.array_equal(split.bases, again.splits[part].bases)
        assert np.array_equal(split.labels, again.splits[part].labels)
    assert not np.array_equal(dataset.test.bases, other.test.bases)


def test_the_middle_is_cut_and_what_is_short_or_ambiguous_is_dropped_and_counted(tmp_path):
    path = tmp_path / "cut"
    path.mkdir()
    rows = random_bases(5, 12, 205)
    fasta(path / "A.fa", rows)
    ambiguous = rows[0].copy()
    ambiguous[52:63] = 4  # eleven in the window
    allowed = random_bases(6, 205)
    allowed[52:62] = 4  # ten of a hundred
    allowed[:52] = 4  # those outside do not count
    others = [*random_bases(7, 10, 103), random_bases(8, 99), ambiguous, allowed]
    fasta(path / "B.fa", others)
    dataset = chipseq.from_folder(path)
    assert dataset.config["sets"]["B"]["too_short"] == 1
    assert dataset.config["sets"]["B"]["too_ambiguous"] == 1
    assert dataset.config["sets"]["B"]["windows"] == 11
    bases, _ = everything(dataset)
    expected = [row[52:152] for row in rows] + [row[1:101] for row in others[:10]]
    expected.append(allowed[52:152])
    assert sorted(map(text, bases)) == sorted(map(text, expected))


def test_the_draw_keeps_every_class_within_the_limit_and_labels_whole(folder):
    whole, drawn = chipseq.from_folder(folder), chipseq.from_folder(folder, at_most=12)
    bases, labels = everything(drawn)
    assert labels.sum(axis=0).max() == 12
    known = {text(row): tuple(label) for row, label in zip(*everything(whole), strict=True)}
    for row, label in zip(bases, labels, strict=True):
        assert known[text(row)] == tuple(label)


def test_neighbours_and_repeats_stay_in_one_split_but_are_not_merged(tmp_path):
    path = tmp_path / "repeats"
    path.mkdir()
    first, second = random_bases(11, 40, 100), random_bases(12, 40, 100)
    repeat = random_bases(13, 40)  # forty shared bases: less than half a window
    first[:5, 30:70] = repeat
    second[:5, 10:50] = reverse_complement(repeat)
    fasta(path / "A.fa", first)
    fasta(path / "B.fa", second)
    for seed in range(5):
        dataset = chipseq.from_folder(path, seed=seed)
        assert dataset.config["sites"] == 80
        assert dataset.config["largest_group"] == 10
        holders = [
            part
            for part, split in dataset.splits.items()
            for row in split.bases
            if text(repeat) in text(row) or text(repeat) in text(reverse_complement(row))
        ]
        assert len(holders) == 10
        assert len(set(holders)) == 1


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(3, 40))
def test_no_group_is_in_two_splits(seed, number):
    rng = np.random.default_rng(seed)
    group = rng.integers(0, number, 200)
    group = np.unique(group, return_inverse=True)[1]
    splits = chipseq._split(group, rng)
    rows = np.concatenate(list(splits.values()))
    assert sorted(rows.tolist()) == list(range(200))
    found = [set(group[part].tolist()) for part in splits.values()]
    assert not (found[0] & found[1] or found[0] & found[2] or found[1] & found[2])


def test_relevant_motifs_by_name_by_file_and_by_argument(folder):
    (folder / "srf.seq.txt").rename(folder / "srf.txt")
    assert chipseq.from_folder(folder).relevant == {"MYTF": (), "srf": matrices.RELEVANT["SRF"]}
    (folder / "relevant.csv").write_text("tf,ids\nmytf,MA0093.2 PB0001.1\n")
    assert chipseq.from_folder(folder).relevant == {
        "MYTF": ("MA0093.2", "PB0001.1"),  # the second is only in the authors' list
        "srf": matrices.RELEVANT["SRF"],
    }
    given = {"srf": ("MA9999.1",)}
    assert chipseq.from_folder(folder, relevant=given).relevant == {"MYTF": (), **given}
    with pytest.raises(ValueError, match="are given for nosuch; the sets are MYTF, srf"):
        chipseq.from_folder(folder, relevant={"nosuch": ("MA0001.1",)})
    for content, message in (
        ("tf;ids\n", "expected tf,ids"),
        ("tf,ids\nsrf,\n", r"relevant\.csv:2: expected a TF"),
        ("tf,ids\nsrf,MA1.1,MA2.1\n", r"relevant\.csv:2"),
        ("", "expected tf,ids"),
        # With identifiers that do not exist nothing would match, without a word.
        ("tf,ids\nsrf,MA0083.3 MA9999.1\n", r"relevant\.csv:2: 'MA9999\.1' is no identifier"),
        ("tf,ids\nsrf,MA0083.3\nmytf,MA0139\n", r"relevant\.csv:3: 'MA0139' is no identifier"),
        ("tf,ids\nsrf,MA0083.3\nSRF,MA0083.2\n", r"relevant\.csv:3: SRF is listed twice"),
        ("tf,ids\nsrf,MA0083.3 \xe9\n", r"relevant\.csv: not a table in UTF-8"),
    ):
        (folder / "relevant.csv").write_text(content, encoding="latin-1")
        with pytest.raises(ValueError, match=message):
            chipseq.from_folder(folder)


def test_a_table_of_relevant_motifs_that_is_no_file_is_refused(folder):
    os.mkfifo(folder / "relevant.csv")  # not ignored, and not waited for
    with pytest.raises(ValueError, match=r"relevant\.csv: is no file, or a link to none"):
        chipseq.from_folder(folder)


@pytest.fixture
def labelled(tmp_path):
    """One file of 60 sequences, every second labelled 0 in its header."""
    path = tmp_path / "labelled"
    path.mkdir()
    rows = random_bases(9, 60, 120)
    (path / "A.fa").write_text("".join(f"> {i % 2}\n{text(row)}\n" for i, row in enumerate(rows)))
    return path, rows


def test_sequences_labelled_0_are_negatives_so_one_file_is_enough(labelled):
    path, rows = labelled
    with pytest.warns(UserWarning, match="A.fa: 30 of 60 are labelled 0 by its header, taken as"):
        dataset = chipseq.from_folder(path)
    bases, labels = everything(dataset)
    assert dataset.classes == ("A",) and labels.sum() == 30
    assert {text(row[10:110]): i % 2 for i, row in enumerate(rows)} == {
        text(row): label for row, (label,) in zip(bases, labels.tolist(), strict=True)
    }


def test_what_is_labelled_0_in_one_file_and_bound_in_another_is_bound(labelled):
    path, rows = labelled
    fasta(path / "B.fa", rows[::2])  # A's negatives
    bases, labels = everything(chipseq.from_folder(path))
    assert len(bases) == 60 and sorted(map(tuple, labels.tolist())) == [(0, 1)] * 30 + [(1, 0)] * 30


@pytest.mark.parametrize("kind", ["fasta", "labelled fasta", "labelled lines"])
def test_a_file_of_background_is_negative_for_every_tf(tmp_path, kind):
    rows = random_bases(9, 60, 120)
    fasta(tmp_path / "A.fa", rows[:30])
    line = {"fasta": ">p{i}\n{row}\n", "labelled fasta": ">0\n{row}\n"}
    line = line.get(kind, ">p{i} {row} 0\n")
    # Its first sequence is a bound site: there the file of the TF counts.
    others = [text(row) for row in (rows[0], *rows[30:])]
    (tmp_path / "Background.txt").write_text(
        "".join(line.format(i=i, row=row) for i, row in enumerate(others))
    )
    with pytest.warns(UserWarning, match=r"Background.txt: 31 of 31 are taken as negatives"):
        dataset = chipseq.from_folder(tmp_path)
    bases, labels = everything(dataset)
    assert dataset.classes == ("A",) and labels.sum() == 30 and len(bases) == 60
    assert {text(row[10:110]): int(i < 30) for i, row in enumerate(rows)} == {
        text(row): label for row, (label,) in zip(bases, labels.tolist(), strict=True)
    }
    about = dataset.config["background"]
    assert (about["format"], about["unbound"], about["bound"]) == (kind, 31, 0)
    assert chipseq.left_out(dataset.config).index.tolist() == ["A", "background"]
    # It is part of what records of the folder are of.
    source = chipseq.Folder(tmp_path)
    assert source.contents["background"] == (about["sha256"], [])
    runs.check_source(Path("r.json"), source, dataset.config, None)
    (tmp_path / "Background.txt").write_text(f">p\n{others[1]}\n")
    with pytest.raises(runs.OtherDataError, match=r"other data .* \(other: background\)"):
        runs.check_source(Path("r.json"), chipseq.Folder(tmp_path), dataset.config, None)


def test_backgrounds_that_cannot_be(tmp_path):
    rows = [text(row) for row in random_bases(9, 3, 120)]
    (tmp_path / "background.fa").write_text(
        "".join(f">p{i}\n{row}\n" for i, row in enumerate(rows))
    )
    with pytest.raises(ValueError, match=r"holds no set of sequences; .* with a file background"):
        chipseq.from_folder(tmp_path)
    (tmp_path / "A.fa").write_text(f">p\n{rows[0]}\n")
    (tmp_path / "background.fa").write_text(f">p\n{rows[0][:90]}\n")
    with pytest.raises(
        ValueError, match=r"background.fa: no sequence has the window's 100 nt; .*90"
    ):
        chipseq.from_folder(tmp_path)
    (tmp_path / "background.fa").write_text(f">0\n{rows[0]}\n>1\n{rows[1]}\n")
    with pytest.raises(ValueError, match=r"background.fa: labels 1 sequences 1, which is bound"):
        chipseq.from_folder(tmp_path)


def test_what_is_left_out_or_assumed_is_said(tmp_path):
    path = tmp_path / "peaks"
    path.mkdir()
    rows = random_bases(4, 150, 130)
    rows[:7, 60:90] = 4
    lines = [text(row)[: 99 if i < 20 else None] for i, row in enumerate(rows)]
    lines[30] = lines[30].replace("T", "u") + "*"
    (path / "A.fa").write_text("".join(f">p{i} {i % 2}\n{row}\n" for i, row in enumerate(lines)))
    fasta(path / "B.fa", random_bases(5, 150, 130))
    with pytest.warns(UserWarning) as warned:
        dataset = chipseq.from_folder(path, length=100)
    (said,) = (str(one.message) for one in warned if "A.fa" in str(one.message))
    assert said.split("\n") == [
        "A.fa: 20 of 150 are shorter than the window of 100 nt, left out;",
        "every header is, starts or ends in what may be a label, taken as a name: if it is "
        "one, write >0 and >1;",
        "1 of 150 hold U, read as T, or end in *",
    ]
    left = chipseq.left_out(dataset.config)
    assert left.loc["A"].tolist() == [150, 0, 0, 20, 0, 130]
    assert list(left.columns) == [
        *("rows", "not readable", "labelled 0"),
        *("shorter than 100 nt", "more than 10% N", "windows of bound sites"),
    ]
    with pytest.warns(UserWarning, match="7 of 150 have more than 10% ambiguous bases .N., left"):
        dataset = chipseq.from_folder(path, length=64)
    assert dataset.name == "peaks-64nt" and dataset.length == 64
    assert chipseq.left_out(dataset.config)["more than 10% N"].tolist() == [7, 0]
    assert chipseq.left_out({"dataset": "deepsea"}) is None


@pytest.mark.parametrize(("number", "few"), [(200, False), (120, True)])
def test_too_few_sites_to_learn_from_are_said(tmp_path, number, few):
    path = tmp_path / "peaks"
    path.mkdir()
    for i, name in enumerate(("A.fa", "B.fa")):
        fasta(path / name, random_bases(i, 200 if i else number, 100))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        positives = chipseq.from_folder(path).train.labels.sum(axis=0)
    assert (positives[0] < chipseq.FEW) == few and positives[1] >= chipseq.FEW
    assert [
        f"and few of A {positives[0]}: fewer than 100 sites" in str(w.message) for w in warned
    ] == [True] * few


def test_what_is_neither_a_file_nor_a_folder_is_named(folder):
    for target in ("loop.fa", "nowhere"):
        (folder / "loop.fa").symlink_to(target)
        with pytest.raises(ValueError, match=r"loop\.fa: is no file, or a link to none"):
            chipseq.from_folder(folder)
        (folder / "loop.fa").unlink()


def test_bad_rows_are_warned_of_with_file_and_line(folder):
    with (folder / "MYTF.fa").open("a") as file:
        file.write(">bad\nAC!T\n")
    with pytest.warns(
        UserWarning, match=r"MYTF\.fa: 1 bad rows left out:\nMYTF\.fa:61: '!' at position 3"
    ):
        dataset = chipseq.from_folder(folder)
    assert dataset.config["sets"]["MYTF"]["bad"] == 1


def test_folders_that_cannot_be_used(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        chipseq.from_folder(tmp_path / "none")
    with pytest.raises(
        ValueError, match="no sequence has the window's 200 nt; the longest has 101"
    ):
        chipseq.from_folder(folder, length=200)
    with pytest.raises(ValueError, match="length must be from 64 to"):
        chipseq.from_folder(folder, length=63)
    with pytest.raises(ValueError, match="at_most must be at least 1"):
        chipseq.from_folder(folder, at_most=0)
    (folder / "mytf.txt").write_text(">a\nACGT\n")
    with pytest.raises(ValueError, match=r"MYTF\.fa and mytf\.txt are both named mytf"):
        chipseq.from_folder(folder)
    (folder / "mytf.txt").write_text("")
    (folder / "mytf.txt").rename(folder / "empty.txt")
    with pytest.raises(ValueError, match=r"empty\.txt: empty"):
        chipseq.from_folder(folder)
    for name in ("empty.txt", "srf.seq.txt"):
        (folder / name).unlink()
    with pytest.raises(ValueError, match="peaks: holds 1 set of sequences; at least two"):
        chipseq.from_folder(folder)
    reserved = folder.rename(folder.with_name("deepsea"))
    with pytest.raises(ValueError, match="cannot be called 'deepsea'"):
        chipseq.from_folder(reserved)
    blank = tmp_path / "blank"
    blank.mkdir()
    for name in "ab":
        fasta(blank / name, np.full((3, 100), 4, np.uint8))
    with pytest.raises(ValueError, match="every window has more than 10% ambiguous"):
        chipseq.from_folder(blank)


def test_seven_says_how_to_get_its_files(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="motifbook data chipseq"):
        chipseq.seven()


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the seven ChIP-seq files are not at hand")
def test_the_seven_sets():
    dataset = chipseq.seven(SHARED)
    assert dataset.classes == ("Arid3a", "FOSL1", "Gabpa", "MAFK", "SP1", "SRF", "YY1")
    assert set(dataset.classes) < set(matrices.TFS)
    sizes = chipseq.sizes(dataset)
    assert sizes.loc[list(dataset.classes), "all"].max() == 4_000
    assert (sizes.loc["sequences"] / sizes.loc["sequences", "all"]).round(2).tolist() == [
        0.7,
        0.1,
        0.2,
        1.0,
    ]
    # Sequences that the sets' files hold in full, no bad rows among them.
    bound = {tf: counts["bound"] for tf, counts in dataset.config["sets"].items()}
    assert bound == {
        "Arid3a": 8526,
        "FOSL1": 8782,
        "Gabpa": 6066,
        "MAFK": 5000,
        "SP1": 17748,
        "SRF": 4605,
        "YY1": 17828,
    }
    bases, _ = everything(dataset)
    part = np.repeat([0, 1, 2], [len(split) for split in dataset.splits.values()])
    group = groups(bases, chipseq.REPEAT)
    assert len({(g, p) for g, p in zip(group, part, strict=True)}) == group.max() + 1
    assert len(np.unique(groups(bases, 50))) == len(bases)
    # The record that the book reads is of these very sequences.
    assert dataset.config == baselines.load_record("chipseq").configuration["dataset"]


class TestMotifsBeyondTheTargets:
    """relevant.csv names identifiers of any JASPAR release, and MEME files."""

    def test_another_release_becomes_a_target_and_says_which(self, folder):
        (folder / "relevant.csv").write_text("tf,ids\nmytf,MA0139.2 MA0093.2\n")
        made = chipseq.from_folder(folder)
        assert made.relevant["MYTF"] == ("MA0139.2", "MA0093.2")
        (added,) = made.config["added_motifs"]
        assert (added["id"], added["name"], added["source"]) == ("MA0139.2", "CTCF", "JASPAR 2024")
        (motif,) = chipseq.added_motifs(made.config)
        assert motif.ppm.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert chipseq.added_motifs({}) == []

    def test_all_motifs_of_a_meme_file_count(self, folder):
        mine = [Motif(name, name, np.eye(4)[[0, 1, 2, 3]], 20.0) for name in ("one", "two")]
        matrices.write_meme(folder / "mine.meme", mine)
        (folder / "relevant.csv").write_text("tf,ids\nmytf,mine.meme\n")
        made = chipseq.from_folder(folder)
        assert made.relevant["MYTF"] == ("mine.meme:one", "mine.meme:two")
        assert "mine" not in made.classes  # the file of motifs is no set
        assert {one["source"] for one in made.config["added_motifs"]} == {"mine.meme"}

    def test_a_changed_motif_is_other_data(self, folder):
        def write(bases):
            motif = Motif("one", "one", np.eye(4)[bases], 20.0)
            matrices.write_meme(folder / "mine.meme", [motif])

        (folder / "relevant.csv").write_text("tf,ids\nmytf,mine.meme\n")
        write([0, 1, 2])
        made = chipseq.from_folder(folder)
        stated = chipseq.stated(made.config, made.relevant)
        assert {tf: ids for tf, (_, ids) in chipseq.Folder(folder).contents.items()} == stated
        write([0, 1, 3])
        assert chipseq.Folder(folder).contents["MYTF"][1] != stated["MYTF"]

    def test_what_is_not_there(self, folder):
        (folder / "relevant.csv").write_text("tf,ids\nmytf,none.meme\n")
        with pytest.raises(ValueError, match=r"relevant\.csv:2: .*none\.meme"):
            chipseq.from_folder(folder)


@pytest.mark.parametrize("name", ["neg", "Negatives", "MAX_neg", "control-2"])
def test_a_name_that_means_negatives_is_said_to_be_taken_for_a_tf(tmp_path, name):
    for number, one in enumerate(("MAX", name)):
        fasta(tmp_path / f"{one}.fa", random_bases(number, 12, 100))
    with pytest.warns(
        UserWarning, match=rf"{name}\.fa: is taken for the sites of a TF by its name"
    ):
        dataset = chipseq.from_folder(tmp_path)
    assert len(dataset.classes) == 2


def test_other_names_are_not(tmp_path):
    for number, one in enumerate(("MAX", "NEGR1")):
        fasta(tmp_path / f"{one}.fa", random_bases(number, 12, 100))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        chipseq.from_folder(tmp_path)
    assert not any("by its name" in str(one.message) for one in said)


def test_a_folder_among_the_files_is_said_to_be_left_out(tmp_path):
    for number, one in enumerate(("MAX", "SP1")):
        fasta(tmp_path / f"{one}.fa", random_bases(number, 12, 100))
    (tmp_path / "SRF.fa").mkdir()
    with pytest.warns(UserWarning, match=r"SRF\.fa: is a folder, left out"):
        assert len(chipseq.from_folder(tmp_path).classes) == 2
