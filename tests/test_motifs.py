from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motifbook.motifs import matrices
from motifbook.motifs.matrices import MemeError, Motif, information, read_meme, write_meme

SHARED = Path(__file__).resolve().parents[2] / "shared"

WIDTHS = {  # NOTES of the paper's ground truth: TF, matrix length
    "Arid3a": 6,
    "CEBPB": 10,
    "FOSL1": 11,
    "Gabpa": 11,
    "MAFK": 15,
    "MAX": 10,
    "MEF2A": 12,
    "NFYB": 15,
    "SP1": 11,
    "SRF": 16,
    "STAT1": 11,
    "YY1": 12,
}


def test_ground_truth_is_in_label_order_with_the_published_lengths():
    truth = matrices.ground_truth()
    assert [motif.id for motif in truth] == [matrices.GROUND_TRUTH[tf] for tf in matrices.TFS]
    assert {tf: motif.width for tf, motif in zip(matrices.TFS, truth, strict=True)} == WIDTHS
    assert [motif.name.upper() for motif in truth] == [tf.upper() for tf in matrices.TFS]


def test_pool_alternates_motif_and_reverse_complement():
    pool = matrices.pwm_pool()
    assert len(pool) == 24
    for tf, motif in enumerate(matrices.ground_truth()):
        np.testing.assert_array_equal(pool[2 * tf].ppm, motif.ppm)
        np.testing.assert_array_equal(pool[2 * tf + 1].ppm, motif.ppm[::-1, ::-1])


def test_the_519_targets_of_the_paper():
    targets = matrices.jaspar()
    ids = [motif.id for motif in targets]
    assert len(ids) == len(set(ids)) == 519
    assert ids == sorted(ids)
    sums = np.concatenate([motif.ppm.sum(axis=1) for motif in targets])
    np.testing.assert_allclose(sums, 1, atol=1e-12)
    relevant = [id_ for ids in matrices.RELEVANT.values() for id_ in ids]
    assert len(set(relevant) & set(ids)) == 16


def test_a_relevant_motif_keeps_its_identifier_but_for_the_version():
    by_release = {year: matrices.relevant_in(year) for year in (2016, 2024)}
    in_2016 = {motif.id for motif in matrices.jaspar()}
    for tf, ids in by_release[2016].items():  # the authors' own list
        assert set(ids) == set(matrices.RELEVANT[tf]) & in_2016
    assert by_release[2024]["MAX"] == ("MA0058.4",)
    assert by_release[2024]["NFYB"] == ("MA0060.4", "MA0502.3")
    assert by_release[2024]["FOSL1"] == ("MA0477.3",)  # and no pair, such as FOSL1::JUN


def test_ppms_are_normalised_counts():
    by_id = {motif.id: motif for motif in matrices.jaspar("2016")}
    # Arnt's counts: A 4 19 0 0 0 0, C 16 0 20 0 0 0, G 0 1 0 20 0 20, T 0 0 0 0 20 0
    expected = [[4, 16, 0, 0], [19, 0, 1, 0], [0, 20, 0, 0], [0, 0, 20, 0], [0, 0, 0, 20]]
    np.testing.assert_allclose(by_id["MA0004.1"].ppm, np.array([*expected, [0, 0, 20, 0]]) / 20)
    # Of rows with different sums each is divided by its own; nsites as JASPAR's MEME file has it.
    assert by_id["MA0004.1"].nsites == 20
    assert by_id["MA0030.1"].nsites == 27
    assert by_id["MA0003.3"].nsites == 5484
    assert by_id["MA0028.2"].nsites == 50057
    np.testing.assert_allclose(by_id["MA0030.1"].ppm[3], [13 / 28, 5 / 28, 5 / 28, 5 / 28])


@pytest.mark.parametrize("release", ["2016", "JASPAR2016", "jaspar2016", 2016])
def test_release_by_any_of_its_names(release):
    assert matrices.jaspar(release)[0] is matrices.jaspar("2016")[0]


