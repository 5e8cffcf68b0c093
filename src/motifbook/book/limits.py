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

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from scipy import stats

from motifbook.book import chapter, figures
from motifbook.book.chapter import Gathered, count, mean_sd, signed
from motifbook.book.provenance import Markup
from motifbook.motifs import matrices
from motifbook.networks.architectures import BY_FILTERS, FILTER_NUMBERS
from motifbook.networks.protocols import AS_RUN, parse_protocol
from motifbook.paper import measures, rules
from motifbook.records.runs import Record
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
        (0, 5, 10, 20), 0, "wrong labels", "{}%".format, lambda level: f"{level}% of labels wrong"
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


def gather(models: str, trials: str | int, **options: Any) -> Pages:
    """The chapter's runs; parameters as in `chapter.gather`."""
    pages = {}
    for name, way in WAYS.items():
        for level in way.levels:
            number = _filters(name, level)
            protocol = "as-run" if name == "filters" else f"as-run+{name}-{level}"
            protocol = parse_protocol(protocol).name  # which has no plain value in it
            rows = [BY_FILTERS[pool, number] for pool in NETWORKS.values()]
            pages[name, level] = chapter.gather(rows, models, trials, protocol=protocol, **options)
    return pages


def _filters(way: str, level: int) -> int:
    """How many first-layer filters a level of a way has."""
    return level if way == "filters" else WAYS["filters"].plain


def line(pages: Pages) -> Markup:
    """The line below a figure or table made from all runs."""
    return chapter.made_from(*pages.values())


def measured(pages: Pages, own: Mapping[str, float] | None = None) -> pd.DataFrame:
    """One row per run and way: `way`, `level`, `network`, `trial`, `QUANTITIES`, and more.

    `shown` holds the TFs whose motif it shows, `by_class` its AUROC of each TF. The plain runs are
    in it once for each way.

    Parameters
    ----------
    pages : mapping
        From `gather`.
    own : mapping
        Each motif's own precision; that in the paper's test set unless given.
    """
    own = dict(own or site_accuracy.own_precision(synthetic.get().test))
    labels = {BY_FILTERS[pool, number].name: network for network, pool in NETWORKS.items()
              for number in FILTER_NUMBERS}  # fmt: skip
    tables = []
    for (way, level), page in pages.items():
        table = site_accuracy.by_run(page.records, own)
        table["shown"] = pd.Series([_shown(one) for one in page.records], dtype=object)
        table["motifs"] = table["shown"].map(len).astype(float)
        scores = [dict(zip(one.classes, one.test.auroc, strict=True)) for one in page.records]
        table["by_class"] = pd.Series(scores, dtype=object)
        tables.append(table.assign(way=way, level=level, network=table["model"].map(labels)))
    columns = ["way", "level", "network", "trial", *QUANTITIES, "shown", "by_class"]
    return pd.concat(tables, ignore_index=True)[columns]


def _of(table: pd.DataFrame, way: str, level: int, network: str, quantity: str) -> np.ndarray:
    """A quantity's values over trials."""
    found = table["way"].eq(way) & table["level"].eq(level) & table["network"].eq(network)
    return table[found].sort_values("trial")[quantity].to_numpy()


def information() -> pd.Series:
    """Information of each of the twelve motifs, in bits, the largest first."""
    bits = [matrices.information(motif.ppm).sum() for motif in matrices.ground_truth()]
    return pd.Series(bits, index=list(matrices.TFS)).sort_values(ascending=False)


def shares(table: pd.DataFrame, way: str, network: str) -> pd.DataFrame:
    """In which part of its trials a network shows each motif.

    Returns
    -------
    DataFrame
        A row for each of the twelve TFs, a column for each level; NaN without a run.
    """
    levels = WAYS[way].levels
    return pd.DataFrame({at: _share(_of(table, way, at, network, "shown")) for at in levels})


