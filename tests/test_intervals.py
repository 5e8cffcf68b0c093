"""Places in a genome of two short chromosomes, whose sequences can be read off by eye."""

import gzip
import warnings

import numpy as np
import pytest

from motifbook import cli
from motifbook.records import runs
from motifbook.sequences import catalogue, chipseq
from motifbook.sequences.intervals import intervals

GENOME = ">chr1 the first\nAACCGGTTAC\nGTACGTNNAA\n>chr2\nttttacgtacgtgggg\n"
"""chr1 has 20 nt, chr2 16."""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTIFBOOK_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def genome(tmp_path):
    path = tmp_path / "genome.fa"
    path.write_text(GENOME)
    return path


def read(tmp_path, genome, text, name="TF.bed", length=4):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    found = intervals(path, genome, length)
    return found, ["".join("ACGTN"[base] for base in bases) for bases in found.sequences]


def peak(chromosome, start, end, summit, strand="."):
    return f"{chromosome}\t{start}\t{end}\tpeak\t7\t{strand}\t1.5\t-1\t-1\t{summit}\n"


@pytest.mark.parametrize("name", ["TF.bed", "TF.bed.gz", "TF"])
def test_a_window_lies_around_the_middle_and_lower_case_is_read(tmp_path, genome, name):
    text = "track name=x\n#c\r\nchr1\t0\t8\r\n\nchr2 4  8 one\nchr2\t5\t7\n"
    found, sequences = read(tmp_path, genome, text, name)
    assert found.format == "BED" and found.bad == () and found.unbound == []
    assert sequences == ["CCGG", "ACGT", "ACGT"]  # a place may be shorter than its window
    assert not list(tmp_path.glob("*.fai"))


def test_the_minus_strand_is_read_as_its_reverse_complement(tmp_path, genome):
    rows = [f"chr1\t0\t4\tp\t0\t{strand}\n" for strand in "+-."]
    found, sequences = read(tmp_path, genome, "".join(rows))
    assert sequences == ["AACC", "GGTT", "AACC"]
    assert found.notes[1] == "1 are on the minus strand, read as its reverse complement"


def test_a_summit_is_the_middle_of_the_window_and_without_one_the_peak_s_is(tmp_path, genome):
    text = peak("chr1", 0, 10, 2) + peak("chr1", 0, 10, -1) + peak("chr1", 0, 10, 8, "-")
    found, sequences = read(tmp_path, genome, text)
    assert found.format == "narrowPeak"
    assert sequences == ["AACC", "CGGT", "GTAA"]  # chr1:0-4, 3-7, and 6-10 (TTAC) from behind
    assert found.notes == (
        "3 places read from genome.fa, 4 nt around the summit",
        "1 have no summit, read around the middle",
        "1 are on the minus strand, read as its reverse complement",
    )


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("1\t0\t8\n", "'1' is not in genome.fa, which has chr1, chr2 …"),
        ("chr2\t4\t17\n", "ends at 17, and chr2 of genome.fa has 16 nt: of another assembly?"),
        ("chr2\t15\t16\n", "its window of 4 nt goes beyond the end of chr2"),
        ("chr1\t0\t2\n", "its window of 4 nt goes beyond the end of chr1"),
        ("chr1\t8\t8\n", "starts at 8 and ends at 8"),
        ("chr1\t-1\t8\n", "start and end are '-1' and '8', expected two whole numbers"),
        ("chr1\t1e1\t8\n", "start and end are '1e1' and '8', expected two whole numbers"),
        ("chr1\t8\n", "2 columns, expected 3"),
        ("chr1\t0\t8\tp\t0\tx\n", "strand 'x' in column 6, expected +, - or ."),
    ],
)
def test_what_cannot_be_used_is_a_bad_row_and_an_error_if_nothing_else_is_there(
    tmp_path, genome, row, fault
):
    found, sequences = read(tmp_path, genome, "chr1\t0\t8\n" + row)
    assert sequences == ["CCGG"] and found.bad == ((2, fault),)
    with pytest.raises(ValueError) as error:
        read(tmp_path, genome, row)
    assert f"no usable place (1 bad rows)\nTF.bed:1: {fault}" in str(error.value)


@pytest.mark.parametrize("summit", ["10", "-2", "x", "1.5", ""])
def test_a_summit_outside_its_peak_is_a_bad_row(tmp_path, genome, summit):
    text = peak("chr1", 0, 10, 2) + peak("chr1", 0, 10, summit)
    found, _ = read(tmp_path, genome, text, "TF.narrowPeak.gz")
    assert found.bad == ((2, f"summit {summit!r} is not in the peak of 10 nt"),)


def test_what_is_no_genome_is_an_error_that_says_so(tmp_path, genome):
    for content, fault in (
        (gzip.compress(GENOME.encode(), mtime=0), "is gzipped; unpack it first"),
        (b"", "is no FASTA file"),
        (b"chr1\t0\t8\n", "is no FASTA file"),
        (b">chr1\nACGT\n>chr1\nACGT\n", "cannot be indexed as FASTA"),
        (b">chr1\nACGT\nAC\nACGT\n", "cannot be indexed as FASTA"),
    ):
        genome.write_bytes(content)
        with pytest.raises(ValueError, match=fault):
            read(tmp_path, genome, "chr1\t0\t8\n")
    genome.unlink()
    with pytest.raises(FileNotFoundError, match=r"genome\.fa: no such file; expected a genome"):
        read(tmp_path, genome, "chr1\t0\t8\n")


