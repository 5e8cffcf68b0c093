"""Two rules that say whether a value or a comparison of the paper holds.

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
Holm's correction over the numbers of its section (a table is one); else **inconclusive**. Rounding
widens the interval, which makes both harder to reach. For a number that is printed without an
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

import math
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

TRIALS = 5
"""Trials behind every mean ± error of the paper."""

HALF_UNIT = 0.0005
"""Half a unit of the last decimal that the tables print."""

FRACTIONS = ("match_any", "match_relevant", "match_other")
LIMITS: dict[str, tuple[float, float]] = {
    "auroc": (0.01, 0.02),
    "aupr": (0.01, 0.02),
    "class_sd_off": (0.01, 0.02),
    **dict.fromkeys(FRACTIONS, (0.05, 0.10)),
}
"""For each quantity that has them: |Δ| up to which the first rule calls a number reproduced, and
close. The second of the two is the second rule's margin."""

REPRODUCED, CLOSE, DIFFERS = "reproduced", "close", "differs"
EQUIVALENT, DIFFERENT, INCONCLUSIVE = "equivalent", "different", "inconclusive"
HOLDS, FAILS = "holds", "does not hold"
NOT_RUN, UNTESTABLE = "not yet run", "cannot be tested"
VERDICTS = (EQUIVALENT, HOLDS, DIFFERENT, FAILS, INCONCLUSIVE, NOT_RUN, UNTESTABLE)
"""Of the second rule, and of claims without one."""
FIRST_VERDICTS = (REPRODUCED, CLOSE, DIFFERS)
PROVISIONAL = ", provisional"

LIKENESS = ("spread at most", "largest at most", "near")
"""Rules of comparisons that hold up to a limit."""
LEVEL = 0.05
POWER = 0.8
MOST_TRIALS = 1000
"""No more trials than these are thought of to settle a question."""


class Summary(NamedTuple):
    """Mean, sample standard deviation (ddof 1; NaN for one trial) and number of trials.

    Numbers, or arrays of one shape. Infinitely many trials without spread stand for a constant.
    """

    mean: Any
    sd: Any
    trials: Any


def summary(values: np.ndarray) -> Summary:
    """Summary of (trials,) values."""
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return Summary(float(np.mean(values)), sd, len(values))


def constant(value: float) -> Summary:
    """A value without spread."""
    return Summary(value, 0.0, math.inf)


def stack(summaries: list[Summary]) -> Summary:
    """Several summaries as one, of arrays."""
    return Summary(*(np.array(column, dtype=float) for column in zip(*summaries, strict=True)))


def printed_summary(mean: float, error: float) -> Summary:
    """The paper's mean ± error: its population deviation, with its rounding, as the sample's."""
    return Summary(mean, (error + HALF_UNIT) * math.sqrt(TRIALS / (TRIALS - 1)), TRIALS)


