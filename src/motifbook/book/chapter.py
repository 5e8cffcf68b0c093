"""What a chapter needs besides plots: its records, and words that follow from numbers.

No sentence about our results is typed: it is put together here, or shown as a verdict, so that it
holds whatever is on record.
"""

from __future__ import annotations

import html
import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from motifbook.book import figures
from motifbook.book.provenance import Markup, provenance
from motifbook.networks.architectures import MODELS, Architecture, choose
from motifbook.networks.protocols import with_jaspar
from motifbook.paper import rules, verdicts
from motifbook.records import experiment, runs, store
from motifbook.records.runs import Record, Run
from motifbook.sequences import catalogue


@dataclass(frozen=True, eq=False)
class Gathered:
    """The runs that a chapter asked for, and those of them that are on record."""

    wanted: tuple[Run, ...]
    records: tuple[Record, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The models asked for, in the chapter's order, on record or not."""
        return tuple(dict.fromkeys(run.model for run in self.wanted))

    @property
    def own(self) -> tuple[Architecture, ...]:
        """Those of them that are the reader's own networks."""
        return tuple({run.model: run.own for run in self.wanted if run.own}.values())

    def of(self, *models: str) -> list[Record]:
        """The records of these models."""
        return [record for record in self.records if record.run.model in models]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per run: `runs.table` of the first layer."""
        return runs.table(self.records)

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """Our means beside the paper's: `verdicts.compare`."""
        return verdicts.compare(self.records)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """The paper's claims, judged by these records alone: `verdicts.ledger`.

        Networks of the reader's own have no part in it.
        """
        return verdicts.ledger([record for record in self.records if not record.run.own])

    @cached_property
    def verdicts(self) -> pd.Series:
        """The ledger's verdicts by the id of the claim."""
        return self.ledger.set_index("id")["verdict"]

    def answer(self, *claims: str) -> str:
        """Whether the paper's answer to the chapter's question is ours: `answer` of the ledger."""
        return answer(self.ledger, *claims)

    def mean_sd(self, model: str, quantity: str = "match_relevant", decimals: int = 3) -> str:
        """A model's mean and spread over trials in a column of `table`, in words."""
        return mean_sd(self.table.loc[self.table["model"] == model, quantity], decimals)

    def first(self, model: str) -> Record | None:
        """The record of a model's first trial, or None where it is not on record."""
        return next((r for r in self.of(model) if r.run.trial == 1), None)

    @property
    def so_far(self) -> str:
        """A sentence on how many runs there are, empty where none is missing."""
        if len(self.records) == len(self.wanted):
            return ""
        return f"So far {len(self.records)} of {len(self.wanted)} runs are on record."

    def made_from(self, *models: str, trial: int | None = None) -> Markup:
        """The line that says which runs a figure or table was made from.

        Parameters
        ----------
        *models : str
            Those that it shows; all by default.
        trial : int, optional
            The one trial that it shows; all by default.
        """

        def shows(run: Run) -> bool:
            return run.model in (models or self.models) and trial in (None, run.trial)

        found = [record for record in self.records if shows(record.run)]
        return provenance(found, wanted=sum(map(shows, self.wanted)))

    def show(self, shown: object, *models: str, trial: int | None = None) -> None:
        """Show a figure or table with the line of `made_from` below it, as a cell's last line.

        Parameters
        ----------
        shown : Figure, Axes, DataFrame or anything that a notebook displays
            As in the module's `show`.
        *models, trial
            As in `made_from`.
        """
        show(shown, self.made_from(*models, trial=trial))

    def show_own(self) -> None:
        """Show the first layer's filters of each network of the reader's own: its first trial."""
        for row in self.own:
            display(Markdown(f"Network of yours: first-layer filters of **{row.name}**, trial 1."))
            self.show(figures.logo_grid(self.first(row.name)), row.name, trial=1)


def made_from(*pages: Gathered) -> Markup:
    """The line below a figure or table made from the runs of several pages."""
    wanted = {run for page in pages for run in page.wanted}
    return provenance([record for page in pages for record in page.records], len(wanted))


def gather(
    own: Sequence[str | Architecture],
    models: str = "all",
    trials: str | int = 5,
    *,
    profile: str = "paper",
    dataset: str = "synthetic",
    protocol: str = "as-run",
    missing: str = "skip",
    results_dir: Path | str | None = None,
    jaspar: str | int | None = None,
    yours: bool = False,
) -> Gathered:
    """Records of those of a chapter's own models that the parameter `models` names.

    Parameters
    ----------
    own : sequence of str or Architecture
        The models that the chapter is about, in its order; names that are none are left out.
    models, trials, profile, dataset, protocol, missing, results_dir
        As in `experiment.get`, but "all" are the chapter's own. Models of other chapters are no
        error: they are left out.
    jaspar : str, optional
        Another release than the protocol's to match filters with.
    yours : bool
        Whether the chapter takes networks of the reader's own; they come after the chapter's.

    Raises
    ------
    ValueError
        For a parameter that names nothing, or for a network of the reader's own where the chapter
        takes none.
    store.MissingRunError
        With `missing="error"`.
    """
    # The parameters are checked even if none of the models is ours.
    named = choose(models)
    mine = [one if isinstance(one, Architecture) else MODELS.get(one) for one in own]
    book = [row for row in mine if row]
    others = [row for row in named if row.own and row not in book]
    if others and not yours:
        raise ValueError(
            f"network {others[0].name} is one of yours, and this page is about the book's; "
            "max-pooling and in-vivo take others"
        )
    name, _ = catalogue.parse_dataset(dataset)
    runs.wanted(models, trials, profile=profile)
    store.open_results(results_dir, missing)
    every = str(models).strip() == "all"
    chosen = [row for row in book if every or row in named] + others
    if not chosen:
        return Gathered((), ())
    how = {"profile": profile, "protocol": with_jaspar(protocol, jaspar)}
    found = experiment.get(
        chosen, trials, **how, dataset=dataset, missing=missing, results_dir=results_dir
    )
    return Gathered(tuple(runs.wanted(chosen, trials, dataset=name, **how)), tuple(found))


def show(shown: object, line: Markup) -> None:
    """Show a figure or table, and below it the line that says what it was made from.

    In the book the line stands below the caption (`motifbook.book.sphinx_extension` sees to it).

    Parameters
    ----------
    shown : Figure, Axes, DataFrame or anything that a notebook displays
        A figure is closed. Of a table without rows, or None, only the line is shown, which says
        "Not yet run"; the functions of `figures` draw such words themselves.
    line : Markup
        Such as `provenance.provenance` or `provenance.computed_from` returns.
    """
    if isinstance(shown, Figure | Axes):
        shown = figures.show(shown)
    if isinstance(shown, pd.DataFrame):
        shown = None if shown.empty else _with_minus(with_thousands(shown))
    if shown is not None:
        display(shown)
    display(line)


def with_thousands(table: pd.DataFrame) -> pd.DataFrame:
    """The table, or a copy whose counts of a thousand or more are as in the prose: 1,000."""

    def written(value: object) -> object:
        if isinstance(value, int | np.integer) and abs(int(value)) >= 1000:
            return f"{value:,}"
        return value

    shown = table.map(written)
    return table if shown.equals(table) else shown


def _with_minus(table: pd.DataFrame) -> object:
    """The table, or a copy as pandas shows it whose negative numbers have a minus, no hyphen."""
    hyphen = r"(?<![\w.-])-(?=\d)|(?<=\de)-"
    shown = table._repr_html_(), str(table)
    page, text = (re.sub(hyphen, "−", one) for one in shown)
    return table if (page, text) == shown else Markup(page, text)


def mean_sd(values: Iterable[float], decimals: int = 3) -> str:
    r"""Mean and population standard deviation over trials, as the paper prints them.

    Examples
    --------
    >>> mean_sd([0.9, 1.0])
    '0.950\xa0±\xa00.050'
    >>> mean_sd([0.9])
    '0.900'
    """
    values = np.array([value for value in values if not math.isnan(value)])
    if not len(values):
        return "not yet run"
    mean = f"{np.mean(values):.{decimals}f}"
    return f"{mean}\u00a0±\u00a0{np.std(values):.{decimals}f}" if len(values) > 1 else mean


def p_value(p: float) -> str:
    """A p-value in words, to two digits.

    Examples
    --------
    >>> p_value(0.0149), p_value(8.8e-05)
    ('p = 0.015', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def count(number: int, noun: str) -> str:
    """How many of something there are.

    Examples
    --------
    >>> count(1, "run"), count(1200, "run")
    ('1 run', '1,200 runs')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def signed(value: float, decimals: int = 2) -> str:
    """A number with its sign, which is a minus and no hyphen; zero has a plus.

    Examples
    --------
    >>> signed(-0.25), signed(-0.001)
    ('−0.25', '+0.00')
    """
    return f"{round(value, decimals) + 0.0:+.{decimals}f}".replace("-", "−")


_SAID = {
    rules.EQUIVALENT: "holds",
    rules.HOLDS: "holds",
    rules.DIFFERENT: "does not hold",
    rules.FAILS: "does not hold",
    rules.INCONCLUSIVE: "is inconclusive",
    rules.NOT_RUN: "waits for runs",
    rules.UNTESTABLE: "cannot be tested",
}


def answer(ledger: pd.DataFrame, *claims: str) -> str:
    """Whether the paper's answer to a question is ours, by the claims that it rests on.

    It *holds* if every claim does; *in part* if one does and another does not or is not settled;
    it *does not hold* if none does and one is against it; else it is *not settled*.

    Parameters
    ----------
    ledger : DataFrame
        From `verdicts.ledger`.
    *claims : str
        Identifiers of claims in it.

    Raises
    ------
    KeyError
        For a claim that the ledger does not have.
    """
    rows = ledger.set_index("id").loc[list(claims)]
    verdicts = rows["verdict"].str.removesuffix(rules.PROVISIONAL).map(_SAID)
    found = {said: int((verdicts == said).sum()) for said in dict.fromkeys(_SAID.values())}
    if found["holds"] == len(verdicts):
        whole = "the paper's answer holds"
    elif found["holds"]:
        whole = "the paper's answer holds in part"
    elif found["does not hold"]:
        whole = "the paper's answer does not hold"
    else:
        whole = "not settled"
    counts = [f"{count} {_verb(said, count)}" for said, count in found.items() if count]
    them = "the claim" if len(verdicts) == 1 else f"the {len(verdicts)} claims"
    addresses = ", ".join(
        f'<a href="ledger.html#claim-{claim}">{number}</a>'
        for number, claim in enumerate(claims, start=1)
    )
    return f"**Ours: {whole}.** Of {them} that it rests on ({addresses}), {', '.join(counts)}."


def _verb(said: str, count: int) -> str:
    """The predicate of one claim, or of more than one."""
    if count == 1:
        return said
    first, _, rest = said.partition(" ")
    plural = {"holds": "hold", "does": "do", "is": "are", "waits": "wait", "cannot": "cannot"}
    return f"{plural[first]} {rest}".strip()


def tally(ledger: pd.DataFrame) -> str:
    """How many claims of a ledger have each verdict, provisional ones included, in words."""
    verdicts = ledger["verdict"].str.removesuffix(rules.PROVISIONAL)
    found = {verdict: int((verdicts == verdict).sum()) for verdict in rules.VERDICTS}
    return ", ".join(f"{verdict} {number}" for verdict, number in found.items() if number)


def provisional(ledger: pd.DataFrame) -> str:
    """A sentence on how many verdicts of a ledger rest on too few trials."""
    early = ledger["verdict"].str.endswith(rules.PROVISIONAL).sum()
    if not early:
        return "At least three trials stand behind each verdict."
    return (
        f"{early} of these verdicts {'is' if early == 1 else 'are'} provisional, because fewer "
        "than three trials stand behind them."
    )


LOST = 0.1
"""How far below the median of its model's trials the AUROC of a TF is that a trial has lost."""


def lost(records: Iterable[Record]) -> str:
    """Which trials have all but lost a TF, in words; empty where none has.

    One such TF moves the mean of a trial by a hundredth and more, and so the mean ± error of a
    model.
    """
    cases = runs.per_class(records)
    usual = cases.groupby(["model", "tf"])["auroc"].transform("median")
    cases = cases[cases["auroc"] < usual - LOST]
    if cases.empty:
        return ""
    cases = cases.assign(
        words=[f"{c.tf} {c.auroc:.3f} in trial {c.trial}" for c in cases.itertuples()]
    )
    found = [
        f"{label} ({', '.join(rows['words'])})"
        for label, rows in cases.groupby("label", sort=False)
    ]
    return (
        f"A single TF can widen an error. In these trials one has an AUROC more than {LOST} below "
        f"the median of its model's trials: {'; '.join(found)}."
    )


def trend(values: Iterable[float]) -> str:
    """In words, how a quantity goes from one setting to the next; NaN stands for no run.

    Examples
    --------
    >>> trend([1.0, 2.0, 3.0])
    'rises at every step'
    >>> trend([3.0, 1.0, 2.0])
    'falls in all, but not at every step'
    """
    values = [value for value in values if not math.isnan(value)]
    if len(values) < 2:
        return "cannot be told yet"
    whole = values[-1] - values[0]
    if whole == 0:
        return "ends where it began"
    word, sign = ("rises", 1) if whole > 0 else ("falls", -1)
    if all(sign * (b - a) > 0 for a, b in itertools.pairwise(values)):
        return f"{word} at every step" if len(values) > 2 else word
    return f"{word} in all, but not at every step"


def takeaway(*points: str) -> Markup:
    """The box at a chapter's end: what was learned, in a few points of plain text."""
    items = "".join(f"<li><p>{html.escape(point)}</p></li>" for point in points)
    return Markup(
        '<div class="tip admonition"><p class="admonition-title">In short</p>'
        f'<ul class="simple">{items}</ul></div>',
        "\n".join(["In short", *(f"- {point}" for point in points)]),
    )