def test_a_genome_that_has_changed_is_indexed_again(tmp_path, genome):
    assert read(tmp_path, genome, "chr1\t0\t4\n")[1] == ["AACC"]
    genome.write_text(">chr0\nACGTA\n" + GENOME)
    assert read(tmp_path, genome, "chr1\t0\t4\n")[1] == ["AACC"]


@pytest.fixture
def own(tmp_path):
    """A folder with 40 places in a genome of 8,000 nt, as BED and as the sequences themselves."""
    letters = np.random.default_rng(3).choice(list("ACGT"), 8_000)
    genome = tmp_path / "random.fa"
    genome.write_text(">chrA\n" + "".join(letters) + "\n")
    beds, sequences = tmp_path / "peaks", tmp_path / "sequences"
    for folder in (beds, sequences):
        folder.mkdir()
    for tf, first in (("ONE", 0), ("TWO", 4_000)):
        starts = range(first, first + 4_000, 200)
        (beds / f"{tf}.bed").write_text("".join(f"chrA\t{s}\t{s + 100}\n" for s in starts))
        fasta = "".join(f">{s}\n{''.join(letters[s : s + 100])}\n" for s in starts)
        (sequences / f"{tf}.fa").write_text(fasta)
    return beds, sequences, genome


def test_a_folder_of_places_is_the_dataset_of_their_sequences(own):
    beds, sequences, genome = own
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        read = chipseq.from_folder(beds, genome=genome)
    assert any("ONE.bed: 20 places read from random.fa" in str(one.message) for one in said)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = chipseq.from_folder(sequences)
    assert read.config["sha256"] == expected.config["sha256"]
    assert read.config["genome"]["file"] == "random.fa"
    with pytest.raises(ValueError, match="no BED or narrowPeak file"):
        chipseq.from_folder(sequences, genome=genome)
    with pytest.raises(ValueError, match="Give --genome"):
        chipseq.from_folder(beds)
    with pytest.raises(ValueError, match="a genome is for a folder's places"):
        catalogue.parse_dataset("chipseq", genome=genome)


def test_a_record_of_another_genome_is_of_other_data(own):
    beds, _, genome = own
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = chipseq.from_folder(beds, genome=genome).config
    runs.check_source(beds, chipseq.Folder(beds, genome=genome), made, None)
    runs.check_source(beds, chipseq.Folder(beds), made, None)  # the places are the same
    genome.write_text(genome.read_text()[:-1] + "\n>chrB\nACGT\n")
    runs.check_source(beds, chipseq.Folder(beds, genome=genome), made, None)
    genome.write_text(genome.read_text().replace("A", "C").replace(">chrC", ">chrA"))
    with pytest.raises(runs.OtherDataError, match=r"sequences read from random\.fa"):
        runs.check_source(beds, chipseq.Folder(beds, genome=genome), made, None)


def test_describe_takes_a_genome(own, tmp_path, capsys):
    beds, _, genome = own
    results = tmp_path / "results"
    assert cli.main(["describe", str(beds), "--results", str(results)]) == 2
    assert "Give --genome GENOME.fa" in capsys.readouterr().err
    assert not results.exists()
    options = ["--genome", str(genome), "--results", str(results)]
    assert cli.main(["describe", str(beds), *options]) == 0
    assert "note: ONE.bed: 20 places read from random.fa, 100 nt" in capsys.readouterr().err
    assert cli.main(["describe", str(beds), "--genome", "no.fa", "--results", str(results)]) == 2
    assert capsys.readouterr().err == (
        "motifbook: error: no.fa: no such file; expected a genome as FASTA\n"
    )


@pytest.mark.parametrize("ending", ["bed", "narrowPeak"])
def test_places_of_a_background_are_negatives_on_the_command_line(own, tmp_path, capsys, ending):
    beds, sequences, genome = own
    places = (beds / "TWO.bed").read_text().splitlines()
    (beds / "TWO.bed").unlink()
    rest = "" if ending == "bed" else "\t.\t0\t.\t1\t-1\t-1\t50"
    (beds / f"background.{ending}").write_text("".join(f"{place}{rest}\n" for place in places))
    (sequences / "TWO.fa").rename(sequences / "background.fa")
    made = []
    for folder, more in ((beds, ["--genome", str(genome)]), (sequences, [])):
        results = tmp_path / f"results-{folder.name}"
        assert cli.main(["describe", str(folder), *more, "--results", str(results)]) == 0
        printed = capsys.readouterr()
        # 20 places of ONE, 40 sequences in all.
        rows = {line.split()[0]: line.split() for line in printed.out.splitlines()[1:3]}
        assert rows.keys() == {"sequences", "ONE"}
        assert (rows["sequences"][4], rows["ONE"][4]) == ("40", "20")
        made.append(rows)
        if folder == beds:
            assert f"background.{ending}: 20 places read from random.fa" in printed.err
        assert "20 of 20 are taken as negatives" in printed.err
    assert made[0] == made[1]