class Difference(NamedTuple):
    """Difference of two means, its standard error, and Welch's degrees of freedom; or arrays."""

    delta: Any
    error: Any
    freedom: Any

    def interval(self, level: float = 1 - LEVEL, rounding: float = 0.0) -> tuple:
        """Low and high end of the confidence interval; NaN without an error."""
        half = rounding + self.error * stats.t.ppf((1 + level) / 2, self.freedom)
        return self.delta - half, self.delta + half

    def p_value(self, rounding: float = 0.0) -> np.ndarray:
        """Two-sided p of no difference, were it smaller by the rounding."""
        size = np.maximum(np.abs(self.delta) - rounding, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(size > 0, size / self.error, 0.0)
        return np.where(np.isnan(self.error), np.nan, 2 * stats.t.sf(t, self.freedom))


def difference(a: Summary, b: Summary) -> Difference:
    """a − b by Welch; the summaries' arrays are broadcast. Without two trials a side: NaN.

    References
    ----------
    Welch, Biometrika 1947, doi:10.1093/biomet/34.1-2.28.
    """
    mean_a, sd_a, n_a, mean_b, sd_b, n_b = map(np.asarray, (*a, *b))
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = sd_a**2 / n_a, sd_b**2 / n_b
        total = parts[0] + parts[1]
        freedom = total**2 / (parts[0] ** 2 / (n_a - 1) + parts[1] ** 2 / (n_b - 1))
    error = np.where(np.minimum(n_a, n_b) < 2, np.nan, np.sqrt(total))
    return Difference(mean_a - mean_b, error, np.where(total > 0, freedom, 1.0))


def welch(a: Summary, b: Summary, rounding: float = 0.0) -> tuple[float, float]:
    """Welch's 95% confidence interval of the difference a − b of two means.

    Parameters
    ----------
    a, b : Summary
    rounding : float
        How far printing may have moved a mean: added to both ends.

    Returns
    -------
    tuple of float
        Low and high end; NaN where a side has fewer than two trials.
    """
    low, high = difference(a, b).interval(rounding=rounding)
    return float(low), float(high)


# --- The first rule ---------------------------------------------------------------------------


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


# --- The second rule --------------------------------------------------------------------------


def holm(p: np.ndarray) -> np.ndarray:
    """p-values after Holm's correction over the last axis; NaN are no tests, and stay NaN.

    References
    ----------
    Holm, Scandinavian Journal of Statistics 1979.
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, axis=-1)  # NaN last
    tests = np.isfinite(p).sum(axis=-1, keepdims=True)
    factors = np.maximum(tests - np.arange(p.shape[-1]), 1)
    stepped = np.maximum.accumulate(np.take_along_axis(p, order, axis=-1) * factors, axis=-1)
    corrected = np.empty_like(p)
    np.put_along_axis(corrected, order, np.minimum(stepped, 1.0), axis=-1)
    return corrected


def equivalent(
    between: Difference, margin: float | np.ndarray, rounding: float = HALF_UNIT
) -> np.ndarray:
    """Whether both one-sided tests at `LEVEL` put the difference within the margin.

    References
    ----------
    Schuirmann, J Pharmacokinet Biopharm 1987, doi:10.1007/BF01068419.
    """
    low, high = between.interval(1 - 2 * LEVEL, rounding)
    return (low > -margin) & (high < margin)


def within(between: Difference, margin: float) -> str:
    """Whether a difference lies within a margin: `equivalent`, or its interval beyond it."""
    if equivalent(between, margin, 0.0):
        return HOLDS
    low, high = between.interval()
    return FAILS if low > margin or high < -margin else INCONCLUSIVE


def above(low: float, high: float, limit: float = 0.0) -> str:
    """Whether an interval lies above a limit: surely, surely not, or who knows.

    Examples
    --------
    >>> above(0.0, 0.1, -0.02), above(-0.1, -0.05, -0.02), above(-0.1, 0.1, -0.02)
    ('holds', 'does not hold', 'inconclusive')
    """
    if low > limit:
        return HOLDS
    return FAILS if high < limit else INCONCLUSIVE


def judge_numbers(alike: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Verdicts on numbers that are corrected together, along the last axis.

    Parameters
    ----------
    alike : bool
        From `equivalent`.
    p : float
        From `Difference.p_value`.
    """
    return np.select([alike, holm(p) <= LEVEL], [EQUIVALENT, DIFFERENT], INCONCLUSIVE)


def spread_p_value(ours: Summary, theirs: float, rounding: float = HALF_UNIT) -> float:
    """Two-sided p of the F test of our variance against the printed error's.

    The printed error counts as what it may have been before rounding that lies nearest to ours.
    NaN where one of both has no spread, unless rounding explains it.
    """
    scale = math.sqrt(TRIALS / (TRIALS - 1))
    nearest = np.clip(ours.sd, scale * max(theirs - rounding, 0), scale * (theirs + rounding))
    if not ours.sd > 0 or not nearest > 0:
        return 1.0 if ours.sd == nearest else math.nan
    law = stats.f(ours.trials - 1, TRIALS - 1)
    ratio = (ours.sd / nearest) ** 2
    return float(min(2 * min(law.cdf(ratio), law.sf(ratio)), 1.0))


def judge_models(
    rule: str, models: Summary, first: np.ndarray, second: np.ndarray, limit: float = math.inf
) -> np.ndarray:
    """Verdicts on a comparison of models, for one or many ways to name them.

    Parameters
    ----------
    rule : str
        "greater": all of `first` above all of `second`. "rises", "falls": from each of `first` to
        the next. "spread at most": `first` among each other; "largest at most": each of `first`
        less each of `second` is at most `limit` in size, as is that of "near".
    models : Summary
        Of K models: arrays (K,).
    first : (P, n) int
    second : (P, m) int
        Which of the models are named, in P ways.
    limit : float

    Returns
    -------
    (P,) str
    """
    a, b = _pairs(rule, first, second)
    every = difference(Summary(*(v[:, None] for v in models)), Summary(*(v[None] for v in models)))

    def ends(level: float, a: np.ndarray = a, b: np.ndarray = b) -> tuple[np.ndarray, np.ndarray]:
        low, high = every.interval(level)  # of K × K pairs, however many ways there are
        return low[a, b], high[a, b]

    low, high = ends(1 - LEVEL / a.shape[-1])  # of all pairs together
    if rule in LIKENESS:
        sure_low, sure_high = ends(1 - 2 * LEVEL)
        holds = (np.maximum(-sure_low, sure_high) < limit).all(axis=-1)
        fails = (np.maximum(low, -high) > limit).any(axis=-1)
    else:
        fails = (high < 0).any(axis=-1)
        if rule == "greater":
            holds = (ends(1 - LEVEL)[0] > 0).all(axis=-1)
        else:
            whole = ends(1 - LEVEL, *_ends(rule, first))
            holds = (whole[0] > 0)[:, 0] & ~fails
            fails |= (whole[1] < 0)[:, 0]
    return np.select([holds, fails], [HOLDS, FAILS], INCONCLUSIVE)


def _pairs(rule: str, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of models that a comparison draws, (P, pairs) each: the first less the second."""
    n = first.shape[-1]
    if rule == "spread at most":
        j, i = np.tril_indices(n, -1)
        return first[:, j], first[:, i]
    if rule in ("rises", "falls"):
        steps = first[:, 1:], first[:, :-1]
        return steps if rule == "rises" else steps[::-1]
    return first.repeat(second.shape[-1], axis=-1), np.tile(second, (1, n))


def hardest(
    rule: str, models: Summary, first: np.ndarray, second: np.ndarray
) -> tuple[int, int] | None:
    """Of a likeness, the two models whose 90% interval reaches furthest from 0: they decide.

    Parameters
    ----------
    rule, models, first, second
        As `judge_models`; one way to name the models, (n,) and (m,).

    Returns
    -------
    tuple of int, or None
        None where no pair has an interval.
    """
    a, b = (pairs[0] for pairs in _pairs(rule, first[None], second[None]))
    one, other = (Summary(*(column[of] for column in models)) for of in (a, b))
    low, high = difference(one, other).interval(1 - 2 * LEVEL)
    reach = np.maximum(-low, high)
    if np.isnan(reach).all():
        return None
    furthest = int(np.nanargmax(reach))
    return int(a[furthest]), int(b[furthest])


def _ends(rule: str, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The upper and the lower end, (ways, 1) each, of (ways, models) in the order of a claim."""
    ends = first[:, -1:], first[:, :1]
    return ends if rule == "rises" else ends[::-1]


# --- What would settle it ---------------------------------------------------------------------


def _least(power: np.ndarray, trials: np.ndarray) -> int | None:
    """The fewest trials with enough power; both are (counts,)."""
    enough = np.flatnonzero(power >= POWER)
    return int(trials[enough[0]]) if len(enough) else None


def trials_to_settle(
    ours: Summary,
    theirs: Summary,
    distance: float,
    *,
    tests: int = 1,
    sides: int = 2,
    both: bool = False,
) -> int | None:
    """How many trials would find a distance of this size, with the scatter seen.

    Parameters
    ----------
    ours, theirs : Summary
        Only their spread counts, and of `theirs` the number of trials.
    distance : float
        How far the true difference lies from what is tested: from 0, or from a limit.
    tests : int
        How many are corrected together: the level of the first of Holm's steps is taken.
    sides : 1 or 2
        Of the test.
    both : bool
        Whether `theirs` can be repeated as well.

    Returns
    -------
    int or None
        Of ours (and of theirs, if both), from 2; None where `MOST_TRIALS` do not suffice.
    """
    trials = np.arange(2, MOST_TRIALS + 1)
    other = theirs._replace(trials=trials) if both else theirs
    between = difference(Summary(0.0, ours.sd, trials), other)
    critical = stats.t.isf(LEVEL / tests / sides, between.freedom)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = stats.nct.sf(critical, between.freedom, distance / between.error)
    return _least(np.where(between.error > 0, power, float(distance > 0)), trials)


def trials_to_equivalence(ours: Summary, theirs: Summary, margin: float) -> int | None:
    """How many trials of ours would find an equal value equivalent, with the scatter seen.

    Returns
    -------
    int or None
        From 2; None where `MOST_TRIALS` do not suffice, theirs being as few as they are.
    """
    trials = np.arange(2, MOST_TRIALS + 1)
    between = difference(Summary(0.0, ours.sd, trials), theirs)
    room = margin / between.error - stats.t.isf(LEVEL, between.freedom)
    return _least(2 * stats.t.cdf(room, between.freedom) - 1, trials)


def trials_to_compare(
    rule: str, models: Summary, first: np.ndarray, second: np.ndarray, limit: float = math.inf
) -> int | None:
    """How many trials of each model would decide a comparison, were the means as they are seen.

    If every pair lies on the claim's side, as many as the hardest pair needs; else as few as would
    show it for one that lies on the other side. Of a trend the ends count.

    Parameters
    ----------
    rule, models, first, second, limit
        As `judge_models`; one way to name the models, (n,) and (m,).

    Returns
    -------
    int or None
        From 2; None where `MOST_TRIALS` do not suffice.
    """
    if rule in ("rises", "falls"):
        a, b = _ends(rule, first[None])
    else:
        a, b = _pairs(rule, first[None], second[None])
    one = [Summary(*row) for row in zip(*models, strict=True)]
    pairs = [(one[i], one[j]) for i, j in zip(a[0], b[0], strict=True)]
    sides = 1 if rule in LIKENESS else 2
    gaps = [limit - abs(x.mean - y.mean) if rule in LIKENESS else x.mean - y.mean for x, y in pairs]
    against = [(pair, gap) for pair, gap in zip(pairs, gaps, strict=True) if gap <= 0]
    tests = len(pairs) if against else 1
    needed = [
        trials_to_settle(x, y, abs(gap), tests=tests, sides=sides, both=y.trials < math.inf)
        for (x, y), gap in against or zip(pairs, gaps, strict=True)
    ]
    known = [number for number in needed if number]
    if against:
        return min(known, default=None)
    return max(known) if len(known) == len(needed) else None
