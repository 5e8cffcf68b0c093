"""Does the verdict depend on the database? The PPMs on record, matched with other releases.

Nothing is trained and no filter is read again: the trimmed PPMs of the run records are compared
with every JASPAR release that pyjaspar ships, and with their own columns in random order beside
them (the null of `yardsticks.null`). A *reading* is a release and a threshold of E; the paper's is
JASPAR 2016 at E ≤ 0.1. E is p times the number of motifs, so that the same threshold is stricter
in a larger release.

The rule, written before any number was looked at
-------------------------------------------------
- A comparison of the paper **stands** if the second rule of `paper.rules` gives it the same verdict
  in every reading; it **flips** if one reading says "holds" and another "does not hold"; otherwise
  it **wavers**.
- A count (filters that match any motif, or a relevant one; as it is, or less the shuffled rate)
  **survives releases** if at E ≤ 0.1 no network's mean moves by more than 0.10 from JASPAR 2016,
  the ledger's margin of a fraction; and **thresholds** if in JASPAR 2016 none does from E ≤ 0.1.
- A network holds whole motifs by a count if the count is above one half. That **survives** if it is
  the same in every reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from msgspec import Meta, Struct, convert, structs, to_builtins

from motifbook.motifs import matrices, tomtom
from motifbook.motifs.matrices import Motif
from motifbook.networks.architectures import MODELS
from motifbook.networks.protocols import parse_profile
from motifbook.paper import rules, verdicts
from motifbook.records import experiment, runs, store
from motifbook.records.runs import Record
from motifbook.records.store import Envelope, Fraction, Number
from motifbook.yardsticks import null

RELEASES = (2016, 2018, 2020, 2022, 2024, 2026)
THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
SHUFFLES = 2
"""Random orders of each filter: three hundred and more for the five trials of a network."""
PAPERS = (2016, experiment.EVALUE)
"""The paper's reading."""
TAKEN = 0.1
"""Of the shuffled filters: a motif that matches as many says nothing of a filter."""
OPEN = 0.25
"""Bits: a column with less is nearly any base."""
MARGIN = rules.LIMITS["match_any"][1]
HALF = 0.5

COUNTS = {
    "any motif": ("match_any", None),
    "a relevant motif": ("match_relevant", None),
    "any motif, less shuffled": ("match_any", "shuffled_any"),
    "a relevant motif, less shuffled": ("match_relevant", "shuffled_relevant"),
}
"""What a count is called: the fraction that it is, and the one it is less."""

STANDS, WAVERS, FLIPS = "stands", "wavers", "flips"


class Taker(Struct, frozen=True, kw_only=True):
    """A motif that many filters match when their columns are shuffled: share of these filters."""

    target: str
    name: str
    width: Number
    share: Fraction


class Release(Struct, frozen=True, kw_only=True):
    """A JASPAR release: its number of motifs, their mean width (nt), those that are relevant.

    `open` is the share of its motifs' columns with less than `OPEN` bits. `takers` are the motifs
    that at least `TAKEN` of the shuffled filters match at the paper's threshold, those of each
    network's first trial counted.
    """

    release: Number
    targets: Number
    width: float
    open: Fraction
    relevant: dict[str, tuple[str, ...]]
    takers: tuple[Taker, ...] = ()


class Reading(Struct, frozen=True, kw_only=True):
    """Match fractions of one run's first layer in one release: one number a threshold."""

    model: str
    trial: Number
    release: Number
    match_any: tuple[Fraction, ...]
    match_relevant: tuple[Fraction, ...]
    shuffled_any: tuple[Fraction, ...]
    shuffled_relevant: tuple[Fraction, ...]


FRACTIONS = Reading.__struct_fields__[3:]


