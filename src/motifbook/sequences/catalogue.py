"""Real sequences by name: the seven ChIP-seq sets, the DeepSEA bundle, or a folder of one's own."""

from __future__ import annotations

import sys
from pathlib import Path

from motifbook.sequences import chipseq, deepsea, downloads
from motifbook.sequences.datasets import DATASETS, Dataset


def open_dataset(name: str, source: Path | str | None = None) -> Dataset:
    """A dataset of real sequences, from what was fetched before.

    Parameters
    ----------
    name : str
        "chipseq" or "deepsea"; of no meaning where `source` is given.
    source : path, optional
        A folder with one file of bound sequences for each TF.

    Raises
    ------
    FileNotFoundError
        If the data are not there; the error says which command fetches them.
    ValueError
        If the name is no dataset, or the data are damaged.
    """
    if source is not None:
        return chipseq.from_folder(source)
    if name == "chipseq":
        return chipseq.seven()
    if name == "deepsea":
        return deepsea.load()
    raise ValueError(f"unknown dataset {name!r}; there are: chipseq, deepsea, or a folder")


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
        bar = downloads.Progress if sys.stderr.isatty() else None
        return deepsea.fetch(source, progress=bar)
    raise ValueError(f"unknown data {name!r}; there are: authors, chipseq, deepsea")


def parse_dataset(text: str) -> tuple[str, Path | None]:
    """A dataset's name, and its folder where it is one's own: `synthetic` or `path/to/folder`.

    Raises
    ------
    ValueError
        If it is neither a dataset that motifbook knows nor a folder.
    """
    if text in DATASETS:
        return text, None
    if not isinstance(text, str | Path) or not (folder := Path(text)).is_dir():
        raise ValueError(f"dataset {text!r} is neither a folder nor one of {', '.join(DATASETS)}")
    return chipseq.folder_name(folder), folder
