"""The sequences of a report: one file, cut to what the network takes, with labels where it has any.

FASTA, tables and labelled lines as `readers` has them; BED and narrowPeak with a genome. A table
with a column `seq` and one of 0 and 1 for each output has the labels of many classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motifbook.sequences import readers
from motifbook.sequences.datasets import AMBIGUOUS, encode
from motifbook.sequences.intervals import intervals

MOST_UNKNOWN = 0.1  # of a sequence's bases


@dataclass(frozen=True, eq=False)
class Sequences:
    """Sequences of one length.

    Attributes
    ----------
    name : str
        Of the file.
    bases : (n, length) uint8
        As in `datasets.Split`.
    labels : (n, classes) uint8, or None
        Where the file has any.
    classes : tuple of str
    notes : tuple of str
        What was dropped or assumed.
    """

    name: str
    bases: np.ndarray
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(
    path: Path | str, length: int | None = None, genome: Path | str | None = None
) -> Sequences:
    """Read the sequences that a network is shown.

    Parameters
    ----------
    path : path
        Plain or gzipped.
    length : int, optional
        Window that is cut from the middle; by default the length that all sequences have.
    genome : path, optional
        FASTA file, for BED and narrowPeak.

    Returns
    -------
    Sequences

    Raises
    ------
    FileNotFoundError, ValueError
        As `readers.read` and `intervals` do; if lengths differ and none is given, a place in a
        genome has no length, or no sequence is long enough.
    """
    path = Path(path)
    lines = readers.text_lines(path)
    notes: list[str] = []
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    columns = _columns(lines)
    places = columns is None and readers.is_bed(lines)
    if genome is not None and not places:
        raise ValueError(
            f"{path}: holds sequences, not places in a genome; a genome is for BED and narrowPeak"
        )
    if columns is not None:
        sequences, labels, classes, bad = _table(path, columns, lines)
        if bad:
            notes.append(f"{bad:,} rows without usable sequence are left out")
    else:
        if genome is not None:
            if length is None:
                raise ValueError(f"{path}: places in a genome need a window; give --length")
            reading = intervals(path, genome, length, lines)
        else:
            reading = readers.read(path, lines)
        sequences = [*reading.sequences, *reading.unbound]
        notes += reading.notes
        if reading.bad:
            notes.append(f"{len(reading.bad):,} rows could not be read: {reading.faults(1)}")
        if reading.names_hold_label:
            notes.append("headers hold what may be labels, which are taken for names")
        if reading.unbound:
            labels = np.zeros((len(sequences), 1), np.uint8)
            labels[: len(reading.sequences)] = 1
            classes = (path.name.split(".")[0],)
    lengths = {len(one) for one in sequences}
    if length is None:
        if len(lengths) > 1:
            raise ValueError(
                f"{path}: sequences of {min(lengths)} to {max(lengths)} nt; give --length"
            )
        (length,) = lengths
    kept, short, unknown = [], 0, 0
    for row, one in enumerate(sequences):
        start = (len(one) - length) // 2
        if start < 0:
            short += 1
        elif (one[start : start + length] == AMBIGUOUS).mean() > MOST_UNKNOWN:
            unknown += 1
        else:
            kept.append(row)
    if not kept:
        raise ValueError(
            f"{path}: none of {len(sequences)} sequences has {length} nt of known bases "
            f"({min(lengths)} to {max(lengths)} nt)"
        )
    if short:
        notes.append(f"{short:,} sequences shorter than {length} nt are left out")
    if unknown:
        notes.append(f"{unknown:,} with more than a tenth of unknown bases are left out")
    if max(lengths) > length:
        notes.append(f"longer sequences are cut to the {length} nt in their middle")
    cut = np.stack([_middle(sequences[row], length) for row in kept])
    return Sequences(
        path.name, cut, None if labels is None else labels[kept], classes, tuple(notes)
    )


def _middle(bases: np.ndarray, length: int) -> np.ndarray:
    """The middle `length` of (nt,) bases."""
    start = (len(bases) - length) // 2
    return bases[start : start + length]


def _columns(lines: list[str]) -> list[str] | None:
    """The header of a table of several classes; None of any other file."""
    first = "" if lines[0].startswith(">") else lines[0]
    names = [name.strip() for name in first.split("\t")]
    lower = [name.lower() for name in names]
    if "seq" not in lower or len(names) < 2 or set(lower) == {"seq", "bound"}:
        return None
    return names


def _table(path: Path, columns: list[str], lines: list[str]):
    at = [name.lower() for name in columns].index("seq")
    classes = tuple(name for i, name in enumerate(columns) if i != at)
    for place, name in enumerate(classes):
        if not name or name in classes[:place]:
            found = f"has the column {name!r} twice" if name else "has a column without a name"
            raise ValueError(f"{path}: its header {found}, expected a name for each class")
    sequences, labels, bad = [], [], 0
    for number, line in enumerate(lines[1:], start=2):
        fields = [field.strip() for field in line.split("\t")]
        if fields == [""]:
            continue
        marks = [field for i, field in enumerate(fields) if i != at]
        if len(fields) != len(columns):
            raise ValueError(f"{path}:{number}: {len(fields)} fields, expected {len(columns)}")
        wrong = next((mark for mark in marks if mark not in ("0", "1")), None)
        if wrong is not None:
            raise ValueError(
                f"{path}:{number}: label {wrong!r} is neither 0 nor 1; the columns beside seq are "
                "taken for labels"
            )
        try:
            bases = encode(fields[at])
        except ValueError:
            bad += 1
            continue
        sequences.append(bases)
        labels.append([int(mark) for mark in marks])
    if not sequences:
        raise ValueError(f"{path}: no usable sequence ({bad} bad rows)")
    return sequences, np.array(labels, np.uint8), classes, bad
