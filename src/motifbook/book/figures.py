"""Every plot of the book, in one style: data in, figure or axes out.

Nothing here reads a file or decides a verdict. An open diamond is the paper's and nothing else is
drawn so, so that neither is told by colour alone; a verdict is always a word.
"""

from __future__ import annotations

import html
import io
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import logomaker
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import PIL.Image
import seaborn as sns
from IPython.display import HTML, Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator, PercentFormatter
from matplotlib.transforms import Affine2D

from motifbook.book import alt
from motifbook.motifs import matrices
from motifbook.networks.architectures import MODELS, Architecture
from motifbook.paper import rules, verdicts
from motifbook.records.runs import Filter, Record
from motifbook.yardsticks.real_motif import Bin

WIDTH = 6.4
"""Inches: a phone shows a figure at about 60% of this, so 11-point text stays readable."""

PALETTE = sns.color_palette("colorblind").as_hex()
GREY = "#6b6b6b"
BASES = {"A": "#029e73", "C": "#0173b2", "G": "#e69f00", "T": "#cc4125"}
"""The customary hues of the bases, in shades that red-green colour blindness keeps apart."""

QUANTITY = {
    "auroc": ("AUROC", PALETTE[0]),
    "aupr": ("AUPR", PALETTE[0]),
    "match_any": ("match any motif", PALETTE[1]),
    "match_relevant": ("match a relevant motif", PALETTE[0]),
    "relevant_filters": ("filters that match\na relevant motif", PALETTE[0]),
    "unmatched_filters": ("filters that match\nno motif", PALETTE[1]),
}
"""Label and colour of each quantity."""

VERDICT = {
    **dict.fromkeys(("equivalent", "holds", "reproduced"), ("●", "#01704f")),
    **dict.fromkeys(("inconclusive", "close"), ("◐", "#8a5a00")),
    **dict.fromkeys(("different", "does not hold", "differs"), ("✕", "#b03a00")),
    "not yet run": ("○", GREY),
    "cannot be tested": ("–", GREY),
}
"""Sign and colour of each verdict of both rules; both only ever accompany the word."""


PRINTED: dict[str, Any] = {"marker": "D", "mfc": "white", "mew": 1.4, "ms": 6}
"""The mark of a value that the paper printed: an open diamond, which is drawn for nothing else."""


def style() -> None:
    """Set the book's style for every figure that follows."""
    sns.set_theme(context="notebook", style="ticks", palette=PALETTE)
    plt.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.6),
            "figure.dpi": 100,
            "savefig.dpi": 200,
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.labelsize": 11,
            "axes.titlesize": 12,
            "xtick.labelsize": 11,
            "ytick.labelsize": 11,
            "legend.fontsize": 10,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "grid.color": "#e6e6e6",
            "grid.linewidth": 0.8,
            "lines.linewidth": 1.8,
        }
    )


def _no_run(ax: Axes | None, words: str = "no run on record yet") -> Axes:
    """What stands where a plot has nothing to show: a page is built whatever is on record."""
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 0.8))
    ax.text(0.5, 0.5, words, ha="center", va="center", color=GREY)
    ax.set_axis_off()
    return ax


def saying(words: str) -> Figure:
    """A figure of nothing but words, where there is nothing to draw."""
    return _no_run(None, words).figure


def show(figure: Figure | Axes) -> Image:
    """The figure as a PNG of 2× pixels and few colours, for a notebook's last line; closes it.

    A page of logos is a third as large so, and looks the same. Its alt text has the values shown.
    """
    figure = figure.figure if isinstance(figure, Axes) else figure
    pixels, png = io.BytesIO(), io.BytesIO()
    figure.savefig(pixels, format="png", dpi=200, pil_kwargs={"compress_level": 0})
    words = alt.describe(figure)
    plt.close(figure)
    with PIL.Image.open(pixels) as image:
        colours, dots = PIL.Image.Quantize.MAXCOVERAGE, PIL.Image.Dither.NONE
        image.convert("RGB").quantize(128, colours, dither=dots).save(png, format="PNG")
    width = round(100 * figure.get_figwidth())
    return Image(png.getvalue(), format="png", width=width, alt=words or None)


# --- Sequence logos ---------------------------------------------------------------------------


