"""What the chapter on richer patterns draws, says and tabulates.

The paper explains by richer patterns why networks that assemble parts predict better in vivo. Here
they are made richer, and known (`sequences.richer`). The rules, written before any number was
looked at:

- the *gain* of a trial is the mean AUPR (or AUROC) of CNN-1, 2 and 4, which assemble, less that of
  CNN-25 and 50, whose first layer holds whole motifs, all in the same trial;
- assembling *predicts better* if Student's 95% interval of the mean gain over trials lies above 0,
  and does not if it lies below;
- the gain is *small* if both one-sided tests at 5% put it within the ledger's margin, 0.02, and is
  not if that interval lies beyond the margin;
- the gain *grows* from one dataset to another if Welch's 95% interval of the difference of their
  mean gains lies above 0, and does not if it lies below.

Anything else is inconclusive; with fewer than three trials a verdict is provisional.

One rule came later, when the first of three trials was known: the gain is *larger in pairs* if
Student's 95% interval of the gain for sites in pairs less that for sites alone, in the same trial
(`yardsticks.neighbours`), lies above 0, and is not if it lies below.
"""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from motifbook.book import chapter, figures
from motifbook.book.chapter import Gathered, mean_sd, signed
from motifbook.book.provenance import Markup
from motifbook.paper import claims, rules
from motifbook.paper.facts import class_counts
from motifbook.records import runs
from motifbook.sequences import richer
from motifbook.yardsticks.neighbours import Neighbours

ASSEMBLE, WHOLE = ("cnn-1", "cnn-2", "cnn-4"), ("cnn-25", "cnn-50")
OWN = (*ASSEMBLE, *WHOLE)
"""The chapter's networks."""
SIDES = {"CNN-1, 2, 4": ASSEMBLE, "CNN-25, 50": WHOLE}
DATA = {
    "synthetic": "as in the paper",
    "richer": "richer",
    "chipseq": "real, seven TFs",
}
QUANTITIES = {"aupr": "AUPR", "auroc": "AUROC"}


def measured(pages: Mapping[str, Gathered]) -> pd.DataFrame:
    """One row per run: its `dataset`, `model`, `trial`, `QUANTITIES`, and its first filters.

    `match_relevant` is the fraction of them that match a relevant motif, `site_precision` the
    part of a filter's sites that are embedded sites of one TF, as the mean over filters that have
    any; NaN of real data.
    """
    tables = []
    for page in pages.values():
        filters = runs.filters(page.records).astype({"site_precision": float})
        precision = filters.groupby(["model", "trial"])["site_precision"].mean()
        tables.append(page.table.join(precision, on=["model", "trial"]))
    names = ["dataset", "model", "trial", *QUANTITIES, "match_relevant", "site_precision"]
    return pd.concat(tables, ignore_index=True)[names]


def line(pages: Mapping[str, Gathered]) -> Markup:
    """The line below a figure or table made from the runs of several datasets."""
    return chapter.made_from(*pages.values())


def gains(table: pd.DataFrame) -> pd.DataFrame:
    """The gain of each trial of which all five networks are there: `dataset`, `trial`, both."""
    wide = table.pivot_table(list(QUANTITIES), ["dataset", "trial"], "model")
    return _gain(wide).dropna().reset_index()


def printed() -> pd.DataFrame:
    """The same difference of the paper's printed means: by `synthetic` and `in vivo`; NaN: none."""
    return _gain(claims.printed().pivot_table("mean", "dataset", ["quantity", "model"]))


def _gain(wide: pd.DataFrame) -> pd.DataFrame:
    """Of scores with a column for each quantity and model; NaN where a model has none."""
    wide = wide.reindex(columns=pd.MultiIndex.from_product([QUANTITIES, OWN]))

    def mean(name: str, models: tuple[str, ...]) -> pd.Series:
        return wide[name][list(models)].mean(axis=1, skipna=False)

    return pd.DataFrame({name: mean(name, ASSEMBLE) - mean(name, WHOLE) for name in QUANTITIES})


# --- By the rules -----------------------------------------------------------------------------


def _summary(table: pd.DataFrame, dataset: str, quantity: str) -> rules.Summary | None:
    values = gains(table).query("dataset == @dataset")[quantity].to_numpy()
    return rules.summary(values) if len(values) else None


def _row(
    what: str, between: rules.Difference, few: int, verdicts: Mapping[str, str]
) -> dict[str, str]:
    low, high = (float(end) for end in between.interval())
    interval = f"{signed(low, 3)} to {signed(high, 3)}" if low == low else "needs two trials"
    late = rules.PROVISIONAL if few < 3 else ""
    words = {name: verdict + late for name, verdict in verdicts.items()}
    return {what: signed(float(between.delta), 3), "interval": interval, **words}


