"""The ledger: every claim of the paper judged by our records, by both rules of `rules`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from motifbook.paper import facts, rules
from motifbook.paper.claims import claims, explanations, printed
from motifbook.paper.measures import QUANTITIES, filters_of_each_tf
from motifbook.paper.rules import Summary, summary
from motifbook.records.runs import Layer, Record

UNEXPLAINED = "not explained yet"
PERMUTATIONS = 10_000
_ACROSS_MODELS = ("greater", "rises", "falls", *rules.LIKENESS)
_NO_INTERVAL = (math.nan, math.nan)


class _Runs:
    """The records by dataset and model, checked to be comparable.

    A model of the ladder is called after its switches: `cnn-4+optimiser`.
    """

    def __init__(self, records: Iterable, ladder: Iterable = ()):
        self._data: dict[tuple[str, str], dict[int, Record]] = {}
        settings: dict[str, tuple[str, str]] = {}
        for record in records:
            dataset, setting = record.dataset, (record.protocol, record.profile)
            if settings.setdefault(dataset, setting) != setting:
                raise ValueError(
                    f"records of {dataset} mix protocol and profile {'/'.join(settings[dataset])} "
                    f"with {'/'.join(setting)}; expected one of each"
                )
            self._add(record, record.model)
        for record in ladder:
            _, plus, switches = record.protocol.partition("+")
            self._add(record, record.model + plus + switches)

    def _add(self, record: Record, name: str) -> None:
        trials = self._data.setdefault((record.dataset, name), {})
        if (trial := record.trial) in trials:
            raise ValueError(f"two records of {record.dataset} {name} trial {trial}; expected one")
        trials[trial] = record

    @property
    def datasets(self) -> list[str]:
        return sorted({dataset for dataset, _ in self._data})

    def layers(self, dataset: str, place: str) -> dict[int, tuple[Record, Layer]]:
        """By trial, a run's record and one layer of it; `place` is `model` or `model@layer`."""
        model, _, number = place.partition("@")
        return {
            trial: (record, layer)
            for trial, record in sorted(self._data.get((dataset, model), {}).items())
            for layer in record.layers
            if layer.layer == int(number or 1)
        }

    def by_trial(self, dataset: str, quantity: str, place: str) -> pd.Series:
        """One value per trial that has one."""
        measure = QUANTITIES[quantity]
        found = {trial: measure(*both) for trial, both in self.layers(dataset, place).items()}
        return pd.Series(found, dtype=float).dropna()

    def values(self, dataset: str, quantity: str, place: str) -> np.ndarray:
        """The same as an array, in the order of trials."""
        return self.by_trial(dataset, quantity, place).to_numpy()


# --- One claim by the first rule --------------------------------------------------------------


class _Outcome(NamedTuple):
    ours: float
    ours_sd: float
    trials: int
    interval: tuple[float, float]
    first: str = ""
    pair: str = ""
    second: str = rules.UNTESTABLE
    trials_needed: str = ""


def _population_sd(values: np.ndarray) -> float:
    """Of (trials,) values, as the paper prints it."""
    return float(np.std(values)) if len(values) > 1 else math.nan  # one trial tells no spread


def _chosen(values: dict[str, np.ndarray], rule: str) -> np.ndarray:
    """(trials,) that a number is about: "at best" and "at worst" name a model by its mean."""
    return {"largest": max, "smallest": min}.get(rule, max)(values.values(), key=np.mean)


def _number(values: dict[str, np.ndarray], claim: dict) -> _Outcome:
    ours = _chosen(values, claim["rule"])
    mine = summary(ours)
    theirs = float(claim["paper"])
    interval = _NO_INTERVAL
    if claim["error"]:
        printed = rules.printed_summary(theirs, float(claim["error"]))
        interval = rules.welch(mine, printed, rules.HALF_UNIT)
    first = rules.judge_number(mine.mean - theirs, interval, claim["quantity"])
    return _Outcome(mine.mean, _population_sd(ours), len(ours), interval, first)