def test_other_releases():
    assert len(matrices.jaspar("2024")) > 519
    assert any(motif.id == "PB0001.1" for motif in matrices.jaspar("2016", collection="PBM"))


def test_unknown_release_names_those_there_are(capsys):
    with pytest.raises(ValueError, match=r"JASPAR1999.*JASPAR2014, JASPAR2016.*JASPAR2024"):
        matrices.jaspar("1999")
    assert capsys.readouterr() == ("", "")


def test_nothing_found_is_an_error_without_chatter(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="martians"):
            matrices.jaspar("2016", tax_group="martians")
    assert capsys.readouterr() == ("", "")


def test_a_changed_list_does_not_change_the_next():
    matrices.jaspar().clear()
    assert len(matrices.jaspar()) == 519


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("MA0477.1", ("FOSL1", "FOSL1")),
        ("MA0660.1", ("STAT1", "MEF2B")),
        ("MA0773.1", ("STAT1", "MEF2D")),
        ("MA0060.2", ("NFYB", "NFYA")),
        ("MA0601.1", ("Arid3a", "Arid3b")),
        ("MA0004.1", (None, None)),
    ],
)
def test_label(target, expected):
    assert matrices.label(target) == expected


def test_label_under_other_relevant_sets():
    assert matrices.label("X1", {"a": ["X1"], "b": ["X1"]}) == ("a", "a")
    assert matrices.label("MA0660.1", {"MEF2A": ["MA0660.1"]}) == ("MEF2A", "MEF2B")


def test_true_names_are_those_of_jaspar():
    names = {motif.id: motif.name for motif in matrices.jaspar()}
    for id_, tf in matrices.TRUE_TF.items():
        if id_ in names:
            assert names[id_].upper() == tf.upper()


def test_information():
    ppm = [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4, [0, 0, 0, 0]]
    np.testing.assert_allclose(information(ppm), [2, 1, 0, 0])


@given(st.lists(st.floats(0.001, 1), min_size=4, max_size=4))
def test_information_lies_between_0_and_2_bits(weights):
    ppm = np.array([weights]) / sum(weights)
    assert 0 <= information(ppm)[0] <= 2


def test_motif_checks_its_parts():
    with pytest.raises(ValueError, match=r"filter0.*\(length, 4\).*\(4, 3\)"):
        Motif("filter0", "", np.zeros((4, 3)), 1)
    with pytest.raises(ValueError, match="length, 4"):
        Motif("filter0", "", np.zeros((0, 4)), 1)
    with pytest.raises(ValueError, match="nsites"):
        Motif("filter0", "", np.eye(4), float("nan"))
    with pytest.raises(ValueError, match="one word"):
        Motif("two words", "", np.eye(4), 1)
    given_ = np.eye(4)
    motif = Motif("m", "", given_, 1)
    given_[:] = 0
    assert motif.ppm[0, 0] == 1
    assert motif.name == "m"
    with pytest.raises(ValueError, match="read-only"):
        motif.ppm[0, 0] = 5


# --- MEME files -------------------------------------------------------------------------------

HEAD = (
    "MEME version 4\n\nALPHABET= ACGT\n\n"
    "Background letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n\n"
)
MATRIX = "letter-probability matrix: alength= 4 w= 2 nsites= 7 E= 0\n"
ROWS = "0.1 0.2 0.3 0.4\n1 0 0 0\n"
PPM = [[0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]]
ONE = HEAD + "MOTIF MA1.1 abc\n" + MATRIX + ROWS


