"""Each format, each kind of bad row, and files that are none of them."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifbook.sequences.datasets import encode
from motifbook.sequences.readers import read

FASTA = ">chr1 peak 1\nACGT\nacgn\n\n>chr2\nTTTT\n"
TABLE = "FoldID\tEventID\tseq\tBound\nA\tone\tACGT\t1\nA\ttwo\tGGGG\t0\nA\tthree\tttnn\t1\n"
LABELLED = ">chr1:5-9 ACGT 1\n>chr1:5-9_shuf CATG 0\n>chr2:1-4 TTNN 1\n"


def sequences(reading):
    return ["".join("ACGTN"[base] for base in bases) for bases in reading.sequences]


def write(folder, text, name="set.txt"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "kind", "expected", "unbound"),
    [
        (FASTA, "fasta", ["ACGTACGN", "TTTT"], 0),
        (TABLE, "table", ["ACGT", "TTNN"], 1),
        (LABELLED, "labelled lines", ["ACGT", "TTNN"], 1),
    ],
)
def test_each_format(tmp_path, text, kind, expected, unbound):
    for variant in (text, text.replace("\n", "\r\n"), "\ufeff" + text, text.rstrip("\n")):
        reading = read(write(tmp_path, variant))
        assert reading.format == kind
        assert sequences(reading) == expected
        assert reading.unbound == unbound
        assert reading.bad == ()
    zipped = read(write(tmp_path, gzip.compress(text.encode()), "set.seq.gz"))
    assert sequences(zipped) == expected
    assert zipped.file == "set.seq.gz"


def test_a_fasta_header_may_look_like_a_labelled_line(tmp_path):
    reading = read(write(tmp_path, ">chr1 peak 1\nACGT\n>chr2 peak 1\nTTTT\n"))
    assert reading.format == "fasta"
    assert sequences(reading) == ["ACGT", "TTTT"]


def test_bad_rows_are_counted_and_named_with_their_line(tmp_path):
    reading = read(write(tmp_path, ">one\nACGT\n>empty\n>two\nACXT\n>three\nTTTT\n"))
    assert sequences(reading) == ["ACGT", "TTTT"]
    assert [line for line, _ in reading.bad] == [3, 4]
    assert reading.faults() == (
        "set.txt:3: no sequence\nset.txt:4: 'X' at position 3 is no nucleotide (A, C, G, T, N)"
    )
    assert reading.faults(most=1).endswith("and 1 more")

    reading = read(write(tmp_path, TABLE + "A\tfour\tACGT\nA\tfive\tACGT\t2\nA\tsix\t\t1\n"))
    assert reading.bad == (
        (5, "3 fields, expected 4"),
        (6, "label '2' is neither 0 nor 1"),
        (7, "no sequence"),
    )
    reading = read(write(tmp_path, LABELLED + ">chr3 ACGT\nchr4 ACGT 1\n>chr5 ACGT yes\n"))
    assert [line for line, _ in reading.bad] == [4, 5, 6]


def test_sequence_before_the_first_header_is_a_bad_row(tmp_path):
    with pytest.raises(ValueError, match="starts with 'AAAA'"):
        read(write(tmp_path, "AAAA\n>one\nACGT\n"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"chr1\t10\t20\n", "starts with 'chr1.*expected FASTA"),
        (b">one\n>two\n", "no usable bound sequence .0 rows not bound, 2 bad rows"),
        (b">a ACGT 0\n>b ACGT 0\n", "no usable bound sequence .2 rows not bound, 0 bad"),
        (b">a\nAC\xff\xfeGT\n", "set.txt:1: .* is no nucleotide"),
        (gzip.compress(FASTA.encode())[:-9], "damaged gzip"),
        (b"\x1f\x8bnonsense", "damaged gzip"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(tmp_path, content, message):
    with pytest.raises(ValueError, match=r"set\.txt") as caught:
        read(write(tmp_path, content))
    assert caught.match(message)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file of sequences"):
        read(tmp_path / "none.fa")


@given(
    st.lists(st.text("ACGTNacgtn", min_size=1, max_size=30), min_size=1, max_size=8),
    st.integers(1, 7),
)
def test_fasta_of_any_folding_round_trips(tmp_path_factory, records, width):
    folder = tmp_path_factory.mktemp("fasta")
    text = "".join(
        f">r{i}\n" + "".join(r[j : j + width] + "\n" for j in range(0, len(r), width))
        for i, r in enumerate(records)
    )
    found = read(write(folder, text)).sequences
    assert len(found) == len(records)
    for bases, record in zip(found, records, strict=True):
        assert np.array_equal(bases, encode(record))
