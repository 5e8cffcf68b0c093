"""Datasets by name: simulated ones, the seven ChIP-seq sets, DeepSEA, or one's own.

One's own are a folder of sequences, or a file that `motifbook simulate` wrote.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from motifbook.sequences import chipseq, deepsea, downloads, planted, richer, synthetic
from motifbook.sequences.chipseq import LENGTH, Folder
from motifbook.sequences.datasets import DATASETS, SIMULATED, Dataset
from motifbook.sequences.simulation import Simulation

Source = Folder | Simulation
"""Where a dataset of one's own is from."""


def source_of(source: Source | Path | str) -> Source:
    """A source, from its path: a file is one of simulated sequences, all else a folder.

    Raises
    ------
    ValueError
        As `Simulation.of` and `Folder` do.
    """
    if isinstance(source, Source):
        return source
    return Simulation.of(source) if Path(source).is_file() else Folder(Path(source))


def open_dataset(name: str, source: Source | Path | str | None = None) -> Dataset:
    """A dataset from what was fetched before.

    Parameters
    ----------
    name : str
        One of `DATASETS`; of no meaning where `source` is given.
    source : Folder, Simulation or path, optional
        A folder with one file of bound sequences for each TF, or a file of `motifbook simulate`.

    Raises
    ------
    FileNotFoundError
        If the data are not there; the error says which command fetches them.
    ValueError
        If the name is no dataset, or the data are damaged.
    """
    if source is not None:
        return source_of(source).open()
    if name in SIMULATED:
        return simulated(name)
    if name == "chipseq":
        return chipseq.seven()
    if name == "deepsea":
        return deepsea.load()
    raise ValueError(
        f"unknown dataset {name!r}; there are: {', '.join(DATASETS)}, a folder, or a file of "
        "`motifbook simulate`"
    )


def simulated(name: str, protocol: str = "as-run", number: int = 25_000) -> Dataset:
    """A dataset of `SIMULATED`, through the cache.

    Parameters
    ----------
    name : str
    protocol : "as-run" or "as-written"
        Of the draw of motifs; `richer` has a draw of its own.
    number : int
        Sequences in all.

    Raises
    ------
    FileNotFoundError
        If peaks are needed that were not fetched.
    """
    if name == richer.NAME:
        return richer.get(number=number)
    maker = {"synthetic": synthetic, "peaks-planted": planted}[name]
    return maker.get(protocol, number=number)


def fetch(name: str, source: Path | str | None = None) -> Path:
    """Fetch "authors", "chipseq" or "deepsea" into the cache, and return where it is.

    Parameters
    ----------
    source : path, optional
        A local copy, instead of the download: a folder, or DeepSEA's archive.

    Raises
    ------
    FileNotFoundError, ValueError, ConnectionError, OSError
        If something is missing, is not what was published, cannot be reached, or does not fit.
    """
    if name == "chipseq":
        return downloads.fetch_chipseq(source)
    if name == "authors":
        return downloads.fetch_authors(source)
    if name == "deepsea":
        return deepsea.fetch(source, progress=sys.stderr.isatty())
    raise ValueError(f"unknown data {name!r}; there are: authors, chipseq, deepsea")


def parse_dataset(
    text: str, length: int | None = None, genome: Path | None = None
) -> tuple[str, Source | None]:
    """A dataset's name, and its source where it is one's own.

    Parameters
    ----------
    text : str
        `synthetic`, `path/to/folder`, `path/to/folder@200` for windows of 200 nt, or
        `path/to/simulated.h5`.
    length : int, optional
        The window, in nt.
    genome : path, optional
        FASTA file in which the places of BED and narrowPeak files are.

    Raises
    ------
    ValueError
        If it is neither a dataset that motifbook knows nor a folder nor a file that `motifbook
        simulate` wrote, a window or a genome is given for a dataset that has its own, or another
        window than the name has.
    """
    found = re.fullmatch(r"(.+)@(\d{1,9})", str(text), re.DOTALL)
    if found and not Path(text).exists():
        if length not in (None, int(found[2])):
            raise ValueError(
                f"dataset {text!r} has windows of {found[2]} nt, found length {length}"
            )
        text, length = found[1], int(found[2])
    is_path = isinstance(text, str | Path) and bool(text)
    if text in DATASETS or (is_path and Path(text).is_file()):
        if length is not None:
            raise ValueError(f"dataset {text} has its own length; one can be given for a folder")
        if genome is not None:
            raise ValueError(f"dataset {text} has its sequences; a genome is for a folder's places")
        if text in DATASETS:
            return text, None
        simulation = Simulation.of(text)
        return simulation.name, simulation
    if not is_path or not Path(text).is_dir():
        raise ValueError(
            f"dataset {text!r} is neither a folder nor one of {', '.join(DATASETS)}, nor a file "
            "that `motifbook simulate` wrote"
        )
    folder = Folder(Path(text), LENGTH if length is None else length, genome)
    return folder.name, folder


def parse_real(text: str) -> tuple[str, Source | None]:
    """As `parse_dataset`, for what is about real sequences, or sequences of one's own.

    Raises
    ------
    ValueError
        As `parse_dataset` does, and if it is empty or the book's simulated data.
    """
    if not str(text).strip():
        raise ValueError("dataset is empty; expected chipseq, deepsea or a folder of sequences")
    name, folder = parse_dataset(text)
    if name in SIMULATED:
        raise ValueError(
            f"dataset {name!r} is simulated; this chapter is about real sequences: chipseq, "
            "deepsea or a folder of sequences"
        )
    return name, folder
