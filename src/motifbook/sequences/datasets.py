"""What every experiment reads: three splits of labelled sequences, and a cache for them.

Sequences are kept as base indices (uint8, one byte a base: 0..3 = A, C, G, T and 4 = ambiguous),
an eighth of a boolean one-hot's size on disk and a sixteenth of a float's in memory; `one_hot`
makes the network's input from them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import platformdirs

from motifbook.files import replacing

SIMULATED = ("synthetic", "peaks-planted", "richer")
"""Made here, of any size, with every embedded motif known."""
DATASETS = (*SIMULATED, "chipseq", "deepsea")
"""What motifbook knows by name; every other dataset is a folder of one's own."""

BASES = "ACGT"
AMBIGUOUS = 4
_USER_BLOCK = 512
SITE = np.dtype(
    [("sequence", "i4"), ("start", "i4"), ("length", "i4"), ("tf", "i2"), ("strand", "i1")]
)
"""One embedded motif: row of its split, first base, length, class index, strand (+1 or -1)."""

_CODE = np.full(256, 255, np.uint8)
for _i, _letter in enumerate(BASES):
    _CODE[ord(_letter)] = _CODE[ord(_letter.lower())] = _i
for _letter in "NRYSWKMBDHVn.ryswkmbdhv":
    _CODE[ord(_letter)] = AMBIGUOUS


@dataclass(frozen=True, eq=False)
class Split:
    """Sequences of one length and their labels.

    Attributes
    ----------
    bases : (n, length) uint8
        0..3 = A, C, G, T; 4 = ambiguous.
    labels : (n, classes) uint8
        1 where the class is present.
    sites : (m,) SITE or None
        Where each motif was embedded, sorted by sequence; None where nobody knows.
    """

    bases: np.ndarray
    labels: np.ndarray
    sites: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.bases)

    def first(self, number: int) -> Split:
        """Its first sequences, with their labels and sites."""
        sites = None if self.sites is None else self.sites[self.sites["sequence"] < number]
        return Split(self.bases[:number], self.labels[:number], sites)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Train, validation and test split, and what made them.

    `config` is JSON-able and says everything that made the data; `relevant` gives for each class
    the JASPAR identifiers that count as a match of it (empty where no one knows).

    Raises
    ------
    ValueError
        If an array has another type, shape or range than `Split` says.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    valid: Split
    test: Split
    config: dict
    relevant: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part, split in self.splits.items():
            shape = len(split.bases), len(self.classes)
            for what, array, highest in (
                ("bases", split.bases, AMBIGUOUS),
                ("labels", split.labels, 1),
            ):
                if array.dtype != np.uint8 or array.ndim != 2 or array.max(initial=0) > highest:
                    most = f" up to {array.max()}" if array.size else ""
                    raise ValueError(
                        f"{self.name}: {part} {what} must be a two-dimensional uint8 array of "
                        f"0..{highest}, found {array.dtype} {array.shape}{most}"
                    )
            if split.labels.shape != shape:
                raise ValueError(
                    f"{self.name}: {part} labels must have shape {shape}, "
                    f"found {split.labels.shape}"
                )
            if split.bases.shape[1] != self.length:
                raise ValueError(
                    f"{self.name}: {part} sequences are {split.bases.shape[1]} nt, "
                    f"train's {self.length} nt; all must be of one length"
                )
            if split.sites is not None and (wrong := _wrong_sites(split.sites, split)):
                raise ValueError(f"{self.name}: {part} sites {wrong}")

    @property
    def splits(self) -> dict[str, Split]:
        return {"train": self.train, "valid": self.valid, "test": self.test}

    @property
    def length(self) -> int:
        """Sequence length in nt."""
        return self.train.bases.shape[1]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.config)


def _wrong_sites(sites: np.ndarray, split: Split) -> str | None:
    """What is wrong with the sites of a split, if anything is."""
    if sites.dtype != SITE or sites.ndim != 1:
        return f"must be a one-dimensional array of {SITE}, found {sites.dtype} {sites.shape}"
    (rows, length), classes = split.bases.shape, split.labels.shape[1]
    if (np.diff(sites["sequence"]) < 0).any():
        return "must be sorted by sequence"
    end = sites["start"].astype(int) + sites["length"]
    for what, low, high, limit in (
        ("sequence", sites["sequence"], sites["sequence"], rows - 1),
        ("start and end", sites["start"], end, length),
        ("tf", sites["tf"], sites["tf"], classes - 1),
    ):
        if len(sites) and (low.min() < 0 or high.max() > limit):
            return f"must have {what} in 0..{limit}, found {low.min()}..{high.max()}"
    return None


