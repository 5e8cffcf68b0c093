"""Whether a filter finds the motifs that were embedded, whatever a database says of it.

A filter's sites are compared with the embedded motifs (`readout.read`): precision is the part of
its sites that hit a motif of one TF, recall the part of that TF's motifs that are hit. A filter is
*precise* if for one TF it has at least half the precision of the TF's motif itself. The motif has a
precision too, since it also arises by chance: a short one more often than it was embedded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from motifbook.filters import readout
from motifbook.motifs.matrices import TFS, Motif, ground_truth
from motifbook.motifs.scanning import scan
from motifbook.networks.architectures import MODELS
from motifbook.records import runs
from motifbook.records.runs import Record
from motifbook.sequences.datasets import Split
from motifbook.yardsticks import chance

PART = 0.5
"""Of the motif's own precision, what a filter needs to count as precise."""

VERDICTS = {
    "relevant": "matches a relevant motif",
    "other": "matches other motifs only",
    "none": "no match",
}
"""What Tomtom says of a filter, and in words."""


QUANTITIES = {
    "match_relevant": "match a relevant motif",
    "precise": "precise at the sites",
    "auroc": "AUROC",
}
"""Of a run, and in words: two fractions of its first filters, and its AUROC."""


def own_precision(
    split: Split, truth: Sequence[Motif] | None = None, share: float = 0.5
) -> dict[str, float]:
    """Precision of each motif itself, by the measure that filters are held to.

    The motif's log-likelihood ratio takes the place of a filter's activation. Its sites are all
    positions, on both strands, that score at least as the given share of its embedded copies do.

    Parameters
    ----------
    split : Split
        With sites; the test set, usually.
    truth : sequence of Motif, optional
        One a class; the twelve ground-truth motifs unless given.
    share : float
        Of the embedded motifs, in 0..1.

    Returns
    -------
    dict
        TF -> precision, in the order of classes. Of motifs that are given, their names.

    Raises
    ------
    ValueError
        If nobody knows the sites, or a class has no embedded motif.
    """
    if split.sites is None:
        raise ValueError("a motif's precision needs a split whose embedded sites are known")
    if truth is None:
        known = dict(zip(TFS, ground_truth(), strict=True))
    else:
        known = {motif.name: motif for motif in truth}
    found = {}
    for number, (name, motif) in enumerate(known.items()):
        scores = scan(split.bases, motif)
        threshold = chance.embedded_threshold(split, number, name, scores)(share)
        mine = split.sites[split.sites["tf"] == number]
        hits = sites = 0
        for strand, oriented in enumerate((motif, motif.reverse_complement())):
            sequence, position = np.nonzero(scores[:, strand] >= threshold)
            length = split.bases.shape[1]
            places = sequence * length + position
            hits += readout.score_sites(places, length, mine, *readout.core(oriented.ppm))[0]
            sites += len(places)
        found[name] = float(hits / sites)
    return found


def judge(records: Iterable[Record], own: dict[str, float], layer: int = 1) -> pd.DataFrame:
    """What Tomtom says of each filter, beside what its sites say.

    Parameters
    ----------
    records : iterable of Record
        Of data whose embedded sites are known.
    own : dict
        From `own_precision`.
    layer : int

    Returns
    -------
    DataFrame
        The rows of `runs.filters`, with `verdict` (a key of `VERDICTS`), `learned` (the TF by
        `Filter.learned_tf`, or None), `precise` (whether `site_precision` is at least `PART` of
        the own precision of `site_tf`; never for a filter without sites) and `agrees` (whether
        `learned` is `site_tf`).
    """
    records = list(records)
    table = runs.filters(records, layer)
    verdict = np.where(table["any"], "other", "none")
    table["verdict"] = np.where(table["relevant"], "relevant", verdict)
    table["learned"] = pd.Series(
        [one.learned_tf for record in records for one in record.layer(layer).filters],
        dtype=object,
    )
    needed = PART * table["site_tf"].map(own).astype(float)
    table["precise"] = table["site_precision"].astype(float) >= needed
    table["agrees"] = table["learned"] == table["site_tf"]
    return table


def by_run(records: Iterable[Record], own: dict[str, float]) -> pd.DataFrame:
    """The rows of `runs.table`, with `precise`, the fraction of first-layer filters that are."""
    records = list(records)
    precise = judge(records, own).groupby(["model", "trial"])["precise"].mean().rename("precise")
    return runs.table(records).merge(precise, on=["model", "trial"], how="left")