class Databases(Envelope, frozen=True, kw_only=True, eq=False):
    """The readings on record.

    Raises
    ------
    ValueError
        If a reading has not one number for each threshold.
    """

    kind: Annotated[str, Meta(pattern="^databases$")] = "databases"
    releases: Annotated[tuple[Release, ...], Meta(min_length=1)]
    thresholds: Annotated[tuple[float, ...], Meta(min_length=1)]
    rows: Annotated[tuple[Reading, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        Envelope.__post_init__(self)
        for place, row in enumerate(self.rows):
            for name in FRACTIONS:
                if (found := len(getattr(row, name))) != len(self.thresholds):
                    raise ValueError(
                        f"rows[{place}].{name} has {found} numbers, expected "
                        f"{len(self.thresholds)}, one a threshold"
                    )

    def contradictions(self) -> Iterator[store.Contradiction]:
        releases = [one.release for one in self.releases]
        yield from store.repeated("releases", releases)
        if list(self.thresholds) != sorted(set(self.thresholds)):
            yield "thresholds", list(self.thresholds), "each once, least first"
        places = [(row.model, row.trial, row.release) for row in self.rows]
        yield from store.repeated("rows", places)
        for at, row in enumerate(self.rows):
            if row.release not in releases:
                yield f"rows[{at}].release", row.release, f"one of {releases}"
            for kind in ("match", "shuffled"):
                every, relevant = (getattr(row, f"{kind}_{what}") for what in ("any", "relevant"))
                yield from store.above(f"rows[{at}].{kind}_relevant", relevant, every)
                if list(every) != sorted(every):
                    yield f"rows[{at}].{kind}_any", list(every), "no less at a larger threshold"

    @property
    def table(self) -> pd.DataFrame:
        """One row per run, release and threshold: `model`, `trial`, ..., and the four fractions."""
        rows = [
            {"model": row.model, "trial": row.trial, "release": row.release, "evalue": threshold}
            | {name: getattr(row, name)[number] for name in FRACTIONS}
            for row in self.rows
            for number, threshold in enumerate(self.thresholds)
        ]
        return pd.DataFrame(rows)


def reread(
    records: Iterable[Record],
    releases: Sequence[int] = RELEASES,
    thresholds: Sequence[float] = THRESHOLDS,
    shuffles: int = SHUFFLES,
) -> Databases:
    """Match the first-layer PPMs on record, as they are and shuffled, with other releases.

    Parameters
    ----------
    records : iterable of Record
        Of the synthetic data, one protocol and one profile.
    releases : sequence of int
        Years.
    thresholds : sequence of float
        Largest E-values of a match.
    shuffles : int
        Random orders of each filter's columns.

    Raises
    ------
    ValueError
        Without records or thresholds, if the records are of several settings, or if pyjaspar lacks
        a release.
    """
    records = list(records)
    settings = {(r.dataset, r.protocol, r.profile) for r in records}
    if len(settings) != 1:
        found = ", ".join("/".join(one) for one in sorted(settings)) or "no record"
        raise ValueError(f"records of one dataset, protocol and profile expected, found {found}")
    if not thresholds:
        raise ValueError("a threshold of E is expected, found none")
    own = {_place(r): [_as_matched(r, i) for i in range(_filters(r))] for r in records}
    mixed = {
        _place(r): [
            Motif(f"{_place(r)}/{one.id}", "", one.ppm, one.nsites)
            for one in null.in_random_order(r, r.layer(1), shuffles)
        ]
        for r in records
    }
    described, rows = [], []
    for release in releases:
        targets, relevant = matrices.jaspar(release), matrices.relevant_in(release)
        counting = {id_ for ids in relevant.values() for id_ in ids}
        queries = [motif for group in (own, mixed) for motifs in group.values() for motif in motifs]
        matches = tomtom.match(queries, targets, max(thresholds))
        best = _best(matches, counting)
        first = [motif.id for r in records if r.trial == 1 for motif in mixed[_place(r)]]
        described.append(
            {"release": release, **describe(targets), "relevant": relevant}
            | {"takers": takers(matches, first, targets)}
        )
        for record in records:
            row = {"model": record.model, "trial": record.trial, "release": release}
            for kind, group in (("match", own), ("shuffled", mixed)):
                mine = best.loc[[motif.id for motif in group[_place(record)]]]
                for which in ("any", "relevant"):
                    row[f"{kind}_{which}"] = [_share(mine[which], t) for t in thresholds]
            rows.append(row)
    ((dataset, protocol, profile),) = settings
    configuration = {
        "dataset": dataset,
        "protocol": protocol,
        "profile": profile,
        "collection": "CORE",
        "tax_group": "vertebrates",
        "releases": list(releases),
        "thresholds": list(thresholds),
        "shuffles": shuffles,
        "seed": 0,
    }
    made = store.envelope(configuration, "memelite", "numpy", "pyjaspar")
    data = {**made, "releases": described, "thresholds": list(thresholds), "rows": rows}
    return convert(to_builtins(data), Databases)


def _place(record: Record) -> str:
    return f"{record.model}/{record.trial}"


def _filters(record: Record) -> int:
    return len(record.layer(1).filters)


def _as_matched(record: Record, number: int) -> Motif:
    """A first-layer filter on record, as it was matched."""
    ppm = record.layer(1).filters[number].trimmed
    return Motif(f"{_place(record)}/{number}", "", ppm, float(len(ppm)))


def _best(matches: tomtom.Matches, counting: set[str]) -> pd.DataFrame:
    """Least E of each query over all targets (`any`) and over those that count (`relevant`)."""
    hits = matches.hits
    least = {
        "any": hits.groupby("query")["e_value"].min(),
        "relevant": hits[hits["target"].isin(counting)].groupby("query")["e_value"].min(),
    }
    return pd.DataFrame(least, index=list(matches.queries)).fillna(np.inf)


def describe(targets: Sequence[Motif]) -> dict:
    """How many motifs a release has, their mean width, and how many of their columns are open."""
    bits = np.concatenate([matrices.information(motif.ppm) for motif in targets])
    width = round(len(bits) / len(targets), 2)
    return {"targets": len(targets), "width": width, "open": round(float(np.mean(bits < OPEN)), 4)}


def takers(
    matches: tomtom.Matches, shuffled: Sequence[str], targets: Sequence[Motif]
) -> list[Taker]:
    """Motifs that at least `TAKEN` of these queries match at the paper's threshold, most first."""
    hits = matches.hits
    mine = hits[hits["query"].isin(shuffled) & (hits["e_value"] <= PAPERS[1])]
    by_id = {motif.id: motif for motif in targets}
    found = []
    for target, number in mine["target"].value_counts().items():
        share = float(f"{number / len(shuffled):.6g}")
        if share >= TAKEN:
            one = by_id[str(target)]
            found.append(Taker(target=one.id, name=one.name, width=one.width, share=share))
    return found


def _share(least: pd.Series, threshold: float) -> float:
    """Part of the queries that match at a threshold, to six digits, as a run's record has it."""
    return float(f"{(least <= threshold).mean():.6g}")


# --- On record --------------------------------------------------------------------------------


def path(profile: str = "paper", results_dir: Path | str | None = None) -> Path:
    """Where the readings of a profile's runs lie."""
    folder = store.results_folder(results_dir) / "synthetic" / "as-run"
    return folder / parse_profile(profile).name / "databases.json"


def write(records: Iterable[Record], results_dir: Path | str | None = None) -> Path:
    """Compute `reread` and keep it, whole or not at all."""
    made = reread(records)
    return store.save(path(made.configuration["profile"], results_dir), made)


def load(profile: str = "paper", results_dir: Path | str | None = None) -> Databases:
    """The readings on record.

    Raises
    ------
    FileNotFoundError
        If there are none.
    store.RecordError
        If the file is not a whole record of them.
    """
    return store.load(path(profile, results_dir), Databases)


def get(
    models: str | Iterable[str] = "all",
    trials: str | int = 5,
    *,
    profile: str = "paper",
    missing: str = "skip",
    results_dir: Path | str | None = None,
) -> Databases | None:
    """The readings on record of the runs that these parameters name; None where there are none.

    With `missing="train"` they are made where the file is missing, of runs that are made too.

    Raises
    ------
    ValueError
        For a parameter that names nothing, or if there is no run to read.
    store.MissingRunError
        With `missing="error"`.
    store.RecordError
        For a record that cannot be trusted.
    """
    asked = runs.wanted(models, trials, profile=profile)
    store.open_results(results_dir, missing)
    file = path(profile, results_dir)
    if not file.exists():
        if not store.makes(missing, f"{file}: no readings of other databases"):
            return None
        found = experiment.get(
            models, trials, profile=profile, missing=missing, results_dir=results_dir
        )
        write(found, results_dir)
    read = load(profile, results_dir)
    named = {(run.model, run.trial) for run in asked}
    rows = tuple(row for row in read.rows if (row.model, row.trial) in named)
    return structs.replace(read, rows=rows) if rows else None


# --- By the rule ------------------------------------------------------------------------------


def claims(table: pd.DataFrame) -> pd.DataFrame:
    """The paper's comparisons of first layers, judged in every reading.

    Parameters
    ----------
    table : DataFrame
        `Databases.table`.

    Returns
    -------
    DataFrame
        One row per claim and reading: `id`, `release`, `evalue`, `verdict`.
    """
    rows = []
    for (release, evalue), mine in table.groupby(["release", "evalue"]):
        other = mine["match_any"] - mine["match_relevant"]
        mine = mine.assign(match_other=other.round(9)).sort_values("trial")
        values = {
            (quantity, model): one[quantity].to_numpy()
            for model, one in mine.groupby("model")
            for quantity in rules.FRACTIONS
        }
        for id_, verdict in verdicts.comparisons(values).items():
            rows.append({"id": id_, "release": release, "evalue": evalue, "verdict": verdict})
    return pd.DataFrame(rows, columns=["id", "release", "evalue", "verdict"])


def fate(found: Iterable[str]) -> str:
    """What becomes of a comparison, from its verdicts in all readings.

    Examples
    --------
    >>> fate(["holds", "holds"]), fate(["holds", "inconclusive"]), fate(["holds", "does not hold"])
    ('stands', 'wavers', 'flips')
    """
    words = set(found)
    if len(words) == 1:
        return STANDS
    return FLIPS if {rules.HOLDS, rules.FAILS} <= words else WAVERS


def means(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over trials of each count, one row per network, release and threshold."""
    counted = pd.DataFrame(
        {
            name: table[fraction] - (table[less] if less else 0.0)
            for name, (fraction, less) in COUNTS.items()
        }
    )
    keys = [table[name] for name in ("model", "release", "evalue")]
    return counted.groupby(keys, sort=False).mean().round(9)


@dataclass(frozen=True)
class Survival:
    """How a count fares under the rule.

    Attributes
    ----------
    by_release, by_threshold : float
        The furthest that a network's mean moves from the paper's reading, in size.
    moved_by_release, moved_by_threshold : str
        The network that does.
    changed : tuple of str
        Networks that are above one half in some readings and not in others.
    """

    count: str
    by_release: float
    moved_by_release: str
    by_threshold: float
    moved_by_threshold: str
    changed: tuple[str, ...]

    @property
    def survives_releases(self) -> bool:
        return self.by_release <= MARGIN

    @property
    def survives_thresholds(self) -> bool:
        return self.by_threshold <= MARGIN

    @property
    def half_survives(self) -> bool:
        return not self.changed


def survival(table: pd.DataFrame) -> list[Survival]:
    """Each of `COUNTS` under the rule; needs the paper's own reading in the table."""
    found = means(table)
    release, evalue = PAPERS
    papers = found.xs((release, evalue), level=("release", "evalue"))
    order = [model for model in MODELS if model in papers.index]
    rows = []
    for name in COUNTS:
        wide = found.pivot_table(name, "model", ["release", "evalue"]).loc[order]
        apart = wide.sub(papers.loc[order, name], axis=0).abs()
        releases = apart.xs(evalue, axis=1, level="evalue").max(axis=1)
        thresholds = apart.xs(release, axis=1, level="release").max(axis=1)
        above = (wide > HALF).any(axis=1) & (wide <= HALF).any(axis=1)
        rows.append(
            Survival(
                name,
                *(float(releases.max()), str(releases.idxmax())),
                *(float(thresholds.max()), str(thresholds.idxmax())),
                tuple(above.index[above]),
            )
        )
    return rows
