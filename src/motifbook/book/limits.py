"""What the chapter on data, filters and noise draws, says and tabulates.

The rules, written before any number was looked at. There are three ways to make it harder: fewer
training sequences, fewer first-layer filters, more labels wrong. *Plain* is what the paper has: all
sequences, 30 filters, no label wrong. *Harder* levels are those beyond it on one way.

- A run *shows* a motif if at least one first-layer filter matches a relevant motif of its TF. A
  motif is *lost* at a harder level if it is shown in at least half of the plain trials, and in less
  than half of the trials there.
- CNN-25 *loses motifs* if it shows more of them plain than at the hardest level.
- It *stays the easier to read* if at every harder level more of its filters match a relevant motif
  than of CNN-2's.
- CNN-2 *predicts better* if at every harder level its AUROC is above CNN-25's.

These three are directions, judged by the ledger's second rule (`paper.rules`): they hold if Welch's
95% interval of the difference lies above 0 for every pair, and do not hold if it lies below 0 for
one of them, at 95% for all pairs together.

- The AUROC *hides the loss* if, at the level where CNN-25 first loses a motif, both one-sided tests
  put its AUROC within 0.02 of the plain one; it does not if Welch's 95% interval lies beyond that.

With fewer than three trials on a side a verdict is provisional; with one it can only be
inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from motifbook.book import chapter, figures
from motifbook.book.chapter import Gathered, count, mean_sd
from motifbook.book.provenance import Markup, provenance
from motifbook.motifs import matrices
from motifbook.networks.architectures import BY_FILTERS, FILTER_NUMBERS
from motifbook.networks.protocols import parse_protocol
from motifbook.paper import measures, rules
from motifbook.sequences import harder, synthetic
from motifbook.sequences.datasets import Dataset
from motifbook.yardsticks import site_accuracy


class Way(NamedTuple):
    """A way to make it harder: its levels from the easiest on, the plain one, and words."""

    levels: tuple[int, ...]
    plain: int
    title: str
    label: Callable[[int], str]
    words: Callable[[int], str]

    @property
    def harder(self) -> tuple[int, ...]:
        """The levels beyond the plain one."""
        return self.levels[self.levels.index(self.plain) + 1 :]


WAYS = {
    "data": Way(
        (1, 2, 4, 8, 16),
        1,
        "training sequences",
        lambda level: "all" if level == 1 else f"1/{level}",
        lambda level: f"1/{level} of the training sequences",
    ),
    "filters": Way(
        FILTER_NUMBERS[::-1], 30, "first-layer filters", str, lambda level: f"{level} filters"
    ),
    "noise": Way(
        (0, 5, 10, 20), 0, "labels wrong", "{}%".format, lambda level: f"{level}% of labels wrong"
    ),
}
NETWORKS = {"CNN-25": 25, "CNN-2": 2}
"""The two networks, by their first pool (nt)."""
QUANTITIES = {
    "auroc": "AUROC",
    "match_relevant": "filters that match\na relevant motif",
    "motifs": "motifs shown, of 12",
    "precise": "filters precise\nat the sites",
}
"""Of a run, and in words."""
Pages = Mapping[tuple[str, int], Gathered]
"""A way and a level to its runs."""


def gather(models: str, trials: str | int, **options: str) -> Pages:
    """The chapter's runs; parameters as in `chapter.gather`."""
    pages = {}
    for name, way in WAYS.items():
        for level in way.levels:
            number, protocol = (level, "as-run") if name == "filters" else (30, f"{name}-{level}")
            protocol = parse_protocol("as-run" if number == level else f"as-run+{protocol}").name
            rows = [BY_FILTERS[pool, number] for pool in NETWORKS.values()]
            pages[name, level] = chapter.gather(rows, models, trials, protocol=protocol, **options)
    return pages


def line(pages: Pages) -> Markup:
    """The line below a figure or table made from all runs."""
    wanted = {run for page in pages.values() for run in page.wanted}
    return provenance([record for page in pages.values() for record in page.records], len(wanted))


