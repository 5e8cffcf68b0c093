"""What is measured on a record: the quantities that the paper's claims are about."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pandas as pd

from motifbook.motifs import matrices
from motifbook.paper import claims
from motifbook.records.runs import Layer, Record

LONG_MOTIFS = ("MEF2A", "SRF", "STAT1", "CEBPB")  # "larger motifs", Results, on filter size
HARD_MOTIFS = ("arid3a", "sp1", "stat1")  # "harder to find", Results, on in vivo sequences


def filters_of_each_tf(run: Record, layer: Layer) -> Counter:
    """How many of a layer's filters have learned each TF of the data."""
    count = Counter({tf: 0 for tf in run.classes})
    count.update(tf for one in layer.filters if (tf := one.learned_tf))
    return count


def filters_per_tf(records: Iterable, layer: int = 1) -> pd.DataFrame:
    """How many filters have learned each TF: a row per run ("CNN-25, trial 1"), a column per TF."""
    return pd.DataFrame(
        {
            f"{record.label}, trial {record.run.trial}": filters_of_each_tf(
                record, record.layer(layer)
            )
            for record in records
        }
    ).T


def _redundancy_range(run: Record, layer: Layer) -> float:
    counts = filters_of_each_tf(run, layer).values()
    return max(counts) - min(counts)


def _hard_motifs(run: Record, layer: Layer) -> float:
    """NaN where the data have none of these TFs."""
    found = [
        n for tf, n in filters_of_each_tf(run, layer).items() if matrices.folded(tf) in HARD_MOTIFS
    ]
    return float(np.count_nonzero(found)) if found else math.nan


def _informative(ppm: np.ndarray) -> int:
    """How many columns of a (length, 4) PPM exceed half a bit."""
    return int((matrices.information(ppm) > 0.5).sum())


def _long_motif_missing(run: Record, layer: Layer) -> float:
    whole = dict(zip(matrices.TFS, map(_informative, _ground_truth_ppms()), strict=True))
    shares = [
        1 - _informative(np.asarray(one.ppm)) / whole[tf]
        for one in layer.filters
        if (tf := one.learned_tf) in LONG_MOTIFS
    ]
    return float(np.mean(shares)) if shares else math.nan


def _motifs_found(run: Record, layer: Layer) -> float:
    return float(np.count_nonzero(list(filters_of_each_tf(run, layer).values())))


def _versions(run: Record, layer: Layer) -> float:
    stretches = {
        (hit.target, hit.offset, hit.overlap)
        for one in layer.filters
        if (hit := one.relevant_hit) is not None
    }
    return float(sum(count > 1 for count in Counter(target for target, *_ in stretches).values()))


def _class_sd(run: Record, layer: Layer) -> float:
    return float(np.std(run.test.auroc))


def _class_sd_off(run: Record, layer: Layer) -> float:
    """NaN where the paper prints no AUROC of the model."""
    dataset = "synthetic" if run.dataset == "synthetic" else "in vivo"
    error = _printed_auroc_errors().get((dataset, run.model), math.nan)
    return abs(_class_sd(run, layer) - error)


@cache
def _printed_auroc_errors() -> dict[tuple[str, str], float]:
    table = claims.printed().query("quantity == 'auroc'")
    return table.set_index(["dataset", "model"])["error"].to_dict()


@cache
def _ground_truth_ppms() -> tuple[np.ndarray, ...]:
    return tuple(motif.ppm for motif in matrices.ground_truth())


def _relevant(layer: Layer) -> float:
    """NaN where no TF of the data has a known motif."""
    return math.nan if layer.match_relevant is None else layer.match_relevant


QUANTITIES: dict[str, Callable[[Record, Layer], float]] = {
    "auroc": lambda run, layer: run.auroc,
    "aupr": lambda run, layer: run.aupr,
    "auroc_class_sd": _class_sd,
    "class_sd_off": _class_sd_off,
    "parameters": lambda run, layer: run.parameters,
    "match_any": lambda run, layer: layer.match_any,
    "match_relevant": lambda run, layer: _relevant(layer),
    "match_other": lambda run, layer: layer.match_any - _relevant(layer),
    "unmatched_filters": lambda run, layer: (1 - layer.match_any) * len(layer.filters),
    "relevant_filters": lambda run, layer: _relevant(layer) * len(layer.filters),
    "redundancy_range": _redundancy_range,
    "hard_motifs": _hard_motifs,
    "motifs_found": _motifs_found,
    "versions": _versions,
    "long_motif_missing": _long_motif_missing,
}
"""What is measured on one layer of one run: (the record, the layer) -> value.

match_other: fraction of filters that match a motif of JASPAR, but no relevant one.
redundancy_range: filters of the TF that has most, less those of the TF that has fewest.
long_motif_missing: share of the columns with more than 0.5 bits of MEF2A, SRF, STAT1 and CEBPB that
the filters matching them lack, in columns of their own with more than 0.5 bits.
hard_motifs: how many of Arid3, SP1 and STAT1 have a filter.
motifs_found: how many TFs have a filter.
versions: how many motifs are matched by two filters along different stretches.
class_sd_off: |standard deviation of the AUROC over classes − the ± that the table prints of it|.
"""


def match_curve(
    records: Iterable, cutoffs: Iterable[float] = (0.01, 0.05, 0.1, 0.2, 1.0), layer: int = 1
) -> pd.DataFrame:
    """Fraction of filters whose best match has at most each E-value, and of those near 0.1.

    Parameters
    ----------
    records : iterable of runs.Record
    cutoffs : iterable of float
        E-values.
    layer : int

    Returns
    -------
    DataFrame
        One row per model, by its label, the mean over trials: a column per cutoff, and `near`,
        the fraction of filters whose best E-value lies from 0.05 to 0.2. A filter without a hit
        on record matches at none.
    """
    rows = []
    for record in records:
        found = record.layer(layer).filters
        best = np.array([min((hit.e_value for hit in one.hits), default=np.inf) for one in found])
        near = float(((best > 0.05) & (best <= 0.2)).mean())
        row: dict = {cutoff: float((best <= cutoff).mean()) for cutoff in cutoffs}
        rows.append(row | {"near": near, "label": record.label})
    return pd.DataFrame(rows).groupby("label", sort=False).mean() if rows else pd.DataFrame()
