"""Tomtom: which known motifs a filter resembles, with the MEME suite's own E-values.

The engine is memelite (Schreiber, memesuite-lite), called so that it answers as C Tomtom does
(Gupta et al., Genome Biology 2007, 8:R24) under ``tomtom -evalue -thresh 0.1``: Euclidean distance,
complete scores, both strands. Nothing is trimmed or rounded here: queries are compared as they
are given. To compare what a MEME file says, write it and read it back.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from motifbook.motifs.matrices import RELEVANT, Motif, label

COLUMNS = ("query", "target", "name", "p_value", "e_value", "offset", "overlap", "orientation")
"""The columns of a table of hits, as it is written to a file."""

MAX_WIDTH = 64
"""Widest query, in positions: memelite's working memory is cubic in it, here 0.8 GB a thread."""

FEWEST_TARGETS = 25
"""Below this, p-values hang on the choice of targets: their columns are Tomtom's background."""

_SUM_TOLERANCE = 0.01
_UNIFORM_TOLERANCE = 1e-3
_PSEUDOCOUNT = 0.1
# JASPAR's MEME files, which C Tomtom reads, have six decimals.
_TARGET_DECIMALS = 6
# Bounds memory whatever the number of queries; the answers do not depend on it.
_BATCH = 512


@dataclass(frozen=True, eq=False)
class Matches:
    """Hits of some queries, with what is needed to count them.

    Attributes
    ----------
    queries : tuple of str
        Ids of all queries in the order given, the refused ones too.
    hits : DataFrame
        The matches: one row per query and target with ``e_value <= evalue``, by query and then
        p-value, with the columns `COLUMNS` and ``q_value``.

        - query, target : ids; name : the target's name
        - p_value : of the best alignment over both strands
        - e_value : p_value times the number of targets
        - offset : Tomtom's "Optimal offset": position i of the query lies on position i + offset
          of the target, which is read in the orientation given
        - overlap : positions that lie on each other
        - orientation : "+", or "-" where the query lies on the target's reverse complement. Where
          both score the same it is "+", as in Tomtom.
        - q_value : Benjamini–Hochberg over both strands of all targets of the query. Tomtom's is
          this times its estimate of the share of true nulls, at most 1.
    best : DataFrame
        The best target of every query that was compared, whatever its E-value; the same columns.
    refused : dict of str to str
        Query to the reason why it was not compared and matches nothing (see `query_refusal`).
    evalue : float
        Greatest E-value of a match.
    """

    queries: tuple[str, ...]
    hits: pd.DataFrame
    best: pd.DataFrame
    refused: dict[str, str]
    evalue: float

    @cached_property
    def by_query(self) -> dict[str, list[dict]]:
        """The rows of `hits` of each query, or of `best` where it has none, as plain values."""
        found: dict[str, list[dict]] = {query: [] for query in self.queries}
        for table in (self.hits, self.best):
            matched = {query for query, rows in found.items() if rows}
            rows = table[list(COLUMNS[1:])].to_dict("records")
            for query, row in zip(table["query"], rows, strict=True):
                if query not in matched:
                    found[query].append(row)
        return found


def refusal(motif: Motif) -> str | None:
    """Why a motif cannot be compared, or None where it can.

    Tomtom would report false matches for these.

    Returns
    -------
    str or None
        The first that holds of "holds NaN"; "all-zero"; "zero column" (a position of zeros); "not
        normalised" (a position with a negative entry or whose sum is off one by more than 0.01;
        four decimals put it off by 0.0002 at most); "uniform" (every entry within 0.001 of 0.25);
        "no sites" (nsites of 0).
    """
    ppm = motif.ppm
    if np.isnan(ppm).any():
        return "holds NaN"
    if not ppm.any():
        return "all-zero"
    if not ppm.any(axis=1).all():
        return "zero column"
    if (ppm < 0).any() or (np.abs(ppm.sum(axis=1) - 1) > _SUM_TOLERANCE).any():
        return "not normalised"
    # A hair more, so that 0.251 counts as within 0.001 of 0.25 in binary too.
    if (np.abs(ppm - 0.25) <= _UNIFORM_TOLERANCE + 1e-12).all():
        return "uniform"
    if motif.nsites == 0:
        return "no sites"
    return None