@pytest.fixture
def meme(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "motifs.meme"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def check(motif, id_="MA1.1", name="abc", nsites=7, ppm=PPM):
    assert (motif.id, motif.name, motif.nsites) == (id_, name, nsites)
    np.testing.assert_array_equal(motif.ppm, ppm)


@pytest.mark.parametrize(
    "text",
    [
        ONE,
        ONE.rstrip("\n"),
        ONE.replace("\n", "\r\n"),
        ONE.replace("\n", "\r"),
        "\ufeff" + ONE,
        ONE.replace("\n", "\n\n"),
        ONE.replace(" 0.2 0.3", "\t 0.2\t0.3  "),
        ONE.lower().replace("ma1.1", "MA1.1"),
        ONE + "URL http://example.org/x?w=3&nsites=9\n\n",
        ONE + "--------------------\nSome text 1 2 3\n",
        ONE + "\nTime 0.5 secs.\n",
        ONE.replace("w= 2 ", ""),
        ONE.replace("alength= 4 w= 2 nsites= 7 E= 0", "nsites=7 w=2"),
        "MOTIF MA1.1 abc\n" + MATRIX + ROWS,
        # Complete MEME output describes a motif between its name and its matrix.
        ONE.replace(
            MATRIX, "\tMotif MA1.1 MEME-1 Description\nlog-odds matrix: w= 2\n1 2 3 4\n" + MATRIX
        ),
    ],
)
def test_read_meme_one_motif_in_many_dresses(meme, text):
    (motif,) = read_meme(meme(text))
    check(motif)


def test_read_meme_defaults(meme):
    (motif,) = read_meme(meme("MOTIF m\nletter-probability matrix:\n" + ROWS))
    check(motif, "m", "m", 20)


def test_read_meme_several_motifs_without_blank_lines(meme):
    text = ONE + "MOTIF two\n" + MATRIX + ROWS + "MOTIF three x y\n" + MATRIX + ROWS.rstrip()
    first, second, third = read_meme(meme(text))
    check(first)
    check(second, "two", "two")
    check(third, "three", "x y")


def test_read_meme_keeps_dead_filters(meme):
    text = ONE.replace(ROWS, "0.0000 0.0000 0.0000 0.0000\nnan nan nan nan\n")
    (motif,) = read_meme(meme(text))
    np.testing.assert_array_equal(motif.ppm, [[0] * 4, [np.nan] * 4])


BLOCK = """ALPHABET "DNA" DNA-LIKE
# as the MEME Suite writes it
A "Adenine = 1" CC0000 ~ T "Thymine" 008000
C "Cytosine" 0000CC ~ G "Guanine" FFB300
N "Any base" = ACGT
X = ACGT
U = T
END ALPHABET
"""


@pytest.mark.parametrize(
    "block",
    [
        BLOCK,
        BLOCK.replace(' "DNA" DNA-LIKE', ""),
        'ALPHABET "DNA"\nA\nC\nG "Guanine"\nT\nEND ALPHABET\n',
        "ALPHABET ACGT\n",
    ],
)
def test_read_meme_an_alphabet_that_is_written_out(meme, block):
    (motif,) = read_meme(meme(ONE.replace("ALPHABET= ACGT\n", block)))
    check(motif)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (BLOCK.replace('A "', 'M "methyl" ~ W\nA "'), ":11: .*core letters are MWATCG"),
        ('ALPHABET "RNA" RNA-LIKE\nA\nC\nG\nU\nEND ALPHABET\n', ":8: .*core letters are ACGU"),
        ('ALPHABET "RNA"\nA\nC\nG\nU\nEND ALPHABET\n', ":8: .*core letters are ACGU"),
        ('ALPHABET "DNA"\nA\nC\nG\nT\n', "no line 'END ALPHABET'"),
    ],
)
def test_read_meme_another_alphabet_that_is_written_out(meme, block, message):
    with pytest.raises(MemeError, match=message):
        read_meme(meme(ONE.replace("ALPHABET= ACGT\n", block)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            ">MA1.1\tabc\nA [ 1 0 ]\nC [ 0 0 ]\nG [ 0 1 ]\nT [ 1 1 ]\n",
            "JASPAR.* jaspar2meme -bundle",
        ),
        (">MA1.1 abc\n1 0 3 4 5\n0 0 1 1 1\n0 1 0 0 0\n1 1 2 2 2\n", "JASPAR"),
        (
            ">ACGT\tabc\t6.05\t-11.8\n0.1 0.2 0.3 0.4\n1 0 0 0\n",
            "HOMER.* homer2meme motifs.meme > motifs.converted.meme",
        ),
        (
            "AC  M1\nXX\nID  abc\nP0      A      C      G      T\n01 1 2 3 4 N\n",
            "TRANSFAC.* transfac",
        ),
        ("ID abc\nBF x\nPO A C G T\n01 1 2 3 4\n", "TRANSFAC"),
        ("VV TRANSFAC\nXX\nAC M1\nP0 A C G T\n01 1 2 3 4\n", "TRANSFAC"),
        ("DE MA1 abc\n01 1 2 3 4\nXX\n", "TRANSFAC"),
        ("1 0 3\n0 0 1\n0 1 0\n1 1 2\n", "four rows of numbers without a name.*jaspar2meme"),
        ("Pos\tA\tC\tG\tT\n1\t.1\t.2\t.3\t.4\n", "the format of CIS-BP"),
        ("TF\tabc\nMotif\tM1\nPos\tA\tC\tG\tT\n1\t.1\t.2\t.3\t.4\n", "the format of CIS-BP"),
        (">one\nACGT\n", "FASTA: sequences, not motifs"),
        (">AHR\n" + "40.512 18.263 56.414 38.775\n" * 12, "a matrix .*HOCOMOCO.* 'MOTIF name'"),
        ("Gene\nA:\t0.1\nC:\t0.1\nG:\t0.4\nT:\t0.4\n", "UniPROBE.*uniprobe2meme motifs.meme"),
        ("<?xml version='1.0'?>\n<MEME>\n", "XML or HTML; give the text output"),
    ],
)
def test_read_meme_names_other_formats(meme, text, message):
    with pytest.raises(MemeError, match=rf"motifs.meme:1: is (in )?{message}") as error:
        read_meme(meme(text))
    assert "expected motifs in MEME format" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "no motif"),
        (HEAD, 8, "no motif"),
        (ONE.replace("0.3 0.4", "0.7"), 10, "four numbers"),
        (ONE.replace("0.4", "0.4 0.5"), 10, "four numbers"),
        (ONE.replace("0.4", "x"), 10, "four numbers"),
        (ONE.replace("0.4", "-0.4"), 10, "four numbers"),
        (ONE.replace("0.4", "inf"), 10, "four numbers"),
        (ONE.replace("1 0 0 0\n", ""), 9, "w= 2 rows are expected, found 1"),
        (ONE + "0 0 0 1\n", 12, "more rows than w= 2"),
        (ONE.replace("w= 2", "w= 2.5"), 9, "w= 2.5"),
        (ONE.replace("w= 2", "w= x"), 9, "w= x"),
        (ONE.replace("nsites= 7", "nsites= nan"), 9, "nsites= nan"),
        (ONE.replace("nsites= 7", "nsites= 1_0"), 9, "nsites= 1_0"),
        (ONE.replace("alength= 4", "alength= 20"), 9, "alength= 4"),
        (ONE.replace("w= 2 ", "").replace(ROWS, ""), 9, "at least one row"),
        (ONE.replace("ALPHABET= ACGT", "ALPHABET= ACDEFGHIKLMNPQRSTVWY"), 3, "ACGT"),
        (ONE.replace("MA1.1 abc", ""), 8, "without a name"),
        (ONE.replace(MATRIX + ROWS, ""), 8, "found 0"),
        (ONE + MATRIX + ROWS, 8, "found 2"),
        (HEAD + MATRIX + ROWS + "MOTIF a\n", 8, "before any"),
        (ONE + "MOTIF MA1.1\n" + MATRIX + ROWS, 12, "MA1.1 occurs twice"),
        (b"\xff\xfe\x00M", 1, "not a text file"),
    ],
)
def test_read_meme_says_file_and_line(meme, text, line, message):
    path = meme(text)
    with pytest.raises(MemeError) as error:
        read_meme(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert message in str(error.value)


def test_read_meme_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_meme(tmp_path / "none.meme")


words = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=8)


