"""The sequences of places in a genome: BED and narrowPeak files, with the genome as FASTA.

A window of one length is read for each place: around the summit of a narrowPeak file, else around
the middle. On the minus strand it is read as its reverse complement.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pyfaidx

from motifbook import files
from motifbook.sequences import readers
from motifbook.sequences.datasets import encode, into_cache, reverse_complement

_NARROW = re.compile(r"[^\t]+\t\d+\t\d+(\t[^\t]*){6}\t(-1|\d+)$")
_FASTA_ERRORS = (pyfaidx.FastaIndexingError, ValueError, ImportError, IndexError, KeyError)


def intervals(
    path: Path | str, genome: Path | str, length: int, lines: list[str] | None = None
) -> readers.Reading:
    """The window of each place in a BED or narrowPeak file, plain or gzipped.

    Parameters
    ----------
    path : path
        The places: chromosome, first base from 0, end; the strand in column 6, if it has one, and
        in a narrowPeak file the summit's offset in column 10 (-1 for none: then the middle).
    genome : path
        FASTA, not compressed. Its index is kept in the cache.
    length : int
        Window in nt. A place may be shorter than its window.
    lines : list of str, optional
        The places, where they were read already.

    Returns
    -------
    Reading
        All places are bound; a line that cannot be used is a bad row: a chromosome that the genome
        does not have, a place or a window beyond its end, a summit outside its peak.

    Raises
    ------
    FileNotFoundError
        If either file is not there.
    ValueError
        If one is of another format, or no place can be used; the error names the first bad rows.
    """
    path = Path(path)
    rows = [
        (number, line)
        for number, line in enumerate(readers.text_lines(path) if lines is None else lines, 1)
        if line.strip() and not re.match(r"#|track\b|browser\b", line)
    ]
    narrow = path.name.lower().removesuffix(".gz").endswith(".narrowpeak") or all(
        _NARROW.match(line) for _, line in rows
    )
    found, bad = [], []
    minus = without_summit = 0
    with _opened(Path(genome)) as chromosomes:
        for number, line in rows:
            try:
                fields = [field.strip() for field in line.split("\t" if "\t" in line else None)]
                start, summit = _window(fields, narrow, length, chromosomes, Path(genome).name)
                bases = encode(str(chromosomes[fields[0]][start : start + length]))
            except ValueError as error:
                bad.append((number, str(error)))
                continue
            on_minus = len(fields) > 5 and fields[5] == "-"
            minus += on_minus
            without_summit += narrow and not summit
            found.append(reverse_complement(bases) if on_minus else bases)
    notes = [
        f"{len(found):,} places read from {Path(genome).name}, {length} nt around "
        + ("the summit" if narrow else "the middle")
    ]
    if without_summit:
        notes.append(f"{without_summit:,} have no summit, read around the middle")
    if minus:
        notes.append(f"{minus:,} are on the minus strand, read as its reverse complement")
    kind = "narrowPeak" if narrow else "BED"
    reading = readers.Reading(path.name, kind, found, [], tuple(bad), notes=tuple(notes))
    if not found:
        raise ValueError(f"{path}: no usable place ({len(bad)} bad rows)\n{reading.faults()}")
    return reading


def digest(readings: list[readers.Reading]) -> str:
    """sha256 of all sequences of some files, in their order."""
    found = hashlib.sha256()
    for reading in readings:
        for bases in reading.sequences:
            found.update(bases.tobytes())
    return found.hexdigest()


def _window(
    fields: list[str], narrow: bool, length: int, chromosomes: pyfaidx.Fasta, genome: str
) -> tuple[int, bool]:
    """The first base of a place's window, and whether it lies around a summit."""
    most = 10 if narrow else 3
    if len(fields) < most:
        raise ValueError(f"{len(fields)} columns, expected {most}")
    name, first, last = fields[:3]
    if not (re.fullmatch(r"\d{1,12}", first) and re.fullmatch(r"\d{1,12}", last)):
        raise ValueError(f"start and end are {first!r} and {last!r}, expected two whole numbers")
    start, end = int(first), int(last)
    if start >= end:
        raise ValueError(f"starts at {start} and ends at {end}")
    if name not in chromosomes:
        some = ", ".join(list(chromosomes.keys())[:3])
        raise ValueError(f"{name!r} is not in {genome}, which has {some} …")
    size = len(chromosomes[name])
    if end > size:
        raise ValueError(
            f"ends at {end:,}, and {name} of {genome} has {size:,} nt: of another assembly?"
        )
    strand = fields[5] if len(fields) > 5 else "."
    if strand not in ("+", "-", "."):
        raise ValueError(f"strand {strand!r} in column 6, expected +, - or .")
    window = start + (end - start - length) // 2
    if narrow:
        if not re.fullmatch(r"-1|\d{1,12}", fields[9]) or int(fields[9]) >= end - start:
            raise ValueError(f"summit {fields[9]!r} is not in the peak of {end - start} nt")
        if fields[9] != "-1":
            window = start + int(fields[9]) - length // 2
    if window < 0 or window + length > size:
        raise ValueError(f"its window of {length} nt goes beyond the end of {name}")
    return window, narrow and fields[9] != "-1"


@contextlib.contextmanager
def _opened(genome: Path) -> Iterator[pyfaidx.Fasta]:
    with files.source(genome, "a genome as FASTA", once=False).open("rb") as file:
        first = file.read(2)
    if first == b"\x1f\x8b":
        raise ValueError(f"{genome}: is gzipped; unpack it first, for a genome is read at places")
    if not first.startswith(b">"):
        raise ValueError(f"{genome}: is no FASTA file; expected a genome, which starts with '>'")
    state, real = genome.stat(), os.path.realpath(genome)
    key = hashlib.sha256(f"{real} {state.st_size} {state.st_mtime_ns}".encode()).hexdigest()[:16]
    index = into_cache("genomes", f"{key}.fai")
    try:
        chromosomes = pyfaidx.Fasta(os.fspath(genome), os.fspath(index), as_raw=True)
    except _FASTA_ERRORS as error:
        raise ValueError(f"{genome}: cannot be indexed as FASTA ({error})") from error
    with contextlib.closing(chromosomes):
        yield chromosomes