def first_loss(table: pd.DataFrame, way: str, network: str) -> tuple[int, list[str]] | None:
    """The first harder level at which a network loses motifs, and which; None if it loses none."""
    share = shares(table, way, network)
    for level in WAYS[way].harder:
        if lost := _lost(share[WAYS[way].plain], share[level]):
            return level, lost
    return None


def _lost(plain: pd.Series, there: pd.Series) -> list[str]:
    """The motifs that at least half of the plain trials show, and less than half of those there."""
    return list(plain.index[(plain >= 0.5) & (there < 0.5)])


def _shown(record: Record) -> frozenset[str]:
    """The TFs whose motifs a run shows."""
    number = measures.filters_of_each_tf(record, record.layer())
    return frozenset(tf for tf, filters in number.items() if filters)


def _share(shown: Iterable[frozenset[str]]) -> pd.Series:
    """In which part of some trials each of the twelve motifs is shown; NaN without a trial."""
    trials = list(shown)
    return pd.Series(
        [np.mean([tf in one for one in trials]) if trials else np.nan for tf in matrices.TFS],
        index=list(matrices.TFS),
    )


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
            means = mine.groupby("level")[quantity].mean().reindex(way.levels)
            middle = np.arange(len(means)) + (number - 0.5) * 0.16
            ax.plot(middle, means, lw=1.5, color=look["color"], label="_means")
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

    See whether the rows turn pale from below: motifs are sorted by their information.
    """
    if table.empty:
        return figures.saying("no run on record yet")
    bits = information()
    names = [f"{tf} ({value:.1f})" for tf, value in bits.items()]
    widths = [len(way.levels) for way in WAYS.values()]
    figure, axes = plt.subplots(
        1, len(WAYS), figsize=(figures.WIDTH, 4.4), sharey=True, width_ratios=widths
    )
    for ax, (name, way) in zip(axes, WAYS.items(), strict=True):
        trials = [len(_of(table, name, level, network, "trial")) for level in way.levels]
        share = shares(table, name, network).loc[bits.index].set_axis(names)
        share = share.rename(columns=way.label)
        numbers = (share * trials).map(lambda value: "" if np.isnan(value) else f"{value:.0f}")
        look = {"cmap": "Blues", "vmin": 0, "vmax": 1, "cbar": False, "linewidths": 1}
        sns.heatmap(
            share, ax=ax, annot=numbers, fmt="", linecolor="white", annot_kws={"size": 9}, **look
        )
        ax.set(xlabel=way.title, ylabel="motif (bits)" if name == "data" else "")
        ax.grid(False)
        ax.tick_params(length=0, labelsize=9)
        plt.setp(ax.get_xticklabels(), rotation=0)
        plt.setp(ax.get_yticklabels(), rotation=0)
    return figure


# --- By the rules -----------------------------------------------------------------------------

CLAIMS = (
    "CNN-25 loses motifs",
    "CNN-25 stays the easier to read",
    "CNN-2 predicts better",
    "the AUROC hides the loss",
)


def _greater(*pairs: Sequence[np.ndarray]) -> str:
    """Whether the first is greater in every pair of values over trials, by the second rule."""
    few = min(len(side) for pair in pairs for side in pair)
    if not few:
        return rules.NOT_RUN
    between = [rules.difference(rules.summary(a), rules.summary(b)) for a, b in pairs]
    verdict = rules.INCONCLUSIVE
    if all(one.interval()[0] > 0 for one in between):
        verdict = rules.HOLDS
    elif any(one.interval(1 - rules.LEVEL / len(pairs))[1] < 0 for one in between):
        verdict = rules.FAILS
    return verdict + (rules.PROVISIONAL if few < 3 else "")


def _alike(a: np.ndarray, b: np.ndarray) -> str:
    """Whether two AUROCs are, within the ledger's margin."""
    between = rules.difference(rules.summary(a), rules.summary(b))
    verdict = rules.within(between, rules.LIMITS["auroc"][1])
    return verdict + (rules.PROVISIONAL if min(len(a), len(b)) < 3 else "")


