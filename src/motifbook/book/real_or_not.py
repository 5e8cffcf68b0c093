"""The score without ground truth, for the chapter on matches and sites: tables and sentences.

`fit` is the `real_motif.Fit` throughout.
"""

from __future__ import annotations

import html

import pandas as pd
from matplotlib.figure import Figure

from motifbook.book import figures
from motifbook.book.provenance import Markup
from motifbook.networks.architectures import MODELS
from motifbook.yardsticks import real_motif
from motifbook.yardsticks.real_motif import FEATURES, Fit, Separation

SHOWN = ("E-value alone", "no database", "everything")
"""The variants that are shown beside each other where five would be too many."""
ENOUGH = 0.9
"""AUROC that was asked for between real bases, before any network was trained there."""
WEIGHTS = ("no database", "everything")


def fitted() -> tuple[Fit, Markup]:
    """The score that comes with the package, and the line of what shows it."""
    fit = real_motif.fitted()
    return fit, line(fit)


def line(fit: Fit) -> Markup:
    """The line of a figure or table: which fit it shows."""
    text = (
        f"From the score on record, real_motif.json: {fit.filters:,} trained and "
        f"{fit.untrained_filters:,} untrained filters of {len(fit.configuration['models'])} models "
        f"(configuration "
        f"{fit.configuration_sha256[:8]}); made by motifbook calibrate."
    )
    return Markup(f'<p class="provenance">{html.escape(text)}</p>', text)


def _with_interval(value: float, *ends: float) -> str:
    found = f" ({ends[0]:.3f} to {ends[1]:.3f})" if ends else ""
    return f"{value:.3f}{found}"


def worth(fit: Fit) -> pd.DataFrame:
    """By what is known of a filter: AUROC with each architecture left out, and its intervals."""
    return pd.DataFrame(
        {
            name: {
                "all filters": _with_interval(*one.auroc),
                "within an architecture, mean": _with_interval(*one.mean_auroc),
                "lowest": _with_interval(*one.lowest_auroc),
            }
            for name, one in fit.variants.items()
        }
    ).T


def by_architecture(fit: Fit) -> pd.DataFrame:
    """AUROC among the filters of each architecture, by a fit to the others; a column a variant."""
    found = pd.DataFrame({name: fit.by_model[name] for name in fit.variants})
    found = found.loc[[model for model in MODELS if model in found.index]]
    return found.rename(index={model: MODELS[model].label for model in found.index}).map(
        "{:.3f}".format
    )


def one_kind(fit: Fit) -> str:
    """Which architectures have no AUROC of their own, in words."""
    without = [
        MODELS[model].label
        for model in MODELS
        if model in fit.configuration["models"] and model not in fit.by_model["no database"]
    ]
    if not without:
        return ""
    return (
        f"({', '.join(without)} have filters of one kind only, and so no AUROC of their own; "
        "in that of all filters they count.)"
    )


def weights(fit: Fit) -> pd.DataFrame:
    """Coefficients: what one standard deviation of a feature adds to the log odds."""
    found = pd.DataFrame({name: fit.variants[name].coefficients for name in WEIGHTS})
    found = found.reindex([name for name in FEATURES if name in found.index])
    return found.rename(index=FEATURES).map("{:+.2f}".format).replace("+nan", "–")


def calibration(fit: Fit) -> Figure:
    """Tenths of all filters: the share of precise ones against the mean probability."""
    return figures.calibration({name: fit.calibration[name] for name in WEIGHTS})


def _auroc(one: Separation) -> str:
    return "–" if one.auroc is None else _with_interval(one.auroc, *(one.interval or ()))


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole:,}"


def novel(fit: Fit) -> pd.DataFrame:
    """By TF left out: AUROC of its precise filters against others, and how many are called real."""
    rows: dict[str, dict] = {}
    for tf in fit.novel[SHOWN[0]]:
        rows[tf] = {}
        for name in SHOWN:
            one = fit.novel[name][tf]
            rows[tf][name, "AUROC"] = _auroc(one)
            rows[tf][name, "called real"] = _share(one.found, one.precise)
    return pd.DataFrame.from_dict(rows, orient="index")


def novel_in_words(fit: Fit) -> str:
    """How many filters of a novel motif are called real, and for which TF fewest."""
    said = []
    for name in SHOWN:
        found = fit.novel[name]
        share = {tf: one.found / one.precise for tf, one in found.items() if one.precise}
        worst = min(share, key=share.__getitem__)
        total = sum(one.found for one in found.values())
        whole = sum(one.precise for one in found.values())
        said.append(
            f"*{name}*: {total} of {whole} ({total / whole:.0%}) are called real, fewest of "
            f"{worst} ({share[worst]:.0%})"
        )
    return "Of the filters of a motif that the fit never saw: " + "; ".join(said) + "."


