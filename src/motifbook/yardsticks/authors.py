"""The authors' own trained networks, link by link: data, weights, scores, filters, hits.

An older commit of the authors' repository keeps networks of one run with their scores, their
filters (whole and trimmed) and Tomtom's hits; one older still keeps the filters of the same
networks as they were read from the kernels' weights. The synthetic networks were trained on the
same data that `synthetic` simulates as run; of those in vivo there are no weights of use here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from msgspec import Meta, Struct, convert, to_builtins

from motifbook.filters import readout
from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.networks import backend, evaluation
from motifbook.networks.architectures import MODELS
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN
from motifbook.records import experiment, runs, store
from motifbook.records.store import Count, Envelope, Fraction, Number, Positive, Score
from motifbook.sequences import synthetic

if TYPE_CHECKING:
    import keras

    from motifbook.sequences.datasets import Split

NETWORKS = {
    "cnn_2": "cnn-2",
    "cnn_4": "cnn-4",
    "cnn_10": "cnn-10",
    "cnn_25": "cnn-25",
    "cnn_50": "cnn-50",
    "cnn_100": "cnn-100",
    "cnn9_4": "cnn9-4",
    "cnn9_25": "cnn9-25",
    "cnn3_2": "cnn3-2",
    "cnn3_50": "cnn3-50",
    "cnn_50_2": "cnn-50-2",
    "cnn_2_1": "cnn19-1-2",
}
"""The archive's names, and the rows of our table that they are."""
_NOT_OLDER = ("cnn_2_1",)
_NOT_IN_VIVO = ("cnn3_2", "cnn3_50", "cnn_2_1")
FOLDERS = {
    "synthetic": tuple(NETWORKS),
    "older/synthetic": tuple(name for name in NETWORKS if name not in _NOT_OLDER),
    "invivo": tuple(name for name in NETWORKS if name not in _NOT_IN_VIVO),
    "older/invivo": tuple(name for name in NETWORKS if name not in _NOT_IN_VIVO),
}
"""The archive's folders and whose filters are in each; in the older ones, filters are kernels."""
SUMMARY_OF_ANOTHER_RUN = ("cnn_25", "cnn_50_2")
"""Networks whose archived summary line was not made by the archived file of weights."""
FILTERS_OF_ANOTHER_RUN = ("cnn_2_1",)
"""Networks whose archived filters were not made by the archived file of weights."""
TOLERANCE = 2e-4  # of a PPM entry: the archived ones are rounded to four decimals

_LAYERS = {"conv_1": "conv1d_0", "conv_2": "conv1d_1", "hidden": "dense_0", "output": "dense_1"}
_NORMS = {"norm_1": "conv1d_0", "norm_2": "conv1d_1", "norm_hidden": "dense_0"}
_NORM = (  # gamma, beta, moving mean, moving variance
    "norm/Variable",
    "norm/Variable_1",
    "moments/Squeeze/ExponentialMovingAverage",
    "moments/Squeeze_1/ExponentialMovingAverage",
)


