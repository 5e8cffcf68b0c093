"""The chapter on the authors' archive: its tables and sentences, from the record of the check.

Everything is read from what `motifbook authors --record` put down; nothing here is computed anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from motifbook.book.provenance import Markup
from motifbook.networks.architectures import MODELS
from motifbook.paper import claims
from motifbook.records.runs import Record
from motifbook.yardsticks import authors

READINGS = {
    "kernel": "read from kernels",
    "archive": "read from activations",
    "later": "read so and trimmed by the later rule",
}
"""How the archived networks' filters were read and trimmed, in the order of the commits."""
OFF = 0.10
"""A fraction that is further from the printed one than this is called off."""
SMALL = ("cnn-2", "cnn-4", "cnn9-4")
LARGE = ("cnn-10", "cnn-25", "cnn-50", "cnn-100", "cnn9-25", "cnn-50-2")
"""Networks with a small first pool, and with a large one: all that are archived in vivo."""


def networks(folder: str | None = "synthetic") -> pd.DataFrame:
    """`authors.load_check`, or an empty table where nothing is on record."""
    try:
        return authors.load_check(folder=folder)
    except FileNotFoundError:
        return pd.DataFrame()


def reread(results_dir: Path | str | None = None) -> pd.DataFrame:
    """`authors.load_reread`, or an empty table where nothing is on record."""
    try:
        return authors.load_reread(results_dir)
    except FileNotFoundError:
        return pd.DataFrame()


def made_from(table: pd.DataFrame) -> Markup:
    """The line below what is made from the record of the archive."""
    text = "Made from results/authors/networks.json, the authors' archive as checked."
    if not len(table):
        text = "Not yet run: motifbook authors --record"
    return Markup(f'<p class="provenance">{text}</p>', text)


def chain(table: pd.DataFrame) -> pd.DataFrame:
    """`authors.links` in words, from the whole table of the check."""
    if not len(table):
        return pd.DataFrame()
    found = authors.links(table)
    return pd.DataFrame(
        {"equal": [f"{row.equal} of {row.of}" for row in found.itertuples()]}, index=found.index
    )


def lead(table: pd.DataFrame) -> str:
    """In one sentence, how much of the chain is the archive's, from the whole table."""
    if not len(table):
        return "The archived networks are not on record."
    found = authors.links(table)

    def share(link: str) -> str:
        return f"{found.loc[link, 'equal']} of {found.loc[link, 'of']}"

    hits = found.loc[["Tomtom's hits (networks)", "Tomtom's hits on kernels (networks)"]].sum()
    return (
        f"In our hands {share('mean AUROC and its SD over classes (networks)')} archived networks "
        f"score as their summary says, {share('PPMs from activations (filters)')} filters read off "
        f"activations and {share('PPMs from kernels (filters)')} read off weights are the archived "
        f"ones. Trimmed by the rule of that time {share(_TRIMMED)} are the archived ones, by the "
        f"later script's, which as run uses, {share(_LATER)}. For "
        f"{hits['equal']} of {hits['of']} sets of filters Tomtom's answers come out, all of them "
        "and no other."
    )


def whole(table: pd.DataFrame) -> str:
    """Whether the whole chain comes out; how as run trims filters is told apart."""
    if not len(table):
        return "not on record"
    found = authors.links(table)
    own = found.drop(index=_LATER)
    missing = int((own["of"] - own["equal"]).sum())
    later = found.loc[_LATER]
    parts = ["how filters are trimmed"] if later["equal"] < later["of"] else []
    if missing:
        other = "other " if parts else ""
        parts.append(f"{missing} of {own['of'].sum():,} {other}comparisons")
    return f"yes, but for {' and '.join(parts)}" if parts else "yes, every link holds"


