"""Fit the score of `real_motif` to simulated data, and say how good it is where it was not fitted.

The filters of the paper's table 1 networks, with the truth at their sites, are put in a table
(`table`), and beside them those of the same networks before training (`untrained_filters`), for a
score that knows trained filters only calls noise real. Architectures are left out in turn
(`held_out`), their untrained twins with them, and motifs too (`novel`). Filters that were trained
between real bases are asked as well (`artefacts`), and filters of other sizes (`of_sizes`).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

import numpy as np
import pandas as pd
from msgspec import convert, to_builtins

from motifbook.files import replacing
from motifbook.filters import readout
from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.networks.architectures import DESIGN
from motifbook.records import store
from motifbook.records.runs import Filter, Record
from motifbook.sequences import planted, synthetic
from motifbook.sequences.datasets import Dataset
from motifbook.yardsticks import real_motif, site_accuracy, untrained_filters
from motifbook.yardsticks.real_motif import (
    EXCESS,
    FEATURES,
    VARIANTS,
    Bin,
    Fit,
    Separation,
    Share,
    halved,
)

DRAWS = 300
TENTHS = 10
NAMES = ("real_motif.json", "real_motif.csv.gz")
"""The score, and the table that it was fitted to."""
COLUMNS = (
    *("dataset", "kind", "model", "trial", "filter", "site_tf", "precise"),
    *(*FEATURES, EXCESS, "match_without"),
)
TRAINED = "trained"
"""The kind of a filter that is not one of `untrained_filters.KINDS`."""
SIZES = "design map"
"""What stands for the dataset in rows of `of_sizes`."""
UNTRAINED_ELSEWHERE = ("cnn-25", "cnn-25-60", "cnn3-50", "cnn9-25")
"""Architectures whose untrained filters are asked over other sequences."""


def table(records: Iterable[Record], dataset: Dataset, own: dict[str, float]) -> pd.DataFrame:
    """Features of the first-layer filters of some runs, beside the truth at their sites.

    Parameters
    ----------
    records : iterable of Record
        Of one dataset whose embedded sites are known. Other trials of a model are its replicates.
    dataset : Dataset
        Theirs.
    own : dict
        From `site_accuracy.own_precision`.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row per filter that has sites. `match_without` is `match` in a database that
        lacks every motif that is relevant to the filter's `site_tf`.
    """
    records = list(records)
    judged = site_accuracy.judge(records, own)
    layers = [record.layer(1).filters for record in records]
    ppms = [np.array([one.ppm for one in layer]) for layer in layers]
    parts = []
    for number, (record, filters) in enumerate(zip(records, layers, strict=True)):
        replicates = [
            ppms[i]
            for i, other in enumerate(records)
            if i != number and other.run.model == record.run.model
        ]
        parts.append(
            real_motif.features(
                ppms[number],
                [one.sites for one in filters],
                dataset.test.bases.size,
                replicates,
                [one.hits[0].e_value if one.hits else np.nan for one in filters],
            )
        )
    known = pd.concat(parts, ignore_index=True)
    known["match_without"] = _match_without(
        [one for layer in layers for one in layer], judged["site_tf"], dataset.relevant
    )
    found = pd.concat([judged.assign(kind=TRAINED), known], axis=1).reindex(columns=list(COLUMNS))
    return found.dropna(subset=list(real_motif.PPM)).reset_index(drop=True)


def of_sizes(records: Iterable[Record], dataset: Dataset, own: dict[str, float]) -> pd.DataFrame:
    """As `table`, of PPMs that are as wide as the filters: the middle columns of those on record.

    So `motifbook report` has them. Of filters that are wider than the PPMs on record, these.
    """
    records = list(records)
    parts = []
    for record in records:
        filters, size = record.layer(1).filters, record.run.architecture.convs[0].size
        ppms = np.array([one.ppm for one in filters])
        start = max(0, ppms.shape[1] // 2 - size // 2)
        ppms = ppms[:, start : start + size]
        matches = tomtom.match(list(readout.trimmed(ppms).values()), matrices.jaspar())
        e_values = matches.best.set_index("query")["e_value"]
        e_values = e_values.reindex([f"filter{number}" for number in range(len(filters))])
        sites = [one.sites for one in filters]
        parts.append(real_motif.features(ppms, sites, dataset.test.bases.size, (), e_values))
    judged = site_accuracy.judge(records, own).assign(dataset=SIZES, kind=TRAINED)
    found = pd.concat([judged, pd.concat(parts, ignore_index=True)], axis=1)
    return found.reindex(columns=list(COLUMNS)).dropna(subset=list(real_motif.PPM))


def _match_without(
    filters: Sequence[Filter], tfs: pd.Series, relevant: Mapping[str, Sequence[str]]
) -> np.ndarray:
    """(filters,): −log10 E of the best target that is not relevant to the TF at its sites."""
    found = np.full(len(filters), np.nan)
    for tf, rows in tfs.groupby(tfs).groups.items():
        left = [motif for motif in matrices.jaspar() if motif.id not in relevant[tf]]
        queries = [
            Motif(str(row), "", filters[row].trimmed, float(len(filters[row].trimmed)))
            for row in rows
        ]
        best = tomtom.match(queries, left).best
        e_value = np.clip(best["e_value"], real_motif.LEAST_E, real_motif.MOST_E)
        found[best["query"].astype(int)] = -np.log10(e_value)
    return found


def held_out(table: pd.DataFrame, variant: str, over: str = "model") -> pd.Series:
    """The probability of each filter by a fit to the others: each architecture left out in turn.

    Parameters
    ----------
    table : DataFrame
        From `table`.
    variant : str
        Of `VARIANTS`.
    over : str
        The column whose values are left out.
    """
    used = list(VARIANTS[variant])
    found = pd.Series(np.nan, index=table.index)
    for _, rows in table.groupby(over).groups.items():
        rest = table.drop(rows)
        regression = _regression().fit(rest[used], rest["precise"])
        found[rows] = _probability(regression, table.loc[rows], used)
    return found


def _probability(regression, table: pd.DataFrame, used: Sequence[str]) -> np.ndarray:
    """(filters,), as `real_motif.score` has it."""
    return halved(regression.predict_proba(table[list(used)])[:, 1], table[EXCESS])


def novel(table: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Motifs that the fit never saw, and that the database lacks: each TF left out in turn.

    The fit has neither the TF's filters (those whose sites are its motifs best) nor the
    architecture that is scored; the best match of the TF's filters is `match_without`.

    Returns
    -------
    DataFrame
        `tf` (that was left out), `model`, `precise` and `probability`: for each TF, its precise
        filters and all that are not precise.
    """
    used = list(VARIANTS[variant])
    parts = []
    for tf in sorted(table["site_tf"].unique()):
        own = table["site_tf"] == tf
        seen = table.assign(match=table["match"].where(~own, table["match_without"]))
        for model, rows in table.groupby("model").groups.items():
            rest = table[~own & (table["model"] != model)]
            regression = _regression().fit(rest[used], rest["precise"])
            asked = seen.loc[rows]
            asked = asked[(own[rows] | ~asked["precise"]) & (asked["kind"] == TRAINED)]
            if asked.empty:
                continue
            probability = _probability(regression, asked, used)
            parts.append(asked[["model", "precise"]].assign(tf=tf, probability=probability))
    return pd.concat(parts, ignore_index=True)


