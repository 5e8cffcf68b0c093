"""The run record: what a run is called, where its record lies, and many of them as tables.

A run is a value: dataset, protocol, profile, model and trial name it, and its record says
everything a reader could ask of it. Nothing here needs TensorFlow or numba. What makes a missing
record is `motifbook.records.experiment`.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from msgspec import Meta, Struct

from motifbook.motifs import matrices
from motifbook.motifs.matrices import Motif, write_meme
from motifbook.networks.architectures import MODELS, Architecture, choose, of_row
from motifbook.networks.protocols import Profile, Protocol, parse_profile, parse_protocol
from motifbook.records import store
from motifbook.records.store import (
    Contradiction,
    Count,
    Envelope,
    Fraction,
    Number,
    OtherDataError,
    Positive,
    RecordError,
    Score,
    open_results,
    results_folder,
)
from motifbook.sequences.datasets import dataset_name, fingerprint, into_cache

if TYPE_CHECKING:
    from motifbook.sequences.catalogue import Source

MOST_TRIALS = 1000

_NAMES = ("dataset", "protocol", "profile", "model", "trial")
_IDENTITY = ("dataset", "protocol", "profile", "model", "label", "trial")
_SCORES = ("auroc", "aupr", "average_precision")
_ROUNDING = 2.5e-4  # a column of four numbers with `experiment.DECIMALS` decimals
_LAST_DIGIT = 1.1e-6  # numbers up to 1 have six significant digits on record, and so have means


@dataclass(frozen=True, order=True)
class Run:
    """What identifies a run; checked on construction.

    `own` is the network itself where it is one of one's own: the model is then its name.

    Raises
    ------
    ValueError
        For an unknown model, profile or protocol, one that is not written as `parse_protocol` and
        `parse_profile` write it, or a trial that is not in 1..`MOST_TRIALS`.
    """

    dataset: str
    protocol: str
    profile: str
    model: str
    trial: int
    own: Architecture | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.dataset or self.dataset != dataset_name(self.dataset):
            raise ValueError(
                f"dataset name {self.dataset!r} must be letters, digits, '.', '_' and '-'"
            )
        if self.own and (self.own.name != self.model or not self.own.own):
            raise ValueError(f"model {self.model!r} is no network of one's own {self.own.name!r}")
        if not self.own and self.model not in MODELS:
            raise ValueError(f"unknown model {self.model!r}; there are: {', '.join(MODELS)}")
        for name, known in (
            (self.protocol, parse_protocol(self.protocol).name),
            (self.profile, parse_profile(self.profile).name),
        ):
            if name != known:
                raise ValueError(f"{name!r} must be written {known!r}")
        whole = isinstance(self.trial, int) and not isinstance(self.trial, bool)
        if not whole or not 1 <= self.trial <= MOST_TRIALS:
            raise ValueError(
                f"trial must be a whole number from 1 to {MOST_TRIALS}, found {self.trial!r}"
            )

    @property
    def rules(self) -> Protocol:
        """What its protocol says."""
        return parse_protocol(self.protocol)

    @property
    def scale(self) -> Profile:
        """What its profile says."""
        return parse_profile(self.profile)

    @property
    def architecture(self) -> Architecture:
        """The row of its model."""
        return self.own or MODELS[self.model]

    @property
    def names(self) -> dict[str, str | int]:
        """Its five names, as a record has them."""
        return {name: getattr(self, name) for name in _NAMES}

    def path(self, results_dir: Path | str | None = None) -> Path:
        """Where the record lies; its filters lie beside it, as .meme."""
        folder = results_folder(results_dir) / self.dataset / self.protocol / self.profile
        return folder / self.model / f"trial-{self.trial}.json"

    def is_there(self, results_dir: Path | str | None = None) -> bool:
        """Whether anything lies where the record does: a link to nothing too."""
        return os.path.lexists(self.path(results_dir))

    def __str__(self) -> str:
        return f"{self.dataset}/{self.protocol}/{self.profile}/{self.model}/trial-{self.trial}"


class Hit(Struct, frozen=True, kw_only=True):
    """A motif that Tomtom compared a filter with: the columns of `tomtom.COLUMNS`."""

    target: str
    name: str
    p_value: Fraction
    e_value: Positive
    offset: int
    overlap: Number
    orientation: Annotated[str, Meta(pattern="^[+-]$")]


class Filter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a filter has come to hold, and what it matches.

    Attributes
    ----------
    filter : int
        Its number in its layer, from 0.
    state : str
        "alive", "dead" (never active), "no sites", or why Tomtom refused it.
    sites : int
        Positions that its PPM was made from.
    matches_any : bool
    tf, relevant_target : str or None
        The TF of the best relevant match as the authors' script counts it, and its motif.
    trim : (int, int)
        First and past-the-last column of the part that was matched.
    ppm : (columns, 4)
        A column sums to 1 within its rounding, or is all 0.
    hits : tuple of Hit
        All matches, best first, or else the best target.
    site_precision, site_recall : (classes,) or None
        Of its sites and the motifs embedded in the test sequences; None where nobody knows these,
        or where it has no sites.

    Raises
    ------
    ValueError
        If a column has another sum, or the trimmed part lies outside.
    """

    filter: Count
    state: str
    sites: Count
    matches_any: bool
    tf: str | None
    relevant_target: str | None
    trim: tuple[Count, Count]
    ppm: tuple[tuple[Fraction, Fraction, Fraction, Fraction], ...]
    hits: tuple[Hit, ...]
    site_precision: tuple[Fraction, ...] | None = None
    site_recall: tuple[Fraction, ...] | None = None

    def __post_init__(self) -> None:
        start, stop = self.trim
        if not start < stop <= len(self.ppm):
            raise ValueError(
                f"trim is {start} to {stop}, expected columns of a PPM that has {len(self.ppm)}"
            )
        for number, (a, c, g, t) in enumerate(self.ppm):
            total = a + c + g + t
            if total and abs(total - 1) > _ROUNDING:
                raise ValueError(f"column {number} of ppm sums to {total:g}, expected 1")

    @property
    def trimmed(self) -> np.ndarray:
        """The part of the PPM that was matched, (columns, 4)."""
        return np.array(self.ppm, float)[slice(*self.trim)]

    @property
    def relevant_hit(self) -> Hit | None:
        """The best hit that counts for its TF, or None without one."""
        if self.tf is None:
            return None
        for hit in self.hits:
            counts_for, _ = matrices.label(hit.target)
            if counts_for and matrices.folded(counts_for) == matrices.folded(self.tf):
                return hit
        # A motif that only the data's own table of relevant motifs names.
        return next((hit for hit in self.hits if hit.target == self.relevant_target), None)

    @property
    def learned_tf(self) -> str | None:
        """The TF whose embedded motif it has learned, or None.

        It is the TF of the best relevant hit, except that the authors' script lists MEF2B and MEF2D
        (MA0660.1, MA0773.1) under STAT1: a filter that matches those best has learned MEF2A.
        """
        hit = self.relevant_hit
        misfiled = hit is not None and matrices.TRUE_TF.get(hit.target) in ("MEF2B", "MEF2D")
        return "MEF2A" if misfiled else self.tf


