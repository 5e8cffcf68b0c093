"""What the chapter on reading a distributed network draws, says and tabulates.

`read` is the record of `yardsticks.attribution` throughout, `found` that of `attribution_patterns`,
each None where it is not there.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from msgspec import structs

from motifbook.book import figures
from motifbook.book.chapter import count, signed
from motifbook.book.provenance import Markup, kept
from motifbook.motifs.matrices import TFS
from motifbook.networks.architectures import MODELS
from motifbook.yardsticks import attribution
from motifbook.yardsticks.attribution import Attribution, Check
from motifbook.yardsticks.attribution_patterns import Patterns

NOT_YET = "No attribution is on record yet."
CLAIMS = {
    "integrates": "attribution integrates a distributed representation: CNN-2 less CNN-25",
    "noisy": "scores are noisy: the ceiling less the network",
}
"""What is claimed, and which difference of AUROCs is asked."""


def line(read: Attribution | None, profile: str) -> Markup:
    """The line below a figure or table made from the maps."""
    place = f"synthetic/as-run/{profile}/attribution.json"
    return kept(place, read, f"motifbook attribution --profile {profile}")


def _label(reader: str) -> str:
    return MODELS[reader].label if reader in MODELS else reader


def means(read: Attribution | None) -> pd.DataFrame:
    """Mean AUROC and AUPR over pairs: a row per reader and method."""
    if read is None:
        return pd.DataFrame()
    table = read.table
    found = table.groupby(["reader", "method"], sort=False)[["auroc", "aupr"]].mean().round(3)
    found.columns = ["AUROC over positions", "AUPR over positions"]
    return found.rename(index=_label, level=0).rename_axis([None, None])


def networks(read: Attribution | None) -> str:
    """Which networks were read, how long they were trained, and whether on record, in words."""
    if read is None:
        return NOT_YET
    told = []
    for one in read.networks:
        same = {
            None: "no run of it is on record",
            True: "the network on record",
            False: "trained again: not the weights of the run on record",
        }[one.on_record]
        told.append(
            f"`{one.run}` (mean AUROC {one.mean_auroc:.3f}, {one.epochs} epochs, the best "
            f"{one.best_epoch}; {same})"
        )
    rate = (
        np.mean([pair.positions for pair in read.pairs]) / read.configuration["dataset"]["length"]
    )
    return (
        f"Read were {'; '.join(told)}. There are {len(read.pairs)} pairs of a sequence and a class "
        f"in the first {read.configuration['sequences']} test sequences; on average {rate:.0%} of "
        "the positions of a pair lie in its motifs, which is the AUPR of a guess."
    )


def answer(read: Attribution | None) -> str:
    """Our answer, in words."""
    if read is None:
        return f"{NOT_YET} What follows says what is asked, and by which rules."
    mean = read.table.groupby(["reader", "method"])["auroc"].mean()
    told = [
        f"by {method} {mean['cnn-2', method]:.3f} for CNN-2 and {mean['cnn-25', method]:.3f} for "
        "CNN-25"
        for method in attribution.METHODS
        if ("cnn-2", method) in mean.index and ("cnn-25", method) in mean.index
    ]
    ceiling = mean[attribution.CEILING].iloc[0]
    return (
        "How well a map of importance tells the bases of the embedded motifs from the others, as a "
        f"mean AUROC over positions: {', '.join(told)}. The Bayes-optimal reader, which knows how "
        f"the data were made, has {ceiling:.3f}."
    )


def spread(read: Attribution | None) -> Figure:
    """The AUROC of each pair by reader and method: a dot a pair, a bar for the median.

    See how far down the dots of a row reach: each is a motif that a map misses.
    """
    if read is None:
        return figures.saying("no attribution on record yet")
    table = read.table
    groups = list(table.groupby(["reader", "method"], sort=False))
    figure, ax = plt.subplots(figsize=(figures.WIDTH, 0.42 * len(groups) + 0.8))
    stream = np.random.default_rng(0)
    names = [f"{_label(reader)}, {method}" for (reader, method), _ in groups]
    for place, ((reader, _), mine) in enumerate(groups):
        colour = figures.GREY if reader == attribution.CEILING else figures.PALETTE[0]
        colour = figures.PALETTE[1] if reader == "cnn-25" else colour
        heights = place + stream.uniform(-0.25, 0.25, len(mine))
        dots = {"color": colour, "ms": 4, "alpha": 0.4, "label": names[place]}
        ax.plot(mine["auroc"], heights, ".", gid=f"pairs-{place}", **dots)
        ax.plot([mine["auroc"].median()] * 2, [place - 0.35, place + 0.35], color="black", lw=2)
    ax.set_yticks(range(len(groups)), names)
    ax.set(ylim=(len(groups) - 0.5, -0.5), xlabel="AUROC over positions, each pair")
    ax.grid(True, axis="x")
    return figure


def by_strand(read: Attribution | None) -> pd.DataFrame:
    """Mean AUROC by the strand of the class's motifs: a row per reader and method."""
    if read is None:
        return pd.DataFrame()
    wide = read.table.pivot_table("auroc", ["reader", "method"], "strand", sort=False)
    counts = pd.Series([pair.strand for pair in read.pairs]).value_counts()
    wide = wide[[strand for strand in ("+", "−", "both") if strand in wide.columns]].round(3)
    wide.columns = [f"{strand} ({count(counts[strand], 'pair')})" for strand in wide.columns]
    return wide.rename(index=_label, level=0).rename_axis([None, None])


