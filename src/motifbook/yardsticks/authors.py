"""The authors' own trained networks: our layers, data and filter reading must give their numbers.

Twelve networks of an older commit of the authors' repository, with their filters and Tomtom's
hits, are archived there. They were trained on the same data that `synthetic` simulates as run.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from motifbook.filters import readout
from motifbook.motifs import matrices, tomtom
from motifbook.networks import backend, training
from motifbook.networks.architectures import MODELS
from motifbook.networks.keras_model import build
from motifbook.networks.protocols import AS_RUN
from motifbook.records import runs
from motifbook.sequences import synthetic

if TYPE_CHECKING:
    import keras

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
SUMMARY_OF_ANOTHER_RUN = ("cnn_2", "cnn_25", "cnn_50_2", "cnn_2_1")
"""Networks whose archived summary line (if any) was not made by the archived file."""
FILTERS_OF_ANOTHER_RUN = ("cnn_2", "cnn_2_1")
"""Networks whose archived filters were not made by the archived file."""
TOLERANCE = 2e-4  # of a PPM entry: the archived ones are rounded to four decimals

_LAYERS = {"conv_1": "conv1d_0", "conv_2": "conv1d_1", "hidden": "dense_0", "output": "dense_1"}
_NORMS = {"norm_1": "conv1d_0", "norm_2": "conv1d_1", "norm_hidden": "dense_0"}
_NORM = (  # gamma, beta, moving mean, moving variance
    "norm/Variable",
    "norm/Variable_1",
    "moments/Squeeze/ExponentialMovingAverage",
    "moments/Squeeze_1/ExponentialMovingAverage",
)


def network(folder: Path | str, name: str) -> keras.Model:
    """One of the archived networks, loaded into our own layers.

    Parameters
    ----------
    folder : path
        The archive's `synthetic` folder, with `model_params` in it.
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


def check(folder: Path | str) -> pd.DataFrame:
    """Score every archived network, read its filters and match them; beside the archive's answers.

    Parameters
    ----------
    folder : path
        The archive's `synthetic` folder.

    Returns
    -------
    DataFrame
        One row per network: `auroc`, `auroc_sd` (over classes) and the archive's own;
        `auroc_by_class`, in the order of `matrices.TFS`;
        `filters_equal` of `filters` PPMs within 2e-4 of the archive's; `hits_equal`: whether the
        set of Tomtom hits at E <= 0.1 of the *archived* filters is the archived set of
        `hits` (query, target) pairs; `match_any` and `match_relevant`, the fractions of filters
        that the archived set makes.
    """
    folder = Path(folder)
    test = synthetic.get().test
    summary = _summary(folder / "performance_summary.tsv")
    relevant = {target for targets in matrices.RELEVANT.values() for target in targets}
    rows = []
    for name, model_name in NETWORKS.items():
        model = network(folder, name)
        scores = np.array(
            training.scores(test.labels, training.predict(model, test.bases))["auroc"]
        )
        # The archive is of an older run, whose window was the filter's size for CNN9.
        old = replace(AS_RUN, window=9) if name.startswith("cnn9") else AS_RUN
        ours = readout.read(model, MODELS[model_name], old, replace(test, sites=None)).ppms
        whole = matrices.read_meme(folder / "conv_filters" / f"{name}.meme")
        equal = sum(
            np.abs(ppm - theirs.ppm).max() <= TOLERANCE
            for ppm, theirs in zip(ours, whole, strict=True)
        )
        theirs, found = hits(folder, name)
        archived = summary.get(name, (np.nan, np.nan))
        rows.append(
            {
                "network": name,
                "model": model_name,
                "auroc": scores.mean(),
                "auroc_sd": scores.std(),
                "auroc_by_class": [round(float(score), 4) for score in scores],
                "archived_auroc": archived[0],
                "archived_sd": archived[1],
                "filters": len(whole),
                "filters_equal": int(equal),
                "hits": len(theirs),
                "hits_equal": theirs == found,
                "match_any": len({query for query, _ in theirs}) / len(whole),
                "match_relevant": len({query for query, target in theirs if target in relevant})
                / len(whole),
            }
        )
    return pd.DataFrame(rows)


def hits(folder: Path | str, name: str) -> tuple[set, set]:
    """(query, target) pairs at E <= 0.1 of a network's archived filters: the archive's, and ours.

    The archive matched the trimmed filters; for CNN9, whose window was 9, the whole ones.
    """
    folder = Path(folder) / "conv_filters"
    # The archive keeps CNN-100's answers under another name.
    answers = "cnn_100_2" if name == "cnn_100" else name
    archive = pd.read_csv(folder / answers / "tomtom.txt", sep="\t")
    theirs = set(zip(archive["#Query ID"], archive["Target ID"], strict=True))
    queries = f"{name}.meme" if name.startswith("cnn9") else f"{name}_clip.meme"
    found = tomtom.match(matrices.read_meme(folder / queries), matrices.jaspar()).hits
    return theirs, set(zip(found["query"], found["target"], strict=True))


def _summary(path: Path) -> dict[str, tuple[float, float]]:
    """The archive's mean AUROC and its standard deviation over classes, by network."""
    table = pd.read_csv(path, sep="\t")
    return {
        name: tuple(float(number) for number in re.findall(r"\d+\.\d+", text))
        for name, text in zip(table["model"], table["ave roc"], strict=True)
    }


def write_check(table: pd.DataFrame, results_dir: Path | str | None = None) -> Path:
    """Keep the table of `check` on record, for the book."""
    path = runs.results_folder(results_dir) / "authors" / "networks.json"
    rows = [
        {
            name: None if np.ndim(value) == 0 and pd.isna(value) else value
            for name, value in row.items()
        }
        for row in table.to_dict("records")
    ]
    data = {"started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **backend.description()}
    runs.write_whole(path, json.dumps({**data, "networks": rows}, indent=1) + "\n")
    return path


def load_check(results_dir: Path | str | None = None) -> pd.DataFrame:
    """The table on record.

    Raises
    ------
    runs.RecordError
        If it is not there or not readable.
    """
    path = runs.results_folder(results_dir) / "authors" / "networks.json"
    try:
        return pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["networks"])
    except (OSError, ValueError, KeyError) as error:
        raise runs.RecordError(f"{path}: not a readable record ({error})") from error
