"""How many filters match known motifs without having learned any: two null hypotheses.

* `untrained`: the filters of the networks before training. What matches among them is due to the
  reading of filters, to the database and to Tomtom's threshold.
* `shuffled`: the filters of trained networks with their columns in random order. They keep their
  width, their base composition and how sharp each column is, and lose the motif.

Each is kept as a small record of its own, `results/null/<kind>.json`, with one row for each network
and layer.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from msgspec import Meta, Struct, convert, to_builtins

from motifbook.filters import readout
from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.networks import evaluation, training
from motifbook.networks.architectures import MODELS, Architecture
from motifbook.records import experiment, runs, store
from motifbook.records.runs import Filter, Layer, Record, Run
from motifbook.records.store import Count, Envelope, Fraction, Number
from motifbook.sequences import catalogue
from motifbook.sequences.datasets import Split

if TYPE_CHECKING:
    import keras

KINDS = ("untrained", "shuffled")
SHUFFLES = 20
CALIBRATED_ON = 2_000
"""Training sequences that batch norm's statistics of an untrained network are taken from."""


class Row(Struct, frozen=True, kw_only=True):
    """One layer of one network: in `shuffled`, all its filters in all their random orders.

    Attributes
    ----------
    filters, dead : int
        Of the network.
    match_any, match_relevant : float
        Fractions of filters that match any motif and a relevant one (None where none is relevant).
    commonest, match_commonest
        The motif that is the best match of most filters, and of which fraction.
    """

    dataset: str
    protocol: str
    profile: str
    model: str
    trial: Number
    layer: Number
    filters: Number
    dead: Count
    match_any: Fraction
    match_relevant: Fraction | None
    commonest: str | None
    match_commonest: Fraction

    @property
    def place(self) -> tuple:
        """The network and layer that it is of."""
        return self.dataset, self.protocol, self.profile, self.model, self.trial, self.layer


COLUMNS = Row.__struct_fields__
"""Of a table: the fields of `Row`, NaN where one is None."""


class Null(Envelope, frozen=True, kw_only=True, eq=False):
    """A null on record; `written` is when it was last added to (UTC)."""

    kind: Annotated[str, Meta(pattern=f"^({'|'.join(KINDS)})$")]
    written: str
    rows: Annotated[tuple[Row, ...], Meta(min_length=1)]

    def contradictions(self) -> Iterator[store.Contradiction]:
        yield from store.repeated("rows", ("/".join(map(str, row.place)) for row in self.rows))
        for at, row in enumerate(self.rows):
            if row.dead > row.filters:
                yield f"rows[{at}].dead", row.dead, f"at most {row.filters}, its filters"
            if row.model in MODELS and row.layer > (last := len(MODELS[row.model].convs)):
                yield f"rows[{at}].layer", row.layer, f"at most {last}"
            if (row.match_relevant or 0) > row.match_any:
                yield f"rows[{at}].match_relevant", row.match_relevant, f"at most {row.match_any}"
            most = row.match_any if row.commonest else 0
            if row.match_commonest > most:
                yield f"rows[{at}].match_commonest", row.match_commonest, f"at most {most}"


def untrained(
    models: str | Iterable[str] = "all",
    trials: str | int = 5,
    *,
    dataset: str = "synthetic",
    protocol: str = "as-run",
    profile: str = "paper",
) -> pd.DataFrame:
    """Read and match the filters of the untrained networks of these runs.

    Parameters
    ----------
    models, trials, dataset, protocol, profile
        As for `runs.wanted`. A network has the initial weights of its run's seeds; the profile
        decides the size of the test set.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row per model, trial and layer.

    Raises
    ------
    ValueError
        For a parameter that names nothing.

    Notes
    -----
    The filters are read and matched as after training, but for one thing. Batch norm has no
    averages before training, and without them nothing says where ReLU cuts. They are therefore
    estimated first, layer by layer, from one pass of training sequences (`calibrate`): ReLU cuts
    where it does, up to the sampling of a batch, in the first step of training.
    """
    rows = []
    name, source = catalogue.parse_dataset(dataset)
    for run in runs.wanted(models, trials, dataset=name, protocol=protocol, profile=profile):
        setup = experiment.setup(run, source)
        data, architecture = setup.dataset, setup.architecture
        model = training.new_model(setup)
        calibrate(model, architecture, data.train)
        test = Split(data.test.bases, data.test.labels)  # where motifs lie is not asked here
        for number in range(1, architecture.unpooled_layers + 1):
            read = readout.read(model, architecture, setup.protocol, test, number)
            layer, _ = experiment.describe(read, data, setup.protocol)
            matched = [one.hits[0].target for one in layer.filters if one.matches_any]
            rows.append(
                {
                    **_row(run, layer),
                    "match_any": layer.match_any,
                    "match_relevant": layer.match_relevant,
                    **_commonest(matched, len(layer.filters)),
                }
            )
    return _table(rows)


