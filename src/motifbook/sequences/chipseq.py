"""Sets of bound sequences, one file for each transcription factor (TF), as one dataset.

A set holds what its experiment found bound, and perhaps what it labels as not bound; a file named
`background` holds sequences that are bound by none. In the
dataset a sequence is negative for every TF whose set does not hold it as bound, which is not the
same as not bound: the sets may come from other cells, laboratories and thresholds, so a
classifier may also learn the source of a sequence.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from motifbook.motifs import matrices
from motifbook.motifs.matrices import Motif, folded
from motifbook.sequences import downloads, intervals, readers
from motifbook.sequences.datasets import (
    AMBIGUOUS,
    DATASETS,
    Dataset,
    Split,
    dataset_name,
    fingerprint,
)
from motifbook.sequences.overlaps import groups

LENGTH = 100
"""Window in nt: pooling by 100 then leaves one position."""
AT_MOST = 4_000
"""Sites of one TF in the seven-TF dataset."""
LONGEST = 1_000_000
"""Longest window in nt: beyond it, nobody's peaks."""
MOST_AMBIGUOUS = 0.1
"""A window with a larger fraction of ambiguous bases is dropped; others keep them as zeros."""
FEW = 100
"""Fewer training sites of a TF than this are too few to learn a motif from: a rule of thumb."""
REPEAT = 32
"""Sequences that share this many nt, from one place or from a repeat, stay in one split."""
BACKGROUND = "background"
_NEGATIVE = re.compile(
    r"(^|[^a-z])(neg|negatives?|controls?|unbound|shuffled)([^a-z]|$)", re.IGNORECASE
)
"""Names that files of sequences without sites often have."""
"""A file of this name, whatever its ending, holds negatives of every TF."""
MEME = ".meme"
INDICES = (".fai", ".gzi")
"""What samtools and bedtools leave beside a FASTA file."""
_TAKEN = {*DATASETS, "authors", "null"}
FRACTIONS = {"train": 0.7, "valid": 0.1, "test": 0.2}


def seven(folder: Path | str | None = None) -> Dataset:
    """Seven TFs' ChIP-seq peaks (ENCODE): 100 nt, at most 4,000 sites of each TF.

    Arid3a and FOSL1 were measured in K562, Gabpa and SP1 in GM12878, SRF and YY1 in H1-hESC;
    MAFK's cells are not stated. The table `chipseq` among the package's data names the sources.

    Parameters
    ----------
    folder : path, optional
        Where the seven files are; by default where `motifbook data chipseq` puts them, checked.

    Raises
    ------
    FileNotFoundError
        If files are missing.
    """
    folder = downloads.local("chipseq") if folder is None else Path(folder)
    sets = {row["tf"]: folder / row["file"] for row in downloads.table("chipseq")}
    return _dataset("chipseq", sets, _relevant(sets, None), LENGTH, AT_MOST, 33, own=False)


def from_folder(
    path: Path | str,
    relevant: Mapping[str, tuple[str, ...]] | None = None,
    length: int = LENGTH,
    at_most: int | None = None,
    seed: int = 33,
    genome: Path | None = None,
) -> Dataset:
    """A folder with one file of bound sequences for each TF, as a dataset.

    Any format of `readers.read` will do, and with a genome those of `intervals.intervals`. A
    file's name without its ending (and `.gz`) is its TF.
    Sequences that a file labels as not bound, and those of a file `background`, are negatives of
    every TF, except where they lie on a bound site. The dataset has the folder's name. Hidden
    files, README*, `relevant.csv`, MEME files, indices of FASTA files (.fai, .gzi) and folders are
    no sets.

    What is left out or assumed is said in a warning for each file; so is a TF with fewer than `FEW`
    training sites.

    Parameters
    ----------
    path : path
        The folder.
    relevant : mapping, optional
        JASPAR identifiers that count as a match of each TF. By default those of `relevant.csv`
        in the folder (columns `tf` and `ids`, separated by spaces), and for the other TFs those of
        `matrices.RELEVANT` under the same name in either case, or none. The file names identifiers
        of any JASPAR release, or MEME files in the folder, all of whose motifs count; what JASPAR
        2016, CORE vertebrates, does not have becomes a target too (`config["added_motifs"]`).
    length : int
        Window in nt, cut from the middle of each sequence; a shorter sequence is dropped.
    at_most : int, optional
        Draw at most this many sites of one TF.
    seed : int
        Decides the draw and the split.
    genome : path, optional
        FASTA file in which the places of BED and narrowPeak files are. The middle of a sequence is
        then that of the place, or its summit.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no such genome.
    ValueError
        If the folder has no set, or one without negatives, a set has no usable sequence, `relevant`
        names a TF that has no set, or `relevant.csv` cannot be read or names what is no motif.
    """
    source = Folder(Path(path), length, genome)
    path, name, sets = source.path, source.name, files(source)
    given, added = _given(path) if relevant is None else (relevant, [])
    known = _relevant(sets, given)
    dataset = _dataset(
        *(name, sets, known, length, at_most, seed),
        own=True,
        genome=genome,
        background=background(source),
    )
    if genome is not None:
        dataset.config["genome"] = {"file": genome.name, "sha256": source.places}
    if added:
        dataset.config["added_motifs"] = added
    positives = dict(zip(sets, dataset.train.labels.sum(axis=0, dtype=int), strict=True))
    if few := [f"{tf} {number}" for tf, number in positives.items() if number < FEW]:
        warnings.warn(
            f"{path}: {len(dataset.train):,} training sequences, and few of {', '.join(few)}: "
            f"fewer than {FEW} sites of a TF are too few to learn its motif from",
            stacklevel=2,
        )
    return dataset


