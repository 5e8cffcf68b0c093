"""What the chapter on stride and the second layer draws, says and tabulates of its runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from motifbook.book import figures
from motifbook.book.chapter import Gathered, count, signed
from motifbook.motifs.matrices import TFS
from motifbook.networks import protocols, receptive
from motifbook.networks.architectures import MODELS, Architecture, pooled_length
from motifbook.paper import measures, rules
from motifbook.records import runs
from motifbook.records.runs import Record
from motifbook.yardsticks import authors

NONE_ASKED = "None of this chapter's networks is among the models asked for."
FINDS = {True: "a relevant motif", False: "no relevant motif"}
"""Whether Tomtom finds a relevant motif in a filter, in words."""
LOST = 0.75
"""Below this AUROC a TF is lost: between a guess and what any TF scores whose motif is learned."""


def shares(page: Gathered, asked: int) -> str:
    """Each network's share of relevant filters, in words; `asked` trials of each were wanted."""
    found = [
        f"{MODELS[model].label} {page.mean_sd(model)} ({len(page.of(model))} of {asked} trials)"
        for model in page.models
    ]
    if not found:
        return NONE_ASKED
    return f"The share of our first-layer filters that match a relevant motif: {', '.join(found)}."


def built(models: Iterable[str]) -> pd.DataFrame:
    """How the networks are built, and what their neurons see: a column per network."""
    columns = {}
    for model in models:
        first, second = MODELS[model].convs
        seen = receptive.of_network(model)
        columns[MODELS[model].label] = {
            "pool": first.pool,
            "stride": first.pool_stride,
            "positions left": pooled_length(200, first),
            "second layer": f"{second.filters} of size {second.size}",
            "pool's field (nt)": seen["pooled"],
            "second layer's (nt)": seen["second"],
            "second pool": second.pool,
            "hidden units": MODELS[model].hidden,
        }
    return pd.DataFrame(columns)


CONTRASTS = {
    "blur: CNN-50-2 less CNN-2": ("cnn-50-2", "cnn-2"),
    "positions: CNN-50-2 less CNN-50": ("cnn-50-2", "cnn-50"),
    "second layer: CNN19-1-2 less CNN-2": ("cnn19-1-2", "cnn-2"),
}
"""What differs between two networks, and which they are."""


def contrasts(table: pd.DataFrame) -> pd.DataFrame:
    """Differences in the share of relevant filters, with Welch's interval: a row per contrast.

    Parameters
    ----------
    table : DataFrame
        From `runs.table`.
    """
    rows = {}
    for name, models in CONTRASTS.items():
        values = [table.loc[table["model"] == m, "match_relevant"].to_numpy() for m in models]
        row = {"difference": "not yet run", "95% interval": ""}
        if all(map(len, values)):
            low, high = rules.welch(rules.summary(values[0]), rules.summary(values[1]))
            row["difference"] = signed(np.mean(values[0]) - np.mean(values[1]), 3)
            row["95% interval"] = f"{signed(low)} to {signed(high)}"
            if np.isnan(low):
                row["95% interval"] = "needs two trials"
        rows[name] = row | {"trials": " and ".join(str(len(v)) for v in values)}
    return pd.DataFrame.from_dict(rows, orient="index")


def filters(records: Iterable[Record]) -> pd.DataFrame:
    """`runs.filters` of the first layer, with `finds`, a value of `FINDS`."""
    found = runs.filters(records)
    return found.assign(finds=found["relevant"].astype(bool).map(FINDS))