def logo(ppm: np.ndarray, ax: Axes | None = None, start: float = 0.0) -> Axes:
    """Draw a sequence logo: letters as high as their share of the column's information.

    See which bases a motif insists on (tall), which it leaves open (flat), and how wide it is.

    The letters are logomaker's. Each is made once and then placed: `logomaker.Logo` makes every
    letter anew, which takes most of the time that the book takes to build.

    Parameters
    ----------
    ppm : ndarray of float, shape (length, 4)
        Probabilities of A, C, G, T. An all-zero column is left empty.
    ax : Axes, optional
        The current one by default.
    start : float
        Where on the x axis the first column begins.

    Returns
    -------
    Axes
        x in columns, y in bits (0 to 2), without decoration.
    """
    ax = ax or plt.gca()
    ppm = np.asarray(ppm, dtype=float)
    heights = ppm * matrices.information(ppm)[:, None]
    upwards = np.argsort(heights, axis=1, kind="stable")
    tops = np.empty_like(heights)
    np.put_along_axis(
        tops, upwards, np.take_along_axis(heights, upwards, axis=1).cumsum(axis=1), axis=1
    )
    for base, height, top in zip(BASES, heights.T, tops.T, strict=True):
        letters = [
            Affine2D().scale(1, height[x]).translate(start + x + 0.5, top[x] - height[x])
            for x in np.flatnonzero(height)
        ]
        if letters:
            outlines = [place.transform_path(_outline(base)) for place in letters]
            path = Path.make_compound_path(*outlines)
            ax.add_artist(PathPatch(path, facecolor=BASES[base], linewidth=0))
    ax.set(xlim=(start, start + len(ppm)), ylim=(0, 2), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.grid(False)
    return ax


@cache
def _outline(base: str) -> Path:
    """A letter of logomaker's, one high, around x = 0."""
    ax = Figure().subplots()
    return logomaker.Glyph(0, base, floor=0, ceiling=1, ax=ax, width=0.94).patch.get_path()


def e_value(value: float) -> str:
    """An E-value in two signs: 3e-8, 0.04."""
    if value >= 0.001:
        return f"{value:.1g}"
    digits, exponent = f"{value:.0e}".split("e")
    return f"{digits}e−{abs(int(exponent))}"


def _verdict_of_filter(one: Filter) -> tuple[str, str]:
    """("relevant" | "other" | "none" | "dead" | "refused", label)."""
    if one.state == "dead":
        return "dead", "dead"
    if one.state != "alive":
        return "refused", one.state
    hits = [hit for hit in one.hits if hit.e_value <= 0.1]
    if not hits:
        return "none", "no match"
    if one.tf:
        hit = one.relevant_hit or hits[0]
        name = matrices.TRUE_TF.get(hit.target, one.tf)
        return "relevant", f"{name} {e_value(hit.e_value)}"
    name = hits[0].name
    name = name if len(name) <= 9 else f"{name[:8]}…"
    return "other", f"({name}) {e_value(hits[0].e_value)}"


_TITLE = {
    "relevant": {"color": "black", "weight": "bold"},
    "other": {"color": GREY, "style": "italic"},
    "none": {"color": GREY},
    "dead": {"color": GREY},
    "refused": {"color": GREY},
}


def _grid(
    count: int, columns: int, row: float = 0.76, title: float = 0.2
) -> tuple[Figure, np.ndarray]:
    """Axes for logos, row by row. A row's height and its title's are in inches.

    Nothing has to be measured to place them, as matplotlib's layout engines would.
    """
    rows = -(-count // columns)
    gap, edge, below = 0.14, 0.04, 0.05
    width, height = WIDTH + 0.6, rows * row
    tall, wide = row - title - below, (width - 2 * edge - (columns - 1) * gap) / columns
    across = {"left": edge / width, "right": 1 - edge / width, "wspace": gap / wide}
    up = {"bottom": below / height, "top": 1 - title / height, "hspace": (title + below) / tall}
    places, size = across | up, (width, height)
    figure, axes = plt.subplots(
        rows, columns, figsize=size, squeeze=False, layout="none", gridspec_kw=places
    )
    for ax in axes.flat[count:]:
        ax.set_axis_off()
    return figure, axes.flat[:count]


def logo_grid(
    record: Record | None,
    layer: int = 1,
    filters: Sequence[int] | None = None,
    columns: int = 5,
) -> Figure:
    """Sequence logos of a layer's filters, each with what Tomtom says of it (Figs 2–4, S1, S2).

    See how many filters hold a whole motif. **Bold**: the relevant motif that a filter matches, and
    the E-value; (*italic*): it matches only other motifs of JASPAR, this one best; "no match";
    "dead": never active, so it has no logo. The small number is the filter's, from 0. The dark line
    below a logo spans the columns that were compared.

    Parameters
    ----------
    record : Record or None
        None where the run is not on record; the figure then says so.
    layer : int
        Which convolutional layer, from 1.
    filters : sequence of int, optional
        Which filters, in this order; all by default.
    columns : int
        Logos side by side.

    Raises
    ------
    ValueError
        If no such layer is on record.
    """
    if record is None:
        return _no_run(None).figure
    known = record.layer(layer).filters
    chosen = known if filters is None else [known[number] for number in filters]
    figure, axes = _grid(len(chosen), columns)
    for ax, one in zip(axes, chosen, strict=True):
        kind, label = _verdict_of_filter(one)
        ppm = np.asarray(one.ppm, dtype=float)
        logo(ppm, ax)
        ax.set_title(label, fontsize=9, pad=1.5, **_TITLE[kind])
        ax.text(0, 2.08, one.filter, fontsize=7, color=GREY, va="bottom")
        if kind == "dead":
            ax.add_patch(
                Rectangle((0, 0), len(ppm), 2, fill=False, hatch="////", edgecolor="#c8c8c8", lw=0)
            )
        else:
            start, stop = one.trim
            ax.plot([0, len(ppm)], [0, 0], color="#c8c8c8", lw=0.8, clip_on=False)
            ax.plot([start, stop], [0, 0], color="black", lw=1.4, clip_on=False)
    return figure


def gallery(filters: Sequence[Filter], titles: Sequence[str], columns: int = 3) -> Figure:
    """Sequence logos of filters from any records, each under a title of its own.

    Parameters
    ----------
    filters : sequence of Filter
    titles : sequence of str
        One for each, of one line or two.
    columns : int
        Logos side by side.
    """
    if not filters:
        return _no_run(None).figure
    figure, axes = _grid(len(filters), columns, row=1.15, title=0.36)
    for ax, one, title in zip(axes, filters, titles, strict=True):
        ppm = np.asarray(one.ppm, dtype=float)
        logo(ppm, ax)
        ax.set_title(title, fontsize=9, pad=2, loc="left")
        ax.plot([0, len(ppm)], [0, 0], color="#c8c8c8", lw=0.8, clip_on=False)
        ax.plot(one.trim, [0, 0], color="black", lw=1.4, clip_on=False)
    return figure


def ground_truth_grid(truth: Sequence[matrices.Motif] | None = None) -> Figure:
    """Sequence logos of the embedded motifs, each as it is and reverse-complemented.

    See what a filter has to look like, in either orientation, to hold a whole motif.

    Parameters
    ----------
    truth : sequence of Motif, optional
        The twelve of the synthetic data by default.
    """
    truth = matrices.ground_truth() if truth is None else truth
    figure, axes = _grid(2 * len(truth), columns=4)
    widest = max(len(motif.ppm) for motif in truth)
    for motif, pair in zip(truth, np.reshape(axes, (-1, 2)), strict=True):
        turned = motif.reverse_complement()
        for ax, ppm, arrow in ((pair[0], motif.ppm, "→"), (pair[1], turned.ppm, "←")):
            logo(ppm, ax, start=(widest - len(ppm)) / 2)
            ax.set_xlim(0, widest)
            ax.set_title(f"{motif.name} {arrow}", fontsize=9, pad=1.5, weight="bold")
            ax.plot([0, widest], [0, 0], color="#c8c8c8", lw=0.8, clip_on=False)
    return figure


# --- Ours beside the paper's ------------------------------------------------------------------


def against(
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    models: Sequence[str],
    quantities: Sequence[str],
    ax: Axes | None = None,
    *,
    x: Sequence[float] | None = None,
    references: Mapping[str, float] | None = None,
) -> Axes:
    """One quantity or more by model: ours with every trial, the paper's with its error.

    See whether our dots (one a trial; the line joins their means) fall where the paper's open
    diamonds (mean ± standard deviation of five trials) are. A dashed line is a reference; one so
    far off that the marks could not be told apart is written at the edge, with its value.

    Parameters
    ----------
    ours : DataFrame
        One row per run: `model` and a column for each quantity (`runs.table`).
    theirs : DataFrame
        One row per printed value: `model`, `quantity`, `mean`, `error`, of one dataset and layer
        (`claims.printed`). May be empty.
    models : sequence of str
        In the order of the x axis. Those without a run keep their place; none at all is said.
    quantities : sequence of str
        Keys of `QUANTITY`.
    x : sequence of float, optional
        A number for each model (a pool size, a number of filters); the axis is logarithmic. By
        default models are evenly spaced and named.
    references : mapping, optional
        Text -> height of a dashed line.
    """
    if not len(models):
        return _no_run(ax)
    ax = ax or plt.gca()
    places = np.log2(x) if x is not None else np.arange(len(models), dtype=float)
    # Ours and the paper's stand side by side in a slot each, so that nothing hides behind another.
    slot = 0.3 * _nearest(places) / len(quantities)
    theirs = theirs.set_index(["model", "quantity"])
    for number, quantity in enumerate(quantities):
        look = {"color": QUANTITY[quantity][1]}
        middle = places + (number - (len(quantities) - 1) / 2) * 2 * slot
        means = []
        for model, place in zip(models, middle - slot / 2, strict=True):
            trials = ours.loc[ours["model"] == model, quantity].dropna() if len(ours) else []
            means.append(np.mean(trials) if len(trials) else np.nan)
            dots = {"ls": "", "marker": "os^"[number], "ms": 5.5, "mew": 0, "alpha": 0.65}
            ax.plot(np.full(len(trials), place), trials, gid=f"ours-{quantity}", **dots, **look)
        if x is None:
            ax.plot(middle - slot / 2, means, "_", ms=16, mew=2, **look)
        else:
            there = np.isfinite(means)
            ax.plot((middle - slot / 2)[there], np.array(means)[there], lw=1.5, **look)
        for model, place in zip(models, middle + slot / 2, strict=True):
            if (model, quantity) in theirs.index:
                cell = theirs.loc[(model, quantity)]
                mark = PRINTED | {"ls": "", "lw": 1.2}
                error = cell["error"]
                drawn = ax.errorbar(place, cell["mean"], error, capsize=2.5, **mark, **look)
                drawn.lines[0].set_gid(f"paper-{quantity}")
    _draw_references(ax, references or {})
    _name_models(ax, places, models, x)
    _legend_against(ax, quantities)
    if len(quantities) == 1:
        ax.set_ylabel(QUANTITY[quantities[0]][0])
    if all(quantity.startswith("match") for quantity in quantities):
        ax.set(ylim=(-0.04, 1.04))
        if len(quantities) > 1:
            ax.set_ylabel("fraction of filters that match")
    return ax


def _nearest(places: np.ndarray) -> float:
    """The smallest distance between two places that are not the same; 1 where there is none."""
    apart = np.diff(np.unique(places))
    return apart.min() if len(apart) else 1.0


def _draw_references(ax: Axes, references: Mapping[str, float]) -> None:
    """Named dashed lines, their names where no mark is; arrows to those that are far off."""
    drawn = [line.get_ydata() for line in ax.lines if line.get_gid()]
    marks = np.concatenate([np.asarray(y, float) for y in drawn]) if drawn else np.array([])
    low, high = ax.get_ylim()
    near, far = {}, {0: list[str](), 1: list[str]()}  # far: by edge of the axis
    for text, height in references.items():
        if len(marks) and max(high, height) - min(low, height) > 5 * (high - low):
            far[int(height > high)].append(f"{text} {height:.3f} {'↑' if height > high else '↓'}")
        else:
            ax.axhline(height, color=GREY, lw=1.2, ls=(0, (4, 3)), zorder=0)
            near[text] = height
    low, high = ax.get_ylim()
    name = 0.1 * (high - low)  # about the height of a name
    if any(far.values()):
        ax.set_ylim(low - name * bool(far[0]), high + name * bool(far[1]))
    for edge, texts in far.items():
        if texts:
            _write_reference(ax, ";  ".join(texts), edge, below=edge == 1)
    for text, height in near.items():
        away = marks - height
        below = ((away > 0) & (away < name)).any() and not ((away < 0) & (away > -name)).any()
        _write_reference(ax, text, height, below, coordinates="data")


def _write_reference(
    ax: Axes, text: str, height: float, below: bool, coordinates: str = "axes fraction"
) -> None:
    ax.annotate(
        text,
        (1, height),
        xycoords=("axes fraction", coordinates),
        xytext=(0, -3 if below else 3),
        textcoords="offset points",
        ha="right",
        va="top" if below else "bottom",
        color=GREY,
        fontsize=10,
    )


def _name_models(
    ax: Axes, places: np.ndarray, models: Sequence[str], x: Sequence[float] | None
) -> None:
    labels = [f"{value:g}" for value in x] if x is not None else [model_label(m) for m in models]
    ax.set_xticks(places, labels)
    margin = 0.5 * _nearest(places)
    ax.set_xlim(places.min() - margin, places.max() + margin)
    if x is None and sum(map(len, labels)) > 45:
        plt.setp(ax.get_xticklabels(), rotation=35, ha="right", rotation_mode="anchor")


def model_label(model: str) -> str:
    """The paper's name of a model; for a network of the reader's own, its own."""
    return MODELS[model].label if model in MODELS else model


def _legend_against(ax: Axes, quantities: Sequence[str]) -> None:
    handles = []
    for number, quantity in enumerate(quantities):
        label, colour = QUANTITY[quantity]
        text = "" if len(quantities) == 1 else f"{label.removeprefix('match ')}, "
        ours = Line2D([], [], marker="os^"[number], color=colour, lw=1.5, ms=5.5, mew=0)
        paper = Line2D([], [], color=colour, lw=0, **PRINTED)
        ours.set_label(f"{text}ours (each trial)")
        paper.set_label(f"{text}paper (± sd)")
        handles += [ours, paper]
    ax.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
        borderaxespad=0.2,
        columnspacing=1.2,
        handletextpad=0.5,
    )


POOLS = ("cnn-1", "cnn-2", "cnn-4", "cnn-10", "cnn-25", "cnn-50", "cnn-100")
"""Table 1's first seven rows: the models that differ in their pool sizes only."""

WIDTHS = ("cnn-25", "cnn-25-60", "cnn-25-90", "cnn-25-120")
"""CNN-25 with 30, 60, 90 and 120 first-layer filters."""


def against_pool(
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    quantities: Sequence[str] = ("match_any", "match_relevant"),
    ax: Axes | None = None,
    *,
    models: Sequence[str] = POOLS,
    references: Mapping[str, float] | None = None,
    own: Sequence[Architecture] = (),
) -> Axes:
    """Quantities against the first max-pool size (Table 1's first seven rows as a picture).

    See the match fractions leap between pools of 4 and 10 while AUROC hardly moves. Arguments as in
    `against`; `own` are networks of the reader's own among the models.
    """
    pools = {row.name: row.convs[0].pool for row in (*MODELS.values(), *own)}
    models = sorted(models, key=pools.__getitem__)
    sizes = [pools[model] for model in models]
    ax = against(ours, theirs, models, quantities, ax, x=sizes, references=references)
    ax.set_xlabel("first max-pool size (nt)")
    return ax


def against_filters(
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    quantities: Sequence[str] = ("match_any", "match_relevant"),
    ax: Axes | None = None,
    *,
    models: Sequence[str] = WIDTHS,
    references: Mapping[str, float] | None = None,
) -> Axes:
    """Quantities against the number of first-layer filters of CNN-25.

    See the fraction of matching filters fall as filters are added. Arguments as in `against`.
    """
    counts = [MODELS[model].convs[0].filters for model in models]
    ax = against(ours, theirs, models, quantities, ax, x=counts, references=references)
    ax.set_xlabel("first-layer filters")
    return ax


# --- What filters learn, and when -------------------------------------------------------------


def filters_per_tf(counts: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """A heatmap of how many filters have learned each TF.

    See the rows of one model disagree: which motif gets many filters is chance, not importance.

    Parameters
    ----------
    counts : DataFrame
        A row per run (or model), a column per TF, whole numbers.
    """
    if counts.empty:
        return _no_run(ax)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH + 0.4, 0.34 * len(counts) + 1.1))
    sns.heatmap(
        counts,
        ax=ax,
        annot=True,
        fmt="d",
        cmap="Blues",
        vmin=0,
        cbar=False,
        linewidths=1,
        linecolor="white",
        annot_kws={"fontsize": 10},
    )
    ax.set(xlabel="", ylabel="")
    ax.tick_params(length=0)
    plt.setp(ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
    plt.setp(ax.get_yticklabels(), rotation=0)
    return ax


def traces(
    trace: pd.DataFrame,
    quantities: Mapping[str, str] | None = None,
) -> Figure:
    """What happens while networks train: one panel per quantity, epochs along x, a line per model.

    See whether the fraction of matching filters still rises after the loss has settled, and whether
    the first layer still receives a gradient then.

    Parameters
    ----------
    trace : DataFrame
        One row per model and epoch: `model`, `epoch`, and the quantities.
    quantities : mapping, optional
        Column -> axis label; by default the fraction of filters that match a relevant motif and the
        norm of the loss's gradient by the first layer's weights.
    """
    if trace.empty:
        return _no_run(None).figure
    quantities = quantities or {
        "match_relevant": "match a relevant\nmotif (fraction)",
        "gradient_norm": "first-layer\ngradient norm",
    }
    figure, axes = plt.subplots(
        len(quantities), 1, figsize=(WIDTH, 2.1 * len(quantities) + 0.6), sharex=True, squeeze=False
    )
    dashes = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1, 1, 1)))
    for ax, (quantity, label) in zip(axes.flat, quantities.items(), strict=True):
        for number, (model, run) in enumerate(trace.groupby("model", sort=False)):
            ax.plot(
                run["epoch"],
                run[quantity],
                color=PALETTE[number],
                ls=dashes[number % 4],
                label=model_label(model),
            )
        ax.set_ylabel(label)
        if "norm" in quantity and trace[quantity].max() > 10 * trace[quantity].min():
            ax.set_yscale("log")
    axes.flat[0].legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
    axes.flat[-1].set_xlabel("epoch")
    return figure


