"""The paper's own real data: the DeepSEA bundle, cut down to the twelve labels of Table S1.

The bundle (deepsea_train_bundle.v0.9; Zhou & Troyanskaya, Nature Methods 2015,
doi:10.1038/nmeth.3547) holds 4,863,024 sequences of 1,000 nt and 919 labels in three MATLAB files.
Koo & Eddy 2019 keep the sequences with at least one of twelve labels, and DeepSEA's own training,
validation and test sets. train.mat does not fit in most machines' memory and is read in blocks.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import shutil
import tarfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
import pandas as pd
from tqdm import tqdm

from motifbook.motifs import matrices
from motifbook.sequences import datasets
from motifbook.sequences.datasets import AMBIGUOUS, Dataset, Split, cache_folder, reverse_complement
from motifbook.sequences.downloads import download_archive, table

ADDRESS = "https://zenodo.org/records/2214970/files/DeepSEA_data.tar.gz"
"""A mirror: the bundle's first address is gone. We know of no hash published with the first, so
what is inside is checked: the archive's own checksum, names, sizes, shapes and values."""

LENGTH = 1_000
LABELS = 919
CHANNELS = "AGCT"
"""The order of a sequence's four channels in the bundle."""
ROWS = {"train": 4_400_000, "valid": 8_000, "test": 455_024}
"""Sequences in each file; the second half are the first half's other strands."""

TRAINING, TEST = 270_382, 23_768
"""Sequences with at least one of the twelve labels, as the paper's Methods print them."""

_BLOCK = 2**27  # bytes of train.mat read at a time
_LARGEST = {  # a plain file of that many rows, and some room for the format
    f"{part}.mat": int(rows * (4 * LENGTH + LABELS) * 1.05) + 2**20 for part, rows in ROWS.items()
}


def table_s1() -> pd.DataFrame:
    """Table S1: of each TF the label's index (from 0), ENCODE's file, and positives.

    `training_positives` counts both strands, `test_positives` the forward strand.
    """
    frame = pd.DataFrame(table("table_s1"))
    numbers = ["index", "training_positives", "test_positives"]
    return frame.astype(dict.fromkeys(numbers, int))


def path() -> Path:
    """Where the cut-down dataset is kept."""
    return cache_folder() / "deepsea" / "deepsea.h5"


def load() -> Dataset:
    """The cut-down dataset that `fetch` left.

    Raises
    ------
    FileNotFoundError
        If it is not there; the error says which command makes it.
    """
    if not path().is_file():
        raise FileNotFoundError(f"{path()}: no DeepSEA data; make it with: motifbook data deepsea")
    return datasets.load(path())


def fetch(
    source: Path | str | None = None,
    address: str = ADDRESS,
    progress: bool = False,
) -> Path:
    """Make the cut-down dataset from the bundle and return its path.

    Parameters
    ----------
    source : path, optional
        The bundle's archive (.tar.gz), or a folder with train.mat, valid.mat and test.mat (or with
        a folder of them). Without it the archive is downloaded into the cache, once.
    address : str
        Where to download it from.
    progress : bool
        Show how far each step is.

    Raises
    ------
    FileNotFoundError
        If `source` or one of the three files is missing.
    ValueError
        If the archive or a file is damaged, or is not what the bundle holds. An archive that was
        downloaded is then removed, so that the next try downloads it again.
    ConnectionError
        If the archive cannot be downloaded.
    OSError
        If the disk is full. Whatever fails, no half-written dataset is left behind.
    """
    target = datasets.into_cache("deepsea", "deepsea.h5")  # before the work
    downloaded = source is None
    if source is None:
        source = download_archive(address, "deepsea/DeepSEA_data.tar.gz", progress=progress)
    source = Path(source)
    if source.is_dir():
        dataset = truncate(_bundle(source), progress)
    elif source.is_file():
        # One fixed name: what a killed run left behind is removed by the next.
        folder = target.parent / "unpacked.part"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            extract(source, folder, progress)
            dataset = truncate(folder, progress)
        except ValueError as error:
            if not downloaded:
                raise
            source.unlink()
            raise ValueError(f"{error}; the download is removed, try again") from error
        finally:
            shutil.rmtree(folder)
    else:
        raise FileNotFoundError(f"{source}: no such folder or archive")
    return datasets.save(dataset, target)


