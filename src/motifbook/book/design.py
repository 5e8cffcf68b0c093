"""What the chapter on the design map draws, says and tabulates."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import HTML
from matplotlib.figure import Figure

from motifbook.book import chapter, figures
from motifbook.book.chapter import Gathered, count, signed
from motifbook.networks.architectures import DESIGN, FILTER_SIZES, FIRST_POOLS
from motifbook.sequences import synthetic
from motifbook.yardsticks import design, site_accuracy
from motifbook.yardsticks.site_accuracy import QUANTITIES

NETWORKS = tuple(DESIGN.values())
"""The chapter's networks."""


def gather(
    models: str, trials: str | int, profile: str, missing: str, results_dir: str
) -> tuple[Gathered, pd.DataFrame]:
    """The map's runs, as `chapter.gather`, and what `yardsticks.design.measured` makes of them."""
    page = chapter.gather(
        NETWORKS, models, trials, profile=profile, missing=missing, results_dir=results_dir
    )
    own = site_accuracy.own_precision(synthetic.get().test)
    return page, design.measured(page.records, own)


def answer(table: pd.DataFrame) -> str:
    """Our answer, in words: where whole motifs are, from which pool on, and at what price."""
    if table.empty:
        return "Not known yet: no network of the map is on record."
    whole = table["match_relevant"] >= design.WHOLE
    said = [
        f"{len(table)} of the map's {len(NETWORKS)} networks are on record; {whole.sum()} of them "
        "hold whole motifs in the first layer."
    ]
    found = design.steps(table)["step"]
    from_pool = [
        f"{size} nt, {'at no pool' if np.isnan(pool) else f'from a pool of {pool:.0f} nt on'}"
        for size, pool in found.items()
    ]
    said.append(f"By the filters' size: {'; '.join(from_pool)}.")
    if 0 < whole.sum() < len(table):
        best = [table.loc[side, "auroc"].max() for side in (whole, ~whole)]
        said.append(
            f"The best AUROC with whole motifs is {best[0]:.3f}, without them {best[1]:.3f}."
        )
    return " ".join(said)


def maps(table: pd.DataFrame) -> Figure:
    """Three maps, first pool across and filter size down: both fractions and the AUROC.

    See where the maps of the fractions turn dark, and whether the AUROC's pays for it.
    """
    if table.empty:
        return figures.saying("no run on record yet")
    figure, axes = plt.subplots(len(QUANTITIES), 1, figsize=(figures.WIDTH, 3.3 * len(QUANTITIES)))
    for ax, (name, words) in zip(axes, QUANTITIES.items(), strict=True):
        values = design.grid(table, name)
        low, high = (0, 1) if name != "auroc" else (np.nanmin(values), np.nanmax(values))
        shown = values.map(lambda value: f"{value:.2f}".removeprefix("0"))
        sns.heatmap(
            values,
            ax=ax,
            annot=shown,
            fmt="",
            cmap="Blues",
            vmin=low,
            vmax=high,
            cbar=False,
            linewidths=1,
            linecolor="white",
            annot_kws={"fontsize": 9},
        )
        ax.set_title(words, loc="left")
        ax.set(xlabel="first pool (nt)", ylabel="filter size (nt)")
        ax.tick_params(length=0)
        plt.setp(ax.get_yticklabels(), rotation=0)
    return figure


def chooser(table: pd.DataFrame) -> HTML:
    """Two lists to choose a first pool and a filter size from, and what to expect of them."""
    told = {}
    for pool, size in DESIGN:
        try:
            told[f"{pool} {size}"] = design.advice(table, pool, size)
        except ValueError as error:
            told[f"{pool} {size}"] = f"{str(error).capitalize()}."

    def choice(name: str, words: str, values: tuple[int, ...], chosen: int) -> str:
        options = "".join(
            f"<option{' selected' if value == chosen else ''}>{value}</option>" for value in values
        )
        return f'<label>{words} <select name="{name}">{options}</select> nt</label> '

    pools = choice("pool", "First pool", FIRST_POOLS, 4)
    sizes = choice("size", "Filter size", FILTER_SIZES, 19)
    return HTML(
        f'<form class="design-chooser">{pools}{sizes}'
        f'<p><output aria-live="polite">{told["4 19"]}</output></p>'
        f'<script type="application/json">{json.dumps(told)}</script>'
        "<script>{const form = document.currentScript.parentElement;"
        "const told = JSON.parse(form.querySelector('[type=\"application/json\"]').textContent);"
        "form.oninput = () => { form.querySelector('output').textContent ="
        " told[`${form.pool.value} ${form.size.value}`]; }; form.oninput();}</script></form>"
    )