def null_rates(rates: pd.DataFrame, quantity: str = "match_any", ax: Axes | None = None) -> Axes:
    """Match fractions of trained filters beside those that no learning explains, by model.

    See how far a model's filled markers stand right of its open ones: only that much speaks for
    learned motifs.

    Parameters
    ----------
    rates : DataFrame
        One row per model, trial and kind of filter: `model`, `kind` (such as trained, shuffled,
        untrained; the first to appear is drawn first) and the quantity.
    """
    if rates.empty:
        return _no_run(ax)
    kinds = list(rates["kind"].unique())
    models = list(rates["model"].unique())
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 0.36 * len(models) + 1.2))
    for number, kind in enumerate(kinds):
        rows = rates[rates["kind"] == kind]
        look = {"color": PALETTE[number] if number == 0 else GREY}
        look |= {"marker": "os^v"[number % 4], "mfc": look["color"] if number == 0 else "white"}
        places = rows["model"].map(models.index) + (number - (len(kinds) - 1) / 2) * 0.22
        ax.plot(rows[quantity], places, ls="", ms=5, mew=1.1, alpha=0.8, label=kind, **look)
    ax.set_yticks(range(len(models)), [model_label(model) for model in models])
    ax.set(ylim=(len(models) - 0.5, -0.5), xlim=(-0.03, 1.03))
    ax.set_xlabel(f"{QUANTITY[quantity][0]} (fraction of filters, each trial)")
    ax.grid(True, axis="x")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(kinds))
    return ax


