"""JASPAR motifs and MEME motif files.

A position probability matrix (PPM) is a (length, 4) float64 array, its channels in the order
A, C, G, T. The twelve ground truth motifs, the matrices that count as relevant matches, and the
519 targets are those of Koo & Eddy (PLoS Comput Biol 2019).
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from motifbook.files import source, write_whole

GROUND_TRUTH: dict[str, str] = {
    "Arid3a": "MA0151.1",
    "CEBPB": "MA0466.2",
    "FOSL1": "MA0477.1",
    "Gabpa": "MA0062.2",
    "MAFK": "MA0496.1",
    "MAX": "MA0058.3",
    "MEF2A": "MA0052.3",
    "NFYB": "MA0502.1",
    "SP1": "MA0079.3",
    "SRF": "MA0083.3",
    "STAT1": "MA0137.3",
    "YY1": "MA0095.2",
}
"""JASPAR 2016 matrix embedded for each transcription factor (TF)."""

PAPERS_RELEASE = "2016"
"""The JASPAR release that the paper asks."""

TFS: tuple[str, ...] = tuple(GROUND_TRUTH)
"""The TFs in the order of the labels."""

RELEVANT: dict[str, tuple[str, ...]] = {
    "Arid3a": ("MA0151.1", "MA0601.1", "PB0001.1"),
    "CEBPB": ("MA0466.1", "MA0466.2"),
    "FOSL1": ("MA0477.1",),
    "Gabpa": ("MA0062.1", "MA0062.2"),
    "MAFK": ("MA0496.1", "MA0496.2"),
    "MAX": ("MA0058.1", "MA0058.2", "MA0058.3"),
    "MEF2A": ("MA0052.1", "MA0052.2", "MA0052.3"),
    "NFYB": ("MA0502.1", "MA0060.1", "MA0060.2"),
    "SP1": ("MA0079.1", "MA0079.2", "MA0079.3"),
    "SRF": ("MA0083.1", "MA0083.2", "MA0083.3"),
    # The last two are MEF2B and MEF2D. The authors' script lists them here, and published
    # fractions were counted so; TRUE_TF says what they are.
    "STAT1": ("MA0137.1", "MA0137.2", "MA0137.3", "MA0660.1", "MA0773.1"),
    "YY1": ("MA0095.1", "MA0095.2"),
}
"""Matrices that count as a relevant match for each TF, as the authors' script lists them."""

TRUE_TF: dict[str, str] = {
    **{target: tf for tf, targets in RELEVANT.items() for target in targets},
    "MA0601.1": "Arid3b",
    "MA0060.1": "NFYA",
    "MA0060.2": "NFYA",
    "MA0660.1": "MEF2B",
    "MA0773.1": "MEF2D",
}
"""What each relevant matrix truly is the motif of."""


class MemeError(ValueError):
    """A MEME motif file that cannot be read; the message begins with file and line."""


@dataclass(frozen=True, eq=False)
class Motif:
    """A motif as a position probability matrix.

    Parameters
    ----------
    id : str
        Identifier without blanks, such as "MA0477.1" or "filter0".
    name : str
        Alternate name, such as "FOSL1". The id where there is none.
    ppm : ndarray, shape (length, 4)
        Probabilities of A, C, G and T. Copied and made read-only. Rows need not sum to one: a
        dead filter is all zeros.
    nsites : float
        Number of sites the matrix was made from. Tomtom's pseudocount depends on it.

    Raises
    ------
    ValueError
        If `ppm` is not (length, 4) with at least one row, `nsites` is negative or not finite,
        or `id` is empty or holds blanks.
    """

    id: str
    name: str
    ppm: np.ndarray
    nsites: float

    def __post_init__(self):
        if not self.id or self.id.split() != [self.id]:
            raise ValueError(f"motif id {self.id!r}: one word is expected")
        ppm = np.array(self.ppm, dtype=np.float64)
        if ppm.ndim != 2 or ppm.shape[1] != 4 or len(ppm) == 0:
            raise ValueError(
                f"motif {self.id}: a PPM of shape (length, 4) is expected, found {ppm.shape}"
            )
        nsites = float(self.nsites)
        if not (math.isfinite(nsites) and nsites >= 0):
            raise ValueError(f"motif {self.id}: nsites must be a number >= 0, found {self.nsites}")
        ppm.setflags(write=False)
        object.__setattr__(self, "ppm", ppm)
        object.__setattr__(self, "nsites", nsites)
        object.__setattr__(self, "name", " ".join(self.name.split()) or self.id)

    @property
    def width(self) -> int:
        """Number of positions."""
        return len(self.ppm)

    def reverse_complement(self) -> Motif:
        """The same motif read on the other strand, under the same id and name."""
        return Motif(self.id, self.name, self.ppm[::-1, ::-1], self.nsites)


