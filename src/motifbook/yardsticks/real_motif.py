"""Is a first-layer filter a motif? A probability that needs no ground truth, and no TensorFlow.

`features` describes filters by their PPMs, their numbers of sites, what other networks have learned
and, where there is a database, the best E-value. `score` turns that into the probability that a
filter is *precise*, as `site_accuracy` has it: that enough of its sites are motifs of one TF. It is
a logistic regression, fitted to simulated data, where that is known; `real_motif_fit` makes it.

Two rules stand before it, whatever was fitted:

* A filter with fewer than `FEWEST` sites is not judged. The fewer sites, the sharper their PPM is
  by chance.
* A filter whose sites are no more than windows of its PPM's information are by chance is not called
  a motif: its probability is halved. That is where `excess` is not above zero. A random filter that
  seldom fires is as sharp as a motif, but its sites are no more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from msgspec import Meta, Struct

from motifbook.filters.readout import core
from motifbook.motifs.matrices import information
from motifbook.records import store
from motifbook.records.store import Count, Envelope, Fraction, Number, Score

CORE = 8
"""Columns of a window: the cores of most motifs are of six to eight."""
LAGS = 4
"""A repeat of units of up to this many bases counts as low complexity."""
OVERLAP = 5
"""Columns that two PPMs must share to be compared."""
FEWEST = 30
"""Sites that a filter needs to be judged."""
LEAST_E, MOST_E = 1e-30, 1e3
"""E-values beyond these say no more."""

PPM = (
    "information",
    "core",
    "flanks",
    "palindromic",
    "repetitive",
    "composition",
    "nearest",
    "site_rate",
)
FEATURES = {
    "information": "information of the whole PPM (bits)",
    "core": f"information of the best {CORE} columns in a row (bits)",
    "flanks": "information outside the informative columns (bits)",
    "palindromic": "similarity to its own reverse complement",
    "repetitive": f"similarity to itself, moved by 1 to {LAGS} columns",
    "composition": "evenness of its bases (bits; 2 is even)",
    "nearest": "similarity to the nearest other filter of the network",
    "site_rate": "sites per position that was scanned (log10)",
    "agreement": "similarity to the nearest filter of other trials, on average",
    "match": "best match in the database (−log10 E)",
}
"""Every feature, in words. Similarities are correlations of PPMs in their best alignment."""

EXCESS = "excess"
"""The column of `features` that the second rule asks: log2 of the sites per position, and the
information of the PPM (bits), less what its number of sites alone gives it (Schneider et al. 1986,
J Mol Biol 188:415)."""

VARIANTS = {
    "E-value alone": ("match",),
    "no database": PPM,
    "with replicates": (*PPM, "agreement"),
    "with a database": (*PPM, "match"),
    "everything": (*PPM, "agreement", "match"),
}
"""What is known of a filter, and the features that are used then."""


class Variant(Struct, frozen=True, kw_only=True):
    """A logistic regression on standardised features.

    Attributes
    ----------
    mean, scale, coefficients, low, high
        By feature: mean and standard deviation, the weight of the standardised feature in the log
        odds, and the range that was fitted on.
    intercept : float
    auroc, mean_auroc, lowest_auroc : (value, low, high)
        Of trained filters, with each architecture left out in turn: of all together; within an
        architecture, on average and in the worst. Beside each the 2.5th and 97.5th percentile of
        draws of architectures, with replacement.
    """

    mean: dict[str, float]
    scale: dict[str, Annotated[float, Meta(gt=0)]]
    coefficients: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]
    intercept: float
    auroc: tuple[Score, Score, Score]
    mean_auroc: tuple[Score, Score, Score]
    lowest_auroc: tuple[Score, Score, Score]

    def __post_init__(self) -> None:
        for name in ("mean", "scale", "low", "high"):
            if getattr(self, name).keys() != self.coefficients.keys():
                raise ValueError(f"{name} is not of the features that have coefficients")


class Bin(Struct, frozen=True, kw_only=True):
    """Filters of about one probability: its mean, and the share of them that are precise."""

    probability: Fraction
    precise: Fraction
    filters: Number


class Separation(Struct, frozen=True, kw_only=True):
    """How filters that a fit did not see were told apart.

    Attributes
    ----------
    auroc : float or None
        None where all or none are precise.
    interval : (low, high) or None
        The 2.5th and 97.5th percentile of its draws of filters, with replacement, where asked for.
    precise, others : int
        Filters of either kind.
    found, mistaken : int
        Those of `precise`, and of `others`, with a probability of at least 1/2.
    """

    auroc: Score | None
    interval: tuple[Score, Score] | None
    precise: Count
    others: Count
    found: Count
    mistaken: Count


class Share(Struct, frozen=True, kw_only=True):
    """Of so many filters that are not precise, how many have a probability of at least 1/2."""

    filters: Count
    called: Count


class Fit(Envelope, frozen=True, kw_only=True, eq=False):
    """The score on record.

    Attributes
    ----------
    filters, precise : int
        Trained ones that it was fitted to, and how many of these are precise.
    untrained_filters : int
        That it was fitted to besides.
    variants : dict
        By the names of `VARIANTS`.
    by_model : dict of dict
        By variant and architecture: AUROC among its filters by a fit to the others, where it has
        filters of both kinds.
    calibration : dict
        By variant: tenths of all filters, by the probability from a fit to the other architectures.
    novel : dict of dict
        By variant and TF: its precise filters against all that are not precise, by a fit that saw
        neither the TF nor the architecture and with a database that lacks the TF's motifs.
    artefacts : dict of dict
        By variant and architecture, and of "all": filters that were trained on `peaks-planted`, by
        a fit to the synthetic data without that architecture. Empty where there was no such run.
    untrained : dict of dict of dict
        By variant, data and kind (of `untrained_filters.KINDS`): untrained filters that are called
        real, by a fit without their architecture.
    with_untrained : dict
        By variant: AUROC of all filters together, trained or not.
    sizes : dict of dict
        By variant and size (nt), and of "all": first-layer filters of the design map, which have
        other sizes than those of the fit, by a fit without their architecture. PPMs are as wide as
        the filters, as `motifbook report` has them. Empty where there was no such run.
    """

    kind: Annotated[str, Meta(pattern="^real-motif$")] = "real-motif"
    filters: Number
    precise: Count
    untrained_filters: Count
    variants: dict[str, Variant]
    by_model: dict[str, dict[str, Score]]
    calibration: dict[str, tuple[Bin, ...]]
    novel: dict[str, dict[str, Separation]]
    artefacts: dict[str, dict[str, Separation]]
    untrained: dict[str, dict[str, dict[str, Share]]]
    with_untrained: dict[str, Score]
    sizes: dict[str, dict[str, Separation]]


@cache
def fitted(path: Path | None = None) -> Fit:
    """The score that comes with the package, or another on record.

    Raises
    ------
    FileNotFoundError, RecordError
        As `store.load` does.
    """
    return store.load(path or Path(str(package_files("motifbook") / "data/real_motif.json")), Fit)


def features(
    ppms: np.ndarray,
    sites: Sequence[int] | np.ndarray,
    positions: int,
    replicates: Sequence[np.ndarray] = (),
    e_values: Sequence[float] | np.ndarray | None = None,
) -> pd.DataFrame:
    """What can be seen of the filters of a network without ground truth.

    Parameters
    ----------
    ppms : (filters, window, 4)
        Whole, not trimmed; all 0 where a filter has no sites.
    sites : (filters,)
        Positions that each PPM was made of.
    positions : int
        That were scanned: sequences times their length.
    replicates : sequence of (filters, window, 4)
        PPMs of other trainings of the same network; without them there is no `agreement`.
    e_values : (filters,), optional
        Of the best target, match or not; NaN where there is none. Without them there is no `match`.

    Returns
    -------
    DataFrame
        One row per filter, `EXCESS` and the columns of `FEATURES` that can be had; NaN for a filter
        with fewer than `FEWEST` sites.

    Raises
    ------
    ValueError
        If the arrays do not fit together, or hold what is no probability.
    """
    ppms = _checked(ppms)
    replicates = [_checked(one) for one in replicates]
    sites = np.asarray(sites, float)
    if sites.shape != (len(ppms),) or positions < 1 or (sites < 0).any():
        raise ValueError(
            f"{len(ppms)} filters need as many numbers of sites and at least one position, found "
            f"{sites.shape} and {positions}"
        )
    bits = np.array([information(ppm) for ppm in ppms])
    window = min(CORE, ppms.shape[1])
    windows = np.lib.stride_tricks.sliding_window_view(bits, window, axis=1)
    inside = [own[slice(*core(ppm))].sum() for own, ppm in zip(bits, ppms, strict=True)]
    weighted = (bits[:, :, None] * ppms).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = weighted / weighted.sum(axis=1, keepdims=True)
        log_sites = np.log10(sites / positions)
    table = {
        "information": bits.sum(axis=1),
        "core": windows.sum(axis=2).max(axis=1),
        "flanks": bits.sum(axis=1) - inside,
        "palindromic": [similarity(p[None], p[None], mirrored=True)[0, 0] for p in ppms],
        "repetitive": [_repeats(ppm) for ppm in ppms],
        "composition": -(share * np.log2(np.where(share > 0, share, 1))).sum(axis=1),
        "nearest": _nearest(ppms),
        "site_rate": log_sites,
        EXCESS: excess(bits.sum(axis=1), sites, positions, ppms.shape[1]),
    }
    if replicates:
        best = [similarity(ppms, other).max(axis=1) for other in replicates]
        table["agreement"] = np.mean(best, axis=0)
    if e_values is not None:
        given = np.asarray(e_values, float)
        if given.shape != (len(ppms),) or (given < 0).any():
            raise ValueError(
                f"{len(ppms)} filters need as many E-values of at least 0, found {given.shape}"
            )
        table["match"] = -np.log10(np.clip(given, LEAST_E, MOST_E))
    found = pd.DataFrame(table).astype(float)
    found.loc[(sites < FEWEST) | ~ppms.any(axis=(1, 2))] = np.nan
    return found


def excess(information, sites, positions: int, columns: int):
    """By what a filter's sites exceed chance, in bits; see `EXCESS`.

    Windows that are as alike as those of a PPM of I bits are 2^-I of random ones.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        by_number = 1.5 / np.log(2) * columns / sites
        return information - by_number + np.log2(sites / positions)