def few(targets: Sequence[Motif]) -> str | None:
    """What to say of E-values against so few targets; None where there are enough."""
    if len(targets) >= FEWEST_TARGETS:
        return None
    return (
        f"E-values against {len(targets)} target{'s' * (len(targets) > 1)} hang on which these are "
        f"(fewer than {FEWEST_TARGETS}): Tomtom takes its background from the targets' own columns"
    )


def query_refusal(motif: Motif) -> str | None:
    """As `refusal`, for a query: also one wider than `MAX_WIDTH`."""
    if motif.width > MAX_WIDTH:
        return f"{motif.width} columns, at most {MAX_WIDTH} are possible"
    return refusal(motif)


def match(
    queries: Sequence[Motif], targets: Sequence[Motif], evalue: float = 0.1, n_jobs: int = -1
) -> Matches:
    """Compare queries with targets as Tomtom does.

    A query's answer depends on the targets, never on the other queries, so the filters of many
    runs can be matched in one call.

    Parameters
    ----------
    queries : sequence of Motif
        Compared as they are. `nsites` sets the pseudocount; the authors' files state the trimmed
        width.
    targets : sequence of Motif
        Usually `motifbook.motifs.matrices.jaspar()`.
    evalue : float
        Greatest E-value of a match; ``math.inf`` for every pair.
    n_jobs : int
        Threads; -1 for all of numba's.

    Returns
    -------
    Matches

    Raises
    ------
    ValueError
        If an id occurs twice, a target could not be compared (see `refusal`), there is no target,
        or `evalue` is not a number above 0.

    Notes
    -----
    The first call on a machine compiles for about a minute; numba keeps the result on disk.
    """
    if not evalue > 0:
        raise ValueError(f"evalue must be a number above 0, found {evalue}")
    if not targets:
        raise ValueError("no targets to compare with")
    _check_unique("query", queries)
    _check_unique("target", targets)
    for target in targets:
        if reason := refusal(target):
            raise ValueError(f"target {target.id} cannot be compared: {reason}")

    reasons = {query.id: query_refusal(query) for query in queries}
    refused = {id_: reason for id_, reason in reasons.items() if reason}
    compared = [query for query in queries if query.id not in refused]
    starts = range(0, max(len(compared), 1), _BATCH)
    tables = [_tables(compared[i : i + _BATCH], targets, evalue, n_jobs) for i in starts]
    hits, best = (pd.concat(parts, ignore_index=True) for parts in zip(*tables, strict=True))
    return Matches(tuple(reasons), hits, best, refused, float(evalue))


def _check_unique(what: str, motifs: Sequence[Motif]) -> None:
    seen = set()
    for motif in motifs:
        if motif.id in seen:
            raise ValueError(f"{what} {motif.id} occurs twice; ids must be unique")
        seen.add(motif.id)