def sites(found: pd.DataFrame) -> Figure:
    """Recall against precision of each filter's sites, a panel per network.

    See in which corner the open squares lie, filters in which Tomtom finds no relevant motif: top
    left are parts of motifs, bottom left those that find nothing.

    Parameters
    ----------
    found : DataFrame
        From `filters`.
    """
    if found.empty:
        return figures.logo_grid(None)
    looks = {
        FINDS[False]: {"marker": "s", "color": figures.GREY, "mfc": "white", "mew": 0.9},
        FINDS[True]: {"marker": "o", "color": figures.PALETTE[0], "mew": 0},
    }
    labels = list(found["label"].unique())
    size = {"figsize": (figures.WIDTH, 5.6), "sharex": True, "sharey": True, "squeeze": False}
    figure, axes = plt.subplots(2, -(-len(labels) // 2), **size)
    for ax in axes.flat[len(labels) :]:
        ax.set_axis_off()
    for ax, label in zip(axes.flat, labels, strict=False):
        for finds, look in looks.items():
            own = found[(found["label"] == label) & (found["finds"] == finds)]
            place = own["site_precision"], own["site_recall"]
            ax.plot(*place, ls="", ms=5, alpha=0.7, label=finds, gid=finds, **look)
        ax.set(title=label, xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))
    figure.supxlabel("precision of the filter's sites", fontsize=11)
    figure.supylabel("recall", fontsize=11)
    handles = axes.flat[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=2)
    return figure


def kinds(found: pd.DataFrame) -> pd.DataFrame:
    """Medians of `filters` by network and what Tomtom finds, with how many there are."""
    groups = found.groupby(["label", "finds"], sort=False)
    return pd.DataFrame(
        {
            "filters": groups.size(),
            "dead": groups["state"].agg(lambda states: (states == "dead").sum()),
            "precision": groups["site_precision"].median().astype(float).round(2),
            "recall": groups["site_recall"].median().astype(float).round(2),
        }
    ).rename_axis([None, None])


def parts_or_nothing(page: Gathered, found: pd.DataFrame) -> str:
    """Median recall of the filters without a relevant match, beside chance, in words.

    Parameters
    ----------
    page : Gathered
    found : DataFrame
        From `filters` of its records.
    """
    said = [_recall(page.of(m)[0], found[found["model"] == m]) for m in page.models if page.of(m)]
    return (
        "The median recall of the filters without a relevant match: "
        f"{'; '.join(said) or 'not yet run'}. "
        "Far above chance, such filters are parts of motifs; near it, they find nothing."
    )


def _recall(record: Record, found: pd.DataFrame) -> str:
    own = found[found["finds"] == FINDS[False]]
    if own.empty:
        return f"{record.label} has none"
    data = record.configuration["dataset"]
    positions = data["number"] * data["fractions"][-1] * data["length"]
    # A site is at most 19 columns wide: no more than 20 placements of it hit a given motif.
    by_chance = own["sites"].median() * 20 / positions
    recall = own["site_recall"].astype(float).median()
    return (
        f"{record.label} {recall:.2f} ({count(len(own), 'filter')}; as many sites at random places "
        f"would reach at most {by_chance:.2f})"
    )


def dense_inputs(row: Architecture, length: int = 200) -> int:
    """How many values reach the hidden layer: positions times channels."""
    for conv in row.convs:
        length = pooled_length(length, conv)
    return length * row.convs[-1].filters


def parameters(row: Architecture, length: int = 200, classes: int = 12) -> int:
    """Trainable parameters: kernels, two of batch norm per filter and unit, the output bias."""
    total, channels = 0, 4
    for conv in row.convs:
        total += conv.size * channels * conv.filters + 2 * conv.filters
        channels = conv.filters
    return (
        total + dense_inputs(row, length) * row.hidden + 2 * row.hidden + (row.hidden + 1) * classes
    )


def sizes(page: Gathered) -> pd.DataFrame:
    """Widths as run, parameters on record, and what the text's widths would give: a row each."""
    rows = {}
    for model in page.models:
        as_run = MODELS[model].under(protocols.AS_RUN)
        as_written = MODELS[model].under(protocols.AS_WRITTEN)
        found = {record.parameters for record in page.of(model)}
        rows[MODELS[model].label] = {
            "second layer": as_run.convs[1].filters,
            "hidden": as_run.hidden,
            "parameters": ", ".join(f"{n:,}" for n in sorted(found)) or "not yet run",
            "by the text": f"{parameters(as_written):,}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def endings(page: Gathered, profile: str) -> str:
    """How each network's runs came to their end, in words."""
    limit = protocols.parse_profile(profile).epochs
    said = [_ended(m, page.table[page.table["model"] == m], limit) for m in page.models]
    return f"How training ended, by trial. {'; '.join(said)}." if said else NONE_ASKED


def _ended(model: str, rows: pd.DataFrame, limit: int) -> str:
    if rows.empty:
        return f"{MODELS[model].label}: not yet run"
    return (
        f"{MODELS[model].label}: {(rows['epochs'] == limit).sum()} of {len(rows)} runs reached the "
        f"limit of {limit} epochs, best epochs {', '.join(map(str, rows['best_epoch']))}, "
        f"AUROC {', '.join(f'{value:.3f}' for value in rows['auroc'])}"
    )


def archived(results_dir: Path | str | None = None) -> dict[str, float]:
    """AUROC by TF of the authors' archived CNN-50-2; empty where the check is not on record."""
    try:
        check = authors.load_check(results_dir)
    except FileNotFoundError:
        return {}
    scores = check.set_index("model")["auroc_by_class"]
    return dict(zip(TFS, scores["cnn-50-2"], strict=True))


def losses(page: Gathered, theirs: Mapping[str, float]) -> str:
    """How many TFs each trial loses, and its mean AUROC with and without them, in words.

    Parameters
    ----------
    page : Gathered
    theirs : mapping
        From `archived`.
    """
    said = "; ".join(_losses(model, runs.per_class(page.of(model))) for model in page.models)
    if theirs:
        gone = [tf for tf, score in theirs.items() if score < LOST]
        said += f". The archived CNN-50-2 has lost {', '.join(gone) or 'none'}"
    return f"Call a TF lost if its AUROC is below {LOST}. {said}."


def _losses(model: str, rows: pd.DataFrame) -> str:
    if rows.empty:
        return f"{MODELS[model].label}: not yet run"
    lost = rows[rows["auroc"] < LOST]
    number = lost.groupby("trial").size().reindex(sorted(rows["trial"].unique()), fill_value=0)
    kept = rows.loc[rows["auroc"] >= LOST, "auroc"].mean()
    return (
        f"{MODELS[model].label} loses {', '.join(map(str, number))} TFs in its trials "
        f"({', '.join(sorted(lost['tf'].unique())) or 'none'}); its mean AUROC is "
        f"{rows['auroc'].mean():.3f} with them and {kept:.3f} without"
    )


def learned_and_scored(records: Iterable[Record]) -> pd.DataFrame:
    """Mean number of filters and mean AUROC of each TF, fewest filters first."""
    records = list(records)
    if not records:
        return pd.DataFrame()
    filters = measures.filters_per_tf(records).mean()
    auroc = runs.per_class(records).groupby("tf", sort=False)["auroc"].mean().round(3)
    both = pd.DataFrame({"filters (mean)": filters, "AUROC (mean)": auroc})
    return both.sort_values("filters (mean)").round(3)