def halved(probability, excess):
    """The second rule: half of the probability where the excess is not above zero."""
    return np.where(np.asarray(excess) > 0, 1, 0.5) * probability


def score(table: pd.DataFrame, fit: Fit | None = None) -> pd.DataFrame:
    """The probability that a filter is a motif, from the features that are known.

    Parameters
    ----------
    table : DataFrame
        From `features`. The variant is the one that uses all of its columns.
    fit : Fit, optional
        The one that comes with the package unless given.

    Returns
    -------
    DataFrame
        `probability` (NaN where a feature is; halved by the second rule), `outside` (names of
        features beyond the range that was fitted on, joined by ", "; empty if there is none) and
        `variant`, with the index of `table`.

    Raises
    ------
    ValueError
        If no variant has these columns.
    """
    known = set(table.columns) & set(FEATURES)
    variant = next((name for name, used in VARIANTS.items() if set(used) == known), None)
    if variant is None:
        raise ValueError(f"no score is fitted on {', '.join(sorted(known)) or 'no feature'}")
    one = (fit or fitted()).variants[variant]
    used = list(one.coefficients)
    values = table[used]
    odds = one.intercept + ((values - pd.Series(one.mean)) / pd.Series(one.scale)).mul(
        pd.Series(one.coefficients)
    ).sum(axis=1, skipna=False)
    beyond = (values < pd.Series(one.low)) | (values > pd.Series(one.high))
    outside = [", ".join(name for name in used if row[name]) for _, row in beyond.iterrows()]
    return pd.DataFrame(
        {
            "probability": halved(1 / (1 + np.exp(-odds)), table[EXCESS]),
            "outside": outside,
            "variant": variant,
        },
        index=table.index,
    )


