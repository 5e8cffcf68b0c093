"""What the chapter on the exponential activation draws, says and tabulates.

The directions are those of Koo & Ploenzke (2021), in our words. The rules, written before any
number was looked at, are the ledger's second (`paper.rules`):

- a first layer gets *better* if Welch's 95% interval of the difference (exponential less ReLU) in a
  quantity lies above 0, and does not if it lies below;
- pooling *no longer decides* if the fractions of relevant filters of the seven pools lie within
  0.10 of one another; it *still decides* if those of the large pools lie above those of the small
  ones, as the paper's own comparison has it;
- the AUROC is *alike* if both one-sided tests put the difference within 0.02.

With fewer than three trials on a side a verdict is provisional; with one it can only be
inconclusive.
"""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from motifbook.book import chapter, figures
from motifbook.book.chapter import Gathered, count, mean_sd, signed
from motifbook.book.provenance import Markup
from motifbook.networks.architectures import MODELS
from motifbook.paper import rules
from motifbook.sequences import synthetic
from motifbook.yardsticks import site_accuracy
from motifbook.yardsticks.site_accuracy import QUANTITIES

POOLS = figures.POOLS
OWN = (*POOLS, "cnn9-4", "cnn3-2")
"""The chapter's networks."""
SMALL, LARGE = POOLS[:3], POOLS[3:]
PROTOCOL = "as-run+exponential"
KINDS = ("ReLU", "exponential")


def measured(pages: Mapping[str, Gathered], own: Mapping[str, float] | None = None) -> pd.DataFrame:
    """One row per run: `kind`, `model`, `trial`, `match_any`, and `QUANTITIES`.

    Parameters
    ----------
    pages : mapping
        A key of `KINDS` to its runs.
    own : mapping
        Each motif's own precision; that in the paper's test set unless given.
    """
    own = own or site_accuracy.own_precision(synthetic.get().test)
    tables = [
        site_accuracy.by_run(page.records, dict(own)).assign(kind=kind)
        for kind, page in pages.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["kind", "model", "trial", "match_any", *QUANTITIES]]


def line(pages: Mapping[str, Gathered]) -> Markup:
    """The line below a figure or table made from both kinds of runs."""
    return chapter.made_from(*pages.values())


def on_record(pages: Mapping[str, Gathered]) -> str:
    """How many runs with the exponential there are and which are missing, in words."""
    page = pages["exponential"]
    there = {record.run for record in page.records}
    lacking = [
        f"{MODELS[model].label} {len(trials)}"
        for model in page.models
        if (trials := [run for run in page.wanted if run.model == model and run not in there])
    ]
    said = f"{len(there)} of {len(page.wanted)} runs with the exponential are on record."
    return f"{said} Missing trials: {', '.join(lacking)}." if lacking else said


def _values(table: pd.DataFrame, kind: str, model: str, quantity: str) -> np.ndarray:
    """(trials,) values of a model, in the order of trials."""
    mine = table[(table["kind"] == kind) & (table["model"] == model)]
    return mine.sort_values("trial")[quantity].to_numpy(float)


def beside(table: pd.DataFrame) -> pd.DataFrame:
    """Both activations side by side: a row per network, mean ± deviation over trials."""
    rows = {}
    for model in OWN:
        row = {}
        for name, words in QUANTITIES.items():
            for kind in KINDS:
                row[words, kind] = mean_sd(_values(table, kind, model, name))
        counts = [len(_values(table, kind, model, "auroc")) for kind in KINDS]
        row["trials", ""] = " and ".join(map(str, counts))
        rows[MODELS[model].label] = row
    found = pd.DataFrame.from_dict(rows, orient="index")
    return found.set_axis(pd.MultiIndex.from_tuples(found.columns), axis=1)


def panels(table: pd.DataFrame) -> Figure:
    """Each trial of both activations by network: a panel per quantity.

    See whether the squares (exponential) still step to the right from the small pools to the
    large, as the dots (ReLU) do.
    """
    if table.empty:
        return figures.saying("no run on record yet")
    size = {"figsize": (figures.WIDTH, 0.36 * len(OWN) + 1.5), "sharey": True}
    figure, axes = plt.subplots(1, len(QUANTITIES), **size)
    looks = {
        "ReLU": {"marker": "o", "color": figures.GREY, "mfc": "white", "mew": 1.1},
        "exponential": {"marker": "s", "color": figures.PALETTE[0], "mew": 0},
    }
    for ax, (name, words) in zip(axes, QUANTITIES.items(), strict=True):
        for number, (kind, look) in enumerate(looks.items()):
            mine = table[table["kind"] == kind]
            heights = mine["model"].map(OWN.index) + (number - 0.5) * 0.28
            ax.plot(mine[name], heights, ls="", ms=5, label=kind, gid=f"{kind}-{name}", **look)
        ax.set_xlabel(words)
        ax.grid(True, axis="x")
        if name != "auroc":
            ax.set(xlim=(-0.04, 1.04), xticks=(0, 0.5, 1))
    axes[0].set_yticks(range(len(OWN)), [MODELS[model].label for model in OWN])
    axes[0].set_ylim(len(OWN) - 0.5, -0.5)
    handles = axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=2)
    return figure


# --- By the rules -----------------------------------------------------------------------------