def _harder(table: pd.DataFrame, way: str, network: str, quantity: str) -> list[np.ndarray]:
    return [_of(table, way, level, network, quantity) for level in WAYS[way].harder]


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each of `CLAIMS` and its verdict on each way."""
    columns: dict[str, Sequence[str]] = {"claim": CLAIMS}
    for name, way in WAYS.items():
        ends = [_of(table, name, at, "CNN-25", "motifs") for at in (way.plain, way.levels[-1])]
        matches, scores = (
            [_harder(table, name, network, quantity) for network in networks]
            for networks, quantity in (
                (("CNN-25", "CNN-2"), "match_relevant"),
                (("CNN-2", "CNN-25"), "auroc"),
            )
        )
        hides = "no loss" if all(map(len, ends)) else rules.NOT_RUN
        if found := first_loss(table, name, "CNN-25"):
            at = (way.plain, found[0])
            hides = _alike(*(_of(table, name, level, "CNN-25", "auroc") for level in at))
        over = (_greater(*zip(*both, strict=True)) for both in (matches, scores))
        columns[way.title] = _greater(ends), *over, hides
    return pd.DataFrame(columns)


# --- In words ---------------------------------------------------------------------------------


def on_record(pages: Pages) -> str:
    """How many runs there are, and of which levels fewer trials than asked for, in words."""
    wanted = {run for page in pages.values() for run in page.wanted}
    there = {record.run for page in pages.values() for record in page.records}
    few = []
    for (way, level), page in pages.items():
        trials = {
            network: (len(page.of(model)), sum(run.model == model for run in page.wanted))
            for network, pool in NETWORKS.items()
            for model in (BY_FILTERS[pool, _filters(way, level)].name,)
        }
        lacking = [f"{name} {n} of {most}" for name, (n, most) in trials.items() if n < most]
        if lacking:
            label = f"{WAYS[way].title} {WAYS[way].label(level)}"
            few.append(f"{label} ({', '.join(lacking)} trials)")
    said = f"{len(there)} of {len(wanted)} runs are on record."
    return f"{said} All levels are complete but these: {', '.join(few)}." if few else said


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _first(table: pd.DataFrame, name: str) -> tuple[str, int | None]:
    """What CNN-25 loses first on a way, in words, and where; the last level if nothing."""
    way = WAYS[name]
    trials = {level: len(_of(table, name, level, "CNN-25", "trial")) for level in way.harder}
    if found := first_loss(table, name, "CNN-25"):
        level, lost = found[0], f"first loses {', '.join(found[1])}"
    elif any(trials.values()):
        level, lost = [one for one in way.harder if trials[one]][-1], "has lost none"
    else:
        return f"of {way.title} nothing is known yet", None
    easier = way.harder[: way.harder.index(level)]
    skipped = [way.label(one) for one in easier if not trials[one]]
    unknown = f"; {', '.join(skipped)} not yet run" if skipped else ""
    known = count(trials[level], "trial")
    return f"with {way.words(level)} CNN-25 {lost} ({known}{unknown})", level


def _change(table: pd.DataFrame, way: str, level: int, network: str) -> str:
    """Motifs shown and AUROC from plain to a level, means over trials, in words."""
    said = []
    for quantity, words, decimals in (("motifs", "motifs", 1), ("auroc", "AUROC", 3)):
        ends = [_of(table, way, one, network, quantity) for one in (WAYS[way].plain, level)]
        if not all(map(len, ends)):
            return "not yet run"
        values = " → ".join(f"{each.mean():.{decimals}f}" for each in ends)
        said.append(f"{words} {values}")
    return ", ".join(said)


def answer(table: pd.DataFrame) -> str:
    """Our answer, in words: what is lost first on each way, and what both networks do there."""
    plain = {network: _of(table, "data", 1, network, "motifs") for network in NETWORKS}
    if not all(map(len, plain.values())):
        return "Not known yet: no plain run of CNN-25 and CNN-2 is on record."
    said = [
        "Plain, with all training sequences, 30 filters and no label wrong, CNN-25 shows "
        f"{mean_sd(plain['CNN-25'], 1)} of the 12 motifs, and CNN-2 {mean_sd(plain['CNN-2'], 1)}."
    ]
    for name in WAYS:
        lost, level = _first(table, name)
        if level is not None:
            each = [_change(table, name, level, network) for network in ("CNN-25", "CNN-2")]
            beside = count(len(_of(table, name, level, "CNN-2", "trial")), "trial")
            said.append(f"- {_sentence(lost)}: {each[0]}. CNN-2 meanwhile ({beside}): {each[1]}.")
    return f"{said[0]}\n\n" + "\n".join(said[1:])


def _by_both(table: pd.DataFrame) -> str:
    """Which part of CNN-25's filters match, and are precise, where it first loses a motif."""
    said = []
    for name, way in WAYS.items():
        if found := first_loss(table, name, "CNN-25"):
            match, precise = (
                f"{_of(table, name, found[0], 'CNN-25', quantity).mean():.2f}"
                for quantity in ("match_relevant", "precise")
            )
            said.append(f"with {way.words(found[0])} {match} and {precise}")
    return "; ".join(said) or "it loses none on record"