def readings(table: pd.DataFrame) -> Figure:
    """The same networks' match fractions by different readings: a row per model, two panels.

    See how long a model's grey line is: the reading alone moves the marks along it. An open
    diamond is the paper's.

    Parameters
    ----------
    table : DataFrame
        One row per model and reading: `model`, `reading` ("paper" is drawn as such), `match_any`,
        `match_relevant`.
    """
    if table.empty:
        return _no_run(None).figure
    models, names = list(table["model"].unique()), list(table["reading"].unique())
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 0.36 * len(models) + 1.5), sharey=True)
    for ax, quantity in zip(axes, ("match_any", "match_relevant"), strict=True):
        for model, own in table[table["reading"] != "paper"].groupby("model"):
            heights = own["reading"].map(lambda name: _height(names, name)) + models.index(model)
            ax.plot(own[quantity], heights, color="#c8c8c8", lw=2, zorder=0)
        for number, name in enumerate(names):
            rows = table[table["reading"] == name]
            look = {"marker": "sov"[number % 3], "color": PALETTE[number], "ms": 4.5, "mew": 0}
            if name == "paper":
                look = PRINTED | {"color": "black", "mew": 1.2, "ms": 4.5}
            heights = rows["model"].map(models.index) + _height(names, name)
            ax.plot(rows[quantity], heights, ls="", label=name, gid=name, **look)
        ax.set(xlim=(-0.04, 1.04), xticks=(0, 0.5, 1), xlabel=QUANTITY[quantity][0])
        ax.grid(True, axis="x")
    axes[0].set_yticks(range(len(models)), [model_label(model) for model in models])
    axes[0].set_ylim(len(models) - 0.5, -0.5)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=min(len(names), 2)
    )
    return figure