def extract(archive: Path, folder: Path, progress: bool = False) -> None:
    """Stream the three MATLAB files, and nothing else, out of the archive into `folder`.

    Raises
    ------
    ValueError
        If the archive is damaged or truncated, lacks a file or has it twice, or if one of the
        three is a link, lies outside the archive's folder, or is larger than it can be.
    OSError
        If the disk is full.
    """
    found: set[str] = set()
    try:
        with _unzipped(archive) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    name = PurePosixPath(member.name)
                    if name.name not in _LARGEST:
                        continue
                    _check_member(archive, member, name, found)
                    found.add(name.name)
                    content = tar.extractfile(member)
                    assert content  # _check_member has seen that it is a regular file
                    _write_member(content, member.size, folder / name.name, progress)
            while stream.read(2**20):  # to the end, where the archive's checksum is
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{archive}: damaged or truncated archive ({error})") from error
    if missing := _LARGEST.keys() - found:
        raise ValueError(f"{archive}: has no {', '.join(sorted(missing))}; found {sorted(found)}")


def truncate(folder: Path, progress: bool = False) -> Dataset:
    """Cut the three files down to the sequences with one of Table S1's labels, and those labels.

    Channels A, G, C, T become bases in the order A, C, G, T. All rows with a label are kept, in the
    bundle's order: both strands of a site, which lie in one file.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is missing, damaged, or not what the bundle holds.
    """
    labels = table_s1()["index"].to_numpy()
    splits, facts = {}, {}
    for part, read in (("train", _read_v73), ("valid", _read_v5), ("test", _read_v5)):
        file = folder / f"{part}.mat"
        if not file.is_file():
            raise FileNotFoundError(f"{file}: missing")
        with tqdm(desc=f"{part}.mat", unit_scale=True, disable=not progress) as bar:
            rows, kept, splits[part] = read(file, part, labels, bar)
        facts[part] = _facts(rows, kept, splits[part])
        if facts[part]["paired"] != len(kept):
            warnings.warn(
                f"{file}: {len(kept) - facts[part]['paired']} of {len(kept)} sequences are not "
                "there with their other strand in the other half of the file",
                stacklevel=2,
            )
    for part in [part for part in facts if facts[part]["rows"] != ROWS[part]][:1]:
        warnings.warn(
            f"{folder / part}.mat has {facts[part]['rows']:,} sequences, the DeepSEA bundle has "
            f"{ROWS[part]:,}: this is not the paper's data",
            stacklevel=2,
        )
    return Dataset(
        name="deepsea",
        classes=matrices.TFS,
        config={
            "dataset": "deepsea",
            "labels": labels.tolist(),
            "length": LENGTH,
            "splits": facts,
            "positives_of_table_s1": _agrees(facts),
        },
        relevant=dict(matrices.RELEVANT),
        **splits,
    )


def _check_member(archive: Path, member, name: PurePosixPath, found: set[str]) -> None:
    if name.is_absolute() or ".." in name.parts:
        raise ValueError(f"{archive}: {member.name!r} lies outside the archive's folder")
    if not member.isreg():
        raise ValueError(f"{archive}: {member.name!r} is a link or no plain file")
    if name.name in found:
        raise ValueError(f"{archive}: {name.name} is there twice")
    if not 0 < member.size <= _LARGEST[name.name]:
        raise ValueError(
            f"{archive}: {member.name!r} has {member.size:,} bytes; "
            f"expected at most {_LARGEST[name.name]:,}"
        )