def by_class(read: Attribution | None, method: str = "integrated gradients") -> pd.DataFrame:
    """Mean AUROC by class: a row per TF, a column per network by one method, and the ceiling."""
    if read is None:
        return pd.DataFrame()
    table = read.table
    mine = table[(table["method"] == method) | (table["reader"] == attribution.CEILING)]
    wide = mine.pivot_table("auroc", "tf", "reader", sort=False).round(3)
    wide.insert(0, "pairs", mine[mine["reader"] == attribution.CEILING].groupby("tf").size())
    return wide.rename(columns=_label).sort_index().rename_axis(None).rename_axis(None, axis=1)


def claims(read: Attribution | None) -> pd.DataFrame:
    """Both rules by method, for the page."""
    if read is None:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "asked": CLAIMS[row.claim],
            "of": f"{_label(row.reader)}, {row.method}",
            "difference": signed(row.mean, 3),
            "95% interval": f"{signed(row.low, 3)} to {signed(row.high, 3)}",
            "verdict": row.verdict,
        }
        for row in attribution.claims(read.table).itertuples()
    )


def checked(check: Check | None) -> str:
    """How far our maps are from another implementation's, in words."""
    if check is None:
        return "The comparison with another implementation is not on record."
    told = [
        f"{_label(row.run.split('/')[3])}, {row.method}: {_power(row.largest)} of {row.scale:.2g} "
        f"({row.library}, {row.called})"
        for row in check.rows
    ]
    return (
        "The same maps by another implementation, from the same weights. The largest difference at "
        f"any position, beside the largest importance: {'; '.join(told)}."
    )


def _power(value: float) -> str:
    """Such as 2.0e−6."""
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def best_of_all(read: Attribution | None) -> pd.DataFrame:
    """Mean over pairs of the best method's AUROC: what could be had at most by choosing."""
    if read is None:
        return pd.DataFrame()
    table = read.table[read.table["reader"] != attribution.CEILING]
    best = table.groupby(["reader", "sequence", "tf"])["auroc"].max()
    found = best.groupby("reader", sort=False).mean()
    found = found.rename(index=_label).rename_axis(None).round(3)
    return found.to_frame("AUROC of the best method")


# --- From maps to motifs ----------------------------------------------------------------------


def pattern_line(found: Patterns | None, profile: str) -> Markup:
    """The line below what was made from the patterns."""
    place = f"synthetic/as-run/{profile}/attribution-patterns.json"
    return kept(place, found, f"python benchmarks/attribution_patterns.py --profile {profile}")


def from_maps(found: Patterns | None) -> str:
    """How many motifs the filters show, and how many come out of the maps, in words."""
    if found is None:
        return "No patterns are on record for this profile."
    told = []
    for network in found.networks:
        stray = sum(not one.is_own for one in network.patterns)
        told.append(
            f"{_label(network.model)}'s filters show {len(network.shown)}, and its maps give "
            f"{len(network.motifs)}, by {count(len(network.patterns), 'pattern')} "
            + (f"({stray} of them another motif or none)" if stray else "(all of their class)")
        )
    size = found.configuration["settings"]["max_seqlets_per_metacluster"]
    return (
        f"Of the {len(TFS)} motifs, {'; '.join(told)}. At most {size:,} windows of a class were "
        "used. One trial stands behind each network."
    )


def motifs(found: Patterns | None) -> pd.DataFrame:
    """A row per motif: whether each network's filters show it, and its maps give it."""
    if found is None:
        return pd.DataFrame()
    columns = {
        f"{_label(network.model)}, {what}": [tf in those for tf in TFS]
        for network in found.networks
        for what, those in (("filters", network.shown), ("maps", network.motifs))
    }
    return pd.DataFrame(columns, index=list(TFS)).replace({True: "yes", False: "–"})


def logos(found: Patterns | None, model: str) -> Figure:
    """Sequence logos of the matched parts of a network's patterns, under class and best match."""
    networks = found.networks if found else ()
    patterns = [one for network in networks if network.model == model for one in network.patterns]
    titles = [
        f"{one.asked}, {count(one.sites, 'window')}\n"
        + (f"{one.hits[0].name}, E {figures.e_value(one.hits[0].e_value)}" if one.hits else "–")
        for one in patterns
    ]
    parts = [
        structs.replace(one, ppm=one.ppm[slice(*one.trim)], trim=(0, len(one.trimmed)))
        for one in patterns
    ]
    return figures.gallery(parts, titles)