def _height(names: Sequence[str], name: str) -> float:
    """Where in a row of height 1 the mark of one of these names lies."""
    return (names.index(name) - (len(names) - 1) / 2) * 0.26


def held(limit: pd.Series, filters: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How much of each motif's information lies under the weights of the filters that match it.

    See how far the dots (one a filter) fall short of the bar: the most that a filter of the small
    size could hold.

    Parameters
    ----------
    limit : Series
        By TF, in the order of the rows from the top: the most, a share of the information.
    filters : DataFrame
        One row per filter: `label` of its model, `tf`, and the share `read`
        (`motif_coverage.held`).
    """
    if filters.empty:
        return _no_run(ax)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 0.4 * len(limit) + 1.2))
    rows = {tf: place for place, tf in enumerate(limit.index)}
    labels = list(filters["label"].unique())
    for number, label in enumerate(labels):
        own = filters[(filters["label"] == label) & filters["tf"].isin(rows)]
        shift = (number - (len(labels) - 1) / 2) * 0.7 / len(labels)
        ax.plot(
            own["read"],
            own["tf"].map(rows) + shift + _jitter(len(own), 0.4 / len(labels)),
            "os^v"[number % 4],
            color=PALETTE[number],
            mfc=PALETTE[number] if number == 0 else "white",
            ms=4.5,
            mew=0.9,
            alpha=0.7,
            label=label,
        )
    ax.plot(limit, range(len(limit)), "|", color="black", ms=24, mew=2.2, label=limit.name)
    ax.set_yticks(range(len(limit)), limit.index)
    ax.set(ylim=(len(limit) - 0.5, -0.5), xlim=(min(0.4, filters["read"].min()) - 0.03, 1.03))
    ax.set_xlabel("share of the motif's information under the filter's weights")
    ax.grid(True, axis="x")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=1.2)
    return ax


def site_precision(filters: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How precisely each filter's sites hit embedded motifs, by what Tomtom says of it.

    See whether the filters without a match find nothing, or are merely less particular: a dot at
    0.8 means that four in five of the filter's sites are motifs of one TF.

    Parameters
    ----------
    filters : DataFrame
        One row per filter: `label` (a row of the plot each, in order of appearance), `relevant`,
        `any`, and `site_precision`, NaN without sites (`runs.filters`).
    """
    filters = filters[filters["site_precision"].notna()] if len(filters) else filters
    if filters.empty:
        return _no_run(ax)
    labels = list(filters["label"].unique())
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 0.62 * len(labels) + 1.4))
    relevant, matched = filters["relevant"].astype(bool), filters["any"].astype(bool)
    kinds = (
        ("a relevant motif", relevant, "o", PALETTE[0], PALETTE[0]),
        ("only another motif", matched & ~relevant, "^", PALETTE[1], PALETTE[1]),
        ("no motif", ~matched & ~relevant, "s", GREY, "white"),
    )
    for number, (name, chosen, marker, colour, face) in enumerate(kinds):
        rows = filters[chosen]
        ax.plot(
            rows["site_precision"],
            rows["label"].map(labels.index) + (number - 1) * 0.27 + _jitter(len(rows), 0.2),
            marker,
            color=colour,
            mfc=face,
            ms=4.5,
            mew=0.9,
            alpha=0.7,
            label=name,
            gid=name,
        )
    ax.set_yticks(range(len(labels)), labels)
    ax.set(ylim=(len(labels) - 0.5, -0.5), xlim=(-0.03, 1.03))
    ax.set_xlabel("share of the filter's sites that are motifs of one TF")
    ax.grid(True, axis="x")
    ax.legend(
        title="Tomtom finds",
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=3,
        columnspacing=1.0,
        handletextpad=0.2,
    )
    return ax


def _jitter(count: int, height: float) -> np.ndarray:
    """Offsets within ± height / 2 that keep neighbours apart and are the same in every build."""
    return ((np.arange(count) * 0.618034) % 1 - 0.5) * height


def ladder(rungs: pd.DataFrame, order: Sequence[str]) -> Figure:
    """Runs with one choice changed at a time: a row of panels per model, a panel per quantity.

    See which rungs leave the band that the unchanged runs span.

    Parameters
    ----------
    rungs : DataFrame
        From `differences.ladder`: `rung`, `model`, `trial` and the quantities.
    order : sequence of str
        Rungs from top to bottom, the unchanged one first. Those without a run keep their place.
    """
    if rungs.empty:
        return _no_run(None).figure
    quantities = [name for name in ("match_relevant", "match_any", "auroc") if name in rungs]
    models = list(rungs["model"].unique())
    figure, axes = plt.subplots(
        len(models),
        len(quantities),
        figsize=(WIDTH + 0.6, (0.27 * len(order) + 0.9) * len(models)),
        sharey=True,
        squeeze=False,
    )
    for row, model in zip(axes, models, strict=True):
        own = rungs[rungs["model"] == model]
        for number, (ax, quantity) in enumerate(zip(row, quantities, strict=True)):
            base = own.loc[own["rung"] == order[0], quantity]
            if len(base):
                ax.axvspan(base.min(), base.max(), color="#dfe9f3", lw=1.5, ec="#b7cbe0", zorder=0)
            for place, name in enumerate(order):
                dots = own.loc[own["rung"] == name, quantity]
                colour, mark = (PALETTE[0], "o") if place == 0 else (PALETTE[1], "s")
                height = np.full(len(dots), place)
                ax.plot(dots, height, mark, color=colour, ms=5, mew=0, alpha=0.7, gid=name)
                if not len(dots) and number == 0:
                    ax.annotate(
                        "not yet run",
                        (0.02, place),
                        xycoords=("axes fraction", "data"),
                        va="center",
                        fontsize=9,
                        color=GREY,
                    )
            ax.set_ylim(len(order) - 0.5, -0.5)
            ax.set_xlabel(QUANTITY[quantity][0].replace("match a ", "match a\n"))
            ax.grid(True, axis="x")
            if quantity.startswith("match"):
                ax.set_xlim(-0.06, 1.06)
            else:
                ax.xaxis.set_major_locator(MaxNLocator(2))
        row[0].set_yticks(range(len(order)), order)
        row[0].set_title(model_label(model), loc="left", weight="bold")
    return figure


_JUDGED = {
    "relevant": ("o", PALETTE[0], "relevant motif"),
    "other": ("s", PALETTE[1], "other motif only"),
    "none": ("x", GREY, "no match"),
}