def _provisional(verdict: str, trials: int) -> str:
    return verdict + (rules.PROVISIONAL if trials < 3 else "")


def by_network(table: pd.DataFrame) -> pd.DataFrame:
    """For each network and quantity: exponential less ReLU, Welch's interval and the verdict."""
    rows = []
    for model in OWN:
        for name, words in QUANTITIES.items():
            relu, exponential = (_values(table, kind, model, name) for kind in KINDS)
            row = {"network": MODELS[model].label, "quantity": words, "asked": _asked(name)}
            if not len(relu) or not len(exponential):
                rows.append(row | {"difference": "–", "interval": "–", "verdict": rules.NOT_RUN})
                continue
            between = rules.difference(rules.summary(exponential), rules.summary(relu))
            low, high = between.interval()
            if name == "auroc":
                margin = rules.LIMITS["auroc"][1]
                alike = bool(rules.equivalent(between, margin, 0.0))
                verdict = rules.HOLDS if alike else rules.INCONCLUSIVE
                verdict = rules.FAILS if max(low, -high) > margin else verdict
            else:
                verdict = rules.HOLDS if low > 0 else rules.INCONCLUSIVE
                verdict = rules.FAILS if high < 0 else verdict
            interval = "needs two trials"
            if low == low:
                interval = f"{signed(float(low), 3)} to {signed(float(high), 3)}"
            few = min(len(relu), len(exponential))
            row |= {"difference": signed(float(between.delta), 3), "interval": interval}
            rows.append(row | {"verdict": _provisional(verdict, few)})
    return pd.DataFrame(rows)


def _asked(quantity: str) -> str:
    return "alike" if quantity == "auroc" else "better"


POOLING = {
    "pooling no longer decides": ("spread at most", POOLS, ()),
    "pooling still decides": ("greater", LARGE, SMALL),
}
"""What is asked of the seven pools: the rule, and the networks on each side."""


def pooling(table: pd.DataFrame) -> pd.DataFrame:
    """Whether pooling decides, with either activation: `claim`, `activation`, `verdict`."""
    rows = []
    for claim, (rule, first, second) in POOLING.items():
        for kind in KINDS:
            values = {m: _values(table, kind, m, "match_relevant") for m in (*first, *second)}
            few = min(map(len, values.values()))
            verdict = rules.NOT_RUN
            if few:
                verdict = _provisional(_judged(rule, values, len(first)), few)
            rows.append({"claim": claim, "activation": kind, "verdict": verdict})
    return pd.DataFrame(rows)


def _judged(rule: str, values: Mapping[str, np.ndarray], first: int) -> str:
    models = rules.stack([rules.summary(one) for one in values.values()])
    named = np.arange(len(values))[None]
    limit = rules.LIMITS["match_relevant"][1]
    return str(rules.judge_models(rule, models, named[:, :first], named[:, first:], limit)[0])


def answer(table: pd.DataFrame) -> str:
    """Our answer, in words."""
    wide = table.pivot_table("match_relevant", ["model", "trial"], "kind").reindex(columns=KINDS)
    paired = wide.dropna().groupby("model")  # the same trials of both
    means, trials = paired.mean(), paired.size()
    both = [m for m in OWN if m in means.index]
    if not both:
        return (
            "Not known yet: no network with the exponential is on record beside one with ReLU. "
            "What follows says what will be asked, and by which rules."
        )
    told = [
        f"{MODELS[m].label} {means.loc[m, 'ReLU']:.2f} → {means.loc[m, 'exponential']:.2f} "
        f"({count(int(trials[m]), 'trial')})"
        for m in both
    ]
    fates = pooling(table).query("activation == 'exponential'").set_index("claim")["verdict"]
    fates = fates.replace(rules.NOT_RUN, "not known yet, for runs are missing")
    asked = "; ".join(f"*{name}*: {word}" for name, word in fates.items())
    return (
        f"Ours, with the exponential: {asked}. From ReLU to the exponential, over the same trials "
        "of both, the fraction of first-layer filters that match a relevant motif goes so: "
        f"{', '.join(told)}."
    )


def in_short(table: pd.DataFrame) -> tuple[str, str]:
    """What was learned, in two points."""
    rows = by_network(table)
    words = rows["verdict"].str.removesuffix(rules.PROVISIONAL)

    def counted(quantity: str) -> str:
        mine = words[rows["quantity"] == QUANTITIES[quantity]]
        return ", ".join(f"{word} {number}" for word, number in mine.value_counts().items())

    return (
        f"Of {len(OWN)} networks, is the first layer better? By the database: "
        f"{counted('match_relevant')}; by the truth at the sites: {counted('precise')}.",
        f"Is the AUROC alike? {counted('auroc').capitalize()}. A layer that is easier to read need "
        "not predict better.",
    )


def gap(table: pd.DataFrame) -> pd.DataFrame:
    """The worst large pool less the best small one, in the fraction of relevant filters."""
    rows = {}
    for kind in KINDS:
        low, high = (
            [np.mean(v) for m in side if len(v := _values(table, kind, m, "match_relevant"))]
            for side in (SMALL, LARGE)
        )
        rows[kind] = signed(min(high) - max(low), 3) if low and high else rules.NOT_RUN
    return pd.Series(rows).to_frame("gap")