def in_short(table: pd.DataFrame) -> tuple[str, ...]:
    """What was learned, in a few points."""
    lost = "; ".join(_first(table, name)[0] for name in WAYS)
    return (
        f"{_sentence(lost)}.",
        "Where CNN-25 first loses a motif, which part of its filters match a relevant motif, and "
        f"which part are precise at the sites? {_sentence(_by_both(table))}.",
        *(
            f"{_sentence(row.pop('claim'))}? "
            + ", ".join(f"{title}: {verdict}" for title, verdict in row.items())
            + "."
            for row in verdicts(table).to_dict("records")
        ),
    )


def courses(pages: Pages) -> str:
    """Whether runs were cut short, and how many batches the kept weights had seen, in words."""
    runs = {record.run: record for page in pages.values() for record in page.records}
    cut = sum(
        record.epochs == run.scale.epochs
        and record.epochs - record.best_epoch < (run.scale.patience or run.rules.patience or np.inf)
        for run, record in runs.items()
    )
    told = []
    for network, pool in NETWORKS.items():
        model = BY_FILTERS[pool, WAYS["filters"].plain].name
        seen = {level: pages["data", level].of(model) for level in (1, 4, 16)}
        told += [f"{network} {_seen(each, level)} with {WAYS['data'].label(level)}"
                 for level, each in seen.items() if each]  # fmt: skip
    return (
        f"{cut} of {count(len(runs), 'run')} ran into the limit of epochs; the others ended when "
        "the validation loss had not fallen for as many as the profile waits. How many batches had "
        "the weights seen that were kept, in the median, by part of the training sequences? "
        f"{'; '.join(told)}."
    )


def _seen(records: Sequence[Record], level: int) -> str:
    """How many batches the kept weights had seen, in the median, with 1/level of the sequences."""
    batches = math.ceil(len(synthetic.get().train) / level / AS_RUN.batch_size)
    return f"{np.median([record.best_epoch for record in records]) * batches:,.0f}"


LONGER = "as-run+stopping+data-4"
"""A quarter of the training sequences, and nothing stops before the last epoch."""


def longer(pages: Pages, whole: Gathered) -> str:
    """What CNN-25 does with a quarter of the sequences if nothing stops it early, in words.

    Parameters
    ----------
    pages : mapping
        From `gather`.
    whole : Gathered
        Runs of CNN-25 under `LONGER`.
    """
    plain, stopped = (pages["data", level].of("cnn-25") for level in (1, 4))
    if not whole.records or not stopped or not plain:
        return "Whether it is the data, or training that ends too soon, is not known yet."
    shown = measures.QUANTITIES["motifs_found"]
    held, short, on = (_share(map(_shown, those)) for those in (plain, stopped, whole.records))
    lost, still = _lost(held, short), _lost(held, on)
    said = [
        f"{mean_sd((shown(one, one.layer()) for one in records), 1)} motifs, "
        f"AUROC {mean_sd(one.auroc for one in records)}, lost "
        f"{', '.join(gone) or 'none'} (weights of {_seen(records, 4)} batches)"
        for records, gone in ((stopped, lost), (whole.records, still))
    ]
    back = len(set(lost) - set(still))
    return (
        "Is it the data, or does training end too soon? With a quarter of the sequences CNN-25, "
        f"stopped as usual: {said[0]}. Trained to the last epoch "
        f"({count(len(whole.records), 'trial')}): {said[1]}. So of {count(len(lost), 'motif')} "
        f"lost when it stops as usual, {back} {'comes' if back == 1 else 'come'} back when it goes "
        "on. CNN-2 was not trained on."
    )


