"""What a figure shows, in words, read off what was drawn: the second half of its alt text.

A chapter says what kind of picture it is; the values that one sees in it are told here, so that
they are those of the records whatever these are.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

Marks = list[tuple[float, float]]
"""(x, y) of each."""

MOST = 8
"""Series of a panel that are told; a picture of more says how many."""
FEW = 20
"""More places than this are a course or a cloud, and no list of networks."""


def describe(figure: Figure) -> str:
    """The values that a figure shows, in a sentence or two for each panel; "" where it has none.

    A figure with a label, such as one without axes, is told by its label.
    """
    if figure.get_label():
        return figure.get_label()
    panels = [ax for ax in figure.axes if ax.axison and ax.get_label() != "<colorbar>"]
    logos = [ax for ax in panels if not len(ax.get_xticks()) and not len(ax.get_yticks())]
    words = [_logos(logos)] if logos else []
    words += [_panel(ax, _name(figure, ax)) for ax in panels if ax not in logos]
    return " ".join(word for word in words if word)


def _logos(axes: Sequence[Axes]) -> str:
    """How many logos there are, and how often each title, without its E-value, comes."""
    titles = [ax.get_title() or ax.get_title(loc="left") for ax in axes]
    if not any(titles):
        return ""
    lines = (title.replace("\n", "; ") for title in titles)
    kinds = Counter(re.sub(r"\s[\d.]+(?:e−?\d+)?$", "", line) for line in lines)
    found = ", ".join(f"{kind} × {n}" if n > 1 else kind for kind, n in kinds.most_common())
    return f"{len(axes)} logos: {found}."


def _name(figure: Figure, ax: Axes) -> str:
    """What to call a panel: its title, or the label of its values."""
    title = ax.get_title() or ax.get_title(loc="left")
    across, up = (" ".join(text.split()) for text in (ax.get_xlabel(), ax.get_ylabel()))
    values = across if _is_named(ax.yaxis) else up
    return ": ".join(part for part in (" ".join(title.split()), values) if part)


def _is_named(axis) -> bool:
    """Whether an axis has names at its ticks, such as TFs or networks, and no numbers."""
    return any(re.search(r"[A-Za-z]", text) for text in _ticks(axis).values())


def _ticks(axis) -> dict[float, str]:
    labels = [re.sub(r"[${}]|\\mathdefault", "", text.get_text()) for text in axis.get_ticklabels()]
    places = [float(place) for place in axis.get_ticklocs()]
    return {place: text for place, text in zip(places, labels, strict=False) if text}


def _panel(ax: Axes, name: str) -> str:
    meshes = [artist for artist in ax.collections if isinstance(artist, QuadMesh)]
    if meshes:
        return _mesh(ax, meshes[0], name)
    series = _series(ax)
    across = _is_named(ax.yaxis)
    told = [_told(key, marks, ax, across) for key, marks in list(series.items())[:MOST]]
    if not told:
        return ""
    more = f"; and {len(series) - MOST} more" if len(series) > MOST else ""
    return f"{name + ': ' if name else ''}{'; '.join(told)}{more}."


def _mesh(ax: Axes, mesh: QuadMesh, name: str) -> str:
    """A grid of numbers: the least, the largest and where it is, and how many are zero."""
    values: np.ndarray = np.ma.filled(np.ma.asarray(mesh.get_array(), dtype=float), np.nan)
    rows, columns = (list(_ticks(axis).values()) for axis in (ax.yaxis, ax.xaxis))
    values = values.reshape((len(rows), -1) if values.ndim == 1 else values.shape)
    if not np.isfinite(values).any():
        return ""
    zeros = int((values == 0).sum())
    least, most = np.nanmin(values), np.nanmax(values)
    said = f"{len(values)} rows of {values[0].size} values from {least:.3g} to {most:.3g}"
    if values.shape == (len(rows), len(columns)):
        row, column = divmod(int(np.nanargmax(values)), len(columns))
        said += f" ({rows[row]}, {columns[column]}); zeros: {zeros}"
    return f"{name + ': ' if name else ''}{said}."


_SIDES = {"ours": "ours", "paper": "the paper"}


def _series(ax: Axes) -> dict[str, Marks]:
    """Marks of the panel by name: of the legend, of the mark's group, or one name for all."""
    found: dict[str, Marks] = {}
    for line in ax.lines:
        name = str(line.get_gid() or line.get_label())
        if name.startswith("_"):
            continue
        side, _, quantity = name.partition("-")
        if side in _SIDES and line.get_gid():
            words = quantity.replace("_", " ")
            name = f"{_SIDES[side]}, {words}" if quantity != "auroc" else _SIDES[side]
        both = zip(*(np.asarray(data, float).tolist() for data in line.get_data()), strict=True)
        marks = [(x, y) for x, y in both if math.isfinite(x) and math.isfinite(y)]
        found.setdefault(name, []).extend(marks)
    return {name: marks for name, marks in found.items() if marks}


def _told(name: str, marks: Marks, ax: Axes, across: bool) -> str:
    """One series: its ends where it is a course, its middle where it is a cloud, else its range."""
    if len({round(mark[1 if across else 0], 3) for mark in marks}) > FEW and not across:
        lines = [line for line in ax.lines if name in (line.get_gid(), line.get_label())]
        if any(line.get_linestyle() not in ("None", "", " ") for line in lines):
            (x, y), (last_x, last_y) = marks[0], marks[-1]
            return f"{name} from {y:.3g} at {x:g} to {last_y:.3g} at {last_x:g}"
        x, y = np.median(marks, axis=0)
        return f"{name} ({len(marks)} marks), medians {x:.2f} across and {y:.2f} up"
    ticks = _ticks(ax.yaxis if across else ax.xaxis)
    groups: dict[str, list[float]] = {}
    for x, y in marks:
        place, value = (y, x) if across else (x, y)
        near = min(ticks, key=lambda tick: abs(tick - place), default=None)
        key = f"{place:g}" if near is None else ticks[near]
        groups.setdefault(key, []).append(value)
    means = {key: float(np.mean(values)) for key, values in groups.items()}
    low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    if means[low] == means[high]:
        return f"{name} {means[low]:.3g}"
    return f"{name} from {means[low]:.3g} ({low}) to {means[high]:.3g} ({high})"