def confusion(judged: pd.DataFrame) -> pd.DataFrame:
    """How many filters of each model Tomtom and the sites agree on.

    Returns
    -------
    DataFrame
        One row per model (its label): for each key of `VERDICTS` two columns, (verdict, "precise")
        and (verdict, "not").
    """
    columns = pd.MultiIndex.from_product([VERDICTS, ("precise", "not")])
    sites = judged["precise"].map({True: "precise", False: "not"})
    found = pd.crosstab(judged["label"], [judged["verdict"], sites])
    return found.reindex(index=judged["label"].unique(), columns=columns, fill_value=0)


def by_cutoff(judged: pd.DataFrame, cutoffs: Sequence[float]) -> pd.DataFrame:
    """How well a match tells precise filters from others, at stricter and stricter E-values.

    Returns
    -------
    DataFrame
        One row per model and cutoff: `label`, `cutoff`, `filters`, `matched` (best hit at that
        E-value or less), `precise` (all), `true` (matched and precise).
    """
    rows = []
    for label, own in judged.groupby("label", sort=False):
        for cutoff in cutoffs:
            matched = own["any"] & (own["e_value"].astype(float) <= cutoff)
            rows.append(
                {
                    "label": label,
                    "cutoff": cutoff,
                    "filters": len(own),
                    "matched": int(matched.sum()),
                    "precise": int(own["precise"].sum()),
                    "true": int((matched & own["precise"]).sum()),
                }
            )
    columns = ["label", "cutoff", "filters", "matched", "precise", "true"]
    return pd.DataFrame(rows, columns=columns)


def recurrence(judged: pd.DataFrame) -> pd.DataFrame:
    """In how many trials of its model does the motif that a filter matches best come back?

    Needs no ground truth but several trials: what chance alone makes a filter resemble should
    differ from one random initialisation to the next.

    Returns
    -------
    DataFrame
        The rows of `judged` that match a motif, with `trials` (of the model) and `recurs` (in how
        many of them some filter has the same best target).
    """
    matched = judged[judged["any"].astype(bool)].copy()
    matched["trials"] = matched["model"].map(judged.groupby("model")["trial"].nunique())
    groups = matched.groupby(["model", "target"])["trial"]
    matched["recurs"] = groups.transform("nunique").astype(int)
    return matched


STRICT = 1e-4
"""A stricter E-value than the paper's 0.1."""
LARGE_POOL = 10
"""First max-pool (nt) from which on, by the paper, first layers hold whole motifs."""


def signals(judged: pd.DataFrame) -> pd.DataFrame:
    """What one could go by without ground truth, and how well each tells precise filters.

    Recurrence is counted over models of three trials or more only; the other models' filters are
    left out of its row.

    Returns
    -------
    DataFrame
        One row per signal: `signal`, in words; `flagged`, filters that have it; `true`, those of
        them that are precise; `precise`, all precise filters that could have had it.
    """
    matched = judged["any"].astype(bool)
    e_value = judged["e_value"].astype(float)
    pool = judged["model"].map(lambda name: MODELS[name].convs[0].pool)
    found = recurrence(judged)
    recurs = pd.Series(False, index=judged.index)
    recurs[found.index[found["recurs"] == found["trials"]]] = True
    several = judged["model"].map(judged.groupby("model")["trial"].nunique()) >= 3
    everywhere = pd.Series(True, index=judged.index)
    strict = matched & (e_value <= STRICT)
    large = matched & (pool >= LARGE_POOL)
    known = judged["relevant"].astype(bool)
    rows = {
        "matches a motif (E ≤ 0.1)": (matched, everywhere),
        f"matches at E ≤ {STRICT:.4f}": (strict, everywhere),
        "its match recurs in every trial": (recurs, several),
        f"matches, and the first pool is {LARGE_POOL} nt or more": (large, everywhere),
        "matches a TF that was assayed": (known, everywhere),
        "all of these": (strict & recurs & large & known, several),
    }
    return pd.DataFrame(
        {
            "signal": signal,
            "flagged": int((has & among).sum()),
            "true": int((has & among & judged["precise"]).sum()),
            "precise": int((among & judged["precise"]).sum()),
        }
        for signal, (has, among) in rows.items()
    )