_TRIMMED = "trimmed PPMs, by the archive's rule (filters)"
_LATER = "trimmed PPMs, by the later script's rule (filters)"


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Ours beside the archive's for each synthetic network; a star marks another run's line."""

    def pair(row, name: str, prefix: str = "") -> str:
        mean, sd = row[f"{prefix}{name}"], row[f"{prefix}{name}_sd"]
        return "–" if pd.isna(mean) else f"{mean:.3f} ({sd:.3f})"

    rows = []
    for _, row in table.iterrows():
        star = "\u00a0*" if row["network"] in authors.SUMMARY_OF_ANOTHER_RUN else ""
        rows.append(
            {
                "network": MODELS[row["model"]].label,
                "AUROC": pair(row, "auroc"),
                "archived AUROC": pair(row, "auroc", "archived_") + star,
                "AUPR": pair(row, "aupr"),
                "archived AUPR": pair(row, "aupr", "archived_") + star,
                "filters equal": f"{row['ppms_equal']:.0f} of {row['filters']}"
                + ("\u00a0*" if row["network"] in authors.FILTERS_OF_ANOTHER_RUN else ""),
                "hits": f"{row['hits']}, {'all' if row['hits_equal'] else 'not all'} found",
            }
        )
    return pd.DataFrame(rows).set_index("network").rename_axis(None) if rows else pd.DataFrame()


def readings(table: pd.DataFrame) -> pd.DataFrame:
    """The archived synthetic networks' fractions by each reading: `model`, `reading`, and both."""
    if not len(table):
        return pd.DataFrame(columns=["model", "reading", "match_any", "match_relevant"])
    new, old = (table[table["folder"] == name] for name in ("synthetic", "older/synthetic"))
    later = new.assign(match_any=new["later_any"], match_relevant=new["later_relevant"])
    parts = zip((old, new, later), READINGS.values(), strict=True)
    columns = ["model", "match_any", "match_relevant"]
    return pd.concat([part[columns].assign(reading=reading) for part, reading in parts])


def own(records: Iterable[Record], reread: pd.DataFrame) -> pd.DataFrame:
    """Our own fractions as recorded, trimmed as the archive was, and as printed; means of trials.

    Returns
    -------
    DataFrame
        One row per model, reading ("trimmed by the later rule", "trimmed as the archive", "paper")
        and nothing for runs that were not re-read: `model`, `reading`, `match_any`,
        `match_relevant`.
    """
    kept = {str(record.run): record for record in records}
    reread = reread[reread["run"].isin(kept)] if len(reread) else reread
    quantities = ["match_any", "match_relevant"]
    if not len(reread):
        return pd.DataFrame(columns=["model", "reading", *quantities])
    layers = [kept[run].layer(1) for run in reread["run"]]
    recorded = reread.assign(
        **{name: [getattr(layer, name) for layer in layers] for name in quantities}
    )
    parts = [
        part.groupby("model", sort=False)[quantities].mean().assign(reading=reading)
        for part, reading in (
            (recorded, "trimmed by the later rule"),
            (reread, "trimmed as the archive"),
        )
    ]
    printed = claims.printed().query("dataset == 'synthetic' and layer == 1")
    printed = printed.pivot_table("mean", "model", "quantity")[quantities]
    parts.append(printed.reindex(parts[0].index).dropna(how="all").assign(reading="paper"))
    return pd.concat(parts).rename_axis("model").reset_index()


def off(own: pd.DataFrame) -> dict[str, list[str]]:
    """By reading, the cells that are off the printed ones by more than `OFF`, in words."""
    printed = own[own["reading"] == "paper"].set_index("model")
    found: dict[str, list[str]] = {}
    for row in own[own["reading"] != "paper"].itertuples():
        cells = found.setdefault(row.reading, [])
        for name, word in (("match_any", "any"), ("match_relevant", "relevant")):
            if abs(getattr(row, name) - printed[name].get(row.model, math.nan)) > OFF:
                cells.append(f"{MODELS[row.model].label}, {word}")
    return found


def off_sentence(own: pd.DataFrame) -> str:
    """How many printed fractions each trimming leaves off, and which way CNN-4 goes."""
    if not len(own):
        return "Our own filters are not yet read again by the archive's rule."
    told = [
        f"{len(cells)} {reading} ({'; '.join(cells) or 'none'})"
        for reading, cells in off(own).items()
    ]
    number = 2 * (own["reading"] == "paper").sum()
    return (
        f"Of {number} printed fractions, our mean is off by more than {OFF:.2f} in "
        f"{', and in '.join(told)}."
    )


