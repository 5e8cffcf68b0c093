"""What the chapter on deeper layers draws, says and tabulates of its runs.

A place is a network and one of its layers: ("cnn-1", 2). `tables` and `filters` of places keep the
order of the networks asked for, each from its first layer to the last that can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from motifbook.book import figures
from motifbook.book.chapter import Gathered, mean_sd, signed, trend
from motifbook.networks import receptive
from motifbook.networks.architectures import MODELS
from motifbook.paper import rules, verdicts
from motifbook.records import runs
from motifbook.records.runs import Record
from motifbook.yardsticks import null

Place = tuple[str, int]
QUANTITIES = ("match_any", "match_relevant")


def places(models: Iterable[str]) -> list[Place]:
    """Each layer of these networks that can be read."""
    return [(m, layer) for m in models for layer in range(1, MODELS[m].unpooled_layers + 1)]


def label(place: Place) -> str:
    """Such as "CNN-1, layer 2"."""
    return f"{MODELS[place[0]].label}, layer {place[1]}"


def tables(page: Gathered) -> dict[Place, pd.DataFrame]:
    """One row per run of each place: `runs.table`."""
    return {place: runs.table(page.of(place[0]), place[1]) for place in places(page.models)}


def filters(page: Gathered) -> pd.DataFrame:
    """One row per run and filter of every place: `runs.filters`, the place's label as `label`."""
    found = [
        runs.filters(page.of(place[0]), place[1]).assign(label=label(place))
        for place in places(page.models)
    ]
    return pd.concat(found or [runs.filters([])])


def shares(by_place: Mapping[Place, pd.DataFrame], asked: int) -> str:
    """The share of relevant filters from layer to layer of each network, in words.

    Parameters
    ----------
    by_place : mapping
        From `tables`.
    asked : int
        How many trials of each network were asked for.
    """
    said = []
    for model in dict.fromkeys(model for model, _ in by_place):
        layers = [table for place, table in by_place.items() if place[0] == model]
        if layers[0].empty:
            said.append(f"{MODELS[model].label}: not yet run")
            continue
        values = ", then ".join(mean_sd(table["match_relevant"]) for table in layers)
        said.append(f"{MODELS[model].label} ({len(layers[0])} of {asked} trials): {values}")
    courses = "; ".join(said) or "Neither network is among the models asked for"
    return f"The share of our filters that match a relevant motif, layer by layer. {courses}."


def described(page: Gathered) -> pd.DataFrame:
    """How many filters each place has, and what a filter there sees: a row each."""
    rows = {}
    for model, layer in places(page.models):
        convs, record = MODELS[model].convs, page.first(model)
        last = convs[layer - 1]
        rows[label((model, layer))] = {
            "filters": last.filters,
            "filter size": last.size,
            "sees (nt)": receptive.receptive_field([(c.size, 1) for c in convs[:layer]])[0],
            "read (nt)": record.layer(layer).window if record else "not yet run",
            "then": f"pool of {last.pool}" if last.pool > 1 else "no pool",
        }
    return pd.DataFrame(rows).T


def by_layer(by_place: Mapping[Place, pd.DataFrame], printed: pd.DataFrame) -> Figure:
    """Match fractions by layer, a panel for each network: as `figures.against`.

    Parameters
    ----------
    by_place : mapping
        From `tables`.
    printed : DataFrame
        From `claims.printed`, of the synthetic data.
    """
    models = list(dict.fromkeys(model for model, _ in by_place))
    if not models:
        return figures.logo_grid(None)
    widths = [MODELS[model].unpooled_layers for model in models]
    figure, axes = plt.subplots(1, len(models), sharey=True, squeeze=False, width_ratios=widths)
    for ax, model, layers in zip(axes.flat, models, widths, strict=True):
        names = [f"layer {layer}" for layer in range(1, layers + 1)]
        ours = [by_place[model, layer + 1].assign(model=name) for layer, name in enumerate(names)]
        theirs = printed[printed["model"] == model]
        theirs = theirs.assign(model="layer " + theirs["layer"].astype(str))
        figures.against(pd.concat(ours), theirs, names, QUANTITIES, ax)
        ax.set_title(MODELS[model].label)
    handles = axes.flat[0].get_legend().legend_handles
    for ax in axes.flat:
        ax.get_legend().remove()
        ax.label_outer()
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def compared(records: Sequence[Record]) -> pd.DataFrame:
    """`verdicts.compare` of the match fractions of every layer, as one table."""
    found = pd.concat(
        verdicts.compare(records, QUANTITIES, layer).assign(layer=layer) for layer in (1, 2, 3)
    )
    if found.empty:
        return found
    layer = found["layer"].astype(str)
    found = found.assign(label=found["label"] + ", layer " + layer)
    found = found.sort_values(["model", "layer"], kind="stable")
    return found.assign(model=found["model"] + "@" + found["layer"].astype(str))


def rates(page: Gathered, results_dir: str = "") -> pd.DataFrame:
    """`null.rates` of every place, the place's label as `place`."""
    found = [
        null.rates(page.of(place[0]), place[1], results_dir).assign(place=label(place))
        for place in places(page.models)
    ]
    return pd.concat(found or [null.rates([]).assign(place="")])


