"""Where the paper's Methods and the code that made its numbers differ: in words, and in effect.

A *rung* is a protocol that differs from `as-run` by one switch, set as the Methods have it; the
last is `as-written`, with all of them. Rungs together make the ladder. A rung is compared with
`as-run` trial by trial, since a trial has the same seeds in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from motifbook.motifs import matrices
from motifbook.networks.architectures import MODELS
from motifbook.networks.protocols import AS_RUN, AS_WRITTEN, READING, SWITCHES, Protocol
from motifbook.paper import rules
from motifbook.records.runs import Record
from motifbook.sequences.synthetic import COUNT_PROBABILITY, SMALLEST_GAP

LADDER = (
    *(f"as-run+{switch}" for switch in SWITCHES if switch != "widths"),
    "as-run+hidden-norm+epsilon",
)
"""Rungs of one switch, and of both that concern batch norm. `widths` is left out: it changes
CNN-50-2 only."""

LONG = ("as-run+hidden-norm", "as-run+epsilon", "as-run+hidden-norm+epsilon")
"""Rungs whose networks get better for more than 100 epochs: the profile `paper` is not enough."""

LADDER_MODELS = ("cnn-25", "cnn-4")
"""One model of each kind: whole motifs in its first layer, and parts of them."""

WRITTEN_MODELS = ("cnn-2", "cnn-4", "cnn-25", "cnn-50")
"""The models that are trained as written too."""

EFFECTS = ("match_relevant", "match_any", "auroc")


def _motifs(protocol: Protocol) -> str:
    odds = COUNT_PROBABILITY[protocol.dataset]
    if len(set(odds)) == 1:
        numbers = f"1 to {len(odds)} motifs, equally likely"
    else:
        chances = ", ".join(f"{chance:.2f}" for chance in odds)
        numbers = f"1 to {len(odds)} motifs, with probabilities {chances}"
    gap = SMALLEST_GAP[protocol.dataset]
    least = f"at least {gap} nt" if gap else "gaps may be empty,"
    return f"{numbers}; {least} between them and to the ends"


def _widths(protocol: Protocol) -> str:
    row = MODELS["cnn-50-2"].under(protocol)
    return f"{row.convs[1].filters} second-layer filters, {row.hidden} hidden units"


_WORDS: dict[str, tuple[str, Callable[[Protocol], str]]] = {
    "dataset": ("motifs in a sequence", _motifs),
    "optimiser": (
        "Adam",
        lambda p: f"learning rate {p.learning_rate:g}, first decay (β₁) {p.beta1:g}",
    ),
    "initialisation": (
        "initial weights",
        lambda p: {"he": "He", "glorot": "Glorot; the output's biases are random too"}[
            p.initialisation
        ],
    ),
    "hidden-norm": (
        "batch norm",
        lambda p: "after each convolution" + (" and the hidden layer" if p.norm_hidden else ""),
    ),
    "epsilon": ("batch norm's epsilon", lambda p: f"{p.norm_epsilon:g}".replace("e-0", "e−")),
    "stopping": (
        "end of training",
        lambda p: (
            "after 100 epochs"
            if p.patience is None
            else f"after {p.patience} epochs without a better validation loss, or 100"
        ),
    ),
    "widths": ("CNN-50-2", _widths),
    "sites": (
        "sites of a filter",
        lambda p: (
            ("the best position of each sequence" if p.sites == "best" else "every position")
            + f" above {p.threshold:.0%} of the largest activation {p.maximum}"
        ),
    ),
    "weighting": (
        "weight of a site",
        lambda p: {"equal": "each counts once", "activation": "its activation"}[p.weighting],
    ),
    "ends": ("sites at a sequence's ends", lambda p: p.ends),
    "window": (
        "columns of a PPM",
        lambda p: "as many as the filter has" if p.window is None else f"{p.window}, always",
    ),
    "trim": (
        "before Tomtom",
        lambda p: "uninformative ends cut off" if p.trim else "nothing is cut off",
    ),
}


def described() -> pd.DataFrame:
    """Every switch in words: what it sets, as written and as run, and whether it needs training.

    Returns
    -------
    DataFrame
        One row per switch, in the order of `SWITCHES`; what only changes how filters are read, or
        one model, says so. The values are those of `AS_WRITTEN` and `AS_RUN`.
    """
    rows = []
    for switch in SWITCHES:
        what, words = _WORDS[switch]
        rows.append(
            {
                "switch": switch,
                "what": what,
                "as written": words(AS_WRITTEN),
                "as run": words(AS_RUN),
                "changes": "reading" if switch in READING else "training",
            }
        )
    return pd.DataFrame(rows)


def rung(protocol: str) -> str:
    """A rung's short name: `window` for `as-run+window`; `as run` and `as written` are whole."""
    return protocol.removeprefix("as-run+") if "+" in protocol else protocol.replace("-", " ")