def _at_most(values: dict[str, np.ndarray], claim: dict) -> _Outcome:
    ranked = sorted(values, key=lambda place: np.mean(values[place]))
    last = summary(values[ranked[-1]])
    apart = claim["rule"] == "spread at most"
    low = summary(values[ranked[0]]) if apart else rules.constant(0.0)
    ours = last.mean - low.mean
    excess = max(ours - float(claim["paper"] or 0), 0.0)
    first = rules.judge_number(excess, _NO_INTERVAL, claim["quantity"])
    pair = " ".join([ranked[-1], ranked[0]] if apart else ranked[-1:])
    trials = min(map(len, values.values()))
    return _Outcome(ours, math.nan, trials, rules.welch(last, low), first, pair)


def _greater(values: dict[str, np.ndarray], others: dict[str, np.ndarray], claim: dict) -> _Outcome:
    least = min(values, key=lambda place: np.mean(values[place]))
    most = max(others, key=lambda place: np.mean(others[place])) if others else ""
    against = summary(others[most]) if others else rules.constant(float(claim["than"]))
    mine = summary(values[least])
    interval = rules.welch(mine, against)
    ours = mine.mean - against.mean
    trials = min(map(len, [*values.values(), *others.values()]))
    paper = float(claim["paper"] or "nan")
    first = rules.judge_comparison(ours, interval, paper, claim["quantity"])
    return _Outcome(ours, math.nan, trials, interval, first, f"{least} {most}".strip())


def _trend(values: dict[str, np.ndarray], claim: dict) -> _Outcome:
    sign = 1 if claim["rule"] == "rises" else -1
    steps = [summary(sign * v) for v in values.values()]
    low, high = rules.welch(steps[-1], steps[0])
    whole = steps[-1].mean - steps[0].mean
    every_step = all(b.mean > a.mean for a, b in itertools.pairwise(steps))
    claimed = sign * float(claim["paper"] or "nan")
    first = rules.judge_comparison(whole, (low, high), claimed, claim["quantity"], every_step)
    interval = (low, high) if sign > 0 else (-high, -low)
    return _Outcome(sign * whole + 0.0, math.nan, min(map(len, values.values())), interval, first)


def _equal(values: dict[str, np.ndarray], claim: dict) -> _Outcome:
    everything = np.concatenate(list(values.values()))
    apart = float(everything.max() - everything.min())
    trials = min(map(len, values.values()))
    first = rules.DIFFERS if apart else rules.REPRODUCED
    return _Outcome(apart, math.nan, trials, _NO_INTERVAL, first)


def _near(values: dict[str, np.ndarray], claim: dict) -> _Outcome:
    """No claim of the first rule: how far the furthest of the models lies from a number."""
    than = rules.constant(float(claim["than"]))
    far = max(values, key=lambda place: abs(np.mean(values[place]) - than.mean))
    mine = summary(values[far])
    trials = min(map(len, values.values()))
    interval = rules.welch(mine, than)
    return _Outcome(mine.mean - than.mean, math.nan, trials, interval, pair=far)


_FIRST: dict[str, Callable] = {
    **dict.fromkeys(("value", "copied", "largest", "smallest"), _number),
    **dict.fromkeys(("spread at most", "largest at most"), _at_most),
    **dict.fromkeys(("rises", "falls"), _trend),
    "equal": _equal,
    "near": _near,
}


def _outcome(values: dict, others: dict, claim: dict) -> _Outcome:
    if claim["rule"] in ("greater", "exists"):
        outcome = _greater(values, others, claim)
        return outcome if claim["rule"] == "greater" else outcome._replace(first="")
    return _FIRST[claim["rule"]](values, claim)


# --- One claim by the second rule -------------------------------------------------------------


def _margin(quantity: str) -> float:
    return rules.LIMITS.get(quantity, (math.inf, math.inf))[1]


def _limit(claim: dict) -> float:
    """Up to which difference models are alike: the margin, or what the paper itself prints."""
    own = 0.0 if claim["rule"] == "near" else float(claim["paper"] or 0)
    return max(_margin(claim["quantity"]), own)