def steps(table: pd.DataFrame) -> pd.DataFrame:
    """`yardsticks.design.steps` in words, a row for each filter size."""
    found = design.steps(table)

    def number(value: float, decimals: int) -> str:
        return "–" if np.isnan(value) else f"{value:.{decimals}f}"

    return pd.DataFrame(
        {
            "filter size (nt)": found.index,
            "whole motifs from pool (nt)": [number(value, 0) for value in found["step"]],
            "best AUROC below": [number(value, 3) for value in found["below"]],
            "from there on": [number(value, 3) for value in found["above"]],
            "price": ["–" if np.isnan(v) else signed(v, 3) for v in found["price"]],
        }
    )


def prices(table: pd.DataFrame, paper: pd.DataFrame) -> str:
    """The price by filter size on the map and after longer training, where both are known."""
    both = design.steps(table).join(design.steps(paper).add_suffix("_paper"))
    told = [
        f"{size} nt, {signed(row['price'], 3)} and {signed(row['price_paper'], 3)}"
        for size, row in both.dropna(subset=["price", "price_paper"]).iterrows()
    ]
    if not told:
        return "No price is known from networks that were trained to the end."
    return f"The price on the map, and of networks trained to the end: {'; '.join(told)}."


def beside_paper(table: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Networks that are on record under both profiles: the map's value, then the longer run's."""
    both = table.merge(paper, on=["pool", "size", "model"], suffixes=("_map", "_paper"))
    shown = {"network": both["model"].map(figures.model_label)}
    for name, words in QUANTITIES.items():
        for kind in ("map", "paper"):
            shown[f"{words}, {kind}"] = both[f"{name}_{kind}"].map("{:.3f}".format)
    return pd.DataFrame(shown)


def off_paper(table: pd.DataFrame, paper: pd.DataFrame) -> str:
    """How far the map lies from the longer runs, in words."""
    both = table.merge(paper, on=["pool", "size"], suffixes=("_map", "_paper"))
    if both.empty:
        return "No network is on record under both profiles."
    same = (both[["match_relevant_map", "match_relevant_paper"]] >= design.WHOLE).nunique(axis=1)
    off = [
        f"{(both[f'{name}_map'] - both[f'{name}_paper']).abs().mean():.3f} ({words})"
        for name, words in QUANTITIES.items()
    ]
    return (
        f"{count(len(both), 'network')} on record under both profiles. On average they are apart "
        f"by {', '.join(off)}. Whether the layer holds whole motifs is the same for "
        f"{(same == 1).sum()} of them."
    )


def interpolated(table: pd.DataFrame) -> pd.DataFrame:
    """How well the map can be read between its networks, each left out in turn."""
    off = design.left_out(table)
    rows = []
    for name, words in QUANTITIES.items():
        others = (table[name].sum() - off[name]) / (len(table) - 1)
        errors, blind = off[f"{name}_off"].abs(), (others - off[name]).abs()
        rows.append(
            {
                "quantity": words,
                "networks": len(off),
                "median error": f"{errors.median():.3f}",
                "nine of ten within": f"{errors.quantile(0.9):.3f}",
                "by the mean of the others": f"{blind.median():.3f}",
            }
        )
    return pd.DataFrame(rows) if len(off) else pd.DataFrame()


def best(table: pd.DataFrame, largest: int, count: int = 5) -> pd.DataFrame:
    """Of networks with whole motifs and filters of at most `largest` nt, those of best AUROC."""
    whole = table[(table["match_relevant"] >= design.WHOLE) & (table["size"] <= largest)]
    shown = whole.nlargest(count, "auroc").round(3)
    words = {"pool": "first pool (nt)", "size": "filter size (nt)", **QUANTITIES}
    return shown[list(words)].rename(columns=words)


def in_short(table: pd.DataFrame, paper: pd.DataFrame) -> tuple[str, ...]:
    """What was learned, in a few points."""
    whole = table[table["match_relevant"] >= design.WHOLE]
    if whole.empty:
        return (f"None of {count(len(table), 'network')} on record holds whole motifs.",)
    best = whole.loc[whole["auroc"].idxmax()]
    smallest = whole.loc[whole["size"].idxmin()]
    return (
        f"On the map, of the networks whose first layer holds whole motifs, the one with first "
        f"pool {best['pool']} nt and filters of {best['size']} nt predicts best: AUROC "
        f"{best['auroc']:.3f}, {best['match_relevant']:.0%} of its filters match.",
        f"The smallest filters that hold whole motifs are {smallest['size']} nt wide.",
        prices(table, paper),
    )
