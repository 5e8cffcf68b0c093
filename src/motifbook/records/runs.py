"""The run record: what a run is called, where its record lies, and many of them as tables.

A run is a value: dataset, protocol, profile, model and trial name it, and its record says
everything a reader could ask of it. Nothing here needs TensorFlow or numba: a record is read with
the standard library and tabulated with pandas. What makes a missing one is
`motifbook.records.experiment`, imported only when asked to train.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from motifbook.files import read_json, write_whole
from motifbook.motifs.matrices import Motif, write_meme
from motifbook.networks.architectures import MODELS, parse_models
from motifbook.networks.protocols import parse_profile, parse_protocol
from motifbook.sequences.datasets import dataset_name, fingerprint, into_cache

if TYPE_CHECKING:
    from motifbook.sequences.chipseq import Folder

FORMAT = 1
MOST_TRIALS = 1000
MISSING = ("skip", "train", "error")
_IDENTITY = ("dataset", "protocol", "profile", "model", "label", "trial")
_RECORD = {
    "format": int,
    "dataset": str,
    "protocol": str,
    "profile": str,
    "model": str,
    "trial": int,
    "configuration": dict,
    "configuration_sha256": str,
    "seeds": dict,
    "versions": dict,
    "backend": str,
    "precision": str,
    "hardware": str,
    "started": str,
    "seconds": float,
    "parameters": int,
    "epochs": int,
    "best_epoch": int,
    "history": dict,
    "classes": list,
    "test": dict,
    "layers": list,
}
_SCORES = ("auroc", "aupr", "average_precision")
_TEST = {**dict.fromkeys(_SCORES, list), "mean_auroc": float, "mean_aupr": float}
_LAYER = {
    "layer": int,
    "window": int,
    "match_any": float,
    "match_relevant": int | float | None,
    "dead": int,
    "filters": list,
}
_FILTER = {
    "filter": int,
    "state": str,
    "sites": int,
    "matches_any": bool,
    "tf": str | None,
    "trim": list,
    "ppm": list,
    "hits": list,
}
_HIT = {"target": str, "name": str, "e_value": float}


class RecordError(ValueError):
    """A record that cannot be trusted: the message names the file and what is wrong."""


class OtherDataError(RecordError):
    """A record of other data than its folder holds now; it is whole, but not of this dataset."""


class MissingRunError(LookupError):
    """Runs that were asked for are not on record."""


def project_root() -> Path:
    """The project's folder: $MOTIFBOOK_ROOT, the checkout this package lies in, or the current one.

    A copy installed outside a checkout has no records of its own, so it works where it is called.
    """
    if chosen := os.environ.get("MOTIFBOOK_ROOT"):
        return Path(chosen)
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


def results_folder(results_dir: Path | str | None = None) -> Path:
    """Where records lie: the folder given (if not None or empty), or the project's `results`.

    Raises
    ------
    ValueError
        If it is not text or a path: papermill takes digits for a number.
    """
    if results_dir is None or results_dir == "":
        return project_root() / "results"
    if not isinstance(results_dir, str | Path):
        raise ValueError(f"results_dir must be a folder's name as text, found {results_dir!r}")
    return Path(results_dir)


def parse_missing(text: str) -> str:
    """What to do about a run without a record; raises ValueError if it is none of `MISSING`."""
    if text not in MISSING:
        raise ValueError(f"missing must be one of {', '.join(MISSING)}, found {text!r}")
    return text


def open_results(results_dir: Path | str | None = None, missing: str = "skip") -> Path:
    """The folder to read records from, which is there.

    Parameters
    ----------
    results_dir : path, optional
        A folder that is given must exist; with `missing="train"` it is made.
    missing : "skip", "train" or "error"

    Raises
    ------
    ValueError
        If there is no such folder, or what is there is none; if `missing` is none of `MISSING`.
    """
    parse_missing(missing)
    folder = results_folder(results_dir)
    if missing == "train" and not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"results_dir {str(folder)!r} is a file, expected a folder of records")
    if results_dir and not folder.exists():
        raise ValueError(f"results_dir {str(folder)!r} does not exist")
    return folder


@dataclass(frozen=True, order=True)
class Run:
    """What identifies a run; checked on construction.

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

    def __post_init__(self) -> None:
        if not self.dataset or self.dataset != dataset_name(self.dataset):
            raise ValueError(
                f"dataset name {self.dataset!r} must be letters, digits, '.', '_' and '-'"
            )
        if self.model not in MODELS:
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

    def path(self, results_dir: Path | str | None = None) -> Path:
        """Where the record lies; its filters lie beside it, as .meme."""
        folder = results_folder(results_dir) / self.dataset / self.protocol / self.profile
        return folder / self.model / f"trial-{self.trial}.json"

    def is_there(self, results_dir: Path | str | None = None) -> bool:
        """Whether anything lies where the record does: a link to nothing too."""
        return os.path.lexists(self.path(results_dir))

    def __str__(self) -> str:
        return f"{self.dataset}/{self.protocol}/{self.profile}/{self.model}/trial-{self.trial}"


