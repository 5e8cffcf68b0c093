"""What the chapter on the number of filters says and tabulates of its runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from motifbook.book.chapter import Gathered, gather, mean_sd, signed, trend
from motifbook.networks.architectures import FEWER, MODELS
from motifbook.paper import measures, rules
from motifbook.records.runs import Record, parse_trials

COUNTED = {"match_relevant": "relevant_filters", "match_any": "unmatched_filters"}
"""What a fraction is called as a number of filters: that match, and for any motif that do not."""


def number(model: str) -> int:
    """First-layer filters of a model."""
    return MODELS[model].convs[0].filters


def counted(table: pd.DataFrame) -> pd.DataFrame:
    """`runs.table` with `relevant_filters` and `unmatched_filters`, numbers of filters."""
    return table.assign(
        relevant_filters=table["match_relevant"] * table["filters"],
        unmatched_filters=(1 - table["match_any"]) * table["filters"],
    )


def printed_as_numbers(printed: pd.DataFrame) -> pd.DataFrame:
    """The paper's fractions as the quantities of `counted`.

    Parameters
    ----------
    printed : DataFrame
        Rows of `claims.printed`: `quantity`, `mean`, `error` and `filters`.
    """
    own = printed[printed["quantity"].isin(COUNTED)]
    fraction = own["mean"].where(own["quantity"] == "match_relevant", 1 - own["mean"])
    return own.assign(
        quantity=own["quantity"].map(COUNTED),
        mean=fraction * own["filters"],
        error=own["error"] * own["filters"],
    )


def steps(table: pd.DataFrame, models: Sequence[str], quantity: str, decimals: int) -> str:
    """What a quantity is for each number of filters, and how it goes, in words.

    Parameters
    ----------
    table : DataFrame
        From `counted`.
    models : sequence of str
        In ascending order of their numbers of filters.
    quantity : str
        A column of the table.
    decimals : int
    """
    by_model = {model: table.loc[table["model"] == model, quantity] for model in models}
    way = trend(values.mean() for values in by_model.values())
    values = (f"{mean_sd(v, decimals)} with {number(model)}" for model, v in by_model.items())
    return f"{way} ({', '.join(values) or 'not among the models asked for'})"


def gains(records: Iterable[Record]) -> pd.DataFrame:
    """Mean number of filters per TF for each model, and what the last has more than the first."""
    by_number: dict[int, list] = {}
    for record in records:
        by_number.setdefault(number(record.run.model), []).append(record)
    means = {f"{n} filters": measures.filters_per_tf(own).mean() for n, own in by_number.items()}
    gain = pd.DataFrame(means)
    if gain.shape[1] > 1:
        gain["gain"] = gain.iloc[:, -1] - gain.iloc[:, 0]
        gain = gain.sort_values("gain", ascending=False)
    return gain.round(1)


def complete(records: Sequence[Record], models: Iterable[str]) -> str:
    """In how many runs of each model every TF has a filter, in words."""
    found = []
    for model in models:
        counts = measures.filters_per_tf([r for r in records if r.run.model == model])
        if counts.empty:
            found.append(f"{number(model)} filters: not yet run")
            continue
        lacking = ", ".join(counts.columns[(counts == 0).any()])
        missed = f" (missed at least once: {lacking})" if lacking else ""
        whole = (counts > 0).all(axis=1).sum()
        found.append(f"{number(model)} filters: {whole} of {len(counts)}{missed}")
    return f"Runs in which every TF has a filter. {'; '.join(found)}."


TRIALS = 3
"""Trials of a network with fewer filters than the paper has."""


def with_fewer(page: Gathered, models: str, trials: str | int, **options) -> Gathered:
    """CNN-25 with 6, 12 and 18 filters, and with the paper's 30.

    Parameters
    ----------
    page : Gathered
        The chapter's runs, CNN-25 among them.
    models, trials, **options
        As in `chapter.gather`; no more than `TRIALS` trials of a network that is not the paper's.
    """
    few = gather(FEWER, models, min(TRIALS, len(parse_trials(trials))), **options)
    own = tuple(run for run in page.wanted if run.model == "cnn-25")
    return Gathered((*few.wanted, *own), (*few.records, *page.of("cnn-25")))


def found(page: Gathered) -> pd.DataFrame:
    """TFs that have a filter, filters that match a relevant motif, and AUROC: a row per network."""
    rows = {}
    for model in page.models:
        records = page.of(model)
        tfs, matched = (
            [measures.QUANTITIES[name](r, r.layer()) for r in records]
            for name in ("motifs_found", "relevant_filters")
        )
        rows[MODELS[model].label] = {
            "trials": len(records),
            "TFs with a filter, of 12": mean_sd(tfs, 1),
            "filters that match a relevant motif": mean_sd(matched, 1),
            "AUROC": mean_sd(r.auroc for r in records),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def enough(page: Gathered) -> str:
    """What the ledger says of the claim that filters must be many enough, from `with_fewer`."""
    row = page.ledger.set_index("id").loc["enough-filters"]
    missing = [MODELS[model].label for model in FEWER if not page.of(model)]
    if missing:
        return f"Not yet run: {', '.join(missing)}."
    ends = [
        f"{mean_sd((measures.QUANTITIES['motifs_found'](r, r.layer()) for r in own), 1)} of the 12 "
        f"TFs with {number(model)} filters"
        for model in (FEWER[0], "cnn-25")
        if (own := page.of(model))
    ]
    return (
        f"A filter is found for {', and for '.join(ends)}. That there must be enough of them: "
        f"{row['verdict']}."
    )


def by_match(filters: pd.DataFrame) -> pd.DataFrame:
    """Filters by what Tomtom finds: how many, how many dead, and medians of their sites.

    Parameters
    ----------
    filters : DataFrame
        From `runs.filters`, of the chapter's models.
    """
    ways = ["a relevant motif", "only another motif", "no motif"]
    matches = [filters[name].astype(bool) for name in ("relevant", "any")]
    finds = pd.Categorical(np.select(matches, ways[:2], ways[2]), ways)
    groups = filters.assign(**{"filters": filters["model"].map(number), "Tomtom finds": finds})
    groups = groups.groupby(["filters", "Tomtom finds"], observed=True)
    return pd.DataFrame(
        {
            "found": groups.size(),
            "dead": groups["state"].agg(lambda states: (states == "dead").sum()),
            "sites": groups["sites"].median().round().astype(int),
            "precision": groups["site_precision"].median().round(2),
        }
    )


def precision(filters: pd.DataFrame, models: Iterable[str]) -> tuple[str, str]:
    """How the median precision of relevant filters goes as filters are added, and its values."""
    relevant = filters[filters["relevant"].astype(bool)]
    own = [relevant.loc[relevant["model"] == model, "site_precision"] for model in models]
    medians = ", ".join(f"{values.median():.2f}" if len(values) else "none" for values in own)
    return trend(values.median() for values in own), medians


def courses(records: Iterable[Record]) -> pd.DataFrame:
    """When each run's loss was nearly at its lowest, and what was left of the gradient.

    Returns
    -------
    DataFrame
        One row per record: `model`, `level` (the first epoch, from 1, whose validation loss is
        within 10% of the lowest) and `left` (the first layer's gradient norm in the best epoch, as
        a share of that in the first).
    """
    rows = []
    for record in records:
        loss = np.array(record.history.valid_loss)
        norm = record.history.gradient_norm
        rows.append(
            {
                "model": record.run.model,
                "level": 1 + int((loss <= 1.1 * loss.min()).argmax()),
                "left": norm[record.best_epoch - 1] / norm[0],
            }
        )
    return pd.DataFrame(rows, columns=["model", "level", "left"])


def courses_table(found: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """`courses` as mean ± sd over trials, a row per model."""
    by_model = [found[found["model"] == model] for model in models]
    return pd.DataFrame(
        {
            "loss level after (epochs)": [mean_sd(rows["level"], 1) for rows in by_model],
            "gradient left": [mean_sd(rows["left"], 2) for rows in by_model],
        },
        [MODELS[model].label for model in models],
    )


def sooner(found: pd.DataFrame, models: Sequence[str]) -> str:
    """Whether the last model's loss levels off sooner than the first's, in words.

    Parameters
    ----------
    found : DataFrame
        From `courses`.
    models : sequence of str
        From the smallest to the largest network.
    """
    ends = [found.loc[found["model"] == model, "level"] for model in (*models[:1], *models[-1:])]
    if len(models) < 2 or min(map(len, ends)) < 2:
        return "Whether the largest network is sooner than the smallest cannot be told yet."
    low, high = rules.welch(rules.summary(ends[1]), rules.summary(ends[0]))
    return (
        f"The largest network less the smallest: {signed(ends[1].mean() - ends[0].mean(), 1)} "
        f"epochs (95% interval {signed(low, 1)} to {signed(high, 1)}). If more filters meant a "
        "better start, it should need fewer."
    )