def calibrate(model: keras.Model, architecture: Architecture, train: Split) -> None:
    """Set batch norm's averages, in the layers that can be read, to those of training sequences.

    Layer by layer, because a layer's input depends on the averages below it. No other weight
    changes; dropout is off. `CALIBRATED_ON` sequences are used, or what there is.
    """
    bases = train.bases[:CALIBRATED_ON]
    for number in range(1, architecture.unpooled_layers + 1):
        total = squares = size = 0
        for _, output in evaluation.outputs(model, bases, f"conv_{number}"):
            y = output.astype(float)
            total, squares = total + y.sum(axis=(0, 1)), squares + (y**2).sum(axis=(0, 1))
            size += y.shape[0] * y.shape[1]
        norm = model.get_layer(f"norm_{number}")
        gamma, beta, *_ = norm.get_weights()
        mean = total / size
        norm.set_weights([gamma, beta, mean, squares / size - mean**2])


def shuffled(records: Iterable[Record], shuffles: int = SHUFFLES, seed: int = 0) -> pd.DataFrame:
    """Match the filters of trained networks with their columns in random order.

    What is shuffled is the part of a PPM that was matched, so that a shuffled filter is as wide as
    the filter was. Filters that could not be compared (dead ones, say) count as not matched here
    as there.

    Parameters
    ----------
    records : iterable of Record
    shuffles : int
        Random orders of each filter.
    seed : int
        A record's orders depend on this and on its run, not on the other records.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row per record and layer.

    Raises
    ------
    ValueError
        If there would be no shuffle.
    """
    if shuffles < 1:
        raise ValueError(f"shuffles must be at least 1, found {shuffles}")
    rows = []
    for record in records:
        for layer in record.layers:
            queries = in_random_order(record, layer, shuffles, seed)
            matches = tomtom.match(queries, matrices.jaspar(), experiment.EVALUE)
            verdicts = tomtom.verdicts(matches, record.relevant)
            # Where nothing is relevant, the record has no fraction of it either.
            counts = layer.match_relevant is not None
            rows.append(
                {
                    **_row(record.run, layer),
                    "match_any": float(verdicts["any"].mean()),
                    "match_relevant": float(verdicts["relevant"].mean()) if counts else None,
                    **_commonest(verdicts.loc[verdicts["any"], "target"], len(queries)),
                }
            )
    return _table(rows)


def in_random_order(record: Record, layer: Layer, shuffles: int, seed: int = 0) -> list[Motif]:
    """A layer's filters as matched, their columns in `shuffles` random orders each, by filter.

    The ids are `filter_order`, from zero. The orders depend on the seed, the run and the layer.
    """
    name = f"{record.run}/{layer.layer}/{seed}"
    stream = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    return [
        _shuffled(one, f"{one.filter}_{number}", stream)
        for one in layer.filters
        for number in range(shuffles)
    ]


def _shuffled(one: Filter, name: str, stream: np.random.Generator) -> Motif:
    """A filter on record, as matched, with its columns in random order."""
    return Motif(name, "", stream.permutation(one.trimmed), float(len(one.trimmed)))