def sites(judged: pd.DataFrame, models: Sequence[str], columns: int = 2) -> Figure:
    """Each filter's precision and recall against the embedded sites, beside what Tomtom says.

    See whether filters that match a relevant motif (dots) lie to the right: most of what excites
    them was embedded. Those that match at the left resemble a motif without finding it.

    Parameters
    ----------
    judged : DataFrame
        From `truth.judge`: `model`, `verdict`, `site_precision`, `site_recall`.
    models : sequence of str
        A panel each, in this order; those without a run say so.
    columns : int
        Panels side by side.
    """
    if judged.empty:
        return _no_run(None).figure
    rows = -(-len(models) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.6 * rows + 0.5), sharex=True, sharey=True, squeeze=False
    )
    for ax in axes.flat[len(models) :]:
        ax.set_axis_off()
    for ax, model in zip(axes.flat, models, strict=False):
        own = judged[judged["model"] == model]
        for verdict, (mark, colour, _) in _JUDGED.items():
            dots = own[own["verdict"] == verdict]
            ax.plot(
                dots["site_precision"],
                dots["site_recall"],
                mark,
                color=colour,
                ms=5,
                mew=1.2 if mark == "x" else 0,
                alpha=0.65,
                gid=verdict,
            )
        if own.empty:
            ax.text(0.5, 0.5, "not yet run", ha="center", va="center", color=GREY)
        ax.set(title=model_label(model), xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))
        ax.grid(True)
    for ax in axes[:, 0]:
        ax.set_ylabel("recall")
    for ax in axes[-1]:
        ax.set_xlabel("precision")
    handles = [
        Line2D([], [], ls="", marker=mark, color=colour, mew=1.2 if mark == "x" else 0, label=text)
        for mark, colour, text in _JUDGED.values()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, columnspacing=1.2)
    return figure


def calibration(bins: Mapping[str, Sequence[Bin]]) -> Figure:
    """What share of filters of about one probability are precise.

    See whether the marks lie on the diagonal: there a probability is what it says.

    Parameters
    ----------
    bins : mapping
        A panel's title to its bins; up to two stand side by side.
    """
    figure, axes = plt.subplots(
        1, len(bins), figsize=(WIDTH, 3.3), sharex=True, sharey=True, squeeze=False
    )
    for ax, (title, own) in zip(axes.flat, bins.items(), strict=True):
        ax.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", gid="diagonal")
        ax.plot(
            [one.probability for one in own],
            [one.precise for one in own],
            "o-",
            color=PALETTE[0],
            ms=5,
            gid="bins",
        )
        ax.set(title=title, xlabel="probability", xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))
        ax.grid(True)
    axes[0, 0].set_ylabel("precise")
    return figure


# --- Sequences and classes --------------------------------------------------------------------


def sequence(
    bases: np.ndarray,
    sites: np.ndarray,
    classes: Sequence[str],
    width: int = 50,
) -> Figure:
    """A sequence as text, with its embedded motifs boxed and named, wrapped into rows.

    See that the boxes hold all that decides the labels; every base outside them is random. An arrow
    points the way the motif runs (← is the reverse complement).

    Parameters
    ----------
    bases : ndarray of uint8, shape (length,)
        0, 1, 2, 3 for A, C, G, T; 4 for an ambiguous base.
    sites : structured array
        `start`, `length` (nt), `tf` (index into `classes`), `strand` (+1, −1).
    classes : sequence of str
        The TFs' names.
    width : int
        Bases in a row.
    """
    rows = -(-len(bases) // width)
    figure, axes = plt.subplots(
        rows, 1, figsize=(WIDTH + 0.6, 0.66 * rows), squeeze=False, layout="constrained"
    )
    figure.get_layout_engine().set(h_pad=0.0, hspace=0.0)
    for row, ax in enumerate(axes.flat):
        first = row * width
        for place, base in enumerate(bases[first : first + width]):
            letter = "ACGTN"[base]
            ax.text(
                place + 0.5,
                0.5,
                letter,
                color=BASES.get(letter, GREY),
                ha="center",
                va="center",
                fontsize=9,
                family="DejaVu Sans Mono",
                weight="bold",
            )
        for site in sites:
            start, stop = site["start"] - first, site["start"] + site["length"] - first
            if stop <= 0 or start >= width:
                continue
            low, high = max(start, 0), min(stop, width)
            ax.add_patch(_site_box(low, high, site["strand"], start >= 0, stop <= width))
            name = f"{classes[site['tf']]} {'→' if site['strand'] > 0 else '←'}"
            if high - low > (stop - start) / 2 or (start >= 0 and stop <= width):
                ax.text((low + high) / 2, 1.12, name, ha="center", va="bottom", fontsize=10)
        ax.text(-0.8, 0.5, str(first + 1), ha="right", va="center", fontsize=9, color=GREY)
        ax.set(xlim=(-3.5, width + 0.3), ylim=(-0.1, 1.9))
        ax.set_axis_off()
    words = [
        f"{classes[site['tf']]} {'forward' if site['strand'] > 0 else 'reverse-complemented'} at "
        f"{site['start'] + 1} to {site['start'] + site['length']}"
        for site in sites
    ]
    figure.set_label(f"{len(bases)} bases; boxes: {', '.join(words) or 'none'}.")
    return figure


def _site_box(low: float, high: float, strand: int, begins: bool, ends: bool) -> Polygon:
    """A box with a point where the motif's 3' end lies in this row."""
    right = 0.45 if strand > 0 and ends else 0
    left = 0.45 if strand < 0 and begins else 0
    corners = [
        (low + left, 0), (high - right, 0), (high, 0.5), (high - right, 1), (low + left, 1),
        (low, 0.5),
    ]  # fmt: skip
    return Polygon(corners, closed=True, facecolor="#fff3c4", edgecolor="#7a6a20", lw=1, zorder=0)


def class_dots(
    per_class: pd.DataFrame,
    metric: str = "auroc",
    ax: Axes | None = None,
    *,
    references: Mapping[str, Mapping[str, float]] | None = None,
) -> Axes:
    """A metric for each class, a dot per trial, a marker and colour per model.

    See which TFs are hard for every model, and how much of the shortfall even the best possible
    classifier (bars, where given) shares.

    Parameters
    ----------
    per_class : DataFrame
        One row per run and class: `model`, `tf` and the metric (`runs.per_class`).
    metric : str
        auroc, aupr or average_precision.
    references : mapping, optional
        Name -> {TF -> value}, drawn as vertical ticks.
    """
    if per_class.empty:
        return _no_run(ax)
    classes = list(per_class["tf"].unique())
    models = list(per_class["model"].unique())
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 0.36 * len(classes) + 1.2))
    for number, model in enumerate(models):
        rows = per_class[per_class["model"] == model]
        shift = (number - (len(models) - 1) / 2) * 0.6 / max(len(models), 1)
        ax.plot(
            rows[metric],
            rows["tf"].map(classes.index) + shift,
            "os^vP*X"[number % 7],
            color=PALETTE[number],
            ms=5.5,
            mew=0,
            alpha=0.75,
            label=model_label(model),
        )
    for number, (name, values) in enumerate((references or {}).items()):
        ax.plot(
            [values.get(tf, np.nan) for tf in classes],
            range(len(classes)),
            "|",
            color=("black", GREY)[number % 2],
            ms=18,
            mew=2,
            label=name,
        )
    ax.set_yticks(range(len(classes)), classes)
    ax.set_ylim(len(classes) - 0.5, -0.5)
    ax.set_xlabel({"auroc": "AUROC", "aupr": "AUPR"}.get(metric, metric.replace("_", " ")))
    ax.grid(True, axis="x")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=1.0)
    return ax


