"""Datasets by name: simulated ones, the seven ChIP-seq sets, DeepSEA, or a folder of one's own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from motifbook.sequences import chipseq, deepsea, downloads, planted, synthetic
from motifbook.sequences.chipseq import LENGTH, Folder
from motifbook.sequences.datasets import DATASETS, SIMULATED, Dataset


def open_dataset(name: str, source: Folder | Path | str | None = None) -> Dataset:
    """A dataset from what was fetched before.

    Parameters
    ----------
    name : str
        One of `DATASETS`; of no meaning where `source` is given.
    source : Folder or path, optional
        A folder with one file of bound sequences for each TF.

    Raises
    ------
    FileNotFoundError
        If the data are not there; the error says which command fetches them.
    ValueError
        If the name is no dataset, or the data are damaged.
    """
    if source is not None:
        folder = chipseq.Folder.of(source)
        return chipseq.from_folder(folder.path, length=folder.length, genome=folder.genome)
    if name in SIMULATED:
        return simulated(name)
    if name == "chipseq":
        return chipseq.seven()
    if name == "deepsea":
        return deepsea.load()
    raise ValueError(f"unknown dataset {name!r}; there are: {', '.join(DATASETS)}, or a folder")


def simulated(name: str, protocol: str = "as-run", number: int = 25_000) -> Dataset:
    """A dataset of `SIMULATED`, through the cache.

    Parameters
    ----------
    name : str
    protocol : "as-run" or "as-written"
        Of the draw of motifs.
    number : int
        Sequences in all.

    Raises
    ------
    FileNotFoundError
        If peaks are needed that were not fetched.
    """
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
) -> tuple[str, Folder | None]:
    """A dataset's name, and its folder where it is one's own.

    Parameters
    ----------
    text : str
        `synthetic`, `path/to/folder`, or `path/to/folder@200` for windows of 200 nt.
    length : int, optional
        The window, in nt.
    genome : path, optional
        FASTA file in which the places of BED and narrowPeak files are.

    Raises
    ------
    ValueError
        If it is neither a dataset that motifbook knows nor a folder, a window or a genome is
        given for a dataset that has its own, or another window than the name has.
    """
    if text in DATASETS:
        if length is not None:
            raise ValueError(f"dataset {text} has its own length; one can be given for a folder")
        if genome is not None:
            raise ValueError(f"dataset {text} has its sequences; a genome is for a folder's places")
        return text, None
    found = re.fullmatch(r"(.+)@(\d{1,9})", str(text), re.DOTALL)
    if found and not Path(text).is_dir():
        if length not in (None, int(found[2])):
            raise ValueError(
                f"dataset {text!r} has windows of {found[2]} nt, found length {length}"
            )
        text, length = found[1], int(found[2])
    if not isinstance(text, str | Path) or not text or not Path(text).is_dir():
        raise ValueError(f"dataset {text!r} is neither a folder nor one of {', '.join(DATASETS)}")
    folder = Folder(Path(text), LENGTH if length is None else length, genome)
    return folder.name, folder


def parse_real(text: str) -> tuple[str, Folder | None]:
    """As `parse_dataset`, for what is about real sequences.

    Raises
    ------
    ValueError
        As `parse_dataset` does, and if it is empty or simulated data.
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