def aurocs(table: pd.DataFrame, probability: pd.Series) -> tuple[float, pd.Series]:
    """AUROC of all filters together, and by architecture where it has filters of both kinds."""
    from sklearn.metrics import roc_auc_score

    pooled = roc_auc_score(table["precise"], probability)
    by_model = {
        model: roc_auc_score(own["precise"], probability[own.index])
        for model, own in table.groupby("model", sort=False)
        if own["precise"].nunique() == 2
    }
    return float(pooled), pd.Series(by_model, dtype=float)


def intervals(
    table: pd.DataFrame, probability: pd.Series, draws: int = DRAWS, seed: int = 0
) -> dict[str, tuple[float, float, float]]:
    """AUROCs with 95% intervals: percentiles over draws of architectures with replacement.

    Returns
    -------
    dict
        "auroc", "mean_auroc" and "lowest_auroc": the value, and its interval's ends.
    """
    from sklearn.metrics import roc_auc_score

    pooled, by_model = aurocs(table, probability)
    truth = {m: own["precise"].to_numpy() for m, own in table.groupby("model")}
    scores = {m: probability[own.index].to_numpy() for m, own in table.groupby("model")}
    names = sorted(truth)
    stream = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {"auroc": [], "mean_auroc": [], "lowest_auroc": []}
    while len(drawn["auroc"]) < draws:
        chosen = [names[i] for i in stream.integers(len(names), size=len(names))]
        within = by_model[[name for name in chosen if name in by_model]]
        if within.empty:
            continue
        true = np.concatenate([truth[name] for name in chosen])
        drawn["auroc"].append(
            roc_auc_score(true, np.concatenate([scores[name] for name in chosen]))
        )
        drawn["mean_auroc"].append(within.mean())
        drawn["lowest_auroc"].append(within.min())
    values = {"auroc": pooled, "mean_auroc": by_model.mean(), "lowest_auroc": by_model.min()}
    found = {}
    for name, value in values.items():
        low, high = np.percentile(drawn[name], (2.5, 97.5))
        found[name] = float(value), float(low), float(high)
    return found


