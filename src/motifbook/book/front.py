"""The front page: our answer, what this book found, and where each part of the paper is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

import pandas as pd
from IPython.display import HTML

from motifbook.book import chapter, figures, is_it_a_motif, notebooks
from motifbook.book.ledger_page import AGAINST, SETTLED, Ledger, plain
from motifbook.networks.architectures import PAPER
from motifbook.networks.protocols import parse_protocol
from motifbook.paper import claims, differences, rules
from motifbook.records.runs import Record
from motifbook.sequences import synthetic
from motifbook.yardsticks import site_accuracy

PACE = 200
"""Words that a reader reads in a minute."""
LOOK = 0.5
"""Minutes that a figure or table takes."""
ROUTES = {
    45: ("intro", "max-pooling", "is-it-a-motif"),
    90: (
        "intro",
        "receptive-field",
        "max-pooling",
        "stride",
        "written-and-run",
        "is-it-a-motif",
        "ledger",
    ),
    180: (
        "intro",
        "receptive-field",
        "synthetic-data",
        "max-pooling",
        "number-of-filters",
        "filter-size",
        "stride",
        "deeper-layers",
        "in-vivo",
        "written-and-run",
        "archive",
        "is-it-a-motif",
        "ledger",
        "rerun",
    ),
}
"""Chapters that can be read in so many minutes."""
_SHOWS = r"\.show\(|^figures\.|^toy_figures\.|table\("
"""How a cell that shows a figure or table is told."""


# --- Our answer -------------------------------------------------------------------------------


def answer(ledger: pd.DataFrame) -> str:
    """How many of the paper's claims hold, other data than the paper's left out, in words."""
    own = ledger[~ledger["stand_in"]]
    verdicts = plain(own["verdict"])
    good, against = verdicts.isin(SETTLED).sum(), verdicts.isin(AGAINST).sum()
    open_ = (verdicts == rules.INCONCLUSIVE).sum()
    rest = (verdicts == rules.UNTESTABLE).sum()
    if not good and not against:
        return "**Ours: not yet run.**"
    word = (
        "no"
        if not good
        else "yes"
        if good == len(own)
        else "mostly"
        if against < good
        else "partly"
    )
    counts = [
        f"{good} {'holds or has' if good == 1 else 'hold or have'} an equivalent number",
        f"{against} {'does' if against == 1 else 'do'} not hold",
        f"{open_} {'is' if open_ == 1 else 'are'} not settled by the trials on record",
    ]
    counts += [f"{rest} cannot be tested"] if rest else []
    return (
        f"**Ours: {word}.** Of {chapter.count(len(own), 'claim')} about simulated data and the "
        f"design, {', '.join(counts[:-1])}, and {counts[-1]}."
    )


def pools(comparison: pd.DataFrame, small: str = "cnn-2", large: str = "cnn-25") -> str:
    """One small and one large pool: filters that match, and the score, in words."""
    cells = comparison.set_index(["model", "quantity"])["ours"] if len(comparison) else pd.Series()
    if not {(model, "auroc") for model in (small, large)} <= set(cells.index):
        return ""
    match = {model: cells[model, "match_relevant"] for model in (small, large)}
    score = {model: cells[model, "auroc"] for model in (small, large)}
    labels = {model: figures.model_label(model) for model in (small, large)}
    return (
        f"With a first pool of 2 nt ({labels[small]}) {match[small]:.0%} of the first-layer "
        f"filters match a motif that is in the data, with 25 nt ({labels[large]}) "
        f"{match[large]:.0%}; the mean AUROC is {score[small]:.3f} and {score[large]:.3f}."
    )


# --- What this book found ---------------------------------------------------------------------


def learning_rate(records: Iterable[Record]) -> str:
    """The learning rate that was never used, and what it changes, in words.

    Parameters
    ----------
    records : iterable of Record
        Of as run, and of single differences set as written.
    """
    moved = differences.effects(differences.ladder(records))
    written, run = (parse_protocol(name).learning_rate for name in ("as-written", "as-run"))
    found = moved[moved["rung"] == "optimiser"]
    said = " and ".join(
        f"{row.mean:.3f} in {row.label} ({row.as_run:.3f} as run, in the same "
        f"{chapter.count(row.trials, 'trial')})"
        for row in found.itertuples()
    )
    return (
        f"The Methods give {written:g}, and so do the model files; the routine that reads them "
        f"stores it in a misspelt variable and trains with its own {run:g}. "
        + (
            "With the optimiser as written, the fraction of filters that match a relevant motif is "
            f"{said}. {_sure(found)}"
            if said
            else "Its effect is not yet on record."
        )
    )


def _sure(found: pd.DataFrame) -> str:
    """Whether intervals of effects leave out zero, in words."""
    sure = found[found["low"] * found["high"] > 0]["label"].tolist()
    if not sure:
        return "So few trials do not show that it changes anything: every interval holds zero."
    return f"The interval leaves out zero in {' and '.join(sure)}."


def discoveries(ledger: Ledger) -> HTML:
    """The three things that this book found, each with numbers and the chapter that has more."""
    own = [record for record in ledger.records if record.run.dataset == "synthetic"]
    papers = [record for record in own if record.run.model in PAPER]  # as on the page it leads to
    judged = site_accuracy.judge(papers, site_accuracy.own_precision(synthetic.get().test))
    found = (
        (
            "A learning rate that was never used",
            learning_rate([*own, *ledger.ladder]),
            "written-and-run",
        ),
        ("A table that copies another", copied(), "in-vivo"),
        ("A match is not a motif", finding(judged), "is-it-a-motif"),
    )
    items = (
        f'<li><b>{html.escape(name)}.</b> {html.escape(words)} <a href="{page}.html">More</a></li>'
        for name, words, page in found
    )
    return HTML(f'<ol class="discoveries">{"".join(items)}</ol>')


def copied() -> str:
    """How many of Table 2's cells repeat Table 1 to the digit, in words."""
    printed = claims.printed()
    cells = printed[printed["copied"]]
    models = cells["label"].unique()
    return (
        f"{len(cells)} printed fractions of matching filters of {', '.join(models[:-1])} and "
        f"{models[-1]} on real sequences are those of the simulated ones, error included. No run "
        "could have made them twice."
    )


