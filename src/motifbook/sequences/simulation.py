"""A file that `motifbook simulate` wrote, as a dataset of one's own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from motifbook.sequences import chipseq, harder, synthetic
from motifbook.sequences.datasets import Dataset, load


@dataclass(frozen=True, eq=False)
class Simulation:
    """A file of simulated sequences, and the configuration that made it."""

    path: Path
    contents: dict

    @classmethod
    def of(cls, path: Path | str) -> Simulation:
        """Read and check a file.

        Raises
        ------
        FileNotFoundError
            If there is none.
        ValueError
            If `motifbook simulate` did not write it, it is damaged, or it cannot be called so.
        """
        path = Path(path)
        expected = (
            "expected a file that `motifbook simulate` wrote, or a folder with one file of "
            "sequences for each TF"
        )
        try:
            dataset = load(path)
        except ValueError as error:
            raise ValueError(f"{error}; {expected}") from error
        if not _is_simulated(dataset):
            raise ValueError(f"{path}: holds no simulated dataset; {expected}")
        found = cls(path, dataset.config)
        found.name  # noqa: B018  (it is checked)
        return found

    @property
    def name(self) -> str:
        """What its dataset is called: the file's name without its ending.

        Raises
        ------
        ValueError
            As `chipseq.own_name`.
        """
        return chipseq.own_name(self.path, Path(os.path.realpath(self.path)).stem)

    def open(self) -> Dataset:
        """Its dataset.

        Raises
        ------
        FileNotFoundError, ValueError
            If the file has gone, or changed since it was read.
        """
        return replace(load(self.path, self.contents), name=self.name)

    def other_than(self, made: dict, relevant: Mapping[str, Sequence[str]] | None) -> list[str]:
        """What of a dataset on record is not what the file holds; empty if all of it is.

        Parameters
        ----------
        made : dict
            The dataset's configuration, of which a profile may have used the `first` sequences, and
            a protocol made it `harder`.
        relevant : mapping or None
            Of no meaning here: the motifs decide it.
        """
        names = (self.contents.keys() | made.keys()) - {"first", harder.KEY}
        return sorted(name for name in names if self.contents.get(name) != made.get(name))

    def __str__(self) -> str:
        return str(self.path)


def _is_simulated(dataset: Dataset) -> bool:
    """Whether `synthetic.make` made it, by what it says of itself."""
    config = dataset.config
    if config.get("dataset") != "synthetic" or any(
        split.sites is None for split in dataset.splits.values()
    ):
        return False
    try:
        motifs = synthetic.embedded(config)
    except (KeyError, TypeError, ValueError):
        return False
    names = tuple(motif.name for motif in motifs)
    return (names, config.get("length")) == (dataset.classes, dataset.length)
