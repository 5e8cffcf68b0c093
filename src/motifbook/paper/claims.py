"""The numbers and claims that the paper printed, and the comparison with ours by two rules.

The first rule
--------------
A *number* has Δ = ours − theirs. It is

- **reproduced** if |Δ| is at most 0.01 (AUROC, AUPR) or 0.05 (a fraction); or if Welch's 95%
  interval of the difference contains 0 and |Δ| is at most 0.02 or 0.10;
- **close** if only |Δ| is at most 0.02 or 0.10;
- **differs** otherwise.

The interval is made from both summaries: ours, and the paper's mean ± error over five trials. The
± of Tables 1 and 2 is the *population* standard deviation (ddof 0); Welch's interval needs the
sample's, √(5/4) times that. The printed rounding is added: half a unit of the third decimal to the
paper's error and to both ends of the interval. A number printed without an error over trials is
compared by |Δ| alone.

A *comparison* is **reproduced** if every sign in it is the paper's, Welch's 95% interval of the
difference over our trials lies on that side of 0, and the size falls short of the paper's by no
more than a number's limit (0.02 or 0.10; none for counts, nor where the paper prints no values). It
is **close** if the interval lies there but the size falls short or a step of a trend goes back, or
if the size is within the limit and only the sign is the paper's. It **differs** otherwise.
Between two groups of models the difference is that of the nearest pair: the smallest mean of the
group said to be greater less the largest of the other. Claims of "at most" ("similar", "partial")
use a number's limits for |Δ|, one-sided.

The second rule
---------------
The margin is 0.02 for an AUROC or AUPR (and for a spread of theirs), 0.10 for a fraction.

A *number* is **equivalent** if both one-sided tests by Welch at 5% say that |Δ| is below the margin
(its 90% interval lies within); else **different** if Welch's test of Δ = 0 says so at 5% after
Holm's correction over the numbers of its section (a table is one); else **inconclusive**. The
rounding counts in the paper's favour, as in the first rule. For a number that is printed without an
error over trials, the paper's trials are taken to scatter as ours do.

A *comparison* says how models stand to each other, and **holds**, **does not hold**, or is
**inconclusive**:

- a direction between groups (all of these above all of those) holds if Welch's 95% interval lies
  above 0 for every pair, and does not hold if it lies below 0 for one, at 95% for all pairs
  together (Bonferroni). A trend holds if the interval of its ends lies on its side and no step
  surely goes back (95% for all steps together); it does not hold if that of the ends lies on the
  other side, or a step surely goes back.
- a likeness holds if for every pair the upper end of the 90% interval lies below the limit, and
  does not hold if the lower end for one pair lies above it, at 95% for all pairs together. The
  limit is the margin, or the difference that the paper itself prints, where that is larger.
- a claim of existence ("not all", "may") holds if one run shows it; none that does is inconclusive.
- an effect of one change of the training holds if Student's interval of the difference, paired by
  trial, leaves out 0 for one of the models, after Holm over them.
- equality, and facts about the design or the data, are computed: they hold or they do not.

*Spreads*: where both sides give one, the F test of two variances (two-sided, five trials a side),
after Holm over the section; the rounding of the printed error counts in the paper's favour.

*Stand-in data*: claims about the paper's in vivo data that are asked of other data count apart, and
only as comparisons.

*Chance*: the same rule over the records with the models' labels permuted, 10,000 times from a seed.
For each permutation the model that the paper calls by one name gets another's trials, in Table 1's
sixteen models; what is counted is the verdicts on the 48 cells, and on the comparisons of first
layers.

*A common shift* is asked once, over Table 1: for each model the mean over its three cells of Δ by
its standard error; Student's test of the sixteen means against 0, at 5%.

*What would settle it*: the number of our trials at which, with the scatter seen, an equal value
would be found equivalent and a difference as large as ours found different, each with a power of
80%. The paper's five trials stay five, so there may be no such number.

With fewer than three trials on our side a verdict is *provisional*, and says so.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from motifbook.motifs import matrices

TRIALS = 5
"""Trials behind every mean ± error of the paper."""

HALF_UNIT = 0.0005
"""Half a unit of the last printed decimal."""

FRACTIONS = ("match_any", "match_relevant", "match_other")
LIMITS: dict[str, tuple[float, float]] = {
    "auroc": (0.01, 0.02),
    "aupr": (0.01, 0.02),
    "auroc_class_sd": (0.01, 0.02),
    **dict.fromkeys(FRACTIONS, (0.05, 0.10)),
}
"""For each quantity that has them: |Δ| up to which a number is reproduced, and close."""

REPRODUCED, CLOSE, DIFFERS = "reproduced", "close", "differs"
NOT_RUN, UNTESTABLE = "not yet run", "cannot be tested"
VERDICTS = (REPRODUCED, CLOSE, DIFFERS, NOT_RUN, UNTESTABLE)
PROVISIONAL = ", provisional"
UNEXPLAINED = "not explained yet"

LONG_MOTIFS = ("MEF2A", "SRF", "STAT1", "CEBPB")  # "larger motifs", Results, on filter size
HARD_MOTIFS = ("arid3a", "sp1", "stat1")  # "harder to find", Results, on in vivo sequences


# --- What the paper printed -------------------------------------------------------------------


@cache
def _read(name: str) -> pd.DataFrame:
    path = files("motifbook") / "data" / name
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)


def claims() -> pd.DataFrame:
    """Every claim of the paper that the ledger judges, one row each, all columns as text.

    Columns: `id`; `section`; `quote`, the paper's words; `kind` (number or comparison); `paper`,
    the printed value, or the difference that the printed values make; `error`, the printed error
    over trials; `rule`; `dataset` (synthetic or in vivo); `quantity`, a key of `QUANTITIES`;
    `models`, and `than`, the models (`name`, or `name@layer`) or the constant compared with;
    `note`.
    """
    return _read("claims.csv").astype(str)


_PLACE = ("dataset", "model", "label", "layer")


@cache
def _printed() -> pd.DataFrame:
    rows = []
    tables = (
        ("table1.csv", {"dataset": "synthetic", "layer": 1}),
        ("table2.csv", {"dataset": "in vivo", "layer": 1}),
        ("deeper_layers.csv", {}),
    )
    for name, fixed in tables:
        for row in _read(name).to_dict("records"):
            for quantity in ("auroc", "aupr", "match_any", "match_relevant"):
                if f"{quantity}_mean" in row:
                    rows.append(
                        {key: row.get(key, fixed.get(key)) for key in _PLACE}
                        | {"quantity": quantity, "filters": row["filters"]}
                        | {"mean": row[f"{quantity}_mean"], "error": row[f"{quantity}_err"]}
                    )
    table = pd.DataFrame(rows).drop_duplicates()
    copied = claims().query("rule == 'copied'")
    cells = set(zip(copied["dataset"], copied["models"], copied["quantity"], strict=True))
    table["copied"] = [
        (row.dataset, row.model, row.quantity) in cells for row in table.itertuples()
    ]
    return table.reset_index(drop=True)


def printed() -> pd.DataFrame:
    """Tables 1 and 2 and the deeper-layer numbers of the paper, tidy: one row per printed value.

    Columns: `dataset` (synthetic or in vivo), `model` (our name), `label` (the paper's), `layer`,
    `quantity` (auroc, aupr, match_any, match_relevant), `filters`, `mean`, `error` (population
    standard deviation over five trials) and `copied` (true for Table 2's cells that repeat Table
    1's and so are not in vivo results).
    """
    return _printed().copy()


# --- What a record says -----------------------------------------------------------------------


def relevant_hit(filter: dict[str, Any]) -> dict[str, Any] | None:
    """The best hit of a recorded filter that counts for its TF, or None without one."""
    if filter["tf"] is None:
        return None
    for hit in filter["hits"]:
        counts_for, _ = matrices.label(hit["target"])
        if counts_for and counts_for.lower() == filter["tf"].lower():
            return hit
    return None


def learned_tf(filter: dict[str, Any]) -> str | None:
    """The TF whose embedded motif a recorded filter has learned, or None.

    It is the TF of the best relevant hit, except that the authors' script lists MEF2B and MEF2D
    (MA0660.1, MA0773.1) under STAT1: a filter that matches those best has learned MEF2A.
    """
    hit = relevant_hit(filter)
    misfiled = hit is not None and matrices.TRUE_TF[hit["target"]] in ("MEF2B", "MEF2D")
    return "MEF2A" if misfiled else filter["tf"]


def _filters_per_tf(run: dict, layer: dict) -> Counter:
    count = Counter({tf: 0 for tf in run["classes"]})
    count.update(tf for tf in map(learned_tf, layer["filters"]) if tf)
    return count


def filters_per_tf(records: Iterable, layer: int = 1) -> pd.DataFrame:
    """How many filters have learned each TF: a row per run ("CNN-25, trial 1"), a column per TF."""
    return pd.DataFrame(
        {
            f"{record.label}, trial {record.run.trial}": _filters_per_tf(
                record.data, record.layer(layer)
            )
            for record in records
        }
    ).T


def _redundancy_range(run: dict, layer: dict) -> float:
    counts = _filters_per_tf(run, layer).values()
    return max(counts) - min(counts)


def _hard_motifs(run: dict, layer: dict) -> float:
    """NaN where the data have none of these TFs."""
    found = [n for tf, n in _filters_per_tf(run, layer).items() if tf.lower() in HARD_MOTIFS]
    return float(np.count_nonzero(found)) if found else math.nan


def _informative(ppm: np.ndarray) -> int:
    return int((matrices.information(ppm) > 0.5).sum())


def _long_motif_missing(run: dict, layer: dict) -> float:
    whole = dict(zip(matrices.TFS, map(_informative, _ground_truth_ppms()), strict=True))
    shares = [
        1 - _informative(np.asarray(filter["ppm"])) / whole[tf]
        for filter in layer["filters"]
        if (tf := learned_tf(filter)) in LONG_MOTIFS
    ]
    return float(np.mean(shares)) if shares else math.nan


@cache
def _ground_truth_ppms() -> tuple[np.ndarray, ...]:
    return tuple(motif.ppm for motif in matrices.ground_truth())


def _relevant(layer: dict) -> float:
    """NaN where no TF of the data has a known motif."""
    return math.nan if layer["match_relevant"] is None else layer["match_relevant"]


QUANTITIES: dict[str, Callable[[dict, dict], float]] = {
    "auroc": lambda run, layer: run["test"]["mean_auroc"],
    "aupr": lambda run, layer: run["test"]["mean_aupr"],
    "auroc_class_sd": lambda run, layer: float(np.std(run["test"]["auroc"])),
    "parameters": lambda run, layer: run["parameters"],
    "match_any": lambda run, layer: layer["match_any"],
    "match_relevant": lambda run, layer: _relevant(layer),
    "match_other": lambda run, layer: layer["match_any"] - _relevant(layer),
    "unmatched_filters": lambda run, layer: (1 - layer["match_any"]) * len(layer["filters"]),
    "relevant_filters": lambda run, layer: _relevant(layer) * len(layer["filters"]),
    "redundancy_range": _redundancy_range,
    "hard_motifs": _hard_motifs,
    "long_motif_missing": _long_motif_missing,
}
"""What is measured on one layer of one run: (the record's data, the layer's part of it) -> value.

match_other: fraction of filters that match a motif of JASPAR, but no relevant one.
redundancy_range: filters of the TF that has most, less those of the TF that has fewest.
long_motif_missing: share of the columns with more than 0.5 bits of MEF2A, SRF, STAT1 and CEBPB that
the filters matching them lack, in columns of their own with more than 0.5 bits.
hard_motifs: how many of Arid3, SP1 and STAT1 have a filter.
"""


class _Runs:
    """The records' data by data set and model, checked to be comparable."""

    def __init__(self, records: Iterable):
        self._data: dict[tuple[str, str], dict[int, dict]] = {}
        settings: dict[str, tuple[str, str]] = {}
        for record in records:
            data = record.data
            dataset, model, trial = data["dataset"], data["model"], data["trial"]
            setting = (data["protocol"], data["profile"])
            if settings.setdefault(dataset, setting) != setting:
                raise ValueError(
                    f"records of {dataset} mix protocol and profile {'/'.join(settings[dataset])} "
                    f"with {'/'.join(setting)}; expected one of each"
                )
            trials = self._data.setdefault((dataset, model), {})
            if trial in trials:
                raise ValueError(f"two records of {dataset} {model} trial {trial}; expected one")
            trials[trial] = data

    @property
    def datasets(self) -> list[str]:
        return sorted({dataset for dataset, _ in self._data})

    def values(self, dataset: str, quantity: str, place: str) -> np.ndarray:
        """One value per trial, in the order of trials; `place` is `model` or `model@layer`."""
        model, _, number = place.partition("@")
        runs = self._data.get((dataset, model), {})
        measure = QUANTITIES[quantity]
        found = [
            measure(runs[trial], layer)
            for trial in sorted(runs)
            for layer in runs[trial]["layers"]
            if layer["layer"] == int(number or 1)
        ]
        values = np.array(found, dtype=float)
        return values[~np.isnan(values)]


# --- The comparison ---------------------------------------------------------------------------


class Summary(NamedTuple):
    """Mean, sample standard deviation (ddof 1; NaN for one trial) and number of trials."""

    mean: float
    sd: float
    trials: float


def summary(values: np.ndarray) -> Summary:
    """Summary of one value per trial."""
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return Summary(float(np.mean(values)), sd, len(values))


def _paper_summary(mean: float, error: float) -> Summary:
    return Summary(mean, (error + HALF_UNIT) * math.sqrt(TRIALS / (TRIALS - 1)), TRIALS)


def _constant(value: float) -> Summary:
    return Summary(value, 0.0, math.inf)


def welch(a: Summary, b: Summary, rounding: float = 0.0) -> tuple[float, float]:
    """Welch's 95% confidence interval of the difference a − b of two means.

    Parameters
    ----------
    a, b : Summary
        Of the two sets of trials. Infinitely many trials without spread stand for a constant.
    rounding : float
        How far printing may have moved a mean: added to both ends.

    Returns
    -------
    tuple of float
        Low and high end; NaN where a side has fewer than two trials.

    References
    ----------
    Welch, Biometrika 1947, doi:10.1093/biomet/34.1-2.28.
    """
    difference = a.mean - b.mean
    if min(a.trials, b.trials) < 2:
        return math.nan, math.nan
    squares = [a.sd**2 / a.trials, b.sd**2 / b.trials]
    half = rounding
    if (total := sum(squares)) > 0:
        freedom = total**2 / (squares[0] ** 2 / (a.trials - 1) + squares[1] ** 2 / (b.trials - 1))
        half += float(stats.t.ppf(0.975, freedom)) * math.sqrt(total)
    return difference - half, difference + half


def judge_number(delta: float, interval: tuple[float, float], quantity: str) -> str:
    """Verdict for a number, from Δ = ours − theirs and Welch's interval of Δ (NaN: none)."""
    tight, loose = LIMITS[quantity]
    size = round(abs(delta), 9)  # 0.5 − 0.45 is 0.05, whatever the binary fractions make of it
    if size <= tight or (size <= loose and interval[0] <= 0 <= interval[1]):
        return REPRODUCED
    return CLOSE if size <= loose else DIFFERS


def judge_comparison(
    difference: float,
    interval: tuple[float, float],
    paper: float,
    quantity: str,
    every_step: bool = True,
) -> str:
    """Verdict for a comparison whose difference the paper says is positive.

    Parameters
    ----------
    difference, interval
        Ours, and Welch's interval of it (NaN: none).
    paper : float
        The difference of the printed values; NaN where it prints none.
    quantity : str
    every_step : bool
        False where a trend holds between its ends but not at every step.
    """
    if round(difference, 5) <= 0:  # a record keeps six digits: 0.966667 may be 29/30, and a tie
        return DIFFERS
    _, loose = LIMITS.get(quantity, (math.inf, math.inf))
    short = paper - difference > loose  # never where the paper prints no values
    if interval[0] > 0:
        return CLOSE if short or not every_step else REPRODUCED
    return DIFFERS if short else CLOSE


class _Outcome(NamedTuple):
    ours: float
    ours_sd: float
    trials: int
    interval: tuple[float, float]
    verdict: str


def _population_sd(values: np.ndarray) -> float:
    return float(np.std(values)) if len(values) > 1 else math.nan  # one trial tells no spread


def _number(values: dict[str, np.ndarray], claim: dict) -> _Outcome:
    pick = {"largest": max, "smallest": min}.get(claim["rule"], max)
    ours = pick(values.values(), key=np.mean)
    mine = summary(ours)
    theirs = float(claim["paper"])
    interval = (math.nan, math.nan)
    if claim["error"]:
        interval = welch(mine, _paper_summary(theirs, float(claim["error"])), HALF_UNIT)
    verdict = judge_number(mine.mean - theirs, interval, claim["quantity"])
    return _Outcome(mine.mean, _population_sd(ours), len(ours), interval, verdict)


def _at_most(values: dict[str, np.ndarray], claim: dict) -> _Outcome:
    ranked = sorted(map(summary, values.values()), key=lambda s: s.mean)
    low = ranked[0] if claim["rule"] == "spread at most" else _constant(0.0)
    ours = ranked[-1].mean - low.mean
    excess = max(ours - float(claim["paper"]), 0.0)
    verdict = judge_number(excess, (math.nan, math.nan), claim["quantity"])
    trials = int(min(s.trials for s in ranked))
    return _Outcome(ours, math.nan, trials, welch(ranked[-1], low), verdict)


def _greater(values: dict[str, np.ndarray], others: dict[str, np.ndarray], claim: dict) -> _Outcome:
    least = min(map(summary, values.values()), key=lambda s: s.mean)
    if others:
        most = max(map(summary, others.values()), key=lambda s: s.mean)
    else:
        most = _constant(float(claim["than"]))
    interval = welch(least, most)
    ours = least.mean - most.mean
    trials = min(map(len, [*values.values(), *others.values()]))
    verdict = judge_comparison(ours, interval, float(claim["paper"] or "nan"), claim["quantity"])
    return _Outcome(ours, math.nan, trials, interval, verdict)


def _trend(values: dict[str, np.ndarray], claim: dict) -> _Outcome:
    sign = 1 if claim["rule"] == "rises" else -1
    steps = [summary(sign * v) for v in values.values()]
    low, high = welch(steps[-1], steps[0])
    whole = steps[-1].mean - steps[0].mean
    every_step = all(b.mean > a.mean for a, b in itertools.pairwise(steps))
    claimed = sign * float(claim["paper"] or "nan")
    verdict = judge_comparison(whole, (low, high), claimed, claim["quantity"], every_step)
    interval = (low, high) if sign > 0 else (-high, -low)
    return _Outcome(sign * whole + 0.0, math.nan, min(map(len, values.values())), interval, verdict)


def _equal(values: dict[str, np.ndarray], claim: dict) -> _Outcome:
    everything = np.concatenate(list(values.values()))
    difference = float(everything.max() - everything.min())
    trials = min(map(len, values.values()))
    verdict = DIFFERS if difference else REPRODUCED
    return _Outcome(difference, math.nan, trials, (math.nan, math.nan), verdict)


def _judge(values: dict[str, np.ndarray], others: dict[str, np.ndarray], claim: dict) -> _Outcome:
    rule = claim["rule"]
    if rule in ("value", "copied", "largest", "smallest"):
        return _number(values, claim)
    if rule in ("spread at most", "largest at most"):
        return _at_most(values, claim)
    if rule == "greater":
        return _greater(values, others, claim)
    if rule in ("rises", "falls"):
        return _trend(values, claim)
    if rule == "equal":
        return _equal(values, claim)
    raise ValueError(f"claim {claim['id']}: unknown rule {rule!r}")


@cache
def _explanations() -> dict[str, dict[str, str]]:
    if not (files("motifbook") / "data" / "explanations.csv").is_file():
        return {}
    rows = _read("explanations.csv").to_dict("records")
    return {row["id"]: {"explanation": row["text"], "run": row["run"]} for row in rows}


def _is_constant(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def ledger(records: Iterable, *, in_vivo: str = "deepsea") -> pd.DataFrame:
    """Judge every claim of the paper by these records.

    Parameters
    ----------
    records : iterable of runs.Record
        Of one protocol and one profile for each data set.
    in_vivo : str
        The data set that stands for the paper's in vivo sequences. On any but "deepsea" its
        comparisons are judged, but its numbers are not: they are of other data.

    Returns
    -------
    pandas.DataFrame
        One row per claim, in the order of `claims()`. `paper`, `ours` and `delta` (ours − paper)
        are values for a number and differences for a comparison; `paper_sd` and `ours_sd` are
        population standard deviations over trials; `low` and `high` are the ends of Welch's 95%
        interval, of `delta` for a number and of `ours` for a comparison; `trials` is the smallest
        number of trials behind `ours`. `verdict` is one of `VERDICTS`, with ", provisional" for
        fewer than three trials. `explanation` says why a value differs ("not explained yet" where
        nobody knows) and `run` on which run that rests, or it says why a claim cannot be tested.

    Raises
    ------
    ValueError
        Where two records are of the same run, or a data set's are of two protocols or profiles.
    """
    runs = _Runs(records)
    rows = []
    for claim in claims().to_dict("records"):
        dataset = in_vivo if claim["dataset"] == "in vivo" else claim["dataset"]
        row = {key: claim[key] for key in ("id", "section", "quote", "kind")}
        row |= {
            "paper": float(claim["paper"] or math.nan),
            "paper_sd": float(claim["error"] or math.nan),
        }
        row |= _row_of_ours(runs, claim, dataset)
        row |= {key: claim[key] for key in ("note", "rule", "quantity", "models", "than")}
        row["dataset"] = dataset
        rows.append(row)
    table = pd.DataFrame(rows)
    table.insert(8, "delta", table["ours"] - table["paper"])
    return table


def _row_of_ours(runs: _Runs, claim: dict, dataset: str) -> dict:
    row = dict.fromkeys(("ours", "ours_sd"), math.nan) | {"trials": 0}
    row |= {"low": math.nan, "high": math.nan, "verdict": UNTESTABLE}
    row |= {"explanation": "", "run": ""}
    if claim["rule"] == "none":
        return row | {"explanation": claim["note"]}
    quantity = claim["quantity"]
    values, others = (
        {place: runs.values(dataset, quantity, place) for place in claim[side].split()}
        if not _is_constant(claim[side])
        else {}
        for side in ("models", "than")
    )
    if not all(map(len, [*values.values(), *others.values()])):
        if claim["dataset"] == "in vivo":
            return row | {"explanation": f"Needs records of {dataset} that say something of it."}
        return row | {"verdict": NOT_RUN}
    result = _judge(values, others, claim)
    row |= {"ours": result.ours, "ours_sd": result.ours_sd, "trials": result.trials}
    row |= {"low": result.interval[0], "high": result.interval[1]}
    if claim["rule"] == "copied":
        return row | {"explanation": claim["note"]}
    if claim["dataset"] == "in vivo" and claim["kind"] == "number" and dataset != "deepsea":
        return row | {"explanation": f"Our records are of other data ({dataset})."}
    if result.verdict == DIFFERS:
        row |= _explanations().get(claim["id"], {"explanation": UNEXPLAINED})
    return row | {"verdict": result.verdict + (PROVISIONAL if result.trials < 3 else "")}


def compare(
    records: Iterable, quantities: Iterable[str] | None = None, layer: int = 1
) -> pd.DataFrame:
    """Our values beside the paper's, for the models that these records are of.

    Parameters
    ----------
    records : iterable of runs.Record
        Of one data set, protocol and profile. The synthetic data are compared with Table 1, any
        other with Table 2; only "deepsea" is the paper's own in vivo data and gets verdicts.
    quantities : iterable of str
        Which keys of `LIMITS`; by default those that the paper prints for this layer.
    layer : int
        Which layer's filters; the paper prints others than the first for CNN-1 and CNN-1-1-100.

    Returns
    -------
    pandas.DataFrame
        Empty without records. One row per model and quantity, in the paper's order: `model`,
        `label`, `quantity`, `trials`, `ours`, `ours_sd`, `paper`, `paper_sd`, `delta`, `low`,
        `high`, `verdict` (empty where the paper prints no value), `copied` (as in `printed`). Both
        standard deviations are the population's (ddof 0), as the paper's.

    Raises
    ------
    ValueError
        For records that are not of one data set, protocol and profile.
    """
    records = list(records)
    runs = _Runs(records)
    if not records:
        return pd.DataFrame()
    if len(runs.datasets) != 1:
        raise ValueError(f"expected records of one data set; found {', '.join(runs.datasets)}")
    (dataset,) = runs.datasets
    theirs = printed()
    of_dataset = theirs["dataset"] == ("synthetic" if dataset == "synthetic" else "in vivo")
    here = theirs[of_dataset & (theirs["layer"] == layer)]
    if quantities is None:
        quantities = here["quantity"].unique()
    labels = dict(zip(theirs["model"], theirs["label"], strict=True))
    order = {model: place for place, model in enumerate(labels)}
    models = sorted(
        {record.data["model"] for record in records},
        key=lambda model: (order.get(model, len(order)), model),
    )
    cells = here.set_index(["model", "quantity"])
    rows = []
    for model in models:
        for quantity in quantities:
            values = runs.values(dataset, quantity, f"{model}@{layer}")
            if not len(values):
                continue
            cell = cells.loc[(model, quantity)] if (model, quantity) in cells.index else None
            rows.append(
                {"model": model, "label": labels.get(model, model), "quantity": quantity}
                | _compare_cell(values, cell, quantity, dataset in ("synthetic", "deepsea"))
            )
    return pd.DataFrame(rows)


def _compare_cell(values: np.ndarray, cell: pd.Series | None, quantity: str, same: bool) -> dict:
    row = {
        "trials": len(values),
        "ours": float(np.mean(values)),
        "ours_sd": _population_sd(values),
        **dict.fromkeys(("paper", "paper_sd", "delta", "low", "high"), math.nan),
        "verdict": "",
        "copied": False,
    }
    if cell is None:
        return row
    claim = {"rule": "value", "quantity": quantity, "paper": cell["mean"]}
    result = _number({"": values}, claim | {"error": str(cell["error"])})
    row |= {"paper": cell["mean"], "paper_sd": cell["error"], "delta": row["ours"] - cell["mean"]}
    row |= {"low": result.interval[0], "high": result.interval[1]}
    judged = result.verdict + (PROVISIONAL if result.trials < 3 else "")
    verdict = judged if same and not cell["copied"] else UNTESTABLE
    return row | {"verdict": verdict, "copied": bool(cell["copied"])}
