"""What the chapters on max-pooling say and tabulate of their runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from motifbook.book.chapter import mean_sd, signed
from motifbook.book.figures import QUANTITY
from motifbook.motifs import matrices
from motifbook.networks.architectures import MODELS
from motifbook.paper import measures
from motifbook.records import runs
from motifbook.records.runs import Record
from motifbook.yardsticks import optimal
from motifbook.yardsticks.optimal import References

SMALL = 4
"""The largest first pool, in nt, that the paper calls small."""

KINDS = ("relevant", "other only", "no match", "dead")
"""What Tomtom says of a filter, if it is alive."""


def _pool(model: str) -> int:
    return MODELS[model].convs[0].pool


def lead(table: pd.DataFrame) -> str:
    """Small pools against large ones, and the range of scores, in words.

    Parameters
    ----------
    table : DataFrame
        One row per run (`runs.table`).
    """
    table = table[table["model"].isin(MODELS)]  # a network of the reader's own is no part of it
    means = table.groupby(["model", "label"], sort=False)[["auroc", "match_relevant"]].mean()
    pools = means.index.get_level_values("model").map(_pool)
    relevant = means["match_relevant"].droplevel("model")
    small, large = relevant[pools <= SMALL], relevant[pools > SMALL]
    if small.empty or large.empty:
        return "There are not enough runs on record yet to compare small pools with large ones."
    return (
        f"In our runs, of filters before a pool of 4 or less at most {small.max():.3f} match a "
        f"relevant motif ({small.idxmax()}); of those before a pool of 10 or more, at least "
        f"{large.min():.3f} do ({large.idxmin()}). The mean AUROCs lie between "
        f"{means['auroc'].min():.3f} and {means['auroc'].max():.3f}."
    )


def apart(comparison: pd.DataFrame) -> str:
    """How far our means are from the paper's, in words.

    Parameters
    ----------
    comparison : DataFrame
        From `verdicts.compare`.
    """
    if comparison.empty:
        return "None of these networks is on record yet."
    pieces = []
    for name, rows in comparison.groupby("quantity", sort=False):
        delta = rows.set_index("label")["delta"].abs()
        pieces.append(
            f"{QUANTITY[name][0]}: {delta.mean():.3f} on average, at most {delta.max():.3f} "
            f"({delta.idxmax()})"
        )
    return (
        f"Between our means and the paper's, the absolute difference over these "
        f"{comparison['model'].nunique()} networks is as follows. {'; '.join(pieces)}."
    )


def shortfall(table: pd.DataFrame, references: References | None) -> str:
    """Which model comes closest to the Bayes-optimal mean AUROC, and which stays furthest below.

    Parameters
    ----------
    table : DataFrame
        One row per run (`runs.table`).
    references : References or None
        From `optimal.get`.
    """
    if references is None or table.empty:
        return "The upper references, or all runs, are not yet on record."
    best = optimal.heights(references)["Bayes-optimal"]
    short = best - table.groupby("label", sort=False)["auroc"].mean()
    return (
        f"The Bayes-optimal classifier of the chapter before reaches {best:.3f}. {short.idxmin()} "
        f"comes closest, {short.min():.3f} below it on average; {short.idxmax()} stays "
        f"{short.max():.3f} below."
    )


def kinds_of_match(records: Sequence[Record]) -> pd.DataFrame:
    """How many first-layer filters are of each of `KINDS`, a row per model."""
    known = runs.filters(records)
    kind = np.select(
        [known["state"] != "alive", known["relevant"].astype(bool), known["any"].astype(bool)],
        ["dead", "relevant", "other only"],
        "no match",
    )
    found = pd.crosstab(known["label"], kind)
    labels = dict.fromkeys(record.label for record in records)
    found = found.reindex(index=list(labels), columns=list(KINDS), fill_value=0)
    return found.rename_axis(index=None, columns="filters")


def redundancy(counts: pd.DataFrame) -> str:
    """Whether trials favour the same motifs, and whether these are the informative ones, in words.

    Parameters
    ----------
    counts : DataFrame
        A row per trial, a column per TF (`measures.filters_per_tf`).
    """
    if len(counts) < 2:
        return "Trials can be compared once there are two on record."
    spread = (
        f"Within a trial, the motif with most filters has {mean_sd(counts.max(axis=1), 1)} of "
        f"them, the one with fewest {mean_sd(counts.min(axis=1), 1)}."
    )
    ranked = [*counts.to_numpy(), counts.mean().to_numpy()]
    if any(row.min() == row.max() for row in ranked):
        return f"{spread} Where all motifs have as many, they have no ranks to compare."
    pairs = itertools.combinations(counts.index, 2)
    agree = np.mean([counts.loc[a].corr(counts.loc[b], method="spearman") for a, b in pairs])
    with_bits = counts.mean().corr(information(), method="spearman")
    return (
        f"{spread} Do trials favour the same "
        f"motifs? Between two trials the rank correlation of the numbers is "
        f"{_minus(agree)} on average; 1 would mean that they agree, 0 that they have nothing in "
        f"common. Between the mean number of filters and the motif's information it is "
        f"{_minus(with_bits)}."
    )


def _minus(value: float) -> str:
    return signed(value).removeprefix("+")


def information() -> pd.Series:
    """Bits of each embedded motif, by TF."""
    bits = (matrices.information(motif.ppm).sum() for motif in matrices.ground_truth())
    return pd.Series(bits, matrices.TFS)


def over_tfs(records: Iterable[Record]) -> pd.DataFrame:
    """How filters spread over TFs, mean ± sd over trials: a row per model."""
    every = measures.filters_per_tf(records)
    per_trial = pd.DataFrame(
        {
            "filters with a motif": every.sum(axis=1),
            "TFs without a filter": (every == 0).sum(axis=1),
            "most for one TF": every.max(axis=1),
        }
    )
    if every.empty:
        return per_trial
    model = per_trial.index.str.split(",").str[0]
    return per_trial.groupby(model, sort=False).agg(mean_sd, decimals=1)


def shortfalls(records: Sequence[Record], references: References | None) -> pd.DataFrame:
    """One row per run and TF: how far below the ceiling it is, and whether a filter learned it.

    Returns
    -------
    DataFrame
        `runs.per_class`, and `short` (Bayes-optimal AUROC less ours; NaN without references),
        `learned` (some filter has learned the TF) and `pool` ("1, 2, 4" or "10 and more").
    """
    cases = runs.per_class(records)
    every = measures.filters_per_tf(records)
    ceiling = optimal.ceiling(references)
    cases["short"] = cases["tf"].map(ceiling).astype(float) - cases["auroc"]
    learned = [every.loc[f"{r.label}, trial {r.trial}", r.tf] > 0 for r in cases.itertuples()]
    cases["learned"] = np.array(learned, dtype=bool)
    pools = {record.run.model: record.run.architecture.convs[0].pool for record in records}
    small = cases["model"].map(pools) <= SMALL
    cases["pool"] = np.where(small, "1, 2, 4", "10 and more")
    return cases


def costs(cases: pd.DataFrame) -> pd.DataFrame:
    """What a missing filter costs: shortfalls by pool size, with a filter for the TF and without.

    Parameters
    ----------
    cases : DataFrame
        From `shortfalls`.
    """
    found = cases.groupby(["pool", "learned"])["short"].agg(["size", "mean", "max"]).reset_index()
    found["learned"] = np.where(found["learned"], "a filter or more", "no filter")
    found.columns = ["pool", "the TF has", "cases", "mean shortfall", "largest"]
    return found.set_index(["pool", "the TF has"]).round(3)


def unlearned(cases: pd.DataFrame) -> str:
    """How often a TF has no filter, and how far it falls short then, in words.

    Parameters
    ----------
    cases : DataFrame
        From `shortfalls`.
    """
    if cases["short"].isna().all():
        return "The upper references, or all runs, are not yet on record."
    sentences = []
    for pools, half in (("4 or less", "1, 2, 4"), ("10 or more", "10 and more")):
        of_half = cases[cases["pool"] == half]
        none = of_half[~of_half["learned"]].sort_values("short")
        if none.empty:
            sentences.append(f"With pools of {pools}, no TF on record is without a filter.")
            continue
        worst = none.iloc[-1]
        sentences.append(
            f"With pools of {pools}, a TF had no filter in {len(none)} of {len(of_half)} cases, "
            f"and fell short by {none['short'].mean():.3f} on average; the worst is {worst['tf']} "
            f"in trial {worst['trial']} of {worst['label']}, with an AUROC of {worst['auroc']:.3f}."
        )
    return " ".join(sentences)


def course(traces: pd.DataFrame) -> pd.DataFrame:
    """The best epoch of each traced run beside the first: a column per model.

    Parameters
    ----------
    traces : DataFrame
        From `dynamics.get`.
    """
    columns = {}
    for name, run in traces.groupby("model") if len(traces) else ():
        run = run.set_index("epoch")
        best, gradient = run["valid_loss"].idxmin(), run["gradient_norm"]
        columns[MODELS[name].label] = {
            "best epoch": best,
            "validation loss then": f"{run['valid_loss'][best]:.3f}",
            "relevant, untrained": f"{run['match_relevant'][0]:.2f}",
            "relevant, best epoch": f"{run['match_relevant'][best]:.2f}",
            "any, untrained": f"{run['match_any'][0]:.2f}",
            "any, best epoch": f"{run['match_any'][best]:.2f}",
            "site recall": f"{run['recall'][best]:.2f}",
            "gradient, lowest / first": f"{gradient.min() / gradient[1]:.2f}",
            "gradient, best / first": f"{gradient[best] / gradient[1]:.2f}",
        }
    return pd.DataFrame(columns)
