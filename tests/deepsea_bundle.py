"""A tiny bundle in exactly the DeepSEA bundle's formats: axes, types, channel order, strands."""

from __future__ import annotations

import tarfile
from pathlib import Path

import h5py
import numpy as np
from scipy.io import savemat

from motifbook.sequences.datasets import AMBIGUOUS, reverse_complement
from motifbook.sequences.deepsea import LABELS, LENGTH, table_s1

ROWS = {"train": 240, "valid": 60, "test": 80}


def arrays(rows: int, seed: int, some: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    """Bases (rows, 1000) and labels (rows, 919), the second half the first's other strands."""
    rng = np.random.default_rng(seed)
    half = rows // 2
    bases = rng.integers(0, 4, (half, LENGTH), dtype=np.uint8)
    bases[0, :7] = AMBIGUOUS
    labels = (rng.random((half, LABELS)) < 0.01).astype(np.uint8)
    twelve = table_s1()["index"].to_numpy()
    labels[:, twelve] = rng.random((half, 12)) < some
    labels[:24, twelve] = np.repeat(np.eye(12, dtype=np.uint8), 2, axis=0)
    return np.concatenate([bases, reverse_complement(bases)]), np.concatenate([labels, labels])


def channels(bases: np.ndarray) -> np.ndarray:
    """(rows, 1000) bases as (rows, 4, 1000) one-hot in the order A, G, C, T."""
    return np.stack([bases == base for base in (0, 2, 1, 3)], axis=1).astype(np.uint8)


def write_bundle(
    folder: Path,
    rows: dict[str, int] = ROWS,
    chunks: tuple | bool | None = True,
    zipped: bool = True,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Write train.mat (7.3), valid.mat and test.mat (5); returns the bases and labels of each."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {part: arrays(number, seed) for seed, (part, number) in enumerate(rows.items())}
    bases, labels = made["train"]
    # MATLAB writes 512 bytes of its own before the HDF5 signature.
    with h5py.File(folder / "train.mat", "w", userblock_size=512) as file:
        for name, array in (("trainxdata", channels(bases)), ("traindata", labels)):
            data = array.T
            layout = chunks if chunks is True or chunks is None else chunks[-data.ndim :]
            file.create_dataset(
                name, data=data, chunks=layout, compression="gzip" if layout else None
            ).attrs["MATLAB_class"] = np.bytes_("uint8")
    with (folder / "train.mat").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    for part in ("valid", "test"):
        bases, labels = made[part]
        content = {f"{part}xdata": channels(bases), f"{part}data": labels}
        savemat(folder / f"{part}.mat", content, do_compression=zipped)
    return made


def write_archive(folder: Path, archive: Path) -> Path:
    """The three files of `folder` in a .tar.gz, as the mirror has them."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for name in ("train.mat", "valid.mat", "test.mat"):
            tar.add(folder / name, f"deepsea_train/{name}")
    return archive
