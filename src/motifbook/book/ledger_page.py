"""Tables and sentences of the ledger's chapter; what they say follows from the records."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import HTML
from scipy import stats

from motifbook.book import chapter, figures
from motifbook.book.chapter import signed
from motifbook.book.provenance import provenance, runs_of_claim
from motifbook.networks.architectures import FEWER, MODELS, parse_models
from motifbook.paper import claims, measures, rules, verdicts
from motifbook.records import experiment, runs
from motifbook.records.runs import Record
from motifbook.sequences import catalogue

SMALL_POOLS = ("cnn-1", "cnn-2", "cnn-4", "cnn9-4", "cnn3-2")
"""Networks that learn parts of motifs."""
MORE = ("cnn9-4", "cnn3-2")
"""Networks of Table 1 that are trained more often than the others."""
MANY = 20
"""Trials of these."""
SETTLED = (rules.EQUIVALENT, rules.HOLDS)
AGAINST = (rules.DIFFERENT, rules.FAILS)


@dataclass(frozen=True, eq=False)
class Ledger:
    """The ledger, the records that it was made from, and how many runs were asked for."""

    table: pd.DataFrame
    records: tuple[Record, ...]
    ladder: tuple[Record, ...]
    wanted: int

    def show(self, shown: object) -> None:
        """Show a table with the line of what it was made from."""
        chapter.show(shown, provenance([*self.records, *self.ladder], wanted=self.wanted))

    def of(self, *words: str) -> pd.DataFrame:
        """The claims with one of these verdicts, provisional ones included."""
        return self.table[plain(self.table["verdict"]).isin(words)]


def gather(
    models: str = "all",
    trials: str | int = 5,
    *,
    in_vivo: str = "chipseq",
    profile: str = "paper",
    missing: str = "skip",
    results_dir: Path | str | None = None,
) -> Ledger:
    """The ledger of these runs, of those on data in vivo, and of single changes of the training.

    Of networks that the paper does not have, and of changes, what is on record counts.

    Parameters
    ----------
    models, trials, profile, missing, results_dir
        As in `experiment.get`.
    in_vivo : str
        The dataset that stands for the paper's in vivo sequences; nothing is trained on it.
    """
    parse_models(models)  # the book's alone
    name, _ = catalogue.parse_real(in_vivo)
    places: dict[str, Any] = {"profile": profile, "results_dir": results_dir}
    own = experiment.get(models, trials, missing=missing, **places)
    more = experiment.get(FEWER, trials, **places)
    more += experiment.get(models, trials, dataset=in_vivo, **places)
    ladder = []
    for switches, of in _changes().items():
        ladder += experiment.get(of, trials, protocol=f"as-run+{switches}", **places)
    return Ledger(
        verdicts.ledger([*own, *more], in_vivo=name, ladder=ladder),
        (*own, *more),
        tuple(ladder),
        len(runs.wanted(models, trials, profile=profile)) + len(more) + len(ladder),
    )


def _changes() -> dict[str, list[str]]:
    """The switches that claims are about, each with its models."""
    found: dict[str, list[str]] = {}
    for place in " ".join(claims.claims().query("rule == 'moves'")["models"]).split():
        model, _, switches = place.partition("+")
        found.setdefault(switches, []).append(model)
    return found


def plain(verdict: pd.Series) -> pd.Series:
    """Verdicts without "provisional"."""
    return verdict.str.removesuffix(rules.PROVISIONAL)


def counts(table: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each section have each verdict; other data than the paper's apart."""
    sections = table["section"].where(~table["stand_in"], table["section"] + ", other data")
    judged = table.assign(verdict=plain(table["verdict"]), section=sections)
    found = figures.counts(judged).fillna(0).astype(int)
    found["provisional"] = table["verdict"].str.endswith(rules.PROVISIONAL).groupby(sections).sum()
    other = found.index.str.endswith(", other data")
    totals = {"all": found[~other].sum(), "all, other data": found[other].sum()}
    return pd.concat([found[~other], found[other], pd.DataFrame(totals).T])


def counted(table: pd.DataFrame) -> str:
    """How many claims have which verdict, in two sentences."""
    own, other = table[~table["stand_in"]], table[table["stand_in"]]
    if not len(other):
        return f"Of {chapter.count(len(own), 'claim')}, {_numbers(own)}."
    return (
        f"Of {chapter.count(len(own), 'claim')} about the synthetic data and the design, "
        f"{_numbers(own)}. Of {len(other)} about the paper's in vivo data, asked of other data, "
        f"{_numbers(other)}."
    )


def _numbers(table: pd.DataFrame) -> str:
    found = plain(table["verdict"]).value_counts()
    parts = [
        f"{found[word]} {_PREDICATES[word][int(found[word] > 1)]}"
        for word in rules.VERDICTS
        if word in found
    ]
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]


