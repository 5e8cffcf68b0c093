"""What the chapter on the choice of a database draws, says and tabulates.

`readings` is the record of `yardsticks.databases` throughout, None where it is not there.
"""

from __future__ import annotations

from functools import lru_cache

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from motifbook.book import figures
from motifbook.book.provenance import Markup, kept
from motifbook.networks.architectures import MODELS
from motifbook.paper import rules
from motifbook.paper.claims import claims
from motifbook.yardsticks import databases
from motifbook.yardsticks.databases import Databases

SHOWN = ("cnn-2", "cnn-4", "cnn-25", "cnn-100")
"""The networks whose curves are drawn."""
NOT_YET = "The filters on record have not been compared with other releases yet."


def line(readings: Databases | None, profile: str) -> Markup:
    """The line below a figure or table made from the readings."""
    place = f"synthetic/as-run/{profile}/databases.json"
    return kept(place, readings, f"motifbook databases --profile {profile}")


def _reading(release: int, evalue: float) -> str:
    return f"JASPAR {release} at E ≤ {evalue:g}"


def _label(model: str) -> str:
    return MODELS[model].label


def answer(readings: Databases | None) -> str:
    """Our answer, in words."""
    if readings is None:
        return NOT_YET
    fates = claims_table(readings)["fate"]
    stands, flips = ((fates == word).sum() for word in (databases.STANDS, databases.FLIPS))
    total = len(readings.releases) * len(readings.thresholds)
    crossing = "; ".join(
        f"{', '.join(map(_label, row.changed)) or 'none'} by {row.count}"
        for row in databases.survival(readings.table)[:2]
    )
    return (
        f"Of the paper's {len(fates)} comparisons of first layers, {stands} get the same verdict "
        f"in all {total} readings, and {flips} {'flips' if flips == 1 else 'flip'} from one side "
        "to the other. The fractions themselves do depend on it. Networks of which more than half "
        f"of the filters match in some readings and not in others: {crossing}."
    )


def releases(readings: Databases | None) -> pd.DataFrame:
    """Each release: how many motifs it has, how wide, and how many of them count as relevant."""
    if readings is None:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "release": one.release,
            "motifs": one.targets,
            "mean width (nt)": one.width,
            "open columns": f"{one.open:.0%}",
            "relevant": sum(map(len, one.relevant.values())),
            "those of MAX": ", ".join(one.relevant["MAX"]),
        }
        for one in readings.releases
    ).set_index("release")


def takers(readings: Databases | None) -> str:
    """Which motifs many shuffled filters match, release by release, in words."""
    if readings is None:
        return NOT_YET
    told = []
    for one in readings.releases:
        found = [f"{t.target} ({t.name}, {t.width} nt) {t.share:.0%}" for t in one.takers]
        told.append(f"JASPAR {one.release}: {', '.join(found) or 'none'}")
    return (
        f"Motifs that at least {databases.TAKEN:.0%} of the shuffled filters match "
        f"(E ≤ {databases.PAPERS[1]:g}, first trials): {'; '.join(told)}."
    )


def by_release(readings: Databases | None, fraction: str) -> pd.DataFrame:
    """A fraction at the paper's threshold, mean over trials: a row per network, release by release.

    Parameters
    ----------
    readings : Databases or None
    fraction : str
        One of `databases.FRACTIONS`.
    """
    if readings is None:
        return pd.DataFrame()
    table = readings.table
    mine = table[table["evalue"] == databases.PAPERS[1]]
    wide = mine.pivot_table(fraction, "model", "release")
    wide = wide.loc[[model for model in MODELS if model in wide.index]].rename(index=_label)
    return wide.map("{:.2f}".format).rename_axis(None).rename_axis(None, axis=1)


def curves(readings: Databases | None) -> Figure:
    """Match fraction against the threshold: a line per release, dashed where columns are shuffled.

    See whether a network's full lines stay together, and how fast the dashed ones rise to them.
    """
    table = pd.DataFrame() if readings is None else readings.table
    models = [model for model in SHOWN if len(table) and model in set(table["model"])]
    if readings is None or not models:
        return figures.saying("no run on record yet")
    size = {"figsize": (figures.WIDTH, 1.7 * len(models) + 0.9), "squeeze": False}
    figure, axes = plt.subplots(len(models), 2, sharex=True, sharey=True, **size)
    years = [one.release for one in readings.releases]
    shade = plt.get_cmap("cividis")
    shades = {year: shade(number / len(years)) for number, year in enumerate(years)}
    for row, model in zip(axes, models, strict=True):
        for ax, which in zip(row, ("any", "relevant"), strict=True):
            for year in years:
                mine = table[(table["model"] == model) & (table["release"] == year)]
                mean = mine.groupby("evalue")[[f"match_{which}", f"shuffled_{which}"]].mean()
                for name, style in (("match", "-"), ("shuffled", (0, (3, 2)))):
                    drawn = mean[f"{name}_{which}"]
                    words = f"{year}, columns shuffled" if name == "shuffled" else str(year)
                    look = {"ls": style, "lw": 1.4, "color": shades[year], "label": words}
                    ax.plot(drawn.index, drawn, gid=f"{name}-{model}-{which}-{year}", **look)
            ax.axvline(databases.PAPERS[1], color=figures.GREY, lw=0.8, zorder=0)
            ax.set(xscale="log", ylim=(-0.04, 1.04), title=f"{_label(model)}, {which}")
    figure.supxlabel("largest E of a match", fontsize=11)
    figure.supylabel("fraction of filters", fontsize=11)
    handles = [Line2D([], [], color=shades[year], label=str(year)) for year in years]
    handles.append(Line2D([], [], color=figures.GREY, ls=(0, (3, 2)), label="columns shuffled"))
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    return figure


