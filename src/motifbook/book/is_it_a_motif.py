"""What the chapter on matches and sites draws, says and tabulates.

`judged` is the table of `site_accuracy.judge` throughout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from motifbook.book import deeper_layers, figures
from motifbook.book.chapter import Gathered
from motifbook.networks.architectures import MODELS
from motifbook.yardsticks import null, site_accuracy

SHOWN = ("cnn-2", "cnn-4", "cnn-25", "cnn-25-120", "cnn9-25", "cnn19-1-2")
"""The networks whose filters are drawn one by one."""
CUTOFFS = (0.1, 1e-2, 1e-3, 1e-4, 1e-5)
ENOUGH = 10
"""Filters that a network needs for a share of them to be named."""


def percent(part: int, whole: int) -> str:
    """A share in per cent; never rounded to none or all where it is not.

    Examples
    --------
    >>> percent(1, 4), percent(1, 1000), percent(999, 1000), percent(0, 0)
    ('25%', 'under 1%', 'over 99%', '–')
    """
    if not whole:
        return "–"
    share = part / whole
    if 0 < share < 0.01:
        return "under 1%"
    return "over 99%" if 0.99 < share < 1 else f"{share:.0%}"


def of(part: int, whole: int) -> str:
    """Such as "3 of 12 (25%)"."""
    return f"{part} of {whole} ({percent(part, whole)})"


def rates_table(rates: pd.DataFrame) -> pd.DataFrame:
    """`null.rates` for the page: for any motif and for relevant ones, a column per kind."""
    labels = rates["model"].map(lambda model: MODELS[model].label)
    return deeper_layers.rates_table(rates.assign(place=labels))


def without_learning(rates: pd.DataFrame) -> str:
    """What filters that learned nothing match, and which networks hardly exceed it, in words.

    Parameters
    ----------
    rates : DataFrame
        From `null.rates`.
    """
    found = set(rates["kind"])
    kinds = [kind for kind in ("shuffled", "untrained") if kind in found]
    sentences = []
    for kind in kinds:
        mean = rates[rates["kind"] == kind].groupby("model")[["match_any", "match_relevant"]].mean()
        low, high = mean["match_any"].min(), mean["match_any"].max()
        sentences.append(
            f"Of {kind} filters, {low:.0%} to {high:.0%} match some motif, depending on the model, "
            f"and at most {mean['match_relevant'].max():.0%} a relevant one "
            f"(`results/null/{kind}.json`)."
        )
    absent = [kind for kind in null.KINDS if kind not in kinds]
    sentences += [f"The rate of {kind} filters is not on record yet." for kind in absent]
    if kinds:
        by_model = rates.pivot_table("match_any", "model", "kind")
        excess = by_model["trained"] - by_model[kinds].max(axis=1)
        idle = [MODELS[model].label for model in excess.index[excess <= 0.1]]
        sentences.append(
            "Models whose trained filters exceed these rates by no more than a tenth: "
            f"{', '.join(idle) or 'none'}."
        )
    return " ".join(sentences)


def finders(judged: pd.DataFrame, own: Mapping[str, float]) -> pd.DataFrame:
    """By TF: the motif's own precision, how many filters find it, and how precisely.

    Parameters
    ----------
    judged : DataFrame
    own : mapping
        From `site_accuracy.own_precision`.
    """
    found = judged[judged["precise"]].groupby("site_tf")
    median = found[["site_precision", "site_recall"]].median().astype(float).reindex(list(own))
    table = pd.DataFrame(
        {
            "the motif itself": pd.Series(own),
            "filters": found.size().reindex(list(own), fill_value=0).astype(str),
            "precision": median["site_precision"],
            "recall": median["site_recall"],
        }
    )
    numbers = table.columns.drop("filters")
    table[numbers] = table[numbers].map("{:.2f}".format).replace("nan", "–")
    return table


def hardest(own: Mapping[str, float]) -> str:
    """Which motif arises by chance most often, in words."""
    tf = min(own, key=own.__getitem__)
    return (
        f"The least precise motif is that of {tf}: {1 - own[tf]:.0%} of its best windows in the "
        "test sequences are there by chance. A fixed limit for all TFs would call even the motif "
        "itself a false one."
    )


def matched_only(judged: pd.DataFrame) -> pd.DataFrame:
    """Filters that match a relevant motif and are not precise."""
    return judged[(judged["verdict"] == "relevant") & ~judged["precise"]]


def precise_only(judged: pd.DataFrame) -> pd.DataFrame:
    """Filters that are precise and have no relevant match."""
    return judged[(judged["verdict"] != "relevant") & judged["precise"]]


def confusion(judged: pd.DataFrame) -> pd.DataFrame:
    """How many filters of each network Tomtom and the sites agree on."""
    short = {"relevant": "relevant match", "other": "other match", "none": "no match"}
    counts = site_accuracy.confusion(judged).rename(columns=short)
    return counts.rename_axis(None).rename_axis((None, None), axis=1)


def agreement(judged: pd.DataFrame) -> str:
    """Where the database and the sites agree on a filter, in three paragraphs."""
    relevant = judged[judged["verdict"] == "relevant"]
    both = relevant[relevant["precise"]]
    by_model = relevant.groupby("label")["precise"].agg(["mean", "size"])
    by_model = by_model[by_model["size"] >= ENOUGH]
    worst = ""
    if len(by_model):
        worst = (
            f" The share of these that are precise is lowest in {by_model['mean'].idxmin()} "
            f"({by_model['mean'].min():.0%}; of models with ten such filters or more)."
        )
    return (
        f"*Matched but not precise:* {of(len(matched_only(judged)), len(relevant))} filters that "
        f"match a relevant motif.{worst}\n\n"
        f"*Precise but not matched:* {of(len(precise_only(judged)), judged['precise'].sum())} "
        "precise filters have no relevant match.\n\n"
        f"*Do the TFs agree?* Of filters that are both, {of(both['agrees'].sum(), len(both))} find "
        "the very TF whose motif they match."
    )


def disagreements(judged: pd.DataFrame) -> list[Any]:
    """Filters on which database and sites disagree: up to three of either kind, as named tuples.

    Of those that match without being precise, the best match of three networks; then the most
    precise without a relevant match.
    """
    matched = matched_only(judged).sort_values("e_value").drop_duplicates("label")
    precise = precise_only(judged).sort_values("site_precision", ascending=False)
    return [*matched.head(3).itertuples(), *precise.head(3).itertuples()]


def title(row: Any) -> str:
    """What stands above a filter's logo: which it is, its best match, and what its sites are."""
    found = f"{row.name} E={figures.e_value(row.e_value)}" if row.any else "no match"
    return (
        f"{row.label}, trial {row.trial}, no. {row.filter}\n"
        f"{found}; {row.site_precision:.0%} {row.site_tf}"
    )