def artefacts(table: pd.DataFrame, variant: str) -> pd.Series:
    """Filters over other sequences, by a fit to the synthetic ones of other architectures.

    Parameters
    ----------
    table : DataFrame
        With both.

    Returns
    -------
    Series
        The probability, with the rows of other datasets as its index.
    """
    used = list(VARIANTS[variant])
    elsewhere = table["dataset"] != "synthetic"
    asked, plain = table[elsewhere], table[~elsewhere]
    found = pd.Series(np.nan, index=asked.index)
    for model, own in asked.groupby("model"):
        rest = plain[plain["model"] != model]
        regression = _regression().fit(rest[used], rest["precise"])
        found[own.index] = _probability(regression, own, used)
    return found


def separation(precise: pd.Series, probability: pd.Series, draws: int = 0) -> Separation:
    """How well these probabilities tell precise filters from others; with draws, an interval."""
    from sklearn.metrics import roc_auc_score

    true, found = precise.to_numpy(bool), probability.to_numpy()
    auroc = interval = None
    if 0 < true.sum() < len(true):
        auroc = _short(roc_auc_score(true, found))
        stream = np.random.default_rng(0)
        chosen = (stream.integers(len(true), size=len(true)) for _ in range(draws))
        drawn = [
            roc_auc_score(true[rows], found[rows])
            for rows in chosen
            if 0 < true[rows].sum() < len(true)
        ]
        if drawn:
            low, high = np.percentile(drawn, (2.5, 97.5))
            interval = _short(low), _short(high)
    called = found >= 0.5
    return Separation(
        auroc=auroc,
        interval=interval,
        precise=int(true.sum()),
        others=int((~true).sum()),
        found=int((called & true).sum()),
        mistaken=int((called & ~true).sum()),
    )


def calibration(table: pd.DataFrame, probability: pd.Series) -> list[Bin]:
    """Tenths of the filters, in order of their probability."""
    order = np.argsort(probability.to_numpy(), kind="stable")
    return [
        Bin(
            probability=_short(probability.iloc[rows].mean()),
            precise=_short(table["precise"].iloc[rows].mean()),
            filters=len(rows),
        )
        for rows in np.array_split(order, min(TENTHS, len(order)))
    ]


def called(table: pd.DataFrame, probability: pd.Series) -> dict[str, dict[str, Share]]:
    """How many of these filters are called real, by dataset and kind."""
    found: dict[str, dict[str, Share]] = {}
    for (dataset, kind), own in table.groupby(["dataset", "kind"], sort=False):
        real = int((probability[own.index] >= 0.5).sum())
        found.setdefault(dataset, {})[kind] = Share(filters=len(own), called=real)
    return found