@dataclass(frozen=True)
class Folder:
    """A folder of one's own, the window that is cut from its sequences, and their genome.

    Raises
    ------
    ValueError
        If the window is shorter than two stretches of `REPEAT` nt, or longer than `LONGEST`.
    """

    path: Path
    length: int = LENGTH
    genome: Path | None = None

    def __post_init__(self) -> None:
        if not 2 * REPEAT <= self.length <= LONGEST:
            raise ValueError(
                f"length must be from {2 * REPEAT} to {LONGEST} nt, found {self.length}"
            )

    @classmethod
    def of(cls, source: Folder | Path | str) -> Folder:
        return source if isinstance(source, Folder) else cls(Path(source))

    def open(self) -> Dataset:
        """Its dataset; raises what `from_folder` does."""
        return from_folder(self.path, length=self.length, genome=self.genome)

    @property
    def name(self) -> str:
        """What its dataset is called; a window of another length than usual is another dataset.

        Raises
        ------
        ValueError
            As `folder_name` does.
        """
        return folder_name(self.path) + (f"-{self.length}nt" if self.length != LENGTH else "")

    @cached_property
    def contents(self) -> dict[str, tuple[str, list[str]]]:
        """What it holds of each TF, and as background: the sha256 of the file, relevant motifs.

        Files are hashed once: ask a new `Folder` after they have changed.

        Raises
        ------
        FileNotFoundError, ValueError
            As `from_folder` does for the folder.
        """
        sets = files(self.path)
        given, added = _given(self.path)
        relevant = stated({"added_motifs": added}, _relevant(sets, given))
        held = {tf: (downloads.sha256(file), relevant[tf]) for tf, file in sets.items()}
        if file := background(self):
            held[BACKGROUND] = (downloads.sha256(file), [])
        return held

    @cached_property
    def places(self) -> str | None:
        """sha256 of what is read from the genome; None without one.

        Raises
        ------
        FileNotFoundError, ValueError
            As `from_folder` does, also if there is a genome and nothing to be read from it.
        """
        if self.genome is None:
            return None
        readings = [
            intervals.intervals(file, self.genome, self.length, lines)
            for file in _named(self).values()
            if readers.is_bed(lines := readers.text_lines(file))
        ]
        if not readings:
            raise ValueError(
                f"{self.path}: no BED or narrowPeak file; a genome is of use for these alone"
            )
        return intervals.digest(readings)

    def other_than(self, made: dict, relevant: Mapping[str, Sequence[str]] | None) -> list[str]:
        """What of a dataset on record is not what the folder holds now; empty if all of it is.

        Parameters
        ----------
        made : dict
            The dataset's configuration: `length`, and `sets` with the `sha256` of each file.
        relevant : mapping or None
            The relevant motifs of each TF on record; None if they do not matter.
        """
        held = self.contents
        if relevant is None:
            relevant = {tf: ids for tf, (_, ids) in held.items()}
        else:
            relevant = stated(made, relevant)
        then = {
            tf: (one.get("sha256"), list(relevant.get(tf, ())))
            for tf, one in made.get("sets", {}).items()
        }
        if BACKGROUND in made:
            then[BACKGROUND] = (made[BACKGROUND].get("sha256"), [])
        other = sorted(tf for tf in then.keys() | held.keys() if then.get(tf) != held.get(tf))
        if (length := made.get("length")) not in (None, self.length):
            other.append(f"windows of {length} nt")
        if self.genome and made.get("genome", {}).get("sha256") != self.places:
            other.append(f"sequences read from {self.genome.name}")
        return other

    def __str__(self) -> str:
        return f"{self.path}@{self.length}" if self.length != LENGTH else f"{self.path}"


