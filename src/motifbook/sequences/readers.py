"""Read the bound sequences of one transcription factor from the files that laboratories share.

Three formats, told apart by their content, plain or gzipped:

- FASTA: folded lines, either case; every record is a bound sequence.
- A tab-separated table with the columns `seq` and `Bound` (DeepBind's ENCODE files).
- Lines `>name SEQUENCE label`, with label 1 for bound and 0 for not.

A row that cannot be used is counted and named with its line; ambiguous bases (N and the other IUPAC
codes) are kept as such, and it is for the reader of the sequences to say how many are too many.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motifbook.sequences.datasets import encode

_LABELLED = re.compile(r">\S*\s+[A-Za-z.]+\s+[01]$")


@dataclass(frozen=True, eq=False)
class Reading:
    """The bound sequences of one file, and what was left out of them.

    Attributes
    ----------
    file : str
        The file's name, without its folder.
    format : str
        "fasta", "table" or "labelled lines".
    sequences : list of (length,) uint8
        Bound sequences as base indices, in the file's order; 4 is an ambiguous base.
    unbound : int
        Rows that the file itself marks as not bound.
    bad : tuple of (int, str)
        Line number (from 1) and fault of each row that could not be used.
    """

    file: str
    format: str
    sequences: list[np.ndarray]
    unbound: int
    bad: tuple[tuple[int, str], ...]

    def faults(self, most: int = 5) -> str:
        """The first bad rows in words, one `file:line: fault` each."""
        named = [f"{self.file}:{line}: {fault}" for line, fault in self.bad[:most]]
        if (more := len(self.bad) - most) > 0:
            named.append(f"and {more} more")
        return "\n".join(named)


def read(path: Path | str) -> Reading:
    """Read a file of bound sequences.

    Parameters
    ----------
    path : path
        FASTA, table or labelled lines, plain or gzipped.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is of none of the formats, is a damaged gzip file, or has no usable bound
        sequence; the error names the first bad rows.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of sequences")
    lines = _lines(path)
    found = _format(path, lines)
    rows = {"fasta": _fasta, "table": _table, "labelled lines": _labelled}[found](lines)
    sequences: list[np.ndarray] = []
    bad: list[tuple[int, str]] = []
    unbound = 0
    for number, sequence, label, fault in rows:
        try:
            if fault or not sequence:
                raise ValueError(fault or "no sequence")
            if label not in ("0", "1"):
                raise ValueError(f"label {label!r} is neither 0 nor 1")
            bases = encode(sequence)
        except ValueError as error:
            bad.append((number, str(error)))
            continue
        if label == "1":
            sequences.append(bases)
        else:
            unbound += 1
    reading = Reading(path.name, found, sequences, unbound, tuple(bad))
    if not sequences:
        raise ValueError(
            f"{path}: no usable bound sequence ({unbound} rows not bound, {len(bad)} bad rows)"
            + (f"\n{reading.faults()}" if bad else "")
        )
    return reading


def _lines(path: Path) -> list[str]:
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: damaged gzip file ({error})") from error
    # A byte that is no text becomes a letter that is no base: a bad row, not a crash.
    return raw.decode("utf-8-sig", "replace").splitlines()


def _format(path: Path, lines: list[str]) -> str:
    head = [line.strip() for line in lines if line.strip()][:100]
    if not head:
        raise ValueError(f"{path}: empty; expected FASTA, a table or lines '>name SEQUENCE label'")
    if head[0].startswith(">"):
        # In FASTA, a line of sequence follows each header, whatever words the header has.
        labelled = sum(_LABELLED.match(line) is not None for line in head)
        plain = sum(not line.startswith(">") for line in head)
        return "labelled lines" if labelled > plain else "fasta"
    columns = head[0].lower().split("\t")
    if "seq" in columns and "bound" in columns:
        return "table"
    raise ValueError(
        f"{path}: starts with {head[0][:60]!r}; expected FASTA ('>name' and lines of sequence), "
        "a tab-separated table with the columns seq and Bound, or lines '>name SEQUENCE label'"
    )


_Rows = Iterator[tuple[int, str, str, str]]
"""Line number, sequence, label, and what is wrong with the row's form ("" for nothing)."""


def _fasta(lines: list[str]) -> _Rows:
    start, parts = 0, []
    for number, line in enumerate(lines, start=1):
        line = line.strip()
        if line.startswith(">"):
            if start:
                yield start, "".join(parts), "1", ""
            start, parts = number, []
        else:
            parts.append(line)
    yield start, "".join(parts), "1", ""


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
