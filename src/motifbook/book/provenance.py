"""Which runs made it: the line under each figure and table, and the page of all records."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from motifbook.networks.architectures import MODELS
from motifbook.records.runs import Record, Run
from motifbook.records.store import Envelope
from motifbook.sequences.datasets import Dataset

PAGE = "runs.html"
# More models than this would make the line longer than what it stands under.
MOST_NAMED = 6


@dataclass(frozen=True)
class Markup:
    """Something to show: HTML for a page, plain text for a terminal and a test."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def anchor(run: Run, *, model: bool = True) -> str:
    """The HTML id, on the page of all records, of a run's model or (model=False) of its table."""
    names = [run.dataset, run.protocol, run.profile] + [run.model] * model
    return re.sub(r"[^\w.-]+", "-", "-".join(names))


def provenance(records: Iterable[Record], wanted: int | None = None) -> Markup:
    """The line "Made from N runs", with links to their records.

    Parameters
    ----------
    records : iterable of Record
        What the figure or table was made from.
    wanted : int, optional
        How many runs it should have been made from; the line then says "12 of 15 runs".

    Returns
    -------
    Markup
        An HTML paragraph of class `provenance`; as text, the same line without links.
    """
    found = sorted({r.run: r.label for r in records}.items(), key=lambda item: _place(item[0]))
    of = "" if wanted is None or wanted == len(found) else f" of {wanted}"
    if not found:
        text = f"Not yet run: made from 0{of} runs."
        return Markup(f'<p class="provenance">{text}</p>', text)
    linked, plain = [], []
    for key, group in groupby(found, lambda item: _table_of(item[0])):
        link, name = _named(list(group))
        linked.append(f"{html.escape(', '.join(key))}: {link}")
        plain.append(f"{', '.join(key)}: {name}")
    start = f"Made from {len(found)}{of} run{'s' * (len(found) > 1 or bool(of))} ("
    others = {run.dataset for run, _ in found} - {"synthetic", "deepsea"}
    end = "). Not the paper's data." if others else ")."
    return Markup(
        f'<p class="provenance">{start}{"; ".join(linked)}{end}</p>',
        f"{start}{'; '.join(plain)}{end}",
    )


def computed_from(dataset: Dataset) -> Markup:
    """The line of a figure or table that needs no run: which simulated dataset it was made from."""
    config = dataset.config
    text = (
        f"Computed from the {dataset.name} data: {config['number']:,} sequences, "
        f"{config['protocol']}, seed {config['seed']} (configuration {dataset.fingerprint[:8]})."
    )
    return Markup(f'<p class="provenance">{html.escape(text)}</p>', text)


def described(name: str, record: Envelope | None, command: str = "") -> Markup:
    """The line of a figure or table about real data, from their record (`baselines.get`).

    Without a record it names the `command` that makes one.
    """
    if record is None:
        command = command or f"motifbook describe {name}"
        text = f"Not on record yet; put it there with: {command}"
    else:
        text = (
            f"From the record of the data, {name}/dataset.json "
            f"(configuration {record.configuration_sha256[:8]})."
        )
    return Markup(f'<p class="provenance">{html.escape(text)}</p>', text)


def kept(place: str, record: Envelope | None, command: str) -> Markup:
    """The line of a figure or table made from one record that is not of a run.

    Parameters
    ----------
    place : str
        Where it lies among the results.
    record : Envelope or None
        None where it is not on record.
    command : str
        What puts it there.
    """
    if record is None:
        text = f"Not on record yet; put it there with: {command}"
    else:
        text = f"From the record {place} (configuration {record.configuration_sha256[:8]})."
    return Markup(f'<p class="provenance">{html.escape(text)}</p>', text)


def runs_of_claim(claim: Mapping, records: Iterable[Record]) -> str:
    """The runs that a claim's value of ours was made from, by name: empty where there is none.

    Parameters
    ----------
    claim : mapping
        A row of `paper.ledger`: its `dataset`, `trials`, `models` and `than`.
    records : iterable of Record
        What the ledger was made from.

    Returns
    -------
    str
        Such as "synthetic/as-run/paper/cnn-25: 1-5; synthetic/as-run/paper/cnn-50: 1-3,5".
    """
    if not claim["trials"]:
        return ""
    places = f"{claim['models']} {claim['than']}".split()
    models = {place.partition("@")[0] for place in places}
    asked = (record.run for record in records if record.run.model in models)
    found = sorted({run for run in asked if run.dataset == claim["dataset"]}, key=_place)
    return "; ".join(
        f"{'/'.join(folder)}: {_ranges([run.trial for run in group])}"
        for folder, group in groupby(found, lambda run: (*_table_of(run), run.model))
    )