def unlike(window: int, length: int, fit: Fit | None = None) -> list[str]:
    """In which ways a network and its sequences are unlike those that the score was fitted on.

    Parameters
    ----------
    window : int
        Columns of the PPMs.
    length : int
        Of the sequences (nt).

    Returns
    -------
    list of str
        A sentence's part each, such as "its PPMs have 11 columns, those of the fit 19".
    """
    made = (fit or fitted()).configuration
    said = []
    if window != made["window"]:
        said.append(f"its PPMs have {window} columns, those of the fit {made['window']}")
    if length != made["length"]:
        said.append(f"its sequences have {length} nt, those of the fit {made['length']} nt")
    return said


def similarity(one: np.ndarray, other: np.ndarray, mirrored: bool = False) -> np.ndarray:
    """How alike PPMs are, in the best alignment of at least `OVERLAP` columns on either strand.

    Parameters
    ----------
    one, other : (n, window, 4) and (m, window, 4)
    mirrored : bool
        Only ever on opposite strands.

    Returns
    -------
    (n, m) ndarray
        The sum of products of the entries less 1/4, over the aligned columns; divided by the norms
        of both whole PPMs. 1 for equals, 0 where one of them says nothing.
    """
    a, b = _centred(one), _centred(other)
    turned = b[:, ::-1, ::-1]
    width, other_width = a.shape[1], b.shape[1]
    least = min(OVERLAP, width, other_width)
    best = np.full((len(a), len(b)), -np.inf)
    for target in (turned,) if mirrored else (b, turned):
        # The target's first column lies on column `shift` of the query.
        for shift in range(least - other_width, width - least + 1):
            start, stop = max(shift, 0), min(shift + other_width, width)
            x = a[:, start:stop].reshape(len(a), -1)
            y = target[:, start - shift : stop - shift].reshape(len(b), -1)
            best = np.maximum(best, x @ y.T)
    norms = np.outer(np.linalg.norm(a, axis=(1, 2)), np.linalg.norm(b, axis=(1, 2)))
    return np.divide(best, norms, out=np.zeros_like(best), where=norms > 0)