@lru_cache(maxsize=1)
def _judged(readings: Databases) -> pd.DataFrame:
    """`databases.claims`, asked for by five of a page's cells."""
    return databases.claims(readings.table)


def claims_table(readings: Databases | None) -> pd.DataFrame:
    """The paper's comparisons: the verdict in its own reading, in how many each, and the fate."""
    if readings is None:
        return pd.DataFrame()
    found = _judged(readings)
    quotes = claims().set_index("id")
    release, evalue = databases.PAPERS
    rows = []
    for id_, mine in found.groupby("id", sort=False):
        papers = mine[(mine["release"] == release) & (mine["evalue"] == evalue)]["verdict"]
        words = mine["verdict"].value_counts()
        rows.append(
            {
                "the paper says": quotes.loc[id_, "quote"],
                "of": _models(quotes.loc[id_, "models"], quotes.loc[id_, "than"]),
                "in the paper's reading": papers.iloc[0] if len(papers) else "–",
                "in all readings": ", ".join(f"{word} {n}" for word, n in words.items()),
                "fate": databases.fate(mine["verdict"]),
            }
        )
    return pd.DataFrame(rows)


def _models(names: str, than: str) -> str:
    sides = [[_label(name) for name in side.split() if name in MODELS] for side in (names, than)]
    return " against ".join(", ".join(side) for side in sides if side)


def elsewhere(readings: Databases | None) -> str:
    """Where the comparisons that do not stand get another verdict, in words."""
    if readings is None:
        return NOT_YET
    found = _judged(readings)
    release, evalue = databases.PAPERS
    wide = found.pivot_table("verdict", ["release", "evalue"], "id", aggfunc="first")
    if (release, evalue) not in wide.index:
        return "The paper's own reading is not among those on record."
    other = wide.ne(wide.loc[(release, evalue)], axis=1)
    moved = other.any()
    if not moved.any():
        return "No comparison gets another verdict in any reading."
    by_release = other.xs(evalue, level="evalue").any()
    by_threshold = other.xs(release, level="release").any()
    worst = other.sum(axis=1)
    return (
        f"{moved.sum()} of {len(moved)} comparisons get another verdict somewhere: "
        f"{by_release.sum()} by the release alone (at E ≤ {evalue:g}), {by_threshold.sum()} by the "
        f"threshold alone (in JASPAR {release}). Most do in {_reading(*worst.idxmax())}: "
        f"{worst.max()}."
    )


def survival_table(readings: Databases | None) -> pd.DataFrame:
    """Each count under the rule: how far a mean moves, and which networks cross one half."""
    if readings is None:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "count of": row.count,
            "by release, at most": _moved(row.by_release, row.moved_by_release),
            "survives releases": _yes(row.survives_releases),
            "by threshold, at most": _moved(row.by_threshold, row.moved_by_threshold),
            "survives thresholds": _yes(row.survives_thresholds),
            "cross one half": ", ".join(map(_label, row.changed)) or "none",
        }
        for row in databases.survival(readings.table)
    )


def _moved(distance: float, model: str) -> str:
    return f"{distance:.2f} ({_label(model)})"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def survivor(readings: Databases | None) -> str:
    """The rule that survives, in words."""
    if readings is None:
        return NOT_YET
    rows = databases.survival(readings.table)
    parts = {
        "Counts that survive a change of release": [r.count for r in rows if r.survives_releases],
        "Counts that survive a change of threshold": [
            r.count for r in rows if r.survives_thresholds
        ],
        "Counts by which no network crosses one half": [r.count for r in rows if r.half_survives],
    }
    said = " ".join(f"{what}: {', '.join(counts) or 'none'}." for what, counts in parts.items())
    found = _judged(readings).groupby("id")["verdict"].agg(set)
    always = sum(words == {rules.HOLDS} for words in found)
    return (
        f"{said} What survives is a comparison within one reading: {always} of {len(found)} hold "
        "in every one."
    )


def same_pair(readings: Databases | None) -> pd.DataFrame:
    """The E at which one pair of motifs is judged in each release as in the paper's reading."""
    if readings is None:
        return pd.DataFrame()
    size = pd.Series({one.release: one.targets for one in readings.releases})
    release, evalue = databases.PAPERS
    return (evalue * size / size[release]).round(3).to_frame("E of the same p")


def ranks(readings: Databases | None) -> pd.DataFrame:
    """Spearman's correlation of the networks' order with the paper's reading: lowest by release."""
    if readings is None:
        return pd.DataFrame()
    found = databases.means(readings.table)
    release, evalue = databases.PAPERS
    rows = {}
    for name in databases.COUNTS:
        wide = found.pivot_table(name, "model", ["release", "evalue"])
        order = wide.corrwith(wide[(release, evalue)], method="spearman")
        rows[name] = order.groupby("release").min().round(2)
    return pd.DataFrame(rows).T