def _ranges(numbers: list[int]) -> str:
    """Ascending whole numbers, neighbours drawn together: "1-3,5"."""
    # Within a run of neighbours a number less its place in the list stays the same.
    groups = groupby(enumerate(numbers), lambda item: item[1] - item[0])
    spans = [[number for _, number in group] for _, group in groups]
    return ",".join(f"{s[0]}-{s[-1]}" if len(s) > 1 else f"{s[0]}" for s in spans)


def _place(run: Run) -> tuple:
    """Sorts runs by table, then as the paper lists the models, the reader's last, then by trial."""
    place = list(MODELS).index(run.model) if run.model in MODELS else len(MODELS)
    return *_table_of(run), place, run.model, run.trial


def _table_of(run: Run) -> tuple[str, str, str]:
    return run.dataset, run.protocol, run.profile


def _named(found: list[tuple[Run, str]]) -> tuple[str, str]:
    """Runs of one table as links to their models, and as text."""
    models = {run.model: label for run, label in found}
    if len(models) > MOST_NAMED:
        name = f"{len(found)} runs of {len(models)} models"
        return f'<a href="{PAGE}#{anchor(found[0][0], model=False)}">{name}</a>', name
    links, names = [], []
    for model, label in models.items():
        runs = [run for run, _ in found if run.model == model]
        name = f"{label} × {len(runs)}"
        links.append(f'<a href="{PAGE}#{anchor(runs[0])}">{html.escape(name)}</a>')
        names.append(name)
    return ", ".join(links), ", ".join(names)


def catalogue(records: Iterable[Record]) -> Markup:
    """Every record, one row each: a table per dataset, protocol and profile, with anchors.

    Hardware and versions are the same for many, so each combination is described once, above the
    tables, and named there by its number.

    Returns
    -------
    Markup
        As text, one line per record: run, AUROC and the configuration's hash.
    """
    records = sorted(records, key=lambda record: _place(record.run))
    if not records:
        return Markup("<p>No runs are on record.</p>", "No runs are on record.")
    makers = {text: i for i, text in enumerate(dict.fromkeys(map(_maker, records)), start=1)}
    parts = ["<ol>"]
    parts += [f'<li id="made-by-{i}">{html.escape(text)}</li>' for text, i in makers.items()]
    parts.append("</ol>")
    for key, group in groupby(records, lambda record: _table_of(record.run)):
        rows = list(group)
        name = anchor(rows[0].run, model=False)
        parts.append(f'<h2 id="{name}">{html.escape(" · ".join(key))}</h2>')
        parts.append(f"<p>Files in <code>results/{html.escape('/'.join(key))}/</code>.</p>")
        parts.append(_rows(rows, makers))
    text = "\n".join(
        f"{record.run} AUROC {record.auroc:.3f} {record.configuration_sha256[:12]}"
        for record in records
    )
    return Markup("\n".join(parts), text)


def _rows(records: list[Record], makers: dict[str, int]) -> str:
    rows, seen = [], set()
    for record in records:
        run, maker = record.run, makers[_maker(record)]
        label = html.escape(record.label)
        rows.append(
            {
                "model": label if run.model in seen else f'<span id="{anchor(run)}">{label}</span>',
                "record": f"<code>{run.model}/trial-{run.trial}.json</code>",
                "AUROC": f"{record.auroc:.3f}",
                "epochs": record.epochs,
                "seconds": f"{record.seconds:.0f}",
                "made by": f'<a href="#made-by-{maker}">{maker}</a>',
                "configuration": f"<code>{record.configuration_sha256[:8]}</code>",
            }
        )
        seen.add(run.model)
    return pd.DataFrame(rows).to_html(index=False, escape=False, border=0, justify="left")


def _maker(record: Record) -> str:
    """Hardware, backend, precision and versions, as one line."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.versions.items()))
    return f"{record.hardware}; {record.backend}, {record.precision}; {versions}"