@dataclass(frozen=True, eq=False)
class Record:
    """A run's record: the JSON as `data`, and what is asked of it most."""

    data: dict

    @cached_property
    def run(self) -> Run:
        return Run(*(self.data[field.name] for field in fields(Run)))

    @property
    def label(self) -> str:
        """The paper's name of the model."""
        return MODELS[self.run.model].label

    @property
    def classes(self) -> list[str]:
        return self.data["classes"]

    @property
    def auroc(self) -> float:
        """Mean over classes, on the test set."""
        return self.data["test"]["mean_auroc"]

    @property
    def aupr(self) -> float:
        """Mean over classes of the trapezoidal area, on the test set."""
        return self.data["test"]["mean_aupr"]

    def layer(self, number: int = 1) -> dict:
        """What is on record of a convolutional layer, counted from one.

        Raises
        ------
        ValueError
            If its filters were not read (pooling precedes it).
        """
        for layer in self.data["layers"]:
            if layer["layer"] == number:
                return layer
        known = ", ".join(str(layer["layer"]) for layer in self.data["layers"])
        raise ValueError(f"{self.run}: layer {number} is not on record; there are: {known}")


def parse_trials(value: str | int) -> tuple[int, ...]:
    """Trial numbers 1 to n from n, a whole number or its text.

    Raises
    ------
    ValueError
        If it is neither, or not in 1..`MOST_TRIALS`.
    """
    try:
        number = int(str(value).strip())
    except ValueError:
        number = 0
    if not 1 <= number <= MOST_TRIALS:
        raise ValueError(f"trials must be a whole number from 1 to {MOST_TRIALS}, found {value!r}")
    return tuple(range(1, number + 1))


def wanted(
    models: str | Iterable[str] = "all",
    trials: str | int = 5,
    *,
    profile: str = "paper",
    dataset: str = "synthetic",
    protocol: str = "as-run",
) -> list[Run]:
    """The runs that these parameters name: by model, then by trial. Raises ValueError."""
    several = isinstance(models, Iterable) and not isinstance(models, str)
    names = parse_models(",".join(map(str, models)) if several else models)
    protocol, profile = parse_protocol(protocol).name, parse_profile(profile).name
    return [
        Run(dataset, protocol, profile, name, trial)
        for name in names
        for trial in parse_trials(trials)
    ]


