"""What the chapter on the Methods and the code draws, says and tabulates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from motifbook.book import figures
from motifbook.book.chapter import Gathered, count, gather, mean_sd, p_value, signed
from motifbook.book.provenance import Markup, provenance
from motifbook.motifs import matrices
from motifbook.networks.architectures import MODELS
from motifbook.networks.protocols import AS_RUN, PROFILES, READING
from motifbook.paper import claims, differences, measures, rules, verdicts
from motifbook.records.runs import Record

TRIALS = 3
"""Trials of a rung."""
NORM_MODELS = ("cnn-2", "cnn-4", "cnn-10", "cnn-25", "cnn-50")
"""Models that are trained without batch norm at the hidden layer, small pools first."""
ORDER = ("as run", *map(differences.rung, differences.LADDER), "as written")
"""Rungs from top to bottom."""


@dataclass(frozen=True, eq=False)
class Ladder:
    """The runs of the ladder.

    Attributes
    ----------
    base : Gathered
        As run, of `differences.LADDER_MODELS`.
    steps : Gathered
        With one switch (or two) as written.
    whole : Gathered
        As written, of `differences.WRITTEN_MODELS`.
    """

    base: Gathered
    steps: Gathered
    whole: Gathered

    @property
    def records(self) -> tuple[Record, ...]:
        """What the figure of the ladder shows."""
        own = self.whole.of(*differences.LADDER_MODELS)
        return (*self.base.records, *self.steps.records, *own)

    @property
    def line(self) -> Markup:
        """The line below what is made from them."""
        own = (run for run in self.whole.wanted if run.model in differences.LADDER_MODELS)
        wanted = len(self.base.wanted) + len(self.steps.wanted) + sum(1 for _ in own)
        return provenance(self.records, wanted=wanted)


def climb(
    page: Gathered, models: str, trials: int, *, missing: str, profile: str, results_dir: Path | str
) -> Ladder:
    """The runs of the ladder; those not on record by the rule of `missing`.

    Parameters
    ----------
    page : Gathered
        The chapter's runs, as run.
    models, trials, missing, profile, results_dir
        As in `chapter.gather`; no more than `TRIALS` trials of a rung. Where the profile is
        `paper`, that of the rungs `differences.LONG` is `long`.
    """
    options: dict[str, Any] = {"missing": missing, "results_dir": results_dir}
    number = min(TRIALS, trials)

    def step(own: tuple[str, ...], protocol: str) -> Gathered:
        how = _profile(profile, protocol)
        return gather(own, models, number, protocol=protocol, profile=how, **options)

    steps = [step(differences.LADDER_MODELS, protocol) for protocol in differences.LADDER]
    whole = step(differences.WRITTEN_MODELS, "as-written")
    wanted = tuple(run for run in page.wanted if run.model in differences.LADDER_MODELS)
    base = [record for model in differences.LADDER_MODELS for record in page.of(model)]
    return Ladder(
        Gathered(wanted, tuple(base)),
        Gathered(
            tuple(run for step in steps for run in step.wanted),
            tuple(record for step in steps for record in step.records),
        ),
        whole,
    )


def _profile(profile: str, protocol: str) -> str:
    """The profile of a rung on a page of this profile."""
    return "long" if profile == "paper" and protocol in differences.LONG else profile


def not_made(steps: Gathered) -> str:
    """Which rungs have no run, in words; empty where each has one."""
    there = {record.run.protocol for record in steps.records}
    asked = dict.fromkeys(run.protocol for run in steps.wanted)
    absent = [f"`{differences.rung(name)}`" for name in asked if name not in there]
    return f"Not yet run: {', '.join(absent)}." if absent else ""


def effects(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """`differences.effects` of every quantity.

    Parameters
    ----------
    table : DataFrame
        From `differences.ladder`.
    """
    return {name: differences.effects(table, name) for name in differences.EFFECTS}


def _shown(row) -> str:
    if row.delta == 0 and (math.isnan(row.low) or row.low == row.high):
        return "none"
    return f"{signed(row.delta, 3)} {_between(row.low, row.high)}".strip()


def _between(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"[{signed(low, 3)}, {signed(high, 3)}]"


def effects_table(moved: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """`effects` on relevant matches and AUROC, with intervals: a row per model and rung.

    "against all trials" is Welch's interval of the change in relevant matches; empty where only
    the reading changes, for then the networks are the very same.
    """
    relevant = moved["match_relevant"]
    rows = list(relevant.itertuples())
    return pd.DataFrame(
        {
            "trials": relevant["trials"].tolist(),
            "Δ relevant matches": list(map(_shown, rows)),
            "against all trials": [
                "" if row.rung in READING else _between(row.low_all, row.high_all) for row in rows
            ],
            "Δ AUROC": list(map(_shown, moved["auroc"].itertuples())),
        },
        index=pd.MultiIndex.from_arrays([relevant["label"], relevant["rung"]], names=[None, None]),
    )


def strongest(moved: Mapping[str, pd.DataFrame]) -> str:
    """Which rung moves what most, for each model of the ladder, in words."""
    words = {"match_relevant": "the fraction of relevant matches", "auroc": "the AUROC"}
    return " ".join(
        _most(MODELS[model].label, found[found["model"] == model], what)
        for model in differences.LADDER_MODELS
        for name, what in words.items()
        for found in [moved[name][moved[name]["rung"] != "as written"]]
    )


def _most(label: str, found: pd.DataFrame, words: str) -> str:
    if found.empty:
        return f"No change of {label} is on record yet."
    row = found.loc[found["delta"].abs().idxmax()]
    if row["delta"] == 0:
        return f"No switch on record changes {words} of {label} at all."
    sure = ""
    if not math.isnan(row["low"]):
        sides = row["low"] * row["high"]
        sure = f", and the interval {'leaves out' if sides > 0 else 'holds'} zero"
    return (
        f"What moves {words} of {label} most is `{row['rung']}`: from {row['as_run']:.3f} to "
        f"{row['mean']:.3f} in {_same(row['trials'])}{sure}."
    )


def _same(trials: int) -> str:
    return "the same trial" if trials == 1 else f"the same {trials} trials"


def reading(moved: Mapping[str, pd.DataFrame]) -> str:
    """How far one written rule of reading at a time moves the relevant matches, in words."""
    relevant = moved["match_relevant"]
    found = relevant[relevant["rung"].isin(READING)].groupby("label", sort=False)["delta"]
    furthest = found.agg(lambda delta: delta.abs().max())
    moves = ", ".join(f"that of {label} by at most {most:.3f}" for label, most in furthest.items())
    return (
        "How filters are read is part of the result. One written rule of reading at a time moves "
        f"the fraction of relevant matches: {moves or 'not yet run'}."
    )


def values(records: Iterable[Record], model: str, quantity: str) -> list[float]:
    """A quantity of `measures.QUANTITIES` on the first layer of each run of a model."""
    measure = measures.QUANTITIES[quantity]
    return [measure(r, r.layer()) for r in records if r.run.model == model]


def printed(model: str, quantity: str) -> str:
    """Table 1's mean ± error of a first layer."""
    table = claims.printed().query("dataset == 'synthetic' and layer == 1")
    cell = table.set_index(["model", "quantity"]).loc[(model, quantity)]
    return f"{cell['mean']:.3f}\u00a0±\u00a0{cell['error']:.3f}"