def by_kind(found: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """The mean over trials: a row for each place of `rates`, a column for each kind of filter."""
    mean = found.pivot_table(quantity, "place", "kind")
    return mean.reindex(index=found["place"].unique(), columns=found["kind"].unique())


def rates_table(found: pd.DataFrame) -> pd.DataFrame:
    """`rates` for the page: for any motif and for relevant ones, a column per kind of filter."""
    if found.empty:
        return pd.DataFrame()
    names = {"any motif": "match_any", "a relevant motif": "match_relevant"}
    beside = pd.concat({name: by_kind(found, q) for name, q in names.items()}, axis=1)
    beside = beside.rename_axis(None).rename_axis((None, None), axis=1)
    return beside.map("{:.3f}".format).replace("nan", "–")


def beyond_nulls(found: pd.DataFrame) -> str:
    """What filters that learned nothing match in deeper layers, and trained ones beyond, in words.

    Parameters
    ----------
    found : DataFrame
        From `rates`.
    """
    matched = [by_kind(found, quantity) for quantity in QUANTITIES]
    deeper = [place for place in matched[0].index if not place.endswith(", layer 1")]
    kinds = [kind for kind in null.KINDS if kind in matched[0]]
    if not deeper or not kinds:
        return "There is nothing to compare yet."
    largest = [[table.loc[deeper, kind].max() for table in matched] for kind in kinds]
    sentences = [
        f"Of {kind} filters of a deeper layer, up to {some:.0%} match some motif and up to "
        f"{relevant:.1%} a relevant one (`results/null/{kind}.json`)."
        for kind, (some, relevant) in zip(kinds, largest, strict=True)
    ]
    beyond = [(table["trained"] - table[kinds].max(axis=1))[deeper] for table in matched]
    by_place = [f"{p} by {signed(beyond[0][p])} and {signed(beyond[1][p])}" for p in deeper]
    rate = "the larger of these rates" if len(kinds) > 1 else "this rate"
    return (
        f"{' '.join(sentences)} Trained filters differ from {rate}, in matches of any motif and of "
        f"relevant ones: {'; '.join(by_place)}."
    )


def second_layers(by_place: Mapping[Place, pd.DataFrame]) -> str:
    """The second layers of CNN-1 and CNN-1-1-100 compared, in words.

    Parameters
    ----------
    by_place : mapping
        From `tables`.
    """
    none = pd.DataFrame({"match_relevant": []})
    one, two = (by_place.get((m, 2), none)["match_relevant"] for m in ("cnn-1", "cnn-1-1-100"))
    if one.empty or two.empty:
        return "For this comparison both networks have to be on record."
    low, high = rules.welch(rules.summary(one), rules.summary(two))
    spread = (
        "with one trial of either, no interval can be given"
        if np.isnan(low)
        else f"Welch's 95% interval is {signed(low, 3)} to {signed(high, 3)}"
    )
    return (
        f"Share of second-layer filters that match a relevant motif: CNN-1 {mean_sd(one)}, "
        f"CNN-1-1-100 {mean_sd(two)}. The difference is {signed(one.mean() - two.mean(), 3)}; "
        f"{spread} ({len(one)} and {len(two)} trials)."
    )


def best_per_tf(record: Record, layer: int) -> list[int]:
    """The number of the filter whose sites agree best (F1) with each TF's embedded motifs."""
    known = [one for one in record.layer(layer).filters if one.site_precision]
    precision = np.array([one.site_precision for one in known])
    recall = np.array([one.site_recall for one in known])
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return [known[row].filter for row in f1.argmax(axis=0)]


def one_per_tf(record: Record | None, layer: int) -> Figure:
    """Logos of `best_per_tf`, with the TF at the left of each."""
    if record is None:
        return figures.logo_grid(None)
    figure = figures.logo_grid(record, layer, best_per_tf(record, layer), columns=4)
    for ax, tf in zip(figure.axes, record.classes, strict=False):
        ax.set_ylabel(tf, fontsize=8)
    return figure


def sites(found: pd.DataFrame) -> pd.DataFrame:
    """What the sites of each place's filters are: a row each, medians over filters.

    Parameters
    ----------
    found : DataFrame
        From `filters`.
    """
    groups = found.groupby("label", sort=False)
    return pd.DataFrame(
        {
            "filters in all": groups.size(),
            "dead": groups["state"].agg(lambda states: (states == "dead").sum()),
            "median precision": groups["site_precision"].median().astype(float).round(2),
            "median recall": groups["site_recall"].median().astype(float).round(2),
        }
    ).rename_axis(None)


def precision(found: pd.DataFrame, models: Iterable[str]) -> str:
    """How the median precision of filters goes from layer to layer of each network, in words.

    Parameters
    ----------
    found : DataFrame
        From `filters`.
    models : iterable of str
    """
    median = found.groupby("label")["site_precision"].median().astype(float)
    ways = {
        MODELS[model].label: trend(median.get(label(place), np.nan) for place in places([model]))
        for model in models
    }
    said = "; ".join(f"in {name} it {way}" for name, way in ways.items())
    return said or "no network was asked for"