class Layer(Struct, frozen=True, kw_only=True):
    """What is on record of a convolutional layer, counted from one.

    Attributes
    ----------
    window : int
        Columns of its PPMs.
    match_any, match_relevant : float
        Fractions of its filters that match a motif, and a relevant one; the latter is None where no
        TF of the data has a known motif.
    dead : int
        Filters that are never active.

    Raises
    ------
    ValueError
        If a PPM has another number of columns.
    """

    layer: Number
    window: Number
    match_any: Fraction
    match_relevant: Fraction | None
    dead: Count
    filters: Annotated[tuple[Filter, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        for one in self.filters:
            if len(one.ppm) != self.window:
                raise ValueError(
                    f"the PPM of filter {one.filter} has {len(one.ppm)} columns, "
                    f"expected {self.window}"
                )

    def contradictions(self, classes: Sequence[str], evalue: float) -> Iterator[Contradiction]:
        """Each field that another belies, what it holds, and what the other says."""
        place, number = f"layer {self.layer}", len(self.filters)
        dead = sum(one.state == "dead" for one in self.filters)
        if self.dead != dead:
            yield f"dead of {place}", self.dead, f"{dead}, the filters whose state is dead"
        matched = sum(one.matches_any for one in self.filters)
        if abs(self.match_any - matched / number) > _LAST_DIGIT:
            yield f"match_any of {place}", self.match_any, f"{matched} of {number} filters"
        relevant = sum(one.tf is not None for one in self.filters)
        if abs((self.match_relevant or 0) - relevant / number) > _LAST_DIGIT:
            own = f"{relevant} of {number} filters, those with a tf"
            yield f"match_relevant of {place}", self.match_relevant, own
        for at, one in enumerate(self.filters):
            whose = f"of filter {one.filter} in {place}"
            if one.filter != at:
                yield f"number {at} of the filters in {place}", one.filter, at
            best = one.hits[0].e_value if one.hits else math.inf
            if one.matches_any and best > evalue:
                yield f"matches_any {whose}", True, f"false: its best E-value is {best:g}"
            if not one.matches_any and math.isfinite(evalue) and best <= evalue:
                yield f"matches_any {whose}", False, f"true: its best E-value is {best:g}"
            if any(a.p_value > b.p_value for a, b in itertools.pairwise(one.hits)):
                yield f"the order of hits {whose}", "another", "by p_value"
            if one.tf is None:
                if one.relevant_target is not None:
                    yield f"relevant_target {whose}", repr(one.relevant_target), "null without a tf"
                continue
            if one.tf not in classes:
                yield f"tf {whose}", repr(one.tf), f"one of {', '.join(classes)}"
            if not one.matches_any:
                yield f"tf {whose}", repr(one.tf), "null, for it matches nothing"
            if not any(hit.target == one.relevant_target for hit in one.hits):
                yield f"relevant_target {whose}", repr(one.relevant_target), "one of its hits"
            counts_for, _ = matrices.label(one.relevant_target or "")
            if counts_for in classes and counts_for != one.tf:
                own = f"{counts_for!r}, whose motif {one.relevant_target} is"
                yield f"tf {whose}", repr(one.tf), own


class Scores(Struct, frozen=True, kw_only=True):
    """Of predictions for a test set: one number a class, and their means over classes.

    `aupr` is the trapezoidal area, as the paper's.
    """

    auroc: tuple[Score, ...]
    aupr: tuple[Score, ...]
    average_precision: tuple[Score, ...]
    mean_auroc: Score
    mean_aupr: Score
    mean_average_precision: Score

    def check(self, place: str, classes: tuple[str, ...]) -> None:
        """Raise ValueError if there is not one number a class."""
        for name in _SCORES:
            if (found := len(getattr(self, name))) != len(classes):
                raise ValueError(
                    f"{place}.{name} has {found} numbers, expected {len(classes)}, one a class"
                )

    def contradictions(self, place: str) -> Iterator[Contradiction]:
        """Each mean that is not that of its numbers: the field, found and expected."""
        for name in _SCORES:
            values, mean = getattr(self, name), getattr(self, f"mean_{name}")
            if abs(mean - (expected := sum(values) / len(values))) > _LAST_DIGIT:
                yield f"{place}.mean_{name}", mean, f"{expected:.6g}, the mean of {place}.{name}"


class TestScores(Scores, frozen=True, kw_only=True):
    """A network's scores, with its cross-entropy."""

    __test__ = False  # it is no test of pytest's

    loss: Positive


class History(Struct, frozen=True, kw_only=True):
    """By epoch: losses (cross-entropy) and the norm of the gradient of the first layer."""

    loss: tuple[Positive, ...]
    valid_loss: tuple[Positive, ...]
    gradient_norm: tuple[Positive, ...]


class Record(Envelope, frozen=True, kw_only=True, eq=False, dict=True):
    """A run's record.

    Attributes
    ----------
    run : Run
        What it is of; its five parts are fields of their own.
    seeds : dict
        Of the initial weights, the order of sequences, and dropout.
    backend, precision, hardware : str
    trials_at_once : int
        How many were trained side by side.
    started : str
        UTC.
    seconds : float
        Of training.
    parameters : int
        Trainable ones.
    epochs, best_epoch : int
        Trained, and the one whose weights were kept; from one.
    classes : tuple of str

    Raises
    ------
    ValueError
        If its parts do not fit together.
    """

    kind: Annotated[str, Meta(pattern="^run$")] = "run"
    dataset: str
    protocol: str
    profile: str
    model: str
    trial: int
    seeds: dict[str, int]
    backend: str
    precision: str
    hardware: str
    started: str
    seconds: Positive
    parameters: Number
    epochs: Number
    best_epoch: Number
    history: History
    classes: Annotated[tuple[str, ...], Meta(min_length=1)]
    test: TestScores
    layers: Annotated[tuple[Layer, ...], Meta(min_length=1)]
    trials_at_once: Number = 1

    def __post_init__(self) -> None:
        Envelope.__post_init__(self)
        self.run  # noqa: B018  (it checks its parts)
        self.test.check("test", self.classes)
        for name in History.__struct_fields__:
            if (found := len(getattr(self.history, name))) != self.epochs:
                raise ValueError(
                    f"history.{name} has {found} numbers, expected {self.epochs}, one an epoch"
                )
        for layer in self.layers:
            for one in layer.filters:
                for name in ("site_precision", "site_recall"):
                    values = getattr(one, name)
                    if values is not None and len(values) != len(self.classes):
                        raise ValueError(
                            f"{name} of filter {one.filter} in layer {layer.layer} has "
                            f"{len(values)} numbers, expected {len(self.classes)}, one a class"
                        )

    @cached_property
    def run(self) -> Run:
        row, own = self.configuration.get("architecture"), None
        if self.model not in MODELS and isinstance(row, dict):
            own = of_row(self.model, {key: row[key] for key in row.keys() - {"name", "label"}})
        return Run(self.dataset, self.protocol, self.profile, self.model, self.trial, own)

    @property
    def label(self) -> str:
        """The paper's name of the model; for a network of one's own, its own."""
        return self.run.architecture.label

    @property
    def auroc(self) -> float:
        """Mean over classes, on the test set."""
        return self.test.mean_auroc

    @property
    def aupr(self) -> float:
        """Mean over classes of the trapezoidal area, on the test set."""
        return self.test.mean_aupr

    @property
    def relevant(self) -> dict[str, Sequence[str]]:
        """The motifs that count as a match of each class."""
        targets = self.configuration.get("targets", {})
        own = targets.get("counted") or targets.get("relevant")
        return own or {tf: matrices.RELEVANT.get(tf, ()) for tf in self.classes}

    def layer(self, number: int = 1) -> Layer:
        """What is on record of a convolutional layer, counted from one.

        Raises
        ------
        ValueError
            If its filters were not read (pooling precedes it).
        """
        for layer in self.layers:
            if layer.layer == number:
                return layer
        known = ", ".join(str(layer.layer) for layer in self.layers)
        raise ValueError(f"{self.run}: layer {number} is not on record; there are: {known}")

    def contradictions(self) -> Iterator[Contradiction]:
        """What is stated twice and is not the same.

        Means and their numbers, counts and what is counted, best hits and verdicts, the run and its
        configuration.
        """
        names = {"architecture": self.model, "protocol": self.protocol, "profile": self.profile}
        for part, name in names.items():
            stated = self.configuration.get(part)
            if isinstance(stated, dict) and stated.get("name", name) != name:
                yield f"configuration.{part}.name", repr(stated["name"]), repr(name)
        if len(set(self.classes)) < len(self.classes):
            yield "classes", list(self.classes), "each class once"
        yield from self.test.contradictions("test")
        least = min(losses := self.history.valid_loss)
        if self.best_epoch > self.epochs or losses[self.best_epoch - 1] > least:
            lowest = f"{losses.index(least) + 1}, of the lowest history.valid_loss"
            yield "best_epoch", self.best_epoch, lowest
        numbers = [layer.layer for layer in self.layers]
        if numbers != sorted(set(numbers)):
            yield "the order of layers", numbers, "each once, from the first on"
        targets = self.configuration.get("targets")
        most = targets.get("evalue", math.inf) if isinstance(targets, dict) else math.inf
        for layer in self.layers:
            yield from layer.contradictions(self.classes, most)

    def site_tf(self, one: Filter) -> str | None:
        """The class whose embedded motifs are most often among a filter's sites."""
        if not one.site_precision:
            return None
        return self.classes[max(range(len(self.classes)), key=one.site_precision.__getitem__)]


def parse_trials(value: str | int) -> tuple[int, ...]:
    """Trial numbers 1 to n from n, a whole number or its text.

    Raises
    ------
    ValueError
        If it is neither, or not in 1..`MOST_TRIALS`.
    """
    text = str(value).strip()
    number = int(text) if re.fullmatch(r"\d{1,9}", text) else 0
    if not 1 <= number <= MOST_TRIALS:
        raise ValueError(f"trials must be a whole number from 1 to {MOST_TRIALS}, found {value!r}")
    return tuple(range(1, number + 1))


def wanted(
    models: str | Iterable[str | Architecture] = "all",
    trials: str | int = 5,
    *,
    profile: str = "paper",
    dataset: str = "synthetic",
    protocol: str = "as-run",
) -> list[Run]:
    """The runs that these parameters name: by model, then by trial. Raises ValueError."""
    rows = choose(models)
    protocol, profile = parse_protocol(protocol).name, parse_profile(profile).name
    return [
        Run(dataset, protocol, profile, row.name, trial, row if row.own else None)
        for row in rows
        for trial in parse_trials(trials)
    ]


def survey(
    runs: Iterable[Run],
    results_dir: Path | str | None = None,
    source: Source | Path | str | None = None,
) -> tuple[dict[Run, Record], dict[Run, str]]:
    """The records that are there, and what is wrong with those that cannot be trusted.

    Raises
    ------
    OtherDataError
        If a record is of other data than `source` holds.
    """
    sound, damaged = {}, {}
    for run in runs:
        if not run.is_there(results_dir):
            continue
        try:
            sound[run] = load(run, results_dir, source)
        except OtherDataError:
            raise
        except RecordError as error:
            damaged[run] = str(error)
    return sound, damaged


def load(
    run: Run, results_dir: Path | str | None = None, source: Source | Path | str | None = None
) -> Record:
    """Read and check one record.

    Parameters
    ----------
    run : Run
    results_dir : path, optional
        Where records lie; the project's `results` unless given.
    source : Folder, Simulation or path, optional
        That of a dataset that is one's own. What it holds may have changed since.

    Raises
    ------
    FileNotFoundError
        If the run is not on record.
    RecordError
        If the file is no whole record of this run, or is one of another network of that name, or of
        other data than `source` holds.
    """
    path = run.path(results_dir)
    record = store.load(path, Record)
    if record.run != run:
        raise RecordError(f"{path}: says it is {record.run}, expected {run}")
    if run.own and record.run.architecture != run.own:
        raise RecordError(
            f"{path}: was made with another network of this name than is asked for now; give one "
            "of them another name"
        )
    if source is not None:
        made, targets = (record.configuration.get(part, {}) for part in ("dataset", "targets"))
        check_source(path, source, made, targets.get("relevant", {}))
    return record


def check_place(source: Source, results_dir: Path | str | None = None) -> None:
    """Refuse to put records of data of one's own where they would be lost or mixed up.

    Raises
    ------
    ValueError
        If they would lie among the data.
    OtherDataError
        If records of other data lie there under the same name.
    """
    place = results_folder(results_dir) / source.name
    real, data = Path(os.path.realpath(place)), Path(os.path.realpath(source.path))
    if real == data or data in real.parents:
        raise ValueError(f"{place}: lies among the data; name another folder for the records")
    made, description = {}, place / "dataset.json"
    with contextlib.suppress(FileNotFoundError, RecordError):
        made = store.load(description, Envelope).configuration
    if "dataset" in made:
        check_source(description, source, made["dataset"], None)
    for path in place.glob("*/*/*/trial-*.json"):
        try:
            load(store.load(path, Record).run, results_dir, source)
            return  # each was checked against another
        except OtherDataError:
            raise
        except (OSError, ValueError):
            continue


def check_source(
    path: Path, source: Source | Path | str, dataset: dict, relevant: dict | None
) -> None:
    """Refuse a record that was made from other data than its source now holds.

    Parameters
    ----------
    path : path
        The record's file.
    source : Folder, Simulation or path
        The folder of sequences, or the file of simulated ones.
    dataset, relevant
        The dataset's configuration and relevant motifs on record, as for `Folder.other_than`.

    Raises
    ------
    OtherDataError
        Naming what is another.
    """
    from motifbook.sequences.catalogue import source_of

    source = source_of(source)
    if other := source.other_than(dataset, relevant):
        raise OtherDataError(
            f"{path}: was made from other data than {source} holds now (other: "
            f"{', '.join(other)}); rename the data, or move the old records away"
        )


def save(record: Record, filters: list[Motif], results_dir: Path | str | None = None) -> Path:
    """Write a record and its filters, each file whole, the record last: it vouches for both.

    Parameters
    ----------
    record : Record
    filters : list of Motif
        The trimmed PPMs as matched.
    """
    path = record.run.path(results_dir)
    write_meme(path.with_suffix(".meme"), filters)
    return store.save(path, record)


def on_record(results_dir: Path | str | None = None) -> Iterator[Run]:
    """Every run that has a record file, sorted. Raises ValueError as `open_results` does."""
    folder = open_results(results_dir)
    found = []
    for path in folder.glob("*/*/*/*/trial-*.json"):
        dataset, protocol, profile, model, file = path.relative_to(folder).parts
        with contextlib.suppress(ValueError):  # other files may lie there
            trial = int(file.removeprefix("trial-").removesuffix(".json"))
            run = Run(dataset, protocol, profile, model, trial)
            if run.path(folder) == path:
                found.append(run)
    yield from sorted(found)


@contextlib.contextmanager
def claimed(run: Run | str, results_dir: Path | str | None = None) -> Iterator[None]:
    """Hold a run, or another record by its place, against other processes.

    The operating system lets go of it if we die.
    """
    from filelock import FileLock

    name = fingerprint({"run": str(run), "results": os.path.realpath(results_folder(results_dir))})
    with FileLock(into_cache("locks", f"{name[:32]}.lock")):
        yield


# Tables: tidy, one row per thing named in the function; without records, no row but every column.


def _identity(record: Record) -> dict:
    run = record.run
    values = (run.dataset, run.protocol, run.profile, run.model, record.label, run.trial)
    return dict(zip(_IDENTITY, values, strict=True))


def _tidy(rows: Iterable[dict], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*_IDENTITY, *columns])


def table(records: Iterable[Record], layer: int = 1) -> pd.DataFrame:
    """One row per run: test scores, match fractions of a layer, dead filters, epochs, seconds.

    `match_relevant` is NaN where no TF of the data has a known motif.
    """
    of_layer = ("match_any", "match_relevant", "filters", "dead")
    of_run = ("epochs", "best_epoch", "seconds")
    rows = []
    for record in records:
        read = record.layer(layer)
        rows.append(
            {
                **_identity(record),
                "auroc": record.auroc,
                "aupr": record.aupr,
                **{name: getattr(read, name) for name in of_layer},
                "filters": len(read.filters),
                **{name: getattr(record, name) for name in of_run},
            }
        )
    # None, where nothing is relevant, would make a column of objects.
    return _tidy(rows, "auroc", "aupr", *of_layer, *of_run).astype({"match_relevant": float})


def per_class(records: Iterable[Record]) -> pd.DataFrame:
    """One row per run and class: AUROC, AUPR, average precision."""
    rows = (
        {
            **_identity(record),
            "tf": tf,
            **{name: getattr(record.test, name)[i] for name in _SCORES},
        }
        for record in records
        for i, tf in enumerate(record.classes)
    )
    return _tidy(rows, "tf", *_SCORES)


def filters(records: Iterable[Record], layer: int = 1) -> pd.DataFrame:
    """One row per run and filter: its state, matched TF, best hit, sites and their best class.

    `tf` is the TF of the best relevant match as the authors' script counts it; `target`, `name` and
    `e_value` are the best hit of all, match or not; `site_tf` is the class that its sites hit most
    precisely, with `site_precision` and `site_recall`. What a filter does not have is missing
    (NaN).
    """
    rows = []
    for record in records:
        for one in record.layer(layer).filters:
            row = {
                **_identity(record),
                "filter": one.filter,
                "state": one.state,
                "sites": one.sites,
                "any": one.matches_any,
                "relevant": one.tf is not None,
                "tf": one.tf,
            }
            if one.hits:
                row |= {name: getattr(one.hits[0], name) for name in ("target", "name", "e_value")}
            if one.site_precision and one.site_recall:
                row["site_tf"] = tf = record.site_tf(one)
                row["site_precision"] = one.site_precision[record.classes.index(tf)]
                row["site_recall"] = one.site_recall[record.classes.index(tf)]
            rows.append(row)
    of_filter = ("filter", "state", "sites", "any", "relevant", "tf", "target", "name", "e_value")
    return _tidy(rows, *of_filter, "site_tf", "site_precision", "site_recall")


def history(records: Iterable[Record]) -> pd.DataFrame:
    """One row per run and epoch: loss, validation loss, first-layer gradient norm."""
    measured = History.__struct_fields__
    rows = (
        {
            **_identity(record),
            "epoch": epoch,
            **{name: getattr(record.history, name)[epoch - 1] for name in measured},
        }
        for record in records
        for epoch in range(1, record.epochs + 1)
    )
    return _tidy(rows, "epoch", *measured)