def by_tf(
    values: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "", percent: bool = False
) -> Axes:
    """One value or more for each TF: a row per TF, a marker per column.

    See which TFs stand apart, and how far the markers of one row lie from each other.

    Parameters
    ----------
    values : DataFrame
        A row per TF, indexed by what to call it, from top to bottom; a column per marker, named as
        in the legend. May be empty.
    xlabel : str
    percent : bool
        The values are fractions: begin the x axis at 0 and count in per cent.
    """
    if values.empty:
        return _no_run(ax)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 0.32 * len(values) + 1.2))
    places = np.arange(len(values))
    ax.hlines(places, values.min(axis=1), values.max(axis=1), color="#c8c8c8", lw=1.5, zorder=1)
    for number, name in enumerate(values.columns):
        look = {"color": PALETTE[number], "mfc": "white" if number % 2 else PALETTE[number]}
        marker = "os^v"[number % 4]
        ax.plot(values[name], places, marker, ms=6.5, mew=1.4, label=name, **look)
    ax.set_yticks(places, values.index)
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
    if percent:
        ax.set_xlim(left=-0.01)
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(True, axis="x")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return ax


# --- Tables -----------------------------------------------------------------------------------


def verdict_words(verdict: str) -> str:
    """A verdict with its sign before the word, such as "✕ differs, provisional"."""
    sign, _ = VERDICT[verdict.split(",")[0]]
    return f"{sign} {verdict}"


def _verdict_html(verdict: str) -> str:
    _, colour = VERDICT[verdict.split(",")[0]]
    return f'<span style="color:{colour};white-space:nowrap">{verdict_words(verdict)}</span>'


def _mean_error(mean: float, error: float) -> str:
    # Held together by spaces that do not break, so that a narrow column stays readable.
    return f"{mean:.3f}\u00a0±\u00a0{error:.3f}" if np.isfinite(error) else f"{mean:.3f}"


def _signed(value: float) -> str:
    return f"{round(value, 3) + 0.0:+.3f}".replace("-", "−")


def table(comparison: pd.DataFrame) -> HTML:
    """Ours above the paper's for each model and quantity, with Δ and the verdict in words.

    Where they cannot be compared (other data, or a cell copied from another table), there is no Δ.

    Parameters
    ----------
    comparison : DataFrame
        From `verdicts.compare`.
    """
    if comparison.empty:
        return HTML("<p>No run on record yet.</p>")
    quantities = list(comparison["quantity"].unique())
    cells = comparison.set_index(["model", "quantity"])
    body = []
    for model, rows in comparison.groupby("model", sort=False):
        trials = rows["trials"].min()
        label = html.escape(rows["label"].iloc[0])
        head = f'<th scope="row">{label}<br><small>{_trials(trials)}</small></th>'
        found = ((model, quantity) in cells.index for quantity in quantities)
        parts = [
            _cell(cells.loc[(model, quantity)]) if there else "<td></td>"
            for quantity, there in zip(quantities, found, strict=True)
        ]
        body.append(f"<tr>{head}{''.join(parts)}</tr>")
    names = ["model", *(QUANTITY[quantity][0] for quantity in quantities)]
    caption = "Ours (bold) above the paper's: mean ± standard deviation over trials"
    return _table("ours-theirs", caption, names, "".join(body))


def _table(kind: str, caption: str, names: Sequence[str], body: str, shown: bool = True) -> HTML:
    """A table in a box that can be scrolled by mouse, finger and key, named by its caption.

    Parameters
    ----------
    kind : str
        Its class.
    caption : str
        Plain text.
    names : sequence of str
        Heads of the columns, as HTML.
    body : str
        Its rows, as HTML.
    shown : bool
        False keeps the caption for those who hear the page.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    hidden = "" if shown else ' class="visually-hidden"'
    return HTML(
        f'<div class="table-box" role="region" tabindex="0" aria-label="{caption}">'
        f'<table class="dataframe {kind}"><caption{hidden}>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _trials(count: int) -> str:
    return f"{count} trial{'' if count == 1 else 's'}"


def _cell(row: pd.Series) -> str:
    ours = f"<b>{_mean_error(row['ours'], row['ours_sd'])}</b>"
    if not np.isfinite(row["paper"]):
        return f"<td>{ours}<br><small>not in the paper</small></td>"
    theirs = f"paper {_mean_error(row['paper'], row['paper_sd'])}"
    if row["copied"]:
        theirs += "<br><small>copied from Table 1</small>"
    if row["verdict"] == rules.UNTESTABLE:
        return f"<td>{ours}<br>{theirs}</td>"
    delta = f"Δ\u00a0{_signed(row['delta'])}<br>{_verdict_html(row['verdict'])}"
    return f"<td>{ours}<br>{theirs}<br><small>{delta}</small></td>"


MEASURED = {
    "auroc": "mean AUROC",
    "aupr": "mean AUPR",
    "match_any": "fraction of filters that match any motif",
    "match_relevant": "fraction of filters that match a relevant motif",
    "match_other": "fraction of filters that match only a motif that is not relevant",
    "relevant_filters": "number of filters that match a relevant motif",
    "unmatched_filters": "number of filters that match no motif",
    "parameters": "number of trainable parameters",
    "versions": "number of motifs that two filters match along different stretches",
    "redundancy_range": "filters of the TF that has most, less those of the TF that has fewest",
    "class_sd_off": "|standard deviation of the AUROC over TFs, less the printed ±|",
    "long_motif_missing": "share of the columns of long motifs that their filters lack",
    "hard_motifs": "number of Arid3, SP1 and STAT1 that have a filter",
    "motifs_found": "number of TFs that have a filter",
}
"""What a claim's quantity measures, with its unit."""