def survey(
    runs: Iterable[Run],
    results_dir: Path | str | None = None,
    source: Folder | Path | str | None = None,
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
    run: Run, results_dir: Path | str | None = None, source: Folder | Path | str | None = None
) -> Record:
    """Read and check one record.

    Parameters
    ----------
    run : Run
    results_dir : path, optional
        Where records lie; the project's `results` unless given.
    source : Folder or path, optional
        The folder of a dataset that is one's own. What it holds may have changed since.

    Raises
    ------
    FileNotFoundError
        If the run is not on record.
    RecordError
        If the file is no whole record of this run, or is one of other data than `source` holds.
    """
    path = run.path(results_dir)
    if not run.is_there(results_dir):
        raise FileNotFoundError(f"{path}: no such record")
    try:
        data = read_json(path)
    except (ValueError, OSError) as error:
        raise RecordError(f"{path}: not readable as JSON ({error})") from error
    _expect(f"{path}", data, _RECORD)
    if data["format"] != FORMAT:
        raise RecordError(f"{path}: is in format {data['format']}, expected {FORMAT}")
    record = Record(data)
    try:
        stated = record.run
    except ValueError as error:
        raise RecordError(f"{path}: {error}") from error
    if stated != run:
        raise RecordError(f"{path}: says it is {stated}, expected {run}")
    if (found := fingerprint(data["configuration"])) != data["configuration_sha256"]:
        raise RecordError(
            f"{path}: its configuration has sha256 {found}, it states "
            f"{data['configuration_sha256']!r}"
        )
    _expect(f"{path}: test", data["test"], _TEST)
    for name in _SCORES:
        _expect_numbers(f"{path}: test {name!r}", data["test"][name], len(data["classes"]))
    for name, values in data["history"].items():
        _expect_numbers(f"{path}: history {name!r}", values, data["epochs"])
    for layer in data["layers"]:
        _expect(f"{path}: layer", layer, _LAYER)
        for one in layer["filters"]:
            place = f"{path}: layer {layer['layer']}: filter"
            _expect(place, one, _FILTER)
            for hit in one["hits"]:
                _expect(f"{place} {one['filter']}: hit", hit, _HIT)
            if len(one["ppm"]) != layer["window"]:
                raise RecordError(
                    f"{place} {one['filter']}: has {len(one['ppm'])} columns, "
                    f"expected {layer['window']}"
                )
            for column in one["ppm"]:
                _expect_numbers(f"{place} {one['filter']}: a column", column, 4)
    if source is not None:
        made_from = data["configuration"]
        relevant = made_from.get("targets", {}).get("relevant", {})
        check_source(path, source, made_from.get("dataset", {}), relevant)
    return record