def measured(pages: Pages, own: Mapping[str, float] | None = None) -> pd.DataFrame:
    """One row per run and way: `way`, `level`, `network`, `trial`, `QUANTITIES`, and its course.

    `shown` holds the TFs whose motif it shows, `epochs` and `best_epoch` how long it was trained.
    The plain runs are in it once for each way.

    Parameters
    ----------
    pages : mapping
        From `gather`.
    own : mapping
        Each motif's own precision; that in the paper's test set unless given.
    """
    own = dict(own or site_accuracy.own_precision(synthetic.get().test))
    labels = {row.name: label for label, pool in NETWORKS.items() for (first, _), row in
              BY_FILTERS.items() if first == pool}  # fmt: skip
    tables = []
    for (way, level), page in pages.items():
        table = site_accuracy.by_run(page.records, own)
        counts = (measures.filters_of_each_tf(one, one.layer()) for one in page.records)
        table["shown"] = pd.Series(
            [frozenset(tf for tf, number in each.items() if number) for each in counts],
            dtype=object,
        )
        table["motifs"] = table["shown"].map(len).astype(float)
        tables.append(table.assign(way=way, level=level, network=table["model"].map(labels)))
    columns = ["way", "level", "network", "trial", *QUANTITIES, "shown", "epochs", "best_epoch"]
    return pd.concat(tables, ignore_index=True)[columns]


def _of(table: pd.DataFrame, way: str, level: int, network: str) -> pd.DataFrame:
    found = table["way"].eq(way) & table["level"].eq(level) & table["network"].eq(network)
    return table[found].sort_values("trial")


def shares(table: pd.DataFrame, way: str, network: str) -> pd.DataFrame:
    """In which part of its trials a network shows each motif.

    Returns
    -------
    DataFrame
        A row for each of the twelve TFs, a column for each level; NaN without a run.
    """
    columns = {}
    for level in WAYS[way].levels:
        shown = _of(table, way, level, network)["shown"]
        columns[level] = [
            np.mean([tf in one for one in shown]) if len(shown) else np.nan for tf in matrices.TFS
        ]
    return pd.DataFrame(columns, index=list(matrices.TFS))


def first_loss(table: pd.DataFrame, way: str, network: str) -> tuple[int, list[str]] | None:
    """The first harder level at which a network loses motifs, and which; None if it loses none."""
    share = shares(table, way, network)
    held = share[WAYS[way].plain] >= 0.5
    for level in WAYS[way].harder:
        if len(lost := share.index[held & (share[level] < 0.5)]):
            return level, list(lost)
    return None


# --- Pictures ---------------------------------------------------------------------------------

_LOOKS = {
    "CNN-25": {"marker": "o", "color": figures.PALETTE[0]},
    "CNN-2": {"marker": "s", "color": figures.PALETTE[1]},
}


def panels(table: pd.DataFrame, quantity: str) -> Figure:
    """A quantity of both networks, a panel for each way; it gets harder from left to right.

    See which of the two networks falls, and how soon. Each mark is a trial, lines join the means,
    and a dotted line stands at what the paper has.
    """
    if table.empty:
        return figures.saying("no run on record yet")
    figure, axes = plt.subplots(1, len(WAYS), figsize=(figures.WIDTH, 2.9), sharey=True)
    for ax, (name, way) in zip(axes, WAYS.items(), strict=True):
        ax.axvline(way.levels.index(way.plain), color=figures.GREY, lw=1, ls=":", zorder=0)
        for number, (network, look) in enumerate(_LOOKS.items()):
            mine = table[(table["way"] == name) & (table["network"] == network)]
            places = mine["level"].map(way.levels.index) + (number - 0.5) * 0.16
            dots = {"ls": "", "ms": 5, "mew": 0, "alpha": 0.7, "label": network}
            ax.plot(places, mine[quantity], gid=f"{network}-{quantity}", **dots, **look)
            means = mine.groupby(places)[quantity].mean()
            ax.plot(means.index, means, lw=1.5, color=look["color"], label="_means")
        ax.set_xticks(range(len(way.levels)), map(way.label, way.levels))
        ax.set(xlabel=way.title, xlim=(-0.5, len(way.levels) - 0.5))
        ax.tick_params(axis="x", labelsize=9)
    axes[0].set_ylabel(QUANTITIES[quantity])
    if quantity in ("match_relevant", "precise"):
        axes[0].set_ylim(-0.04, 1.04)
    if quantity == "motifs":
        axes[0].set(ylim=(-0.5, 12.5), yticks=(0, 4, 8, 12))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def by_motif(table: pd.DataFrame, network: str = "CNN-25") -> Figure:
    """In how many trials a network shows each motif: motifs down, a panel for each way.

    See which rows turn pale first from the dotted column to the right.
    """
    if table.empty:
        return figures.saying("no run on record yet")
    widths = [len(way.levels) for way in WAYS.values()]
    figure, axes = plt.subplots(
        1, len(WAYS), figsize=(figures.WIDTH, 4.4), sharey=True, width_ratios=widths
    )
    for ax, (name, way) in zip(axes, WAYS.items(), strict=True):
        trials = [len(_of(table, name, level, network)) for level in way.levels]
        share = shares(table, name, network).rename(columns=way.label)
        numbers = (share * trials).map(lambda value: "" if np.isnan(value) else f"{value:.0f}")
        look = {"cmap": "Blues", "vmin": 0, "vmax": 1, "cbar": False, "linewidths": 1}
        sns.heatmap(
            share, ax=ax, annot=numbers, fmt="", linecolor="white", annot_kws={"size": 9}, **look
        )
        ax.set(xlabel=way.title, ylabel="")
        ax.tick_params(length=0, labelsize=9)
        plt.setp(ax.get_xticklabels(), rotation=0)
        plt.setp(ax.get_yticklabels(), rotation=0)
    return figure