_COMPARED = {
    "greater": "difference in the {}",
    "rises": "change of the {} from the first network to the last",
    "falls": "change of the {} from the first network to the last",
    "spread at most": "largest difference in the {}",
    "near": "distance of the {} from the printed range",
    "equal": "difference in the {}",
    "moves": "change of the {}, trial by trial",
}
"""What a comparison's rule does with a quantity."""


MOST_NAMED = 7
"""More networks than these of a pool size each are counted, and not named, beside a claim."""


def measured(row: Any) -> str:
    """What was measured for a claim of the ledger, in words, with its unit and the networks."""
    if row.quantity not in MEASURED:
        return "computed from the design" if row.rule == "fact" else ""
    what = _COMPARED.get(row.rule, "{}").format(MEASURED[row.quantity])
    labels = [_place_label(place) for place in row.models.split()]
    models = f"{len(labels)} networks" if len(labels) > MOST_NAMED else ", ".join(labels)
    return f"{what}: {models}" if models else what


def ledger_table(
    ledger: pd.DataFrame, caption: str = "Claims of the paper", address: str = "claim"
) -> HTML:
    """Claims of the paper: the verdict, the claim, what was measured, the paper's value and ours.

    In brackets stands Welch's 95% interval: of Δ for a number, of our difference for a comparison.
    Why a claim fails stands below it over the whole width, and once: claims with the same reason
    lead to the first of them.

    Parameters
    ----------
    ledger : DataFrame
        Rows of `verdicts.ledger`.
    caption : str
        What the table says of itself.
    address : str
        The row of a claim has the HTML id `address-ID`; a page that shows a claim twice needs two.
    """
    body, reasons = [], dict[str, str]()
    for row in ledger.itertuples():
        trials = f"<br><small>{_trials(row.trials)}{_off(row)}</small>" if row.trials else ""
        cells = {
            "measured": html.escape(measured(row)),
            "printed": _claimed(row.paper, row.paper_sd, row.rule),
            "ours": f"<b>{_claimed(row.ours, row.ours_sd, row.rule)}</b>{trials}",
        }
        below = [html.escape(row.note)] if row.note else []
        if row.explanation and row.explanation != row.note:
            below.append(_reason(row, reasons, f"{address}-{row.id}"))
        more = ' class="explained"' if below else ""
        body.append(
            f'<tr id="{address}-{row.id}"{more}>'
            f'<td data-label="verdict">{_verdict_html(row.verdict)}{_beside_verdict(row)}</td>'
            f'<th scope="row">“{html.escape(row.quote)}”</th>'
            + "".join(f'<td data-label="{name}">{cell}</td>' for name, cell in cells.items())
            + "</tr>"
            + "".join(f'<tr class="reason"><td colspan="5">{text}</td></tr>' for text in below)
        )
    names = ["verdict", "the paper", *("measured", "printed", "ours")]
    return _table("ledger", caption, names, "".join(body), shown=False)


def _reason(row: Any, reasons: dict[str, str], here: str) -> str:
    """Why a claim fails, or where on the page that stands already; notes the address."""
    if row.explanation == verdicts.UNEXPLAINED:
        return html.escape(row.explanation)
    if row.explanation in reasons:
        return f'<i>Why:</i> <a href="#{reasons[row.explanation]}">as above</a>'
    reasons[row.explanation] = here
    run = f" ({row.run})" if row.run else ""
    return f"<i>Why:</i> {html.escape(row.explanation + run)}"


def _beside_verdict(row: Any) -> str:
    """What the first rule said, which models decide, and how many trials would settle it."""
    parts = [f"first rule: {row.first}"] if row.first else []
    if row.pair and row.verdict.split(",")[0] in ("inconclusive", "does not hold"):
        labels = " and ".join(_place_label(place) for place in row.pair.split())
        parts.append(f"{'decided by' if row.rule in rules.LIKENESS else 'nearest'}: {labels}")
    if row.trials_needed:
        parts.append(f"to settle it: {row.trials_needed}")
    return "".join(f"<br><small>{html.escape(part)}</small>" for part in parts)


def _place_label(place: str) -> str:
    """The paper's name of a model, its layer where it is not the first, and what was changed."""
    model, _, layer = place.partition("@")
    model, _, switches = model.partition("+")
    return (
        model_label(model)
        + (f" layer {layer}" if layer else "")
        + (f" + {switches}" * bool(switches))
    )


def _off(row: Any) -> str:
    """Δ of a number, and Welch's interval where there is one: of Δ, or of a comparison's ours."""
    delta = f"<br>Δ\u00a0{_signed(row.delta)}" if row.kind == "number" else ""
    if not np.isfinite(row.low):
        return delta
    separator = " " if delta else "<br>"
    return f"{delta}{separator}[{_signed(row.low)},\u00a0{_signed(row.high)}]"


_SIGNED = ("greater", "rises", "falls", "near", "moves", "exists")
"""Rules whose values are differences."""


def _claimed(value: float, error: float, rule: str) -> str:
    if not np.isfinite(value):
        return ""
    if rule == "equal":
        return f"{value:,.0f}"
    return _signed(value) if rule in _SIGNED else _mean_error(value, error)


def counts(ledger: pd.DataFrame, by: str = "section") -> pd.DataFrame:
    """How many claims of each verdict: a row per section, a column per verdict that occurs."""
    order = [verdict for name in VERDICT for verdict in (name, f"{name}, provisional")]
    found = pd.crosstab(ledger[by], ledger["verdict"])
    rows = ledger[by].unique()
    return found.reindex(index=rows, columns=[name for name in order if name in found.columns])


def words(table: pd.DataFrame, caption: str = "", *, escape: bool = True) -> HTML:
    """A table whose cells hold sentences: they wrap, and the first column heads the row.

    Parameters
    ----------
    table : DataFrame
        Shown as it is, without its index; every cell as text.
    caption : str, optional
        Stands above it.
    escape : bool
        False where cells are HTML.
    """

    def text(cell: object) -> str:
        return html.escape(str(cell)) if escape else str(cell)

    names = [html.escape(str(name)) for name in table.columns]
    body = "".join(
        f'<tr><th scope="row">{text(first)}</th>'
        + "".join(
            f'<td data-label="{name}">{text(cell)}</td>'
            for name, cell in zip(names[1:], rest, strict=True)
        )
        + "</tr>"
        for first, *rest in table.itertuples(index=False)
    )
    return _table("words", caption or ", ".join(names), names, body, shown=bool(caption))