def finding(judged: pd.DataFrame) -> str:
    """How many filters that match a motif also find it in the sequences, in words.

    Parameters
    ----------
    judged : DataFrame
        From `site_accuracy.judge`.
    """
    if judged.empty:
        return "Not yet run."
    matched = judged[judged["any"].astype(bool)]
    whole = is_it_a_motif.of(int(matched["precise"].sum()), len(matched))
    share = matched.groupby("label", sort=False)["precise"].agg(["sum", "size"])
    none = share.index[share["sum"] == 0]
    matching = int(share.loc[none, "size"].sum())
    worst = (
        f" In {', '.join(none)} not one does, though {chapter.count(matching, 'filter')} "
        f"{'matches' if matching == 1 else 'match'}."
        if len(none)
        else ""
    )
    return (
        f"Of our filters that match a motif of the database, {whole} also find a motif in the "
        f"sequences: the share of their sites that is copies of one motif is at least half of "
        f"what the motif's own matrix would reach.{worst}"
    )


# --- Where the paper is -----------------------------------------------------------------------


def places(ledger: pd.DataFrame) -> pd.DataFrame:
    """Each figure, table and section of the paper: `paper`, `shows`, `here`, `figure`, `verdict`.

    The verdict counts the ledger's, of the claims that data/places.csv names.
    """
    table = claims.places()
    by_id = ledger.set_index("id")
    verdicts = []
    for asked in table["claims"]:
        kind, _, section = asked.partition("section:")
        rows = by_id.loc[kind.split()] if kind else by_id[by_id["section"] == section]
        other = " (on other data)" if rows["stand_in"].any() else ""
        verdicts.append(f"{chapter.tally(rows)}{other}")
    return table.drop(columns="claims").assign(verdict=verdicts)


def places_table(ledger: pd.DataFrame) -> HTML:
    """`places` with links."""
    names = titles()
    rows = []
    for row in places(ledger).itertuples():
        target = f"{row.here}.html" + (f"#{row.figure}" if row.figure else "")
        rows.append(
            (
                html.escape(row.paper),
                html.escape(row.shows),
                f'<a href="{target}">{html.escape(names[row.here])}</a>',
                html.escape(row.verdict),
            )
        )
    return figures.words(
        pd.DataFrame(rows, columns=["in the paper", "shows", "here", "verdict"]),
        caption="Where each part of the paper is, and what became of it",
        escape=False,
    )


# --- How to read ------------------------------------------------------------------------------


def titles() -> dict[str, str]:
    """Each page's short name, as the table of contents has it, by the name of its file."""
    return {
        entry["file"].removeprefix("book/"): entry["title"].partition(":")[0]
        for entry in notebooks.contents()
    }


def minutes() -> pd.DataFrame:
    """How long each chapter takes: `read`, in minutes, from its text; `run`, in seconds.

    Reading counts words at `PACE` and `LOOK` minutes for each figure or table. Running is measured:
    data/chapter_seconds.csv, written by benchmarks/chapter_seconds.py.
    """
    measured = claims.chapter_seconds()
    rows = {}
    for name in notebooks.chapters():
        cells = notebooks.read(name).cells
        words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
        shown = sum(
            bool(re.search(_SHOWS, cell.source, re.M)) for cell in cells if cell.cell_type == "code"
        )
        rows[name] = {"read": words / PACE + LOOK * shown, "run": measured.get(name)}
    return pd.DataFrame.from_dict(rows, orient="index")


def pace() -> str:
    """How the minutes of the routes were counted, in words."""
    seconds = minutes()["run"].dropna()
    ran = (
        f" Executing a chapter took {seconds.min():.0f} to {seconds.max():.0f} seconds on two "
        "cores that had other work; nothing is trained for that."
        if len(seconds)
        else ""
    )
    return (
        f"Minutes are counted from the text, at {PACE} words a minute and half a minute for each "
        f"figure or table; exercises come on top.{ran}"
    )


def routes() -> HTML:
    """Three ways through the book, with the minutes that each chapter takes."""
    read, names = minutes()["read"], titles() | {"intro": "This page"}
    rows = []
    for limit, route in ROUTES.items():
        links = [
            f'<a href="{name}.html">{names[name]}</a>\u00a0({read[name]:.0f})' for name in route
        ]
        total = sum(round(read[name]) for name in route)  # of what is shown
        rows.append((f"{limit} minutes", ", ".join(links), str(total)))
    return figures.words(
        pd.DataFrame(rows, columns=["with", "read (minutes)", "in all"]),
        caption="Three routes",
        escape=False,
    )
