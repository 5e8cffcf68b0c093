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
from matplotlib.lines import Line2D

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
    values = across if _is_named(_shared(ax, "y")) else up
    return ": ".join(part for part in (" ".join(title.split()), values) if part)


def _is_named(ticks: dict[float, str]) -> bool:
    """Whether an axis has names at its ticks, such as TFs or networks, and no numbers."""
    return any(re.search(r"[A-Za-z]", text) for text in ticks.values())


def _is_scale(ticks: dict[float, str]) -> bool:
    """Whether an axis measures, and has no places such as names, pools or layers."""
    return any("." in text and not re.search(r"[A-Za-z]", text) for text in ticks.values())


def _shared(ax: Axes, axis: str) -> dict[float, str]:
    """Ticks of the x or y axis; of panels that share it, the first has them."""
    shared = (ax, *getattr(ax, f"get_shared_{axis}_axes")().get_siblings(ax))
    return next((ticks for one in shared if (ticks := _ticks(getattr(one, f"{axis}axis")))), {})


def _ticks(axis) -> dict[float, str]:
    labels = [re.sub(r"[${}]|\\mathdefault", "", text.get_text()) for text in axis.get_ticklabels()]
    places = [float(place) for place in axis.get_ticklocs()]
    return {place: text for place, text in zip(places, labels, strict=False) if text}


def _panel(ax: Axes, name: str) -> str:
    meshes = [artist for artist in ax.collections if isinstance(artist, QuadMesh)]
    if meshes:
        return _mesh(ax, meshes[0], name)
    series = _series(ax)
    rows = _shared(ax, "y")
    across = _is_named(rows)
    ticks = rows if across else _shared(ax, "x")
    told = [_told(key, marks, ax, across, ticks) for key, marks in list(series.items())[:MOST]]
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
    said = f"{len(values)} rows of {values[0].size} values from {_number(least)} to {_number(most)}"
    if values.shape == (len(rows), len(columns)):
        row, column = divmod(int(np.nanargmax(values)), len(columns))
        said += f" ({rows[row]}, {columns[column]}); zeros: {zeros}"
    return f"{name + ': ' if name else ''}{said}."


_SIDES = {"ours": "ours", "paper": "the paper"}


def _series(ax: Axes) -> dict[str, Marks]:
    """Marks of the panel by name: ours or the paper's, of the legend, or of the mark's group."""
    found: dict[str, Marks] = {}
    for line in ax.lines:
        name = _named(line)
        if not name:
            continue
        both = zip(*(np.asarray(data, float).tolist() for data in line.get_data()), strict=True)
        marks = [(x, y) for x, y in both if math.isfinite(x) and math.isfinite(y)]
        found.setdefault(name, []).extend(marks)
    return {name: marks for name, marks in found.items() if marks}


def _named(line: Line2D) -> str:
    side, _, quantity = str(line.get_gid()).partition("-")
    if side in _SIDES:
        words = quantity.replace("_", " ")
        return f"{_SIDES[side]}, {words}" if words not in ("", "auroc") else _SIDES[side]
    label = str(line.get_label())
    return str(line.get_gid() or "") if label.startswith("_") else label


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _told(name: str, marks: Marks, ax: Axes, across: bool, ticks: dict[float, str]) -> str:
    """One series: its ends where it is a course, its middle where it is a cloud, else its range."""
    places = len({round(mark[1 if across else 0], 3) for mark in marks})
    if not across and (places > FEW or _is_scale(ticks) or ax.get_xscale() == "log"):
        lines = [line for line in ax.lines if name == _named(line)]
        if any(line.get_linestyle() not in ("None", "", " ") for line in lines):
            ends = [f"{_number(at_y)} at {_number(at_x)}" for at_x, at_y in (marks[0], marks[-1])]
            return f"{name} from {' to '.join(ends)}"
        x, y = np.median(marks, axis=0)
        of = f"({len(marks)} marks), medians" if len(marks) > 1 else "at"
        return f"{name} {of} {x:.2f} across and {y:.2f} up"
    groups: dict[str, list[float]] = {}
    for x, y in marks:
        place, value = (y, x) if across else (x, y)
        near = min(ticks, key=lambda tick: abs(tick - place), default=None)
        key = f"{place:g}" if near is None else ticks[near]
        groups.setdefault(key, []).append(value)
    means = {key: float(np.mean(values)) for key, values in groups.items()}
    low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    least, most = (_number(means[key]) for key in (low, high))
    return f"{name} {least}" if least == most else f"{name} from {least} ({low}) to {most} ({high})"