_PREDICATES = {
    rules.EQUIVALENT: ("is equivalent", "are equivalent"),
    rules.HOLDS: ("holds", "hold"),
    rules.DIFFERENT: ("is different", "are different"),
    rules.FAILS: ("does not hold", "do not hold"),
    rules.INCONCLUSIVE: ("is inconclusive", "are inconclusive"),
    rules.NOT_RUN: ("waits for runs", "wait for runs"),
    rules.UNTESTABLE: ("cannot be tested", "cannot be tested"),
}
"""What is said of one claim with this verdict, and of several."""


def both_rules(table: pd.DataFrame) -> pd.DataFrame:
    """What the second rule says of what the first rule said, other data left out."""
    judged = table[(table["first"] != "") & ~table["stand_in"]]
    found = pd.crosstab(plain(judged["first"]), plain(judged["verdict"]))
    rows = [word for word in rules.FIRST_VERDICTS if word in found.index]
    columns = [word for word in rules.VERDICTS if word in found.columns]
    return found.loc[rows, columns].rename_axis("first rule").rename_axis(None, axis=1)


def chance(found: pd.DataFrame) -> pd.DataFrame:
    """The table of `verdicts.chance`, to be read: ours, and what permuted names give."""
    return pd.DataFrame(
        {
            "claims": found["of"].astype(str) + " " + found["claims"],
            "rule": found["rule"],
            "verdict": found["verdict"],
            "ours": found["ours"].astype(int),
            "names permuted": [
                f"{row.mean:.1f} ({row.low:.0f} to {row.high:.0f})" for row in found.itertuples()
            ],
        }
    ).set_index("claims")


def chance_sentence(found: pd.DataFrame) -> str:
    """How far each rule's successes on Table 1's cells are from what permuted names give."""
    if found.empty:
        return "Not all networks of Table 1 have two trials on record, so chance is not counted."
    good = found[found["verdict"].isin([rules.REPRODUCED, *SETTLED])]
    cells = good[good["claims"].str.startswith("cells")].set_index("rule")
    said = [
        f"by the {rule} rule {row['ours']} of {row['of']} cells are {row['verdict']}, "
        f"{row['mean']:.1f} with names permuted"
        for rule, row in cells.iterrows()
    ]
    return f"{said[0][0].upper()}{said[0][1:]}; {said[1]}."


def shift_sentence(shift: verdicts.Shift | None) -> str:
    """What the one test of a common shift says."""
    if shift is None:
        return "Not all networks of Table 1 have two trials on record, so a shift is not tested."
    where = "above" if shift.mean > 0 else "below"
    found = (
        f"ours lie {where} the paper's as a whole"
        if shift.p <= rules.LEVEL
        else "no common shift is found"
    )
    mean, low, high = (signed(value, 2) for value in (shift.mean, shift.low, shift.high))
    return (
        f"Over the {shift.models} models of Table 1, {found}: Δ is on average {mean} of its "
        f"standard errors (95% interval {low} to {high}, {chapter.p_value(shift.p)})."
    )


def shifts(table: pd.DataFrame) -> pd.DataFrame:
    """Mean Δ over Table 1's cells, by quantity, and p of Student's test against 0."""
    cells = table[(table["section"] == "Table 1") & (table["kind"] == "number")]
    by_quantity = cells.groupby("quantity", sort=False)["delta"]
    found = by_quantity.agg(["mean", "min", "max"]).map(lambda value: signed(value, 4))
    found = found.rename_axis(None)
    p = by_quantity.agg(lambda delta: stats.ttest_1samp(delta, 0.0).pvalue)
    found["Student's test"] = ["" if math.isnan(one) else chapter.p_value(one) for one in p]
    names = {"mean": "mean Δ", "min": "smallest Δ", "max": "largest Δ"}
    return found.rename(index=lambda name: figures.QUANTITY[name][0], columns=names)


def spread_sentence(table: pd.DataFrame) -> str:
    """How many spreads over trials were compared, and of how many the F test says they differ."""
    tested = table["spread_p"].dropna()
    sure = int((tested <= rules.LEVEL).sum())
    return (
        f"Of {len(tested)} spreads over trials that could be compared, {sure} surely "
        f"{'differs' if sure == 1 else 'differ'}. Five "
        "trials a side tell only large differences of spread."
    )


def more_trials(profile: str, results_dir: Path | str) -> list[Record]:
    """What is on record of `MORE`, up to `MANY` trials each."""
    return experiment.get(MORE, MANY, profile=profile, results_dir=results_dir)


def with_more(ledger: Ledger, more: Sequence[Record]) -> pd.DataFrame:
    """Claims about `MORE`, and one network beside it at most, with more trials of these.

    Parameters
    ----------
    ledger : Ledger
        With as many trials as the page asks for.
    more : sequence of Record
        From `more_trials`.

    Returns
    -------
    pandas.DataFrame
        A row per claim, in the ledger's order and as to be read: `measured`, `paper`, `ours`,
        `verdict` and `to settle it` as in the ledger; with more trials `ours, more`, `95%` (the
        interval of Δ, of a comparison that of our difference; empty where the paper prints no
        error) and `verdict, more`. Empty if there are no more trials than in the ledger.
    """
    have = {record.run for record in ledger.records}
    if all(record.run in have for record in more):
        return pd.DataFrame()
    others = [record for record in ledger.records if not _of_more(record)]
    after = verdicts.ledger([*others, *more]).set_index("id")
    rows = []
    for claim in ledger.table.itertuples():
        names = set(claim.models.split())
        if claim.dataset != "synthetic" or not names & set(MORE) or len(names) > 2:
            continue
        now = after.loc[claim.id]
        rows.append(
            {
                "measured": figures.measured(claim),
                "paper": _three(claim.paper),
                "ours": _three(claim.ours),
                "verdict": claim.verdict,
                "to settle it": claim.trials_needed,
                "ours, more": _three(now["ours"]),
                "95%": _between(now["low"], now["high"]),
                "verdict, more": now["verdict"],
            }
        )
    return pd.DataFrame(rows)