def folded(tf: str) -> str:
    """A TF's name as names are compared: MAX and Max are one."""
    return tf.casefold()


def ground_truth() -> list[Motif]:
    """The twelve embedded motifs from JASPAR 2016, in the order of `TFS`."""
    by_id = {motif.id: motif for motif in jaspar("2016")}
    return [by_id[GROUND_TRUTH[tf]] for tf in TFS]


def relevant_in(
    release: str | int, relevant: Mapping[str, Sequence[str]] = RELEVANT
) -> dict[str, tuple[str, ...]]:
    """The matrices of a JASPAR release that count as a relevant match for each TF.

    JASPAR raises the version of a matrix that it revises (MA0058.3 became MA0058.4) and keeps the
    rest of its identifier. So those count whose identifier, but for the version, is in `relevant`.
    For 2016 and `RELEVANT` these are the authors' own.

    Parameters
    ----------
    release : str or int
        As for `jaspar`.
    relevant : mapping
        TF to the identifiers, of any release, that count.
    """
    targets = jaspar(release)
    counted = {tf: {_unversioned(id_) for id_ in ids} for tf, ids in relevant.items()}
    return {
        tf: tuple(motif.id for motif in targets if _unversioned(motif.id) in ids)
        for tf, ids in counted.items()
    }


def _unversioned(identifier: str) -> str:
    return identifier.partition(".")[0]


def pwm_pool() -> list[Motif]:
    """The 24 motifs that simulation draws from: each of the twelve, then its reverse complement.

    Index ``2 * tf`` is the forward motif of TF number ``tf``, ``2 * tf + 1`` its reverse
    complement.
    """
    return both_strands(ground_truth())


def both_strands(motifs: Sequence[Motif]) -> list[Motif]:
    """Each motif, then its reverse complement."""
    return [oriented for motif in motifs for oriented in (motif, motif.reverse_complement())]


def jaspar(
    release: str | int = "2016", collection: str = "CORE", tax_group: str = "vertebrates"
) -> list[Motif]:
    """All motifs of a JASPAR release, sorted by id, as shipped with pyjaspar.

    Parameters
    ----------
    release : str or int
        "2016" or "JASPAR2016".
    collection, tax_group : str
        JASPAR's own terms. The defaults give the 519 targets of the paper.

    Returns
    -------
    list of Motif
        Each PPM is the matrix of counts with every row divided by its sum. `nsites` is the mean
        of these sums, rounded, as in JASPAR's own MEME files.

    Raises
    ------
    ValueError
        If pyjaspar does not have the release, or the release no such motifs.
    """
    return list(_jaspar("JASPAR" + parse_release(release), collection, tax_group))


def parse_release(text: str | int) -> str:
    """A JASPAR release as "2016", from that, a number, or "JASPAR2016".

    Raises
    ------
    ValueError
        If pyjaspar does not have it.
    """
    import pyjaspar

    name = str(text).strip().upper().removeprefix("JASPAR")
    if "JASPAR" + name not in pyjaspar.jaspar_releases:
        available = ", ".join(sorted(pyjaspar.jaspar_releases))
        raise ValueError(
            f"JASPAR release {'JASPAR' + name!r} is not available; there are: {available}"
        )
    return name


def newest_jaspar() -> str:
    """The newest release that pyjaspar has, such as "2026"."""
    import pyjaspar

    return max(pyjaspar.jaspar_releases).removeprefix("JASPAR")


@lru_cache(maxsize=8)
def _jaspar(release: str, collection: str, tax_group: str) -> tuple[Motif, ...]:
    import pyjaspar

    with warnings.catch_warnings():
        # An empty answer is warned about; it is an error below.
        warnings.simplefilter("ignore")
        database = pyjaspar.jaspardb(release=release)
        try:
            found = database.fetch_motifs(collection=collection, tax_group=[tax_group])
        finally:
            database.conn.close()
    if not found:
        raise ValueError(
            f"{release} has no motif of collection {collection!r} and tax group {tax_group!r}"
        )
    return tuple(sorted(map(_from_counts, found), key=lambda motif: motif.id))