def kernel_sentence(table: pd.DataFrame, model: str = "cnn-4") -> str:
    """What the three readings make of one archived network."""
    found = readings(table).query("model == @model")
    if not len(found):
        return "The archived networks are not on record."
    told = [
        f"{row.match_any:.3f} of its filters match any motif and {row.match_relevant:.3f} a "
        f"relevant one when {row.reading}"
        for row in found.itertuples()
    ]
    return f"Take the one archived {MODELS[model].label}: {'; '.join(told)}."


def in_vivo(table: pd.DataFrame) -> pd.DataFrame:
    """Table 2 beside the archived networks in vivo, one trial each, with scores over classes.

    Parameters
    ----------
    table : DataFrame
        `networks("invivo")`.
    """
    if not len(table):
        return pd.DataFrame()
    theirs = claims.printed().query("dataset == 'in vivo'").set_index(["model", "quantity"])
    rows = {}
    for _, row in table.iterrows():
        cells = {}
        for quantity, head in _HEAD.items():
            if quantity.startswith("match"):
                archived = f"{row[quantity]:.3f}"
            else:
                mean, sd = row[f"archived_{quantity}"], row[f"archived_{quantity}_sd"]
                archived = f"{mean:.3f} ({sd:.3f})"
            printed = theirs.loc[(row["model"], quantity)]
            cells[head, "archive"] = archived
            cells[head, "Table 2"] = f"{printed['mean']:.3f}\u00a0±\u00a0{printed['error']:.3f}"
        rows[MODELS[row["model"]].label] = cells
    return pd.DataFrame.from_dict(rows, orient="index")


_HEAD = {"auroc": "AUROC", "aupr": "AUPR", "match_any": "any", "match_relevant": "relevant"}


def in_vivo_sentence(table: pd.DataFrame) -> str:
    """How small and large pools predict in vivo, by the archive's one trial."""
    if not len(table):
        return "The archived networks in vivo are not on record."
    auroc = table.set_index("model")["archived_auroc"]
    small, large = auroc[list(SMALL)], auroc[list(LARGE)]
    worst, best = small.idxmin(), large.idxmax()
    ahead = "still ahead" if small[worst] > large[best] else "not ahead"
    return (
        f"The {len(small)} networks with small pools have a mean AUROC of {small.mean():.3f}, the "
        f"{len(large)} with large ones of {large.mean():.3f}. "
        f"The nearest pair is {MODELS[worst].label} with {small[worst]:.3f} and "
        f"{MODELS[best].label} with {large[best]:.3f}: there the small pool is {ahead}."
    )


def spread_sentence(table: pd.DataFrame) -> str:
    """What the ± of Table 2 is, and what it is not: by the archive's spread over classes."""
    if not len(table):
        return ""
    printed = claims.printed().query("dataset == 'in vivo' and quantity == 'auroc'")
    archived = table["archived_auroc_sd"]
    return (
        "The caption of Table 2 says that its ± is over classes. Over classes the archived AUROCs "
        f"have standard deviations of {archived.min():.3f} to {archived.max():.3f}; the ± that is "
        f"printed is at most {printed['error'].max():.3f}. It is that over trials."
    )


def slip_sentence(table: pd.DataFrame, printed: float = 0.039) -> str:
    """Whose ± the text gives for CNN3-2, from the table of the synthetic networks.

    `printed` is the paper's, in its text.
    """
    found = table[table["archived_auroc_sd"].round(3) == printed] if len(table) else table
    if not len(found):
        return "Where the text's ± of CNN3-2 is from we do not know."
    names = " and ".join(MODELS[model].label for model in found["model"])
    return (
        f"The text's ± of CNN3-2, {printed:.3f}, is the archived spread over classes of {names}, a "
        "neighbouring row: a slip, it seems."
    )