def better(table: pd.DataFrame) -> pd.DataFrame:
    """By dataset and quantity: the gain, its interval, and whether it is better, and small."""
    rows = []
    for dataset, label in DATA.items():
        for name, words in QUANTITIES.items():
            row = {"data": label, "quantity": words}
            if (one := _summary(table, dataset, name)) is None:
                missing = dict.fromkeys(("predicts better", "small"), rules.NOT_RUN)
                rows.append(row | {"gain": "–", "interval": "–"} | missing)
                continue
            gain = rules.difference(one, rules.constant(0.0))
            small = rules.within(gain, rules.LIMITS[name][1])
            verdicts = {"predicts better": rules.above(*gain.interval()), "small": small}
            rows.append(row | _row("gain", gain, one.trials, verdicts))
    return pd.DataFrame(rows)


def grows(table: pd.DataFrame) -> pd.DataFrame:
    """Whether the gain is larger than on the paper's simulated data, by dataset and quantity."""
    rows = []
    for dataset in ("richer", "chipseq"):
        for name, words in QUANTITIES.items():
            row = {"data": DATA[dataset], "quantity": words}
            one, other = (_summary(table, each, name) for each in ("synthetic", dataset))
            if one is None or other is None:
                rows.append(row | {"larger by": "–", "interval": "–", "grows": rules.NOT_RUN})
                continue
            growth = rules.difference(other, one)
            few = min(one.trials, other.trials)
            rows.append(
                row | _row("larger by", growth, few, {"grows": rules.above(*growth.interval())})
            )
    return pd.DataFrame(rows)


def pairs(kept: Neighbours | None) -> pd.DataFrame:
    """By quantity: the gain for sites alone and in pairs, and whether it is larger in pairs."""
    if kept is None:
        return pd.DataFrame()
    found = gains(kept.table.rename(columns={"kind": "dataset"}))
    if found.empty:
        return pd.DataFrame({"quantity": [*QUANTITIES.values()], "larger in pairs": rules.NOT_RUN})
    by_kind = found.pivot_table(list(QUANTITIES), "trial", "dataset")
    rows = []
    for name, words in QUANTITIES.items():
        alone, paired = by_kind[name]["alone"], by_kind[name]["in pairs"]
        more = rules.difference(rules.summary((paired - alone).to_numpy()), rules.constant(0.0))
        means = {"alone": signed(alone.mean(), 3), "in pairs": signed(paired.mean(), 3)}
        verdict = {"larger in pairs": rules.above(*more.interval())}
        rows.append({"quantity": words, **means, **_row("difference", more, len(alone), verdict)})
    return pd.DataFrame(rows)


# --- In words and drawn -----------------------------------------------------------------------


def ingredients() -> pd.DataFrame:
    """What the two simulated datasets differ in: a row for each thing, from what makes them."""
    number = richer.configuration()["number"]

    def spread(shares: np.ndarray) -> str:
        return f"{shares.min():.0%} to {shares.max():.0%}"

    return pd.DataFrame(
        {
            DATA["synthetic"]: {
                "background": "even",
                "sequences with a TF's site": spread(class_counts() / number),
                "chance of a site's base to be background": "none",
                "sites that get a neighbour": "none on purpose",
            },
            DATA["richer"]: {
                "background": "shuffled peaks",
                "sequences with a TF's site": spread(richer.shares()),
                "chance of a site's base to be background": f"0 to {richer.WEAKEST:.0%}",
                "sites that get a neighbour": f"{richer.PAIRED:.0%}",
            },
        }
    )


def answer(table: pd.DataFrame) -> str:
    """Our answer, in words."""
    gain, growth = (made.set_index(["data", "quantity"]) for made in (better(table), grows(table)))
    foot, top = DATA["synthetic"], DATA["richer"]
    if (growth.loc[top, "grows"] == rules.NOT_RUN).any():
        return "Not known yet: of one of the simulated data not all five networks are on record."
    told = [
        f"in {name} from {gain.loc[(foot, name), 'gain']} to "
        f"{gain.loc[(top, name), 'gain']} (*predicts better* on the richer data: "
        f"{gain.loc[(top, name), 'predicts better']}; *grows*: {growth.loc[(top, name), 'grows']})"
        for name in QUANTITIES.values()
    ]
    return (
        "Ours: from the paper's simulated data to richer ones, what networks that assemble (CNN-1, "
        f"2, 4) gain over those with whole motifs (CNN-25, 50) goes {', and '.join(told)}."
    )