def _tables(
    queries: Sequence[Motif], targets: Sequence[Motif], evalue: float, n_jobs: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every pair up to `evalue`, by query and then p-value; and the best pair of each query."""
    n = len(targets)
    p_strand, score, offset, overlap = _tomtom(queries, targets, n_jobs)
    q_strand = false_discovery_control(p_strand, axis=1)
    # On a tie the target as given wins, as in C Tomtom.
    reverse = score[:, n:] > score[:, :n]
    p = np.minimum(p_strand[:, :n], p_strand[:, n:])
    q = np.minimum(q_strand[:, :n], q_strand[:, n:])
    e = p * n
    offset, overlap = (
        np.where(reverse, both[:, n:], both[:, :n]).astype(int) for both in (offset, overlap)
    )

    def table(query: np.ndarray, target: np.ndarray) -> pd.DataFrame:
        at = query, target
        columns = {
            "query": [queries[i].id for i in query],
            "target": [targets[i].id for i in target],
            "name": [targets[i].name for i in target],
            "p_value": p[at],
            "e_value": e[at],
            "offset": offset[at],
            "overlap": overlap[at],
            "orientation": np.where(reverse[at], "-", "+"),
            "q_value": q[at],
        }
        # An empty table has the same types as any other.
        texts = dict.fromkeys(("query", "target", "name", "orientation"), "str")
        return pd.DataFrame(columns).astype(texts)

    order = np.argsort(p, axis=1, kind="stable")
    query, rank = np.nonzero(np.take_along_axis(e, order, axis=1) <= evalue)
    return table(query, order[query, rank]), table(np.arange(len(queries)), order[:, 0])


def _tomtom(
    queries: Sequence[Motif], targets: Sequence[Motif], n_jobs: int
) -> tuple[np.ndarray, ...]:
    """p-value, score, offset and overlap, each (queries, 2 × targets), forward strands first."""
    if not queries:
        return tuple(np.zeros((4, 0, 2 * len(targets))))
    from memelite import tomtom

    # Both strands are targets of their own, which is what memelite does inside before it keeps
    # one of them. It keeps the reverse strand on a tie and drops the other's p-value; C Tomtom
    # keeps the forward one and needs both for its q-values.
    forward = [_with_pseudocount(motif.ppm.round(_TARGET_DECIMALS), motif) for motif in targets]
    reverse = [matrix[::-1, ::-1] for matrix in forward]
    with warnings.catch_warnings():
        # It counts both strands of a small database; `few` says the same of what was given.
        warnings.filterwarnings("ignore", "tomtom was given", UserWarning)
        p, score, offset, overlap, _ = tomtom(
            [_with_pseudocount(motif.ppm, motif) for motif in queries],
            forward + reverse,
            # No approximation of the targets, and medians as exact as binning allows. memelite's
            # defaults disagree with C Tomtom.
            n_target_bins=None,
            n_median_bins=100_000,
            n_score_bins=100,
            reverse_complement=False,
            n_jobs=n_jobs,
        )
    # The chance that the better of two strands scores as well: 1 - (1 - p)^2.
    return p * (2 - p), score, offset, overlap


def _with_pseudocount(ppm: np.ndarray, motif: Motif) -> np.ndarray:
    """The matrix that Tomtom compares, (4, length): normalised, with 0.1 uniform pseudocounts."""
    total = ppm.sum(axis=1, keepdims=True)
    # As Tomtom: rows that are off by more than this are divided by their sum, others stay.
    ppm = np.where(np.abs(total - 1) > 1e-5, ppm / total, ppm)
    return ((ppm * motif.nsites + _PSEUDOCOUNT / 4) / (motif.nsites + _PSEUDOCOUNT)).T


@dataclass(frozen=True)
class Chance:
    """What the same matching finds in queries whose columns are in random order.

    Attributes
    ----------
    rate : float
        Fraction of the shuffled queries that match (NaN where no query was compared).
    commonest : str or None
        The target that most of them match, if improbably many do: more than half of those that
        match anything, and a tenth of all; by its E-value, `evalue` of one target in all.
    share : float
        Fraction of the shuffled queries that match it.
    rates : dict of str to float
        Fraction of each query's random orders that match.
    """

    rate: float
    commonest: str | None = None
    share: float = 0.0
    rates: dict[str, float] = field(default_factory=dict)


def chance(
    queries: Sequence[Motif],
    targets: Sequence[Motif],
    evalue: float = 0.1,
    shuffles: int = 20,
    seed: int = 0,
) -> Chance:
    """How many queries match by chance: those of the same columns in random order.

    A shuffled query is as wide as the query, with the same bases and the same information, and
    has lost the motif. Those that cannot be compared are left out (see `query_refusal`).

    Parameters
    ----------
    queries, targets, evalue
        As for `match`.
    shuffles : int
        Random orders of each query; fewer where there are more than 100 queries, 2,000 in all.
    seed : int
    """
    compared = [query for query in queries if query_refusal(query) is None]
    if not compared:
        return Chance(math.nan)
    each = max(1, min(shuffles, 20 * 100 // len(compared)))
    stream = np.random.default_rng(seed)
    mixed = [
        Motif(f"{number}_{query.id}", "", stream.permutation(query.ppm), query.nsites)
        for query in compared
        for number in range(each)
    ]
    hits = match(mixed, targets, evalue).hits
    matched, counts = hits["query"].nunique(), hits["target"].value_counts()
    rate = matched / len(mixed)
    found = pd.Series(hits["query"].unique(), dtype=str).str.split("_", n=1).str[1].value_counts()
    rates = {query.id: found.get(query.id, 0) / each for query in compared}
    if matched and 2 * counts.iloc[0] > matched and 10 * counts.iloc[0] > len(mixed):
        return Chance(rate, counts.index[0], counts.iloc[0] / len(mixed), rates)
    return Chance(rate, rates=rates)


def best_hits(matches: Matches, query: str) -> list[dict]:
    """What is recorded of a query: all its hits, best first, or else the single best target.

    Parameters
    ----------
    matches : Matches
    query : str
        One of ``matches.queries``.

    Returns
    -------
    list of dict
        The columns `COLUMNS` without the query, as plain Python values. Empty where the query was
        refused.

    Raises
    ------
    KeyError
        If `matches` has no such query.
    """
    if query not in matches.queries:
        raise KeyError(f"no query {query!r}; there are {len(matches.queries)}")
    return matches.by_query[query]


def verdicts(matches: Matches, relevant: Mapping[str, Sequence[str]] = RELEVANT) -> pd.DataFrame:
    """What each query matches.

    Parameters
    ----------
    matches : Matches
    relevant : mapping
        TF to the target ids that count as its motif.

    Returns
    -------
    DataFrame, indexed by query, in the order of ``matches.queries``
        - any, relevant : bool, whether there is a match, and one that is relevant
        - target : of the best match
        - tf : the TF of the best relevant match as the authors' script counts it: least q-value,
          then the order of `relevant`
        - relevant_target : the target of that match

        Missing values are None.

    Raises
    ------
    ValueError
        If `relevant` has a text where a list of ids is expected.
    """
    rank: dict[str, int] = {}
    for tf, ids in relevant.items():
        if isinstance(ids, str):
            raise ValueError(f"relevant[{tf!r}]: a list of target ids is expected, found {ids!r}")
        for id_ in ids:
            rank.setdefault(id_, len(rank))

    hits = matches.hits
    best = hits.drop_duplicates("query").set_index("query")
    counted = hits[hits["target"].isin(rank)]
    # q-values, being running minima, tie where p-values do not: then the first TF counts.
    best_relevant = (
        counted.assign(rank=counted["target"].map(rank))
        .sort_values(["q_value", "rank"])
        .drop_duplicates("query")
        .set_index("query")
    )
    rows = []
    for query in matches.queries:
        target = best_relevant["target"].get(query)
        rows.append(
            {
                "any": query in best.index,
                "relevant": target is not None,
                "target": best["target"].get(query),
                "tf": None if target is None else label(target, relevant)[0],
                "relevant_target": target,
            }
        )
    columns = ["any", "relevant", "target", "tf", "relevant_target"]
    index = pd.Index(matches.queries, name="query", dtype="str")
    # As objects, so that None stays None.
    table = pd.DataFrame(rows, index=index, columns=columns, dtype=object)
    return table.astype({"any": bool, "relevant": bool})