def _centred(ppms: np.ndarray) -> np.ndarray:
    """(filters, window, 4) less a quarter; a column of zeros stays."""
    return np.where(ppms.any(axis=2, keepdims=True), ppms - 0.25, 0)


def _nearest(ppms: np.ndarray) -> np.ndarray:
    """(filters,) similarities of each to the other that is most alike; 0 for one alone."""
    if len(ppms) < 2:
        return np.zeros(len(ppms))
    found = similarity(ppms, ppms)
    np.fill_diagonal(found, -1)
    return found.max(axis=1)


def _repeats(ppm: np.ndarray) -> float:
    """How like itself a (window, 4) PPM is when moved: the largest autocorrelation, at most 1."""
    (d,) = _centred(ppm[None])
    whole = (d * d).sum()
    lags = range(1, min(LAGS, len(d) - 1) + 1)
    return max(((d[lag:] * d[:-lag]).sum() / whole for lag in lags), default=0.0) if whole else 0.0


def _checked(ppms: np.ndarray) -> np.ndarray:
    ppms = np.asarray(ppms, float)
    if ppms.ndim != 3 or ppms.shape[2] != 4 or not ppms.size:
        raise ValueError(f"PPMs must have shape (filters, window, 4), found {ppms.shape}")
    total = ppms.sum(axis=2)
    if not ((ppms >= 0).all() and ((total == 0) | (abs(total - 1) < 0.01)).all()):
        raise ValueError("every column of a PPM must sum to 1, or be all 0")
    return ppms