def _places(claim: dict) -> tuple[list[str], list[str], float]:
    """The models named on each side, and the constant that may stand in for the second."""
    than = claim["than"].split()
    if claim["than"] and not _is_constant(claim["than"]):
        return claim["models"].split(), than, math.nan
    return claim["models"].split(), [], float(claim["than"] or 0)


def _comparison(
    values: dict[str, np.ndarray], others: dict[str, np.ndarray], claim: dict, settle: bool = True
) -> dict:
    """Verdict and, where `settle`, how many trials would settle what is inconclusive."""
    rule = claim["second_rule"] or claim["rule"]
    if rule == "exists":
        shown = max(v.max() for v in values.values()) > float(claim["than"])
        return {"verdict": rules.HOLDS if shown else rules.INCONCLUSIVE}
    if rule == "equal":
        same = len(set(np.concatenate(list(values.values())))) == 1
        return {"verdict": rules.HOLDS if same else rules.FAILS}
    models = [summary(v) for v in [*values.values(), *others.values()]]
    if not others:
        models.append(rules.constant(_places(claim)[2]))
    named = np.arange(len(models))
    asked = rules.stack(models), named[: len(values)], named[len(values) :]
    one_way = asked[0], asked[1][None], asked[2][None]
    row = {"verdict": str(rules.judge_models(rule, *one_way, _limit(claim))[0])}
    if rule in rules.LIKENESS and (pair := rules.hardest(rule, *asked)):
        places = [*values, *others, ""]  # the last stands for a constant
        row["pair"] = " ".join(places[one] for one in pair).strip()
    if settle and row["verdict"] == rules.INCONCLUSIVE and min(asked[0].trials) > 1:
        number = rules.trials_to_compare(rule, *asked, _limit(claim))
        row["trials_needed"] = f"{number} trials each" if number else _TOO_MANY
    return row


_TOO_MANY = f"more than {rules.MOST_TRIALS:,} trials each"


def _theirs(mine: Summary, claim: dict) -> tuple[Summary, float]:
    """The paper's number, and half a unit of its last decimal."""
    mean = float(claim["paper"])
    if claim["error"]:
        return rules.printed_summary(mean, float(claim["error"])), rules.HALF_UNIT
    decimals = len(claim["paper"].partition(".")[2])
    return Summary(mean, mine.sd, rules.TRIALS), 0.5 * 10**-decimals if decimals else 0.0


def _moves(runs: _Runs, claim: dict, dataset: str) -> _Outcome | None:
    """An effect of a change of training, trial by trial: of the models named, the surest."""
    found = []
    for place in claim["models"].split():
        changed = runs.by_trial(dataset, claim["quantity"], place)
        base = runs.by_trial(dataset, claim["quantity"], place.partition("+")[0])
        by_trial = (changed - base).dropna()
        if len(by_trial) < 2:
            return None
        test = stats.ttest_1samp(by_trial, 0.0)
        p = test.pvalue if np.ptp(by_trial) else float(not by_trial.any())
        found.append((float(p), place, by_trial.to_numpy(), tuple(test.confidence_interval())))
    verdict, needed = rules.HOLDS, ""
    _, place, by_trial, interval = min(found)
    mine = summary(by_trial)
    if not (rules.holm(np.array([p for p, *_ in found])) <= rules.LEVEL).any():
        distance = abs(mine.mean)
        number = rules.trials_to_settle(mine, rules.constant(0.0), distance, tests=len(found))
        verdict, needed = rules.INCONCLUSIVE, f"{number} trials" if number else _TOO_MANY
    return _Outcome(mine.mean, math.nan, mine.trials, interval, "", place, verdict, needed)


def _consistent(runs: _Runs, claim: dict, dataset: str) -> _Outcome | None:
    """Whether the same TFs get many filters in every trial: Kendall's W, by Friedman's test."""
    rows = runs.layers(dataset, claim["models"]).values()
    if len(rows) < 3:
        return None
    table = np.array([list(filters_of_each_tf(*both).values()) for both in rows])
    if not np.ptp(table, axis=1).any():
        return None
    test = stats.friedmanchisquare(*table.T)
    agreement = test.statistic / (len(table) * (table.shape[1] - 1))
    verdict = rules.HOLDS if test.pvalue <= rules.LEVEL else rules.INCONCLUSIVE
    return _Outcome(float(agreement), math.nan, len(table), _NO_INTERVAL, second=verdict)