def true_positives(dataset: Dataset) -> str:
    """Of training labels that say that a motif is there, how many are right, in words."""
    truth, said = dataset.train.labels.astype(bool), []
    for noise in WAYS["noise"].harder:
        labels = harder.make(dataset, noise=noise).train.labels.astype(bool)
        said.append(f"{truth[labels].mean():.0%} with {noise}%")
    return (
        "A label says that a motif is there, or that it is not, and most say that it is not. So "
        "of the training labels that say that one is there, few errors make many wrong: right are "
        f"{', '.join(said)}."
    )


def _over_harder(table: pd.DataFrame, way: str) -> pd.Series:
    """In which part of its trials CNN-25 shows each motif, mean over the harder levels."""
    return shares(table, way, "CNN-25")[list(WAYS[way].harder)].mean(axis=1)


def by_information(table: pd.DataFrame) -> str:
    """Whether motifs of little information are lost first, in words."""
    bits, said = information(), []
    for name, way in WAYS.items():
        shown = _over_harder(table, name).loc[bits.index]
        if shown.min() < shown.max():
            said.append(f"{signed(stats.spearmanr(bits, shown).statistic)} ({way.title})")
    if not said:
        return "Whether a motif's information matters is not known yet."
    return (
        "Spearman's correlation of a motif's information with the part of CNN-25's harder runs "
        f"that show it: {', '.join(said)}. No rule asked for this; it was looked at afterwards."
    )


def meanwhile(table: pd.DataFrame) -> str:
    """The AUROC of the motifs that CNN-25 no longer shows, and CNN-2's of the same, in words."""
    told = []
    for name, way in WAYS.items():
        classes, shown = (_harder(table, name, "CNN-25", one) for one in ("by_class", "shown"))
        others, rows = _harder(table, name, "CNN-2", "by_class"), []
        for mine, held, beside in zip(classes, shown, others, strict=True):
            theirs = pd.DataFrame(list(beside), columns=list(matrices.TFS)).mean()
            for scores, tfs in zip(mine, held, strict=True):
                rows += [(scores[tf], theirs[tf]) for tf in theirs.index if tf not in tfs]
        if rows:
            medians = " and ".join(f"{value:.3f}" for value in np.nanmedian(rows, axis=0))
            told.append(f"{way.title}: {len(rows)} such motifs, {medians}")
    if not told:
        return "What becomes of a motif that CNN-25 no longer shows is not known yet."
    return (
        "The median AUROC of the motifs that CNN-25 does not show at the harder levels, run by "
        f"run, and CNN-2's of the same: {'; '.join(told)}."
    )


def fates(table: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Of each motif: its size, and in which part of its harder runs CNN-25 shows it."""
    own = site_accuracy.own_precision(dataset.test)
    found = pd.DataFrame({"bits": information().round(1)})
    widths = {
        tf: motif.width for tf, motif in zip(matrices.TFS, matrices.ground_truth(), strict=True)
    }
    found["columns"], found["own precision"] = found.index.map(widths), found.index.map(own)
    for name, way in WAYS.items():
        shown = _over_harder(table, name).map("{:.2f}".format)
        found[f"shown, {way.title}"] = shown.replace("nan", "–")
    return found.sort_values("bits", ascending=False).round(2)
