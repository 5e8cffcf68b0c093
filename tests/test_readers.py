"""Each format, each kind of bad row, and files that are none of them."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifbook.sequences.datasets import encode
from motifbook.sequences.readers import read, text_lines

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
        assert len(reading.unbound) == unbound
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

    reading = read(write(tmp_path, TABLE + "A\tfour\tACGT\nA\tfive\t\t1\n"))
    assert reading.bad == (
        (5, "3 fields, expected 4"),
        (6, "no sequence"),
    )
    reading = read(write(tmp_path, LABELLED + ">chr3 ACGT\nchr4 ACGT 1\n"))
    assert [line for line, _ in reading.bad] == [4, 5]


@pytest.mark.parametrize("one", [">{}", "> {}", ">{} ", ">\t{}"])
def test_fasta_headers_that_are_labels_and_nothing_else_are_read_as_labels(tmp_path, one):
    rows = [("1", "ACGT"), ("0", "GG\nGG"), ("1", "TTTT"), ("0", "CCCC"), ("0", "CACA")]
    text = "".join(one.format(label) + f"\n{bases}\n" for label, bases in rows)
    reading = read(write(tmp_path, text))
    assert reading.format == "labelled fasta"
    assert sequences(reading) == ["ACGT", "TTTT"]
    assert ["".join("ACGTN"[b] for b in bases) for bases in reading.unbound] == [
        *("GGGG", "CCCC", "CACA")
    ]


@pytest.mark.parametrize(
    "headers",
    [
        ["0", "1", "2"],  # numbers of the records
        [str(i) for i in range(30)],
        [*"01234", *"01234"],  # two files joined
        ["peak", "peak", "peak"],
        ["chr1 0", "chr1 5", "chr2 1"],
        ["", "", ""],
    ],
)
def test_fasta_headers_that_are_names_are_no_labels(tmp_path, headers):
    reading = read(write(tmp_path, "".join(f">{one}\nACGT\n" for one in headers)))
    assert reading.format == "fasta" and not reading.names_hold_label
    assert len(reading.sequences) == len(headers) and reading.unbound == []


@pytest.mark.parametrize(
    "one",
    [
        *("peak_{0} {1}", "P.{0}|{1}|training", "{0}|{1}|", "{1}|chr{0}", "{1} chr{0}"),
        *("p{0}_{2}", "p{0} label={1}", "{2}_{0}", "p{0}:{1}.0"),
    ],
)
def test_names_that_hold_what_may_be_a_label(tmp_path, one):
    rows = [one.format(i, i % 2, ("neg", "Pos")[i % 2]) for i in range(6)]
    reading = read(write(tmp_path, "".join(f">{row}\nACGT\n" for row in rows)))
    assert len(reading.sequences) == 6
    assert reading.names_hold_label == ("training" not in one)


@pytest.mark.parametrize(
    ("headers", "hold"),
    [
        (["00", "01", "00", "01"], True),
        (["[0]", "[1]", "[0]", "[0]", "[1]"], True),
        (["chip", "control", "chip", "control"], True),
        (["chip", "control", "chip"], False),
        (["a", "b", "c", "a", "b", "c"], False),
    ],
)
def test_two_headers_that_come_again_and_again_may_be_labels(tmp_path, headers, hold):
    reading = read(write(tmp_path, "".join(f">{one}\nACGT\n" for one in headers)))
    assert len(reading.sequences) == len(headers) and reading.names_hold_label == hold


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">1\nACGT\n>0\nACGT\n>2\nACGT\n>1\nTT\n", "set.txt:5: label '2' is neither 0 nor 1"),
        (">1\nACGT\n>-1\nACGT\n>-1\nACGT\n", "set.txt:3: label '-1' is neither"),
        (">1\nACGT\n>0\nACGT\n>peak\nACGT\n>1\nA\n", "set.txt:5: label 'peak' is neither"),
        (">1.0\nACGT\n>0.0\nACGT\n>1.0\nACGT\n", "set.txt:1: label '1.0' is neither"),
        (">pos\r\nACGT\r\n>neg\r\nACGT\r\n>pos\r\nTT\r\n", "set.txt:1: label 'pos' is"),
        (">True\nACGT\n>False\nACGT\n>True\nACGT\n", "set.txt:1: label 'True' is neither"),
        (">a ACGT 2\n>b ACGT 1\n>c ACGT 2\n", "set.txt:1: label '2' is neither"),
        (">a ACGT -1\n>b ACGT -1\n", "set.txt:1: label '-1' is neither"),
        (TABLE + "A\tfive\tACGT\t-1\n", "set.txt:5: label '-1' is neither"),
        (TABLE + "A\tfive\tACGT\t1.0\n", "set.txt:5: label '1.0' is neither"),
        (TABLE + "A\tfive\tACGT\t2\n", "set.txt:5: label '2' is neither 0 nor 1"),
        (TABLE + "A\tfive\tACGT\t\n", "set.txt:5: label '' is neither 0 nor 1"),
        (LABELLED + ">chr5 ACGT yes\n", "set.txt:4: label 'yes' is neither 0 nor 1"),
    ],
)
def test_a_label_that_is_none_is_an_error_that_names_its_line(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read(write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        ">one\nACGU\nug**\n>two\nTTTT\n>three\n*\n",
        TABLE[: TABLE.index("\n") + 1] + "A\t1\tACGUug*\t1\nA\t2\tTTTT\t1\nA\t3\t*\t1\n",
        ">one ACGUug 1\n>two TTTT 1\n>three - 1\n",
    ],
)
def test_rna_and_a_closing_star_are_mended_and_counted(tmp_path, text):
    reading = read(write(tmp_path, text))
    assert sequences(reading) == ["ACGTTG", "TTTT"]
    assert reading.mended == 1 and len(reading.bad) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"chr1\t10\t20\n",
            "is a BED file: .*Give --genome.* bedtools getfasta -fi GENOME.fa -bed set.txt -fo set",
        ),
        (
            b"chr1\t10\t20\tp\t0\t.\t1.5\t-1\t-1\t5\nchr1\t30\t40\tp\n",
            "is a BED file",
        ),  # narrowPeak
        (b"chr1 10 20\nchr1 30 40\n", "is a BED file"),
        (b"chr1\t10\t20\nchr1\t30\t40\n", "is a BED file"),
        (b"# MACS\n\nchr\tstart\tend\tlength\nchr1\t1\t4\t3\n", "MACS .*narrowPeak"),
        (">1\nACGT\n".encode("utf-16"), "is text in UTF-16"),
        (gzip.compress(gzip.compress(FASTA.encode(), mtime=0), mtime=0), "is gzipped twice"),
        (b"\x28\xb5\x2f\xfd...", "is a zstandard file"),
        (b"track name=peaks\nchr1\t10\t20\n", "is a BED file"),
        (b"#chrom\tstart\tend\nchr1\t10\t20\n", "is a BED file"),
        (gzip.compress(b"chr1\t10\t20\n", mtime=0), "is a BED file"),
        (b"@read1\nACGT\n+\nIIII\n", "is a FASTQ file"),
        (b"MEME version 4\n", "is a file of motifs"),
        (b"LOCUS       X 20 bp\n", "is a GenBank file"),
        (b"BZh9...", "is a bzip2 file; unpack it first"),
        (b"PK\x03\x04...", "is a zip file; unpack it first"),
        (b"\x89HDF\r\n", "is an HDF5 file"),
        (gzip.compress(b"BAM\x01", mtime=0), "is a BAM file"),
    ],
)
def test_other_formats_are_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read(write(tmp_path, content))


def test_sequence_before_the_first_header_is_a_bad_row(tmp_path):
    with pytest.raises(ValueError, match="starts with 'AAAA'"):
        read(write(tmp_path, "AAAA\n>one\nACGT\n"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"chr1 ten\n", "starts with 'chr1.*expected FASTA"),
        (b">one\n>two\n", "no usable bound sequence .0 rows not bound, 2 bad rows"),
        (b">a ACGT 0\n>b ACGT 0\n", "no usable bound sequence .2 rows not bound, 0 bad"),
        (b">a\nAC\xff\xfeGT\n", "set.txt:1: .* is no nucleotide"),
        (gzip.compress(FASTA.encode(), mtime=0)[:-9], "damaged gzip"),
        (b"\x1f\x8bnonsense", "damaged gzip"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(tmp_path, content, message):
    with pytest.raises(ValueError, match=r"set\.txt") as caught:
        read(write(tmp_path, content))
    assert caught.match(message)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file; expected sequences"):
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


def test_a_line_ends_at_its_end_alone(tmp_path):
    path = tmp_path / "x.fa"
    path.write_bytes(b">a\x0cACGT\r\nACG\n>b\rTTT\n")
    assert text_lines(path) == [">a\x0cACGT", "ACG", ">b", "TTT"]


@pytest.mark.parametrize("header", ["seq\tBound\tBound", "Seq\tbound\tseq", "seq\tBound\tBOUND "])
def test_a_table_that_has_a_column_twice(tmp_path, header):
    path = tmp_path / "a.tsv"
    path.write_text(f"{header}\nACGT\t1\t0\n")
    with pytest.raises(ValueError, match=r"a\.tsv: its header has 2 columns '(seq|bound)'"):
        read(path)


def test_letters_of_several_bases_are_said_to_be_read_as_n(tmp_path):
    path = tmp_path / "a.fa"
    path.write_text(">a\nACRT\n>b\nACGT\n>c\nNNNA\n")
    reading = read(path)
    assert reading.sequences[0].tolist() == [0, 1, 4, 3]
    assert reading.notes == (
        "1 hold letters of several bases, such as R or Y, which are read as N",
    )