def _of_more(record: Record) -> bool:
    return record.run.dataset == "synthetic" and record.run.model in MORE


def _three(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}".replace("-", "−")


def _between(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{signed(low, 3)} to {signed(high, 3)}"


def more_sentence(table: pd.DataFrame, more: Sequence[Record]) -> str:
    """Which verdicts more trials change, in words; from `with_more`."""
    if table.empty:
        return "Of no network are more trials on record than the page asks for."
    trials = " and ".join(
        f"{chapter.count(sum(r.run.model == name for r in more), 'trial')} of {MODELS[name].label}"
        for name in MORE
    )
    turned = table[table["verdict"] != table["verdict, more"]]
    said = "; ".join(
        f"{row.measured}, from {row.verdict} to {after}"
        for row, after in zip(turned.itertuples(), turned["verdict, more"], strict=True)
    )
    return (
        f"With {trials}, {len(turned)} of {len(table)} verdicts change"
        f"{': ' + said if said else ''}."
    )


def small_pools_sentence(table: pd.DataFrame) -> str:
    """How many of the numbers that are not settled are fractions of small pools."""
    own = table[~table["stand_in"] & (table["kind"] == "number")]
    unsettled = own[plain(own["verdict"]) == rules.INCONCLUSIVE]
    if unsettled.empty:
        return ""
    fractions = unsettled[unsettled["quantity"].isin(["match_any", "match_relevant"])]
    small = sum(set(models.split()) <= set(SMALL_POOLS) for models in fractions["models"])
    return (
        f"Of the {len(unsettled)} numbers among these, {small} "
        f"{'is a fraction' if small == 1 else 'are fractions'} of filters before small pools, "
        "which hold parts of motifs. Such a filter resembles a motif only in part, and the "
        "fraction hangs on where the line is drawn:"
    )


def near_the_cutoff(records: Iterable[Record]) -> pd.DataFrame:
    """Share of filters whose best match lies below each E-value; the last column, near 0.1."""
    small = [
        record
        for record in records
        if record.run.model in SMALL_POOLS and record.run.dataset == "synthetic"
    ]
    if not small:
        return pd.DataFrame()
    curve = measures.match_curve(small).rename_axis(None).round(3)
    named = {cutoff: f"E ≤ {cutoff:g}" for cutoff in curve.columns[:-1]}
    return curve.rename(columns=named | {"near": "0.05 < E ≤ 0.2"})


def near_sentence(curve: pd.DataFrame) -> str:
    """That no single cut-off tells whole motifs from parts, with the shares that say so."""
    if curve.empty:
        return ""
    near = curve.iloc[:, -1]
    return (
        f"In these networks {near.min():.0%} to {near.max():.0%} of the filters (on average "
        f"{near.mean():.0%}) have their best match between E = 0.05 and 0.2, so a small change in "
        "how filters are read moves many of them over the cut-off of 0.1."
    )


def sections(table: pd.DataFrame) -> HTML:
    """All claims, a section at a time, each to be opened."""
    parts = []
    for section, rows in table.groupby("section", sort=False):
        found = plain(rows["verdict"]).value_counts()
        told = ", ".join(f"{word} {found[word]}" for word in rules.VERDICTS if word in found)
        shown = figures.ledger_table(rows, f"Claims: {section}").data
        parts.append(
            f'<details class="claims"><summary><b>{section}</b>: {told}</summary>{shown}</details>'
        )
    return HTML("".join(parts))


def download(ledger: Ledger) -> HTML:
    """A link to the whole ledger as CSV, with the runs behind each value."""
    made_by = [_runs_of_claim(claim, ledger) for claim in ledger.table.to_dict("records")]
    table = ledger.table.assign(runs=made_by).to_csv(index=False)
    data = base64.b64encode(table.encode()).decode()
    return HTML(
        f'<p><a download="ledger.csv" href="data:text/csv;base64,{data}">The whole ledger as CSV'
        "</a>, with intervals, rules, and the runs behind each value of ours.</p>"
    )


def _runs_of_claim(claim: Mapping, ledger: Ledger) -> str:
    """The runs behind a claim; of a change of the training, both sides."""
    if claim["rule"] != "moves":
        return runs_of_claim(claim, ledger.records)
    bare = " ".join(place.partition("+")[0] for place in claim["models"].split())
    return runs_of_claim({**claim, "models": bare}, [*ledger.records, *ledger.ladder])