# --- By the rules -----------------------------------------------------------------------------

LOSES = "CNN-25 loses motifs"
EASIER = "CNN-25 stays the easier to read"
BETTER = "CNN-2 predicts better"
HIDES = "the AUROC hides the loss"


def _judged(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> str:
    """Whether the first is greater in every pair of values over trials, by the second rule."""
    pairs = list(pairs)
    few = min(len(side) for pair in pairs for side in pair)
    if not few:
        return rules.NOT_RUN
    between = [rules.difference(*map(rules.summary, pair)) for pair in pairs]
    verdict = rules.INCONCLUSIVE
    if all(one.interval()[0] > 0 for one in between):
        verdict = rules.HOLDS
    elif any(one.interval(1 - rules.LEVEL / len(pairs))[1] < 0 for one in between):
        verdict = rules.FAILS
    return verdict + (rules.PROVISIONAL if few < 3 else "")


def _hidden(plain: np.ndarray, lossy: np.ndarray) -> str:
    """Whether two AUROCs are alike within the ledger's margin."""
    between = rules.difference(rules.summary(lossy), rules.summary(plain))
    margin = rules.LIMITS["auroc"][1]
    low, high = between.interval()
    verdict = rules.FAILS if max(low, -high) > margin else rules.INCONCLUSIVE
    verdict = rules.HOLDS if rules.equivalent(between, margin, 0.0) else verdict
    return verdict + (rules.PROVISIONAL if min(len(plain), len(lossy)) < 3 else "")


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """What is claimed, a row each, and its verdict on each way."""
    rows = []
    for claim in (LOSES, EASIER, BETTER, HIDES):
        row = {"claim": claim}
        for name, way in WAYS.items():

            def values(network: str, level: int, quantity: str, name: str = name) -> np.ndarray:
                return _of(table, name, level, network)[quantity].to_numpy(float)

            def over(first: str, second: str, quantity: str, way: Way = way) -> str:
                sides = ([values(one, level, quantity) for one in (first, second)]
                         for level in way.harder)  # fmt: skip
                return _judged((a, b) for a, b in sides)

            if claim == LOSES:
                ends = (values("CNN-25", level, "motifs") for level in (way.plain, way.levels[-1]))
                row[way.title] = _judged([tuple(ends)])  # type: ignore[list-item]
            elif claim == EASIER:
                row[way.title] = over("CNN-25", "CNN-2", "match_relevant")
            elif claim == BETTER:
                row[way.title] = over("CNN-2", "CNN-25", "auroc")
            elif found := first_loss(table, name, "CNN-25"):
                ends = (values("CNN-25", level, "auroc") for level in (way.plain, found[0]))
                row[way.title] = _hidden(*ends)
            else:
                row[way.title] = "no loss"
        rows.append(row)
    return pd.DataFrame(rows)