@settings(deadline=None)
@given(
    st.data(),
    st.lists(words, min_size=1, max_size=4, unique=True),
    st.integers(1, 9),
)
def test_what_is_written_is_read(tmp_path_factory, data, ids, decimals):
    rows = st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=1, max_size=5)
    written = [
        Motif(id_, data.draw(words), np.array(data.draw(rows)), data.draw(st.floats(0, 1e6)))
        for id_ in ids
    ]
    path = tmp_path_factory.mktemp("meme") / "motifs.meme"
    write_meme(path, written, decimals)
    for before, after in zip(written, read_meme(path), strict=True):
        assert (after.id, after.name, after.nsites) == (before.id, before.name, before.nsites)
        np.testing.assert_allclose(after.ppm, before.ppm, rtol=0, atol=0.51 * 10.0**-decimals)
    # Written again it is the same file: what is rounded once stays.
    again = path.with_name("again.meme")
    write_meme(again, read_meme(path), decimals)
    assert again.read_bytes() == path.read_bytes()


def test_write_meme_has_four_decimals_and_the_given_nsites(tmp_path):
    path = tmp_path / "motifs.meme"
    write_meme(path, [Motif("a", "b", [[1 / 3, 2 / 3, 0, 0]], 12.0), Motif("c", "", PPM, 1.5)])
    assert path.read_text() == (
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n"
        "Background letter frequencies\nA 0.2500 C 0.2500 G 0.2500 T 0.2500\n\n"
        "MOTIF a b\nletter-probability matrix: alength= 4 w= 1 nsites= 12\n"
        "0.3333 0.6667 0.0000 0.0000\n\n"
        "MOTIF c\nletter-probability matrix: alength= 4 w= 2 nsites= 1.5\n"
        "0.1000 0.2000 0.3000 0.4000\n1.0000 0.0000 0.0000 0.0000\n"
    )