def _write_member(source: IO[bytes], size: int, target: Path, progress: bool) -> None:
    if (free := shutil.disk_usage(target.parent).free) < size:
        raise OSError(
            errno.ENOSPC,
            f"disk full: {target.name} needs {size:,} bytes, {free:,} are free",
            target,
        )
    name = f"unpack {target.name}"
    try:
        with (
            tqdm(total=size, desc=name, unit="B", unit_scale=True, disable=not progress) as bar,
            target.open("wb") as file,
        ):
            while part := source.read(2**20):
                file.write(part)
                bar.update(len(part))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise OSError(errno.ENOSPC, "disk full while unpacking", str(target)) from error
        raise
    if (written := target.stat().st_size) != size:
        raise EOFError(f"{target.name} ends after {written:,} of {size:,} bytes")


@contextmanager
def _unzipped(archive: Path) -> Iterator[IO[bytes]]:
    with archive.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if not zipped:
            yield raw
            return
        # gzip's reader checks the archive's checksum; tarfile's own streaming does not.
        with gzip.open(raw) as stream:
            yield stream  # type: ignore[misc]


def _bundle(folder: Path) -> Path:
    """The folder of the three files: the given one, or one in it."""
    places = [folder, *sorted(place for place in folder.iterdir() if place.is_dir())]
    for place in places:
        if all((place / name).is_file() for name in _LARGEST):
            return place
    missing = [name for name in _LARGEST if not (folder / name).is_file()]
    raise FileNotFoundError(f"{folder}: {', '.join(missing)} missing, here and in its folders")


Reading = tuple[int, np.ndarray, Split]
"""Rows in the file, the numbers of those kept, and the kept sequences and labels."""


def _read_v73(file: Path, part: str, labels: np.ndarray, bar: tqdm) -> Reading:
    """Read a MATLAB 7.3 file, that is HDF5 with the axes reversed, in blocks."""
    import h5py

    try:
        with h5py.File(file, "r") as mat:
            shapes = {
                key: (mat[key].shape or (), mat[key].dtype)  # an empty variable has None
                for key in mat
                if hasattr(mat[key], "dtype")
            }
            rows = _check_shapes(file, part, shapes, reverse=True)
            order = np.argsort(labels)  # HDF5 wants them ascending
            chosen = np.empty((len(labels), rows), np.uint8)
            chosen[order] = _binary(file, "labels", mat[f"{part}data"][labels[order], :])
            kept = _kept(file, chosen)
            data = mat[f"{part}xdata"]
            bases = np.empty((len(kept), LENGTH), np.uint8)
            bar.total = data.size
            for positions, columns in _blocks(data):
                block = data[positions, :, columns]
                first, last = np.searchsorted(kept, (columns.start, columns.stop))
                inside = kept[first:last] - columns.start
                bases[first:last, positions] = _decode(file, block[:, :, inside]).T
                bar.update(block.size)
    except (OSError, KeyError, RuntimeError) as error:
        raise ValueError(f"{file}: no readable MATLAB 7.3 (HDF5) file ({error})") from error
    return rows, kept, Split(bases, np.ascontiguousarray(chosen[:, kept].T))


