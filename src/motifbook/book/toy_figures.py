"""Pictures of the toy network of `networks.receptive`: still, and one that a reader moves.

The moving figure is drawn in the browser (data/receptive.js) from numbers that are all computed
here, beforehand, and stored in data/receptive.json; `python -m motifbook.book.toy_figures` writes
that file again. The page holds script and numbers itself, so it works from a folder, a server and a
notebook alike.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view

from motifbook.book.figures import GREY, PALETTE, WIDTH
from motifbook.files import write_whole
from motifbook.networks import receptive
from motifbook.networks.receptive import (
    ALIKE,
    AMBIGUOUS_PATTERN,
    CELLS,
    PATTERNS,
    SITES,
    TOY,
    WORDS,
)
from motifbook.sequences.datasets import encode

PAIRS = (
    ("CACGTG", "GTGCAC"),
    ("CACGTG", "CACNNNGTG"),
    ("GTGCAC", "CACNNNGTG"),
    ("CACGTG", AMBIGUOUS_PATTERN),
)
"""The three pairs of Fig 1's patterns and the text's ambiguous one."""
WORD_COLOUR = {"GTG": PALETTE[0], "CAC": PALETTE[1]}
GREEN = PALETTE[2]
POOLS = range(1, 31)
BACKGROUNDS = 2000
_DATA = Path(__file__).parents[1] / "data"


def lead(survey: pd.DataFrame, pools: Sequence[int] = (1, 3, 20)) -> str:
    """How often the best second-layer filter tells the first pair apart, by pool size, in words."""
    alone = receptive.distances(survey).query("background == 'alone'")
    found = alone[alone["pair"] == " or ".join(PAIRS[0])]
    right = (1 + found.set_index("pool")["distance"]) / 2
    said = [f"{right[pool]:.0%} of the time with a pool of {pool}" for pool in pools]
    return (
        f"In our toy network the best second-layer filter tells {PAIRS[0][0]} from {PAIRS[0][1]} "
        f"{', '.join(said[:-1])} and {said[-1]}; guessing is right half of the time."
    )


# --- What a setting looks like on the toy sequence --------------------------------------------


def detectors(pool: int, stride: int) -> list[receptive.Detector]:
    """For each of `PATTERNS`: the filter that best singles it out from the other two.

    On the silent background, over all offsets of the grid.
    """
    seen = [receptive.views(receptive.scan(pattern), pool, stride) for pattern in PATTERNS]
    return [
        receptive.best_detector(mine, [other for other in seen if other is not mine])
        for mine in seen
    ]


def on_toy(pool: int, stride: int, shift: int, chosen: Sequence[receptive.Detector]) -> dict:
    """What the network makes of `TOY`.

    Returns
    -------
    dict
        `start`: first position of the first cell; `cells`: a digit per cell, 1 = GTG, 2 = CAC,
        3 = both; `views`: for each pattern the first cell of the view to which its filter answers
        most, or that is nearest where there is no such filter; `fires`: bit 3 × pattern + filter
        is set where a pattern fires a pattern's filter. Only views that lie on the sequence
        count (not the second layer's own padding), but for a map of less than three cells.
    """
    weights, thresholds, _ = receptive.second_layer()
    index = [best.index for best in chosen]
    useful = np.array([[best.separation > 0] for best in chosen])
    starts = receptive.grid(len(TOY), pool, stride, shift)
    pooled = receptive.max_pool(_toy_maps(), pool, stride, shift)[0]
    lacking = max(CELLS - len(starts), 0)
    starts = np.append(starts, starts[-1] + stride * np.arange(1, lacking + 1))
    padded = np.pad(pooled, ((0, lacking), (0, 0)))
    seen = sliding_window_view(padded, CELLS, axis=0).swapaxes(1, 2)
    answers = np.einsum("vcw,fcw->fv", seen, weights[index]) * useful
    fires = (answers >= thresholds[index][:, None]) & useful
    views, bits = [], 0
    for number, (pattern, start) in enumerate(SITES.items()):
        first, last = start + 1, start + len(pattern) - 2  # its words' middle bases
        on = (starts <= last) & (starts + pool > first)
        touching = np.flatnonzero(sliding_window_view(on, CELLS).any(axis=1))
        off_centre = abs(starts[touching + 1] + (pool - 1) / 2 - (first + last) / 2)
        best = touching[np.lexsort((off_centre, -answers[number, touching]))[0]]
        views.append(int(best))
        bits += sum(1 << 3 * number + int(f) for f in np.flatnonzero(fires[:, touching].any(1)))
    cells = "".join(map(str, pooled @ [1, 2]))
    return {"start": int(starts[0]), "cells": cells, "views": views, "fires": bits}


@cache
def _toy_maps() -> np.ndarray:
    return receptive.feature_maps(encode(TOY)[None])


# --- The moving figure ------------------------------------------------------------------------


def interactive_data(backgrounds: int = BACKGROUNDS) -> dict:
    """Everything that the moving figure shows.

    Returns
    -------
    dict
        What holds always, and lists by pool size (1–30), then by stride (up to the pool size):
        `fields`, the receptive fields of a pooled and a second-layer neuron (nt); `distances` of
        `PAIRS` on the silent and on random backgrounds; `filters`, for each pattern the best
        one's weights (cell by cell, GTG before CAC), threshold and separation; and what `on_toy`
        gives, by shift of the grid.
    """
    drawn = receptive.random_backgrounds(backgrounds)
    names = list(dict.fromkeys(sum(PAIRS, ())))
    scans = [{name: receptive.scan(name, bases) for name in names} for bases in (None, drawn)]
    weights, thresholds, _ = receptive.second_layer()
    columns = ("fields", "distances", "filters", "start", "cells", "views", "fires")
    settings: dict[str, list] = {key: [] for key in columns}
    for pool in POOLS:
        for column in settings.values():
            column.append([])
        for stride in range(1, pool + 1):
            pooled = [(receptive.FILTER_SIZE, 1), (pool, stride)]
            fields = [receptive.receptive_field(s)[0] for s in (pooled, [*pooled, (CELLS, 1)])]
            distances = []
            for scanned in scans:
                seen = {name: receptive.views(maps, pool, stride) for name, maps in scanned.items()}
                found = [receptive.distinguish(seen[a], seen[b]).separation for a, b in PAIRS]
                distances.append([round(value, 3) for value in found])
            chosen = detectors(pool, stride)
            filters = [
                [
                    "".join("0+-"[weight] for weight in weights[best.index].ravel()),
                    int(thresholds[best.index]),
                    round(best.separation, 3),
                ]
                for best in chosen
            ]
            shifts = [on_toy(pool, stride, shift, chosen) for shift in range(stride)]
            values = {"fields": fields, "distances": distances, "filters": filters}
            values |= {key: [shift[key] for shift in shifts] for key in shifts[0]}
            for key, value in values.items():
                settings[key][-1].append(value)
    return {
        "sequence": TOY,
        "words": list(WORDS),
        "hits": [np.flatnonzero(row).tolist() for row in _toy_maps()[0].T],
        "sites": [[pattern, start] for pattern, start in SITES.items()],
        "pairs": [list(pair) for pair in PAIRS],
        "alike": ALIKE,
        "backgrounds": backgrounds,
        **settings,
    }


def to_json(data: dict) -> str:
    """Compact, a line for each key."""
    lines = (f'"{key}":{json.dumps(value, separators=(",", ":"))}' for key, value in data.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def stored_json() -> str:
    """The text of data/receptive.json."""
    return (_DATA / "receptive.json").read_text("utf-8")


def interactive() -> HTML:
    """The moving figure, whole: numbers, script and style, and a still picture without scripts."""
    style, script = ((_DATA / f"receptive.{kind}").read_text("utf-8") for kind in ("css", "js"))
    pools = (2, 6, 12)
    with io.BytesIO() as file:
        figure = network(pools)
        figure.savefig(file, format="png", dpi=120)
        plt.close(figure)
        still = base64.b64encode(file.getvalue()).decode()
    sizes = f"{', '.join(map(str, pools[:-1]))} and {pools[-1]}"
    return HTML(
        f"""<figure class="receptive"><style>{style}</style>
<div class="still"><img src="data:image/png;base64,{still}" alt="The toy sequence, its two
pooled feature maps, what the second layer sees of each pattern and the receptive fields, at pool
sizes {sizes}.">
<p>This picture moves where scripts are on; without them it shows pool sizes {sizes}.</p></div>
<figcaption>Move pool size and stride. Top: the two feature maps after max-pooling; the words that
the filters detect; the sequence; for each pattern what its second-layer neuron sees (outlined) and
the receptive fields of its three pooled neurons (shaded: the darker, the more they overlap).
Middle: the three pools seen there, and the second-layer filter that best singles the pattern out.
Bottom: each pair's distance against pool size, at this stride; below the dotted
line it cannot be told apart.</figcaption>
<script type="application/json">{stored_json()}</script><script>{script}</script></figure>"""
    )


# --- Still pictures ---------------------------------------------------------------------------


def network(pools: Sequence[int] = (3, 20)) -> Figure:
    """The toy network at some pool sizes (stride = pool size), one below the other, as in Fig 1.

    See which pools of the two pooled maps are active above each pattern (green letters), what a
    second-layer filter sees there (the boxes of three pools on top), and how much sequence each
    pooled neuron looks at (the grey bars below, in three rows so that they can be told apart).
    """
    figure, axes = plt.subplots(
        len(pools), 1, figsize=(WIDTH, 2.5 * len(pools)), squeeze=False, sharex=True
    )
    words = []
    for ax, pool in zip(axes.flat, pools, strict=True):
        _network(ax, pool)
        words.append(f"pool size {pool}: {_different(pool)} of {len(SITES)}")
    figure.set_label(f"Different windows that the second layer sees: {'; '.join(words)}.")
    return figure


def _different(pool: int) -> int:
    """How many different windows the second layer sees at the patterns of the toy sequence."""
    seen = on_toy(pool, pool, 0, detectors(pool, pool))
    cells = dict(enumerate(seen["cells"]))
    return len({tuple(cells.get(view + i, "0") for i in range(CELLS)) for view in seen["views"]})


def _network(ax: Axes, pool: int) -> None:
    chosen = detectors(pool, pool)
    seen = on_toy(pool, pool, 0, chosen)
    field, _ = receptive.receptive_field([(receptive.FILTER_SIZE, 1), (pool, pool)])
    floors = {"GTG": 2.6, "CAC": 1.5}
    for cell, digit in enumerate(seen["cells"]):
        left = seen["start"] + cell * pool
        low, high = max(left, 0), min(left + pool, len(TOY))
        for channel, word in enumerate(WORDS):
            active = int(digit) >> channel & 1
            _box(ax, low, floors[word], high - low, 0.95, WORD_COLOUR[word] if active else "white")
        low, high = max(left - 3, 0), min(left + pool + 3, len(TOY))
        bar = Rectangle((low + 0.15, -1.15 - 0.55 * (cell % 3)), high - low - 0.3, 0.4, color=GREY)
        ax.add_patch(bar)
        bar.set(alpha=0.75 if digit != "0" else 0.25, linewidth=0)
    for position, letter in enumerate(TOY):
        ours = any(start <= position < start + len(p) for p, start in SITES.items())
        ax.text(
            position + 0.5,
            0.6,
            letter,
            ha="center",
            va="center",
            fontsize=8,
            family="monospace",
            color=GREEN if ours else GREY,
            weight="bold" if ours else "normal",
        )
    for (pattern, start), view in zip(SITES.items(), seen["views"], strict=True):
        centre = start + len(pattern) / 2
        for cell in range(CELLS):
            at = view + cell
            digit = int(seen["cells"][at]) if 0 <= at < len(seen["cells"]) else 0
            for channel, word in enumerate(WORDS):
                colour = WORD_COLOUR[word] if digit >> channel & 1 else "white"
                _box(ax, centre - 2.7 + 1.8 * cell, 6.0 - 0.95 * channel, 1.8, 0.95, colour)
        ax.text(centre, 7.2, pattern, ha="center", fontsize=9, color=GREEN, weight="bold")
    for name, height in {"second layer\nsees": 5.95, "GTG": 3.05, "CAC": 1.95}.items():
        ax.text(-1, height, name, ha="right", va="center", fontsize=9, linespacing=1.1)
    ax.text(-1, -1.5, "receptive\nfields", ha="right", va="center", fontsize=9, linespacing=1.1)
    ax.set(xlim=(0, len(TOY)), ylim=(-2.4, 8.2))
    ax.set_title(f"pool size {pool}: each pooled neuron sees {field} nt", loc="left", fontsize=11)
    ax.set_axis_off()


def _box(ax: Axes, left: float, low: float, width: float, height: float, colour: str) -> None:
    ax.add_patch(
        Rectangle((left, low), width, height, facecolor=colour, edgecolor=GREY, linewidth=0.7)
    )


def distances(survey: pd.DataFrame) -> Figure:
    """Distance against pool size, a panel for each pair of patterns.

    See where each curve falls below the dotted line for good: from the numbered pool size on the
    two patterns cannot be told apart. Filled: the pattern alone; open: in random DNA, with a band
    of two standard errors.

    Parameters
    ----------
    survey : DataFrame
        From `receptive.survey`, with stride = pool size.
    """
    pairs = dict(list(receptive.distances(survey).groupby("pair", sort=False)))
    rows = -(-len(pairs) // 2)
    figure, axes = plt.subplots(
        rows, 2, figsize=(WIDTH, 2.6 * rows), sharex=True, sharey=True, squeeze=False
    )
    looks = {  # colour, marker's face, height of the number
        "alone": (PALETTE[0], PALETTE[0], 0.6),
        "in random DNA": (PALETTE[3], "white", 0.72),
    }
    for ax, (pair, mine) in zip(axes.flat, pairs.items(), strict=False):
        for background, (colour, face, top) in looks.items():
            curve = mine[mine["background"] == background].set_index("pool")
            ax.plot(
                curve["distance"],
                color=colour,
                marker="o",
                markersize=3.5,
                markerfacecolor=face,
                linewidth=1.2,
                label=background,
            )
            low, high = (curve["distance"] + sign * 2 * curve["error"] for sign in (-1, 1))
            ax.fill_between(curve.index, low, high, color=colour, alpha=0.2, linewidth=0)
            if alike := receptive.alike_from(curve["distance"]):
                ax.vlines(alike, ALIKE, top, color=colour, linewidth=1)
                label = ax.text(alike, top, alike, color=colour, ha="center")
                label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})
        ax.axhline(ALIKE, color=GREY, linestyle=":", linewidth=1)
        ax.set_title(f"{pair}?", fontsize=10)
        ax.set(ylim=(-0.03, 1.05), xticks=[1, 3, 10, 20, 30])
    for ax in axes[-1]:
        ax.set_xlabel("pool size (nt)")
    for ax in axes[:, 0]:
        ax.set_ylabel("distance")
    axes.flat[0].legend(loc="upper right")
    return figure


def phases(survey: pd.DataFrame) -> Figure:
    """The distance at every offset of the pooling grid: pool size across, offset up.

    See the bright rows: the only offsets at which a boundary between two pools falls so that the
    patterns look different. Their number does not grow with the pool size, so their share shrinks.

    Parameters
    ----------
    survey : DataFrame
        From `receptive.survey`, with stride = pool size.
    """
    groups = dict(list(survey.groupby(["pair", "background"], sort=False)))
    pairs = list(dict.fromkeys(pair for pair, _ in groups))
    backgrounds = list(dict.fromkeys(background for _, background in groups))
    sizes = np.arange(1, survey["pool"].max() + 1)
    figure, axes = plt.subplots(
        len(pairs),
        len(backgrounds),
        figsize=(WIDTH, 2.0 * len(pairs)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for (pair, background), mine in groups.items():
        ax = axes[pairs.index(pair), backgrounds.index(background)]
        table = np.full((len(sizes), len(sizes)), np.nan)
        to_boundary = mine["pool"] - mine["phase"]
        table[to_boundary - 1, mine["pool"] - 1] = mine["difference"]
        image = ax.pcolormesh(sizes, sizes, table, cmap="viridis", vmin=0, vmax=1)
        ax.set_title(f"{pair}?\n{background}", fontsize=9)
        ax.set(xticks=[1, 10, 20, 30], yticks=[1, 10, 20, 30])
        ax.grid(False)
    figure.supxlabel("pool size (nt)", fontsize=11)
    figure.supylabel("from the pattern's start to the next pool (nt)", fontsize=11)
    figure.colorbar(image, ax=axes, shrink=0.4, label="distance")
    return figure


if __name__ == "__main__":
    write_whole(_DATA / "receptive.json", to_json(interactive_data()))