def folder_name(folder: Path) -> str:
    """What a dataset is called that is a folder of one's own: `own_name` of the folder's name."""
    return own_name(folder, Path(os.path.realpath(folder)).name)


def own_name(path: Path, found: str) -> str:
    """The name of a dataset of one's own, which is called `found`.

    Letters of any script stay; what is no letter, digit, ".", "_" or "-" becomes "-".

    Raises
    ------
    ValueError
        If no letter or digit is left, or the name is one that motifbook has for other things.
    """
    name = dataset_name(found)
    if not name or name.casefold() in _TAKEN:
        raise ValueError(f"{path}: data of one's own cannot be called {found!r}; rename it")
    return name


def stated(config: dict, relevant: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The relevant motifs of each TF as `Folder.contents` has them.

    A motif of a MEME file keeps its name when it changes, so a hash of its matrix follows it.
    """
    added = config.get("added_motifs", ())
    matrix = {one["id"]: f"{one['id']}@{fingerprint(one)[:8]}" for one in added}
    return {tf: [matrix.get(one, one) for one in ids] for tf, ids in relevant.items()}


def files(source: Folder | Path) -> dict[str, Path]:
    """The file of each TF in a folder of one's own.

    Raises
    ------
    FileNotFoundError, ValueError
        As `from_folder` does for the folder.
    """
    sets = {tf: file for tf, file in _named(source).items() if tf != BACKGROUND}
    if not sets:
        raise _too_few_sets(str(Folder.of(source).path), 0)
    return sets


def background(source: Folder | Path) -> Path | None:
    """The file of sequences that no TF binds, in a folder of one's own; raises as `files`."""
    return _named(source).get(BACKGROUND)


def _named(source: Folder | Path) -> dict[str, Path]:
    """Every file of sequences by its TF, or as the background."""
    path = Folder.of(source).path
    if not path.is_dir():
        raise FileNotFoundError(f"{path}: no such folder")
    sets: dict[str, Path] = {}
    for file in sorted(path.iterdir(), key=lambda file: file.name.lower()):
        other = file.name.startswith((".", "README")) or file.name == "relevant.csv"
        if other or file.name.lower().endswith((MEME, *INDICES)):
            continue
        if file.is_dir():
            warnings.warn(f"{file}: is a folder, left out", stacklevel=2)
            continue
        if not file.is_file():
            raise ValueError(f"{file}: is no file, or a link to none; expected bound sequences")
        tf = Path(file.name.removesuffix(".gz")).stem
        if twin := next((known for known in sets if folded(known) == folded(tf)), None):
            raise ValueError(
                f"{path}: {sets[twin].name} and {file.name} are both named {tf}; one file for each "
                "TF is expected: join them, or rename one"
            )
        sets[BACKGROUND if folded(tf) == BACKGROUND else tf] = file
    return sets


def _too_few_sets(folder: str, number: int) -> ValueError:
    return ValueError(
        f"{folder}: holds {number or 'no'} set of sequences; at least two are needed, for each "
        "TF's negatives are the other TFs' sites, or one with sequences that are labelled 0, or "
        f"with a file {BACKGROUND}"
    )


def _given(path: Path) -> tuple[dict[str, tuple[str, ...]], list[dict]]:
    file = path / "relevant.csv"
    if not os.path.lexists(file):
        return {}, []
    if not file.is_file():
        raise ValueError(f"{file}: is no file, or a link to none; expected a table")
    return _read_relevant(file)


def added_motifs(config: dict) -> list[Motif]:
    """Relevant motifs that JASPAR 2016, CORE vertebrates, does not have, from a configuration.

    They are targets of the search beside those.
    """
    return [
        Motif(one["id"], one["name"], np.array(one["ppm"]), one["nsites"])
        for one in config.get("added_motifs", ())
    ]


def sizes(dataset: Dataset) -> pd.DataFrame:
    """Positives of each class in each split, and the number of sequences (row "sequences")."""
    columns = {
        part: [len(split), *split.labels.sum(axis=0, dtype=int)]
        for part, split in dataset.splits.items()
    }
    table = pd.DataFrame(columns, index=["sequences", *dataset.classes])
    return table.assign(all=table.sum(axis=1))


def overlap(dataset: Dataset) -> pd.DataFrame:
    """How many sequences each pair of classes has in common; the diagonal is the class's size."""
    labels = np.concatenate([split.labels for split in dataset.splits.values()]).astype(int)
    return pd.DataFrame(labels.T @ labels, index=dataset.classes, columns=dataset.classes)


def _dataset(
    name: str,
    sets: Mapping[str, Path],
    relevant: dict[str, tuple[str, ...]],
    length: int,
    at_most: int | None,
    seed: int,
    own: bool,
    genome: Path | None = None,
    background: Path | None = None,
) -> Dataset:
    """Windows of all sets, merged into sites, drawn and split.

    In a folder of one's `own`, those labelled as not bound are negatives, as is the `background`,
    and what is left out is said; in the published sets they are left out.

    Windows that share half their length (at most 64 nt) are one site: the middle of each lies in
    the other. One window, drawn at random, stands for the site, and it has the labels of every set
    that has a window there. The draw passes over the sites in random order and takes a site if none
    of its TFs has `at_most` yet (it may have none), so labels stay those of the full sets. Sites
    that share `REPEAT` nt are never in two splits.
    """
    if at_most is not None and at_most < 1:
        raise ValueError(f"at_most must be at least 1, found {at_most}")
    half = min(64, length // 2)
    rng = np.random.default_rng(seed)
    windows, unbound, counts = [], [], {}
    for tf, file in sets.items():
        bound, others, counts[tf] = _windows(file, length, own, genome)
        windows.append(bound)
        unbound.append(others)
    if background is not None:
        _, others, not_bound = _windows(background, length, own, genome, negatives=True)
        unbound.append(others)
    negatives = sum(map(len, unbound))
    if own and len(sets) < 2 and not negatives:
        raise _too_few_sets(str(next(iter(sets.values())).parent), 1)
    owner = np.repeat([*range(len(sets)), -1], [*map(len, windows), negatives])
    windows += unbound
    bases = np.concatenate(windows)
    order = rng.permutation(len(bases))
    bases, owner = bases[order], owner[order]
    site = groups(bases, half)
    # Groups are counted in the order of their first members, so the sites' order is random too.
    bases = bases[np.unique(site, return_index=True)[1]]
    labels = np.zeros((len(bases), len(sets)), np.uint8)
    labels[site[owner >= 0], owner[owner >= 0]] = 1
    before, several = labels.sum(axis=0, dtype=int), int((labels.sum(axis=1) > 1).sum())
    if at_most is not None:
        taken = _draw(labels, at_most)
        bases, labels = bases[taken], labels[taken]
    for tf, all_sites, kept in zip(sets, before, labels.sum(axis=0, dtype=int), strict=True):
        counts[tf] |= {"sites": int(all_sites), "sites_kept": int(kept)}
    group = groups(bases, REPEAT)
    splits = {part: Split(bases[rows], labels[rows]) for part, rows in _split(group, rng).items()}
    config = {
        "dataset": name,
        "sets": counts,
        "length": length,
        "at_most": at_most,
        "seed": seed,
        "fractions": FRACTIONS,
        "most_ambiguous": MOST_AMBIGUOUS,
        "one_site_shares": half,
        "one_split_shares": REPEAT,
        "sites": int(site.max()) + 1,
        "sites_of_several": several,
        "sites_kept": len(bases),
        "sites_of_several_kept": int((labels.sum(axis=1) > 1).sum()),
        "groups": int(group.max()) + 1,
        "largest_group": int(np.bincount(group).max()),
        "sha256": {
            part: {
                "bases": hashlib.sha256(split.bases.data).hexdigest(),
                "labels": hashlib.sha256(split.labels.data).hexdigest(),
            }
            for part, split in splits.items()
        },
    }
    if background is not None:
        config["background"] = not_bound
    if negatives:
        config["negatives"] = int((labels.sum(axis=1) == 0).sum())
    return Dataset(name, tuple(sets), **splits, config=config, relevant=relevant)


def _windows(
    file: Path, length: int, own: bool, genome: Path | None, negatives: bool = False
) -> tuple[np.ndarray, np.ndarray, dict]:
    """The middle of each sequence of a file, (n, length) uint8: bound, not bound, and counts.

    With `negatives`, the file is one of sequences that are not bound.
    """
    lines = readers.text_lines(file)
    if genome is not None and readers.is_bed(lines):
        reading = intervals.intervals(file, genome, length, lines)
    else:
        reading = readers.read(file, lines, unbound=negatives)
    if negatives and reading.format in readers.WITH_LABELS:
        if reading.sequences:
            raise ValueError(
                f"{file}: labels {len(reading.sequences):,} sequences 1, which is bound; a file "
                f"{BACKGROUND} is expected to hold none"
            )
    elif negatives:
        reading = replace(reading, sequences=[], unbound=reading.sequences)
    bound, short, ambiguous = _cut(reading.sequences, length)
    unbound, short_too, ambiguous_too = _cut(reading.unbound if own else [], length)
    if not len(unbound if negatives else bound):
        longest = max(map(len, reading.unbound if negatives else reading.sequences))
        why = (
            f"every window has more than {MOST_AMBIGUOUS:.0%} ambiguous bases"
            if ambiguous
            else f"no sequence has the window's {length} nt; the longest has {longest}"
        )
        raise ValueError(f"{file}: {why}")
    if said := _left_out(reading, length, own, short + short_too, ambiguous + ambiguous_too):
        warnings.warn("\n".join([f"{reading.file}: {said[0]}", *said[1:]]), stacklevel=4)
    counts = {
        "file": file.name,
        "sha256": downloads.sha256(file),
        "format": reading.format,
        "bound": len(reading.sequences),
        "unbound": len(reading.unbound),
        "bad": len(reading.bad),
        "too_short": short,
        "too_ambiguous": ambiguous,
        "windows": len(bound),
    }
    return bound, unbound, counts | ({"unbound_windows": len(unbound)} if len(unbound) else {})


def _cut(sequences: list[np.ndarray], length: int) -> tuple[np.ndarray, int, int]:
    """(n, length) middles of those that are long and clear enough, and how many are not."""
    long = [bases for bases in sequences if len(bases) >= length]
    starts = [(len(bases) - length) // 2 for bases in long]
    middles = [bases[start : start + length] for bases, start in zip(long, starts, strict=True)]
    cut = np.array(middles, np.uint8).reshape(-1, length)
    clear = (cut == AMBIGUOUS).mean(axis=1) <= MOST_AMBIGUOUS
    return cut[clear], len(sequences) - len(long), int((~clear).sum())


def _left_out(
    reading: readers.Reading, length: int, own: bool, short: int, ambiguous: int
) -> list[str]:
    """What is to be said of a file, one thing a line."""
    rows = len(reading.sequences) + len(reading.unbound) + len(reading.bad)
    said = [f"{note};" for note in reading.notes]
    if own:
        if _NEGATIVE.search(reading.file) and reading.sequences:
            said.append(
                "is taken for the sites of a TF by its name; sequences that no TF binds go into a "
                f"file {BACKGROUND};"
            )
        if short:
            said.append(
                f"{short:,} of {rows:,} are shorter than the window of {length} nt, left out;"
            )
        if ambiguous:
            said.append(
                f"{ambiguous:,} of {rows:,} have more than {MOST_AMBIGUOUS:.0%} ambiguous bases "
                "(N), left out;"
            )
        if reading.unbound:
            how = " by its header" if reading.format == "labelled fasta" else ""
            how = f" are labelled 0{how}, taken" if reading.sequences else " are taken"
            said.append(f"{len(reading.unbound):,} of {rows:,}{how} as negatives;")
        if reading.names_hold_label:
            said.append(
                "every header is, starts or ends in what may be a label, taken as a name: if it is "
                "one, write >0 and >1;"
            )
        if reading.mended:
            said.append(f"{reading.mended:,} of {rows:,} hold U, read as T, or end in *;")
    if reading.bad:
        said.append(f"{len(reading.bad):,} bad rows left out:\n{reading.faults()}")
    return [*said[:-1], said[-1].rstrip(";")] if said else []


def left_out(config: dict) -> pd.DataFrame | None:
    """What of each TF's file is not in the dataset, and why; from the configuration on record.

    Returns
    -------
    DataFrame or None
        One row per TF, and one of the background: rows in the file, those that cannot be read, are
        labelled 0 or background (in a folder of one's own they are negatives), are shorter than
        the window, have too many ambiguous bases, and the windows that are left. None for data that
        are not from such files.
    """
    if "sets" not in config:
        return None
    rows = config["sets"] | {key: config[key] for key in (BACKGROUND,) if key in config}
    return pd.DataFrame.from_dict(
        {
            tf: {
                "rows": one["bound"] + one["unbound"] + one["bad"],
                "not readable": one["bad"],
                "labelled 0": one["unbound"],
                f"shorter than {config['length']} nt": one["too_short"],
                f"more than {MOST_AMBIGUOUS:.0%} N": one["too_ambiguous"],
                "windows of bound sites": one["windows"],
            }
            for tf, one in rows.items()
        },
        orient="index",
    )


def _draw(labels: np.ndarray, at_most: int) -> np.ndarray:
    """Rows of (n, classes), in order, of which no class gets more than `at_most` positives."""
    room = np.full(labels.shape[1], at_most)
    taken = []
    for row, label in enumerate(labels.astype(int)):
        if (label <= room).all():
            room -= label
            taken.append(row)
    return np.array(taken)


def _split(group: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Rows of each split, of (n,) group numbers: whole groups, in random order, up to its share."""
    rank = rng.permutation(group.max() + 1)[group]
    order = np.argsort(rank, kind="stable")
    # A group goes where its first row falls.
    ordered = rank[order]
    first = np.searchsorted(ordered, ordered)
    share = np.cumsum(list(FRACTIONS.values()))[:-1]
    part = np.searchsorted(share * len(order), first, side="right")
    return {name: order[part == number] for number, name in enumerate(FRACTIONS)}


def _relevant(
    sets: Mapping[str, Path], given: Mapping[str, tuple[str, ...]] | None
) -> dict[str, tuple[str, ...]]:
    names = {folded(tf) for tf in sets}
    if unknown := [tf for tf in given or {} if folded(tf) not in names]:
        raise ValueError(
            f"relevant motifs are given for {', '.join(unknown)}; the sets are {', '.join(sets)}"
        )
    known = {folded(tf): ids for tf, ids in matrices.RELEVANT.items()}
    known |= {folded(tf): tuple(ids) for tf, ids in (given or {}).items()}
    return {tf: known.get(folded(tf), ()) for tf in sets}


def _read_relevant(path: Path) -> tuple[dict[str, tuple[str, ...]], list[dict]]:
    """The table `relevant.csv`, checked: the motifs of each TF, and those to add to the targets."""
    known = {motif.id for motif in matrices.jaspar()}
    found: dict[str, tuple[str, ...]] = {}
    added: dict[str, dict] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if rows.fieldnames != ["tf", "ids"]:
                raise ValueError(f"{path}: its columns are {rows.fieldnames}; expected tf,ids")
            for row in rows:
                place, tf = f"{path}:{rows.line_num}", (row["tf"] or "").strip()
                named = (row["ids"] or "").split()
                if not tf or None in row or not named:
                    raise ValueError(
                        f"{place}: expected a TF and its JASPAR identifiers or MEME files, "
                        "separated by spaces"
                    )
                if folded(tf) in map(folded, found):
                    raise ValueError(f"{place}: {tf} is listed twice")
                ids = []
                for name in named:
                    motifs = [] if name in known else _motifs_named(name, path.parent, place)
                    added |= {one["id"]: one for one in motifs}
                    ids += [one["id"] for one in motifs] or [name]
                found[tf] = tuple(ids)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: not a table in UTF-8 ({error})") from error
    return found, list(added.values())


def _motifs_named(name: str, folder: Path, place: str) -> list[dict]:
    """The motif of an identifier of another release, or all of a MEME file beside the table."""
    try:
        if name.lower().endswith(MEME):
            motifs, source = matrices.read_meme(folder / name), name
            prefix = f"{name}:"
        else:
            motif, source = matrices.find(name)
            motifs, prefix = [motif], ""
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ValueError(f"{place}: {name}: {reason}") from error
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    return [
        {
            "id": prefix + motif.id,
            "name": motif.name,
            "source": source,
            "nsites": motif.nsites,
            "ppm": np.round(motif.ppm, 6).tolist(),
        }
        for motif in motifs
    ]
