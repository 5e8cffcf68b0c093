"""First pool × filter size: what a network's first layer learns, measured on a grid of networks.

Between the networks of the grid (`architectures.DESIGN`) values are interpolated, and how far that
is off is measured by leaving each network out in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import QhullError

from motifbook.networks.architectures import DESIGN, FILTER_SIZES, FIRST_POOLS
from motifbook.networks.protocols import PROFILES
from motifbook.records.runs import Record
from motifbook.yardsticks import site_accuracy
from motifbook.yardsticks.site_accuracy import QUANTITIES

WHOLE = 0.5
"""Least part of the filters that match a relevant motif in a layer that holds whole motifs."""


def measured(records: Iterable[Record], own: Mapping[str, float]) -> pd.DataFrame:
    """What the networks of the grid have learned, as means over their trials.

    Parameters
    ----------
    records : iterable of Record
        Of networks of the grid; others are left out.
    own : mapping
        Each motif's own precision, from `site_accuracy.own_precision`.

    Returns
    -------
    DataFrame
        A row for each network on record: `pool` and `size` (nt), `model`, `profile` (of all),
        `trials`, `QUANTITIES`.
    """
    cells = {row.name: cell for cell, row in DESIGN.items()}
    records = [record for record in records if record.run.model in cells]
    table = site_accuracy.by_run(records, dict(own))
    found = table.groupby("model")[list(QUANTITIES)].mean()
    found.insert(0, "trials", table.groupby("model")["trial"].nunique())
    found.insert(0, "profile", table.groupby("model")["profile"].first())
    places = [cells[model] for model in found.index]
    found = found.reset_index()
    found.insert(0, "size", [size for _, size in places])
    found.insert(0, "pool", [pool for pool, _ in places])
    return found.sort_values(["pool", "size"], ignore_index=True)


def grid(table: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """A quantity as a map: filter sizes down, pools across; empty where nothing is on record."""
    wide = table.pivot_table(index="size", columns="pool", values=quantity)
    return wide.reindex(index=list(FILTER_SIZES), columns=list(FIRST_POOLS))


def between(table: pd.DataFrame, pool: float, size: float) -> dict[str, float]:
    """Each quantity at a pool and filter size (nt), linear in their logarithms between networks.

    NaN where networks on record do not surround the place.
    """
    places = np.log2(table[["pool", "size"]].to_numpy(float))
    try:
        surface = LinearNDInterpolator(places, table[list(QUANTITIES)].to_numpy(float))
    except (QhullError, ValueError):  # fewer than three, or all on one line
        return dict.fromkeys(QUANTITIES, np.nan)
    found = surface(np.log2([[pool, size]]))[0]
    return dict(zip(QUANTITIES, map(float, found), strict=True))


def left_out(table: pd.DataFrame) -> pd.DataFrame:
    """How far the value between the others is off, each network left out in turn.

    Returns
    -------
    DataFrame
        The rows of `table` that the others surround, with a column `{quantity}_off` for each
        quantity: what is interpolated less what was measured.
    """
    rows = []
    for place, row in table.iterrows():
        found = between(table.drop(index=place), row["pool"], row["size"])
        rows.append({f"{name}_off": found[name] - row[name] for name in QUANTITIES})
    off = pd.DataFrame(rows, index=table.index, columns=[f"{name}_off" for name in QUANTITIES])
    return table.join(off).dropna(subset=off.columns)


def steps(table: pd.DataFrame) -> pd.DataFrame:
    """For each filter size, the pool from which on first layers hold whole motifs, and its price.

    The step is the smallest pool on record at which, as at every larger one, at least `WHOLE` of
    the filters match a relevant motif. Its price is the best AUROC below it less the best from it
    on: positive where readable first layers predict worse.

    Returns
    -------
    DataFrame
        Indexed by filter size: `step` (nt, NaN where there is none), `below` and `above` (the best
        AUROC on either side) and `price`.
    """
    rows = {}
    for size, mine in table.sort_values("pool").groupby("size"):
        fails = mine.loc[mine["match_relevant"] < WHOLE, "pool"].max()  # NaN where none fails
        beyond = mine["pool"] > (-np.inf if np.isnan(fails) else fails)
        below, above = (mine.loc[side, "auroc"].max() for side in (~beyond, beyond))
        rows[size] = {
            "step": float(mine.loc[beyond, "pool"].min()),
            "below": below,
            "above": above,
            "price": below - above,
        }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["step", "below", "above", "price"])


def neighbours(table: pd.DataFrame, pool: float, size: float, count: int = 4) -> pd.DataFrame:
    """The networks on record nearest to a place, nearest first, by the logarithms of both sizes."""
    away = np.hypot(np.log2(table["pool"] / pool), np.log2(table["size"] / size))
    return table.loc[away.sort_values(kind="stable").index[:count]]


def check(pool: float, size: float) -> None:
    """Refuse a place that lies outside the grid.

    Raises
    ------
    ValueError
        Naming what was given and the range.
    """
    for name, value, known in (("pool", pool, FIRST_POOLS), ("size", size, FILTER_SIZES)):
        if not known[0] <= value <= known[-1]:
            raise ValueError(
                f"--{name} is {value:g}, expected {known[0]} to {known[-1]} nt: nothing was "
                "measured beyond"
            )


def advice(table: pd.DataFrame, pool: int, size: int) -> str:
    """What to expect of a first layer with this pool and filter size (nt), in a few sentences.

    Raises
    ------
    ValueError
        If nothing is known of the place.
    """
    check(pool, size)
    mine = table[(table["pool"] == pool) & (table["size"] == size)]
    found = between(table, pool, size) if mine.empty else mine.iloc[0][list(QUANTITIES)]
    if any(np.isnan(found[name]) for name in QUANTITIES):
        raise ValueError(
            f"nothing is known of pool {pool}, filter size {size}: {len(table)} of {len(DESIGN)} "
            "networks of the design map are on record, and they do not surround it"
        )
    whole = found["match_relevant"] >= WHOLE
    said = (
        f"First pool {pool} nt, filters of {size} nt: {found['match_relevant']:.0%} of the first "
        f"layer's filters match a relevant motif, {found['precise']:.0%} find its embedded sites; "
        f"AUROC {found['auroc']:.3f}. "
    )
    said += f"By the map's rule, that {WHOLE:.0%} of the filters match, the first layer " + (
        "holds whole motifs." if whole else "does not hold whole motifs."
    )
    profile = table["profile"].iloc[0]
    how = f"profile {profile}, at most {PROFILES[profile].epochs} epochs"
    if mine.empty:
        off = left_out(table)
        errors = {name: off[f"{name}_off"].abs().median() for name in QUANTITIES}
        models = ", ".join(neighbours(table, pool, size)["model"])
        return (
            f"{said} Not measured but interpolated between networks on record ({how}), "
            f"the nearest of them {models}. Of networks left out in "
            f"turn, half are off by at most {errors['match_relevant']:.2f}, "
            f"{errors['precise']:.2f} and {errors['auroc']:.3f}."
        )
    row = mine.iloc[0]
    trials = f"{row['trials']} trial{'s' if row['trials'] > 1 else ''}"
    return f"{said} Measured: {row['model']}, {how}, {trials}."
