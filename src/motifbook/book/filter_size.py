"""What the chapter on filter size says and tabulates of its runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from motifbook.book.chapter import mean_sd
from motifbook.book.figures import QUANTITY
from motifbook.networks.architectures import MODELS
from motifbook.paper import claims, measures
from motifbook.records import runs
from motifbook.records.runs import Record
from motifbook.yardsticks import authors, motif_coverage

QUANTITIES = ("match_any", "match_relevant")
TWINS = {
    "cnn9-4": ("cnn-4", "parts of motifs"),
    "cnn9-25": ("cnn-25", "whole motifs"),
    "cnn3-2": ("cnn-2", "good predictions, from parts"),
    "cnn3-50": ("cnn-50", "poor predictions"),
}
"""The narrow networks: their twin with filters of 19 nt, and what the paper expects of them."""


def twins() -> pd.DataFrame:
    """`TWINS` as a table, with the filters and pools of each."""
    return pd.DataFrame(
        {
            "filter (nt)": MODELS[narrow].convs[0].size,
            "first pool (nt)": MODELS[narrow].convs[0].pool,
            "wide twin": MODELS[wide].label,
            "the paper expects": expected,
        }
        for narrow, (wide, expected) in TWINS.items()
    ).set_axis([MODELS[narrow].label for narrow in TWINS])


def long_motifs(held: pd.DataFrame) -> pd.DataFrame:
    """What filters hold of the motifs that the paper calls larger: a row each, as text.

    Parameters
    ----------
    held : DataFrame
        `motif_coverage.held` of CNN9-25.
    """
    limit, by_tf = motif_coverage.embedded([9]), held.groupby("tf")
    four = pd.DataFrame(
        {
            "columns": limit["columns"],
            "best nine": limit[9],
            "filters": by_tf.size(),
            "read": by_tf["read"].mean(),
            "shown": by_tf["shown"].mean(),
        }
    ).loc[list(measures.LONG_MOTIFS)]
    four = four.fillna({"filters": 0}).astype({"filters": int})
    shares = ["best nine", "read", "shown"]
    return four.assign(**four[shares].map("{:.2f}".format).replace("nan", "–"))


def least_read(held: pd.DataFrame) -> str:
    """The four motifs of which the filters that match them read least, in words.

    Parameters
    ----------
    held : DataFrame
        `motif_coverage.held` of CNN9-25.
    """
    if held.empty:
        return "No filter of CNN9-25 on record matches a relevant motif."
    by_tf = held.groupby("tf")["read"].mean().sort_values().head(4)
    least = ", ".join(f"{tf} ({share:.2f})" for tf, share in by_tf.items())
    of_paper = len(set(by_tf.index) & set(measures.LONG_MOTIFS))
    return (
        f"Of all motifs, the filters that match them read least of {least}; {of_paper} of these "
        "are among the paper's four."
    )


def nine_nt(records: Sequence[Record], results_dir: str = "") -> pd.DataFrame:
    """`motif_coverage.narrowed`, by Tomtom only for records that it is not on record for.

    So the book is built without Tomtom's engine, which has to be compiled first.
    """
    try:
        stored = authors.load_narrowed(results_dir)
    except FileNotFoundError:
        return motif_coverage.narrowed(records)
    by_record = stored.set_index(["run", "started"], drop=False)
    keys = [(str(record.run), record.started) for record in records]
    new = [r for r, key in zip(records, keys, strict=True) if key not in by_record.index]
    known = by_record.loc[[key for key in keys if key in by_record.index]]
    tables = [table for table in (known, motif_coverage.narrowed(new)) if len(table)]
    return pd.concat(tables) if tables else known


def windows(records: Sequence[Record], results_dir: str = "") -> pd.DataFrame:
    """Match fractions of the narrow networks, read in windows of 9 and of 19 nt, and the paper's.

    Parameters
    ----------
    records : sequence of Record
        Of the models in `motif_coverage.NARROW`, or some of them.
    results_dir : path, optional
        Where the record of the authors' archived networks lies; where it is not, NaN.

    Returns
    -------
    DataFrame
        A row per model and quantity (the index); `archived`, `printed` (Table 1) and, mean over
        trials and as text with its spread, `nine`, `nine_sd`, `nineteen`, `nineteen_sd`.
    """
    try:
        archive = authors.load_check(results_dir).set_index("model")
    except FileNotFoundError:
        archive = pd.DataFrame()
    printed = claims.printed().query("dataset == 'synthetic' and layer == 1")
    printed = printed.set_index(["model", "quantity"])["mean"]
    nine, nineteen = nine_nt(records, results_dir), runs.table(records)
    rows = {}
    for model in motif_coverage.NARROW:
        for quantity in QUANTITIES:
            ours = [t.loc[t["model"] == model, quantity] for t in (nine, nineteen)]
            rows[model, quantity] = {
                "archived": archive.loc[model, quantity] if len(archive) else np.nan,
                "printed": printed[model, quantity],
                **{name: v.mean() for name, v in zip(("nine", "nineteen"), ours, strict=True)},
                **{f"{n}_sd": mean_sd(v) for n, v in zip(("nine", "nineteen"), ours, strict=True)},
            }
    return pd.DataFrame(rows).T


def windows_table(found: pd.DataFrame) -> pd.DataFrame:
    """`windows` for the page."""
    shown = pd.DataFrame(
        {
            "archived run, 9 nt": found["archived"].map("{:.3f}".format).replace("nan", "–"),
            "ours, 9 nt": found["nine_sd"],
            "Table 1": found["printed"].map("{:.3f}".format),
            "ours, 19 nt": found["nineteen_sd"],
        }
    )
    names = (f"{MODELS[m].label}, {q.removeprefix('match_')} motif" for m, q in found.index)
    return shown.set_axis(list(names))


def nearer(found: pd.DataFrame) -> str:
    """Whether the text has the archived run's numbers, and which window gives Table 1's, in words.

    Parameters
    ----------
    found : DataFrame
        From `windows`.
    """
    relevant = found["archived"].xs("match_relevant", level=1)
    same = relevant["cnn9-4"] == 0 and f"{relevant['cnn9-25']:.0%}" == "93%"
    said = []
    for (model, quantity), row in found.iterrows():
        nine, nineteen = abs(row["nine"] - row["printed"]), abs(row["nineteen"] - row["printed"])
        if np.isnan(nine) or np.isnan(nineteen):
            which = "not yet run"
        elif abs(nine - nineteen) < 1e-6:  # what a record rounds to
            which = "both alike"
        else:
            which = "9 nt" if nine < nineteen else "19 nt"
        said.append(f"{MODELS[model].label}, {QUANTITY[quantity][0]}: {which}")
    return (
        f"The text's numbers {'are' if same else 'are not'} those of the archived run. "
        f"The window with which we come nearer to Table 1: {'; '.join(said)}."
    )