def fingerprint(config: dict) -> str:
    """sha256 of a configuration's canonical JSON."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def dataset_name(text: str) -> str:
    """A text as the name of a dataset, and so of a folder of records.

    Letters and digits of any script, ".", "_" and "-" stay, and anything else becomes "-"; "." and
    "-" do not stand at its ends.
    """
    plain = unicodedata.normalize("NFC", text)
    kept = (c if c in "._-" or unicodedata.category(c)[0] in "LMN" else "-" for c in plain)
    return re.sub("-+", "-", "".join(kept)).strip(".-")


def one_hot(bases: np.ndarray, dtype: str = "float32") -> np.ndarray:
    """(..., length) bases 0..4 as (..., length, 4) one-hot; an ambiguous base is all zeros."""
    return np.eye(5, 4, dtype=dtype)[bases]


def encode(text: str) -> np.ndarray:
    """A DNA string as (length,) base indices; IUPAC ambiguity codes become 4.

    Raises
    ------
    ValueError
        For a letter that is no nucleotide code, with its position.
    """
    raw = text.encode("ascii", "replace")
    bases = _CODE[np.frombuffer(raw, np.uint8)]
    if (bad := np.flatnonzero(bases == 255)).size:
        raise ValueError(
            f"{text[bad[0]]!r} at position {bad[0] + 1} is no nucleotide (A, C, G, T, N)"
        )
    return bases


def reverse_complement(bases: np.ndarray) -> np.ndarray:
    """(..., length) bases read from the other strand; ambiguous stays ambiguous."""
    return np.array([3, 2, 1, 0, 4], np.uint8)[bases[..., ::-1]]


def cache_folder() -> Path:
    """Where data and weights are kept between runs: $MOTIFBOOK_CACHE or the user's cache."""
    chosen = os.environ.get("MOTIFBOOK_CACHE")
    return Path(chosen or platformdirs.user_cache_dir("motifbook")).expanduser()


def into_cache(*names: str) -> Path:
    """A path in the cache that is to be written; the folder that it lies in is made.

    Raises
    ------
    OSError
        If nothing can be written there; the error says which variable chooses another folder.
    """
    path = cache_folder().joinpath(*names)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise PermissionError("no permission to write")
    except OSError as error:
        raise OSError(
            f"{cache_folder()}: data and networks cannot be kept there "
            f"({error.strerror or error}); set MOTIFBOOK_CACHE to a folder that can be written"
        ) from error
    return path


def save(dataset: Dataset, path: Path | str) -> Path:
    """Write a dataset as HDF5: whole or not at all.

    The file's first bytes, which HDF5 leaves to its users, hold the sha256 of all that follows.
    """
    import h5py

    with replacing(path) as temporary:
        with h5py.File(temporary, "w", userblock_size=_USER_BLOCK) as file:
            file.attrs["name"] = dataset.name
            file.attrs["config"] = json.dumps(dataset.config, sort_keys=True)
            file.attrs["config_sha256"] = dataset.fingerprint
            file.attrs["classes"] = json.dumps(dataset.classes)
            file.attrs["relevant"] = json.dumps(dataset.relevant)
            for part, split in dataset.splits.items():
                for what in ("bases", "labels", "sites"):
                    if (array := getattr(split, what)) is not None:
                        # HDF5 cannot compress an empty array.
                        packing = {"compression": "gzip", "compression_opts": 1}
                        packing = packing if array.size else {}
                        file.create_dataset(f"{part}/{what}", data=array, **packing)
        with temporary.open("rb+") as file:
            file.seek(_USER_BLOCK)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            file.write(digest.encode())
    return Path(path)


def load(path: Path | str, config: dict | None = None) -> Dataset:
    """Read a dataset that `save` wrote; with `config`, only if that configuration made it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, is no dataset, or was made by another configuration.
    """
    import h5py

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such dataset file")
    try:
        # HDF5 trusts what it reads: a damaged file can make it loop for ever.
        with path.open("rb") as file:
            stated = file.read(_USER_BLOCK).rstrip(b"\0")
            if stated != hashlib.file_digest(file, "sha256").hexdigest().encode():
                raise ValueError("it does not have the sha256 that its first bytes state")
        with h5py.File(path, "r") as file:
            splits = {
                part: Split(
                    file[part]["bases"][:],
                    file[part]["labels"][:],
                    file[part]["sites"][:] if "sites" in file[part] else None,
                )
                for part in ("train", "valid", "test")
            }
            relevant = json.loads(file.attrs["relevant"])
            dataset = Dataset(
                name=str(file.attrs["name"]),
                classes=tuple(json.loads(file.attrs["classes"])),
                config=json.loads(file.attrs["config"]),
                relevant={tf: tuple(ids) for tf, ids in relevant.items()},
                **splits,
            )
            stored = file.attrs["config_sha256"]
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"{path}: not a readable motifbook dataset ({error})") from error
    if stored != dataset.fingerprint:
        raise ValueError(f"{path}: its configuration does not have the hash that it states")
    if config is not None and stored != fingerprint(config):
        raise ValueError(f"{path}: was made by another configuration")
    return dataset


def cached(name: str, config: dict, make: Callable[[], Dataset]) -> Dataset:
    """The dataset of this configuration from the cache; made and kept if not (whole) there."""
    where = "datasets", f"{name}-{fingerprint(config)[:16]}.h5"
    with contextlib.suppress(FileNotFoundError, ValueError):
        return load(cache_folder().joinpath(*where), config)
    path = into_cache(*where)  # before the work
    dataset = make()
    save(dataset, path)
    return dataset