def fit(table: pd.DataFrame, dataset: Dataset, window: int) -> Fit:
    """Every variant, fitted to all architectures, and what it is worth where it was not fitted.

    Parameters
    ----------
    table : DataFrame
        From `table` and `untrained_filters.table`; only filters of the synthetic data are fitted
        to.
    dataset : Dataset
        The synthetic one.
    window : int
        Columns of the PPMs.
    """
    table = table.dropna(subset=["match"])  # a PPM that Tomtom refuses has none
    known = table["kind"] == TRAINED
    synthetic_ones = table["dataset"] == "synthetic"
    fitted, trained = table[synthetic_ones], table[synthetic_ones & known]
    between = table[(table["dataset"] == planted.NAME) & known]
    never, grid = table[~known], table[table["dataset"] == SIZES]
    sizes = {row.name: size for (_, size), row in DESIGN.items()}
    parts: dict[str, dict] = {
        name: {}
        for name in ("variants", "by_model", "calibration", "novel", "artefacts", "untrained",
                     "with_untrained", "sizes")
    }  # fmt: skip
    for name, used in VARIANTS.items():
        values = fitted[list(used)]
        regression = _regression().fit(values, fitted["precise"])
        scaler, line = regression[0], regression[-1]
        by_feature = {
            "mean": scaler.mean_,
            "scale": scaler.scale_,
            "coefficients": line.coef_[0],
            "low": values.min(),
            "high": values.max(),
        }
        every = held_out(fitted, name)
        probability = every[trained.index]
        parts["variants"][name] = {
            **{
                what: {one: _short(number) for one, number in zip(used, numbers, strict=True)}
                for what, numbers in by_feature.items()
            },
            "intercept": _short(line.intercept_[0]),
            **{
                what: [_short(number) for number in found]
                for what, found in intervals(trained, probability).items()
            },
        }
        parts["by_model"][name] = aurocs(trained, probability)[1].map(_short).to_dict()
        parts["with_untrained"][name] = _short(aurocs(fitted, every)[0])
        parts["calibration"][name] = calibration(trained, probability)
        parts["novel"][name] = {
            tf: separation(own["precise"], own["probability"])
            for tf, own in novel(fitted, name).groupby("tf")
        }
        # A model with one trial has no agreement.
        asked = between if between[list(used)].notna().all(axis=None) else between[:0]
        found = artefacts(pd.concat([fitted, asked]), name)
        groups = {model: own.index for model, own in asked.groupby("model")}
        parts["artefacts"][name] = {
            model: separation(asked.loc[rows, "precise"], found[rows], DRAWS)
            for model, rows in ({**groups, "all": asked.index} if groups else {}).items()
        }
        parts["sizes"][name] = {}
        if not grid.empty and "agreement" not in used:  # one trial of each was made
            found = artefacts(pd.concat([fitted, grid]), name)
            groups = grid.groupby(grid["model"].map(sizes)).groups
            parts["sizes"][name] = {
                str(size): separation(grid.loc[rows, "precise"], found[rows])
                for size, rows in {**groups, "all": grid.index}.items()
            }
        elsewhere = never[never["dataset"] != "synthetic"]
        everywhere = pd.concat([every, artefacts(pd.concat([fitted, elsewhere]), name)])
        parts["untrained"][name] = called(never[~never["precise"]], everywhere)
    configuration = {
        "dataset": dataset.config,
        "length": dataset.length,
        "window": window,
        "models": sorted(trained["model"].unique()),
        "untrained": {"kinds": untrained_filters.KINDS, "trials": untrained_filters.TRIALS},
        "draws": DRAWS,
    }
    record = {
        **store.envelope(configuration, "memelite", "numpy", "scikit-learn"),
        "filters": len(trained),
        "precise": int(trained["precise"].sum()),
        "untrained_filters": len(fitted) - len(trained),
        **to_builtins(parts),
    }
    return convert(record, Fit)


def make(
    records: Iterable[Record], between: Iterable[Record] = (), grid: Iterable[Record] = ()
) -> tuple[Fit, pd.DataFrame]:
    """The score, and the table that it is fitted to.

    Parameters
    ----------
    records : iterable of Record
        On the synthetic data.
    between : iterable of Record
        On `peaks-planted`.
    grid : iterable of Record
        Of the design map, on the synthetic data.

    Raises
    ------
    FileNotFoundError
        If there are such, and the peaks were not fetched.
    """
    records, between, grid = list(records), list(between), list(grid)
    dataset = synthetic.get()
    own = site_accuracy.own_precision(dataset.test)
    few = [record for record in records if record.run.model in UNTRAINED_ELSEWHERE]
    parts = [
        table(records, dataset, own),
        untrained_filters.table(records, dataset, own, "synthetic"),
    ]
    if few:
        over = untrained_filters.over_random(dataset)
        parts.append(untrained_filters.table(few, over, None, "random"))
    if grid:
        parts.append(of_sizes(grid, dataset, own))
    if between:
        peaks = planted.get()
        own = site_accuracy.own_precision(peaks.test)
        parts.append(table(between, peaks, own))
        if few:
            parts.append(untrained_filters.table(few, peaks, own, planted.NAME))
    return finished(parts, dataset, records[0].layer(1).window)


def finished(
    parts: Sequence[pd.DataFrame], dataset: Dataset, window: int
) -> tuple[Fit, pd.DataFrame]:
    """The fit to some tables together, and these as they are kept, for that is what is fitted."""
    found = kept(parts)
    return fit(found, dataset, window), found


def kept(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables together, in the digits that are kept."""
    found = pd.concat(parts, ignore_index=True).reindex(columns=list(COLUMNS))
    numbers = [*FEATURES, EXCESS, "match_without"]
    found[numbers] = found[numbers].astype(float).map(_short)
    found["match_without"] = found["match_without"].fillna(found["match"])
    return found


def write(score: Fit, table: pd.DataFrame, folder: Path | str) -> list[Path]:
    """Keep both in a folder, each file whole; returns their paths."""
    paths = [Path(folder) / name for name in NAMES]
    text = table.to_csv(index=False, lineterminator="\n")
    with replacing(paths[1]) as temporary:
        temporary.write_bytes(gzip.compress(text.encode(), mtime=0))
    store.save(paths[0], score)
    return paths


@cache
def on_record() -> pd.DataFrame:
    """The table that the package's score was fitted to."""
    with (package_files("motifbook") / "data" / NAMES[1]).open("rb") as file:
        return pd.read_csv(file, compression="gzip")


def _regression():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky"))


def _short(number: float) -> float:
    return float(f"{number:.5g}")
