"""Read the bound sequences of one transcription factor from the files that laboratories share.

Three formats, told apart by their content, plain or gzipped:

- FASTA: folded lines, either case; every record is a bound sequence, unless the headers are labels
  and nothing else (`>0`, `> 1`): then 1 is bound and 0 is not.
- A tab-separated table with the columns `seq` and `Bound` (DeepBind's ENCODE files).
- Lines `>name SEQUENCE label`, with label 1 for bound and 0 for not.

A row that cannot be used is counted and named with its line; a label that is neither 0 nor 1 is an
error. Ambiguous bases (N and the other IUPAC codes) are kept as such, and it is for the reader of
the sequences to say how many are too many. U is read as T, and a `*` at the end is left out.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motifbook import files
from motifbook.sequences.datasets import encode

WITH_LABELS = ("labelled fasta", "table", "labelled lines")
"""Formats that say of each sequence whether it is bound."""
_LABELLED = re.compile(r">\S*\s+[A-Za-z.*]+\s+[+-]?\d(\.0)?$")
_LABELS = {"0", "1", "-1", "+1", "0.0", "1.0", "true", "false", "pos", "neg"}
_LABELS |= {"positive", "negative", "bound", "unbound"}
"""What a header, alone, says of a label; only 0 and 1 are read."""
_MAGIC = {
    b"BZh": "a bzip2 file; unpack it first",
    b"\xfd7zXZ": "an xz file; unpack it first",
    b"PK\x03\x04": "a zip file; unpack it first",
    b"\x89HDF": "an HDF5 file",
    b"BAM\x01": "a BAM file",
    b"\x28\xb5\x2f\xfd": "a zstandard file; unpack it first",
    b"\x1f\x8b": "gzipped twice; unpack it first",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
    b"\x43\x27\x41\x1a": "a 2bit file",
}
_BED = r"((track|browser|#).*\n)*\S+[\t ]+\d+[\t ]+\d+\s*(\t| |\n|$)"
_OTHER = {
    _BED: (
        "a BED file: places in a genome, not sequences. Give --genome GENOME.fa, or get the "
        "sequences first: bedtools getfasta -fi GENOME.fa -bed {name} -fo {stem}.fa"
    ),
    r"@\S.*\n[A-Za-z.]+\n\+": "a FASTQ file of reads; write its sequences as FASTA",
    r"(#.*\n)*chr\tstart\tend\t": (
        "a table of peaks as MACS writes it, which counts from 1; give its narrowPeak file"
    ),
    r"(#.*\n)*MEME version": "a file of motifs (MEME format), not of sequences",
    r"\{": "a JSON file, such as a record; only sequences may lie in this folder",
    r"LOCUS\s": "a GenBank file; write its sequences as FASTA",
}
"""What is given by mistake, by how it starts."""


@dataclass(frozen=True, eq=False)
class Reading:
    """The bound sequences of one file, and what was left out of them.

    Attributes
    ----------
    file : str
        The file's name, without its folder.
    format : str
        "fasta", "labelled fasta", "table" or "labelled lines"; from `intervals`, "BED" or
        "narrowPeak".
    sequences : list of (length,) uint8
        Bound sequences as base indices, in the file's order; 4 is an ambiguous base.
    unbound : list of (length,) uint8
        Those that the file itself marks as not bound.
    bad : tuple of (int, str)
        Line number (from 1) and fault of each row that could not be used.
    mended : int
        Rows with a U, read as T, or `*` at the end, left out.
    names_hold_label : bool
        Whether every FASTA header starts or ends in the same two words that may be labels, beside
        a name: 0 and 1, or such as pos and neg; or there are but two headers, each of which comes
        several times. They are taken for names.
    notes : tuple of str
        What else is to be said of the file.
    """

    file: str
    format: str
    sequences: list[np.ndarray]
    unbound: list[np.ndarray]
    bad: tuple[tuple[int, str], ...]
    mended: int = 0
    names_hold_label: bool = False
    notes: tuple[str, ...] = ()

    def faults(self, most: int = 5) -> str:
        """The first bad rows in words, one `file:line: fault` each."""
        named = [f"{self.file}:{line}: {fault}" for line, fault in self.bad[:most]]
        if (more := len(self.bad) - most) > 0:
            named.append(f"and {more} more")
        return "\n".join(named)


def read(path: Path | str, lines: list[str] | None = None, unbound: bool = False) -> Reading:
    """Read a file of bound sequences.

    Parameters
    ----------
    path : path
        FASTA, table or labelled lines, plain or gzipped.
    lines : list of str, optional
        Its lines, where they were read already.
    unbound : bool
        Whether a file will do that labels all its sequences as not bound.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is of none of the formats, is a damaged gzip file, has a label that is neither
        0 nor 1, or no usable bound sequence; the error names the line, or the first bad rows.
    """
    path = Path(path)
    lines = text_lines(path) if lines is None else lines
    found = _format(path, lines)
    rows = list({"fasta": _fasta, "table": _table, "labelled lines": _labelled}[found](lines))
    suspect = False
    if found == "fasta":
        headers = [label for _, _, label, _ in rows]
        if _are_labels(headers):
            found = "labelled fasta"
        else:
            suspect = _hold_labels(headers)
            rows = [(number, sequence, "1", fault) for number, sequence, _, fault in rows]
    read: dict[str, list[np.ndarray]] = {"0": [], "1": []}
    bad: list[tuple[int, str]] = []
    mended = several = 0
    for number, sequence, label, fault in rows:
        if not fault and label not in read:
            raise ValueError(f"{path}:{number}: label {label!r} is neither 0 nor 1")
        plain = sequence.rstrip("*").translate(_RNA)
        try:
            if fault or not plain:
                raise ValueError(fault or "no sequence")
            read[label].append(encode(plain))
        except ValueError as error:
            bad.append((number, str(error)))
            continue
        mended += plain != sequence
        several += _SEVERAL.search(plain) is not None
    notes: tuple[str, ...] = ()
    if several:
        notes = (f"{several:,} hold letters of several bases, such as R or Y, which are read as N",)
    reading = Reading(path.name, found, read["1"], read["0"], tuple(bad), mended, suspect, notes)
    if not reading.sequences and not (unbound and reading.unbound):
        raise ValueError(
            f"{path}: no usable bound sequence ({len(reading.unbound)} rows not bound, "
            f"{len(bad)} bad rows)" + (f"\n{reading.faults()}" if bad else "")
        )
    return reading


_RNA = str.maketrans("Uu", "Tt")
_SEVERAL = re.compile("[RYSWKMBDHV]", re.IGNORECASE)


def check_format(path: Path) -> None:
    """Refuse a file of another format than `read` takes. Raises ValueError, naming it."""
    _format(path, text_lines(path))


def is_bed(lines: list[str]) -> bool:
    """Whether lines hold places in a genome, and not sequences."""
    return re.match(_BED, "\n".join(_head(lines))) is not None


def _are_labels(headers: list[str]) -> bool:
    """Whether most FASTA headers are a label alone, and so not numbers that count the records."""
    labels = sum(header.lower() in _LABELS for header in headers)
    return 2 * labels >= len(headers) and (
        len(set(headers)) < len(headers) or labels == len(headers)
    )


def _hold_labels(headers: list[str]) -> bool:
    if len(Counter(headers)) == 2 and min(Counter(headers).values()) > 1:
        return True  # such as 00 and 01, or chip and control
    words = [re.split(r"[\s|:;,=_]+", header.lower().strip("|")) for header in headers]
    places = ({word[place] for word in words} for place in (0, -1))
    return len(headers) > 2 and any(len(found) == 2 and found <= _LABELS for found in places)


def text_lines(path: Path | str) -> list[str]:
    """The lines of a text file, plain or gzipped.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is not there, no file (see `files.source`), or holds no text.
    """
    raw = files.source(path, "sequences").read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: damaged gzip file ({error})") from error
    for start, kind in _MAGIC.items():
        if raw.startswith(start):
            raise ValueError(f"{path}: is {kind}; expected text: FASTA or a table of sequences")
    # A byte that is no text becomes a letter that is no base: a bad row, not a crash.
    # `str.splitlines` also ends lines at a form feed and the like, within a header.
    return re.split(r"\r\n?|\n", raw.decode("utf-8-sig", "replace").removesuffix("\n"))


def _head(lines: list[str]) -> list[str]:
    return [line.rstrip() for line in lines[:1000] if line.strip()][:100]


def _format(path: Path, lines: list[str]) -> str:
    lines = _head(lines)
    head = [line.strip() for line in lines]
    if not head:
        raise ValueError(f"{path}: empty; expected FASTA, a table or lines '>name SEQUENCE label'")
    if head[0].startswith(">"):
        # In FASTA, a line of sequence follows each header, whatever words the header has.
        labelled = sum(_LABELLED.match(line) is not None for line in head)
        plain = sum(not line.startswith(">") for line in head)
        return "labelled lines" if labelled > plain else "fasta"
    columns = [column.strip() for column in head[0].lower().split("\t")]
    if "seq" in columns and "bound" in columns:
        if twice := [name for name in ("seq", "bound") if columns.count(name) > 1]:
            raise ValueError(
                f"{path}: its header has {columns.count(twice[0])} columns {twice[0]!r} (in either "
                "case), expected one"
            )
        return "table"
    for start, what in _OTHER.items():
        if re.match(start, "\n".join(lines)):
            stem = path.name.split(".")[0]
            raise ValueError(f"{path}: is {what.format(name=path.name, stem=stem)}")
    raise ValueError(
        f"{path}: starts with {head[0][:60]!r}; expected FASTA ('>name' and lines of sequence), "
        "a tab-separated table with the columns seq and Bound, or lines '>name SEQUENCE label'"
    )


_Rows = Iterator[tuple[int, str, str, str]]
"""Line number, sequence, label, and what is wrong with the row's form ("" for nothing)."""


def _fasta(lines: list[str]) -> _Rows:
    """Each record with its header in the label's place."""
    start, header, parts = 0, "", list[str]()
    for number, line in enumerate(lines, start=1):
        line = line.strip()
        if line.startswith(">"):
            if start:
                yield start, "".join(parts), header, ""
            start, header, parts = number, line[1:].strip(), []
        else:
            parts.append(line)
    yield start, "".join(parts), header, ""


def _table(lines: list[str]) -> _Rows:
    columns: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split("\t")]
        if not columns:
            columns = [field.lower() for field in fields]
        elif len(fields) != len(columns):
            yield number, "", "", f"{len(fields)} fields, expected {len(columns)}"
        else:
            row = dict(zip(columns, fields, strict=True))
            yield number, row["seq"], row["bound"], ""


def _labelled(lines: list[str]) -> _Rows:
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if fields:
            if len(fields) == 3 and line.lstrip().startswith(">"):
                yield number, fields[1], fields[2], ""
            else:
                yield number, "", "", "expected '>name SEQUENCE label'"