def artefacts(fit: Fit) -> pd.DataFrame:
    """Between real bases: AUROC of each variant by network, and its mistakes."""
    rows = {}
    for name, found in fit.artefacts.items():
        for model, one in found.items():
            label = MODELS[model].label if model in MODELS else "all"
            rows[name, label] = {
                "AUROC": _auroc(one),
                "precise, called real": _share(one.found, one.precise),
                "others, called real": _share(one.mistaken, one.others),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def artefacts_in_words(fit: Fit) -> str:
    """Whether what was asked for between real bases is met, and by how much."""
    said = []
    for name, found in fit.artefacts.items():
        if "all" in found and (worth := found["all"].auroc) is not None:
            met = "met" if worth >= ENOUGH else "missed"
            said.append(f"*{name}*: {worth:.3f}, {met}")
    if not said:
        return "No network that was trained between real bases is on record yet."
    words = f"An AUROC of at least {ENOUGH:.2f} was asked for. " + "; ".join(said) + "."
    if missing := [f"*{name}*" for name in fit.variants if not fit.artefacts.get(name)]:
        words += f" Not asked, for want of a second trial of every network: {', '.join(missing)}."
    return words


def sizes(fit: Fit) -> pd.DataFrame:
    """Filters of other sizes, a row for each: AUROC, and how many of each kind are called real."""
    rows: dict[str, dict] = {}
    for name in ("no database", "with a database"):
        for size, one in fit.sizes[name].items():
            row = rows.setdefault(size if size == "all" else f"{size} nt", {})
            row[name, "AUROC"] = _auroc(one)
            row[name, "precise"] = _share(one.found, one.precise)
            row[name, "others"] = _share(one.mistaken, one.others)
    return pd.DataFrame.from_dict(rows, orient="index")


def sizes_in_words(fit: Fit) -> str:
    """What the score is worth on filters of other sizes, and for which it finds fewest precise."""
    said = []
    for name, found in fit.sizes.items():
        share = {size: one.found / one.precise for size, one in found.items() if one.precise}
        if share:
            worst = min(share, key=share.__getitem__)
            one, every = found[worst], found["all"]
            said.append(
                f"*{name}*: AUROC {every.auroc:.3f}; {_share(every.found, every.precise)} precise "
                f"filters are called real, the smallest part of those of {worst} nt "
                f"({_share(one.found, one.precise)})"
            )
    return "; ".join(said) + "." if said else "No network of the design map is on record yet."


DATA = {
    "synthetic": "synthetic data",
    "random": "random bases",
    "peaks-planted": "real bases, motifs planted",
}


def untrained(fit: Fit) -> pd.DataFrame:
    """Of untrained filters, how many are called real: by sequences and kind, a column a variant."""
    rows = {}
    for data, label in DATA.items():
        for kind in fit.untrained[SHOWN[0]].get(data, {}):
            found = {name: fit.untrained[name][data][kind] for name in fit.variants}
            rows[label, kind] = {
                name: _share(one.called, one.filters) for name, one in found.items()
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def untrained_in_words(fit: Fit) -> str:
    """The share of untrained filters that are called real, and where it is greatest."""
    said = []
    for name in SHOWN:
        shares = {
            (DATA[data], kind): one.called / one.filters
            for data, by_kind in fit.untrained[name].items()
            for kind, one in by_kind.items()
        }
        every = [one for by_kind in fit.untrained[name].values() for one in by_kind.values()]
        total, whole = sum(one.called for one in every), sum(one.filters for one in every)
        data, kind = most = max(shares, key=shares.__getitem__)
        worst = f", most of those that are *{kind}* on {data} ({shares[most]:.1%})" if total else ""
        said.append(f"*{name}*: {total} of {whole:,} ({total / whole:.2%}){worst}")
    together = ", ".join(f"{fit.with_untrained[name]:.3f} (*{name}*)" for name in SHOWN)
    return (
        "Of filters that have learned nothing, these are called real: " + "; ".join(said) + ". "
        f"The AUROC of all filters together, trained or not, is {together}."
    )


def in_short(fit: Fit) -> str:
    """The score's worth beside that of the E-value alone, in a sentence."""
    alone, plain = (fit.variants[name] for name in SHOWN[:2])
    return (
        "What a filter's PPM and its number of sites say together is worth more than its best "
        f"match: an AUROC of {plain.auroc[0]:.3f} against {alone.auroc[0]:.3f}, and "
        f"{plain.lowest_auroc[0]:.3f} against {alone.lowest_auroc[0]:.3f} in the worst "
        "architecture."
    )