def _needed_for_number(mine: Summary, claim: dict, tests: int, verdict: str) -> str:
    theirs, rounding = _theirs(mine, claim)
    distance = max(abs(mine.mean - theirs.mean) - rounding, 0.0)
    seen = rules.trials_to_settle(mine, theirs, distance, tests=tests)
    again = f"{seen} trials" if seen else "no number of our trials"
    if verdict == rules.DIFFERENT:
        return f"to see it again: {again}"
    margin = _margin(claim["quantity"]) - rounding
    equal = rules.trials_to_equivalence(mine, theirs, margin)
    if not equal and not seen:
        return "no number of our trials would: the paper's own scatter is too wide"
    return f"if equal: {f'{equal} trials' if equal else 'no number of our trials'}; if not: {again}"


def _is_constant(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


# --- The ledger -------------------------------------------------------------------------------


def ledger(records: Iterable, *, in_vivo: str = "deepsea", ladder: Iterable = ()) -> pd.DataFrame:
    """Judge every claim of the paper by these records.

    Parameters
    ----------
    records : iterable of runs.Record
        Of one protocol and one profile for each dataset.
    in_vivo : str
        The dataset that stands for the paper's in vivo sequences. On any but "deepsea" its
        comparisons are judged, but its numbers are not: they are of other data.
    ladder : iterable of runs.Record
        Runs with one change of the training, for claims about its effect.

    Returns
    -------
    pandas.DataFrame
        One row per claim, in the order of `claims()`. `paper`, `ours` and `delta` (ours − paper)
        are values for a number and differences for a comparison; `paper_sd` and `ours_sd` are
        population standard deviations over trials; `low` and `high` are the ends of Welch's 95%
        interval, of `delta` for a number and of `ours` for a comparison; `trials` is the smallest
        number of trials behind `ours`; `pair` names the models that decide a comparison, which of a
        likeness need not be those that `ours` is of.

        `verdict` is the second rule's, one of `rules.VERDICTS`, and `first` the first rule's,
        empty where it was not asked; both with ", provisional" for fewer than three trials. `p`
        and `spread_p` are after Holm's correction, of the number and of its spread over trials.
        `trials_needed` says how many trials would decide what is different or inconclusive.
        `stand_in` is true where other data stand in for the paper's. `explanation` says why a value
        differs ("not explained yet" where nobody knows) and `run` on which run that rests, or it
        says why a claim cannot be tested.

    Raises
    ------
    ValueError
        Where two records are of the same run, or a dataset's are of two protocols or profiles.
    """
    runs = _Runs(records, ladder)
    rows: list[dict] = []
    numbers: dict[str, tuple[dict, Summary]] = {}
    for claim in claims().to_dict("records"):
        dataset = in_vivo if claim["dataset"] == "in vivo" else claim["dataset"]
        row = {key: claim[key] for key in ("id", "section", "quote", "kind")}
        row |= {
            "paper": float(claim["paper"] or math.nan),
            "paper_sd": float(claim["error"] or math.nan),
        }
        row |= _row_of_ours(runs, claim, dataset, numbers)
        row |= {key: claim[key] for key in ("note", "rule", "quantity", "models", "than")}
        row["dataset"] = dataset
        row["stand_in"] = claim["dataset"] == "in vivo" and dataset != "deepsea"
        rows.append(row)
    table = pd.DataFrame(rows)
    table.insert(8, "delta", table["ours"] - table["paper"])
    _judge_numbers(table, numbers)
    few = table["trials"].between(1, 2)
    for column in ("verdict", "first"):
        judged = ~table[column].isin(["", rules.NOT_RUN, rules.UNTESTABLE])
        table.loc[few & judged, column] += rules.PROVISIONAL
    return table


_BLANK = dict.fromkeys(("ours", "ours_sd"), math.nan) | {
    "trials": 0,
    **dict.fromkeys(("low", "high"), math.nan),
    "verdict": rules.UNTESTABLE,
    "first": "",
    **dict.fromkeys(("p", "spread_p"), math.nan),
    **dict.fromkeys(("trials_needed", "pair", "explanation", "run"), ""),
}


def _row_of_ours(
    runs: _Runs, claim: dict, dataset: str, numbers: dict[str, tuple[dict, Summary]]
) -> dict:
    row = dict(_BLANK)
    if claim["rule"] == "none":
        return row | {"explanation": claim["note"]}
    if claim["rule"] == "fact":
        holds, ours = facts.FACTS[claim["id"]]()
        return row | {"ours": ours, "verdict": rules.HOLDS if holds else rules.FAILS}
    if claim["rule"] in ("moves", "consistent"):
        asked = {"moves": _moves, "consistent": _consistent}[claim["rule"]]
        result = asked(runs, claim, dataset)
        return row | (_shown(result) if result else {"verdict": rules.NOT_RUN})
    names, others_named, _ = _places(claim)
    values, others = (
        {place: runs.values(dataset, claim["quantity"], place) for place in places}
        for places in (names, others_named)
    )
    if not all(map(len, [*values.values(), *others.values()])):
        if claim["dataset"] == "in vivo":
            return row | {"explanation": f"Needs records of {dataset} that say something of it."}
        return row | {"verdict": rules.NOT_RUN}
    outcome = _outcome(values, others, claim)
    row |= _shown(outcome) | {"first": ""}
    if claim["rule"] == "copied":
        return row | {"explanation": claim["note"]}
    if claim["kind"] == "number":
        if claim["dataset"] == "in vivo" and dataset != "deepsea":
            return row | {"explanation": f"Our records are of other data ({dataset})."}
        numbers[claim["id"]] = (claim, summary(_chosen(values, claim["rule"])))
        return row | {"first": outcome.first}
    row |= {"first": outcome.first} | _comparison(values, others, claim)
    return row | _explained(claim["id"], row)


def _shown(outcome: _Outcome) -> dict:
    low, high = outcome.interval
    same = ("ours", "ours_sd", "trials", "first", "pair", "trials_needed")
    row = {key: getattr(outcome, key) for key in same}
    return row | {"low": low, "high": high, "verdict": outcome.second}


def _explained(claim: str, row: dict) -> dict:
    known = explanations().get(claim)
    if row["verdict"] in (rules.DIFFERENT, rules.FAILS):
        return known or {"explanation": UNEXPLAINED}
    unsettled = row["verdict"] == rules.INCONCLUSIVE or row["first"] == rules.DIFFERS
    return known if known and unsettled else {}


def _judge_numbers(table: pd.DataFrame, numbers: dict[str, tuple[dict, Summary]]) -> None:
    """Fill in the second rule's verdicts on numbers, those of a section corrected together."""
    asked = table.index[table["id"].isin(numbers)]
    for _, section in table.loc[asked].groupby("section", sort=False):
        tests = []
        for claim, mine in (numbers[name] for name in section["id"]):
            theirs, rounding = _theirs(mine, claim)
            between = rules.difference(mine, theirs)
            spread = math.nan
            if claim["error"] and mine.trials > 1:
                spread = rules.spread_p_value(mine, float(claim["error"]))
            alike = rules.equivalent(between, _margin(claim["quantity"]), rounding)
            tests.append((bool(alike), float(between.p_value(rounding)), spread))
        near, ps, spreads = map(np.array, zip(*tests, strict=True))
        table.loc[section.index, "p"] = rules.holm(ps)
        table.loc[section.index, "spread_p"] = rules.holm(spreads)
        table.loc[section.index, "verdict"] = rules.judge_numbers(near, ps)
        for place in section.index:
            row = table.loc[place].to_dict()
            claim, mine = numbers[row["id"]]
            if row["verdict"] != rules.EQUIVALENT and mine.trials > 1:
                needed = _needed_for_number(mine, claim, len(section), row["verdict"])
                table.loc[place, "trials_needed"] = needed
            for column, text in _explained(row["id"], row).items():
                table.loc[place, column] = text


def comparisons(values: Mapping[tuple[str, str], np.ndarray]) -> pd.Series:
    """The second rule's verdicts on the paper's comparisons of models, by values of any reading.

    Parameters
    ----------
    values : mapping
        (quantity, model) to one value per trial, of the synthetic data's first layers.

    Returns
    -------
    Series of str
        By the claim's id: those comparisons of models for which these values suffice.
    """
    asked = claims().query("dataset == 'synthetic' and kind == 'comparison'")
    found = {}
    for claim in asked.to_dict("records"):
        names, others, _ = _places(claim)
        needed = [(claim["quantity"], place) for place in (*names, *others)]
        if claim["rule"] not in _ACROSS_MODELS or not values.keys() >= set(needed):
            continue
        mine, theirs = (
            {place: values[claim["quantity"], place] for place in side} for side in (names, others)
        )
        found[claim["id"]] = _comparison(mine, theirs, claim, settle=False)["verdict"]
    return pd.Series(found, dtype=str)


# --- Table 1 as a whole -----------------------------------------------------------------------

CELLS = ("auroc", "match_any", "match_relevant")
"""What Table 1 prints of each model."""


@cache
def _table_1() -> pd.DataFrame:
    """One row per model of Table 1, in its order; columns: (mean or error, quantity)."""
    here = printed().query("dataset == 'synthetic' and layer == 1")
    wide = here.pivot_table(
        index="model", columns="quantity", values=["mean", "error"], sort=False
    ).dropna()
    return wide


def _cells(runs: _Runs) -> tuple[Summary, Summary] | None:
    """Ours and the paper's summaries of Table 1's cells, (16, 3); None unless all are run twice."""
    wide = _table_1()
    values = [
        [runs.values("synthetic", quantity, model) for quantity in CELLS] for model in wide.index
    ]
    if min(len(cell) for row in values for cell in row) < 2:
        return None
    ours = rules.stack([rules.stack(list(map(summary, row))) for row in values])
    means, errors = (wide[part][list(CELLS)].to_numpy() for part in ("mean", "error"))
    theirs = rules.printed_summary(means, errors)
    return ours, theirs._replace(trials=np.full(means.shape, rules.TRIALS))


class Shift(NamedTuple):
    """Mean over models of Δ by its standard error, its 95% interval, p, and how many models."""

    mean: float
    low: float
    high: float
    p: float
    models: int


def common_shift(records: Iterable) -> Shift | None:
    """Whether all of Table 1 is shifted: Student's test of each model's mean Δ by its error.

    Returns
    -------
    Shift or None
        None unless all of the table's models have two trials or more.
    """
    if (cells := _cells(_Runs(records))) is None:
        return None
    between = rules.difference(*cells)
    by_model = (between.delta / between.error).mean(axis=1)
    test = stats.ttest_1samp(by_model, 0.0)
    interval = test.confidence_interval()
    low, high = map(float, interval)
    return Shift(float(by_model.mean()), low, high, float(test.pvalue), len(by_model))


def chance(records: Iterable, permutations: int = PERMUTATIONS, seed: int = 13) -> pd.DataFrame:
    """Verdicts on Table 1 and on comparisons of first layers, ours and with models' names permuted.

    Parameters
    ----------
    records : iterable of runs.Record
        Those of the synthetic data, of one protocol and profile, count.
    permutations, seed : int

    Returns
    -------
    pandas.DataFrame
        One row per set of claims, rule and verdict: `claims`, `of` (how many), `rule`, `verdict`,
        `ours`, and over permutations `mean`, `low` and `high` (95% of them lie between). Empty
        unless all of Table 1's models have two trials or more.
    """
    runs = _Runs(records)
    if (cells := _cells(runs)) is None:
        return pd.DataFrame()
    models = list(_table_1().index)
    stream = np.random.default_rng(seed)
    same = np.arange(len(models))
    orders = stream.permuted(np.tile(same, (permutations, 1)), axis=1)
    orders = np.vstack([same, orders])  # the first is ours

    ours, theirs = cells
    # (model printed, model whose trials stand for it, quantity)
    between = rules.difference(
        Summary(*(part[None] for part in ours)), Summary(*(part[:, None] for part in theirs))
    )
    tight, loose = np.array([rules.LIMITS[quantity] for quantity in CELLS]).T
    low, high = between.interval(rounding=rules.HALF_UNIT)
    size = np.abs(between.delta).round(9)
    first = np.select(
        [(size <= tight) | ((size <= loose) & (low <= 0) & (high >= 0)), size <= loose],
        [rules.REPRODUCED, rules.CLOSE],
        rules.DIFFERS,
    )
    alike = rules.equivalent(between, loose)
    p = between.p_value(rules.HALF_UNIT)
    flat = (len(orders), -1)
    second = rules.judge_numbers(
        alike[same, orders].reshape(flat), p[same, orders].reshape(flat)
    ).reshape(len(orders), len(models), len(CELLS))
    found = [
        ("AUROCs of Table 1", "first", first[same, orders][..., 0], rules.FIRST_VERDICTS),
        ("cells of Table 1", "first", first[same, orders].reshape(flat), rules.FIRST_VERDICTS),
        ("AUROCs of Table 1", "second", second[..., 0], _NUMBERS),
        ("cells of Table 1", "second", second.reshape(flat), _NUMBERS),
        ("comparisons", "second", _permuted_comparisons(runs, models, orders), _COMPARISONS),
    ]
    rows = []
    for what, rule, verdicts, words in found:
        for word in words:
            count = (verdicts == word).sum(axis=1)
            low, high = np.quantile(count[1:], [0.025, 0.975])
            row = {"claims": what, "of": verdicts.shape[1], "rule": rule, "verdict": word}
            row |= {"ours": count[0], "mean": count[1:].mean(), "low": low, "high": high}
            rows.append(row)
    return pd.DataFrame(rows)


_NUMBERS = (rules.EQUIVALENT, rules.DIFFERENT, rules.INCONCLUSIVE)
_COMPARISONS = (rules.HOLDS, rules.FAILS, rules.INCONCLUSIVE)


def _permuted_comparisons(runs: _Runs, models: list[str], orders: np.ndarray) -> np.ndarray:
    """Verdicts (orders, claims) on the comparisons of first layers of these models."""
    place = {model: number for number, model in enumerate(models)}
    asked = claims().query("dataset == 'synthetic' and kind == 'comparison'")
    found = []
    for claim in asked.to_dict("records"):
        rule = claim["second_rule"] or claim["rule"]
        if rule not in (*_ACROSS_MODELS, "exists"):
            continue
        names, others, than = _places(claim)
        if not {*names, *others} <= place.keys():
            continue
        values = [runs.values("synthetic", claim["quantity"], model) for model in models]
        first = orders[:, [place[name] for name in names]]
        if rule == "exists":
            shown = np.array([len(v) > 0 and v.max() > than for v in values])[first].any(axis=1)
            found.append(np.where(shown, rules.HOLDS, rules.INCONCLUSIVE))
            continue
        empty = Summary(math.nan, math.nan, 0)
        table = [summary(v) if len(v) else empty for v in values] + [rules.constant(than)]
        second = (
            orders[:, [place[name] for name in others]]
            if others
            else np.full((len(orders), 1), len(models))
        )
        found.append(rules.judge_models(rule, rules.stack(table), first, second, _limit(claim)))
    return np.stack(found, axis=1)


# --- Beside one table -------------------------------------------------------------------------


def compare(
    records: Iterable, quantities: Iterable[str] | None = None, layer: int = 1
) -> pd.DataFrame:
    """Our values beside the paper's, for the models that these records are of.

    Parameters
    ----------
    records : iterable of runs.Record
        Of one dataset, protocol and profile. The synthetic data are compared with Table 1, any
        other with Table 2; only "deepsea" is the paper's own in vivo data and gets verdicts.
    quantities : iterable of str
        Which keys of `rules.LIMITS`; by default those that the paper prints for this layer.
    layer : int
        Which layer's filters; the paper prints others than the first for CNN-1 and CNN-1-1-100.

    Returns
    -------
    pandas.DataFrame
        Empty without records. One row per model and quantity, in the paper's order: `model`,
        `label`, `quantity`, `trials`, `ours`, `ours_sd`, `paper`, `paper_sd`, `delta`, `low`,
        `high`, `verdict` (the second rule's; empty where the paper prints no value), `copied` (as
        in `printed`). Both standard deviations are the population's (ddof 0), as the paper's.
        "different" is corrected by Holm over the numbers of the section, as in `ledger`; those that
        are not at hand count as not different, so that with fewer of them it is harder to reach.

    Raises
    ------
    ValueError
        For records that are not of one dataset, protocol and profile.
    """
    records = list(records)
    runs = _Runs(records)
    if not records:
        return pd.DataFrame()
    if len(runs.datasets) != 1:
        raise ValueError(f"expected records of one dataset; found {', '.join(runs.datasets)}")
    (dataset,) = runs.datasets
    theirs = printed()
    of_dataset = theirs["dataset"] == ("synthetic" if dataset == "synthetic" else "in vivo")
    here = theirs[of_dataset & (theirs["layer"] == layer)]
    if quantities is None:
        quantities = here["quantity"].unique()
    labels = dict(zip(theirs["model"], theirs["label"], strict=True))
    order = {model: place for place, model in enumerate(labels)}
    models = sorted(
        {record.model for record in records},
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
    table = pd.DataFrame(rows)
    _judge_cells(table)
    return table.drop(columns=["section", "alike", "p"], errors="ignore")


def _compare_cell(values: np.ndarray, cell: pd.Series | None, quantity: str, same: bool) -> dict:
    row = {
        "trials": len(values),
        "ours": float(np.mean(values)),
        "ours_sd": _population_sd(values),
        **dict.fromkeys(("paper", "paper_sd", "delta", "low", "high"), math.nan),
        "verdict": "",
        "copied": False,
        "section": "",
        "alike": False,
        "p": math.nan,
    }
    if cell is None:
        return row
    theirs = rules.printed_summary(cell["mean"], cell["error"])
    between = rules.difference(summary(values), theirs)
    low, high = map(float, between.interval(rounding=rules.HALF_UNIT))
    row |= {"paper": cell["mean"], "paper_sd": cell["error"], "delta": row["ours"] - cell["mean"]}
    row |= {"low": low, "high": high, "copied": bool(cell["copied"])}
    if not same or cell["copied"]:
        return row | {"verdict": rules.UNTESTABLE}
    alike = bool(rules.equivalent(between, _margin(quantity)))
    p = float(between.p_value(rules.HALF_UNIT))
    return row | {"section": _section(cell, quantity), "alike": alike, "p": p}


def _judge_cells(table: pd.DataFrame) -> None:
    """Fill in the verdicts of `compare`, a section's numbers corrected together."""
    if table.empty:
        return
    for section, rows in table[table["section"] != ""].groupby("section"):
        absent = max((_cells_of_sections() == section).sum() - len(rows), 0)
        alike = np.append(rows["alike"].to_numpy(bool), np.zeros(absent, bool))
        found = rules.judge_numbers(alike, np.append(rows["p"], np.ones(absent)))[: len(rows)]
        early = np.where(rows["trials"] < 3, rules.PROVISIONAL, "")
        table.loc[rows.index, "verdict"] = [a + b for a, b in zip(found, early, strict=True)]


def _cells_of_sections() -> pd.Series:
    """The section of each number that the paper prints with an error over trials."""
    table = claims().query("rule == 'value' and error != ''")
    return table.set_index(["dataset", "models", "quantity"])["section"]


def _section(cell: pd.Series, quantity: str) -> str:
    """In which section of the claims a printed cell stands."""
    place = f"{cell.name[0]}@{cell['layer']}" if cell["layer"] > 1 else cell.name[0]
    found = _cells_of_sections()
    return found[found.index == (cell["dataset"], place, quantity)].iloc[0]