def test_write_meme_refuses_nothing_and_doubles(tmp_path):
    path = tmp_path / "motifs.meme"
    with pytest.raises(ValueError, match=r"motifs\.meme: no motifs"):
        write_meme(path, [])
    with pytest.raises(ValueError, match="a occurs twice"):
        write_meme(path, [Motif("a", "", PPM, 1), Motif("a", "", PPM, 1)])
    assert not list(tmp_path.iterdir())


def test_write_meme_leaves_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "motifs.meme"
    path.write_text("old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_meme(path, [Motif("a", "", PPM, 1)])
    assert [entry.name for entry in tmp_path.iterdir()] == ["motifs.meme"]
    assert path.read_text() == "old"


def test_the_authors_filters_can_be_read():
    folder = SHARED / "data" / "authors" / "synthetic" / "conv_filters"
    if not folder.is_dir():
        pytest.skip("the authors' archive is not beside the project")
    files = sorted(folder.glob("*.meme"))
    assert len(files) == 24
    for file in files:
        read = read_meme(file)
        assert [motif.id for motif in read] == [f"filter{i}" for i in range(30)]
        assert all(motif.nsites == motif.width for motif in read)


def test_import_is_light():
    code = "import sys, motifbook.motifs.matrices; "
    code += "print({'Bio', 'pyjaspar', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_matrix_is_found_in_whichever_release_has_it():
    motif, release = matrices.find("MA0058.3")
    assert (motif.name, release) == ("MAX", "JASPAR 2016")
    known = {one.id: one for one in matrices.jaspar()}["MA0058.3"]
    assert (motif.ppm == known.ppm).all() and motif.nsites == known.nsites
    assert matrices.find("MA0139.2")[1] == "JASPAR 2024"
    with pytest.raises(ValueError, match=r"'MA9999\.1' is no identifier in JASPAR2014, "):
        matrices.find("MA9999.1")