def _table(rows: list[dict]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(dict.fromkeys(("match_any", "match_relevant", "match_commonest"), float))


def _row(run: Run, layer: Layer) -> dict:
    number = len(layer.filters)
    return {**run.names, "layer": layer.layer, "filters": number, "dead": layer.dead}


def _commonest(targets: Iterable[str], number: int) -> dict:
    """The target of most of `number` filters, given those of all that match; the first on a tie."""
    counted: list[tuple[str | None, int]] = [*Counter(sorted(targets)).most_common(1), (None, 0)]
    target, times = counted[0]
    return {"commonest": target, "match_commonest": times / number}


def write_null(
    kind: str,
    table: pd.DataFrame,
    results_dir: Path | str | None = None,
    **configuration,
) -> Path:
    """Add a table of `untrained` or `shuffled` to what is on record, whole or not at all.

    A network's layer that is on record already gets its new row; the other rows stay. `versions`
    and `written` are those of the last addition.

    Parameters
    ----------
    kind : "untrained" or "shuffled"
    table : DataFrame
    results_dir : path, optional
        Where records lie; the project's `results` unless given.
    **configuration
        What made the table besides its runs; by default the constants of this module.

    Raises
    ------
    ValueError
        For another kind, a table without rows, or one without the columns, or if what is on record
        was made with another configuration.
    RecordError
        If what is on record is damaged: it is left as it is.
    """
    _check_kind(kind)
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise ValueError(f"the table has no column {missing[0]!r}")
    if table.empty:
        raise ValueError("the table has no row, so there is nothing to keep on record")
    made = {
        "untrained": {"settled_on": CALIBRATED_ON},
        "shuffled": {"shuffles": SHUFFLES, "seed": 0},
    }
    rows = [
        convert({name: _held(value) for name, value in row.items()}, Row)
        for row in table[list(COLUMNS)].to_dict("records")
    ]
    configuration = {
        **made[kind],
        **configuration,
        "targets": {"release": "JASPAR 2016", "number": len(matrices.jaspar())},
        "evalue": experiment.EVALUE,
    }
    path = _path(kind, results_dir)
    with contextlib.suppress(FileNotFoundError):
        before = _load(kind, results_dir)
        if before.configuration != configuration:
            raise ValueError(
                f"{path}: was made with {before.configuration}; rows made with {configuration} "
                "cannot be added to it"
            )
        # Each network's layer once: its place is the old one, its numbers are the new ones.
        rows = list({row.place: row for row in (*before.rows, *rows)}.values())
    written = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    made_now = store.envelope(configuration, "keras", "memelite", "numpy", "pyjaspar")
    record = {"kind": kind, **made_now, "written": written, "rows": to_builtins(rows)}
    return store.save(path, convert(record, Null))


def load_null(kind: str, results_dir: Path | str | None = None) -> pd.DataFrame:
    """A table on record; `COLUMNS`, one row per network and layer.

    Raises
    ------
    ValueError
        For another kind.
    FileNotFoundError
        If it is not on record.
    RecordError
        If the file is not a whole record of this kind.
    """
    _check_kind(kind)
    return _table(to_builtins(_load(kind, results_dir).rows))


def _load(kind: str, results_dir: Path | str | None) -> Null:
    path = _path(kind, results_dir)
    found = store.load(path, Null)
    if found.kind != kind:
        raise store.RecordError(f"{path}: is of kind {found.kind!r}, expected {kind!r}")
    return found


def rates(
    records: Iterable[Record], layer: int = 1, results_dir: Path | str | None = None
) -> pd.DataFrame:
    """Match fractions of trained networks beside both nulls, for `figures.null_rates`.

    Parameters
    ----------
    records : iterable of Record
    layer : int
        From one; networks in which it cannot be read are left out.
    results_dir : path, optional
        Where the nulls lie; a null that is not on record is left out.

    Returns
    -------
    DataFrame
        kind ("trained", "shuffled" or "untrained"), model, trial, match_any, match_relevant; the
        nulls' rows are those of the records' runs.
    """
    records = [record for record in records if layer in [found.layer for found in record.layers]]
    tables = [runs.table(records, layer).assign(kind="trained")]
    for kind in reversed(KINDS):
        try:
            null = load_null(kind, results_dir)
        except FileNotFoundError:
            continue
        null = null[null["layer"] == layer]
        identity = ["dataset", "protocol", "profile", "model", "trial"]
        tables.append(null.merge(tables[0][identity]).assign(kind=kind))
    columns = ["kind", "model", "trial", "match_any", "match_relevant"]
    return pd.concat([table[columns] for table in tables], ignore_index=True)


def _path(kind: str, results_dir: Path | str | None) -> Path:
    return store.results_folder(results_dir) / "null" / f"{kind}.json"


def _held(value: object) -> object:
    if pd.isna(value):
        return None
    return round(value, 6) if isinstance(value, float) else value


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"unknown null {kind!r}; there are: {', '.join(KINDS)}")