def gallery(page: Gathered, picks: Sequence[Any]) -> Figure:
    """The logos of `disagreements`."""
    records = {(record.run.model, record.run.trial): record for record in page.records}
    entries = [records[row.model, row.trial].layer(1).filters[row.filter] for row in picks]
    return figures.gallery(entries, [title(row) for row in picks])


def signals_table(signals: pd.DataFrame) -> pd.DataFrame:
    """`site_accuracy.signals` in words."""
    return pd.DataFrame(
        {
            "what one can see": row.signal,
            "filters": row.flagged,
            "precise": f"{row.true} ({percent(row.true, row.flagged)})",
            "of all precise ones": percent(row.true, row.precise),
        }
        for row in signals.itertuples()
    )


def by_cutoff(judged: pd.DataFrame) -> pd.DataFrame:
    """Of the filters that match at each cutoff, how many are precise: a row per network."""
    found = site_accuracy.by_cutoff(judged, CUTOFFS)
    cell = found["true"].astype(str) + " of " + found["matched"].astype(str)
    found["cell"] = cell.where(found["matched"] > 0, "–")
    wide = found.pivot_table("cell", "label", "cutoff", aggfunc="first", sort=False)
    wide = wide.rename(columns="E ≤ {:g}".format)
    return wide.rename_axis(None).rename_axis(None, axis=1)


def in_short(signals: pd.DataFrame) -> str:
    """How many filters with the first signal are precise, and of those with all of them."""
    first, last = signals.iloc[0], signals.iloc[-1]
    return (
        "Where the truth is known, ask the sites and not the database: of the filters that match "
        f"any motif, {of(first['true'], first['flagged'])} are precise; of those with every signal "
        f"in the table, {of(last['true'], last['flagged'])}."
    )


def misled(judged: pd.DataFrame) -> pd.DataFrame:
    """By TF that filters are said to have learned: how many, and the share that are precise."""
    relevant = judged[judged["verdict"] == "relevant"]
    found = relevant.groupby("learned")["precise"].agg(filters="size", precise="mean")
    return found.sort_values("precise").rename_axis(None).astype({"precise": float}).round(2)


def number_of_sites(judged: pd.DataFrame) -> pd.DataFrame:
    """Quartiles of the number of sites, of precise filters that match and of others that do."""
    relevant = judged[judged["verdict"] == "relevant"]
    names = {"count": "filters", "25%": "lower quartile", "50%": "median", "75%": "upper quartile"}
    groups = relevant.groupby(relevant["precise"].map({True: "precise", False: "not precise"}))
    found = groups["sites"].describe()[list(names)].rename(columns=names)
    return found.round(0).astype(int).rename_axis("sites of a filter")