def _from_counts(record) -> Motif:
    """A record of pyjaspar as a Motif."""
    counts = np.array([record.counts[base] for base in "ACGT"]).T
    totals = counts.sum(axis=1, keepdims=True)
    nsites = float(np.round(totals.mean()))
    return Motif(record.matrix_id, record.name, counts / totals, nsites)


def find(identifier: str) -> tuple[Motif, str]:
    """A matrix of JASPAR by its identifier, of any collection and taxon.

    Parameters
    ----------
    identifier : str
        With its version, such as "MA0139.2".

    Returns
    -------
    motif : Motif
    release : str
        The oldest release from 2016 on that has it, or else 2014: "JASPAR 2024".

    Raises
    ------
    ValueError
        If no release that pyjaspar has holds it.
    """
    import pyjaspar

    releases = sorted(pyjaspar.jaspar_releases)
    for release in sorted(releases, key=lambda name: (name < "JASPAR2016", name)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is not there
            database = pyjaspar.jaspardb(release=release)
            try:
                found = database.fetch_motif_by_id(identifier)
            finally:
                database.conn.close()
        if found is not None and found.matrix_id == identifier:
            return _from_counts(found), release.replace("JASPAR", "JASPAR ")
    raise ValueError(
        f"{identifier!r} is no identifier in {', '.join(releases)}; they are like MA0139.1"
    )


def label(
    target: str, relevant: Mapping[str, Sequence[str]] = RELEVANT
) -> tuple[str | None, str | None]:
    """The TF that a target counts for, and the TF whose motif it truly is.

    Parameters
    ----------
    target : str
        Matrix id, such as "MA0660.1".
    relevant : mapping
        TF to the ids that count as relevant.

    Returns
    -------
    counts_for : str or None
        The first TF in `relevant` that lists the target; None where none does.
    truly : str or None
        By `TRUE_TF`, else the same as `counts_for`.

    Examples
    --------
    >>> label("MA0660.1")
    ('STAT1', 'MEF2B')
    """
    counts_for = next((tf for tf, targets in relevant.items() if target in targets), None)
    return counts_for, TRUE_TF.get(target, counts_for)


def information(ppm: np.ndarray) -> np.ndarray:
    """Information content of each position against a uniform background.

    Parameters
    ----------
    ppm : ndarray, shape (length, 4)

    Returns
    -------
    ndarray, shape (length,)
        ``2 + sum p log2 p`` bits, between 0 and 2; 0 for a position without any observation (all
        zeros).
    """
    ppm = np.asarray(ppm, dtype=np.float64)
    bits = 2 + (ppm * np.log2(np.where(ppm == 0, 1, ppm))).sum(axis=1)
    # Rounding can leave a uniform position a few 1e-16 below zero.
    return np.where((ppm == 0).all(axis=1), 0.0, np.maximum(bits, 0.0))


# MEME files without nsites mean 20 sites (the MEME Suite's "MEME Minimal Motif Format").
_DEFAULT_NSITES = 20.0
_MOTIF_LINE = re.compile(r"(MOTIF|motif)\b")
_ALPHABET = re.compile(r"alphabet\b(\s*=)?", re.IGNORECASE)
_END_ALPHABET = re.compile(r"end\s+alphabet\b", re.IGNORECASE)
_CONVERT = "in {} format; convert it with the MEME Suite: {} {{0.name}} > {{1}}"
_NUMBERS = r"[\d.]+([ \t]+[\d.]+)*\n"
# What is given by mistake, by how it starts.
_OTHER = {
    r">\S+\t[^\t\n]+\t-?[\d.]+": _CONVERT.format("HOMER", "homer2meme"),
    rf">.*\n(\s*A\s*\[|({_NUMBERS}){{4}}(>|$))": _CONVERT.format("JASPAR", "jaspar2meme -bundle"),
    r"(?s)(AC|ID|NA|DE|XX|VV)\s.*\n(P[O0]\s+A\s+C\s+G\s+T|\d+(\s+[\d.]+){4})": _CONVERT.format(
        "TRANSFAC", "transfac2meme"
    ),
    r">.*\n[A-Za-z*]+\n": "FASTA: sequences, not motifs",
    rf"({_NUMBERS}){{4}}$": (
        "four rows of numbers without a name; put a line '>name' above, then "
        + _CONVERT.format("JASPAR", "jaspar2meme -bundle").removeprefix("in JASPAR format; ")
    ),
    r"([A-Z]\w*([ \t].*)?\n)*Pos\s+A\s+C\s+G\s+T": (
        "in the format of CIS-BP; write its rows below 'MOTIF name' and "
        "'letter-probability matrix: alength= 4'"
    ),
    r">.*\n(-?[\d.]+[ \t]+){3}-?[\d.]+\n": (
        "a matrix with a row for each position, as HOCOMOCO has them; write probabilities below "
        "'MOTIF name' and 'letter-probability matrix: alength= 4'"
    ),
    r".*\nA:\s": _CONVERT.format("UniPROBE", "uniprobe2meme"),
    r"<": "in XML or HTML; give the text output that lies beside it",
}
# What may follow a matrix: its URL, or the rules that complete MEME output draws.
_AFTER_MATRIX = re.compile(r"url\b|-+$|\*+$", re.IGNORECASE)


def read_meme(path: Path | str) -> list[Motif]:
    """Read every motif of a file in MEME format.

    The reader follows the MEME Suite's "MEME Minimal Motif Format". It takes keywords in either
    case, any line ending, a last line without one, blank lines anywhere, an alphabet that is
    written out if its core letters are A, C, G and T, and matrices without ``w=`` or ``nsites=``
    (then 20). Row sums are not checked, because a dead filter is kept as rows of zeros; a value is
    any number >= 0, or nan.

    Parameters
    ----------
    path : path
        A text file.

    Returns
    -------
    list of Motif
        In the order of the file. A motif without alternate name has its id for name.

    Raises
    ------
    MemeError
        If the file is not text, is in another format (JASPAR, HOMER, TRANSFAC: the error says what
        converts it), has another alphabet than ACGT, no motif or two with one id; or
        a matrix is missing or is not made of rows of four numbers, as many as ``w=`` says. The
        message begins with file and line.
    FileNotFoundError, ValueError
        If there is no such file, or it is none (see `files.source`).
    """
    path = source(path, "motifs in MEME format")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise MemeError(
            f"{path}:1: not a text file ({error.reason}); unpack it first if it is compressed"
        ) from error
    lines = [
        (f"{path}:{number}", line)
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]
    starts = [i for i, (_, line) in enumerate(lines) if _MOTIF_LINE.match(line)]
    if not starts:
        _refuse_other_format(path, text)
        last = text.count("\n") + 1
        raise MemeError(f"{path}:{last}: no motif found; a line 'MOTIF name' is expected")

    _check_head(lines[: starts[0]])
    motifs: dict[str, Motif] = {}
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        motif = _read_motif(lines[start:stop])
        if motif.id in motifs:
            raise MemeError(f"{lines[start][0]}: motif {motif.id} occurs twice")
        motifs[motif.id] = motif
    return list(motifs.values())


def _refuse_other_format(path: Path, text: str) -> None:
    """Name the format of a file that is given by mistake, and what converts it."""
    lines = [line.strip() for line in text.splitlines()[:1000] if line.strip()]
    made = f"{path.stem}.meme"
    made = made if made != path.name else f"{path.stem}.converted.meme"  # a shell would empty it
    for start, what in _OTHER.items():
        if re.match(start, "\n".join([*lines, ""])):
            raise MemeError(
                f"{path}:1: is {what.format(path, made)}; expected motifs in MEME format"
            )


def _check_head(lines: list[tuple[str, str]]) -> None:
    """Refuse what may not stand before the first motif, and alphabets that are not DNA."""
    core: list[str] | None = None  # the letters of an alphabet block that is open
    for where, line in lines:
        text = line.strip()
        if text.startswith("#"):
            continue
        if core is not None:
            if _END_ALPHABET.match(text):
                if sorted(core) != list("ACGT"):
                    raise MemeError(
                        f"{where}: the alphabet's core letters are {''.join(core) or 'none'}, "
                        "expected ACGT"
                    )
                core = None
            # A core letter has a line of its own, or one with its complement; x = ACG is a code
            # for several letters, or another name of one.
            elif "=" not in (plain := re.sub(r'"[^"]*"', "", text)).replace("~", ""):
                core += re.findall(r"(?:^|~)\s*(\S)", plain)
        elif text.lower().startswith("letter-probability"):
            raise MemeError(f"{where}: a matrix before any line 'MOTIF name'")
        elif found := _ALPHABET.match(text):
            rest = text[found.end() :].strip()
            if rest.upper() == "ACGT":
                continue
            if found[1] or not re.match(r'"|$|DNA-LIKE', rest):
                raise MemeError(f"{where}: {text!r}: only the alphabet ACGT is supported")
            core = []
    if core is not None:
        raise MemeError(f"{where}: the alphabet has no line 'END ALPHABET'")


def _read_motif(lines: list[tuple[str, str]]) -> Motif:
    """One motif from its (place, text) lines, the first of which is its MOTIF line."""
    where, line = lines[0]
    words = line.split()[1:]
    if not words:
        raise MemeError(f"{where}: a motif without a name; 'MOTIF name' is expected")
    id_, name = words[0], " ".join(words[1:])

    matrices = [
        i
        for i, (_, line) in enumerate(lines)
        if line.lstrip().lower().startswith("letter-probability")
    ]
    if len(matrices) != 1:
        raise MemeError(
            f"{where}: motif {id_}: one letter-probability matrix expected, found {len(matrices)}"
        )
    where, line = lines[matrices[0]]
    fields = {}
    for key, value in re.findall(r"(\w+)\s*=\s*(\S+)", line.lower()):
        if key in ("alength", "w", "nsites"):
            number = _number(value)
            # Widths are whole; sites may be a mean.
            if number is None or not number >= 0 or math.isinf(number):
                raise MemeError(f"{where}: motif {id_}: {key}= {value}: a number >= 0 is expected")
            fields[key] = number
    if fields.get("alength", 4) != 4:
        raise MemeError(f"{where}: motif {id_}: alength= 4 is expected")

    width = fields.get("w")
    rows: list[list[float]] = []
    for place, line in lines[matrices[0] + 1 :]:
        words = line.split()
        complete = len(rows) == width
        if _AFTER_MATRIX.match(line.strip()) or (complete and _number(words[0]) is None):
            break
        if complete:
            raise MemeError(f"{place}: motif {id_}: more rows than w= {width:g}")
        numbers = map(_number, words)
        row = [p for p in numbers if p is not None and not (p < 0 or math.isinf(p))]
        if len(row) != 4 or len(words) != 4:
            raise MemeError(
                f"{place}: motif {id_}: four numbers >= 0 are expected, found {line.strip()!r}"
            )
        rows.append(row)
    if not rows or (width is not None and len(rows) != width):
        expected = "at least one row is" if width is None else f"w= {width:g} rows are"
        raise MemeError(f"{where}: motif {id_}: {expected} expected, found {len(rows)}")
    return Motif(id_, name, np.array(rows), fields.get("nsites", _DEFAULT_NSITES))


def _number(text: str) -> float | None:
    if "_" in text:
        return None  # Python reads 1_0 as 10
    try:
        return float(text)
    except ValueError:
        return None


def write_meme(path: str | Path, motifs: Sequence[Motif], decimals: int = 4) -> None:
    """Write motifs in MEME format, whole or not at all.

    Parameters
    ----------
    path : path
        Written beside and renamed, so that no reader ever sees half a file.
    motifs : sequence of Motif
        At least one, each id once. `nsites` is written as the motif has it.
    decimals : int
        Decimals of the probabilities. The authors' files have four.

    Raises
    ------
    ValueError
        If there is no motif, or an id occurs twice.
    """
    ids = [motif.id for motif in motifs]
    if not ids:
        raise ValueError(f"{path}: no motifs to write")
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise ValueError(f"{path}: motif id {twice} occurs twice")

    lines = [
        "MEME version 4",
        "",
        "ALPHABET= ACGT",
        "",
        "strands: + -",
        "",
        "Background letter frequencies",
        "A 0.2500 C 0.2500 G 0.2500 T 0.2500",
        "",
    ]
    for motif in motifs:
        lines.append(f"MOTIF {motif.id}" + (f" {motif.name}" if motif.name != motif.id else ""))
        nsites = int(motif.nsites) if motif.nsites.is_integer() else motif.nsites
        lines.append(f"letter-probability matrix: alength= 4 w= {motif.width} nsites= {nsites}")
        lines += [" ".join(f"{value:.{decimals}f}" for value in row) for row in motif.ppm]
        lines.append("")

    write_whole(path, "\n".join(lines))