def told_apart(kept: Neighbours | None) -> str:
    """What sites in pairs are, and what their comparison with others cannot say, in words."""
    if kept is None:
        return "Of pairs nothing is on record yet."
    return (
        f"In {kept.paired:.0%} of the sequences with a TF's site it stands in a pair. The "
        f"TF has more than one site in {kept.repeated_in_pairs:.0%} of these sequences, and in "
        f"{kept.repeated_alone:.0%} of the others. So a larger gain may come of two sites as such; "
        "that their distance is read, this comparison does not show."
    )


def in_short(table: pd.DataFrame, kept: Neighbours | None) -> tuple[str, ...]:
    """What was learned, in a few points."""
    gain = better(table).set_index(["data", "quantity"])["gain"]
    told = [
        f"The gain in {name}: {'; '.join(f'{data}, {gain[data, name]}' for data in DATA.values())}."
        for name in QUANTITIES.values()
    ]
    told += [
        f"On richer data the gain in {row['quantity']} is {row['alone']} for sites alone and "
        f"{row['in pairs']} for sites in pairs."
        for _, row in pairs(kept).iterrows()
        if "alone" in row
    ]
    if (worst := nearest(table)).size:
        told.append(
            "The worst of CNN-1, 2 and 4 less the best of CNN-25 and 50, in AUPR: "
            + "; ".join(f"{data}, {gap}" for data, gap in worst["AUPR"].items())
            + ". The gain is not every network's."
        )
    vivo, simulated = printed().loc["in vivo"], printed().loc["synthetic"]
    return (
        *told,
        f"The paper's printed means make a gain of {signed(vivo['aupr'], 3)} (AUPR) and "
        f"{signed(vivo['auroc'], 3)} (AUROC) in vivo, and of {signed(simulated['auroc'], 3)} "
        "(AUROC) on its simulated data.",
    )


def levels(table: pd.DataFrame) -> pd.DataFrame:
    """What each kind of network reaches on each dataset: mean ± deviation over trials."""
    rows = []
    shown = QUANTITIES | {"match_relevant": "relevant", "site_precision": "at the sites"}
    for dataset, label in DATA.items():
        for side, models in SIDES.items():
            mine = table[(table["dataset"] == dataset) & table["model"].isin(models)]
            by_trial = mine.groupby("trial")[list(shown)].mean()
            row = {words: mean_sd(by_trial[name]) for name, words in shown.items()}
            if len(mine) and mine["site_precision"].isna().all():  # of real data
                row["at the sites"] = "nobody knows"
            rows.append({"data": label, "networks": side} | row)
    return pd.DataFrame(rows)


def panels(table: pd.DataFrame) -> Figure:
    """The gain of each trial by dataset, and the paper's own: a panel per quantity.

    See whether the richer data's dots lie to the right of the paper's data's, as those of real
    data should.
    """
    found, theirs = gains(table), printed()
    rows = [*DATA, "in vivo"]
    size = {"figsize": (figures.WIDTH, 0.45 * len(rows) + 1.2), "sharey": True}
    figure, axes = plt.subplots(1, len(QUANTITIES), **size)
    for ax, (name, words) in zip(axes, QUANTITIES.items(), strict=True):
        margin = rules.LIMITS[name][1]
        ax.axvspan(-margin, margin, color=figures.GREY, alpha=0.15, lw=0)
        ax.axvline(0, color=figures.GREY, lw=1)
        places = found["dataset"].map(rows.index)
        ax.plot(found[name], places, "o", color=figures.PALETTE[0], ms=5, mew=0, gid="ours")
        heights = [rows.index(one) for one in theirs.index]
        look = {"ls": "", "color": "black", "gid": "paper", **figures.PRINTED}
        ax.plot(theirs[name], heights, **look)
        ax.set_xlabel(f"gain in {words}")
        ax.grid(True, axis="x")
    axes[0].set_yticks(range(len(rows)), [*DATA.values(), "real, twelve TFs"])
    axes[0].set_ylim(len(rows) - 0.5, -0.5)
    return figure


def nearest(table: pd.DataFrame) -> pd.DataFrame:
    """The worst of CNN-1, 2, 4 less the best of CNN-25, 50, of means over trials, by dataset."""
    rows = {}
    for dataset, label in DATA.items():
        means = table[table["dataset"] == dataset].groupby("model")[list(QUANTITIES)].mean()
        if not set(OWN) <= set(means.index):
            continue
        gap = means.loc[list(ASSEMBLE)].min() - means.loc[list(WHOLE)].max()
        rows[label] = {words: signed(gap[name], 3) for name, words in QUANTITIES.items()}
    return pd.DataFrame.from_dict(rows, orient="index")