def check_place(source: Folder, results_dir: Path | str | None = None) -> None:
    """Refuse to put records of a folder of one's own where they would be lost or mixed up.

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
    made, description = None, place / "dataset.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        made = read_json(description)["configuration"]["dataset"]
    if isinstance(made, dict):
        check_source(description, source, made, None)
    for path in place.glob("*/*/*/trial-*.json"):
        protocol, profile, model, name = path.relative_to(place).parts
        try:
            trial = int(name.removeprefix("trial-").removesuffix(".json"))
            load(Run(source.name, protocol, profile, model, trial), results_dir, source)
            return  # each was checked against another
        except OtherDataError:
            raise
        except (OSError, ValueError):
            continue


def check_source(
    path: Path, source: Folder | Path | str, dataset: dict, relevant: dict | None
) -> None:
    """Refuse a record that was made from other files than its folder now holds.

    Parameters
    ----------
    path : path
        The record's file.
    source : Folder or path
        The folder of sequences.
    dataset : dict
        The dataset's configuration on record: `length`, and `sets` with the `sha256` of each file.
    relevant : dict or None
        The relevant motifs of each TF on record; None if they do not matter.

    Raises
    ------
    OtherDataError
        Naming the TFs.
    """
    from motifbook.sequences.chipseq import Folder, contents, stated

    if relevant is not None:
        relevant = stated(dataset, relevant)
    made, held, same = dataset.get("sets", {}), contents(source), relevant is None
    made = {
        tf: (one.get("sha256"), list(held.get(tf, ("", ()))[1] if same else relevant.get(tf, ())))
        for tf, one in made.items()
    }
    other = sorted(tf for tf in made.keys() | held.keys() if made.get(tf) != held.get(tf))
    if (length := dataset.get("length")) not in (None, Folder.of(source).length):
        other.append(f"windows of {length} nt")
    if other:
        raise OtherDataError(
            f"{path}: was made from other data than {source} holds now (other: "
            f"{', '.join(other)}); rename the folder, or move the old records away"
        )


def _expect(place: str, found: object, expected: dict) -> None:
    """Refuse what is not an object with these keys and types of values."""
    if not isinstance(found, dict):
        raise RecordError(f"{place}: must be an object, found {type(found).__name__}")
    for name, kind in expected.items():
        if name not in found:
            raise RecordError(f"{place}: has no {name!r}")
        value = found[name]
        if not (_is_number(value) if kind is float else isinstance(value, kind)):
            what = getattr(kind, "__name__", kind)
            raise RecordError(f"{place}: {name!r} must be {what}, found {type(value).__name__}")


def _expect_numbers(place: str, found: object, number: int) -> None:
    if not isinstance(found, list) or len(found) != number or not all(map(_is_number, found)):
        what = f"a list of {len(found)}" if isinstance(found, list) else type(found).__name__
        raise RecordError(f"{place}: must be a list of {number} numbers, found {what}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
    write_whole(path, to_json(record.data))
    return path


def to_json(data: dict) -> str:
    """JSON with one line per key and per filter: small, and readable in a diff."""
    text = json.dumps(data, indent=1, allow_nan=False)
    # Join the innermost lists (numbers, PPM rows) and flat objects into one line each.
    text = re.sub(r"[\[{][^\[\]{}]*[\]}]", lambda m: re.sub(r"\s*\n\s*", " ", m[0]), text)
    return text + "\n"


def on_record(results_dir: Path | str | None = None) -> Iterator[Run]:
    """Every run that has a record file, sorted. Raises ValueError as `open_results` does."""
    folder = open_results(results_dir)
    found = []
    for path in folder.glob("*/*/*/*/trial-*.json"):
        *names, file = path.relative_to(folder).parts
        with contextlib.suppress(ValueError):  # other files may lie there
            run = Run(*names, int(file.removeprefix("trial-").removesuffix(".json")))
            if run.path(folder) == path:
                found.append(run)
    yield from sorted(found)


@contextlib.contextmanager
def claimed(run: Run, results_dir: Path | str | None = None) -> Iterator[None]:
    """Hold a run against other processes; the operating system lets go of it if we die."""
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
                **{name: read[name] for name in of_layer},
                "filters": len(read["filters"]),
                **{name: record.data[name] for name in of_run},
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
            **{name: record.data["test"][name][i] for name in _SCORES},
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
        for one in record.layer(layer)["filters"]:
            row = {
                **_identity(record),
                "filter": one["filter"],
                "state": one["state"],
                "sites": one["sites"],
                "any": one["matches_any"],
                "relevant": one["tf"] is not None,
                "tf": one["tf"],
            }
            if one["hits"]:
                row |= {name: one["hits"][0][name] for name in ("target", "name", "e_value")}
            if one.get("site_precision"):
                row["site_tf"] = site_tf(record, one)
                top = record.classes.index(row["site_tf"])
                row["site_precision"] = one["site_precision"][top]
                row["site_recall"] = one["site_recall"][top]
            rows.append(row)
    of_filter = ("filter", "state", "sites", "any", "relevant", "tf", "target", "name", "e_value")
    return _tidy(rows, *of_filter, "site_tf", "site_precision", "site_recall")


def site_tf(record: Record, filter: dict) -> str | None:
    """The class whose embedded motifs are most often among a recorded filter's sites."""
    precision = filter.get("site_precision")
    if not precision:
        return None
    return record.classes[max(range(len(precision)), key=precision.__getitem__)]


def history(records: Iterable[Record]) -> pd.DataFrame:
    """One row per run and epoch: loss, validation loss, first-layer gradient norm."""
    rows = (
        {
            **_identity(record),
            "epoch": epoch,
            **{name: values[epoch - 1] for name, values in record.data["history"].items()},
        }
        for record in records
        for epoch in range(1, record.data["epochs"] + 1)
    )
    return _tidy(rows, "epoch", "loss", "valid_loss", "gradient_norm")