class Network(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of `check`; what does not apply is None."""

    folder: str
    network: str
    model: str | None = None
    filters: Number | None = None
    archived_auroc: Score | None = None
    archived_auroc_sd: Positive | None = None
    archived_aupr: Score | None = None
    archived_aupr_sd: Positive | None = None
    archived_parameters: Positive | None = None
    parameters: Positive | None = None
    auroc: Score | None = None
    auroc_sd: Positive | None = None
    aupr: Score | None = None
    aupr_sd: Positive | None = None
    auroc_by_class: list[Score] | None = None
    ppms_equal: Positive | None = None
    trimmed_equal: Count | None = None
    trimmed_equal_later: Positive | None = None
    hits: Count | None = None
    hits_equal: bool | None = None
    match_any: Fraction | None = None
    match_relevant: Fraction | None = None
    later_any: Fraction | None = None
    later_relevant: Fraction | None = None


class Reread(Struct, frozen=True, kw_only=True):
    """One row of `reread`."""

    run: str
    model: str
    filters: Number
    retrimmed: Count
    match_any: Fraction
    match_relevant: Fraction


class Narrowed(Struct, frozen=True, kw_only=True):
    """One row of `motif_coverage.narrowed`."""

    run: str
    started: str
    model: str
    match_any: Fraction
    match_relevant: Fraction


class Check(Envelope, frozen=True, kw_only=True, eq=False):
    """The archive's check on record."""

    kind: Annotated[str, Meta(pattern="^archive$")] = "archive"
    started: str
    backend: str
    precision: str
    hardware: str
    networks: tuple[Network, ...]
    reread: tuple[Reread, ...]
    narrowed: tuple[Narrowed, ...]

    def contradictions(self) -> Iterator[store.Contradiction]:
        yield from store.repeated("networks", ((one.folder, one.network) for one in self.networks))
        for at, one in enumerate(self.networks):
            limits = {
                "match_relevant": one.match_any,
                "later_relevant": one.later_any,
                "ppms_equal": one.filters,
                "trimmed_equal": one.filters,
                "trimmed_equal_later": one.filters,
            }
            for name, most in limits.items():
                found = getattr(one, name)
                if found is not None and most is not None and found > most:
                    yield f"networks[{at}].{name}", found, f"at most {most}"


def network(folder: Path | str, name: str) -> keras.Model:
    """One of the archived networks, loaded into our own layers.

    Parameters
    ----------
    folder : path
        With `model_params` in it: the archive's `synthetic`, or, for the CNN-2 whose summary line
        and filters are archived, `older/synthetic`.
    name : str
        One of `NETWORKS`.

    Raises
    ------
    ValueError
        For an unknown name, or a checkpoint that is damaged or of another network.
    FileNotFoundError
        If the checkpoint is not there.
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}; there are: {', '.join(NETWORKS)}")
    prefix = Path(folder) / "model_params" / f"{name}_best.ckpt"
    if not prefix.with_suffix(".ckpt.index").is_file():
        raise FileNotFoundError(f"{prefix}.index: no such checkpoint")
    backend.start()
    import tensorflow as tf

    model = build(MODELS[NETWORKS[name]], AS_RUN)
    try:
        stored = tf.train.load_checkpoint(str(prefix))
        for layer, scope in _NORMS.items():
            places = (f"{scope}/{part}" for part in _NORM)
            model.get_layer(layer).set_weights([stored.get_tensor(place) for place in places])
        for layer, scope in _LAYERS.items():
            kind = scope[: scope.index("_")]
            shape = model.get_layer(layer).kernel.shape
            weights = [stored.get_tensor(f"{scope}/{kind}/Variable").reshape(shape)]
            if layer == "output":
                weights.append(stored.get_tensor(f"{scope}/bias/Variable"))
            model.get_layer(layer).set_weights(weights)
    except (KeyError, ValueError, RuntimeError, tf.errors.OpError) as error:
        raise ValueError(f"{prefix}: not the weights of {NETWORKS[name]} ({error})") from error
    return model


def check(archive: Path | str) -> pd.DataFrame:
    """Score the archived networks, read their filters, trim and match them; beside the archive.

    Parameters
    ----------
    archive : path
        The folder that holds all of `FOLDERS`.

    Returns
    -------
    DataFrame
        One row per folder and network that has filters there.

        - filters : how many; trimmed_equal : those whose archived trimmed PPM is the whole one (or
          the kernel) trimmed by the archive's rule; trimmed_equal_later : by the later script's
        - hits : (query, target) pairs that Tomtom gave at E <= 0.1 for the archived filters;
          hits_equal : whether ours are these and no other
        - match_any, match_relevant : fractions of filters, by the archived hits; later_any,
          later_relevant : by our hits, the whole PPMs trimmed by the later script's rule
        - archived_auroc, archived_auroc_sd, archived_aupr, archived_aupr_sd : mean and standard
          deviation over classes as summarised; archived_parameters : trainable ones
        - ppms_equal, where there are weights : filters whose PPM, read by us, is the archive's to
          within 2e-4; in the folder "synthetic" also our own `auroc`, ..., `parameters`, and
          `auroc_by_class`, in the order of `matrices.TFS`

        What does not apply is missing; the later rule never saw a kernel.
    """
    archive = Path(archive)
    test = replace(synthetic.get().test, sites=None)
    models = {
        # The file of CNN-2 that lies with the others is of another run.
        name: network(archive / ("older/synthetic" if name == "cnn_2" else "synthetic"), name)
        for name in NETWORKS
    }
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    queries: dict[tuple[str, ...], Sequence] = {}
    for folder, names in FOLDERS.items():
        summary = _summary(archive / folder / "performance_summary.tsv")
        for name in names:
            file = archive / folder / "conv_filters" / f"{name}.meme"
            archived = matrices.read_meme(file)
            trimmed = matrices.read_meme(file.with_name(f"{name}_clip.meme"))
            whole = [motif.ppm for motif in archived]
            row = rows[folder, name] = {"folder": folder, "network": name, "model": NETWORKS[name]}
            row |= {"filters": len(whole), **summary.get(name, {})}
            ours: Iterable[np.ndarray] = _trimmed(whole, as_archived=not folder.startswith("older"))
            if folder == "synthetic":
                row |= _scored(models[name], test)
                row["ppms_equal"] = equal(_from_activations(models[name], name, test), whole)
            elif folder == "older/synthetic":
                # Kernels were trimmed first, and each part scaled anew by its own largest weight.
                kernels = _kernels(models[name])
                row["ppms_equal"] = equal(map(readout.softmax, kernels), whole)
                ours = map(readout.softmax, _trimmed(kernels, as_archived=True))
            row["trimmed_equal"] = equal(ours, [motif.ppm for motif in trimmed])
            # For CNN9 in "synthetic", whose window was 9, Tomtom was given the whole PPMs.
            nine = folder == "synthetic" and name.startswith("cnn9")
            queries[folder, name] = archived if nine else trimmed
            if not folder.startswith("older"):
                later = _trimmed(whole, as_archived=False)
                row["trimmed_equal_later"] = equal(later, [motif.ppm for motif in trimmed])
                queries[folder, name, "later"] = later
    found = match(queries)
    for (folder, name), row in rows.items():
        theirs = archived_hits(archive / folder, name)
        row |= {"hits": len(theirs), "hits_equal": theirs == found[folder, name]}
        row["match_any"], row["match_relevant"] = fractions(theirs, row["filters"])
        if (folder, name, "later") in found:
            pairs = found[folder, name, "later"]
            row["later_any"], row["later_relevant"] = fractions(pairs, row["filters"])
    return pd.DataFrame(list(rows.values()))


def reread(records: Iterable[runs.Record]) -> pd.DataFrame:
    """What our own first layers would match, had they been trimmed as the archive was.

    The PPMs are those on record; only which columns are kept for the search changes.

    Returns
    -------
    DataFrame
        One row per record: `run`, as text, `model`, `filters`, `retrimmed` (how many keep other
        columns), `match_any` and `match_relevant`, fractions.
    """
    rows: list[dict] = []
    queries = {}
    for number, record in enumerate(records):
        own = record.layer(1).filters
        whole = [np.array(one.ppm) for one in own]
        queries[number] = _trimmed(whole, as_archived=True)
        kept = (readout.trim(ppm, as_archived=True) for ppm in whole)
        rows.append(
            {
                "run": str(record.run),
                "model": record.run.model,
                "filters": len(own),
                "retrimmed": sum(edges != one.trim for edges, one in zip(kept, own, strict=True)),
            }
        )
    for row, found in zip(rows, match(queries).values(), strict=True):
        row["match_any"], row["match_relevant"] = fractions(found, row["filters"])
    columns = ["run", "model", "filters", "retrimmed", "match_any", "match_relevant"]
    return pd.DataFrame(rows, columns=columns)


def links(table: pd.DataFrame) -> pd.DataFrame:
    """What of the chain is the archive's: one row per link, `equal` of so many (`of`).

    Parameters
    ----------
    table : DataFrame
        From `check`.
    """
    older = table["folder"].str.startswith("older")
    summarised = table[(table["folder"] == "synthetic") & table["archived_auroc"].notna()]

    def scores(*names: str) -> tuple[int, int]:
        ours = summarised[[*names]].round(3).to_numpy()
        theirs = summarised[[f"archived_{name}" for name in names]].to_numpy()
        return int((ours == theirs).all(axis=1).sum()), len(summarised)

    def ppms(of: pd.Series, column: str) -> tuple[int, int]:
        held = table[of & table[column].notna()]
        return int(held[column].sum()), int(held["filters"].sum())

    def hits(of: pd.Series) -> tuple[int, int]:
        return int(table.loc[of, "hits_equal"].sum()), int(of.sum())

    rows = {
        "trainable parameters (networks)": scores("parameters"),
        "mean AUROC and its SD over classes (networks)": scores("auroc", "auroc_sd"),
        "mean AUPR and its SD over classes (networks)": scores("aupr", "aupr_sd"),
        "PPMs from activations (filters)": ppms(~older, "ppms_equal"),
        "PPMs from kernels (filters)": ppms(older, "ppms_equal"),
        "trimmed PPMs, by the archive's rule (filters)": ppms(~older, "trimmed_equal"),
        "trimmed PPMs, by the later script's rule (filters)": ppms(~older, "trimmed_equal_later"),
        "trimmed kernels (filters)": ppms(older, "trimmed_equal"),
        "Tomtom's hits (networks)": hits(~older),
        "Tomtom's hits on kernels (networks)": hits(older),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["equal", "of"])


def equal(ours: Iterable[np.ndarray], theirs: Sequence[np.ndarray]) -> int:
    """How many PPMs, one by one, have the same columns to within `TOLERANCE`."""
    return sum(
        a.shape == b.shape and bool(np.abs(a - b).max() <= TOLERANCE)
        for a, b in zip(ours, theirs, strict=True)
    )


def match(queries: Mapping) -> dict:
    """(query, target) pairs at E <= 0.1 of many sets of filters, all searched in one go.

    Parameters
    ----------
    queries : mapping of a key to a list of Motif, or of PPMs
        PPMs get the names and `nsites` that the authors' MEME files state: filter0, ..., and their
        own number of columns.
    """
    together = []
    for number, own in enumerate(queries.values()):
        for i, query in enumerate(own):
            if not isinstance(query, Motif):
                query = Motif(f"filter{i}", "", query, float(len(query)))
            together.append(replace(query, id=f"{number}/{query.id}"))
    hits = tomtom.match(together, matrices.jaspar()).hits
    pairs: list[set] = [set() for _ in queries]
    for query, target in zip(hits["query"], hits["target"], strict=True):
        number, _, own = query.partition("/")
        pairs[int(number)].add((own, target))
    return dict(zip(queries, pairs, strict=True))


def archived_hits(folder: Path | str, name: str) -> set[tuple[str, str]]:
    """(query, target) pairs at E <= 0.1 that Tomtom gave for a network's filters."""
    path = Path(folder) / "conv_filters" / name / "tomtom.txt"
    if name == "cnn_100" and not path.exists():  # one folder has its answers under another name
        path = path.parents[1] / "cnn_100_2" / "tomtom.txt"
    table = pd.read_csv(path, sep="\t")
    return set(zip(table["#Query ID"], table["Target ID"], strict=True))


def fractions(pairs: Iterable[tuple[str, str]], number: int) -> tuple[float, float]:
    """Of `number` filters, those that match any motif, and those that match a relevant one."""
    relevant = {target for targets in matrices.RELEVANT.values() for target in targets}
    pairs = list(pairs)
    matched = {query for query, _ in pairs}
    truly = {query for query, target in pairs if target in relevant}
    return len(matched) / number, len(truly) / number


def _trimmed(matrices: Iterable[np.ndarray], *, as_archived: bool) -> list[np.ndarray]:
    return [m[slice(*readout.trim(m, as_archived=as_archived))] for m in matrices]


def _kernels(model: keras.Model) -> np.ndarray:
    """The first layer's weights, (filters, size, 4)."""
    return np.moveaxis(model.get_layer("conv_1").get_weights()[0], -1, 0).astype(float)


def _from_activations(model: keras.Model, name: str, test: Split) -> np.ndarray:
    """(filters, window, 4) PPMs."""
    # The archived run's window was the filter's size for CNN9.
    protocol = replace(AS_RUN, window=9) if name.startswith("cnn9") else AS_RUN
    return readout.read(model, MODELS[NETWORKS[name]], protocol, test).ppms


def _scored(model: keras.Model, test: Split) -> dict:
    found = evaluation.scores(test.labels, evaluation.predict(model, test.bases))
    row: dict[str, Any] = {
        "parameters": sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    }
    for name in ("auroc", "aupr"):
        row |= {name: float(np.mean(found[name])), f"{name}_sd": float(np.std(found[name]))}
    return row | {"auroc_by_class": [round(float(score), 4) for score in found["auroc"]]}


def _summary(path: Path) -> dict[str, dict]:
    """What the archive says of its networks' scores, over classes, and of their size."""
    table = pd.read_csv(path, sep="\t").set_index("model")
    names = ("archived_auroc", "archived_auroc_sd", "archived_aupr", "archived_aupr_sd")
    rows = {}
    for name, line in table.iterrows():
        numbers = re.findall(r"\d+\.\d+", f"{line['ave roc']} {line['ave pr']}")
        rows[name] = dict(zip(names, map(float, numbers), strict=True))
        rows[name]["archived_parameters"] = int(line["num_params"])
    return rows


def write_check(
    table: pd.DataFrame,
    own: pd.DataFrame,
    narrow: pd.DataFrame,
    results_dir: Path | str | None = None,
) -> Path:
    """Keep the tables of `check`, `reread` and `motif_coverage.narrowed`, for the book."""
    folders = {name: list(own) for name, own in FOLDERS.items()}
    made = {"folders": folders, "tolerance": TOLERANCE, "evalue": experiment.EVALUE}
    record = store.envelope(made) | backend.description()
    record["started"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for name, rows in (("networks", table), ("reread", own), ("narrowed", narrow)):
        record[name] = [_held(row) for row in rows.to_dict("records")]
    return store.save(_path(results_dir), convert(record, Check))


def _held(row: dict) -> dict:
    """What a row has, with numbers as precise as a record needs them."""
    return {
        name: float(f"{value:.6g}") if isinstance(value, float) else value
        for name, value in row.items()
        if not (isinstance(value, float) and np.isnan(value))
    }


def load_check(
    results_dir: Path | str | None = None, folder: str | None = "synthetic"
) -> pd.DataFrame:
    """The table of `check` on record: of one folder, with what is held there, or whole (None).

    Raises
    ------
    FileNotFoundError, RecordError
        If it is not there, or is no whole record.
    """
    table = _load(results_dir, "networks")
    if folder is None:
        return table
    return table[table["folder"] == folder].dropna(axis="columns", how="all").reset_index(drop=True)


def load_reread(results_dir: Path | str | None = None) -> pd.DataFrame:
    """The table of `reread` on record. Raises as `load_check` does."""
    return _load(results_dir, "reread")


def load_narrowed(results_dir: Path | str | None = None) -> pd.DataFrame:
    """The table of `motif_coverage.narrowed` on record. Raises as `load_check` does."""
    return _load(results_dir, "narrowed")


def _load(results_dir: Path | str | None, name: str) -> pd.DataFrame:
    found = getattr(store.load(_path(results_dir), Check), name)
    return pd.DataFrame([to_builtins(row) for row in found])


def _path(results_dir: Path | str | None) -> Path:
    return store.results_folder(results_dir) / "authors" / "networks.json"