def ladder(records: Iterable[Record]) -> pd.DataFrame:
    """One row per run of the ladder: `rung`, `model`, `label`, `trial` and what it came to.

    Parameters
    ----------
    records : iterable of Record
        Of `as-run` and of rungs, one profile, first layer.
    """
    rows = []
    for record in records:
        layer = record.layer(1)
        rows.append(
            {
                "rung": rung(record.run.protocol),
                "model": record.run.model,
                "label": record.label,
                "trial": record.run.trial,
                "match_relevant": layer.match_relevant,
                "match_any": layer.match_any,
                "auroc": record.auroc,
            }
        )
    return pd.DataFrame(rows, columns=["rung", "model", "label", "trial", *EFFECTS])


def effects(rungs: pd.DataFrame, quantity: str = "match_relevant") -> pd.DataFrame:
    """What each rung does to a quantity of each model, trial by trial.

    Parameters
    ----------
    rungs : DataFrame
        From `ladder`.
    quantity : str
        One of `EFFECTS`.

    Returns
    -------
    DataFrame
        One row per model and rung that has a trial in common with `as run`: `model`, `label`,
        `rung`, `trials` (in common), `as_run` and `mean` (over these), `delta`, and `low` and
        `high`, the 95% interval of the mean difference by Student's t (NaN for one trial), with
        `p`, not corrected. `low_all` and `high_all` are the ends of Welch's interval against all
        trials of `as run`, not paired: three trials may be three good ones.
    """
    columns = ["model", "label", "rung", "trials", "as_run", "mean", "delta", "low", "high", "p"]
    columns += ["low_all", "high_all"]
    rows = []
    for (model, label), own in rungs.groupby(["model", "label"], sort=False):
        by_trial = own.set_index("trial")[["rung", quantity]]
        base = by_trial.loc[by_trial["rung"] == "as run", quantity]
        for name, one in by_trial[by_trial["rung"] != "as run"].groupby("rung", sort=False):
            difference = (one[quantity] - base).dropna()
            if not len(difference):
                continue
            paired = rules.difference(rules.summary(difference.to_numpy()), rules.constant(0.0))
            whole = rules.welch(
                rules.summary(one[quantity].to_numpy()), rules.summary(base.to_numpy())
            )
            before = float(base[difference.index].mean())
            delta = float(difference.mean())
            own = (model, label, name, len(difference), before, before + delta, delta)
            tests = (*map(float, paired.interval()), float(paired.p_value()), *whole)
            rows.append(dict(zip(columns, (*own, *tests), strict=True)))
    return pd.DataFrame(rows, columns=columns)


def misfiled(records: Iterable[Record], layer: int = 1) -> pd.DataFrame:
    """Filters that the authors' list counts for one TF, though they match another's motif best.

    Returns
    -------
    DataFrame
        One row per TF and what the best relevant motif truly is, where that is another:
        `counted as`, `truly`, `filters`, `of` (all filters counted as that TF) and `sites` (how
        many of the filters have, among their sites, that other TF's embedded motifs more often
        than any TF's; MEF2B and MEF2D count as MEF2A, Arid3b as Arid3a, NFYA as NFYB).
    """
    counted: Counter = Counter()
    found: Counter = Counter()
    agreed: Counter = Counter()
    for record in records:
        for one in record.layer(layer).filters:
            if (hit := one.relevant_hit) is None or (tf := one.tf) is None:
                continue
            truly = matrices.TRUE_TF[hit.target]
            counted[tf] += 1
            if matrices.folded(truly) != matrices.folded(tf):
                found[tf, truly] += 1
                agreed[tf, truly] += record.site_tf(one) == _EMBEDDED[truly]
    rows = [
        (tf, truly, number, counted[tf], agreed[tf, truly])
        for (tf, truly), number in sorted(found.items())
    ]
    return pd.DataFrame(rows, columns=["counted as", "truly", "filters", "of", "sites"])


_EMBEDDED = {"MEF2B": "MEF2A", "MEF2D": "MEF2A", "Arid3b": "Arid3a", "NFYA": "NFYB"}


def silent_drop(records: Iterable[Record]) -> pd.DataFrame:
    """What C Tomtom would have answered: a filter of zeros and all after it in the file go unread.

    Emulated by truncating each layer's list of filters at the first whose PPM is all zero. The
    fractions keep all filters as their denominator.

    Returns
    -------
    DataFrame
        One row per run and layer that has such a filter: `label`, `rung`, `trial`, `layer`,
        `filters`, `first` (number of the first such filter, from 0), `match_any` and
        `match_relevant` as on record, and with `_dropped` as C Tomtom would have had them.
    """
    columns = ["label", "rung", "trial", "layer", "filters", "first", "match_any"]
    columns += ["match_relevant", "match_any_dropped", "match_relevant_dropped"]
    rows = []
    for record in records:
        for layer in record.layers:
            filters = layer.filters
            empty = [number for number, one in enumerate(filters) if not np.any(one.ppm)]
            if not empty:
                continue
            read = filters[: empty[0]]
            row: dict = {"label": record.label, "rung": rung(record.run.protocol)}
            row |= {"trial": record.run.trial, "layer": layer.layer}
            row |= {"filters": len(filters), "first": empty[0]}
            row |= {name: getattr(layer, name) for name in ("match_any", "match_relevant")}
            row["match_any_dropped"] = sum(f.matches_any for f in read) / len(filters)
            row["match_relevant_dropped"] = sum(f.tf is not None for f in read) / len(filters)
            rows.append(row)
    return pd.DataFrame(rows, columns=columns)