def _blocks(data) -> Iterator[tuple[slice, slice]]:
    """Blocks of positions and rows that hold whole chunks, so that each is unpacked once."""
    length, channels, rows = data.shape
    high, _, wide = data.chunks or (1, channels, rows)
    size = channels * data.dtype.itemsize
    wide = min(rows, wide * max(1, _BLOCK // (high * wide * size)))
    high = min(length, high * max(1, _BLOCK // (high * wide * size)))
    for start in range(0, length, high):
        for column in range(0, rows, wide):
            yield (
                slice(start, min(start + high, length)),
                slice(column, min(column + wide, rows)),
            )


def _read_v5(file: Path, part: str, labels: np.ndarray, bar: tqdm) -> Reading:
    """Read a MATLAB 5 file: one of the smaller two, a variable at a time."""
    from scipy.io import loadmat, whosmat

    try:
        shapes = {key: (shape, kind) for key, shape, kind in whosmat(file)}
    except MemoryError:
        raise
    except Exception as error:  # the parser raises what comes, also on other kinds of files
        raise ValueError(f"{file}: no readable MATLAB 5 file ({error})") from error
    rows = _check_shapes(file, part, shapes, reverse=False)
    bar.total = rows

    def variable(name: str) -> np.ndarray:
        try:
            return loadmat(file, variable_names=[name])[name]
        except MemoryError:
            raise
        except Exception as error:
            raise ValueError(f"{file}: damaged or truncated at {name} ({error})") from error

    chosen = _binary(file, "labels", variable(f"{part}data")[:, labels])
    kept = _kept(file, chosen.T)
    bases = _decode(file, variable(f"{part}xdata")[kept].transpose(2, 1, 0)).T
    bar.update(rows)
    return rows, kept, Split(np.ascontiguousarray(bases), np.ascontiguousarray(chosen[kept]))


def _check_shapes(file: Path, part: str, found: dict, reverse: bool) -> int:
    """The number of sequences, if both variables are there and of the bundle's shapes and type."""
    seen = found.get(f"{part}xdata", ((0, 0, 0),))[0]
    if len(seen) != 3:
        raise ValueError(f"{file}: {part}xdata has the shape {tuple(seen)}; expected three axes")
    rows = seen[-1 if reverse else 0]
    for name, shape in (
        (f"{part}xdata", (rows, 4, LENGTH)),
        (f"{part}data", (rows, LABELS)),
    ):
        wanted = shape[::-1] if reverse else shape
        if name not in found:
            raise ValueError(f"{file}: has no variable {name}; found {', '.join(found) or 'none'}")
        seen, kind = found[name]
        # MATLAB may call numbers double that it stores as bytes.
        if tuple(seen) != wanted or str(kind) not in ("uint8", "logical", "double"):
            raise ValueError(
                f"{file}: {name} is {kind} of shape {tuple(seen)}; expected uint8 of shape {wanted}"
            )
    if not 0 < rows <= ROWS[part]:
        raise ValueError(f"{file}: has {rows:,} sequences; expected 1 to {ROWS[part]:,}")
    return rows


def _binary(file: Path, what: str, values: np.ndarray) -> np.ndarray:
    if ((values != 0) & (values != 1)).any():
        raise ValueError(f"{file}: {what} are not all 0 or 1")
    return values.astype(np.uint8)


def _kept(file: Path, labels: np.ndarray) -> np.ndarray:
    """(classes, rows) labels to the numbers of the rows that have at least one."""
    kept = np.flatnonzero(labels.any(axis=0))
    if not len(kept):
        raise ValueError(f"{file}: none of its sequences has a label of Table S1")
    return kept


def _decode(file: Path, channels: np.ndarray) -> np.ndarray:
    """(length, 4, n) one-hot in the bundle's order to (length, n) bases; all zeros: ambiguous."""
    channels = _binary(file, "sequences", channels)
    if (channels.sum(axis=1) > 1).any():
        raise ValueError(f"{file}: sequences are not one-hot: a position has several bases")
    bases = np.full((channels.shape[0], channels.shape[2]), AMBIGUOUS, np.uint8)
    for channel, letter in enumerate(CHANNELS):
        bases[channels[:, channel] == 1] = datasets.BASES.index(letter)
    return bases


def _facts(rows: int, kept: np.ndarray, split: Split) -> dict:
    """What the record says of a split; `paired` sequences are there on both strands."""
    half = rows // 2
    forward = kept < half
    _, one, other = np.intersect1d(kept[forward], kept[~forward] - half, return_indices=True)
    first, second = split.bases[forward][one], split.bases[~forward][other]
    return {
        "rows": rows,
        "rows_kept": len(kept),
        "paired": 2 * int((first == reverse_complement(second)).all(axis=1).sum()),
        "positives": split.labels.sum(axis=0, dtype=int).tolist(),
        "positives_forward": split.labels[forward].sum(axis=0, dtype=int).tolist(),
        "sha256_bases": hashlib.sha256(split.bases.data).hexdigest(),
        "sha256_labels": hashlib.sha256(split.labels.data).hexdigest(),
    }


def _agrees(facts: dict) -> bool:
    """Whether the positives are those that Table S1 states."""
    stated = table_s1()
    return (
        facts["train"]["positives"] == stated["training_positives"].tolist()
        and facts["test"]["positives_forward"] == stated["test_positives"].tolist()
    )