def beside(page: Gathered, whole: Gathered) -> pd.DataFrame:
    """As run, as written and printed: a row per model and quantity."""
    rows = {
        (MODELS[model].label, figures.QUANTITY[name][0]): {
            "as run": mean_sd(values(page.records, model, name)),
            "as written": mean_sd(values(whole.records, model, name)),
            "paper": printed(model, name),
        }
        for model in whole.models
        for name in differences.EFFECTS
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def beside_line(page: Gathered, whole: Gathered) -> Markup:
    """The line below `beside`."""
    asked = sum(run.model in whole.models for run in page.wanted)
    return provenance([*page.of(*whole.models), *whole.records], asked + len(whole.wanted))


def gap(records: Iterable[Record]) -> float:
    """By how much the worse large pool is ahead of the better small one; NaN without all four."""
    records = list(records)
    found = {m: values(records, m, "match_relevant") for m in differences.WRITTEN_MODELS}
    if not all(found.values()):
        return math.nan
    mean = {model: float(np.mean(shares)) for model, shares in found.items()}
    return min(mean["cnn-25"], mean["cnn-50"]) - max(mean["cnn-2"], mean["cnn-4"])


def gaps(page: Gathered, other: Gathered, name: str = "as written") -> str:
    """The gap between large pools and small ones, as run and in other runs, in words."""
    found = {"as run": gap(page.records), name: gap(other.records)}
    told = [f"{signed(value, 3)} {name}" for name, value in found.items() if value == value]
    waiting = [name for name, value in found.items() if value != value]
    end = "."
    if waiting:
        end = f"; the runs {' and '.join(waiting)} are not all on record yet."
    elif min(found.values()) > 0:
        end = ". Either way it has the paper's sign."
    return (
        "The paper's main result is the gap between large pools and small ones. Taken from the "
        "worse of CNN-25 and CNN-50 to the better of CNN-2 and CNN-4, in the fraction of relevant "
        f"matches, it is {' and '.join(told) or 'not known yet'}{end}"
    )


def cut_short(records: Iterable[Record]) -> pd.DataFrame:
    """Runs that might have gone on getting better: their best epoch is so near to the limit that
    the patience of `AS_RUN` was not used up.

    Returns
    -------
    DataFrame
        A row per rung and model: `rung`, `label`, `runs`, `cut` (how many of them), `best` (their
        best epochs, in words) and `limit`.
    """
    rows = [
        {
            "rung": differences.rung(record.run.protocol),
            "label": record.label,
            "best": record.best_epoch,
            "limit": PROFILES[record.run.profile].epochs,
        }
        for record in records
    ]
    table = pd.DataFrame(rows, columns=["rung", "label", "best", "limit"])
    table["cut"] = table["best"] + AS_RUN.patience > table["limit"]
    groups = table.groupby(["rung", "label"], sort=False)
    return groups.agg(
        runs=("cut", "size"),
        cut=("cut", "sum"),
        best=("best", lambda best: ", ".join(map(str, best))),
        limit=("limit", "max"),
    ).reset_index()


def cut_short_table(found: pd.DataFrame) -> pd.DataFrame:
    """`cut_short` for the page: rungs and models with such a run."""
    found = found[found["cut"] > 0]
    return pd.DataFrame(
        {
            "cut short": [f"{row.cut} of {row.runs} runs" for row in found.itertuples()],
            "best epochs": found["best"].tolist(),
            "at most": found["limit"].tolist(),
        },
        index=pd.MultiIndex.from_arrays([found["rung"], found["label"]], names=[None, None]),
    )


def written_short(found: pd.DataFrame, table: pd.DataFrame) -> str:
    """Whether the runs as written got to their best, in words.

    Parameters
    ----------
    found : DataFrame
        From `cut_short`.
    table : DataFrame
        From `differences.ladder`; tells what both switches of batch norm do when they get there.
    """
    own = found[found["rung"] == "as written"]
    cut, runs = own["cut"].sum(), own["runs"].sum()
    if not runs:
        return ""
    said = f"As written, {cut} of {runs} runs were cut short by their last epoch"
    if not cut:
        return f"{said}."
    both = apart(table).query("rung == 'hidden-norm+epsilon'")
    hint = "".join(
        f" The two switches of batch norm alone, with more epochs, bring CNN-25 and CNN-4 to "
        f"{row.mean:.3f} of each other, so that gap may well shrink."
        for row in both.itertuples()
        if abs(row.mean) < abs(row.as_run)
    )
    return f"{said}: a longer training might end elsewhere.{hint}"


def same_epoch(page: Gathered, steps: Gathered) -> str:
    """Where patience would have kept the same epoch, `stopping` changes nothing; in words.

    What differs all the same is a measure of noise: the same seeds give other networks on another
    machine.
    """
    longer = [one for one in steps.records if one.run.protocol == "as-run+stopping"]
    if not longer:
        return ""
    losses = [one.history.valid_loss for one in longer]
    same = sum(least_seen(loss, AS_RUN.patience or len(loss)) == min(loss) for loss in losses)
    base = {(one.run.model, one.run.trial): one for one in page.records}
    found = [(one, base.get((one.run.model, one.run.trial))) for one in longer]
    pairs = [(one, other) for one, other in found if other]
    parted = [
        (one, other)
        for one, other in pairs
        if one.history.valid_loss[0] != other.history.valid_loss[0]
    ]
    elsewhere = sum(one.hardware != other.hardware for one, other in parted)
    each = (values(side, "cnn-4", "match_relevant") for side in zip(*pairs, strict=True))
    moved = ", ".join(signed(one - other, 3) for one, other in zip(*each, strict=True))
    return (
        f"In {same} of {len(longer)} runs of `stopping` the patience of as run would have kept the "
        f"very same epoch: there the switch can change nothing. Yet in {len(parted)} of "
        f"{len(pairs)} pairs the losses part with the first epoch; {elsewhere} of these ran on "
        "another processor or number of threads, where sums are rounded in another order. So that "
        "row shows how much a trial moves by itself: the relevant matches of CNN-4 by "
        f"{moved or 'an amount that is not known'}."
    )


def ceiling(moved: Mapping[str, pd.DataFrame]) -> str:
    """Of which networks every filter matches in the trials that are compared, in words."""
    relevant = moved["match_relevant"]
    full = relevant[relevant["as_run"] == 1]["label"].unique()
    said = (
        f"All filters of {' and '.join(full)} match in the trials as run that are compared, so no "
        "change can add to them. "
        if len(full)
        else ""
    )
    return f"{said}*Against all trials* compares with every trial as run, by Welch's interval."


def apart(
    table: pd.DataFrame, large: Sequence[str] = ("cnn-25",), small: Sequence[str] = ("cnn-4",)
) -> pd.DataFrame:
    """What each rung does to the distance of large pools from small ones, by trial.

    Parameters
    ----------
    table : DataFrame
        From `differences.ladder`.
    large, small : sequence of str
        The mean of these models' relevant matches, less the mean of those.

    Returns
    -------
    DataFrame
        As `differences.effects`, largest change first; rungs and trials with all models alone.
    """
    wide = table.pivot_table("match_relevant", ["rung", "trial"], "model", sort=False)
    wide = wide.reindex(columns=[*large, *small]).dropna()
    gap = wide[[*large]].mean(axis=1) - wide[[*small]].mean(axis=1)
    gap = gap.rename("match_relevant").reset_index()
    found = differences.effects(gap.assign(model="gap", label="gap"))
    return found.sort_values("delta", key=lambda delta: -delta.abs())


def moved_most(table: pd.DataFrame, short: pd.DataFrame) -> str:
    """Whether one detail moves the distance of CNN-25 from CNN-4 most, and how far to trust it.

    The rule: it does if the change is not zero by Student's test, at 5% after Holm over the rungs,
    and no run behind it was cut short. Rungs of one switch, or both of batch norm, count; as
    written has all of them.

    Parameters
    ----------
    table : DataFrame
        From `differences.ladder`.
    short : DataFrame
        From `cut_short`, of the same runs.
    """
    found = apart(table)
    found = found[found["rung"] != "as written"]
    if found.empty:
        return "What moves the distance between CNN-25 and CNN-4 is not known yet."
    row = found.iloc[0]
    own = short[short["rung"] == row["rung"]]
    cut, runs = own["cut"].sum(), own["runs"].sum()
    p = float(rules.holm(found["p"].to_numpy())[0])
    two = ", two switches at once" if "+" in row["rung"] else ""
    said = (
        "Does a detail that the Methods leave out move the paper's main result most? What moves "
        f"the distance between CNN-25 and CNN-4 in relevant matches most is `{row['rung']}`{two}: "
        f"from {row['as_run']:.3f} to {row['mean']:.3f} in {_same(row['trials'])}, a change of "
        f"{_shown(row)}; after Holm's correction over {count(len(found), 'rung')} {p_value(p)}."
    )
    if not cut and p <= rules.LEVEL:
        return f"{said} All its {runs} runs ended by themselves. So the answer is yes."
    why = [] if p <= rules.LEVEL else ["this is not surely a change"]
    if cut:
        why.append(f"{cut} of its {runs} runs {'was' if cut == 1 else 'were'} cut short")
    return f"{said} But {', and '.join(why)}: it is not shown."


def to_convergence(table: pd.DataFrame) -> str:
    """What rungs of one switch that may go on for longer do to that distance, in words.

    Parameters
    ----------
    table : DataFrame
        From `differences.ladder`.
    """
    found = apart(table).set_index("rung")
    return " ".join(
        f"`{name}` alone, trained for as long as it gets better, takes the distance from "
        f"{row['as_run']:.3f} to {row['mean']:.3f} in {_same(row['trials'])}, a change of "
        f"{_shown(row)}."
        for name, row in found.iterrows()
        if name in map(differences.rung, differences.LONG) and "+" not in name
    )


def without_norm(models: str, trials: int, *, profile: str, **options) -> Gathered:
    """`NORM_MODELS` without batch norm at the hidden layer; arguments as of `climb`."""
    protocol = "as-run+hidden-norm"
    how = _profile(profile, protocol)
    number = min(TRIALS, trials)
    return gather(NORM_MODELS, models, number, protocol=protocol, profile=how, **options)


def norm_table(page: Gathered, norm: Gathered) -> pd.DataFrame:
    """As run and without that batch norm, in the same trials: a row per model and quantity."""
    table = differences.ladder([*page.of(*norm.models), *norm.records])
    moved = effects(table)
    rows = {
        (row.label, figures.QUANTITY[name][0]): {
            "trials": row.trials,
            "as run": f"{row.as_run:.3f}",
            "without": f"{row.mean:.3f}",
            "Δ by trial": _shown(row),
        }
        for model in norm.models
        for name in ("match_relevant", "auroc")
        for row in moved[name][moved[name]["model"] == model].itertuples()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def norm_sentence(page: Gathered, norm: Gathered) -> str:
    """What leaving that batch norm out does to small pools and large ones, in words."""
    table = differences.ladder([*page.of(*norm.models), *norm.records])
    relevant = differences.effects(table)
    if relevant.empty:
        return "Without batch norm at the hidden layer nothing is on record yet."
    sure = relevant[rules.holm(relevant["p"].to_numpy()) <= rules.LEVEL]
    parts = [
        f"{verb} in {', '.join(found['label']) or 'none'} (surely in "
        f"{', '.join(found['label'][found.index.isin(sure.index)]) or 'none'})"
        for verb, found in (
            ("rises", relevant[relevant["delta"] > 0]),
            ("falls", relevant[relevant["delta"] < 0]),
        )
    ]
    cut = int(cut_short(norm.records)["cut"].sum())
    of = "this network" if len(relevant) == 1 else f"these {len(relevant)} networks"
    together = "".join(
        " CNN-25 and CNN-50 together less CNN-2 and CNN-4 together, trial by trial, change by "
        f"{_shown(row)}."
        for row in apart(table, ("cnn-25", "cnn-50"), ("cnn-2", "cnn-4")).itertuples()
    )
    return (
        f"Of {of}, the fraction of relevant matches on average {' and '.join(parts)}; sure is what "
        f"Student's test says at 5% after Holm's correction over them. {cut} of "
        f"{len(norm.records)} runs were cut short. {gaps(page, norm, 'without it')}{together}"
    )


def with_l1(models: str, trials: str | int, **options) -> Gathered:
    """CNN-50 with L1, as its model file asks; arguments as of `chapter.gather`."""
    return gather(("cnn-50",), models, trials, protocol="as-run+l1", **options)


def l1_table(page: Gathered, l1: Gathered) -> pd.DataFrame:
    """CNN-50 as run, with L1, and printed: a row per quantity; empty without both."""
    table = differences.ladder([*page.of("cnn-50"), *l1.records])
    rows = {}
    for name in differences.EFFECTS:
        for row in differences.effects(table, name).itertuples():
            rows[figures.QUANTITY[name][0]] = {
                "as run": mean_sd(values(page.records, "cnn-50", name)),
                "with L1": mean_sd(values(l1.records, "cnn-50", name)),
                "Δ by trial": _shown(row),
                "paper": printed("cnn-50", name),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def l1_line(page: Gathered, l1: Gathered) -> Markup:
    """The line below `l1_table`."""
    asked = sum(run.model == "cnn-50" for run in page.wanted)
    return provenance([*page.of("cnn-50"), *l1.records], asked + len(l1.wanted))


def training_matters(page: Gathered, rungs: Ladder, l1: Gathered) -> pd.DataFrame:
    """The ledger's rows on whether regularisation and optimisation matter."""
    ladder = [*rungs.steps.records, *l1.records]
    rows = verdicts.ledger(page.records, ladder=ladder)
    return rows[rows["rule"] == "moves"]


def without_sites(whole: Gathered) -> str:
    """How many filters the written rule leaves without a site, in words."""
    read = [f for record in whole.records for f in record.layer(1).filters]
    if not read:
        return "How many filters that befalls is not yet known: nothing is on record as written."
    empty = sum(f.sites == 0 for f in read)
    return f"As written, that befell {empty} of {len(read)} first-layer filters."


QUOTED = {
    "cnn9-25-93": ("cnn9-25", "match_relevant"),
    "cnn9-4-none": ("cnn9-4", "match_relevant"),
    "cnn19-1-2-87": ("cnn19-1-2", "match_relevant"),
    "cnn-50-2-90": ("cnn-50-2", "match_relevant"),
    "cnn3-50-auroc": ("cnn3-50", "auroc"),
    "cnn3-2-auroc": ("cnn3-2", "auroc"),
}
"""Claims whose number the tables print otherwise: of which model and quantity."""
QUOTED_MODELS = tuple(model for model, _ in QUOTED.values())


def disagreements(page: Gathered, networks: pd.DataFrame) -> pd.DataFrame:
    """What text and Table 1 print, the archived run has, and ours: a row per claim of `QUOTED`.

    Parameters
    ----------
    page : Gathered
    networks : DataFrame
        From `archive.networks`; may be empty.
    """
    quoted = claims.claims().set_index("id")["quote"]
    archived = networks.set_index("model") if len(networks) else networks
    rows = []
    for claim, (model, quantity) in QUOTED.items():
        found = f"{archived.loc[model, quantity]:.3f}" if len(archived) else "–"
        if quantity == "auroc" and len(archived):
            found += f" ({archived.loc[model, 'auroc_sd']:.3f})"
        rows.append(
            {
                "the text": f"“{quoted[claim]}”",
                "Table 1": printed(model, quantity),
                "archived run": found,
                "ours": mean_sd(values(page.records, model, quantity)),
            }
        )
    return pd.DataFrame(rows)


def parameter_counts(page: Gathered) -> str:
    """How many parameters CNN-2 and CNN-50-2 have on record, in words; empty without runs."""
    first = [page.first(model) for model in ("cnn-2", "cnn-50-2")]
    counts = [f"{r.label} has {r.parameters:,}" for r in first if r]
    return f"In our runs {' and '.join(counts)} trained parameters." if counts else ""


def misfiled_table(misfiled: pd.DataFrame) -> pd.DataFrame:
    """`differences.misfiled` for the page."""
    names = {"truly": "by the motif of", "sites": "sites agree"}
    return misfiled.set_index("counted as").rename_axis(None).rename(columns=names)


def stat1(misfiled: pd.DataFrame, records: Sequence[Record]) -> str:
    """How many filters the list counts for STAT1 that match MEF2B or MEF2D, in words."""
    slips = misfiled[misfiled["counted as"] == "STAT1"]
    counted = sum(f.tf == "STAT1" for r in records for f in r.layer(1).filters)
    return (
        f"Of {counted} first-layer filters that the list counts for STAT1, "
        f"{slips['filters'].sum()} match MEF2B or MEF2D better than STAT1 itself; in "
        f"{slips['sites'].sum()} of these the sites are MEF2A's. This book calls those MEF2A."
    )


def zeros(dropped: pd.DataFrame, number: int) -> str:
    """How many of so many runs have a filter of zeros, in words.

    Parameters
    ----------
    dropped : DataFrame
        From `differences.silent_drop`.
    number : int
        Runs that were looked at.
    """
    if dropped.empty:
        return (
            f"None of the {number} runs looked at has a filter of zeros, in any layer that can be "
            "read. So for these Tomtom would have read every file to its end, and no fraction of "
            "ours would change."
        )
    several = len(dropped[["label", "rung", "trial"]].drop_duplicates())
    return (
        f"Of {number} runs looked at, {several} {'has' if several == 1 else 'have'} a filter of "
        "zeros. The table shows their fractions as they are, and as Tomtom would have had them."
    )


def zeros_table(dropped: pd.DataFrame) -> pd.DataFrame:
    """`differences.silent_drop` for the page."""
    names = {
        "first": "first of zeros",
        "match_any": "any motif",
        "match_relevant": "a relevant motif",
        "match_any_dropped": "any motif, by Tomtom",
        "match_relevant_dropped": "a relevant motif, by Tomtom",
    }
    return dropped.rename(columns=names).set_index("label").rename_axis(None).round(3)


def unlisted(records: Iterable[Record], struck: Iterable[str]) -> tuple[int, int]:
    """Filters that lose their relevant match if targets are struck off the list; of how many."""
    kept = {target for ids in matrices.RELEVANT.values() for target in ids} - set(struck)
    matched = [f for r in records for f in r.layer(1).filters if f.tf]
    lost = sum(
        not any(hit.target in kept and hit.e_value <= 0.1 for hit in one.hits) for one in matched
    )
    return lost, len(matched)


def least_seen(losses: Sequence[float], patience: int) -> float:
    """The least validation loss seen if training stops after so many epochs without a better one.

    Examples
    --------
    >>> least_seen([3.0, 2.0, 2.5, 2.5, 1.0], patience=2)
    2.0
    """
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return losses[best]
